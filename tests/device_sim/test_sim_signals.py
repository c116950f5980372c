"""Walks and fixes: who leaves really leaves, and errors are those of the field."""

import numpy as np
import pytest
from shapely.geometry import Point

from device_sim.body import LOW_BAT, Bodies
from device_sim.bounds import room
from device_sim.city import make_city
from device_sim.geo import offset_m, to_gcj02
from device_sim.signals import CELL, GNSS, NONE, WIFI, Receivers
from device_sim.walk import ELOPING, GARDEN, HOUSE_M, INDOORS, Walkers

NOON_MS = 1_714_968_000_000  # 2024-05-06 12:00 in Beijing
NIGHT_MS = NOON_MS + 12 * 3_600_000


def walk(walkers, start_ms, seconds, each=None):
    for second in range(1, seconds + 1):
        walkers.step(start_ms + second * 1000, 1.0)
        if each is not None:
            each(walkers)


def test_wearers_are_mostly_indoors_and_stay_within_the_garden():
    walkers = Walkers(np.random.default_rng(1), np.full(400, 40.0))
    inside, gardeners = [], 0

    def look(w):
        nonlocal gardeners
        inside.append(float(np.mean(~w.outdoors)))
        gardeners = max(gardeners, int(np.sum(w.mode == GARDEN)))
        assert w.from_house_m[np.isin(w.mode, (INDOORS, GARDEN))].max() < 40.1

    walk(walkers, NOON_MS, 4 * 3600, look)
    assert np.mean(inside) > 0.75
    assert gardeners > 10


def test_nobody_walks_in_the_garden_at_night():
    walkers = Walkers(np.random.default_rng(1), np.full(200, 40.0))
    walk(walkers, NIGHT_MS, 3600)
    assert not (walkers.mode == GARDEN).any()


@pytest.mark.parametrize("seed", range(5))
def test_an_elopement_leaves_every_fence_of_the_city_at_walking_speed(seed):
    city = make_city(seed, 60, 0)
    bands = city["devices"]
    roam_m, reach_m = room(city, bands)
    walkers = Walkers(np.random.default_rng(seed), roam_m)
    walkers.elope(np.arange(60), NIGHT_MS, 3600.0)
    assert set(walkers.mode) == {ELOPING}
    was = [walkers.east_m.copy(), walkers.north_m.copy()]

    def look(w):
        step = np.hypot(w.east_m - was[0], w.north_m - was[1])
        assert step.max() <= 1.3 + 1e-9
        was[:] = w.east_m.copy(), w.north_m.copy()

    walk(walkers, NIGHT_MS, 1800, look)
    assert (walkers.from_house_m > reach_m).all()


def test_who_eloped_is_found_and_brought_home():
    walkers = Walkers(np.random.default_rng(2), np.full(20, 40.0))
    walkers.elope(np.arange(20), NIGHT_MS, 600.0)
    walk(walkers, NIGHT_MS, 3000)
    assert (walkers.mode == INDOORS).all() and (walkers.from_house_m < HOUSE_M).all()


def test_an_outing_goes_far_and_a_fall_stops_the_wearer():
    walkers = Walkers(np.random.default_rng(2), np.full(20, 40.0))
    walkers.outing(np.arange(10), NOON_MS, 3000.0)
    walkers.elope(np.arange(10, 20), NOON_MS, 3000.0)
    walk(walkers, NOON_MS, 1500)
    assert (walkers.from_house_m[:10] > 250.0).all()
    walkers.hold(np.arange(20), NOON_MS + 10_000_000)
    before = walkers.east_m.copy()
    walk(walkers, NOON_MS + 1_500_000, 60)
    assert (walkers.east_m == before).all()


def test_the_garden_keeps_clear_of_the_fence():
    city = make_city(5, 200, 0)
    roam_m, reach_m = room(city, city["devices"])
    assert ((roam_m >= 14.0) & (roam_m <= 60.0)).all()
    assert (reach_m > roam_m + 20.0).all()


def take(receivers, minutes, east, north, outdoors, start_ms=NOON_MS, every_s=60):
    """(minutes, n) of error in metres, claimed accuracy, source."""
    count = len(east)
    rows = np.arange(count)
    errors, accs, sources = [], [], []
    for k in range(minutes):
        fixes = receivers.take(rows, start_ms + k * every_s * 1000, east, north, outdoors)
        e, n = offset_m(36.7, 119.1, fixes.lat_deg, fixes.lon_deg)
        errors.append(np.hypot(e - east, n - north))
        accs.append(fixes.acc_m)
        sources.append(fixes.source)
    return np.array(errors), np.array(accs), np.array(sources)


