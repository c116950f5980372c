"""Where a device was."""

from __future__ import annotations

import time

from api import tracks


def track(service, **query):
    return service.client.get("/api/v1/devices/w1/track", params=query)


def test_fixes_between_two_moments_as_measured(service):
    book = service.book
    book.device("w1", 3)
    book.device("w2", 4)
    for measured, lat in ((3000, 3.0), (1000, 1.0), (2000, 2.0), (4000, 4.0)):
        book.reading(3, measured, lat=lat, lon=lat, acc_m=5.0, src="gnss")
    book.reading(3, 2500, stream="heartbeat")
    book.reading(4, 2500, lat=9.0, lon=9.0)
    book.reading(3, 2000, seq=9, received_at_ms=9000, lat=2.5, lon=2.5)
    answer = track(service, from_ms=1000, to_ms=3000).json()
    assert answer["device_id"] == "w1"
    assert [point["lat"] for point in answer["points"]] == [1.0, 2.0, 2.5, 3.0]
    assert answer["points"][0] == {
        "measured_at_ms": 1000, "received_at_ms": 1500, "lat": 1.0, "lon": 1.0, "acc_m": 5.0, "src": "gnss",
    }  # fmt: skip


def test_by_default_the_last_day(service):
    service.book.device("w1", 0)
    now = time.time_ns() // 1_000_000
    for hours, lat in ((25, 1.0), (23, 2.0)):
        service.book.reading(0, now - hours * 3_600_000, lat=lat, lon=0.0)
    assert [point["lat"] for point in track(service).json()["points"]] == [2.0]


def test_a_removed_device_keeps_its_track_and_an_unknown_one_has_none(service):
    service.book.device("w1", 0, removed=True)
    assert track(service).json()["points"] == []
    assert service.client.get("/api/v1/devices/none/track").status_code == 404


def test_a_wrong_or_too_wide_span_is_refused(service, monkeypatch):
    service.book.device("w1", 0)
    for number in range(4):
        service.book.reading(0, number, lat=0.0, lon=0.0)
    assert track(service, from_ms=2, to_ms=1).status_code == 422
    assert track(service, from_ms="yesterday").status_code == 422
    monkeypatch.setattr(tracks, "MAX_POINTS", 3)
    assert "more than 3 points" in track(service, from_ms=0, to_ms=9).json()["detail"]
    assert len(track(service, from_ms=1, to_ms=3).json()["points"]) == 3


def test_which_days_have_a_track(service):
    day = 86_400_000
    service.book.device("w1", 3)
    for measured in (day - 1, 2 * day, 3 * day - 1, 5 * day):
        service.book.reading(3, measured, lat=1.0, lon=1.0)
    service.book.reading(3, 4 * day, stream="heartbeat")

    def days(**query):
        return service.client.get("/api/v1/devices/w1/track/days", params=query)

    assert days(from_ms=0, days=7).json() == {"device_id": "w1", "days_ms": [0, 2 * day, 5 * day]}
    assert days(from_ms=day, days=1).json()["days_ms"] == []
    assert len(days(from_ms=0, days=62).json()["days_ms"]) == 3
    for wrong in ({"from_ms": 0, "days": 63}, {"from_ms": 0, "days": 0}, {"from_ms": -1}, {}):
        assert days(**wrong).status_code == 422
    assert service.client.get("/api/v1/devices/none/track/days?from_ms=0").status_code == 404
