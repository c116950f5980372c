"""Inputs of the core as data: the inputs log of the store, the recording of an export, a replay's lines."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from alerts.commands import (
    OUTING_VERBS,
    VERBS,
    AlarmCommand,
    Command,
    ListeningCommand,
    OutingCommand,
    RosterCommand,
)
from iot_gateway.batcher import Input, Received
from iot_gateway.roster_file import ModelEntry

# The year 6429: what still has a date in every time zone.
MAX_RECEIVED_MS: Final = 2**47

_Made = TypeVar("_Made", AlarmCommand, RosterCommand, OutingCommand)


class RecordingError(Exception):
    """A line of a recording cannot be used; the message names it."""


_ALARM_FIELDS = (
    "verb",
    "alarm_id",
    "operator",
    "version",
    "text",
    "assignee",
    "until_ms",
    "reason",
    "outcome",
)
_OUTING_FIELDS = ("verb", "outing_id", "operator", "resident_id", "from_ms", "until_ms", "fence_id")


def command_to_dict(command: Command) -> dict[str, Any]:
    """A command as it stands in a recording."""
    if isinstance(command, AlarmCommand):
        return {"type": "alarm", "command_id": command.command_id, **_said(command, _ALARM_FIELDS)}
    if isinstance(command, OutingCommand):
        return {"type": "outing", "command_id": command.command_id, **_said(command, _OUTING_FIELDS)}
    if isinstance(command, ListeningCommand):
        return {"type": "listening", "listening": command.listening}
    edit = {name: value for name, value in asdict(command.edit).items() if value}
    return {"type": "roster", "command_id": command.command_id, "operator": command.operator, "edit": edit}


def _said(command: AlarmCommand | OutingCommand, names: tuple[str, ...]) -> dict[str, Any]:
    said = {name: getattr(command, name) for name in names}
    return {name: value for name, value in said.items() if value is not None}


def command_from_dict(said: dict[str, Any], received_at_ms: int) -> Command:
    """The counterpart of `command_to_dict`.

    Raises:
        ValueError: in words, what is wrong with it.
    """
    try:
        if said.get("type") == "roster":
            body = {"edit": said["edit"], "operator": said.get("operator", "")}
            command = _command(RosterCommand, said, body, received_at_ms)
            msgspec.convert([asdict(model) for model in command.edit.models], list[ModelEntry])
            return command
        if said.get("type") == "listening":
            return ListeningCommand(received_at_ms, 0, msgspec.convert(said["listening"], bool))
        if said.get("type") == "outing":
            return _verb_command(OutingCommand, OUTING_VERBS, _OUTING_FIELDS, said, received_at_ms)
        return _verb_command(AlarmCommand, VERBS, _ALARM_FIELDS, said, received_at_ms)
    except (KeyError, msgspec.ValidationError) as error:
        raise ValueError(f"not a command: {type(error).__name__}: {error}") from error


def _verb_command(
    type_: type[_Made], verbs: Sequence[str], names: Sequence[str], said: dict[str, Any], received_at_ms: int
) -> _Made:
    if said.get("verb") not in verbs:
        raise ValueError(f"verb must be one of {', '.join(verbs)}, not {said.get('verb')!r}")
    body = {name: said[name] for name in names if name in said}
    return _command(type_, said, {"operator": "", **body}, received_at_ms)


def _command(type_: type[_Made], said: dict[str, Any], body: dict[str, Any], received_at_ms: int) -> _Made:
    fixed = {"command_id": said.get("command_id", ""), "received_at_ms": received_at_ms, "arrival": 0}
    return msgspec.convert(body | fixed, type_)


def pack(inputs: Sequence[Input]) -> bytes:
    """A step's inputs for the inputs log."""
    rows = [
        list(e[:3]) if isinstance(e, Received) else [e.received_at_ms, command_to_dict(e)] for e in inputs
    ]
    return zlib.compress(msgspec.msgpack.encode(rows), 1)


def unpack(blob: bytes) -> list[Input]:
    """The counterpart of `pack`."""
    rows = msgspec.msgpack.decode(zlib.decompress(blob))
    return [Received(*row) if len(row) == 3 else command_from_dict(row[1], row[0]) for row in rows]


def to_line(entry: Input) -> bytes:
    """One line of a recording (contract, section 3)."""
    if not isinstance(entry, Received):
        return _line({"received_at_ms": entry.received_at_ms, "command": command_to_dict(entry)})
    said: dict[str, Any] = {"received_at_ms": entry.received_at_ms, "topic": entry.topic}
    if _fits_on_a_line(entry.payload):
        return _line(said | {"payload": msgspec.Raw(entry.payload)})
    return _line(said | {"payload_b64": b64encode(entry.payload).decode()})


def _fits_on_a_line(payload: bytes) -> bool:
    """Whether it is JSON that stands in a line as the device wrote it, to the letter."""
    try:
        msgspec.json.decode(payload)
        text = payload.decode("utf-8")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return text == text.strip() and "\n" not in text and "\r" not in text


def _line(said: dict[str, Any]) -> bytes:
    return msgspec.json.encode(said) + b"\n"


class _Line(msgspec.Struct):
    received_at_ms: Annotated[int, Meta(ge=0, le=MAX_RECEIVED_MS)]
    topic: str | None = None
    payload: msgspec.Raw = msgspec.Raw()  # never empty where there is one
    payload_b64: str | None = None
    command: dict[str, Any] | None = None


def from_lines(lines: Iterable[bytes], name: str) -> Iterator[Input]:
    """The inputs of a recording, in its order.

    A line that was received before the one above it counts as received with it.

    Raises:
        RecordingError: a line cannot be used.
    """
    decoder = msgspec.json.Decoder(_Line)
    now_ms = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = decoder.decode(line)
            now_ms = max(now_ms, read.received_at_ms)
            yield _input(read, now_ms)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise RecordingError(f"{name}: line {number}: {error}") from error


def _input(read: _Line, received_at_ms: int) -> Input:
    if read.command is not None:
        return command_from_dict(read.command, received_at_ms)
    if read.topic is None:
        raise ValueError("neither a topic nor a command")
    if read.payload_b64 is not None:
        return Received(received_at_ms, read.topic, b64decode(read.payload_b64, validate=True))
    if not bytes(read.payload):
        raise ValueError("neither a payload nor a payload_b64")
    return Received(received_at_ms, read.topic, bytes(read.payload))
