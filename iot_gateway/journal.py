"""The journal's rows and its chain: what was decided, in an order nobody can change unnoticed. Pure.

Each row's hash is SHA-256 over the hash before it and the row's body, so an edited, missing or
swapped row is found by `verify`; the newest hash is kept beside the database too (`HeadFile`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple
from zlib import crc32

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


class Gap(NamedTuple):
    """Rows `first` to `last` were written and are lost. `digest`: the hash of the last, which the chain goes on from."""

    first: int
    last: int
    digest: bytes
    noticed_at_ms: int


def gaps_to_json(gaps: Iterable[Gap]) -> str:
    """As `meta` keeps them."""
    return msgspec.json.encode([[g.first, g.last, g.digest.hex(), g.noticed_at_ms] for g in gaps]).decode()


def gaps_of(said: str | None) -> list[Gap]:
    """The counterpart; what cannot be read is no gap, and then the chain says so."""
    try:
        rows = msgspec.json.decode(said or "[]", type=list[tuple[int, int, str, int]])
        return [Gap(first, last, bytes.fromhex(digest), at_ms) for first, last, digest, at_ms in rows]
    except (msgspec.DecodeError, ValueError):
        return []


class Chain:
    """A walk along the journal, row by row; it goes on after what it finds wrong."""

    def __init__(self, gaps: Iterable[Gap] = (), after: tuple[int, bytes] = (0, GENESIS)) -> None:
        self.seq, self.digest = after  # of the last row taken
        self._gaps = {gap.first: gap for gap in gaps}

    def take(self, row: Row) -> Broken | None:
        """The next row; what is wrong with it or before it."""
        expected, previous = self.seq + 1, self.digest
        gap = self._gaps.get(expected)
        # A flipped bit may have made it a number, or nothing.
        self.seq, self.digest = row.seq, row.hash if isinstance(row.hash, bytes) else b""
        if row.seq != expected:
            if gap is None or row.seq != gap.last + 1:
                return Broken(expected, f"row {expected} is missing, row {row.seq} follows")
            previous = gap.digest
        if next_hash(previous, str(row.body)) != row.hash or not _is_labelled(row):
            return Broken(row.seq, f"row {row.seq} is not what was written")
        return None


def verify(stored: Iterable[Row], gaps: Iterable[Gap] = ()) -> tuple[int, bytes, Broken | None]:
    """Walk the chain: (the last row that holds, its hash, where it breaks first)."""
    chain = Chain(gaps)
    for row in stored:
        before = chain.seq, chain.digest
        broken = chain.take(row)
        if broken is not None:
            return *before, broken
    return chain.seq, chain.digest, None


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


class Head(NamedTuple):
    """The end of what was written: the journal's newest row and its hash, and the newest step."""

    seq: int
    digest: bytes
    step: int = 0


def head_fault(
    kept: Head | None, last_seq: int, hash_of: Callable[[int], bytes | None], last_step: int | None = None
) -> str | None:
    """What a head file says against a store that ends at `last_seq` and `last_step`, in words; None: nothing."""
    if kept is None:
        return (
            "the head file is missing or damaged: the journal's end cannot be verified" if last_seq else None
        )
    if kept.seq > last_seq:
        return lost_in_words(last_seq + 1, kept.seq)
    if kept.seq and hash_of(kept.seq) != kept.digest:
        return f"row {kept.seq} is not what was written"
    if last_step is not None and kept.step > last_step:
        lost = kept.step - last_step
        return f"the inputs log ends at step {last_step}, but step {kept.step} was written: {lost} are lost"
    return None


def lost_in_words(first: int, last: int) -> str:
    """Rows that were written and are not there; the same when it is noticed and at every later look."""
    return f"the journal ends at row {first - 1}, but row {last} was written: {last - first + 1} are lost"


class HeadFile:
    """The newest `Head`, synced beside the database: a store that lost its end is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """None when there is none yet, or it cannot be read."""
        try:
            seq, digest, *more = self._path.read_text(encoding="ascii").split()
            head = Head(int(seq), bytes.fromhex(digest), int(more[0]) if more else 0)
        except (OSError, ValueError):
            return None
        is_whole = len(more) in {0, 2} and len(head.digest) == len(GENESIS) and 0 <= head.seq < 2**53
        # Without the checksum: as versions before it wrote it.
        return head if is_whole and (not more or more[1] == _checksum(head)) else None

    def write(self, head: Head) -> None:
        """Replace it whole, on disk when this returns."""
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{head.seq} {head.digest.hex()} {head.step} {_checksum(head)}\n")
            file.flush()
            os.fsync(file.fileno())
        is_new = not self._path.exists()
        fresh.replace(self._path)
        if is_new:  # later a power cut may leave the one before, which is no fault; none at all is one
            sync_directory(self._path.parent)


def sync_directory(directory: Path) -> None:
    """Let a name that was made there survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(head: Head) -> str:
    return f"{crc32(f'{head.seq} {head.digest.hex()} {head.step}'.encode()):08x}"
