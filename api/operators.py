"""Shows who works at the service centre, so that an alarm can be given to somebody who exists."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import and_, func, select

from api import problems
from api.auth import Who
from api.clock import now_ms
from api.database import Store
from iot_gateway.schema import operators, sessions

router = APIRouter(prefix="/api/v1", tags=["operators"], responses=problems.DEFAULT_RESPONSE)


class Operator(BaseModel):
    """A person with an account. `signed_in_at_ms`: when the newest session that still lasts began, null if none does."""

    username: str
    role: str
    signed_in_at_ms: int | None


class OperatorList(BaseModel):
    """Everybody with an account, by name; there are never so many that a second page is needed."""

    items: list[Operator]
    next_after_seq: None = None


@router.get("/operators")
async def list_operators(who: Who, store: Store) -> OperatorList:
    """Everybody an alarm can be assigned to."""
    del who  # scopes: with them, those who may see the same
    lasting = and_(sessions.c.username == operators.c.username, sessions.c.expires_at_ms > now_ms())
    query = (
        select(
            operators.c.username,
            operators.c.role,
            func.max(sessions.c.created_at_ms).label("signed_in_at_ms"),
        )
        .outerjoin(sessions, lasting)
        .group_by(operators.c.username, operators.c.role)
        .order_by(operators.c.username)
    )
    return OperatorList(items=[Operator(**row) for row in await store.rows(query)])
