"""Carries the swap of a resident's band for a spare: one change of the roster, whole or not at all.

Alarms of the old band that are open stay open: what they tell of happened to this person, whom they
keep naming. A new band that still has an urgent or high alarm of somebody else is refused: were that
alarm raised again, it would name the one who wore the band before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from api import problems
from api.alarms import IS_OPEN
from api.auth import Principal, Who, visible
from api.commands import PENDING_RESPONSE, Gateway, pending, refused
from api.database import Database, Store
from api.live import Live, Now
from api.problems import ProblemError
from api.roster import DEVICES, RESIDENTS, read
from api.schemas import Device, Swap, Swapped
from iot_gateway.schema import alarms

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

router = APIRouter(prefix="/api/v1", tags=["residents"], responses=problems.DEFAULT_RESPONSE)

# What goes over from band to band.
_MOVED = ("site_id", "zone", "resident_id", "fence_ids")


@router.post("/residents/{resident_id}/swap_band", response_model=Swapped, responses=PENDING_RESPONSE)
async def swap_band(
    resident_id: str, body: Swap, request: Request, who: Who, store: Store, live: Now, gateway: Gateway
) -> Response | dict[str, Any]:
    """Put another band on a person: it takes the old one's site, zone, fences and wearer.

    Without an old one it goes to the person's site, with the fences of that.
    """
    async with request.app.state.roster_lock:
        person = await read(RESIDENTS, resident_id, who, store, live)
        if body.old_device_id == body.new_device_id:
            raise problems.unprocessable("new_device_id", "is the band that comes off")
        new = await _wristband("new_device_id", body.new_device_id, who, store, live)
        edit = [_bare(new) | {"site_id": person["site_id"], "resident_id": resident_id}]
        if body.old_device_id is not None:
            old = await _wristband("old_device_id", body.old_device_id, who, store, live)
            if old["resident_id"] != resident_id:
                detail = f"{body.old_device_id} is not worn by this person any more."
                raise ProblemError(409, detail, code="not_worn_by_them", worn_by=old["resident_id"])
            edit = [_bare(old), _bare(new) | {name: old[name] for name in _MOVED}]
        _refuse_if_worn(resident_id, new)
        await _refuse_if_anothers_alarm(resident_id, body.new_device_id, store)
        decision = await gateway.ask("roster", {"put": {"devices": [_put(one) for one in edit]}}, who)
        if decision.code is None:
            return pending(decision)
        if not decision.done:
            raise refused(decision)
        return await _told(resident_id, body, who, store, live)


async def _told(resident_id: str, body: Swap, who: Principal, store: Database, live: Live) -> dict[str, Any]:
    """Both bands as they are now, and what of the old one is still open."""
    told: dict[str, Any] = {"resident_id": resident_id, "old_device": None, "open_alarms": []}
    if body.old_device_id is not None:
        told["old_device"] = await read(DEVICES, body.old_device_id, who, store, live)
        still_open = await _open_alarms(body.old_device_id, store)
        told["open_alarms"] = [row["alarm_id"] for row in still_open if row["resident_id"] == resident_id]
    return told | {"new_device": await read(DEVICES, body.new_device_id, who, store, live)}


async def _wristband(
    field: str, device_id: str, who: Principal, store: Database, live: Live
) -> dict[str, Any]:
    query = visible(select(DEVICES.table), who).where(DEVICES.key == device_id, DEVICES.present)
    row = await store.row(query)
    if row is None or not row["registered"]:
        raise problems.unprocessable(field, f"not in the roster: {device_id}")
    if row["kind"] != "wristband":
        raise problems.unprocessable(field, f"{device_id} is no wristband")
    return await read(DEVICES, device_id, who, store, live)


def _refuse_if_worn(resident_id: str, new: dict[str, Any]) -> None:
    if new["resident_id"] not in {None, resident_id}:
        detail = f"{new['device_id']} is worn by somebody else."
        raise ProblemError(409, detail, code="worn_by_another", worn_by=new["resident_id"])


async def _refuse_if_anothers_alarm(resident_id: str, device_id: str, store: Database) -> None:
    anothers = [
        row["alarm_id"] for row in await _open_alarms(device_id, store)
        if row["priority"] != "low" and row["resident_id"] != resident_id
    ]  # fmt: skip
    if anothers:
        detail = f"{device_id} still has an open alarm from before; close it first: {', '.join(anothers[:5])}"
        raise ProblemError(409, detail, code="alarm_from_before", open_alarms=anothers)


async def _open_alarms(device_id: str, store: Database) -> list[RowMapping]:
    query = select(alarms).where(IS_OPEN, alarms.c.device_id == device_id).order_by(alarms.c.seq)
    return list(await store.rows(query))


def _bare(device: dict[str, Any]) -> dict[str, Any]:
    """A band on the shelf: what it is, and nothing of where and on whom."""
    return {name: device[name] for name in ("device_id", "kind", "model")}


def _put(device: dict[str, Any]) -> dict[str, Any]:
    return Device.model_validate(device).model_dump(by_alias=True, exclude_none=True)
