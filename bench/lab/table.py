"""The table that `make lab` prints."""

from __future__ import annotations

from typing import Final

from bench.lab.score import AT_LAST_S, SOON_S, Score, poisson_interval, share_interval

CITY_BANDS: Final = 2_560
CITY_DEPARTURES_A_DAY: Final = 1 / 75
_WIDTH: Final = 38
HEAD: Final = (
    f"{'method':{_WIDTH}} {'false/1,000 bd':>16} {'in 5 min':>8} {'+-':>5} {'<=60 s':>7} {'15 min':>7} "
    f"{'p50':>5} {'p95':>5} {'fence p50/p95':>14} {'repeats':>8} {'luck':>5} {'alarms/day':>11}"
)
TARGET: Final = (
    f"{'target':{_WIDTH}} {'58':>16} {'84.0%':>8} {'':>5} {'90.0%':>7} {'97.0%':>7} {'90':>5} {'180':>5} {'':>14} {'0.02':>8} {'':>5} {'150':>11}"
)


def row(name: str, made: Score) -> str:
    """One line."""
    count = len(made.delays)
    soon = made.share_within(SOON_S)
    low, high = share_interval(soon, count)
    false_low, false_high = (1000 * c / made.band_days for c in poisson_interval(made.false + made.false_entered))
    false = f"{made.false_a_1000:,.0f} ({false_low:,.0f}-{false_high:,.0f})" if made.false_a_1000 < 1000 else f"{made.false_a_1000:,.0f}"
    fence = f"{made.delay_s(0.5, from_fence=True):.0f}/{made.delay_s(0.95, from_fence=True):.0f}"
    return (
        f"{name:{_WIDTH}} {false:>16} {soon:8.1%} {(high - low) / 2:5.1%} {made.share_within(SOON_S, often=True):7.1%} "
        f"{made.share_within(AT_LAST_S):7.1%} {made.delay_s(0.5):5.0f} {made.delay_s(0.95):5.0f} {fence:>14} "
        f"{made.repeats_each:8.2f} {made.lucky / max(1, count):5.1%} "
        f"{made.alarms_a_day(CITY_BANDS, CITY_DEPARTURES_A_DAY):11,.0f}"
        + (f"   asked {made.asked / made.band_days:.1f} a band-day" if made.asked else "")
        + f"   outings {made.outings}, entered {made.entered}, false entered {made.false_entered}, n {count}"
    )
