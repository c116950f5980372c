"""Decoded messages to one batch, and to what is stored and acknowledged beside it.

Decides what is admitted: devices of the roster, alarms of anybody, nothing twice. Has no clock and
no store: the same messages give the same batch, live, after a restart and in a replay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any, Final, NamedTuple

import msgspec

from alerts import batch as batches
from alerts.batch import NO_SEQ, VALUE_FIELDS, Batch, Reading, batch_of
from alerts.commands import Command
from alerts.engine import Engine
from alerts.vocabulary import SOURCE_INDEX
from iot_gateway.crs import to_wgs84
from iot_gateway.decode import NO_SEQ_BOOT, Item, Rejection, decode
from iot_gateway.repeats import Identity, Repeats
from iot_gateway.wire import Alarm, Heartbeat, Location, Result

# Alarms of devices nobody enrolled still raise, but each takes a row of every array.
MAX_UNREGISTERED: Final = 20_000
_VITALS: Final = ("temp", "smoke", "co", "gas", "press", "current")


class Received(NamedTuple):
    """A message as the core's inputs log keeps it."""

    received_at_ms: int
    topic: str
    payload: bytes
    # What came, where the payload is a stand-in for it (`poison`); not in the log.
    raw: bytes | None = None


class StoredReading(NamedTuple):
    """A row of `readings`, less its id."""

    device_row: int
    measured_at_ms: int
    boot: int
    seq: int
    received_at_ms: int
    stream: str
    lat: float | None
    lon: float | None
    acc_m: float | None
    src: str | None
    bat: float | None
    extra: str | None


class Quarantined(NamedTuple):
    """A row of `quarantine`, less its id."""

    received_at_ms: int
    topic: str
    device_id: str
    reason: str
    payload: bytes


