"""The laboratory's world: the same by its seed, true by its definitions, measured like others measure."""

import numpy as np
import pytest
import shapely

from bench.lab.files import lines_of, truth_of_world
from bench.lab.lives import Life
from bench.lab.places import Area, Site, build_site, geometry_of
from bench.lab.truth import truth_of
from bench.lab.weather import WEATHERS
from bench.lab.world import build

SQUARE = Area(np.zeros(2), np.array([[-50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0]]))


def walk(corners):
    """A life along (second, east) corners, out of the square's eastern side."""
    site = Site("s", "yard", 36.5, 119.0, (SQUARE,), (), np.zeros((2, 2)), 20.0, 0.0)
    at_s = np.array([float(second) for second, _ in corners])
    spots = np.array([[float(east), 0.0] for _, east in corners])
    return Life(site, at_s, spots, np.zeros(len(at_s), bool), [(at_s[0], at_s[-1])], [(at_s[0], at_s[-1])])


def test_a_departure_is_30_m_for_two_minutes():
    truth = truth_of(walk([(0, 0), (100, 100), (300, 100), (400, 0)]), band=3)
    (departure,) = truth.departures
    assert departure.band == 3
    assert departure.crossed_s == pytest.approx(51, abs=1)
    assert departure.begin_s == pytest.approx(81, abs=1)
    assert departure.back_s == pytest.approx(349, abs=1)
    assert truth.near_out.tolist() == [[pytest.approx(66, abs=1), pytest.approx(334, abs=1)]]


@pytest.mark.parametrize("corners", [
    [(0, 0), (100, 100), (150, 100), (250, 0)],  # 30 m outside for 90 s
    [(0, 0), (100, 75), (5000, 75), (5100, 0)],  # 25 m outside for long
])  # fmt: skip
def test_a_short_outing_is_none(corners):
    assert truth_of(walk(corners), band=0).departures == []


def test_two_times_beyond_in_one_outing_are_one_departure():
    corners = [(0, 0), (100, 100), (300, 100), (330, 60), (360, 100), (600, 100), (700, 0)]
    assert len(truth_of(walk(corners), band=0).departures) == 1


def test_the_same_seed_gives_the_same_world_and_another_another():
    one, same, other = (build(seed, 6, 1, "hostile", 1.0) for seed in (7, 7, 8))
    assert one.roster == same.roster
    assert lines_of(one) == lines_of(same)
    assert truth_of_world(one) == truth_of_world(same)
    assert lines_of(one) != lines_of(other)


@pytest.mark.parametrize("weather", list(WEATHERS))
def test_what_is_wrong_with_fixes_is_there(weather):
    fixes = build(1, 60, 1, weather, 0.5).fixes
    assert set(np.unique(fixes.source)) == {0, 1, 2, 3}
    assert np.isinf(fixes.received_s).any()
    assert (np.diff(fixes.received_s[np.isfinite(fixes.received_s)]) < 0).any()
    acc = fixes.acc_m[fixes.source == 1]
    lies = np.hypot(*fixes.bias[fixes.source == 1].T) > 3 * acc
    assert 0.01 < np.nanmean(lies) < 0.7


def test_people_stay_inside_but_for_outings():
    world = build(3, 40, 1, "mixed", 0.5)
    at_s = np.arange(0.0, 86_400.0, 30.0)
    for life in world.lives:
        within = np.ones(len(at_s), bool)
        for begin_s, end_s in life.outside:
            within &= (at_s < begin_s) | (at_s > end_s)
        assert (life.site.outside_m(life.where(at_s[within])) <= 0.0).all()


def test_margins_agree_with_shapely():
    dice = np.random.default_rng(5)
    for number in range(30):
        site = build_site(number, dice)
        for area in (*site.safe, *site.forbidden):
            if not len(area.ring):
                continue
            polygon = shapely.Polygon(area.ring)
            assert polygon.is_valid
            assert geometry_of(site, area)["type"] == "Polygon"
            points = dice.uniform(-250, 250, (50, 2))
            made = shapely.points(points)
            wanted = shapely.distance(polygon.exterior, made) * np.where(
                shapely.contains(polygon, made), 1, -1
            )
            np.testing.assert_allclose(area.margin_m(points), wanted, atol=1e-6)
            turns = dice.uniform(-4, 4, 50)
            np.testing.assert_allclose(area.margin_m(area.at(turns, np.ones(50))), 0.0, atol=1e-6)
