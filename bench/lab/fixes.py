"""What bands report of the truth: fixes with every error of the weather, as columns.

One row is one report of one band, ordered by band and the time of measurement. The slow part of each error
is kept beside it, so that an answer to `locate` errs like the reports around it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.lab.lives import DAY_S, Life
from bench.lab.places import Dice, Floats
from bench.lab.truth import Departure
from bench.lab.weather import EVERY_S, Weather

Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE, GNSS, WIFI, CELL = 0, 1, 2, 3  # as in the source column: 0 is "no position"
NEVER_S: Final = math.inf
REAL_DRIFT_P: Final = 0.3


@dataclass(slots=True)
class Bands:
    """What a band is like: one row a band."""

    every_s: Floats
    core_m: Floats
    claim_factor: Floats
    indoor_factor: Floats
    has_wifi: Bools
    has_cell: Bools
    is_liar: Bools
    freezes: Bools
    has_acc: Bools
    shift_m: Floats  # (n, 2)
    clock_s: Floats
    remembers: Bools


@dataclass(slots=True)
class Fixes:
    """Columns of all reports. `spot` metres (n, 2) as reported.

    `received_s` inf: never arrived. `source` NONE: a sign of life without a position.
    """

    band: Longs
    at_s: Floats
    received_s: Floats
    clock_s: Floats
    spot: Floats
    acc_m: Floats
    source: npt.NDArray[np.int8]
    null_island: Bools
    charging: Bools
    bias: Floats  # (n, 2): the slow part of the error
    white_m: Floats

    def take(self, rows: npt.NDArray[np.generic]) -> Fixes:
        """Some rows."""
        return Fixes(*(getattr(self, name)[rows] for name in self.__slots__))


def build_bands(count: int, weather: Weather, dice: Dice) -> Bands:
    """Draw what every band is like."""
    shift = np.zeros((count, 2))
    mixed_up = dice.random(count) < weather.mixed_up_p
    shift[mixed_up] = (480.0, 120.0)  # of GCJ-02 in Shandong, to some tens of metres
    clock = dice.normal(0, weather.clock_drift_s, count)
    minutes, days = dice.random(count) < weather.clock_minutes_p, dice.random(count) < weather.clock_day_p
    clock[minutes] += dice.choice([-1, 1], minutes.sum()) * dice.uniform(60, 1200, minutes.sum())
    clock[days] += dice.choice([-1, 1], days.sum()) * DAY_S
    return Bands(
        every_s=dice.choice(list(EVERY_S), count, p=list(EVERY_S.values())),
        core_m=dice.uniform(*weather.core_m, count),
        claim_factor=dice.uniform(*weather.claim_factor, count),
        indoor_factor=dice.uniform(*weather.indoor_factor, count),
        has_wifi=dice.random(count) < weather.has_wifi_p,
        has_cell=dice.random(count) < weather.has_cell_p,
        is_liar=dice.random(count) < weather.liar_p,
        freezes=dice.random(count) < weather.frozen_bands_p,
        has_acc=dice.random(count) >= weather.no_acc_p,
        shift_m=shift,
        clock_s=np.round(clock, 3),
        remembers=dice.random(count) < weather.remembers_p,
    )


def report(
    lives: list[Life], departures: list[Departure], bands: Bands, weather: Weather, days: int,
    drifts: list[Floats], dice: Dice,
) -> Fixes:  # fmt: skip
    """All reports of all bands over some days."""
    band, at_s = _moments(bands, days, dice)
    ends = np.searchsorted(band, np.arange(len(lives) + 1))
    true, indoors, beside = _states(lives, ends, at_s)
    end_s = days * DAY_S
    paint = _Painter(band, at_s, len(lives), end_s, dice)
    source, white, bias, acc = _sources(paint, bands, weather, indoors, beside)
    _drift(paint, drifts, source, bias)
    _bursts(paint, bands, weather, indoors, beside, source, bias, acc)
    _teleports(weather, source, bias, dice)
    charging = _charging(paint, weather, indoors)
    spot = true + bias + bands.shift_m[band] + white[:, None] * dice.normal(0, 1, (len(band), 2))
    _freeze(paint, bands, weather, source, spot)
    acc[~bands.has_acc[band] | (source == NONE)] = np.nan
    null_island = (dice.random(len(band)) < weather.null_island_p) & (source == GNSS)
    received = _radio(paint, bands, weather, departures)
    return Fixes(
        band, at_s, received, bands.clock_s[band], spot, np.round(acc, 1), source, null_island, charging, bias, white
    )  # fmt: skip


def _moments(bands: Bands, days: int, dice: Dice) -> tuple[Longs, Floats]:
    """(band, second) of all reports: each in its own beat, with a jitter of up to a tenth."""
    counts = (days * DAY_S / bands.every_s).astype(np.int64)
    band = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(band)) - np.repeat(np.cumsum(counts) - counts, counts)
    every = bands.every_s[band]
    begin = dice.uniform(0, 0.85, len(counts))[band]
    return band, np.round((place + begin + dice.uniform(0, 0.1, len(band))) * every, 3)


def _states(lives: list[Life], ends: Longs, at_s: Floats) -> tuple[Floats, Bools, Bools]:
    """True places (n, 2), whether indoors, and whether outdoors beside a house."""
    true, indoors = np.empty((len(at_s), 2)), np.empty(len(at_s), np.bool_)
    beside = np.zeros(len(at_s), np.bool_)
    for i, life in enumerate(lives):
        rows = slice(ends[i], ends[i + 1])
        true[rows], indoors[rows] = life.where(at_s[rows]), life.is_indoors(at_s[rows])
        out = np.flatnonzero(~indoors[rows]) + ends[i]
        gaps = true[out][:, None, :] - life.site.rooms[None]
        near = np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=1) < life.site.house_m
        far = np.hypot(*(true[out]).T) > 250  # in town there are houses everywhere: half of it is beside one
        beside[out] = near | (far & (np.sin(true[out][:, 0] / 40) > 0))
    return true, indoors, beside


class _Painter:
    """Spans of time of some bands, as rows of the reports within them."""

    def __init__(self, band: Longs, at_s: Floats, bands: int, end_s: float, dice: Dice) -> None:
        self.band, self.at_s, self.bands, self.end_s, self.dice = band, at_s, bands, end_s, dice
        self._key = band * (2 * end_s) + at_s

    def rows(self, band: Longs, begin_s: Floats, end_s: Floats) -> tuple[Longs, Longs]:
        """(row, span) of every report in every span."""
        first = np.searchsorted(self._key, band * (2 * self.end_s) + np.maximum(begin_s, 0))
        last = np.searchsorted(self._key, band * (2 * self.end_s) + np.minimum(end_s, self.end_s))
        counts = np.maximum(last - first, 0)
        span = np.repeat(np.arange(len(band)), counts)
        return np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum()), span

    def poisson(self, a_day: float, bands: Longs | None = None) -> tuple[Longs, Floats]:
        """(band, second) of events at a rate, in the order of bands."""
        who = np.arange(self.bands) if bands is None else bands
        band = np.repeat(who, self.dice.poisson(a_day * self.end_s / DAY_S, len(who)))
        return band, self.dice.uniform(0, self.end_s, len(band))

    def wave(self, tau_s: float) -> Floats:
        """(n, 2): unit normal along each band, forgotten with `tau_s`."""
        noise = self.dice.normal(0, 1, (len(self.band), 2)).astype(np.float32)
        counts = np.bincount(self.band, minlength=self.bands)
        starts = np.cumsum(counts) - counts
        order = np.argsort(-counts, kind="stable")
        gap = np.diff(self.at_s, prepend=0.0)
        keep = np.exp(-np.maximum(gap, 0.0) / tau_s).astype(np.float32)
        for k in range(1, int(counts.max())):
            rows = starts[order[: np.searchsorted(-counts[order], -k)]] + k
            held = keep[rows, None]
            noise[rows] = held * noise[rows - 1] + np.sqrt(1 - held * held) * noise[rows]
        return np.asarray(noise, np.float64)


def _sources(
    paint: _Painter, bands: Bands, weather: Weather, indoors: Bools, beside: Bools
) -> tuple[npt.NDArray[np.int8], Floats, Floats, Floats]:
    """Where every report's position comes from: (source, white error, slow error, claim)."""
    dice, band, n = paint.dice, paint.band, len(paint.band)
    mode, stay = _indoor_modes(paint, weather)
    source = np.where(indoors, mode, GNSS)
    other = np.where(dice.random(n) < 0.7, WIFI, CELL)
    falls = ~indoors & (dice.random(n) < weather.outdoor_fallback_p)
    source = np.where(falls, other, source)
    source[~indoors & (dice.random(n) < weather.outdoor_none_p)] = NONE
    source[(source == WIFI) & ~bands.has_wifi[band]] = NONE
    source[(source == CELL) & ~bands.has_cell[band]] = NONE
    factor = np.where(indoors, bands.indoor_factor[band], np.where(beside, weather.beside_factor, 1.0))
    core = bands.core_m[band] * factor
    white = core * math.sqrt(1 - weather.core_slow_share)
    bias = paint.wave(weather.core_slow_s) * (core * math.sqrt(weather.core_slow_share))[:, None]
    room = dice.normal(0, weather.indoor_stay_m, (int(stay.max()) + 1, 2))
    bias[indoors] += room[stay[indoors]]
    acc = 1.51 * core * bands.claim_factor[band] * np.exp(dice.normal(0, 0.25, n))
    _wifi(paint, weather, source == WIFI, stay, bias, white, acc)
    _cells(paint, weather, source == CELL, stay, bias, white, acc)
    return source.astype(np.int8), white, bias, acc


