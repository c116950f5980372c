"""Bytes to items, or to rejections with their reason. Pure; a malformed payload is no exception.

Every alarm bit that can be read is kept, whatever is wrong around it; what came on the alarm stream
and names no kind becomes the kind `unreadable`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from alerts.vocabulary import DEVICE_KINDS, KIND_BIT, NO_BITS, bits_of
from iot_gateway import wire
from iot_gateway.wire import Alarm, Heartbeat, Location, OwnTracksLocation, Result

# The boot of an item without a seq, which is known by its content.
NO_SEQ_BOOT: Final = -(2**62)

Payload = Location | Heartbeat | Alarm


@dataclass(slots=True)
class Item:
    """One usable item. `said` is None where only the alarm bits could be read.

    `ts` None: the device told no time. `seq` and `boot` identify it, together with `ts`.
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
_RAW_ITEMS: Final = msgspec.json.Decoder(list[Raw])
_RAW_ITEM: Final = msgspec.json.Decoder(Raw)
# Raw: a number nobody can hold, in one field, does not take the others with it.
_RAW_FIELDS: Final = msgspec.json.Decoder(dict[str, Raw])
_RESULT: Final = msgspec.json.Decoder(Result)
_OWNTRACKS: Final = msgspec.json.Decoder(OwnTracksLocation)
# RecursionError: a payload of 10^5 opening brackets is well within the limits.
_UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
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
        return _unusable(device_id, stream, "too_large", f"{len(payload)} bytes", payload)
    if stream == "result":
        return _result(device_id, payload)
    if stream == "owntracks":
        return _owntracks(device_id, payload)
    try:
        said = _FAST[stream].decode(payload)
    except _UNREADABLE:
        return _piece_by_piece(device_id, stream, payload)
    items = said if isinstance(said, list) else [said]
    if len(items) > wire.MAX_ITEMS:
        return _piece_by_piece(device_id, stream, payload)
    if not items and stream == "alarm":
        return _unusable(device_id, stream, "no_items", "", payload)
    return Decoded(items=[_item(device_id, stream, one) for one in items])


def _item(device_id: str, stream: str, said: Payload) -> Item:
    boot, seq = (said.boot, said.seq) if said.seq is not None else (NO_SEQ_BOOT, _content_id(stream, said))
    wants_ack = said.seq is not None and (said.ack if said.ack is not None else stream == "alarm")
    item = Item(device_id, stream, said.ts, boot, seq, wants_ack, said)
    if isinstance(said, Alarm):
        bits = bits_of([str(kind) for kind in said.kinds])
        item.on_bits, item.off_bits = (bits, NO_BITS) if said.on else (NO_BITS, bits)
    return item


def _content_id(stream: str, said: Struct | bytes) -> int:
    """63 bits of the content: what an item without a seq is known by."""
    content = said if isinstance(said, bytes) else _ENCODER.encode(said)
    return int.from_bytes(blake2b(stream.encode() + content, digest_size=8).digest(), "big") >> 1


def _piece_by_piece(device_id: str, stream: str, payload: bytes) -> Decoded:
    """The slow way: one bad item does not take the others with it."""
    pieces = _split(payload)
    if pieces is None:
        return _unusable(device_id, stream, "not_json", "", payload)
    if len(pieces) > wire.MAX_ITEMS and stream != "alarm":
        return _too_many(device_id, pieces, payload)
    decoded = Decoded()
    for piece in pieces:
        _one_piece(device_id, stream, bytes(piece), decoded)
    return decoded


def _split(payload: bytes) -> list[Any] | None:
    try:
        if payload.lstrip()[:1] == b"[":
            return list(_RAW_ITEMS.decode(payload))
        _RAW_ITEM.decode(payload)
    except _UNREADABLE:
        return None
    return [payload]


def _one_piece(device_id: str, stream: str, piece: bytes, decoded: Decoded) -> None:
    try:
        said = msgspec.json.decode(piece, type=_TYPES[stream])
    except _UNREADABLE as error:
        rejection = _rejected(device_id, stream, "wrong_content", str(error), piece)
        decoded.rejections.append(rejection)
        if stream == "alarm":
            decoded.items.append(_salvaged(device_id, piece, rejection))
        return
    decoded.items.append(_item(device_id, stream, said))


def _too_many(device_id: str, pieces: list[Any], payload: bytes) -> Decoded:
    """Refused whole, but each item is acknowledged, or its device would send it for ever."""
    detail = f"{len(pieces)} items, at most {wire.MAX_ITEMS}"
    rejections = [_rejected(device_id, "", "too_many_items", detail, bytes(piece)) for piece in pieces]
    for rejection in rejections[1:]:
        rejection.payload = None
    rejections[0].payload = payload
    return Decoded(rejections=rejections)


def _rejected(device_id: str, stream: str, reason: str, detail: str, piece: bytes) -> Rejection:
    """A rejection with as much of the item's identity as can be read."""
    fields = _fields(piece)
    seq = _field(fields, "seq", wire.Seq)
    ack = _field(fields, "ack", bool)
    wants_ack = seq is not None and (ack if ack is not None else stream == "alarm")
    boot = _field(fields, "boot", wire.Boot) or 0
    return Rejection(device_id, reason, detail[:300], piece, boot, seq, wants_ack)


