"""Shows alarms, and carries operators' verbs on them to the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy import case, func, literal_column, select

from alerts.vocabulary import Priority
from api import problems
from api.auth import Principal, Who, visible
from api.commands import PENDING_RESPONSE, Commands, Gateway, pending, refused
from api.database import Database, Store
from api.problems import ProblemError
from api.schemas import (
    MAX_INT,
    Alarm,
    AlarmKind,
    AlarmPage,
    AlarmWithTimeline,
    Assign,
    Close,
    Comment,
    Shelve,
    Verb,
)
from iot_gateway.schema import alarms, journal, quarantine, shown, sites

if TYPE_CHECKING:
    from sqlalchemy import RowMapping, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from alerts.commands import Verb as VerbName

MAX_TIMELINE: Final = 1000  # a chattering sensor makes tens of thousands
MAX_PAYLOAD_HEAD: Final = 200  # characters: enough to tell a supplier which message it was
NOT_IN_TIMELINE: Final = frozenset(
    {
        "alarm_id", "subject_type", "subject_id", "device_id", "site_id", "resident_id", "kind", "fence_id",
        "raised_at_ms", "shown_at_ms",
    }
)  # fmt: skip  # the same in every event of an alarm

# `shown` rows rise in seq and time together, so the first one from `raised_seq` on is the earliest.
_SHOWN_AT = (
    select(shown.c.at_ms).where(shown.c.seq >= alarms.c.raised_seq).order_by(shown.c.seq, shown.c.id).limit(1)
    .scalar_subquery().label("shown_at_ms")
)  # fmt: skip
# Who acknowledged is in the journal alone: the row of that moment. CASE, because without it SQLite
# walks all rows of an alarm that nobody acknowledged, and a chattering one has tens of thousands.
_ACKNOWLEDGED = case(
    (
        alarms.c.acknowledged_at_ms.is_not(None),
        select(journal.c.body)
        .where(
            journal.c.alarm_id == alarms.c.alarm_id,
            journal.c.at_ms == alarms.c.acknowledged_at_ms,
            journal.c.body.contains('"event":"acknowledge"', autoescape=True),
        )
        .order_by(journal.c.seq.desc())
        .limit(1)
        .scalar_subquery(),
    )
).label("acknowledged")
# Written as a literal, so that SQLite can prove that the index over open alarms is enough.
IS_OPEN: Final = alarms.c.state != literal_column("'normal'")

router = APIRouter(prefix="/api/v1", tags=["alarms"], responses=problems.DEFAULT_RESPONSE)


def _query(who: Principal) -> Select[Any]:
    return visible(select(alarms, _SHOWN_AT, _ACKNOWLEDGED), who)


def _open_or_all(who: Principal, state: str, after_seq: int) -> Select[Any]:
    """Alarms in the order of `seq`.

    Few are open and millions are closed. `seq + 0` keeps SQLite from walking all of them along the
    index of `seq`: it takes the index over open alarms, and sorts those.
    """
    if state == "all":
        return _query(who).where(alarms.c.seq > after_seq).order_by(alarms.c.seq)
    seq = alarms.c.seq + 0
    return _query(who).where(IS_OPEN, seq > after_seq).order_by(seq)


def _alarm(row: RowMapping) -> dict[str, Any]:
    """A row as the contract's alarm."""
    acknowledged = None if row["acknowledged"] is None else msgspec.json.decode(row["acknowledged"])
    return {
        **{name: row[name] for name in Alarm.model_fields if name != "acknowledged_by"},
        "acknowledged_by": acknowledged and acknowledged["operator"],
        "because": msgspec.json.decode(row["because"]),
        "position": None if row["position"] is None else msgspec.json.decode(row["position"]),
    }


