"""The canary is heard with the pulse and leaves nothing else behind: no reading, no step, no alarm, no device."""

import msgspec
from road import House, topic

from iot_gateway.canary import CANARY_TOPIC, song
from iot_gateway.gateway import BATCH_MESSAGES


def pulse(house):
    return msgspec.json.decode(house.gateway.store.read_meta("pulse"))


def tables(house):
    names = ("readings", "quarantine", "steps", "journal", "alarms", "outbox", "devices")
    return {name: house.rows(f"SELECT count(*) FROM {name}") for name in names}


def test_a_song_is_told_in_the_turn_it_came_in_and_in_nothing_but_the_pulse(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.turn(2000)
    before = tables(house)
    for seq in range(1, 11):
        house.clock.at_ms += 900
        house.arrive(CANARY_TOPIC, song("r1", seq))
        house.turn(1)
        assert pulse(house)["canary"] == {"run": "r1", "seq": seq}
        assert pulse(house)["at_ms"] == house.clock.at_ms
    assert tables(house) == before
    assert house.gateway.counts["messages"] == 0 and not house.gateway.rejected


def test_who_sings_faster_writes_no_more_pulses(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.turn(2000)
    told = set()
    for seq in range(100):
        house.arrive(CANARY_TOPIC, song("r1", seq))
        house.turn(100)
        told.add(pulse(house)["at_ms"])
    assert len(told) <= 21, "two a second for ten seconds"
    house.turn(1000)
    assert pulse(house)["canary"]["seq"] == 99


def test_a_song_holds_no_alarm_up_and_no_alarm_a_song(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.arrive(CANARY_TOPIC, song("r1", 1))
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.arrive(CANARY_TOPIC, song("r1", 2))
    house.turn(1000)
    assert house.open_kinds() == {"sos"} and house.acks() == [(0, 1)]
    assert pulse(house)["canary"] == {"run": "r1", "seq": 2}


def test_whatever_is_sung_nobody_is_woken(tmp_path):
    house = House(tmp_path)
    house.enrol()
    before = tables(house)
    for payload in (
        b"",
        b"{",
        b"\xff",
        b"[" * 60_000,
        b'{"kinds":["sos"]}',
        b'{"run":1,"seq":"x"}',
        b"9" * 70_000,
    ):
        house.arrive(CANARY_TOPIC, payload)
        house.turn(1000)
    for _ in range(BATCH_MESSAGES + 1):
        house.arrive(CANARY_TOPIC, b"la")
    house.turn(1)
    house.turn(1)
    assert tables(house) == before and pulse(house)["canary"] is None
    house.arrive(topic("_canary", "heartbeat"), song("r1", 1))  # only one topic is its own
    house.turn()
    assert house.gateway.rejected["bad_device_id"] == 1
    house.restart()
    house.turn()
