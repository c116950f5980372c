"""The device model: an item that wants an ack is kept until it is named, whatever happens."""

import json

import pytest

from device_sim.device import Device, Outgoing, pack
from device_sim.faults import Faults, Line
from iot_gateway.wire import Alarm, Heartbeat, Location

T0 = 1_700_000_000_000


def fix(**more):
    return Location(lat=36.7, lon=119.1, **more)


def sos():
    return Alarm(kinds=["sos"])


def online(**options):
    device = Device("WB1", 7, **options)
    assert device.link(True, T0) == []
    return device


def items(messages):
    found = []
    for message in messages:
        payload = json.loads(message.payload)
        found += payload if isinstance(payload, list) else [payload]
    return found


def no_fix():
    return None


def test_one_counter_runs_over_all_streams():
    device = online()
    sent = device.report(fix(), T0) + device.report(Heartbeat(), T0 + 1) + device.report(sos(), T0 + 2)
    assert [(m.stream, i["seq"], i["boot"], i["ts"]) for m, i in zip(sent, items(sent), strict=True)] == [
        ("location", 0, 7, T0), ("heartbeat", 1, 7, T0 + 1), ("alarm", 2, 7, T0 + 2),
    ]  # fmt: skip


def test_an_alarm_is_resent_after_3_s_growing_to_30_s_until_acknowledged():
    device = online()
    device.report(sos(), T0)
    at, gaps = T0, []
    for now in range(T0, T0 + 200_000):
        again = device.resend_due(now)
        if again:
            gaps.append(now - at)
            at = now
            assert items(again)[0] == {"ts": T0, "seq": 0, "boot": 7, "kinds": ["sos"]}
    assert gaps[:6] == pytest.approx([3000, 4500, 6750, 10_125, 15_187, 22_781], abs=2)
    assert set(gaps[6:]) == {30_000}
    assert device.acknowledge(7, [0]) == 1
    assert device.holding == 0
    assert device.resend_due(T0 + 999_000) == []


def test_only_the_named_boot_and_seq_are_forgotten():
    device = online()
    for _ in range(3):
        device.report(sos(), T0)
    assert device.acknowledge(6, [0, 1, 2]) == 0
    assert device.acknowledge(7, [1, 99]) == 1
    assert [item["seq"] for item in items(device.resend_all(T0))] == [0, 2]


def test_the_beacon_makes_it_send_at_once_and_start_over_with_short_waits():
    device = online()
    device.report(sos(), T0)
    for now in range(T0, T0 + 60_000, 1000):
        device.resend_due(now)
    assert items(device.beacon(T0 + 60_500))
    assert device.resend_due(T0 + 63_000) == []
    assert device.resend_due(T0 + 63_500 + 1000)
    device.acknowledge(7, [0])
    assert device.beacon(T0 + 70_000) == []


def test_a_restart_changes_the_boot_and_keeps_what_is_in_flash():
    device = online()
    device.report(sos(), T0)
    device.link(False, T0)
    device.restart(8)
    device.report(sos(), T0 + 10)
    assert [(item["boot"], item["seq"]) for item in items(device.link(True, T0 + 20))] == [(7, 0), (8, 0)]
    assert device.acknowledge(8, [0]) == 1
    assert [item["boot"] for item in items(device.beacon(T0 + 30))] == [7]


def test_what_is_measured_offline_is_flushed_alarms_first_and_oldest_first():
    device = online()
    device.link(False, T0)
    for n in range(5):
        assert device.report(fix(), T0 + n) == []
    assert device.report(Heartbeat(), T0 + 5) == []
    assert device.report(sos(), T0 + 6) == []
    sent = device.link(True, T0 + 10)
    assert [message.stream for message in sent] == ["alarm", "location"]
    assert [message.qos for message in sent] == [1, 1]
    assert [item["ts"] for item in items(sent[1:])] == [T0 + n for n in range(5)]
    assert device.holding == 1  # fixes do not want an ack by default, the alarm does


def test_fixes_that_want_an_ack_are_kept_too():
    device = online()
    device.report(fix(ack=True), T0)
    assert device.holding == 1
    assert items(device.resend_due(T0 + 3000))
    assert device.acknowledge(7, [0]) == 1


def test_a_flush_keeps_to_500_items_and_64_kib():
    device = Device("WB1", 7)
    for n in range(1300):
        device.report(fix(), T0 + n)
    sent = device.link(True, T0 + 2000)
    assert [len(json.loads(message.payload)) for message in sent] == [500, 500, 300]
    big = [b"x" * 40_000, b"y" * 25_600, b"z" * 600]
    assert [len(payload) for payload in pack(big)] == [40_000, 25_600 + 600 + 3]
    exact = [b"x" * 32_766, b"y" * 32_767]
    assert [len(payload) for payload in pack(exact)] == [65_536]
    assert len(list(pack([*exact[:1], b"y" * 32_768]))) == 2


