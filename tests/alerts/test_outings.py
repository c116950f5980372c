"""Approved outings, told by the clock: who is out is not missed, who does not come home is."""

from __future__ import annotations

import pytest
from city import square
from test_scenarios import GROUNDS, HOME, MRS_LI, POND, STREET, TOWN, Evening, clock, wall

from alerts.commands import OutingCommand
from alerts.lifecycle import Transition
from alerts.policy import Policy
from alerts.roster import Device, Fence, RosterEdit
from alerts.snapshot import dump, load

CENTRE = Fence("centre", "safe", square(100.0, *TOWN))


class Day(Evening):
    """A day with outings."""

    def says_of(self, verb: str, outing_id: str = "o1", **fields) -> str:
        """A person says it now: "done", or why not."""
        command = OutingCommand("c", self.now_ms, 0, "zhao", verb, outing_id, **fields)
        (result,) = self._step(commands=[command]).results
        return "done" if result.code == "done" else f"{result.code}: {result.detail}"

    def approve(self, begin: str, end: str, outing_id: str = "o1", **fields) -> str:
        times = {"from_ms": clock(begin), "until_ms": clock(end)}
        return self.says_of("approve", outing_id, **{"resident_id": "li"} | times | fields)

    def left(self) -> list[str]:
        return self.story("fence_left")


def mrs_li_at_ten(*more: Fence) -> Day:
    """At home since half past nine."""
    day = Day(MRS_LI, GROUNDS, *more, begins="09:30")
    day.walks("band-li", HOME, until="10:00")
    return day


def test_who_is_out_with_the_family_is_not_missed_and_sos_is_never_hidden():
    day = mrs_li_at_ten(POND)
    assert day.approve("10:01", "18:00") == "done"
    day.walks("band-li", STREET, until="10:30")
    assert day.left() == []
    day.says("band-li", place=STREET, on=("sos",))
    assert day.only("raise", "sos").alarm.priority == "urgent"
    day.walks("band-li", (300.3, 0.3), until="10:45")
    assert day.only("raise", "fence_entered").alarm.fence_id == "pond", "forbidden fences stay in force"
    day.walks("band-li", HOME, until="18:30")
    assert day.left() == []
    day.walks("band-li", STREET, until="18:50")
    raised = day.only("raise", "fence_left")
    assert "outing_id" not in raised.because, "home again, and then left: a departure as any other"


def test_who_is_not_home_a_quarter_of_an_hour_after_the_end_is_missed():
    day = mrs_li_at_ten()
    day.approve("10:01", "11:00")
    day.walks("band-li", STREET, until="11:40")
    assert day.left() == ["11:15:00 raise fence_left"]
    because = day.only("raise", "fence_left").because
    assert because["outing_id"] == "o1"
    assert wall(because["outing_ended_at_ms"]) == "11:00:00"
    assert because["margin_m"] < 0, "by the evidence that is known"
    day.walks("band-li", HOME, until="11:50")
    assert day.state("fence_left") == "cleared_unacknowledged"


def test_whose_band_is_silent_at_the_end_is_missed_by_what_was_known():
    day = mrs_li_at_ten()
    day.approve("10:01", "11:00")
    day.walks("band-li", STREET, until="10:30")
    day.at("11:14:59")
    assert day.left() == []
    day.at("11:30")
    assert day.left() == ["11:15:00 raise fence_left"]
    assert day.only("raise", "fence_left").because["silent_ms"] > 40 * 60_000
    asked = [r for r in day.requests if r.expires_at_ms == clock("11:05")]
    assert [(r.device_id, r.type, r.seq) for r in asked] == [("band-li", "locate", None)], "where is she?"


def test_who_comes_home_within_the_grace_and_leaves_again_is_missed_at_once():
    day = mrs_li_at_ten()
    day.approve("10:01", "11:00")
    day.walks("band-li", STREET, until="11:02")
    day.walks("band-li", HOME, until="11:05")
    day.walks("band-li", STREET, until="11:12")
    (left,) = day.left()
    assert left < "11:11"
    assert "outing_id" not in day.only("raise", "fence_left").because


def test_a_wearer_missed_before_the_approval_is_found_when_it_begins():
    day = mrs_li_at_ten()
    day.walks("band-li", STREET, until="10:10")
    assert day.state("fence_left") == "active_unacknowledged"
    day.approve("10:10:01", "11:00")
    day.at("10:11")
    cleared = day.only("clear", "fence_left")
    assert (wall(cleared.at_ms), cleared.because["outing_id"]) == ("10:10:01", "o1")


def test_with_a_destination_the_way_there_is_free_and_leaving_it_is_missed():
    day = mrs_li_at_ten(CENTRE)
    assert day.approve("10:01", "17:00", fence_id="centre") == "done"
    day.walks("band-li", STREET, until="10:20")
    day.walks("band-li", TOWN, until="12:00")
    assert day.left() == []
    day.walks("band-li", (6000.2, 900.4), until="12:10")
    raised: Transition = day.only("raise", "fence_left")
    assert raised.alarm.fence_id == "centre"
    assert raised.because["outing_id"] == "o1"
    assert "12:00:30" < wall(raised.at_ms) < "12:05"
    day.at("17:30")
    assert day.state("fence_left") == "active_unacknowledged", "who is missed already stays missed"
    assert len(day.left()) == 1
    day.walks("band-li", HOME, until="17:40")
    assert day.state("fence_left") == "cleared_unacknowledged"