@dataclass(slots=True)
class Admitted:
    """What some messages come to. `acks`: (device_id, boot) -> seqs that are on disk after the commit."""

    batch: Batch = field(default_factory=lambda: batches.EMPTY)
    readings: list[StoredReading] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    acks: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    results: list[tuple[str, Result]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


Input = Received | Command


class Batcher:
    """Turns the inputs of one step into its batch."""

    def __init__(self, engine: Engine, repeats: Repeats) -> None:
        self._engine, self._repeats = engine, repeats
        self._room: int | None = None  # for devices nobody enrolled, in this step

    def admit(self, messages: Iterable[tuple[int, Received]]) -> Admitted:
        """`messages` with their place among the step's inputs, in the order of arrival."""
        admitted = Admitted()
        readings: list[Reading] = []
        new_rows: dict[str, int] = {}
        self._room = None
        self._repeats.begin_step()
        for arrival, message in messages:
            decoded = decode(message.topic, message.payload)
            admitted.counts["messages"] += 1
            admitted.results += decoded.results
            for rejection in decoded.rejections:
                self._reject(rejection, message, admitted)
                self._count(rejection, decoded.items, arrival, message.received_at_ms, readings)
            for item in decoded.items:
                row = self._row(item, new_rows)
                if row is None:
                    self._reject(_unknown_device(item), message, admitted)
                    continue
                self._take(item, row, arrival, message, readings, admitted)
        admitted.batch = batch_of(readings, tuple(new_rows))
        return admitted

    def _count(
        self,
        rejection: Rejection,
        items: list[Item],
        arrival: int,
        received_at_ms: int,
        readings: list[Reading],
    ) -> None:
        """What cannot be used is not missing either; unless what is left of it is taken anyway."""
        fleet, seq = self._engine.fleet, rejection.seq
        row = fleet.row_of.get(rejection.device_id)
        if row is None or seq is None or not fleet.devices[row].registered:
            return
        if all((item.boot, item.seq) != (rejection.boot, seq) for item in items):
            readings.append(
                Reading(
                    row, received_at_ms, received_at_ms, arrival, seq=seq, boot=rejection.boot, wants_ack=True,
                    unread=True,
                )
            )  # fmt: skip

    def _row(self, item: Item, new_rows: dict[str, int]) -> int | None:
        """The row of an item's device; alarms of strangers get one."""
        fleet = self._engine.fleet
        row = fleet.row_of.get(item.device_id)
        if row is not None and (fleet.devices[row].registered or item.stream == "alarm"):
            return row
        if item.stream != "alarm" or row is not None:
            return None
        if item.device_id not in new_rows:
            if not self._has_room(len(new_rows)):
                return None
            new_rows[item.device_id] = len(fleet) + len(new_rows)
        return new_rows[item.device_id]

    def _has_room(self, taken: int) -> bool:
        """Counted anew in each step: what is admitted depends on nothing but the engine's state."""
        if self._room is None:
            self._room = MAX_UNREGISTERED - self._engine.fleet.strangers()
        return taken < self._room

    def _take(
        self,
        item: Item,
        row: int,
        arrival: int,
        message: Received,
        readings: list[Reading],
        admitted: Admitted,
    ) -> None:
        admitted.counts["items"] += 1
        if item.wants_ack:
            admitted.acks.setdefault((item.device_id, item.boot), []).append(item.seq)
        # Two heartbeats without a seq and a time say the same and are two signs of life.
        is_sign = item.ts is None and item.boot == NO_SEQ_BOOT and item.stream != "alarm"
        if not is_sign and self._is_repeat(item, row, message):
            admitted.counts["repeats"] += 1
            return
        reading = self._reading(item, row, arrival, message.received_at_ms)
        readings.append(reading)
        admitted.readings.append(_stored(item, reading))

    def _is_repeat(self, item: Item, row: int, message: Received) -> bool:
        identity = Identity(row, item.ts, item.boot, item.seq)
        return self._repeats.is_repeat(identity, message.received_at_ms, item.content)

    def _reading(self, item: Item, row: int, arrival: int, received_at_ms: int) -> Reading:
        reading = Reading(
            device_row=row,
            received_at_ms=received_at_ms,
            measured_at_ms=received_at_ms if item.ts is None else item.ts,
            arrival=arrival,
            on_bits=item.on_bits,
            off_bits=item.off_bits,
            seq=NO_SEQ if item.boot == NO_SEQ_BOOT else item.seq,
            boot=item.boot,
            wants_ack=item.wants_ack,
        )
        said = item.said
        if isinstance(said, (Location, Alarm)):
            self._set_fix(reading, said)
        if isinstance(said, (Heartbeat, Alarm)):
            _set_vitals(reading, said)
        elif said is not None and said.bat is not None:
            reading.values = (said.bat, *reading.values[1:])
        return reading

    def _set_fix(self, reading: Reading, said: Location | Alarm) -> None:
        """The position, in WGS-84. (0, 0) is what receivers say when they have none."""
        if said.lat is None or said.lon is None or (said.lat == 0 and said.lon == 0):
            return
        crs = said.crs or self._default_crs(reading.device_row)
        reading.lat_deg, reading.lon_deg = to_wgs84(said.lat, said.lon, crs)
        # A receiver that says 0 m does not know.
        reading.acc_m = said.acc or nan
        reading.src = SOURCE_INDEX[said.src or "unknown"]

    def _default_crs(self, row: int) -> str:
        devices = self._engine.fleet.devices
        model = self._engine.models.get(devices[row].model or "") if row < len(devices) else None
        return (model.crs if model else None) or "wgs84"

    @staticmethod
    def _reject(rejection: Rejection, message: Received, admitted: Admitted) -> None:
        admitted.rejected[rejection.reason] += 1
        reason = f"{rejection.reason}: {rejection.detail}" if rejection.detail else rejection.reason
        if rejection.payload is not None:
            row = Quarantined(
                message.received_at_ms, message.topic, rejection.device_id, reason,
                rejection.payload if message.raw is None else message.raw,
            )  # fmt: skip
            admitted.quarantined.append(row)
        if rejection.wants_ack and rejection.seq is not None:
            admitted.acks.setdefault((rejection.device_id, rejection.boot), []).append(rejection.seq)


def _unknown_device(item: Item) -> Rejection:
    has_seq, is_alarm = item.boot != NO_SEQ_BOOT, item.stream == "alarm"
    # An alarm comes here only because there are MAX_UNREGISTERED strangers: shed, so not acknowledged.
    return Rejection(
        item.device_id, "too_many_strangers" if is_alarm else "unknown_device", "",
        msgspec.json.encode(item.said), item.boot, item.seq if has_seq else None,
        item.wants_ack and not is_alarm,
    )  # fmt: skip


def _set_vitals(reading: Reading, said: Heartbeat | Alarm) -> None:
    values = (said.bat, *(getattr(said, name) for name in _VITALS))
    assert len(values) == len(VALUE_FIELDS)
    reading.values = tuple(nan if value is None else value for value in values)
    reading.worn = nan if said.worn is None else float(said.worn)
    reading.charging = nan if said.chg is None else float(said.chg)
    reading.faults = None if said.faults is None else tuple(said.faults)


_OWN_COLUMNS: Final = frozenset({"ts", "seq", "boot", "ack", "bat", "lat", "lon", "acc", "src", "crs"})


def _stored(item: Item, reading: Reading) -> StoredReading:
    has_fix = reading.lat_deg == reading.lat_deg
    extra: dict[str, Any] = {}
    if item.said is not None:
        asked = msgspec.structs.asdict(item.said)
        extra = {k: v for k, v in asked.items() if v is not None and k not in _OWN_COLUMNS}
    if isinstance(item.said, Alarm) and item.said.on:
        del extra["on"]
    said_src = getattr(item.said, "src", None)
    return StoredReading(
        reading.device_row, reading.measured_at_ms, item.boot, item.seq, reading.received_at_ms, item.stream,
        round(reading.lat_deg, 7) if has_fix else None, round(reading.lon_deg, 7) if has_fix else None,
        reading.acc_m if reading.acc_m == reading.acc_m else None,
        said_src if has_fix else None, item.said.bat if item.said is not None else None,
        msgspec.json.encode(extra).decode() if extra else None,
    )  # fmt: skip


def arrange(inputs: Sequence[Input]) -> tuple[list[tuple[int, Received]], list[Command]]:
    """A step's inputs by kind, each with its place in the order of arrival."""
    messages = [(i, entry) for i, entry in enumerate(inputs) if isinstance(entry, Received)]
    commands = [replace(e, arrival=i) for i, e in enumerate(inputs) if not isinstance(e, Received)]
    return messages, commands
