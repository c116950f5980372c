"""Decides when a reading was measured: by the device's clock, set right where it is wrong the same each time."""

from __future__ import annotations

from typing import Final

import numpy as np

from alerts.batch import Batch, Bools, Longs, Rows
from alerts.fleet import Fleet
from alerts.policy import Policy, ms

_FAR_MS: Final = 2**60  # beyond any time; sums of two still fit


class Clocks:
    """What is known of the clocks of devices stands in the fleet's columns."""

    def __init__(self, policy: Policy, fleet: Fleet) -> None:
        self._policy, self._fleet = policy, fleet

    def effective_ms(self, batch: Batch, at: Rows) -> Longs:
        """When readings were measured: by the device's clock set right, else the time of arrival."""
        rows, measured, received = batch.device_row[at], batch.measured_at_ms[at], batch.received_at_ms[at]
        self._learn(rows, measured, received)
        ahead, behind = ms(self._policy.clock_ahead_s), ms(self._policy.clock_behind_s)
        right = np.clip(measured, -_FAR_MS, _FAR_MS) + self._fleet.arrays.clock_off_ms[rows]
        believed = (right <= received + ahead) & (right >= received - behind)
        return np.where(believed, right, received)

    def _learn(self, rows: Rows, measured: Longs, received: Longs) -> None:
        """How far clocks are off, where readings keep saying the same. Nobody measures after arrival."""
        policy, a = self._policy, self._fleet.arrays
        off = received - np.clip(measured, -_FAR_MS, _FAR_MS)
        guess = a.clock_guess_ms[rows]
        same = (a.clock_seen[rows] > 0) & (np.abs(off - guess) <= ms(policy.clock_same_s))
        guess = np.where(same, np.minimum(guess, off), off)
        since = np.where(same, a.clock_since_ms[rows], received)
        seen = np.where(same, a.clock_seen[rows] + 1, 1)
        sure = (seen >= policy.clock_readings) & (received - since >= ms(policy.clock_learn_s))
        right = np.where(np.abs(guess) > ms(policy.clock_off_s), guess, 0)
        a.clock_guess_ms[rows], a.clock_since_ms[rows], a.clock_seen[rows] = guess, since, seen
        a.clock_off_ms[rows] = np.where(sure, right, a.clock_off_ms[rows])

    def late(self, effective: Longs, received: Longs, newest: Longs, taken: Longs) -> Bools:
        """Which readings are older than what is known, and so say nothing of now.

        Where only such have come for long, the device's clock has gone back, and they are believed.
        """
        late: Bools = (effective < newest) & (received - taken <= ms(self._policy.late_for_s))
        return late
