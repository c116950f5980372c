"""Decides what an import would do, row by row: add, change, leave, or refuse, with every reason in words.

Pure: what is stored is an argument. Applying a plan is putting its items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from pydantic import BaseModel, Field, ValidationError

from api.schemas import Device, Fence, Id, Resident, Site
from api.shapes import STRICT

Action = Literal["add", "change", "same", "error"]

# Within, and a little around, the country: a point elsewhere is likely a slip.
CHINA_LAT: Final = (18.0, 54.0)
CHINA_LON: Final = (73.0, 136.0)


class DeviceModel(BaseModel):
    """A device model of the contract's roster."""

    model_config = STRICT
    model: Id
    contact_every_s: float | None = Field(default=None, ge=1, le=31 * 86_400)
    crs: Literal["wgs84", "gcj02", "bd09"] | None = None


class Finding(BaseModel):
    """What is wrong, or odd, about one field. `named`: what the words name, for other languages."""

    field: str | None
    code: str
    msg: str
    named: dict[str, Any] = {}


class ImportRow(BaseModel):
    """One row. `row`: its number in the sheet, or its place in the list of a JSON roster, from 1.

    `changes`: [old, new] of each field that would not be what it is.
    """

    kind: str
    row: int
    action: Action
    id: str | None
    name: str | None
    changes: dict[str, tuple[Any, Any]]
    errors: list[Finding]
    warnings: list[Finding]


class Counts(BaseModel):
    """How many rows of each action, and how many of them have a warning."""

    add: int = 0
    change: int = 0
    same: int = 0
    error: int = 0
    warning: int = 0


# In the order in which they name one another.
MODELS: Final[Mapping[str, tuple[str, type[BaseModel]]]] = {
    "models": ("model", DeviceModel),
    "sites": ("site_id", Site),
    "residents": ("resident_id", Resident),
    "fences": ("fence_id", Fence),
    "devices": ("device_id", Device),
}
_TARGET: Final = {"site_id": "sites", "resident_id": "residents", "fence_ids": "fences"}

# By kind: what is stored, by id.
Stored = Mapping[str, Mapping[str, dict[str, Any]]]


