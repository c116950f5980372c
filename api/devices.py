"""Carries people's commands to devices, and shows what became of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy import select

from api import problems, references
from api.auth import Who, visible
from api.clock import now_ms
from api.commands import PENDING_RESPONSE, Gateway, pending, refused
from api.database import Database, Store
from api.live import Now
from api.roster import DEVICES, read
from api.schemas import DeviceCommand, DeviceCommandRequest
from iot_gateway.schema import device_commands

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

MAX_ARGS_CHARS: Final = 4000  # a command must fit a device's MQTT packet

router = APIRouter(prefix="/api/v1", tags=["devices"], responses=problems.DEFAULT_RESPONSE)


class DeviceCommandPage(BaseModel):
    """The newest commands of a device, newest first."""

    items: list[DeviceCommand]
    next_after_seq: None = None


def _as_object(row: RowMapping) -> dict[str, Any]:
    return {**row, "args": references.from_json(row["args"])}


@router.post("/devices/{device_id}/commands", response_model=DeviceCommand, responses=PENDING_RESPONSE)
async def command_device(
    device_id: str, body: DeviceCommandRequest, who: Who, store: Store, live: Now, gateway: Gateway
) -> Response | dict[str, Any]:
    """Ask something of a device; it is queued until it answers or until `expires_s` are over."""
    await read(DEVICES, device_id, who, store, live)
    if len(str(body.args)) > MAX_ARGS_CHARS:
        raise problems.unprocessable("args", f"is longer than {MAX_ARGS_CHARS} characters")
    command_id = uuid.uuid4().hex
    asked = {
        "id": command_id, "device_id": device_id, "type": body.type, "args": body.args,
        "expires_ts": now_ms() + body.expires_s * 1000,
    }  # fmt: skip
    decision = await gateway.ask("device_command", asked, who, command_id)
    if decision.code is None:
        return pending(decision)
    if not decision.done:
        raise refused(decision)
    return await _stored(command_id, store)


async def _stored(command_id: str, store: Database) -> dict[str, Any]:
    row = await store.row(select(device_commands).where(device_commands.c.id == command_id))
    assert row is not None, "done means stored"
    return _as_object(row)


@router.get("/devices/{device_id}/commands")
async def list_commands(
    device_id: str, who: Who, store: Store, live: Now, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> DeviceCommandPage:
    """What was asked of a device lately, newest first."""
    await read(DEVICES, device_id, who, store, live)
    query = (
        visible(select(device_commands), who)
        .where(device_commands.c.device_id == device_id)
        .order_by(device_commands.c.created_at_ms.desc(), device_commands.c.id)
        .limit(limit)
    )
    return DeviceCommandPage(items=[DeviceCommand(**_as_object(row)) for row in await store.rows(query)])
