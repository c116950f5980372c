"""The same input gives the same bytes, however it is cut; and what a service lived through can be replayed."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from road import FAR_LAT, HOME, NOW_MS, ROSTER, Core, House, journal_of, roster
from weather import Weather

from alerts.policy import Policy
from iot_gateway import replay as replaying
from iot_gateway.batcher import Received
from iot_gateway.recording import RecordingError, from_lines, to_line
from iot_gateway.replay import export_files, replay_files
from iot_gateway.roster_file import RosterError

FIELDS = [
    "seq", "at_ms", "alarm_id", "subject_type", "subject_id", "device_id", "site_id", "kind", "fence_id", "from", "to",
    "priority", "count", "because",
]  # fmt: skip
REPOSITORY = Path(__file__).parents[2]
SHOUWANG = [sys.executable, "-m", "api", "replay"]


class Tape:
    """A roster and a recording as files."""

    def __init__(self, directory):
        self.roster, self.messages, self.out = (
            directory / name for name in ("r.json", "m.ndjson", "t.ndjson")
        )
        self.roster.write_text(json.dumps(ROSTER))

    def write(self, *lines):
        text = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        self.messages.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in text))
        return self

    def play(self, policy=None):
        """(bytes, transitions)"""
        replay_files(self.roster, self.messages, self.out, policy or Policy(), lambda _bytes: None)
        raw = self.out.read_bytes()
        return raw, [json.loads(line) for line in raw.splitlines()]

    def shouwang(self, **env):
        files = ["--roster", str(self.roster), "--messages", str(self.messages), "--out", str(self.out)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWANG_")}
        return subprocess.run(
            [*SHOUWANG, *files],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=REPOSITORY,
            env=clean | env,
        )


@pytest.fixture
def tape(tmp_path):
    return Tape(tmp_path)


def said(at_ms, stream="alarm", device="w1", **payload):
    return {"received_at_ms": NOW_MS + at_ms, "topic": f"care/v1/{device}/{stream}", "payload": payload}


def lived(seed=3, steps=120, *, known=False):
    """The lines of a random life, roster edits and commands in it."""
    return [to_line(one) for _, inputs in Weather(seed, known=known).steps(steps) for one in inputs]


# The same bytes -----------------------------------------------------------------------------------


def test_a_transition_has_exactly_the_fields_of_the_contract_in_their_order(tape):
    raw, made = tape.write(*lived()).play()
    assert len(made) > 100 and {one["kind"] for one in made} > {
        "sos",
        "fence_left",
        "contact_lost",
        "unreadable",
    }
    for line, one in zip(raw.splitlines(), made, strict=True):
        assert list(one) == FIELDS
        assert b" " not in line.split(b'"because"')[0]
    assert [one["seq"] for one in made] == list(range(1, len(made) + 1))
    assert [one["at_ms"] for one in made] == sorted(one["at_ms"] for one in made)


def test_the_same_input_gives_the_same_bytes_in_every_process(tape):
    raw, _ = tape.write(*lived()).play()
    for seed in ("1", "4242"):
        tape.out.unlink()
        done = tape.shouwang(PYTHONHASHSEED=seed)
        assert (done.returncode, done.stderr) == (0, "")
        assert tape.out.read_bytes() == raw


@pytest.mark.parametrize("seed", range(4))
def test_any_size_of_batches_gives_the_same_bytes(seed, tape, monkeypatch):
    tape.write(*lived(seed))
    found = []
    for size in (4096, 1, 7):
        monkeypatch.setattr(replaying, "BATCH_INPUTS", size)
        found.append(tape.play()[0])
    assert found[0] and found[0] == found[1] == found[2]


def test_an_empty_recording_is_an_empty_file(tape):
    for lines in ([], [b""], [b"  ", b""]):
        assert tape.write(*lines).play() == (b"", [])
    done = tape.shouwang()
    assert (done.returncode, done.stderr) == (0, "")


# Lines --------------------------------------------------------------------------------------------


def test_a_payload_in_base64_is_the_same_as_the_payload(tape):
    payload = {"kinds": ["sos"], "seq": 1}
    plain, made = tape.write(said(0, **payload)).play()
    line = {"received_at_ms": NOW_MS, "topic": "care/v1/w1/alarm"}
    coded = base64.b64encode(json.dumps(payload).encode()).decode()
    assert tape.write(line | {"payload_b64": coded}).play()[0] == plain
    assert [one["kind"] for one in made] == ["sos"]


def test_what_is_no_json_is_in_base64_and_raises_unreadable(tape):
    line = {
        "received_at_ms": NOW_MS,
        "topic": "care/v1/w1/alarm",
        "payload_b64": base64.b64encode(b"\xff{").decode(),
    }
    assert [one["kind"] for one in tape.write(line).play()[1]] == ["unreadable"]
    line["payload_b64"] = ""
    assert [one["kind"] for one in tape.write(line).play()[1]] == ["unreadable"]


def test_a_line_that_was_received_before_the_one_above_counts_as_received_with_it(tape):
    _, made = tape.write(
        said(5000, kinds=["sos"]), said(0, kinds=["fall"]), said(9000, kinds=["tamper"])
    ).play()
    assert [(one["kind"], one["at_ms"] - NOW_MS) for one in made] == [
        ("sos", 5000),
        ("fall", 5000),
        ("tamper", 9000),
    ]


def test_time_ends_with_the_last_message(tape):
    lines = [said(0, "heartbeat", bat=90), said(180_000, "heartbeat", "w2", bat=90)]
    assert [one["kind"] for one in tape.write(*lines).play()[1]] == ["contact_lost"]
    assert tape.write(*lines[:1], said(179_999, "heartbeat", "w2", bat=90)).play()[1] == []


def test_commands_of_operators_are_part_of_a_recording(tape):
    def command(at_ms, **verb):
        return {"received_at_ms": NOW_MS + at_ms, "command": verb}

    lines = [
        said(0, kinds=["sos"]),
        command(1, verb="acknowledge", alarm_id="A1", operator="li", version=1),
        command(2, verb="acknowledge", alarm_id="A1"),  # is acknowledged already
        command(3, verb="close", alarm_id="A1", outcome="real", text="was there"),
        command(4, verb="close", alarm_id="A99", outcome="real"),
    ]
    _, made = tape.write(*lines).play()
    assert [(one["at_ms"] - NOW_MS, one["from"], one["to"]) for one in made] == [
        (0, "normal", "active_unacknowledged"),
        (1, "active_unacknowledged", "active_acknowledged"),
        (3, "active_acknowledged", "normal"),
    ]


def test_edits_of_the_roster_are_part_of_a_recording(tape):
    """A device that is enrolled in the middle is listened to from then on."""
    device = {"device_id": "w9", "kind": "wristband", "site_id": "s1", "fence_ids": None}
    where = {"acc": 5, "src": "gnss"}
    inside = {"lat": HOME[1], "lon": HOME[0]} | where
    walk = [said(1000 * i, "location", "w9", ts=NOW_MS + 1000 * i, **inside) for i in range(3)]
    edit = {"received_at_ms": NOW_MS + 5000, "command": {"type": "roster", "edit": {"devices": [device]}}}
    more = [said(10_000 * i, "location", "w9", ts=NOW_MS + 10_000 * i, **inside) for i in range(1, 4)]
    away = {"lat": FAR_LAT, "lon": HOME[0]} | where
    gone = [
        said(60_000 + 30_000 * i, "location", "w9", ts=NOW_MS + 60_000 + 30_000 * i, **away) for i in range(4)
    ]
    assert tape.write(*walk, *more, *gone).play()[1] == []
    _, made = tape.write(*walk, edit, *more, *gone).play()
    assert [(one["kind"], one["fence_id"]) for one in made] == [("fence_left", "yard")]


MALFORMED = {
    "no JSON": b"{",
    "NaN": b'{"received_at_ms": 1, "topic": "care/v1/w1/location", "payload": {"lat": NaN}}',
    "no object": b"[1, 2]",
    "no time": b'{"topic": "care/v1/w1/alarm", "payload": {}}',
    "a time in words": b'{"received_at_ms": "now", "topic": "x", "payload": {}}',
    "a time with a fraction": b'{"received_at_ms": 1.5, "topic": "x", "payload": {}}',
    "a time before time": b'{"received_at_ms": -1, "topic": "x", "payload": {}}',
    "a time after the calendar": b'{"received_at_ms": 253402300800000, "topic": "x", "payload": {}}',
    "a time beyond everything": b'{"received_at_ms": ' + b"9" * 40 + b', "topic": "x", "payload": {}}',
    "neither topic nor command": b'{"received_at_ms": 1, "payload": {}}',
    "a topic that is a number": b'{"received_at_ms": 1, "topic": 5, "payload": {}}',
    "no payload": b'{"received_at_ms": 1, "topic": "care/v1/w1/alarm"}',
    "base64 that is none": b'{"received_at_ms": 1, "topic": "x", "payload_b64": "%%%"}',
    "base64 that is cut": b'{"received_at_ms": 1, "topic": "x", "payload_b64": "abc"}',
    "a verb nobody knows": b'{"received_at_ms": 1, "command": {"verb": "forget"}}',
    "a command that is a list": b'{"received_at_ms": 1, "command": []}',
    "a command without its alarm": b'{"received_at_ms": 1, "command": {"verb": "close"}}',
    "an edit that is none": b'{"received_at_ms": 1, "command": {"type": "roster"}}',
    "an edit with a fence of words": b'{"received_at_ms": 1, "command": {"type": "roster", "edit": {"fences": '
    b'[{"fence_id": "f", "role": "safe", "geometry": "round"}]}}}',
    "an edit with an endless promise": b'{"received_at_ms": 1, "command": {"type": "roster", "edit": {"models": '
    b'[{"model": "m", "contact_every_s": 1e300}]}}}',
    "deep": b'{"received_at_ms": 1, "x": ' + b"[" * 100_000,
    "a lone surrogate": b'{"received_at_ms": 1, "topic": "\\ud800", "payload": {}}',
    "invalid UTF-8": b'{"received_at_ms": 1, "topic": "\xff", "payload": {}}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_line_is_named(name, tape):
    tape.write(said(0, kinds=["sos"]), b"", MALFORMED[name], said(1, kinds=["sos"]))
    with pytest.raises(RecordingError) as error:
        tape.play()
    assert f"{tape.messages}: line 3: " in str(error.value) and "\n" not in str(error.value)
    assert sorted(p.name for p in tape.out.parent.iterdir()) == ["m.ndjson", "r.json"]


def test_what_is_hostile_inside_of_a_line_is_a_message_as_any_other(tape):
    lines = [
        b'{"received_at_ms": 1, "topic": "care/v1/w1/alarm", "payload": {"kinds": ["sos"], "lat": 1e999}}',
        b'{"received_at_ms": 2, "topic": "care/v1/w1/alarm", "payload": null}',
        b'{"received_at_ms": 3, "topic": "nobody", "payload": 5, "unknown": 7}',
    ]
    assert [one["kind"] for one in tape.write(*lines).play()[1]] == ["sos", "unreadable"]


def test_a_roster_that_cannot_be_used_is_said(tape):
    tape.write(said(0, kinds=["sos"]))
    flat = {
        "fence_id": "f",
        "role": "safe",
        "geometry": {"type": "Point", "coordinates": [1, 1], "radius_m": 0},
    }
    for bad in (
        b"{",
        json.dumps(ROSTER | {"fences": [flat]}).encode(),
        b'{"devices": [{"device_id": "_x"}]}',
    ):
        tape.roster.write_bytes(bad)
        with pytest.raises(RosterError) as error:
            tape.play()
        assert "\n" not in str(error.value)
        assert not tape.out.exists() and not tape.out.with_name("t.ndjson.new").exists()


# Export -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b' {"a": 1}', b'{"a": 1}\n', b'{\n"a":\r\n1}', b"null", b"\xff", b'"\\ud800"', b"NaN", b'{"a": 1e999}',
     b"[" * 9999 + b"]" * 9999, b'{"a":1,"a":2}', '{"a":"守望\u2028"}'.encode(), b'{"a":"\\n"}', b"1" * 400],
)  # fmt: skip
def test_a_message_comes_back_from_a_recording_to_the_letter(payload):
    message = Received(NOW_MS, "care/v1/w1/alarm", payload)
    line = to_line(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert list(from_lines([line], "x")) == [message]
    said = msgspec.json.decode(line)
    assert ("payload" in said) != ("payload_b64" in said)


def test_json_on_one_line_is_exported_as_it_was_sent():
    line = to_line(Received(5, "care/v1/w1/alarm", b'{"kinds":["sos"], "seq":1}'))
    assert line == b'{"received_at_ms":5,"topic":"care/v1/w1/alarm","payload":{"kinds":["sos"], "seq":1}}\n'


def test_every_input_comes_back_from_a_recording():
    inputs = [one for _, entries in Weather(1, known=False).steps(150) for one in entries]
    again = list(from_lines(map(to_line, inputs), "x"))
    assert again == inputs


def transitions_of(store):
    """The journal as a replay would write it."""
    return [{name: one[name] for name in FIELDS} for one in journal_of(store)]


@pytest.mark.parametrize("seed", range(4))
def test_a_store_is_exported_and_replays_to_its_own_journal(seed, tape, tmp_path):
    core = Core(tmp_path / "s.sqlite")
    last_ms = 0
    for now_ms, inputs in Weather(seed, known=False).steps(80):
        core.step(inputs, now_ms)
        last_ms = now_ms if inputs else last_ms
    tape.roster.write_text("{}")
    assert export_files(core.store.path, tape.messages) == len(tape.messages.read_bytes().splitlines())
    wanted = [one for one in transitions_of(core.store) if one["at_ms"] <= last_ms]
    core.close()
    assert tape.play()[1][: len(wanted)] == wanted and len(wanted) > 50


@pytest.mark.parametrize("seed", range(3))
def test_a_gateway_that_crashed_now_and_then_is_exported_and_replays_to_its_own_journal(seed, tape, tmp_path):
    """Commands, roster edits, its own deafness, repeats, alarms before the rest: all of it is in the recording."""
    house = House(tmp_path / "house")
    weather = Weather(seed, known=False)
    dice = weather.random
    house.enrol()
    for _ in range(100):
        weather.now_ms = house.clock.at_ms
        message = weather.message()
        for _ in range(dice.choice([0, 1, 1, 3])):
            device = dice.choice(["w1", "w2", "f1", "new"])
            house.arrive(message.topic.replace("/new/", f"/{device}/"), message.payload)
            house.clock.at_ms += dice.choice([0, 0, 3])
            message = weather.message()
        if dice.random() < 0.2:
            verb = dice.choice(["acknowledge", "close", "comment"])
            house.ask(
                "alarm", {"verb": verb, "alarm_id": f"A{dice.randint(1, 20)}", "text": "x", "outcome": "test"}
            )
        if dice.random() < 0.1:
            house.ask(
                "roster", {"put": {"devices": [{"device_id": "new", "kind": "wristband", "site_id": "s1"}]}}
            )
        if dice.random() < 0.1:
            house.ask("roster", {"remove": {"devices": ["new"], "fences": ["yard"]}})
        house.gateway.intake.connected = dice.random() < 0.9
        house.turn(dice.choice([20, 100, 2000, 7000, 70_000]))
        if dice.random() < 0.15:
            house.restart()
    store = house.gateway.store
    export_files(store.path, tape.messages)
    tape.roster.write_text("{}")
    _, made = tape.play()
    wanted = transitions_of(store)
    assert len(wanted) > 50
    # The recording ends with its last input; what a timer decided after it is not in it.
    last_ms = json.loads(tape.messages.read_bytes().splitlines()[-1])["received_at_ms"]
    until = len([one for one in wanted if one["at_ms"] <= last_ms])
    assert made == wanted[:until]
    house.crash()


def test_the_roster_of_a_file_and_the_same_one_imported_decide_the_same(tape, tmp_path):
    lines = [line for line in lived(5) if b'"type":"roster"' not in line]
    raw, _ = tape.write(*lines).play()
    house = House(tmp_path / "house")
    house.enrol()
    house.crash()
    edits = tmp_path / "edits.ndjson"
    export_files(house.settings.database, edits)
    edit = next(json.loads(line) for line in edits.read_bytes().splitlines() if b'"type":"roster"' in line)
    edit["received_at_ms"] = json.loads(lines[0])["received_at_ms"]
    tape.roster.write_text("{}")
    assert tape.write(edit, *lines).play()[0] == raw
    assert roster().devices
