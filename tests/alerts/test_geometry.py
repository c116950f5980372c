"""Margins agree with shapely, and what cannot be a fence is refused in words."""

from __future__ import annotations

import math
from random import Random

import city
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from oracle import Ground, metres_per_degree

from alerts import geometry
from alerts.geometry import MAX_RADIUS_M, MAX_VERTICES, Shapes, compile_shape


def margins(shapes, lat, lon, fence=None):
    """Margins of some points to one fence, or each to its own."""
    lat, lon = np.atleast_1d(np.asarray(lat, float)), np.atleast_1d(np.asarray(lon, float))
    which = np.zeros(len(lat), np.int64) if fence is None else np.asarray(fence)
    return Shapes([compile_shape(s) for s in shapes]).margin_m(which, lat, lon)


# Random shapes: star-shaped, so that they never cross themselves ---------------------------------


def star(dice: Random, lon: float, lat: float, size_m: float, *, grow: float = 1.0) -> list[list[float]]:
    """A ring around a place, its corners between 0.5 and 1 of a size away."""
    east, north = metres_per_degree(lat)
    turns = sorted(dice.uniform(0, math.tau) for _ in range(dice.randint(5, 25)))
    turns = [math.tau * (i + 0.8 * turn / math.tau) / len(turns) for i, turn in enumerate(turns)]
    corners = []
    for turn in turns:
        reach = size_m * grow * dice.uniform(0.5, 1.0)
        corners.append([lon + reach * math.cos(turn) / east, lat + reach * math.sin(turn) / north])
    return [*corners, corners[0]]


def fence_of(dice: Random, kind: str) -> dict:
    """A random polygon with a hole, several of them, or a circle, in China or elsewhere."""
    lon, lat = dice.uniform(-170, 170), dice.choice([36.7, dice.uniform(-80, 80)])
    size_m = dice.choice([15.0, 150.0, 1500.0, 20_000.0])
    if kind == "Point":
        return {"type": "Point", "coordinates": [lon, lat], "radius_m": size_m}
    east, _ = metres_per_degree(lat)
    polygons = [
        [star(dice, lon + 2.5 * i * size_m / east, lat, size_m), star(dice, lon + 2.5 * i * size_m / east, lat, size_m, grow=0.3)]
        for i in range(1 if kind == "Polygon" else 3)
    ]  # fmt: skip
    return {"type": kind, "coordinates": polygons[0] if kind == "Polygon" else polygons}


def outline(fence: dict) -> shapely.Geometry:
    """The same on the plane of degrees."""
    polygons = [fence["coordinates"]] if fence["type"] == "Polygon" else fence["coordinates"]
    return shapely.MultiPolygon([(outer, holes) for outer, *holes in polygons])


def points_near(dice: Random, fence: dict, count: int = 40) -> list[tuple[float, float]]:
    """(lon, lat) inside of and around a fence."""
    x0, y0, x1, y1 = outline(fence).bounds
    w, h = x1 - x0, y1 - y0
    return [(dice.uniform(x0 - w, x1 + w), dice.uniform(y0 - h / 2, y1 + h / 2)) for _ in range(count)]


@city.examples(150)
@given(city.seeds, st.sampled_from(["Polygon", "MultiPolygon"]))
def test_inside_is_what_shapely_contains_in_degrees(seed, kind):
    dice = Random(seed)
    fence = fence_of(dice, kind)
    area, points = outline(fence), points_near(dice, fence)
    assert area.is_valid
    found = margins([fence], [p[1] for p in points], [p[0] for p in points])
    for point, margin in zip(points, found, strict=True):
        if abs(margin) > 1e-3:
            assert area.contains(shapely.Point(point)) == (margin > 0)


@city.examples(150)
@given(city.seeds, st.sampled_from(["Polygon", "MultiPolygon"]))
def test_the_size_is_shapelys_distance_on_the_projected_fence(seed, kind):
    dice = Random(seed)
    fence = fence_of(dice, kind)
    points, ground = points_near(dice, fence), Ground(fence)
    found = margins([fence], [p[1] for p in points], [p[0] for p in points])
    wanted = [ground.margin_m(lat, lon) for lon, lat in points]
    assert found == pytest.approx(wanted, rel=2e-5, abs=1e-3)


@city.examples(100)
@given(city.seeds, st.floats(20, 50), st.floats(0, 10_000), st.floats(0, math.tau))
def test_a_circle_is_true_to_the_ellipsoid_in_china(seed, lat, far_m, turn):
    lon = Random(seed).uniform(75, 135)
    east, north = metres_per_degree(lat)
    at_lat, at_lon = lat + far_m * math.sin(turn) / north, lon + far_m * math.cos(turn) / east
    true_m = math.dist(on_earth(lat, lon), on_earth(at_lat, at_lon))
    fence = {"type": "Point", "coordinates": [lon, lat], "radius_m": 500.0}
    (margin,) = margins([fence], at_lat, at_lon)
    assert margin == pytest.approx(500.0 - true_m, abs=0.05 + 0.002 * far_m)


