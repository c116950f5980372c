"""DEVICES and the glossary say of the wire and the kinds what the code says."""

import re

import msgspec
import pytest
from docs_pages import ROOT, bare, marked, page, rows, section, words

from alerts.vocabulary import DEFAULT_PRIORITY, DEVICE_KINDS, KINDS, LATCHING, MOMENTARY, SOURCES
from api.asyncapi import CHANNELS
from api.demo import _KIND_WORDS
from iot_gateway import wire
from iot_gateway.decode import decode

TEXT = page("docs/DEVICES.md")
EXAMPLES = re.findall(r"^`([\w/-]+)`:\n\n```json\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
DOWNLINKS = {"ack": wire.Ack, "cmd": wire.DeviceCommand, "beacon": wire.Beacon}
UPLINKS = {
    "location": wire.Location, "heartbeat": wire.Heartbeat, "alarm": wire.Alarm, "result": wire.Result,
    "phone": wire.OwnTracksLocation,
}  # fmt: skip


def encoded_names(struct):
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def test_every_topic_and_stream_is_there():
    for stream in (*wire.UPLINK_STREAMS, "ack", "cmd"):
        assert f"`{wire.topic('{device_id}', stream)}`" in TEXT
    assert f"`{wire.BEACON_TOPIC}`" in TEXT
    assert "`owntracks/{user}/{device}`" in TEXT
    assert f"`{wire.DEVICE_ID.pattern}`" in TEXT


def test_who_publishes_what_is_what_asyncapi_says():
    table = {bare(row[1]): bare(row[2]) for row in rows(section(TEXT, "## Topics"))}
    for stream, (by, _, _, _) in CHANNELS.items():
        assert table[stream] == by


def test_every_kind_a_device_may_send_is_there():
    alarm = section(TEXT, "## `alarm`")
    assert set(DEVICE_KINDS) <= words(alarm)
    assert set(wire.AlarmKind.__args__) == set(DEVICE_KINDS)


def test_every_command_is_there():
    assert set(wire.CommandType.__args__) == {
        bare(row[0]) for row in rows(section(TEXT, "## Commands").split("\n\n```")[0])
    }


@pytest.mark.parametrize(
    ("heading", "struct"),
    [
        ("## Fields of every item", wire.Item),
        ("## `location`", wire.Location),
        ("## `heartbeat`", wire.Heartbeat),
        ("## `alarm`", wire.Alarm),
        ("## Commands", wire.DeviceCommand),
        ("## Commands", wire.Result),
        ("## Keeping and sending again", wire.Ack),
        ("## Keeping and sending again", wire.Beacon),
        ("## OwnTracks", wire.OwnTracksLocation),
    ],
)
def test_every_field_is_there(heading, struct):
    inherited = {
        wire.Location: encoded_names(wire.Item),
        wire.Heartbeat: encoded_names(wire.Item),
        wire.Alarm: encoded_names(wire.Location) | encoded_names(wire.Heartbeat),
    }
    own = encoded_names(struct) - inherited.get(struct, set())
    assert own <= words(section(TEXT, heading))


def test_sources_and_coordinate_systems_are_there():
    said = words(section(TEXT, "## `location`"))
    assert set(wire.Source.__args__) | set(wire.Crs.__args__) <= said
    assert set(SOURCES) - {"unknown"} == set(wire.Source.__args__)


def test_there_is_an_example_of_every_stream():
    streams = {topic.rpartition("/")[2] for topic, _ in EXAMPLES}
    assert streams == {*DOWNLINKS, *UPLINKS}


@pytest.mark.parametrize(("topic", "payload"), EXAMPLES, ids=[topic for topic, _ in EXAMPLES])
def test_examples_are_what_they_say(topic, payload):
    stream = topic.rpartition("/")[2]
    content = msgspec.json.decode(payload)
    struct = DOWNLINKS.get(stream) or UPLINKS[stream]
    for item in content if isinstance(content, list) else [content]:
        assert set(item) <= encoded_names(struct)
        msgspec.convert(item, struct)
    if stream in UPLINKS:
        said = decode(topic, payload.encode())
        assert not said.rejections
        assert said.items or said.results


def test_the_limits_are_those_of_the_wire():
    assert f"at most {wire.MAX_ITEMS} items" in TEXT
    assert f"{wire.MAX_PAYLOAD_BYTES // 1024} KiB" in TEXT


GLOSSARY = {
    bare(row[0]): [bare(cell) for cell in row[1:]] for row in rows(marked(page("docs/GLOSSARY.md"), "kinds"))
}


class TestGlossary:
    def test_has_every_kind_in_order(self):
        assert list(GLOSSARY) == list(KINDS)

    def test_priorities_are_the_defaults(self):
        assert {kind: row[1] for kind, row in GLOSSARY.items()} == DEFAULT_PRIORITY

    def test_latching_is_latching(self):
        assert {kind for kind, row in GLOSSARY.items() if row[2] == "yes"} == LATCHING
        assert {row[2] for row in GLOSSARY.values()} == {"yes", "no"}

    def test_chinese_is_that_of_the_demo(self):
        assert {kind: row[0] for kind, row in GLOSSARY.items()} == _KIND_WORDS

    def test_device_kinds_are_raised_by_devices(self):
        assert {kind for kind, row in GLOSSARY.items() if row[3].startswith("device")} == set(DEVICE_KINDS)

    def test_momentary_kinds_are_called_so(self):
        assert {kind for kind, row in GLOSSARY.items() if "momentary" in row[3]} == MOMENTARY

    def test_what_nothing_raises_is_raised_by_nothing(self):
        raised_by_nothing = {kind for kind, row in GLOSSARY.items() if row[3].startswith("nothing")}
        code = "".join(
            path.read_text(encoding="utf-8")
            for package in ("alerts", "iot_gateway")
            for path in (ROOT / package).glob("*.py")
            if path.name != "vocabulary.py"
        )
        assert {kind for kind in raised_by_nothing if f'"{kind}"' in code} == set()
        for kind in raised_by_nothing:
            assert page("README.md").count(f"`{kind}`") == 2, "both halves say that nothing raises it"
