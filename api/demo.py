"""The demo: a broker, the service and a simulated city on this machine, each a process of its own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.error import URLError

import msgspec

from alerts.policy import Policy
from api.accounts import add_operator, add_token
from api.supervisor import Supervisor, shouwang
from api.words import KIND_WORDS as _KIND_WORDS
from api.words import PRIORITY_WORDS as _PRIORITY_WORDS
from device_sim.city import make_city, spare_bands
from iot_gateway.broker import BrokerError, free_port, start_broker
from iot_gateway.database import StoreBusyError, WriterLock
from iot_gateway.importing import import_roster
from iot_gateway.reading import registered_devices
from iot_gateway.roster_file import parse
from iot_gateway.settings import Settings, load

OPERATOR: Final = "demo"
SEED: Final = 20230101
# How eventful the city is: the first SOS within seconds, a fire within half a minute.
LIVELY: Final = 1.0
READY_WAIT_S: Final = 60.0
SPARE_BANDS: Final = 12


class DemoError(Exception):
    """The demo cannot start; the message is one line."""


def run_demo(
    data_dir: Path, http_port: int | None, mqtt_port: int | None, bands: int, fire_sensors: int | None
) -> None:
    """Run until Ctrl-C; a later start with the same directory continues from its store.

    Raises:
        DemoError: in one line, what is missing.
    """
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    in_use = WriterLock(data_dir / "demo")
    try:
        in_use.acquire()
    except StoreBusyError as error:
        raise DemoError(f"{data_dir}: a demo runs there already") from error
    (data_dir / "demo.json").unlink(missing_ok=True)
    http_port, mqtt_port = _port(http_port, 8000, "--http-port"), _port(mqtt_port, 1883, "--mqtt-port")
    supervisor = Supervisor(lambda text: print(f"demo: {text}", flush=True))
    supervisor.stop_on_signals()
    try:
        _start_broker(supervisor, data_dir, mqtt_port)
        env = {
            "SHOUWANG_DATA_DIR": str(data_dir),
            "SHOUWANG_MQTT__URL": f"mqtt://127.0.0.1:{mqtt_port}",
            "SHOUWANG_HTTP__PORT": str(http_port),
        }
        os.environ.update(env)
        settings = load()
        roster = _prepare_city(data_dir, settings, bands, fire_sensors)
        access = _make_access(settings, http_port, mqtt_port)
        for verb in ("gateway", "api"):
            log = data_dir / f"{verb}.log"
            supervisor.add(verb, lambda verb=verb, log=log: shouwang([verb], log, supervisor.ear))  # type: ignore[misc]
        _wait_until_ready(access["api_url"], supervisor)
        last_seq = _last_seq(access)
        play = ["sim", "play", "--roster", str(roster), "--mqtt-url", env["SHOUWANG_MQTT__URL"],
                "--seed", str(SEED), "--lively", str(LIVELY)]  # fmt: skip
        supervisor.add("simulator", lambda: shouwang(play, log=data_dir / "simulator.log"))
        _write_access(data_dir / "demo.json", access)
        print(f"\n  控制台 console  {access['console_url']}\n  账号 operator   {OPERATOR}  密码 password  "
              f"{access['password']}\n  停止 stop       Ctrl-C\n", flush=True)  # fmt: skip
        Thread(target=_print_alarms, args=(access, _site_names(roster), last_seq), daemon=True).start()
        supervisor.watch()
    finally:
        supervisor.stop()
        (data_dir / "demo.json").unlink(missing_ok=True)
        in_use.release()
    print("\n已全部停止 everything has stopped", flush=True)


def _port(wanted: int | None, usual: int, option: str) -> int:
    """The port asked for, or the usual one if it is free, or any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", usual if wanted is None else wanted))
        except OSError as error:
            if wanted is not None:
                raise DemoError(f"port {wanted} is in use: choose another with {option}") from error
            return free_port()
        return int(probe.getsockname()[1])


