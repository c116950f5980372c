"""Every figure of a period against a slow count of the same history; notes of a shift."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest
from shift_history import DAY_MS, HOUR_MS, START_MS, History, Slow, lively, ranked

from api import episodes
from api.acts import Journal, first_seq_from
from api.database import connect_plainly
from api.episodes import Period, material
from api.figures import figures, percentile

EVERYONE = SimpleNamespace(scope=None)
GROUPS = {"urgent": ("urgent",), "high": ("high",), "low": ("low",), "urgent_high": ("urgent", "high")}


def counted(book, period, journal=None):
    connection = connect_plainly(book.path)
    try:
        return figures(material(connection, journal or Journal(), EVERYONE, period), period).model_dump()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("times", "half", "most"),
    [
        ([], None, None),
        ([7], 7, 7),
        ([20, 10], 10, 20),
        ([30, 10, 20], 20, 30),
        ([40, 10, 30, 20], 20, 40),
        (list(range(20, 0, -1)), 10, 19),
        (list(range(1, 22)), 11, 20),
    ],
)
def test_a_percentile_is_a_time_that_occurred_by_nearest_rank(times, half, most):
    for percent, wanted in ((50, half), (95, most)):
        assert percentile(np.array(times, np.int64), percent) == wanted
        assert ranked(sorted(times), percent) == wanted


def compare(said, slow):
    for name, priorities in GROUPS.items():
        assert said["answering"][name] == slow.answering(priorities), name
        assert said["ending"][name] == slow.ending(priorities), name
        assert said["showing"][name] == slow.showing(priorities), name
    assert said["load"] == slow.load()
    assert said["standing"] == slow.standing()
    assert {one["kind"]: one for one in said["outcomes"]} == slow.outcomes()
    noisy = {one["device_id"]: (one["raised"], one["reraised"], one["false"]) for one in said["devices"]}
    assert noisy == slow.devices()
    chatter = {
        (one["subject_id"], one["kind"]): (one["raises"], one["most_in_10_min"])
        for one in said["chattering"]["worst"]
    }
    assert chatter == slow.chattering()
    assert said["chattering"]["identities"] == len(chatter)
    cohort = slow.cohort
    assert said["raised"]["total"] == len(cohort) == sum(said["raised"]["by_kind"].values())
    assert (
        sum(said["raised"]["by_county"].values())
        == sum(said["raised"]["by_priority"].values())
        == len(cohort)
    )
    assert said["raised"]["shelved"] == sum(row["shelved"] for row in cohort)
    assert said["raised"]["reraised"] == sum(row["event"] == "reraise" for row in slow.inside)
    undone = {row["alarm_id"] for row in slow.inside if row["event"] == "unacknowledge"}
    assert said["raised"]["undone"] == len(undone)
    for hour in said["hours"]:
        here = [row for row in cohort if hour["at_ms"] <= row["at_ms"] < hour["at_ms"] + HOUR_MS]
        for priority in ("urgent", "high", "low"):
            assert hour[priority] == sum(row["priority"] == priority for row in here)
        assert hour["operators"] == len(slow.operators(hour["at_ms"], hour["at_ms"] + HOUR_MS))
    assert sum(day["raised"] for day in said["days"]) == len(cohort)
    assert (
        sum(day["within_60_s"]["met"] for day in said["days"])
        == said["answering"]["urgent_high"]["within_60_s"]["met"]
    )
    for one in said["operators"]:
        own = [row["event"] for row in slow.inside if row.get("operator") == one["operator"]]
        assert one == {"operator": one["operator"], "acknowledged": own.count("acknowledge"), "closed": own.count("close"),
                       "acts": len(own)}  # fmt: skip
    assert {one["operator"] for one in said["operators"]} == slow.operators(slow.from_ms, slow.to_ms)


@pytest.mark.parametrize("seed", range(12))
def test_every_figure_equals_the_slow_count(book, seed):
    history = lively(seed)
    history.write(book)
    dice = random.Random(seed)
    last_ms = history.rows[-1]["at_ms"]
    journal = Journal(block=64)  # most blocks are remembered from one period to the next
    for _ in range(6):
        from_ms, to_ms = sorted(dice.sample(range(START_MS - HOUR_MS, last_ms + HOUR_MS), 2))
        period = Period(from_ms, to_ms, last_ms + 1 + dice.choice([0, 45_000, DAY_MS]))
        compare(counted(book, period, journal), Slow(history, *period[:3]))
    assert journal._kept


@pytest.mark.parametrize(("narrow", "sites"), [({"county": "奎文区"}, {"s0"}), ({"site_id": "s2"}, {"s2"})])
def test_a_part_of_the_city_counts_only_its_own(book, narrow, sites):
    history = lively(99)
    history.write(book)
    last_ms = history.rows[-1]["at_ms"]
    period = Period(START_MS + HOUR_MS, last_ms, last_ms + 1, **narrow)
    compare(counted(book, period), Slow(history, *period[:3], sites=sites))


def test_of_nothing_there_is_no_share(book):
    said = counted(book, Period(START_MS, START_MS + DAY_MS, START_MS + HOUR_MS // 2))
    assert said["data_from_ms"] is None and said["raised"]["total"] == 0
    assert said["answering"]["urgent"]["p50_ms"] is None
    assert said["answering"]["urgent"]["within_60_s"] == {"of": 0, "met": 0, "share": None}
    assert said["load"]["hours"] == said["load"]["windows"] == 0 and said["load"]["peak_hour"] is None


def test_before_the_journal_began_is_not_a_quiet_hour(book):
    history = lively(1)
    history.write(book)
    began_ms = history.rows[0]["at_ms"]
    said = counted(book, Period(began_ms - DAY_MS, began_ms + HOUR_MS // 4, history.at_ms + 1))
    assert said["load"]["hours"] in {1, 2} and len(said["days"]) == 1
    earlier = counted(book, Period(began_ms - DAY_MS, began_ms, history.at_ms + 1))
    assert earlier["hours"] == earlier["days"] == [] and earlier["load"]["per_operator_hour"] is None
    assert earlier["from_ms"] == began_ms - DAY_MS
    assert (
        counted(book, Period(history.at_ms + DAY_MS, history.at_ms + 2 * DAY_MS, history.at_ms + 1))["hours"]
        == []
    )


def story(book, *steps, count=1):
    """(seconds after the start, event, operator) of one alarm, or of several at once."""
    history = History()
    alarms = []
    for after_s, event, operator in steps:
        history.at_ms = START_MS + int(after_s * 1000)
        if event == "raise":
            alarms = [history.begin(n, "sos") for n in range(count)]
        else:
            for alarm in alarms:
                dice = SimpleNamespace(
                    choice=lambda options, who=operator: who if who in options else options[0]
                )
                assert history.act(alarm, event, dice)
    history.write(book)
    return counted(book, Period(START_MS, START_MS + HOUR_MS, START_MS + HOUR_MS))


def test_an_acknowledgement_that_was_taken_back_is_no_answer(book):
    said = story(
        book,
        (0, "raise", ""),
        (20, "acknowledge", "li"),
        (30, "unacknowledge", "li"),
        (90, "acknowledge", "li"),
    )
    assert said["answering"]["urgent"]["p50_ms"] == 90_000
    assert said["answering"]["urgent"]["within_60_s"]["met"] == 0
    assert said["raised"]["undone"] == 1


def test_taken_back_and_left_is_waiting(book):
    said = story(book, (0, "raise", ""), (20, "acknowledge", "li"), (30, "unacknowledge", "li"))
    urgent = said["answering"]["urgent"]
    assert (urgent["answered"], urgent["waiting"], urgent["p50_ms"]) == (0, 1, None)


def test_only_the_last_answer_is_taken_back(book):
    """It was answered, came back, was answered again, and that was a slip."""
    steps = ((0, "raise", ""), (20, "acknowledge", "li"), (40, "reraise", ""), (50, "acknowledge", "wang"))
    said = story(book, *steps, (55, "unacknowledge", "wang"), count=2)
    assert said["answering"]["urgent"]["p95_ms"] == 20_000
    assert (said["answering"]["urgent"]["answered"], said["raised"]["undone"]) == (2, 2)


def test_an_answer_taken_back_after_the_period_is_none(book):
    history = History()
    history.at_ms = START_MS
    alarm = history.begin(1, "sos")
    for after_s, verb in ((HOUR_MS // 1000 - 10, "acknowledge"), (HOUR_MS // 1000 + 10, "unacknowledge")):
        history.at_ms = START_MS + after_s * 1000
        assert history.act(alarm, verb, SimpleNamespace(choice=lambda options: options[0]))
    history.write(book)
    said = counted(book, Period(START_MS, START_MS + HOUR_MS, START_MS + 2 * HOUR_MS))
    assert (said["answering"]["urgent"]["answered"], said["answering"]["urgent"]["waiting"]) == (0, 1)


def test_what_returns_is_announced_again_but_answered_once(book):
    said = story(
        book, (0, "raise", ""), (20, "acknowledge", "li"), (40, "reraise", ""), (300, "acknowledge", "wang")
    )
    assert said["answering"]["urgent"]["p95_ms"] == 20_000
    assert said["load"]["announced"] == 2 and said["raised"]["total"] == 1
    assert said["load"]["operator_hours"] == 2 and said["load"]["per_operator_hour"] == 1.0


def test_closing_straight_away_is_an_answer(book):
    said = story(book, (0, "raise", ""), (61, "close", "li"))
    assert said["answering"]["urgent"]["within_60_s"] == {"of": 1, "met": 0, "share": 0.0}
    assert said["answering"]["urgent"]["within_180_s"]["share"] == 1.0
    assert said["ending"]["urgent"]["rate"] == 1.0


def test_exactly_on_the_goal_is_within_it_and_more_than_ten_is_a_flood(book):
    said = story(book, (0, "raise", ""), (60, "acknowledge", "li"), count=10)
    assert said["answering"]["urgent"]["within_60_s"]["share"] == 1.0
    assert said["load"]["windows_in_flood"] == 0


def test_eleven_at_once_are_a_flood_for_one_operator(book):
    said = story(book, (0, "raise", ""), (60, "acknowledge", "li"), count=11)
    assert said["load"]["windows_in_flood"] == 1 and said["load"]["flood_share"] == 1 / 6
    assert said["load"]["peak_10_min"]["per_operator"] == 11.0
    assert said["load"]["hours_over_6"] == 1 and said["load"]["hours_over_12"] == 0


def test_a_third_raise_exactly_ten_minutes_later_is_no_chatter(book):
    said = story(book, (0, "raise", ""), (300, "reraise", ""), (600, "reraise", ""))
    assert said["chattering"]["identities"] == 0
    assert said["devices"][0]["reraised"] == 2


def test_the_journal_is_found_by_time_across_gaps(book):
    for seq, at_ms in ((1, 10), (2, 20), (5, 20), (9, 30)):
        book.put("journal", seq=seq, at_ms=at_ms, alarm_id="A1", body="{}", hash=b"")
    connection = connect_plainly(book.path)
    for at_ms, seq in ((0, 1), (10, 1), (11, 2), (20, 2)):
        assert first_seq_from(connection, at_ms) == seq
    assert 6 <= first_seq_from(connection, 21) <= 9
    assert first_seq_from(connection, 31) == 10
    connection.close()


# Over HTTP ------------------------------------------------------------------------------------


def test_the_figures_over_http(service):
    history = lively(5)
    history.write(service.book)
    span = {"from_ms": START_MS, "to_ms": history.rows[-1]["at_ms"]}
    answer = service.client.get("/api/v1/figures", params=span)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["data_from_ms"] == history.rows[0]["at_ms"]
    assert said["at_ms"] > span["to_ms"]
    compare(said, Slow(history, *span.values(), said["at_ms"]))
    part = service.client.get("/api/v1/figures", params=span | {"county": "无此县"}).json()
    assert part["raised"]["total"] == 0
    assert service.client.get("/api/v1/figures", params=span).json()["raised"] == said["raised"]
    with service.stranger() as stranger:
        assert stranger.get("/api/v1/figures", params=span).status_code == 401


@pytest.mark.parametrize(
    "query",
    ["", "from_ms=1", "from_ms=2&to_ms=2", "from_ms=3&to_ms=2", "from_ms=-1&to_ms=2", "from_ms=x&to_ms=2",
     "from_ms=0&to_ms=34560000001", "from_ms=0&to_ms=9007199254740992"],
)  # fmt: skip
def test_a_stretch_that_cannot_be_is_refused(refusing, query):
    for path in ("figures", "reports/alarms"):
        answer = refusing.client.get(f"/api/v1/{path}?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["loc"][0] == "query"


def test_too_much_at_once_is_refused_in_words(service, monkeypatch):
    history = lively(6)
    history.write(service.book)
    monkeypatch.setattr(episodes, "MAX_TRANSITIONS", 10)
    answer = service.client.get("/api/v1/figures", params={"from_ms": START_MS, "to_ms": history.at_ms})
    assert answer.status_code == 422 and "ask for less" in answer.json()["detail"]


def test_notes_are_appended_and_read_by_time(service):
    with service.person("li") as li:
        first = li.post("/api/v1/shift/notes", json={"text": "  3 号楼消防主机检修，明早 8 点恢复  "})
        assert first.status_code == 200
        assert (
            first.json()["operator"] == "li" and first.json()["text"] == "3 号楼消防主机检修，明早 8 点恢复"
        )
        second = li.post("/api/v1/shift/notes", json={"text": "<img src=x onerror=alert(1)>"}).json()
    get = lambda **query: service.client.get("/api/v1/shift/notes", params=query).json()  # noqa: E731
    assert [one["seq"] for one in get()["items"]] == [first.json()["seq"], second["seq"]]
    assert get(limit=1)["next_after_seq"] == first.json()["seq"]
    assert [one["seq"] for one in get(after_seq=first.json()["seq"])["items"]] == [second["seq"]]
    assert get(to_ms=first.json()["at_ms"])["items"] == []
    assert len(get(from_ms=first.json()["at_ms"], to_ms=second["at_ms"] + 1)["items"]) == 2


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  "}, {"text": "x" * 2001}, {"text": 5},
                                  {"text": "x", "operator": "other"}, [], "x"])  # fmt: skip
def test_a_note_that_cannot_be_is_refused(service, body):
    assert service.client.post("/api/v1/shift/notes", json=body).status_code == 422
    half = service.client.post(
        "/api/v1/shift/notes", content=b'{"text":"\\ud83d"}', headers={"content-type": "application/json"}
    )
    assert half.status_code == 422
    assert service.book.ask("SELECT count(*) FROM shift_notes") == [(0,)]