@router.get("/alarms")
async def list_alarms(
    who: Who,
    store: Store,
    state: Literal["open", "all"] = "open",
    kind: Annotated[AlarmKind | None, Query()] = None,
    priority: Priority | None = None,
    site_id: str | None = None,
    county: str | None = None,
    device_id: str | None = None,
    resident_id: str | None = None,
    raised_from_ms: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    after_seq: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AlarmPage:
    """Alarms by the sequence of their last transition; an alarm that changes moves to the end."""
    query = _open_or_all(who, state, after_seq).limit(limit + 1)
    for column, wanted in (
        (alarms.c.kind, kind),
        (alarms.c.priority, priority),
        (alarms.c.site_id, site_id),
        (alarms.c.device_id, device_id),
        (alarms.c.resident_id, resident_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if raised_from_ms:
        query = query.where(alarms.c.raised_at_ms >= raised_from_ms)
    if county is not None:
        query = query.where(alarms.c.site_id.in_(select(sites.c.site_id).where(sites.c.county == county)))
    rows = await store.rows(query)
    items = [Alarm(**_alarm(row)) for row in rows[:limit]]
    return AlarmPage(items=items, next_after_seq=items[-1].seq if len(rows) > limit else None)


@router.get("/alarms/{alarm_id}")
async def one_alarm(alarm_id: str, who: Who, store: Store) -> AlarmWithTimeline:
    """An alarm with everything that happened to it."""
    events = journal.c.alarm_id == alarm_id
    async with store.snapshot() as connection:
        found = await connection.execute(_query(who).where(alarms.c.alarm_id == alarm_id))
        alarm = found.mappings().first()
        if alarm is None:
            raise _unknown()
        newest = select(journal).where(events).order_by(journal.c.seq.desc()).limit(MAX_TIMELINE)
        rows = (await connection.execute(newest)).mappings().all()
        total = (
            await connection.execute(select(func.count()).select_from(journal).where(events))
        ).scalar_one()
        head = await _payload_head(connection, alarm) if alarm["kind"] == "unreadable" else None
    timeline = [_event(row) for row in reversed(rows)]
    omitted = total - len(timeline)
    return AlarmWithTimeline(**_alarm(alarm), timeline=timeline, timeline_omitted=omitted, payload_head=head)


async def _payload_head(connection: AsyncConnection, alarm: RowMapping) -> str | None:
    """The beginning of what the device said when the alarm was raised last; what is no text is shown as marks."""
    said = select(quarantine.c.payload).where(
        quarantine.c.device_id == alarm["device_id"], quarantine.c.received_at_ms == alarm["received_at_ms"]
    )
    payload = (await connection.execute(said.order_by(quarantine.c.id.desc()).limit(1))).scalar()
    return None if payload is None else bytes(payload).decode(errors="replace")[:MAX_PAYLOAD_HEAD]


def _event(row: RowMapping) -> dict[str, Any]:
    body = msgspec.json.decode(row["body"])
    told = {name: value for name, value in body.items() if name not in NOT_IN_TIMELINE}
    return {"operator": None, "text": None, **told, "seq": row["seq"], "at_ms": row["at_ms"]}


def _unknown() -> ProblemError:
    return ProblemError(404, "There is no such alarm.")


async def _read(store: Database, alarm_id: str, who: Principal) -> Alarm | None:
    row = await store.row(_query(who).where(alarms.c.alarm_id == alarm_id))
    return None if row is None else Alarm(**_alarm(row))


async def _decide(
    verb: VerbName, alarm_id: str, body: Verb, who: Principal, store: Database, gateway: Commands
) -> Response | Alarm:
    """Let the gateway decide, and answer with the alarm as it is then."""
    if await _read(store, alarm_id, who) is None:
        raise _unknown()
    asked = {"verb": verb, "alarm_id": alarm_id, **body.model_dump(exclude_none=True)}
    decision = await gateway.ask("alarm", asked, who)
    if decision.code is None:
        return pending(decision)
    alarm = await _read(store, alarm_id, who)
    if alarm is None:
        raise _unknown()
    if not decision.done:
        raise refused(decision, alarm=alarm.model_dump())
    return alarm


@router.post("/alarms/{alarm_id}/acknowledge", response_model=Alarm, responses=PENDING_RESPONSE)
async def acknowledge(
    alarm_id: str, body: Verb, who: Who, store: Store, gateway: Gateway
) -> Response | Alarm:
    """Somebody has seen it and takes it on."""
    return await _decide("acknowledge", alarm_id, body, who, store, gateway)


@router.post("/alarms/{alarm_id}/unacknowledge", response_model=Alarm, responses=PENDING_RESPONSE)
async def unacknowledge(
    alarm_id: str, body: Verb, who: Who, store: Store, gateway: Gateway
) -> Response | Alarm:
    """Give it back to everyone."""
    return await _decide("unacknowledge", alarm_id, body, who, store, gateway)


@router.post("/alarms/{alarm_id}/assign", response_model=Alarm, responses=PENDING_RESPONSE)
async def assign(alarm_id: str, body: Assign, who: Who, store: Store, gateway: Gateway) -> Response | Alarm:
    """Name who takes care of it."""
    return await _decide("assign", alarm_id, body, who, store, gateway)


@router.post("/alarms/{alarm_id}/comment", response_model=Alarm, responses=PENDING_RESPONSE)
async def comment(alarm_id: str, body: Comment, who: Who, store: Store, gateway: Gateway) -> Response | Alarm:
    """Add a remark."""
    return await _decide("comment", alarm_id, body, who, store, gateway)


@router.post("/alarms/{alarm_id}/shelve", response_model=Alarm, responses=PENDING_RESPONSE)
async def shelve(alarm_id: str, body: Shelve, who: Who, store: Store, gateway: Gateway) -> Response | Alarm:
    """Keep it quiet until a moment, for a reason."""
    return await _decide("shelve", alarm_id, body, who, store, gateway)


@router.post("/alarms/{alarm_id}/unshelve", response_model=Alarm, responses=PENDING_RESPONSE)
async def unshelve(alarm_id: str, body: Verb, who: Who, store: Store, gateway: Gateway) -> Response | Alarm:
    """End the quiet early."""
    return await _decide("unshelve", alarm_id, body, who, store, gateway)


@router.post("/alarms/{alarm_id}/close", response_model=Alarm, responses=PENDING_RESPONSE)
async def close(alarm_id: str, body: Close, who: Who, store: Store, gateway: Gateway) -> Response | Alarm:
    """End the episode, with how it ended."""
    return await _decide("close", alarm_id, body, who, store, gateway)
