"""No message and no request can end the gateway: what is poison would end every next one too."""

import json
import sqlite3

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from road import HOME, NOW_MS, ROSTER, YARD, House, examples, topic
from test_decode import BYTES, CORPUS, ITEMS, STREAMS, VALUES

from alerts.engine import Engine
from iot_gateway.downlink import RESEND_MS
from iot_gateway.reading import verify_store
from iot_gateway.store import Store
from iot_gateway.wire import MAX_PAYLOAD_BYTES

TOPICS = [
    topic(device, stream) for device in ("w1", "f1", "new", "_x", "ä", "") for stream in (*STREAMS, "result")
]
TOPICS += [
    "owntracks/w1/phone",
    "owntracks/x/y",
    "care/v1/w1/ack",
    "",
    "\x00",
    "care/v1/\U0001f525/alarm",
    "\ufeff",
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One gateway that takes everything the tests of this file can think of, and lives."""
    house = House(tmp_path_factory.mktemp("poison"))
    House.all.remove(house)
    house.enrol()
    yield house
    house.restart()  # what it has swallowed can be computed again
    house.turn()
    house.crash()
    rows, fault = verify_store(house.settings.database)
    assert fault is None and rows > 100


def still_works(house):
    """The next call for help is on disk and acknowledged."""
    house.sent.clear()
    house.clock.at_ms += 1000
    seq = house.clock.at_ms
    house.say("alarm", {"kinds": ["sos"], "seq": seq}, "w2")
    house.turn()
    assert house.acks("w2") == [(0, seq)]
    assert house.rows("SELECT count(*) FROM readings WHERE seq=?", seq) == [(1,)]


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_hostile_is_swallowed_on_every_topic_and_after_a_restart_still(name, shared):
    for one in TOPICS:
        shared.arrive(one, CORPUS[name])
    shared.turn()
    still_works(shared)


def test_the_largest_arrays_of_nonsense_are_swallowed(shared):
    for payload in (
        b"[" + b"1," * 12_000 + b"1]",
        b'[{"kinds":5},' * 2_000 + b"1]",
        b"[" * MAX_PAYLOAD_BYTES,
    ):
        for stream in STREAMS:
            shared.arrive(topic("w1", stream), payload)
    shared.turn()
    still_works(shared)


@examples(60)
@given(messages=st.lists(st.tuples(st.sampled_from(TOPICS) | st.text(max_size=30), BYTES), max_size=6))
def test_any_bytes_on_any_topic_are_swallowed(shared, messages):
    for name, payload in messages:
        shared.arrive(name, payload)
    shared.turn()
    still_works(shared)


@examples(70)
@given(
    messages=st.lists(
        st.tuples(st.sampled_from(TOPICS), st.lists(ITEMS | VALUES, max_size=3) | ITEMS | VALUES), max_size=5
    ),
    passed_ms=st.sampled_from([0, 1, 100, 30_000, 4_000_000, 700_000_000]),
)
def test_any_json_on_any_topic_is_swallowed(shared, messages, passed_ms):
    for name, said in messages:
        shared.arrive(name, json.dumps(said).encode())
    shared.turn(passed_ms)
    still_works(shared)


EXTREMES = st.sampled_from([
    0, -0.0, 5e-324, 1e308, -1e308, 1e9, -1e9, 2**53, -(2**53), 2**53 - 1, 2**31, 90, -90, 180, -180, 89.99999999, 1e-9,
])  # fmt: skip


@examples(70)
@given(said=st.dictionaries(
    st.sampled_from(["ts", "seq", "boot", "bat", "lat", "lon", "acc", "spd", "hdg", "hr", "rssi", "temp", "smoke", "co",
                     "gas", "press", "current"]), EXTREMES), crs=st.sampled_from(["wgs84", "gcj02", "bd09"]))  # fmt: skip
def test_every_value_at_the_edge_of_what_is_allowed_can_be_kept(shared, said, crs):
    for device in ("w1", "w2", "f1"):
        shared.say("alarm", said | {"kinds": ["tamper", "low_battery"], "crs": crs, "src": "gnss"}, device)
        shared.say(
            "location", said | {"lat": said.get("lat", 1), "lon": said.get("lon", 1), "crs": crs}, device
        )
        shared.say("heartbeat", said | {"worn": False, "faults": ["\x00", "\U0001f525", "'); --"]}, device)
    shared.turn()
    still_works(shared)


def test_every_item_that_is_acknowledged_has_its_row_even_at_the_ends_of_the_earth(shared):
    shared.sent.clear()
    places = [(lat, lon) for lat in (-90, 90, 0) for lon in (-180, 180, 0)]
    before = shared.rows("SELECT count(*) FROM readings WHERE device_row=0")[0][0]
    seqs = []
    for crs in ("wgs84", "gcj02", "bd09"):
        for lat, lon in places:
            seqs.append(8_000_000 + len(seqs))
            shared.say("location", {"lat": lat, "lon": lon, "crs": crs, "seq": seqs[-1], "ack": True})
    shared.turn()
    assert sorted(seq for _, seq in shared.acks()) == seqs
    assert shared.rows("SELECT count(*) FROM readings WHERE device_row=0") == [(before + len(seqs),)]


# What the api asks --------------------------------------------------------------------------------


def answered(house, type_, body):
    name = house.ask(type_, body)
    house.turn()
    code, detail = house.answer(name)
    assert "\n" not in detail or detail
    return code


def test_a_request_that_cannot_be_read_is_answered_as_invalid(shared):
    for type_ in ("alarm", "roster", "device_command"):
        for body in ("", "null", "[]", "5", "{", "[" * 99_999):
            assert answered(shared, type_, body) == "invalid"
    for body in ('{"put": 5}', '{"put": {"devices": [5]}}', '{"remove": {"fences": "yard"}}'):
        assert answered(shared, "roster", body) == "invalid"
    for body in ("{}", '{"verb": 5}', '{"verb": "acknowledge"}', '{"verb": "acknowledge", "alarm_id": 5}'):
        assert answered(shared, "alarm", body) == "invalid"
    assert answered(shared, "what", "{}") == "invalid"
    still_works(shared)


@pytest.mark.parametrize("number", [2**64, 10**30, -(2**64), 10**300])
def test_a_number_that_the_log_cannot_hold_is_refused(shared, number):
    alarm = {"verb": "acknowledge", "alarm_id": "A1"}
    assert answered(shared, "alarm", alarm | {"version": number}) == "invalid"
    assert (
        answered(shared, "alarm", alarm | {"verb": "shelve", "until_ms": number, "reason": "x"}) == "invalid"
    )
    for geometry in (YARD | {"x": number}, YARD | {"coordinates": [number, 1]}, YARD | {"radius_m": number}):
        fence = {"fence_id": "f", "role": "safe", "geometry": geometry}
        assert answered(shared, "roster", {"put": {"fences": [fence]}}) == "invalid"
    fence = {"fence_id": "f", "role": "safe", "geometry": YARD, "schedule": {"weekly": [], "x": number}}
    assert answered(shared, "roster", {"put": {"fences": [fence]}}) == "invalid"
    still_works(shared)


GEOMETRIES = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "Polygon", "MultiPolygon", "Circle"]) | VALUES},
    optional={
        "coordinates": VALUES | st.just(HOME) | st.just([[HOME, HOME, HOME, HOME]]),
        "radius_m": VALUES,
    },
)
WINDOWS = st.fixed_dictionaries(
    {},
    optional={
        "days": VALUES | st.lists(st.integers(0, 8), max_size=3),
        "from": VALUES | st.sampled_from(["19:00", "24:00", "19:00+08:00", "7"]),
        "to": VALUES | st.sampled_from(["07:00", "24:00", "07:00Z"]),
    },
)
SCHEDULES = st.fixed_dictionaries(
    {}, optional={"tz": VALUES | st.just("UTC"), "weekly": VALUES | st.lists(WINDOWS)}
)
FENCES = st.fixed_dictionaries(
    {
        "fence_id": st.sampled_from(["a", "b"]),
        "role": st.sampled_from(["safe", "forbidden"]),
        "geometry": GEOMETRIES,
    },
    optional={"schedule": SCHEDULES, "site_id": st.sampled_from(["s1", "s2"])},
)


@examples(80)
@given(fence=FENCES)
def test_a_fence_is_taken_or_refused_in_words(shared, fence):
    assert answered(shared, "roster", {"put": {"fences": [fence]}}) in {"done", "invalid"}
    shared.say("location", {"lat": HOME[1], "lon": HOME[0]})
    shared.turn(3_600_000)
    still_works(shared)


@examples(40)
@given(name=st.sampled_from(["models", "sites", "residents", "devices"]), said=st.dictionaries(
    st.sampled_from(["model", "contact_every_s", "crs", "site_id", "resident_id", "device_id", "kind", "lat", "contacts",
                     "fence_ids", "zone"]), VALUES | st.sampled_from(["w1", "s1", 1e-300, 1e300, 2678400])))  # fmt: skip
def test_an_entry_of_the_roster_is_taken_or_refused_in_words(shared, name, said):
    whole = ROSTER[name][0] | said
    assert answered(shared, "roster", {"put": {name: [whole]}, "remove": {"fences": ["yard"]}}) in {
        "done",
        "invalid",
    }
    shared.say("heartbeat", {"bat": 5})
    shared.turn(60_000)
    still_works(shared)
    assert answered(shared, "roster", {"put": ROSTER}) == "done"


@examples(60)
@given(body=st.dictionaries(st.sampled_from(
    ["verb", "alarm_id", "version", "text", "assignee", "until_ms", "reason", "outcome", "operator", "command_id"]),
    VALUES | st.sampled_from(["acknowledge", "close", "shelve", "A1", "A2", "false", NOW_MS])))  # fmt: skip
def test_a_verb_is_done_or_refused_in_words(shared, body):
    for verb in ("acknowledge", "close", "shelve", "comment"):
        code = answered(shared, "alarm", {"verb": verb} | body)
        assert code in {"done", "unknown_alarm", "stale", "not_allowed", "invalid"}
    still_works(shared)


def test_a_command_that_no_payload_can_carry_or_no_answer_can_name_is_refused(shared):
    asked = {"id": "x", "device_id": "w1", "type": "buzz", "expires_ts": shared.clock.at_ms + 60_000}
    assert answered(shared, "device_command", asked | {"args": {"text": "x" * 70_000}}) == "invalid"
    assert answered(shared, "device_command", asked | {"id": "x" * 65}) == "invalid"
    assert answered(shared, "device_command", asked | {"id": ""}) == "invalid"
    assert answered(shared, "device_command", asked | {"device_id": "_gateway"}) == "invalid"
    assert answered(shared, "device_command", asked | {"device_id": "w1/#"}) == "invalid"
    assert answered(shared, "device_command", asked | {"expires_ts": 2**70}) == "invalid"
    assert answered(shared, "device_command", asked | {"args": {"n": 10**30, "deep": [[[{}]]]}}) == "done"
    shared.say("heartbeat", {"bat": 5})
    shared.turn(RESEND_MS)
    said = [msgspec.json.decode(p) for name, p in shared.sent if name == topic("w1", "cmd")]
    assert {"n": 10**30, "deep": [[[{}]]]} in [one["args"] for one in said]
    still_works(shared)


# What nobody has thought of ------------------------------------------------------------------------

POISON_ACC_M = 13.37


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.enrol()
    return house


@pytest.fixture
def allergic(monkeypatch):
    """A core that a certain accuracy ends, in whatever company it comes."""
    step = Engine.step

    def planted(self, now_ms, batch, commands=()):
        if (batch.acc_m == POISON_ACC_M).any():
            raise ZeroDivisionError("nobody has thought of this")
        return step(self, now_ms, batch, commands)

    monkeypatch.setattr(Engine, "step", planted)


def fix(seq, acc=8.0, **more):
    return {"lat": HOME[1], "lon": HOME[0] + seq * 1e-6, "acc": acc, "seq": seq, "ack": True} | more


def quarantined(house):
    return house.rows("SELECT device_id, payload FROM quarantine ORDER BY id")


def test_one_message_that_ends_the_step_is_found_among_many_and_all_others_are_taken(house, allergic):
    for seq in range(1, 60):
        house.say("location", fix(seq, POISON_ACC_M if seq in {17, 44} else 8.0))
    house.turn()
    assert sorted(seq for _, seq in house.acks()) == list(range(1, 60)), "what is kept is acknowledged"
    stored = [seq for (seq,) in house.rows("SELECT seq FROM readings ORDER BY seq")]
    assert stored == [seq for seq in range(1, 60) if seq not in {17, 44}]
    assert [(name, json.loads(raw)["seq"]) for name, raw in quarantined(house)] == [("w1", 17), ("w1", 44)]
    assert house.gateway.counts["poison"] == 2
    still_works(house)


def test_a_call_for_help_with_poison_in_it_is_still_one_and_unreadable_too(house, allergic):
    said = {"kinds": ["sos"], "seq": 5, "boot": 2} | fix(5, POISON_ACC_M)
    house.say("alarm", said)
    house.turn()
    assert house.open_kinds() == {"sos", "unreadable"}
    assert house.acks() == [(2, 5)]
    ((_, raw),) = quarantined(house)
    assert json.loads(raw) == said
    house.restart()
    assert house.open_kinds() == {"sos", "unreadable"}, "the poison is not in the log"


@pytest.mark.parametrize("error", [OverflowError("int too large"), sqlite3.IntegrityError("CHECK failed")])
def test_what_ends_the_commit_is_found_too(house, monkeypatch, error):
    write = Store._write

    def planted(self, record, rows):
        write(self, record, rows)
        if any(reading.seq == 666 for reading in record.admitted.readings):
            raise error

    monkeypatch.setattr(Store, "_write", planted)
    for seq in (1, 2, 666, 3):
        house.say("location", fix(seq))
    house.turn()
    assert sorted(seq for _, seq in house.acks()) == [1, 2, 3, 666]
    assert len(quarantined(house)) == 1
    monkeypatch.undo()
    house.restart()
    still_works(house)


def test_a_poisonous_request_is_answered_and_those_around_it_are_carried_out(house, monkeypatch):
    take = Engine._take_command

    def planted(self, command, decisions):
        if command.command_id == "bad":
            raise KeyError("nobody has thought of this")
        take(self, command, decisions)

    monkeypatch.setattr(Engine, "_take_command", planted)
    for name in ("one", "bad", "two"):
        house.ask("roster", {"put": {"sites": [ROSTER["sites"][0] | {"site_id": f"s-{name}"}]}}, name)
    house.say("alarm", {"kinds": ["sos"], "seq": 5})
    house.turn()
    assert [house.answer(name)[0] for name in ("one", "bad", "two")] == ["done", "invalid", "done"]
    assert house.acks() == [(0, 5)] and house.open_kinds() == {"sos"}
    house.turn()
    assert house.gateway.counts["poison"] == 1, "it is not asked again"


def test_time_that_cannot_pass_ends_the_process(house, monkeypatch):
    monkeypatch.setattr(Engine, "step", lambda *_: 1 / 0)
    house.gateway.engine.fleet.arrays.contact_due_ms[:1] = 0
    with pytest.raises(ZeroDivisionError):
        house.turn()
