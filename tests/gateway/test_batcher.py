"""What is admitted, what is acknowledged and what is refused; positions in WGS-84."""

import json
from math import isnan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from road import FAR_LAT, HOME, NOW_MS, Core, enrolment, examples, kinds_raised, message, roster

from alerts.engine import Engine
from alerts.roster import Device
from iot_gateway import batcher as batching
from iot_gateway.batcher import Batcher
from iot_gateway.crs import to_wgs84, wgs84_to_gcj02
from iot_gateway.repeats import RememberedRepeats

LAT, LON = HOME[1], HOME[0]


@pytest.fixture
def core(tmp_path):
    made = Core(tmp_path / "s.sqlite")
    made.step([enrolment()])
    yield made
    made.close()


def acks(admitted):
    return sorted((device, boot, seq) for (device, boot), seqs in admitted.acks.items() for seq in seqs)


# Acknowledgements -------------------------------------------------------------------------------


def test_exactly_what_wants_it_is_acknowledged_admitted_repeated_or_quarantined(core):
    alarms = [
        {"kinds": ["sos"], "seq": 1, "ts": 5, "boot": 3},
        {"kinds": ["sos"], "seq": 1, "ts": 5, "boot": 3},
        {"kinds": ["fall"], "seq": 2, "ack": False},
        {"kinds": ["fall"], "ts": 9},
        {"kinds": ["aliens"], "seq": 4, "boot": 3},
        {"kinds": ["sos"], "seq": "x"},
    ]
    positions = [
        {"lat": LAT, "lon": LON, "seq": 5, "ack": True},
        {"lat": 99, "lon": LON, "seq": 6, "ack": True},
        {"lat": 99, "lon": LON, "seq": 7},
        {"lat": LAT, "lon": LON, "seq": 8},
        17,
    ]
    admitted = core.admit(message("alarm", alarms), message("location", positions))
    assert acks(admitted) == [("w1", 0, 5), ("w1", 0, 6), ("w1", 3, 1), ("w1", 3, 1), ("w1", 3, 4)]
    assert admitted.counts["items"] == 8 and admitted.counts["repeats"] == 1
    assert admitted.rejected == {"wrong_content": 5}
    assert len(admitted.quarantined) == 5


def test_every_rejection_is_kept_with_its_reason_even_of_nothing_at_all(core):
    admitted = core.admit(
        message("alarm", b""),
        message("heartbeat", b"\xff\x00"),
        message("location", b"{}"),
        message("result", b"[]"),
    )
    assert [row.payload for row in admitted.quarantined] == [b"", b"\xff\x00", b"{}", b"[]"]
    assert all(row.reason and row.topic.startswith("care/v1/w1/") for row in admitted.quarantined)
    assert sum(admitted.rejected.values()) == 4


def test_a_refused_array_is_kept_once_and_acknowledged_item_by_item(core):
    items = [{"bat": 5, "seq": seq, "ack": True} for seq in range(501)]
    admitted = core.admit(message("heartbeat", items))
    assert [seq for _, _, seq in acks(admitted)] == list(range(501))
    assert len(admitted.quarantined) == 1 and admitted.rejected["too_many_items"] == 501


# Devices nobody enrolled ------------------------------------------------------------------------


def test_the_alarm_of_a_stranger_raises_on_a_row_of_its_own(core):
    said = {"kinds": ["sos"], "seq": 1}
    _, decisions = core.step([message("alarm", said, device=name) for name in ("new-1", "new-2", "new-1")])
    assert kinds_raised(decisions.transitions, "new-1") == ["sos"]
    assert kinds_raised(decisions.transitions, "new-2") == ["sos"]
    found = core.rows(
        "SELECT device_row, device_id, kind, registered FROM devices WHERE NOT registered ORDER BY 1"
    )
    assert found == [(3, "new-1", "unknown", 0), (4, "new-2", "unknown", 0)]


@pytest.mark.parametrize("known_by_an_alarm", [False, True])
def test_everything_else_of_a_stranger_is_rejected_counted_and_acknowledged_if_wanted(
    core, known_by_an_alarm
):
    if known_by_an_alarm:
        core.step([message("alarm", {"kinds": ["sos"]}, device="new")])
    position = {"lat": LAT, "lon": LON, "seq": 3, "boot": 1}
    admitted = core.admit(
        message("location", position | {"ack": True}, device="new"),
        message("location", position | {"seq": 4}, device="new"),
        message("heartbeat", {"bat": 5, "ack": True}, device="new"),
    )
    assert acks(admitted) == [("new", 1, 3)]
    assert admitted.rejected == {"unknown_device": 3}
    assert len(admitted.quarantined) == 3 and not admitted.readings
    assert json.loads(admitted.quarantined[0].payload)["lat"] == LAT


