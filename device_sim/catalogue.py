"""The simulated device models: how often each reports, in which coordinates, and what it senses.

Pure. A roster from elsewhere names models that are not here; its kind then says what to play.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A device model. `contact_every_s`: seconds between two signs of life it promises."""

    model: str
    kind: str
    contact_every_s: int
    senses: frozenset[str]
    crs: str = "wgs84"


def _spec(model: str, kind: str, contact_every_s: int, *senses: str, crs: str = "wgs84") -> ModelSpec:
    return ModelSpec(model, kind, contact_every_s, frozenset(senses), crs)


BAND: Final = _spec("SIM-BAND-60", "wristband", 60, "position", "heart")
BAND_SLOW: Final = _spec("SIM-BAND-300-GCJ", "wristband", 300, "position", "heart", crs="gcj02")
HOME: Final = _spec("SIM-HOME-HUB", "home_sensor", 3600, "temp", "gas", "water_leak", "motion")

SPECS: Final[dict[str, ModelSpec]] = {
    spec.model: spec
    for spec in (
        BAND,
        BAND_SLOW,
        _spec("SIM-SMOKE-CO-HUB", "fire_sensor", 300, "smoke", "co", "temp"),
        _spec("SIM-HEAT-HUB", "fire_sensor", 300, "heat", "temp"),
        # Narrow-band detectors sleep for a day between two signs of life, and wake for an alarm.
        _spec("SIM-SMOKE-NB", "fire_sensor", 86_400, "smoke", "temp"),
        _spec("SIM-HEAT-NB", "fire_sensor", 86_400, "heat", "temp"),
        _spec("SIM-CALL-HUB", "fire_sensor", 300, "manual_call"),
        _spec("SIM-GAS-HUB", "fire_sensor", 300, "gas", "temp"),
        _spec("SIM-ELECTRIC-HUB", "fire_sensor", 300, "current", "temp"),
        _spec("SIM-WATER-HUB", "fire_sensor", 300, "press"),
        HOME,
    )
}

_BY_KIND: Final = {
    "wristband": _spec("", "wristband", 60, "position", "heart"),
    "fire_sensor": _spec("", "fire_sensor", 300, "smoke", "heat", "co", "temp", "manual_call"),
    "home_sensor": _spec("", "home_sensor", 3600, "temp", "gas", "water_leak", "motion"),
}


def spec_of(device: dict[str, Any], models: dict[str, dict[str, Any]]) -> ModelSpec:
    """What to play for a roster's device: its model as here, else as its roster and kind say."""
    known = SPECS.get(device.get("model") or "")
    if known is not None and known.kind == device["kind"]:
        return known
    by_kind = _BY_KIND[device["kind"]]
    row = models.get(device.get("model") or "", {})
    contact_s = int(row.get("contact_every_s") or by_kind.contact_every_s)
    crs = row.get("crs") or "wgs84"
    return ModelSpec(device.get("model") or "", by_kind.kind, max(contact_s, 1), by_kind.senses, crs)
