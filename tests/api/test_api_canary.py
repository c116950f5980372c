"""What the api knows of the canary: when a song is missed, and what may end that."""

from __future__ import annotations

import msgspec
import pytest

from api import canary as module
from api.canary import MISSED_IS_RED, Canary

URL = "mqtt://127.0.0.1:1"


@pytest.fixture
def now(monkeypatch):
    at = [100.0]
    monkeypatch.setattr(module, "monotonic_s", lambda: at[0])
    return at


def sing(canary, now, seconds, every_s=1.0):
    """Songs, and the seconds after them; the pulses that a gateway would give."""
    pulses = []
    for _ in range(seconds):
        pulses.append({"canary": msgspec.json.decode(canary.begin_song())})
        now[0] += every_s
    return pulses


def test_a_song_that_comes_back_within_a_second_is_heard_and_measured(now):
    canary = Canary(URL)
    assert not canary.waits
    song = msgspec.json.decode(canary.begin_song())
    assert canary.waits and canary.state().missed == 0 and canary.state().round_trip_ms is None
    now[0] += 0.004
    canary.hear({"canary": song})
    assert not canary.waits
    state = canary.state()
    assert (state.missed, state.round_trip_ms, canary.sung, canary.heard) == (0, 4, 1, 1)


def test_three_that_do_not_come_back_are_red_until_one_does(now):
    canary = Canary(URL)
    pulses = sing(canary, now, 3)
    assert canary.state().missed == 2 and not canary.is_silent  # the last one is not late yet
    now[0] += 0.1
    assert canary.state().missed == MISSED_IS_RED == 3 and canary.is_silent
    canary.hear(pulses[1])  # late, and two seconds are gone
    assert canary.state().missed == 1 and not canary.is_silent
    canary.hear(pulses[0])  # what is older says nothing
    assert canary.state().missed == 1 and canary.heard == 1
    canary.hear(pulses[2])
    assert canary.state().missed == 0


@pytest.mark.parametrize(
    "pulse",
    [
        None,
        {},
        {"canary": None},
        {"canary": {}},
        {"canary": {"run": "another", "seq": 1}},
        {"canary": {"run": None, "seq": "1"}},
    ],
)
def test_what_is_not_its_own_song_ends_nothing(now, pulse):
    canary = Canary(URL)
    sing(canary, now, 5)
    canary.hear(pulse)
    assert canary.is_silent
    own = msgspec.json.decode(canary.begin_song())
    canary.hear({"canary": {**own, "seq": own["seq"] + 5}})  # one that was never sung
    assert canary.is_silent


def test_days_without_an_answer_take_no_more_room(now):
    canary = Canary(URL)
    sing(canary, now, 5000)
    assert len(canary._sung_s) <= module._KEPT
    assert canary.is_silent
    canary.hear({"canary": msgspec.json.decode(canary.begin_song())})
    assert not canary.is_silent and len(canary._sung_s) == 0


def test_one_that_does_not_sing_is_not_missed(now):
    canary = Canary(None)
    assert canary.state() is None and not canary.is_silent and not canary.waits
