"""Shows and carries approved outings: who may be out until when, with whom and where to.

The gateway decides; what it was told is in `outings`. Whether one runs is a matter of the time now.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy import and_, func, or_, select

from api import problems, references
from api.auth import Principal, Who, visible
from api.clock import now_ms
from api.commands import PENDING_RESPONSE, Commands, Gateway, pending, refused
from api.database import Database, Store
from api.problems import ProblemError
from api.schemas import MAX_INT, Count, Id, Short, Text
from api.shapes import STRICT
from iot_gateway.schema import fences, outings

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

Reason = Literal["family", "hospital", "bus", "activity", "other"]
State = Literal["planned", "running", "over", "called_off"]


def _writable(text: str) -> str:
    """What the store can hold: half a character is none."""
    text.encode()
    return text


class NewOuting(BaseModel):
    """Who may be out. `from_ms` missing or past: from now on. `fence_id`: a safe fence, the destination."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    resident_id: Id
    from_ms: Count | None = None
    until_ms: Count
    reason: Reason
    escort: Annotated[Short, AfterValidator(_writable)] | None = None
    note: Annotated[Text, AfterValidator(_writable)] | None = None
    fence_id: Id | None = None


class OutingTimes(BaseModel):
    """Other times; what is not named stays."""

    model_config = STRICT
    from_ms: Count | None = None
    until_ms: Count | None = None


class Outing(BaseModel):
    """An outing as the gateway took it. `ended_at_ms`: a person ended it then, or called it off before it began."""

    outing_id: str
    resident_id: str
    from_ms: int
    until_ms: int
    reason: Reason
    escort: str | None
    note: str | None
    fence_id: str | None
    created_by: str
    created_at_ms: int
    ended_at_ms: int | None
    ended_by: str | None
    state: State


class OutingPage(BaseModel):
    """Outings in the order they begin."""

    items: list[Outing]
    next_after_seq: int | None


_SHOWN: Final[dict[int | str, dict[str, Any]]] = {200: {"model": Outing}}
# An outing counts until then; one that was called off never did.
_END: Final = func.coalesce(outings.c.ended_at_ms, outings.c.until_ms)

router = APIRouter(prefix="/api/v1", tags=["outings"], responses=problems.DEFAULT_RESPONSE)


def _told(row: RowMapping, at_ms: int) -> dict[str, Any]:
    ended_at_ms = row["ended_at_ms"]
    if ended_at_ms is not None and ended_at_ms <= row["from_ms"]:
        state = "called_off"
    elif at_ms < row["from_ms"]:
        state = "planned"
    else:
        state = "running" if at_ms < (ended_at_ms or row["until_ms"]) else "over"
    return {**row, "state": state}


