"""Whatever bytes arrive: items, or rejections with their reason, and never an exception."""

import json
from math import isfinite

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from road import examples

from alerts.vocabulary import DEVICE_KINDS, KIND_BIT, bits_of
from iot_gateway.decode import NO_SEQ_BOOT, decode
from iot_gateway.wire import MAX_ITEMS, MAX_PAYLOAD_BYTES

STREAMS = ("heartbeat", "location", "alarm")
EVERYTHING = (*STREAMS, "result")
UNREADABLE = KIND_BIT["unreadable"]
SOS = KIND_BIT["sos"]


def of(stream, said, device="w1"):
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return decode(f"care/v1/{device}/{stream}", payload)


def bits(decoded, device="w1"):
    """(on, off) of all items of a device."""
    mine = [item for item in decoded.items if item.device_id == device]
    on = off = 0
    for item in mine:
        on, off = on | item.on_bits, off | item.off_bits
    return on, off


# What is right ----------------------------------------------------------------------------------

RIGHT = {
    "heartbeat": {
        "ts": 1,
        "seq": 2,
        "boot": 3,
        "bat": 50,
        "worn": True,
        "hr": 71,
        "rssi": -60,
        "faults": ["x"],
    },
    "location": {
        "ts": 1,
        "seq": 2,
        "boot": 3,
        "lat": 36.7,
        "lon": 119.1,
        "acc": 8,
        "src": "gnss",
        "spd": 1.5,
    },
    "alarm": {"ts": 1, "seq": 2, "boot": 3, "kinds": ["sos", "fall"], "lat": 36.7, "lon": 119.1, "hr": 120},
}


@pytest.mark.parametrize("stream", STREAMS)
def test_one_item_says_what_was_sent(stream):
    (item,) = of(stream, RIGHT[stream]).items
    assert (item.device_id, item.stream, item.ts, item.boot, item.seq) == ("w1", stream, 1, 3, 2)
    said = msgspec.to_builtins(item.said)
    assert {name: said[name] for name in RIGHT[stream]} == RIGHT[stream]


@pytest.mark.parametrize("stream", STREAMS)
def test_an_array_is_as_many_items_in_its_order(stream):
    decoded = of(stream, [RIGHT[stream] | {"seq": seq} for seq in range(5)])
    assert [item.seq for item in decoded.items] == [0, 1, 2, 3, 4]
    assert not decoded.rejections


def test_an_acknowledgement_is_wanted_of_alarms_and_elsewhere_only_on_request():
    wants = {stream: of(stream, RIGHT[stream]).items[0].wants_ack for stream in STREAMS}
    assert wants == {"heartbeat": False, "location": False, "alarm": True}
    for stream in STREAMS:
        for wish in (True, False):
            (item,) = of(stream, RIGHT[stream] | {"ack": wish}).items
            assert item.wants_ack is wish


def test_the_boot_is_0_where_none_is_said():
    (item,) = of("alarm", {"kinds": ["sos"], "seq": 5}).items
    assert (item.boot, item.seq, item.ts) == (0, 5, None)


def test_without_a_seq_an_item_is_known_by_its_content_and_never_acknowledged():
    one, two = (of("alarm", {"kinds": [kind], "ts": 9}).items[0] for kind in ("sos", "fall"))
    again = of("alarm", b' { "ts" : 9, "kinds" : ["sos"], "whatever": 1 } ').items[0]
    assert one.boot == two.boot == NO_SEQ_BOOT
    assert not one.wants_ack
    assert one.seq == again.seq != two.seq
    assert 0 <= one.seq < 2**63


def test_every_kind_of_device_alarm_can_be_on_and_over():
    for kind in DEVICE_KINDS:
        assert bits(of("alarm", {"kinds": [kind]})) == (KIND_BIT[kind], 0)
        assert bits(of("alarm", {"kinds": [kind], "on": True})) == (KIND_BIT[kind], 0)
        assert bits(of("alarm", {"kinds": [kind], "on": False})) == (0, KIND_BIT[kind])


@pytest.mark.parametrize("stream", STREAMS)
def test_unknown_fields_are_ignored(stream):
    (item,) = of(stream, RIGHT[stream] | {"new": {"deep": [1, "x", None]}, "huge": 10**300}).items
    assert item.said == of(stream, RIGHT[stream]).items[0].said


