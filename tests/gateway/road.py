"""The road without a broker: a store, its core, and messages that go through both."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from hypothesis import HealthCheck, settings

from alerts.commands import RosterCommand
from alerts.engine import Decisions
from alerts.policy import Policy
from iot_gateway import roster_rows
from iot_gateway.batcher import Admitted, Batcher, Input, Received, arrange
from iot_gateway.clock import Clock
from iot_gateway.gateway import Gateway
from iot_gateway.intake import Message
from iot_gateway.recording import pack
from iot_gateway.recovery import encode_state, recover
from iot_gateway.roster_file import Roster, RosterChange, edit_of
from iot_gateway.settings import MqttSettings, Settings
from iot_gateway.store import StepRecord, Store
from iot_gateway.surroundings import REAL, Surroundings

NOW_MS = 1_790_000_000_000  # some day in 2026
HOME = [118.95, 36.87]
YARD = {"type": "Point", "coordinates": HOME, "radius_m": 100.0}
FAR_LAT = HOME[1] + 0.02  # 2 km away
ROSTER: dict[str, Any] = {
    "models": [{"model": "band", "contact_every_s": 60}, {"model": "band-gcj", "crs": "gcj02"}],
    "sites": [{"site_id": "s1", "name": "幸福院", "kind": "nursing_home", "county": "奎文区"}],
    "residents": [{"resident_id": "r1", "name": "李奶奶", "site_id": "s1"}],
    "fences": [{"fence_id": "yard", "role": "safe", "site_id": "s1", "geometry": YARD}],
    "devices": [
        {"device_id": "w1", "kind": "wristband", "model": "band", "site_id": "s1", "resident_id": "r1"},
        {"device_id": "w2", "kind": "wristband", "model": "band-gcj", "site_id": "s1"},
        {"device_id": "f1", "kind": "fire_sensor", "site_id": "s1"},
    ],
}


def examples(count: int) -> settings:
    """Few examples, always the same ones; SHOUWANG_EXAMPLES=20 looks 20 times as long, at random."""
    times = int(os.environ.get("SHOUWANG_EXAMPLES", "1"))
    return settings(
        max_examples=count * times,
        derandomize=times == 1,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


def roster(**changes: list[dict[str, Any]]) -> Roster:
    """The roster of these tests, with some lists replaced."""
    return msgspec.convert(ROSTER | changes, Roster)


def enrolment(change: Roster | None = None, command_id: str = "roster", at_ms: int = NOW_MS) -> RosterCommand:
    edit = edit_of(RosterChange(put=change or roster()))
    return RosterCommand(command_id, at_ms, 0, "import", edit)


def topic(device_id: str, stream: str) -> str:
    return f"care/v1/{device_id}/{stream}"


def message(stream: str, said: Any, *, device: str = "w1", at_ms: int = NOW_MS) -> Received:
    """A message; `said` is bytes, or becomes JSON."""
    payload = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return Received(at_ms, topic(device, stream), payload)


class Core:
    """A store and its core, driven as the gateway does; a new one of the same file is a restart."""

    def __init__(self, path: Path, policy: Policy | None = None) -> None:
        self.store = Store(path)
        self.engine, self.repeats = recover(self.store, policy or Policy())
        self.batcher = Batcher(self.engine, self.repeats)

    def admit(self, *messages: Received) -> Admitted:
        """Only the first half of the road, as one step."""
        admitted = self.batcher.admit(enumerate(messages))
        self.engine.step(max([self.engine.now_ms, *(m.received_at_ms for m in messages)]), admitted.batch)
        return admitted

    def step(
        self, inputs: Iterable[Input], now_ms: int | None = None, **record: Any
    ) -> tuple[Admitted, Decisions]:
        """The whole road, for inputs in the order of arrival."""
        inputs = list(inputs)
        if now_ms is None:
            now_ms = inputs[-1].received_at_ms
        arrived, commands = arrange(inputs)
        admitted = self.batcher.admit(arrived)
        decisions = self.engine.step(now_ms, admitted.batch, commands)
        self.store.commit(self.record(now_ms, inputs, admitted, decisions, **record))
        return admitted, decisions

    def record(
        self, now_ms: int, inputs: list[Input], admitted: Admitted, decisions: Decisions, **more: Any
    ) -> StepRecord:
        strangers = admitted.batch.new_device_ids
        first = self.engine.fleet.row_of[strangers[0]] if strangers else 0
        return StepRecord(
            now_ms=now_ms,
            committed_at_ms=now_ms + 7,
            inputs=pack(inputs) if inputs or decisions.transitions else None,
            admitted=admitted,
            transitions=decisions.transitions,
            results=decisions.results,
            roster_rows=roster_rows.stranger_rows(strangers, first),
            **more,
        )

    def keep_state(self) -> None:
        """A snapshot, as once a minute."""
        now_ms = max(self.engine.now_ms, 0)
        self.store.commit(StepRecord(now_ms, now_ms, state=encode_state(self.engine, self.repeats)))

    def close(self) -> None:
        """Also what is left of a crash: nothing is written."""
        self.store.close()

    def journal(self) -> list[dict[str, Any]]:
        """Every transition, but for the moment of its commit."""
        return journal_of(self.store)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.store._db.execute(sql, values).fetchall()


def journal_of(store: Store) -> list[dict[str, Any]]:
    bodies = store._db.execute("SELECT body FROM journal ORDER BY seq").fetchall()
    said = [msgspec.json.decode(body) for (body,) in bodies]
    return [{name: value for name, value in one.items() if name != "committed_at_ms"} for one in said]


class SetClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self, now_ms: int) -> None:
        self.at_ms = now_ms
        super().__init__()

    def now_ms(self) -> int:
        return self.at_ms


class House:
    """A real gateway whose messages are put where paho's thread would put them; no broker."""

    all: ClassVar[list[House]] = []  # the fixture `leave_nothing_open` closes what a failed test left

    def __init__(
        self, directory: Path, policy: Policy | None = None, around: Surroundings = REAL, **store: Any
    ) -> None:
        self.settings = Settings(data_dir=directory, mqtt=MqttSettings(), store=store)
        self.policy, self.around = policy or Policy(), around
        self.asked = 0
        self.open()
        self.all.append(self)

    def open(self) -> None:
        self.gateway = Gateway(self.settings, self.policy, self.around)
        self.clock = SetClock(self.gateway.clock.now_ms())
        self.gateway.clock = self.gateway.intake._clock = self.clock
        self.sent: list[tuple[str, bytes]] = []
        self.gateway._downlink._publish = lambda name, payload: self.sent.append((name, payload))
        self.gateway.intake.connected = True

    def crash(self) -> None:
        """As kill -9: whatever was not committed is gone."""
        self.gateway.close()

    def restart(self) -> None:
        self.crash()
        self.open()

    def say(self, stream: str, said: Any, device: str = "w1") -> None:
        """A message arrives."""
        payload = said if isinstance(said, bytes) else msgspec.json.encode(said)
        self.arrive(topic(device, stream), payload)

    def arrive(self, name: str, payload: bytes) -> None:
        one = Message(name, payload, self.clock.at_ms, 0, 0, 0)
        self.gateway.intake._inbox.put(one, self.clock)

    def ask(self, type_: str, body: Any, command_id: str | None = None) -> str:
        """The api appends a request."""
        text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
        self.asked += 1
        command_id = command_id or f"c{self.asked}"
        self.gateway.store._db.execute(
            "INSERT INTO commands (command_id, created_at_ms, operator, type, body) VALUES (?, ?, 'op', ?, ?)",
            (command_id, self.clock.at_ms, type_, text),
        )
        return command_id

    def turn(self, passed_ms: int = 100) -> None:
        """Time passes, and everything that waits is worked off."""
        self.clock.at_ms += passed_ms
        self.gateway.turn(0)

    def answer(self, command_id: str) -> tuple[str, str]:
        sql = "SELECT code, detail FROM command_results WHERE command_id=?"
        return self.gateway.store._db.execute(sql, (command_id,)).fetchone()

    def enrol(self) -> None:
        self.ask("roster", {"put": ROSTER})
        self.turn()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.gateway.store._db.execute(sql, values).fetchall()

    def open_kinds(self, device: str = "w1") -> set[str]:
        """The kinds of alarms that are open on a device."""
        return {a.kind for a in self.gateway.engine.alarms.open.values() if a.subject_id == device}

    def acks(self, device: str = "w1") -> list[tuple[int, int]]:
        """(boot, seq) of everything acknowledged to a device, in order."""
        said = [msgspec.json.decode(p) for name, p in self.sent if name == topic(device, "ack")]
        return [(one["boot"], seq) for one in said for seq in one["seqs"]]


def kinds_raised(transitions: Sequence[Any], device: str = "w1") -> list[str]:
    return [
        t.alarm.kind for t in transitions if t.alarm.subject_id == device and t.event in {"raise", "reraise"}
    ]
