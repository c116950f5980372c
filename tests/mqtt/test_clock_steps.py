"""A time that never runs backwards, whatever is done to the wall clock."""

import threading
from types import SimpleNamespace

import pytest

from iot_gateway import clock as module

S = 1_000_000_000


@pytest.fixture
def times(monkeypatch):
    now = SimpleNamespace(wall=1_700_000_000 * S, mono=5 * S)

    def go(seconds, step=0.0):
        now.mono += int(seconds * S)
        now.wall += int((seconds + step) * S)

    now.go = go
    faked = SimpleNamespace(
        time_ns=lambda: now.wall, monotonic_ns=lambda: now.mono, monotonic=lambda: now.mono / S
    )
    monkeypatch.setattr(module, "time", faked)
    return now


def test_it_is_the_wall_clock(times):
    clock = module.Clock()
    assert clock.now_ms() == times.wall // 1_000_000
    times.go(1.5)
    assert clock.now_ms() == times.wall // 1_000_000
    assert clock.behind_ms == 0


def test_it_follows_a_step_forward(times):
    clock = module.Clock()
    times.go(1, step=3600)
    assert clock.now_ms() == times.wall // 1_000_000
    assert clock.behind_ms == 0


def test_it_goes_on_when_the_wall_clock_steps_back_and_says_so(times):
    clock = module.Clock()
    before = clock.now_ms()
    times.go(0, step=-3600)
    assert clock.now_ms() == before
    assert clock.behind_ms == 3_600_000
    times.go(64)
    assert clock.now_ms() == before + 63_000, "a timer is late by a 64th, not stopped"
    assert clock.behind_ms == 3_599_000


def test_it_makes_the_difference_good_and_is_the_wall_clock_again(times):
    clock = module.Clock()
    times.go(0, step=-2)
    readings = []
    for _ in range(200):
        times.go(1)
        readings.append(clock.now_ms())
    assert readings == sorted(set(readings))
    assert readings[-1] == times.wall // 1_000_000
    assert clock.behind_ms == 0


def test_it_never_goes_below_its_floor(times):
    floor = times.wall // 1_000_000 + 10_000
    clock = module.Clock(floor_ms=floor)
    assert clock.now_ms() == floor
    assert clock.behind_ms == 10_000
    times.go(64)
    assert clock.now_ms() == floor + 63_000


def test_many_readings_close_together_do_not_run_away(times):
    clock = module.Clock()
    times.go(0, step=-1)
    for _ in range(10_000):
        times.go(0.0001)
        clock.now_ms()
    assert clock.now_ms() - times.wall // 1_000_000 == pytest.approx(1000 - 1000 / 64, abs=2)


def test_threads_see_one_time_that_only_rises():
    clock = module.Clock()
    seen, lock = [], threading.Lock()

    def read():
        for _ in range(2000):
            with lock:
                seen.append(clock.now_ms())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == sorted(seen)
    assert clock.monotonic_s() <= clock.monotonic_s()
