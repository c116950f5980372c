"""Tells on which days a device has a track, so that nobody leafs through empty ones."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import exists, select

from api import problems
from api.auth import Who, visible
from api.database import Store
from api.problems import ProblemError
from api.schemas import MAX_INT
from iot_gateway.schema import devices, readings

DAY_MS: Final = 86_400_000
MAX_DAYS: Final = 62  # two months on a page of a calendar

router = APIRouter(prefix="/api/v1", tags=["devices"], responses=problems.DEFAULT_RESPONSE)


class TrackDays(BaseModel):
    """When those days begin that have a fix, in order."""

    device_id: str
    days_ms: list[int]


@router.get("/devices/{device_id}/track/days")
async def track_days(
    device_id: str,
    who: Who,
    store: Store,
    from_ms: Annotated[int, Query(ge=0, le=MAX_INT - MAX_DAYS * DAY_MS)],
    days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 42,
) -> TrackDays:
    """Of the days of 24 hours from `from_ms` on, those with a fix. The caller knows his midnight."""
    device_row = await store.value(
        visible(select(devices.c.device_row), who).where(devices.c.device_id == device_id)
    )
    if device_row is None:
        raise ProblemError(404, "There is no such device.")
    begins = [from_ms + n * DAY_MS for n in range(days)]
    # One look at the index a day, however many fixes it has.
    looks = [
        exists()
        .where(
            readings.c.device_row == device_row,
            readings.c.measured_at_ms.between(begin, begin + DAY_MS - 1),
            readings.c.lat.is_not(None),
        )
        .label(f"day_{n}")
        for n, begin in enumerate(begins)
    ]
    (row,) = await store.rows(select(*looks))
    return TrackDays(
        device_id=device_id,
        days_ms=[begin for begin, found in zip(begins, row.values(), strict=True) if found],
    )
