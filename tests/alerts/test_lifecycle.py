"""Every (state, input) pair through the real Alarms, and what people may and may not do."""

from __future__ import annotations

import re
from itertools import product
from typing import get_args

import pytest

from alerts.commands import VERBS, AlarmCommand
from alerts.fleet import Fleet
from alerts.lifecycle import LIFECYCLE, READING, Alarm, Alarms, Event
from alerts.policy import Policy
from alerts.roster import Device
from alerts.vocabulary import DEFAULT_PRIORITY, KIND_INDEX, KINDS, LATCHING, PERSON_MAY_BE_OUT, State

STATES = get_args(State)
INPUTS = ("raise", "over", "acknowledge", "unacknowledge", "close")
T0 = 1_800_000_000_000
HOUR_MS = 3_600_000


class House:
    """One device, its alarms, and a clock."""

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.fleet.enrol([Device("d1", site_id="s1", resident_id="r1")])
        self.alarms = Alarms(Policy())
        self.at_ms = T0

    def condition(self, kind: str, *, begins: bool, fence_id: str | None = None):
        event = Event(self.at_ms, READING, 0, KIND_INDEX[kind], begins, 0, fence_id, {"rule": "test"})
        return self.alarms.apply([event], self.fleet)

    def ask(self, verb: str, alarm_id: str, **fields):
        command = AlarmCommand("c1", self.at_ms, 0, verb, alarm_id, "zhao", **fields)
        return self.alarms.command(command)

    def close(self, alarm_id: str):
        return self.ask("close", alarm_id, outcome="real", text="was there")

    def only(self) -> Alarm:
        (alarm,) = self.alarms.open.values()
        return alarm


def alarm_in(house: House, kind: str, state: State) -> str | None:
    """Bring an alarm into a state by what the world does; None where that cannot be."""
    if state == "normal":
        house.condition(kind, begins=True)
        alarm_id = house.only().alarm_id
        house.close(alarm_id)
        return alarm_id
    house.condition(kind, begins=True)
    alarm = house.only()
    if state == "active_acknowledged":
        house.ask("acknowledge", alarm.alarm_id)
    if state == "cleared_unacknowledged":
        house.condition(kind, begins=False)
        if alarm.state != state:
            return None
    assert alarm.state == state
    return alarm.alarm_id


# The contract's words, once more by hand: where an input leads; None: nothing happens.
WANTED: dict[tuple[str, str], str | None] = {
    ("normal", "raise"): "active_unacknowledged",
    ("normal", "over"): None,
    ("normal", "acknowledge"): None,
    ("normal", "unacknowledge"): None,
    ("normal", "close"): None,
    ("active_unacknowledged", "raise"): "active_unacknowledged",
    ("active_unacknowledged", "over"): "cleared_unacknowledged",
    ("active_unacknowledged", "acknowledge"): "active_acknowledged",
    ("active_unacknowledged", "unacknowledge"): None,
    ("active_unacknowledged", "close"): "normal",
    ("active_acknowledged", "raise"): "active_unacknowledged",
    ("active_acknowledged", "over"): "normal",
    ("active_acknowledged", "acknowledge"): None,
    ("active_acknowledged", "unacknowledge"): "active_unacknowledged",
    ("active_acknowledged", "close"): "normal",
    ("cleared_unacknowledged", "raise"): "active_unacknowledged",
    ("cleared_unacknowledged", "over"): None,
    ("cleared_unacknowledged", "acknowledge"): "normal",
    ("cleared_unacknowledged", "unacknowledge"): None,
    ("cleared_unacknowledged", "close"): "normal",
}


def test_the_table_has_a_row_for_every_state_and_input():
    assert set(LIFECYCLE) == set(product(STATES, INPUTS)) == set(WANTED)


