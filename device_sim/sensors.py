"""Fire and home sensors: what they measure, the curves of what can happen, and when they alarm.

Pure and seeded. A fire reaches every sensor of its zone; steam, gas or a worn wire only one. A
sensor in trouble measures every 2 s, reports every 10 s, and repeats an alarm every minute while
it lasts; all others just read their surroundings when they report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.random import Generator

    from device_sim.catalogue import ModelSpec

Readings = dict[str, float]

# What makes a sensor alarm: quantity, limit, whether the limit is a maximum, and the kind raised.
# smoke %/m, temperature deg C, co ppm, gas %LEL, residual current mA, pressure MPa.
_LIMITS: Final = {
    "smoke": ("smoke", 5.0, True, "smoke"),
    "heat": ("temp", 57.0, True, "heat"),
    "co": ("co", 50.0, True, "co"),
    "gas": ("gas", 10.0, True, "gas"),
    "current": ("current", 300.0, True, "electrical"),
    "press": ("press", 0.1, False, "water_pressure_low"),
}
_SAMPLE_MS: Final = 2_000
_TROUBLE_REPORT_MS: Final = 10_000
_REPEAT_MS: Final = 60_000
_AFTERGLOW_S: Final = 150.0  # e-folding time of what is left in the air when it is over
_FORGET_MS: Final = 900_000


def _fast(t: float) -> Readings:
    """Flames: smoke passes the limit after half a minute, heat after a minute and a half."""
    return {
        "smoke": 22.0 * (1 - np.exp(-((t / 60.0) ** 2))),
        "temp": min(0.0042 * t * t, 160.0),
        "co": 0.3 * t,
    }


def _smoulder(t: float) -> Readings:
    """A glowing mattress: smoke and carbon monoxide over many minutes, hardly any heat."""
    return {
        "smoke": 16.0 * (1 - np.exp(-((t / 900.0) ** 2))),
        "temp": 8.0 * (1 - np.exp(-t / 1200.0)),
        "co": 140.0 * (1 - np.exp(-((t / 1100.0) ** 2))),
    }


_CURVES: Final[dict[str, Callable[[float], Readings]]] = {
    "fire": _fast,
    "smoulder": _smoulder,
    "steam": lambda t: {"smoke": 7.0 * t / 60.0 * float(np.exp(1.0 - t / 60.0)), "temp": 3.0},
    "co": lambda t: {"co": 160.0 * (1 - np.exp(-t / 240.0))},
    "gas": lambda t: {"gas": 28.0 * (1 - np.exp(-t / 120.0))},
    "electrical": lambda t: {"current": 300.0 + 2.0 * t},
    "water_pressure_low": lambda t: {"press": -0.45 * (1 - np.exp(-t / 60.0))},
}
_WHOLE_ZONE: Final = frozenset({"fire", "smoulder"})


class SensorReport(NamedTuple):
    """`kinds` empty: a heartbeat. `on` False: the device says that it is over."""

    row: int
    kinds: list[str]
    on: bool
    readings: Readings


@dataclass(slots=True)
class _Trouble:
    style: str
    start_ms: int
    over_ms: int
    strength: float

    def readings(self, now_ms: int) -> Readings:
        until_s = (min(now_ms, self.over_ms) - self.start_ms) / 1000.0
        fading = np.exp(-max(now_ms - self.over_ms, 0) / 1000.0 / _AFTERGLOW_S)
        return {name: value * self.strength * fading for name, value in _CURVES[self.style](until_s).items()}


class Sensors:
    """State of n fire and home sensors; `zones` (n): which of them breathe the same air."""

    def __init__(self, rng: Generator, specs: list[ModelSpec], zones: list[tuple[str, str]]) -> None:
        count = len(specs)
        self._rng, self._specs, self._zones = rng, specs, zones
        self._in_zone: dict[tuple[str, str], list[int]] = {}
        for row, zone in enumerate(zones):
            self._in_zone.setdefault(zone, []).append(row)
        ambient = {"smoke": (0.0, 0.3), "temp": (16.0, 26.0), "co": (0.0, 3.0), "gas": (0.0, 0.4),
                   "current": (5.0, 40.0), "press": (0.35, 0.5)}  # fmt: skip
        self._ambient = {name: rng.uniform(*span, count) for name, span in ambient.items()}
        self.bat = rng.integers(60, 101, count)
        self._troubles: dict[int, list[_Trouble]] = {}
        self._lasting: dict[int, set[str]] = {}
        self._sample_ms: dict[int, int] = {}
        self._report_ms: dict[int, int] = {}
        self._repeat_ms: dict[int, int] = {}
        self.faults: dict[int, list[str]] = {}

    def start(self, style: str, row: int, now_ms: int, duration_s: float) -> None:
        """Something happens at a sensor; a fire, to its whole zone, a little later and weaker elsewhere."""
        over_ms = now_ms + round(duration_s * 1000.0)
        rows = self._in_zone[self._zones[row]] if style in _WHOLE_ZONE else [row]
        for other in rows:
            strength = 1.0 if other == row else float(self._rng.uniform(0.7, 1.0))
            trouble = _Trouble(style, now_ms, over_ms, strength)
            self._troubles.setdefault(other, []).append(trouble)
            self._sample_ms.setdefault(other, now_ms)
            self._report_ms.setdefault(other, now_ms + _TROUBLE_REPORT_MS)

    def readings(self, row: int, now_ms: int) -> Readings:
        """What the sensor measures: only what its model has a cell for."""
        spec = self._specs[row]
        wanted = [name for name in self._ambient if name in spec.senses]
        values = {name: float(self._ambient[name][row]) for name in wanted}
        for trouble in self._troubles.get(row, ()):
            for name, value in trouble.readings(now_ms).items():
                if name in values:
                    values[name] += value
        noise = self._rng.normal(1.0, 0.02, len(values))
        return {
            name: round(max(float(value * k), 0.0), 2)
            for (name, value), k in zip(values.items(), noise, strict=True)
        }

    def step(self, now_ms: int) -> Iterable[SensorReport]:
        """What the sensors in trouble say now."""
        due = [row for row, at_ms in self._sample_ms.items() if at_ms <= now_ms]
        for row in due:
            self._sample_ms[row] = now_ms + _SAMPLE_MS
            readings = self.readings(row, now_ms)
            yield from self._judge(row, now_ms, readings)
            if now_ms >= self._report_ms[row]:
                self._report_ms[row] = now_ms + _TROUBLE_REPORT_MS
                yield SensorReport(row, [], True, readings)
            self._forget(row, now_ms)

    def _judge(self, row: int, now_ms: int, readings: Readings) -> Iterable[SensorReport]:
        lasting = self._lasting.setdefault(row, set())
        rising, over = [], []
        for sense in sorted(self._specs[row].senses & _LIMITS.keys()):
            quantity, limit, is_maximum, kind = _LIMITS[sense]
            value = readings.get(quantity)
            if value is None:
                continue
            beyond = value >= limit if is_maximum else value <= limit
            # Well back on the safe side before it counts as over: a limit alone would chatter.
            safe = value < 0.7 * limit if is_maximum else value > 1.5 * limit
            if beyond and kind not in lasting:
                rising.append(kind)
            elif kind in lasting and safe:
                over.append(kind)
        lasting.update(rising)
        lasting.difference_update(over)
        if over:
            yield SensorReport(row, over, False, readings)
        if rising or (lasting and now_ms >= self._repeat_ms.get(row, 0)):
            self._repeat_ms[row] = now_ms + _REPEAT_MS
            yield SensorReport(row, sorted(lasting), True, readings)

    def _forget(self, row: int, now_ms: int) -> None:
        left = [t for t in self._troubles[row] if now_ms < t.over_ms + _FORGET_MS]
        self._troubles[row] = left
        if not left and not self._lasting[row]:
            for by_row in (self._troubles, self._sample_ms, self._report_ms, self._lasting, self._repeat_ms):
                by_row.pop(row, None)
