"""Fires and other trouble at sensors, the events of a scenario, and scripts."""

import json
from collections import Counter

import numpy as np
import pytest

from device_sim.catalogue import SPECS
from device_sim.scenario import KINDS, Scenario, read_script
from device_sim.sensors import Sensors

T0 = 1_714_968_000_000
ZONE, OTHER = ("N001", "1F"), ("N001", "2F")


def sensors():
    specs = [SPECS[name] for name in ("SIM-SMOKE-CO-HUB", "SIM-HEAT-HUB", "SIM-SMOKE-NB", "SIM-GAS-HUB")]
    return Sensors(np.random.default_rng(1), specs, [ZONE, ZONE, OTHER, OTHER])


def run(s, seconds, start=T0):
    return [(t, report) for t in range(seconds) for report in s.step(start + t * 1000)]


def first(reports, row, kind, on=True):
    return next((t for t, r in reports if r.row == row and kind in r.kinds and r.on is on), None)


def test_flames_raise_smoke_within_a_minute_and_heat_a_minute_later_in_their_zone_only():
    s = sensors()
    s.start("fire", 0, T0, 600.0)
    reports = run(s, 1800)
    smoke, heat, co = first(reports, 0, "smoke"), first(reports, 1, "heat"), first(reports, 0, "co")
    assert 15 < smoke < 60 < heat < 150 and co > heat
    assert {report.row for _, report in reports} == {0, 1}
    assert first(reports, 0, "smoke", on=False) > 600
    assert first(reports, 1, "heat", on=False) > 600
    assert list(s.step(T0 + 10_000_000)) == []


def test_smouldering_is_slow_smoky_poisonous_and_not_hot():
    s = sensors()
    s.start("smoulder", 0, T0, 3000.0)
    reports = run(s, 3000)
    assert 300 < first(reports, 0, "smoke") < 1000
    assert 300 < first(reports, 0, "co") < 1500
    assert first(reports, 1, "heat") is None
    assert max(report.readings["temp"] for _, report in reports) < 40.0


def test_an_alarm_repeats_every_minute_while_it_lasts_and_readings_come_every_ten_seconds():
    s = sensors()
    s.start("gas", 3, T0, 600.0)
    reports = run(s, 600)
    raised = [t for t, r in reports if r.kinds == ["gas"]]
    assert 7 <= len(raised) <= 11 and min(np.diff(raised)) >= 60
    beats = [t for t, r in reports if not r.kinds]
    assert 55 <= len(beats) <= 60


def test_steam_reaches_one_detector():
    s = sensors()
    s.start("steam", 0, T0, 240.0)
    assert {report.row for _, report in run(s, 600)} == {0}


def test_a_model_reports_only_what_it_has_a_cell_for():
    s = sensors()
    assert set(s.readings(0, T0)) == {"smoke", "co", "temp"}
    assert set(s.readings(1, T0)) == {"temp"}
    assert set(s.readings(3, T0)) == {"gas", "temp"}


def scenario(lively=0.0, script=None, seed=1, count=2000):
    return Scenario(
        np.random.default_rng(seed),
        {kind: np.arange(count) for kind in KINDS},
        T0,
        lively=lively,
        script=script,
    )


def happen(s, seconds, dt=1.0):
    return [(t, event) for t in np.arange(dt, seconds + dt, dt) for event in s.step(T0 + int(t * 1000), dt)]


def test_a_calm_city_has_the_daily_rates():
    counts = Counter(event.kind for _, event in happen(scenario(), 10 * 86_400, 60.0))
    for kind in ("sos", "fall", "strap_off", "outing"):
        expected = 2000 * 10 * KINDS[kind].per_day
        assert 0.7 * expected < counts[kind] < 1.3 * expected
    assert counts["low_battery"] == 0


def test_a_lively_city_shows_something_at_once():
    events = happen(scenario(lively=1.0), 200)
    soonest = {}
    for t, event in events:
        soonest.setdefault(event.kind, t)
    assert soonest["sos"] <= 10 and soonest["fire"] <= 10 and soonest["elope"] <= 10
    assert set(soonest) >= set(KINDS) - {"outing", "co", "tamper"}
    assert happen(scenario(lively=1.0), 200) == events


def test_a_fleet_that_cannot_have_an_event_has_none():
    eligible = {kind: np.arange(0) for kind in KINDS}
    s = Scenario(np.random.default_rng(1), eligible, T0, lively=10.0)
    assert happen(s, 600) == []


ROWS = {"WB1": 0, "FS1": 1}
SENSES = {"WB1": frozenset({"heart", "position"}), "FS1": frozenset({"smoke", "detector"})}


def script(*lines):
    return read_script(json.dumps(lines).encode(), ROWS, SENSES)


def test_a_script_is_played_to_the_second():
    lines = script(
        {"at_s": 20, "device_id": "WB1", "event": "sos"},
        {"at_s": 5, "device_id": "FS1", "event": "fire", "duration_s": 99},
    )
    s = Scenario(np.random.default_rng(1), {kind: np.arange(0) for kind in KINDS}, T0, script=lines)
    events = happen(s, 60)
    assert [(t, e.row, e.kind) for t, e in events] == [(5, 1, "fire"), (20, 0, "sos")]
    assert events[0][1].duration_s == 99


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"at_s": 1, "device_id": "WB9", "event": "sos"}, "event 1: no device 'WB9'"),
        ({"at_s": 1, "device_id": "WB1", "event": "dance"}, "event 1: unknown event 'dance'"),
        ({"at_s": 1, "device_id": "WB1", "event": "fire"}, "WB1 cannot have 'fire'"),
        ({"at_s": -1, "device_id": "WB1", "event": "sos"}, "at_s"),
        ({"at_s": 1, "device_id": "WB1", "event": "sos", "extra": 1}, "extra"),
        ({"device_id": "WB1", "event": "sos"}, "at_s"),
    ],
)
def test_a_wrong_script_says_what_is_wrong(line, why):
    with pytest.raises(ValueError, match=why):
        script(line)