def test_a_full_ring_loses_positions_and_never_an_alarm():
    device = Device("WB1", 7, ring_items=10)
    for n in range(20):
        device.report(sos(), T0 + n)
        device.report(fix(), T0 + n)
    for n in range(100):
        device.report(fix(), T0 + 100 + n)
    sent = device.link(True, T0 + 1000)
    by_stream = {message.stream: json.loads(message.payload) for message in sent}
    assert len(by_stream["alarm"]) == 20
    assert [item["ts"] for item in by_stream["location"]] == [T0 + 190 + n for n in range(10)]
    assert device.overwritten == 110


def test_a_lost_connection_loses_no_alarm():
    device = online()
    device.report(sos(), T0)
    device.link(False, T0 + 100)
    assert device.resend_due(T0 + 10_000) == []
    assert [item["seq"] for item in items(device.link(True, T0 + 20_000))] == [0]


def command(**fields):
    return json.dumps({"id": "c1", "type": "buzz", "args": {}, "expires_ts": T0 + 60_000, **fields}).encode()


def answer(messages):
    assert messages[-1].stream == "result" and messages[-1].qos == 1
    return json.loads(messages[-1].payload)


def test_locate_sends_a_location_and_an_answer():
    device = online()
    sent = device.command(command(type="locate"), T0, fix)
    assert [message.stream for message in sent] == ["location", "result"]
    assert answer(sent) == {"id": "c1", "state": "done"}
    assert answer(device.command(command(type="locate", id="c2"), T0, no_fix))["state"] == "failed"


def test_the_same_command_again_is_answered_again_and_not_obeyed_twice():
    device = online()
    device.command(command(type="locate"), T0, fix)
    sent = device.command(command(type="locate"), T0 + 1, fix)
    assert [message.stream for message in sent] == ["result"]
    assert answer(sent)["state"] == "done"


def test_an_expired_command_is_answered_failed_by_the_devices_own_clock():
    device = online(skew_ms=120_000)
    assert answer(device.command(command(), T0, no_fix)) == {
        "id": "c1",
        "state": "failed",
        "detail": "expired",
    }


@pytest.mark.parametrize("name", ["seconds", "every_s", "interval_s"])
def test_report_every_changes_the_interval(name):
    device = online()
    assert (
        answer(device.command(command(type="report_every", args={name: 20}), T0, no_fix))["state"] == "done"
    )
    assert device.report_every_ms == 20_000


@pytest.mark.parametrize("args", [{}, {"seconds": 0}, {"seconds": "20"}, {"seconds": 1e9}])
def test_a_senseless_interval_is_answered_failed(args):
    device = online()
    assert answer(device.command(command(type="report_every", args=args), T0, no_fix))["state"] == "failed"
    assert device.report_every_ms is None


def test_resend_sends_what_is_unacknowledged():
    device = online()
    device.report(sos(), T0)
    sent = device.command(command(type="resend"), T0 + 10, no_fix)
    assert [message.stream for message in sent] == ["alarm", "result"]
    assert answer(sent)["detail"] == "1 items"


def test_unknown_and_unreadable_commands():
    device = online()
    assert answer(device.command(command(type="dance"), T0, no_fix))["state"] == "failed"
    assert answer(device.command(command(type="call", id="c3"), T0, no_fix))["state"] == "done"
    assert device.command(b"\xff{", T0, no_fix) == []
    assert device.command(b"[]", T0, no_fix) == []


def numbered(count):
    return [Outgoing("WB1", "location", str(n).encode(), 1) for n in range(count)]


def through(rng, faults, count=4000):
    line = Line(rng, faults)
    out = line.pass_on(numbered(count), T0)
    late = line.pass_on([], T0 + 60_000)
    return [int(message.payload) for message in out], [int(message.payload) for message in late]


def test_faults_hit_about_their_share():
    import numpy as np

    now, late = through(np.random.default_rng(1), Faults(loss=0.25))
    assert 0.70 < len(now) / 4000 < 0.80 and late == []
    now, late = through(np.random.default_rng(1), Faults(repeats=0.25))
    assert now == list(range(4000)) and 0.2 < len(late) / 4000 < 0.3
    now, late = through(np.random.default_rng(1), Faults(reorder=0.25))
    assert sorted(now + late) == list(range(4000)) and 0.2 < len(late) / 4000 < 0.3
    now, late = through(np.random.default_rng(1), Faults())
    assert now == list(range(4000)) and late == []


def test_shares_outside_0_to_1_are_refused():
    with pytest.raises(ValueError, match="loss"):
        Faults(loss=1.5)
    with pytest.raises(ValueError, match="negative"):
        Faults(skew_s=-1)