def on_earth(lat: float, lon: float) -> tuple[float, float, float]:
    """Cartesian metres on the WGS-84 ellipsoid."""
    a, e2 = 6_378_137.0, 0.0066943799901413165
    phi, lam = math.radians(lat), math.radians(lon)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    return n * math.cos(phi) * math.cos(lam), n * math.cos(phi) * math.sin(lam), n * (1 - e2) * math.sin(phi)


@city.examples(30)
@given(city.seeds)
def test_many_fences_at_once_are_each_alone(seed):
    dice = Random(seed)
    fences = [fence_of(dice, dice.choice(["Polygon", "MultiPolygon", "Point"])) for _ in range(6)]
    which = [dice.randrange(6) for _ in range(50)]
    lat, lon = [dice.uniform(-80, 80) for _ in which], [dice.uniform(-180, 180) for _ in which]
    together = margins(fences, lat, lon, which)
    alone = [margins([fences[i]], lat[n], lon[n])[0] for n, i in enumerate(which)]
    assert together.tolist() == alone


def test_a_large_batch_in_chunks_is_the_same(monkeypatch):
    dice = Random(1)
    fence = fence_of(dice, "MultiPolygon")
    points = points_near(dice, fence, 500)
    lat, lon = [p[1] for p in points], [p[0] for p in points]
    whole = margins([fence], lat, lon)
    monkeypatch.setattr(geometry, "_CHUNK", 100)
    assert margins([fence], lat, lon).tolist() == whole.tolist()


def test_nothing_at_all():
    assert len(Shapes([]).margin_m(np.empty(0, np.int64), np.empty(0), np.empty(0))) == 0
    assert len(margins([city.square(10.0)], [], [])) == 0


def test_a_fix_that_is_no_number_has_no_margin():
    assert np.isnan(margins([city.square(10.0), city.circle(10.0)], [np.nan] * 2, [np.nan] * 2, [0, 1])).all()


def test_margins_in_plain_metres():
    fences = [city.square(100.0), city.circle(100.0)]
    for place, square_m, circle_m in [
        ((0, 0), 100, 100),
        ((99, 0), 1, 1),
        ((130, 0), -30, -30),
        ((130, 140), -50, 100 - math.hypot(130, 140)),
    ]:
        lon, lat = city.lon_lat(*place)
        found = margins(fences, [lat, lat], [lon, lon], [0, 1])
        assert found == pytest.approx([square_m, circle_m], rel=0.005, abs=0.5)


def test_in_a_hole_is_outside():
    fence = city.square(100.0)
    fence["coordinates"].append(city.square(20.0)["coordinates"][0][::-1])
    lon, lat = city.lon_lat(0, 0)
    assert margins([fence], lat, lon)[0] == pytest.approx(-20, rel=0.01)
    lon, lat = city.lon_lat(60, 0)
    assert margins([fence], lat, lon)[0] == pytest.approx(40, rel=0.01)


def test_over_the_antimeridian():
    ring = [[179.999, 0.0], [-179.999, 0.0], [-179.999, 0.001], [179.999, 0.001], [179.999, 0.0]]
    fences = [
        {"type": "Polygon", "coordinates": [ring]},
        {"type": "Point", "coordinates": [180.0, 0.0005], "radius_m": 100.0},
        {"type": "Point", "coordinates": [-180.0, 0.0005], "radius_m": 100.0},
    ]
    for lon in (180.0, -180.0, 179.9995, -179.9995):
        found = margins(fences, [0.0005] * 3, [lon] * 3, [0, 1, 2])
        assert (found > 0).all()
    for lon in (179.99, -179.99):
        found = margins(fences, [0.0005] * 3, [lon] * 3, [0, 1, 2])
        assert found[0] == pytest.approx(-0.009 * 111_320, rel=0.01)
        assert found[1] == found[2] == pytest.approx(100 - 0.01 * 111_320, rel=0.01)


def test_neighbours_of_the_antimeridian_are_not_the_far_side_of_the_world():
    ring = [[-180.0, 0.0], [-179.999, 0.0], [-179.999, 1.0], [-180.0, 1.0], [-180.0, 0.0]]
    assert margins([polygon(ring)], 0.5, 179.9995)[0] == pytest.approx(-55.66, abs=0.1)


# Refusals ---------------------------------------------------------------------------------------

RING = [[119.0, 36.0], [119.1, 36.0], [119.1, 36.1], [119.0, 36.0]]
BOW_TIE = [[119.0, 36.0], [119.1, 36.1], [119.1, 36.0], [119.0, 36.1], [119.0, 36.0]]


