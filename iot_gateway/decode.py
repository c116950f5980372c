"""Bytes to items, or to rejections with their reason. Pure; a malformed payload is no exception.

Every alarm bit that can be read is kept, whatever is wrong around it; what came on the alarm stream
and names no kind becomes the kind `unreadable`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from alerts.vocabulary import KIND_BIT, NO_BITS, bits_of
from iot_gateway import salvage, wire
from iot_gateway.wire import Alarm, Heartbeat, Location, OwnTracksLocation, Result

# The boot of an item without a seq, which is known by its content.
NO_SEQ_BOOT: Final = -(2**63)

Payload = Location | Heartbeat | Alarm


@dataclass(slots=True)
class Item:
    """One usable item. `said` is None where only the alarm bits could be read.

    `ts` None: the device told no time. `seq` and `boot` identify it, together with `ts`; without a time,
    together with `content`.
    """

    device_id: str
    stream: str
    ts: int | None
    boot: int
    seq: int
    wants_ack: bool
    said: Payload | None
    on_bits: int = NO_BITS
    off_bits: int = NO_BITS
    content: int = 0


@dataclass(slots=True)
class Rejection:
    """Something that could not be used. `seq` None: it could not be read either.

    `payload` None: kept with the rejection before it.
    """

    device_id: str
    reason: str
    detail: str
    payload: bytes | None
    boot: int = 0
    seq: int | None = None
    wants_ack: bool = False


@dataclass(slots=True)
class Decoded:
    """What one message said. An item may stand beside a rejection of its unreadable part."""

    items: list[Item] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    results: list[tuple[str, Result]] = field(default_factory=list)


_TYPES: Final[dict[str, type[Payload]]] = {"location": Location, "heartbeat": Heartbeat, "alarm": Alarm}
_FAST: Final = {
    stream: msgspec.json.Decoder(type_ | list[type_])  # type: ignore[valid-type]
    for stream, type_ in _TYPES.items()
}
_RESULT: Final = msgspec.json.Decoder(Result)
_OWNTRACKS: Final = msgspec.json.Decoder(OwnTracksLocation)
_ENCODER: Final = msgspec.json.Encoder()


def decode(topic: str, payload: bytes) -> Decoded:
    """Everything one message says."""
    named = wire.split_topic(topic)
    if named is None:
        return Decoded(
            rejections=[Rejection("", "unknown_topic", topic[:200], payload[: wire.MAX_PAYLOAD_BYTES])]
        )
    device_id, stream = named
    if not wire.DEVICE_ID.fullmatch(device_id):
        return _bad_device_id(device_id, stream, payload)
    if len(payload) > wire.MAX_PAYLOAD_BYTES:
        return _too_large(device_id, stream, payload)
    if stream == "result":
        return _result(device_id, payload)
    if stream == "owntracks":
        return _owntracks(device_id, payload)
    try:
        said = _FAST[stream].decode(payload)
    except salvage.UNREADABLE:
        return _piece_by_piece(device_id, stream, payload)
    items = said if isinstance(said, list) else [said]
    if len(items) > wire.MAX_ITEMS:
        return _piece_by_piece(device_id, stream, payload)
    if not items:
        return _unusable(device_id, stream, "no_items", "", payload)
    return Decoded(items=[_item(device_id, stream, one) for one in items])


def _item(device_id: str, stream: str, said: Payload) -> Item:
    boot, seq = (said.boot, said.seq) if said.seq is not None else (NO_SEQ_BOOT, _content_id(stream, said))
    wants_ack = said.seq is not None and (said.ack if said.ack is not None else stream == "alarm")
    item = Item(device_id, stream, said.ts, boot, seq, wants_ack, said)
    if said.ts is None:
        item.content = _content_id(stream, said)
    if isinstance(said, Alarm):
        bits = bits_of([str(kind) for kind in said.kinds])
        item.on_bits, item.off_bits = (bits, NO_BITS) if said.on else (NO_BITS, bits)
    return item


def _content_id(stream: str, said: Struct | bytes) -> int:
    """63 bits of the content: what an item without a seq is known by."""
    content = said if isinstance(said, bytes) else _ENCODER.encode(said)
    return int.from_bytes(blake2b(stream.encode() + content, digest_size=8).digest(), "big") >> 1


def _piece_by_piece(device_id: str, stream: str, payload: bytes) -> Decoded:
    """The slow way: one bad item, or one bad field of it, does not take the others with it."""
    pieces = salvage.pieces(payload)
    if not pieces:
        return _unusable(device_id, stream, "not_json", "", payload)
    if len(pieces) > wire.MAX_ITEMS and stream != "alarm":
        return _refused(
            device_id, "too_many_items", f"{len(pieces)} items, at most {wire.MAX_ITEMS}", pieces, payload
        )
    decoded = Decoded()
    for piece in pieces:
        _one_piece(device_id, stream, piece, decoded)
    return decoded


def _too_large(device_id: str, stream: str, payload: bytes) -> Decoded:
    """Only what is kept can be acknowledged; of alarms, that is read too."""
    detail, kept = f"{len(payload)} bytes", payload[: wire.MAX_PAYLOAD_BYTES]
    refused = _refused(device_id, "too_large", detail, salvage.pieces(kept), kept)
    if stream == "alarm":
        decoded = _piece_by_piece(device_id, stream, kept)
        refused.items += decoded.items or _unusable(device_id, stream, "", "", kept).items
        refused.rejections = refused.rejections[:1]
        refused.rejections[0].wants_ack = False
    return refused


def _refused(device_id: str, reason: str, detail: str, pieces: list[bytes], payload: bytes) -> Decoded:
    """Refused whole, but each item is acknowledged, or its device would send it for ever."""
    rejections = [_rejected(device_id, "", reason, detail, piece) for piece in pieces or [b""]]
    for rejection in rejections:
        rejection.payload = None
    rejections[0].payload = payload
    return Decoded(rejections=rejections)


def _one_piece(device_id: str, stream: str, piece: bytes, decoded: Decoded) -> None:
    try:
        said = msgspec.json.decode(piece, type=_TYPES[stream])
    except salvage.UNREADABLE as error:
        is_json = isinstance(error, (msgspec.ValidationError, RecursionError))
        rejection = _rejected(
            device_id, stream, "wrong_content" if is_json else "not_json", str(error), piece
        )
        decoded.rejections.append(rejection)
        item = _salvaged(device_id, stream, piece, rejection)
        if item is not None:
            rejection.wants_ack = False  # the item beside it is acknowledged
            decoded.items.append(item)
        return
    decoded.items.append(_item(device_id, stream, said))


def _rejected(device_id: str, stream: str, reason: str, detail: str, piece: bytes) -> Rejection:
    """A rejection with as much of the item's identity as can be read: all of it, or nothing."""
    fields = salvage.fields(piece)
    boot = salvage.read(fields, "boot", wire.Boot) if "boot" in fields else 0
    seq = salvage.read(fields, "seq", wire.Seq) if boot is not None else None
    ack = salvage.read(fields, "ack", bool)
    wants_ack = seq is not None and (ack if ack is not None else stream == "alarm")
    return Rejection(device_id, reason, detail[:300], piece, boot or 0, seq, wants_ack)


