"""Decides how much the desk has to bear this moment: announcements for each seat, and whether it is a flood.

An announcement is a raise or a re-raise that is neither shelved nor suppressed, as in the figures of a shift.
A seat is an operator with a console open. A flood begins with more than ten announcements a seat in ten
minutes and is over below five (ISA-18.2).
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Annotated, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import select

from api import problems
from api.alarms import IS_OPEN
from api.auth import Who, visible
from api.clock import now_ms
from api.database import Database, Store
from api.figures import CHATTER, DAY_MS, FLOOD, HOUR_MS, STALE_MS, TEN_MINUTES_MS, TOP
from iot_gateway.schema import alarms, journal

FLOOD_OVER: Final = 5  # announcements in ten minutes a seat
PAGE: Final = 5_000  # journal rows a read at start

router = APIRouter(prefix="/api/v1", tags=["shift"], responses=problems.DEFAULT_RESPONSE)


class _Row(msgspec.Struct):
    at_ms: int = 0
    event: str = ""
    priority: str = ""
    kind: str = ""
    subject_type: str = ""
    subject_id: str = ""
    fence_id: str | None = None
    shelved: bool = False
    suppressed: bool = False


_row = msgspec.json.Decoder(_Row).decode
_LOUD: Final = frozenset({"raise", "reraise"})


class Identity(NamedTuple):
    """What is raised again and again."""

    subject_type: str
    subject_id: str
    kind: str
    fence_id: str | None


class Bearing(BaseModel):
    """Of this moment. Without a seat the load is that of one. `by_priority`: of the last ten minutes."""

    at_ms: int
    seats: int
    last_10_min: int
    last_hour: int
    last_day: int
    by_priority: dict[str, int]
    flood: bool
    flood_since_ms: int | None


class Repeated(BaseModel):
    """An identity that was raised three times or more in the last ten minutes."""

    subject_type: str
    subject_id: str
    kind: str
    fence_id: str | None
    raises: int


class Stale(BaseModel):
    """Open for more than 24 hours."""

    alarm_id: str
    kind: str
    subject_type: str
    subject_id: str
    site_id: str | None
    raised_at_ms: int


class Now(Bearing):
    """The load with the lists of those to look after, the worst and the oldest 20."""

    operators: list[str]
    chattering: list[Repeated]
    stale: list[Stale]
    stale_total: int


class Load:
    """The announcements of the last 24 hours."""

    def __init__(self) -> None:
        self._told: deque[tuple[int, str, Identity]] = deque()
        self._hour: deque[int] = deque()
        self._ten: deque[tuple[int, str, Identity]] = deque()
        self.flood_since_ms: int | None = None

    async def start(self, database: Database, last_seq: int, at_ms: int) -> None:
        """Read the last 24 hours, up to a sequence."""
        bodies: list[str] = []
        before = last_seq + 1
        while before > 1:
            page = select(journal.c.seq, journal.c.at_ms, journal.c.body).where(journal.c.seq < before)
            rows = await database.rows(page.order_by(journal.c.seq.desc()).limit(PAGE))
            bodies += [row["body"] for row in rows if row["at_ms"] > at_ms - DAY_MS]
            before = rows[-1]["seq"] if len(rows) == PAGE and rows[-1]["at_ms"] > at_ms - DAY_MS else 0
        for body in reversed(bodies):
            self.take(body)

    def take(self, body: str) -> None:
        """Learn from one row of the journal."""
        row = _row(body)
        if row.event not in _LOUD or row.shelved or row.suppressed:
            return
        told = row.at_ms, row.priority, Identity(row.subject_type, row.subject_id, row.kind, row.fence_id)
        self._told.append(told)
        self._hour.append(row.at_ms)
        self._ten.append(told)

    def bearing(self, at_ms: int, seats: int) -> Bearing:
        """The load at a moment that is not before the last one asked for."""
        while self._told and self._told[0][0] <= at_ms - DAY_MS:
            self._told.popleft()
        while self._hour and self._hour[0] <= at_ms - HOUR_MS:
            self._hour.popleft()
        while self._ten and self._ten[0][0] <= at_ms - TEN_MINUTES_MS:
            self._ten.popleft()
        each = len(self._ten) / max(1, seats)
        if each > FLOOD:
            self.flood_since_ms = at_ms if self.flood_since_ms is None else self.flood_since_ms
        elif each < FLOOD_OVER:
            self.flood_since_ms = None
        return Bearing(
            at_ms=at_ms, seats=seats, last_10_min=len(self._ten), last_hour=len(self._hour), last_day=len(self._told),
            by_priority=dict(Counter(priority for _, priority, _ in self._ten)),
            flood=self.flood_since_ms is not None, flood_since_ms=self.flood_since_ms,
        )  # fmt: skip

    def chattering(self) -> list[Repeated]:
        """Who was raised again and again in the last ten minutes, the worst first."""
        counts = Counter(identity for _, _, identity in self._ten)
        return [
            Repeated(**identity._asdict(), raises=raises)
            for identity, raises in counts.most_common(TOP)
            if raises >= CHATTER
        ]


async def _load(request: Request) -> Load:
    load: Load = request.app.state.feed.load
    return load


async def _seats(request: Request) -> list[str]:
    operators: list[str] = request.app.state.feed.operators()
    return operators


@router.get("/load")
async def load_now(
    who: Who,
    store: Store,
    load: Annotated[Load, Depends(_load)],
    seats: Annotated[list[str], Depends(_seats)],
) -> Now:
    """How much the desk has to bear this moment, and which alarms to look after: chattering and stale ones."""
    at_ms = now_ms()
    old = visible(select(alarms).where(IS_OPEN, alarms.c.raised_at_ms < at_ms - STALE_MS), who)
    stale = await store.rows(old.order_by(alarms.c.raised_at_ms))
    return Now(
        **load.bearing(at_ms, len(seats)).model_dump(),
        operators=seats,
        chattering=load.chattering(),
        stale=[Stale(**{name: row[name] for name in Stale.model_fields}) for row in stale[:TOP]],
        stale_total=len(stale),
    )
