"""Real walks and the drift of real receivers, from GeoLife .plt files, if a directory of them is given.

The shape and pace of walks lead departures away from a gate; stretches where the receiver stayed in one
place show how real satellite fixes drift, and their drift is laid over the reports of some bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from bench.lab.places import Floats, metres_a_degree

HEADER_LINES: Final = 6
WALK_S, WALK_M = (480.0, 4800.0), (120.0, 4000.0)
GAP_S: Final = 60.0
STILL_S, STILL_M = 900.0, 60.0


@dataclass(slots=True)
class Tracks:
    """`walks`, `drifts`: each (n, 3) seconds, east, north from its own start; drifts around their middle."""

    walks: list[Floats]
    drifts: list[Floats]


NO_TRACKS: Final = Tracks([], [])


def read(directory: Path | None) -> Tracks:
    """Every .plt of a directory.

    Raises:
        ValueError: it holds no walk.
    """
    if directory is None:
        return NO_TRACKS
    made = Tracks([], [])
    for path in sorted(directory.rglob("*.plt")):
        for stretch in _stretches(_points(path.read_text(encoding="utf-8"))):
            _sort_in(stretch, made)
    if not made.walks:
        raise ValueError(f"{directory}: no walk in any .plt file")
    return made


def _points(text: str) -> Floats:
    """(n, 3) seconds, east, north."""
    rows = [line.split(",") for line in text.splitlines()[HEADER_LINES:] if line.strip()]
    at_s = [datetime.fromisoformat(f"{r[5]}T{r[6].strip()}").replace(tzinfo=UTC).timestamp() for r in rows]
    degrees = np.array([[float(r[0]), float(r[1])] for r in rows])
    east, north = metres_a_degree(float(degrees[0, 0]))
    metres = (degrees - degrees[0]) * (north, east)
    points = np.stack([np.array(at_s) - at_s[0], metres[:, 1], metres[:, 0]], axis=1)
    return np.asarray(points[np.concatenate([[True], np.diff(points[:, 0]) > 0])])


def _stretches(points: Floats) -> list[Floats]:
    """Without a gap, cut into what is walked and what is not, each from its own zero."""
    cuts = np.flatnonzero(np.diff(points[:, 0]) > GAP_S) + 1
    made = []
    for part in np.split(points, cuts):
        speed = np.hypot(*np.diff(part[:, 1:], axis=0).T) / np.diff(part[:, 0])
        fast = np.flatnonzero(speed > 3.0) + 1  # no longer on foot
        made += [piece - piece[0] for piece in np.split(part, fast) if len(piece) > 20]
    return made


def _sort_in(stretch: Floats, made: Tracks) -> None:
    lasts = stretch[-1, 0]
    reach = float(np.hypot(stretch[:, 1], stretch[:, 2]).max())
    if WALK_S[0] <= lasts <= WALK_S[1] and WALK_M[0] <= reach <= WALK_M[1]:
        made.walks.append(stretch)
    middle = np.median(stretch[:, 1:], axis=0)
    off = np.hypot(*(stretch[:, 1:] - middle).T)
    if lasts >= STILL_S and np.quantile(off, 0.9) < STILL_M:
        made.drifts.append(np.column_stack([stretch[:, 0], stretch[:, 1:] - middle]))