@dataclass(slots=True)
class Draft:
    """A row on its way to a plan."""

    kind: str
    row: int
    item: dict[str, Any]
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    @property
    def id(self) -> str | None:
        said = self.item.get(MODELS[self.kind][0])
        return said if isinstance(said, str) and said else None


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows, and the objects that those without an error would put, by kind."""

    rows: list[ImportRow]
    put: dict[str, list[dict[str, Any]]]
    counts: Counts

    def fingerprint(self) -> str:
        """The same, as long as the import would do the same."""
        said = [[row.kind, row.row, row.action, row.id, row.changes] for row in self.rows]
        return sha256(msgspec.json.encode(said)).hexdigest()


# The plan ----------------------------------------------------------------------------------------


def plan_of(drafts: list[Draft], stored: Stored) -> Plan:
    """Check every draft against its form, the others and what is stored. Kinds come in the order of MODELS."""
    _refuse_twins(drafts)
    there = {kind: set(stored[kind]) for kind in MODELS}
    rows, counts = [], Counts()
    put: dict[str, list[dict[str, Any]]] = {}
    for draft in drafts:
        if draft.item:
            _check(draft, there)
        row = _decided(draft, stored)
        rows.append(row)
        setattr(counts, row.action, getattr(counts, row.action) + 1)
        counts.warning += bool(row.warnings)
        if row.action != "error" and row.id is not None:
            there[draft.kind].add(row.id)
        if row.action in {"add", "change"}:
            put.setdefault(draft.kind, []).append(draft.item)
    return Plan(rows, put, counts)


def _refuse_twins(drafts: list[Draft]) -> None:
    """An id that is there twice: nobody can say which of them is meant, so none is."""
    first: dict[tuple[str, str], Draft] = {}
    for draft in drafts:
        if draft.id is None:
            continue
        other = first.setdefault((draft.kind, draft.id), draft)
        if other is not draft:
            draft.errors.append(_twin(draft, other.row))
            if not any(found.code == "twice" for found in other.errors):
                other.errors.append(_twin(other, draft.row))


def _twin(draft: Draft, row: int) -> Finding:
    return Finding(field=MODELS[draft.kind][0], code="twice", msg=f"is also in row {row}", named={"row": row})


def _check(draft: Draft, there: Mapping[str, set[str]]) -> None:
    """The form, what it names, and where it lies; leaves in `draft.item` what would be put.

    Everything that is wrong is told at once; of a field whose cell could not be read, only that.
    """
    model = MODELS[draft.kind][1]
    swapped, told = _swapped(draft.item), {found.field for found in draft.errors}
    try:
        draft.item = model.model_validate(draft.item).model_dump(by_alias=True, exclude_none=True)
    except ValidationError as error:
        found = [_finding(one) for one in error.errors(include_url=False, include_input=False)]
        draft.errors += [one for one in ([swapped] if swapped else []) + found if one.field not in told]
    draft.errors += _unknown_ids(draft, there)
    if draft.errors:
        return
    model_name = draft.item.get("model")
    if draft.kind == "devices" and model_name is not None and model_name not in there["models"]:
        said = Finding(
            field="model",
            code="unknown_model",
            msg="no such model is known: when it counts as silent is the kind's",
        )
        draft.warnings.append(said)
    if swapped:
        draft.warnings.append(swapped)
    elif _abroad(draft.item):
        draft.warnings.append(Finding(field="lat", code="abroad", msg="lies outside of China"))


def _unknown_ids(draft: Draft, there: Mapping[str, set[str]]) -> Iterable[Finding]:
    for name, kind in _TARGET.items():
        said = draft.item.get(name)
        wanted = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        missing = [one for one in wanted if isinstance(one, str) and one not in there[kind]]
        if missing and name != MODELS[draft.kind][0]:
            ids = ", ".join(missing[:5])
            yield Finding(field=name, code="unknown_id", msg=f"not in the roster: {ids}", named={"ids": ids})


def _finding(error: Mapping[str, Any]) -> Finding:
    where = [str(part) for part in error["loc"]]
    context = {
        name: value for name, value in error.get("ctx", {}).items() if isinstance(value, (str, int, float))
    }
    message = str(error["msg"]).removeprefix("Value error, ")
    if len(where) > 1:
        message = f"{'.'.join(where[1:])}: {message}"
    return Finding(field=where[0] if where else None, code=error["type"], msg=message, named=context)


def _point(item: Mapping[str, Any]) -> tuple[float, float] | None:
    """(lat, lon) of a site or of a circle."""
    geometry = item.get("geometry")
    lat, lon = item.get("lat"), item.get("lon")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        match geometry.get("coordinates"):
            case [lon, lat, *_]:
                pass
    if isinstance(lat, (int, float)) and isinstance(lon, (int, float)):
        return lat, lon
    return None


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _swapped(item: Mapping[str, Any]) -> Finding | None:
    point = _point(item)
    if point is None or not (_within(point[1], CHINA_LAT) and _within(point[0], CHINA_LON)):
        return None
    return Finding(field="lat", code="swapped", msg="latitude and longitude seem to be swapped")


def _abroad(item: Mapping[str, Any]) -> bool:
    point = _point(item)
    return point is not None and not (_within(point[0], CHINA_LAT) and _within(point[1], CHINA_LON))


def _decided(draft: Draft, stored: Stored) -> ImportRow:
    name = draft.item.get("name")
    before = stored[draft.kind].get(draft.id or "")
    changes = {} if draft.errors else _changes(before or {}, draft.item, MODELS[draft.kind][1])
    action: Action = "error" if draft.errors else "add" if before is None else "change" if changes else "same"
    return ImportRow(
        kind=draft.kind, row=draft.row, action=action, id=draft.id, name=name if isinstance(name, str) else None,
        changes=changes, errors=draft.errors, warnings=[] if draft.errors else draft.warnings,
    )  # fmt: skip


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], model: type[BaseModel]
) -> dict[str, tuple[Any, Any]]:
    found = {}
    for name in model.model_fields:
        old, new = _plain(before.get(name)), _plain(after.get(name))
        if old != new and not (name == "contacts" and not old and not new):
            found[name] = (old, new)
    return found


def _plain(value: Any) -> Any:
    """As stored and as sent look the same: a null member is a member that is not there."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list) else value
