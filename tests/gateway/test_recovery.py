"""A run that is stopped anywhere and started again decides what a run that never stopped decides."""

import gc
from contextlib import closing
from dataclasses import replace

import msgspec
import pytest
from road import NOW_MS, Core, House, enrolment, kinds_raised, message
from weather import Weather

from alerts.policy import Policy
from iot_gateway import journal
from iot_gateway.batcher import Received, arrange
from iot_gateway.recovery import RecoveryError, recover
from iot_gateway.replay import replay
from iot_gateway.roster_file import Roster
from iot_gateway.store import Store


def undisturbed(steps):
    """What the core decides over the same inputs, in memory and without a stop: journal bodies."""
    inputs = [entry for _, entries in steps for entry in entries]
    made = [t for ts in replay(Roster(), inputs, Policy()) for t in ts]
    return [bare(journal.event(transition, 0)) for transition in made]


def bare(body):
    """As JSON says it, without the moment of the commit."""
    said = msgspec.json.decode(msgspec.json.encode(body))
    return {name: value for name, value in said.items() if name != "committed_at_ms"}


def same(found, wanted, until_ms):
    """The journal of a run may go on by its last tick, which the undisturbed one does not see."""
    for one, other in zip(found, wanted, strict=False):
        assert one == other
    assert len(found) >= len(wanted)
    assert all(one["at_ms"] <= until_ms for one in found)


SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_with_crashes_snapshots_and_repeats_has_the_journal_of_one_that_never_stopped(seed, tmp_path):
    weather = Weather(seed)
    steps = weather.steps(60)
    dice = weather.random
    path = tmp_path / "s.sqlite"
    core, delivered, crashes = Core(path), [], 0
    for now_ms, inputs in steps:
        if dice.random() < 0.3:  # before the commit: all of it comes again
            arrived, commands = arrange(inputs)
            core.engine.step(now_ms, core.batcher.admit(arrived).batch, commands)
            core.close()
            core, crashes = Core(path), crashes + 1
        core.step(inputs, now_ms)
        # What was refused may be taken when it comes again: its device is enrolled by then.
        delivered += [one for one in inputs if isinstance(one, Received) and "/new/" not in one.topic]
        if dice.random() < 0.2:
            core.keep_state()
        if dice.random() < 0.3:  # after the commit, before any acknowledgement: repeats
            core.close()
            core, crashes = Core(path), crashes + 1
            again = dice.sample(delivered[-20:], min(len(delivered), 4))
            core.step([one._replace(received_at_ms=now_ms) for one in again], now_ms)
    journal_now = core.journal()
    core.close()
    same(journal_now, undisturbed(steps), steps[-1][0])
    assert crashes > 10 and len(journal_now) > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_items_that_nothing_tells_apart_survive_crashes_too(seed, tmp_path):
    weather = Weather(seed, known=False)
    steps = weather.steps(40)
    path = tmp_path / "s.sqlite"
    core = Core(path)
    for now_ms, inputs in steps:
        core.step(inputs, now_ms)
        if weather.random.random() < 0.1:
            core.keep_state()
        if weather.random.random() < 0.4:
            core.close()
            core = Core(path)
    same(core.journal(), undisturbed(steps), steps[-1][0])
    core.close()


@pytest.mark.parametrize("seed", range(4))
def test_with_and_without_a_snapshot_the_same_state_is_computed(seed, tmp_path):
    weather = Weather(seed)
    path = tmp_path / "s.sqlite"
    core = Core(path)
    for now_ms, inputs in weather.steps(30):
        core.step(inputs, now_ms)
    core.close()
    kept = []
    core = Core(path)
    later = [weather.step() for _ in range(10)]
    from_steps = [
        core.engine.step(now_ms, core.batcher.admit(arrange(i)[0]).batch, arrange(i)[1])
        for now_ms, i in later
    ]
    core.close()
    core = Core(path)
    core.keep_state()
    core.close()
    core = Core(path)
    core.store._db.execute("DELETE FROM steps")
    for now_ms, inputs in later:
        kept.append(
            core.engine.step(now_ms, core.batcher.admit(arrange(inputs)[0]).batch, arrange(inputs)[1])
        )
    core.close()
    assert [made.transitions for made in kept] == [made.transitions for made in from_steps]


