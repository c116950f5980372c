"""The service as processes: verbs of `shouwang`, a real broker, and an honest device."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from iot_gateway import broker

REPOSITORY = Path(__file__).parents[2]
BEACON = "care/v1/_gateway/beacon"
RESEND_S = 3.0  # contract: a device sends again at the beacon and after three seconds

# A gateway that sends itself a signal, at the worst moment: `method` is about to run and `condition` holds.
KILLED_BY = """
import os, signal, sys
from pathlib import Path
from iot_gateway.gateway import Gateway
from iot_gateway.writing import Writer

right = {method}

def wrong(self, *arguments):
    if {condition}:
        os.kill(os.getpid(), signal.{signal})
    return right(self, *arguments)

{method} = wrong
sys.argv = ["shouwang", *sys.argv[1:]]
from api.cli import main
main()
"""


def environment(**more: str) -> dict[str, str]:
    """Ours without settings of the service, and with these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWANG_")}
    return clean | more


def until(holds: Callable[[], Any], what: str, patience_s: float = 40.0) -> Any:
    """Wait, bounded; nothing is asserted about how long it took."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        found = holds()
        if found:
            return found
        time.sleep(0.01)
    return pytest.fail(f"never came true: {what}")


def need(kind: broker.Kind) -> None:
    if broker.find_broker(kind) is None:
        pytest.skip(f"no {kind} on this machine")


class Service:
    """A data directory, a broker, and the processes that a test starts on them."""

    def __init__(self, directory: Path, prefer: broker.Kind = "mosquitto") -> None:
        self.directory = directory
        self.port = broker.free_port()
        self.broker = broker.start_broker(directory / "broker", self.port, prefer)
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.env = environment(SHOUWANG_DATA_DIR=str(directory), SHOUWANG_MQTT__URL=self.url)
        self.database = directory / "shouwang.sqlite"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.devices: list[Device] = []
        self.log = (directory / "service.log").open("ab")

    def start(self, *verb: str, program: str | None = None) -> subprocess.Popen[bytes]:
        arguments = ["-m", "api", *verb] if program is None else ["-c", program, *verb]
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=REPOSITORY, env=self.env, stdout=self.log, stderr=self.log
        )
        self.processes.append(process)
        return process

    def gateway(self, program: str | None = None) -> subprocess.Popen[bytes]:
        """A gateway that is connected and subscribed."""
        before = self.pulse().get("started_at_ms")
        process = self.start("gateway", program=program)

        def ready() -> bool:
            assert process.poll() is None, self.words()
            pulse = self.pulse()
            return pulse.get("started_at_ms") != before and bool(pulse.get("connected"))

        until(ready, "the gateway listens")
        return process

    def shouwang(self, *verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api", *verb], cwd=REPOSITORY, env=self.env, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip

    def device(self, name: str) -> Device:
        made = Device(self.port, name)
        self.devices.append(made)
        return made

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the store says now; nothing where there is none yet."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            return db.execute(sql, values).fetchall()

    def pulse(self) -> dict[str, Any]:
        with suppress(sqlite3.OperationalError):  # no table yet
            rows = self.ask("SELECT value FROM meta WHERE key='pulse'")
            return json.loads(rows[0][0]) if rows else {}
        return {}

    def request(self, type_: str, body: dict[str, Any], command_id: str) -> None:
        """As the api does."""
        with closing(sqlite3.connect(self.database, isolation_level=None, timeout=5)) as db:
            db.execute(
                "INSERT INTO commands (command_id, created_at_ms, operator, type, body) VALUES (?, ?, 'op', ?, ?)",
                (command_id, int(time.time() * 1000), type_, json.dumps(body)),
            )

    def words(self) -> str:
        return (self.directory / "service.log").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Everything this test has started, by its own process."""
        for device in self.devices:
            device.close()
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            if process.poll() is None:
                process.kill()
                process.wait()
        self.broker.stop()
        self.log.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a crash would."""
    process.send_signal(signal.SIGKILL)
    process.wait()


class Device:
    """Keeps every item until its `ack`; sends again at the beacon, after three seconds and after every reconnect."""

    def __init__(self, port: int, name: str) -> None:
        self.name, self.boot, self.seq = name, int(time.time()), 0
        self.kept: dict[int, tuple[str, dict[str, Any]]] = {}  # by seq
        self.acked: set[int] = set()
        self.commands: list[dict[str, Any]] = []
        self.acks: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._gone = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=True)
        self.client.max_inflight_messages_set(0)
        self.client.on_connect = self._connected
        self.client.on_message = self._told
        self.client.on_subscribe = lambda *_: self._send_again()
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(self.client.is_connected, f"{name} is connected")
        self._again = threading.Thread(target=self._run, daemon=True)
        self._again.start()

    def say(self, stream: str, **item: Any) -> int:
        """A new item that wants its acknowledgement; its seq."""
        with self._lock:
            self.seq += 1
            whole = {"ts": int(time.time() * 1000), "seq": self.seq, "boot": self.boot, "ack": True, **item}
            self.kept[self.seq] = stream, whole
        self._send(stream, whole)
        return self.seq

    def _send(self, stream: str, item: dict[str, Any]) -> None:
        self.client.publish(f"care/v1/{self.name}/{stream}", json.dumps(item), 1)

    def answer(self, command_id: str, state: str = "done", detail: str = "") -> None:
        said = {"id": command_id, "state": state, "detail": detail}
        self.client.publish(f"care/v1/{self.name}/result", json.dumps(said), 1)

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(f"care/v1/{self.name}/ack", 1), (f"care/v1/{self.name}/cmd", 1), (BEACON, 0)])

    def _told(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        said = json.loads(message.payload)
        if message.topic == BEACON:
            self._send_again()
        elif message.topic.endswith("/cmd"):
            self.commands.append(said)
        else:
            self.acks.append(said)
            if said["boot"] == self.boot:
                with self._lock:
                    self.acked |= set(said["seqs"])
                    for seq in said["seqs"]:
                        self.kept.pop(seq, None)

    def _send_again(self) -> None:
        with self._lock:
            kept = list(self.kept.values())
        for stream, item in kept:
            self._send(stream, item)

    def _run(self) -> None:
        while not self._gone.wait(RESEND_S):
            if self.client.is_connected():
                self._send_again()

    def close(self) -> None:
        self._gone.set()
        self._again.join()
        self.client.disconnect()
        self.client.loop_stop()