def test_a_result_names_its_command():
    decoded = of("result", {"id": "c1", "state": "failed", "detail": "no speaker"})
    ((device, result),) = decoded.results
    assert (device, result.id, result.state, result.detail) == ("w1", "c1", "failed", "no speaker")


def test_a_result_that_cannot_be_read_is_rejected():
    for said in (
        {"id": "c1", "state": "perhaps"},
        {"state": "done"},
        [],
        {"id": "x" * 65, "state": "done"},
        b"",
    ):
        decoded = of("result", said)
        assert not decoded.results and not decoded.items and len(decoded.rejections) == 1


# OwnTracks --------------------------------------------------------------------------------------

TRACK = {
    "_type": "location",
    "lat": 36.7,
    "lon": 119.1,
    "tst": 1_700_000_000,
    "acc": 12,
    "batt": 40,
    "vel": 36,
}


def test_an_owntracks_location_is_a_location():
    (item,) = decode(
        "owntracks/w1/phone", json.dumps(TRACK | {"cog": 90, "bs": 1, "tid": "AA"}).encode()
    ).items
    assert (item.device_id, item.stream, item.ts, item.wants_ack) == (
        "w1",
        "location",
        1_700_000_000_000,
        False,
    )
    said = item.said
    assert (said.lat, said.lon, said.acc, said.bat, said.spd, said.hdg) == (36.7, 119.1, 12, 40, 10, 90)


def test_owntracks_without_an_accuracy_is_a_location_without_one():
    said = {name: value for name, value in TRACK.items() if name != "acc"}
    (item,) = decode("owntracks/w1/phone", json.dumps(said).encode()).items
    assert item.said.acc is None


@pytest.mark.parametrize(
    "said",
    [
        {"_type": "lwt", "tst": 1},
        {"_type": "waypoint"},
        {},
        [],
        5,
        {"_type": ["location"]},
        TRACK | {"lat": "x"},
    ],
)
def test_other_owntracks_messages_are_counted_and_nothing_else(said):
    decoded = decode("owntracks/w1/phone", json.dumps(said).encode())
    assert not decoded.items and len(decoded.rejections) == 1


@pytest.mark.parametrize(
    "name", ["owntracks/w1", "owntracks/w1/phone/event", "owntracks//x", "owntracks/+/x"]
)
def test_other_owntracks_topics_are_nobodys_location(name):
    assert not decode(name, json.dumps(TRACK).encode()).items


# What is wrong ----------------------------------------------------------------------------------