def test_time_that_passed_without_inputs_is_logged_when_it_decided_something(tmp_path):
    core = Core(tmp_path / "s.sqlite")
    core.step([enrolment()])
    core.step([message("heartbeat", {"bat": 50})])
    _, decisions = core.step([], NOW_MS + 400_000)
    assert [t.alarm.kind for t in decisions.transitions] == ["contact_lost"]
    before = core.journal()
    core.close()
    core = Core(tmp_path / "s.sqlite")
    assert core.journal() == before and core.engine.now_ms == NOW_MS + 400_000
    core.close()


def test_items_of_a_step_do_not_take_themselves_for_repeats_when_it_is_computed_again(tmp_path):
    core = Core(tmp_path / "s.sqlite")
    core.step([enrolment()])
    for step in range(3):
        said = [{"kinds": ["sos"], "seq": seq, "ts": NOW_MS - seq} for seq in range(step + 2)]
        admitted, decisions = core.step([message("alarm", said, at_ms=NOW_MS + step)])
        assert len(kinds_raised(decisions.transitions)) == (2 if step == 0 else 1)
        assert admitted.counts["repeats"] == (0 if step == 0 else step + 1)
    before = core.journal()
    core.close()
    core = Core(tmp_path / "s.sqlite")
    assert core.engine.alarms.last_seq == len(before) == 4
    core.close()


def test_a_policy_that_changed_between_two_runs_decides_from_then_on_and_not_before(tmp_path):
    """What was decided by the old limits is computed again by the old limits."""
    strict = replace(
        Policy(),
        limits=tuple(
            replace(x, on_delay_s=0.0, above=40.0) if x.kind == "heat" else x for x in Policy().limits
        ),
    )
    house = House(tmp_path, strict)
    house.enrol()
    house.say("heartbeat", {"temp": 50}, "f1")
    house.turn()
    assert house.open_kinds("f1") == {"heat"}
    house.policy = Policy()
    house.restart()  # as kill -9, and with other limits
    assert house.open_kinds("f1") == {"heat"}
    house.say("heartbeat", {"temp": 50}, "w1")
    house.say("heartbeat", {"temp": 50}, "f2")
    house.turn()
    for policy in (Policy(), strict, Policy()):
        house.policy = policy
        house.restart()
        assert house.open_kinds("f1") == {"heat"}
    house.crash()


def test_a_shelf_from_before_there_was_a_limit_for_it_is_computed_again_as_it_was_granted(tmp_path):
    house = House(tmp_path, replace(Policy(), shelve_person_max_s=Policy().shelve_max_s))
    house.enrol()
    house.say("alarm", {"kinds": ["strap_off"], "seq": 1})
    house.turn()
    until_ms = house.clock.at_ms + 6 * 3_600_000
    shelve = {"verb": "shelve", "alarm_id": "A1", "reason": "repair", "until_ms": until_ms}
    asked = house.ask("alarm", shelve)
    house.turn()
    assert house.answer(asked)[0] == "done"
    db = house.gateway.store._db
    db.execute("UPDATE meta SET value=json_remove(value, '$.shelve_person_max_s') WHERE key='policy'")
    house.policy = Policy()
    house.restart()
    (alarm,) = house.gateway.engine.alarms.open.values()
    assert alarm.shelved and alarm.shelved_until_ms >= until_ms
    asked = house.ask("alarm", shelve)
    house.turn()
    assert house.answer(asked) == ("invalid", "strap_off is shelved for at most 30 minutes")
    house.crash()


def test_what_is_in_force_is_what_the_store_says(tmp_path):
    house = House(tmp_path)
    assert house.rows("SELECT count(*) FROM meta WHERE key='policy'") == [(1,)]
    house.policy = replace(Policy(), undo_s=30.0)
    house.restart()
    ((text,),) = house.rows("SELECT value FROM meta WHERE key='policy'")
    assert msgspec.json.decode(text)["undo_s"] == 30
    house.crash()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshots SET state=x'82'",
        "UPDATE steps SET inputs=x'00'",
        "UPDATE steps SET inputs=x'789c03000000000001'",
        "DELETE FROM steps WHERE step=(SELECT max(step) FROM steps)",
        "DELETE FROM journal WHERE seq=(SELECT max(seq) FROM journal)",
    ],
)
def test_a_store_that_does_not_add_up_is_refused_in_one_line(damage, tmp_path):
    core = Core(tmp_path / "s.sqlite")
    core.step([enrolment()])
    core.keep_state()
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1})])
    core.store._db.execute(damage)
    core.close()
    with closing(Store(tmp_path / "s.sqlite")) as store, pytest.raises(RecoveryError) as error:
        recover(store, Policy())
    assert "\n" not in str(error.value)


