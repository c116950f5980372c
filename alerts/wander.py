"""Says whether somebody who crossed a fence walks as people do who are lost: words beside an alarm, never one by itself.

Looks at the last fixes that are kept of a band. Each part that shows has a weight; the score is the chance that
one of them is right, as if they knew nothing of each other. It decides nothing: see the record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from alerts.batch import Bools, Floats, Longs
from alerts.motion import metres
from alerts.policy import WanderPolicy, ms
from alerts.recent import Ring

PARTS = ("night", "pacing", "lapping", "closing")


class Wander:
    """Reads rings; has no state of its own."""

    def __init__(self, policy: WanderPolicy) -> None:
        self._policy = policy
        self._zone = ZoneInfo(policy.tz)

    def words(self, ring: Ring, row: int, breach_m: Floats, at_ms: int) -> dict[str, Any]:
        """`breach_m` (kept,): how far beyond the fence each of the fixes lies that are kept. {} if nothing shows."""
        count = int(ring.count[row])
        shown = self.parts(
            ring.at_ms[row, :count], ring.lat_deg[row, :count], ring.lon_deg[row, :count], breach_m, at_ms
        )
        parts = [part for part, shows in zip(PARTS, shown, strict=True) if shows]
        score = 1 - float(np.prod([1 - self._policy.weights[part] for part in parts]))
        return {"wander": {"score": round(score, 2), "parts": parts}} if parts else {}

    def parts(self, when_ms: Longs, lat: Floats, lon: Floats, breach_m: Floats, at_ms: int) -> Bools:
        """Which of PARTS show, of fixes in the order of their time."""
        policy = self._policy
        late = when_ms >= at_ms - ms(policy.within_s)
        when_ms, lat, lon, breach_m = when_ms[late], lat[late], lon[late], breach_m[late]
        if len(when_ms) < 2:
            return np.array([self._is_night(at_ms), False, False, False])
        east, north = metres(lat[0], lon[0], lat, lon)
        place = np.asarray(east) + 1j * np.asarray(north)
        step = np.diff(place)
        step = step[np.abs(step) >= policy.step_m]  # shorter ones are noise
        turns = step[1:] * np.conj(step[:-1])
        reversals = int((turns.real < -0.5 * np.abs(turns)).sum())  # by more than 120 degrees
        took_s = (int(when_ms[-1]) - int(when_ms[-2])) / 1000
        mps = float(breach_m[-1] - breach_m[-2]) / max(took_s, 1.0)
        closing = mps >= policy.closing_mps
        lapping = reversals == 0 and self._laps(place)
        return np.array([self._is_night(at_ms), reversals >= policy.reversals, lapping, closing])

    def _laps(self, place: Any) -> bool:
        """Back where she was, after having been far from there, without having turned round."""
        apart = np.abs(place[:, None] - place[None, :])
        for begin in range(len(place) - 2):
            away = np.maximum.accumulate(apart[begin, begin:])
            if ((apart[begin, begin:] <= self._policy.same_m) & (away >= self._policy.lap_m)).any():
                return True
        return False

    def _is_night(self, at_ms: int) -> bool:
        hour = datetime.fromtimestamp(at_ms / 1000, self._zone).hour
        begin, end = self._policy.night_from_hour, self._policy.night_to_hour
        return begin <= hour or hour < end if begin > end else begin <= hour < end
