"""What is said of the way somebody walks who crossed a fence."""

from __future__ import annotations

import itertools
from dataclasses import replace

import city
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scenarios import GROUNDS, HOME, MRS_LI, STREET, Evening, clock, mrs_li_at_home, wall

from alerts.policy import Policy
from alerts.recent import KEPT
from alerts.routine import Routine
from alerts.wander import parts_of

NOON_MS = city.EVENING_MS - 7 * city.HOUR_MS
MIDNIGHT_MS = NOON_MS + 12 * city.HOUR_MS


def shown(places, *, at_ms=NOON_MS, every_s=60, breach_m=None):
    """The parts that show in fixes of places in metres, the last of them now."""
    lon, lat = np.array([city.lon_lat(*place) for place in places]).T
    when_ms = at_ms - every_s * 1000 * np.arange(len(places))[::-1]
    breach = np.zeros(len(places)) if breach_m is None else np.array(breach_m)
    return set(parts_of(Policy().wander, when_ms, lat, lon, breach, at_ms))


def test_the_hours_of_the_night():
    assert shown([HOME] * 3, at_ms=MIDNIGHT_MS) == {"night"}
    assert shown([HOME] * 3) == set()
    assert shown([HOME], at_ms=MIDNIGHT_MS) == {"night"}


def test_to_and_fro_is_pacing():
    there_and_back = [(0, 0), (40, 0), (2, 3), (41, 1), (0, 2)]
    assert shown(there_and_back) == {"pacing"}
    assert shown(there_and_back[:3]) == set(), "one turn is none"
    assert shown(there_and_back, every_s=400) == set(), "not within minutes"
    assert shown([(0, 0), (5, 0), (0, 0), (6, 1), (1, 0)]) == set(), "noise"


def test_round_and_round_is_lapping():
    block = [(0, 0), (60, 0), (60, 60), (0, 60), (3, 4)]
    assert shown(block) == {"lapping"}
    assert shown(block[:4]) == set()


def test_straight_outwards_is_closing():
    out = [(0, 0), (30, 0), (60, 0)]
    assert shown(out, breach_m=[-60, -30, 0]) == {"closing"}
    assert shown(out, breach_m=[0, -30, -60]) == set()


def test_she_leaves_at_night_and_the_alarm_says_so():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:30")
    wander = house.only("raise", "fence_left").because["wander"]
    assert (wander["parts"], wander["score"]) == (["night"], 0.5)
    house.walks("band-li", HOME, until="02:40")
    assert "wander" not in house.only("clear", "fence_left").because


def test_by_day_and_standing_there_is_nothing_to_say():
    house = Evening(MRS_LI, GROUNDS, begins="12:00").walks("band-li", HOME, until="12:10")
    house.walks("band-li", STREET, until="12:30")
    assert "wander" not in house.only("raise", "fence_left").because


def walks_out(policy, *, begins="01:50"):
    """Slowly away from home, over the fence at 100 m and on."""
    house = Evening(MRS_LI, GROUNDS, begins=begins, policy=policy)
    house.walks("band-li", HOME, until=later(house, 20))
    for minute in range(9):
        place = 37.3 + 21 * minute, 3.1 * minute
        house.at(later(house, 1)).says("band-li", place=place, acc_m=8.0)
    return house


def later(house, minutes):
    return wall(house.now_ms + minutes * 60_000)


def raised_ms(house):
    return house.only("raise", "fence_left").at_ms


def changed(**wander):
    return replace(Policy(), wander=replace(Policy().wander, **wander))


def test_who_walks_out_at_night_is_believed_to_be_out_on_less():
    hasty = raised_ms(walks_out(changed(odds=20.0, enough=0.6)))
    assert hasty < raised_ms(walks_out(changed(odds=1.0)))
    # Two witnesses it takes in any case.
    house = walks_out(changed(odds=1e6, bad_p=1.0, enough=0.0))
    assert house.only("raise", "fence_left").because["witnesses"] >= 2