@router.get("/outings")
async def list_outings(
    who: Who,
    store: Store,
    resident_id: str | None = None,
    running: bool | None = None,
    from_ms: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    to_ms: Annotated[int, Query(ge=0, le=MAX_INT)] = MAX_INT,
    after_seq: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> OutingPage:
    """Outings that run at some moment of a span. `running`: those that run now, or those that do not."""
    at_ms = now_ms()
    query = visible(select(outings), who).where(outings.c.from_ms < to_ms, from_ms < _END)
    if resident_id is not None:
        query = query.where(outings.c.resident_id == resident_id)
    if running is not None:
        runs = and_(outings.c.from_ms <= at_ms, at_ms < _END)
        query = query.where(runs if running else ~runs)
    query = query.order_by(outings.c.from_ms, outings.c.outing_id).offset(after_seq).limit(limit + 1)
    rows = await store.rows(query)
    items = [Outing(**_told(row, at_ms)) for row in rows[:limit]]
    return OutingPage(items=items, next_after_seq=after_seq + limit if len(rows) > limit else None)


@router.post("/outings", response_model=None, responses=_SHOWN | PENDING_RESPONSE)
async def approve(
    body: NewOuting, request: Request, who: Who, store: Store, gateway: Gateway
) -> Response | dict[str, Any]:
    """Approve an outing; 409 if it overlaps another one of the same resident."""
    item = body.model_dump(exclude_none=True)
    async with request.app.state.roster_lock:
        await references.check(item, "", store)
        await _check_destination(body.fence_id, store)
        begin_ms = max(body.from_ms or 0, now_ms())
        await _refuse_overlap(body.resident_id, begin_ms, body.until_ms, "", store)
        return await _ask({"verb": "approve", "outing_id": uuid.uuid4().hex} | item, who, store, gateway)


@router.get("/outings/{outing_id}", response_model=Outing)
async def get_one(outing_id: str, who: Who, store: Store) -> dict[str, Any]:
    """One outing."""
    return await _read(outing_id, who, store)


@router.patch("/outings/{outing_id}", response_model=None, responses=_SHOWN | PENDING_RESPONSE)
async def change(
    outing_id: str, body: OutingTimes, request: Request, who: Who, store: Store, gateway: Gateway
) -> Response | dict[str, Any]:
    """Other times, as long as it is not over; the beginning only before it."""
    async with request.app.state.roster_lock:
        now = await _read(outing_id, who, store)
        times = body.model_dump(exclude_none=True)
        wanted = now | times
        await _refuse_overlap(now["resident_id"], wanted["from_ms"], wanted["until_ms"], outing_id, store)
        return await _ask({"verb": "change", "outing_id": outing_id} | times, who, store, gateway)


@router.post("/outings/{outing_id}/end", response_model=None, responses=_SHOWN | PENDING_RESPONSE)
async def end(
    outing_id: str, request: Request, who: Who, store: Store, gateway: Gateway
) -> Response | dict[str, Any]:
    """End it now, without a grace; one that has not begun is called off."""
    async with request.app.state.roster_lock:
        await _read(outing_id, who, store)
        return await _ask({"verb": "end", "outing_id": outing_id}, who, store, gateway)


async def _ask(
    asked: dict[str, Any], who: Principal, store: Database, gateway: Commands
) -> Response | dict[str, Any]:
    decision = await gateway.ask("outing", asked, who)
    if decision.code is None:
        return pending(decision)
    if not decision.done:
        raise refused(decision)
    return await _read(asked["outing_id"], who, store)


async def _read(outing_id: str, who: Principal, store: Database) -> dict[str, Any]:
    row = await store.row(visible(select(outings), who).where(outings.c.outing_id == outing_id))
    if row is None:
        raise ProblemError(404, "There is no such outing.")
    return _told(row, now_ms())


async def _check_destination(fence_id: str | None, store: Database) -> None:
    if fence_id is None:
        return
    row = await store.row(select(fences.c.role).where(fences.c.fence_id == fence_id))
    if row is None:
        raise problems.unprocessable("fence_id", f"not in the roster: {fence_id}")
    if row["role"] != "safe":
        raise problems.unprocessable("fence_id", "is a forbidden fence: nobody is sent there")


async def _refuse_overlap(
    resident_id: str, from_ms: int, until_ms: int, own_id: str, store: Database
) -> None:
    """The gateway refuses it too; here the answer names the other one."""
    query = select(outings).where(
        outings.c.resident_id == resident_id,
        outings.c.outing_id != own_id,
        outings.c.from_ms < until_ms,
        from_ms < _END,
        or_(outings.c.ended_at_ms.is_(None), outings.c.ended_at_ms > outings.c.from_ms),
        now_ms() < _END,
    )
    other = await store.row(query.order_by(outings.c.from_ms).limit(1))
    if other is not None:
        raise ProblemError(
            409, "This resident has another approved outing at that time.", code="overlaps",
            outing_id=other["outing_id"], from_ms=other["from_ms"], until_ms=other["until_ms"],
        )  # fmt: skip
