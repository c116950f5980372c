"""How people spend their days: where everybody truly is at every second, and when they truly leave.

A life is a line through time, straight between its corners. Speeds: people with dementia walk at 0.4 to
1.4 m/s, shuffle at 0.2 to 0.5; carers take them out and back; wandering has its hours (late afternoon) and
its forms (direct, pacing, lapping, random: Martino-Saltzman), and some sit down at the first bench.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.lab.places import Dice, Floats, Site

DAY_S: Final = 86_400.0
# When outings and departures begin, by hour of the day: few at night, a peak in the late afternoon.
HOURS: Final = np.array(
    [1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 8, 7, 6, 7, 8, 10, 12, 12, 10, 7, 4, 2, 1, 1], np.float64
)  # fmt: skip
OUTINGS: Final = {"stroll": 0.34, "bench": 0.2, "fence": 0.2, "gate": 0.16, "errand": 0.06, "doorway": 0.04}
DEPARTURES: Final = {
    "road": 0.34, "random": 0.2, "lap": 0.1, "pace": 0.1, "shuffle": 0.1, "bench": 0.08, "ride": 0.08,
}  # fmt: skip


@dataclass(slots=True)
class Life:
    """Corners of the line: `at_s`, `spots` (n, 2); `indoors` from each corner to the next.

    `outside`: (begin, end) of what may lead beyond a safe fence; `outdoors` all walks.
    """

    site: Site
    at_s: Floats
    spots: Floats
    indoors: np.ndarray
    outside: list[tuple[float, float]]
    outdoors: list[tuple[float, float]]

    def where(self, at_s: Floats) -> Floats:
        """(n, 2) metres."""
        return np.stack([np.interp(at_s, self.at_s, self.spots[:, i]) for i in (0, 1)], axis=1)

    def is_indoors(self, at_s: Floats) -> np.ndarray:
        """(n,) bool."""
        return np.asarray(self.indoors[np.clip(np.searchsorted(self.at_s, at_s, "right") - 1, 0, None)])


@dataclass(slots=True)
class _Line:
    """A life while it is being drawn."""

    site: Site
    dice: Dice
    at_s: list[float] = field(default_factory=list)
    spots: list[Floats] = field(default_factory=list)
    indoors: list[bool] = field(default_factory=list)

    @property
    def now_s(self) -> float:
        return self.at_s[-1]

    def put(self, at_s: float, spot: Floats, indoors: bool) -> None:
        self.at_s.append(at_s)
        self.spots.append(spot)
        self.indoors.append(indoors)

    def stay(self, seconds: float) -> None:
        self.put(self.now_s + seconds, self.spots[-1], self.indoors[-1])

    def go(self, spots: Floats, speed_mps: float, *, indoors: bool = False) -> None:
        self.indoors[-1] = indoors
        for spot in spots:
            metres = math.hypot(*(spot - self.spots[-1]))
            if metres > 0.01:
                self.put(self.now_s + metres / speed_mps, spot, indoors)

    def stroll(self, to: Floats, speed_mps: float, *, indoors: bool = False) -> None:
        """To a spot within the first safe fence, on a way that never leaves it."""
        area = self.site.safe[0]
        ends = np.array([self.spots[-1], to]) - area.centre
        turns = np.unwrap(np.arctan2(ends[:, 1], ends[:, 0]))
        parts = np.hypot(ends[:, 0], ends[:, 1]) / area.reach_m(turns)
        steps = np.linspace(0, 1, 2 + int(abs(turns[1] - turns[0]) / 0.35))[1:]
        way = area.at(turns[0] + steps * (turns[1] - turns[0]), parts[0] + steps * (parts[1] - parts[0]))
        self.go(way, speed_mps, indoors=indoors)


def live(site: Site, days: int, departures_a_day: float, dice: Dice, shapes: list[Floats]) -> Life:
    """`days` days of a person. `shapes`: (n, 3) seconds, east, north of real walks, if there are any."""
    line = _Line(site, dice)
    home = site.rooms[dice.integers(len(site.rooms))]
    line.put(0.0, home, True)
    outside: list[tuple[float, float]] = []
    outdoors: list[tuple[float, float]] = []
    for day in range(days):
        for begin_s, is_departure in _plan(dice, departures_a_day):
            at_s = day * DAY_S + begin_s
            if at_s < line.now_s + 300:
                continue
            _indoors_until(line, at_s)
            was_s = line.now_s
            mode = "departure" if is_departure else str(dice.choice(list(OUTINGS), p=list(OUTINGS.values())))
            if is_departure:
                _depart(line, shapes)
            else:
                _OUTINGS[mode](line)
            line.stroll(site.rooms[dice.integers(len(site.rooms))], dice.uniform(0.4, 1.1))
            line.indoors[-1] = True
            outdoors.append((was_s, line.now_s))
            if mode in {"departure", "errand", "doorway"}:
                outside.append((was_s, line.now_s))
    if line.now_s < days * DAY_S:
        _indoors_until(line, days * DAY_S)
    return Life(site, np.array(line.at_s), np.array(line.spots), np.array(line.indoors), outside, outdoors)


def _plan(dice: Dice, departures_a_day: float) -> list[tuple[float, bool]]:
    """When somebody goes out on a day, and whether it is to leave."""
    share = HOURS / HOURS.sum()
    waking = np.where(HOURS > 2, HOURS, 0.05)
    outings = dice.choice(24, dice.poisson(4.0), p=waking / waking.sum()) * 3600.0
    leaves = dice.choice(24, dice.poisson(departures_a_day), p=share) * 3600.0
    hours = [(hour, False) for hour in outings] + [(hour, True) for hour in leaves]
    return sorted((hour + dice.uniform(0, 3600), is_departure) for hour, is_departure in hours)


def _indoors_until(line: _Line, at_s: float) -> None:
    """From room to room by day, each for an hour or so; asleep by night."""
    dice, rooms = line.dice, line.site.rooms
    while True:
        hour = line.now_s % DAY_S / 3600
        stay_s = dice.exponential(3000.0) + 300.0 if 6 < hour < 20.5 else dice.exponential(14_400.0) + 600.0
        if line.now_s + stay_s + 600 > at_s:
            break
        line.stay(stay_s)
        to = rooms[dice.integers(len(rooms))]
        same_house = math.hypot(*(to - line.spots[-1])) < 25
        line.stroll(to, dice.uniform(0.4, 1.0), indoors=same_house)
        line.indoors[-1] = True
    line.stay(max(1.0, at_s - line.now_s))


# Outings that are no departures -----------------------------------------------------------------------


def _stroll(line: _Line) -> None:
    """Around the yard."""
    dice, area = line.dice, line.site.safe[0]
    for _ in range(int(dice.integers(3, 14))):
        turn, part = dice.uniform(0, math.tau, 1), np.sqrt(dice.uniform(0.02, 0.9, 1))
        line.stroll(area.at(turn, part)[0], dice.uniform(0.4, 1.2))
        if dice.random() < 0.4:
            line.stay(dice.exponential(120.0))


def _sit(line: _Line) -> None:
    """On a bench in the yard."""
    dice = line.dice
    spot = line.site.safe[0].at(dice.uniform(0, math.tau, 1), np.sqrt(dice.uniform(0.05, 0.9, 1)))[0]
    line.stroll(spot, dice.uniform(0.4, 1.1))
    line.stay(dice.uniform(600, 3600))


def _along_the_fence(line: _Line) -> None:
    """One to three metres from the fence, or up to ten, once around or a part of it."""
    dice, area = line.dice, line.site.safe[0]
    turns = dice.uniform(0, math.tau) + np.linspace(0, dice.choice([-1, 1]) * dice.uniform(1.5, 9.0), 48)
    reach = area.reach_m(turns)
    part = np.clip(1 - dice.uniform(1, 10) / reach, 0.3, 0.99)
    way = area.at(turns, part)
    line.stroll(way[0], dice.uniform(0.5, 1.1))
    line.go(way[area.margin_m(way) > 0.3], dice.uniform(0.4, 1.1))


def _at_the_gate(line: _Line) -> None:
    """Waiting at the gate, two to eight metres within."""
    _to_gate(line, line.dice.uniform(2, 8))
    line.stay(line.dice.uniform(300, 3600))


def _errand(line: _Line) -> None:
    """Out with a carer and soon back: beyond 30 m for less than two minutes."""
    dice = line.dice
    speed = dice.uniform(0.8, 1.4)
    far_m = dice.uniform(10, 30 + 45 * speed)
    gate, out = _to_gate(line, 1.0)
    line.go((gate + out * far_m)[None], speed)
    if far_m < 28:
        line.stay(dice.exponential(60.0))
    line.go((gate - out)[None], speed)


def _doorway(line: _Line) -> None:
    """A stall just outside of the gate: five to 25 m beyond for minutes."""
    dice = line.dice
    gate, out = _to_gate(line, 1.0)
    line.go((gate + out * dice.uniform(3, 25))[None], 0.7)
    line.stay(dice.uniform(120, 1200))
    line.go((gate - out)[None], 0.7)


def _to_gate(line: _Line, within_m: float, turn: float | None = None) -> tuple[Floats, Floats]:
    """Walk to the gate; returns the gate and the direction outwards."""
    area = line.site.safe[0]
    turns = np.array([line.site.gate_turn if turn is None else turn])
    reach = float(area.reach_m(turns)[0])
    out = np.array([math.cos(turns[0]), math.sin(turns[0])])
    gate = area.centre + reach * out
    line.stroll(area.centre + max(1.0, reach - within_m) * out, line.dice.uniform(0.5, 1.2))
    return gate, out


# Departures -------------------------------------------------------------------------------------------


def _depart(line: _Line, shapes: list[Floats]) -> None:
    """Out by the gate or over a low place of the fence, away, and brought back after a while."""
    dice = line.dice
    turn = None if dice.random() < 0.65 else float(dice.uniform(0, math.tau))
    gate, out = _to_gate(line, 1.0, turn)
    begun_s, for_s = line.now_s, dice.uniform(480, 4800)
    if shapes and dice.random() < 0.5:
        _as_recorded(line, gate, out, shapes)
    else:
        way = _DEPARTURES[str(dice.choice(list(DEPARTURES), p=list(DEPARTURES.values())))]
        way(line, gate, out, begun_s + for_s)
    far_m = math.hypot(*(line.spots[-1] - gate))
    line.go(np.array([gate + out, gate - out]), 7.0 if far_m > 800 else 1.2)


def _wander(line: _Line, out: Floats, until_s: float, speed_mps: float, step_m: float, swing: float) -> None:
    """Steps of a length, each turned by a normal angle."""
    heading = math.atan2(out[1], out[0])
    while line.now_s < until_s:
        reach = line.dice.uniform(0.5, 1.5) * step_m
        step = np.array([math.cos(heading), math.sin(heading)]) * reach
        line.go((line.spots[-1] + step)[None], speed_mps)
        heading += line.dice.normal(0, swing)
        if line.dice.random() < 0.1:
            line.stay(line.dice.exponential(60.0))


def _random(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    _away(line, gate, out, line.dice.uniform(20, 60), line.dice.uniform(0.6, 1.3))
    _wander(line, out, until_s, line.dice.uniform(0.5, 1.2), 30.0, 0.6)


def _road(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    """Along streets that meet at right angles."""
    dice, speed = line.dice, line.dice.uniform(0.6, 1.4)
    _away(line, gate, out, dice.uniform(5, 40), speed)
    way = out
    if dice.random() < 0.5:  # the street runs along the fence: distance grows slowly, or stays
        way = np.array([-out[1], out[0]]) * dice.choice([-1, 1])
        line.go((line.spots[-1] + out * dice.uniform(25, 60))[None], speed)
    while line.now_s < until_s:
        line.go((line.spots[-1] + way * dice.uniform(50, 250))[None], speed)
        way = way if dice.random() < 0.5 else np.array([-way[1], way[0]]) * dice.choice([-1, 1])


def _lap(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    """Round and round the block."""
    dice, area, speed = line.dice, line.site.safe[0], line.dice.uniform(0.6, 1.3)
    far_m = dice.uniform(33, 90)
    _away(line, gate, out, far_m, speed)
    turns = math.atan2(out[1], out[0]) + dice.choice([-1, 1]) * np.linspace(0, 60 * math.tau, 60 * 40)[1:]
    reach = area.reach_m(turns) + far_m
    for turn, metres in zip(turns, reach, strict=True):
        line.go((area.centre + metres * np.array([math.cos(turn), math.sin(turn)]))[None], speed)
        if line.now_s > until_s:
            return


def _pace(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    """To and fro on one stretch."""
    dice, speed = line.dice, line.dice.uniform(0.6, 1.3)
    _away(line, gate, out, dice.uniform(35, 110), speed)
    here, along = line.spots[-1], np.array([-out[1], out[0]]) * dice.uniform(15, 60)
    while line.now_s < until_s:
        line.go(np.array([here + along, here]), speed)
        line.stay(dice.exponential(10.0))


def _shuffle(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    """Slowly, and staying 20 to 50 m from the fence for long."""
    dice, speed = line.dice, line.dice.uniform(0.2, 0.5)
    _away(line, gate, out, dice.uniform(32, 50), speed)
    here, along = line.spots[-1], np.array([-out[1], out[0]])
    while line.now_s < until_s:
        line.go((here + along * dice.uniform(-30, 30) + out * dice.uniform(-12, 12))[None], speed)
        line.stay(dice.exponential(90.0))


def _bench(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    """To a bench or a shop, and there they are."""
    dice = line.dice
    _away(line, gate, out, dice.uniform(38, 200), dice.uniform(0.5, 1.2))
    line.stay(max(60.0, until_s - line.now_s))


def _ride(line: _Line, gate: Floats, out: Floats, until_s: float) -> None:
    """A car, or a bus at the stop near by."""
    dice = line.dice
    _away(line, gate, out, dice.uniform(8, 80), dice.uniform(0.7, 1.2))
    line.stay(dice.exponential(60.0))
    _wander(line, out, line.now_s + dice.uniform(120, 900), dice.uniform(5, 12), 250.0, 0.4)
    line.stay(max(600.0, until_s - line.now_s))


def _away(line: _Line, gate: Floats, out: Floats, far_m: float, speed_mps: float) -> None:
    """Straight out, a little to one side."""
    aside = np.array([-out[1], out[0]]) * line.dice.normal(0, 0.25 * far_m)
    line.go(np.array([gate + out, gate + out * far_m + aside]), speed_mps)


def _as_recorded(line: _Line, gate: Floats, out: Floats, shapes: list[Floats]) -> None:
    """The shape and pace of somebody's real walk, turned so that it leads away from the gate."""
    shape = shapes[line.dice.integers(len(shapes))]
    lead = shape[min(len(shape) - 1, len(shape) // 3), 1:] - shape[0, 1:]
    turn = math.atan2(out[1], out[0]) - math.atan2(lead[1], lead[0])
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    begin_s = line.now_s
    line.indoors[-1] = False
    for after_s, east, north in shape[1:]:
        line.put(begin_s + after_s, gate + spin @ (np.array([east, north]) - shape[0, 1:]), False)


_OUTINGS: Final[dict[str, Callable[[_Line], None]]] = {
    "stroll": _stroll, "bench": _sit, "fence": _along_the_fence, "gate": _at_the_gate,
    "errand": _errand, "doorway": _doorway,
}  # fmt: skip
_DEPARTURES: Final[dict[str, Callable[[_Line, Floats, Floats, float], None]]] = {
    "road": _road, "random": _random, "lap": _lap, "pace": _pace, "shuffle": _shuffle, "bench": _bench, "ride": _ride,
}  # fmt: skip
