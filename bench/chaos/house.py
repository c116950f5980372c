"""Owns the real processes: broker, supervisor and its children; finds, kills, stops and continues them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError

import msgspec

from alerts.policy import Policy
from api.accounts import add_token
from iot_gateway import broker
from iot_gateway.importing import import_roster
from iot_gateway.roster_file import parse
from iot_gateway.settings import Settings

REPOSITORY: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 60.0


def until(holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait, bounded.

    Raises:
        TimeoutError: it never came true.
    """
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        if found := holds():
            return found
        time.sleep(0.02)
    raise TimeoutError(f"never came true: {what}")


class House:
    """One data directory, with `shouwang run` over it and a broker beside it."""

    def __init__(self, directory: Path, devices: list[str], **more: str) -> None:
        self.directory = directory
        self.database = directory / "shouwang.sqlite"
        self.mqtt_port, self.http_port = broker.free_port(), broker.free_port()
        self.broker = broker.start_broker(directory / "broker", self.mqtt_port, "mosquitto")
        env = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWANG_")}
        self._env = env | {
            "SHOUWANG_DATA_DIR": str(directory),
            "SHOUWANG_MQTT__URL": f"mqtt://127.0.0.1:{self.mqtt_port}",
            "SHOUWANG_HTTP__PORT": str(self.http_port),
            **more,
        }
        import_roster(Settings(data_dir=directory), Policy(), parse(_roster(devices), "roster"))
        self.token = add_token(self.database, "chaos")
        with (directory / "service.log").open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "api", "run"], cwd=REPOSITORY, env=self._env, stdout=log, stderr=log
            )
        try:
            until(self.is_ready, "the service is ready")
        except TimeoutError:
            self.close()
            raise

    def fault(self) -> str | None:
        """What /readyz says is wrong."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz", timeout=2):
                return None
        except HTTPError as error:
            with error:
                return str(json.load(error)["detail"])
        except (URLError, OSError) as error:
            return str(error)

    def is_ready(self) -> bool:
        """Whether the service works."""
        return self.fault() is None

    def pid(self, verb: str) -> int | None:
        """The process of a verb that the supervisor runs now."""
        if verb == "broker":
            return self.broker.pid if self.broker.alive else None
        for child in _children(self._supervisor.pid):
            with suppress(OSError):
                if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[-2:-1] == [verb.encode()]:
                    return child
        return None

    def send(self, verb: str, number: signal.Signals) -> bool:
        """A signal to whichever process it is now; False: there is none."""
        pid = self.pid(verb)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            return True
        return False

    def restart_broker(self) -> None:
        """From the thread that lives to the end: the broker dies with its starter."""
        self.broker.process.wait()
        self.broker.restart()

    def settle(self) -> None:
        """Everything runs again, nothing is stopped."""
        if not self.broker.alive:
            self.restart_broker()
        for verb in ("broker", "gateway", "api"):
            self.send(verb, signal.SIGCONT)
        until(self.is_ready, "the service is ready again")

    def verify(self) -> str | None:
        """What `shouwang verify` finds wrong."""
        done = subprocess.run(
            [sys.executable, "-m", "api", "verify"], cwd=REPOSITORY, env=self._env, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        return None if done.returncode == 0 else done.stderr.strip()

    def log(self) -> str:
        return (self.directory / "service.log").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End what was started here, by its own process ids."""
        for verb in ("gateway", "api"):
            self.send(verb, signal.SIGCONT)
        self._supervisor.terminate()
        try:
            self._supervisor.wait(20)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self.broker.process.send_signal(signal.SIGCONT)
        self.broker.stop()


def _children(parent: int) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return []


def _roster(devices: list[str]) -> bytes:
    return msgspec.json.encode({
        "sites": [{"site_id": "s1", "kind": "nursing_home", "lat": 36.7, "lon": 119.1}],
        "devices": [
            {"device_id": name, "kind": "wristband" if name.startswith("w") else "fire_sensor", "site_id": "s1"}
            for name in devices
        ],
    })  # fmt: skip
