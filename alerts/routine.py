"""Owns the habits of wearers: at which hours of the day each of them walks, and whether this is one of those.

Learned fix by fix, hour by hour; whoever takes over a band begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from alerts.batch import Floats, Longs, Rows
from alerts.policy import WanderPolicy

_HOURS = 24
_QUARTER_MS = 900_000  # time zones differ by whole quarters of an hour


@dataclass(slots=True)
class Habits:
    """(devices, 24): fixes of late in each hour of the day, and those of them that came while walking."""

    seen: Floats
    walked: Floats


def new_habits(devices: int) -> Habits:
    """Nothing is known of anybody."""
    return Habits(np.zeros((devices, _HOURS)), np.zeros((devices, _HOURS)))


class Routine:
    """Writes habits."""

    def __init__(self, policy: WanderPolicy) -> None:
        self._policy, self._zone = policy, ZoneInfo(policy.tz)
        self.habits = new_habits(0)

    def make_room(self, devices: int) -> None:
        """Rows for devices enrolled since."""
        if devices > len(self.habits.seen):
            old, fresh = self.habits, new_habits(devices - len(self.habits.seen))
            self.habits = Habits(
                np.concatenate([old.seen, fresh.seen]), np.concatenate([old.walked, fresh.walked])
            )

    def take(self, rows: Rows, at_ms: Longs, walking: Floats) -> None:
        """A newest fix each of different devices; `walking`: how likely its wearer walks."""
        kept, hours = 1 - self._policy.routine_forget, self._hours(at_ms)
        self.habits.seen[rows, hours] = self.habits.seen[rows, hours] * kept + 1
        self.habits.walked[rows, hours] = self.habits.walked[rows, hours] * kept + (walking > 0.5)

    def forget(self, row: int) -> None:
        """Somebody else wears it."""
        if row < len(self.habits.seen):
            self.habits.seen[row] = self.habits.walked[row] = 0

    def is_unusual(self, row: int, at_ms: int) -> bool:
        """Whether this wearer hardly ever walks at this hour; not as long as little is known of the hour."""
        hour = int(self._hours(np.array([at_ms]))[0])
        seen, walked = self.habits.seen[row, hour], self.habits.walked[row, hour]
        return bool(seen >= self._policy.routine_fixes and walked <= self._policy.routine_share * seen)

    def _hours(self, at_ms: Longs) -> Longs:
        quarters, place = np.unique(at_ms // _QUARTER_MS, return_inverse=True)
        moments = (datetime.fromtimestamp(int(q) * _QUARTER_MS / 1000, self._zone) for q in quarters)
        return np.array([moment.hour for moment in moments], np.int64)[place]
