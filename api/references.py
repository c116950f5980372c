"""Decides whether the roster stays whole: what an object names must exist, what is named must stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import func, select

from api import problems
from api.clock import now_ms
from api.problems import ProblemError
from iot_gateway.schema import devices, fences, outings, residents, sites

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from api.database import Database

TARGETS: Final[Mapping[str, ColumnElement[str]]] = {
    "site_id": sites.c.site_id,
    "resident_id": residents.c.resident_id,
    "fence_ids": fences.c.fence_id,
}


async def check(item: Mapping[str, Any], own_id: str, store: Database) -> None:
    """Every site, resident and fence that an object names must be in the roster.

    Raises:
        ProblemError: 422, naming the field and the ids.
    """
    for field, target in TARGETS.items():
        named = item.get(field)
        if named is None or field == own_id:
            continue
        wanted = {named} if isinstance(named, str) else set(named)
        found = {row[target] for row in await store.rows(select(target).where(target.in_(wanted)))}
        if missing := sorted(wanted - found):
            raise problems.unprocessable(field, f"not in the roster: {', '.join(missing[:5])}")


async def refuse_if_named(own_id: str, item_id: str, store: Database) -> None:
    """What others still name cannot be removed.

    Raises:
        ProblemError: 409, saying how many of each name it.
    """
    counts: dict[str, int] = {}
    if own_id == "site_id":
        counts = {
            "devices": await _count(devices.c.site_id == item_id, ~devices.c.removed, store=store),
            "residents": await _count(residents.c.site_id == item_id, store=store),
            "fences": await _count(fences.c.site_id == item_id, store=store),
        }
    elif own_id == "resident_id":
        counts["devices"] = await _count(devices.c.resident_id == item_id, ~devices.c.removed, store=store)
        counts |= await _outings(outings.c.resident_id == item_id, store)
    elif own_id == "fence_id":
        counts["devices"] = await _fenced(item_id, store)
        counts |= await _outings(outings.c.fence_id == item_id, store)
    if any(counts.values()):
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        raise ProblemError(409, f"Still named by {told}.", named_by=counts)


async def _outings(names_it: ColumnElement[bool], store: Database) -> dict[str, int]:
    """Those that are not over, if there are any."""
    not_over = outings.c.ended_at_ms.is_(None), outings.c.until_ms > now_ms()
    count = await _count(names_it, *not_over, store=store)
    return {"outings": count} if count else {}


async def _count(*clauses: ColumnElement[bool], store: Database) -> int:
    count: int = await store.value(select(func.count()).where(*clauses))
    return count


async def _fenced(fence_id: str, store: Database) -> int:
    """Devices that name a fence. `fence_ids` is JSON text; few devices have their own list."""
    query = select(devices.c.fence_ids).where(devices.c.fence_ids.is_not(None), ~devices.c.removed)
    return sum(fence_id in from_json(row["fence_ids"]) for row in await store.rows(query))


def from_json(text: str | None) -> Any:
    """A JSON column's value."""
    return None if text is None else msgspec.json.decode(text)