DEEP = b"[" * 30_000 + b"]" * 30_000
HOSTILE = {
    "empty": b"",
    "spaces": b"   \r\n",
    "null": b"null",
    "a number": b"17",
    "a string": b'"sos"',
    "an array of nothing": b"[]",
    "an array of nulls": b"[null, null]",
    "an object of nothing": b"{}",
    "deep": DEEP,
    "deeper than the limit": b"[" * 100_000,
    "deep inside": b'{"kinds": ["sos"], "x": ' + DEEP + b"}",
    "deep in a field": b'{"kinds": ["sos"], "lat": ' + DEEP + b"}",
    "deep kinds": b'{"kinds": ' + DEEP + b"}",
    "NaN": b'{"kinds": ["sos"], "lat": NaN, "lon": 119}',
    "Infinity": b'{"kinds": ["sos"], "lat": -Infinity}',
    "1e999": b'{"kinds": ["sos"], "lat": 1e999}',
    "400 digits": b'{"kinds": ["sos"], "lat": ' + b"9" * 400 + b', "ts": ' + b"9" * 400 + b"}",
    "5000 digits": b'{"kinds": ["sos"], "ts": ' + b"9" * 5000 + b', "seq": 1}',
    "2^63": b'{"kinds": ["sos"], "seq": 9223372036854775808}',
    "2^64": b'{"kinds": ["sos"], "boot": 18446744073709551616, "ts": 18446744073709551616}',
    "a lone surrogate": b'{"kinds": ["sos"], "faults": ["\\ud800"]}',
    "a lone surrogate in a key": b'{"kinds": ["sos"], "\\udfff": 1}',
    "a lone surrogate for a kind": b'{"kinds": ["\\ud800", "sos"]}',
    "invalid UTF-8": b'{"kinds": ["sos"], "faults": ["\xff\xfe"]}',
    "invalid UTF-8 all over": b"\xff\xfe{\x00",
    "a byte order mark": b'\xef\xbb\xbf{"kinds": ["sos"]}',
    "UTF-16": '{"kinds": ["sos"]}'.encode("utf-16"),
    "duplicate keys": b'{"kinds": ["fall"], "kinds": ["sos"], "seq": 1, "seq": 2}',
    "duplicate kinds": b'{"kinds": ["fall"], "kinds": 5}',
    "half": b'{"kinds": ["sos"], "lat": 36.',
    "less than half": b'{"kinds": ["so',
    "two": b'{"kinds": ["sos"]} {"kinds": ["sos"]}',
    "a trailing comma": b'{"kinds": ["sos"],}',
    "NUL": b'{"kinds": ["sos"], "faults": ["\\u0000"]}',
    "only NUL": b"\x00" * 64,
}
OBJECTS = {
    "kinds unknown": {"kinds": ["aliens"]},
    "kinds mixed": {"kinds": ["sos", "aliens"]},
    "kinds empty": {"kinds": []},
    "kinds a string": {"kinds": "sos"},
    "kinds an object": {"kinds": {"sos": True}},
    "kinds a number": {"kinds": 3},
    "kinds of all sorts": {"kinds": ["sos", 5, None, ["fall"], {"heat": 1}]},
    "kinds the service decides": {"kinds": ["fence_left", "contact_lost"]},
    "65 kinds": {"kinds": ["sos"] * 65},
    "5000 kinds": {"kinds": ["sos", "fall"] * 2500},
    "on a string": {"kinds": ["sos"], "on": "no"},
    "on null": {"kinds": ["sos"], "on": None},
    "on 0": {"kinds": ["sos"], "on": 0},
    "seq a float": {"kinds": ["sos"], "seq": 1.5},
    "seq a string": {"kinds": ["sos"], "seq": "1"},
    "seq negative": {"kinds": ["sos"], "seq": -1},
    "seq beyond 2^53": {"kinds": ["sos"], "seq": 2**53 + 1},
    "ts negative": {"kinds": ["sos"], "ts": -5, "seq": 1},
    "ts huge": {"kinds": ["sos"], "ts": 2**60, "seq": 1},
    "ts a float": {"kinds": ["sos"], "ts": 1.5, "seq": 1},
    "ts a string": {"kinds": ["sos"], "ts": "2026-01-01", "seq": 1},
    "boot a string": {"kinds": ["sos"], "boot": "x", "seq": 1},
    "lat beyond the pole": {"kinds": ["sos"], "lat": 91, "lon": 0},
    "acc negative": {"kinds": ["sos"], "acc": -1},
    "bat of 101": {"kinds": ["sos"], "bat": 101},
    "a fault of a mile": {"kinds": ["sos"], "faults": ["x" * 300]},
    "a source nobody knows": {"kinds": ["sos"], "src": "crystal ball"},
}
CORPUS = HOSTILE | {name: json.dumps(said).encode() for name, said in OBJECTS.items()}


def lawful(payload, device="w1"):
    """The law of the alarm stream: something happens for whatever came, unless it is a readable item that says less."""
    decoded = of("alarm", payload, device)
    on, off = bits(decoded)
    assert on | off, decoded
    assert decoded.items and all(item.on_bits | item.off_bits for item in decoded.items)
    return decoded


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("stream", EVERYTHING)
def test_nothing_hostile_is_an_exception_and_everything_is_accounted_for(name, stream):
    decoded = of(stream, CORPUS[name])
    assert decoded.items or decoded.rejections or decoded.results or CORPUS[name] == b"[]"
    for item in decoded.items:
        assert item.ts is None or 0 <= item.ts <= 2**53
        assert -(2**63) <= item.boot < 2**63 and 0 <= item.seq < 2**63


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_on_the_alarm_stream_stays_without_an_alarm(name):
    lawful(CORPUS[name])


