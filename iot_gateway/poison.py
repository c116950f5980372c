"""Makes a message that cannot be taken into one that can: what is known of its alarms and of who waits for an ack.

`decode` refuses what is malformed. This is for what nobody has thought of: a message that passes every check, and
ends the step. The gateway finds it by halves (`Gateway._sift`), and takes its stand-in; its own bytes go to quarantine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from iot_gateway import salvage, wire

# No kind and no number: it makes the rest of an item unusable, and an alarm `unreadable`.
_MARK: Final = "poison"
_IDENTITY: Final[dict[str, Any]] = {"seq": wire.Seq, "boot": wire.Boot, "ack": bool}


def stand_ins(topic: str, payload: bytes) -> Iterator[bytes]:
    """What may be taken instead, the most telling first: known alarm bits and identities; then nothing at all."""
    named = wire.split_topic(topic)
    stream = named[1] if named is not None else ""
    pieces = salvage.pieces(payload)[: wire.MAX_ITEMS]
    if stream in {"alarm", "location", "heartbeat"} and pieces:
        yield msgspec.json.encode([_item(stream, salvage.fields(piece)) for piece in pieces])
    yield _MARK.encode()


def _item(stream: str, found: salvage.Fields) -> dict[str, Any]:
    read = {name: salvage.read(found, name, type_) for name, type_ in _IDENTITY.items()}
    item = {name: value for name, value in read.items() if value is not None}
    if stream == "alarm":
        on = salvage.read(found, "on", bool)
        return item | {"kinds": [*salvage.known_kinds(found)[0], _MARK], "on": on is not False}
    return item | {"lat": _MARK, "worn": _MARK}
