"""A fence with evidence of its own: sooner, farther, surer; and what it cannot say."""

from __future__ import annotations

import numpy as np
import pytest
from city import circle
from test_scenarios import GROUNDS, HOME, MRS_LI, STREET, Evening, mrs_li_at_home

from alerts.policy import FencePolicy
from alerts.roster import Fence, RosterEdit
from alerts.tuning import RANGES, Tuning

POLICY = FencePolicy()


def grounds(**evidence):
    return Fence("grounds", "safe", GROUNDS.geometry, "house", evidence=evidence)


def raised_at(fence, place=STREET, until="02:40"):
    house = mrs_li_at_home(fence)
    house.walks("band-li", place, until=until)
    made = [line.split()[0] for line in house.story("fence_left") if "raise" in line]
    return made[0] if made else None


def test_what_a_fence_does_not_say_is_the_policys_and_silence_never_decides_sooner_than_fixes():
    tuning = Tuning([None, {"raise_p": 0.9}, {"raise_p": 0.9995, "edge_m": 0.0}, {"confirm_s": 90.0}])
    tuned = tuning.of(POLICY, np.arange(4), np.array([True, False, True, False]))
    assert tuned.raise_p.tolist() == [POLICY.raise_p, 0.9, 0.9995, POLICY.raise_p]
    assert tuned.silence_p.tolist() == [POLICY.silence_p, POLICY.silence_p, 0.9995, POLICY.silence_p]
    assert tuned.edge_m.tolist() == [POLICY.edge_m, POLICY.edge_forbidden_m, 0.0, POLICY.edge_forbidden_m]
    assert tuned.confirm_ms.tolist() == [20_000, 20_000, 20_000, 90_000]


def test_a_fence_that_says_what_the_policy_says_decides_the_same():
    same = grounds(raise_p=POLICY.raise_p, edge_m=POLICY.edge_m, confirm_s=POLICY.confirm_s)
    assert raised_at(same) == raised_at(GROUNDS) == raised_at(grounds())


def test_a_fence_that_waits_longer_raises_later():
    usual, patient = raised_at(GROUNDS), raised_at(grounds(confirm_s=600.0))
    assert usual < "02:13"
    assert patient > "02:20"


def test_a_fence_with_a_wide_edge_lets_people_stand_before_it():
    place = (160.3, 0.4)  # 60 m beyond
    assert raised_at(GROUNDS, place) is not None
    assert raised_at(grounds(edge_m=150.0), place) is None


def test_a_pond_that_asks_for_less_is_entered_no_later():
    def entered(**evidence):
        pond = Fence("pond", "forbidden", circle(40.0, 160.0, 0.3), "house", evidence=evidence or None)
        house = Evening(MRS_LI, pond, begins="01:50")
        house.walks("band-li", HOME, until="02:10")
        house.walks("band-li", (150.4, 0.3), until="02:30", every_s=30, acc_m=25.0)
        made = [line for line in house.story("fence_entered") if "raise" in line]
        return made[0] if made else "never"

    assert entered(raise_p=0.5) <= entered() <= entered(raise_p=0.9999)
    assert entered(raise_p=0.5) < entered(raise_p=0.9999)


def test_other_evidence_for_a_fence_is_an_edit_that_begins_nothing_and_forgets_nothing():
    house = mrs_li_at_home(grounds(confirm_s=600.0))
    house.walks("band-li", STREET, until="02:15")
    assert house.story("fence_left") == []
    house.edits(RosterEdit(fences=(grounds(confirm_s=20.0),)))
    assert house.story("fence_left") == [], "an edit begins nothing"
    house.walks("band-li", STREET, until="02:17")
    assert house.only("raise", "fence_left").because["witnesses"] >= 4, "what was known stays known"


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("by", [-1, 1])
def test_what_is_out_of_range_is_refused_with_the_range(name, by):
    low, high = RANGES[name]
    house = Evening(GROUNDS)
    wrong = low - 0.01 if by < 0 else high + 0.0001
    assert house.edits(RosterEdit(fences=(grounds(**{name: wrong}),))) == "invalid"
    assert house.engine.fences.definitions["grounds"] == GROUNDS
    assert house.edits(RosterEdit(fences=(grounds(**{name: low}),))) == "done"
    assert house.edits(RosterEdit(fences=(grounds(**{name: high}),))) == "done"


@pytest.mark.parametrize(
    "evidence", [{"raisep": 0.9}, {"raise_p": "0.9"}, {"raise_p": float("nan")}, {"edge_m": True}]
)
def test_what_is_no_evidence_is_refused(evidence):
    assert Evening(GROUNDS).edits(RosterEdit(fences=(grounds(**evidence),))) == "invalid"
