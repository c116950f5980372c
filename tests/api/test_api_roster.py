"""Sites, residents, fences and devices: the same rules for all, and nothing broken gets in."""

from __future__ import annotations

import json

import pytest

SQUARE = [[119.0, 36.0], [119.1, 36.0], [119.1, 36.1], [119.0, 36.1], [119.0, 36.0]]
BOW_TIE = [[119.0, 36.0], [119.1, 36.1], [119.1, 36.0], [119.0, 36.1], [119.0, 36.0]]
NIGHT = {"tz": "Asia/Shanghai", "weekly": [{"days": [6, 7], "from": "19:00", "to": "07:00"}]}

OBJECTS = {
    "sites": {"site_id": "s9", "name": "潍城区日间照料", "kind": "day_care", "lat": 36.7, "lon": 119.1, "county": "潍城区"},
    "residents": {"resident_id": "r9", "name": "王奶奶", "site_id": "s1", "room": "203", "care_level": "2",
                  "contacts": [{"name": "王强", "relation": "son", "phone": "139"}]},
    "fences": {"fence_id": "f9", "name": "garden", "role": "safe", "site_id": "s1",
               "geometry": {"type": "Polygon", "coordinates": [SQUARE]}, "schedule": NIGHT},
    "devices": {"device_id": "w9", "kind": "wristband", "model": "B1", "site_id": "s1", "resident_id": "r1",
                "fence_ids": ["f1"]},
}  # fmt: skip
LEAST = {
    "sites": {"site_id": "s9", "kind": "home", "lat": 36.7, "lon": 119.1},
    "residents": {"resident_id": "r9"},
    "fences": {
        "fence_id": "f9",
        "geometry": {"type": "Point", "coordinates": [119.0, 36.0], "radius_m": 150},
    },
    "devices": {"device_id": "w9", "kind": "fire_sensor"},
}


@pytest.fixture
def city(service):
    book = service.book
    book.site("s1")
    book.put("residents", resident_id="r1", name="李奶奶", site_id="s1")
    book.put("fences", fence_id="f1", role="safe", site_id="s1", geometry=LEAST["fences"]["geometry"])
    book.device("w1", 0, resident_id="r1")
    return service


def own_id(kind):
    return f"{kind.removesuffix('s')}_id"


@pytest.mark.parametrize("kind", OBJECTS)
def test_create_read_change_replace_and_delete(city, kind):
    path, item, key = f"/api/v1/{kind}", OBJECTS[kind], own_id(kind)
    created = city.client.post(path, json=item)
    assert created.status_code == 200, created.text
    assert item.items() <= created.json().items()
    assert city.gateway.seen == [("tests", "roster", {"put": {kind: [item]}})]  # exactly the contract's shape
    one = f"{path}/{item[key]}"
    assert city.client.get(one).json() == created.json()
    assert city.client.post(path, json=item).status_code == 409
    assert item[key] in [each[key] for each in city.client.get(path).json()["items"]]

    field = "zone" if kind == "devices" else "name" if "name" in item else "room"
    assert city.client.patch(one, json={field: "新"}).json()[field] == "新"
    assert city.client.patch(one, json={field: None}).json()[field] is None
    least = city.client.put(one, json={name: value for name, value in LEAST[kind].items() if name != key})
    assert least.status_code == 200, least.text
    assert LEAST[kind].items() <= least.json().items()

    assert city.client.delete(one).status_code == 204
    assert city.gateway.seen[-1][2] == {"remove": {kind: [item[key]]}}
    for answer in (city.client.get(one), city.client.delete(one), city.client.patch(one, json={})):
        assert answer.status_code == 404 and answer.json()["status"] == 404
    assert city.client.put(one, json=item).status_code == 200  # a PUT creates


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_put_for_another_id_is_refused(refusing, kind):
    assert refusing.client.put(f"/api/v1/{kind}/other", json=OBJECTS[kind]).status_code == 422


