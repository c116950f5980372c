"""Says whether the process lives, whether the service works, and how it measures."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from api import metrics, problems
from api.auth import Who
from api.clock import monotonic_s, now_ms
from api.database import Database, Store
from api.feed import Feed, Tail
from api.logs import failed
from api.problems import ProblemError

STALE_MS: Final = 5000

router = APIRouter(tags=["health"], responses=problems.DEFAULT_RESPONSE)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(store: Store, feed: Tail) -> dict[str, str]:
    """The service works: the store answers, the gateway's pulse is fresh, the broker is connected."""
    missing = await _missing(store, feed)
    if missing is not None:
        raise ProblemError(503, missing, headers={"Retry-After": "1"})
    return {"status": "ready"}


async def _missing(store: Database, feed: Feed) -> str | None:
    try:
        pulse = await store.pulse()
    except SQLAlchemyError as error:
        failed(structlog.get_logger("api.health"), "the store does not answer", error)
        return "The store does not answer."
    if pulse is None:
        return "The gateway has given no sign of life."
    age_ms = now_ms() - pulse["at_ms"]
    if abs(age_ms) >= STALE_MS:  # one from the future tells nothing either: a clock was set
        return f"The gateway's last sign of life is {age_ms // 1000} s old."
    if pulse.get("connected") is not True:
        return "The gateway is not connected to the broker."
    if monotonic_s() - feed.turned_at_s >= STALE_MS / 1000:
        return "The stream does not follow the store."
    if feed.canary.is_silent:
        return "The canary was not heard three times: an alarm may not arrive."
    return None


@router.get("/metrics", responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
async def measured(request: Request, who: Who, store: Store, feed: Tail) -> Response:
    """Prometheus text; needs a bearer token, as everything does."""
    del who
    return Response(
        await metrics.text(request.app.state.requests, store, feed), media_type=CONTENT_TYPE_LATEST
    )