def _indoor_modes(paint: _Painter, weather: Weather) -> tuple[Longs, Longs]:
    """(mode, number of the stay) of each report, were it indoors: a new draw at the end of each stay."""
    band, at_s = paint.poisson(DAY_S / weather.indoor_mode_s)
    span_of = np.searchsorted(np.sort(band * (2 * paint.end_s) + at_s), paint._key)  # noqa: SLF001 - its own kind
    stay = span_of + paint.band  # a band's first stay is its own
    drawn = paint.dice.choice(4, int(stay.max()) + 1, p=weather.indoor_modes)
    return drawn[stay], stay


def _wifi(
    paint: _Painter, weather: Weather, rows: Bools, stay: Longs, bias: Floats, white: Floats, acc: Floats
) -> None:
    dice, last = paint.dice, int(stay.max()) + 1
    point = dice.normal(0, weather.wifi_bias_m, (last, 2))
    wrong = dice.random(last) < weather.wifi_wrong_p
    turn, far = dice.uniform(0, math.tau, last), dice.uniform(*weather.wifi_wrong_m, last)
    point[wrong] = (far[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1))[wrong]
    bias[rows], white[rows] = point[stay[rows]], weather.wifi_white_m
    acc[rows] = dice.uniform(*weather.wifi_claim_m, last)[stay[rows]]


