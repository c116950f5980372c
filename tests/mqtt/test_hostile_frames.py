"""Frames that are no MQTT and no HTTP: nobody else notices, and what is said properly afterwards comes in."""

import socket
import struct
from contextlib import suppress
from random import Random

import pytest

from iot_gateway.clock import Clock
from iot_gateway.intake import Intake
from iot_gateway.settings import MqttSettings

pytestmark = pytest.mark.broker


def text(raw):
    return struct.pack(">H", len(raw)) + raw


def packet(kind, body):
    return bytes([kind, len(body)]) + body


def connect(name=b"band-1", password=None, level=4, protocol=b"MQTT"):
    flags = 0x02 if password is None else 0xC2
    rest = b"" if password is None else text(name) + text(password)
    return packet(0x10, text(protocol) + bytes([level, flags]) + b"\x00\x3c" + text(name) + rest)


def hostile(password):
    """Packets that a broker must refuse, each after a proper CONNECT or instead of it."""
    proper = connect(password=password)
    topic = b"care/v1/band-1/alarm"
    yield b""
    yield b"\x00" * 100
    yield b"GET / HTTP/1.1\r\n\r\n"
    yield b"\x10\xff\xff\xff\x7f"  # 256 MB are announced
    yield b"\x10\xff\xff\xff\xff\x01"  # a length of five bytes
    yield connect(password=password, level=99)
    yield connect(password=password, protocol=b"MQIsdp")
    yield proper + proper
    yield proper + packet(0x36, text(topic) + b"\x00\x01{}")  # QoS 3
    yield proper + packet(0x32, text(topic) + b"\x00\x00{}")  # packet id 0
    for bad in (
        b"care/v1/band-1/\x00",
        b"\xed\xa0\x80",
        b"\xff\xfe",
        b"",
        b"care/v1/+/alarm",
        b"#",
        b"/" * 240,
    ):
        yield proper + packet(0x30, text(bad)[:120] + b"{}")
    yield proper + packet(0x32, b"\xff\xff" + topic)  # the topic is longer than the packet
    yield proper + b"\x32\x7f" + text(topic)  # the packet never ends
    yield proper + packet(0x82, b"\x00\x01")  # SUBSCRIBE to nothing
    yield proper + packet(0x62, b"\x12\x34") + packet(0x70, b"\x12\x34")  # of no message
    yield proper + bytes(range(256))


def mutated(dice, password):
    """A proper conversation with some bytes changed, left out, repeated or put in."""
    said = bytearray(connect(password=password) + packet(0x32, text(b"care/v1/band-1/alarm") + b"\x00\x07{}"))
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(said))
        act = dice.randrange(4)
        if act == 0:
            said[at] = dice.randrange(256)
        elif act == 1:
            del said[at : at + dice.randint(1, 5)]
        elif act == 2:
            said[at:at] = said[at : at + dice.randint(1, 20)]
        else:
            said[at:at] = dice.randbytes(dice.randint(1, 20))
        if not said:
            break
    return bytes(said)


def say(port, frames):
    """Send, and listen to the end or for a moment."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(frames)
        line.settimeout(0.02)
        while line.recv(4096):
            pass


def test_the_broker_and_the_gateway_outlive_every_frame(site, gather):
    intake = site.intake()
    password = site.secrets["band-1"].encode()
    dice = Random(20261124)
    for frames in [*hostile(password), *(mutated(dice, password) for _ in range(300))]:
        say(site.port, frames)
    epoch = intake.epoch
    site.device("smoke-1").send_all([("care/v1/smoke-1/alarm", b'{"kinds":["smoke"]}')])
    for _ in range(1000):  # behind whatever got through
        if any(m.topic == "care/v1/smoke-1/alarm" for m in gather(intake, 1)):
            break
    assert intake.epoch == epoch == 1, "the gateway's own connection was never lost"


class FakeBroker:
    """Takes the gateway's connection, and answers with whatever it is told."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def meet(self, frames):
        line, _ = self._listener.accept()
        with line, suppress(OSError):
            line.settimeout(5)
            line.recv(4096)
            line.sendall(frames)
            line.settimeout(0.05)
            while line.recv(4096):
                pass

    def close(self):
        self._listener.close()


def test_a_broker_that_talks_nonsense_loses_its_connection_and_ends_nothing(monkeypatch):
    monkeypatch.setattr("iot_gateway.intake._FIRST_WAIT_S", (0.0, 0.01))
    monkeypatch.setattr("iot_gateway.intake._LONGEST_WAIT_S", 0.02)
    fake, dice = FakeBroker(), Random(7)
    intake = Intake(MqttSettings(url=f"mqtt://127.0.0.1:{fake.port}"), Clock())
    intake.start()
    try:
        connack = b"\x20\x02\x00\x00"
        for _ in range(60):
            fake.meet(
                dice.choice([b"", connack, connack + b"\x90\x04\x00\x01\x01\x01"])
                + dice.randbytes(dice.randint(0, 60))
            )
            assert intake.take(10, 0.0) is not None  # it raises when its network thread has died
    finally:
        fake.close()
        intake.stop()