@pytest.mark.parametrize(
    "name",
    [n for n, said in CORPUS.items() if b'"sos"' in said and b'"sos":' not in said and b"kinds" in said],
)
def test_a_call_for_help_is_one_whatever_is_wrong_around_it(name):
    on, _ = bits(lawful(CORPUS[name]))
    assert on & SOS


def test_a_word_that_it_is_over_raises_no_call_for_help_even_if_it_is_broken():
    assert bits(lawful(b'{"kinds": ["sos"], "on": false, "lat": NaN}')) == (0, SOS)
    assert bits(lawful(b'{"on" : false, "kinds": "sos" ')) == (UNREADABLE, 0)


def test_what_is_broken_is_acknowledged_and_known_again_if_its_seq_can_be_read():
    for said in (
        b'{"ts":7,"seq":77,"kinds":["sos"],"hr":NaN}',
        b'{"ts":7,"seq":77,"kinds":["sos"],"note":"\\ud800"}',
        b'{"ts":7,"seq":77,"kinds":["sos"],"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"ts":7,"seq":77,"kinds":["sos"],"hr":8',
    ):
        (item,) = lawful(said).items
        assert (item.ts, item.boot, item.seq, item.wants_ack) == (7, 0, 77, True)
        assert item.on_bits & SOS


def test_digits_that_are_torn_off_are_no_seq():
    (item,) = lawful(b'{"kinds":["sos"],"seq":77').items
    assert not item.wants_ack and item.on_bits & SOS


def test_a_boot_nobody_can_hold_is_not_boot_0():
    for boot in (2**63, -(2**63), "x", 1.5, None):
        (item,) = of("alarm", {"kinds": ["sos"], "seq": 1, "boot": boot}).items
        assert not item.wants_ack and item.boot == NO_SEQ_BOOT
    (item,) = of("alarm", {"kinds": ["sos"], "seq": 1, "boot": 2**63 - 1}).items
    assert item.wants_ack and item.boot == 2**63 - 1


@pytest.mark.parametrize("stream", ["heartbeat", "location"])
@pytest.mark.parametrize("wrong", [b"NaN", b'"\\ud800"', b"[" * 5000 + b"]" * 5000])
def test_one_bad_item_does_not_take_the_others_of_its_array_with_it(stream, wrong):
    right = b'{"ts":%d,"seq":%d,"bat":50,"lat":36.7,"lon":119.1,"ack":true}'
    torn = b'{"ts":2,"seq":2,"bat":50,"lat":36.7,"lon":119.1,"ack":true,"note":%s}' % wrong
    decoded = of(stream, b"[%s,%s,%s]" % (right % (1, 1), torn, right % (3, 3)))
    assert [(item.seq, item.wants_ack) for item in decoded.items] == [(1, True), (2, True), (3, True)]


def test_a_fire_is_not_lost_for_a_wrong_field_beside_it():
    (item,) = of("heartbeat", {"smoke": 50, "temp": 90, "bat": 101, "seq": 1, "ack": True}).items
    assert (item.said.smoke, item.said.temp, item.said.bat) == (50, 90, None) and item.wants_ack
    (item,) = of("location", {"lat": 36.7, "lon": 119.1, "acc": -1, "src": "uwb", "ts": 5}).items
    assert (item.said.lat, item.said.acc, item.said.src) == (36.7, None, None)


def test_an_alarm_in_coordinates_that_cannot_be_read_has_no_position():
    (item,) = of("alarm", {"kinds": ["sos"], "lat": 36.7, "lon": 119.1, "crs": "GCJ-02", "hr": 90}).items
    assert item.on_bits == SOS and (item.said.lat, item.said.lon, item.said.hr) == (None, None, 90)


def test_a_position_needs_both_halves_and_a_time_that_can_be_read():
    for said in (
        {"lat": 95, "lon": 1},
        {"lat": 1},
        {"lat": 1, "lon": 1, "ts": "noon"},
        {"lat": "1", "lon": 1},
        {"lat": 1, "lon": 1, "crs": "GCJ-02"},  # half a kilometre beside, if taken for WGS-84
    ):
        decoded = of("location", said | {"seq": 9, "ack": True})
        assert not decoded.items
        assert [(r.seq, r.wants_ack) for r in decoded.rejections] == [(9, True)]


