"""Where the wearers really are: metres east and north of their house, stepped through virtual time.

Pure, seeded, vectorised over all wearers. They sit and potter indoors most of the day, walk rounds
in the garden, are taken on outings, and now and then somebody leaves and keeps walking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.random import Generator

    from device_sim.geo import Floats

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

INDOORS, GARDEN, OUTING, ELOPING, RETURNING = range(5)

HOUSE_M: Final = 12.0  # radius within which a wearer is indoors
_GARDEN_ROUNDS_PER_DAY: Final = 2.0
_GARDEN_HOURS: Final = (7.0, 18.5)
_LEG_M: Final = (60.0, 150.0)
_FOOT_M: Final = 1_500.0  # farther than this, the way back is driven


class Walkers:
    """Ground truth of n wearers; `roam_m` (n,): how far the garden reaches from each house."""

    def __init__(self, rng: Generator, roam_m: Floats) -> None:
        count = len(roam_m)
        self._rng = rng
        self.roam_m = roam_m
        self.east_m = rng.normal(0.0, 4.0, count)
        self.north_m = rng.normal(0.0, 4.0, count)
        self.mode = np.full(count, INDOORS, dtype=np.int8)
        self.speed_mps = np.full(count, 0.5)
        self._target_e, self._target_n = self.east_m.copy(), self.north_m.copy()
        self._bearing = np.zeros(count)
        # Linger times are staggered from the start, so that nobody moves in step.
        self._linger_until_ms = np.zeros(count)
        self._mode_until_ms = np.full(count, np.inf)
        self._held_until_ms = np.full(count, -np.inf)

    @property
    def from_house_m(self) -> Floats:
        return np.hypot(self.east_m, self.north_m)

    @property
    def outdoors(self) -> Flags:
        return self.from_house_m > HOUSE_M

    @property
    def moving(self) -> Flags:
        return np.hypot(self._target_e - self.east_m, self._target_n - self.north_m) > 1.0

    def step(self, now_ms: int, dt_s: float) -> None:
        """Moves everybody by `dt_s`; the hour of the day is Beijing time."""
        self._change_modes(now_ms, dt_s)
        free = now_ms >= self._held_until_ms
        east, north = self._target_e - self.east_m, self._target_n - self.north_m
        left_m = np.hypot(east, north)
        share = np.minimum(1.0, self.speed_mps * dt_s / np.maximum(left_m, 1e-9)) * free
        self.east_m += east * share
        self.north_m += north * share
        arrived = np.flatnonzero((left_m < 0.5) & free & (now_ms >= self._linger_until_ms))
        if len(arrived):
            self._next_target(arrived, now_ms)

    def elope(self, rows: Rows, now_ms: int, duration_s: float) -> None:
        """They walk out and away at 0.6 to 1.3 m/s, until they are found and brought back."""
        self._start(rows, ELOPING, now_ms, duration_s, self._rng.uniform(0.6, 1.3, len(rows)))
        self._next_target(rows, now_ms)

    def outing(self, rows: Rows, now_ms: int, duration_s: float) -> None:
        """Staff take them (and their bands) along: a third on foot, the others by car."""
        on_foot = self._rng.random(len(rows)) < 1 / 3
        away_m = np.where(
            on_foot, self._rng.uniform(300, 800, len(rows)), self._rng.uniform(2e3, 8e3, len(rows))
        )
        self._start(rows, OUTING, now_ms, duration_s, np.where(on_foot, 0.9, 9.0))
        self._target_e[rows] = away_m * np.cos(self._bearing[rows])
        self._target_n[rows] = away_m * np.sin(self._bearing[rows])

    def hold(self, rows: Rows, until_ms: float) -> None:
        """They stay where they are: fallen."""
        self._held_until_ms[rows] = until_ms

    def _start(self, rows: Rows, mode: int, now_ms: int, duration_s: float, speed_mps: Floats) -> None:
        self.mode[rows] = mode
        self.speed_mps[rows] = speed_mps
        self._bearing[rows] = self._rng.uniform(0.0, 2.0 * np.pi, len(rows))
        self._mode_until_ms[rows] = now_ms + duration_s * 1000.0
        self._linger_until_ms[rows] = now_ms

    def _change_modes(self, now_ms: int, dt_s: float) -> None:
        over = np.flatnonzero(now_ms >= self._mode_until_ms)
        if len(over):
            far = self.from_house_m[over] > _FOOT_M
            self._start(over, RETURNING, now_ms, np.inf, np.where(far, 8.0, 1.0))
            self._target_e[over] = self._target_n[over] = 0.0
        opens, closes = _GARDEN_HOURS
        hour = (now_ms / 3_600_000.0 + 8.0) % 24.0
        if opens <= hour < closes:
            chance = _GARDEN_ROUNDS_PER_DAY * dt_s / ((closes - opens) * 3600.0)
            out = np.flatnonzero((self._rng.random(len(self.mode)) < chance) & (self.mode == INDOORS))
            if len(out):
                minutes = float(self._rng.uniform(15.0, 45.0))
                self._start(out, GARDEN, now_ms, minutes * 60.0, self._rng.uniform(0.4, 0.9, len(out)))
                self._next_target(out, now_ms)

    def _next_target(self, rows: Rows, now_ms: int) -> None:
        """Where those who have arrived go next, and how long they stay there."""
        count, rng = len(rows), self._rng
        mode = self.mode[rows]
        home = mode == RETURNING
        self.mode[rows[home]] = INDOORS
        self.speed_mps[rows[home]] = 0.5
        self._mode_until_ms[rows[home]] = np.inf
        bearing = np.where(mode == ELOPING, self._bearing[rows] + rng.normal(0.0, 0.35, count), 0.0)
        # Rounds: on along the path by half a radian or so, at the edge of the garden or near it.
        self._bearing[rows] += np.where(mode == GARDEN, rng.uniform(0.3, 0.9, count), 0.0)
        bearing = np.where(mode == GARDEN, self._bearing[rows], bearing)
        within = (mode == INDOORS) | home
        bearing = np.where(within, rng.uniform(0.0, 2.0 * np.pi, count), bearing)
        reach = np.where(within, rng.uniform(0.0, HOUSE_M - 2.0, count), rng.uniform(*_LEG_M, count))
        reach = np.where(mode == GARDEN, self.roam_m[rows] * rng.uniform(0.6, 1.0, count), reach)
        going = mode != OUTING  # who is out with staff stays there until it is over
        from_e = np.where(mode == ELOPING, self.east_m[rows], 0.0)
        from_n = np.where(mode == ELOPING, self.north_m[rows], 0.0)
        self._target_e[rows] = np.where(going, from_e + reach * np.cos(bearing), self._target_e[rows])
        self._target_n[rows] = np.where(going, from_n + reach * np.sin(bearing), self._target_n[rows])
        stay_s = np.select(
            [within, mode == GARDEN, mode == OUTING],
            [rng.exponential(600.0, count), rng.exponential(20.0, count), 60.0],
        )
        self._linger_until_ms[rows] = now_ms + stay_s * 1000.0 + 1000.0 * reach / self.speed_mps[rows] * going
