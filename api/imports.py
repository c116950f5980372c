"""The import of whole lists into the roster: a preview that writes nothing, then all of it in one command.

What was previewed is checked again when it is applied, under the lock of the roster: others edit too.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import Table, select

from api import import_template, problems, references
from api.auth import Principal, Who, visible
from api.commands import PENDING_RESPONSE, Gateway, pending, refused
from api.database import Database, Store
from api.import_columns import Language
from api.import_drafts import drafts_of_roster, drafts_of_table
from api.import_files import table_of, unreadable
from api.import_plan import (
    MODELS,
    Counts,
    Draft,
    ImportRow,
    Plan,
    Stored,
    plan_of,
)
from api.problems import ProblemError
from api.roster import JSON_COLUMNS
from iot_gateway import schema

MAX_TOLD: Final = 1000  # rows in error that a refusal repeats; the counts are of all

TableKind = Literal["sites", "residents", "devices", "fences"]
Kind = Annotated[TableKind | None, Query(description="of a CSV or XLSX file; a JSON roster says it itself")]

router = APIRouter(prefix="/api/v1/roster", tags=["roster"], responses=problems.DEFAULT_RESPONSE)

# One file at a time: a large one takes a second of this machine and 200 MB.
_one_at_a_time = CapacityLimiter(1)

_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
        },
    }
}


class Preview(BaseModel):
    """What an import would do. `fingerprint` stays the same as long as it would do that."""

    counts: Counts
    rows: list[ImportRow]
    fingerprint: str


class Imported(BaseModel):
    """What an import did."""

    counts: Counts


@router.post("/preview", response_model=Preview, openapi_extra=_FILE)
async def preview(request: Request, who: Who, store: Store, kind: Kind = None) -> Response:
    """What the file in the body would do, row by row. Nothing is written."""
    plan = await _plan(request, kind, who, store)

    def written() -> bytes:
        said = {"counts": plan.counts, "rows": plan.rows, "fingerprint": plan.fingerprint()}
        return msgspec.json.encode(said, enc_hook=BaseModel.model_dump)

    return Response(await to_thread.run_sync(written), media_type="application/json")


@router.post("/import", response_model=Imported, responses=PENDING_RESPONSE, openapi_extra=_FILE)
async def import_file(
    request: Request,
    who: Who,
    store: Store,
    gateway: Gateway,
    kind: Kind = None,
    *,
    skip_errors: bool = False,
    fingerprint: Annotated[str | None, Query(max_length=64)] = None,
) -> Response | Imported:
    """Apply the file in the body, all or nothing: 422 with the rows in error, unless they may be skipped.

    With the `fingerprint` of a preview: 409 if it would no longer do what was previewed.
    """
    async with request.app.state.roster_lock:
        plan = await _plan(request, kind, who, store)
        if plan.counts.error and not skip_errors:
            raise _refused_rows(plan)
        if fingerprint is not None and fingerprint != await to_thread.run_sync(plan.fingerprint):
            detail = "The roster has changed since the preview: look at it again."
            raise ProblemError(409, detail, code="changed_since_preview")
        if plan.put:
            decision = await gateway.ask("roster", {"put": plan.put}, who)
            if decision.code is None:
                return pending(decision)
            if not decision.done:
                raise refused(decision)
        return Imported(counts=plan.counts)


@router.get("/template", response_class=Response)
async def template(
    kind: TableKind,
    format: Literal["csv", "xlsx"] = "xlsx",  # noqa: A002 - the query's name
    lang: Language = "zh",
) -> Response:
    """An empty table to fill in."""
    if format == "csv":
        content, media_type = import_template.as_csv(kind, lang), "text/csv; charset=utf-8"
    else:
        content = await to_thread.run_sync(import_template.as_xlsx, kind, lang)
        media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = f'attachment; filename="shouwang-{kind}.{format}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": name})


async def _plan(request: Request, kind: str | None, who: Principal, store: Database) -> Plan:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.startswith("multipart/"):
        raise ProblemError(415, "Send the file itself as the body, not as a form.")
    content = await request.body()
    is_json = media_type == "application/json"
    if not is_json and kind is None:
        message = "is needed with a CSV or XLSX file"
        raise problems.invalid([{"loc": ("query", "kind"), "msg": message, "type": "missing"}])
    stored = await _stored(who, store)

    def made() -> Plan:
        return plan_of(_drafts(content, None if is_json else kind, stored), stored)

    return await to_thread.run_sync(made, limiter=_one_at_a_time)


def _drafts(content: bytes, kind: str | None, stored: Stored) -> list[Draft]:
    if not content.strip():
        raise unreadable("empty", "The file is empty.")
    if kind is None:
        return drafts_of_roster(content)
    return drafts_of_table(kind, table_of(content, import_template.titles(kind)), stored)


async def _stored(who: Principal, store: Database) -> dict[str, dict[str, dict[str, Any]]]:
    """The whole roster as it is, in the contract's form. Strangers and removed devices are not in it."""
    found = {}
    for name, (key, model) in MODELS.items():
        table: Table = schema.metadata.tables[name]
        query = visible(select(*(table.c[field] for field in model.model_fields)), who)
        if table is schema.devices:
            query = query.where(table.c.registered, ~table.c.removed)
        found[name] = {row[key]: _as_sent(row) for row in await store.rows(query)}
    return found


def _as_sent(row: Any) -> dict[str, Any]:
    return {
        name: references.from_json(value) if name in JSON_COLUMNS else value
        for name, value in row.items()
        if value is not None
    }


def _refused_rows(plan: Plan) -> ProblemError:
    wrong = [row for row in plan.rows if row.action == "error"]
    return ProblemError(
        422, f"{len(wrong)} rows have errors; nothing was written.", code="rows_in_error",
        counts=plan.counts.model_dump(), rows=[row.model_dump(mode="json") for row in wrong[:MAX_TOLD]],
    )  # fmt: skip
