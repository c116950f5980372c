"""Where things stand: the twelve counties, random points well inside them, and drawn fences.

Pure apart from reading its own packaged map (a schematic of the counties, WGS-84).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from shapely.geometry import shape

from device_sim.geo import move

if TYPE_CHECKING:
    from numpy.random import Generator

    from device_sim.geo import Floats

# The packaged outlines are simplified by up to 170 m; a kilometre inside is inside on any map.
_INSET_DEG: Final = 0.01

# How many people and how much countryside, roughly and only in proportion to each other: towns
# have the homes and canteens, villages the happiness homes.
_PEOPLE: Final = {
    "潍城区": 45, "寒亭区": 45, "坊子区": 50, "奎文区": 75, "临朐县": 83, "昌乐县": 62,
    "青州市": 96, "诸城市": 108, "寿光市": 115, "安丘市": 83, "高密市": 87, "昌邑市": 56,
}  # fmt: skip
_RURAL: Final = {"潍城区": 0.4, "奎文区": 0.1, "坊子区": 0.7, "寒亭区": 0.7}

NIGHT: Final = {
    "tz": "Asia/Shanghai",
    "weekly": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "19:00", "to": "07:00"}],
}
DAY: Final = {
    "tz": "Asia/Shanghai",
    "weekly": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "07:00", "to": "19:00"}],
}


@dataclass(frozen=True, slots=True)
class County:
    """A county with its outline (shapely, lon/lat degrees) and its weights among the twelve."""

    name: str
    outline: Any
    people: float
    villages: float


@cache
def counties() -> tuple[County, ...]:
    """The twelve counties and districts of Weifang."""
    text = files("device_sim").joinpath("weifang_counties.geojson").read_text(encoding="utf-8")
    found = []
    for feature in json.loads(text)["features"]:
        name = feature["properties"]["name"]
        people = float(_PEOPLE[name])
        found.append(County(name, shape(feature["geometry"]), people, people * _RURAL.get(name, 1.0)))
    return tuple(found)


def scatter(rng: Generator, count: int, *, rural: bool) -> list[tuple[str, float, float]]:
    """`count` places as (county, lat, lon), in random order."""
    places = counties()
    weights = np.array([c.villages if rural else c.people for c in places])
    chosen = rng.choice(len(places), size=count, p=weights / weights.sum())
    found: list[tuple[str, float, float]] = []
    for index, wanted in enumerate(np.bincount(chosen, minlength=len(places))):
        points = _inside(rng, places[index].outline.buffer(-_INSET_DEG), int(wanted))
        found.extend((places[index].name, float(lat), float(lon)) for lon, lat in points)
    return [found[i] for i in rng.permutation(count)]


def _inside(rng: Generator, outline: Any, count: int) -> Floats:
    """(count, 2) of lon, lat: uniform in the bounding box, kept where inside."""
    shapely.prepare(outline)
    west, south, east, north = outline.bounds
    kept = np.empty((0, 2))
    while len(kept) < count:
        tries = rng.uniform((west, south), (east, north), size=(4 * count + 16, 2))
        kept = np.vstack((kept, tries[shapely.contains_xy(outline, tries[:, 0], tries[:, 1])]))
    return kept[:count].round(6)


def circle(lat_deg: float, lon_deg: float, radius_m: float) -> dict[str, Any]:
    """The contract's circle: a Point with `radius_m`."""
    return {
        "type": "Point",
        "coordinates": [round(lon_deg, 6), round(lat_deg, 6)],
        "radius_m": round(radius_m),
    }


def grounds(rng: Generator, lat_deg: float, lon_deg: float, radius_m: float) -> dict[str, Any]:
    """Walled grounds: an irregular polygon of 6 to 9 corners around the house."""
    return {"type": "Polygon", "coordinates": [_irregular(rng, lat_deg, lon_deg, radius_m)]}


def grounds_with_pond_and_annex(
    rng: Generator, lat_deg: float, lon_deg: float, radius_m: float
) -> tuple[dict[str, Any], tuple[float, float, float]]:
    """Grounds with a hole where the pond is, and a second part across the road; (geometry, pond).

    The pond is (lat, lon, radius in metres).
    """
    bearing = rng.uniform(0.0, 2.0 * np.pi)
    pond_lat, pond_lon = _towards(lat_deg, lon_deg, bearing, 0.5 * radius_m)
    pond_m = float(rng.uniform(10.0, 0.15 * radius_m))
    angles = np.linspace(0.0, 2.0 * np.pi, 13)[:-1]
    # A hole winds the other way round than the outline.
    hole = _ring(pond_lat, pond_lon, -angles, np.full(12, pond_m))
    annex_lat, annex_lon = _towards(lat_deg, lon_deg, bearing + np.pi, 1.2 * radius_m + 70.0)
    annex = _irregular(rng, annex_lat, annex_lon, 40.0)
    main = _irregular(rng, lat_deg, lon_deg, radius_m)
    return {"type": "MultiPolygon", "coordinates": [[main, hole], [annex]]}, (pond_lat, pond_lon, pond_m)


def road(rng: Generator, lat_deg: float, lon_deg: float, distance_m: float) -> dict[str, Any]:
    """400 m of a road, 12 m wide, passing the house at a distance."""
    bearing = rng.uniform(0.0, 2.0 * np.pi)
    along, away = np.array([-200.0, 200.0, 200.0, -200.0]), np.array([-6.0, -6.0, 6.0, 6.0]) + distance_m
    east = away * np.cos(bearing) - along * np.sin(bearing)
    north = away * np.sin(bearing) + along * np.cos(bearing)
    return {"type": "Polygon", "coordinates": [_closed(*move(lat_deg, lon_deg, east, north))]}


def pond_beside(rng: Generator, lat_deg: float, lon_deg: float, distance_m: float) -> dict[str, Any]:
    """A round pond whose near bank is that far from the house."""
    radius_m = float(rng.uniform(15.0, 30.0))
    bearing = rng.uniform(0.0, 2.0 * np.pi)
    return circle(*_towards(lat_deg, lon_deg, bearing, distance_m + radius_m), radius_m)


def _towards(lat_deg: float, lon_deg: float, bearing: float, distance_m: float) -> tuple[float, float]:
    lat, lon = move(lat_deg, lon_deg, distance_m * np.cos(bearing), distance_m * np.sin(bearing))
    return float(lat), float(lon)


def _irregular(rng: Generator, lat_deg: float, lon_deg: float, radius_m: float) -> list[list[float]]:
    corners = int(rng.integers(6, 10))
    angles = 2.0 * np.pi * (np.arange(corners) + rng.uniform(-0.25, 0.25, corners)) / corners
    return _ring(lat_deg, lon_deg, angles, radius_m * rng.uniform(0.85, 1.15, corners))


def _ring(lat_deg: float, lon_deg: float, angles: Floats, radii_m: Floats) -> list[list[float]]:
    return _closed(*move(lat_deg, lon_deg, radii_m * np.cos(angles), radii_m * np.sin(angles)))


def _closed(lat_deg: Floats, lon_deg: Floats) -> list[list[float]]:
    ring = [[round(float(lon), 6), round(float(lat), 6)] for lat, lon in zip(lat_deg, lon_deg, strict=True)]
    return [*ring, ring[0]]
