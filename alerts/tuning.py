"""Owns what a fence may say of its own evidence: how sure, how far and for how long before it raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from alerts.batch import Bools, Floats, Longs, Rows
from alerts.policy import FencePolicy

# A pond at the gate wants 0.9, a wide park 0.999. Below even odds is a guess; an edge beyond 200 m or ten
# minutes of waiting is another fence.
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "raise_p": (0.5, 0.9999),
    "edge_m": (0.0, 200.0),
    "confirm_s": (0.0, 600.0),
}


class Tuned(NamedTuple):
    """What decides about pairs, columns (n,). Silence never decides where fixes would not."""

    raise_p: Floats
    silence_p: Floats
    edge_m: Floats
    confirm_ms: Longs


def check(evidence: Mapping[str, float]) -> None:
    """Refuse what no fence can want.

    Raises:
        ValueError: in words, what is wrong.
    """
    for name, value in evidence.items():
        if name not in RANGES:
            raise ValueError(f"evidence knows {', '.join(RANGES)}, not {name!r}")
        low, high = RANGES[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ValueError(f"evidence: {name} must be a number from {low:g} to {high:g}, not {value!r}")


class Tuning:
    """Columns (fences,) of what fences say themselves; nan: nothing."""

    def __init__(self, said: Iterable[Mapping[str, float] | None]) -> None:
        each = [evidence or {} for evidence in said]
        self._columns = {name: np.array([one.get(name, np.nan) for one in each]) for name in RANGES}

    def of(self, policy: FencePolicy, fences: Rows, is_safe: Bools) -> Tuned:
        """For pairs of these fences: their own words, else the policy's."""
        raise_p, edge_m, confirm_s = (self._columns[name][fences] for name in RANGES)
        own_edge = np.where(is_safe, policy.edge_m, policy.edge_forbidden_m)
        confirm = np.where(np.isnan(confirm_s), policy.confirm_s, confirm_s) * 1000
        return Tuned(
            raise_p=np.where(np.isnan(raise_p), policy.raise_p, raise_p),
            silence_p=np.fmax(raise_p, policy.silence_p),
            edge_m=np.where(np.isnan(edge_m), own_edge, edge_m),
            confirm_ms=np.round(confirm).astype(np.int64),
        )
