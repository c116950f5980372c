"""Signed distance from fixes to fence boundaries, vectorised over (fix, fence) pairs.

Each fence has its own flat metre grid around an anchor. Inside and outside are those of the lines as
drawn in degrees; distances are true to 0.2 % within ten kilometres of the anchor in the latitudes of
China, and farther away only the sign and the rough size matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.validation import explain_validity

from alerts.batch import Bools, Floats, Longs, Rows

MAX_VERTICES: Final = 10_000  # a county's outline has a tenth of it
MAX_RADIUS_M: Final = 100_000.0
Ring = list[tuple[float, float]]  # (lon, lat)
_CHUNK: Final = 1 << 14  # (fix, edge) pairs computed at once: what is in between stays in the cache


@dataclass(frozen=True, slots=True)
class Shape:
    """A fence compiled: edges in metres from the anchor, or a circle around it.

    `edges` is (e, 4): east, north of both ends. A circle has no edges.
    """

    lat_deg: float
    lon_deg: float
    east_m_per_deg: float
    north_m_per_deg: float
    radius_m: float
    edges: Floats


def compile_shape(geometry: dict[str, Any]) -> Shape:
    """Check and compile a GeoJSON Polygon or MultiPolygon, or a Point with `radius_m`.

    Raises:
        ValueError: in words, what is wrong with the geometry.
    """
    kind = geometry.get("type")
    if kind == "Point":
        return _compile_circle(geometry)
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"geometry must be a Polygon, a MultiPolygon or a Point with radius_m, not {kind!r}")
    rings = _rings(geometry)
    lon, lat = rings[0][0]
    east, north = _metres_per_degree(lat)
    edges = []
    for ring in rings:
        points = np.array([(_wrap(x - lon) * east, (y - lat) * north) for x, y in ring])
        edges.append(np.hstack([points[:-1], points[1:]]))
    return Shape(lat, lon, east, north, math.nan, np.vstack(edges))


def _compile_circle(geometry: dict[str, Any]) -> Shape:
    radius: Any = geometry.get("radius_m")
    if not _is_number(radius) or not 0 < radius <= MAX_RADIUS_M:
        raise ValueError(f"radius_m must be a number of metres up to {MAX_RADIUS_M:.0f}")
    lon, lat = _position(geometry.get("coordinates"))
    return Shape(lat, lon, *_metres_per_degree(lat), float(radius), np.empty((0, 4)))


def _rings(geometry: dict[str, Any]) -> list[Ring]:
    coordinates = geometry.get("coordinates")
    named = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(named, list) or not named:
        raise ValueError("geometry has no coordinates")
    polygons = [_polygon(rings) for rings in named]
    rings = [ring for polygon in polygons for ring in polygon]
    if sum(map(len, rings)) > MAX_VERTICES:
        raise ValueError(f"more than {MAX_VERTICES} vertices")
    area = shapely.MultiPolygon([(outer, holes) for outer, *holes in polygons])
    if not shapely.is_valid(area):
        raise ValueError(f"geometry is not valid: {explain_validity(area)}")
    return rings


def _polygon(rings: Any) -> list[Ring]:
    """The outer ring and its holes."""
    if not isinstance(rings, list) or not rings:
        raise ValueError("a polygon has no ring")
    return [_ring(ring) for ring in rings]


def _ring(ring: Any) -> Ring:
    if not isinstance(ring, list) or len(ring) < 4:
        raise ValueError("a ring needs at least four positions")
    points = [_position(position) for position in ring]
    if points[0] != points[-1]:
        raise ValueError("a ring must end where it begins")
    return points


def _position(position: Any) -> tuple[float, float]:
    """(lon, lat) of a GeoJSON position."""
    if not isinstance(position, (list, tuple)) or len(position) < 2 or not all(map(_is_number, position)):
        raise ValueError(f"a position is [lon, lat], not {position!r}")
    lon, lat = position[:2]
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"position {position!r} is outside of longitude +-180, latitude +-90")
    if abs(lat) > 85:
        raise ValueError("fences near a pole are not supported")
    return float(lon), float(lat)


def _is_number(value: Any) -> bool:
    """Whether JSON says a number; Python takes true for one as well."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrap(lon_deg: float) -> float:
    return (lon_deg + 540.0) % 360.0 - 180.0


def _metres_per_degree(lat_deg: float) -> tuple[float, float]:
    """(east, north) metres a degree on the WGS-84 ellipsoid at a latitude."""
    phi = math.radians(lat_deg)
    east = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    north = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    return east, north


class Shapes:
    """Many compiled fences as flat arrays; a fence is known by its index."""

    def __init__(self, shapes: list[Shape]) -> None:
        anchors = [(s.lat_deg, s.lon_deg, s.east_m_per_deg, s.north_m_per_deg, s.radius_m) for s in shapes]
        columns = np.array(anchors, dtype=np.float64).reshape(-1, 5)
        self._lat, self._lon, self._east, self._north, self._radius = columns.T
        self._edges = np.vstack([s.edges for s in shapes]) if shapes else np.empty((0, 4))
        self._edge_count = np.array([len(s.edges) for s in shapes], dtype=np.int64)
        self._edge_start = np.cumsum(self._edge_count) - self._edge_count

    def margin_m(self, fence: Rows, lat_deg: Floats, lon_deg: Floats) -> Floats:
        """Signed distance to the boundary in metres, positive inside: (pairs,)."""
        east = ((lon_deg - self._lon[fence] + 540.0) % 360.0 - 180.0) * self._east[fence]
        north = (lat_deg - self._lat[fence]) * self._north[fence]
        margin = self._radius[fence] - np.sqrt(east * east + north * north)
        polygons = np.flatnonzero(self._edge_count[fence])
        counts = self._edge_count[fence[polygons]]
        ends = np.cumsum(counts)
        begin = 0
        while begin < len(polygons):
            base = int(ends[begin - 1]) if begin else 0
            stop = max(begin + 1, int(np.searchsorted(ends, base + _CHUNK, side="right")))
            some = polygons[begin:stop]
            margin[some] = self._polygon_margin_m(fence[some], east[some], north[some])
            begin = stop
        return margin

    def _polygon_margin_m(self, fence: Rows, east: Floats, north: Floats) -> Floats:
        counts = self._edge_count[fence]
        starts = np.cumsum(counts) - counts
        pair = np.repeat(np.arange(len(fence)), counts)
        edge = np.arange(len(pair)) - np.repeat(starts, counts) + np.repeat(self._edge_start[fence], counts)
        crossings, distance2 = _edge_tests(self._edges[edge], east[pair], north[pair])
        inside = np.add.reduceat(crossings, starts) % 2 == 1
        distance = np.sqrt(np.minimum.reduceat(distance2, starts))
        return np.where(inside, distance, -distance)


def _edge_tests(edges: Floats, east: Floats, north: Floats) -> tuple[Longs, Floats]:
    """Whether a ray to the east crosses each edge, and the squared distance to it: (k,), (k,)."""
    ax, ay, bx, by = edges.T
    dx, dy = bx - ax, by - ay
    spans: Bools = (ay > north) != (by > north)
    with np.errstate(divide="ignore", invalid="ignore"):
        crosses = spans & (east < ax + dx * (north - ay) / dy)
        length2 = dx * dx + dy * dy
        along = np.where(length2 > 0, ((east - ax) * dx + (north - ay) * dy) / length2, 0.0)
    along = np.clip(along, 0.0, 1.0)
    off_x, off_y = east - (ax + along * dx), north - (ay + along * dy)
    return crosses.astype(np.int64), off_x * off_x + off_y * off_y