WRONG = [
    ("sites", {"kind": "castle"}, "kind"),
    ("sites", {"lat": 91}, "lat"),
    ("sites", {"lon": "east"}, "lon"),
    ("sites", {"site_id": ""}, "site_id"),
    ("sites", {"site_id": "a/b"}, "site_id"),
    ("sites", {"site_id": ".."}, "site_id"),
    ("sites", {"nmae": "typo"}, "nmae"),
    ("residents", {"site_id": "nowhere"}, "site_id"),
    ("residents", {"contacts": ["a phone"]}, "contacts"),
    ("fences", {"role": "maybe"}, "role"),
    ("fences", {"site_id": "nowhere"}, "site_id"),
    ("devices", {"device_id": "_gateway"}, "device_id"),
    ("devices", {"device_id": "a" * 65}, "device_id"),
    ("devices", {"device_id": "w/1"}, "device_id"),
    ("devices", {"device_id": "w9\n"}, "device_id"),
    ("devices", {"kind": "phone"}, "kind"),
    ("devices", {"site_id": "nowhere"}, "site_id"),
    ("devices", {"resident_id": "nobody"}, "resident_id"),
    ("devices", {"fence_ids": ["f1", "none"]}, "fence_ids"),
    ("devices", {"fence_ids": "f1"}, "fence_ids"),
]


@pytest.mark.parametrize(("kind", "change", "field"), WRONG)
def test_what_is_wrong_is_named(refusing, kind, change, field):
    answer = refusing.client.post(f"/api/v1/{kind}", json=OBJECTS[kind] | change)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"][0]["loc"]
    assert field in answer.json()["detail"]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


SHAPES = [
    (polygon(SQUARE[:-1]), "end where it begins"),
    (polygon(SQUARE[:3]), "at least 4"),
    (polygon(BOW_TIE), "Self-intersection"),
    (polygon(), "at least 1"),
    (polygon([*SQUARE[:2], [200, 36], *SQUARE[2:]]), "longitude"),
    (polygon([[x, y + 60] for x, y in SQUARE]), "latitude"),
    (polygon([[119.0], *SQUARE]), "at least 2"),
    (polygon([[119, 36]] * 4), "valid"),
    (polygon([[119 + n * 1e-6, 36] for n in range(10_001)] + [[119, 36]]), "vertices"),
    ({"type": "Point", "coordinates": [119, 36]}, "radius_m"),
    ({"type": "Point", "coordinates": [119, 36], "radius_m": 0}, "greater than 0"),
    ({"type": "Point", "coordinates": [119, 36], "radius_m": 1e6}, "less than"),
    ({"type": "LineString", "coordinates": SQUARE}, "Polygon"),
    ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "valid"),
    ({}, "discriminator"),
    (None, "valid"),
]


@pytest.mark.parametrize(("geometry", "reason"), SHAPES)
def test_a_fence_that_is_no_area_is_refused_in_words(refusing, geometry, reason):
    answer = refusing.client.post("/api/v1/fences", json=OBJECTS["fences"] | {"geometry": geometry})
    assert answer.status_code == 422
    assert reason in answer.json()["detail"] or reason in str(answer.json()["errors"])


def test_shapes_that_are_areas_are_taken(city):
    hole = [[119.02, 36.02], [119.02, 36.04], [119.04, 36.04], [119.04, 36.02], [119.02, 36.02]]
    far = [[x + 1, y] for x, y in SQUARE]
    for geometry in (
        polygon(SQUARE, hole),
        {"type": "MultiPolygon", "coordinates": [[SQUARE, hole], [far]]},
        {"type": "Point", "coordinates": [119.0, 36.0], "radius_m": 0.5},
    ):
        answer = city.client.put("/api/v1/fences/f9", json={"geometry": geometry})
        assert answer.status_code == 200 and answer.json()["geometry"] == geometry