def test_a_stranger_that_is_enrolled_later_is_listened_to_and_keeps_its_row(core):
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1}, device="new")])
    row = core.engine.fleet.row_of["new"]
    core.step(
        [enrolment(roster(devices=[{"device_id": "new", "kind": "wristband", "site_id": "s1"}]), "again")]
    )
    assert core.engine.fleet.row_of["new"] == row
    admitted = core.admit(
        message("location", {"lat": LAT, "lon": LON}, device="new"),
        message("alarm", {"kinds": ["sos"], "seq": 1}, device="new"),
    )
    assert [(one.device_row, one.stream) for one in admitted.readings] == [(row, "location")]
    assert admitted.counts["repeats"] == 1


def test_beyond_the_limit_of_strangers_an_alarm_is_shed_and_so_never_acknowledged(core, monkeypatch):
    monkeypatch.setattr(batching, "MAX_UNREGISTERED", 2)
    said = {"kinds": ["sos"], "seq": 1}
    admitted = core.admit(*(message("alarm", said, device=f"new-{i}") for i in range(3)))
    assert acks(admitted) == [("new-0", 0, 1), ("new-1", 0, 1)]
    assert admitted.rejected == {"too_many_strangers": 1} and len(admitted.quarantined) == 1
    admitted = core.admit(
        *(message("alarm", said | {"seq": 2}, device=name) for name in ("new-1", "new-2", "w1"))
    )
    assert acks(admitted) == [("new-1", 0, 2), ("w1", 0, 2)]


def test_how_many_strangers_there_are_depends_on_the_state_of_the_core_alone(monkeypatch):
    """A batcher that lived through it and one that was made after a restart admit the same."""
    monkeypatch.setattr(batching, "MAX_UNREGISTERED", 3)
    engine = Engine()
    lived = Batcher(engine, RememberedRepeats())

    def alarms(*names):
        return list(enumerate(message("alarm", {"kinds": ["sos"]}, device=name) for name in names))

    engine.step(NOW_MS, lived.admit(alarms("a", "b")).batch)
    engine.fleet.devices[0] = Device("a")
    for made in (lived, Batcher(engine, RememberedRepeats())):
        assert made.admit(alarms("c", "d", "e")).batch.new_device_ids == ("c", "d")


def test_a_device_id_that_cannot_be_one_raises_under_a_name_that_no_device_can_have(core):
    _, decisions = core.step([message("alarm", {"kinds": ["sos"], "seq": 1}, device="AA:BB:CC")])
    assert set(kinds_raised(decisions.transitions, "_AA_BB_CC")) == {"sos", "unreadable"}
    assert not core.admit(message("alarm", {"kinds": ["sos"], "seq": 1}, device="AA:BB:CC")).acks


# Positions --------------------------------------------------------------------------------------


def fix(core, said, device="w1"):
    batch = core.admit(message("location", said, device=device)).batch
    return batch.lat_deg[0], batch.lon_deg[0], batch.acc_m[0], bool(batch.has_fix[0])


def near(found, lat, lon):
    return abs(found[0] - lat) < 1e-6 and abs(found[1] - lon) < 1e-6


def test_a_fix_in_wgs84_is_taken_as_it_is(core):
    assert fix(core, {"lat": LAT, "lon": LON, "acc": 8}) == (LAT, LON, 8, True)


@pytest.mark.parametrize("said", [{}, {"acc": 0}, {"acc": 0.0}])
def test_an_accuracy_that_is_missing_or_zero_is_unknown(core, said):
    assert isnan(fix(core, {"lat": LAT, "lon": LON} | said)[2])
    assert core.rows("SELECT count(*) FROM readings WHERE acc_m=0") == [(0,)]


@pytest.mark.parametrize("stream", ["location", "alarm"])
def test_null_island_is_no_fix_and_an_alarm_from_there_is_one(core, stream):
    _, decisions = core.step([message(stream, {"kinds": ["sos"], "lat": 0, "lon": 0.0, "bat": 5})])
    assert kinds_raised(decisions.transitions) == (["sos"] if stream == "alarm" else [])
    assert core.rows("SELECT lat, lon, src, bat FROM readings") == [(None, None, None, 5)]
    assert core.engine.fleet.last_fix(0) is None


def test_half_a_position_is_none(core):
    batch = core.admit(message("alarm", {"kinds": ["sos"], "lat": LAT})).batch
    assert isnan(batch.lat_deg[0]) and not batch.has_fix[0]


def test_gcj02_is_shifted_back_where_the_item_says_so_or_else_its_model(core):
    lat, lon = wgs84_to_gcj02(LAT, LON)
    assert abs(lat - LAT) > 1e-4
    assert near(fix(core, {"lat": lat, "lon": lon, "crs": "gcj02"}), LAT, LON)
    assert near(fix(core, {"lat": lat, "lon": lon}, "w2"), LAT, LON)
    assert near(fix(core, {"lat": lat, "lon": lon, "crs": "wgs84"}, "w2"), lat, lon)
    assert near(fix(core, {"lat": lat, "lon": lon}), lat, lon)


def test_a_stranger_has_no_model(core):
    batch = core.admit(message("alarm", {"kinds": ["sos"], "lat": LAT, "lon": LON}, device="new")).batch
    assert (batch.lat_deg[0], batch.lon_deg[0]) == (LAT, LON)


