"""The laboratory's marks: what is false, late, repeated, lucky; and what the peers' rules say."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from alerts.engine import DeviceRequest
from alerts.policy import Policy
from bench.lab.baselines import BASELINES, Seen, accuracy_subtracted, bare, marks_by, outside_for, seen_of
from bench.lab.files import run_replay
from bench.lab.product import Answers, batch_of_rows, run_closed, run_open
from bench.lab.runs import Plan, run_seed
from bench.lab.score import Mark, score
from bench.lab.truth import Departure, Truth
from bench.lab.world import EPOCH_MS, build

# Crossed at 1,000 s, 30 m outside from 1,030 s, back at 3,000 s.
AWAY = Departure(0, 1000.0, 1030.0, 3000.0)


@pytest.fixture(scope="module")
def quiet():
    """One band, one departure."""
    world = build(1, 1, 1, "mixed", 0.0)
    truth = Truth([AWAY], np.array([[1015.0, 2985.0]]), [np.array([[5000.0, 5100.0]])])
    return replace(world, truths=[truth])


def judged(world, *marks):
    return score(world, [Mark(at_s, 0, -1, begins) for at_s, begins in marks])


def test_in_time(quiet):
    made = judged(quiet, (1100.0, True), (3050.0, False))
    assert (made.delays, made.from_30_m) == ([100.0], [70.0])
    assert (made.false, made.repeats, made.lucky) == (0, 0, 0)
    assert made.share_within(300) == 1


def test_on_the_way_out_counts_nothing_from_30_m(quiet):
    made = judged(quiet, (1010.0, True))
    assert (made.delays, made.from_30_m) == ([10.0], [0.0])


def test_later_than_five_minutes_is_missed(quiet):
    made = judged(quiet, (1301.0, True))
    assert made.share_within(300) == 0
    assert made.share_within(900) == 1


def test_after_the_return_is_missed_and_neither_false_nor_repeated(quiet):
    made = judged(quiet, (3100.0, True))
    assert (made.delays, made.false, made.repeats) == ([inf], 0, 0)


def test_false_is_whoever_was_inside_for_ten_minutes(quiet):
    made = judged(quiet, (900.0, True), (950.0, False), (3601.0, True), (3700.0, False))
    assert (made.false, made.delays) == (2, [inf])


def test_an_alarm_that_still_stands_is_luck(quiet):
    made = judged(quiet, (900.0, True), (2000.0, False), (2100.0, True))
    assert (made.delays, made.lucky, made.repeats, made.false) == ([0.0], 1, 1, 1)


def test_one_that_ends_on_the_way_out_is_none(quiet):
    made = judged(quiet, (900.0, True), (1010.0, False), (1200.0, True))
    assert (made.delays, made.lucky, made.repeats) == ([200.0], 0, 0)


def test_raised_again_is_a_repeat(quiet):
    assert judged(quiet, (1100.0, True), (1200.0, False), (1300.0, True)).repeats == 1


def test_outings_are_neither_false_nor_true(quiet):
    truth = replace(quiet.truths[0], departures=[])
    made = judged(replace(quiet, truths=[truth]), (1100.0, True))
    assert (made.outings, made.false, made.delays) == (1, 0, [])


def test_entered_is_judged_by_its_own_fence(quiet):
    made = score(quiet, [Mark(5050.0, 0, 0, True), Mark(7000.0, 0, 0, True)])
    assert (made.entered, made.false_entered) == (1, 1)


def seen(out_m, acc_m):
    n = len(out_m)
    return Seen(
        np.zeros(n, np.int64), 60.0 * np.arange(n), np.array(out_m, float), np.zeros(n), np.array(acc_m, float),
        np.arange(n) == 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (bare, [(60.0, True), (240.0, False), (300.0, True)]),
        (lambda s: bare(s, times=2), [(120.0, True), (240.0, False)]),
        (accuracy_subtracted, [(120.0, True), (240.0, False), (300.0, True)]),
        (lambda s: outside_for(s, seconds=120.0), [(180.0, True), (240.0, False)]),
    ],
)
def test_the_peers(rule, wanted):
    made = marks_by(rule, seen([-5, 5, 40, 5, -5, 90], [10, 10, 10, 10, 10, np.nan]))
    assert [(mark.at_s, mark.begins) for mark in made] == wanted


def test_the_oracle_is_never_wrong():
    world = build(11, 60, 1, "mixed", 0.5)
    made = score(world, marks_by(BASELINES["oracle with two fixes"], seen_of(world), true=True))
    assert made.false <= 1  # one late report may tell of a return ten minutes ago
    assert made.share_within(300) > 0.5


@pytest.mark.parametrize("weather", ["mixed", "hostile"])
def test_the_real_command_decides_the_same(tmp_path, weather):
    world = build(12, 16, 1, weather, 1.0)
    marks = run_open(world, Policy())
    assert len(marks) > 20
    assert run_replay(world, tmp_path, None) == marks


def test_asked_for_a_fix_a_band_answers_soon_and_near():
    world = build(13, 30, 1, "open", 0.0)
    answers = Answers(world)
    now_ms = EPOCH_MS + 3_600_000
    for band in range(30):
        answers.ask(DeviceRequest(f"band-{band:05d}", "locate", {}, now_ms + 300_000, 1, f"S{band}"), now_ms)
    nothing = batch_of_rows(world.fixes, np.empty(0), np.empty(0), np.empty((0, 2)), slice(0, 0))
    assert len(answers.joined(nothing, now_ms + 4_000)) == 0
    batch = answers.joined(nothing, now_ms + 41_000)
    assert answers.asked == 30
    assert 0 < len(batch) < 30
    assert (np.diff(batch.received_at_ms) >= 0).all()
    assert ((batch.received_at_ms >= now_ms + 5_000) & (batch.received_at_ms <= now_ms + 40_000)).all()
    assert len(answers.joined(nothing, now_ms + 90_000)) == 0


def test_the_closed_loop_is_the_same_each_time():
    world = build(14, 3, 1, "mixed", 1.0)
    assert run_closed(world, Policy()) == run_closed(world, Policy())


def test_a_policy_can_be_varied():
    plan = Plan(bands=12, days=1, departures_a_day=1.0, closed=False, vary=(("fence.confirm_fixes", (1, 6)),))
    found = run_seed(plan, 15)
    few, many = (made for _, made in found.lines["Shouwang, fence.confirm_fixes"])
    assert few.false > many.false
    assert set(found.scores) > {"Shouwang, open loop", "oracle with two fixes"}
