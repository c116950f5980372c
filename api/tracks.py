"""Shows where a device was: its fixes between two moments, as they were measured."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Query, Response
from sqlalchemy import Select, select

from api import problems
from api.auth import Who, visible
from api.clock import now_ms
from api.database import Database, Store
from api.problems import ProblemError
from api.schemas import MAX_INT, Point, Track
from iot_gateway.schema import devices, readings

# A day at a fix every 2 s. A longer answer would hold up the stream of alarms while it is written.
MAX_POINTS: Final = 50_000
DAY_MS: Final = 86_400_000

router = APIRouter(prefix="/api/v1", tags=["devices"], responses=problems.DEFAULT_RESPONSE)

_COLUMNS: Final = [readings.c[name] for name in Point.model_fields]


Moment = Annotated[int | None, Query(ge=0, le=MAX_INT)]


@router.get("/devices/{device_id}/track", response_model=Track)
async def track(
    device_id: str, who: Who, store: Store, from_ms: Moment = None, to_ms: Moment = None
) -> Response:
    """The device's fixes, both ends included; by default the last 24 hours. More than 50,000: 422."""
    from_ms, to_ms = span(from_ms, to_ms)
    device_row = await store.value(
        visible(select(devices.c.device_row), who).where(devices.c.device_id == device_id)
    )
    if device_row is None:
        raise ProblemError(404, "There is no such device.")
    fixes = select(*_COLUMNS).where(readings.c.device_row == device_row)
    return await written({"device_id": device_id}, fixes, from_ms, to_ms, store)


def span(from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    """The time asked for; by default the last 24 hours.

    Raises:
        ProblemError: 422, it ends before it begins.
    """
    to_ms = now_ms() if to_ms is None else to_ms
    from_ms = max(0, to_ms - DAY_MS) if from_ms is None else from_ms
    if from_ms > to_ms:
        raise problems.invalid(
            [{"loc": ("query", "from_ms"), "msg": "is later than to_ms", "type": "value_error"}]
        )
    return from_ms, to_ms


async def written(
    head: dict[str, Any], fixes: Select[Any], from_ms: int, to_ms: int, store: Database
) -> Response:
    """`head` with the points of `fixes`, a query over `readings`, between two moments.

    Raises:
        ProblemError: 422, there are too many.
    """
    rows = await store.rows(
        fixes.where(readings.c.measured_at_ms.between(from_ms, to_ms), readings.c.lat.is_not(None))
        .order_by(readings.c.measured_at_ms, readings.c.received_at_ms)
        .limit(MAX_POINTS + 1)
    )
    if len(rows) > MAX_POINTS:
        message = f"more than {MAX_POINTS} points lie between from_ms and to_ms; ask for less"
        raise problems.invalid([{"loc": ("query", "from_ms"), "msg": message, "type": "value_error"}])

    def body() -> bytes:
        return msgspec.json.encode({**head, "points": [dict(row) for row in rows]})

    return Response(await to_thread.run_sync(body), media_type="application/json")
