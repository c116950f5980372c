"""What is due stays due: through crashes at any moment, a sleeping host and a wall clock that is set."""

from types import SimpleNamespace

import msgspec
import pytest
from road import House

from iot_gateway import clock as clocks
from iot_gateway.clock import ClockWatch

S = 1_000_000_000
DAY_S = 86_400
CO_DELAY_S = 60  # of the policy: 100 ppm must have lasted so long


class Times:
    """Three clocks that this test moves: wall, monotonic, and the one that goes on while the host sleeps."""

    CLOCK_BOOTTIME = 7

    def __init__(self):
        self.wall, self.mono, self.boot = 1_790_000_000 * S, 5 * S, 5 * S

    def go(self, seconds=0.0, *, step=0.0, asleep=0.0):
        self.mono += int(seconds * S)
        self.boot += int((seconds + asleep) * S)
        self.wall += int((seconds + asleep + step) * S)

    def time_ns(self):
        return self.wall

    def monotonic_ns(self):
        return self.mono

    def monotonic(self):
        return self.mono / S

    def clock_gettime_ns(self, which):
        assert which == self.CLOCK_BOOTTIME
        return self.boot


@pytest.fixture
def times(monkeypatch):
    made = Times()
    monkeypatch.setattr(clocks, "time", made)
    return made


class Living(House):
    """A gateway with its own clock; `turn(passed_ms)` moves all three."""

    def __init__(self, directory, times):
        self.times = times
        super().__init__(directory)

    def open(self):
        super().open()
        clock = self.gateway.clock = self.gateway.intake._clock = clocks.Clock(self.gateway.engine.now_ms)

        class Now(SimpleNamespace):
            at_ms = property(
                lambda _: clock.now_ms(), lambda now, at_ms: self.times.go((at_ms - now.at_ms) / 1000)
            )
            monotonic_s = staticmethod(clocks.Clock.monotonic_s)

        self.clock = Now()

    def go(self, seconds):
        """A second a turn."""
        for _ in range(round(seconds)):
            self.turn(1000)

    def leak(self):
        """Carbon monoxide: an alarm in a minute, unless it goes away."""
        self.say("heartbeat", {"co": 150.0}, "f1")
        self.turn(0)
        assert not self.raised()

    def raised(self):
        rows = self.rows("SELECT body FROM journal ORDER BY seq")
        said = [msgspec.json.decode(body) for (body,) in rows]
        return [(one["subject_id"], one["kind"]) for one in said if one["event"] == "raise"]

    def pulse(self):
        self.turn(1000)
        return msgspec.json.decode(self.gateway.store.read_meta("pulse"))


@pytest.fixture
def house(tmp_path, times):
    made = Living(tmp_path, times)
    made.enrol()
    for device in ("w1", "w2", "f1"):
        made.say("heartbeat", {"bat": 80}, device)
    made.turn()
    return made


LEAK = [("f1", "co")]


@pytest.mark.parametrize("away_s", [0, 1, 20, 3600])
@pytest.mark.parametrize("after_s", [0, 1, 30, 59])
def test_a_delay_survives_a_crash_at_any_moment_and_is_due_at_once_when_it_is_over(
    house, times, after_s, away_s
):
    house.leak()
    house.go(after_s)
    times.go(away_s)
    house.restart()
    house.turn(1)
    left_s = CO_DELAY_S - after_s - away_s
    if left_s >= 0:
        house.go(left_s - 1)
        assert not left_s or not house.raised()
        house.go(2)  # timers have a resolution of a second
    assert house.raised() == LEAK
    house.go(120)
    house.restart()
    house.turn(1)
    assert house.raised() == LEAK, "once, whatever comes after"


def test_crash_loops_do_not_begin_a_delay_anew(house, times):
    house.leak()
    for _ in range(20):
        times.go(2.9)
        house.restart()
        house.turn(1)
    times.go(3)
    house.turn(1)
    assert house.raised() == LEAK


