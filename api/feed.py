"""Tails the store and fans out to the open streams: one reader for all consoles, alarms first.

A turn reads what the journal has grown by and publishes it, then learns from one page of readings.
A listener that cannot keep up is closed; it resumes from the store and misses nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import structlog
from fastapi import Depends, Request
from sqlalchemy import func, select
from sse_starlette import JSONServerSentEvent, ServerSentEvent

from api import live as live_state
from api.auth import Principal, still_valid
from api.canary import Canary
from api.clock import monotonic_s, now_ms
from api.database import Database, Watch
from api.load import Load
from api.logs import failed
from iot_gateway import disk
from iot_gateway.notify import Notifier
from iot_gateway.schema import journal, readings

if TYPE_CHECKING:
    from api.doorbell import Doorbell

PAGE: Final = 500  # journal rows a read
READINGS_PAGE: Final = 2000  # about 10 ms of work, so that alarms never wait longer for positions
POSITIONS: Final = 500  # an event, about 70 KB; a transition waits for one such event, not for all
BACKLOG: Final = 1000  # events a listener may be behind
MAX_LISTENERS: Final = 1000  # open files are limited too
RECHECK_EVERY_TICKS: Final = 2  # seconds; a logout closes its streams within five

Item = tuple[int | None, bytes]
log = structlog.get_logger("api.feed")


class Listener:
    """One open stream. `live`: published events are queued for it; transitions overtake the rest."""

    def __init__(self, who: Principal, positions: bool) -> None:
        self.who = who
        self.positions = positions
        self.live = False
        self.closed = False
        self._transitions: deque[Item] = deque()
        self._others: deque[Item] = deque()
        self._something = asyncio.Event()

    def offer(self, item: Item) -> None:
        """Queue an event; whoever is too far behind is closed."""
        if not self.live or self.closed:
            return
        if len(self._transitions) + len(self._others) >= BACKLOG:
            self.close()
            return
        (self._others if item[0] is None else self._transitions).append(item)
        self._something.set()

    def close(self) -> None:
        """End the stream before its next event."""
        self.closed = True
        self._transitions.clear()
        self._others.clear()
        self._something.set()

    async def next(self) -> Item | None:
        """The next event, None at the end."""
        while not self.closed:
            for queue in (self._transitions, self._others):
                if queue:
                    return queue.popleft()
            self._something.clear()
            await self._something.wait()
        return None


class Feed:
    """The tail of the journal and the readings, and those who listen."""

    def __init__(
        self, database: Database, doorbell: Doorbell, live: live_state.Live, canary: Canary | None = None
    ) -> None:
        self.canary = canary or Canary(None)
        self.listeners: set[Listener] = set()
        self.load = Load()
        self.last_seq = 0
        self.last_reading = 0
        self.turned_at_s = monotonic_s()
        self.turn_s = 0.0  # the longest of the last second
        self._longest_s = 0.0
        self._notifier = Notifier()
        self._stopping = False
        self._positions: deque[Item] = deque()
        self._database = database
        self._watch = Watch(database.path)
        self._doorbell = doorbell
        self._live = live

    async def start(self) -> None:
        """Begin at the end of what is stored."""
        self.last_seq, self.last_reading = await self._ends()
        await self.load.start(self._database, self.last_seq, now_ms())

    def operators(self) -> list[str]:
        """Who has a console open."""
        return sorted({listener.who.name for listener in self.listeners if listener.who.by_cookie})

    async def run(self) -> None:
        """Turn for ever."""
        tick_at_s, ticks = monotonic_s() + 1, 0
        more = True
        while True:
            self._notifier.alive()
            begun_s = monotonic_s()
            try:
                # In this order: what is committed after the look is seen by the next one.
                if await self._watch.changed() or more:
                    more = True  # should the turn fail, there is more
                    more = await self._turn()
                    if self.canary.waits:
                        self.canary.hear(await self._database.pulse())
                if monotonic_s() >= tick_at_s:
                    tick_at_s, ticks = max(tick_at_s + 1, monotonic_s()), ticks + 1
                    await self._tick(recheck=ticks % RECHECK_EVERY_TICKS == 0)
                    self.turn_s, self._longest_s = self._longest_s, 0.0
                self.turned_at_s = monotonic_s()
                self._longest_s = max(self._longest_s, self.turned_at_s - begun_s)
                if self._positions:
                    self._publish(self._positions.popleft(), positions=True)
                    await asyncio.sleep(0)  # let them be sent, then look for transitions again
                elif not more:
                    await self._doorbell.wait()
            except Exception as error:  # noqa: BLE001 - whatever it was, silence on every console is worse
                failed(log, "the tail of the store failed; next try in a second", error)
                await asyncio.sleep(1)

    async def close(self) -> None:
        """Give the connection back, once `run` is over."""
        await self._watch.close()

    async def _ends(self) -> tuple[int, int]:
        query = select(
            select(func.max(journal.c.seq)).scalar_subquery().label("seq"),
            select(func.max(readings.c.id)).scalar_subquery().label("reading"),
        )
        row = await self._database.row(query)
        assert row is not None
        return row["seq"] or 0, row["reading"] or 0

    async def _turn(self) -> bool:
        """Publish all transitions there are, and learn from one page of readings. Whether more wait."""
        newest_seq, newest_reading = await self._ends()
        while self.last_seq < newest_seq:
            page = await self.page(self.last_seq)
            assert page, "journal rows are never deleted"
            for seq, body in page:
                self._publish((seq, transition(seq, body)))
                self.load.take(body)
                self.last_seq = seq
        # Readings are deleted when old; in an emptied table their ids begin again.
        self.last_reading = min(self.last_reading, newest_reading)
        if self.last_reading < newest_reading:
            query = (
                select(*live_state.COLUMNS)
                .where(readings.c.id > self.last_reading)
                .order_by(readings.c.id)
                .limit(READINGS_PAGE)
            )
            for row in await self._database.rows(query):
                self._live.take(tuple(row.values()))
                self.last_reading = row["id"]
        return self.last_reading < newest_reading

    async def page(self, after: int) -> Sequence[tuple[int, str]]:
        """The next events after a sequence, from the store."""
        query = (
            select(journal.c.seq, journal.c.body)
            .where(journal.c.seq > after)
            .order_by(journal.c.seq)
            .limit(PAGE)
        )
        return [(row["seq"], row["body"]) for row in await self._database.rows(query)]

    async def _tick(self, recheck: bool) -> None:
        """Once a second: where devices are, that the gateway lives, and whether listeners may still listen."""
        if await self._database.reopened():
            await self._watch.close()
            self._watch = Watch(self._database.path)
        moved = await self._live.moved(self._database)
        for start in range(0, len(moved), POSITIONS):
            event = JSONServerSentEvent({"items": moved[start : start + POSITIONS]}, event="positions")
            self._positions.append((None, event.encode()))
        pulse = await self._database.pulse()
        now = now_ms()
        canary = self.canary.state()
        beat = {
            "at_ms": now, "last_seq": self.last_seq, "gateway": pulse,
            "age_ms": None if pulse is None else now - pulse["at_ms"],
            "load": self.load.bearing(now, len(self.operators())).model_dump(),
            "canary": None if canary is None else canary.model_dump(),
        }  # fmt: skip
        room = disk.look(self._database.path.parent)
        beat["disk"] = {"level": room.level, **room._asdict()}
        self._publish((None, JSONServerSentEvent(beat, event="pulse").encode()))
        if recheck and self.listeners:
            valid = await still_valid(
                {listener.who.credential for listener in self.listeners}, self._database
            )
            for listener in self.listeners:
                if listener.who.credential not in valid:
                    listener.close()

    def _publish(self, item: Item, positions: bool = False) -> None:
        for listener in self.listeners:
            if listener.positions or not positions:
                listener.offer(item)

    def attach(self, listener: Listener) -> None:
        """Count a listener in; it is told to stop like all others."""
        self.listeners.add(listener)
        if self._stopping:
            listener.close()

    def detach(self, listener: Listener) -> None:
        """Forget a listener."""
        self.listeners.discard(listener)

    def stop(self) -> None:
        """Close all streams, and those still to come: the server stops."""
        self._stopping = True
        for listener in self.listeners:
            listener.close()


def transition(seq: int, body: str) -> bytes:
    """One journal row as it goes over the wire."""
    return ServerSentEvent(body, event="transition", id=str(seq)).encode()


async def _feed(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


Tail = Annotated[Feed, Depends(_feed)]
