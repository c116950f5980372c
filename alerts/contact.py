"""Decides how long a device may be silent: as its model says, or as it used to be."""

from __future__ import annotations

import numpy as np

from alerts.batch import Bools, Longs, Rows
from alerts.fleet import LONG_AGO_MS, NOT_DUE_MS, Fleet
from alerts.outages import Outages
from alerts.policy import Policy, ms


class Contact:
    """Writes the `contact_*` columns and `last_contact_ms` of the fleet."""

    def __init__(self, policy: Policy, fleet: Fleet, outages: Outages) -> None:
        self._policy, self._fleet, self._outages = policy, fleet, outages

    def heard(self, rows: Rows, received_ms: Longs, silent: Bools) -> None:
        """A sign of life of different devices, each in the order of time; `silent`: who had been missed."""
        arrays = self._fleet.arrays
        self._learn(rows, received_ms)
        broken = (arrays.contact_since_ms[rows] == LONG_AGO_MS) | silent
        arrays.contact_since_ms[rows[broken]] = received_ms[broken]
        arrays.last_contact_ms[rows] = received_ms
        arrays.contact_due_ms[rows] = self.missed_ms(rows, received_ms)

    def _learn(self, rows: Rows, received_ms: Longs) -> None:
        """The longest gap of late. Signs of life that come together are one, and teach nothing."""
        arrays, learn = self._fleet.arrays, self._policy.learn
        last = arrays.last_contact_ms[rows]
        for i in np.flatnonzero(last == LONG_AGO_MS):
            self._outages.heard_first(int(received_ms[i]), int(rows[i]))
        gap = np.where(last == LONG_AGO_MS, 0, received_ms - last)
        known = arrays.contact_gap_ms[rows]
        counts = gap >= ms(learn.gap_min_s)
        arrays.contact_gap_ms[rows] = np.where(counts, np.maximum(gap, known * (1 - learn.forget)), known)
        arrays.contact_count[rows] += counts

    def usual_ms(self, rows: Rows) -> Longs:
        """How often devices are to be heard: (rows,); NOT_DUE_MS: nobody waits for them."""
        arrays, learn = self._fleet.arrays, self._policy.learn
        every = arrays.contact_every_ms[rows]
        habit = np.maximum(arrays.contact_gap_ms[rows], ms(learn.floor_s)).astype(np.int64)
        awaited = (every != NOT_DUE_MS) & ~arrays.contact_declared[rows]
        learned = awaited & (arrays.contact_count[rows] >= learn.after)
        return np.where(learned, np.minimum(every, habit), every)

    def missed_ms(self, rows: Rows, since_ms: Longs | int) -> Longs:
        """When devices are missed that were heard last at `since_ms`; NOT_DUE_MS: never."""
        usual = self.usual_ms(rows)
        waits = usual != NOT_DUE_MS
        wait = (np.where(waits, usual, 0) * self._policy.contact_missed).astype(np.int64)
        return np.where(waits, -(-(since_ms + wait) // 1000) * 1000, NOT_DUE_MS)

    def deaf_ms(self, row: int) -> int:
        """For how much of the silence of a device nobody listened; that is not counted against it."""
        arrays = self._fleet.arrays
        due_ms, last_ms = int(arrays.contact_due_ms[row]), int(arrays.last_contact_ms[row])
        if due_ms == NOT_DUE_MS or last_ms == LONG_AGO_MS:
            return 0
        return due_ms - int(self.missed_ms(np.array([row]), last_ms)[0])
