"""Decides, from fixes, whether a wearer has crossed a fence. One row a (device, fence) pair.

A pair is breached when the wearer is outside of a safe fence or inside a forbidden one. A fix is a
witness of a breach only if the boundary is farther behind than its accuracy explains; a breach
needs several witnesses with time between them, so one bad fix raises nothing, and several calm
fixes end it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from alerts.batch import Bools, Bytes, Floats, Longs, Rows
from alerts.fences import Fences
from alerts.fleet import LONG_AGO_MS
from alerts.policy import FencePolicy, ms
from alerts.vocabulary import SOURCES

UNDECIDED: Final = 0
CALM: Final = 1
BREACHED: Final = 2

# A radius that holds 68 % of a round normal distribution is 1.51 of its standard deviations.
SIGMAS_IN_ACC: Final = 1.51


@dataclass(slots=True)
class PairArrays:
    """Columns (pairs,), in the order of `Fences.pair_row`."""

    verdict: Bytes  # UNDECIDED, CALM, BREACHED
    breach_run: Longs  # witnesses of a breach in a row
    run_first_ms: Longs  # device time of the first of them
    calm_run: Longs  # calm fixes in a row
    occupied_at_ms: Longs  # device time a safe fence was last known to hold its wearer
    entered: Bools  # fence_entered holds for this pair
    rearm: Bools  # ... and its alarm was closed: only a new item raises anew


def new_pairs(count: int) -> PairArrays:
    """Pairs nobody knows anything of."""
    return PairArrays(
        verdict=np.full(count, UNDECIDED, np.int8),
        breach_run=np.zeros(count, np.int64),
        run_first_ms=np.full(count, LONG_AGO_MS, np.int64),
        calm_run=np.zeros(count, np.int64),
        occupied_at_ms=np.full(count, LONG_AGO_MS, np.int64),
        entered=np.zeros(count, np.bool_),
        rearm=np.zeros(count, np.bool_),
    )


class Evidence:
    """The pair table's state and its one rule of decision."""

    def __init__(self, policy: FencePolicy) -> None:
        self._policy = policy
        self._floor_m = np.array([policy.acc_floor_m[source] for source in SOURCES])
        self._unknown_m = np.array([policy.acc_unknown_m[source] for source in SOURCES])
        self.pairs = new_pairs(0)

    def sigma_m(self, acc_m: Floats, src: Bytes) -> Floats:
        """Standard deviation of a fix along one axis, in metres: (n,)."""
        claimed = np.where(np.isnan(acc_m), self._unknown_m[src], acc_m)
        sigma: Floats = np.maximum(claimed, self._floor_m[src]) / SIGMAS_IN_ACC
        return sigma

    def weigh(self, fences: Fences, pairs: Rows, at_ms: Longs, margin_m: Floats, sigma_m: Floats) -> Bools:
        """Take one fix a pair into account; returns which pairs saw a witness of a breach: (pairs,)."""
        policy, p = self._policy, self.pairs
        is_safe, _ = fences.roles(pairs)
        breach_m = np.where(is_safe, -margin_m, margin_m)
        witness = breach_m > policy.witness_sigma * sigma_m
        calm = breach_m <= 0
        first = p.run_first_ms[pairs]
        apart = (at_ms - first > ms(policy.confirm_within_s)) | (at_ms < first)  # or the clock went back
        fresh = witness & ((p.breach_run[pairs] == 0) | apart)
        first = np.where(fresh, at_ms, first)
        run = np.where(fresh, 1, p.breach_run[pairs] + witness)
        run = np.where(calm, 0, run)
        calm_run = np.where(witness, 0, p.calm_run[pairs] + calm)
        confirmed = witness & (run >= policy.confirm_fixes) & (at_ms - first >= ms(policy.confirm_s))
        calmed = calm & (calm_run >= policy.return_fixes)
        verdict = p.verdict[pairs]
        verdict = np.where(confirmed, BREACHED, np.where(calmed, CALM, verdict)).astype(np.int8)
        p.breach_run[pairs], p.run_first_ms[pairs], p.calm_run[pairs] = run, first, calm_run
        p.verdict[pairs] = verdict
        held = is_safe & calm & (verdict == CALM)
        p.occupied_at_ms[pairs[held]] = at_ms[held]
        return witness

    def left(self, fences: Fences, pairs: Rows, owner: Rows, devices: int) -> tuple[Bools, Bools]:
        """Whether devices are outside the union of their safe fences in force: (left, back).

        `pairs` are theirs, `owner` says whose. Neither left nor back while fences without a verdict
        could decide: then nothing changes.
        """
        is_safe, in_force = fences.roles(pairs)
        counts = is_safe & in_force
        verdict = self.pairs.verdict[pairs]
        total = np.bincount(owner[counts], minlength=devices)
        breached = np.bincount(owner[counts & (verdict == BREACHED)], minlength=devices)
        calm = np.bincount(owner[counts & (verdict == CALM)], minlength=devices)
        left: Bools = (total > 0) & (breached == total)
        back: Bools = (total == 0) | (calm > 0)
        return left, back

    def last_occupied(self, fences: Fences, row: int) -> tuple[int | None, bool]:
        """The pair of the safe fence in force that a device occupied last, and whether it ever did.

        None where no safe fence is in force.
        """
        pairs, _ = fences.pairs_of(np.array([row]))
        is_safe, in_force = fences.roles(pairs)
        candidates = pairs[is_safe & in_force]
        if not len(candidates):
            return None, False
        pair = int(candidates[np.argmax(self.pairs.occupied_at_ms[candidates])])
        return pair, int(self.pairs.occupied_at_ms[pair]) != LONG_AGO_MS

    def relay(self, old_keys: dict[tuple[int, str], int], fences: Fences, redrawn: set[str]) -> Rows:
        """Lay the pairs out anew after an edit; returns the pairs of which nothing is known now.

        `old_keys`: (device row, fence id) -> pair before the edit. `redrawn`: fences whose geometry
        or role changed; nothing is known of them, so that an edit fakes no crossing, but whoever has
        entered stays entered until fixes say otherwise.
        """
        fresh, old, keys = new_pairs(len(fences.pair_row)), self.pairs, pair_keys(fences)
        was = np.array([old_keys.get(key, -1) for key in keys], np.int64)
        same = (was >= 0) & np.array([fence_id not in redrawn for _, fence_id in keys], np.bool_)
        for column in fields(PairArrays):
            kept = was >= 0 if column.name in {"entered", "rearm"} else same
            getattr(fresh, column.name)[kept] = getattr(old, column.name)[was[kept]]
        self.pairs = fresh
        return np.flatnonzero(~same)

    def assume_occupied(self, pairs: Rows, at_ms: Longs) -> None:
        """The last fix lies inside of these safe fences, which are new or drawn anew."""
        self.pairs.occupied_at_ms[pairs] = at_ms


def pair_keys(fences: Fences) -> list[tuple[int, str]]:
    """(device row, fence id) of every pair."""
    return [
        (int(row), fences.ids[fence]) for row, fence in zip(fences.pair_row, fences.pair_fence, strict=True)
    ]


def words(margin_m: float, acc_m: float, src: int, run: int, first_ms: int, at_ms: int) -> dict[str, Any]:
    """What a fence alarm says of its reasons."""
    return {
        "rule": "fence",
        "margin_m": round(margin_m, 1),
        "acc_m": None if np.isnan(acc_m) else round(acc_m, 1),
        "src": SOURCES[src],
        "witnesses": run,
        "for_ms": at_ms - first_ms,
    }
