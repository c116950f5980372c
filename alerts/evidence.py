"""Decides, from how fixes fit and where they lie, whether a wearer has crossed a fence. One row a (device, fence) pair.

A pair is breached when the wearer is outside of a safe fence or inside a forbidden one. Six probabilities are
kept of it, one for each story of the last fix (good, of a burst, a stray: `motion`) and each side. A fix moves
them as Bayes says: by how well it fits after each story, and, where it is good, by how far it lies beyond the
fence against its accuracy. No fix says more than `doubt_p` allows, and one whose error is that of the fix before
says little. A verdict takes a probability, two witnesses and the time between them; several calm fixes end it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerts.batch import Bools, Bytes, Floats, Longs, Rows
from alerts.fleet import LONG_AGO_MS
from alerts.motion import Fit
from alerts.policy import FencePolicy, ms
from alerts.tuning import Tuned

UNDECIDED: Final = 0
CALM: Final = 1
BREACHED: Final = 2
# What is thought of a pair before its first fix, and right after several calm ones: good, burst, stray, each
# with the side of calm and the side of breach.
_UNKNOWN: Final = (0.60, 0.10, 0.20, 0.08, 0.01, 0.01)
_CALMED: Final = (0.85, 0.01, 0.10, 0.01, 0.02, 0.01)
_LEAST: Final = 1e-6
_CHANCES: Final = ("good_calm", "good_breach", "burst_calm", "burst_breach", "stray_calm", "stray_breach")
# The logistic curve that is nearest to the normal distribution's: within 0.01 of it, with heavier tails.
_LOGISTIC: Final = 1.702


@dataclass(slots=True)
class Belief:
    """Columns (pairs,), in the order of `Fences.pair_row`: what fixes say. A late fix changes it afterwards."""

    good_calm: Floats
    good_breach: Floats
    burst_calm: Floats
    burst_breach: Floats
    stray_calm: Floats
    stray_breach: Floats
    witnesses: Longs  # fixes beyond the fence in a row
    first_ms: Longs  # device time of the first of them
    calm_run: Longs  # calm fixes in a row
    calm_ms: Longs  # device time of the first of them
    verdict: Bytes  # UNDECIDED, CALM, BREACHED


@dataclass(slots=True)
class PairArrays:
    """Columns (pairs,): what was made of it."""

    occupied_at_ms: Longs  # device time a safe fence was last known to hold its wearer
    entered: Bools  # fence_entered holds for this pair
    rearm: Bools  # ... and its alarm was closed: only a new item raises anew


def new_belief(count: int) -> Belief:
    """Pairs nobody knows anything of."""
    a, b, c, d, e, f = (np.full(count, chance) for chance in _UNKNOWN)
    zero, never = np.zeros(count, np.int64), np.full(count, LONG_AGO_MS, np.int64)
    return Belief(a, b, c, d, e, f, zero, never, zero.copy(), never.copy(), np.zeros(count, np.int8))


def side_known(fresh: Belief, pairs: Rows, burst: Floats, stray: Floats) -> None:
    """New pairs of devices whose last fix has a story already: only the side is unknown."""
    a, b, c, d, e, f = _UNKNOWN
    parts = (1 - burst - stray) / (a + b), burst / (c + d), stray / (e + f)
    for name, chance, part in zip(_CHANCES, _UNKNOWN, np.repeat(parts, 2, axis=0), strict=True):
        getattr(fresh, name)[pairs] = np.maximum(chance * part, _LEAST)


def new_pairs(count: int) -> PairArrays:
    """Pairs nothing was made of."""
    return PairArrays(
        occupied_at_ms=np.full(count, LONG_AGO_MS, np.int64),
        entered=np.zeros(count, np.bool_),
        rearm=np.zeros(count, np.bool_),
    )


def weigh(policy: FencePolicy, was: Belief, fit: Fit, at_ms: Longs, breach_m: Floats, tuned: Tuned) -> Belief:
    """What is known of pairs after a fix each. `breach_m`: how far beyond the fence it lies; all (pairs,)."""
    chances = _chances(policy, was, fit, breach_m, tuned.edge_m)
    sigma_m = np.sqrt(fit.var_m2)
    witness = breach_m - tuned.edge_m > policy.witness_sigma * sigma_m
    calm = breach_m <= 0
    first = np.where(witness & (was.witnesses == 0), at_ms, was.first_ms)
    witnesses = np.where(calm, 0, was.witnesses + witness)
    calm_ms = np.where(calm & (was.calm_run == 0), at_ms, was.calm_ms)
    calm_run = np.where(calm, was.calm_run + 1, 0)
    likely = chances[1] + chances[3] + chances[5] >= tuned.raise_p
    confirmed = likely & ~calm & (witnesses >= policy.confirm_fixes) & (at_ms - first >= tuned.confirm_ms)
    lasted = (was.verdict == UNDECIDED) | (at_ms - calm_ms >= ms(policy.return_s))
    calmed = calm & (calm_run >= policy.return_fixes) & lasted & (chances[1] < policy.return_p)
    returned = calmed & (was.verdict == BREACHED)
    a, b, c, d, e, f = (np.where(returned, start, p) for start, p in zip(_CALMED, chances, strict=True))
    verdict = np.where(confirmed, BREACHED, np.where(calmed, CALM, was.verdict)).astype(np.int8)
    return Belief(a, b, c, d, e, f, witnesses, first, calm_run, calm_ms, verdict)


def _chances(policy: FencePolicy, was: Belief, fit: Fit, breach_m: Floats, edge_m: Floats) -> list[Floats]:
    """Bayes: cross the fence or not, then the fix."""
    hazard = fit.walks / policy.cross_walking_s + (1 - fit.walks) / policy.cross_still_s
    walked = 1 - np.exp(-fit.dt_s * (fit.seen * hazard + (1 - fit.seen) / policy.cross_blind_s))
    unseen = 1 - np.exp(-fit.dt_s / policy.cross_unseen_s)
    back = 1 - np.exp(-np.minimum(fit.fresh_s, policy.recross_most_s) / policy.recross_s)
    goods, bursts, strays = was.good_calm, was.burst_calm, was.stray_calm
    good_calm, good_breach = _cross(goods, was.good_breach, walked, back)
    burst_calm, burst_breach = _cross(bursts, was.burst_breach, unseen, back)
    stray_calm, stray_breach = _cross(strays, was.stray_breach, unseen, back)
    # A burst is about the wearer: where it hovers says a little, and slowly.
    hints = 1 - np.exp(-fit.dt_s / policy.unseen_s)
    blur_m = np.hypot(policy.unseen_m, 2 * np.sqrt(fit.var_m2))
    inside = np.clip(_logistic((edge_m - breach_m) / blur_m), policy.unseen_p, 1 - policy.unseen_p)
    hint_calm, hint_breach = inside**hints, (1 - inside) ** hints
    # ... and a fix this far beyond the fence is no reflection within it.
    too_far_m = np.maximum(breach_m - policy.burst_reach_m - 2 * np.sqrt(fit.var_m2), 0.0)
    burst_calm = burst_calm * hint_calm * np.exp(-too_far_m / policy.burst_fade_m)
    stray_calm = stray_calm * hint_calm
    burst_breach, stray_breach = burst_breach * hint_breach, stray_breach * hint_breach
    beyond = (breach_m - edge_m) / np.sqrt(fit.var_m2)
    doubt_p = policy.doubt_p / (1 + (beyond / policy.doubt_sigma) ** 2)
    says_breach = np.maximum(_logistic(beyond), doubt_p) ** fit.news
    says_calm = np.maximum(_logistic(-beyond), doubt_p) ** fit.news

    def after(good: Floats, burst: Floats, stray: Floats, says: Floats) -> list[Floats]:
        return [
            (good * fit.good_good + burst * fit.burst_good + stray * fit.stray_good) * says,
            good * fit.good_burst + burst * fit.burst_burst + stray * fit.stray_burst,
            good * fit.good_stray + burst * fit.burst_stray + stray * fit.stray_stray,
        ]

    calm = after(good_calm, burst_calm, stray_calm, says_calm)
    breach = after(good_breach, burst_breach, stray_breach, says_breach)
    made = np.array([calm[0], breach[0], calm[1], breach[1], calm[2], breach[2]])
    made = np.maximum(made / (made.sum(axis=0) + 1e-300), _LEAST)
    return list(made / made.sum(axis=0))


def _cross(calm: Floats, breach: Floats, out_p: Floats, back_p: Floats) -> tuple[Floats, Floats]:
    return calm * (1 - out_p) + breach * back_p, breach * (1 - back_p) + calm * out_p


def _logistic(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(_LOGISTIC * z, -60.0, 60.0))))
