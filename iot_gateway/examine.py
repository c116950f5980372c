"""Finds what is no longer what was written: one walk over everything that carries a checksum, piece by piece.

The journal by its chain, steps and readings by their seals, alarms and outbox by the journal. The roster,
quarantine, commands and people's tables carry none: of them SQLite's own check sees the structure only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from iot_gateway import journal, schema, seals
from iot_gateway.damage import Finding
from iot_gateway.database import STORE_ERRORS
from iot_gateway.reading import open_reader
from iot_gateway.store import READINGS_BETWEEN

PAGE: Final = 1_000
# Columns of `alarms` that the last journal row of the alarm says too. `because` is there that of the transition.
_REPEATED: Final = tuple(
    column.name for column in schema.alarms.columns if column.name not in {"because", "raised_seq"}
)
_JOURNAL: Final = "SELECT seq, at_ms, alarm_id, body, hash FROM journal WHERE seq>? ORDER BY seq LIMIT ?"
_STEPS: Final = "SELECT step, now_ms, readings_before, inputs FROM steps WHERE step>? ORDER BY step LIMIT 2"
_ALARMS: Final = (
    f"SELECT alarm_id, {', '.join(_REPEATED)} FROM alarms WHERE alarm_id>? ORDER BY alarm_id LIMIT ?"  # noqa: S608
)
_LAST_BODY: Final = "SELECT body FROM journal WHERE alarm_id=? ORDER BY seq DESC LIMIT 1"
_OUTBOX: Final = (
    "SELECT o.seq, j.body=o.body AND j.alarm_id=o.alarm_id FROM outbox o LEFT JOIN journal j ON j.seq=o.seq "
    "WHERE o.seq>? ORDER BY o.seq LIMIT ?"
)


class Walk:
    """One walk. `take` goes a piece further on short reads, so that it can be done beside the work."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        gaps = db.execute("SELECT value FROM meta WHERE key='journal_gaps'").fetchone()
        self._chain = journal.Chain(journal.gaps_of(gaps[0] if gaps else None))
        self._pieces = self._all()
        self.is_over = False
        self.rows = 0  # of the journal, before the first that does not hold
        self._holds = True

    def take(self) -> list[Finding]:
        """The next piece: about as much work as 1,000 rows of the journal, 10 ms."""
        try:
            piece = next(self._pieces, None)
        except (TypeError, ValueError, OverflowError) as error:  # a number where text was, or the like
            piece = [
                Finding("unreadable", f"a row is not of its kind any more, and the walk ended there: {error}")
            ]
        self.is_over = piece is None
        return piece or []

    def _all(self) -> Iterator[list[Finding]]:
        yield from self._journal()
        yield from self._steps()
        yield from self._alarms()
        yield from self._outbox()
        yield self._snapshots()

    def _journal(self) -> Iterator[list[Finding]]:
        while page := self._db.execute(_JOURNAL, (self._chain.seq, PAGE)).fetchall():
            broken = [self._chain.take(journal.Row(*row)) for row in page]
            for one in broken:
                self._holds = self._holds and one is None
                self.rows += self._holds
            yield [Finding("journal_changed", b.reason) for b in broken if b is not None]

    def _steps(self) -> Iterator[list[Finding]]:
        """Readings that were deleted for their age are the lowest ids: a step that reaches below is left out."""
        oldest = self._db.execute("SELECT min(id) FROM readings").fetchone()[0]
        found: list[Finding] = []
        step, looked_at = -1, 0
        while pair := self._db.execute(_STEPS, (step,)).fetchall():
            step, now_ms, before, inputs = pair[0]
            last = pair[1][2] if len(pair) > 1 else 2**62
            readings = self._db.execute(READINGS_BETWEEN, (before, last)).fetchall()
            is_kept = oldest is not None and before >= oldest - 1
            if (readings or is_kept) and not _is_whole(inputs, step, now_ms, before, readings, is_kept):
                found.append(
                    Finding("step_changed", f"step {step}: its inputs or readings are not what was written")
                )
            looked_at += 1 + len(readings)
            if looked_at >= PAGE or len(pair) == 1:
                yield found
                found, looked_at = [], 0

    def _alarms(self) -> Iterator[list[Finding]]:
        last = ""
        while page := self._db.execute(_ALARMS, (last, PAGE // 4)).fetchall():
            last = page[-1][0]
            yield [
                Finding("alarm_changed", f"alarm {row[0]} is not what the journal says")
                for row in page
                if not self._is_as_journalled(row[0], row[1:])
            ]

    def _is_as_journalled(self, alarm_id: str, row: tuple[Any, ...]) -> bool:
        body = self._db.execute(_LAST_BODY, (alarm_id,)).fetchone()
        if body is None:
            return False
        try:
            said = msgspec.json.decode(body[0])
            return all(
                _as_said(name, value) == said[name] for name, value in zip(_REPEATED, row, strict=True)
            )
        except (msgspec.DecodeError, KeyError, TypeError):
            return False

    def _outbox(self) -> Iterator[list[Finding]]:
        last = -1
        while page := self._db.execute(_OUTBOX, (last, PAGE)).fetchall():
            last = page[-1][0]
            yield [
                Finding("outbox_changed", f"the outbox's row of {seq} is not what the journal says")
                for seq, is_same in page
                if not is_same
            ]

    def _snapshots(self) -> list[Finding]:
        rows = self._db.execute("SELECT step, state FROM snapshots").fetchall()
        return [
            Finding("snapshot_changed", f"the snapshot of step {step} is not what was written")
            for step, state in rows
            if not isinstance(state, bytes) or seals.open_state(state) is None
        ]


def _is_whole(inputs: bytes, step: int, now_ms: int, before: int, readings: list[Any], is_kept: bool) -> bool:
    if not is_kept:
        return True
    return isinstance(inputs, bytes) and seals.is_step_whole(inputs, step, now_ms, before, readings)


def _as_said(name: str, value: Any) -> Any:
    if name in {"shelved", "suppressed", "out_of_service"}:
        return bool(value)
    return msgspec.json.decode(value) if name == "position" and value is not None else value


def examine(database: Path) -> tuple[int, list[Finding]]:
    """Everything that can be known of a store: (rows of the journal, what is wrong)."""
    # Before the rows: it may only be behind.
    kept = journal.HeadFile(database.with_suffix(".head")).read()
    found: list[Finding] = []
    rows = 0
    try:
        with closing(open_reader(database)) as db:
            found += _structure(db)
            walk = Walk(db)
            while not walk.is_over:
                found += walk.take()
                rows = walk.rows
            found += _ends(db, kept)
    except STORE_ERRORS as error:
        found.append(Finding("unreadable", f"the store cannot be read: {error}"))
    return rows, found


def _structure(db: sqlite3.Connection) -> list[Finding]:
    """Pages, and whether indexes and tables agree."""
    said = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)").fetchall()]
    return [Finding("structure", f"the database: {line}".partition("\n")[0]) for line in said if line != "ok"]


def _ends(db: sqlite3.Connection, kept: journal.Head | None) -> list[Finding]:
    """The ends of journal and inputs log against the head file, and what is known to be lost."""
    found = [lost(gap) for gap in known_gaps(db)]
    last_seq = db.execute("SELECT max(seq) FROM journal").fetchone()[0] or 0
    last_step = db.execute("SELECT max(step) FROM steps").fetchone()[0] or 0
    digests = {gap.last: gap.digest for gap in known_gaps(db)}

    def hash_of(seq: int) -> bytes | None:
        row = db.execute("SELECT hash FROM journal WHERE seq=?", (seq,)).fetchone()
        return bytes(row[0]) if row else digests.get(seq)

    last_seq = max([last_seq, *digests])
    fault = journal.head_fault(kept, last_seq, hash_of, last_step)
    if fault is not None:
        found.append(head_finding(kept, last_seq, fault))
    return found


def known_gaps(db: sqlite3.Connection) -> list[journal.Gap]:
    """What was noticed as lost before."""
    row = db.execute("SELECT value FROM meta WHERE key='journal_gaps'").fetchone()
    return journal.gaps_of(row[0] if row else None)


def lost(gap: journal.Gap) -> Finding:
    """A gap in words; the same when it is noticed and at every later look."""
    return Finding("journal_lost", journal.lost_in_words(gap.first, gap.last))


def head_finding(kept: journal.Head | None, last_seq: int, fault: str) -> Finding:
    """What kind of fault the head file tells of."""
    if kept is None:
        return Finding("head_missing", fault, lasts=False)  # each time anew
    if kept.seq > last_seq:
        return Finding("journal_lost", fault)
    changed = "row" in fault.partition(" ")[0]
    return Finding("journal_changed" if changed else "steps_lost", fault)
