"""A real service for the browser: broker, gateway and api as processes, a small roster, and a device's voice."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from api.accounts import add_operator, add_token
from iot_gateway.broker import start_broker
from iot_gateway.importing import import_roster
from iot_gateway.policy_file import load_policy
from iot_gateway.roster_file import parse
from iot_gateway.settings import Settings

PASSWORD = "correct horse battery staple"
OPERATORS = ("li", "wang")
EVIL = "<img src=x onerror=document.title='xss'>"
WAIT_S = 30
PEOPLE = 40
LAT, LON = 36.70, 119.10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if result := true():
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {WAIT_S} s")


def roster() -> dict[str, Any]:
    """Two sites in two counties; W01.. are worn by people, S01.. are smoke sensors."""
    sites = [
        {"site_id": "qw", "name": "奎文样例养老院", "kind": "nursing_home", "lat": LAT, "lon": LON, "county": "奎文区",
         "street": "样例街道", "phone": "000-1111"},
        {"site_id": "aq", "name": "安丘样例敬老院", "kind": "nursing_home", "lat": 36.43, "lon": 119.21, "county": "安丘市",
         "phone": "000-2222"},
    ]  # fmt: skip
    people = [
        {"resident_id": f"P{n:02}", "name": EVIL if n == 13 else f"样例老人{n:02}", "site_id": "qw" if n < 20 else "aq",
         "room": f"1F-{n:02}", "care_level": "失智", "risk_notes": "步态不稳",
         "contacts": [{"name": f"家属{n:02}", "relation": "女儿", "phone": f"000-00{n:02}"}]}
        for n in range(PEOPLE)
    ]  # fmt: skip
    bands = [
        {
            "device_id": f"W{n:02}",
            "kind": "wristband",
            "site_id": "qw" if n < 20 else "aq",
            "resident_id": f"P{n:02}",
        }
        for n in range(PEOPLE)
    ]
    sensors = [
        {"device_id": f"S{n:02}", "kind": "fire_sensor", "site_id": "aq", "zone": f"{n}F"} for n in range(9)
    ]
    fences = [
        {"fence_id": "qw-area", "name": "奎文院区", "role": "safe", "site_id": "qw",
         "geometry": {"type": "Point", "coordinates": [LON, LAT], "radius_m": 100}}
    ]  # fmt: skip
    return {"sites": sites, "residents": people, "devices": bands + sensors, "fences": fences}


class House:
    """The service, and what a test does to it from outside."""

    def __init__(self, directory: Path, policy: dict[str, Any] | None = None) -> None:
        self.directory = directory
        policy_file = directory / "policy.json"
        policy_file.write_text(json.dumps(policy or {}))
        mqtt_port, self.http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http_port}/"
        self._env = os.environ | {
            "SHOUWANG_DATA_DIR": str(directory),
            "SHOUWANG_MQTT__URL": f"mqtt://127.0.0.1:{mqtt_port}",
            "SHOUWANG_HTTP__PORT": str(self.http_port),
            "SHOUWANG_POLICY": str(policy_file),
        }
        self._broker = start_broker(directory / "broker", mqtt_port)
        settings = Settings(data_dir=directory)
        import_roster(settings, load_policy(policy_file), parse(json.dumps(roster()).encode(), "roster"))
        for name in OPERATORS:
            add_operator(settings.database, name, PASSWORD)
        self._token = add_token(settings.database, "tests")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.start("gateway")
        self.start("api")
        self._voice = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="voice")
        self._voice.connect("127.0.0.1", mqtt_port)
        self._voice.loop_start()
        self._seq = 0
        self.cookies: dict[str, list[Any]] = {}  # the sessions that browsers have begun, by operator

    def start(self, verb: str) -> None:
        log = (self.directory / f"{verb}.log").open("ab")
        with log:
            self._processes[verb] = subprocess.Popen(
                [sys.executable, "-m", "api", verb], env=self._env, stdout=log, stderr=log
            )
        if verb == "api":
            until(self._ready, "the service being ready")

    def kill(self, verb: str) -> None:
        process = self._processes[verb]
        process.kill()
        process.wait()

    def signal(self, verb: str, number: signal.Signals) -> None:
        """SIGSTOP: a process that hangs, with its connections open; SIGCONT."""
        self._processes[verb].send_signal(number)

    def close(self) -> None:
        self._voice.loop_stop()
        self._voice.disconnect()
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            process.wait(20)
        self._broker.process.terminate()
        self._broker.process.wait(20)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    # What devices say ---------------------------------------------------------------------------

    def say(self, device_id: str, stream: str, **payload: Any) -> None:
        self._seq += 1
        body = {"ts": time.time_ns() // 1_000_000, "seq": self._seq} | payload
        self.publish(device_id, stream, json.dumps(body))

    def publish(self, device_id: str, stream: str, payload: str) -> None:
        self._voice.publish(f"care/v1/{device_id}/{stream}", payload, qos=1).wait_for_publish(WAIT_S)

    def alarm(self, device_id: str, *kinds: str, **payload: Any) -> str:
        """A device raises; the id of its alarm, once the service has it."""
        self.say(device_id, "alarm", kinds=list(kinds), **payload)
        return str(until(lambda: self.opened(device_id, kinds[0]), f"{kinds[0]} of {device_id}"))

    def opened(self, device_id: str, kind: str) -> str | None:
        found = self.get(f"alarms?device_id={device_id}&kind={kind}")["items"]
        return found[0]["alarm_id"] if found else None

    def close_alarm(self, alarm: dict[str, Any]) -> None:
        """Another seat closes an alarm."""
        body = {"version": alarm["version"], "outcome": "test", "text": "test"}
        self._ask(f"alarms/{alarm['alarm_id']}/close", json.dumps(body).encode())

    def quiet(self) -> None:
        """Another seat closes all that is open."""
        while found := self.get("alarms?limit=1000")["items"]:
            for alarm in found:
                with suppress(urllib.error.HTTPError):  # it changed meanwhile: next round
                    self.close_alarm(alarm)

    # What programs ask --------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        return self._ask(path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Another seat does something."""
        return self._ask(path, json.dumps(body).encode())

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}api/v1/{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def house(directory: Path, policy: dict[str, Any] | None = None) -> Iterator[House]:
    made = House(directory, policy)
    try:
        yield made
    finally:
        made.close()
