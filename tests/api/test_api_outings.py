"""Outings through the door: what is asked of the gateway, what is told of them, and what is refused in words."""

from __future__ import annotations

import time

import pytest
from api_house import Service

HOUR_MS = 3_600_000
PATH = "/api/v1/outings"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def city(service: Service) -> Service:
    book = service.book
    book.site("s1")
    for name in ("r1", "r2"):
        book.put("residents", resident_id=name, site_id="s1")
    for fence_id, role in (("centre", "safe"), ("pond", "forbidden")):
        book.put("fences", fence_id=fence_id, role=role, site_id="s1", geometry={})
    return service


def approve(city, **more):
    body = {"resident_id": "r1", "until_ms": now_ms() + 2 * HOUR_MS, "reason": "family"} | more
    return city.client.post(PATH, json=body)


def wait_until(at_ms):
    """Outings begin on the next whole second."""
    while now_ms() < at_ms:
        time.sleep(0.01)


def test_an_outing_is_approved_runs_and_is_ended(city):
    answer = approve(city, escort="儿子 王强", note="回家吃饭", fence_id="centre")
    assert answer.status_code == 200, answer.text
    made = answer.json()
    (operator, kind, asked), *_ = city.gateway.seen
    assert (operator, kind, asked["verb"], asked["resident_id"]) == ("tests", "outing", "approve", "r1")
    assert (made["reason"], made["escort"], made["fence_id"]) == ("family", "儿子 王强", "centre")
    assert (made["created_by"], made["ended_at_ms"]) == ("tests", None)
    assert made["from_ms"] % 1000 == made["until_ms"] % 1000 == 0
    wait_until(made["from_ms"])
    assert [o["state"] for o in city.client.get(PATH, params={"running": True}).json()["items"]] == [
        "running"
    ]
    ended = city.client.post(f"{PATH}/{made['outing_id']}/end").json()
    assert ended["ended_by"] == "tests"
    wait_until(ended["ended_at_ms"])
    assert city.client.get(f"{PATH}/{made['outing_id']}").json()["state"] == "over"
    assert city.client.get(PATH, params={"running": True}).json()["items"] == []


def test_one_that_has_not_begun_is_planned_changed_and_called_off(city):
    begin = now_ms() // 1000 * 1000 + HOUR_MS
    made = approve(city, from_ms=begin).json()
    assert (made["from_ms"], made["state"]) == (begin, "planned")
    path = f"{PATH}/{made['outing_id']}"
    moved = city.client.patch(path, json={"until_ms": begin + 3 * HOUR_MS}).json()
    assert (moved["from_ms"], moved["until_ms"]) == (begin, begin + 3 * HOUR_MS)
    assert city.client.post(f"{path}/end").json()["state"] == "called_off"
    assert approve(city, from_ms=begin).status_code == 200, "what was called off is in nobody's way"


def test_two_at_the_same_time_are_refused_and_the_answer_names_the_first(city):
    first = approve(city).json()
    refused = approve(city, reason="hospital")
    assert refused.status_code == 409
    said = refused.json()
    assert (said["code"], said["outing_id"], said["until_ms"]) == (
        "overlaps", first["outing_id"], first["until_ms"],
    )  # fmt: skip
    assert approve(city, resident_id="r2").status_code == 200
    later = approve(city, from_ms=first["until_ms"], until_ms=first["until_ms"] + HOUR_MS).json()
    moved = city.client.patch(f"{PATH}/{first['outing_id']}", json={"until_ms": later["from_ms"] + 1000})
    assert (moved.status_code, moved.json()["outing_id"]) == (409, later["outing_id"])


def test_lists_know_residents_spans_and_pages(city):
    begin = now_ms() // 1000 * 1000 + HOUR_MS
    made = [
        approve(city, resident_id=resident, from_ms=begin + n * HOUR_MS, until_ms=begin + (n + 1) * HOUR_MS)
        for n, resident in enumerate(["r1", "r2", "r1"])
    ]
    ids = [answer.json()["outing_id"] for answer in made]

    def listed(**params):
        return [o["outing_id"] for o in city.client.get(PATH, params=params).json()["items"]]

    assert listed() == ids
    assert listed(resident_id="r1") == [ids[0], ids[2]]
    assert listed(from_ms=begin + HOUR_MS, to_ms=begin + 2 * HOUR_MS) == [ids[1]]
    assert listed(running=True) == []
    assert listed(running=False) == ids
    page = city.client.get(PATH, params={"limit": 2}).json()
    assert page["next_after_seq"] == 2
    assert listed(after_seq=2) == [ids[2]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"resident_id": "nobody"}, "resident_id: not in the roster: nobody"),
        ({"fence_id": "nowhere"}, "fence_id: not in the roster: nowhere"),
        ({"fence_id": "pond"}, "fence_id: is a forbidden fence"),
        ({"reason": "shopping"}, "reason"),
        ({"until_ms": "tomorrow"}, "until_ms"),
        ({"until_ms": 2**60}, "until_ms"),
        ({"escort": "x" * 201}, "escort"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_is_wrong_is_said(city, fields, words):
    answer = approve(city, **fields)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert city.gateway.seen == []


@pytest.mark.parametrize(("code", "status"), [("invalid", 422), ("not_allowed", 409)])
def test_the_gateway_has_the_last_word(city, code, status):
    city.gateway.code = code
    answer = approve(city)
    assert (answer.status_code, answer.json()["detail"]) == (status, "in words")


def test_a_gateway_that_sleeps_is_answered_for_with_202(city):
    city.gateway.silent = True
    answer = approve(city)
    assert answer.status_code == 202
    state = city.client.get(answer.headers["Location"]).json()
    assert (state["type"], state["code"]) == ("outing", None)


def test_unknown_outings_are_not_found(city):
    for answer in (
        city.client.get(f"{PATH}/nothing"),
        city.client.patch(f"{PATH}/nothing", json={}),
        city.client.post(f"{PATH}/nothing/end"),
    ):
        assert answer.status_code == 404


def test_whom_and_where_an_outing_names_stays_in_the_roster(city):
    made = approve(city, fence_id="centre").json()
    assert city.client.delete("/api/v1/residents/r1").json()["named_by"]["outings"] == 1
    assert city.client.delete("/api/v1/fences/centre").json()["named_by"]["outings"] == 1
    city.client.post(f"{PATH}/{made['outing_id']}/end")
    assert city.client.delete("/api/v1/residents/r1").status_code == 204
