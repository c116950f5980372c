"""Plays simulated devices and real tracks against a broker, in real time, until told to stop."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heapify, heappop
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device_sim.device import Device
from device_sim.publisher import Publisher
from iot_gateway.wire import BEACON_TOPIC, Ack, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device_sim.meter import Meter
    from device_sim.publisher import Broker
    from device_sim.simulation import Simulation
    from device_sim.tracks import Tracks

TICK_S: Final = 0.2
_GIVE_UP_S: Final = 30.0  # what has an end and never reaches its broker has failed


@dataclass(slots=True)
class Stop:
    """Set by a signal."""

    asked: bool = False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """SIGINT and SIGTERM ask to stop; the loop then ends in order, and the process with code 0."""
    stop = Stop()

    def ask(_number: int, _frame: Any) -> None:
        stop.asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wall_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def play(
    simulation: Simulation,
    broker: Broker,
    meter: Meter,
    stop: Stop,
    *,
    duration_s: float | None = None,
    credentials: dict[str, str] | None = None,
) -> int:
    """Plays a city until stopped or over; the number of messages published.

    ConnectionError if it is over and never reached its broker.
    """

    def on_link(device_ids: list[str], up: bool) -> None:
        publisher.publish(simulation.link(device_ids, up=up, now_ms=wall_ms()))

    def on_message(topic: str, payload: bytes) -> None:
        publisher.publish(simulation.receive(topic, payload, wall_ms()))

    publisher = Publisher(
        broker, simulation.device_ids, on_link, on_message, credentials=credentials, spread_s=5.0
    )
    began = tick_at = time.monotonic()
    try:
        while not stop.asked and (duration_s is None or time.monotonic() - began < duration_s):
            now = time.monotonic()
            if now >= tick_at:
                # After a pause (a suspended machine) there is nothing to catch up tick by tick.
                tick_at = max(tick_at + TICK_S, now)
                publisher.publish(simulation.step(wall_ms()))
                meter.update(now - began, _status(publisher, simulation.holding))
            publisher.run_once(min(tick_at - time.monotonic(), TICK_S))
    finally:
        publisher.close()
    if not publisher.published and publisher.refused and not stop.asked:
        raise ConnectionError(publisher.refused)
    return publisher.published


def play_tracks(
    tracks: Tracks, broker: Broker, meter: Meter, stop: Stop, *, at_once: bool, qos: int = 1
) -> tuple[int, int]:
    """Plays points at their `ts_ms`, or all `at_once` as flushed backlogs; (points sent, messages).

    ConnectionError if the broker cannot be reached.
    """
    boot = wall_ms() % 2**31
    devices = {name: Device(name, boot, qos=qos, ring_items=len(points)) for name, points in tracks.items()}
    due = [
        (point.ts_ms, name, number) for name, points in tracks.items() for number, point in enumerate(points)
    ]
    heapify(due)

    def on_link(device_ids: list[str], up: bool) -> None:
        for device_id in device_ids:
            publisher.publish(devices[device_id].link(up, wall_ms()))

    def on_message(topic: str, payload: bytes) -> None:
        if topic == BEACON_TOPIC:
            for device in devices.values():
                publisher.publish(device.beacon(wall_ms()))
            return
        _, _, name, stream = topic.split("/")
        if name not in devices:
            return
        if stream == "ack":
            ack = msgspec.json.decode(payload, type=Ack)
            devices[name].acknowledge(ack.boot, ack.seqs)
        elif stream == "cmd":
            publisher.publish(devices[name].command(payload, wall_ms(), lambda: latest.get(name)))

    latest: dict[str, Location] = {}
    sent = 0
    publisher = Publisher(broker, tracks, on_link, on_message)
    began = time.monotonic()
    try:
        while not stop.asked and (
            due or any(device.holding for device in devices.values()) or publisher.unconfirmed
        ):
            while due and (at_once or due[0][0] <= wall_ms()):
                ts_ms, name, number = heappop(due)
                point = tracks[name][number]
                latest[name] = _fix(point)
                publisher.publish(devices[name].report(_fix(point), ts_ms))
                sent += 1
            meter.update(sent, _status(publisher, sum(device.holding for device in devices.values())))
            if not publisher.up and publisher.refused and time.monotonic() - began > _GIVE_UP_S:
                raise ConnectionError(publisher.refused)
            publisher.run_once(TICK_S if not due else min(max(due[0][0] - wall_ms(), 1) / 1000.0, TICK_S))
            began = time.monotonic() if publisher.up else began
    finally:
        publisher.close()
    return sent, publisher.published


def _fix(point: Any) -> Location:
    """A point as an item; every item is a new one, because a device numbers it."""
    crs = None if point.crs == "wgs84" else point.crs
    return Location(lat=point.lat_deg, lon=point.lon_deg, acc=point.acc_m, src=point.src, crs=crs)


def _status(publisher: Publisher, holding: int) -> str:
    line = (
        f"{publisher.up}/{publisher.size} connected, {publisher.published:,} messages, {holding:,} items held"
    )
    return line if publisher.refused is None else f"{line}; broker: {publisher.refused}"
