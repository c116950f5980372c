"""Nights and days in the service centre, told by the clock: what happens, and what is wanted when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import city
import pytest

from alerts.batch import Reading, batch_of
from alerts.commands import AlarmCommand, ListeningCommand, RosterCommand
from alerts.engine import DeviceRequest, Engine
from alerts.lifecycle import Transition
from alerts.policy import Policy
from alerts.roster import Device, Fence, Model, RosterEdit, Site

MIDNIGHT = datetime(2026, 11, 23, tzinfo=city.SHANGHAI)
HOME, GARDEN, STREET, TOWN = (0.4, 0.3), (70.4, 0.3), (400.2, 30.7), (5000.1, 900.9)

MRS_LI = Device("band-li", "wristband", site_id="house", resident_id="li")
DETECTOR = Device("smoke-12", "fire_sensor", site_id="house", zone="kitchen")
GROUNDS = Fence("grounds", "safe", city.square(100.0), site_id="house")
POND = Fence("pond", "forbidden", city.circle(60.0, 300.0), site_id="house")


# The wants of a house are known after a day; here they are from the beginning.
KNOWN = replace(Policy(), position_learn_s=0.0)


class Evening:
    """A house with its devices and fences, and what the engine decided so far."""

    def __init__(
        self, *roster: Fence | Device | Model, begins: str = "00:00", policy: Policy = KNOWN
    ) -> None:
        self.engine = Engine(policy)
        self.now_ms = clock(begins)
        self.made: list[Transition] = []
        self.requests: list[DeviceRequest] = []
        self.put(*roster, sites=(Site("house"),))

    # What happens -------------------------------------------------------------------------------

    def at(self, when: str) -> Evening:
        """The clock goes on, and timers with it."""
        self.now_ms = clock(when)
        self._step()
        return self

    def _step(self, reading: Reading | None = None, commands=(), new: tuple[str, ...] = ()):
        batch = batch_of([reading] if reading else [], new)
        decided = self.engine.step(self.now_ms, batch, commands)
        self.made += decided.transitions
        self.requests += decided.requests
        return decided

    def says(self, device_id: str, **said) -> Evening:
        """An item of a device, which may be one nobody has heard of."""
        rows = self.engine.fleet.row_of
        new = () if device_id in rows else (device_id,)
        row = rows.get(device_id, len(rows))
        self._step(city.item(row, self.now_ms, **said), new=new)
        return self

    def walks(
        self, device_id: str, place: tuple[float, float], *, until: str, every_s: int = 60, **said
    ) -> Evening:
        """Fixes at one place until then; the first is there at once, or `every_s` after another fix."""
        end_ms = clock(until)
        if self.engine.fleet.arrays.fix_taken_ms[self.engine.fleet.row_of[device_id]] == self.now_ms:
            self.now_ms += every_s * 1000
        while self.now_ms <= end_ms:
            minute = self.now_ms // 60_000  # nobody is still to the last digit
            east, north = place[0] + minute * 7 % 5 - 2, place[1] + minute * 3 % 5 - 2
            self.says(device_id, place=(east, north), **({"acc_m": 8.0} | said))
            self.now_ms += every_s * 1000
        self.now_ms = end_ms
        self._step()
        return self

    def asks(self, verb: str, kind: str, **fields) -> str:
        """The operator and the open alarm of a kind."""
        (alarm,) = [a for a in self.engine.alarms.open.values() if a.kind == kind]
        command = AlarmCommand("c", self.now_ms, 0, verb, alarm.alarm_id, "zhao", **fields)
        return self._step(commands=[command]).results[0].code

    def closes(self, kind: str) -> str:
        return self.asks("close", kind, outcome="real", text="was there")

    def listens(self, listening: bool) -> Evening:
        """The gateway loses its ear to the devices, or has it back."""
        self._step(commands=[ListeningCommand(self.now_ms, 0, listening)])
        return self

    def edits(self, edit: RosterEdit) -> str:
        return self._step(commands=[RosterCommand("c", self.now_ms, 0, "zhao", edit)]).results[0].code

    def put(self, *things: Fence | Device | Model, sites: tuple[Site, ...] = ()) -> str:
        def all_of(kind: type) -> tuple:
            return tuple(x for x in things if isinstance(x, kind))

        return self.edits(RosterEdit(all_of(Model), sites, all_of(Fence), all_of(Device)))

    # What is wanted -----------------------------------------------------------------------------

    def story(self, *kinds: str) -> list[str]:
        """Everything that was decided: "19:00:00 raise fence_left"."""
        return [
            f"{wall(t.at_ms)} {t.event} {t.alarm.kind}"
            for t in self.made
            if not kinds or t.alarm.kind in kinds
        ]

    def state(self, kind: str) -> str:
        states = [a.state for a in self.engine.alarms.open.values() if a.kind == kind]
        return states[0] if states else "normal"

    def only(self, event: str, kind: str) -> Transition:
        (made,) = [t for t in self.made if (t.event, t.alarm.kind) == (event, kind)]
        return made


def clock(when: str) -> int:
    """HH:MM or HH:MM:SS of the day; +1 02:00 is the day after."""
    days, _, hours = when.rpartition(" ")
    parts = [int(part) for part in hours.split(":")]
    passed = timedelta(days=int(days or 0), **dict(zip(("hours", "minutes", "seconds"), parts, strict=False)))
    return int((MIDNIGHT + passed).timestamp() * 1000)


def wall(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, city.SHANGHAI).strftime("%H:%M:%S")


def mrs_li_at_home(*fences: Fence, until: str = "02:10", begins: str = "01:50") -> Evening:
    house = Evening(MRS_LI, *(fences or (GROUNDS,)), begins=begins)
    return house.walks("band-li", HOME, until=until)


# Fences -----------------------------------------------------------------------------------------


def test_at_0210_mrs_li_leaves_and_between_0211_and_0213_there_is_one_urgent_alarm():
    house = mrs_li_at_home()
    house.walks("band-li", STREET, until="02:30")
    raised = house.only("raise", "fence_left")
    assert clock("02:11") <= raised.at_ms <= clock("02:13")
    alarm = raised.alarm
    assert (alarm.priority, alarm.fence_id, alarm.subject_id) == ("urgent", "grounds", "band-li")
    assert (alarm.site_id, alarm.resident_id) == ("house", "li")
    assert alarm.position["lat"] == pytest.approx(city.lon_lat(*STREET)[1], abs=1e-5)
    because = raised.because
    assert because["margin_m"] == pytest.approx(-300, abs=3)
    assert (because["acc_m"], because["src"], because["witnesses"]) == (8.0, "gnss", 2)
    assert len(house.made) == 1


def test_she_comes_back_and_the_alarm_clears():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:30")
    house.walks("band-li", GARDEN, until="02:40")
    cleared = house.only("clear", "fence_left")
    assert clock("02:30") <= cleared.at_ms <= clock("02:33")
    assert house.state("fence_left") == "cleared_unacknowledged"
    assert house.asks("acknowledge", "fence_left") == "done"
    assert house.state("fence_left") == "normal"


def test_she_leaves_again_before_anybody_looked_and_it_counts_two():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:30")
    house.walks("band-li", HOME, until="02:40").walks("band-li", STREET, until="02:50")
    again = house.only("reraise", "fence_left")
    assert (again.alarm.count, again.alarm.alarm_id) == (2, house.made[0].alarm.alarm_id)


def test_one_fix_two_hundred_metres_off_that_claims_two_metres_raises_nothing():
    house = mrs_li_at_home()
    house.says("band-li", place=(300.3, 40.2), acc_m=2.0)
    house.at("02:11").walks("band-li", HOME, until="03:00")
    assert house.made == []


def test_a_burst_of_bad_fixes_within_seconds_is_one_witness():
    house = mrs_li_at_home()
    for second in range(10, 28):
        house.at(f"02:10:{second}").says("band-li", place=(300.3, 40.2), acc_m=2.0)
    house.at("02:11").walks("band-li", HOME, until="03:00")
    assert house.made == []


def test_a_cell_fix_cannot_say_that_she_left_a_small_fence_but_that_she_is_far():
    house = mrs_li_at_home()
    house.walks("band-li", (350.1, 20.2), until="02:40", src="cell", acc_m=50.0)
    assert house.made == []
    house.at("02:50").walks("band-li", TOWN, until="02:55", src="cell", acc_m=500.0)
    assert house.story("fence_left") == ["02:51:00 raise fence_left"]


def test_two_fixes_outside_support_each_other_five_minutes_apart():
    house = mrs_li_at_home().at("02:11").says("band-li", place=STREET, acc_m=8.0)
    house.at("02:16").says("band-li", place=(399.2, 34.1), acc_m=8.0)
    assert house.story("fence_left") == ["02:16:00 raise fence_left"]


def test_who_is_first_seen_outside_is_outside_of_no_fence_in_particular():
    """One first fix says nothing; two say that she should be here and is not."""
    house = Evening(MRS_LI, GROUNDS).says("band-li", place=STREET, acc_m=8.0)
    assert house.made == []
    house.at("00:01").walks("band-li", STREET, until="03:00")
    assert house.story() == ["00:01:00 raise fence_left"]
    assert house.only("raise", "fence_left").alarm.fence_id is None
    house.walks("band-li", HOME, until="03:05")
    assert house.story()[1:] == ["03:02:00 clear fence_left"]


def test_inside_one_of_two_safe_fences_is_inside():
    club = Fence("club", "safe", city.square(100.0, 400.0), site_id="house")
    house = mrs_li_at_home(GROUNDS, club).walks("band-li", STREET, until="03:00")
    assert house.made == []
    house.walks("band-li", TOWN, until="03:10")
    assert house.only("raise", "fence_left").alarm.fence_id == "club", "the one she was in last"


def test_the_pond():
    house = mrs_li_at_home(GROUNDS, POND)
    house.walks("band-li", (300.3, 5.1), until="02:20")
    entered = house.only("raise", "fence_entered")
    assert entered.alarm.fence_id == "pond"
    assert entered.at_ms == house.only("raise", "fence_left").at_ms == clock("02:12")
    house.walks("band-li", HOME, until="02:30")
    assert house.story("fence_entered") == ["02:12:00 raise fence_entered", "02:22:00 clear fence_entered"]


def test_old_fixes_that_come_late_take_nobody_back_home():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:20")
    for minutes in (30, 29, 28):
        house.says("band-li", place=HOME, ago_ms=minutes * 60_000)
    assert house.state("fence_left") == "active_unacknowledged"


def test_outside_when_the_night_fence_comes_into_force_at_1900():
    night = Fence("night", "safe", city.square(100.0), site_id="house", schedule=city.NIGHT)
    house = mrs_li_at_home(night, begins="12:00", until="12:30")
    house.walks("band-li", STREET, until="18:57")
    assert house.made == []
    house.at("18:59:59")
    assert house.made == []
    house.at("19:30")
    raised = house.only("raise", "fence_left")
    assert wall(raised.at_ms) == "19:00:00"
    assert (raised.alarm.measured_at_ms, raised.alarm.position["measured_at_ms"]) == (None, clock("18:57"))


def test_when_the_schedule_ends_fence_left_clears():
    night = Fence("night", "safe", city.square(100.0), site_id="house", schedule=city.NIGHT)
    house = mrs_li_at_home(night).walks("band-li", STREET, until="06:50")
    house.at("07:30")
    assert house.story("fence_left") == ["02:12:00 raise fence_left", "07:00:00 clear fence_left"]


def test_the_last_occupied_fence_goes_out_of_force_while_she_is_away_from_all():
    """One episode under the name it was raised with, until she is back in any of them."""
    night = Fence("night", "safe", city.square(50.0), site_id="house", schedule=city.NIGHT)
    house = mrs_li_at_home(night, until="06:30").walks("band-li", STREET, until="06:40")
    house.put(Fence("day", "safe", city.square(100.0), site_id="house"))
    house.walks("band-li", STREET, until="07:20")
    assert house.story("fence_left") == ["06:32:00 raise fence_left"]
    house.walks("band-li", HOME, until="07:30")
    assert house.only("clear", "fence_left").alarm.fence_id == "night"
    assert not house.engine.fleet.left_fence


def test_closed_while_she_is_away_it_raises_anew_under_the_name_of_the_fence_she_left():
    night = Fence("night", "safe", city.square(50.0), site_id="house", schedule=city.NIGHT)
    day = Fence("day", "safe", city.square(100.0, 2000.0), site_id="house", schedule=city.DAY)
    house = mrs_li_at_home(day, night, until="06:30").walks("band-li", STREET, until="06:59")
    house.at("07:00").closes("fence_left")
    house.walks("band-li", STREET, until="07:10")
    assert [t.alarm.fence_id for t in house.made] == ["night", "night", "night"]
    assert house.story("fence_left")[-1] == "07:00:00 raise fence_left"


def test_closed_while_she_is_away_it_raises_anew_only_on_a_new_fix_outside():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:20")
    assert house.closes("fence_left") == "done"
    house.at("02:25").says("band-li", bat=80.0)
    assert house.state("fence_left") == "normal"
    house.says("band-li", place=STREET, acc_m=8.0)
    assert house.made[-1].event == "raise"
    assert house.made[-1].alarm.alarm_id != house.made[0].alarm.alarm_id


def test_closed_while_she_is_away_a_fix_inside_of_the_other_safe_fence_raises_nothing():
    club = Fence("club", "safe", city.square(100.0, 5000.0, 900.0), site_id="house")
    house = mrs_li_at_home(GROUNDS, club).walks("band-li", STREET, until="02:20")
    house.closes("fence_left")
    house.walks("band-li", TOWN, until="02:40")
    assert house.state("fence_left") == "normal"


def test_closing_the_old_episode_of_one_fence_leaves_the_open_one_of_another_alone():
    club = Fence("club", "safe", city.square(100.0, 5000.0, 900.0), site_id="house")
    house = mrs_li_at_home(GROUNDS, club).walks("band-li", STREET, until="02:20")
    house.walks("band-li", TOWN, until="02:30").walks("band-li", STREET, until="02:40")
    first, second = [a for a in house.engine.alarms.open.values() if a.kind == "fence_left"]
    assert (first.fence_id, first.state) == ("grounds", "cleared_unacknowledged")
    assert (second.fence_id, second.state, second.count) == ("club", "active_unacknowledged", 1)
    command = AlarmCommand("c", house.now_ms, 0, "close", first.alarm_id, "zhao", outcome="real", text="ok")
    house._step(commands=[command])
    house.walks("band-li", STREET, until="02:50")
    assert second.count == 1


# Editing fences ---------------------------------------------------------------------------------


def test_an_edit_by_itself_is_no_crossing():
    """The grounds are drawn anew so that home lies outside: only fixes after it can say so."""
    house = mrs_li_at_home()
    house.put(Fence("grounds", "safe", city.square(100.0, 2000.0), site_id="house"))
    assert house.made == []
    house.walks("band-li", HOME, until="02:40")
    assert house.story() == ["02:12:00 raise fence_left"]
    assert house.only("raise", "fence_left").alarm.fence_id is None, "she was never in the new one"


def test_an_edit_that_is_taken_back_at_once_is_nothing():
    house = mrs_li_at_home()
    house.put(Fence("grounds", "safe", city.square(100.0, 2000.0), site_id="house"))
    house.put(GROUNDS)
    house.walks("band-li", HOME, until="03:00")
    assert house.made == []
    house.walks("band-li", STREET, until="03:10")
    assert house.story() == ["03:02:00 raise fence_left"]


def test_a_person_outside_whose_fence_is_redrawn_stays_alarmed():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:20")
    house.put(Fence("grounds", "safe", city.square(120.0), site_id="house"))
    house.walks("band-li", STREET, until="02:40")
    assert house.story() == ["02:12:00 raise fence_left"]
    house.walks("band-li", HOME, until="02:50")
    assert house.state("fence_left") == "cleared_unacknowledged"


def test_a_person_in_the_pond_whose_fence_is_redrawn_stays_alarmed():
    house = mrs_li_at_home(POND).walks("band-li", (300.3, 5.1), until="02:20")
    house.put(Fence("pond", "forbidden", city.circle(70.0, 300.0), site_id="house"))
    house.walks("band-li", (300.3, 5.1), until="02:40")
    assert house.story() == ["02:12:00 raise fence_entered"]


def test_closed_redrawn_and_still_in_the_pond_it_raises_anew_on_new_fixes():
    house = mrs_li_at_home(POND).walks("band-li", (300.3, 5.1), until="02:20")
    house.closes("fence_entered")
    house.put(Fence("pond", "forbidden", city.circle(70.0, 300.0), site_id="house"))
    house.walks("band-li", (300.3, 5.1), until="02:40")
    assert house.story() == [
        "02:12:00 raise fence_entered",
        "02:20:00 close fence_entered",
        "02:22:00 raise fence_entered",
    ]


def test_closed_while_in_the_pond_a_fix_that_may_be_beside_it_raises_nothing():
    house = mrs_li_at_home(POND).walks("band-li", (300.3, 5.1), until="02:20")
    house.closes("fence_entered")
    house.at("02:21").says("band-li", place=(300.3, 5.1), acc_m=200.0)
    assert house.state("fence_entered") == "normal"
    house.at("02:22").says("band-li", place=(300.3, 5.1), acc_m=8.0)
    assert house.state("fence_entered") == "active_unacknowledged"


def test_a_pond_that_becomes_a_garden_is_left_behind():
    house = mrs_li_at_home(POND).walks("band-li", (300.3, 5.1), until="02:20")
    house.put(Fence("pond", "safe", POND.geometry, site_id="house"))
    assert house.story() == ["02:12:00 raise fence_entered", "02:20:00 clear fence_entered"]
    house.walks("band-li", (300.3, 5.1), until="02:30").walks("band-li", HOME, until="02:40")
    assert house.story()[2:] == ["02:32:00 raise fence_left"]


@pytest.mark.parametrize(
    "edit",
    [
        RosterEdit(remove_fences=("grounds",)),
        RosterEdit(fences=(Fence("grounds", "forbidden", GROUNDS.geometry, "house"),)),
        RosterEdit(fences=(Fence("grounds", "safe", GROUNDS.geometry, "elsewhere"),)),
        RosterEdit(devices=(Device("band-li", "wristband", site_id="house", fence_ids=()),)),
        RosterEdit(remove_devices=("band-li",)),
    ],
)
def test_where_the_fence_is_gone_the_alarm_is_over(edit):
    house = mrs_li_at_home().walks("band-li", STREET, until="02:20")
    house.at("02:30").edits(edit)
    assert house.story() == ["02:12:00 raise fence_left", "02:30:00 clear fence_left"]
    assert house.made[-1].because["edited"]


def test_a_new_schedule_begins_and_ends_nothing_until_the_next_fix():
    house = mrs_li_at_home().walks("band-li", STREET, until="02:20")
    house.put(Fence("grounds", "safe", GROUNDS.geometry, "house", city.DAY))
    assert house.state("fence_left") == "active_unacknowledged"
    house.at("02:25").says("band-li", place=STREET, acc_m=8.0)
    assert house.state("fence_left") == "cleared_unacknowledged"
    house.put(GROUNDS)
    assert house.state("fence_left") == "cleared_unacknowledged"
    house.at("02:26").says("band-li", place=STREET, acc_m=8.0)
    assert house.state("fence_left") == "active_unacknowledged"


def test_an_edit_of_somebody_else_changes_nothing_for_her():
    """One fix inside is no stay; a new device in the house makes it none."""
    house = Evening(MRS_LI, GROUNDS).says("band-li", place=HOME, acc_m=8.0)
    house.put(Device("band-wu", site_id="house"))
    house.at("00:01").walks("band-li", STREET, until="00:30")
    assert house.only("raise", "fence_left").alarm.fence_id is None


def test_an_edit_with_one_bad_fence_is_refused_whole():
    house = mrs_li_at_home()
    good = Fence("grounds", "safe", city.square(100.0, 2000.0), site_id="house")
    for bad in [Fence("x", "safe", city.circle(0.0)), Fence("x", "odd", city.circle(9.0))]:
        assert house.put(good, bad, Device("band-wu")) == "invalid"
    assert house.engine.fences.definitions == {"grounds": GROUNDS}
    assert "band-wu" not in house.engine.fleet.row_of
    house.walks("band-li", STREET, until="02:20")
    assert house.story() == ["02:12:00 raise fence_left"]


# Words of devices -------------------------------------------------------------------------------


def test_sos_indoors_without_a_fix():
    house = Evening(MRS_LI, GROUNDS).at("03:00").says("band-li", on=["sos"])
    raised = house.only("raise", "sos")
    assert (raised.alarm.priority, raised.alarm.position) == ("urgent", None)
    (request,) = house.requests
    assert (request.device_id, request.type, request.seq) == ("band-li", "locate", raised.seq)


def test_sos_with_a_fix_of_its_own_asks_for_no_other():
    house = Evening(MRS_LI).says("band-li", on=["sos"], place=HOME, acc_m=5.0)
    assert house.only("raise", "sos").alarm.position["acc_m"] == 5.0
    assert house.requests == []


def test_an_alarm_keeps_the_position_of_its_moment_though_the_batch_knows_a_later_one():
    house = Evening(MRS_LI).says("band-li", place=HOME)
    items = [
        city.item(0, house.now_ms + 1000, on=["sos"]),
        city.item(0, house.now_ms + 2000, arrival=1, place=TOWN),
    ]
    (raised,) = house.engine.step(house.now_ms + 3000, batch_of(items)).transitions
    assert raised.alarm.position["lat"] == round(city.lon_lat(*HOME)[1], 6)


def test_each_press_of_the_button_counts():
    house = Evening(MRS_LI).says("band-li", on=["sos"])
    house.at("00:01").says("band-li", on=["sos"])
    assert house.story() == ["00:00:00 raise sos", "00:01:00 reraise sos"]
    house.closes("sos")
    house.at("00:02").says("band-li", on=["sos"])
    assert house.made[-1].event == "raise"


def test_a_press_a_year_old_out_of_order_and_without_anything_else_is_an_alarm():
    house = mrs_li_at_home()
    house.says("band-li", on=["sos"], ago_ms=365 * 86_400_000)
    house.says("band-li", on=["fall"], ago_ms=-365 * 86_400_000)
    house.says("band-li", on=["manual_call"], ago_ms=2**60)
    assert [t.alarm.kind for t in house.made] == ["sos", "fall", "manual_call"]


def test_strap_off_and_on():
    house = Evening(MRS_LI).says("band-li", on=["strap_off"])
    house.at("00:01").says("band-li", on=["strap_off"])  # repeated while it lasts
    house.at("00:02").says("band-li", off=["strap_off"])
    assert house.story() == ["00:00:00 raise strap_off", "00:02:00 clear strap_off"]


def test_strap_off_that_arrives_after_the_word_that_it_is_over_is_an_alarm_that_is_over():
    house = Evening(MRS_LI).says("band-li", off=["strap_off"])
    house.at("00:01").says("band-li", on=["strap_off"], ago_ms=120_000)
    assert house.story() == ["00:01:00 raise strap_off", "00:01:00 clear strap_off"]
    assert house.state("strap_off") == "cleared_unacknowledged"


def test_an_old_word_that_it_is_over_ends_nothing():
    house = Evening(MRS_LI).at("00:10").says("band-li", on=["strap_off"])
    house.says("band-li", off=["strap_off"], ago_ms=60_000)
    assert house.state("strap_off") == "active_unacknowledged"


def test_two_words_of_one_moment_count_in_the_order_of_their_arrival():
    house = Evening(MRS_LI).says("band-li", off=["strap_off"]).says("band-li", on=["strap_off"])
    assert house.state("strap_off") == "active_unacknowledged"
    house.says("band-li", off=["strap_off"])
    assert house.state("strap_off") == "cleared_unacknowledged"


def test_a_late_word_ends_nothing_that_a_value_says_now():
    house = Evening(MRS_LI).says("band-li", off=["low_battery"])
    house.at("00:01").says("band-li", bat=5.0).at("00:03")
    house.says("band-li", on=["low_battery"], ago_ms=240_000)
    assert house.story() == ["00:02:00 raise low_battery"]


def test_the_word_that_it_is_over_takes_back_what_a_value_was_about_to_say():
    house = Evening(MRS_LI).says("band-li", bat=5.0)
    house.at("00:00:30").says("band-li", off=["low_battery"]).at("00:05")
    assert house.made == []


def test_what_cannot_be_read_is_over_with_the_next_alarm_that_can():
    house = Evening(MRS_LI).says("band-li", on=["unreadable"])
    house.at("00:01").says("band-li", place=HOME)
    assert house.state("unreadable") == "active_unacknowledged"
    house.at("00:02").says("band-li", on=["tamper"])
    assert house.story() == [
        "00:00:00 raise unreadable",
        "00:02:00 clear unreadable",
        "00:02:00 raise tamper",
    ]


# Values -----------------------------------------------------------------------------------------


def test_smoke_by_value_and_it_stays_until_somebody_closes_it():
    house = Evening(DETECTOR).says("smoke-12", smoke=12.0)
    house.at("00:00:04")
    assert house.made == []
    house.at("00:01")
    assert house.story() == ["00:00:05 raise smoke"]
    house.says("smoke-12", smoke=0.0).at("00:30")
    assert house.state("smoke") == "active_unacknowledged"
    assert house.closes("smoke") == "done"


def test_a_whiff_shorter_than_the_delay_is_none():
    house = Evening(DETECTOR).says("smoke-12", smoke=12.0)
    house.at("00:00:03").says("smoke-12", smoke=1.0)
    house.at("00:10")
    assert house.made == []


def test_smoke_by_bit_is_at_once():
    house = Evening(DETECTOR).says("smoke-12", on=["smoke"])
    assert house.story() == ["00:00:00 raise smoke"]
    house.at("00:01").says("smoke-12", off=["smoke"])
    assert house.state("smoke") == "active_unacknowledged"


@pytest.mark.parametrize("said", [{"on": ["smoke"]}, {"smoke": 30.0}])
def test_smoke_closed_while_it_lasts_raises_anew_on_a_new_item(said):
    house = Evening(DETECTOR).says("smoke-12", **said).at("00:01")
    assert house.closes("smoke") == "done"
    house.at("00:30").says("smoke-12", temp=20.0)
    assert house.state("smoke") == "normal"
    house.at("00:31").says("smoke-12", **said)
    assert house.story("smoke")[-1] == "00:31:00 raise smoke", "at once: it never was over"
    assert house.made[0].alarm.alarm_id != house.made[-1].alarm.alarm_id


def test_heat_needs_no_delay_and_water_pressure_a_minute():
    house = Evening(DETECTOR).says("smoke-12", temp=80.0, press=0.05).at("00:05")
    assert house.story() == ["00:00:00 raise heat", "00:01:00 raise water_pressure_low"]
    house.says("smoke-12", press=0.11).at("00:10")
    assert house.state("water_pressure_low") == "active_unacknowledged", "within the deadband"
    house.says("smoke-12", press=0.12).at("00:20")
    assert house.story("water_pressure_low")[-1] == "00:11:00 clear water_pressure_low"


def test_the_battery_of_a_band():
    house = Evening(MRS_LI).says("band-li", bat=14.0).at("00:04")
    assert house.story() == ["00:01:00 raise low_battery"]
    house.says("band-li", bat=20.0).at("00:08")
    assert house.state("low_battery") == "active_unacknowledged"
    house.says("band-li", bat=90.0).at("00:10")
    assert house.story() == ["00:01:00 raise low_battery", "00:09:00 clear low_battery"]


def test_pressure_that_comes_back_for_half_a_minute_has_not_come_back():
    house = Evening(DETECTOR).says("smoke-12", press=0.05).at("00:05").says("smoke-12", press=0.3)
    house.at("00:05:30").says("smoke-12", press=0.05).at("00:10")
    assert house.story() == ["00:01:00 raise water_pressure_low"]


def test_each_good_value_more_does_not_put_off_the_end():
    house = Evening(DETECTOR).says("smoke-12", press=0.05).at("00:05").says("smoke-12", press=0.3)
    house.at("00:05:30").says("smoke-12", press=0.3).at("00:10")
    assert house.story()[1:] == ["00:06:00 clear water_pressure_low"]


def test_two_values_of_one_moment_count_in_the_order_of_their_arrival():
    house = Evening(DETECTOR).says("smoke-12", temp=20.0).says("smoke-12", temp=80.0)
    assert house.story() == ["00:00:00 raise heat"]


def test_a_limit_is_for_devices_it_is_meant_for():
    house = Evening(MRS_LI).says("band-li", temp=80.0, smoke=50.0).at("00:10")
    assert house.made == []


def test_a_late_value_is_history():
    house = Evening(DETECTOR).at("01:00").says("smoke-12", temp=20.0)
    house.says("smoke-12", temp=90.0, ago_ms=60_000)
    assert house.made == []


def test_faults_and_a_self_test():
    house = Evening(DETECTOR).says("smoke-12", faults=("E7",))
    house.at("00:00:20").says("smoke-12", faults=())
    house.at("00:10").says("smoke-12", faults=("E7", "E9")).at("00:11")
    assert house.story() == ["00:10:30 raise fault"]
    assert house.made[0].because["faults"] == ["E7", "E9"]


def test_not_worn_for_ten_minutes_but_never_on_the_charger():
    often = Device("band-li", "wristband", model="often", site_id="house")
    house = Evening(Model("often", 86_400.0), often).says("band-li", worn=False).at("00:09")
    assert house.made == []
    house.at("00:12").says("band-li", charging=True)
    assert house.story() == ["00:10:00 raise not_worn", "00:12:00 clear not_worn"]
    house.says("band-li", worn=False, charging=True).at("01:00")
    assert len(house.made) == 2


def test_within_one_millisecond_shelves_then_timers_then_schedules_then_items():
    night = Fence("night", "safe", city.square(100.0), site_id="house", schedule=city.NIGHT)
    house = Evening(MRS_LI, DETECTOR, night, begins="12:00")
    house.walks("band-li", HOME, until="12:10").walks("band-li", STREET, until="18:58")
    house.says("smoke-12", on=["tamper"])
    house.asks("shelve", "tamper", until_ms=clock("19:00"), reason="repair")
    house.at("18:59").says("smoke-12", bat=5.0)
    house.now_ms = clock("19:00")
    house.says("band-li", on=["sos"])
    assert house.story()[2:] == [
        "19:00:00 unshelve tamper",
        "19:00:00 raise low_battery",
        "19:00:00 raise fence_left",
        "19:00:00 raise sos",
    ]


def test_what_was_due_comes_before_what_arrives_in_the_same_millisecond():
    house = Evening(MRS_LI, DETECTOR).says("smoke-12", bat=5.0)
    house.now_ms = clock("00:01")
    house.says("band-li", on=["sos"])
    assert house.story() == ["00:01:00 raise low_battery", "00:01:00 raise sos"]


# Contact ----------------------------------------------------------------------------------------


def test_a_silent_band_is_missed_after_three_times_what_it_promised():
    band = Device("band-li", "wristband", model="m", site_id="house")
    house = Evening(Model("m", 120.0), band).says("band-li", place=HOME)
    house.at("00:05:59")
    assert house.made == []
    house.at("01:00").says("band-li", bat=80.0)
    assert house.story() == ["00:06:00 raise contact_lost", "01:00:00 clear contact_lost"]
    assert house.made[0].alarm.position["lat"] == round(city.lon_lat(*HOME)[1], 6)
    assert house.made[1].because["silent_ms"] == 3_600_000


def test_without_a_model_the_policy_promises_for_it():
    house = Evening(MRS_LI, DETECTOR).says("band-li", bat=80.0).says("smoke-12", bat=80.0).at("1 00:00")
    assert house.story() == ["00:15:00 raise contact_lost"]
    house.at("4 00:00")
    assert house.story()[-1] == "00:00:00 raise contact_lost"
    assert house.made[-1].at_ms == clock("3 00:00")


def test_a_device_that_was_never_heard_is_not_missed():
    assert Evening(MRS_LI, DETECTOR).at("9 00:00").made == []


def test_our_own_outage_makes_no_device_silent():
    band = Device("band-li", "wristband", model="m", site_id="house")
    house = Evening(Model("m", 120.0), band).says("band-li", bat=80.0)
    house.at("00:02").listens(False).at("01:02").listens(True)
    assert house.made == []
    house.at("02:00")
    assert house.story() == ["01:06:00 raise contact_lost"], "four minutes were left"


def test_what_nobody_heard_does_not_count_after_a_new_promise_either():
    band = Device("band-li", "wristband", model="m", site_id="house")
    house = Evening(Model("m", 120.0), band).says("band-li", bat=80.0)
    house.at("00:02").listens(False).at("01:02").listens(True)
    house.put(Model("m", 1300.0))
    house.at("04:00")
    assert house.story() == ["02:05:00 raise contact_lost"], "65 minutes, and the hour of our own"


def test_a_new_promise_makes_nobody_late_at_once():
    band = Device("band-li", "wristband", model="m", site_id="house")
    house = Evening(Model("m", 3600.0), band).says("band-li", bat=80.0)
    house.at("01:00").put(Model("m", 60.0))
    assert house.made == []
    house.at("02:00")
    assert house.story() == ["01:03:00 raise contact_lost"]


def test_how_often_a_sensor_is_heard_is_learned_where_nobody_says():
    house = Evening(DETECTOR)
    for minute in range(0, 200, 5):
        house.at(f"{minute // 60:02}:{minute % 60:02}").says("smoke-12", temp=20.0)
    house.at("1 00:00")
    assert house.story() == ["03:30:00 raise contact_lost"], "three times its five minutes, not three days"
    assert house.made[0].because["every_ms"] == 300_000


def test_what_the_model_says_is_not_unlearned():
    house = Evening(Model("m", 3600.0), Device("smoke-12", "fire_sensor", model="m", site_id="house"))
    for minute in range(0, 200, 5):
        house.at(f"{minute // 60:02}:{minute % 60:02}").says("smoke-12", temp=20.0)
    house.at("1 00:00")
    assert house.story() == ["06:15:00 raise contact_lost"]


# Outages ----------------------------------------------------------------------------------------


def bands(site_id: str, count: int) -> list[Device]:
    return [Device(f"{site_id}-{n}", "wristband", model="m", site_id=site_id) for n in range(count)]


def a_district(*, houses: int = 1, each: int = 4) -> tuple[Evening, list[str]]:
    """Houses of one county whose bands promise to be heard every minute; all are heard at midnight."""
    evening = Evening(Model("m", 60.0))
    sites = tuple(Site(f"h{n}", "Kuiwen") for n in range(houses))
    worn = [band for site in sites for band in bands(site.site_id, each)]
    evening.put(*worn, sites=sites)
    for band in worn:
        evening.says(band.device_id, bat=80.0)
    return evening, [band.device_id for band in worn]


def heard_until(evening: Evening, device_ids: list[str], until: str) -> None:
    while evening.now_ms < clock(until):
        evening.now_ms = min(evening.now_ms + 60_000, clock(until))
        for device_id in device_ids:
            evening.says(device_id, bat=80.0)


def test_a_house_that_is_cut_off_is_one_alarm():
    evening, worn = a_district()
    evening.at("00:10")
    assert evening.story("site_contact_lost") == ["00:03:00 raise site_contact_lost"]
    cut_off = evening.only("raise", "site_contact_lost")
    assert (cut_off.alarm.subject_type, cut_off.alarm.subject_id, cut_off.alarm.site_id) == (
        "site",
        "h0",
        "h0",
    )
    assert cut_off.because == {"rule": "outage", "silent": 3, "devices": 4}
    lost = [a for a in evening.engine.alarms.open.values() if a.kind == "contact_lost"]
    assert [a.suppressed for a in lost] == [True] * len(worn), "recorded, counted, not told"
    assert {t.because["parent_alarm_id"] for t in evening.made if t.event == "suppress"} == {
        cut_off.alarm.alarm_id
    }


def test_who_stays_silent_when_the_house_is_back_is_told():
    evening, worn = a_district()
    evening.at("00:10")
    heard_until(evening, worn[:3], "00:19")
    assert evening.state("site_contact_lost") == "cleared_unacknowledged"
    assert told(evening) == [("h0", "cleared_unacknowledged")], "who is not back yet may be soon"
    heard_until(evening, worn[:3], "00:22")
    (still,) = [a for a in evening.engine.alarms.open.values() if a.state == "active_unacknowledged"]
    assert (still.subject_id, still.suppressed) == ("h0-3", False)


def told(evening: Evening) -> list[tuple[str, str]]:
    """(subject, state) of what lies before the desk."""
    alarms = evening.engine.alarms.open.values()
    return [(a.subject_id, a.state) for a in alarms if not a.suppressed]


def test_who_is_back_with_the_house_waits_with_its_alarm_and_ends_with_it():
    evening, worn = a_district()
    evening.at("00:10")
    for device_id in worn:
        evening.says(device_id, bat=80.0)
    assert told(evening) == [("h0", "cleared_unacknowledged")], "one, not one and four"
    assert len(evening.engine.alarms.open) == 1 + len(worn)
    assert evening.asks("acknowledge", "site_contact_lost") == "done"
    heard_until(evening, worn, "00:22")
    assert not evening.engine.alarms.open
    ended = [t for t in evening.made if t.because.get("over")]
    assert {(t.event, t.from_state, t.operator) for t in ended} == {
        ("acknowledge", "cleared_unacknowledged", None)
    }


def test_an_outage_of_everything_that_is_over_is_one_acknowledgement():
    evening, worn = a_district(houses=3)
    evening.at("00:10")
    for device_id in worn:
        evening.says(device_id, bat=80.0)
    assert told(evening) == [("all", "cleared_unacknowledged")]
    (all_of_it,) = [a for a in evening.engine.alarms.open.values() if a.subject_id == "all"]
    command = AlarmCommand("c", evening.now_ms, 0, "acknowledge", all_of_it.alarm_id, "zhao")
    heard_until(evening, worn, "00:22")
    assert told(evening) == [("all", "cleared_unacknowledged")]
    evening._step(commands=[replace(command, received_at_ms=evening.now_ms)])
    assert not evening.engine.alarms.open, "the county's, the houses' and the bands' too"


def test_one_that_was_seen_to_before_its_end_takes_them_along_as_it_ends():
    evening, worn = a_district()
    evening.at("00:10").asks("acknowledge", "site_contact_lost")
    for device_id in worn:
        evening.says(device_id, bat=80.0)
    assert not evening.engine.alarms.open


def test_who_falls_silent_again_after_the_outage_is_told():
    evening, worn = a_district()
    evening.at("00:10")
    for device_id in worn:
        evening.says(device_id, bat=80.0)
    heard_until(evening, worn[1:], "00:20")
    assert (worn[0], "active_unacknowledged") in told(evening)


def test_half_a_house_is_no_outage():
    evening, worn = a_district(each=8)
    heard_until(evening, worn[:5], "01:00")
    assert evening.story("site_contact_lost") == []
    assert len(evening.story("contact_lost")) == 3


def test_a_network_that_fails_is_one_alarm_of_the_county_and_of_all():
    evening, _ = a_district(houses=3)
    evening.at("00:10")
    raised = [t.alarm for t in evening.made if (t.event, t.alarm.kind) == ("raise", "site_contact_lost")]
    assert [
        (a.subject_type, a.subject_id)
        for a in raised
        if not evening.engine.alarms.open[a.identity].suppressed
    ] == [("zone", "all")]
    assert ("zone", "Kuiwen") in [(a.subject_type, a.subject_id) for a in raised]


def test_an_outage_keeps_no_fire_and_no_sos_quiet():
    evening, worn = a_district()
    evening.put(Device("smoke-1", "fire_sensor", site_id="h0"))
    evening.at("00:10").says(worn[0], on=["sos"]).says("smoke-1", on=["smoke"])
    told = [a for a in evening.engine.alarms.open.values() if a.kind in {"sos", "smoke"}]
    assert [a.suppressed for a in told] == [False, False]


def test_a_sleeper_does_not_say_that_the_house_is_there():
    evening, _worn = a_district()
    sleepers = [Device(f"smoke-{n}", "fire_sensor", site_id="h0") for n in range(20)]
    evening.put(*sleepers)
    for sleeper in sleepers:
        evening.says(sleeper.device_id, temp=20.0)
    evening.at("00:10")
    assert evening.story("site_contact_lost") == ["00:03:00 raise site_contact_lost"]


def test_a_closed_outage_is_raised_anew_by_the_next_that_falls_silent():
    evening, worn = a_district(each=6)
    heard_until(evening, worn[5:], "00:10")
    assert evening.closes("site_contact_lost") == "done"
    heard_until(evening, worn[5:], "00:20")
    assert evening.story("site_contact_lost")[-1].endswith("close site_contact_lost"), (
        "silence by itself is no news"
    )
    evening.at("00:30")
    assert evening.story("site_contact_lost")[-1] == "00:23:00 raise site_contact_lost"


def test_a_house_that_left_the_roster_is_not_cut_off():
    evening, worn = a_district()
    evening.at("00:10")
    evening.edits(RosterEdit(remove_devices=tuple(worn)))
    assert evening.state("site_contact_lost") == "cleared_unacknowledged"


# Chattering -------------------------------------------------------------------------------------


def test_an_alarm_that_comes_and_goes_stays_one_episode():
    house = Evening(MRS_LI)
    for minute in range(8):
        house.at(f"00:{minute:02}:00").says("band-li", on=["tamper"])
        house.asks("acknowledge", "tamper")
        house.at(f"00:{minute:02}:30").says("band-li", off=["tamper"])
    raised = house.story("tamper")
    assert [line.split()[1] for line in raised].count("raise") == 5
    (alarm,) = [a for a in house.engine.alarms.open.values() if a.kind == "tamper"]
    assert (alarm.state, alarm.count) == ("active_acknowledged", 4)
    house.at("00:30")
    assert house.story("tamper")[-1] == "00:17:30 clear tamper"
    ended = [t for t in house.made if t.alarm.kind == "tamper"][-1]
    assert ended.because == {"rule": "chatter_over", "raises": 8}


# The roster -------------------------------------------------------------------------------------


def test_a_band_nobody_registered_presses_sos():
    house = Evening(MRS_LI, GROUNDS).at("03:00").says("band-x", on=["sos"], place=STREET)
    alarm = house.only("raise", "sos").alarm
    assert (alarm.subject_id, alarm.device_id, alarm.site_id, alarm.resident_id) == (
        "band-x",
        "band-x",
        None,
        None,
    )
    assert house.at("9 00:00").story() == ["03:00:00 raise sos"], "and nobody waits for it"
    house.put(Device("band-x", site_id="house", resident_id="wu"))
    house.says("band-x", on=["fall"])
    assert house.only("raise", "fall").alarm.site_id == "house"


def test_a_device_leaves_the_roster():
    house = mrs_li_at_home().says("band-li", on=["strap_off", "sos"], bat=5.0)
    house.at("02:10:30").edits(RosterEdit(remove_devices=("band-li",)))
    assert house.story()[2:] == ["02:10:30 clear strap_off"]
    assert house.state("sos") == "active_unacknowledged", "until a person closes it"
    house.at("9 00:00")
    assert len(house.made) == 3, "no battery, no silence of what is gone"


def test_a_device_comes_back_to_the_roster_as_one_that_was_never_heard():
    house = mrs_li_at_home()
    house.edits(RosterEdit(remove_devices=("band-li",)))
    house.at("1 00:00").put(MRS_LI)
    house.at("2 00:00").says("band-li", on=["sos"])
    assert house.only("raise", "sos").alarm.position is None, "where somebody else wore it"
    house.walks("band-li", STREET, until="2 00:05")
    assert house.story() == ["00:00:00 raise sos", "00:01:00 raise fence_left"]
    assert house.only("raise", "fence_left").alarm.fence_id is None, "left by somebody else, if by anybody"


def test_two_rooms_two_identities():
    other = Device("smoke-13", "fire_sensor", site_id="house")
    house = Evening(DETECTOR, other).says("smoke-12", on=["smoke"]).says("smoke-13", on=["smoke"])
    assert [t.alarm.subject_id for t in house.made] == ["smoke-12", "smoke-13"]


# Clocks -----------------------------------------------------------------------------------------


def test_a_band_whose_clock_went_back_an_hour_is_blind_for_a_few_minutes_and_no_longer():
    house = mrs_li_at_home()
    house.walks("band-li", TOWN, until="02:50", ago_ms=3_600_000)
    raised = house.only("raise", "fence_left")
    assert clock("02:12") <= raised.at_ms <= clock("02:16")


@pytest.mark.parametrize("off_ms", [-300_000, 300_000, 86_400_000, -86_400_000, 400 * 86_400_000])
def test_a_band_whose_clock_is_off_is_as_good_as_any_other_after_two_minutes(off_ms):
    house = Evening(MRS_LI, GROUNDS, begins="01:50").walks("band-li", HOME, until="02:10", ago_ms=off_ms)
    house.walks("band-li", STREET, until="02:30", ago_ms=off_ms)
    assert house.story() == ["02:12:00 raise fence_left"]
    house.walks("band-li", HOME, until="02:40", ago_ms=off_ms)
    assert house.story()[1:] == ["02:32:00 clear fence_left"]


def backlog(house: Evening, places: list[tuple[float, float]], *, newest_ago_s: int) -> Evening:
    """Fixes of every minute that arrive together now, oldest first."""
    for number, place in enumerate(places):
        ago_s = newest_ago_s + 60 * (len(places) - 1 - number)
        house.says("band-li", place=place, acc_m=8.0, ago_ms=ago_s * 1000)
    return house


def test_a_backlog_of_an_hour_moves_nobody():
    house = mrs_li_at_home().at("04:00")
    house.says("band-li", place=HOME, acc_m=8.0)
    for minutes in range(59, 0, -1):
        house.says("band-li", place=STREET, acc_m=8.0, ago_ms=minutes * 60_000)
    assert house.engine.fleet.last_fix(0)["measured_at_ms"] == clock("04:00")
    house.at("04:10")
    assert not house.story("fence_left")


def test_an_excursion_that_is_over_pages_nobody_though_its_fixes_come_in_order():
    house = mrs_li_at_home().at("04:00")
    backlog(house, [STREET] * 30 + [HOME] * 5, newest_ago_s=60)
    house.at("04:30")
    assert not house.story("fence_left")


def test_a_backlog_that_ends_outside_pages_once_nothing_else_comes():
    house = mrs_li_at_home().at("04:00")
    backlog(house, [HOME] * 10 + [STREET] * 20, newest_ago_s=600)
    assert not house.story("fence_left")
    house.at("04:10")
    assert house.story("fence_left") == ["04:00:30 raise fence_left"]
    assert house.only("raise", "fence_left").because["silent_ms"] == 630_000


def test_late_fixes_in_any_order_lead_to_the_same_verdict():
    places = [HOME, HOME, GARDEN, (150.2, 3.3), (220.7, 5.1), STREET, STREET]
    stories = []
    for order in ([0, 1, 2, 3, 4, 5, 6], [0, 2, 1, 4, 3, 6, 5], [6, 0, 5, 1, 4, 2, 3]):
        house = mrs_li_at_home().at("02:20")
        for number in order:
            house.says("band-li", place=places[number], acc_m=8.0, ago_ms=(6 - number) * 60_000)
        belief = house.engine.crossings.recent.now.belief
        stories.append((house.state("fence_left"), belief.good_breach[0], belief.witnesses[0]))
    assert stories[0] == stories[1] == stories[2]
    assert stories[0][0] == "active_unacknowledged"


def test_a_band_asked_before_anybody_is_paged():
    house = mrs_li_at_home().at("02:11").says("band-li", place=STREET, acc_m=8.0)
    assert house.made == []
    (request,) = house.requests
    assert (request.device_id, request.type, request.seq) == ("band-li", "locate", None)
    house.at("02:11:25").says("band-li", place=STREET, acc_m=8.0)
    assert len(house.requests) == 1, "and not again within two minutes"


def test_one_fix_that_convinces_and_then_silence():
    house = mrs_li_at_home(until="02:10").at("02:40").says("band-li", place=STREET, acc_m=8.0)
    assert not house.story("fence_left"), "half an hour is enough to walk there, but one fix is one fix"
    house.at("03:30")
    raised = house.only("raise", "fence_left")
    assert raised.because["silent_ms"] == raised.at_ms - clock("02:40")


# Positions that are wanting ---------------------------------------------------------------------

GATE = (92.3, 0.3)


def heartbeats(house: Evening, *, until: str, every_s: int = 60, **said) -> Evening:
    """Signs of life without a position."""
    while house.now_ms < clock(until):
        house.at(wall(house.now_ms + every_s * 1000)).says("band-li", **({"bat": 80.0} | said))
    return house


def mrs_li_walks_to_the_gate(policy: Policy = KNOWN) -> Evening:
    """At 02:15 she is eight metres from the fence, after three minutes of walking."""
    house = Evening(MRS_LI, GROUNDS, begins="01:50", policy=policy).walks("band-li", HOME, until="02:12")
    for minute, east_m in enumerate((30.1, 60.2, 92.3), start=13):
        house.at(f"02:{minute}").says("band-li", place=(east_m, 0.3), acc_m=5.0)
    return house


def test_heard_but_not_found_since_she_walked_to_the_gate():
    house = mrs_li_walks_to_the_gate()
    heartbeats(house, until="02:27")
    assert house.made == [], "a quarter of an hour indoors is nothing"
    heartbeats(house, until="02:40")
    raised = house.only("raise", "position_lost")
    assert clock("02:30") <= raised.at_ms <= clock("02:32")
    assert (raised.alarm.priority, raised.alarm.fence_id) == ("high", None)
    because = raised.because
    assert (because["rule"], because["near"], because["src"]) == ("position_lost", "exit", "gnss")
    assert because["margin_m"] == pytest.approx(7.7, abs=1)
    assert because["fix_age_ms"] == raised.at_ms - clock("02:15")
    assert because["contact_since_ms"] == clock("01:50")
    assert [(r.type, r.seq) for r in house.requests] == [("locate", None)], "asked first"
    assert house.requests[0].expires_at_ms - 300_000 < raised.at_ms


def test_in_the_first_day_of_a_band_its_house_is_not_known_yet():
    house = heartbeats(mrs_li_walks_to_the_gate(Policy()), until="23:50", every_s=600)
    assert not house.story("position_lost")


def test_the_band_that_is_asked_answers_and_nobody_is_told():
    house = heartbeats(mrs_li_walks_to_the_gate(), until="02:29")
    assert len(house.requests) == 1
    house.at("02:29:20").says("band-li", place=HOME, acc_m=8.0)
    heartbeats(house, until="02:59:20")
    assert house.made == []


def test_a_fix_that_can_be_used_ends_it_and_one_of_a_cell_does_not():
    house = heartbeats(mrs_li_walks_to_the_gate(), until="02:40")
    house.says("band-li", place=HOME, acc_m=1000.0, src="cell")
    assert house.state("position_lost") == "active_unacknowledged"
    house.at("02:41").says("band-li", place=HOME, acc_m=40.0, src="wifi")
    assert house.story("position_lost")[1:] == ["02:41:00 clear position_lost"]


def test_fixes_of_a_cell_are_no_positions():
    house = mrs_li_walks_to_the_gate()
    heartbeats(house, until="02:40", place=(30.3, 0.7), acc_m=1000.0, src="cell")
    assert house.only("raise", "position_lost").because["src"] == "gnss"


def test_a_night_indoors_in_the_middle_of_the_house_without_a_satellite_is_nothing():
    house = heartbeats(mrs_li_at_home(), until="09:00")
    assert house.made == house.requests == []


def test_who_sits_at_the_wall_is_missed_after_an_hour():
    house = mrs_li_at_home(until="02:10").at("02:10").walks("band-li", GATE, until="02:40")
    heartbeats(house, until="03:30")
    assert house.made == []
    heartbeats(house, until="03:45")
    assert house.story() == ["03:40:00 raise position_lost"]


def test_a_room_at_the_wall_is_learned():
    """Want of an hour and a half, found, and twice that long again before anybody is told."""
    house = mrs_li_at_home(until="02:10").walks("band-li", GATE, until="02:30")
    heartbeats(house, until="04:00").walks("band-li", GATE, until="04:10")
    assert house.story() == ["03:30:00 raise position_lost", "04:00:00 clear position_lost"]
    heartbeats(house, until="07:00")
    assert len(house.made) == 2
    heartbeats(house, until="07:30")
    assert house.story()[2:] == ["07:10:00 reraise position_lost"]


def test_last_seen_at_the_pond():
    house = mrs_li_at_home(GROUNDS, Fence("pond", "forbidden", city.circle(20.0, 50.0), site_id="house"))
    house.walks("band-li", (22.3, 0.3), until="02:30")
    heartbeats(house, until="03:35")
    assert house.only("raise", "position_lost").because["near"] == "forbidden"


@pytest.mark.parametrize("said", [{"worn": False}, {"charging": True}, {"on": ["strap_off"]}])
def test_a_band_off_the_wrist_says_nothing_of_her(said):
    house = mrs_li_walks_to_the_gate().says("band-li", **said)
    assert not heartbeats(house, until="09:00").story("position_lost")
    house = heartbeats(mrs_li_walks_to_the_gate(), until="02:40").says("band-li", **said)
    assert house.state("position_lost") == "cleared_unacknowledged"


def test_who_has_left_is_looked_for_already():
    house = mrs_li_at_home().walks("band-li", (108.3, 0.7), until="02:15")
    house.walks("band-li", STREET, until="02:20")
    heartbeats(house, until="05:00")
    assert house.story() == ["02:17:00 raise fence_left"]


def test_a_band_that_is_silent_or_never_had_a_position_is_not_lost():
    house = mrs_li_walks_to_the_gate().at("05:00")
    assert house.story() == ["02:30:00 raise contact_lost"]
    house = heartbeats(Evening(MRS_LI, GROUNDS), until="05:00")
    assert house.made == []


def test_heard_again_after_a_silence_she_has_all_the_time_once_more():
    house = mrs_li_walks_to_the_gate().at("03:00")
    heartbeats(house, until="03:13")
    assert not house.story("position_lost")
    heartbeats(house, until="03:20")
    assert house.story("position_lost") == ["03:16:00 raise position_lost"]


def test_our_own_outage_is_no_want_of_a_position():
    house = heartbeats(mrs_li_walks_to_the_gate(), until="02:20").listens(False)
    house.at("04:00").listens(True)
    heartbeats(house, until="04:09")
    assert house.made == []
    heartbeats(house, until="04:20")
    assert house.story() == ["04:10:00 raise position_lost"]


def test_closed_and_still_not_found_it_is_raised_anew_after_the_same_time():
    house = heartbeats(mrs_li_walks_to_the_gate(), until="02:40")
    assert house.closes("position_lost") == "done"
    heartbeats(house, until="02:55")
    assert house.state("position_lost") == "normal"
    heartbeats(house, until="03:00")
    assert house.state("position_lost") == "active_unacknowledged"


# Numbers that did not come ----------------------------------------------------------------------


def numbered(house: Evening, *seqs: int, **said) -> Evening:
    """Heartbeats with numbers, half a minute apart."""
    for seq in seqs:
        house.says("band-li", **({"bat": 80.0} | said), seq=seq)
        house.at(wall(house.now_ms + 30_000))
    return house


HOURLY = Device("band-li", "wristband", model="hourly", site_id="house")


def a_band_that_counts() -> Evening:
    return Evening(Model("hourly", 3600.0), HOURLY)


def test_numbers_that_never_come_are_told_of_after_a_quarter_of_an_hour():
    house = numbered(a_band_that_counts(), 17, 18, 21, 22).at("00:15:59")
    assert house.made == []
    house.at("00:20")
    raised = house.only("raise", "data_gap")
    assert (wall(raised.at_ms), raised.alarm.priority) == ("00:16:00", "low")
    assert raised.because == {
        "rule": "data_gap", "missing": 2, "boot": 0, "first_seq": 19, "last_seq": 20, "since_ms": clock("00:01"),
    }  # fmt: skip


def test_a_backlog_that_fills_them_in_any_order_is_nothing():
    house = numbered(a_band_that_counts(), 17, 30).at("00:05")
    numbered(house, *range(29, 17, -1)).at("1 02:00")
    assert not house.story("data_gap")


def test_told_of_and_filled_later_it_is_over_with_the_last_of_them():
    house = numbered(a_band_that_counts(), 1, 4).at("00:20")
    house.says("band-li", seq=3)
    assert house.state("data_gap") == "active_unacknowledged"
    house.at("00:21").says("band-li", seq=2)
    assert house.story() == ["00:15:30 raise data_gap", "00:21:00 clear data_gap"]
    assert house.made[-1].because == {"rule": "data_gap", "filled": True}


def test_a_device_keeps_a_day_so_what_is_older_is_waited_for_no_longer():
    house = numbered(Evening(Model("hourly", 86_400.0), HOURLY), 1, 4).at("1 00:10")
    assert house.story() == ["00:15:30 raise data_gap", "00:00:30 clear data_gap"]
    assert house.made[-1].because == {"rule": "data_gap", "filled": False}


def test_the_first_contact_a_restart_and_what_is_older_than_the_first_are_no_gaps():
    house = numbered(a_band_that_counts(), 100, 101)
    numbered(house, 7, 8, boot=1)
    numbered(house, 2, 102, 103, boot=0, ago_ms=600_000)
    numbered(house, 0, 1, 9, boot=1).at("02:00")
    assert not house.story("data_gap")


def test_after_a_restart_what_the_old_boot_kept_still_fills_its_holes():
    house = numbered(a_band_that_counts(), 1, 2, 5).at("00:20")
    numbered(house, 0, 1, boot=1)
    numbered(house, 3, 4, boot=0, ago_ms=1_200_000)
    assert house.story() == ["00:16:00 raise data_gap", "00:21:30 clear data_gap"]


def test_items_that_want_no_acknowledgement_may_be_lost_on_the_air():
    """Of such a device nobody can say which number was worth keeping."""
    house = numbered(a_band_that_counts(), 1, 2, 5, 9, ack=False)
    numbered(house, 14, 20).at("02:00")
    assert not house.story("data_gap")


def test_one_item_that_wants_none_takes_back_what_was_thought_missing():
    house = numbered(a_band_that_counts(), 1, 5).at("00:20")
    house.says("band-li", seq=6, ack=False)
    assert house.story() == ["00:15:30 raise data_gap", "00:20:00 clear data_gap"]
    numbered(house, 9, 14).at("01:00")
    assert len(house.made) == 2


def test_items_without_numbers_say_nothing_of_gaps():
    house = a_band_that_counts()
    for minute in range(0, 60, 7):
        house.at(f"00:{minute:02}").says("band-li", bat=80.0)
    assert not house.at("02:00").story("data_gap")


def test_more_of_the_same_is_no_news_unless_somebody_closed_it():
    house = numbered(a_band_that_counts(), 1, 3, 5, 9).at("00:30")
    assert house.story() == ["00:15:30 raise data_gap"]
    house.closes("data_gap")
    house.at("00:50")
    assert house.state("data_gap") == "normal"
    numbered(house, 10, 12).at("01:10")
    assert house.story()[-1] == "01:05:30 raise data_gap"


def test_while_nobody_listens_nothing_can_come():
    house = numbered(a_band_that_counts(), 1, 3).at("00:05").listens(False)
    house.at("03:05").listens(True).at("03:15:29")
    assert house.made == []
    assert house.at("03:16").story() == ["03:15:30 raise data_gap"]


def test_what_came_and_could_not_be_used_is_not_missing_and_no_sign_of_life():
    house = numbered(Evening(MRS_LI), 1)
    unread = replace(city.item(0, house.now_ms, seq=2), unread=True)
    house._step(unread)
    house.at("00:15:00")
    assert house.story() == ["00:15:00 raise contact_lost"]
    numbered(house, 3).at("00:29")
    assert not house.story("data_gap")


# Shelving ---------------------------------------------------------------------------------------


def test_a_shelf_ends_by_itself_and_says_so():
    house = Evening(MRS_LI).says("band-li", on=["strap_off"])
    assert house.asks("shelve", "strap_off", until_ms=clock("00:10"), reason="new strap ordered") == "done"
    assert house.engine.next_due_ms() == clock("00:10")
    house.at("00:12")
    assert house.story("strap_off")[-1] == "00:10:00 unshelve strap_off"