@pytest.mark.parametrize(("state", "said"), list(product(STATES, INPUTS)))
@pytest.mark.parametrize("kind", ["strap_off", "sos"])
def test_every_state_and_input(kind, state, said):
    house = House()
    alarm_id = alarm_in(house, kind, state)
    if alarm_id is None:
        assert kind in LATCHING, "only latching alarms are never cleared"
        return
    house.at_ms += 1000
    last_seq = house.alarms.last_seq
    latching_stays = kind in LATCHING and said == "over"
    wanted = None if latching_stays else WANTED[state, said]
    if said in {"raise", "over"}:
        made = house.condition(kind, begins=said == "raise")
    else:
        fields = {"outcome": "test", "text": "drill"} if said == "close" else {}
        result, transition = house.ask(said, alarm_id, **fields)
        made = [transition] if transition else []
        refused = "unknown_alarm" if state == "normal" else "not_allowed"
        assert result.code == ("done" if wanted else refused)
    if wanted is None:
        assert made == []
        assert house.alarms.last_seq == last_seq
        return
    (one,) = made
    assert (one.from_state, one.alarm.state, one.at_ms) == (state, wanted, house.at_ms)
    assert one.seq == last_seq + 1
    assert (one.alarm.identity in house.alarms.open) == (wanted != "normal")


def test_latching_kinds_are_those_of_the_contract():
    named = "sos fall smoke heat co gas manual_call fire_confirmed"
    assert set(named.split()) == LATCHING


def test_priorities_are_those_of_the_contract():
    urgent = "sos fall smoke heat co gas manual_call fence_left fence_entered fire_confirmed"
    high = "strap_off electrical water_flow water_pressure_low no_motion water_leak site_contact_lost position_lost unreadable tamper"
    low = "low_battery not_worn contact_lost data_gap fault"
    wanted = {
        kind: name
        for name, kinds in [("urgent", urgent), ("high", high), ("low", low)]
        for kind in kinds.split()
    }
    assert wanted == DEFAULT_PRIORITY


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_lives_and_ends(kind):
    house = House()
    (raised,) = house.condition(kind, begins=True)
    assert (raised.event, raised.alarm.count, raised.alarm.priority) == ("raise", 1, DEFAULT_PRIORITY[kind])
    assert (raised.alarm.device_id, raised.alarm.site_id, raised.alarm.resident_id) == ("d1", "s1", "r1")
    cleared = house.condition(kind, begins=False)
    assert (cleared == []) == (kind in LATCHING)
    result, closed = house.close(raised.alarm.alarm_id)
    assert result.code == "done"
    assert (closed.alarm.state, closed.alarm.outcome, closed.alarm.closed_at_ms) == ("normal", "real", T0)
    assert closed.operator == "zhao" and closed.text == "was there"


def test_a_condition_that_returns_counts_up_in_the_same_episode():
    house = House()
    house.condition("strap_off", begins=True)
    house.condition("strap_off", begins=False)
    (again,) = house.condition("strap_off", begins=True)
    assert (again.event, again.alarm.count, again.alarm.alarm_id) == ("reraise", 2, "A1")
    assert again.alarm.cleared_at_ms is None
    house.ask("acknowledge", "A1")
    (third,) = house.condition("strap_off", begins=True)
    assert (third.alarm.count, third.alarm.state) == (3, "active_unacknowledged")
    assert third.alarm.acknowledged_at_ms is None


def test_an_episode_after_the_end_has_a_new_id_and_counts_anew():
    house = House()
    house.condition("sos", begins=True)
    house.close("A1")
    (again,) = house.condition("sos", begins=True)
    assert (again.event, again.alarm.alarm_id, again.alarm.count) == ("raise", f"A{again.seq}", 1)


def test_one_episode_an_identity():
    house = House()
    house.condition("fence_left", begins=True, fence_id="garden")
    house.condition("fence_left", begins=True, fence_id="house")
    house.condition("sos", begins=True)
    assert len(house.alarms.open) == 3
    house.condition("fence_left", begins=False, fence_id="house")
    states = {a.fence_id: a.state for a in house.alarms.open.values()}
    assert states["garden"] == "active_unacknowledged"
    assert states["house"] == "cleared_unacknowledged"


def test_a_transition_keeps_what_was_true_then():
    house = House()
    (raised,) = house.condition("strap_off", begins=True)
    house.condition("strap_off", begins=True)
    assert (raised.alarm.count, raised.alarm.version) == (1, 1)


# Versions ---------------------------------------------------------------------------------------


def test_every_transition_is_a_new_version_and_an_old_one_is_stale():
    house = House()
    house.condition("strap_off", begins=True)
    assert house.only().version == 1
    house.condition("strap_off", begins=True)
    result, made = house.ask("acknowledge", "A1", version=1)
    assert (result.code, result.alarm_id, made) == ("stale", "A1", None)
    assert "version 2" in result.detail
    assert house.ask("acknowledge", "A1", version=2)[0].code == "done"
    assert house.ask("comment", "A1", version=2, text="late")[0].code == "stale"
    assert house.ask("comment", "A1", text="without a version")[0].code == "done"


