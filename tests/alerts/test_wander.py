"""What is said of the way somebody walks who crossed a fence."""

from __future__ import annotations

import itertools

import city
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scenarios import GROUNDS, HOME, MRS_LI, STREET, Evening, mrs_li_at_home

from alerts.policy import Policy
from alerts.recent import KEPT
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
