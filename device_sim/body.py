"""The band on the wrist: battery and its charger, strap, pulse, a fall. Pure, seeded, vectorised.

Carers clip a charger on in the evening when a band is low, and forget it now and then: that is
where low batteries, and bands that die, come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from device_sim.walk import Flags, Rows

LOW_BAT: Final = 15.0
_RECOVERED_BAT: Final = 20.0
_DRAIN_PER_H: Final = (0.9, 1.4)
_CHARGE_PER_H: Final = 45.0
_CHARGE_BELOW: Final = 55.0
_FORGOTTEN: Final = 0.04
_DEAD_FOUND_H: Final = 6.0


class BatteryNews(NamedTuple):
    """Rows whose battery became low, is no longer low, is empty, has power again."""

    low: Rows
    recovered: Rows
    died: Rows
    woke: Rows


class Bodies:
    """State of n bands on n wrists."""

    def __init__(self, rng: Generator, count: int) -> None:
        self._rng = rng
        self.bat = rng.uniform(45.0, 100.0, count)
        forgotten = rng.random(count) < 0.01
        self.bat[forgotten] = rng.uniform(LOW_BAT + 1.0, 40.0, int(forgotten.sum()))
        self._drain = rng.uniform(*_DRAIN_PER_H, count)
        self._charge_hour = rng.uniform(19.5, 22.5, count)
        self.charging = np.zeros(count, dtype=bool)
        self.low = np.zeros(count, dtype=bool)
        self.dead = np.zeros(count, dtype=bool)
        self.worn = np.ones(count, dtype=bool)
        self._pulse = rng.uniform(58.0, 84.0, count)
        self._upset_until_ms = np.full(count, -np.inf)
        self._last_hour = np.nan

    def step(self, now_ms: int, dt_s: float) -> BatteryNews:
        hours = dt_s / 3600.0
        self.bat += np.where(self.charging, _CHARGE_PER_H, -self._drain) * hours
        np.clip(self.bat, 0.0, 100.0, out=self.bat)
        self._charge(now_ms, hours)
        low = ~self.low & (self.bat <= LOW_BAT)
        recovered = self.low & (self.bat >= _RECOVERED_BAT)
        died = ~self.dead & (self.bat <= 0.0)
        woke = self.dead & (self.bat >= 2.0)
        self.low = (self.low | low) & ~recovered
        self.dead = (self.dead | died) & ~woke
        return BatteryNews(*(np.flatnonzero(flags) for flags in (low, recovered, died, woke)))

    def upset(self, rows: Rows, until_ms: float) -> None:
        """A fast pulse until then: after a fall, a call for help, out alone."""
        self._upset_until_ms[rows] = until_ms

    def pulse_bpm(self, rows: Rows, now_ms: int, walking: Flags) -> Rows:
        bpm = self._pulse[rows] + self._rng.normal(0.0, 3.0, len(rows))
        bpm += np.where(walking, 14.0, 0.0) + np.where(now_ms < self._upset_until_ms[rows], 28.0, 0.0)
        return bpm.round().astype(np.int64)

    def _charge(self, now_ms: int, hours: float) -> None:
        self.charging &= self.bat < 100.0
        hour = (now_ms / 3_600_000.0 + 8.0) % 24.0
        since = (hour - self._charge_hour) % 24.0 < (hour - self._last_hour) % 24.0
        self._last_hour = hour
        if since.any():
            due = since & (self.bat < _CHARGE_BELOW)
            self.charging |= due & (self._rng.random(len(due)) >= _FORGOTTEN)
        if self.dead.any():
            self.charging |= self.dead & (self._rng.random(len(self.dead)) < hours / _DEAD_FOUND_H)
