"""Where people live: sites with fences, houses and a gate, in metres around each site's own origin.

Every safe fence is a star around its centre, so that a walk in polar steps stays within it. Signed margins
here are the laboratory's own arithmetic, not the product's: it may not mark its own work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Dice = np.random.Generator

SITES_A_ROW: Final = 24
SITE_SPACING_DEG: Final = 0.03  # about 3 km: no walk leads from one site to another
ORIGIN_LAT_DEG, ORIGIN_LON_DEG = 36.3, 118.5
_EDGE_CHUNK: Final = 1 << 15  # points at once: what lies between stays in the cache


@dataclass(frozen=True, slots=True)
class Area:
    """A fence: `ring` (corners, 2) closed by itself, or a circle of `radius_m`; `centre` sees all of it."""

    centre: Floats
    ring: Floats
    radius_m: float = math.nan

    def margin_m(self, points: Floats) -> Floats:
        """Signed distance of points (n, 2) to the boundary: positive inside."""
        if len(self.ring) == 0:
            return np.asarray(self.radius_m - np.hypot(*(points - self.centre).T))
        made = [_ring_margin_m(self.ring, some) for some in _cut(points)]
        return np.concatenate(made) if made else np.empty(0)

    def reach_m(self, turn: Floats) -> Floats:
        """How far the boundary is from the centre, by direction in radians."""
        if len(self.ring) == 0:
            return np.full(len(turn), self.radius_m)
        ray = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        a = self.ring - self.centre
        d = np.roll(a, -1, axis=0) - a
        cross = ray[:, :1] * d[:, 1] - ray[:, 1:] * d[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            along = (a[:, 0] * d[:, 1] - a[:, 1] * d[:, 0]) / cross
            share = (a[:, 0] * ray[:, 1:] - a[:, 1] * ray[:, :1]) / cross
        hit = (along > 0) & (share >= -1e-9) & (share <= 1 + 1e-9)
        return np.asarray(np.where(hit, along, np.inf).min(axis=1))

    def at(self, turn: Floats, part: Floats) -> Floats:
        """Points (n, 2) in a direction at a part (0 centre, 1 boundary) of the way to the boundary."""
        reach = self.reach_m(turn) * part
        return self.centre + np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)


@dataclass(frozen=True, slots=True)
class Site:
    """One place of care. `rooms` (n, 2): where people stay indoors; `gate_turn`: the gate's direction."""

    name: str
    kind: str
    lat_deg: float
    lon_deg: float
    safe: tuple[Area, ...]
    forbidden: tuple[Area, ...]
    rooms: Floats
    house_m: float  # this near to a room is beside its house
    gate_turn: float

    def outside_m(self, points: Floats) -> Floats:
        """How far points (n, 2) are outside of all safe fences; negative inside."""
        return np.asarray(-np.max([area.margin_m(points) for area in self.safe], axis=0))

    def entered_m(self, points: Floats) -> Floats:
        """(forbidden fences, n): how deep points are inside each."""
        return np.array([area.margin_m(points) for area in self.forbidden]).reshape(-1, len(points))

    def degrees(self, points: Floats) -> Floats:
        """(n, 2) metres -> (n, 2) lat, lon."""
        east, north = metres_a_degree(self.lat_deg)
        return np.stack([self.lat_deg + points[:, 1] / north, self.lon_deg + points[:, 0] / east], axis=1)


def metres_a_degree(lat_deg: float) -> tuple[float, float]:
    """(east, north) on the WGS-84 ellipsoid."""
    phi = math.radians(lat_deg)
    e2 = 0.00669437999014
    root = math.sqrt(1 - e2 * math.sin(phi) ** 2)
    a = 6_378_137.0
    return math.radians(a * math.cos(phi) / root), math.radians(a * (1 - e2) / root**3)


def _cut(points: Floats) -> list[Floats]:
    return [points[i : i + _EDGE_CHUNK] for i in range(0, len(points), _EDGE_CHUNK)]


def _ring_margin_m(ring: Floats, points: Floats) -> Floats:
    nearest = np.full(len(points), np.inf)
    within = np.zeros(len(points), np.bool_)
    x, y = points[:, 0], points[:, 1]
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        dx, dy = bx - ax, by - ay
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        np.minimum(nearest, (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2, out=nearest)
        if ay != by:
            within ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) / dy * dx)
    return np.asarray(np.where(within, 1.0, -1.0) * np.sqrt(nearest))


