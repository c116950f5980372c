"""The whole simulated city in virtual time: each step gives the messages that its devices send.

Pure: the caller brings the clock, the link to the broker, and what the service answers. Bands report
every `contact_every_s` of their model: a `location` with the battery where there is a fix, else a
`heartbeat`; and a full `heartbeat` (worn, charging, pulse, signal) every five minutes beside it.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from device_sim.body import Bodies
from device_sim.bounds import room
from device_sim.catalogue import spec_of
from device_sim.device import Device, Outgoing
from device_sim.faults import Faults, Line
from device_sim.items import Items, receivers_of
from device_sim.scenario import KINDS, Event, Scenario, read_script
from device_sim.sensors import Sensors
from device_sim.walk import INDOORS, Walkers
from iot_gateway.wire import BEACON_TOPIC, Ack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.random import Generator

    from device_sim.sensors import Readings
    from device_sim.walk import Rows
    from iot_gateway.wire import Alarm, Heartbeat, Location

VITALS_EVERY_S: Final = 300.0
_MOMENTARY: Final = frozenset({"sos", "fall", "manual_call"})
_FALL_AND_SOS: Final = 0.15
_LOOK_AGAIN_MS: Final = 60_000
_AIR: Final = frozenset({"fire", "smoulder", "steam", "co", "gas", "electrical", "water_pressure_low"})
_FAULTS: Final = ("detector dirty", "mains power lost", "battery weak", "loop open")


class Simulation:
    """All devices of a roster, from `start_ms` on; the same seed and the same steps, the same city."""

    def __init__(
        self,
        roster: dict[str, Any],
        seed: int,
        start_ms: int,
        *,
        lively: float = 0.0,
        script: bytes | None = None,
        faults: Faults | None = None,
        boots: Generator | None = None,
        qos: int = 1,
    ) -> None:
        """`boots` None: boots come from the seed too, as a recording wants; `qos` of positions and heartbeats."""
        rng = np.random.default_rng(seed)
        walk_rng, fix_rng, body_rng, sensor_rng, event_rng, line_rng, own_rng = rng.spawn(7)
        self._rng, self._now_ms, self._last_ms = own_rng, start_ms, start_ms
        self._boots = own_rng if boots is None else boots
        self._faults = faults or Faults()
        self._line = Line(line_rng, self._faults)
        rows = sorted(roster["devices"], key=lambda device: str(device["device_id"]))
        models = {model["model"]: model for model in roster.get("models", [])}
        self.specs = [spec_of(device, models) for device in rows]
        skew = own_rng.uniform(-1.0, 1.0, len(rows)) * self._faults.skew_s * 1000.0
        self.devices = [
            Device(row["device_id"], self._new_boot(0), skew_ms=int(ms), qos=qos)
            for row, ms in zip(rows, skew, strict=True)
        ]
        self._row_of = {device.device_id: row for row, device in enumerate(self.devices)}
        self._link, self._radio, self._power = (np.full(len(rows), on) for on in (False, True, True))
        self._holding: set[int] = set()

        wearers = [row for row, spec in enumerate(self.specs) if spec.kind == "wristband"]
        others = [row for row, spec in enumerate(self.specs) if spec.kind != "wristband"]
        # Device rows of bands and sensors, and each device's place among them.
        self._band_rows, self._sensor_rows = np.array(wearers, np.int64), np.array(others, np.int64)
        self._place = np.zeros(len(rows), np.int64)
        self._place[self._band_rows] = np.arange(len(wearers))
        self._place[self._sensor_rows] = np.arange(len(others))

        worn_by = [rows[row] for row in wearers]
        roam_m, reach_m = room(roster, worn_by)
        self.walkers = Walkers(walk_rng, roam_m)
        self.bodies = Bodies(body_rng, len(wearers))
        receivers = receivers_of(fix_rng, roster, worn_by, [self.specs[row] for row in wearers])
        zones = [
            (rows[row].get("site_id") or f"of {rows[row]['device_id']}", rows[row].get("zone") or "")
            for row in others
        ]
        self.sensors = Sensors(sensor_rng, [self.specs[row] for row in others], zones)
        self._say = Items(
            own_rng, self.specs, self._place, self.walkers, self.bodies, receivers, self.sensors
        )

        self._every_ms = np.array([spec.contact_every_s * 1000.0 for spec in self.specs])
        self._report_ms = start_ms + _even_phase(self._every_ms)
        vitals_ms = np.full(len(wearers), VITALS_EVERY_S * 1000.0)
        self._vitals_ms = start_ms + _even_phase(vitals_ms)
        self._timers: list[tuple[float, int, str, int]] = []
        self._timer_count = 0
        eligible = self._eligible(reach_m if lively else None)
        lines = None
        if script is not None:
            senses = {device.device_id: self._senses(row) for row, device in enumerate(self.devices)}
            lines = read_script(script, self._row_of, senses)
        self._scenario = Scenario(event_rng, eligible, start_ms, lively=lively, script=lines)

    @property
    def device_ids(self) -> list[str]:
        return [device.device_id for device in self.devices]

    @property
    def holding(self) -> int:
        """Items that devices hold: not sent yet, or not acknowledged."""
        return sum(self.devices[row].holding for row in self._holding)

    def step(self, now_ms: int) -> list[Outgoing]:
        """Lets everything happen until `now_ms`; the messages that arrive at the broker now."""
        dt_s = max(now_ms - self._last_ms, 0) / 1000.0
        self._now_ms = self._last_ms = now_ms
        sent: list[Outgoing] = []
        self.walkers.step(now_ms, dt_s)
        news = self.bodies.step(now_ms, dt_s)
        for place in news.low:
            sent += self._alarm(int(self._band_rows[place]), ["low_battery"])
        for place in news.recovered:
            sent += self._alarm(int(self._band_rows[place]), ["low_battery"], on=False)
        for place in news.died:
            sent += self._switch(self._power, int(self._band_rows[place]), on=False)
        for place in news.woke:
            sent += self._power_up(int(self._band_rows[place]))
        for event in self._scenario.step(now_ms, dt_s):
            sent += self._happen(event)
        if self._faults.backlog and len(self._band_rows):
            expected = self._faults.backlog * len(self._band_rows) * dt_s / 3600.0
            for row in self._rng.choice(self._band_rows, int(self._rng.poisson(expected))):
                sent += self._happen(Event(int(row), "dead_zone", float(self._rng.uniform(600.0, 3600.0))))
        while self._timers and self._timers[0][0] <= now_ms:
            _, _, what, row = heappop(self._timers)
            sent += self._over(what, row)
        for report in self.sensors.step(now_ms):
            row = int(self._sensor_rows[report.row])
            if self._power[row]:
                if report.kinds:
                    sent += self._alarm(row, report.kinds, on=report.on, readings=report.readings)
                else:
                    sent += self._report(row, self._say.sensor_heartbeat(row, now_ms, report.readings))
        sent += self._reports()
        for row in sorted(self._holding):
            device = self.devices[row]
            if device.holding:
                sent += device.resend_due(now_ms)
            else:
                self._holding.discard(row)
        return self._line.pass_on(sent, now_ms)

    def receive(self, topic: str, payload: bytes, now_ms: int) -> list[Outgoing]:
        """What the service says, and what the devices answer to it at once."""
        self._now_ms = max(self._now_ms, now_ms)
        if topic == BEACON_TOPIC:
            answers = [
                message for row in sorted(self._holding) for message in self.devices[row].beacon(now_ms)
            ]
            return self._line.pass_on(answers, now_ms)
        parts = topic.split("/")
        row = self._row_of.get(parts[2]) if len(parts) == 4 else None
        if row is None or not self._online(row) or not self._line.answer_arrives():
            return []
        device = self.devices[row]
        if parts[3] == "ack":
            try:
                ack = msgspec.json.decode(payload, type=Ack)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                return []
            device.acknowledge(ack.boot, ack.seqs)
            return []
        if parts[3] != "cmd":
            return []
        answers = device.command(payload, now_ms, lambda: self._say.fix(row, now_ms))
        self._apply_interval(row)
        return self._line.pass_on(answers, now_ms)

    def link(self, device_ids: Iterable[str], *, up: bool, now_ms: int) -> list[Outgoing]:
        """The connection of these devices to the broker comes up or breaks."""
        self._now_ms = max(self._now_ms, now_ms)
        sent: list[Outgoing] = []
        for device_id in device_ids:
            sent += self._switch(self._link, self._row_of[device_id], on=up)
        return self._line.pass_on(sent, now_ms)

    def _senses(self, row: int) -> frozenset[str]:
        spec = self.specs[row]
        return spec.senses if spec.kind == "wristband" else spec.senses | {"detector"}

    def _eligible(self, reach_m: Any) -> dict[str, Rows]:
        """Device rows by event; in a lively city those elope who soonest are outside."""
        rows = range(len(self.specs))
        found = {
            name: np.array(
                [row for row in rows if kind.sense == "any" or kind.sense in self._senses(row)], np.int64
            )
            for name, kind in KINDS.items()
        }
        if reach_m is not None and len(self._band_rows):
            quick = np.where(self._every_ms_of_bands() <= 60_000, reach_m, np.inf)
            nearest = np.argsort(quick, kind="stable")[: max(1, len(quick) // 4)]
            found["elope"] = self._band_rows[nearest]
        return found

    def _every_ms_of_bands(self) -> Any:
        return self._every_ms[self._band_rows]

    def _happen(self, event: Event) -> list[Outgoing]:
        """An event begins."""
        row, kind, now_ms = event.row, event.kind, self._now_ms
        if not self._power[row]:
            return []
        place = np.array([self._place[row]])
        until_ms = now_ms + event.duration_s * 1000.0
        if kind in _AIR:
            self.sensors.start(kind, int(place[0]), now_ms, event.duration_s)
            return []
        if kind == "silence":
            self._later(until_ms, "silence", row)
            return self._switch(self._power, row, on=False)
        if kind == "dead_zone":
            self._later(until_ms, "dead_zone", row)
            return self._switch(self._radio, row, on=False)
        if kind in {"elope", "outing"}:
            if self.walkers.mode[place[0]] == INDOORS or kind == "elope":
                start = self.walkers.elope if kind == "elope" else self.walkers.outing
                start(place, now_ms, event.duration_s)
            return []
        if kind == "low_battery":
            self.bodies.bat[place] = np.minimum(self.bodies.bat[place], 14.5)
            return []
        if kind == "fault":
            self.sensors.faults[int(place[0])] = [str(self._rng.choice(_FAULTS))]
            self._later(until_ms, "fault", row)
            return self._report(row, self._say.sensor_heartbeat(row, self._now_ms))
        if kind == "strap_off":
            if not self.bodies.worn[place[0]]:
                return []
            self.bodies.worn[place] = False
        if kind in {"sos", "fall"}:
            self.bodies.upset(place, now_ms + 600_000.0)
        if kind == "fall":
            self.walkers.hold(place, until_ms)
        if kind not in _MOMENTARY:
            self._later(until_ms, kind, row)
        # Some press the button while they fall: both bits in one item.
        both = kind == "fall" and self._rng.random() < _FALL_AND_SOS
        return self._alarm(row, ["fall", "sos"] if both else [kind])

    def _over(self, what: str, row: int) -> list[Outgoing]:
        """What began has ended."""
        place = int(self._place[row])
        if what == "silence":
            return self._power_up(row)
        if what == "dead_zone":
            return self._switch(self._radio, row, on=True)
        if not self._power[row]:
            # Nobody hears of it before the device has power again.
            self._later(self._now_ms + _LOOK_AGAIN_MS, what, row)
            return []
        if what == "fault":
            self.sensors.faults.pop(place, None)
            return self._report(row, self._say.sensor_heartbeat(row, self._now_ms))
        if what == "strap_off":
            self.bodies.worn[place] = True
        return self._alarm(row, [what], on=False)

    def _later(self, at_ms: float, what: str, row: int) -> None:
        self._timer_count += 1
        heappush(self._timers, (at_ms, self._timer_count, what, row))

    def _online(self, row: int) -> bool:
        return bool(self._link[row] and self._radio[row] and self._power[row])

    def _switch(self, what: Any, row: int, *, on: bool) -> list[Outgoing]:
        was = self._online(row)
        what[row] = on
        now = self._online(row)
        return self.devices[row].link(now, self._now_ms) if now != was else []

    def _power_up(self, row: int) -> list[Outgoing]:
        if not self._power[row] and not (
            self.specs[row].kind == "wristband" and self.bodies.dead[self._place[row]]
        ):
            device = self.devices[row]
            device.restart(self._new_boot(device.boot))
            return self._switch(self._power, row, on=True)
        return []

    def _new_boot(self, old: int) -> int:
        boot = int(self._boots.integers(1, 2**31))
        return boot if boot != old else boot + 1

    def _report(self, row: int, item: Location | Heartbeat | Alarm) -> list[Outgoing]:
        device = self.devices[row]
        sent = device.report(item, self._now_ms)
        if device.holding:
            self._holding.add(row)
        return sent

    def _reports(self) -> list[Outgoing]:
        """Everything that is due by the devices' own intervals."""
        now_ms = self._now_ms
        due = np.flatnonzero(self._report_ms <= now_ms)
        _advance(self._report_ms, due, self._every_ms, now_ms)
        due = due[self._power[due]]
        sent: list[Outgoing] = []
        bands = due[np.isin(due, self._band_rows, assume_unique=True)]
        for row, item in zip(bands, self._say.band_items(bands, now_ms), strict=True):
            sent += self._report(int(row), item)
        for row in np.setdiff1d(due, bands, assume_unique=True):
            sent += self._report(int(row), self._say.sensor_heartbeat(int(row), now_ms))
        full = np.flatnonzero(self._vitals_ms <= now_ms)
        _advance(self._vitals_ms, full, np.full(len(self._vitals_ms), VITALS_EVERY_S * 1000.0), now_ms)
        rows = self._band_rows[full]
        rows = rows[self._power[rows]]
        for row, item in zip(rows, self._say.vitals(rows, now_ms), strict=True):
            sent += self._report(int(row), item)
        return sent

    def _alarm(
        self, row: int, kinds: list[str], *, on: bool = True, readings: Readings | None = None
    ) -> list[Outgoing]:
        return self._report(row, self._say.alarm(row, self._now_ms, kinds, on=on, readings=readings))

    def _apply_interval(self, row: int) -> None:
        every_ms = self.devices[row].report_every_ms
        if every_ms is not None and self._every_ms[row] != every_ms:
            self._every_ms[row] = every_ms
            self._report_ms[row] = min(self._report_ms[row], self._now_ms + every_ms)


def _even_phase(every_ms: Any) -> Any:
    """First due times that spread each interval's devices evenly over it, so that the load is smooth."""
    phase = np.zeros(len(every_ms))
    for interval in np.unique(every_ms):
        rows = np.flatnonzero(every_ms == interval)
        phase[rows] = interval * (np.arange(len(rows)) + 0.5) / len(rows)
    return phase


def _advance(due_ms: Any, rows: Rows, every_ms: Any, now_ms: int) -> None:
    """The next due time after now, in phase; a stalled clock does not make a burst."""
    periods = np.floor((now_ms - due_ms[rows]) / every_ms[rows]) + 1.0
    due_ms[rows] += periods * every_ms[rows]