def test_the_shifts_are_the_published_ones():
    """The examples of the widely used coordtransform library, (116.404, 39.915)."""
    lat, lon = wgs84_to_gcj02(39.915, 116.404)
    assert abs(lat - 39.91640428150164) < 1e-9 and abs(lon - 116.41024449916938) < 1e-9
    found = to_wgs84(39.915, 116.404, "bd09")
    assert near(found, *to_wgs84(39.90865673957631, 116.39762729119315, "gcj02"))


@examples(100)
@given(
    lat=st.floats(-90, 90) | st.sampled_from([-90, 90, 0.8293, 55.8271]),
    lon=st.floats(-180, 180) | st.sampled_from([-180, 180, 72.004, 137.8347]),
    crs=st.sampled_from(["wgs84", "gcj02", "bd09"]),
)
def test_every_position_stays_a_position_near_where_it_was(lat, lon, crs):
    to_lat, to_lon = to_wgs84(lat, lon, crs)
    assert -90 <= to_lat <= 90 and -180 <= to_lon <= 180
    assert abs(to_lat - lat) < 0.1 and abs(to_lon - lon) < 0.1


@examples(50)
@given(lat=st.floats(18, 53), lon=st.floats(74, 134))
def test_the_shift_of_gcj02_is_undone_to_a_few_centimetres(lat, lon):
    back = to_wgs84(*wgs84_to_gcj02(lat, lon), "gcj02")
    assert abs(back[0] - lat) < 1e-6 and abs(back[1] - lon) < 1e-6


# What is stored ---------------------------------------------------------------------------------


def test_a_reading_keeps_what_was_said(core):
    said = {
        "ts": 9, "seq": 1, "boot": 2, "kinds": ["fall"], "on": False, "lat": LAT, "lon": LON, "acc": 7, "src": "gnss",
        "bat": 60, "hr": 99, "faults": ["缺"], "spd": 1.5,
    }  # fmt: skip
    core.step([message("alarm", said)])
    (row,) = core.rows(
        "SELECT measured_at_ms, boot, seq, stream, lat, lon, acc_m, src, bat, extra FROM readings"
    )
    assert row[:-1] == (9, 2, 1, "alarm", LAT, LON, 7, "gnss", 60)
    kept = {"kinds": ["fall"], "on": False, "hr": 99, "faults": ["缺"], "spd": 1.5}
    assert msgspec.json.decode(row[-1]) == kept


def test_what_was_salvaged_of_a_word_that_it_is_over_is_stored_as_one(core):
    core.step([message("alarm", {"kinds": ["fall"], "on": False, "hr": "x", "seq": 1})])
    ((extra,),) = core.rows("SELECT extra FROM readings")
    assert msgspec.json.decode(extra) == {"kinds": ["fall"], "on": False}


def test_an_alarm_carries_a_position_into_the_core(core):
    core.step([message("location", {"lat": LAT, "lon": LON, "ts": NOW_MS, "acc": 8}, at_ms=NOW_MS + 1)])
    said = {"kinds": ["sos"], "lat": FAR_LAT, "lon": LON, "ts": NOW_MS + 5, "acc": 8}
    _, decisions = core.step([message("alarm", said, at_ms=NOW_MS + 10)])
    (raised,) = decisions.transitions
    assert raised.alarm.kind == "sos" and core.engine.fleet.last_fix(0)["lat"] == FAR_LAT


# Numbers that did not come ----------------------------------------------------------------------


def gaps_after(core, minutes=20):
    """The numbers that an alarm says are missing, once some time has passed."""
    core.step([], NOW_MS + minutes * 60_000)
    return [a.because["missing"] for a in core.engine.alarms.open.values() if a.kind == "data_gap"]


def beats(*seqs, **said):
    return message(
        "heartbeat", [{"bat": 80, "ts": NOW_MS, "seq": seq, **({"ack": True} | said)} for seq in seqs]
    )


def test_a_number_that_never_came_is_told_of_after_a_restart_too(core, tmp_path):
    core.step([beats(1, 2, 5, 5)])
    core.keep_state()
    core.close()
    again = Core(tmp_path / "s.sqlite")
    assert gaps_after(again) == [2]
    again.close()


def test_one_that_came_and_is_in_quarantine_is_not_missing(core):
    core.step([beats(1), message("location", [{"lat": 99, "lon": LON, "seq": 2}, 17]), beats(3)])
    assert gaps_after(core) == []


def test_items_are_numbered_over_all_streams(core):
    alarm = message("alarm", {"kinds": ["sos"], "seq": 2})
    core.step(
        [beats(1), alarm, message("location", {"lat": LAT, "lon": LON, "seq": 3, "ack": True}), beats(4)]
    )
    assert gaps_after(core) == []


@pytest.mark.parametrize("said", [{"ack": False}, {"seq": None}])
def test_who_wants_no_acknowledgement_or_does_not_count_misses_nothing(core, said):
    core.step([beats(1, 2, 9, **said)])
    assert gaps_after(core) == []