def _start_broker(supervisor: Supervisor, data_dir: Path, port: int) -> None:
    try:
        first = start_broker(data_dir / "broker", port)
    except BrokerError as error:
        raise DemoError(str(error)) from error
    print(f"demo: broker {first.broker.kind} ({first.broker.path}) on 127.0.0.1:{port}", flush=True)
    running = [first]

    def start() -> Any:
        if not running:
            return start_broker(data_dir / "broker", port).process
        return running.pop().process

    supervisor.add("broker", start)


def _prepare_city(data_dir: Path, settings: Settings, bands: int, fire_sensors: int | None) -> Path:
    """The roster file of the city; imported at the first start."""
    path = data_dir / "roster.json"
    if path.exists() and settings.database.exists() and registered_devices(settings.database):
        print(f"demo: continuing with the city in {data_dir}", flush=True)
        return path
    print("demo: making a city", flush=True)
    city = make_city(SEED, bands, fire_sensors)
    path.write_bytes(msgspec.json.encode(city))
    # Not in the file: nobody plays a band on the shelf.
    imported = {**city, "devices": [*city["devices"], *spare_bands(SPARE_BANDS)]}
    import_roster(settings, Policy(), parse(msgspec.json.encode(imported), str(path)))
    print(f"demo: {len(city['sites'])} sites, {len(city['devices'])} devices", flush=True)
    return path


def _make_access(settings: Settings, http_port: int, mqtt_port: int) -> dict[str, Any]:
    """Fresh secrets each time."""
    password = secrets.token_urlsafe(12)
    add_operator(settings.database, OPERATOR, password)
    url = f"http://127.0.0.1:{http_port}"
    return {
        "console_url": f"{url}/", "api_url": url, "mqtt_host": "127.0.0.1", "mqtt_port": mqtt_port,
        "operator": OPERATOR, "password": password, "token": add_token(settings.database, "demo"),
    }  # fmt: skip


def _write_access(path: Path, access: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(access, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def _wait_until_ready(api_url: str, supervisor: Supervisor) -> None:
    deadline_s = time.monotonic() + READY_WAIT_S
    while not supervisor.stopping:
        try:
            with urllib.request.urlopen(f"{api_url}/readyz", timeout=2):  # noqa: S310 - our own address
                return
        except (URLError, OSError) as error:
            if time.monotonic() > deadline_s:
                raise DemoError(f"the service is not ready after {READY_WAIT_S:.0f} s: {error}") from error
        supervisor.turn()
        time.sleep(0.1)


def _site_names(roster: Path) -> dict[str, str]:
    return {site["site_id"]: site["name"] for site in json.loads(roster.read_bytes())["sites"]}


def _last_seq(access: dict[str, Any]) -> int:
    """Where the journal ends before the city begins."""
    with urllib.request.urlopen(_request(access, "/api/v1/summary"), timeout=10) as answer:  # noqa: S310
        return int(json.load(answer)["last_seq"])


def _print_alarms(access: dict[str, Any], site_names: dict[str, str], after: int) -> None:
    """A line for every alarm that is raised later, from the service's own stream; for ever."""
    while True:
        try:
            for event in _stream(access, after):
                after = event["seq"]
                if event["event"] in {"raise", "reraise"}:
                    print(_line(event, site_names), flush=True)
        except (URLError, OSError, ValueError):
            time.sleep(1.0)


def _stream(access: dict[str, Any], after: int) -> Iterator[dict[str, Any]]:
    request = _request(access, f"/api/v1/stream?after={after}&positions=0")
    with urllib.request.urlopen(request, timeout=30) as lines:  # noqa: S310
        name = ""
        for line in lines:
            field, _, value = line.decode().strip().partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "transition":
                yield json.loads(value)


def _request(access: dict[str, Any], path: str) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {access['token']}"}
    return urllib.request.Request(access["api_url"] + path, headers=headers)  # noqa: S310 - our own address


def _line(event: dict[str, Any], site_names: dict[str, str]) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(event["at_ms"] / 1000))
    kind = _KIND_WORDS[event["kind"]]
    where = site_names.get(event["site_id"] or "", event["site_id"] or "未登记 not in the roster")
    repeated = f" ×{event['count']}" if event["count"] > 1 else ""
    return f"{clock}  {_PRIORITY_WORDS[event['priority']]}  {kind}{repeated}  {event['subject_id']}  {where}  {event['alarm_id']}"
