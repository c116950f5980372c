"""Asks what a fence would have raised in the last days: one question at a time, in a process that makes way.

The answer is `iot_gateway.fence_preview`'s. The process ends with the request: when it is done, takes
too long, or nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from api import problems, references
from api.auth import Who, visible
from api.clock import now_ms
from api.database import Store
from api.problems import ProblemError
from api.schemas import Count, Fence
from iot_gateway.schema import devices

DAY_MS: Final = 86_400_000
DEFAULT_DAYS: Final = 7
# Raw readings are kept for 30 days unless somebody says otherwise.
MAX_DAYS: Final = 31
# A week of a home of 100 bands takes about a minute; whoever waits longer has given up.
LIMIT_S: Final = 120

router = APIRouter(prefix="/api/v1", tags=["fences"], responses=problems.DEFAULT_RESPONSE)

Verdict = Literal["raised", "avoided", "moved", "same"]


class FencePreviewRequest(BaseModel):
    """A fence as it would be put, and the days to try it on: by default the last seven."""

    fence: Fence
    from_ms: Count | None = None
    to_ms: Count | None = None


class PreviewEpisode(BaseModel):
    """A crossing, in the changed world, or for what is avoided in today's. `moved_ms`: raised so much later."""

    verdict: Verdict
    kind: Literal["fence_left", "fence_entered"]
    device_id: str | None
    resident_id: str | None
    fence_id: str | None
    raised_at_ms: int
    ended_at_ms: int | None
    moved_ms: int | None
    raises: int
    margin_m: float | None
    acc_m: float | None
    src: str | None
    position: dict[str, Any] | None
    because: dict[str, Any]


class FencePreview(BaseModel):
    """What would have changed. `covered_from_ms`: where the readings begin; null: there are none."""

    from_ms: int
    to_ms: int
    covered_from_ms: int | None
    cut: Annotated[bool, Field(description="There were too many readings; only the newest were used.")]
    messages: int
    fixes: Annotated[int, Field(description="Of the messages of the days asked for: how many say where.")]
    devices: int
    bands: int
    raised: int
    avoided: int
    moved: int
    same: int
    before_a_day: float | None
    after_a_day: float | None
    budget_a_day: float
    episodes: list[PreviewEpisode]
    episodes_omitted: int


@router.post("/fences/preview", responses={200: {"model": FencePreview}}, response_model=None)
async def preview(body: FencePreviewRequest, request: Request, who: Who, store: Store) -> Response:
    """What the fence would have raised and avoided, changing nothing. One at a time: else 429."""
    from_ms, to_ms = _range(body)
    fence = body.fence.model_dump(by_alias=True, exclude_none=True)
    await references.check(fence, "fence_id", store)
    seen = await store.rows(visible(select(devices.c.device_id), who))
    asked = {
        "database": str(store.path), "fence": fence, "from_ms": from_ms, "to_ms": to_ms,
        "device_ids": [row["device_id"] for row in seen], "seconds": LIMIT_S,
    }  # fmt: skip
    lock: asyncio.Lock = request.app.state.preview_lock
    if lock.locked():
        raise ProblemError(
            429, "Another preview is being computed; try again in a moment.", headers={"Retry-After": "5"}
        )
    async with lock:
        return Response(await _run(msgspec.json.encode(asked), request), media_type="application/json")


def _range(body: FencePreviewRequest) -> tuple[int, int]:
    to_ms = min(body.to_ms or now_ms(), now_ms())
    from_ms = max(0, to_ms - DEFAULT_DAYS * DAY_MS) if body.from_ms is None else body.from_ms
    if from_ms >= to_ms:
        raise problems.unprocessable("from_ms", "is not before to_ms, or lies in the future")
    if to_ms - from_ms > MAX_DAYS * DAY_MS:
        raise problems.unprocessable("from_ms", f"is more than {MAX_DAYS} days before to_ms")
    return from_ms, to_ms


async def _run(asked: bytes, request: Request) -> bytes:
    """The answer of the process, which ends before this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "iot_gateway.fence_preview",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    talk = asyncio.create_task(process.communicate(asked))
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({talk, gone}, timeout=LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if not talk.done():
            raise ProblemError(
                503, f"The preview took longer than {LIMIT_S} s; ask for fewer days.", code="too_long"
            )
        said, complaint = talk.result()
    finally:
        gone.cancel()
        if process.returncode is None:
            process.kill()
        await asyncio.gather(talk, gone, return_exceptions=True)
    if process.returncode != 0:
        words = complaint.decode(errors="replace").strip().splitlines()
        raise ProblemError(503, words[-1] if words else "The preview could not be computed.")
    return said


async def _gone(request: Request) -> None:
    """Until nobody waits for the answer any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
