"""Everything that is wrong with fixes, as numbers with their reasons; one place, four weathers.

Sources of the numbers: satellite fixes are right to 5-15 m in the open, with multipath of 30-200 m for
minutes near buildings, and a receiver may claim 2 m while it is 200 m off; WiFi positions are 20-100 m off,
cells 300-2,000 m; indoors there often is nothing. Where no figure is known, the range is a guess, wide
enough that no method can live off it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

# Seconds between reports, and how many bands have it: 30 to 300 s, mostly 60.
EVERY_S: Final = {30.0: 0.12, 60.0: 0.70, 120.0: 0.09, 180.0: 0.05, 300.0: 0.04}


@dataclass(frozen=True, slots=True)
class Weather:
    """Rates are an hour of fixes of that kind, unless they say otherwise; `_p` are probabilities."""

    # Satellite fixes in the open: a band's own standard deviation an axis (m), slow (minutes) for most of
    # its variance, for the sky changes slowly.
    core_m: tuple[float, float] = (3.0, 8.0)
    core_slow_share: float = 0.7
    core_slow_s: float = 90.0
    # What a band claims is its true 68 % radius times a factor of its own: chips are optimists.
    claim_factor: tuple[float, float] = (0.5, 1.3)
    # Beside a house and behind its windows the sky is half hidden: wider, and slower.
    beside_factor: float = 1.8
    indoor_factor: tuple[float, float] = (2.5, 8.0)
    # A room's reflections stay as long as its wearer: a bias an axis for the whole stay (m).
    indoor_stay_m: float = 12.0

    # Multipath bursts: bias, lognormal (median, sigma of log) between limits, wandering inside the burst.
    burst_open_h: float = 0.2
    burst_beside_h: float = 2.5
    burst_indoor_h: float = 12.0
    burst_s: float = 75.0  # mean; at least 20 s, at most 20 min
    burst_m: tuple[float, float] = (80.0, 0.5)
    burst_limits_m: tuple[float, float] = (30.0, 200.0)
    burst_wander: float = 0.7  # of the bias comes and goes within a minute or so
    burst_claim_m: tuple[float, float] = (3.0, 20.0)

    # Indoors a band stays in a mode for minutes: nothing, satellites by the window, WiFi, cell.
    indoor_modes: tuple[float, float, float, float] = (0.33, 0.42, 0.20, 0.05)
    indoor_mode_s: float = 900.0
    # Some bands have no WiFi or cell position at all (they then have nothing).
    has_wifi_p: float = 0.6
    has_cell_p: float = 0.5
    # Outdoors: no fix, or a fall back.
    outdoor_none_p: float = 0.04
    outdoor_fallback_p: float = 0.03

    # WiFi: the access point's recorded place is off by its own bias for the whole stay; sometimes it was
    # moved, or is recorded elsewhere: sticky and far.
    wifi_bias_m: float = 22.0
    wifi_white_m: float = 8.0
    wifi_claim_m: tuple[float, float] = (20.0, 60.0)
    wifi_wrong_p: float = 0.004
    wifi_wrong_m: tuple[float, float] = (120.0, 500.0)

    # Cell: the mast or the middle of its sector; some claim 500 m and are 1,500 off.
    cell_m: tuple[float, float] = (300.0, 2000.0)
    cell_lies_p: float = 0.15

    # Single bad fixes, of all fixes: a jump of hundreds of metres, and (0, 0).
    teleport_p: float = 0.004
    teleport_m: tuple[float, float] = (150.0, 4000.0)
    null_island_p: float = 0.0003
    # Liars: bands that always claim 2 m, and are far off now and then (bursts of 100-250 m).
    liar_p: float = 0.02
    # Frozen: the last position is sent again under a new time, for minutes.
    frozen_bands_p: float = 0.12
    frozen_a_day: float = 2.0
    frozen_s: float = 900.0
    # No accuracy at all, and a chip that speaks GCJ-02 and says nothing of it (500 m, for ever).
    no_acc_p: float = 0.05
    mixed_up_p: float = 0.003

    # Radio: single losses, silences with and without a memory, late single messages, repeats.
    loss_p: float = 0.02
    silence_a_day: float = 1.0
    silence_s: float = 600.0
    remembers_p: float = 0.6
    late_p: float = 0.01
    late_s: tuple[float, float] = (5.0, 120.0)
    twice_p: float = 0.01
    # The gate is where the site's own network ends: a band may fall silent as its wearer leaves.
    silent_at_departure_p: float = 0.10
    silent_at_departure_s: tuple[float, float] = (120.0, 900.0)
    # Clocks: minutes off, or a day, or drifting by seconds.
    clock_minutes_p: float = 0.03
    clock_day_p: float = 0.007
    clock_drift_s: float = 3.0
    # On the charger at night, indoors, off the wrist.
    charge_p: float = 0.6

    # A `locate` is answered within so many seconds, or not at all.
    answer_s: tuple[float, float] = (5.0, 40.0)
    answer_p: float = 0.9


MIXED: Final = Weather()

WEATHERS: Final = {
    "open": replace(
        MIXED, burst_open_h=0.03, burst_beside_h=0.4, burst_indoor_h=1.5, core_m=(2.5, 5.0), indoor_stay_m=6.0,
        indoor_modes=(0.55, 0.20, 0.22, 0.03), teleport_p=0.001, liar_p=0.005, wifi_wrong_p=0.001,
        silent_at_departure_p=0.04, loss_p=0.01,
    ),
    "mixed": MIXED,
    "canyon": replace(
        MIXED, core_m=(5.0, 14.0), indoor_stay_m=20.0, beside_factor=2.5, burst_open_h=1.5, burst_beside_h=5.0, burst_indoor_h=12.0,
        burst_s=150.0, burst_m=(90.0, 0.55), outdoor_none_p=0.10, outdoor_fallback_p=0.12,
    ),
    "hostile": replace(
        MIXED, core_m=(4.0, 14.0), indoor_stay_m=25.0, claim_factor=(0.25, 1.0), burst_open_h=0.8, burst_beside_h=4.0,
        burst_indoor_h=14.0, burst_s=200.0, burst_wander=0.4, indoor_modes=(0.25, 0.4, 0.25, 0.10),
        wifi_wrong_p=0.02, cell_lies_p=0.4, teleport_p=0.012, null_island_p=0.002, liar_p=0.06,
        frozen_bands_p=0.3, no_acc_p=0.12, mixed_up_p=0.01, loss_p=0.06, silence_a_day=4.0, late_p=0.05,
        clock_minutes_p=0.08, clock_day_p=0.02, silent_at_departure_p=0.2, answer_p=0.7,
    ),
}  # fmt: skip
