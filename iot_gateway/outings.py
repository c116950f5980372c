"""What the api asks of outings, as the core's command and as the rows people read beside it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from alerts.commands import OutingCommand
from alerts.fleet import whole_second_ms
from iot_gateway import schema
from iot_gateway.database import insert_sql
from iot_gateway.roster_file import Id

Reason = Literal["family", "hospital", "bus", "activity", "other"]
Row = tuple[str, tuple[Any, ...]]


class Approve(msgspec.Struct, tag_field="verb", tag="approve"):
    """A new outing. `from_ms` None: now."""

    outing_id: Id
    resident_id: Id
    until_ms: int
    reason: Reason
    from_ms: int | None = None
    escort: Annotated[str, Meta(max_length=200)] | None = None
    note: Annotated[str, Meta(max_length=2000)] | None = None
    fence_id: str | None = None


class Change(msgspec.Struct, tag_field="verb", tag="change"):
    """Other times; what is None stays."""

    outing_id: Id
    from_ms: int | None = None
    until_ms: int | None = None


class End(msgspec.Struct, tag_field="verb", tag="end"):
    """Now; or it is called off."""

    outing_id: Id


Asked = Approve | Change | End

_APPROVED: Final = insert_sql(schema.outings)
_CHANGED: Final = (
    "UPDATE outings SET from_ms=coalesce(?, from_ms), until_ms=coalesce(?, until_ms) WHERE outing_id=?"
)
_ENDED: Final = "UPDATE outings SET ended_at_ms=?, ended_by=? WHERE outing_id=?"


def command_of(asked: Asked, command_id: str, operator: str, now_ms: int) -> OutingCommand:
    """The core begins and ends outings on whole seconds, and none before now."""
    times: dict[str, Any] = {}
    if isinstance(asked, Approve):
        begin_ms = now_ms + 1 if asked.from_ms is None else max(asked.from_ms, now_ms + 1)
        times = {
            "resident_id": asked.resident_id,
            "fence_id": asked.fence_id,
            "from_ms": whole_second_ms(begin_ms),
        }
    elif isinstance(asked, Change) and asked.from_ms is not None:
        times = {"from_ms": whole_second_ms(asked.from_ms)}
    if not isinstance(asked, End) and asked.until_ms is not None:
        times["until_ms"] = whole_second_ms(asked.until_ms)
    verb: Any = asked.__struct_config__.tag
    return OutingCommand(command_id, now_ms, 0, operator, verb, asked.outing_id, **times)


def row_of(asked: Asked, command: OutingCommand) -> Row:
    """(sql, values) of a command that the core has followed."""
    if isinstance(asked, Approve):
        return _APPROVED, (
            asked.outing_id, asked.resident_id, command.from_ms, command.until_ms, asked.reason, asked.escort,
            asked.note, asked.fence_id, command.operator, command.received_at_ms, None, None,
        )  # fmt: skip
    if isinstance(asked, Change):
        return _CHANGED, (command.from_ms, command.until_ms, command.outing_id)
    ended_at_ms = whole_second_ms(command.received_at_ms + 1)
    return _ENDED, (ended_at_ms, command.operator, command.outing_id)
