"""What the devices of a city say: items of the wire contract, made from their simulated state. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from device_sim.signals import SOURCE_NAMES, Receivers
from iot_gateway.wire import Alarm, Heartbeat, Location

if TYPE_CHECKING:
    from numpy.random import Generator

    from device_sim.body import Bodies
    from device_sim.catalogue import ModelSpec
    from device_sim.sensors import Readings, Sensors
    from device_sim.walk import Rows, Walkers

_Vital = TypeVar("_Vital", Alarm, Heartbeat)


class Items:
    """Makes items for device rows; `place` (n,): each device's row among the bands or the sensors."""

    def __init__(
        self,
        rng: Generator,
        specs: list[ModelSpec],
        place: Rows,
        walkers: Walkers,
        bodies: Bodies,
        receivers: Receivers,
        sensors: Sensors,
    ) -> None:
        self._rng, self._specs, self._place = rng, specs, place
        self._walkers, self._bodies, self._receivers, self._sensors = walkers, bodies, receivers, sensors

    def band_items(self, rows: Rows, now_ms: int) -> list[Location | Heartbeat]:
        """A location of each band that has a fix now, a heartbeat of each that has none."""
        places = self._place[rows]
        east_m, north_m = self._walkers.east_m[places], self._walkers.north_m[places]
        fixes = self._receivers.take(places, now_ms, east_m, north_m, self._walkers.outdoors[places])
        vitals = self.vitals(rows, now_ms)
        items: list[Location | Heartbeat] = []
        for i, row in enumerate(rows):
            source = SOURCE_NAMES[fixes.source[i]]
            if source is None:
                items.append(vitals[i])
                continue
            acc_m = float(fixes.acc_m[i])
            crs = self._specs[row].crs
            items.append(
                Location(
                    lat=round(float(fixes.lat_deg[i]), 6), lon=round(float(fixes.lon_deg[i]), 6),
                    acc=None if np.isnan(acc_m) else acc_m, src=source,  # type: ignore[arg-type]
                    crs=None if crs == "wgs84" else crs, bat=vitals[i].bat,
                )
            )  # fmt: skip
        return items

    def fix(self, row: int, now_ms: int) -> Location | None:
        """Where a band believes to be now; None without a fix."""
        if self._specs[row].kind != "wristband":
            return None
        item = self.band_items(np.array([row]), now_ms)[0]
        return item if isinstance(item, Location) else None

    def vitals(self, rows: Rows, now_ms: int) -> list[Heartbeat]:
        """The full heartbeat of bands."""
        places, bodies = self._place[rows], self._bodies
        pulse = bodies.pulse_bpm(places, now_ms, self._walkers.moving[places])
        rssi = self._rng.integers(-105, -70, len(rows))
        return [
            Heartbeat(
                bat=int(bodies.bat[place]), worn=bool(bodies.worn[place]), chg=bool(bodies.charging[place]),
                hr=int(bpm) if bodies.worn[place] else None, rssi=int(dbm),
            )
            for place, bpm, dbm in zip(places, pulse, rssi, strict=True)
        ]  # fmt: skip

    def sensor_heartbeat(self, row: int, now_ms: int, readings: Readings | None = None) -> Heartbeat:
        """A fire or home sensor's heartbeat, with what it measures; an empty list says: no faults."""
        place = int(self._place[row])
        beat = Heartbeat(
            bat=int(self._sensors.bat[place]),
            rssi=int(self._rng.integers(-110, -75)),
            faults=self._sensors.faults.get(place, []),
        )
        return _with(beat, self._sensors.readings(place, now_ms) if readings is None else readings)

    def alarm(
        self, row: int, now_ms: int, kinds: list[str], *, on: bool = True, readings: Readings | None = None
    ) -> Alarm:
        """An alarm with what the device knows beside it: readings, pulse, and a fix if it has one."""
        alarm = Alarm(kinds=kinds, on=on)  # type: ignore[arg-type]
        if self._specs[row].kind != "wristband":
            alarm.bat = int(self._sensors.bat[self._place[row]])
            return _with(alarm, readings or {})
        vitals = self.vitals(np.array([row]), now_ms)[0]
        alarm.bat, alarm.worn, alarm.hr, alarm.chg = vitals.bat, vitals.worn, vitals.hr, vitals.chg
        here = self.fix(row, now_ms) if on and kinds != ["low_battery"] else None
        if here is not None:
            alarm.lat, alarm.lon, alarm.acc, alarm.src, alarm.crs = (
                here.lat,
                here.lon,
                here.acc,
                here.src,
                here.crs,
            )
        return alarm


def receivers_of(
    rng: Generator, roster: dict[str, Any], wearers: list[dict[str, Any]], specs: list[ModelSpec]
) -> Receivers:
    """Each band's house and its site's WiFi; a band without a site lives in the middle of the others."""
    sites = {site["site_id"]: number for number, site in enumerate(roster["sites"])}
    where = np.array([(site["lat"], site["lon"]) for site in roster["sites"]] or [(36.7, 119.1)])
    middle = where.mean(axis=0)
    number = [sites.get(device.get("site_id") or "", -1) for device in wearers]
    houses = np.array([middle if n < 0 else where[n] for n in number]).reshape(-1, 2)
    site = np.array([len(sites) if n < 0 else n for n in number], np.int64)
    gcj02 = np.array([spec.crs == "gcj02" for spec in specs], bool)
    return Receivers(rng, houses[:, 0], houses[:, 1], site, gcj02)


def _with(item: _Vital, readings: Readings) -> _Vital:
    for name, value in readings.items():
        setattr(item, name, value)
    return item
