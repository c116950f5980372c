"""One seeded world: places, lives, truth and reports; the same seed gives the same world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.lab.fixes import Bands, Fixes, Longs, build_bands, report
from bench.lab.lives import DAY_S, Life, live
from bench.lab.places import Floats, Site, build_site, roster_of
from bench.lab.tracks import NO_TRACKS, Tracks
from bench.lab.truth import Departure, Truth, truth_of
from bench.lab.weather import WEATHERS, Weather

# Monday 00:00 in Shandong: second 0 of every world.
EPOCH_MS: Final = 1_795_363_200_000
BANDS_A_SITE: Final = 12


@dataclass(slots=True)
class World:
    """All of it. `fixes` are in the order of (band, measured)."""

    seed: int
    days: int
    weather: Weather
    sites: list[Site]
    home_of: Longs
    lives: list[Life]
    truths: list[Truth]
    bands: Bands
    fixes: Fixes
    roster: dict[str, Any]

    @property
    def band_days(self) -> float:
        return len(self.lives) * float(self.days)

    @property
    def departures(self) -> list[Departure]:
        """Of everybody, but those that begin in the last quarter of an hour of the world."""
        end_s = self.days * DAY_S - 900
        return [d for truth in self.truths for d in truth.departures if d.begin_s < end_s]

    def outside_m(self, band: Longs, spot: Floats) -> Floats:
        """How far spots (n, 2) of bands are outside of the safe fences of each."""
        out = np.empty(len(band))
        home = self.home_of[band]
        order = np.argsort(home, kind="stable")
        ends = np.searchsorted(home[order], np.arange(len(self.sites) + 1))
        for i, site in enumerate(self.sites):
            rows = order[ends[i] : ends[i + 1]]
            out[rows] = site.outside_m(spot[rows])
        return out


def build(
    seed: int, bands: int, days: int, weather: str, departures_a_day: float, tracks: Tracks = NO_TRACKS
) -> World:
    """A world of `bands` persons over `days` days; each part has dice of its own."""
    place_dice, life_dice, band_dice, error_dice = np.random.default_rng(seed).spawn(4)
    sites = [build_site(i, place_dice) for i in range(max(1, -(-bands // BANDS_A_SITE)))]
    home_of = np.arange(bands) % len(sites)
    lives = [live(sites[h], days, departures_a_day, life_dice, tracks.walks) for h in home_of]
    truths = [truth_of(life, band) for band, life in enumerate(lives)]
    made = build_bands(bands, WEATHERS[weather], band_dice)
    departures = [d for truth in truths for d in truth.departures]
    fixes = report(lives, departures, made, WEATHERS[weather], days, tracks.drifts, error_dice)
    roster = roster_of(sites, home_of, made.every_s)
    return World(seed, days, WEATHERS[weather], sites, home_of, lives, truths, made, fixes, roster)