@pytest.mark.parametrize(
    "schedule",
    [
        {"tz": "Mars/Olympus", "weekly": NIGHT["weekly"]},
        {"tz": "../../etc/passwd", "weekly": NIGHT["weekly"]},
        {"weekly": []},
        {"weekly": [{"days": [0], "from": "19:00", "to": "07:00"}]},
        {"weekly": [{"days": [8], "from": "19:00", "to": "07:00"}]},
        {"weekly": [{"days": [], "from": "19:00", "to": "07:00"}]},
        {"weekly": [{"days": [1], "from": "25:00", "to": "07:00"}]},
        {"weekly": [{"days": [1], "from": "7:00", "to": "9:00"}]},
        {"weekly": [{"days": [1], "from": "07:00"}]},
        {"weekly": "always"},
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(refusing, schedule):
    answer = refusing.client.post("/api/v1/fences", json=OBJECTS["fences"] | {"schedule": schedule})
    assert answer.status_code == 422 and "schedule" in answer.json()["detail"]


def test_what_is_named_stays(city):
    city.book.put("residents", resident_id="r2", site_id="s1")
    city.book.device("w2", 1, fence_ids=["f1", "f2"])
    city.book.device("gone", 2, removed=True, resident_id="r2", fence_ids=["f1"])
    site = city.client.delete("/api/v1/sites/s1")
    assert site.status_code == 409
    assert site.json()["named_by"] == {"devices": 2, "residents": 2, "fences": 1}
    assert "2 devices, 2 residents, 1 fences" in site.json()["detail"]
    assert city.client.delete("/api/v1/residents/r1").status_code == 409
    assert city.client.delete("/api/v1/fences/f1").json()["named_by"] == {"devices": 1}
    assert city.client.delete("/api/v1/residents/r2").status_code == 204


def test_lists_search_narrow_and_page(city):
    city.book.site("s2", name="100%_养老", county="青州市")
    for number in range(2, 7):
        city.book.device(f"w{number}", number, site_id="s2" if number % 2 else "s1")
    get = lambda **query: [  # noqa: E731
        item["device_id"] for item in city.client.get("/api/v1/devices", params=query).json()["items"]
    ]
    assert get() == ["w1", "w2", "w3", "w4", "w5", "w6"]
    assert get(site_id="s2") == get(county="青州市") == ["w3", "w5"]
    assert get(q="李") == ["w1"]  # by who wears it
    assert get(q="W4") == ["w4"] and get(q="%") == get(q="_") == []
    sites = city.client.get("/api/v1/sites", params={"q": "%_"}).json()["items"]
    assert [site["site_id"] for site in sites] == ["s2"]
    assert get(after="w4") == ["w5", "w6"]

    seen, query = [], {"limit": 4}
    while query.get("after_seq", 0) is not None:
        page = city.client.get("/api/v1/devices", params=query).json()
        seen += [item["device_id"] for item in page["items"]]
        query["after_seq"] = page["next_after_seq"]
        if page["next_after_seq"] is not None:
            assert page["next_after"] == page["items"][-1]["device_id"]
    assert seen == get()


def test_devices_carry_their_live_state(city):
    path = "/api/v1/devices/w1"
    quiet = city.client.get(path).json()
    assert (quiet["last_contact_ms"], quiet["position"], quiet["bat"], quiet["registered"]) == (
        None,
        None,
        None,
        True,
    )
    city.book.reading(0, 2000, lat=36.5, lon=119.5, acc_m=None, src="wifi", bat=55)
    city.book.reading(0, 3000, stream="heartbeat")
    while (state := city.client.get(path).json())["last_contact_ms"] != 3500:
        pass
    assert state["bat"] == 55
    assert state["position"] == {
        "lat": 36.5, "lon": 119.5, "acc_m": None, "src": "wifi", "measured_at_ms": 2000, "received_at_ms": 2500,
    }  # fmt: skip
    assert city.client.put(path, json=state).status_code == 200  # what was read may be written back
    assert set(city.gateway.seen[-1][2]["put"]["devices"][0]) == {
        "device_id",
        "kind",
        "site_id",
        "resident_id",
    }


def test_live_state_is_filled_from_the_store_at_start(book):
    from contextlib import contextmanager

    from api_house import run

    book.site()
    book.device("w1", 0)
    book.device("w2", 1)
    book.reading(0, 1000, lat=1.0, lon=2.0, bat=50)
    for seq in range(20):
        book.reading(0, 2000 + seq, stream="heartbeat")
    with contextmanager(run)(book) as service:
        state = service.client.get("/api/v1/devices/w1").json()
        assert state["last_contact_ms"] == 2519 and state["bat"] == 50 and state["position"]["lat"] == 1.0
        assert service.client.get("/api/v1/devices/w2").json()["last_contact_ms"] is None


def test_a_device_known_by_its_alarm_only_can_be_registered_and_a_removed_one_again(city):
    city.book.device("w9", 5, registered=False, site_id=None)
    assert city.client.get("/api/v1/devices/w9").json()["registered"] is False
    assert city.client.post("/api/v1/devices", json=OBJECTS["devices"]).json()["registered"] is True
    assert city.client.post("/api/v1/devices", json=OBJECTS["devices"]).status_code == 409
    assert city.client.delete("/api/v1/devices/w9").status_code == 204
    assert city.client.post("/api/v1/devices", json=OBJECTS["devices"]).status_code == 200


def test_a_roster_that_was_imported_loosely_can_be_read(city):
    city.book.put("sites", site_id="odd id/1", name=None, kind=None, lat=None, lon=None)
    (odd,) = city.client.get("/api/v1/sites?q=odd").json()["items"]
    assert odd["kind"] is None


def test_what_an_import_left_empty_can_be_changed(city):
    city.book.put("residents", resident_id="r5", name="", room="", risk_notes="", contacts=[])
    assert city.client.patch("/api/v1/residents/r5", json={"room": "1F"}).json()["room"] == "1F"


def test_what_json_cannot_say_is_refused(refusing):
    headers = {"Content-Type": "application/json"}
    for body in ('{"name": "\\ud800"}', '{"lat": NaN}', '{"lat": 1e999}', "[]", "1", "{", ""):
        answer = refusing.client.patch("/api/v1/sites/s1", content=body, headers=headers)
        assert answer.status_code == 422, body
        json.loads(answer.text)


@pytest.mark.parametrize(("code", "status"), [("invalid", 422), ("not_allowed", 409)])
def test_the_gateway_may_refuse(city, code, status):
    city.gateway.code = code
    assert city.client.post("/api/v1/sites", json=OBJECTS["sites"]).status_code == status
    assert city.client.delete("/api/v1/fences/f1").status_code == status


def test_a_silent_gateway_is_202(city):
    city.gateway.silent = True
    assert set(city.client.post("/api/v1/sites", json=OBJECTS["sites"]).json()) == {"command_id"}


def test_commands_to_a_device(city):
    path = "/api/v1/devices/w1/commands"
    sent = city.client.post(path, json={"type": "report_every", "args": {"every_s": 30}, "expires_s": 60})
    assert sent.status_code == 200, sent.text
    assert sent.json()["state"] == "queued" and sent.json()["args"] == {"every_s": 30}
    ((operator, kind, body),) = city.gateway.seen
    assert (operator, kind, set(body)) == (
        "tests",
        "device_command",
        {"id", "device_id", "type", "args", "expires_ts"},
    )
    assert city.client.get(path).json() == {"items": [sent.json()], "next_after_seq": None}
    for wrong in (
        {"type": "explode"},
        {"type": "buzz", "expires_s": 0},
        {"type": "buzz", "args": {"x": "y" * 5000}},
    ):
        assert city.client.post(path, json=wrong).status_code == 422
    assert city.client.post("/api/v1/devices/none/commands", json={"type": "buzz"}).status_code == 404
    city.gateway.code = "not_allowed"
    assert city.client.post(path, json={"type": "buzz"}).status_code == 409


def test_a_fence_may_say_how_sure_it_wants_to_be(city):
    path, evidence = "/api/v1/fences/f1", {"raise_p": 0.9, "edge_m": 0}
    made = city.client.patch(path, json={"evidence": evidence})
    assert made.status_code == 200, made.text
    assert made.json()["evidence"] == evidence == city.client.get(path).json()["evidence"]
    assert city.client.patch(path, json={"name": "pond"}).json()["evidence"] == evidence
    for wrong, field in (({"raise_p": 0.49}, "raise_p"), ({"edge_m": -1}, "edge_m"), ({"confirm_s": 601}, "confirm_s"),
                         ({"raise_p": "0.9"}, "raise_p"), ({"sure": 1}, "sure")):  # fmt: skip
        refused = city.client.patch(path, json={"evidence": wrong})
        assert refused.status_code == 422
        assert field in refused.json()["detail"]
    assert city.client.patch(path, json={"evidence": None}).json()["evidence"] is None
