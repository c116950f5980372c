"""The made-up city: proportions, places, names, and the same city for the same seed."""

import re
from collections import Counter

import pytest
from shapely.geometry import Point, shape

from device_sim import places
from device_sim.city import make_city, spare_bands
from device_sim.geo import move, offset_m, to_gcj02
from iot_gateway.wire import DEVICE_ID


@pytest.fixture(scope="module")
def city():
    return make_city(7)


def test_the_city_has_the_proportions_of_the_report(city):
    kinds = Counter(site["kind"] for site in city["sites"])
    assert kinds["nursing_home"] == 166
    assert kinds["day_care"] == 310
    assert kinds["happiness_home"] == 564
    assert kinds["canteen"] == 208
    devices = Counter(device["kind"] for device in city["devices"])
    assert devices == {"wristband": 2560, "fire_sensor": 664}
    assert len(city["residents"]) == 2560


def test_every_site_stands_inside_its_county(city):
    outlines = {county.name: county.outline for county in places.counties()}
    assert len(outlines) == 12
    for site in city["sites"]:
        assert outlines[site["county"]].contains(Point(site["lon"], site["lat"])), site
    assert {site["county"] for site in city["sites"]} == set(outlines)


def test_the_same_seed_gives_the_same_city(city):
    assert make_city(7) == city
    assert make_city(8) != city


def test_every_reference_is_to_something_there(city):
    sites = {site["site_id"] for site in city["sites"]}
    fences = {fence["fence_id"] for fence in city["fences"]}
    residents = {resident["resident_id"] for resident in city["residents"]}
    models = {model["model"] for model in city["models"]}
    assert len(sites) == len(city["sites"]) and len(fences) == len(city["fences"])
    ids = [device["device_id"] for device in city["devices"]]
    assert len(set(ids)) == len(ids)
    for device in city["devices"]:
        assert DEVICE_ID.fullmatch(device["device_id"])
        assert device["site_id"] in sites and device["model"] in models
        assert set(device.get("fence_ids", [])) <= fences
        assert device["kind"] != "wristband" or device["resident_id"] in residents
    for thing in (*city["fences"], *city["residents"]):
        assert thing["site_id"] in sites


def test_nobody_could_be_taken_for_a_real_person(city):
    assert all(resident["name"].startswith("样例·") for resident in city["residents"])
    assert all("示例" in site["name"] for site in city["sites"])
    assert all(1930 <= int(resident["birth_date"]) < 1960 for resident in city["residents"])
    phones = [site[name] for site in city["sites"] for name in ("phone", "street_phone")]
    phones += [contact["phone"] for resident in city["residents"] for contact in resident["contacts"]]
    assert all(re.fullmatch(r"000-\d{4}-\d{4}", phone) for phone in phones)


def test_every_nursing_home_is_fenced_and_its_house_is_inside(city):
    by_site = {}
    for fence in city["fences"]:
        by_site.setdefault(fence["site_id"], []).append(fence)
    styles = set()
    for site in city["sites"]:
        if site["kind"] != "nursing_home":
            continue
        safe = [fence for fence in by_site[site["site_id"]] if fence["role"] == "safe"]
        assert safe
        for fence in by_site[site["site_id"]]:
            geometry = fence["geometry"]
            styles.add((geometry["type"], "schedule" in fence, fence["role"]))
            if geometry["type"] == "Point":
                east, north = offset_m(site["lat"], site["lon"], *reversed(geometry["coordinates"]))
                inside = (east**2 + north**2) ** 0.5 < geometry["radius_m"]
            else:
                assert shape(geometry).is_valid
                inside = shape(geometry).contains(Point(site["lon"], site["lat"]))
            assert inside == (fence["role"] == "safe"), fence
    assert {("Point", False, "safe"), ("Polygon", False, "safe"), ("MultiPolygon", False, "safe")} <= styles
    assert {("Point", True, "safe"), ("Polygon", True, "safe")} <= styles
    assert {("Point", False, "forbidden"), ("Polygon", False, "forbidden")} <= styles


def test_fire_sensors_come_as_smoke_and_heat_in_each_zone(city):
    zones = {}
    for device in city["devices"]:
        if device["kind"] == "fire_sensor":
            zones.setdefault((device["site_id"], device["zone"]), set()).add(device["model"].split("-")[1])
    assert len(zones) == 2 * 166
    assert all(what == {"SMOKE", "HEAT"} for what in zones.values())


@pytest.mark.parametrize(("bands", "fire", "home"), [(0, 0, 0), (1, 1, 1), (30, 20, 5), (200, 3000, 300)])
def test_a_smaller_or_larger_fleet_still_makes_a_city(bands, fire, home):
    city = make_city(3, bands, fire, home)
    kinds = Counter(device["kind"] for device in city["devices"])
    assert (kinds["wristband"], kinds["fire_sensor"], kinds["home_sensor"]) == (bands, fire, home)
    assert len({device["device_id"] for device in city["devices"]}) == bands + fire + home
    assert sum(site["kind"] != "home" for site in city["sites"]) == 166 + 310 + 564 + 208


def test_a_small_fleet_is_in_the_same_few_houses():
    city = make_city(3, 30, 20)
    fire_sites = {device["site_id"] for device in city["devices"] if device["kind"] == "fire_sensor"}
    band_sites = {device["site_id"] for device in city["devices"] if device["kind"] == "wristband"}
    assert fire_sites & band_sites


def test_a_negative_number_of_devices_is_refused():
    with pytest.raises(ValueError, match="negative"):
        make_city(1, -1)


def test_spare_bands_are_nobodys_and_have_ids_of_their_own(city):
    spares = spare_bands(6)
    assert len({one["device_id"] for one in [*spares, *city["devices"]]}) == 6 + len(city["devices"])
    assert not any("resident_id" in one or "site_id" in one for one in spares)


def test_gcj02_agrees_with_a_published_pair():
    lat, lon = to_gcj02(39.908692, 116.397477)
    assert lat == pytest.approx(39.9100954, abs=2e-6) and lon == pytest.approx(116.4037206, abs=2e-6)


def test_moving_and_measuring_are_inverse():
    lat, lon = move(36.7, 119.1, 1234.0, -567.0)
    assert offset_m(36.7, 119.1, lat, lon) == pytest.approx((1234.0, -567.0))