def test_what_is_over_stays_over_when_something_else_is_wrong():
    assert bits(of("alarm", {"kinds": ["sos"], "on": False, "lat": "x"})) == (0, SOS)
    (item,) = of("alarm", {"kinds": ["sos"], "on": False, "lat": "x"}).items
    assert item.said.on is False
    assert bits(of("alarm", {"kinds": ["sos", "aliens"], "on": False})) == (UNREADABLE, SOS)


def test_what_is_right_beside_the_wrong_is_kept():
    (item,) = of(
        "alarm", {"kinds": ["sos"], "lat": 36.7, "lon": 119.1, "hr": "fast", "bat": 3, "ts": 7}
    ).items
    assert (item.said.lat, item.said.bat, item.said.hr, item.ts) == (36.7, 3, None, 7)


def test_an_item_that_cannot_be_used_is_acknowledged_if_its_seq_can_be_read():
    (rejection,) = of("location", {"lat": 99, "lon": 0, "seq": 4, "boot": 2, "ack": True}).rejections
    assert (rejection.seq, rejection.boot, rejection.wants_ack) == (4, 2, True)
    (rejection,) = of("location", {"lat": 99, "lon": 0, "seq": 4}).rejections
    assert not rejection.wants_ack
    (item,) = of("alarm", {"kinds": ["aliens"], "seq": 4, "boot": 2}).items
    assert (item.seq, item.boot, item.wants_ack) == (4, 2, True)
    (item,) = of("alarm", {"kinds": ["aliens"], "seq": 4, "ack": False}).items
    assert not item.wants_ack


def test_one_wrong_item_of_an_array_takes_no_other_with_it():
    said = [{"lat": 1, "lon": 1, "seq": 0}, {"lat": 99}, 5, "x", {"lat": 2, "lon": 2, "seq": 1}]
    decoded = of("location", said)
    assert [item.seq for item in decoded.items] == [0, 1]
    assert len(decoded.rejections) == 3
    decoded = of("alarm", [{"kinds": ["sos"], "seq": 1}, 5, {"kinds": ["fall"], "seq": 2, "lat": "x"}])
    assert [item.on_bits for item in decoded.items] == [SOS, UNREADABLE, KIND_BIT["fall"]]
    broken = b'[{"lat": 1, "lon": 1}, {"lat": 1e999, "lon": 1}]'
    assert [len(x) for x in (of("location", broken).items, of("location", broken).rejections)] == [1, 1]


def test_500_items_are_taken_and_501_are_refused_each_with_its_acknowledgement():
    item = {"lat": 1, "lon": 1, "ack": True}
    assert len(of("location", [item | {"seq": i} for i in range(MAX_ITEMS)]).items) == MAX_ITEMS
    decoded = of("location", [item | {"seq": i} for i in range(MAX_ITEMS + 1)])
    assert not decoded.items
    assert [r.seq for r in decoded.rejections if r.wants_ack] == list(range(MAX_ITEMS + 1))
    assert sum(r.payload is not None for r in decoded.rejections) == 1


def test_of_501_alarms_none_is_lost():
    decoded = of("alarm", [{"kinds": ["sos"], "seq": i} for i in range(MAX_ITEMS + 1)])
    assert [item.seq for item in decoded.items] == list(range(MAX_ITEMS + 1))
    assert all(item.on_bits == SOS for item in decoded.items)


@pytest.mark.parametrize("stream", STREAMS)
def test_64_kib_are_taken_and_one_byte_more_is_refused(stream):
    body = json.dumps(RIGHT[stream]).encode()
    full = body + b" " * (MAX_PAYLOAD_BYTES - len(body))
    assert len(of(stream, full).items) == 1 and not of(stream, full).rejections
    decoded = of(stream, full + b" ")
    assert [r.reason for r in decoded.rejections] == ["too_large"]
    assert len(decoded.items) == (stream == "alarm")
    if stream == "alarm":
        assert bits(decoded) == (SOS | KIND_BIT["fall"], 0)


