"""Decides whether somebody near a fence walks as people do who are lost: evidence beside the fixes, never an alarm by itself.

Looks at the last fixes that are kept of a band, and at its wearer's habits. Each part that shows has a weight; the
score is the chance that one of them is right, as if they knew nothing of each other. A score that is high enough
lets a fence be believed breached sooner, and raises the priority.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from alerts.batch import Floats, Longs
from alerts.crossings import Crossings
from alerts.fences import Fences
from alerts.motion import metres
from alerts.policy import WanderPolicy, ms
from alerts.routine import Routine

# `unusual` is the wearer's own habit: at this hour he or she hardly ever walks.
PARTS: Final = ("night", "pacing", "lapping", "closing", "unusual")


class Wander:
    """Reads what is known of fixes and habits; has no state of its own."""

    def __init__(self, policy: WanderPolicy, fences: Fences, crossings: Crossings, routine: Routine) -> None:
        self._policy, self._fences, self._crossings, self._routine = policy, fences, crossings, routine

    def words(self, pair: int, at_ms: int) -> dict[str, Any]:
        """What shows of the wearer of a pair, at its fence: `wander` with `score` and `parts`, or {}."""
        parts = self._shown(pair, at_ms)
        return {"wander": {"score": self._score(parts), "parts": parts}} if parts else {}

    def is_lost(self, pair: int, at_ms: int) -> bool:
        """Whether so much shows that less evidence will do."""
        return self._score(self._shown(pair, at_ms)) >= self._policy.enough

    def _score(self, parts: list[str]) -> float:
        return round(1 - float(np.prod([1 - self._policy.weights[part] for part in parts])), 2)

    def _shown(self, pair: int, at_ms: int) -> list[str]:
        recent, row = self._crossings.recent, int(self._fences.pair_row[pair])
        ring, fence = recent.ring, int(self._fences.pair_fence[pair])
        count = int(ring.count[row])
        when_ms, lat, lon = ring.at_ms[row, :count], ring.lat_deg[row, :count], ring.lon_deg[row, :count]
        margin_m = self._fences.shapes.margin_m(np.full(count, fence), lat, lon)
        breach_m = -margin_m if self._fences.is_safe[fence] else margin_m
        shown = parts_of(self._policy, when_ms, lat, lon, breach_m, at_ms)
        if recent.now.track.walking[row] > 0.5 and self._routine.is_unusual(row, at_ms):
            shown.append("unusual")
        return shown


def parts_of(
    policy: WanderPolicy, when_ms: Longs, lat: Floats, lon: Floats, breach_m: Floats, at_ms: int
) -> list[str]:
    """Which of PARTS, but for the habits, show in fixes in the order of their time.

    `breach_m` (fixes,): how far beyond the fence each lies.
    """
    shown = ["night"] if _is_night(policy, at_ms) else []
    late = when_ms >= at_ms - ms(policy.within_s)
    when_ms, lat, lon, breach_m = when_ms[late], lat[late], lon[late], breach_m[late]
    if len(when_ms) < 2:
        return shown
    east, north = metres(lat[0], lon[0], lat, lon)
    place = np.asarray(east) + 1j * np.asarray(north)
    step = np.diff(place)
    step = step[np.abs(step) >= policy.step_m]  # shorter ones are noise
    turns = step[1:] * np.conj(step[:-1])
    reversals = int((turns.real < -0.5 * np.abs(turns)).sum())  # by more than 120 degrees
    if reversals >= policy.reversals:
        shown.append("pacing")
    if reversals == 0 and _laps(policy, place):
        shown.append("lapping")
    took_s = (int(when_ms[-1]) - int(when_ms[-2])) / 1000
    if float(breach_m[-1] - breach_m[-2]) / max(took_s, 1.0) >= policy.closing_mps:
        shown.append("closing")
    return shown


def _laps(policy: WanderPolicy, place: Any) -> bool:
    """Back where she was, after having been far from there, without having turned round."""
    apart = np.abs(place[:, None] - place[None, :])
    for begin in range(len(place) - 2):
        away = np.maximum.accumulate(apart[begin, begin:])
        if ((apart[begin, begin:] <= policy.same_m) & (away >= policy.lap_m)).any():
            return True
    return False


def _is_night(policy: WanderPolicy, at_ms: int) -> bool:
    hour = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(policy.tz)).hour
    begin, end = policy.night_from_hour, policy.night_to_hour
    return begin <= hour or hour < end if begin > end else begin <= hour < end