def test_home_early_from_the_destination_is_home():
    day = mrs_li_at_ten(CENTRE)
    day.approve("10:01", "17:00", fence_id="centre")
    day.walks("band-li", TOWN, until="15:00")
    day.walks("band-li", HOME, until="17:30")
    assert day.state("fence_left") in {"normal", "cleared_unacknowledged"}
    assert day.engine.outings.overdue == {}
    day.walks("band-li", TOWN, until="17:40")
    assert day.state("fence_left") == "active_unacknowledged", "the destination is no fence of hers any more"


def test_a_person_who_ends_an_outing_means_now():
    day = mrs_li_at_ten()
    day.approve("10:01", "18:00")
    day.walks("band-li", STREET, until="10:30")
    assert day.says_of("end") == "done"
    day.at("10:30:10")
    assert day.left() == ["10:30:01 raise fence_left"]
    assert day.says_of("end") == "not_allowed: the outing is over"


def test_an_outing_that_has_not_begun_is_called_off():
    day = mrs_li_at_ten()
    day.approve("11:00", "12:00")
    assert day.says_of("end") == "done"
    day.at("10:59")
    assert day.engine.outings.approved == {}
    day.walks("band-li", STREET, until="11:10")
    assert day.state("fence_left") == "active_unacknowledged"


def test_a_longer_outing_is_longer():
    day = mrs_li_at_ten()
    day.approve("10:01", "11:00")
    day.walks("band-li", STREET, until="10:59")
    assert day.says_of("change", until_ms=clock("12:00")) == "done"
    day.walks("band-li", STREET, until="12:14")
    assert day.left() == []
    day.at("12:15")
    assert day.left() == ["12:15:00 raise fence_left"]


def test_one_outing_right_after_another_is_one_absence():
    day = mrs_li_at_ten()
    day.approve("10:01", "11:00")
    day.approve("11:00", "12:00", "o2")
    day.walks("band-li", STREET, until="12:14")
    assert day.left() == []


def test_the_band_that_is_put_on_meanwhile_is_out_too():
    day = mrs_li_at_ten()
    day.approve("10:01", "18:00")
    day.at("10:02")
    spare = Device("band-new", "wristband", site_id="house", resident_id="li")
    day.edits(RosterEdit(devices=(spare, Device("band-li", "wristband"))))
    day.walks("band-new", HOME, until="10:10")
    day.walks("band-new", STREET, until="10:20")
    assert day.left() == []


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"until_ms": clock("10:30")}, "invalid: an outing ends after its beginning, and not in the past"),
        ({"from_ms": clock("10:00")}, "invalid: an outing cannot begin in the past"),
        ({"from_ms": clock("11:00") + 1}, "invalid: an outing begins and ends on a whole second"),
        ({"until_ms": clock("3 11:00:01")}, "invalid: an outing lasts at most 72 hours"),
        (
            {"from_ms": clock("31 11:00"), "until_ms": clock("31 12:00")},
            "invalid: an outing begins at most 30 days from now",
        ),
        ({"fence_id": "pond"}, "invalid: the destination must be a safe fence of the roster"),
        ({"fence_id": "nowhere"}, "invalid: the destination must be a safe fence of the roster"),
        ({"resident_id": None}, "invalid: an outing needs a resident, a beginning and an end"),
        ({"outing_id": "o0"}, "not_allowed: there is an outing of this id already"),
        ({"until_ms": clock("20:00:01")}, "not_allowed: it overlaps the outing o0 of the same resident"),
    ],
)
def test_what_cannot_be_is_refused_in_words(fields, answer):
    day = mrs_li_at_ten(POND)
    day.approve("20:00", "21:00", "o0")
    wanted = {"outing_id": "o1", "resident_id": "li", "from_ms": clock("11:00"), "until_ms": clock("12:00")}
    assert day.says_of("approve", **wanted | fields) == answer
    assert list(day.engine.outings.approved) == ["o0"]


def test_an_outing_survives_a_snapshot():
    day = mrs_li_at_ten(CENTRE)
    day.approve("10:01", "11:00", fence_id="centre")
    day.walks("band-li", TOWN, until="10:40")
    day.engine = load(dump(day.engine), Policy())
    assert [o.outing_id for o in day.engine.outings.running.values()] == ["o1"]
    day.walks("band-li", STREET, until="10:50")
    assert day.only("raise", "fence_left").alarm.fence_id == "centre"
    day.walks("band-li", TOWN, until="11:05")
    day.engine = load(dump(day.engine), Policy())
    assert list(day.engine.outings.overdue) == [0]
    day.at("11:20")
    assert day.story("fence_left")[-1] == "11:15:00 raise fence_left", "of her own fence"