def test_a_score_that_is_not_high_enough_hastens_nothing():
    usual = raised_ms(walks_out(changed(odds=1.0)))
    assert raised_ms(walks_out(changed(odds=20.0, enough=0.66))) == usual


def test_an_alarm_of_somebody_who_walks_as_the_lost_do_is_one_higher():
    high = replace(changed(enough=0.6), priority=Policy().priority | {"fence_left": "high"})
    night, day = walks_out(high), walks_out(high, begins="12:00")
    assert night.only("raise", "fence_left").because["wander"]["parts"][:2] == ["night", "closing"]
    assert night.only("raise", "fence_left").alarm.priority == "urgent"
    assert day.only("raise", "fence_left").alarm.priority == "high"


# Habits -----------------------------------------------------------------------------------------


def days_of(routine, walks_at, *, days=4, hours=range(24)):
    """A fix a minute of row 0; walking in some hours of the day."""
    begin_ms = clock("00:00")
    for minute in range(days * 24 * 60):
        hour = minute // 60 % 24
        if hour in hours:
            at = np.array([begin_ms + minute * 60_000])
            routine.take(np.array([0]), at, np.array([0.9 if hour in walks_at else 0.1]))
    return begin_ms + days * 24 * city.HOUR_MS


def test_hours_at_which_she_never_walks_are_learned():
    routine = Routine(Policy().wander)
    routine.make_room(2)
    begin_ms = days_of(routine, walks_at={9, 15})
    unusual = [routine.is_unusual(0, begin_ms + hour * city.HOUR_MS) for hour in range(24)]
    assert [hour for hour in range(24) if not unusual[hour]] == [9, 15]
    assert not routine.is_unusual(1, begin_ms), "of another nothing is known"
    routine.make_room(3)
    assert routine.is_unusual(0, begin_ms)
    routine.forget(0)
    assert not routine.is_unusual(0, begin_ms), "somebody else wears it now"


def test_an_hour_of_which_little_is_known_is_not_unusual():
    routine = Routine(Policy().wander)
    routine.make_room(1)
    begin_ms = days_of(routine, walks_at=set(), days=2)
    assert not routine.is_unusual(0, begin_ms)


def test_habits_are_the_wearers_and_go_with_the_roster():
    house = Evening(MRS_LI, GROUNDS, begins="12:00").walks("band-li", HOME, until="12:30")
    habits = house.engine.conditions.routine.habits
    assert habits.seen[0].sum() > 0
    house.put(replace(MRS_LI, zone="bed 2"))
    assert habits.seen[0].sum() > 0
    house.put(replace(MRS_LI, resident_id="wang"))
    assert habits.seen[0].sum() == 0


def slowly(places, every_s):
    """The same of pacing and lapping, one fix at a time."""
    policy = Policy().wander
    recent = places[-int(policy.within_s // every_s) - 1 :]
    steps = [b - a for a, b in itertools.pairwise(recent) if abs(b - a) >= policy.step_m]
    turns = [abs(np.angle(b / a, deg=True)) for a, b in itertools.pairwise(steps)]
    reversals = sum(turn > 120.0 for turn in turns)
    laps = any(
        abs(recent[end] - recent[begin]) <= policy.same_m
        and max(abs(place - recent[begin]) for place in recent[begin : end + 1]) >= policy.lap_m
        for begin in range(len(recent) - 2)
        for end in range(begin, len(recent))
    )
    pacing = {"pacing"} if reversals >= policy.reversals else set()
    return pacing | ({"lapping"} if laps and not reversals else set())


@city.examples(300)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=KEPT),
    st.sampled_from([30, 60, 200]),
)
def test_columns_say_what_one_fix_after_the_other_says(cells, every_s):
    places = [(9.3 * east + 0.17 * n, 9.1 * north + 0.13 * n * n) for n, (east, north) in enumerate(cells)]
    expected = slowly([complex(*place) for place in places], every_s)
    assert shown(places, every_s=every_s) == expected


@pytest.mark.parametrize("count", range(KEPT + 1))
def test_any_number_of_fixes_will_do(count):
    assert shown([(30.0 * n, 0) for n in range(max(count, 1))]) == set()
