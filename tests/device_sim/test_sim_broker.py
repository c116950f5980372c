"""Against a real mosquitto: publishing, acknowledgements, a broker that dies, and orderly endings."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from device_sim.city import make_city
from device_sim.record import acks_for
from iot_gateway.wire import encode, split_topic, topic

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = [pytest.mark.broker, pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")]


class Mosquitto:
    def __init__(self, folder, *extra):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.config = folder / "mosquitto.conf"
        lines = (
            # As root mosquitto would become another user, who may not read this folder.
            f"user {pwd.getpwuid(os.geteuid()).pw_name}",
            f"listener {self.port} 127.0.0.1",
            *(extra or ["allow_anonymous true"]),
            "max_queued_messages 20000",
        )
        self.config.write_text("\n".join(lines) + "\n")
        self.start()

    def start(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", self.config], stderr=subprocess.DEVNULL)
        until(self.answers)

    def answers(self):
        assert self.process.poll() is None, "mosquitto ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Listener:
    """A gateway that acknowledges everything, or nothing while `deaf`."""

    def __init__(self, broker, user=None):
        self.items, self.alarms, self.deaf = Counter(), Counter(), False
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=user or "listener")
        if user:
            self.client.username_pw_set(user, "secret")
        self.ready = False
        self.client.on_connect = lambda client, *_: client.subscribe("care/v1/+/+", 1)
        self.client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self.client.on_message = self.take
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        until(lambda: self.ready)

    def take(self, client, _userdata, message):
        found = split_topic(message.topic)
        if found is None:
            return
        device_id, stream = found
        payload = json.loads(message.payload)
        self.items[stream] += len(payload) if isinstance(payload, list) else 1
        for ack in acks_for(message.payload, default=stream == "alarm"):
            self.alarms.update((device_id, ack.boot, seq) for seq in ack.seqs)
            if not self.deaf:
                client.publish(topic(device_id, "ack"), encode(ack), 1)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.fixture
def broker(tmp_path):
    broker = Mosquitto(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def listener(broker):
    listener = Listener(broker)
    yield listener
    listener.stop()


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.json"
    path.write_text(json.dumps(make_city(3, 120, 40)))
    return path


@pytest.fixture
def sim():
    started = []

    def run(*arguments):
        command = [sys.executable, "-m", "device_sim.cli", *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_play_is_heard_acknowledged_and_stops_in_order(broker, listener, roster, sim):
    playing = sim("play", "--roster", roster, "--mqtt-url", broker.url, "--lively", 20)
    until(
        lambda: (
            listener.items["alarm"] >= 5 and listener.items["location"] >= 5 and listener.items["heartbeat"]
        )
    )
    playing.send_signal(signal.SIGTERM)
    out, err = playing.communicate(timeout=20)
    assert playing.returncode == 0 and "Traceback" not in err
    assert "played 160 devices" in out


def test_no_alarm_is_lost_when_the_broker_dies(broker, listener, roster, sim):
    listener.deaf = True
    playing = sim("play", "--roster", roster, "--mqtt-url", broker.url, "--lively", 30)
    until(lambda: len(listener.alarms) >= 5)
    before = set(listener.alarms)
    broker.stop()
    listener.alarms.clear()
    listener.deaf = False
    broker.start()
    # The same items come again, though the broker forgot them and had confirmed them.
    until(lambda: before <= set(listener.alarms))
    playing.send_signal(signal.SIGINT)
    _, err = playing.communicate(timeout=20)
    assert playing.returncode == 0 and "Traceback" not in err


def test_one_connection_for_each_device_under_access_rules(tmp_path, roster, sim):
    passwords = tmp_path / "passwords"
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    ids = [device["device_id"] for device in json.loads(roster.read_text())["devices"]][:12]
    small = json.loads(roster.read_text())
    small["devices"] = small["devices"][:12]
    roster.write_text(json.dumps(small))
    passwords.write_text("".join(f"{name}:secret\n" for name in [*ids, "gateway"]))
    subprocess.run([tool, "-U", passwords], check=True)
    rules = tmp_path / "rules"
    devices = "".join(f"pattern write care/v1/%u/{s}\n" for s in ("heartbeat", "location", "alarm", "result"))
    reads = "pattern read care/v1/%u/ack\npattern read care/v1/%u/cmd\ntopic read care/v1/_gateway/beacon\n"
    rules.write_text(reads + "user gateway\ntopic readwrite care/v1/#\n" + devices)
    broker = Mosquitto(
        tmp_path, f"password_file {passwords}", f"acl_file {rules}", "use_username_as_clientid true"
    )
    listener = Listener(broker, "gateway")
    try:
        secrets = tmp_path / "secrets.json"
        secrets.write_text(json.dumps(dict.fromkeys(ids, "secret")))
        script = tmp_path / "script.json"
        script.write_text(json.dumps([{"at_s": 2, "device_id": name, "event": "sos"} for name in ids]))
        playing = sim(
            "play", "--roster", roster, "--mqtt-url", broker.url, "--credentials", secrets, "--script", script,
            "--duration", 9,
        )  # fmt: skip
        out, err = playing.communicate(timeout=40)
        assert playing.returncode == 0 and "Traceback" not in err
        assert {name for name, _, _ in listener.alarms} == set(ids)
        assert " 0 items not acknowledged" in out
    finally:
        listener.stop()
        broker.stop()


def test_a_storm_is_acknowledged_to_the_last_fix(broker, listener, sim):
    storm = sim("storm", "--mqtt-url", broker.url, "--bands", 60, "--fixes-per-device", 20, "--alarms", 4)
    out, err = storm.communicate(timeout=60)
    assert storm.returncode == 0, err
    assert "acknowledged 1200 fixes" in out and "SOS acknowledged: 4 of 4" in out
    assert listener.items["location"] == 1200


def test_a_storm_that_nobody_hears_ends_with_code_1(broker, sim):
    storm = sim("storm", "--mqtt-url", broker.url, "--bands", 5, "--fixes-per-device", 2, "--give-up", 1)
    _, err = storm.communicate(timeout=60)
    assert storm.returncode == 1 and "10 fixes were never acknowledged" in err


def test_a_real_track_becomes_a_wristband(broker, listener, tmp_path, sim):
    lines = "".join(f"36.7,{119.1 + n / 10_000},0,0,0,2008-11-03,10:{n:02d}:00\n" for n in range(40))
    file = tmp_path / "walk.plt"
    file.write_text("1\n2\n3\n4\n5\n6\n" + lines)
    common = ("--mqtt-url", broker.url, "--to-lat", 36.5, "--to-lon", 118.9)
    for speed in (0, 2400):
        listener.items.clear()
        track = sim("track", file, "--speed", speed, "--device-id", "WB00001", *common)
        out, err = track.communicate(timeout=60)
        assert track.returncode == 0, err
        assert "sent 40 of 40 points as WB00001" in out
        until(lambda: listener.items["location"] == 40)


def test_nobody_at_the_address_is_one_clear_line(roster, sim):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"mqtt://127.0.0.1:{probe.getsockname()[1]}"
    playing = sim("play", "--roster", roster, "--mqtt-url", url, "--duration", 2)
    _, err = playing.communicate(timeout=30)
    assert playing.returncode == 1 and "refused" in err and "Traceback" not in err
