"""From where a wearer is to the fix a band reports: source, error, claimed accuracy, or no fix.

Pure, seeded, vectorised. Errors follow the field: a satellite fix is good to 5-15 m in the open but
carries the same 30-200 m multipath error for minutes near buildings, often claiming to be fine;
WiFi 20-100 m, cell 300-2,000 m, indoors often nothing. Errors last: repeating a fix does not help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from device_sim.geo import move, to_gcj02

if TYPE_CHECKING:
    from numpy.random import Generator

    from device_sim.geo import Floats
    from device_sim.walk import Flags, Rows

NONE, GNSS, WIFI, CELL = range(4)
SOURCE_NAMES: Final = (None, "gnss", "wifi", "cell")

# The radius that holds 68 % of a round two-dimensional normal error, in standard deviations.
R68: Final = 1.51

NEAR_HOUSE_M: Final = 50.0
_INDOORS_WITH_WIFI: Final = (0.12, 0.05, 0.80, 0.03)  # shares of none, gnss, wifi, cell
_INDOORS_WITHOUT: Final = (0.65, 0.10, 0.00, 0.25)
_OUTDOORS: Final = (0.02, 0.95, 0.00, 0.03)
_SOURCE_LASTS_S: Final = 900.0
_BURST_EVERY_S: Final = (2_400.0, 10_800.0)  # near a house, elsewhere
_BURST_LASTS_S: Final = (60.0, 360.0)
_BURST_M: Final = (30.0, 200.0)
_DRIFT_S: Final = 120.0  # correlation time of the ordinary satellite error
_LIES: Final = 0.5  # of the bursts claim to be as good as ever
_NO_ACC_MODELS: Final = 0.04
_NO_ACC_FIXES: Final = 0.02


class Fixes(NamedTuple):
    """Columns (n,): degrees in the coordinates of the model; `acc_m` nan: not said; `source` NONE: no fix."""

    lat_deg: Floats
    lon_deg: Floats
    acc_m: Floats
    source: NDArray[np.int8]


class Receivers:
    """What each of n bands has in its error budget, and its state between two fixes."""

    def __init__(self, rng: Generator, lat_deg: Floats, lon_deg: Floats, site: Rows, gcj02: Flags) -> None:
        """`lat_deg`, `lon_deg` (n,): the houses; `site` (n,): whose WiFi; `gcj02` (n,): such a model."""
        count, sites = len(lat_deg), int(site.max(initial=-1)) + 1
        self._rng, self._lat, self._lon, self._gcj02 = rng, lat_deg, lon_deg, gcj02
        has_wifi = rng.random(sites) < 0.8
        wifi_m = rng.uniform(20.0, 100.0, sites)
        # An access point is entered wrongly once; everybody in the house inherits it.
        access_e, access_n = rng.normal(0.0, 0.5, (2, sites)) * wifi_m / R68
        self._has_wifi, self.wifi_m = has_wifi[site], wifi_m[site]
        self._access_e, self._access_n = access_e[site], access_n[site]
        self.gnss_m = rng.uniform(5.0, 15.0, count)
        self._silent_acc = rng.random(count) < _NO_ACC_MODELS
        self.source = np.full(count, NONE, dtype=np.int8)
        self._source_until_ms = np.full(count, -np.inf)
        self._was_outdoors = np.zeros(count, dtype=bool)
        self._last_ms = np.full(count, -np.inf)
        self._drift_e, self._drift_n = np.zeros(count), np.zeros(count)
        self._held_e, self._held_n = np.zeros(count), np.zeros(count)  # WiFi or cell error of this source
        self._held_m = np.ones(count)
        self.burst_until_ms = np.full(count, -np.inf)
        self._burst_e, self._burst_n = np.zeros(count), np.zeros(count)
        self._burst_lies = np.zeros(count, dtype=bool)

    def take(self, rows: Rows, now_ms: int, east_m: Floats, north_m: Floats, outdoors: Flags) -> Fixes:
        """One fix attempt of each of `rows`, who are at `east_m`, `north_m` from their houses."""
        rng, count = self._rng, len(rows)
        dt_s = np.minimum((now_ms - self._last_ms[rows]) / 1000.0, 86_400.0)
        self._last_ms[rows] = now_ms
        self._choose_sources(rows, now_ms, outdoors)
        source = self.source[rows]
        self._drift(rows, dt_s)
        self._start_bursts(rows, now_ms, dt_s, np.hypot(east_m, north_m) < NEAR_HOUSE_M, outdoors)

        white = rng.normal(0.0, 1.0, (2, count))
        gnss_sd = self.gnss_m[rows] / R68
        burst = now_ms < self.burst_until_ms[rows]
        wobble = 1.0 + 0.1 * white[0]
        by_gnss = source == GNSS
        in_burst = by_gnss & burst
        error_e = np.where(by_gnss, self._drift_e[rows] + white[0] * gnss_sd * 0.6, self._held_e[rows])
        error_n = np.where(by_gnss, self._drift_n[rows] + white[1] * gnss_sd * 0.6, self._held_n[rows])
        error_e = error_e + np.where(in_burst, self._burst_e[rows] * wobble, 0.0)
        error_n = error_n + np.where(in_burst, self._burst_n[rows] * wobble, 0.0)
        jitter = np.where(by_gnss, 0.0, 0.3 * self._held_m[rows] / R68)
        error_e, error_n = error_e + white[0] * jitter, error_n + white[1] * jitter

        lat, lon = move(self._lat[rows], self._lon[rows], east_m + error_e, north_m + error_n)
        shifted_lat, shifted_lon = to_gcj02(lat, lon)
        lat = np.where(self._gcj02[rows], shifted_lat, lat)
        lon = np.where(self._gcj02[rows], shifted_lon, lon)
        return Fixes(lat, lon, self._claimed(rows, source, in_burst), source)

    def _choose_sources(self, rows: Rows, now_ms: int, outdoors: Flags) -> None:
        """A source lasts about a quarter of an hour, or until the wearer goes through the door."""
        again = (now_ms >= self._source_until_ms[rows]) | (outdoors != self._was_outdoors[rows])
        self._was_outdoors[rows] = outdoors
        change = rows[again]
        count, rng = len(change), self._rng
        if not count:
            return
        shares = np.where(self._has_wifi[change][:, None], _INDOORS_WITH_WIFI, _INDOORS_WITHOUT)
        shares = np.where(outdoors[again][:, None], _OUTDOORS, shares)
        drawn = (rng.random(count)[:, None] > np.cumsum(shares, axis=1)[:, :3]).sum(axis=1)
        self.source[change] = drawn
        self._source_until_ms[change] = now_ms + rng.exponential(_SOURCE_LASTS_S * 1000.0, count)
        self._held_m[change] = np.where(
            drawn == CELL, _log_uniform(rng, 300.0, 2_000.0, count), self.wifi_m[change]
        )
        error = rng.normal(0.0, 0.85, (2, count)) * self._held_m[change] / R68
        by_wifi = drawn == WIFI
        self._held_e[change] = error[0] + np.where(by_wifi, self._access_e[change], 0.0)
        self._held_n[change] = error[1] + np.where(by_wifi, self._access_n[change], 0.0)
        # A satellite fix by a window is one long multipath error more often than not.
        window = change[(drawn == GNSS) & ~outdoors[again]]
        self._burst(window[rng.random(len(window)) < 0.7], now_ms)

    def _drift(self, rows: Rows, dt_s: Floats) -> None:
        """The slow part of the ordinary error: an Ornstein-Uhlenbeck process, stepped exactly."""
        keep = np.exp(-dt_s / _DRIFT_S)
        kick = np.sqrt(1.0 - keep * keep) * 0.8 * self.gnss_m[rows] / R68
        self._drift_e[rows] = self._drift_e[rows] * keep + kick * self._rng.normal(size=len(rows))
        self._drift_n[rows] = self._drift_n[rows] * keep + kick * self._rng.normal(size=len(rows))

    def _start_bursts(self, rows: Rows, now_ms: int, dt_s: Floats, near: Flags, outdoors: Flags) -> None:
        near_s, far_s = _BURST_EVERY_S
        chance = 1.0 - np.exp(-np.minimum(dt_s, 600.0) / np.where(near, near_s, far_s))
        fresh = (self._rng.random(len(rows)) < chance) & outdoors & (now_ms >= self.burst_until_ms[rows])
        self._burst(rows[fresh], now_ms)

    def _burst(self, rows: Rows, now_ms: int) -> None:
        rng, count = self._rng, len(rows)
        size, bearing = _log_uniform(rng, *_BURST_M, count), rng.uniform(0.0, 2.0 * np.pi, count)
        self._burst_e[rows], self._burst_n[rows] = size * np.cos(bearing), size * np.sin(bearing)
        self._burst_lies[rows] = rng.random(count) < _LIES
        self.burst_until_ms[rows] = now_ms + rng.uniform(*_BURST_LASTS_S, count) * 1000.0

    def _claimed(self, rows: Rows, source: NDArray[np.int8], in_burst: Flags) -> Floats:
        """The accuracy a band claims, metres; nan where it says nothing."""
        rng, count = self._rng, len(rows)
        honest = np.where(source == GNSS, self.gnss_m[rows], self._held_m[rows]) * rng.lognormal(
            0.0, 0.2, count
        )
        true_burst = np.hypot(self._burst_e[rows], self._burst_n[rows])
        lies = self._burst_lies[rows]
        claimed = np.where(in_burst & ~lies, true_burst * rng.uniform(0.5, 1.0, count), honest)
        claimed = np.where(in_burst & lies, rng.uniform(2.0, 10.0, count), claimed)
        unsaid = self._silent_acc[rows] | (rng.random(count) < _NO_ACC_FIXES)
        return np.where(unsaid, np.nan, claimed.round(1))


def _log_uniform(rng: Generator, low: float, high: float, count: int) -> Floats:
    return np.exp(rng.uniform(np.log(low), np.log(high), count))