def _cells(
    paint: _Painter, weather: Weather, rows: Bools, stay: Longs, bias: Floats, white: Floats, acc: Floats
) -> None:
    """One mast a stay; its handful of sectors makes single fixes jump."""
    dice, last = paint.dice, int(stay.max()) + 1
    turn, far = (
        dice.uniform(0, math.tau, last),
        dice.uniform(*weather.cell_m, last) * dice.uniform(0.2, 1, last),
    )
    mast = far[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    claim = np.where(dice.random(last) < weather.cell_lies_p, 500.0, far * dice.uniform(0.8, 1.6, last) + 200)
    bias[rows], white[rows], acc[rows] = mast[stay[rows]], 60.0, np.round(claim[stay[rows]], -1)


def _drift(paint: _Painter, drifts: list[Floats], source: npt.NDArray[np.int8], bias: Floats) -> None:
    """Three bands in ten err as a real receiver did that lay still, over and over from some moment on."""
    if not drifts:
        return
    ends = np.searchsorted(paint.band, np.arange(paint.bands + 1))
    for band in np.flatnonzero(paint.dice.random(paint.bands) < REAL_DRIFT_P):
        drift = drifts[paint.dice.integers(len(drifts))]
        rows = np.arange(ends[band], ends[band + 1])
        rows = rows[source[rows] == GNSS]
        lasts = float(drift[-1, 0])
        moment = (paint.at_s[rows] + paint.dice.uniform(0, lasts)) % lasts
        bias[rows] = np.stack([np.interp(moment, drift[:, 0], drift[:, i]) for i in (1, 2)], axis=1)


def _bursts(
    paint: _Painter, bands: Bands, weather: Weather, indoors: Bools, beside: Bools,
    source: npt.NDArray[np.int8], bias: Floats, acc: Floats,
) -> None:  # fmt: skip
    """Multipath: drawn at the highest rate, kept by where the wearer is as it begins."""
    dice = paint.dice
    rates = np.array([weather.burst_open_h, weather.burst_beside_h, weather.burst_indoor_h])
    band, begin = paint.poisson(float(rates.max()) * 24)
    length = np.clip(dice.exponential(weather.burst_s, len(band)), 20, 1200)
    rows, span = paint.rows(band, begin, begin + length)
    first = np.unique(span, return_index=True)[1]
    rate = np.where(indoors, rates[2], np.where(beside, rates[1], rates[0]))
    kept = np.zeros(len(band), np.bool_)
    kept[span[first]] = dice.random(len(first)) < rate[rows[first]] / rates.max()
    far = np.clip(
        np.exp(dice.normal(math.log(weather.burst_m[0]), weather.burst_m[1], len(band))),
        *weather.burst_limits_m,
    )
    far = np.where(bands.is_liar[band], dice.uniform(100, 250, len(band)), far)
    turn = dice.uniform(0, math.tau, len(band))
    push = far[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    claim = dice.uniform(*weather.burst_claim_m, len(band))
    hit = kept[span] & (source[rows] == GNSS)
    rows, span = rows[hit], span[hit]
    sway = paint.wave(60.0)[rows] * (far[span] * weather.burst_wander * 0.7)[:, None]
    bias[rows] = push[span] * (1 - weather.burst_wander * 0.5) + sway
    acc[rows] = claim[span] * np.exp(dice.normal(0, 0.15, len(rows)))
    acc[bands.is_liar[paint.band] & (source == GNSS)] = 2.0


def _teleports(weather: Weather, source: npt.NDArray[np.int8], bias: Floats, dice: Dice) -> None:
    rows = np.flatnonzero((dice.random(len(source)) < weather.teleport_p) & (source == GNSS))
    near, farthest = (math.log(metres) for metres in weather.teleport_m)
    far = np.exp(dice.uniform(near, farthest, len(rows)))
    turn = dice.uniform(0, math.tau, len(rows))
    bias[rows] += far[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _charging(paint: _Painter, weather: Weather, indoors: Bools) -> Bools:
    """An hour or two at night, while the wearer stays in."""
    dice = paint.dice
    nights = int(paint.end_s // DAY_S)
    band, night = np.repeat(np.arange(paint.bands), nights), np.tile(np.arange(nights), paint.bands)
    begin = night * DAY_S + dice.uniform(0, 4 * 3600, len(band))
    kept = dice.random(len(band)) < weather.charge_p
    rows, _ = paint.rows(band[kept], begin[kept], (begin + dice.uniform(3600, 7200, len(band)))[kept])
    charging = np.zeros(len(paint.band), np.bool_)
    charging[rows] = True
    return charging & indoors


def _freeze(
    paint: _Painter, bands: Bands, weather: Weather, source: npt.NDArray[np.int8], spot: Floats
) -> None:
    """The receiver has nothing and hands out its last position as new."""
    dice = paint.dice
    band, begin = paint.poisson(weather.frozen_a_day, np.flatnonzero(bands.freezes))
    rows, span = paint.rows(band, begin, begin + dice.exponential(weather.frozen_s, len(band)))
    if not len(rows):
        return
    first = rows[np.unique(span, return_index=True)[1]]
    of = np.repeat(first, np.unique(span, return_counts=True)[1])
    spot[rows] = spot[of]
    source[rows] = source[of]


def _radio(paint: _Painter, bands: Bands, weather: Weather, departures: list[Departure]) -> Floats:
    """When each report arrives; inf: never."""
    dice, n = paint.dice, len(paint.band)
    received = paint.at_s + 0.2 + dice.exponential(0.8, n)
    late = dice.random(n) < weather.late_p
    received[late] += dice.uniform(*weather.late_s, int(late.sum()))
    band, begin = paint.poisson(weather.silence_a_day)
    end = begin + dice.exponential(weather.silence_s, len(band))
    quiet = [d for d in departures if dice.random() < weather.silent_at_departure_p]
    from_s = np.array([d.crossed_s + dice.uniform(-60, 60) for d in quiet])
    band = np.concatenate([band, np.array([d.band for d in quiet], np.int64)])
    begin = np.concatenate([begin, from_s])
    end = np.concatenate([end, from_s + dice.uniform(*weather.silent_at_departure_s, len(quiet))])
    rows, span = paint.rows(band, begin, end)
    if len(rows):
        remembers = bands.remembers[paint.band[rows]]
        flushed = end[span] + 1 + dice.uniform(0, 4, len(rows))
        np.maximum.at(received, rows, np.where(remembers, flushed, NEVER_S))
    received[dice.random(n) < weather.loss_p] = NEVER_S
    return np.round(received, 3)