def _fields(piece: bytes) -> dict[str, Raw]:
    try:
        return _RAW_FIELDS.decode(piece)
    except _UNREADABLE:
        return {}


def _field(fields: dict[str, Raw], name: str, type_: Any) -> Any:
    """One field, if it is there and right; None otherwise."""
    try:
        return msgspec.json.decode(fields[name], type=type_)
    except (KeyError, *_UNREADABLE):
        return None


_ALARM_FIELDS: Final = {
    f.name: f.type
    for f in msgspec.structs.fields(Alarm)
    if f.name not in {"kinds", "on", "seq", "boot", "ack"}
}


def _salvaged(device_id: str, piece: bytes, rejection: Rejection) -> Item:
    """An alarm of which something could not be read: all its bits, and each field that is right."""
    fields = _fields(piece)
    is_off = _field(fields, "on", bool) is False
    kinds, all_known = _known_kinds(fields)
    bits = bits_of(kinds) if kinds else _glimpsed(piece)
    unreadable = NO_BITS if kinds and all_known else KIND_BIT["unreadable"]
    said: Alarm | None = None
    if kinds:
        right = {name: _field(fields, name, type_) for name, type_ in _ALARM_FIELDS.items()}
        readable = {name: value for name, value in right.items() if value is not None}
        said = msgspec.convert({"kinds": kinds, "on": not is_off, **readable}, Alarm)
    seq, boot = rejection.seq, rejection.boot
    if seq is None:
        seq, boot = _content_id("alarm", piece), NO_SEQ_BOOT
    item = Item(
        device_id, "alarm", _field(fields, "ts", wire.TimestampMs), boot, seq, rejection.wants_ack, said
    )
    item.on_bits = unreadable if is_off else bits | unreadable
    item.off_bits = bits if is_off else NO_BITS
    rejection.wants_ack = False  # the item beside it is acknowledged
    return item


def _known_kinds(fields: dict[str, Raw]) -> tuple[list[str], bool]:
    """The kinds an item names, each once, and whether it names nothing else."""
    alone = _field(fields, "kinds", str)
    named = [alone] if alone is not None else [_word(one) for one in _field(fields, "kinds", list[Raw]) or ()]
    known = [kind for kind in named if kind in DEVICE_KINDS]
    return list(dict.fromkeys(known)), len(known) == len(named)


def _word(raw: Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except _UNREADABLE:
        return ""


_KINDS_LIST: Final = re.compile(rb'"kinds"\s*:\s*(?:\[([^][{}]*)|("\w+"))')
_KIND: Final = re.compile(rb'"(\w+)"')
_OFF: Final = re.compile(rb'"on"\s*:\s*false')


def _glimpsed(payload: bytes) -> int:
    """Alarm bits in what is no JSON, beside `unreadable`: a call for help with a NaN in it is still one."""
    if _OFF.search(payload):
        return NO_BITS
    lists = b" ".join(many or one for many, one in _KINDS_LIST.findall(payload))
    named = (word.decode() for word in _KIND.findall(lists))
    return bits_of([kind for kind in named if kind in DEVICE_KINDS])


def _unusable(device_id: str, stream: str, reason: str, detail: str, payload: bytes) -> Decoded:
    """A message nothing of which can be read; on the alarm stream that is an alarm itself."""
    kept = payload[: wire.MAX_PAYLOAD_BYTES]
    decoded = Decoded(rejections=[Rejection(device_id, reason, detail, kept)])
    if stream == "alarm":
        content = _content_id(stream, payload)
        item = Item(device_id, stream, None, NO_SEQ_BOOT, content, wants_ack=False, said=None)
        item.on_bits = KIND_BIT["unreadable"] | _glimpsed(payload)
        decoded.items.append(item)
    return decoded


def _bad_device_id(device_id: str, stream: str, payload: bytes) -> Decoded:
    # A leading underscore is reserved: it can be the id of no device of the roster.
    safe = "_" + "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in device_id)[:63]
    return _unusable(safe, stream, "bad_device_id", repr(device_id)[:200], payload)


def _result(device_id: str, payload: bytes) -> Decoded:
    try:
        return Decoded(results=[(device_id, _RESULT.decode(payload))])
    except _UNREADABLE as error:
        return _unusable(device_id, "result", "wrong_content", str(error)[:300], payload)


def _owntracks(device_id: str, payload: bytes) -> Decoded:
    """OwnTracks JSON, as a location. Its other types (waypoints, lwt, ...) are no readings."""
    type_ = _field(_fields(payload), "_type", str)
    if type_ != "location":
        return _unusable(device_id, "owntracks", "owntracks_type", repr(type_)[:100], payload)
    try:
        said = _OWNTRACKS.decode(payload)
    except _UNREADABLE as error:
        return _unusable(device_id, "owntracks", "wrong_content", str(error)[:300], payload)
    location = Location(
        ts=said.tst * 1000, lat=said.lat, lon=said.lon, acc=said.acc, bat=said.batt, hdg=said.cog,
        spd=None if said.vel is None else said.vel / 3.6,
    )  # fmt: skip
    return Decoded(items=[_item(device_id, "location", location)])
