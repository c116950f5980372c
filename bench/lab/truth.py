"""What truly happened, second by second: who was outside when, and which of it was a departure.

A departure is 30 m outside of all safe fences for two minutes. It begins when these two minutes begin.
Its way out begins when the wearer last crossed the fence before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from bench.lab.lives import Life
from bench.lab.places import Floats

AWAY_M: Final = 30.0
AWAY_FOR_S: Final = 120.0
TOLERANCE_M: Final = 15.0
FORGIVEN_S: Final = 600.0


class Departure(NamedTuple):
    """Seconds: when the fence was crossed, 30 m were reached, and the wearer came back within the fence."""

    band: int
    crossed_s: float
    begin_s: float
    back_s: float


@dataclass(slots=True)
class Truth:
    """Of one person. Intervals are (n, 2) seconds.

    `near_out`: more than the tolerance outside. `entered`: by forbidden fence, within the tolerance of it.
    """

    departures: list[Departure]
    near_out: Floats
    entered: list[Floats]


def truth_of(life: Life, band: int) -> Truth:
    """Look at every second of every walk that could lead out."""
    departures: list[Departure] = []
    near: list[Floats] = []
    for begin_s, end_s in life.outside:
        at_s = np.arange(np.floor(begin_s), np.ceil(end_s) + 1)
        out_m = life.site.outside_m(life.where(at_s))
        near.append(intervals(at_s, out_m > TOLERANCE_M))
        away = intervals(at_s, out_m > AWAY_M)
        away = away[away[:, 1] - away[:, 0] >= AWAY_FOR_S]
        for crossed_s, back_s in intervals(at_s, out_m > 0):
            long = away[(away[:, 0] >= crossed_s) & (away[:, 1] <= back_s)]
            if len(long):
                departures.append(Departure(band, float(crossed_s), float(long[0, 0]), float(back_s)))
    return Truth(departures, _joined(near), _entered(life))


def _entered(life: Life) -> list[Floats]:
    if not life.site.forbidden:
        return []
    found: list[list[Floats]] = [[] for _ in life.site.forbidden]
    for begin_s, end_s in life.outdoors:
        at_s = np.arange(np.floor(begin_s), np.ceil(end_s) + 1, 2.0)
        deep = life.site.entered_m(life.where(at_s))
        for i, row in enumerate(deep):
            found[i].append(intervals(at_s, row > -TOLERANCE_M))
    return [_joined(some) for some in found]


def intervals(at_s: Floats, holds: np.ndarray) -> Floats:
    """(n, 2): from the first to the last moment of every run."""
    edge = np.diff(np.concatenate([[0], holds.astype(np.int8), [0]]))
    return np.stack([at_s[np.flatnonzero(edge == 1)], at_s[np.flatnonzero(edge == -1) - 1]], axis=1)


def _joined(some: list[Floats]) -> Floats:
    return np.concatenate(some) if some else np.empty((0, 2))


def touches(spans: Floats, begin_s: float, end_s: float) -> bool:
    """Whether any interval has a moment of [begin, end]."""
    return bool(((spans[:, 0] <= end_s) & (spans[:, 1] >= begin_s)).any()) if len(spans) else False
