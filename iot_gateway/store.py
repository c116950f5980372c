"""Makes decisions durable: one transaction a step. The only writer of facts.

A commit that fails stops the process (rule 2): the arrays are a cache of what is here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from alerts.commands import CommandResult
from alerts.fleet import LONG_AGO_MS
from alerts.lifecycle import Transition
from iot_gateway import journal, schema
from iot_gateway.batcher import Admitted
from iot_gateway.clock import Jump
from iot_gateway.database import StoreError, connect, insert_sql, migrate, upsert_sql
from iot_gateway.lease import Lease
from iot_gateway.repeats import Identity
from iot_gateway.wire import Result

SNAPSHOTS_KEPT: Final = 2
JUMPS_KEPT: Final = 100
# Priorities somebody must be told of at once.
_TOLD: Final = frozenset({"urgent", "high"})


class Request(NamedTuple):
    """A row of `commands`: what the api asks."""

    id: int
    command_id: str
    created_at_ms: int
    operator: str
    type: str
    body: str


class LoggedStep(NamedTuple):
    """A row of `steps`."""

    step: int
    now_ms: int
    readings_before: int
    inputs: bytes


@dataclass(slots=True)
class StepRecord:
    """Everything one step leaves behind. `inputs`: packed; None when the step had none and decided nothing."""

    now_ms: int
    committed_at_ms: int
    inputs: bytes | None = None
    admitted: Admitted = field(default_factory=Admitted)
    transitions: Sequence[Transition] = ()
    results: Sequence[CommandResult] = ()
    roster_rows: Sequence[tuple[str, tuple[Any, ...]]] = ()  # (sql, values)
    device_commands: Sequence[tuple[Any, ...]] = ()
    last_request_id: int | None = None
    state: bytes | None = None  # a snapshot to keep, of the state after the step
    policy: str | None = None  # JSON: from now on in force
    pulse: str | None = None


_READING = insert_sql(
    schema.readings,
    ("device_row", "measured_at_ms", "boot", "seq", "received_at_ms", "stream", "lat", "lon", "acc_m", "src",
     "bat", "extra"),
    on_conflict="OR IGNORE",
)  # fmt: skip
_QUARANTINE = insert_sql(schema.quarantine, ("received_at_ms", "topic", "device_id", "reason", "payload"))
_JOURNAL = insert_sql(schema.journal)
_ALARM = upsert_sql(schema.alarms)
_OUTBOX = insert_sql(schema.outbox, ("seq", "alarm_id", "created_at_ms", "body"))
_RESULT = insert_sql(schema.command_results, on_conflict="OR REPLACE")
_DEVICE_COMMAND = insert_sql(schema.device_commands, on_conflict="OR IGNORE")
_META = upsert_sql(schema.meta)
_ALARM_COLUMNS = tuple(column.name for column in schema.alarms.columns)


class Store:
    """The gateway's connection. Not thread-safe: it belongs to the gateway's loop."""

    def __init__(self, path: Path) -> None:
        """Open the store, bringing its schema up to date.

        Raises:
            StoreError: in one line, why it cannot be used.
        """
        self._db, self._head_file = self._open(path)
        self.path = path
        self.lease = Lease(self._db, path)
        self._read_ends()
        if not self.last_seq and self._head_file.read() is None:
            self._begin_head()

    def become_writer(self) -> None:
        """Take the lease; whatever another wrote before that is known from here on.

        Raises:
            StoreBusyError: another gateway lives and writes.
        """
        self.lease.take()
        self._read_ends()

    def _read_ends(self) -> None:
        self.step: int = self._one("SELECT max(step) FROM steps") or 0
        last = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        self.last_seq: int = last[0] if last else 0
        self._head: bytes = last[1] if last else journal.GENESIS
        self.last_reading_id: int = self._one("SELECT max(id) FROM readings") or 0

    def _begin_head(self) -> None:
        """From the start: a journal whose first commit is a process's last would have no head to compare."""
        try:
            self._head_file.write(0, self._head)
        except OSError as error:
            raise StoreError(f"{self.path}: the store cannot be used: {error.strerror}") from error

    def _open(self, path: Path) -> tuple[sqlite3.Connection, journal.HeadFile]:
        """The database with the schema of this version, and the journal's head beside it."""
        migrate(path)
        return connect(path, checkpoints=True), journal.HeadFile(path.with_suffix(".head"))

    def close(self) -> None:
        self.lease.release()
        self._db.close()

    def _one(self, sql: str, *values: Any) -> Any:
        row = self._db.execute(sql, values).fetchone()
        return row[0] if row else None

    # Writing ------------------------------------------------------------------------------------

    def commit(self, record: StepRecord) -> None:
        """Write one step, whole, on disk when this returns.

        Raises:
            sqlite3.Error: nothing of it was written.
            LeaseLostError: the same, and nothing ever will be: another gateway writes.
            OSError: all of it was, but not the journal's head beside it.
        """
        rows = journal.rows(record.transitions, self._head, record.committed_at_ms)
        before = self.step, self.last_reading_id
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self.lease.check(self._db)
            self._write(record, rows)
            self._db.execute("COMMIT")
        except BaseException:
            self.step, self.last_reading_id = before
            self.lease.forsake()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        if rows:
            self.last_seq, self._head = rows[-1].seq, rows[-1].hash
            self._head_file.write(self.last_seq, self._head)

    def _write(self, record: StepRecord, rows: list[journal.Row]) -> None:
        db = self._db
        if record.inputs is not None:
            self.step += 1
            db.execute(
                insert_sql(schema.steps), (self.step, record.now_ms, self.last_reading_id, record.inputs)
            )
        if record.admitted.readings:
            db.executemany(_READING, record.admitted.readings)
            self.last_reading_id = self._one("SELECT max(id) FROM readings") or 0
        db.executemany(_QUARANTINE, record.admitted.quarantined)
        for sql, values in record.roster_rows:
            db.execute(sql, values)
        db.executemany(_JOURNAL, rows)
        for transition in record.transitions:
            db.execute(_ALARM, _alarm_row(transition, record.committed_at_ms))
        told = zip(record.transitions, rows, strict=True)
        db.executemany(
            _OUTBOX, [(t.seq, t.alarm.alarm_id, t.at_ms, row.body) for t, row in told if _is_told(t)]
        )
        db.executemany(
            _RESULT, [(r.command_id, r.code, r.detail, r.alarm_id, self.step) for r in record.results]
        )
        db.executemany(_DEVICE_COMMAND, record.device_commands)
        for device_id, result in record.admitted.results:
            self._write_result(device_id, result, record.now_ms)
        self._write_meta(record)
        if record.state is not None:
            db.execute(insert_sql(schema.snapshots, on_conflict="OR REPLACE"), (self.step, record.state))
            db.execute("DELETE FROM snapshots WHERE step NOT IN "
                       "(SELECT step FROM snapshots ORDER BY step DESC LIMIT ?)", (SNAPSHOTS_KEPT,))  # fmt: skip

    def _write_result(self, device_id: str, result: Result, now_ms: int) -> None:
        """Only the device that was asked can answer, and only once."""
        self._db.execute(
            "UPDATE device_commands SET state=?, detail=?, changed_at_ms=? "
            "WHERE id=? AND device_id=? AND state='queued'",
            (result.state, result.detail, now_ms, result.id, device_id),
        )

    def _write_meta(self, record: StepRecord) -> None:
        values = {
            "pulse": record.pulse, "last_request_id": record.last_request_id, "policy": record.policy,
        }  # fmt: skip
        self._db.executemany(_META, [(key, str(value)) for key, value in values.items() if value is not None])

    def read_meta(self, key: str) -> str | None:
        """One fact about the service itself."""
        value: str | None = self._one("SELECT value FROM meta WHERE key=?", key)
        return value

    def remember_jump(self, jump: Jump) -> None:
        """What was done to the time, so that the journal's moments can be understood later; the last hundred."""
        jumps = [*self.jumps(), jump][-JUMPS_KEPT:]
        self._db.execute(_META, ("clock_jumps", json.dumps([one._asdict() for one in jumps])))

    def jumps(self) -> list[Jump]:
        """The remembered ones, oldest first."""
        return [Jump(**one) for one in json.loads(self.read_meta("clock_jumps") or "[]")]

    def expire_device_commands(self, now_ms: int) -> None:
        """What nobody answered in time."""
        self._db.execute(
            "UPDATE device_commands SET state='expired', changed_at_ms=? WHERE state='queued' AND expires_at_ms<=?",
            (now_ms, now_ms),
        )

    def forget_before(self, before_ms: int, limit: int) -> int:
        """Delete some raw input received before a moment; returns how many rows that were."""
        last_step, last_reading_id = self._dispensable()
        deleted = 0
        for table, last_id in (("readings", last_reading_id), ("quarantine", 2**62)):
            deleted += self._db.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM "  # noqa: S608 - names of our own
                f"(SELECT id, received_at_ms FROM {table} ORDER BY id LIMIT ?) WHERE received_at_ms<? AND id<=?)",
                (limit, before_ms, last_id),
            ).rowcount
        deleted += self._forget_decided(before_ms, limit)
        deleted += self._db.execute(
            "DELETE FROM steps WHERE now_ms<? AND step<=? AND step IN (SELECT step FROM steps ORDER BY step LIMIT ?)",
            (before_ms, last_step, limit),
        ).rowcount
        return deleted

    def _forget_decided(self, before_ms: int, limit: int) -> int:
        """What was asked and told long ago. What became of it stays in the journal."""
        old = "SELECT command_id FROM (SELECT * FROM commands ORDER BY id LIMIT ?) WHERE created_at_ms<? AND id<=?"
        values = limit, before_ms, self.last_request_id()
        self._db.execute(f"DELETE FROM command_results WHERE command_id IN ({old})", values)  # noqa: S608 - our own
        deleted = self._db.execute(f"DELETE FROM commands WHERE command_id IN ({old})", values).rowcount  # noqa: S608
        deleted += self._db.execute("DELETE FROM outbox WHERE created_at_ms<?", (before_ms,)).rowcount
        asked = "DELETE FROM device_commands WHERE created_at_ms<? AND state!='queued'"
        return deleted + self._db.execute(asked, (before_ms,)).rowcount

    def _dispensable(self) -> tuple[int, int]:
        """The last step and the last reading that a restart does not need.

        The newest of each stays in any case: numbers are given after it, and never twice.
        """
        oldest = self._one("SELECT min(step) FROM snapshots")
        if oldest is None:
            return 0, 0
        later = self._one("SELECT readings_before FROM steps WHERE step>? ORDER BY step LIMIT 1", oldest)
        last_reading_id = self.last_reading_id - 1
        return min(oldest, self.step - 1), last_reading_id if later is None else min(later, last_reading_id)

    # Reading ------------------------------------------------------------------------------------

    def is_stored(self, identity: Identity) -> bool:
        """Whether an item is there."""
        return self._reading_id(identity) is not None

    def was_stored(self, identity: Identity, readings_before: int) -> bool:
        """Whether an item of a logged step was there before it.

        What was new then is there now, with a later id; what is not there was old, and is deleted.
        """
        reading_id = self._reading_id(identity)
        return reading_id is None or reading_id <= readings_before

    def _reading_id(self, identity: Identity) -> int | None:
        sql = "SELECT id FROM readings WHERE device_row=? AND measured_at_ms=? AND boot=? AND seq=?"
        found = self._one(sql, identity.device_row, identity.ts, identity.boot, identity.seq)
        return None if found is None else int(found)

    def newest_ms(self, device_row: int) -> int:
        """The newest device time stored of a device."""
        newest = self._one("SELECT max(measured_at_ms) FROM readings WHERE device_row=?", device_row)
        return LONG_AGO_MS if newest is None else int(newest)

    def new_requests(self, after_id: int, limit: int) -> list[Request]:
        """What the api asked since."""
        rows = self._db.execute(
            "SELECT id, command_id, created_at_ms, operator, type, body FROM commands WHERE id>? ORDER BY id LIMIT ?",
            (after_id, limit),
        )
        return [Request(*row) for row in rows]

    def last_request_id(self) -> int:
        """The last of the api's requests that was decided."""
        return int(self._one("SELECT value FROM meta WHERE key='last_request_id'") or 0)

    def is_closed_alarm(self, alarm_id: str) -> bool:
        return bool(self._one("SELECT 1 FROM alarms WHERE alarm_id=? AND state='normal'", alarm_id))

    def queued_device_commands(self) -> list[tuple[str, str, str, str, int]]:
        """(id, device_id, type, args as JSON, expires_at_ms) of what was not answered yet."""
        return self._db.execute(
            "SELECT id, device_id, type, args, expires_at_ms FROM device_commands WHERE state='queued' "
            "ORDER BY created_at_ms, id"
        ).fetchall()

    def snapshot(self) -> tuple[int, bytes] | None:
        """The newest (step, state)."""
        row = self._db.execute("SELECT step, state FROM snapshots ORDER BY step DESC LIMIT 1").fetchone()
        return (int(row[0]), bytes(row[1])) if row else None

    def steps_after(self, step: int) -> Iterator[LoggedStep]:
        """The logged steps since, in order."""
        sql = "SELECT step, now_ms, readings_before, inputs FROM steps WHERE step>? ORDER BY step LIMIT 1"
        while (row := self._db.execute(sql, (step,)).fetchone()) is not None:
            logged = LoggedStep(*row)
            yield logged
            step = logged.step

    def head_fault(self) -> str | None:
        """What the head file says against the end of the journal, in words."""
        sql = "SELECT hash FROM journal WHERE seq=?"
        return journal.head_fault(self._head_file.read(), self.last_seq, lambda seq: self._one(sql, seq))


def _is_told(transition: Transition) -> bool:
    raised = transition.event in {"raise", "reraise"}
    return raised and transition.alarm.priority in _TOLD and not transition.alarm.shelved


def _alarm_row(transition: Transition, committed_at_ms: int) -> list[Any]:
    alarm = transition.alarm
    said = journal.alarm_fields(alarm, committed_at_ms) | {
        "raised_seq": alarm.raised_seq,
        "because": json.dumps(alarm.because, ensure_ascii=False),
        "position": None if alarm.position is None else json.dumps(alarm.position),
    }
    return [said[name] for name in _ALARM_COLUMNS]
