"""Answers with the alarms of a period: for the hand-over sheet, and as files to take away.

Every report is a read of people's data, and leaves a line in the log: who, of when, how much.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import structlog
from anyio import to_thread
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from alerts.vocabulary import Priority
from api import problems
from api.auth import Who
from api.clock import now_ms
from api.episodes import Period
from api.reported import Reported, lived_ids, reported
from api.schemas import MAX_INT, AlarmKind
from api.sheets import BOM, CITY, Book, Language, cells, csv_lines, head
from api.shift import OtherThread
from api.spans import Span, wrong

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from api.aside import Aside

MAX_CSV_ROWS: Final = 200_000  # a year of a busy centre; streamed
MAX_XLSX_ROWS: Final = 20_000  # made whole in memory, about 5 s
PAGE: Final = 500  # alarms read at once: other readers have their turn between
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(prefix="/api/v1", tags=["shift"], responses=problems.DEFAULT_RESPONSE)
log = structlog.get_logger("api.reports")


class ReportPage(BaseModel):
    """Alarms in the order they were raised."""

    items: list[Reported]
    next_after_seq: int | None


_CONTENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


@router.get("/reports/alarms", response_model=ReportPage, responses=_CONTENT)
async def alarms_report(
    span: Span,
    who: Who,
    aside: OtherThread,
    form: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
    lang: Language = "zh",
    kind: Annotated[AlarmKind | None, Query()] = None,
    priority: Priority | None = None,
    county: str | None = None,
    site_id: str | None = None,
    after_seq: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """The alarms that were open at some moment of a period, as they are now; `after_seq` and `limit` page JSON only."""
    period = Period(span.from_ms, span.to_ms, now_ms(), county, site_id)
    ids = await aside.read(lambda connection: lived_ids(connection, who, period, kind, priority))
    if form == "json":
        ids = [one for one in ids if one[0] > after_seq]
    elif len(ids) > (most := MAX_CSV_ROWS if form == "csv" else MAX_XLSX_ROWS):
        instead = " or take CSV" if form == "xlsx" else ""
        raise wrong("from_ms", f"{len(ids)} alarms; at most {most} fit into {form}: ask for less{instead}")
    rows = min(len(ids), limit) if form == "json" else len(ids)
    log.info("report", operator=who.name, from_ms=span.from_ms, to_ms=span.to_ms, format=form, rows=rows)
    alarm_ids = [alarm_id for _, alarm_id in ids]
    if form == "csv":
        return StreamingResponse(_csv(aside, alarm_ids, lang), media_type=CSV, headers=_named(span, form))
    if form == "xlsx":
        return Response(await _xlsx(aside, alarm_ids, lang), media_type=XLSX, headers=_named(span, form))
    items = await _read(aside, alarm_ids[:limit])
    page = ReportPage(items=items, next_after_seq=ids[limit - 1][0] if len(ids) > limit else None)
    return Response(await to_thread.run_sync(page.model_dump_json), media_type="application/json")


async def _read(aside: Aside, alarm_ids: Sequence[str]) -> list[Reported]:
    return await aside.read(lambda connection: reported(connection, alarm_ids))


def _pages(alarm_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (alarm_ids[start : start + PAGE] for start in range(0, len(alarm_ids), PAGE))


async def _csv(aside: Aside, alarm_ids: Sequence[str], language: Language) -> AsyncIterator[bytes]:
    yield BOM.encode() + csv_lines([head(language)])
    for page in _pages(alarm_ids):
        yield await aside.read(
            lambda connection, page=page: csv_lines(  # type: ignore[misc]
                cells(alarm, language) for alarm in reported(connection, page)
            )
        )


async def _xlsx(aside: Aside, alarm_ids: Sequence[str], language: Language) -> bytes:
    book = Book(language)
    for page in _pages(alarm_ids):
        await aside.read(
            lambda connection, page=page: book.add(  # type: ignore[misc]
                cells(alarm, language) for alarm in reported(connection, page)
            )
        )
    return await to_thread.run_sync(book.finish)


def _named(span: Span, form: str) -> dict[str, str]:
    """A file name that says of when the file is."""
    ends = (datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(CITY) for at_ms in span)
    name = "-".join(["shouwang-alarms", *(end.strftime("%Y%m%d-%H%M") for end in ends)])
    return {"content-disposition": f'attachment; filename="{name}.{form}"'}
