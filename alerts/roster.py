"""What the core knows of the city: models, sites, fences and devices. No names, no phones.

The shapes follow the contract's roster file, less everything that says who a person is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """A device model. `contact_every_s`: seconds between two signs of life it promises.

    `crs`: the coordinate system of its fixes where they do not say; they reach the core as WGS-84.
    """

    model: str
    contact_every_s: float | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place of care; only its id matters to a decision."""

    site_id: str
    county: str | None = None


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence as it was drawn: GeoJSON geometry in WGS-84, or a Point with `radius_m`.

    `evidence`: how sure, how far and for how long before it raises (`alerts.tuning`); None: as the policy says.
    """

    fence_id: str
    role: str
    geometry: dict[str, Any]
    site_id: str | None = None
    schedule: dict[str, Any] | None = None
    evidence: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device. `fence_ids` None means the fences of its site, an empty tuple none.

    A device that is not `registered` was heard of only through an alarm of its own.
    """

    device_id: str
    kind: str = "wristband"
    model: str | None = None
    site_id: str | None = None
    zone: str | None = None
    resident_id: str | None = None
    fence_ids: tuple[str, ...] | None = None
    registered: bool = True


@dataclass(frozen=True, slots=True)
class RosterEdit:
    """Upserts and removals, applied in one step; an equal definition changes nothing."""

    models: tuple[Model, ...] = ()
    sites: tuple[Site, ...] = ()
    fences: tuple[Fence, ...] = ()
    devices: tuple[Device, ...] = ()
    remove_models: tuple[str, ...] = ()
    remove_sites: tuple[str, ...] = ()
    remove_fences: tuple[str, ...] = ()
    remove_devices: tuple[str, ...] = field(default=())
