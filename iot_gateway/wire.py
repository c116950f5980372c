"""The wire contract as types: topics, payloads and their limits (contract, section 1).

Pure: shared with the simulator, and the source of the JSON Schemas and the AsyncAPI document.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

TOPIC_ROOT: Final = "care/v1"
BEACON_TOPIC: Final = f"{TOPIC_ROOT}/_gateway/beacon"
UPLINK_STREAMS: Final = ("heartbeat", "location", "alarm", "result")
DEVICE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_ITEMS: Final = 500

# 2^53: the largest range in which every JSON reader agrees on an integer.
Seq = Annotated[int, Meta(ge=0, le=2**53)]
# What a store can hold; the smallest of them is the store's own (decode.NO_SEQ_BOOT).
Boot = Annotated[int, Meta(ge=-(2**63) + 1, le=2**63 - 1)]
TimestampMs = Annotated[int, Meta(ge=0, le=2**53)]
Percent = Annotated[float, Meta(ge=0, le=100)]
NotNegative = Annotated[float, Meta(ge=0, le=1e9)]
Quantity = Annotated[float, Meta(ge=-1e9, le=1e9)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
ShortText = Annotated[str, Meta(max_length=200)]

Source = Literal["gnss", "wifi", "cell", "ble"]
Crs = Literal["wgs84", "gcj02", "bd09"]
CommandType = Literal["locate", "report_every", "buzz", "call", "resend"]
AlarmKind = Literal[
    "sos", "fall", "strap_off", "smoke", "heat", "co", "gas", "manual_call", "water_flow",
    "water_pressure_low", "electrical", "tamper", "fault", "low_battery", "water_leak", "no_motion",
]  # fmt: skip


class Item(Struct, omit_defaults=True):
    """Fields common to everything a device sends."""

    ts: TimestampMs | None = None
    seq: Seq | None = None
    boot: Boot = 0
    bat: Percent | None = None
    ack: bool | None = None


class Location(Item, omit_defaults=True, kw_only=True):
    """One fix. `acc` metres, radius of 68 %; missing means unknown."""

    lat: Latitude
    lon: Longitude
    acc: NotNegative | None = None
    src: Source | None = None
    crs: Crs | None = None
    spd: NotNegative | None = None
    hdg: Quantity | None = None


class Vitals(Item, omit_defaults=True, kw_only=True):
    """What a heartbeat may say: of a wristband, or of a fire or home sensor."""

    worn: bool | None = None
    chg: bool | None = None
    hr: NotNegative | None = None
    rssi: Quantity | None = None
    temp: Quantity | None = None
    smoke: NotNegative | None = None
    co: NotNegative | None = None
    gas: NotNegative | None = None
    press: Quantity | None = None
    current: NotNegative | None = None
    faults: Annotated[list[ShortText], Meta(max_length=64)] | None = None


class Heartbeat(Vitals, omit_defaults=True, kw_only=True):
    """A sign of life."""


class Alarm(Vitals, omit_defaults=True, kw_only=True):
    """Every alarm bit that is set; needs no position, ever."""

    kinds: Annotated[list[AlarmKind], Meta(min_length=1, max_length=64)]
    on: bool = True
    lat: Latitude | None = None
    lon: Longitude | None = None
    acc: NotNegative | None = None
    src: Source | None = None
    crs: Crs | None = None
    spd: NotNegative | None = None
    hdg: Quantity | None = None


class Result(Struct, omit_defaults=True):
    """A device's answer to a command."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    state: Literal["done", "failed"]
    detail: Annotated[str, Meta(max_length=500)] = ""


class Ack(Struct):
    """Exactly these items of this boot are on disk. Never cumulative."""

    boot: int
    seqs: list[int]


class DeviceCommand(Struct):
    """What the service asks of a device, until `expires_ts` (ms since 1970 UTC)."""

    id: str
    type: CommandType
    args: dict[str, Any]
    expires_ts: int


class Beacon(Struct):
    """Sent at every (re)connect: whoever holds unacknowledged items sends them now."""

    ts: int
    epoch: int


class OwnTracksLocation(Struct, rename={"type_": "_type"}):
    """OwnTracks JSON, `_type` location: `tst` seconds, `vel` km/h, zero-valued `acc` left out."""

    type_: str
    lat: Latitude
    lon: Longitude
    tst: Annotated[int, Meta(ge=0, le=2**43)]
    acc: NotNegative | None = None
    batt: Percent | None = None
    bs: int | None = None
    vel: NotNegative | None = None
    cog: Quantity | None = None


def topic(device_id: str, stream: str) -> str:
    """The topic of one stream of one device."""
    return f"{TOPIC_ROOT}/{device_id}/{stream}"


def split_topic(name: str) -> tuple[str, str] | None:
    """(device_id, stream) of an uplink topic, `owntracks` as the stream of that family.

    None when the topic is not one of ours. The device id is as it stands, valid or not.
    """
    if name.startswith("owntracks/"):
        parts = name.split("/")
        return (parts[1], "owntracks") if len(parts) == 3 else None
    parts = name.split("/")
    if len(parts) == 4 and parts[0] == "care" and parts[1] == "v1" and parts[3] in UPLINK_STREAMS:
        return parts[2], parts[3]
    return None


def encode(payload: Struct | list[Any]) -> bytes:
    """A payload as it goes on the wire."""
    return msgspec.json.encode(payload)


def json_schemas() -> dict[str, Any]:
    """JSON Schema (2020-12) of every payload, by name."""
    types = [Location, Heartbeat, Alarm, Result, Ack, DeviceCommand, Beacon, OwnTracksLocation]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return components
