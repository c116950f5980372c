"""Answers for the figures of a period: reads and counts in another thread, never on the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import problems
from api.acts import Journal, bounds_ms
from api.aside import Aside
from api.auth import Who
from api.clock import now_ms
from api.episodes import MAX_TRANSITIONS, Period, TooMuchError, material
from api.figures import figures
from api.figures_form import Figures
from api.spans import Span, wrong

if TYPE_CHECKING:
    from sqlite3 import Connection

router = APIRouter(prefix="/api/v1", tags=["shift"], responses=problems.DEFAULT_RESPONSE)


async def _aside(request: Request) -> Aside:
    aside: Aside = request.app.state.aside
    return aside


async def _journal(request: Request) -> Journal:
    journal: Journal = request.app.state.journal
    return journal


OtherThread = Annotated[Aside, Depends(_aside)]
Acts = Annotated[Journal, Depends(_journal)]


@router.get("/figures", response_model=Figures)
async def all_figures(
    span: Span,
    who: Who,
    aside: OtherThread,
    journal: Acts,
    county: str | None = None,
    site_id: str | None = None,
) -> Response:
    """What the alarms of a period come to: how many, how quickly answered and ended, how heavy, how false."""

    def counted(connection: Connection) -> str:
        ends = bounds_ms(connection)
        # Our clock, unless the journal's is ahead: what is written has happened.
        as_of_ms = max(now_ms(), 0 if ends is None else ends[1] + 1)
        period = Period(span.from_ms, span.to_ms, as_of_ms, county, site_id)
        return figures(material(connection, journal, who, period), period).model_dump_json()

    try:
        return Response(await aside.read(counted), media_type="application/json")
    except TooMuchError as error:
        raise wrong(
            "from_ms", f"more than {MAX_TRANSITIONS} transitions lie before to_ms; ask for less"
        ) from error
