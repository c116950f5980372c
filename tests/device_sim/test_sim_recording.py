"""The whole city in virtual time: every payload is of the contract, and a bad line loses no alarm."""

import json
from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import pytest

from device_sim.city import make_city
from device_sim.device import Device
from device_sim.faults import Faults
from device_sim.record import acks_for, record
from device_sim.simulation import Simulation
from iot_gateway.wire import (
    BEACON_TOPIC,
    DEVICE_ID,
    MAX_ITEMS,
    MAX_PAYLOAD_BYTES,
    Ack,
    Alarm,
    Beacon,
    DeviceCommand,
    Heartbeat,
    Location,
    Result,
    encode,
    split_topic,
    topic,
)  # fmt: skip

T0 = 1_714_953_600_000
TYPES = {"location": Location, "heartbeat": Heartbeat, "alarm": Alarm, "result": Result}


def city():
    return make_city(5, 120, 80, 20)


def recorded(seed=5, seconds=1200, roster=None, **options):
    simulation = Simulation(roster or city(), seed, T0, **options)
    lines = b"".join(line for _, part in record(simulation, seed, T0, seconds) for line in part)
    return simulation, lines


def messages(lines):
    return [json.loads(line) for line in lines.splitlines()]


def items(lines):
    for message in messages(lines):
        device_id, stream = split_topic(message["topic"])
        payload = message["payload"]
        for item in payload if isinstance(payload, list) else [payload]:
            yield message["received_at_ms"], device_id, stream, item


def test_a_recording_is_the_same_to_the_byte_for_the_same_seed():
    assert recorded(lively=3.0)[1] == recorded(lively=3.0)[1]
    assert recorded(seed=6)[1] != recorded(seed=5)[1]


def test_every_payload_is_of_the_contract_and_in_the_order_of_receipt():
    faults = Faults(loss=0.05, repeats=0.05, reorder=0.05, skew_s=30.0, backlog=1.0)
    _, lines = recorded(lively=10.0, faults=faults)
    was = 0
    streams = Counter()
    for message in messages(lines):
        assert message["received_at_ms"] >= was
        was = message["received_at_ms"]
        device_id, stream = split_topic(message["topic"])
        assert DEVICE_ID.fullmatch(device_id)
        payload = message["payload"]
        assert len(json.dumps(payload)) <= MAX_PAYLOAD_BYTES
        assert not isinstance(payload, list) or 1 < len(payload) <= MAX_ITEMS
        for item in payload if isinstance(payload, list) else [payload]:
            msgspec.convert(item, TYPES[stream])
            assert item.get("seq") is not None and item.get("boot") and abs(item["ts"] - was) < 3_700_000
            streams[stream] += 1
    assert min(streams[name] for name in ("location", "heartbeat", "alarm")) > 20