def test_without_a_whole_snapshot_the_inputs_are_enough_if_all_of_them_are_there(tmp_path):
    path = tmp_path / "s.sqlite"
    core = Core(path)
    core.step([enrolment()])
    core.keep_state()
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1})])
    core.store._db.execute("UPDATE snapshots SET state=x'00'")
    core.close()
    core = Core(path)
    assert core.engine.alarms.last_seq == 1
    core.store._db.execute("DELETE FROM steps WHERE step=1")
    core.close()
    with closing(Store(path)) as store, pytest.raises(RecoveryError, match="no snapshot is what was written"):
        recover(store, Policy())


def test_a_policy_that_this_version_cannot_read_is_no_reason_not_to_start(tmp_path):
    core = Core(tmp_path / "s.sqlite")
    core.step([enrolment()])
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1})])
    core.store._db.execute("INSERT OR REPLACE INTO meta VALUES ('policy', '{\"limits\": 5}')")
    core.close()
    core = Core(tmp_path / "s.sqlite")
    assert core.engine.alarms.last_seq == 1
    core.close()


# A gateway ----------------------------------------------------------------------------------------


def test_commands_that_were_decided_are_not_decided_again_after_a_crash(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.turn()
    name = house.ask("alarm", {"verb": "acknowledge", "alarm_id": "A1", "version": 1})
    house.turn()
    assert house.answer(name) == ("done", "")
    house.restart()
    house.turn()
    assert house.answer(name) == ("done", "")
    assert house.rows("SELECT state, version FROM alarms") == [("active_acknowledged", 2)]
    house.crash()


def test_commands_for_devices_go_out_again_after_a_crash_until_they_are_answered(tmp_path):
    house = House(tmp_path)
    house.enrol()
    expires = house.clock.at_ms + 3_600_000
    house.ask(
        "device_command",
        {"id": "d1", "device_id": "w1", "type": "buzz", "expires_ts": expires, "args": {"s": 3}},
    )
    house.turn()
    asked = [p for name, p in house.sent if name == "care/v1/w1/cmd"]
    assert msgspec.json.decode(asked[0]) == {
        "id": "d1",
        "type": "buzz",
        "args": {"s": 3},
        "expires_ts": expires,
    }
    house.restart()
    house.turn()
    assert not house.sent
    house.say("heartbeat", {"bat": 50}, "w2")
    house.turn()
    assert not house.sent
    house.say("heartbeat", {"bat": 50})
    house.turn()
    assert [p for name, p in house.sent if name == "care/v1/w1/cmd"] == asked
    house.say("result", {"id": "d1", "state": "done"}, "w2")
    house.turn()
    assert house.rows("SELECT state FROM device_commands") == [("queued",)]
    house.say("result", {"id": "d1", "state": "failed", "detail": "no buzzer"})
    house.turn()
    assert house.rows("SELECT state, detail FROM device_commands") == [("failed", "no buzzer")]
    house.restart()
    house.say("heartbeat", {"bat": 51})
    house.turn(60_000)
    assert not [p for name, p in house.sent if name == "care/v1/w1/cmd"]
    house.crash()


def test_a_repeat_after_a_crash_is_acknowledged_again_and_raises_nothing(tmp_path):
    house = House(tmp_path)
    house.enrol()
    said = {"kinds": ["sos"], "seq": 7, "ts": house.clock.at_ms}
    house.say("alarm", said)
    house.turn()
    house.restart()
    house.say("alarm", said)
    house.turn()
    assert house.acks() == [(0, 7)]
    assert house.rows("SELECT count FROM alarms") == [(1,)]
    house.crash()


def test_a_gateway_that_is_told_to_stop_keeps_its_state_so_that_the_next_computes_nothing_again(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.turn()
    house.gateway.stop()
    house.gateway.run()
    gc.unfreeze()
    house.open()
    ((newest,),) = house.rows("SELECT max(step) FROM snapshots")
    # All but what the new one writes first: that nobody listened meanwhile.
    assert [step for (step,) in house.rows("SELECT step FROM steps WHERE step>?", newest)] in (
        [],
        [newest + 1],
    )
    assert house.open_kinds() == {"sos"}
    house.crash()
