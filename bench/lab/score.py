"""Marks for raises against the truth, by the definitions of the targets.

A raise of `fence_left` is
- of a departure, if it comes between crossing the fence on the way out and ten minutes after the return;
- false, if the wearer was truly within the tolerance (15 m) for the ten minutes before;
- of an outing else: somebody was outside, but it was no departure (a stall at the gate, an errand).
The delay of a departure counts from crossing the fence to its first raise; 0 where the alarm was still up from
before (by luck). Later than five minutes is missed. Beside it stands the laxer count from the moment 30 m were
reached, where a raise on the way out counts as 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan, sqrt
from typing import Final, NamedTuple

import numpy as np

from bench.lab.truth import FORGIVEN_S, Departure, touches
from bench.lab.world import World

SOON_S: Final = 300.0
AT_LAST_S: Final = 900.0
OFTEN_S: Final = 60.0


class Mark(NamedTuple):
    """A transition of one alarm: second, band, forbidden fence (-1: fence_left), whether it begins."""

    at_s: float
    band: int
    fence: int
    begins: bool


@dataclass(slots=True)
class Score:
    """Sums over worlds. `delays` of departures (inf: never), from the fence; `from_30_m` from that line."""

    band_days: float = 0.0
    delays: list[float] = field(default_factory=list)
    from_30_m: list[float] = field(default_factory=list)
    often: list[bool] = field(default_factory=list)
    lucky: int = 0
    repeats: int = 0
    false: int = 0
    outings: int = 0
    false_entered: int = 0
    entered: int = 0
    asked: int = 0

    def add(self, other: Score) -> None:
        """Sum."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def share_within(self, seconds: float, *, often: bool = False, from_30_m: bool = False) -> float:
        """Of the departures (of bands that report every 60 s or less), how many were raised by then."""
        delays = self.from_30_m if from_30_m else self.delays
        some = [d for d, o in zip(delays, self.often, strict=True) if o or not often]
        return float(np.mean(np.array(some) <= seconds)) if some else nan

    def delay_s(self, part: float, *, from_30_m: bool = False) -> float:
        """A quantile of the delays of what was raised soon enough."""
        delays = self.from_30_m if from_30_m else self.delays
        soon = [d for d in delays if d <= SOON_S]
        return float(np.quantile(soon, part)) if soon else nan

    @property
    def false_a_1000(self) -> float:
        return 1000 * (self.false + self.false_entered) / self.band_days

    @property
    def repeats_each(self) -> float:
        return self.repeats / max(1, len(self.delays))

    def alarms_a_day(self, bands: int, departures_a_day: float) -> float:
        """Of a city: false ones and those of outings as they came, true ones at the city's rate."""
        beside = (self.false + self.outings + self.entered + self.false_entered) / self.band_days
        seen = self.share_within(AT_LAST_S) if self.delays else 0.0
        return bands * (beside + departures_a_day * (seen + self.repeats_each))


def score(world: World, marks: list[Mark]) -> Score:
    """The sums of one world. `marks` in the order of time."""
    made = Score(band_days=world.band_days)
    left: dict[int, list[Mark]] = {}
    for mark in marks:
        if mark.fence < 0:
            left.setdefault(mark.band, []).append(mark)
        elif mark.begins:
            _judge_entered(world, mark, made)
    for departure in world.departures:
        _judge_departure(world, departure, left.get(departure.band, []), made)
    for band, some in left.items():
        for mark in some:
            if mark.begins and not _is_of_departure(world, mark):
                out = touches(world.truths[band].near_out, mark.at_s - FORGIVEN_S, mark.at_s)
                made.outings += out
                made.false += not out
    return made


def _judge_departure(world: World, departure: Departure, marks: list[Mark], made: Score) -> None:
    until_s = departure.back_s + FORGIVEN_S
    raises = [m.at_s for m in marks if m.begins and departure.crossed_s <= m.at_s <= until_s]
    before = [m for m in marks if m.at_s < departure.crossed_s]
    stood = bool(before) and before[-1].begins
    first_s = departure.crossed_s if stood else min((s for s in raises if s <= departure.back_s), default=inf)
    still_up = stood and not any(
        not m.begins and departure.crossed_s <= m.at_s < departure.begin_s for m in marks
    )
    if stood and not still_up:
        first_s = min((s for s in raises if s <= departure.back_s), default=inf)
    made.delays.append(first_s - departure.crossed_s)
    made.from_30_m.append(max(0.0, first_s - departure.begin_s))
    made.often.append(bool(world.bands.every_s[departure.band] <= OFTEN_S))
    made.lucky += still_up
    made.repeats += len(raises) if still_up else max(0, len(raises) - 1)


def _is_of_departure(world: World, mark: Mark) -> bool:
    return any(d.crossed_s <= mark.at_s <= d.back_s + FORGIVEN_S for d in world.truths[mark.band].departures)


def _judge_entered(world: World, mark: Mark, made: Score) -> None:
    near = world.truths[mark.band].entered[mark.fence]
    truly = touches(near, mark.at_s - FORGIVEN_S, mark.at_s)
    made.entered += truly
    made.false_entered += not truly


def poisson_interval(count: int) -> tuple[float, float]:
    """95 %, by the usual square-root form: good to a few per cent, and for none at all too."""
    root = sqrt(count + 0.375)
    return max(0.0, root - 0.98) ** 2 if count else 0.0, (root + 0.98) ** 2 + 0.6


def share_interval(share: float, count: int) -> tuple[float, float]:
    """95 % after Wilson."""
    if not count:
        return nan, nan
    z2 = 3.8416
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = np.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count * count))) / (1 + z2 / count)
    return float(middle - half), float(middle + half)
