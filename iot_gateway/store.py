"""Makes decisions durable: one transaction a step. The only writer of facts.

A commit that fails stops the process (rule 2): the arrays are a cache of what is here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from alerts.commands import CommandResult
from alerts.fleet import LONG_AGO_MS
from alerts.lifecycle import Transition
from iot_gateway import journal, schema, seals
from iot_gateway.batcher import Admitted
from iot_gateway.clock import Jump
from iot_gateway.database import (
    LOG_PAGES,
    StoreError,
    connect,
    file_identity,
    insert_sql,
    migrate,
    upsert_sql,
)
from iot_gateway.decode import NO_SEQ_BOOT
from iot_gateway.lease import Lease
from iot_gateway.repeats import Identity
from iot_gateway.wire import Result

SNAPSHOTS_KEPT: Final = 2
JUMPS_KEPT: Final = 100
_SHORT_LOG_PAGES: Final = 50  # 200 KB, a few commits
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
    gaps: str | None = None  # JSON: what the journal has lost, from now on in force


READING_COLUMNS: Final = (
    "device_row", "measured_at_ms", "boot", "seq", "received_at_ms", "stream", "lat", "lon", "acc_m", "src", "bat",
    "extra",
)  # fmt: skip
READINGS_BETWEEN: Final = (
    f"SELECT {', '.join(READING_COLUMNS)} FROM readings WHERE id>? AND id<=? ORDER BY id"  # noqa: S608
)
_READING = insert_sql(schema.readings, READING_COLUMNS, on_conflict="OR IGNORE")
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
        self._file = file_identity(path)
        self.lease = Lease(self._db, path)
        self._read_ends()
        if self._written is None and self.last_seq == self.step == 0:  # new: from now on it is never missing
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
        # One that is no hash any more is found by the chain; it must not keep alarms from being written.
        self._head: bytes = last[1] if last and isinstance(last[1], bytes) else journal.GENESIS
        self.gaps = journal.gaps_of(self.read_meta("journal_gaps"))
        for gap in self.gaps[-1:]:
            if gap.last > self.last_seq:  # nothing was written since
                self.last_seq, self._head = gap.last, gap.digest
        self._written = self._head_file.read()
        self.last_reading_id: int = self._one("SELECT max(id) FROM readings") or 0

    def _begin_head(self) -> None:
        """From the start: a journal whose first commit is a process's last would have no head to compare."""
        try:
            self.write_head()
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

    def is_in_place(self) -> bool:
        """Whether what is written here can be found again: the file was not deleted or replaced since."""
        return self._file == file_identity(self.path)

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
        if rows or record.admitted.acks or record.pulse or record.gaps:
            self.write_head()

    def keep_log_short(self, short: bool) -> None:
        """On a full disk the write-ahead log must not take the room that the database needs to grow."""
        self._db.execute(f"PRAGMA wal_autocheckpoint={_SHORT_LOG_PAGES if short else LOG_PAGES}")
        if short:
            with suppress(sqlite3.Error):  # what does not fit now stays in the log
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def write_head(self) -> None:
        """Say beside the database how far it goes: at once where somebody is told, else once a second."""
        head = journal.Head(self.last_seq, self._head, self.step)
        if head != self._written:
            self._head_file.write(head)
            self._written = head

    def resume_after(self, head: journal.Head, now_ms: int) -> list[journal.Gap]:
        """Go on after rows that were written and are lost, so that no number is given twice; all gaps."""
        self.gaps = [*self.gaps, journal.Gap(self.last_seq + 1, head.seq, head.digest, now_ms)]
        self.last_seq, self._head = head.seq, head.digest
        return self.gaps

    def _write(self, record: StepRecord, rows: list[journal.Row]) -> None:
        db = self._db
        readings: Sequence[Sequence[Any]] = record.admitted.readings
        readings_before = self.last_reading_id
        if readings:
            inserted = db.executemany(_READING, readings).rowcount
            self.last_reading_id = self._one("SELECT max(id) FROM readings") or 0
            if inserted != len(readings):  # one was there already: seal what is there
                readings = db.execute(READINGS_BETWEEN, (readings_before, self.last_reading_id)).fetchall()
        if record.inputs is not None:
            self.step += 1
            sealed = seals.seal_step(record.inputs, self.step, record.now_ms, readings_before, readings)
            db.execute(insert_sql(schema.steps), (self.step, record.now_ms, readings_before, sealed))
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
            sealed = seals.seal_state(record.state)
            db.execute(insert_sql(schema.snapshots, on_conflict="OR REPLACE"), (self.step, sealed))
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
            "journal_gaps": record.gaps,
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
        """The newest (step, state) that is what was written."""
        for step, sealed in self._db.execute(
            "SELECT step, state FROM snapshots ORDER BY step DESC"
        ).fetchall():
            state = seals.open_state(sealed) if isinstance(sealed, bytes) else None
            if state is not None:
                return int(step), state
        return None

    def first_step(self) -> int:
        """The oldest logged step that is kept; 0: there is none."""
        return self._one("SELECT min(step) FROM steps") or 0

    def steps_after(self, step: int) -> Iterator[LoggedStep]:
        """The logged steps since, in order."""
        sql = "SELECT step, now_ms, readings_before, inputs FROM steps WHERE step>? ORDER BY step LIMIT 1"
        while (row := self._db.execute(sql, (step,)).fetchone()) is not None:
            logged = LoggedStep(*row)
            yield logged
            step = logged.step

    def head(self) -> journal.Head | None:
        """What the head file says: how far this store once went."""
        return self._head_file.read()

    def head_fault(self) -> str | None:
        """What the head file says against the end of the store, in words."""
        return journal.head_fault(self.head(), self.last_seq, self._hash_of, self.step)

    def _hash_of(self, seq: int) -> bytes | None:
        for gap in self.gaps:
            if seq == gap.last:
                return gap.digest
        digest: bytes | None = self._one("SELECT hash FROM journal WHERE seq=?", seq)
        return digest

    def last_items(self) -> list[tuple[str, int | None, int | None, int | None]]:
        """(device_id, boot, seq, measured_at_ms) of the newest numbered item of every registered device, if any.

        Not of those that are asked to send again already.
        """
        return self._db.execute(
            "SELECT d.device_id, r.boot, r.seq, r.measured_at_ms FROM devices d LEFT JOIN readings r ON r.id=("
            "SELECT id FROM readings WHERE device_row=d.device_row AND boot!=? "
            "ORDER BY measured_at_ms DESC LIMIT 1) WHERE d.registered AND NOT d.removed AND d.device_id NOT IN ("
            "SELECT device_id FROM device_commands WHERE type='resend' AND state='queued') ORDER BY d.device_row",
            (NO_SEQ_BOOT,),
        ).fetchall()

    def journal_page(self, after: int, limit: int) -> list[journal.Row]:
        """The next rows of the journal."""
        sql = "SELECT seq, at_ms, alarm_id, body, hash FROM journal WHERE seq>? ORDER BY seq LIMIT ?"
        return [journal.Row(*row) for row in self._db.execute(sql, (after, limit)).fetchall()]


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
