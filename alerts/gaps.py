"""Decides what is missing: numbers that a device skipped and that have not come since.

A device that wants an acknowledgement of every item sends each again until it has one, so a number that stays away
was lost in the device. One that does not want it of every item loses some on the air, by its own choice: of those
nobody can say which number was worth keeping, and nothing is said. Items are numbered anew in each boot, and the
first one that is seen of a boot begins the count.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from alerts.batch import NO_SEQ, Batch, Longs, Rows
from alerts.fleet import NOT_DUE_MS, UNKNOWN_KIND, Fleet, Hole, whole_second_ms
from alerts.policy import Policy, ms
from alerts.vocabulary import KIND_INDEX

DATA_GAP: Final = KIND_INDEX["data_gap"]
# Of one device; the oldest is forgotten.
MAX_HOLES: Final = 100


class Gaps:
    """Writes the `seq_*` columns of the fleet, its `holes`, and `gap_due_ms`."""

    def __init__(self, policy: Policy, fleet: Fleet) -> None:
        self._policy, self._fleet = policy, fleet

    def take(self, batch: Batch, at: Rows) -> list[tuple[int, dict[str, Any]]]:
        """One item each of different devices: (place in the batch, why) of gaps that end with it."""
        a = self._fleet.arrays
        rows, seq, wants = batch.device_row[at], batch.seq[at], batch.wants_ack[at]
        at_ms = self._at_ms(batch, at)
        numbered = (seq != NO_SEQ) & (a.kind_code[rows] != UNKNOWN_KIND)
        same = numbered & (a.seq_top[rows] != NO_SEQ) & (a.seq_boot[rows] == batch.boot[at])
        # Nothing to learn but how far it counts; or just the next.
        plain = same & (~a.seq_kept[rows] | (wants & (seq == a.seq_top[rows] + 1)))
        some = rows[plain]
        a.seq_top[some] = np.maximum(a.seq_top[some], seq[plain])
        a.seq_at_ms[some] = np.maximum(a.seq_at_ms[some], at_ms[plain])
        ended = []
        for i in np.flatnonzero(numbered & ~plain):
            because = self._one(int(rows[i]), batch, int(at[i]), int(at_ms[i]))
            if because is not None:
                ended.append((int(at[i]), because))
        return ended

    def _at_ms(self, batch: Batch, at: Rows) -> Longs:
        """When items were measured, as far as that can be."""
        measured, received = batch.measured_at_ms[at], batch.received_at_ms[at]
        known = measured >= received - ms(self._policy.clock_behind_s)
        return np.where(known, np.minimum(measured, received), received)

    def _one(self, row: int, batch: Batch, place: int, at_ms: int) -> dict[str, Any] | None:
        """A number out of turn, a new boot, or the first item that wants no acknowledgement."""
        a = self._fleet.arrays
        seq, boot, wants = int(batch.seq[place]), int(batch.boot[place]), bool(batch.wants_ack[place])
        top, same = int(a.seq_top[row]), boot == int(a.seq_boot[row])
        if top == NO_SEQ or (not same and at_ms >= int(a.seq_at_ms[row])):
            a.seq_boot[row], a.seq_top[row], a.seq_at_ms[row], a.seq_kept[row] = boot, seq, at_ms, wants
            return None
        if same and not wants:
            a.seq_kept[row] = False
            return self._forget(row, boot)
        if same and seq > top:
            if seq > top + 1:
                self._open(row, Hole(boot, top + 1, seq - 1, int(batch.received_at_ms[place])))
            a.seq_top[row], a.seq_at_ms[row] = seq, max(at_ms, int(a.seq_at_ms[row]))
            return None
        return self._fill(row, boot, seq)

    def _open(self, row: int, hole: Hole) -> None:
        holes = self._fleet.holes.setdefault(row, [])
        holes.append(hole._replace(since_ms=whole_second_ms(hole.since_ms)))
        del holes[:-MAX_HOLES]
        self._plan(row)

    def _fill(self, row: int, boot: int, seq: int) -> dict[str, Any] | None:
        """A number that was missing has come; why the gap is over, if nothing that was told is missing now."""
        before = self._fleet.holes.get(row, [])
        left: list[Hole] = []
        for hole in before:
            if hole.boot != boot or not hole.first <= seq <= hole.last:
                left.append(hole)
                continue
            left += [hole._replace(last=seq - 1)] if hole.first < seq else []
            left += [hole._replace(first=seq + 1)] if seq < hole.last else []
        return self._replace(row, left, filled=True)

    def _forget(self, row: int, boot: int) -> dict[str, Any] | None:
        """From now on nobody can say what was worth keeping."""
        return self._replace(row, [h for h in self._fleet.holes.get(row, []) if h.boot != boot], filled=False)

    def _replace(self, row: int, left: list[Hole], *, filled: bool) -> dict[str, Any] | None:
        told = any(hole.told for hole in self._fleet.holes.pop(row, []))
        if left:
            self._fleet.holes[row] = left
        self._plan(row)
        if not told or any(hole.told for hole in left):
            return None
        return {"rule": "data_gap", "filled": filled}

    def fire(self, row: int, due_ms: int) -> dict[str, Any] | None:
        """A hole has been open for long, or for too long: why a gap begins (`missing`) or ends (`filled`)."""
        holes = [hole for hole in self._fleet.holes[row] if self._end_ms(hole) > due_ms]
        fresh = [h for h in holes if not h.told and h.since_ms + ms(self._policy.data_gap_s) <= due_ms]
        over = self._replace(row, [h._replace(told=True) if h in fresh else h for h in holes], filled=False)
        return self._words(row) if fresh else over

    def _words(self, row: int) -> dict[str, Any]:
        told = [hole for hole in self._fleet.holes[row] if hole.told]
        last = told[-1]
        missing = sum(hole.last - hole.first + 1 for hole in told)
        return {
            "rule": "data_gap", "missing": missing, "boot": last.boot, "first_seq": last.first,
            "last_seq": last.last, "since_ms": told[0].since_ms,
        }  # fmt: skip

    def put_off(self, deaf_ms: int) -> None:
        """While nobody listened nothing could come."""
        for row, holes in self._fleet.holes.items():
            self._fleet.holes[row] = [
                h._replace(since_ms=whole_second_ms(h.since_ms + deaf_ms)) for h in holes
            ]
            self._plan(row)

    def _end_ms(self, hole: Hole) -> int:
        return whole_second_ms(hole.since_ms + ms(self._policy.data_gap_forget_s))

    def _plan(self, row: int) -> None:
        """When the first hole is to be told of, or forgotten."""
        begin = ms(self._policy.data_gap_s)
        dues = [
            self._end_ms(h) if h.told else min(self._end_ms(h), whole_second_ms(h.since_ms + begin))
            for h in self._fleet.holes.get(row, [])
        ]
        self._fleet.arrays.gap_due_ms[row] = min(dues, default=NOT_DUE_MS)
