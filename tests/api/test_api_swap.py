"""A band is swapped in one command, and a person keeps one history across bands."""

from __future__ import annotations

import threading

import httpx
import pytest
from api_house import DEADLINE_S, Service

R1 = "/api/v1/residents/r1"


@pytest.fixture
def city(service: Service) -> Service:
    book = service.book
    book.site("s1")
    for name in ("r1", "r2"):
        book.put("residents", resident_id=name, site_id="s1")
    book.put(
        "fences", fence_id="f1", role="safe", site_id="s1", geometry={"type": "Polygon", "coordinates": []}
    )
    book.device("w1", 0, resident_id="r1", zone="2F", fence_ids=["f1"], model="B1")
    book.device("w2", 1, resident_id="r2")
    book.device("spare", 2, site_id=None, model="B2")
    book.device("smoke", 3, kind="fire_sensor")
    book.device("heard", 4, kind="unknown", registered=False)
    book.device("gone", 5, removed=True)
    return service


def swap(service, old="w1", new="spare", resident="r1", client=None):
    body = {"old_device_id": old, "new_device_id": new}
    return (client or service.client).post(f"/api/v1/residents/{resident}/swap_band", json=body)


def test_one_command_gives_the_new_band_everything_and_takes_it_off_the_old(city):
    answer = swap(city)
    assert answer.status_code == 200, answer.text
    ((operator, kind, body),) = city.gateway.seen
    assert (operator, kind) == ("tests", "roster")
    assert body == {"put": {"devices": [
        {"device_id": "w1", "kind": "wristband", "model": "B1"},
        {"device_id": "spare", "kind": "wristband", "model": "B2", "site_id": "s1", "zone": "2F", "resident_id": "r1",
         "fence_ids": ["f1"]},
    ]}}  # fmt: skip
    told = answer.json()
    assert told["resident_id"] == "r1" and told["open_alarms"] == []
    assert told["old_device"]["resident_id"] is None and told["old_device"]["registered"] is True
    assert told["new_device"]["resident_id"] == "r1" and told["new_device"]["fence_ids"] == ["f1"]


def test_the_fences_of_the_site_and_no_fences_stay_what_they_are(city):
    city.book.device("w1", 0, resident_id="r1")
    assert swap(city).json()["new_device"]["fence_ids"] is None
    city.book.device("w1", 0, resident_id="r1", fence_ids=[])
    city.book.device("spare", 2, site_id=None)
    assert swap(city).json()["new_device"]["fence_ids"] == []


WRONG = [
    ("w1", "w1", 422, "new_device_id"), ("w1", "nothing", 422, "nothing"), ("nothing", "spare", 422, "nothing"),
    ("w1", "smoke", 422, "no wristband"), ("w1", "heard", 422, "not in the roster"), ("w1", "gone", 422, "not in the roster"),
    ("w1", "w2", 409, "somebody else"), ("w2", "spare", 409, "not worn by this person"),
    ("spare", "w1", 409, "not worn by this person"), ("w1", "a/b", 422, "new_device_id"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "status", "words"), WRONG)
def test_what_cannot_be_swapped_is_refused_in_words(city, old, new, status, words):
    answer = swap(city, old, new)
    assert answer.status_code == status and words in answer.json()["detail"], answer.text
    assert city.gateway.seen == []


def test_an_unknown_person_is_404_and_who_wears_the_band_is_told(city):
    assert swap(city, resident="nobody").status_code == 404
    told = swap(city, "w1", "w2").json()
    assert told["code"] == "worn_by_another" and told["worn_by"] == "r2"


def test_open_alarms_of_the_old_band_stay_this_persons_and_are_named(city):
    city.book.alarm("a1", 1)
    city.book.alarm("a2", 2, state="normal")
    city.book.alarm("a3", 3, resident_id="r2")
    assert swap(city).json()["open_alarms"] == ["a1"]
    assert city.client.get("/api/v1/alarms/a1").json()["resident_id"] == "r1"


def test_a_band_with_another_persons_urgent_alarm_is_refused(city):
    city.book.alarm("a1", 1, device_id="spare", subject_id="spare", resident_id="r2")
    told = swap(city)
    assert told.status_code == 409 and told.json()["code"] == "alarm_from_before"
    assert told.json()["open_alarms"] == ["a1"] and city.gateway.seen == []
    city.book.ask("UPDATE alarms SET priority='low', kind='low_battery'")
    assert swap(city).status_code == 200


