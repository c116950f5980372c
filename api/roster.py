"""Shows and changes the roster: sites, residents, fences and devices, all by the same rules.

Reading is from the store; a change is a command to the gateway, which alone writes. One change is
under way at a time, so that what was checked still holds when it is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ValidationError, create_model
from sqlalchemy import ColumnElement, Select, Table, or_, select

from api import problems, references
from api.auth import Principal, Who, visible
from api.commands import PENDING_RESPONSE, Commands, Gateway, pending, refused
from api.database import Database, Store
from api.live import Live, Now, position
from api.problems import ProblemError
from api.schemas import MAX_INT, Device, DeviceState, Fence, Id, Resident, Site
from iot_gateway import schema

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

JSON_COLUMNS: Final = frozenset({"contacts", "geometry", "schedule", "evidence", "fence_ids"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of roster object: `model` is how it comes in, `shown` how it goes out."""

    name: str
    one: str
    table: Table
    id: str
    model: type[BaseModel]
    shown: type[BaseModel]
    searched: tuple[str, ...]

    @property
    def key(self) -> ColumnElement[str]:
        return self.table.c[self.id]

    @property
    def present(self) -> ColumnElement[bool]:
        """Removed devices keep their history, but are in the roster no more."""
        return ~self.table.c.removed if "removed" in self.table.c else self.key.is_not(None)


SITES: Final = Kind("sites", "site", schema.sites, "site_id", Site, Site, ("name", "street", "county"))
RESIDENTS: Final = Kind(
    "residents", "resident", schema.residents, "resident_id", Resident, Resident, ("name", "room")
)
FENCES: Final = Kind("fences", "fence", schema.fences, "fence_id", Fence, Fence, ("name",))
DEVICES: Final = Kind(
    "devices", "device", schema.devices, "device_id", Device, DeviceState, ("zone", "model")
)

# Reading -----------------------------------------------------------------------------------------


def _as_object(kind: Kind, row: RowMapping, live: Live) -> dict[str, Any]:
    item = {
        name: references.from_json(value) if name in JSON_COLUMNS else value
        for name, value in row.items()
        if name not in {"removed", "device_row"}
    }
    if kind is DEVICES:
        state = live.states.get(row["device_row"])
        item["last_contact_ms"] = state.last_contact_ms if state else None
        item["bat"] = state.bat if state else None
        item["position"] = position(state) if state and state.fix else None
    return item


async def read(kind: Kind, item_id: str, who: Principal, store: Database, live: Live) -> dict[str, Any]:
    """One object of the roster.

    Raises:
        ProblemError: 404, there is none.
    """
    row = await store.row(visible(select(kind.table), who).where(kind.key == item_id, kind.present))
    if row is None:
        raise ProblemError(404, f"There is no such {kind.one}.")
    return _as_object(kind, row, live)


def _searched(kind: Kind, q: str) -> ColumnElement[bool]:
    """Where `q` occurs in the id or a name; of devices, also in the name of who wears it."""
    columns = [kind.key, *(kind.table.c[name] for name in kind.searched)]
    clauses = [column.icontains(q, autoescape=True) for column in columns]
    if kind is DEVICES:
        named = schema.residents.c.name.icontains(q, autoescape=True)
        clauses.append(kind.table.c.resident_id.in_(select(schema.residents.c.resident_id).where(named)))
    return or_(*clauses)


def _narrowed(
    query: Select[Any], kind: Kind, q: str | None, site_id: str | None, county: str | None
) -> Select[Any]:
    if q:
        query = query.where(_searched(kind, q))
    if site_id is not None:
        query = query.where(kind.table.c.site_id == site_id)
    if county is not None:
        there = select(schema.sites.c.site_id).where(schema.sites.c.county == county)
        query = query.where(kind.table.c.site_id.in_(there))
    return query


# Changing ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes what, and by which ways."""

    kind: Kind
    who: Principal
    store: Database
    live: Live
    gateway: Commands

    async def put(self, data: Mapping[str, Any]) -> Response | dict[str, Any]:
        """Send an object to the gateway, and answer with it as it is stored then."""
        try:
            item = self.kind.model.model_validate(data).model_dump(by_alias=True, exclude_none=True)
        except ValidationError as error:
            raise problems.invalid(error.errors()) from error
        await references.check(item, self.kind.id, self.store)
        decision = await self.gateway.ask("roster", {"put": {self.kind.name: [item]}}, self.who)
        if decision.code is None:
            return pending(decision)
        if not decision.done:
            raise refused(decision)
        return await read(self.kind, item[self.kind.id], self.who, self.store, self.live)

    async def create(self, data: Mapping[str, Any]) -> Response | dict[str, Any]:
        """Put what is not there yet. A device known only through its own alarm may be created."""
        query = select(self.kind.table).where(self.kind.key == data[self.kind.id], self.kind.present)
        there = await self.store.row(query)
        if there is not None and there.get("registered", True):
            raise ProblemError(409, f"There is a {self.kind.one} of this id already.")
        return await self.put(data)

    async def patch(self, item_id: str, changes: Mapping[str, Any]) -> Response | dict[str, Any]:
        """Replace the named fields; null clears one."""
        now = await read(self.kind, item_id, self.who, self.store, self.live)
        if changes.get(self.kind.id, item_id) != item_id:
            raise problems.unprocessable(self.kind.id, "is another one's")
        return await self.put({**now, **changes})

    async def remove(self, item_id: str) -> Response:
        """Take an object out of the roster."""
        await read(self.kind, item_id, self.who, self.store, self.live)
        await references.refuse_if_named(self.kind.id, item_id, self.store)
        decision = await self.gateway.ask("roster", {"remove": {self.kind.name: [item_id]}}, self.who)
        if decision.code is None:
            return pending(decision)
        if not decision.done:
            raise refused(decision)
        return Response(status_code=204)


