"""Inputs of the core as data: the inputs log of the store, the recording of an export, a replay's lines."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from alerts.commands import VERBS, AlarmCommand, Command, ListeningCommand, RosterCommand
from alerts.roster import Device, Fence, Model, RosterEdit, Site
from iot_gateway.batcher import Input, Received


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


def command_to_dict(command: Command) -> dict[str, Any]:
    """A command as it stands in a recording."""
    if isinstance(command, AlarmCommand):
        said = {name: getattr(command, name) for name in _ALARM_FIELDS}
        said = {name: value for name, value in said.items() if value is not None}
        return {"type": "alarm", "command_id": command.command_id, **said}
    if isinstance(command, ListeningCommand):
        return {"type": "listening", "listening": command.listening}
    edit = {name: value for name, value in asdict(command.edit).items() if value}
    return {"type": "roster", "command_id": command.command_id, "operator": command.operator, "edit": edit}


def command_from_dict(said: dict[str, Any], received_at_ms: int) -> Command:
    """The counterpart of `command_to_dict`.

    Raises:
        ValueError: in words, what is wrong with it.
    """
    try:
        if said.get("type") == "roster":
            edit = said["edit"]
            return RosterCommand(
                said.get("command_id", ""), received_at_ms, 0, said.get("operator", ""), _edit(edit)
            )
        if said.get("type") == "listening":
            return ListeningCommand(received_at_ms, 0, bool(said["listening"]))
        return _alarm_command(said, received_at_ms)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise ValueError(f"not a command: {type(error).__name__}: {error}") from error


def _alarm_command(said: dict[str, Any], received_at_ms: int) -> AlarmCommand:
    if said.get("verb") not in VERBS:
        raise ValueError(f"verb must be one of {', '.join(VERBS)}, not {said.get('verb')!r}")
    body = {name: said[name] for name in _ALARM_FIELDS if name in said}
    return msgspec.convert(
        {"operator": "", "command_id": "", **body, "received_at_ms": received_at_ms, "arrival": 0}
        | ({"command_id": said["command_id"]} if "command_id" in said else {}),
        AlarmCommand,
    )


def _edit(said: dict[str, Any]) -> RosterEdit:
    return RosterEdit(
        models=tuple(Model(**m) for m in said.get("models", ())),
        sites=tuple(Site(**s) for s in said.get("sites", ())),
        fences=tuple(Fence(**f) for f in said.get("fences", ())),
        devices=tuple(_device(d) for d in said.get("devices", ())),
        **{name: tuple(said.get(name, ())) for name in
           ("remove_models", "remove_sites", "remove_fences", "remove_devices")},
    )  # fmt: skip


def _device(said: dict[str, Any]) -> Device:
    fence_ids = said.get("fence_ids")
    return Device(**said | {"fence_ids": None if fence_ids is None else tuple(fence_ids)})


def pack(inputs: Sequence[Input]) -> bytes:
    """A step's inputs for the inputs log."""
    rows = [list(e) if isinstance(e, Received) else [e.received_at_ms, command_to_dict(e)] for e in inputs]
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
    try:
        payload = entry.payload
        msgspec.json.decode(payload)
        payload.decode("utf-8")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _line(said | {"payload_b64": b64encode(entry.payload).decode()})
    # Raw: what the device wrote, to the letter, on one line (JSON needs no raw line breaks).
    flat = payload.replace(b"\r", b" ").replace(b"\n", b" ")
    return _line(said | {"payload": msgspec.Raw(flat)})


def _line(said: dict[str, Any]) -> bytes:
    return msgspec.json.encode(said) + b"\n"


class _Line(msgspec.Struct):
    received_at_ms: int
    topic: str | None = None
    payload: msgspec.Raw = msgspec.Raw(b"")
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
    payload = bytes(read.payload) if read.payload_b64 is None else b64decode(read.payload_b64, validate=True)
    return Received(received_at_ms, read.topic, payload)
