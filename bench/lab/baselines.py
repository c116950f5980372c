"""What the peers do, on the same reports: each raises and clears by a rule on received positions.

All clear on the first position inside (as they do), so that repeats are counted alike. Positions are taken
as they come: none of the peers orders them by the device's time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from bench.lab.fixes import Bools, Longs
from bench.lab.lives import DAY_S
from bench.lab.places import Floats
from bench.lab.score import Mark
from bench.lab.truth import TOLERANCE_M
from bench.lab.world import World


@dataclass(slots=True)
class Seen:
    """Positions in the order of (band, arrival). `out_m` reported, `true_out_m` true distance outside."""

    band: Longs
    received_s: Floats
    out_m: Floats
    true_out_m: Floats
    acc_m: Floats
    first: Bools  # of its band

    def but(self, rows: Bools) -> Seen:
        """Only some."""
        kept = Seen(*(getattr(self, name)[rows] for name in self.__slots__))
        kept.first = np.diff(kept.band, prepend=-1) != 0
        return kept


Rule = Callable[[Seen], tuple[Seen, Bools]]
"""Positions that count, and which of them call for an alarm."""


def seen_of(world: World) -> Seen:
    """Everything that came with a position."""
    fixes = world.fixes
    rows = np.flatnonzero((fixes.received_s < world.days * DAY_S) & (fixes.source > 0) & ~fixes.null_island)
    rows = rows[np.lexsort((fixes.received_s[rows], fixes.band[rows]))]
    band, at_s = fixes.band[rows], fixes.at_s[rows]
    ends = np.searchsorted(band, np.arange(len(world.lives) + 1))
    true = np.concatenate(
        [life.where(at_s[a:b]) for life, a, b in zip(world.lives, ends[:-1], ends[1:], strict=True)]
    )
    return Seen(
        band, fixes.received_s[rows], world.outside_m(band, fixes.spot[rows]), world.outside_m(band, true),
        fixes.acc_m[rows], np.diff(band, prepend=-1) != 0,
    )  # fmt: skip


def marks_by(rule: Rule, seen: Seen, *, true: bool = False) -> list[Mark]:
    """Raise where the rule says so, clear on a position inside, hold in between."""
    seen, calls = rule(seen)
    inside = (seen.true_out_m if true else seen.out_m) <= 0
    n = np.arange(len(calls))
    last = np.maximum.accumulate(np.where(calls | inside | seen.first, n, 0))
    up = calls[last]
    was = np.concatenate([[False], up[:-1]]) & ~seen.first
    changed = np.flatnonzero(up != was)
    changed = changed[np.argsort(seen.received_s[changed], kind="stable")]
    return [
        Mark(float(s), int(b), -1, bool(begins))
        for s, b, begins in zip(seen.received_s[changed], seen.band[changed], up[changed], strict=True)
    ]


def _again(calls: Bools, seen: Seen, times: int) -> Bools:
    """Where it holds for so many positions in a row."""
    held = calls
    for _ in range(times - 1):
        held = calls & np.concatenate([[False], held[:-1]]) & ~seen.first
    return held


def _believed_m(seen: Seen) -> Floats:
    return np.nan_to_num(seen.acc_m, nan=0.0)


def bare(seen: Seen, times: int = 1) -> tuple[Seen, Bools]:
    """A point outside of the polygon (Traccar, Tile38), or several in a row."""
    return seen, _again(seen.out_m > 0, seen, times)


def gated(seen: Seen, limit_m: float) -> tuple[Seen, Bools]:
    """Positions that claim worse are dropped (Traccar's filter)."""
    kept = seen.but(~(seen.acc_m > limit_m))
    return kept, kept.out_m > 0


def outside_for(seen: Seen, seconds: float) -> tuple[Seen, Bools]:
    """Outside without a break for a while; needs a next position to see it (ThingsBoard)."""
    out = seen.out_m > 0
    n = np.arange(len(out))
    begins = out & (~np.concatenate([[False], out[:-1]]) | seen.first)
    start = np.maximum.accumulate(np.where(begins, n, 0))
    return seen, out & (seen.received_s - seen.received_s[start] >= seconds)


def accuracy_subtracted(seen: Seen, times: int = 1) -> tuple[Seen, Bools]:
    """Outside by more than the claimed accuracy (Home Assistant), or so several times in a row."""
    return seen, _again(seen.out_m > _believed_m(seen), seen, times)


def oracle(seen: Seen, times: int = 2) -> tuple[Seen, Bools]:
    """Knows the truth whenever a position comes."""
    return seen, _again(seen.true_out_m > TOLERANCE_M, seen, times)


def hidden_markov(
    seen: Seen, limit: float = 0.99, outlier: float = 0.05, to_out_h: float = 0.02, to_in_h: float = 4.0
) -> tuple[Seen, Bools]:
    """Two states, in and out, forgetful by the minute; a position is a normal of its accuracy or an outlier.

    In: at the fence or within; out: at the fence or beyond. An outlier says nothing.
    """
    sigma = np.hypot(np.nan_to_num(seen.acc_m, nan=30.0), 15.0)
    odds = (1 - outlier) * np.exp(-0.5 * (np.clip(seen.out_m, -np.inf, 0) / sigma) ** 2)
    ratio = (odds + outlier) / (
        (1 - outlier) * np.exp(-0.5 * (np.clip(seen.out_m, 0, np.inf) / sigma) ** 2) + outlier
    )
    gap_h = np.diff(seen.received_s, prepend=0.0) / 3600
    state = np.empty(len(ratio))
    starts = np.flatnonzero(seen.first)
    counts = np.diff(np.append(starts, len(ratio)))
    order = np.argsort(-counts, kind="stable")
    for k in range(int(counts.max())):
        rows = starts[order[: np.searchsorted(-counts[order], -k)]] + k
        before = state[rows - 1] if k else np.full(len(rows), 0.01)
        gap = np.minimum(gap_h[rows], 1.0) if k else np.zeros(len(rows))
        prior = before * np.exp(-to_in_h * gap) + (1 - before) * (1 - np.exp(-to_out_h * gap))
        with np.errstate(divide="ignore"):
            state[rows] = 1 / (1 + (1 - prior) / (prior * ratio[rows]))
    held = seen.but(np.ones(len(state), np.bool_))
    held.out_m = np.where(state > 0.05, 1.0, -1.0)  # cleared by the filter, not by a position
    return held, state > limit


BASELINES: Final[dict[str, Rule]] = {
    "bare containment (Traccar, Tile38)": bare,
    "accuracy gate 100 m": partial(gated, limit_m=100.0),
    "accuracy gate 50 m": partial(gated, limit_m=50.0),
    "two fixes": partial(bare, times=2),
    "outside for 120 s (ThingsBoard)": partial(outside_for, seconds=120.0),
    "accuracy subtracted (Home Assistant)": accuracy_subtracted,
    "two fixes, accuracy subtracted": partial(accuracy_subtracted, times=2),
    "hidden-Markov filter": hidden_markov,
    "oracle with two fixes": oracle,
}
FRONTIERS: Final[dict[str, dict[str, Rule]]] = {
    "fixes in a row": {f"{n}": partial(bare, times=n) for n in (1, 2, 3, 4, 5, 7, 10)},
    "accuracy subtracted, fixes in a row": {
        f"{n}": partial(accuracy_subtracted, times=n) for n in (1, 2, 3, 4, 5, 7)
    },
    "accuracy gate": {f"{m:.0f} m": partial(gated, limit_m=m) for m in (200.0, 100.0, 50.0, 30.0, 15.0)},
    "minimum outside duration": {
        f"{s:.0f} s": partial(outside_for, seconds=s) for s in (30.0, 60.0, 120.0, 240.0, 480.0)
    },
    "hidden-Markov filter": {
        f"{p}": partial(hidden_markov, limit=p) for p in (0.5, 0.8, 0.95, 0.99, 0.999, 0.9999)
    },
}
