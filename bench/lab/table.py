"""The table that `make lab` prints, and what it says as JSON."""

from __future__ import annotations

from typing import Any, Final

from bench.lab.score import AT_LAST_S, SOON_S, Score, poisson_interval, share_interval

CITY_BANDS: Final = 2_560
CITY_DEPARTURES_A_DAY: Final = 1 / 75
_COLUMNS: Final = (
    ("method", 38), ("false/1,000 band-days", 22), ("in 5 min", 17), ("<=60 s", 7), ("15 min", 7), ("p50/p95 s", 10),
    ("from 30 m", 18), ("repeats", 8), ("luck", 5), ("alarms/day", 11),
)  # fmt: skip


def head() -> str:
    """The names of the columns."""
    return _line([name for name, _ in _COLUMNS])


def target() -> str:
    """What is wanted."""
    return _line(["target", "58", "84.0%", "90.0%", "97.0%", "90/180", "", "0.02", "", "150"])


def row(name: str, made: Score) -> str:
    """One line; intervals are 95 %."""
    low, high = share_interval(made.share_within(SOON_S), len(made.delays))
    false_low, false_high = (
        1000 * c / made.band_days for c in poisson_interval(made.false + made.false_entered)
    )
    asked = f"  {made.asked / made.band_days:.1f} asked a band-day" if made.asked else ""
    return (
        _line(
            [
                name,
                f"{made.false_a_1000:,.0f} ({false_low:,.0f}-{false_high:,.0f})",
                f"{made.share_within(SOON_S):.1%} ({100 * low:.0f}-{100 * high:.0f})",
                f"{made.share_within(SOON_S, often=True):.1%}",
                f"{made.share_within(AT_LAST_S):.1%}",
                _delays(made),
                f"{made.share_within(SOON_S, from_30_m=True):.1%} {_delays(made, from_30_m=True)}",
                f"{made.repeats_each:.2f}",
                f"{made.lucky / max(1, len(made.delays)):.0%}",
                f"{made.alarms_a_day(CITY_BANDS, CITY_DEPARTURES_A_DAY):,.0f}",
            ]
        )
        + asked
    )


def as_json(made: Score) -> dict[str, Any]:
    """The same, for other programs."""
    return {
        "band_days": made.band_days, "departures": len(made.delays), "false": made.false,
        "false_entered": made.false_entered, "entered": made.entered, "of_outings": made.outings,
        "false_per_1000_band_days": made.false_a_1000, "within_5_min": made.share_within(SOON_S),
        "within_5_min_60_s_bands": made.share_within(SOON_S, often=True), "within_15_min": made.share_within(AT_LAST_S),
        "delay_p50_s": made.delay_s(0.5), "delay_p95_s": made.delay_s(0.95),
        "within_5_min_of_30_m": made.share_within(SOON_S, from_30_m=True),
        "delay_from_30_m_p50_s": made.delay_s(0.5, from_30_m=True),
        "delay_from_30_m_p95_s": made.delay_s(0.95, from_30_m=True),
        "repeats_per_departure": made.repeats_each, "by_luck": made.lucky, "asked": made.asked,
        "alarms_a_day": made.alarms_a_day(CITY_BANDS, CITY_DEPARTURES_A_DAY),
    }  # fmt: skip


def _delays(made: Score, *, from_30_m: bool = False) -> str:
    p50, p95 = (made.delay_s(part, from_30_m=from_30_m) for part in (0.5, 0.95))
    return f"{p50:.0f}/{p95:.0f}"


def _line(cells: list[str]) -> str:
    pairs = zip(cells, _COLUMNS, strict=True)
    return " ".join(f"{cell:{'<' if i == 0 else '>'}{width}}" for i, (cell, (_, width)) in enumerate(pairs))
