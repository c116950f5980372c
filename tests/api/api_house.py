"""A real store, a real server on loopback, and the little of a gateway that answers commands."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import create_mock_engine

from api.accounts import add_operator, add_token
from api.app import Server, _listen, create_app
from iot_gateway import outings, schema
from iot_gateway.settings import HttpSettings, Settings

DEADLINE_S = 20
NOW_MS = time.time_ns() // 1_000_000
PASSWORD = "correct horse battery staple"

ALARM: dict[str, Any] = {
    "version": 1, "subject_type": "device", "subject_id": "w1", "device_id": "w1", "site_id": "s1",
    "resident_id": "r1", "kind": "sos", "fence_id": None, "priority": "urgent",
    "state": "active_unacknowledged", "shelved": False, "shelved_until_ms": None, "suppressed": False,
    "out_of_service": False, "count": 1, "assignee": None, "because": {"items": [[0, 1]]},
    "position": {"lat": 36.7, "lon": 119.1, "acc_m": 8.0, "measured_at_ms": NOW_MS},
    "measured_at_ms": NOW_MS, "received_at_ms": NOW_MS, "raised_at_ms": NOW_MS, "committed_at_ms": NOW_MS,
    "acknowledged_at_ms": None, "cleared_at_ms": None, "closed_at_ms": None, "outcome": None,
}  # fmt: skip


def until(true: Callable[[], Any], what: str = "it") -> Any:
    """Wait for something to come true; only a broken program takes long."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if result := true():
            return result
        time.sleep(0.005)
    raise AssertionError(f"{what} did not happen within {DEADLINE_S} s")


@cache
def tables() -> list[str]:
    """The statements that make the store."""
    made: list[str] = []
    engine = create_mock_engine(
        "sqlite://", lambda what, *_args, **_more: made.append(str(what.compile(engine)))
    )
    schema.metadata.create_all(engine, checkfirst=False)
    return made


