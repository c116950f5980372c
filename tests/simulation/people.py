"""Everybody beside the gateway: the api that appends requests, the reader of the journal, the outbox's reader.

They are processes of the same host: without power they stop, and while the gateway's transaction is open they
wait for the database.
"""

from __future__ import annotations

import msgspec

from simulation.host import Host
from simulation.truth import Truth
from simulation.world import Violation, World

APPEND = "INSERT INTO commands (command_id, created_at_ms, operator, type, body) VALUES (?, ?, ?, ?, ?)"


class Api:
    """Operators at their consoles. What they do was planned; on which alarm is found when they do it."""

    def __init__(self, world: World, host: Host, truth: Truth) -> None:
        self.world, self.host, self.truth = world, host, truth
        self._dice = world.dice("people")
        self._count = 0

    def act(self, act: dict) -> None:
        """Ask something, as soon as the database lets us."""
        host = self.host
        if not host.powered or host.disk_is_full:
            return  # the console says so; nobody was promised anything
        if host.disk.db.in_transaction:
            self.world.after(0.05, self.act, act)
            return
        body = act["body"] if "body" in act else self._about_an_alarm(act)
        if body is not None:
            self._append(act["type"], body, act)

    def _append(self, type_: str, body: object, act: dict) -> None:
        self._count += 1
        command_id = f"c{self._count}"
        if isinstance(body, dict) and type_ == "alarm":
            body = body | {"text": command_id}
        if isinstance(body, dict) and type_ == "device_command":
            until_ms = self.host.wall_us() // 1000 + 30_000
            body = body | {"id": f"D{self._count}", "expires_ts": until_ms}
        text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
        now_ms = self.host.wall_us() // 1000
        disk = self.host.disk
        disk.before_write()
        disk.db.execute(APPEND, (command_id, now_ms, act.get("operator", "wang"), type_, text))
        disk.unsynced = None  # its own commit syncs the log, with everything before it
        self.truth.asked[command_id] = type_
        self.world.note("asks", command_id, type_, text)
        self.host.asked()

    def _about_an_alarm(self, act: dict) -> dict | None:
        """A verb on one of the open alarms, with the version that this operator saw."""
        sql = "SELECT alarm_id, version FROM alarms WHERE state!='normal' ORDER BY raised_seq"
        shown = self.host.disk.rows(sql)
        if not shown:
            return None
        alarm_id, version = shown[act["pick"] % len(shown)]
        said = {"verb": act["verb"], "alarm_id": alarm_id, "outcome": "real", "reason": "noise"}
        said |= {"assignee": "li", "until_ms": self.host.wall_us() // 1000 + act["for_ms"]}
        if act["stale"] is not None:
            said["version"] = max(version - act["stale"], 0)
        return said


class Reader:
    """Somebody who resumes by number: the stream of the journal, or the outbox. Sees each row once, in order."""

    def __init__(self, world: World, host: Host, table: str, number: str, every_s: float) -> None:
        self.world, self.host = world, host
        self._table, self._every_s = table, every_s
        columns = "seq, body" if table == "journal" else "id, seq || ' ' || body"
        self._sql = f"SELECT {columns} FROM {table} WHERE {number}>? ORDER BY {number}"
        self.last = 0
        self.seen: dict[int, str] = {}
        self._waiting = False
        world.after(every_s, self._poll)

    def _poll(self) -> None:
        self.look()
        self.world.after(self._every_s, self._poll)

    def look(self) -> None:
        disk = self.host.disk
        if not self.host.powered or disk.db.in_transaction:
            return
        for number, said in disk.rows(self._sql, self.last):
            if self._table == "journal" and number != self.last + 1:
                raise Violation(f"the stream goes from {self.last} to {number}")
            self.last = number
            self.seen[number] = said

    def check(self) -> None:
        """What was seen is still so: nobody was told of what did not happen."""
        number = "seq" if self._table == "journal" else "id"
        body = "body" if self._table == "journal" else "seq || ' ' || body"
        there = dict(self.host.disk.rows(f"SELECT {number}, {body} FROM {self._table}"))
        for one, said in self.seen.items():
            if there.get(one) != said:
                raise Violation(f"{self._table} row {one} was read, and is not there, or says something else")