def build_site(number: int, dice: Dice) -> Site:
    """A courtyard (most), a home in a circle, or two gardens; some have a road or a pond that is forbidden."""
    lat = ORIGIN_LAT_DEG + SITE_SPACING_DEG * (number // SITES_A_ROW)
    lon = ORIGIN_LON_DEG + SITE_SPACING_DEG * (number % SITES_A_ROW)
    kind = dice.choice(["yard", "slab", "corner", "home", "two"], p=[0.4, 0.2, 0.1, 0.15, 0.15])
    main = _main_area(str(kind), dice)
    rooms, house_m = _rooms(main, str(kind), dice)
    safe = (main, _garden(main, dice)) if kind == "two" else (main,)
    forbidden = tuple(_forbidden(safe, dice) for _ in range(int(dice.choice(3, p=[0.55, 0.3, 0.15]))))
    name = f"lab-{number:03d}"
    return Site(name, str(kind), lat, lon, safe, forbidden, rooms, house_m, float(dice.uniform(0, math.tau)))


def _main_area(kind: str, dice: Dice) -> Area:
    if kind == "home":
        return Area(np.zeros(2), np.empty((0, 2)), float(dice.uniform(100, 500)))
    if kind == "slab":  # long and narrow, 0.3 to 0.6 as wide as long
        long_m = dice.uniform(80, 300)
        wide_m = max(40.0, long_m * dice.uniform(0.3, 0.6))
        half = np.array([long_m, wide_m]) / 2
        corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * half
        return Area(np.zeros(2), _turned(corners + dice.normal(0, 2, (4, 2)), dice))
    if kind == "corner":  # an L around a neighbour's lot; its inner corner sees both arms
        side, arm = dice.uniform(90, 220), dice.uniform(0.45, 0.65)
        corners = np.array([[0, 0], [1, 0], [1, arm], [arm, arm], [arm, 1], [0, 1]]) * side
        ring = corners - np.array([arm, arm]) * side / 2
        return Area(np.zeros(2), _turned(ring, dice))
    count = int(dice.integers(5, 12))
    turns = (np.arange(count) + dice.uniform(-0.3, 0.3, count)) * math.tau / count
    reach = dice.uniform(60, 300) / 2 * dice.uniform(0.65, 1.15, count)
    return Area(np.zeros(2), np.stack([reach * np.cos(turns), reach * np.sin(turns)], axis=1))


def _turned(corners: Floats, dice: Dice) -> Floats:
    turn = dice.uniform(0, math.tau)
    return np.asarray(
        corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    )


def _rooms(area: Area, kind: str, dice: Dice) -> tuple[Floats, float]:
    """Rooms of one to four houses; houses of institutions stand by their wall as often as in the middle."""
    if kind == "home":
        return np.asarray(dice.normal(0, 5, (4, 2))), 12.0
    houses = int(dice.integers(1, 5))
    turns, parts = dice.uniform(0, math.tau, houses), dice.uniform(0.2, 0.85, houses)
    middle = area.at(turns, parts)
    rooms = np.concatenate([spot + dice.normal(0, 7, (5, 2)) for spot in middle])
    kept = rooms[area.margin_m(rooms) > 4.0]
    return (kept if len(kept) >= 2 else np.array([[0.0, 0.0], [3.0, 3.0]])), 20.0


def _garden(main: Area, dice: Dice) -> Area:
    """A second safe fence that overlaps the first, or lies a few steps away."""
    turn = dice.uniform(0, math.tau, 1)
    radius = dice.uniform(30, 80)
    gap = dice.uniform(-15, 25)
    distance = main.reach_m(turn)[0] + radius + gap
    centre = main.centre + distance * np.array([math.cos(turn[0]), math.sin(turn[0])])
    turns = np.arange(8) * math.tau / 8
    reach = radius * dice.uniform(0.85, 1.1, 8)
    return Area(centre, centre + np.stack([reach * np.cos(turns), reach * np.sin(turns)], axis=1))


def _forbidden(safe: tuple[Area, ...], dice: Dice) -> Area:
    """A road beyond the fence, or a pond inside of it or beyond."""
    turn = dice.uniform(0, math.tau, 1)
    reach = float(safe[0].reach_m(turn)[0])
    out = np.array([math.cos(turn[0]), math.sin(turn[0])])
    aside = np.array([-out[1], out[0]])
    if dice.random() < 0.5:
        middle, half = out * (reach + dice.uniform(25, 120)), dice.uniform(5, 12)
        length = dice.uniform(100, 300)
        corners = [
            middle + a * aside * length + b * out * half for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        return Area(middle, np.array(corners))
    middle = out * (reach + dice.uniform(30, 150)) if dice.random() < 0.7 else out * reach * 0.55
    radius = min(dice.uniform(8, 40), reach * 0.25)
    turns = np.arange(9) * math.tau / 9
    far = radius * dice.uniform(0.8, 1.2, 9)
    return Area(middle, middle + np.stack([far * np.cos(turns), far * np.sin(turns)], axis=1))


def geometry_of(site: Site, area: Area) -> dict[str, Any]:
    """A fence's geometry as the roster file wants it."""
    if len(area.ring) == 0:
        lat, lon = site.degrees(area.centre[None])[0]
        return {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)], "radius_m": area.radius_m}
    ring = [[round(lon, 7), round(lat, 7)] for lat, lon in site.degrees(area.ring)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def roster_of(sites: list[Site], home_of: npt.NDArray[np.int64], every_s: Floats) -> dict[str, Any]:
    """The roster file: one band a person, whose model promises what it keeps."""
    fences = []
    for site in sites:
        for role, areas in (("safe", site.safe), ("forbidden", site.forbidden)):
            for i, area in enumerate(areas):
                fences.append(
                    {"fence_id": f"{site.name}-{role}-{i}", "name": f"{role} {i}", "role": role,
                     "site_id": site.name, "geometry": geometry_of(site, area)}
                )  # fmt: skip
    return {
        "models": [
            {"model": f"band-{each:.0f}s", "contact_every_s": max(60.0, 2 * each)} for each in np.unique(every_s)
        ],
        "sites": [
            {"site_id": s.name, "name": s.name, "lat": s.lat_deg, "lon": s.lon_deg,
             "kind": "home" if s.kind == "home" else "nursing_home"} for s in sites
        ],
        "residents": [
            {"resident_id": f"person-{b:05d}", "name": f"Person {b}", "site_id": sites[home].name}
            for b, home in enumerate(home_of)
        ],
        "fences": fences,
        "devices": [
            {"device_id": band_id(b), "kind": "wristband", "model": f"band-{each:.0f}s",
             "site_id": sites[home].name, "resident_id": f"person-{b:05d}"}
            for b, (home, each) in enumerate(zip(home_of, every_s, strict=True))
        ],
    }  # fmt: skip


def band_id(band: int) -> str:
    """The device id of a band by its number."""
    return f"band-{band:05d}"