@pytest.mark.parametrize("away_s", [60, 1200])
def test_a_shelf_ends_at_its_time_also_if_nobody_was_there_then(house, times, away_s):
    house.say("alarm", {"kinds": ["strap_off"], "seq": 1})
    house.turn()
    until_ms = house.clock.at_ms + 600_000
    shelve = {"verb": "shelve", "alarm_id": "A1", "reason": "repair", "until_ms": until_ms}
    asked = house.ask("alarm", shelve)
    house.turn()
    assert house.answer(asked)[0] == "done"
    times.go(away_s)
    house.restart()
    house.turn(1)
    ((shelved,),) = house.rows("SELECT shelved FROM alarms WHERE alarm_id='A1'")
    assert bool(shelved) == (away_s < 600)
    house.go(601 - away_s)
    assert house.rows("SELECT shelved FROM alarms WHERE alarm_id='A1'") == [(0,)]


def test_a_wall_clock_set_forward_makes_due_what_may_be_and_nobody_silent(house, times):
    house.leak()
    times.go(1, step=3600)
    house.turn(1)
    assert house.raised() == LEAK
    house.go(30)
    assert house.raised() == LEAK, "an hour that never was is nobody's silence"
    assert [(jump.by_ms, jump.why) for jump in house.gateway.store.jumps()] == [(3_600_000, "set")]


def test_a_wall_clock_set_back_stops_no_delay(house, times):
    house.leak()
    times.go(1, step=-DAY_S)
    house.turn(1)
    house.go(CO_DELAY_S + 1)  # a 64th slower, so that the difference is made good some day
    assert house.raised() == LEAK
    (jump,) = house.gateway.store.jumps()
    assert (jump.by_ms, jump.why) == (-DAY_S * 1000, "set")
    pulse = house.pulse()
    assert pulse["clock_jump"]["by_ms"] == -DAY_S * 1000
    assert pulse["clock_behind_ms"] > DAY_S * 980


@pytest.mark.parametrize("step_s", [-DAY_S, -3, 400 * DAY_S])
def test_a_wall_clock_set_between_two_runs_delays_nothing(house, times, step_s):
    house.leak()
    times.go(5, step=step_s)
    house.restart()
    house.turn(1)
    house.go(CO_DELAY_S + 2)  # of the time since the last pulse nobody knows, and a 64th is given back
    assert house.raised() == LEAK


def test_a_clock_set_back_and_a_crash_loop_together_cost_a_delay_a_second_a_crash_at_most(house, times):
    house.leak()
    house.go(10)
    times.go(0, step=-DAY_S)
    for _ in range(10):
        house.go(3)
        house.restart()
    house.go(CO_DELAY_S - 40 + 10 + 2)
    assert house.raised() == LEAK


def test_a_host_that_slept_decides_everything_that_is_due_in_its_first_turn(house, times):
    house.leak()
    times.go(0.1, asleep=7200)
    house.turn(1)
    assert house.raised() == LEAK, "and nobody is silent because we were"
    assert [(jump.by_ms, jump.why) for jump in house.gateway.store.jumps()] == [(7_200_000, "slept")]
    assert house.pulse()["clock_jump"]["why"] == "slept"


def test_what_was_done_to_the_time_is_remembered_after_a_restart_a_hundred_times_at_most(house, times):
    for _ in range(103):
        times.go(1, step=10)
        house.turn(1)
    house.restart()
    jumps = house.gateway.store.jumps()
    assert len(jumps) == 100 and {jump.by_ms for jump in jumps} == {10_000}


@pytest.mark.parametrize(
    ("moved", "wanted"),
    [
        ({"seconds": 3600}, None),
        ({"seconds": 3600, "step": 1.9}, None),
        ({"seconds": 0.02, "step": 2.1}, (2100, "set")),
        ({"seconds": 0.02, "step": -2.1}, (-2100, "set")),
        ({"seconds": 1, "asleep": 4.9}, None),
        ({"seconds": 1, "asleep": 5.1}, (5100, "slept")),
        ({"seconds": 1, "asleep": 60, "step": -30}, (60_000, "slept")),
    ],
)
def test_the_three_clocks_tell_a_step_from_a_sleep(times, moved, wanted):
    watch = ClockWatch()
    times.go(**moved)
    jump = watch.look()
    assert (jump and (jump.by_ms, jump.why)) == wanted
    assert watch.look() is None
