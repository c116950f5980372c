"""Owns the notes that one shift leaves to the next: appended, never changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy import insert, select

from api import problems
from api.auth import Who
from api.clock import now_ms
from api.database import Store
from api.schemas import MAX_INT, Text
from iot_gateway.schema import shift_notes

router = APIRouter(prefix="/api/v1", tags=["shift"], responses=problems.DEFAULT_RESPONSE)


def _writable(text: str) -> str:
    """What the store can hold: half a character is none."""
    text.encode()
    return text


class NewNote(BaseModel):
    """What is to be remembered."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    text: Annotated[Text, AfterValidator(_writable)]


class Note(BaseModel):
    """A note as it was written; `seq` rises from note to note."""

    seq: int
    at_ms: int
    operator: str
    text: str


class NotePage(BaseModel):
    """Notes in the order they were written."""

    items: list[Note]
    next_after_seq: int | None


_COLUMNS = (shift_notes.c.id.label("seq"), shift_notes.c.at_ms, shift_notes.c.operator, shift_notes.c.text)


@router.get("/shift/notes")
async def list_notes(
    who: Who,
    store: Store,
    from_ms: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    to_ms: Annotated[int, Query(ge=0, le=MAX_INT)] = MAX_INT,
    after_seq: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> NotePage:
    """Notes written from one moment on and before another."""
    del who  # scopes: a note belongs to the centre
    rows = await store.rows(
        select(*_COLUMNS)
        .where(
            shift_notes.c.at_ms >= from_ms,
            shift_notes.c.at_ms < to_ms,
            shift_notes.c.id > after_seq,
        )
        .order_by(shift_notes.c.id)
        .limit(limit + 1)
    )
    items = [Note(**row) for row in rows[:limit]]
    return NotePage(items=items, next_after_seq=items[-1].seq if len(rows) > limit else None)


@router.post("/shift/notes")
async def add_note(body: NewNote, who: Who, store: Store) -> Note:
    """Write a note. It can be added to, not changed."""
    at_ms = now_ms()
    async with store.write() as connection:
        written = insert(shift_notes).values(at_ms=at_ms, operator=who.name, text=body.text)
        seq: int = (await connection.execute(written)).lastrowid
    return Note(seq=seq, at_ms=at_ms, operator=who.name, text=body.text)
