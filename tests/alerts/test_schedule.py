"""Windows by the clock on the wall: over midnight, by day, in zones that change their clocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import city
import pytest
from hypothesis import given
from oracle import Windows

from alerts.fences import Fences
from alerts.roster import Device, Fence
from alerts.schedule import NEVER_MS, Schedule

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
MONDAY = "2026-11-23"


def ms_of(local: str, tz: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(tz)).timestamp() * 1000)


def weekly(*windows: dict, tz: str = "Asia/Shanghai") -> dict:
    return {"tz": tz, "weekly": list(windows)}


def in_force(definition: dict, local: str) -> bool:
    return Schedule(definition).in_force(ms_of(local, definition.get("tz", "Asia/Shanghai")))


def next_change(definition: dict, local: str) -> str:
    tz = definition.get("tz", "Asia/Shanghai")
    found = Schedule(definition).next_change_ms(ms_of(local, tz))
    return datetime.fromtimestamp(found / 1000, ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M")


def test_a_window_within_a_day():
    day = weekly({"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00"})
    assert not in_force(day, f"{MONDAY} 07:59:59.999")
    assert in_force(day, f"{MONDAY} 08:00"), "the beginning belongs to it"
    assert in_force(day, f"{MONDAY} 17:59:59.999")
    assert not in_force(day, f"{MONDAY} 18:00"), "the end does not"
    assert not in_force(day, "2026-11-22 12:00"), "Sunday"
    assert next_change(day, f"{MONDAY} 03:00") == f"{MONDAY} 08:00"
    assert next_change(day, f"{MONDAY} 08:00") == f"{MONDAY} 18:00"
    assert next_change(day, "2026-11-27 18:00") == "2026-11-30 08:00", "over the weekend"


def test_a_window_over_midnight_belongs_to_the_day_it_begins():
    night = weekly({"days": [5], "from": "19:00", "to": "07:00"})
    assert not in_force(night, "2026-11-27 06:59")
    assert in_force(night, "2026-11-27 19:00")
    assert in_force(night, "2026-11-28 06:59"), "Saturday morning, of Friday's window"
    assert not in_force(night, "2026-11-28 19:00")
    assert next_change(night, "2026-11-27 19:00") == "2026-11-28 07:00"
    assert next_change(night, "2026-11-28 07:00") == "2026-12-04 19:00"


def test_a_window_once_a_week_comes_again():
    market = weekly({"days": [1], "from": "08:00", "to": "12:00"})
    assert next_change(market, f"{MONDAY} 12:00") == "2026-11-30 08:00"
    assert next_change(market, f"{MONDAY} 23:59") == "2026-11-30 08:00"


def test_sunday_night_reaches_into_monday():
    night = weekly({"days": [7], "from": "22:00", "to": "06:00"})
    assert in_force(night, f"{MONDAY} 05:59")
    assert not in_force(night, f"{MONDAY} 22:00")


def test_without_days_it_is_every_day():
    night = weekly({"from": "19:00", "to": "07:00"})
    assert all(in_force(night, f"2026-11-{day} 23:00") for day in range(20, 30))


def test_twenty_four_hundred_is_midnight_at_the_end():
    evening = weekly({"days": [1], "from": "18:00", "to": "24:00"})
    assert in_force(evening, f"{MONDAY} 23:59:59.999")
    assert not in_force(evening, "2026-11-24 00:00")
    assert next_change(evening, f"{MONDAY} 18:00") == "2026-11-24 00:00"
    whole = weekly({"days": [1], "from": "00:00", "to": "24:00"})
    assert in_force(whole, f"{MONDAY} 00:00") and in_force(whole, f"{MONDAY} 23:59")
    assert not in_force(whole, "2026-11-24 00:00") and not in_force(whole, "2026-11-22 23:59")


@pytest.mark.parametrize("clock", ["00:00", "07:00"])
def test_equal_from_and_to_are_a_whole_day(clock):
    whole = weekly({"days": [1], "from": clock, "to": clock})
    assert not in_force(whole, "2026-11-22 23:59")
    assert in_force(whole, f"{MONDAY} {clock}")
    begin = datetime.fromisoformat(f"{MONDAY} {clock}")
    assert in_force(whole, (begin + timedelta(hours=23, minutes=59)).isoformat())
    assert not in_force(whole, (begin + timedelta(days=1)).isoformat())


def test_windows_together_are_their_union():
    both = weekly(
        {"from": "08:00", "to": "12:00"}, {"from": "12:00", "to": "14:00"}, {"from": "22:00", "to": "09:00"}
    )
    assert all(in_force(both, f"{MONDAY} {h:02}:00") for h in [*range(14), 22, 23])
    assert not any(in_force(both, f"{MONDAY} {h}:00") for h in range(14, 22))


def test_without_windows_it_never_is():
    never = weekly()
    assert not in_force(never, f"{MONDAY} 12:00")
    assert Schedule(never).next_change_ms(0) == NEVER_MS


def test_the_zone_is_shanghai_unless_said():
    day = {"weekly": [{"from": "08:00", "to": "18:00"}]}
    assert Schedule(day).in_force(ms_of(f"{MONDAY} 08:00"))
    assert not Schedule(day).in_force(ms_of(f"{MONDAY} 08:00", "Europe/Berlin") + 4 * HOUR_MS)


# Zones that change their clocks: Berlin, 29 March 2026 at 02:00 and 25 October 2026 at 03:00 -------

NIGHT_IN_BERLIN = weekly({"from": "22:00", "to": "06:00"}, tz="Europe/Berlin")


@pytest.mark.parametrize(
    ("evening", "morning", "hours"),
    [("2026-03-27", "2026-03-28", 8), ("2026-03-28", "2026-03-29", 7), ("2026-10-24", "2026-10-25", 9)],
)
def test_a_night_in_which_the_clocks_change_is_shorter_or_longer(evening, morning, hours):
    begin, end = ms_of(f"{evening} 22:00", "Europe/Berlin"), ms_of(f"{morning} 06:00", "Europe/Berlin")
    schedule = Schedule(NIGHT_IN_BERLIN)
    assert end - begin == hours * HOUR_MS
    assert schedule.next_change_ms(begin - 1) == begin
    assert schedule.next_change_ms(begin) == end
    assert all(schedule.in_force(t) for t in range(begin, end, MINUTE_MS))
    assert not schedule.in_force(begin - 1) and not schedule.in_force(end)


def test_a_window_in_the_hour_that_is_left_out_or_comes_twice_does_not_break():
    for window in [
        {"from": "02:15", "to": "02:45"},
        {"from": "01:30", "to": "02:30"},
        {"from": "02:30", "to": "03:15"},
    ]:
        schedule = Schedule(weekly(window, tz="Europe/Berlin"))
        for day in ("2026-03-29", "2026-10-25"):
            at_ms = ms_of(f"{day} 00:00", "Europe/Berlin")
            assert at_ms < schedule.next_change_ms(at_ms) < at_ms + DAY_MS
            follow(schedule, at_ms, at_ms + DAY_MS)


def follow(schedule: Schedule, begin_ms: int, end_ms: int) -> None:
    """Between two changes nothing changes."""
    at_ms = begin_ms
    while at_ms < end_ms:
        change_ms = schedule.next_change_ms(at_ms)
        assert change_ms > at_ms
        states = {schedule.in_force(t) for t in range(at_ms, min(change_ms, end_ms), 7 * MINUTE_MS)}
        assert len(states | {schedule.in_force(min(change_ms, end_ms) - 1)}) == 1
        at_ms = change_ms


def a_schedule(dice: Random, zones: list[str]) -> dict:
    def clock() -> str:
        return f"{dice.randrange(24):02}:{dice.choice([0, 15, 30, 59]):02}"

    windows = []
    for _ in range(dice.randint(1, 3)):
        window = {"from": clock(), "to": dice.choice([clock(), clock(), "24:00", "00:00"])}
        if dice.random() < 0.7:
            window["days"] = sorted(dice.sample(range(1, 8), dice.randint(1, 7)))
        windows.append(window)
    return weekly(*windows, tz=dice.choice(zones))


@city.examples(60)
@given(city.seeds)
def test_in_force_changes_only_at_next_change(seed):
    dice = Random(seed)
    definition = a_schedule(
        dice, ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]
    )
    begin = ms_of("2026-01-01 00:00") + dice.randrange(365 * DAY_MS)
    follow(Schedule(definition), begin, begin + 3 * DAY_MS)


@city.examples(100)
@given(city.seeds)
def test_the_clock_on_the_wall_agrees(seed):
    """Another reading of the same words, in a zone without changes of its clocks."""
    dice = Random(seed)
    definition = a_schedule(dice, ["Asia/Shanghai", "UTC"])
    schedule, wall = Schedule(definition), Windows(definition)
    for _ in range(30):
        at_ms = ms_of("2026-01-01 00:00") + dice.randrange(365 * DAY_MS // MINUTE_MS) * MINUTE_MS
        assert schedule.in_force(at_ms) == wall.in_force(at_ms)
        change_ms, wanted = schedule.next_change_ms(at_ms), wall.next_change_ms(at_ms)
        while wanted is not None and change_ms < wanted:  # windows that touch: nothing changes there
            assert schedule.in_force(change_ms) == wall.in_force(at_ms)
            change_ms = schedule.next_change_ms(change_ms)
        assert wanted in {change_ms, None}


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"tz": "Mars/Olympus", "weekly": []}, "unknown time zone 'Mars/Olympus'"),
        ({"tz": None, "weekly": []}, "unknown time zone None"),
        ({"tz": "../../etc/passwd", "weekly": []}, "unknown time zone"),
        ({"tz": "Asia/Shanghai"}, "'weekly' must be a list"),
        ({"weekly": {"from": "19:00", "to": "07:00"}}, "'weekly' must be a list"),
        (weekly({"from": "19:00"}), "needs days, from and to"),
        (weekly({"from": "19:00", "to": "25:00"}), "needs days, from and to"),
        (weekly({"from": "24:00", "to": "07:00"}), "needs days, from and to"),
        (weekly({"from": "19:00", "to": 7}), "needs days, from and to"),
        (weekly({"from": "19:00+08:00", "to": "07:00"}), "needs days, from and to"),
        (weekly("19:00-07:00"), "needs days, from and to"),
        (weekly({"days": 5, "from": "19:00", "to": "07:00"}), "needs days, from and to"),
        (weekly({"days": None, "from": "19:00", "to": "07:00"}), "needs days, from and to"),
        (weekly({"days": [], "from": "19:00", "to": "07:00"}), "from 1 .Monday. to 7"),
        (weekly({"days": [0], "from": "19:00", "to": "07:00"}), "from 1 .Monday. to 7"),
        (weekly({"days": [1.5], "from": "19:00", "to": "07:00"}), "from 1 .Monday. to 7"),
        (weekly({"days": "135", "from": "19:00", "to": "07:00"}), "from 1 .Monday. to 7"),
        (weekly({"days": ["Mon"], "from": "19:00", "to": "07:00"}), "from 1 .Monday. to 7"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_in_words(definition, words):
    with pytest.raises(ValueError, match=words):
        Schedule(definition)
    with pytest.raises(ValueError, match=f"fence night: schedule: .*{words}"):
        Fences().put(Fence("night", "safe", city.square(50.0), schedule=definition))


def test_fences_know_the_first_of_all_their_changes():
    fences = Fences()
    fences.put(Fence("always", "safe", city.square(50.0)))
    fences.put(Fence("night", "safe", city.square(50.0), schedule=weekly({"from": "19:00", "to": "07:00"})))
    fences.put(Fence("noon", "safe", city.square(50.0), schedule=weekly({"from": "12:00", "to": "13:00"})))
    fences.compile([Device("d1", fence_ids=("night", "noon"))], {}, ms_of(f"{MONDAY} 12:30"))
    assert fences.in_force.tolist() == [True, False, True]
    assert fences.next_change_ms == ms_of(f"{MONDAY} 13:00")
    assert fences.refresh_schedules(ms_of(f"{MONDAY} 13:00")).tolist() == [2]
    assert fences.next_change_ms == ms_of(f"{MONDAY} 19:00")
    assert fences.refresh_schedules(ms_of(f"{MONDAY} 19:00")).tolist() == [1]
    assert fences.rows_of([1]).tolist() == [0]