@pytest.mark.parametrize("device", ["_x", "a" * 65, "a b", "ä", "", "-a", "a:b", "..", "w1\n", "a."])
def test_a_device_id_that_cannot_be_one_is_nobody_of_the_roster_but_its_alarm_is_heard(device):
    decoded = of("alarm", {"kinds": ["sos"], "seq": 1}, device)
    (item,) = decoded.items
    assert item.device_id.startswith("_") and len(item.device_id) <= 64 and item.device_id.isascii()
    assert item.on_bits == UNREADABLE | SOS and not item.wants_ack
    assert [r.reason for r in decoded.rejections] == ["bad_device_id"]
    decoded = of("location", {"lat": 1, "lon": 1}, device)
    assert not decoded.items and len(decoded.rejections) == 1


@pytest.mark.parametrize(
    "name", ["", "care/v1", "care/v2/w1/alarm", "care/v1/w1/ack", "care/v1/w1/alarm/x", "x" * 999]
)
def test_a_topic_of_nobody_is_one_rejection(name):
    decoded = decode(name, b'{"kinds": ["sos"]}')
    assert [r.reason for r in decoded.rejections] == ["unknown_topic"] and not decoded.items


# Anything at all --------------------------------------------------------------------------------

NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-5, 2**54))
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), NUMBERS, st.text(max_size=8), st.sampled_from([*DEVICE_KINDS, "aliens"])
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
FIELDS = (
    "ts",
    "seq",
    "boot",
    "ack",
    "bat",
    "lat",
    "lon",
    "acc",
    "src",
    "crs",
    "hr",
    "temp",
    "faults",
    "worn",
    "x",
)
KINDS = st.lists(st.sampled_from([*DEVICE_KINDS, "aliens", "unreadable", "fence_left", 7, None]), max_size=5)
ITEMS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(FIELDS, VALUES)
    | {"kinds": KINDS | VALUES, "on": st.booleans() | VALUES, "seq": st.integers(0, 9) | VALUES},
)
PIECES = st.sampled_from([
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b'"kinds"', b'"sos"', b'"on"', b"false", b"NaN", b"1e999", b"-",
    b"0", b"9" * 30, b'"seq"', b'"ts"', b"\\ud800", b"\xff", b"\x00", b"\xef\xbb\xbf", b" ", b"null", b'"lat"', b".5",
])  # fmt: skip
BYTES = st.binary(max_size=200) | st.lists(PIECES, max_size=30).map(b"".join)


@examples(120)
@given(payload=BYTES, stream=st.sampled_from(EVERYTHING))
@example(payload=b'{"kinds":["sos"],"lat":-', stream="alarm")
def test_any_bytes_are_decoded(payload, stream):
    decoded = of(stream, payload)
    assert (
        decoded.items or decoded.rejections or decoded.results or payload.split() in ([b"[]"], [b"[", b"]"])
    )
    if stream == "alarm":
        lawful(payload)


@examples(120)
@given(items=st.lists(ITEMS | VALUES, min_size=1, max_size=4), stream=st.sampled_from(EVERYTHING))
def test_any_json_is_decoded_item_by_item(items, stream):
    decoded = of(stream, items)
    if stream == "result":
        assert len(decoded.rejections) == 1
        return
    used = len(decoded.items)
    assert used == len(items) if stream == "alarm" else used <= len(items) <= used + len(decoded.rejections)
    for item in decoded.items:
        if item.said is not None:
            numbers = [v for v in msgspec.to_builtins(item.said).values() if isinstance(v, float)]
            assert all(map(isfinite, numbers))


@examples(120)
@given(said=ITEMS, in_array=st.booleans())
def test_every_known_kind_of_any_object_on_the_alarm_stream_is_raised_or_over(said, in_array):
    decoded = lawful(json.dumps([said] if in_array else said).encode())
    named = said.get("kinds")
    named = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    known = bits_of([kind for kind in named if isinstance(kind, str) and kind in DEVICE_KINDS])
    on, off = bits(decoded)
    if said.get("on") is False:
        assert off == known and on in {0, UNREADABLE}
    else:
        assert on & ~UNREADABLE == known and not off
    if not known:
        assert on == UNREADABLE
    seq = said.get("seq")
    boot = said.get("boot", 0)
    known_boot = isinstance(boot, int) and not isinstance(boot, bool) and abs(boot) < 2**63
    if known_boot and isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= 2**53:
        assert decoded.items[0].seq == seq
        assert decoded.items[0].wants_ack or said.get("ack") is False
