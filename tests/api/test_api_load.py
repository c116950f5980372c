"""How much the desk has to bear this moment: what counts, when it is a flood, who sits there."""

from __future__ import annotations

import json
import time

import pytest
from api_house import NOW_MS, until

from api import load as load_module
from api.database import Database
from api.figures import DAY_MS, HOUR_MS, TEN_MINUTES_MS
from api.load import Load

NOON_MS = 1_795_400_000_000


def told(load, at_ms, times=1, **more):
    body = {"at_ms": at_ms, "event": "raise", "priority": "urgent", "kind": "sos", "subject_type": "device",
            "subject_id": "w1", "fence_id": None, "shelved": False, "suppressed": False} | more  # fmt: skip
    for _ in range(times):
        load.take(json.dumps(body))


def counts(load, at_ms, seats=1):
    bearing = load.bearing(at_ms, seats)
    return bearing.last_10_min, bearing.last_hour, bearing.last_day


def test_announcements_leave_each_window_on_time():
    load = Load()
    told(load, NOON_MS)
    assert counts(load, NOON_MS) == (1, 1, 1)
    assert counts(load, NOON_MS + TEN_MINUTES_MS - 1) == (1, 1, 1)
    assert counts(load, NOON_MS + TEN_MINUTES_MS) == (0, 1, 1)
    assert counts(load, NOON_MS + HOUR_MS) == (0, 0, 1)
    assert counts(load, NOON_MS + DAY_MS) == (0, 0, 0)


@pytest.mark.parametrize(
    "quiet", [{"event": "acknowledge"}, {"event": "over"}, {"shelved": True}, {"suppressed": True}]
)
def test_what_calls_nobody_is_no_load(quiet):
    load = Load()
    told(load, NOON_MS, **quiet)
    told(load, NOON_MS, event="reraise", priority="low")
    bearing = load.bearing(NOON_MS, 1)
    assert (bearing.last_10_min, bearing.by_priority) == (1, {"low": 1})


def test_a_flood_begins_above_ten_a_seat_and_is_over_below_five():
    load = Load()
    told(load, NOON_MS, times=20)
    assert not load.bearing(NOON_MS, 2).flood
    told(load, NOON_MS + 1)
    assert not load.bearing(NOON_MS + 1, 3).flood
    assert load.bearing(NOON_MS + 2, 2).flood_since_ms == NOON_MS + 2
    told(load, NOON_MS + 60_000, times=10)
    eased_ms = NOON_MS + TEN_MINUTES_MS + 1
    assert counts(load, eased_ms, 2)[0] == 10
    assert load.bearing(eased_ms, 2).flood_since_ms == NOON_MS + 2, "five a seat is not over yet"
    assert load.bearing(eased_ms, 3).flood_since_ms is None
    assert load.bearing(NOON_MS + DAY_MS, 0).seats == 0


def test_what_comes_again_and_again_is_named():
    load = Load()
    told(load, NOON_MS, times=2, subject_id="w2")
    told(load, NOON_MS, times=4, event="reraise", kind="fence_left", fence_id="f1")
    told(load, NOON_MS, times=3, subject_id="w3")
    load.bearing(NOON_MS, 1)
    assert [(one.subject_id, one.fence_id, one.raises) for one in load.chattering()] == [
        ("w1", "f1", 4),
        ("w3", None, 3),
    ]
    load.bearing(NOON_MS + TEN_MINUTES_MS, 1)
    assert load.chattering() == []


def test_the_load_of_a_service_that_has_just_started_and_goes_on(service):
    now_ms = time.time_ns() // 1_000_000
    book = service.book
    assert service.client.get("/api/v1/load").json()["last_day"] == 0
    book.device("w1", 0)
    book.alarm("a1", 1, raised_at_ms=now_ms - DAY_MS - 60_000)
    book.alarm("a2", 2, raised_at_ms=now_ms)
    for seq in range(1, 5):
        book.journal(seq, event="reraise", at_ms=now_ms)
    said = until(
        lambda: (now := service.client.get("/api/v1/load").json())["last_10_min"] == 4 and now, "four"
    )
    assert (said["last_hour"], said["last_day"], said["seats"], said["operators"]) == (4, 4, 0, [])
    assert said["chattering"] == [
        {"subject_type": "device", "subject_id": "w1", "kind": "sos", "fence_id": None, "raises": 4}
    ]
    assert [one["alarm_id"] for one in said["stale"]] == ["a1"]
    assert said["stale_total"] == 1


@pytest.mark.anyio
@pytest.mark.parametrize("page", [2, 3, 100])
async def test_the_last_day_is_read_at_start_however_long_the_journal(book, monkeypatch, page):
    monkeypatch.setattr(load_module, "PAGE", page)
    for seq in range(1, 7):  # the store's own time: three before the day, three in it
        book.journal(seq, at_ms=seq)
    load = Load()
    database = Database(book.path)
    await load.start(database, 6, NOW_MS + 3 + DAY_MS)
    await database.close()
    assert load.bearing(0, 1).last_day == 3