def receivers_of(count, seed=1, gcj02=False):
    return Receivers(
        np.random.default_rng(seed),
        np.full(count, 36.7),
        np.full(count, 119.1),
        np.arange(count),
        np.full(count, gcj02),
    )


def test_a_satellite_fix_in_the_open_is_good_to_5_to_15_m():
    count = 800
    receivers = receivers_of(count)
    far = np.full(count, 2000.0)
    errors, accs, sources = take(receivers, 60, far, far, np.ones(count, bool))
    gnss = sources == GNSS
    assert 0.9 < gnss.mean() < 0.99
    calm = np.sort(errors[gnss])
    assert 5.0 < np.quantile(calm, 0.5) < 15.0
    assert 5.0 < np.quantile(calm, 0.68) < 15.0
    claimed = accs[gnss]
    assert 0.02 < np.isnan(claimed).mean() < 0.12  # a few never say, some do not now and then
    assert 5.0 < np.nanmedian(claimed) < 15.0


def test_near_a_building_multipath_lasts_for_minutes_and_may_claim_to_be_fine():
    count = 1000
    receivers = receivers_of(count, seed=3)
    near = np.full(count, 25.0)
    errors, accs, sources = take(receivers, 120, near, near * 0, np.ones(count, bool))
    bad = (errors > 45.0) & (sources == GNSS)
    assert 0.02 < bad.mean() < 0.20
    # A bad fix is followed by a bad one far more often than by chance.
    assert bad[1:][bad[:-1]].mean() > 0.5
    lying = bad & (accs < 10.0)
    assert 0.25 < lying.sum() / bad.sum() < 0.75
    assert np.quantile(errors[bad], 0.99) < 260.0


def test_indoors_it_is_wifi_or_cell_or_nothing():
    count = 2000
    receivers = receivers_of(count, seed=4)
    zero = np.zeros(count)
    errors, _, sources = take(receivers, 30, zero, zero, np.zeros(count, bool))
    shares = {source: (sources == source).mean() for source in (NONE, GNSS, WIFI, CELL)}
    assert 0.1 < shares[NONE] < 0.4 and shares[WIFI] > 0.5 and shares[GNSS] < 0.12
    assert 10.0 < np.median(errors[sources == WIFI]) < 100.0
    assert 250.0 < np.median(errors[sources == CELL]) < 1500.0
    assert np.quantile(errors[sources == CELL], 0.9) < 3500.0


def test_gcj02_models_report_shifted_coordinates():
    plain, shifted = receivers_of(50, seed=6), receivers_of(50, seed=6, gcj02=True)
    zero, rows, out = np.zeros(50), np.arange(50), np.ones(50, bool)
    a = plain.take(rows, NOON_MS, zero, zero, out)
    b = shifted.take(rows, NOON_MS, zero, zero, out)
    lat, lon = to_gcj02(a.lat_deg, a.lon_deg)
    np.testing.assert_allclose([b.lat_deg, b.lon_deg], [lat, lon])
    east, north = offset_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
    assert (np.hypot(east, north) > 300.0).all()


def test_batteries_run_down_are_charged_and_sometimes_forgotten():
    bodies = Bodies(np.random.default_rng(1), 3000)
    low = died = woke = recovered = 0
    for minute in range(1, 10 * 1440):
        news = bodies.step(NOON_MS + minute * 60_000, 60.0)
        low, recovered = low + len(news.low), recovered + len(news.recovered)
        died, woke = died + len(news.died), woke + len(news.woke)
        assert bodies.bat.min() >= 0.0 and bodies.bat.max() <= 100.0
    # About one low battery a month for each band, and few that go out.
    assert 0.005 < low / 3000 / 10 < 0.05
    assert 0 < recovered <= low
    assert died < low
    assert 0 <= died - woke < 50
    assert (bodies.low <= (bodies.bat < LOW_BAT + 6.0)).all()


def test_the_house_is_inside_its_room():
    # The plane used for rooms agrees with shapely on a known square.
    site = {"site_id": "S", "lat": 36.7, "lon": 119.1}
    ring = [[119.099, 36.699], [119.101, 36.699], [119.101, 36.701], [119.099, 36.701], [119.099, 36.699]]
    fence = {
        "fence_id": "F",
        "role": "safe",
        "site_id": "S",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    roam_m, reach_m = room(
        {"sites": [site], "fences": [fence]}, [{"site_id": "S"}, {"site_id": "S", "fence_ids": []}]
    )
    assert roam_m[0] == 60.0 and reach_m[0] == pytest.approx(
        Point(0, 0).distance(Point(89.15, 111.2)), rel=0.01
    )
    assert reach_m[1] == np.inf
