"""The journal's rows and its chain: what was decided, in an order nobody can change unnoticed. Pure.

Each row's hash is SHA-256 over the hash before it and the row's body, so an edited, missing or
swapped row is found by `verify`; the newest hash is kept beside the database too (`HeadFile`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from alerts.lifecycle import Alarm, Transition

GENESIS: Final = sha256(b"shouwang journal 1").digest()


class Row(NamedTuple):
    """A row of `journal`."""

    seq: int
    at_ms: int
    alarm_id: str
    body: str
    hash: bytes


class Broken(NamedTuple):
    """The first place where the chain does not hold."""

    seq: int
    reason: str


def next_hash(previous: bytes, body: str) -> bytes:
    """One more link."""
    return sha256(previous + body.encode()).digest()


def rows(transitions: Iterable[Transition], previous: bytes, committed_at_ms: int) -> list[Row]:
    """Journal rows of transitions, chained to what was written before."""
    made = []
    for transition in transitions:
        body = msgspec.json.encode(event(transition, committed_at_ms)).decode()
        previous = next_hash(previous, body)
        made.append(Row(transition.seq, transition.at_ms, transition.alarm.alarm_id, body, previous))
    return made


def event(transition: Transition, committed_at_ms: int) -> dict[str, Any]:
    """A transition as the stream tells it: the alarm after it, with `from`, `to` and who did it."""
    said = alarm_fields(transition.alarm, committed_at_ms)
    said |= {
        "because": transition.because,
        "seq": transition.seq,
        "at_ms": transition.at_ms,
        "event": transition.event,
        "from": transition.from_state,
        "to": transition.alarm.state,
    }
    if transition.operator is not None:
        said |= {"operator": transition.operator, "text": transition.text}
    return said


def alarm_fields(alarm: Alarm, committed_at_ms: int) -> dict[str, Any]:
    """An alarm with the names and in the order of the contract, section 5."""
    return {
        "alarm_id": alarm.alarm_id, "version": alarm.version, "seq": alarm.seq,
        "subject_type": alarm.subject_type, "subject_id": alarm.subject_id, "device_id": alarm.device_id,
        "site_id": alarm.site_id, "resident_id": alarm.resident_id, "kind": alarm.kind,
        "fence_id": alarm.fence_id, "priority": alarm.priority, "state": alarm.state,
        "shelved": alarm.shelved, "shelved_until_ms": alarm.shelved_until_ms,
        "suppressed": alarm.suppressed, "out_of_service": alarm.out_of_service, "count": alarm.count,
        "assignee": alarm.assignee, "because": alarm.because, "position": alarm.position,
        "measured_at_ms": alarm.measured_at_ms, "received_at_ms": alarm.received_at_ms,
        "raised_at_ms": alarm.raised_at_ms, "committed_at_ms": committed_at_ms, "shown_at_ms": None,
        "acknowledged_at_ms": alarm.acknowledged_at_ms, "cleared_at_ms": alarm.cleared_at_ms,
        "closed_at_ms": alarm.closed_at_ms, "outcome": alarm.outcome,
    }  # fmt: skip


def replay_line(transition: Transition) -> bytes:
    """A line of a transitions file (contract, section 3)."""
    alarm = transition.alarm
    said = {
        "seq": transition.seq, "at_ms": transition.at_ms, "alarm_id": alarm.alarm_id,
        "subject_type": alarm.subject_type, "subject_id": alarm.subject_id, "device_id": alarm.device_id,
        "site_id": alarm.site_id, "kind": alarm.kind, "fence_id": alarm.fence_id,
        "from": transition.from_state, "to": alarm.state, "priority": alarm.priority,
        "count": alarm.count, "because": transition.because,
    }  # fmt: skip
    return msgspec.json.encode(said) + b"\n"


def verify(stored: Iterable[Row]) -> tuple[int, bytes, Broken | None]:
    """Walk the chain: (rows that hold, the last good hash, where it breaks)."""
    previous, expected = GENESIS, 1
    for row in stored:
        if row.seq != expected:
            return (
                expected - 1,
                previous,
                Broken(expected, f"row {expected} is missing, row {row.seq} follows"),
            )
        if next_hash(previous, str(row.body)) != row.hash or not _is_labelled(row):
            return expected - 1, previous, Broken(row.seq, f"row {row.seq} is not what was written")
        previous, expected = row.hash, expected + 1
    return expected - 1, previous, None


class _Label(msgspec.Struct):
    seq: int
    at_ms: int
    alarm_id: str


def _is_labelled(row: Row) -> bool:
    """Whether the columns beside the body, which no hash covers, say what it says."""
    try:
        said = msgspec.json.decode(row.body, type=_Label)
    except msgspec.DecodeError:
        return False
    return (said.seq, said.at_ms, said.alarm_id) == (row.seq, row.at_ms, row.alarm_id)


def head_fault(
    kept: tuple[int, bytes] | None, last_seq: int, hash_of: Callable[[int], bytes | None]
) -> str | None:
    """What a head file says against a journal that ends at `last_seq`, in words; None: nothing."""
    if kept is None:
        return (
            "the head file is missing or damaged: the journal's end cannot be verified" if last_seq else None
        )
    seq, digest = kept
    if seq > last_seq:
        return f"the journal ends at row {last_seq}, but row {seq} was written: {seq - last_seq} are lost"
    return None if seq == 0 or hash_of(seq) == digest else f"row {seq} is not what was written"


class HeadFile:
    """The newest (seq, hash), synced beside the database: a journal that lost its end is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[int, bytes] | None:
        """None when there is none yet, or it cannot be read."""
        try:
            seq, digest = self._path.read_text(encoding="ascii").split()
            return int(seq), bytes.fromhex(digest)
        except (OSError, ValueError):
            return None

    def write(self, seq: int, digest: bytes) -> None:
        """Replace it whole, on disk when this returns."""
        import os

        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{seq} {digest.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
