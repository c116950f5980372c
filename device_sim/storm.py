"""The reconnect storm: every band comes back at once and flushes an hour of buffered fixes.

Each fix wants an `ack`, so that what the service took is counted by its own word. SOS items in the
middle of it show what an alarm waits behind a backlog.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from device_sim.device import Device
from device_sim.live import wall_ms
from device_sim.publisher import Publisher
from device_sim.signals import NONE, SOURCE_NAMES, Receivers
from device_sim.walk import Walkers
from iot_gateway.wire import BEACON_TOPIC, Ack, Alarm, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device_sim.device import Outgoing
    from device_sim.live import Stop
    from device_sim.meter import Meter
    from device_sim.publisher import Broker

_STEP_MS: Final = 60_000
_UNCONFIRMED_LIMIT: Final = 2_000
_TURN: Final = 200
_SHARES: Final = (("p50", 50), ("p99", 99), ("max", 100))
_CELL_M: Final = 800.0


@dataclass(slots=True)
class StormResult:
    """What came of it; `alarm_ms`: from an SOS to its ack, milliseconds."""

    fixes: int
    messages: int = 0
    resent: int = 0
    acked: int = 0
    flushed_s: float = 0.0
    acked_s: float = 0.0
    alarms: int = 0
    alarm_ms: list[float] = field(default_factory=list)

    def summary(self) -> str:
        """Sent, acknowledged, how fast, and how long the alarms took."""
        lines = [
            (
                f"sent {self.fixes} fixes in {self.messages} messages ({self.resent} of them again), "
                f"flushed in {self.flushed_s:.1f} s"
            ),
            f"acknowledged {self.acked} fixes in {self.acked_s:.1f} s, {self.acked / max(self.acked_s, 1e-3):.0f} a second",
        ]
        if self.alarms:
            waits = self.alarm_ms or [float("nan")]
            took = ", ".join(f"{name} {np.percentile(waits, share):.0f} ms" for name, share in _SHARES)
            lines.append(f"SOS acknowledged: {len(self.alarm_ms)} of {self.alarms}; {took}")
        return "\n".join(lines)


def buffer_fixes(
    roster: dict[str, Any], seed: int, now_ms: int, fixes: int, array_items: int
) -> Iterator[tuple[int, list[Device]]]:
    """Bands that were offline for `fixes` minutes and kept a fix of each; yields (minute, bands)."""
    sites = {site["site_id"]: site for site in roster["sites"]}
    bands = [d for d in roster["devices"] if d["kind"] == "wristband" and d.get("site_id") in sites]
    rng = np.random.default_rng(seed)
    count = len(bands)
    houses = np.array([(sites[d["site_id"]]["lat"], sites[d["site_id"]]["lon"]) for d in bands]).reshape(
        -1, 2
    )
    walkers = Walkers(rng, np.full(count, 30.0))
    receivers = Receivers(rng, houses[:, 0], houses[:, 1], np.arange(count), np.zeros(count, bool))
    boot = now_ms % 2**31
    devices = [Device(d["device_id"], boot, ring_items=fixes, array_items=array_items) for d in bands]
    everybody = np.arange(count)
    for minute in range(fixes):
        ts_ms = now_ms - (fixes - minute) * _STEP_MS
        walkers.step(ts_ms, _STEP_MS / 1000.0)
        taken = receivers.take(everybody, ts_ms, walkers.east_m, walkers.north_m, walkers.outdoors)
        for row, device in enumerate(devices):
            acc = float(taken.acc_m[row])
            # A band that has no fix at all would buffer nothing; here it has at least its cell.
            none = taken.source[row] == NONE
            src = "cell" if none else SOURCE_NAMES[taken.source[row]]
            acc_m = _CELL_M if none else None if np.isnan(acc) else acc
            fix = Location(
                lat=round(float(taken.lat_deg[row]), 6), lon=round(float(taken.lon_deg[row]), 6),
                acc=acc_m, src=src, crs="wgs84", ack=True,  # type: ignore[arg-type]
            )  # fmt: skip
            device.report(fix, ts_ms)
        yield minute + 1, devices


class Storm:
    """Lets the bands flush as fast as the broker or `rate` allows, and waits for the acks."""

    def __init__(self, devices: list[Device], alarms: int, rate: float) -> None:
        """`alarms`: SOS items spread over the flush; `rate`: messages a second, 0 for no limit."""
        self._devices = {device.device_id: device for device in devices}
        self._rate = rate
        self._ready: deque[Device] = deque()
        self._outbox: deque[Outgoing] = deque()
        every = max(len(devices) // (alarms + 1), 1)
        self._sos_at = set(range(every, len(devices) + 1, every)[:alarms])
        self._sos_sent: dict[str, tuple[int, float]] = {}
        self._flushed: set[str] = set()
        self.result = StormResult(fixes=sum(device.holding for device in devices))
        self._left = self.result.fixes

    def run(
        self,
        broker: Broker,
        meter: Meter,
        stop: Stop,
        *,
        credentials: dict[str, str] | None = None,
        give_up_s: float = 60.0,
    ) -> StormResult:
        """Ends when everything is acknowledged, or nothing more has been for `give_up_s`."""
        self._publisher = publisher = Publisher(
            broker, self._devices, self._on_link, self._on_message, credentials=credentials
        )
        result = self.result
        started = self._progress_at = time.monotonic()
        try:
            while not stop.asked and self._left and time.monotonic() - self._progress_at < give_up_s:
                if not self._flushed:
                    started = time.monotonic()  # connecting is no part of the storm
                self._send(time.monotonic() - started)
                if not result.flushed_s and len(self._flushed) == len(self._devices) and not self._outbox:
                    result.flushed_s = time.monotonic() - started
                meter.update(
                    result.acked,
                    f"{result.acked:,} of {result.fixes:,} acknowledged, {result.messages:,} messages",
                )
                publisher.run_once(0.0 if self._ready or self._outbox else 0.05)
        finally:
            publisher.close()
        if not self._flushed:
            raise ConnectionError(publisher.refused or "no connection")
        result.acked_s = max(self._progress_at - started, 0.0)
        return result

    def _send(self, elapsed_s: float) -> None:
        """As much as the rate and the broker's PUBACKs allow, then what has waited for its ack."""
        publisher, result = self._publisher, self.result
        for _ in range(_TURN):
            if publisher.unconfirmed >= _UNCONFIRMED_LIMIT or not publisher.up:
                return
            if self._rate and result.messages >= self._rate * elapsed_s:
                return
            if not self._outbox:
                self._next()
            if not self._outbox:
                return
            publisher.publish([self._outbox.popleft()])
            result.messages += 1

    def _next(self) -> None:
        """The next band's flush; when all have flushed, what is due again."""
        now_ms = wall_ms()
        if self._ready:
            device = self._ready.popleft()
            self._outbox.extend(device.link(True, now_ms))
            if device.device_id not in self._flushed:
                self._flushed.add(device.device_id)
                if len(self._flushed) in self._sos_at:
                    self._press_sos(device, now_ms)
            return
        for device in self._devices.values():
            again = device.resend_due(now_ms)
            self.result.resent += len(again)
            self._outbox.extend(again)

    def _press_sos(self, device: Device, now_ms: int) -> None:
        """A device sends its alarms before its backlog."""
        alarm = Alarm(kinds=["sos"])
        self._outbox.extendleft(reversed(device.report(alarm, now_ms)))
        assert alarm.seq is not None, "a report numbers its item"
        self._sos_sent[device.device_id] = (alarm.seq, time.monotonic())
        self.result.alarms += 1
        self._left += 1

    def _on_link(self, device_ids: list[str], up: bool) -> None:
        for device_id in device_ids:
            if up:
                self._ready.append(self._devices[device_id])
            else:
                self._devices[device_id].link(False, wall_ms())
        if not up:
            gone = set(device_ids)
            self._ready = deque(device for device in self._ready if device.device_id not in gone)

    def _on_message(self, topic: str, payload: bytes) -> None:
        if topic == BEACON_TOPIC:
            for device in self._devices.values():
                self._outbox.extend(device.beacon(wall_ms()))
            return
        _, _, device_id, stream = topic.split("/")
        if device_id not in self._devices or stream != "ack":
            return
        ack = msgspec.json.decode(payload, type=Ack)
        gone = self._devices[device_id].acknowledge(ack.boot, ack.seqs)
        if not gone:
            return
        self._left -= gone
        self._progress_at = time.monotonic()
        sos_seq, sent_at = self._sos_sent.get(device_id, (None, 0.0))
        if sos_seq in ack.seqs:
            self.result.alarm_ms.append(1000.0 * (self._progress_at - sent_at))
            del self._sos_sent[device_id]
            gone -= 1
        self.result.acked += gone
