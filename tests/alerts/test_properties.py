"""What holds for every stream: cuts do not show, rows do not matter, no alarm bit is lost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from random import Random

import city
from hypothesis import given
from hypothesis import strategies as st

from alerts.batch import Reading
from alerts.commands import AlarmCommand, RosterCommand
from alerts.engine import Decisions, Engine
from alerts.snapshot import dump, load
from alerts.vocabulary import LATCHING, kinds_of


def run_whole(inputs) -> Decisions:
    return in_order(city.step(Engine(city.QUICK), city.end_ms(inputs), inputs))


def in_order(decided: Decisions) -> Decisions:
    """Whom to ask first in one millisecond is no matter."""
    decided.requests.sort(key=lambda request: (request.expires_at_ms, request.request_id))
    return decided


def run_in_pieces(inputs, dice: Random, *, restart: bool = False) -> Decisions:
    """The same stream in steps of any size that end at any time, with ticks between them."""
    engine, total = Engine(city.QUICK), Decisions()
    begin = 0
    while begin < len(inputs):
        end = min(len(inputs), begin + dice.choice([0, 1, 1, 2, 3, 10]))
        taken = city.numbered(inputs[begin:end])  # arrivals count anew in each step
        earliest = taken[-1].received_at_ms if taken else engine.now_ms
        latest = inputs[end].received_at_ms if end < len(inputs) else city.end_ms(inputs)
        due_ms = engine.next_due_ms()
        times = [earliest, latest, (earliest + latest) // 2, due_ms - 1, due_ms, due_ms + 1]
        now_ms = dice.choice([t for t in times if max(earliest, inputs[0].received_at_ms) <= t <= latest])
        add(total, city.step(engine, now_ms, taken))
        begin = end
        if restart and dice.random() < 0.3:
            engine = load(dump(engine), city.QUICK)
    add(total, city.step(engine, city.end_ms(inputs), []))
    return in_order(total)


def add(total: Decisions, more: Decisions) -> None:
    total.transitions += more.transitions
    total.results += more.results
    total.requests += more.requests
    total.next_due_ms = more.next_due_ms


@city.examples(150)
@given(city.seeds, city.streams, city.seeds)
def test_how_a_stream_is_cut_into_batches_cannot_be_seen(roster, actions, seed):
    _, inputs = city.play(roster, actions)
    whole, pieces = run_whole(inputs), run_in_pieces(inputs, Random(seed))
    assert list(map(repr, pieces.transitions)) == list(map(repr, whole.transitions))
    assert pieces == whole


@city.examples(50)
@given(city.seeds, city.streams)
def test_one_input_a_step_with_a_tick_at_every_due_time_is_the_same(roster, actions):
    _, inputs = city.play(roster, actions)
    engine, total = Engine(city.QUICK), Decisions()
    for taken in [*inputs, None]:
        until_ms = taken.received_at_ms if taken else city.end_ms(inputs)
        while (due_ms := engine.next_due_ms()) <= until_ms:
            if due_ms > engine.now_ms:
                assert not city.step(engine, due_ms - 1, []).transitions, "nothing before it is due"
            add(total, city.step(engine, due_ms, []))
        add(total, city.step(engine, until_ms, [taken] if taken else []))
    assert in_order(total) == run_whole(inputs)


@city.examples(50)
@given(city.seeds, city.streams, city.seeds)
def test_a_restart_from_a_snapshot_cannot_be_seen(roster, actions, seed):
    _, inputs = city.play(roster, actions)
    assert run_in_pieces(inputs, Random(seed), restart=True) == run_whole(inputs)


@city.examples(50)
@given(city.seeds, city.streams)
def test_the_same_input_gives_the_same_output_to_the_letter(roster, actions):
    _, inputs = city.play(roster, actions)
    assert repr(run_whole(inputs)) == repr(run_whole(inputs))


@city.examples(50)
@given(city.seeds, city.streams, st.permutations(range(len(city.DEVICE_IDS))))
def test_permuting_the_rows_of_devices_permutes_the_output(roster, actions, row_of):
    """Commands name alarms by ids, which depend on who came first: they stay out of it."""
    _, inputs = city.play(roster, actions)
    inputs = [x for x in inputs if not isinstance(x, AlarmCommand)]
    devices = inputs[0].edit.devices
    moved = sorted(devices, key=lambda d: row_of[devices.index(d)])
    first = replace(inputs[0], edit=replace(inputs[0].edit, devices=tuple(moved)))
    others = [
        replace(x, device_row=row_of[x.device_row]) if isinstance(x, Reading) else x for x in inputs[1:]
    ]
    assert by_device(run_whole([first, *others])) == by_device(run_whole(inputs))


def by_device(decided: Decisions) -> dict[str, list[tuple[object, ...]]]:
    """The story of every device, without the numbers that the whole city shares."""
    stories = defaultdict(list)
    for made in decided.transitions:
        _, *told, _ = city.fact(made)
        because = {name: value for name, value in made.because.items() if name != "parent_alarm_id"}
        stories[made.alarm.device_id].append((*told, repr(because), made.alarm.position))
    return stories


@city.examples(100)
@given(city.seeds, city.streams)
def test_any_item_with_an_alarm_bit_gives_an_alarm(roster, actions):
    """Whatever its fix, its age, its order: each kind raises, or is active already."""
    _, inputs = city.play(roster, actions)
    engine = Engine(city.QUICK)
    for taken in inputs:
        city.step(engine, taken.received_at_ms, [])
        before = {a.identity for a in engine.alarms.open.values() if a.state.startswith("active")}
        made = city.step(engine, taken.received_at_ms, [taken]).transitions
        if isinstance(taken, Reading):
            raised = {t.alarm.identity for t in made if t.event in {"raise", "reraise"}}
            device_id = engine.fleet.devices[taken.device_row].device_id
            for kind in kinds_of(taken.on_bits):
                identity = ("device", device_id, kind, None)
                assert identity in raised | before
                assert identity in engine.alarms.open


@city.examples(100)
@given(city.seeds, city.streams)
def test_the_system_never_ends_a_latching_alarm(roster, actions):
    _, inputs = city.play(roster, actions)
    for made in run_whole(inputs).transitions:
        if made.alarm.kind in LATCHING:
            assert (made.alarm.state == "normal") == (made.event == "close")
            assert made.alarm.state != "cleared_unacknowledged"
            assert not made.alarm.shelved


@city.examples(100)
@given(city.seeds, city.streams)
def test_seq_goes_up_by_one_and_time_never_back(roster, actions):
    _, inputs = city.play(roster, actions)
    made = run_whole(inputs).transitions
    assert [t.seq for t in made] == list(range(1, len(made) + 1))
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(made))
    assert all(t.seq == t.alarm.seq for t in made)


@city.examples(50)
@given(city.seeds, city.streams)
def test_an_edit_that_changes_nothing_changes_nothing(roster, actions):
    """The same roster put again at any time: an equal definition is no edit."""
    _, inputs = city.play(roster, actions)
    inputs = [x for x in inputs if not isinstance(x, RosterCommand)]
    first = city.roster_command(0, city.EVENING_MS, city.a_roster(roster))
    again = [replace(first, received_at_ms=x.received_at_ms) for x in inputs]
    doubled = [y for pair in zip(inputs, again, strict=True) for y in pair]
    whole = run_whole(city.numbered([first, *inputs]))
    assert run_whole(city.numbered([first, *doubled])).transitions == whole.transitions
