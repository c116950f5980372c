"""How far wearers may walk: the room around each house inside the safe fences of a roster. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from shapely import Point, Polygon, union_all

from device_sim.geo import offset_m

if TYPE_CHECKING:
    from device_sim.geo import Floats

# Kept between a garden path and the fence, and the garden where there is no fence at all.
_EDGE_M: Final = 25.0
_GARDEN_MIN_M: Final = 14.0
_GARDEN_MAX_M: Final = 60.0
_NOON: Final = "12:00"


def room(roster: dict[str, Any], wearers: list[dict[str, Any]]) -> tuple[Floats, Floats]:
    """(n,) metres a wearer can go in any direction inside, and (n,) metres to surely be outside."""
    fences = {f["fence_id"]: f for f in roster.get("fences", []) if f["role"] == "safe" and _by_day(f)}
    by_site: dict[str, list[str]] = {}
    for fence in fences.values():
        by_site.setdefault(fence.get("site_id") or "", []).append(fence["fence_id"])
    sites = {site["site_id"]: site for site in roster["sites"]}
    known: dict[tuple[str, ...], tuple[float, float]] = {}
    found = np.empty((len(wearers), 2))
    for row, device in enumerate(wearers):
        site_id = device.get("site_id") or ""
        ids = device.get("fence_ids")
        own = tuple(i for i in (by_site.get(site_id, []) if ids is None else ids) if i in fences)
        key = (site_id, *own)
        if key not in known:
            known[key] = _room(sites.get(site_id), [fences[i] for i in own])
        found[row] = known[key]
    return found[:, 0], found[:, 1]


def _room(site: dict[str, Any] | None, fences: list[dict[str, Any]]) -> tuple[float, float]:
    if site is None or not fences:
        return _GARDEN_MAX_M / 2.0, np.inf
    area = union_all([_local(fence["geometry"], site["lat"], site["lon"]) for fence in fences])
    house = Point(0.0, 0.0)
    inner_m = area.boundary.distance(house) if area.contains(house) else 0.0
    west, south, east, north = area.bounds
    outer_m = max(np.hypot(x, y) for x in (west, east) for y in (south, north))
    return float(np.clip(inner_m - _EDGE_M, _GARDEN_MIN_M, _GARDEN_MAX_M)), float(outer_m)


def _local(geometry: dict[str, Any], lat_deg: float, lon_deg: float) -> Any:
    """A fence in metres around its house."""

    def plane(ring: list[list[float]]) -> list[tuple[float, float]]:
        return [tuple(map(float, offset_m(lat_deg, lon_deg, lat, lon))) for lon, lat, *_ in ring]  # type: ignore[misc]

    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"][:2]
        return Point(plane([[lon, lat]])[0]).buffer(geometry["radius_m"])
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return union_all([Polygon(plane(part[0]), [plane(hole) for hole in part[1:]]) for part in parts])


def _by_day(fence: dict[str, Any]) -> bool:
    """Whether the fence is in force at noon; gardens are for the day."""
    schedule = fence.get("schedule")
    if not schedule:
        return True
    return any(
        window["from"] <= _NOON < window["to"]
        if window["from"] < window["to"]
        else window["from"] <= _NOON or window["to"] > _NOON
        for window in schedule["weekly"]
    )
