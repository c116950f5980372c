"""Owns what reports need of the journal, as columns: which alarms were raised, who did what to them, and when.

A row of the journal never changes, so what was read of it is remembered by blocks.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Connection

BLOCK: Final = 10_000  # rows of the journal
BLOCKS_KEPT: Final = 100  # a million rows, about 50 bytes each: three months of 100,000 alarms
NONE: Final = -1  # code of what is not there: no operator, no outcome, no site
EVENTS: Final = (
    "raise", "reraise", "clear", "acknowledge", "unacknowledge", "assign", "comment", "shelve", "unshelve",
    "close", "other",
)  # fmt: skip
CODE: Final = {name: code for code, name in enumerate(EVENTS)}
PRIORITIES: Final = ("urgent", "high", "low")
OUTCOMES: Final = ("real", "false", "test", "other")
BATCH_IDS: Final = 500
SELECT: Final = "SELECT seq, at_ms, alarm_id, CAST(body AS BLOB) FROM journal"

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
RawRow = tuple[int, int, str, bytes]


class Acts(NamedTuple):
    """Rows of the journal in their order; every column (rows,). `number`: the sequence that raised the alarm."""

    seq: Ints
    at_ms: Ints
    number: Ints
    event: Ints  # CODE
    operator: Ints  # code in `Journal.people`
    shelved: Mask  # after it
    ends: Mask  # the episode is over after it
    outcome: Ints  # place in OUTCOMES

    def where(self, mask: Mask) -> Acts:
        """Only the rows of a mask."""
        columns: Iterator[Any] = (column[mask] for column in self)
        return Acts(*columns)


class Births(NamedTuple):
    """Alarms in the order they were raised; every column (alarms,). Names are codes in the books of `Journal`."""

    number: Ints
    raised_at_ms: Ints
    committed_at_ms: Ints
    shelved: Mask
    priority: Ints  # place in PRIORITIES
    kind: Ints
    identity: Ints
    device: Ints
    resident: Ints
    site: Ints

    def where(self, mask: Mask) -> Births:
        """Only the alarms of a mask."""
        columns: Iterator[Any] = (column[mask] for column in self)
        return Births(*columns)


Table = TypeVar("Table", Acts, Births)
_ACT_TYPES: Final = (np.int64, np.int64, np.int64, np.int8, np.int32, np.bool_, np.bool_, np.int8)
_BIRTH_TYPES: Final = (
    np.int64, np.int64, np.int64, np.bool_, np.int8, np.int16, np.int32, np.int32, np.int32, np.int32,
)  # fmt: skip


class _Act(msgspec.Struct):
    event: str
    to: str
    operator: str | None = None
    shelved: bool = False
    outcome: str | None = None


class _Raise(msgspec.Struct):
    committed_at_ms: int
    priority: str
    kind: str
    subject_type: str
    subject_id: str
    fence_id: str | None = None
    device_id: str | None = None
    resident_id: str | None = None
    site_id: str | None = None


_act = msgspec.json.Decoder(_Act).decode
_raise = msgspec.json.Decoder(_Raise).decode


def number_of(alarm_id: str) -> int:
    """The sequence in an alarm's id: a letter and the number (ADR 0008)."""
    return int(alarm_id[1:])


class Book:
    """Names and their codes, in the order they were met."""

    def __init__(self) -> None:
        self.names: list[Any] = []
        self._codes: dict[Any, int] = {}

    def code(self, name: Any) -> int:
        """The code of a name, NONE of none."""
        if name is None:
            return NONE
        code = self._codes.setdefault(name, len(self.names))
        if code == len(self.names):
            self.names.append(name)
        return code

    def name(self, code: int) -> Any:
        """The name of a code."""
        return None if code == NONE else self.names[code]


