"""What happens in the city and how often: daily rates, a lively demo's opening, and scripts.

Pure and seeded. Rates are per device and day and add up to a calm city; `lively` adds events per
hour for the whole city, however many devices it has, and an opening in which something of each
kind happens soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

    from device_sim.walk import Rows


class Kind(NamedTuple):
    """A kind of event: which devices can have it, how often, and for how long (seconds)."""

    sense: str  # of the device; "any" for all
    per_day: float
    duration_s: tuple[float, float]
    lively_per_hour: float


KINDS: Final[dict[str, Kind]] = {
    "sos": Kind("heart", 0.004, (1, 1), 20),
    "fall": Kind("heart", 0.006, (300, 1200), 15),
    "strap_off": Kind("heart", 0.010, (300, 2400), 15),
    "low_battery": Kind("heart", 0.0, (1, 1), 4),
    "elope": Kind("position", 0.0008, (1200, 5400), 8),
    "outing": Kind("position", 0.010, (1800, 7200), 0),
    "dead_zone": Kind("position", 0.020, (600, 5400), 6),
    "silence": Kind("any", 0.003, (600, 7200), 4),
    "fire": Kind("smoke", 2e-5, (420, 1200), 4),
    "smoulder": Kind("smoke", 1e-5, (1500, 3600), 2),
    "steam": Kind("smoke", 0.002, (60, 240), 6),
    "co": Kind("co", 2e-5, (600, 1800), 1),
    "gas": Kind("gas", 1e-4, (300, 1200), 2),
    "electrical": Kind("current", 2e-4, (600, 7200), 2),
    "water_pressure_low": Kind("press", 2e-4, (600, 7200), 2),
    "manual_call": Kind("manual_call", 1e-4, (1, 1), 2),
    "fault": Kind("detector", 0.001, (600, 7200), 4),
    "tamper": Kind("detector", 5e-5, (60, 600), 1),
    "water_leak": Kind("water_leak", 5e-4, (600, 3600), 2),
    "no_motion": Kind("motion", 0.002, (600, 7200), 2),
}

# When the first of each happens in a lively city, in seconds at lively 1. The wanderer goes first,
# because the way to the fence takes minutes.
_OPENING: Final = (
    (2, "elope"), (4, "fire"), (8, "sos"), (20, "smoulder"), (30, "fall"), (40, "elope"), (45, "strap_off"),
    (60, "steam"), (75, "gas"), (90, "low_battery"), (100, "manual_call"), (110, "fault"), (120, "dead_zone"),
    (130, "electrical"), (140, "water_pressure_low"), (150, "silence"), (160, "water_leak"), (170, "no_motion"),
)  # fmt: skip


class Event(NamedTuple):
    """It happens to this device row."""

    row: int
    kind: str
    duration_s: float


class ScriptLine(Struct, forbid_unknown_fields=True):
    """One line of a script: an exact event. `at_s` seconds after the start."""

    at_s: float
    device_id: str
    event: str
    duration_s: float | None = None


@dataclass(slots=True)
class _Planned:
    at_ms: float
    event: Event


class Scenario:
    """Draws events; `eligible` maps a kind to the device rows that can have it."""

    def __init__(
        self,
        rng: Generator,
        eligible: Mapping[str, Rows],
        start_ms: int,
        *,
        lively: float = 0.0,
        script: list[tuple[ScriptLine, int]] | None = None,
    ) -> None:
        """`script`: lines with the row of their device."""
        if lively < 0.0:
            raise ValueError("lively cannot be negative")
        self._rng, self._eligible, self._lively = rng, eligible, lively
        self._plan: list[_Planned] = []
        if lively > 0.0:
            for at_s, kind in _OPENING:
                if len(eligible.get(kind, ())):
                    self._plan.append(_Planned(start_ms + 1000.0 * at_s / lively, self._draw(kind)))
        for line, row in script or ():
            low, high = KINDS[line.event].duration_s
            duration_s = (low + high) / 2.0 if line.duration_s is None else line.duration_s
            self._plan.append(_Planned(start_ms + 1000.0 * line.at_s, Event(row, line.event, duration_s)))
        self._plan.sort(key=lambda planned: planned.at_ms, reverse=True)

    def step(self, now_ms: int, dt_s: float) -> list[Event]:
        """What happens in the `dt_s` until now."""
        happening = []
        while self._plan and self._plan[-1].at_ms <= now_ms:
            happening.append(self._plan.pop().event)
        expected = [
            len(self._eligible[name]) * kind.per_day * dt_s / 86_400.0
            + self._lively * kind.lively_per_hour * dt_s / 3600.0
            for name, kind in KINDS.items()
        ]
        for name, count in zip(KINDS, self._rng.poisson(expected), strict=True):
            happening.extend(self._draw(name) for _ in range(int(count)) if len(self._eligible[name]))
        return happening

    def _draw(self, kind: str) -> Event:
        row = int(self._rng.choice(self._eligible[kind]))
        return Event(row, kind, float(self._rng.uniform(*KINDS[kind].duration_s)))


def read_script(
    text: bytes, rows: Mapping[str, int], senses: Mapping[str, frozenset[str]]
) -> list[tuple[ScriptLine, int]]:
    """A script (JSON array of lines) checked against the roster; ValueError names the line."""
    try:
        lines = msgspec.json.decode(text, type=list[ScriptLine])
    except msgspec.MsgspecError as error:
        raise ValueError(f"script: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line.event not in KINDS:
            raise ValueError(
                f"script, event {number}: unknown event {line.event!r}; known: {', '.join(KINDS)}"
            )
        if line.device_id not in rows:
            raise ValueError(f"script, event {number}: no device {line.device_id!r} in the roster")
        if not np.isfinite(line.at_s) or line.at_s < 0:
            raise ValueError(f"script, event {number}: at_s must be 0 or more")
        needed = KINDS[line.event].sense
        if needed != "any" and needed not in senses[line.device_id]:
            raise ValueError(f"script, event {number}: {line.device_id} cannot have {line.event!r}")
        found.append((line, rows[line.device_id]))
    return found
