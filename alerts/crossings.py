"""Decides from the verdicts of pairs who has left and who has entered, and when to look again."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from alerts.batch import Bools, Bytes, Floats, Longs, Rows
from alerts.evidence import BREACHED, CALM, PairArrays, new_pairs
from alerts.fences import Fences
from alerts.fleet import LONG_AGO_MS
from alerts.motion import Fixes
from alerts.policy import FencePolicy, WanderPolicy
from alerts.recent import Recent
from alerts.tuning import Tuned
from alerts.vocabulary import SOURCES


class Crossings:
    """The pair table: what fixes say (`recent`), and what was made of it (`pairs`)."""

    def __init__(self, policy: FencePolicy) -> None:
        self._policy = policy
        self.recent = Recent(policy)
        self.pairs = new_pairs(0)

    def take(self, fences: Fences, rows: Rows, fixes: Fixes) -> tuple[Bools, Bools]:
        """A fix each: (which devices know more now, which of their pairs saw a new witness of a breach)."""
        pairs, owner = fences.pairs_of(rows)
        before = self.recent.now.belief.witnesses[pairs]
        changed = self.recent.take(fences, rows, fixes)
        belief = self.recent.now.belief
        is_safe, _ = fences.roles(pairs)
        held = is_safe & (belief.verdict[pairs] == CALM) & (belief.calm_run[pairs] > 0) & changed[owner]
        at_ms = self.recent.now.track.at_ms[rows][owner]
        self.pairs.occupied_at_ms[pairs[held]] = at_ms[held]
        return changed, (belief.witnesses[pairs] > before)[changed[owner]]

    def verdicts(self, pairs: Rows) -> Bytes:
        """UNDECIDED, CALM or BREACHED: (pairs,)."""
        return self.recent.now.belief.verdict[pairs]

    def breached(self, pairs: Rows) -> Bools:
        """Breached, and the newest fix says nothing else: (pairs,)."""
        belief = self.recent.now.belief
        return np.asarray((belief.verdict[pairs] == BREACHED) & (belief.calm_run[pairs] == 0))

    def left(self, fences: Fences, pairs: Rows, owner: Rows, devices: int) -> tuple[Bools, Bools]:
        """Whether devices are outside the union of their safe fences in force: (left, back).

        `pairs` are theirs, `owner` says whose. Neither left nor back while fences without a verdict
        could decide, or where the newest fix speaks against the verdict: then nothing changes.
        """
        is_safe, in_force = fences.roles(pairs)
        counts = is_safe & in_force
        verdict = self.verdicts(pairs)
        total = np.bincount(owner[counts], minlength=devices)
        breached = np.bincount(owner[counts & self.breached(pairs)], minlength=devices)
        calm = np.bincount(owner[counts & (verdict == CALM)], minlength=devices)
        left: Bools = (total > 0) & (breached == total)
        back: Bools = (total == 0) | (calm > 0)
        return left, back

    def suspected(
        self, fences: Fences, pairs: Rows, owner: Rows, left: Bools, least_p: Floats | float
    ) -> Bools:
        """Who has gone out, or in somewhere anew, as likely as `least_p` of each pair says: (devices,).

        `left` (devices,): who has left already, and so is not suspected of it.
        """
        is_safe, in_force = fences.roles(pairs)
        excess = self.breach_p(pairs) - least_p
        out, into = np.full(len(left), 2.0), np.full(len(left), -1.0)
        safe, forbidden = is_safe & in_force, ~is_safe & in_force & ~self.pairs.entered[pairs]
        np.minimum.at(out, owner[safe], excess[safe])
        np.maximum.at(into, owner[forbidden], excess[forbidden])
        return np.asarray(((out >= 0) & (out <= 1.0) & ~left) | (into >= 0))

    def tuned(self, fences: Fences, pairs: Rows) -> Tuned:
        """What decides about these pairs."""
        fence = fences.pair_fence[pairs]
        return fences.tuning.of(self._policy, fence, fences.is_safe[fence])

    def breach_p(self, pairs: Rows) -> Floats:
        """How likely each pair is breached: (pairs,)."""
        belief = self.recent.now.belief
        return np.asarray(belief.good_breach[pairs] + belief.burst_breach[pairs] + belief.stray_breach[pairs])

    def convict(self, fences: Fences, rows: Rows) -> None:
        """Silence decides: pairs that are likely enough breached are, and no late fix changes it."""
        pairs, _ = fences.pairs_of(rows)
        _, in_force = fences.roles(pairs)
        guilty = self.breach_p(pairs) >= self.tuned(fences, pairs).silence_p
        self.recent.now.belief.verdict[pairs[in_force & guilty]] = BREACHED
        self.recent.settle(fences, rows)

    def nearly(self, fences: Fences, pairs: Rows, policy: WanderPolicy) -> Bools:
        """Which pairs in force would be breached if less were enough, as said in the policy: (pairs,).

        Two witnesses it takes all the same, a last fix that is surely good, and none that says else.
        """
        belief, tuned = self.recent.now.belief, self.tuned(fences, pairs)
        _, in_force = fences.roles(pairs)
        least_p = tuned.raise_p / (tuned.raise_p + policy.odds * (1 - tuned.raise_p))
        track, rows = self.recent.now.track, fences.pair_row[pairs]
        lasted_ms = track.at_ms[rows] - belief.first_ms[pairs]
        bad_p = track.burst[rows] + track.stray[rows]
        return np.asarray(
            in_force
            & (belief.verdict[pairs] != BREACHED)
            & (belief.calm_run[pairs] == 0)
            & (belief.witnesses[pairs] >= self._policy.confirm_fixes)
            & (lasted_ms >= policy.confirm_share * tuned.confirm_ms)
            & (bad_p <= policy.bad_p)
            & (self.breach_p(pairs) >= least_p)
        )

    def believe(self, fences: Fences, pairs: Rows) -> None:
        """These are breached, and no late fix changes it."""
        self.recent.now.belief.verdict[pairs] = BREACHED
        self.recent.settle(fences, np.unique(fences.pair_row[pairs]))

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
        self.recent.relay(fences, was, same)
        return np.flatnonzero(~same)

    def assume_occupied(self, pairs: Rows, at_ms: Longs) -> None:
        """The last fix lies inside of these safe fences, which are new or drawn anew."""
        self.pairs.occupied_at_ms[pairs] = at_ms

    def words(self, pair: int, row: int, *, is_safe: bool) -> dict[str, Any]:
        """What a fence alarm says of its reasons, beside the fix itself."""
        track, belief = self.recent.now.track, self.recent.now.belief
        at_ms, first_ms = int(track.at_ms[row]), int(belief.first_ms[pair])
        p = round(float(self.breach_p(np.array([pair]))[0]), 3)
        said: dict[str, Any] = {
            "witnesses": int(belief.witnesses[pair]),
            "for_ms": 0 if first_ms == LONG_AGO_MS else at_ms - first_ms,
            "p_outside" if is_safe else "p_inside": p,
        }
        if track.walking[row] > 0.5:
            said["speed_mps"] = round(float(np.hypot(track.east_mps[row], track.north_mps[row])), 1)
        return said


def pair_keys(fences: Fences) -> list[tuple[int, str]]:
    """(device row, fence id) of every pair."""
    return [
        (int(row), fences.ids[fence]) for row, fence in zip(fences.pair_row, fences.pair_fence, strict=True)
    ]


def words_of_fix(margin_m: float, acc_m: float, src: int) -> dict[str, Any]:
    """What a fence alarm says of the fix it stands on."""
    return {
        "rule": "fence",
        "margin_m": round(margin_m, 1),
        "acc_m": None if np.isnan(acc_m) else round(acc_m, 1),
        "src": SOURCES[src],
    }