def test_the_load_is_smooth_and_what_the_models_promise():
    _, lines = recorded(seconds=900)
    per_second = Counter(message["received_at_ms"] // 1000 for message in messages(lines))
    # 108 bands a minute, 12 every five, a full heartbeat each every five: under 3 messages a second.
    assert 1.5 < sum(per_second.values()) / 900 < 3.5
    assert max(per_second.values()) < 15
    heard = defaultdict(list)
    for at_ms, device_id, _, _ in items(lines):
        heard[device_id].append(at_ms)
    promises = {model["model"]: model["contact_every_s"] for model in city()["models"]}
    for device in city()["devices"]:
        promise_s = promises[device["model"]]
        if device["kind"] == "wristband" and len(heard[device["device_id"]]) > 2:
            times = heard[device["device_id"]]
            gaps = [b - a for a, b in pairwise(times)]
            assert max(gaps) <= promise_s * 1000 + 1500, device


def test_seqs_of_a_boot_go_up_by_one():
    _, lines = recorded(lively=5.0)
    seen = defaultdict(set)
    for _, device_id, _, item in items(lines):
        seen[device_id, item["boot"]].add(item["seq"])
    for seqs in seen.values():
        assert seqs == set(range(len(seqs)))


def test_on_a_very_bad_line_every_alarm_still_arrives(monkeypatch):
    made = {}
    report = Device.report

    def note(device, item, now_ms):
        sent = report(device, item, now_ms)
        if isinstance(item, Alarm):
            made[device.device_id, item.boot, item.seq] = now_ms
        return sent

    monkeypatch.setattr(Device, "report", note)
    faults = Faults(loss=0.5, repeats=0.2, reorder=0.3)
    simulation, lines = recorded(seconds=1800, lively=10.0, faults=faults)
    found = Counter((d, i["boot"], i["seq"]) for _, d, stream, i in items(lines) if stream == "alarm")
    assert len(made) > 100 and set(found) <= set(made)
    assert max(found.values()) > 1
    online = {device.device_id for device in simulation.devices if device.online}
    # Half of everything is lost: after five minutes on the line, nothing is missing any more.
    missing = {key for key, at_ms in made.items() if key[0] in online and at_ms < T0 + 1_500_000} - set(found)
    held = {(device.device_id, *key) for device in simulation.devices for key in device._alarms}
    assert len(missing) <= 1 and missing <= held
    assert set(made) == set(found) | held


def test_a_scripted_sos_is_in_the_recording_at_its_second():
    roster = city()
    band = roster["devices"][0]["device_id"]
    script = json.dumps([{"at_s": 20, "device_id": band, "event": "sos"}]).encode()
    _, lines = recorded(seconds=60, roster=roster, script=script)
    found = [
        (at, d) for at, d, stream, item in items(lines) if stream == "alarm" and item["kinds"] == ["sos"]
    ]
    assert [(at // 1000, d) for at, d in found] == [(T0 // 1000 + 20, band)]


def test_a_silenced_device_is_silent_and_returns_with_a_new_boot():
    roster = city()
    band = next(d["device_id"] for d in roster["devices"] if d["model"] == "SIM-BAND-60")
    script = json.dumps([{"at_s": 200, "device_id": band, "event": "silence", "duration_s": 300}]).encode()
    _, lines = recorded(seconds=900, roster=roster, script=script)
    mine = [(at, item["boot"]) for at, d, _, item in items(lines) if d == band]
    assert not [at for at, _ in mine if T0 + 201_000 < at < T0 + 499_000]
    assert len({boot for at, boot in mine if at < T0 + 300_000}) == 1
    assert {boot for at, boot in mine if at > T0 + 500_000}.isdisjoint(
        {boot for at, boot in mine if at < T0 + 300_000}
    )


def test_what_ends_while_a_device_is_off_is_told_when_it_is_back():
    roster = city()
    band = next(d["device_id"] for d in roster["devices"] if d["model"] == "SIM-BAND-60")
    script = json.dumps([
        {"at_s": 100, "device_id": band, "event": "strap_off", "duration_s": 60},
        {"at_s": 120, "device_id": band, "event": "silence", "duration_s": 400},
    ]).encode()  # fmt: skip
    simulation, lines = recorded(seconds=900, roster=roster, script=script)
    mine = [(at, item) for at, d, stream, item in items(lines) if d == band and stream == "alarm"]
    assert [(item["kinds"], item.get("on", True)) for _, item in mine] == [
        (["strap_off"], True),
        (["strap_off"], False),
    ]
    assert mine[1][0] > T0 + 520_000
    assert simulation.bodies.worn.all()


def test_a_dead_zone_ends_in_a_flushed_backlog_of_the_same_boot():
    roster = city()
    band = next(d["device_id"] for d in roster["devices"] if d["model"] == "SIM-BAND-60")
    script = json.dumps([{"at_s": 100, "device_id": band, "event": "dead_zone", "duration_s": 1000}]).encode()
    _, lines = recorded(seconds=1200, roster=roster, script=script)
    late = [(at, item) for at, d, s, item in items(lines) if d == band and at - item["ts"] > 60_000]
    assert len(late) > 5
    assert len({at for at, _ in late}) == 1
    assert [item["ts"] for _, item in late] == sorted(item["ts"] for _, item in late)


def linked():
    """A linked city in which five bands call for help in the first minute."""
    roster = city()
    bands = [device["device_id"] for device in roster["devices"] if device["kind"] == "wristband"][:5]
    script = [{"at_s": 10 + n, "device_id": band, "event": "sos"} for n, band in enumerate(bands)]
    simulation = Simulation(roster, 5, T0, script=json.dumps(script).encode())
    assert simulation.link(simulation.device_ids, up=True, now_ms=T0) == []
    return simulation


def test_devices_keep_alarms_until_acknowledged_and_send_them_at_the_beacon():
    simulation = linked()
    sent = [m for second in range(1, 60) for m in simulation.step(T0 + second * 1000)]
    keys = {
        (m.device_id, a.boot, seq)
        for m in sent
        if m.stream == "alarm"
        for a in acks_for(m.payload, default=True)
        for seq in a.seqs
    }
    assert simulation.holding == len(keys) >= 5
    again = simulation.receive(BEACON_TOPIC, encode(Beacon(T0, 1)), T0 + 60_000)
    back = {
        (m.device_id, a.boot, seq) for m in again for a in acks_for(m.payload, default=True) for seq in a.seqs
    }
    assert back == keys
    for device_id, boot, seq in keys:
        assert simulation.receive(topic(device_id, "ack"), encode(Ack(boot, [seq])), T0 + 61_000) == []
    assert simulation.holding == 0
    assert simulation.receive(BEACON_TOPIC, encode(Beacon(T0, 1)), T0 + 62_000) == []


def test_nothing_is_sent_while_the_link_is_down_and_all_alarms_after():
    simulation = linked()
    simulation.link(simulation.device_ids, up=False, now_ms=T0)
    assert [m for second in range(1, 120) for m in simulation.step(T0 + second * 1000)] == []
    assert simulation.receive(BEACON_TOPIC, b"{}", T0 + 120_000) == []
    held = simulation.holding
    back = simulation.link(simulation.device_ids, up=True, now_ms=T0 + 121_000)
    assert {message.stream for message in back} == {"alarm", "location"}
    assert sum(1 for m in back for item in as_list(m)) == held


def as_list(message):
    payload = json.loads(message.payload)
    return payload if isinstance(payload, list) else [payload]


def test_a_device_obeys_report_every():
    simulation = linked()
    band = next(
        d
        for d, spec in zip(simulation.device_ids, simulation.specs, strict=True)
        if spec.model == "SIM-BAND-60"
    )
    asked = DeviceCommand("c1", "report_every", {"seconds": 10}, T0 + 60_000)
    answers = simulation.receive(topic(band, "cmd"), encode(asked), T0 + 1)
    assert [(m.device_id, m.stream) for m in answers] == [(band, "result")]
    sent = [
        m
        for second in range(1, 101)
        for m in simulation.step(T0 + second * 1000)
        if m.device_id == band and m.stream != "alarm"
    ]
    assert 9 <= len(sent) <= 12


@pytest.mark.parametrize("name", ["care/v1/NOBODY/ack", "care/v1/x", "other", "care/v1/WB00001/other"])
def test_what_is_not_for_a_device_is_ignored(name):
    assert linked().receive(name, b"\xff", T0 + 1) == []
    assert linked().receive("care/v1/WB00001/ack", b"\xff", T0 + 1) == []


def test_a_roster_with_only_what_is_required_can_be_played():
    roster = {
        "sites": [{"site_id": "S1", "kind": "home", "lat": 36.7, "lon": 119.1}],
        "fences": [{"fence_id": "F1", "role": "safe", "site_id": "S1",
                    "geometry": {"type": "Point", "coordinates": [119.1, 36.7], "radius_m": 100}}],
        "devices": [{"device_id": "B1", "kind": "wristband", "site_id": "S1"}, {"device_id": "B2", "kind": "wristband"},
                    {"device_id": "F1", "kind": "fire_sensor"}, {"device_id": "H1", "kind": "home_sensor"}],
    }  # fmt: skip
    _, lines = recorded(seconds=600, roster=roster, lively=20.0)
    # The home sensor reports every hour, and may have nothing to say in ten minutes.
    assert (
        {"B1", "B2", "F1"} <= {device_id for _, device_id, _, _ in items(lines)} <= {"B1", "B2", "F1", "H1"}
    )


def test_a_city_of_nothing_is_quiet():
    assert recorded(seconds=60, roster=make_city(1, 0, 0), lively=5.0)[1] == b""