def test_an_alarm_nobody_knows():
    result, made = House().ask("acknowledge", "A99")
    assert (result.code, made) == ("unknown_alarm", None)
    assert result.detail


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_reaches_a_closed_alarm(verb):
    house = House()
    house.condition("sos", begins=True)
    house.close("A1")
    assert house.ask(verb, "A1", text="x", outcome="real")[0].code == "unknown_alarm"


# What each verb needs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("strap_off", {"outcome": "real"}, "done"),
        ("strap_off", {"outcome": "other", "text": ""}, "done"),
        ("strap_off", {}, "invalid"),
        ("strap_off", {"outcome": "perhaps"}, "invalid"),
        ("sos", {"outcome": "false"}, "invalid"),
        ("sos", {"outcome": "false", "text": "  "}, "invalid"),
        ("sos", {"text": "was there"}, "invalid"),
        ("sos", {"outcome": "false", "text": "pressed by accident"}, "done"),
    ],
)
def test_closing_needs_an_outcome_and_for_urgent_kinds_a_text(kind, fields, code):
    house = House()
    house.condition(kind, begins=True)
    result, made = house.ask("close", "A1", **fields)
    assert (result.code, made is None) == (code, code != "done")
    assert bool(result.detail) == (code != "done")


def test_a_policy_that_makes_a_kind_urgent_asks_for_the_text():
    house = House()
    house.alarms = Alarms(Policy(priority=DEFAULT_PRIORITY | {"strap_off": "urgent"}))
    house.condition("strap_off", begins=True)
    assert house.ask("close", "A1", outcome="real")[0].code == "invalid"


@pytest.mark.parametrize(("verb", "field"), [("assign", "assignee"), ("comment", "text")])
def test_assign_and_comment_need_their_field(verb, field):
    house = House()
    house.condition("sos", begins=True)
    assert house.ask(verb, "A1")[0].code == "invalid"
    result, made = house.ask(verb, "A1", **{field: "wang"})
    assert (result.code, made.event, made.alarm.state) == ("done", verb, "active_unacknowledged")
    assert made.alarm.assignee == ("wang" if verb == "assign" else None)


@pytest.mark.parametrize(("later_ms", "code"), [(0, "done"), (60_000, "done"), (60_001, "not_allowed")])
def test_an_acknowledgement_can_be_taken_back_for_a_minute(later_ms, code):
    house = House()
    house.condition("sos", begins=True)
    house.ask("acknowledge", "A1")
    assert house.only().acknowledged_at_ms == T0
    house.at_ms += later_ms
    result, _ = house.ask("unacknowledge", "A1")
    assert result.code == code
    assert (house.only().acknowledged_at_ms is None) == (code == "done")


# Shelving ---------------------------------------------------------------------------------------


def shelve(house: House, in_ms: int | None, reason: str | None = "strap is being repaired"):
    until_ms = None if in_ms is None else house.at_ms + in_ms
    return house.ask("shelve", house.only().alarm_id, until_ms=until_ms, reason=reason)


@pytest.mark.parametrize(
    ("in_ms", "reason", "code", "says"),
    [
        (HOUR_MS, "repair", "done", ""),
        (12 * HOUR_MS, "repair", "done", ""),
        (12 * HOUR_MS + 1, "repair", "invalid", "12 hours"),
        (0, "repair", "invalid", "future"),
        (-1, "repair", "invalid", "future"),
        (None, "repair", "invalid", "future"),
        (HOUR_MS, None, "invalid", "reason"),
        (HOUR_MS, " ", "invalid", "reason"),
    ],
)
def test_a_shelf_has_an_end_and_a_reason(in_ms, reason, code, says):
    house = House()
    house.condition("tamper", begins=True)
    result, made = shelve(house, in_ms, reason)
    assert result.code == code
    assert re.search(says, result.detail)
    assert house.only().shelved == (code == "done") == (made is not None)


