"""Decides when a band that is heard has been without a usable position for too long, where that matters.

It matters where the last usable fix was at the edge: of the safe fences, of a forbidden one, or in doubt. In the
middle of the house a band may be without satellites for a night. Who is heard is judged at each sign of life, so
silence, which is another alarm, and our own outages never count.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from alerts.batch import Bools, Bytes, Floats, Longs, Rows
from alerts.crossings import Crossings
from alerts.fences import Fences
from alerts.fleet import DEVICE_KIND_CODE, LONG_AGO_MS, NOT_DUE_MS, Fleet
from alerts.motion import SIGMAS_IN_ACC, Motion
from alerts.policy import Policy, ms
from alerts.vocabulary import KIND_BIT, KIND_INDEX, SOURCES
from alerts.wander import Wander

POSITION_LOST: Final = KIND_INDEX["position_lost"]
_LOST: Final = np.uint32(KIND_BIT["position_lost"])
_LEFT: Final = np.uint32(KIND_BIT["fence_left"])
_STRAP_OFF: Final = np.uint32(KIND_BIT["strap_off"])
_WRISTBAND: Final = DEVICE_KIND_CODE["wristband"]


class Look(NamedTuple):
    """What a sign of life of some devices shows: indexes into them. `why`: of those that are lost, in order."""

    over: Rows
    asks: Rows
    lost: Rows
    why: list[dict[str, Any]]


class Positions:
    """Writes the `usable_*` and `position_*` columns of the fleet, and what a band says of being worn."""

    def __init__(
        self, policy: Policy, fleet: Fleet, fences: Fences, crossings: Crossings, wander: Wander
    ) -> None:
        self._policy, self._fleet, self._fences, self._crossings = policy, fleet, fences, crossings
        self._wander = wander
        self._motion = Motion(policy.fence)

    def take(self, rows: Rows, at_ms: Longs, received: Longs) -> None:
        """The newest fixes of some devices have just been written: those that can be used begin the wait anew."""
        a = self._fleet.arrays
        usable = self._usable(rows, a.fix_acc_m[rows], a.fix_src[rows])
        rows, received = rows[usable], received[usable]
        self._learn(rows, received)
        a.usable_at_ms[rows], a.usable_taken_ms[rows] = at_ms[usable], received
        first = rows[a.usable_first_ms[rows] == LONG_AGO_MS]
        a.usable_first_ms[first] = a.usable_taken_ms[first]
        for name in ("lat_deg", "lon_deg", "acc_m", "src"):
            getattr(a, f"usable_{name}")[rows] = getattr(a, f"fix_{name}")[rows]
        track, policy = self._crossings.recent.now.track, self._policy
        good = track.burst[rows] + track.stray[rows] <= policy.position_bad_p
        a.position_on_way[rows] = good & (track.walking[rows] >= policy.position_walking_p)
        self._wait(rows, received)

    def worn(self, rows: Rows, worn: Floats, charging: Floats) -> None:
        """What bands say of themselves; nan: nothing."""
        a = self._fleet.arrays
        for column, said in ((a.worn_said, worn), (a.charging_said, charging)):
            known = np.isfinite(said)
            column[rows[known]] = said[known].astype(np.int8)

    def look(self, rows: Rows, received: Longs) -> Look:
        """After a sign of life each: for whom it is over, whom to ask for a fix, and who is lost."""
        a = self._fleet.arrays
        bits = a.condition_bits[rows]
        held, closed = (bits & _LOST) != 0, (a.rearm_bits[rows] & _LOST) != 0
        # Off the wrist a band says nothing of its wearer; who has left is looked for already.
        moot = (a.worn_said[rows] == 0) | (a.charging_said[rows] == 1) | ((bits & (_LEFT | _STRAP_OFF)) != 0)
        over = held & (moot | (a.usable_taken_ms[rows] == received))
        again = moot | (a.contact_since_ms[rows] == received)
        again |= closed & ~over & (a.position_due_ms[rows] == NOT_DUE_MS)
        again &= a.usable_at_ms[rows] != LONG_AGO_MS
        self._wait(rows[again], received[again])
        due = (a.position_due_ms[rows] <= received) & (a.kind_code[rows] == _WRISTBAND) & ~moot
        if self._fleet.deaf_since_ms is not None:
            due[:] = False
        at = np.flatnonzero(due)
        why = [self._why(int(rows[i]), int(received[i])) for i in at]
        matters = np.array([one is not None for one in why], np.bool_)
        a.position_asked[rows[at[~matters]]] = False
        a.position_due_ms[rows[at[~matters]]] = received[at[~matters]] + ms(self._policy.position_lost_s)
        asked = a.position_asked[rows[at]]
        asks, lost = at[matters & ~asked], at[matters & asked]
        a.position_asked[rows[asks]] = True
        a.position_due_ms[rows[asks]] = received[asks] + ms(self._policy.position_ask_s)
        a.position_due_ms[rows[lost]] = NOT_DUE_MS
        told = [one for one, is_asked in zip(why, asked, strict=True) if one is not None and is_asked]
        return Look(np.flatnonzero(over), asks, lost, told)

    def _wait(self, rows: Rows, since_ms: Longs) -> None:
        """Nothing is wanting at this moment; from now on it is."""
        a, policy = self._fleet.arrays, self._policy
        usual = policy.position_gaps * a.position_gap_ms[rows]
        learning_ms = a.usable_first_ms[rows] + ms(policy.position_learn_s) - since_ms
        wait = np.where(a.position_on_way[rows], ms(policy.position_lost_s), ms(policy.position_still_s))
        wait = np.maximum(wait, learning_ms)
        wait = np.maximum(wait, usual).astype(np.int64) - ms(policy.position_ask_s)
        a.position_asked[rows], a.position_since_ms[rows] = False, since_ms
        a.position_due_ms[rows] = since_ms + np.maximum(wait, 0)

    def _learn(self, rows: Rows, received: Longs) -> None:
        """The longest want of late after which the wearer was found."""
        a = self._fleet.arrays
        since_ms = a.position_since_ms[rows]
        gap = np.where(since_ms == LONG_AGO_MS, 0, received - since_ms)
        a.position_gap_ms[rows] = np.maximum(
            gap, a.position_gap_ms[rows] * (1 - self._policy.position_forget)
        )

    def _usable(self, rows: Rows, acc_m: Floats, src: Bytes) -> Bools:
        """Whether a person is found by it, or it can at least say on which side of all fences she is."""
        sigma_m = np.sqrt(self._motion.var_m2(acc_m, src))
        usable = sigma_m * SIGMAS_IN_ACC <= self._policy.position_acc_m
        a, rough = self._fleet.arrays, np.flatnonzero(~usable)
        pairs, owner = self._fences.pairs_of(rows[rough])
        of = rows[rough][owner]
        away_m = np.abs(
            self._fences.shapes.margin_m(self._fences.pair_fence[pairs], a.fix_lat_deg[of], a.fix_lon_deg[of])
        )
        _, in_force = self._fences.roles(pairs)
        nearest_m = np.full(len(rough), np.inf)
        np.minimum.at(nearest_m, owner[in_force], away_m[in_force])
        known = np.isfinite(nearest_m)
        usable[rough] = known & (nearest_m >= self._policy.position_sigmas * sigma_m[rough])
        return np.asarray(usable)

    def _why(self, row: int, now_ms: int) -> dict[str, Any] | None:
        """Why it matters that nobody knows where she is; None: it does not."""
        a, policy = self._fleet.arrays, self._policy
        pairs, _ = self._fences.pairs_of(np.array([row]))
        if self._crossings.pairs.entered[pairs].any():  # looked for already
            return None
        is_safe, in_force = self._fences.roles(pairs)
        lat, lon = np.full(len(pairs), a.usable_lat_deg[row]), np.full(len(pairs), a.usable_lon_deg[row])
        margin_m = self._fences.shapes.margin_m(self._fences.pair_fence[pairs], lat, lon)
        safe_m = float(margin_m[is_safe & in_force].max(initial=-np.inf))
        danger_m = float(margin_m[~is_safe & in_force].max(initial=-np.inf))
        breach_p = self._crossings.breach_p(pairs)
        left_p = float(breach_p[is_safe & in_force].min(initial=1.0)) if (is_safe & in_force).any() else 0.0
        entered_p = float(breach_p[~is_safe & in_force].max(initial=0.0))
        p = max(left_p, entered_p)
        if danger_m >= -policy.position_near_m:
            near, nearest_m = "forbidden", danger_m
        elif abs(safe_m) <= policy.position_near_m:
            near, nearest_m = "exit", safe_m
        elif p >= policy.position_doubt_p:
            near, nearest_m = "doubt", safe_m if left_p >= entered_p else danger_m
        else:
            return None
        deciding = (~is_safe & in_force) if nearest_m == danger_m else (is_safe & in_force)
        pair = int(pairs[deciding][np.argmax(margin_m[deciding])])
        acc_m = float(a.usable_acc_m[row])
        return {
            "rule": "position_lost",
            "near": near,
            "fix_age_ms": now_ms - int(a.usable_at_ms[row]),
            "margin_m": round(nearest_m, 1),
            "acc_m": None if np.isnan(acc_m) else round(acc_m, 1),
            "src": SOURCES[int(a.usable_src[row])],
            "p": round(p, 3),
            "contact_since_ms": int(a.contact_since_ms[row]),
        } | self._wander.words(pair, now_ms)
