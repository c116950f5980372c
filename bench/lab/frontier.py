"""The frontier as a picture: how late a method is against how often it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from bench.lab.runs import Found
from bench.lab.score import AT_LAST_S, SOON_S, Score

BUDGET: Final = 58.0  # false raises
BUDGET_LABEL: Final = "budget of a seat: 58"
_MARKS: Final = "osD^vP*X"


def draw(found: Found, path: Path) -> None:
    """Three panels over false raises: delay p50, delay p95, and the share that is missed."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 5.2), constrained_layout=True)
    panels: tuple[tuple[str, Callable[[Score], float], float], ...] = (
        ("delay p50 of all departures, s", lambda s: _delay_s(s, 0.5, inf), 90.0),
        ("delay p95 of those raised within 15 min, s", lambda s: _delay_s(s, 0.95, AT_LAST_S), nan),
        ("departures missed after 5 min, %", lambda s: 100 * (1 - s.share_within(SOON_S)), 16.0),
    )
    for axis, (label, value, wanted) in zip(axes, panels, strict=True):
        for mark, (name, points) in zip(_MARKS * 4, found.lines.items(), strict=False):
            bold = name.startswith("Shouwang")
            axis.plot(
                [_false(s) for _, s in points], [value(s) for _, s in points],
                marker=mark, label=name, linewidth=2.4 if bold else 1.0, alpha=1.0 if bold else 0.75,
            )  # fmt: skip
        for name, made in found.scores.items():
            if name.startswith("Shouwang"):
                axis.plot(_false(made), value(made), "*", markersize=15 if "open" in name else 9, label=name)
        axis.axvline(BUDGET, color="grey", linestyle=":", label=BUDGET_LABEL)
        axis.axhline(wanted, color="grey", linestyle="--", linewidth=0.8)
        axis.set(xscale="log", xlabel="false raises a 1,000 band-days", ylabel=label)
        axis.grid(alpha=0.3, which="both")
    axes[0].legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _delay_s(made: Score, part: float, until_s: float) -> float:
    """A quantile; nan where fewer than half were raised at all, for then it says nothing."""
    delays = np.array(made.delays)
    if not len(delays) or np.mean(delays <= AT_LAST_S) < 0.5:
        return nan
    return float(np.quantile(delays[delays <= until_s], part, method="lower"))


def _false(made: Score) -> float:
    """None at all stands at half an event, for a logarithm has no zero."""
    return max(made.false_a_1000, 500 / made.band_days)
