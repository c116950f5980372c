"""Carries people's commands to the gateway and waits for its decision. The api decides nothing.

A command is a row in `commands`; the decision is a row in `command_results`.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import insert, select

from api import problems
from api.auth import Principal, Who
from api.clock import monotonic_s, now_ms
from api.database import Database, Store
from api.problems import ProblemError
from iot_gateway.schema import command_results, commands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.doorbell import Doorbell

PATIENCE_S: Final = 2.0  # then 202 and a command id (contract, section 5)

CommandType = Literal["alarm", "roster", "outing", "device_command"]
STATUS_OF: Final = {"unknown_alarm": 404, "stale": 409, "not_allowed": 409, "invalid": 422}


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gateway said of a command; `code` None: nothing yet."""

    command_id: str
    code: str | None = None
    detail: str = ""
    alarm_id: str | None = None

    @property
    def done(self) -> bool:
        return self.code == "done"


class Pending(BaseModel):
    """The gateway has not decided yet; ask for this command later."""

    command_id: str


class CommandState(BaseModel):
    """What became of a command. `code` null: it still waits for the gateway."""

    command_id: str
    type: CommandType
    created_at_ms: int
    operator: str
    code: Literal["done", "unknown_alarm", "stale", "not_allowed", "invalid"] | None
    detail: str
    alarm_id: str | None


# What an operation that asks the gateway says of itself in OpenAPI, beside its 200.
PENDING_RESPONSE: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Pending, "description": "The gateway has not decided within 2 s"}
}


class Commands:
    """The way to the gateway."""

    def __init__(self, database: Database, doorbell: Doorbell) -> None:
        self._database = database
        self._doorbell = doorbell

    async def ask(
        self, kind: CommandType, body: Mapping[str, Any], who: Principal, command_id: str | None = None
    ) -> Decision:
        """Append a command and wait for its decision, two seconds at most.

        Raises:
            ProblemError: 422, the body cannot be written as JSON.
        """
        command_id = command_id or uuid.uuid4().hex
        row = {
            "command_id": command_id, "created_at_ms": now_ms(), "operator": who.name,
            "type": kind, "body": _json_text(body),
        }  # fmt: skip
        async with self._database.write() as connection:
            await connection.execute(insert(commands).values(row))
        return await self._wait(command_id)

    async def _wait(self, command_id: str) -> Decision:
        query = select(command_results).where(command_results.c.command_id == command_id)
        until = monotonic_s() + PATIENCE_S
        while True:
            row = await self._database.row(query)
            if row is not None:
                return Decision(command_id, row["code"], row["detail"], row["alarm_id"])
            if monotonic_s() >= until:
                return Decision(command_id)
            await self._doorbell.wait()


def refused(decision: Decision, **more: Any) -> ProblemError:
    """The gateway's no, as a problem."""
    assert decision.code is not None
    detail = decision.detail or decision.code.replace("_", " ")
    return ProblemError(
        STATUS_OF[decision.code], detail, code=decision.code, command_id=decision.command_id, **more
    )


def pending(decision: Decision) -> JSONResponse:
    """202: decided later."""
    where = {"Location": f"/api/v1/commands/{decision.command_id}"}
    return JSONResponse({"command_id": decision.command_id}, 202, where)


def _json_text(body: Mapping[str, Any]) -> str:
    """JSON that every reader accepts: no NaN, no lone surrogates."""
    try:
        text = json.dumps(body, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()
    except (ValueError, RecursionError) as error:
        raise problems.unprocessable("body", "contains what JSON cannot say") from error
    return text


async def _commands(request: Request) -> Commands:
    gateway: Commands = request.app.state.commands
    return gateway


Gateway = Annotated[Commands, Depends(_commands)]

router = APIRouter(prefix="/api/v1", tags=["commands"], responses=problems.DEFAULT_RESPONSE)


@router.get("/commands/{command_id}")
async def follow_up(command_id: str, who: Who, store: Store) -> CommandState:
    """What became of a command that was answered with 202."""
    del who  # scopes: with them, the operator's own
    query = (
        select(
            commands.c.command_id, commands.c.type, commands.c.created_at_ms, commands.c.operator,
            command_results.c.code, command_results.c.detail, command_results.c.alarm_id,
        )
        .outerjoin(command_results, command_results.c.command_id == commands.c.command_id)
        .where(commands.c.command_id == command_id)
    )  # fmt: skip
    row = await store.row(query)
    if row is None:
        raise ProblemError(404, "There is no such command.")
    return CommandState(**{**row, "detail": row["detail"] or ""})