@pytest.mark.parametrize("kind", sorted(PERSON_MAY_BE_OUT))
@pytest.mark.parametrize(
    ("in_ms", "code", "says"),
    [
        (HOUR_MS // 2, "done", ""),
        (HOUR_MS // 2 + 1, "invalid", "at most 30 minutes"),
        (12 * HOUR_MS, "invalid", "30"),
    ],
)
def test_who_may_be_out_there_is_shelved_for_half_an_hour_at_most(kind, in_ms, code, says):
    house = House()
    house.condition(kind, begins=True, fence_id="f" if kind.startswith("fence") else None)
    result, made = shelve(house, in_ms)
    assert result.code == code and re.search(says, result.detail)
    assert house.only().shelved == (code == "done") == (made is not None)


@pytest.mark.parametrize("kind", sorted(LATCHING))
def test_latching_kinds_are_never_shelved(kind):
    house = House()
    house.condition(kind, begins=True)
    assert shelve(house, HOUR_MS)[0].code == shelve(house, 60_000)[0].code == "not_allowed"
    assert not house.only().shelved


def test_a_shelf_ends_by_itself_at_a_full_second():
    house = House()
    house.condition("tamper", begins=True)
    shelve(house, 90_001)
    due_ms = T0 + 91_000
    assert house.alarms.next_due_ms(0) == house.only().shelved_until_ms == due_ms
    assert house.alarms.expire(due_ms - 1) == []
    (ended,) = house.alarms.expire(due_ms + 5000)
    assert (ended.event, ended.at_ms, ended.from_state) == ("unshelve", due_ms, "active_unacknowledged")
    assert not ended.alarm.shelved and ended.alarm.shelved_until_ms is None
    assert house.alarms.next_due_ms(0) == 0


def test_shelving_again_moves_the_end():
    house = House()
    house.condition("tamper", begins=True)
    shelve(house, 60_000)
    shelve(house, 120_000)
    assert house.alarms.expire(T0 + 60_000) == []
    shelve(house, 30_000)
    (ended,) = house.alarms.expire(T0 + HOUR_MS)
    assert ended.at_ms == T0 + 30_000


def test_unshelving_ends_the_shelf_for_good():
    house = House()
    house.condition("tamper", begins=True)
    assert house.ask("unshelve", "A1")[0].code == "not_allowed"
    shelve(house, 60_000)
    assert house.ask("unshelve", "A1")[0].code == "done"
    assert house.alarms.expire(T0 + HOUR_MS) == []


def test_a_shelf_outlives_an_episode_that_ends_by_itself():
    """It hides the identity, not one episode of it: else a chattering alarm slips out again."""
    house = House()
    house.condition("tamper", begins=True)
    shelve(house, HOUR_MS)
    house.ask("acknowledge", "A1")
    house.condition("tamper", begins=False)
    (raised,) = house.condition("tamper", begins=True)
    assert raised.alarm.shelved and raised.alarm.shelved_until_ms == T0 + HOUR_MS


def test_who_closes_a_shelved_alarm_wants_to_hear_of_the_next():
    house = House()
    house.condition("tamper", begins=True)
    shelve(house, HOUR_MS)
    house.close("A1")
    assert house.alarms.expire(T0 + HOUR_MS) == []
    (raised,) = house.condition("tamper", begins=True)
    assert not raised.alarm.shelved


def test_a_shelved_alarm_is_still_raised_and_cleared():
    house = House()
    house.condition("tamper", begins=True)
    shelve(house, HOUR_MS)
    (cleared,) = house.condition("tamper", begins=False)
    assert cleared.alarm.shelved and cleared.alarm.state == "cleared_unacknowledged"


# Whose it is ------------------------------------------------------------------------------------


def test_raised_again_it_names_who_wears_the_band_now_and_where():
    house = House()
    house.condition("strap_off", begins=True)
    house.fleet.devices[0] = Device("d1", site_id="s2", resident_id="r2")
    assert house.only().resident_id == "r1", "until it is raised again nothing was said of anybody else"
    (again,) = house.condition("strap_off", begins=True)
    assert (again.event, again.alarm.resident_id, again.alarm.site_id) == ("reraise", "r2", "s2")


def test_a_band_that_nobody_wears_keeps_the_name_of_who_wore_it():
    house = House()
    house.condition("strap_off", begins=True)
    house.fleet.devices[0] = Device("d1")
    (again,) = house.condition("strap_off", begins=True)
    assert (again.alarm.resident_id, again.alarm.site_id) == ("r1", "s1")
