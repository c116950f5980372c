"""Shows a person across bands: which were worn when, and where the person was by them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response
from sqlalchemy import or_, select

from api import problems
from api.auth import Who, visible
from api.database import Store
from api.live import Now
from api.roster import RESIDENTS, read
from api.schemas import PersonPoint, PersonTrack, Wearing, WearingPage
from api.tracks import Moment, span, written
from iot_gateway.schema import devices, readings
from iot_gateway.schema import wearings as worn

MAX_WEARINGS: Final = 1000  # a new band every day for almost three years

router = APIRouter(prefix="/api/v1", tags=["residents"], responses=problems.DEFAULT_RESPONSE)

_POINT: Final = [readings.c[name] for name in PersonPoint.model_fields if name != "device_id"]


@router.get("/residents/{resident_id}/wearings")
async def list_wearings(resident_id: str, who: Who, store: Store, live: Now) -> WearingPage:
    """The bands this person wore, the newest first, at most 1,000."""
    await read(RESIDENTS, resident_id, who, store, live)
    query = (
        visible(select(worn.c.device_id, worn.c.from_ms, worn.c.to_ms), who)
        .where(worn.c.resident_id == resident_id)
        .order_by(worn.c.id.desc())
        .limit(MAX_WEARINGS)
    )
    return WearingPage(items=[Wearing(**row) for row in await store.rows(query)])


@router.get("/residents/{resident_id}/track", response_model=PersonTrack)
async def track_person(
    resident_id: str, who: Who, store: Store, live: Now, from_ms: Moment = None, to_ms: Moment = None
) -> Response:
    """The fixes of whichever band this person wore at each time; by default the last 24 hours.

    A fix belongs to who wore the band when it was measured, whenever it arrived. More than 50,000: 422.
    """
    await read(RESIDENTS, resident_id, who, store, live)
    from_ms, to_ms = span(from_ms, to_ms)
    fixes = (
        select(*_POINT, worn.c.device_id)
        .join(devices, devices.c.device_row == readings.c.device_row)
        .join(worn, worn.c.device_id == devices.c.device_id)
        .where(
            worn.c.resident_id == resident_id,
            readings.c.measured_at_ms >= worn.c.from_ms,
            or_(worn.c.to_ms.is_(None), readings.c.measured_at_ms < worn.c.to_ms),
        )
    )
    return await written({"resident_id": resident_id}, fixes, from_ms, to_ms, store)