# Routes ------------------------------------------------------------------------------------------


def routes(kind: Kind) -> APIRouter:
    """The six operations on one kind."""
    router = APIRouter(prefix=f"/api/v1/{kind.name}", tags=[kind.name], responses=problems.DEFAULT_RESPONSE)
    shown: dict[int | str, dict[str, Any]] = {200: {"model": kind.shown}}
    page = create_model(
        f"{kind.shown.__name__}Page",
        items=(list[kind.shown], ...),  # type: ignore[name-defined]
        next_after_seq=(int | None, ...),
        next_after=(str | None, ...),
    )
    replacement = create_model(
        f"{kind.one.title()}Replacement", __base__=kind.model, **{kind.id: (Id | None, None)}
    )  # type: ignore[call-overload]

    @router.get("", response_model=None, responses={200: {"model": page}})
    async def list_all(
        who: Who,
        store: Store,
        live: Now,
        q: Annotated[str | None, Query(max_length=100)] = None,
        site_id: str | None = None,
        county: str | None = None,
        after: str | None = None,
        after_seq: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    ) -> dict[str, Any]:
        """In the order of ids. `after_seq` counts from the beginning; `after` is an id, and stays exact under edits."""
        query = _narrowed(visible(select(kind.table), who), kind, q, site_id, county).where(kind.present)
        if after is not None:
            query = query.where(kind.key > after)
        rows = await store.rows(query.order_by(kind.key).offset(after_seq).limit(limit + 1))
        items = [_as_object(kind, row, live) for row in rows[:limit]]
        more = len(rows) > limit
        return {
            "items": items,
            "next_after_seq": after_seq + limit if more else None,
            "next_after": items[-1][kind.id] if more else None,
        }

    @router.get("/{item_id}", response_model=None, responses=shown)
    async def get_one(item_id: str, who: Who, store: Store, live: Now) -> dict[str, Any]:
        """One of them."""
        return await read(kind, item_id, who, store, live)

    async def create(
        body: BaseModel, request: Request, who: Who, store: Store, live: Now, gateway: Gateway
    ) -> Response | dict[str, Any]:
        """Add one; 409 if its id is taken."""
        async with request.app.state.roster_lock:
            return await Editor(kind, who, store, live, gateway).create(_given(body))

    async def replace(
        item_id: str, body: BaseModel, request: Request, who: Who, store: Store, live: Now, gateway: Gateway
    ) -> Response | dict[str, Any]:
        """Add or replace one; the id may be left out of the body."""
        given = _given(body)
        if given.get(kind.id) not in {None, item_id}:
            raise problems.unprocessable(kind.id, "is not the id in the path")
        async with request.app.state.roster_lock:
            return await Editor(kind, who, store, live, gateway).put({**given, kind.id: item_id})

    @router.patch("/{item_id}", response_model=None, responses=shown | PENDING_RESPONSE)
    async def change(
        item_id: str,
        body: dict[str, Any],
        request: Request,
        who: Who,
        store: Store,
        live: Now,
        gateway: Gateway,
    ) -> Response | dict[str, Any]:
        """Replace the fields that are named; null clears one."""
        async with request.app.state.roster_lock:
            return await Editor(kind, who, store, live, gateway).patch(item_id, body)

    @router.delete("/{item_id}", status_code=204, response_model=None, responses=PENDING_RESPONSE)
    async def remove(
        item_id: str, request: Request, who: Who, store: Store, live: Now, gateway: Gateway
    ) -> Response:
        """Take one out; 409 while others name it."""
        async with request.app.state.roster_lock:
            return await Editor(kind, who, store, live, gateway).remove(item_id)

    # FastAPI reads the form of a body from the annotation, and here it differs by kind.
    create.__annotations__["body"] = kind.model
    replace.__annotations__["body"] = replacement
    router.post("", response_model=None, responses=shown | PENDING_RESPONSE)(create)
    router.put("/{item_id}", response_model=None, responses=shown | PENDING_RESPONSE)(replace)
    return router


def _given(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(by_alias=True, exclude_unset=True)
