"""Counts: what is open, what is quiet, who was heard, and how the gateway is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import func, select

from api import problems
from api.alarms import IS_OPEN
from api.auth import Who, visible
from api.clock import now_ms
from api.database import Store
from api.feed import Tail
from api.live import Now
from api.problems import ProblemError
from iot_gateway.schema import alarms, devices, sites

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import RowMapping

HOUR_MS: Final = 3_600_000
NO_COUNTY: Final = ""

router = APIRouter(prefix="/api/v1", tags=["summary"], responses=problems.DEFAULT_RESPONSE)


class OpenAlarms(BaseModel):
    """Counts of open alarms. Of no known county: the empty name."""

    total: int
    by_priority: dict[str, int]
    by_state: dict[str, int]
    by_kind: dict[str, int]
    by_county: dict[str, int]
    shelved: int
    suppressed: int
    out_of_service: int


class DeviceCounts(BaseModel):
    """Of one kind of device."""

    registered: int
    heard_in_last_hour: int
    never_heard: int


class Summary(BaseModel):
    """One look at everything. `gateway` is its last pulse, null if it never gave one."""

    at_ms: int
    last_seq: int
    alarms: OpenAlarms
    devices: dict[str, DeviceCounts]
    gateway: dict[str, Any] | None
    gateway_age_ms: int | None


@router.get("/summary")
async def summary(who: Who, store: Store, live: Now, feed: Tail) -> Summary:
    """One look at everything."""
    open_alarms = (
        select(
            alarms.c.priority, alarms.c.state, alarms.c.kind, sites.c.county, alarms.c.shelved,
            alarms.c.suppressed, alarms.c.out_of_service, func.count().label("n"),
        )
        .outerjoin(sites, sites.c.site_id == alarms.c.site_id)
        .where(IS_OPEN)
    )  # fmt: skip
    grouped = visible(open_alarms, who).group_by(
        alarms.c.priority, alarms.c.state, alarms.c.kind, sites.c.county, alarms.c.shelved,
        alarms.c.suppressed, alarms.c.out_of_service,
    )  # fmt: skip
    registered = select(devices.c.device_row, devices.c.kind).where(devices.c.registered, ~devices.c.removed)
    groups = await store.rows(grouped)
    heard = {
        row["device_row"]: (row["kind"], live.states.get(row["device_row"]))
        for row in await store.rows(visible(registered, who))
    }
    pulse = await store.pulse()
    now = now_ms()

    counts: dict[str, DeviceCounts] = {}
    for kind, state in heard.values():
        of_kind = counts.setdefault(kind, DeviceCounts(registered=0, heard_in_last_hour=0, never_heard=0))
        of_kind.registered += 1
        of_kind.never_heard += state is None
        of_kind.heard_in_last_hour += state is not None and state.last_contact_ms > now - HOUR_MS
    return Summary(
        at_ms=now,
        last_seq=feed.last_seq,
        alarms=_open_alarms(groups),
        devices=counts,
        gateway=pulse,
        gateway_age_ms=None if pulse is None else now - pulse["at_ms"],
    )


def _open_alarms(groups: Iterable[RowMapping]) -> OpenAlarms:
    groups = list(groups)

    def by(name: str) -> dict[str, int]:
        sums: dict[str, int] = {}
        for group in groups:
            key = NO_COUNTY if group[name] is None else group[name]
            sums[key] = sums.get(key, 0) + group["n"]
        return sums

    def where(flag: str) -> int:
        return sum(group["n"] for group in groups if group[flag])

    return OpenAlarms(
        total=sum(group["n"] for group in groups),
        by_priority=by("priority"),
        by_state=by("state"),
        by_kind=by("kind"),
        by_county=by("county"),
        shelved=where("shelved"),
        suppressed=where("suppressed"),
        out_of_service=where("out_of_service"),
    )


@router.get("/policy", responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}})
async def policy(who: Who, store: Store) -> Response:
    """The policy in force, as the gateway has it."""
    del who
    text = await store.meta("policy")
    if text is None:
        raise ProblemError(404, "The gateway has not said its policy yet.")
    return Response(text, media_type="application/json")