class Book:
    """The store as the gateway writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.execute("PRAGMA synchronous=OFF")  # of a test's disk nobody asks
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("BEGIN")
        for statement in tables():
            self._connection.execute(statement)
        self._connection.execute("COMMIT")
        self._lock = threading.Lock()

    def put(self, table: str, **values: Any) -> None:
        """Insert or replace one row; dicts and lists as JSON."""
        row = {
            key: json.dumps(item) if isinstance(item, dict | list) else item for key, item in values.items()
        }
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        with self._lock:
            self._connection.execute(
                f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", list(row.values())
            )

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def site(self, site_id: str = "s1", **more: Any) -> None:
        self.put("sites", **{"site_id": site_id, "name": "安丘敬老院", "kind": "nursing_home", "lat": 36.4, "lon": 119.2,
                             "county": "安丘市"} | more)  # fmt: skip

    def device(self, device_id: str = "w1", row: int = 0, **more: Any) -> None:
        self.put("devices", **{"device_row": row, "device_id": device_id, "kind": "wristband", "site_id": "s1",
                               "registered": True, "removed": False} | more)  # fmt: skip

    def alarm(self, alarm_id: str, seq: int, **more: Any) -> dict[str, Any]:
        row = ALARM | {"alarm_id": alarm_id, "seq": seq, "raised_seq": seq} | more
        self.put("alarms", **row)
        return row

    def journal(self, seq: int, alarm_id: str = "a1", event: str = "raise", **more: Any) -> str:
        body = ALARM | {"alarm_id": alarm_id, "seq": seq, "shown_at_ms": None, "from": "normal",
                        "to": "active_unacknowledged", "event": event} | more  # fmt: skip
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self.put("journal", seq=seq, at_ms=NOW_MS + seq, alarm_id=alarm_id, body=text, hash=b"")
        return text

    def reading(self, row: int, measured_at_ms: int, **more: Any) -> None:
        self.put("readings", **{"device_row": row, "measured_at_ms": measured_at_ms, "boot": 0, "seq": measured_at_ms,
                                "received_at_ms": measured_at_ms + 500, "stream": "location"} | more)  # fmt: skip

    def meta(self, key: str, value: Any) -> None:
        self.put("meta", key=key, value=value)

    def pulse(self, **more: Any) -> None:
        self.meta("pulse", {"at_ms": time.time_ns() // 1_000_000, "started_at_ms": NOW_MS, "connected": True, "epoch": 1,
                            "queue": 3, "queue_limit": 50_000, "step": 7, "counters": {"messages": 12},
                            "rejected": {"unknown_device": 2}} | more)  # fmt: skip

    def close(self) -> None:
        self._connection.close()


@dataclass
class GatewayDouble:
    """Answers commands as it is told to: `code` for alarms, and roster edits for real."""

    book: Book
    code: str = "done"
    silent: bool = False
    seen: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    _last: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stop.wait(0.005):
            query = "SELECT id, command_id, operator, type, body FROM commands WHERE id > ? ORDER BY id"
            for number, command_id, operator, kind, body in self.book.ask(query, self._last):
                self._last = number
                self.seen.append((operator, kind, json.loads(body)))
                if not self.silent:
                    self._answer(command_id, operator, kind, json.loads(body))

    def _answer(self, command_id: str, operator: str, kind: str, body: dict[str, Any]) -> None:
        if self.code == "done" and kind == "roster":
            self._edit(body)
        if self.code == "done" and kind == "outing":
            asked = msgspec.convert(body, outings.Asked)
            command = outings.command_of(asked, command_id, operator, time.time_ns() // 1_000_000)
            sql, values = outings.row_of(asked, command)
            self.book.ask(sql, *values)
        if self.code == "done" and kind == "device_command":
            self.book.put(
                "device_commands", id=body["id"], device_id=body["device_id"], type=body["type"], args=body["args"],
                created_at_ms=NOW_MS, expires_at_ms=body["expires_ts"], state="queued", detail="", changed_at_ms=NOW_MS,
            )  # fmt: skip
        if self.code == "done" and kind == "alarm":
            self.book.ask("UPDATE alarms SET version = version + 1 WHERE alarm_id = ?", body["alarm_id"])
        self.book.put(
            "command_results", command_id=command_id, code=self.code, detail="in words", alarm_id=body.get("alarm_id"),
            step=1,
        )  # fmt: skip

    def _edit(self, body: dict[str, Any]) -> None:
        for table, items in body.get("put", {}).items():
            for item in items:
                more = {"registered": True, "removed": False} if table == "devices" else {}
                if more:
                    more["device_row"] = self._row(item["device_id"])
                self.book.put(table, **item, **more)
        for table, ids in body.get("remove", {}).items():
            for item_id in ids:
                column = f"{table.removesuffix('s')}_id"
                verb = "UPDATE devices SET removed = 1" if table == "devices" else f"DELETE FROM {table}"
                self.book.ask(f"{verb} WHERE {column} = ?", item_id)

    def _row(self, device_id: str) -> int:
        known = self.book.ask("SELECT device_row FROM devices WHERE device_id = ?", device_id)
        return (
            known[0][0]
            if known
            else self.book.ask("SELECT coalesce(max(device_row), -1) + 1 FROM devices")[0][0]
        )

    def stop(self) -> None:
        self._stop.set()


@dataclass
class Service:
    """A server that runs in a thread, and a client with a token."""

    book: Book
    gateway: GatewayDouble
    server: Server
    app: Any
    url: str
    token: str
    client: httpx.Client

    def stranger(self, **more: Any) -> httpx.Client:
        """A client that nobody knows."""
        return httpx.Client(base_url=self.url, timeout=DEADLINE_S, **more)

    @contextmanager
    def person(self, username: str = "li") -> Iterator[httpx.Client]:
        """A client that logged in; it stays on its own site, as a browser would say."""
        add_operator(self.book.path, username, PASSWORD)
        with self.stranger(headers={"Origin": self.url}) as client:
            client.post(
                "/api/v1/session", json={"username": username, "password": PASSWORD}
            ).raise_for_status()
            yield client


def run(book: Book) -> Iterator[Service]:
    """A service over a store, for as long as it is wanted."""
    settings = Settings(
        data_dir=book.path.parent, store={"url": f"sqlite:///{book.path}"}, http=HttpSettings(port=0)
    )
    token = add_token(book.path, "tests")
    gateway = GatewayDouble(book)
    app = create_app(settings)
    server = Server(app, "127.0.0.1", 0)
    with closing(_listen("127.0.0.1", 0)) as listening:
        threads = [
            threading.Thread(target=server.run, kwargs={"sockets": [listening]}),
            threading.Thread(target=gateway.run),
        ]
        for thread in threads:
            thread.start()
        try:
            until(lambda: server.started, "start")
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=url, headers=headers, timeout=DEADLINE_S) as client:
                yield Service(book, gateway, server, app, url, token, client)
        finally:
            server.should_exit = True
            gateway.stop()
            for thread in threads:
                thread.join(DEADLINE_S)
                assert not thread.is_alive()
