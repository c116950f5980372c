"""Reads a store beside its running gateway: short reads, never a write, never a migration."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from iot_gateway import journal
from iot_gateway.database import STORE_ERRORS, StoreError


def open_reader(database: Path) -> sqlite3.Connection:
    """A read-only connection.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    if not database.exists():
        raise StoreError(f"{database}: there is no store")
    uri = f"{database.absolute().as_uri()}?mode=ro"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=2)
    except STORE_ERRORS as error:
        raise StoreError(f"{database}: the store cannot be read: {error}") from error
    try:
        db.execute("SELECT 1 FROM journal LIMIT 1")
    except STORE_ERRORS as error:
        db.close()
        raise StoreError(f"{database}: the store cannot be read: {error}") from error
    return db


def logged_steps(database: Path) -> Iterator[bytes]:
    """The packed inputs of every logged step, in order.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    step = 0
    sql = "SELECT step, inputs FROM steps WHERE step>? ORDER BY step LIMIT 1"
    with closing(open_reader(database)) as db, in_one_line(database):
        while (row := db.execute(sql, (step,)).fetchone()) is not None:
            step = row[0]
            yield row[1]


@contextmanager
def in_one_line(database: Path) -> Iterator[None]:
    """Whatever the file answers becomes one line of words."""
    try:
        yield
    except STORE_ERRORS as error:
        raise StoreError(f"{database}: the store cannot be read: {error}") from error


def journal_rows(database: Path) -> Iterator[journal.Row]:
    """The whole journal, in pages, so that no read stays open."""
    seq = -1
    sql = "SELECT seq, at_ms, alarm_id, body, hash FROM journal WHERE seq>? ORDER BY seq LIMIT 1000"
    with closing(open_reader(database)) as db:
        while page := db.execute(sql, (seq,)).fetchall():
            for row in page:
                yield journal.Row(*row)
            seq = page[-1][0]


def roster_ids(database: Path) -> dict[str, set[str]]:
    """The ids of the roster's models, sites, residents and fences."""
    keys = {"models": "model", "sites": "site_id", "residents": "resident_id", "fences": "fence_id"}
    with closing(open_reader(database)) as db:
        return {
            table: {row[0] for row in db.execute(f"SELECT {key} FROM {table}")}  # noqa: S608 - names of our own
            for table, key in keys.items()
        }


def registered_devices(database: Path) -> list[str]:
    """The ids of the roster's devices."""
    sql = "SELECT device_id FROM devices WHERE registered AND NOT removed ORDER BY device_id"
    with closing(open_reader(database)) as db, in_one_line(database):
        return [row[0] for row in db.execute(sql).fetchall()]


def verify_store(database: Path) -> tuple[int, str | None]:
    """Walk the journal's chain and compare the ends with the head file: (rows that hold, the first fault)."""
    with in_one_line(database):
        # Before the rows: it may only be behind.
        kept = journal.HeadFile(database.with_suffix(".head")).read()
        gaps = journal_gaps(database)
        rows, _, broken = journal.verify(journal_rows(database), gaps)
        if broken is not None:
            return rows, broken.reason
        fault = journal.head_fault(kept, rows, lambda seq: _hash_of(database, seq), last_step(database))
        lost = [journal.lost_in_words(gap.first, gap.last) for gap in gaps]
        return rows, fault or next(iter(lost), None)


def journal_gaps(database: Path) -> list[journal.Gap]:
    """What is known to be lost of the journal."""
    with closing(open_reader(database)) as db:
        row = db.execute("SELECT value FROM meta WHERE key='journal_gaps'").fetchone()
    return journal.gaps_of(row[0] if row else None)


def last_step(database: Path) -> int:
    """The newest logged step."""
    with closing(open_reader(database)) as db:
        return db.execute("SELECT max(step) FROM steps").fetchone()[0] or 0


def _hash_of(database: Path, seq: int) -> bytes | None:
    with closing(open_reader(database)) as db:
        found = db.execute("SELECT hash FROM journal WHERE seq=?", (seq,)).fetchone()
    return bytes(found[0]) if found else None
