"""Each process watches another: the whole service under its supervisor, with whoever is stopped or hangs."""

import json
import signal
import socket
import sys
import urllib.request
from contextlib import suppress

import pytest

from bench.chaos.house import House, until
from bench.chaos.listener import Listener
from iot_gateway import broker

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]
SHOUTER = "import json, sys; print(json.dumps(sys.argv[2:]), file=open(sys.argv[1], 'a'))"


class Systemd:
    """The datagrams that systemd would get."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind("")
        self.address = "@" + self._socket.getsockname()[1:].decode()
        self.heard = []

    def hears(self, word):
        with suppress(BlockingIOError):
            while True:
                self.heard.append(self._socket.recv(100).decode())
        return word in self.heard

    def close(self):
        self._socket.close()


def metrics(house):
    request = urllib.request.Request(f"http://127.0.0.1:{house.http_port}/metrics")
    request.add_header("Authorization", f"Bearer {house.token}")
    with urllib.request.urlopen(request, timeout=5) as answer:
        lines = [line.split() for line in answer.read().decode().splitlines() if line[0] != "#"]
    return {line[0]: float(line[1]) for line in lines if len(line) == 2}


@pytest.fixture
def house(tmp_path):
    if broker.find_broker("mosquitto") is None:
        pytest.skip("no mosquitto on this machine")
    shouter = tmp_path / "shout.py"
    shouter.write_text(SHOUTER)
    systemd = Systemd()
    made = House(
        tmp_path,
        ["w1"],
        NOTIFY_SOCKET=systemd.address,
        SHOUWANG_WATCHDOG__COMMAND=f"{sys.executable} {shouter} {tmp_path / 'shouts'}",
        SHOUWANG_WATCHDOG__SILENCE_S="5",
    )
    made.systemd = systemd
    shouts = tmp_path / "shouts"
    shouts.touch()
    made.shouts = lambda: [json.loads(line) for line in shouts.read_text().splitlines()]
    yield made
    systemd.hears("")  # its socket holds few that nobody reads
    made.close()
    stopping = systemd.hears("STOPPING=1")
    systemd.close()
    assert stopping


def test_whoever_stops_is_noticed_told_and_ended(house):
    until(lambda: house.systemd.hears("READY=1"), "systemd hears that it is ready")
    until(lambda: house.systemd.hears("WATCHDOG=1"), "and that it lives")
    ear = Listener(house.http_port, house.token)
    ear.start()
    # 1. The broker hangs, its connections open: only the canary can tell.
    until(lambda: metrics(house)["shouwang_canary_heard_total"] > 2, "the canary is heard")
    assert 0 < metrics(house)["shouwang_canary_round_trip_seconds"] < 60
    assert ear.canary_missed == 0
    house.send("broker", signal.SIGSTOP)
    until(lambda: "canary" in (house.fault() or ""), "the canary is missed")
    assert metrics(house)["shouwang_canary_missed"] >= 3
    until(lambda: ear.canary_missed >= 3, "every console is told")
    until(house.shouts, "the watchdog shouts")
    house.send("broker", signal.SIGCONT)
    until(house.is_ready, "it works again")
    until(lambda: [state for state, _ in house.shouts()] == ["silent", "recovered"], "the watchdog says so")
    assert "canary" in house.shouts()[0][1] and "守望服务无响应" in house.shouts()[0][1]
    # 2. A process that hangs is ended by the supervisor, and another one begins.
    for verb in ("gateway", "api"):
        before = house.pid(verb)
        house.send(verb, signal.SIGSTOP)
        until(lambda verb=verb, before=before: house.pid(verb) not in {None, before}, f"another {verb}")
        until(house.is_ready, "it works again")
        assert f"{verb} has given no sign of life for 5 s, ending it" in house.log()
    ear.stop()
