"""Pushes transitions, positions and pulses to consoles, and learns what consoles have shown.

The journal is the stream: an event's id is its sequence there, so whoever comes back with the last
id he has is given the rest from the store and then what happens live, without gap or repeat.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel
from sqlalchemy import func, insert, select
from sse_starlette import EventSourceResponse, ServerSentEvent

from api import problems
from api.auth import Who
from api.clock import now_ms
from api.database import Store
from api.feed import MAX_LISTENERS, PAGE, Feed, Listener, Tail, transition
from api.problems import ProblemError
from api.schemas import MAX_INT, Count
from iot_gateway.schema import journal, shown

SEND_TIMEOUT_S: Final = 15  # a console that takes nothing for so long is gone
HELLO: Final = ServerSentEvent(comment="listening", retry=1000).encode()

router = APIRouter(prefix="/api/v1", tags=["stream"], responses=problems.DEFAULT_RESPONSE)

_OPENAPI: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events: `transition` (id = journal sequence), `positions`, `pulse`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/stream", response_class=EventSourceResponse, responses=_OPENAPI)
async def stream(
    who: Who,
    feed: Tail,
    store: Store,
    after: Annotated[int | None, Query(ge=0, le=MAX_INT)] = None,
    last_event_id: Annotated[int | None, Header(ge=0, le=MAX_INT)] = None,
    positions: bool = True,
) -> EventSourceResponse:
    """Everything after `Last-Event-ID` or `after`; without either, from now on.

    A sequence the journal has not reached counts as now. The stream ends when the session does, or
    when the reader falls 1000 events behind; come back with the last id.
    """
    if len(feed.listeners) >= MAX_LISTENERS:
        raise ProblemError(503, "Too many open streams.", headers={"Retry-After": "5"})
    begin = after if last_event_id is None else last_event_id
    if begin is None:
        begin = feed.last_seq
    elif begin > feed.last_seq:
        begin = min(begin, await store.value(select(func.max(journal.c.seq))) or 0)
    events = _events(feed, Listener(who, positions), begin)
    # ping 0: our own pulse keeps the connection alive.
    return EventSourceResponse(events, ping=0, send_timeout=SEND_TIMEOUT_S)


async def _events(feed: Feed, listener: Listener, last: int) -> AsyncIterator[bytes]:
    """The stored events after `last`, then the live ones.

    The switch: once the store is nearly exhausted the queue is opened, and then the store is read to
    its end. What is committed before that read is in it; what the tailer publishes later is queued;
    what is both is known by its sequence.
    """
    feed.attach(listener)
    try:
        yield HELLO
        for live in (False, True):
            listener.live = live
            while not listener.closed:
                page = await feed.page(last)
                for seq, body in page:
                    yield transition(seq, body)
                    last = seq
                if len(page) < PAGE:
                    break
        while (item := await listener.next()) is not None:
            seq_or_none, chunk = item
            if seq_or_none is not None:
                if seq_or_none <= last:
                    continue
                last = seq_or_none
            yield chunk
    finally:
        feed.detach(listener)


class Shown(BaseModel):
    """The last journal sequence that a person can now see."""

    seq: Count


@router.post("/stream/shown", status_code=204)
async def report_shown(body: Shown, who: Who, store: Store) -> None:
    """A console has shown everything up to a sequence. Only the first such report of a sequence is kept."""
    highest = select(func.max(shown.c.seq))
    if body.seq <= (await store.value(highest) or 0):
        return
    async with store.write() as connection:
        if body.seq > ((await connection.execute(select(func.max(journal.c.seq)))).scalar() or 0):
            # It would mark alarms as shown that have not been raised.
            raise problems.unprocessable("seq", "the journal has not come so far")
        if body.seq > ((await connection.execute(highest)).scalar() or 0):
            await connection.execute(insert(shown).values(seq=body.seq, at_ms=now_ms(), operator=who.name))