_IDENTITY: Final = {"seq", "boot", "ack"}


def _salvaged(device_id: str, stream: str, piece: bytes, rejection: Rejection) -> Item | None:
    """What is left of an item of which something could not be read; None: nothing to go by."""
    fields = salvage.fields(piece)
    type_ = _TYPES[stream]
    right = {
        f.name: value
        for f in msgspec.structs.fields(type_)
        if f.name not in _IDENTITY and (value := salvage.read(fields, f.name, f.type)) is not None
    }
    seq, boot = rejection.seq, rejection.boot
    if seq is None:
        seq, boot = _content_id(stream, piece), NO_SEQ_BOOT
    item = Item(device_id, stream, right.get("ts"), boot, seq, rejection.wants_ack, None)
    item.content = _content_id(stream, piece)
    if stream == "alarm":
        _salvage_alarm(item, fields, right, piece)
        return item
    # A position whose time or coordinate system cannot be read may be of any day or half a kilometre
    # away; a sign of life without content is none.
    lost = {"ts", "crs"} & (set(fields) - set(right)) if stream == "location" else not set(right) - {"ts"}
    if lost or (stream == "location" and not {"lat", "lon"} <= set(right)):
        return None
    item.said = msgspec.convert(right, type_)
    return item


def _salvage_alarm(item: Item, fields: salvage.Fields, right: dict[str, Any], piece: bytes) -> None:
    """All the bits that can be read, and each field that is right."""
    is_off = right.pop("on", True) is False
    kinds, all_known = salvage.known_kinds(fields)
    bits = bits_of(kinds) if kinds else salvage.glimpsed_bits(piece)
    unreadable = NO_BITS if kinds and all_known else KIND_BIT["unreadable"]
    if "crs" in fields and "crs" not in right:  # a position in nobody knows what
        right = {name: value for name, value in right.items() if name not in {"lat", "lon"}}
    if kinds:
        item.said = msgspec.convert(right | {"kinds": kinds, "on": not is_off}, Alarm)
    item.on_bits = unreadable if is_off else bits | unreadable
    item.off_bits = bits if is_off else NO_BITS


def _unusable(device_id: str, stream: str, reason: str, detail: str, payload: bytes) -> Decoded:
    """A message nothing of which can be read; on the alarm stream that is an alarm itself."""
    kept = payload[: wire.MAX_PAYLOAD_BYTES]
    decoded = Decoded(rejections=[Rejection(device_id, reason, detail, kept)])
    if stream == "alarm":
        content = _content_id(stream, payload)
        item = Item(device_id, stream, None, NO_SEQ_BOOT, content, wants_ack=False, said=None)
        item.on_bits = KIND_BIT["unreadable"] | salvage.glimpsed_bits(payload)
        decoded.items.append(item)
    return decoded


def _bad_device_id(device_id: str, stream: str, payload: bytes) -> Decoded:
    # A leading underscore is reserved: it can be the id of no device of the roster.
    safe = "_" + "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in device_id)[:63]
    return _unusable(safe, stream, "bad_device_id", repr(device_id)[:200], payload)


def _result(device_id: str, payload: bytes) -> Decoded:
    try:
        return Decoded(results=[(device_id, _RESULT.decode(payload))])
    except salvage.UNREADABLE as error:
        return _unusable(device_id, "result", "wrong_content", str(error)[:300], payload)


def _owntracks(device_id: str, payload: bytes) -> Decoded:
    """OwnTracks JSON, as a location. Its other types (waypoints, lwt, ...) are no readings."""
    type_ = salvage.read(salvage.fields(payload), "_type", str)
    if type_ != "location":
        return _unusable(device_id, "owntracks", "owntracks_type", repr(type_)[:100], payload)
    try:
        said = _OWNTRACKS.decode(payload)
    except salvage.UNREADABLE as error:
        return _unusable(device_id, "owntracks", "wrong_content", str(error)[:300], payload)
    location = Location(
        ts=said.tst * 1000, lat=said.lat, lon=said.lon, acc=said.acc, bat=said.batt, hdg=said.cog,
        spd=None if said.vel is None else said.vel / 3.6,
    )  # fmt: skip
    return Decoded(items=[_item(device_id, "location", location)])