class Journal:
    """The journal as columns. One thread at a time."""

    def __init__(self, block: int = BLOCK) -> None:
        self.people, self.kinds, self.identities = Book(), Book(), Book()
        self.devices, self.residents, self.sites = Book(), Book(), Book()
        self._block = block
        self._kept: OrderedDict[int, tuple[Acts, Births]] = OrderedDict()

    def between(self, connection: Connection, first_seq: int, end_seq: int) -> tuple[Acts, Births]:
        """What happened from one sequence on and before another, and what was raised."""
        blocks = range(first_seq // self._block, (end_seq - 1) // self._block + 1)
        parts = [self._block_of(connection, number) for number in blocks]
        acts = joined([part[0] for part in parts], _NO_ACTS)
        births = joined([part[1] for part in parts], _NO_BIRTHS)
        return (
            acts.where((acts.seq >= first_seq) & (acts.seq < end_seq)),
            births.where((births.number >= first_seq) & (births.number < end_seq)),
        )

    def of_alarms(self, connection: Connection, numbers: Sequence[int], after_seq: int) -> Acts:
        """What happened to some alarms from a sequence on."""
        return self._columns(
            row for row in rows_of(connection, [f"A{number}" for number in numbers]) if row[0] >= after_seq
        )[0]

    def birth(self, seq: int, at_ms: int, shelved: bool, said: Any) -> tuple[int, ...]:
        """A row of `Births`; `said` has the names."""
        return (
            seq, at_ms, said.committed_at_ms, shelved, PRIORITIES.index(said.priority), self.kinds.code(said.kind),
            self.identities.code((said.subject_type, said.subject_id, said.kind, said.fence_id)),
            self.devices.code(said.device_id), self.residents.code(said.resident_id), self.sites.code(said.site_id),
        )  # fmt: skip

    def _block_of(self, connection: Connection, number: int) -> tuple[Acts, Births]:
        kept = self._kept.get(number)
        if kept is not None:
            self._kept.move_to_end(number)
            return kept
        first, end = number * self._block, (number + 1) * self._block
        made = self._columns(
            connection.execute(f"{SELECT} WHERE seq >= ? AND seq < ? ORDER BY seq", (first, end))
        )
        if len(made[0].seq) and made[0].seq[-1] == end - 1:  # nothing can come into it any more
            self._kept[number] = made
            if len(self._kept) > BLOCKS_KEPT:
                self._kept.popitem(last=False)
        return made

    def _columns(self, found: Iterable[RawRow]) -> tuple[Acts, Births]:
        acts: list[tuple[int, ...]] = []
        births: list[tuple[int, ...]] = []
        for seq, at_ms, alarm_id, body in found:
            said = _act(body)
            if said.event == "raise":
                births.append(self.birth(seq, at_ms, said.shelved, _raise(body)))
            ends = said.to == "normal"
            outcome = OUTCOMES.index(said.outcome) if ends and said.outcome in OUTCOMES else NONE
            event = CODE.get(said.event, CODE["other"])
            operator = self.people.code(said.operator)
            acts.append((seq, at_ms, number_of(alarm_id), event, operator, said.shelved, ends, outcome))
        return Acts(*columns(acts, _ACT_TYPES)), Births(*columns(births, _BIRTH_TYPES))


def births_of(made: list[tuple[int, ...]]) -> Births:
    """Rows of `Journal.birth` as columns."""
    return Births(*columns(made, _BIRTH_TYPES))


def rows_of(connection: Connection, alarm_ids: Sequence[str]) -> Iterator[RawRow]:
    """The rows of the journal of some alarms; of each alarm in order."""
    for start in range(0, len(alarm_ids), BATCH_IDS):
        batch = alarm_ids[start : start + BATCH_IDS]
        marks = ", ".join("?" * len(batch))
        yield from connection.execute(f"{SELECT} WHERE alarm_id IN ({marks}) ORDER BY seq", batch)


def columns(made: list[tuple[int, ...]], types: tuple[Any, ...]) -> Iterator[NDArray[Any]]:
    """Rows as columns of types."""
    turned: Iterable[tuple[int, ...]] = zip(*made, strict=True) if made else ((),) * len(types)
    return (np.array(column, kind) for column, kind in zip(turned, types, strict=True))


_NO_ACTS: Final = Acts(*columns([], _ACT_TYPES))
_NO_BIRTHS: Final = Births(*columns([], _BIRTH_TYPES))


def joined(parts: list[Table], none: Table) -> Table:
    """Several stretches as one."""
    if not parts:
        return none
    return type(none)(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def first_seq_from(connection: Connection, at_ms: int) -> int:
    """The first sequence at or after a moment, one past the last if there is none.

    Time never falls along the journal (`iot_gateway.clock`), so halving finds it; an index is not needed.
    """
    low = 1
    high: int = connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM journal").fetchone()[0]
    while low < high:
        middle = (low + high) // 2
        seq, there_ms = connection.execute(
            "SELECT seq, at_ms FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
        ).fetchone()
        if there_ms < at_ms:
            low = seq + 1
        else:
            high = middle
    return low


def bounds_ms(connection: Connection) -> tuple[int, int] | None:
    """When the journal begins and ends; None while it is empty."""
    ends = [
        connection.execute(f"SELECT at_ms FROM journal ORDER BY seq {order} LIMIT 1").fetchone()  # noqa: S608 - ours
        for order in ("ASC", "DESC")
    ]
    return (ends[0][0], ends[1][0]) if ends[0] else None