def ring_of(count: int) -> list[list[float]]:
    turns = [math.tau * i / (count - 1) for i in range(count - 1)]
    corners = [[119 + 0.1 * math.cos(t), 36 + 0.1 * math.sin(t)] for t in turns]
    return [*corners, corners[0]]


def polygon(*rings) -> dict:
    return {"type": "Polygon", "coordinates": list(rings)}


def point(lon=119.0, lat=36.0, **radius) -> dict:
    return {"type": "Point", "coordinates": [lon, lat], **radius}


@pytest.mark.parametrize(
    ("fence", "words"),
    [
        ({}, "not None"),
        ({"type": "LineString", "coordinates": RING}, "must be a Polygon.*'LineString'"),
        ({"type": ["Polygon"]}, "must be a Polygon"),
        ({"type": "Polygon"}, "no ring"),
        ({"type": "Polygon", "coordinates": None}, "no ring"),
        ({"type": "Polygon", "coordinates": []}, "no ring"),
        ({"type": "Polygon", "coordinates": {"a": 1}}, "no ring"),
        ({"type": "MultiPolygon", "coordinates": []}, "no coordinates"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "no ring"),
        ({"type": "MultiPolygon", "coordinates": [RING]}, "four positions"),
        (polygon([]), "four positions"),
        (polygon(RING[:3]), "four positions"),
        (polygon([*RING[:3], [119.0, 36.2]]), "end where it begins"),
        (polygon(BOW_TIE), "not valid: .*[Ss]elf-intersection"),
        (polygon([[119.0, 36.0]] * 4), "not valid"),
        (polygon([[119.0, 36.0], [119.1, 36.0], [119.2, 36.0], [119.0, 36.0]]), "not valid"),
        (polygon(RING, [[5.0, 5.0], [5.1, 5.0], [5.1, 5.1], [5.0, 5.0]]), "not valid: Hole"),
        ({"type": "MultiPolygon", "coordinates": [[RING], [RING]]}, "not valid"),
        (polygon([[math.nan, 36.0], *RING[1:3], [math.nan, 36.0]]), "outside of longitude"),
        (polygon([[119.0, math.inf], *RING[1:3], [119.0, math.inf]]), "outside of longitude"),
        (polygon([["119", "36"], *RING[1:]]), r"a position is \[lon, lat\]"),
        (polygon([[True, 36.0], *RING[1:]]), r"a position is \[lon, lat\]"),
        (polygon([[119.0], *RING[1:]]), r"a position is \[lon, lat\]"),
        (polygon([None, *RING[1:]]), r"a position is \[lon, lat\]"),
        (polygon(["119,36", *RING[1:]]), r"a position is \[lon, lat\]"),
        (polygon([[36.0, 119.0], *RING[1:3], [36.0, 119.0]]), "outside of longitude"),
        (polygon([[10**400, 36.0], *RING[1:]]), "outside of longitude"),
        (polygon([[119.0, 89.0], *RING[1:3], [119.0, 89.0]]), "pole"),
        (polygon(ring_of(MAX_VERTICES + 1)), f"more than {MAX_VERTICES} vertices"),
        (point(), "radius_m"),
        (point(radius_m=None), "radius_m"),
        (point(radius_m=0), "radius_m"),
        (point(radius_m=-5.0), "radius_m"),
        (point(radius_m=math.nan), "radius_m"),
        (point(radius_m=math.inf), "radius_m"),
        (point(radius_m=MAX_RADIUS_M + 1), "radius_m"),
        (point(radius_m=True), "radius_m"),
        (point(radius_m="50"), "radius_m"),
        (point(lat=math.nan, radius_m=50), "outside of longitude"),
        (point(lat=-86.0, radius_m=50), "pole"),
        ({"type": "Point", "radius_m": 50}, r"a position is \[lon, lat\]"),
        ({"type": "Point", "coordinates": "12", "radius_m": 50}, r"a position is \[lon, lat\]"),
    ],
)
def test_what_cannot_be_a_fence_is_refused_in_words(fence, words):
    with pytest.raises(ValueError, match=words):
        compile_shape(fence)


@pytest.mark.parametrize(
    "fence",
    [
        polygon(RING),
        polygon(RING[::-1]),
        polygon([[*position, 12.5] for position in RING]),
        polygon([[119.0, 36.0, 12.5], *RING[1:]]),
        polygon(ring_of(MAX_VERTICES)),
        polygon([RING[0], *RING]),
        point(radius_m=1),
        point(radius_m=MAX_RADIUS_M),
    ],
)
def test_what_can_be_a_fence_is_taken(fence):
    assert np.isfinite(margins([fence], 36.01, 119.05)).all()
