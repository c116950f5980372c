"""What the api asks, made inputs of the step: checked here, decided by the core."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from alerts.commands import VERBS, AlarmCommand, Command, CommandResult, RosterCommand
from iot_gateway import outings
from iot_gateway.recording import pack
from iot_gateway.roster_file import DeviceId, RosterChange, edit_of
from iot_gateway.store import Request
from iot_gateway.wire import CommandType

# A device that sleeps for a day is asked at its next sign of life.
MAX_EXPIRY_MS: Final = 7 * 86_400_000
# An answer names its command by an id of up to 64 characters; a payload has an end too.
MAX_ARGS_BYTES: Final = 16 * 1024


class _DeviceRequest(msgspec.Struct):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    device_id: DeviceId
    type: CommandType
    expires_ts: int
    args: dict[str, Any] = {}


@dataclass(slots=True)
class Asked:
    """What some requests come to. By command, for the tables of people: `changes` of the roster, `outings`."""

    commands: list[Command] = field(default_factory=list)
    changes: dict[str, RosterChange] = field(default_factory=dict)
    outings: dict[str, outings.Row] = field(default_factory=dict)
    device_commands: list[tuple[Any, ...]] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)
    last_id: int | None = None


def ask(requests: list[Request], now_ms: int) -> Asked:
    """Read requests; one that cannot be read is answered as invalid."""
    asked = Asked()
    for request in requests:
        asked.last_id = request.id
        try:
            _READ[request.type](request, now_ms, asked)
        except (msgspec.DecodeError, ValueError, KeyError, RecursionError) as error:
            asked.results.append(CommandResult(request.command_id, "invalid", str(error)[:500]))
    return asked


def _alarm(request: Request, now_ms: int, asked: Asked) -> None:
    body = msgspec.json.decode(request.body, type=dict[str, Any])
    if body.get("verb") not in VERBS:
        raise ValueError(f"unknown verb {body.get('verb')!r}")
    fixed = {
        "command_id": request.command_id, "operator": request.operator, "received_at_ms": now_ms, "arrival": 0,
    }  # fmt: skip
    _take(msgspec.convert(body | fixed, AlarmCommand), asked)


def _take(command: Command, asked: Asked) -> None:
    """Only what the inputs log can hold, or the step that logs it would fail for ever."""
    try:
        pack([command])
    except OverflowError as error:
        raise ValueError("a number is too large") from error
    asked.commands.append(command)


def _roster(request: Request, now_ms: int, asked: Asked) -> None:
    change = msgspec.json.decode(request.body, type=RosterChange)
    _take(RosterCommand(request.command_id, now_ms, 0, request.operator, edit_of(change)), asked)
    asked.changes[request.command_id] = change


def _outing(request: Request, now_ms: int, asked: Asked) -> None:
    wanted = msgspec.json.decode(request.body, type=outings.Asked)
    command = outings.command_of(wanted, request.command_id, request.operator, now_ms)
    _take(command, asked)
    asked.outings[request.command_id] = outings.row_of(wanted, command)


def _device_command(request: Request, now_ms: int, asked: Asked) -> None:
    wanted = msgspec.json.decode(request.body, type=_DeviceRequest)
    if not now_ms < wanted.expires_ts <= now_ms + MAX_EXPIRY_MS:
        raise ValueError("expires_ts must lie within the next seven days")
    if len(msgspec.json.encode(wanted.args)) > MAX_ARGS_BYTES:
        raise ValueError(f"args must not exceed {MAX_ARGS_BYTES} bytes of JSON")
    asked.device_commands.append(
        device_command_row(wanted.id, wanted.device_id, wanted.type, wanted.args, now_ms, wanted.expires_ts)
    )
    asked.results.append(CommandResult(request.command_id, "done"))


def device_command_row(
    id_: str, device_id: str, type_: str, args: dict[str, Any], now_ms: int, expires_at_ms: int
) -> tuple[Any, ...]:
    """A row of `device_commands` that nobody has answered yet."""
    return (
        id_,
        device_id,
        type_,
        msgspec.json.encode(args).decode(),
        now_ms,
        expires_at_ms,
        "queued",
        "",
        now_ms,
    )


_READ: Final = {"alarm": _alarm, "roster": _roster, "outing": _outing, "device_command": _device_command}
