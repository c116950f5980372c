"""What `shouwang verify` says: what is not what was written, what of it is new, what a person has accepted."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from iot_gateway import examine as examination
from iot_gateway import second_journal
from iot_gateway.clock import Clock
from iot_gateway.damage import Damage, DamageFile, Finding
from iot_gateway.database import STORE_ERRORS, StoreError
from iot_gateway.reading import open_reader


class Verdict(NamedTuple):
    """`open`: what nobody has accepted yet. `accepted`: what somebody has, and is still so."""

    rows: int
    open: list[Damage]
    accepted: list[Damage]
    copied: int | None  # rows of the second journal that are the journal's; None: there is none
    book: Path  # where all of it stands


def verify(database: Path, second: Path | None, *, accept: bool = False) -> Verdict:
    """Look at everything, note it where the gateway reads it, and show it in red until it is accepted.

    Raises:
        StoreError: there is no store, or what was accepted cannot be written down.
    """
    if not database.exists():
        raise StoreError(f"{database}: there is no store")
    rows, found = examination.examine(database)
    copied = None
    if second is not None:
        copied, differing = _compare(database, second)
        found += differing
    book = DamageFile(database)
    now_ms = Clock().now_ms()
    book.note(found, now_ms)
    if accept:
        try:
            accepted = book.accept(now_ms)
        except OSError as error:
            raise StoreError(f"{book.path}: cannot be written: {error}") from error
        return Verdict(rows, [], accepted, copied, book.path)
    accepted = [damage for damage in book.all() if damage.accepted_at_ms is not None]
    return Verdict(rows, book.open(), accepted, copied, book.path)


def _compare(database: Path, second: Path) -> tuple[int, list[Finding]]:
    """Row by row against the second journal. What only it has is what the store has lost."""
    same, missing, other = 0, [], []
    try:
        with closing(open_reader(database)) as db:
            sql = "SELECT hash, body FROM journal WHERE seq=?"
            # First: the copy may only be behind, and only by what is being written now.
            last = db.execute("SELECT max(seq) FROM journal").fetchone()[0] or 0
            copied = 0
            for seq, digest, body in second_journal.read_lines(second):
                copied = seq
                row = db.execute(sql, (seq,)).fetchone()
                if row is None:
                    missing.append(seq)
                elif (bytes(row[0]), row[1]) != (digest, body):
                    other.append(seq)
                else:
                    same += 1
    except (OSError, ValueError, *STORE_ERRORS) as error:
        return same, [Finding("second_journal", f"the second journal cannot be read: {error}")]
    found = [
        Finding("journal_changed", f"row {seq} is not what the second journal says") for seq in other[:20]
    ]
    if missing:
        found.append(
            Finding("journal_lost", f"{len(missing)} rows are only in the second journal, from {missing[0]}")
        )
    if copied < last:
        found.append(
            Finding(
                "second_journal",
                f"the second journal ends at row {copied}, the journal at {last}",
                lasts=False,
            )
        )
    return same, found


def in_words(damage: Damage) -> str:
    """One line."""
    return f"{damage.code}: {damage.text}"