def test_of_two_who_swap_at_once_one_is_told_that_it_is_done(city):
    city.book.device("spare2", 6, site_id=None)
    answers = []

    def one(new):
        with httpx.Client(base_url=city.url, headers=city.client.headers, timeout=DEADLINE_S) as client:
            answers.append(swap(city, new=new, client=client))

    threads = [threading.Thread(target=one, args=(new,)) for new in ("spare", "spare2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(city.book.ask("SELECT 1 FROM devices WHERE resident_id='r1'")) == 1


def test_a_first_band_goes_to_the_persons_site(city):
    city.book.ask("UPDATE devices SET resident_id=NULL WHERE device_id='w1'")
    told = swap(city, old=None).json()
    assert told["old_device"] is None and told["new_device"]["resident_id"] == "r1"
    assert city.gateway.seen[0][2]["put"]["devices"] == [
        {"device_id": "spare", "kind": "wristband", "model": "B2", "site_id": "s1", "resident_id": "r1"}
    ]
    assert swap(city, old=None, resident="r2").json()["code"] == "worn_by_another"


def test_a_gateway_that_says_nothing_is_202(city):
    city.gateway.silent = True
    assert swap(city).status_code == 202


# One person, several bands ------------------------------------------------------------------------


@pytest.fixture
def history(city: Service) -> Service:
    """r1 wore w1 until 2000, the spare from then; r2 wore w1 from 3000 on."""
    for device, resident, begins, ends in (
        ("w1", "r1", 0, 2000), ("spare", "r1", 2000, None), ("w1", "r2", 3000, None),
    ):  # fmt: skip
        city.book.put("wearings", device_id=device, resident_id=resident, from_ms=begins, to_ms=ends)
    for row in (0, 2):
        for at_ms in (1000, 2000, 3000, 4000):
            city.book.reading(row, at_ms, lat=36 + row / 10, lon=119.0, acc_m=8.0, src="gnss")
    city.book.reading(0, 1500, stream="heartbeat")
    return city


def test_wearings_are_listed_the_newest_first(history):
    assert history.client.get(f"{R1}/wearings").json() == {
        "items": [{"device_id": "spare", "from_ms": 2000, "to_ms": None}, {"device_id": "w1", "from_ms": 0, "to_ms": 2000}],
        "next_after_seq": None,
    }  # fmt: skip
    assert history.client.get("/api/v1/residents/nobody/wearings").status_code == 404


def test_a_persons_track_follows_the_person_and_not_the_band(history):
    def points(resident, **span):
        answer = history.client.get(
            f"/api/v1/residents/{resident}/track", params={"from_ms": 0, "to_ms": 9000} | span
        )
        assert answer.status_code == 200 and answer.json()["resident_id"] == resident
        return [(point["measured_at_ms"], point["device_id"]) for point in answer.json()["points"]]

    assert points("r1") == [(1000, "w1"), (2000, "spare"), (3000, "spare"), (4000, "spare")]
    assert points("r2") == [(3000, "w1"), (4000, "w1")]
    assert points("r1", from_ms=2000, to_ms=3000) == [(2000, "spare"), (3000, "spare")]
    whole = history.client.get(f"{R1}/track", params={"from_ms": 1000, "to_ms": 1000}).json()
    assert whole["points"] == [{
        "measured_at_ms": 1000, "received_at_ms": 1500, "lat": 36.0, "lon": 119.0, "acc_m": 8.0, "src": "gnss",
        "device_id": "w1",
    }]  # fmt: skip


def test_a_persons_track_is_refused_like_a_devices(history):
    assert history.client.get("/api/v1/residents/nobody/track").status_code == 404
    assert history.client.get(f"{R1}/track", params={"from_ms": 2, "to_ms": 1}).status_code == 422
    assert history.client.get(f"{R1}/track", params={"from_ms": -1}).status_code == 422


def test_a_persons_track_is_found_by_indexes(history):
    """A month of a city is 100 million readings."""
    plan = history.book.ask(
        "EXPLAIN QUERY PLAN SELECT readings.lat FROM readings JOIN devices ON devices.device_row=readings.device_row "
        "JOIN wearings ON wearings.device_id=devices.device_id WHERE wearings.resident_id='r1' "
        "AND readings.measured_at_ms>=wearings.from_ms AND (wearings.to_ms IS NULL OR readings.measured_at_ms<wearings.to_ms) "
        "AND readings.measured_at_ms BETWEEN 0 AND 9 AND readings.lat IS NOT NULL ORDER BY readings.measured_at_ms"
    )
    told = " / ".join(row[3] for row in plan)
    assert "SEARCH wearings USING INDEX ix_wearings_resident_id" in told
    assert "SEARCH readings USING INDEX readings_identity (device_row=? AND measured_at_ms" in told


def test_alarms_of_a_person_across_bands(history):
    history.book.alarm("a1", 1, device_id="w1")
    history.book.alarm("a2", 2, device_id="spare", state="normal")
    history.book.alarm("a3", 3, device_id="w1", resident_id="r2")

    def ids(**query):
        answer = history.client.get("/api/v1/alarms", params={"state": "all"} | query)
        return [alarm["alarm_id"] for alarm in answer.json()["items"]]

    assert ids(resident_id="r1") == ["a1", "a2"]
    assert ids(resident_id="r1", state="open") == ["a1"]
    assert ids(resident_id="nobody") == []
