"""Owns the last fixes of every device, so that a late one is put where it belongs.

Fixes are taken in the order of their time, whatever the order of their arrival. Up to `KEPT` are kept, and
what was known before the oldest of them and halfway; a late fix goes to its place, and everything after it is
worked out again. What is older than all that are kept is history: it is stored, and changes nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np

from alerts.batch import Bools, Bytes, Floats, Longs, Rows
from alerts.evidence import Belief, new_belief, side_known, weigh
from alerts.fences import Fences
from alerts.fleet import LONG_AGO_MS
from alerts.motion import Fixes, Motion, Track, new_tracks
from alerts.policy import FencePolicy

KEPT: Final = 8
HALF: Final = KEPT // 2


@dataclass(slots=True)
class Ring:
    """The fixes kept, (devices, KEPT), oldest first; `count` (devices,) of them are there."""

    count: Longs
    at_ms: Longs
    lat_deg: Floats
    lon_deg: Floats
    acc_m: Floats
    src: Bytes


@dataclass(slots=True)
class Known:
    """What is known at one moment of a ring: of devices, and of their pairs."""

    track: Track
    belief: Belief


def new_ring(devices: int) -> Ring:
    """Nothing kept of anybody."""
    shape = (devices, KEPT)
    return Ring(
        np.zeros(devices, np.int64), np.full(shape, LONG_AGO_MS, np.int64), np.full(shape, np.nan),
        np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int8),
    )  # fmt: skip


class Recent:
    """Rings, and what is known now, halfway and before: `now`, `middle`, `base`."""

    def __init__(self, policy: FencePolicy) -> None:
        self._policy = policy
        self._motion = Motion(policy)
        self.ring = new_ring(0)
        self.now, self.middle, self.base = (Known(new_tracks(0), new_belief(0)) for _ in range(3))

    def make_room(self, devices: int) -> None:
        """Rows for devices enrolled since."""
        fresh = devices - len(self.ring.count)
        if fresh:
            self.ring = _joined(self.ring, new_ring(fresh))
            for known in self._all():
                known.track = _joined(known.track, new_tracks(fresh))

    def _all(self) -> tuple[Known, Known, Known]:
        return self.now, self.middle, self.base

    def take(self, fences: Fences, rows: Rows, fixes: Fixes) -> Bools:
        """A fix each of different devices; returns which of them changed what is known: (n,)."""
        newer = _is_newer(fixes, _newest(self.now.track, rows))
        late = np.flatnonzero(~newer)
        changed = newer.copy()
        changed[late] = self._insert(fences, rows[late], _some(fixes, late))
        rows, fixes = rows[newer], _some(fixes, newer)
        self._shift(fences, rows[self.ring.count[rows] == KEPT])
        self._put(rows, self.ring.count[rows], fixes)
        self.ring.count[rows] += 1
        self._go_on(fences, rows, fixes)
        self._copy(fences, rows[self.ring.count[rows] == HALF], self.now, self.middle)
        return changed

    def start_anew(self, fences: Fences, rows: Rows) -> None:
        """Forget where devices were; what is known of their pairs stays."""
        for known in self._all():
            _put_rows(known.track, rows, new_tracks(len(rows)))
        self.settle(fences, rows)

    def settle(self, fences: Fences, rows: Rows) -> None:
        """What is known now cannot be changed by late fixes any more."""
        self.ring.count[rows] = 0
        self._copy(fences, rows, self.now, self.middle)
        self._copy(fences, rows, self.now, self.base)

    def relay(self, fences: Fences, was: Longs, known: Bools) -> None:
        """Lay the pairs out anew: `was` their places before, of those that are `known`.

        Devices that have new pairs are settled: late fixes begin nothing at a fence that was not there.
        """
        rows, track = fences.pair_row, self.now.track
        for state in self._all():
            fresh = new_belief(len(was))
            for f in fields(Belief):
                getattr(fresh, f.name)[known] = getattr(state.belief, f.name)[was[known]]
            state.belief = fresh
        fresh_pairs = np.flatnonzero(~known & (track.at_ms[rows] != LONG_AGO_MS))
        side_known(
            self.now.belief, fresh_pairs, track.burst[rows[fresh_pairs]], track.stray[rows[fresh_pairs]]
        )
        self.settle(fences, np.unique(rows[~known]))

    def _insert(self, fences: Fences, rows: Rows, fixes: Fixes) -> Bools:
        """Late fixes to their place, and everything after them once more."""
        if not len(rows):
            return np.zeros(0, np.bool_)
        kept = (
            (self.ring.count[rows] > 0)
            & _is_newer(fixes, _newest(self.base.track, rows))
            & ~self._has(rows, fixes)
        )
        self._shift(fences, rows[kept & (self.ring.count[rows] == KEPT)])
        kept &= _is_newer(fixes, _newest(self.base.track, rows))
        some = rows[kept]
        if len(some):
            self._put(some, self.ring.count[some], _some(fixes, kept))
            self.ring.count[some] += 1
            self._sort(some)
            self._again(fences, some)
        return np.asarray(kept)

    def _has(self, rows: Rows, fixes: Fixes) -> Bools:
        """Whether the very same fix is kept already."""
        ring, places = self.ring, np.arange(KEPT)
        same = (places < ring.count[rows, None]) & (ring.at_ms[rows] == fixes.at_ms[:, None])
        same &= (ring.lat_deg[rows] == fixes.lat_deg[:, None]) & (
            ring.lon_deg[rows] == fixes.lon_deg[:, None]
        )
        return np.asarray(same.any(axis=1))

    def _sort(self, rows: Rows) -> None:
        ring = self.ring
        for row in rows:
            n = int(ring.count[row])
            order = np.lexsort((ring.lon_deg[row, :n], ring.lat_deg[row, :n], ring.at_ms[row, :n]))
            for name in Fixes._fields:
                getattr(ring, name)[row, :n] = getattr(ring, name)[row, order]

    def _again(self, fences: Fences, rows: Rows) -> None:
        """From before the oldest fix that is kept to the newest."""
        self._copy(fences, rows, self.base, self.now)
        for place in range(int(self.ring.count[rows].max())):
            some = rows[self.ring.count[rows] > place]
            self._go_on(
                fences, some, Fixes(*(getattr(self.ring, name)[some, place] for name in Fixes._fields))
            )
            if place == HALF - 1:
                self._copy(fences, some, self.now, self.middle)

    def _shift(self, fences: Fences, rows: Rows) -> None:
        """Let go of the older half of full rings."""
        if not len(rows):
            return
        for name in Fixes._fields:
            column = getattr(self.ring, name)
            column[rows, :HALF] = column[rows, HALF:]
        self.ring.count[rows] = HALF
        self._copy(fences, rows, self.middle, self.base)
        self._copy(fences, rows, self.now, self.middle)

    def _put(self, rows: Rows, places: Longs, fixes: Fixes) -> None:
        for name in Fixes._fields:
            getattr(self.ring, name)[rows, places] = getattr(fixes, name)

    def _copy(self, fences: Fences, rows: Rows, source: Known, target: Known) -> None:
        if not len(rows):
            return
        _put_rows(target.track, rows, _rows_of(source.track, rows))
        pairs, _ = fences.pairs_of(rows)
        _put_rows(target.belief, pairs, _rows_of(source.belief, pairs))

    def _go_on(self, fences: Fences, rows: Rows, fixes: Fixes) -> None:
        """What is known now, after one fix each."""
        if not len(rows):
            return
        track, fit = self._motion.step(_rows_of(self.now.track, rows), fixes)
        _put_rows(self.now.track, rows, track)
        pairs, owner = fences.pairs_of(rows)
        if not len(pairs):
            return
        is_safe, _ = fences.roles(pairs)
        margin = fences.shapes.margin_m(fences.pair_fence[pairs], fixes.lat_deg[owner], fixes.lon_deg[owner])
        tuned = fences.tuning.of(self._policy, fences.pair_fence[pairs], is_safe)
        fit = type(fit)(*(column[owner] for column in fit))
        belief = _rows_of(self.now.belief, pairs)
        belief = weigh(
            self._policy, belief, fit, fixes.at_ms[owner], np.where(is_safe, -margin, margin), tuned
        )
        _put_rows(self.now.belief, pairs, belief)


Columns = TypeVar("Columns", Track, Belief, Ring)


def _rows_of(columns: Columns, rows: Rows) -> Columns:
    return type(columns)(*(getattr(columns, f.name)[rows] for f in fields(columns)))


def _put_rows(columns: Columns, rows: Rows, values: Columns) -> None:
    for f in fields(columns):
        getattr(columns, f.name)[rows] = getattr(values, f.name)


def _joined(first: Columns, second: Columns) -> Columns:
    return type(first)(
        *(np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(first))
    )


def _copied(columns: Columns) -> Columns:
    return type(columns)(*(getattr(columns, f.name).copy() for f in fields(columns)))


def _some(fixes: Fixes, which: Rows | Bools) -> Fixes:
    return Fixes(
        fixes.at_ms[which], fixes.lat_deg[which], fixes.lon_deg[which], fixes.acc_m[which], fixes.src[which]
    )


def _newest(track: Track, rows: Rows) -> tuple[Longs, Floats, Floats]:
    return track.at_ms[rows], track.lat_deg[rows], track.lon_deg[rows]


def _is_newer(fixes: Fixes, than: tuple[Longs, Floats, Floats]) -> Bools:
    """In the order of time; in the same millisecond by place, so that the order of arrival is no matter."""
    at_ms, lat, lon = than
    same_lat = (fixes.lat_deg > lat) | ((fixes.lat_deg == lat) & (fixes.lon_deg > lon))
    return np.asarray((fixes.at_ms > at_ms) | ((fixes.at_ms == at_ms) & same_lat))
