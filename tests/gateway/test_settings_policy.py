"""Settings and policy: a file, then the environment; what is unknown or wrong names itself in one line."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.engine import Engine
from alerts.policy import Policy
from alerts.vocabulary import KINDS
from iot_gateway.policy_file import load_policy, policy_of
from iot_gateway.settings import ConfigError, Settings, load


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith("SHOUWANG_"):
            monkeypatch.delenv(name)


def file(tmp_path, text, name="shouwang.toml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(call, *arguments):
    with pytest.raises(ConfigError) as error:
        call(*arguments)
    text = str(error.value)
    assert "\n" not in text and 0 < len(text) < 500
    return text


# Settings -----------------------------------------------------------------------------------------


def test_without_a_file_the_defaults_are_in_force():
    settings = load()
    assert (settings.mqtt.url, settings.http.port) == ("mqtt://127.0.0.1:1883", 8000)
    assert settings.database == Path("shouwang-data/shouwang.sqlite")


def test_a_file_says_everything_and_the_environment_wins(tmp_path, monkeypatch):
    path = file(
        tmp_path,
        """
        data_dir = "/var/lib/shouwang"
        [mqtt]
        url = "mqtts://gw:secret@broker:8883"
        keepalive_s = 30
        [store]
        readings_days = 7
        [http]
        port = 9000
        host = "0.0.0.0"
        """,
    )
    settings = load(path)
    assert settings.database == Path("/var/lib/shouwang/shouwang.sqlite")
    assert (settings.mqtt.url, settings.mqtt.keepalive_s) == ("mqtts://gw:secret@broker:8883", 30)
    monkeypatch.setenv("SHOUWANG_MQTT__URL", "mqtt://user:pass@host:1883")
    monkeypatch.setenv("SHOUWANG_STORE__URL", "sqlite:////srv/facts.sqlite")
    monkeypatch.setenv("SHOUWANG_HTTP__PORT", "8001")
    monkeypatch.setenv("SHOUWANG_DATA_DIR", "/elsewhere")
    settings = load(path)
    assert settings.mqtt.url == "mqtt://user:pass@host:1883" and settings.mqtt.keepalive_s == 30
    assert settings.database == Path("/srv/facts.sqlite") and settings.store.readings_days == 7
    assert (settings.http.port, settings.http.host, settings.data_dir) == (
        8001,
        "0.0.0.0",
        Path("/elsewhere"),
    )


def test_a_relative_path_of_a_store_is_one():
    assert Settings(store={"url": "sqlite:///a/b.sqlite"}).database == Path("a/b.sqlite")


def test_a_whole_section_may_stand_in_one_variable(monkeypatch):
    monkeypatch.setenv("SHOUWANG_HTTP", '{"port": 7}')
    assert load().http.port == 7
    for text in ("", "{", "7", "[]", '{"prot": 7}'):
        monkeypatch.setenv("SHOUWANG_HTTP", text)
        assert "http" in refusal(load).lower()


UNKNOWN = {
    "colour = 1": "colour",
    "[mqtt]\nurll = 'x'": "mqtt.urll",
    "[http]\nports = 1": "http.ports",
    "[store]\ndays = 3": "store.days",
    "[alerts]\nx = 1": "alerts",
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_an_unknown_key_of_the_file_names_itself(text, tmp_path):
    said = refusal(load, file(tmp_path, text))
    assert UNKNOWN[text] in said and "unknown" in said


@pytest.mark.parametrize(
    "name", ["SHOUWANG_COLOUR", "SHOUWANG_MQTT__URLL", "SHOUWANG_STORE_URL", "SHOUWANG_HTTP__PORT__X"]
)
def test_an_unknown_variable_names_itself(name, monkeypatch):
    monkeypatch.setenv(name, "1")
    said = refusal(load)
    assert name in said and "unknown" in said


WRONG = {
    "[http]\nport = 'many'": "http.port",
    "[http]\nport = 70000": "http.port",
    "[http]\nport = -1": "http.port",
    "[http]\nsession_hours = 0": "http.session_hours",
    "[mqtt]\nkeepalive_s = 1": "mqtt.keepalive_s",
    "[mqtt]\nqueue_limit = 0": "mqtt.queue_limit",
    "[store]\nreadings_days = 0": "store.readings_days",
    "http = 5": "http",
    "data_dir = 5": "data_dir",
} | {
    f"[mqtt]\nurl = '{url}'": "mqtt.url"
    for url in ("", "host", "http://host", "mqtt://", "mqtt://host:99999", "mqtt://host:x", "mqtt://[::1", "mqtt://h:0")
} | {
    f"[store]\nurl = '{url}'": "store.url"
    for url in ("postgresql://x/y", "sqlite://x", "/a/path", "", "sqlite:///", "sqlite:///:memory:")
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_value_names_its_key(text, tmp_path):
    assert WRONG[text] in refusal(load, file(tmp_path, text))


def test_a_wrong_value_in_the_environment_names_its_key_and_shows_no_secret(monkeypatch):
    monkeypatch.setenv("SHOUWANG_MQTT__URL", "amqp://gw:hunter2@host")
    said = refusal(load)
    assert "mqtt.url" in said and "hunter2" not in said


@pytest.mark.parametrize("content", [b"\xff", b"a = ", b"[mqtt\n", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_refused(content, tmp_path):
    path = file(tmp_path, content)
    assert str(path) in refusal(load, path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "none.toml" in refusal(load, tmp_path / "none.toml")
    assert str(tmp_path) in refusal(load, tmp_path)


# Policy -------------------------------------------------------------------------------------------


def test_without_a_file_the_policy_is_the_default_one():
    assert load_policy(None) == Policy() == policy_of({})


TOML = """
version = "mine"
contact_missed = 2
priority.tamper = "urgent"
contact_every_s.wristband = 120

[not_worn]
on_delay_s = 60.0

[fence]
confirm_s = 5.0
acc_floor_m.gnss = 3.0

[[limits]]
kind = "heat"
above = 60.0

[[limits]]
kind = "gas"
above = 8
on_delay_s = 0
"""
SAME = {
    "version": "mine", "contact_missed": 2, "priority": {"tamper": "urgent"}, "contact_every_s": {"wristband": 120},
    "not_worn": {"on_delay_s": 60.0},
    "fence": {"confirm_s": 5.0, "acc_floor_m": {"gnss": 3.0}},
    "limits": [{"kind": "heat", "above": 60.0}, {"kind": "gas", "above": 8, "on_delay_s": 0}],
}  # fmt: skip


@pytest.mark.parametrize("name", ["policy.toml", "policy.json"])
def test_a_file_changes_what_it_names_and_nothing_else(name, tmp_path):
    policy = load_policy(file(tmp_path, TOML if name.endswith("toml") else json.dumps(SAME), name))
    usual = Policy()
    assert (policy.version, policy.contact_missed, policy.not_worn.on_delay_s) == ("mine", 2, 60)
    assert policy.priority == usual.priority | {"tamper": "urgent"}
    assert policy.contact_every_s == usual.contact_every_s | {"wristband": 120}
    assert policy.fence == replace(
        usual.fence, confirm_s=5.0, acc_floor_m=usual.fence.acc_floor_m | {"gnss": 3.0}
    )
    changed = {"heat": {"above": 60.0}, "gas": {"above": 8, "on_delay_s": 0}}
    assert policy.limits == tuple(replace(limit, **changed.get(limit.kind, {})) for limit in usual.limits)
    assert (policy.undo_s, policy.shelve_max_s, policy.fault) == (
        usual.undo_s,
        usual.shelve_max_s,
        usual.fault,
    )
    Engine(policy)


def test_a_limit_for_another_kind_may_be_added():
    new = {"kind": "tamper", "field": "current", "reason": "a cut wire", "below": 0.5}
    policy = policy_of({"limits": [new]})
    assert len(policy.limits) == len(Policy().limits) + 1 and policy.limits[-1].below == 0.5
    Engine(policy)


IMPOSSIBLE = [
    ({"colour": 1}, "colour"),
    ({"fence": {"colour": 1}}, "fence.colour"),
    ({"priority": {"colour": "low"}}, "priority.colour"),
    ({"contact_every_s": {"toaster": 1}}, "contact_every_s.toaster"),
    ({"limits": [{"kind": "heat", "colour": 1}]}, "limits.colour"),
    ({"limits": [{"above": 1}]}, "str"),
    ({"limits": [{"kind": ["heat"], "above": 1}]}, "str"),
    ({"limits": 5}, "array"),
    ({"limits": "heat"}, "array"),
    ({"limits": [5]}, "object"),
    ({"limits": {"heat": 1}}, "array"),
    ({"limits": [{"kind": "aliens", "field": "temp", "reason": "", "above": 1}]}, "aliens"),
    ({"limits": [{"kind": "heat", "below": 1}]}, "heat"),
    ({"limits": [{"kind": "heat", "above": None}]}, "heat"),
    ({"limits": [{"kind": "heat", "field": "weather"}]}, "weather"),
    ({"limits": [{"kind": "heat", "deadband": -1}]}, "deadband"),
    ({"limits": [{"kind": "heat", "on_delay_s": -1}]}, "limits.heat.on_delay_s"),
    ({"limits": [{"kind": "heat", "on_delay_s": 1e300}]}, "limits.heat.on_delay_s"),
    ({"limits": [{"kind": "heat", "above": "hot"}]}, "float"),
    ({"limits": [{"kind": "heat", "device_kinds": ["toaster"]}]}, "device_kinds"),
    ({"limits": [{"kind": "tamper"}]}, "field"),
    ({"priority": {"sos": "most"}}, "most"),
    ({"priority": 5}, "object"),
    ({"fence": 5}, "object"),
    ({"fence": {"confirm_fixes": 0}}, "confirm_fixes"),
    ({"fence": {"witness_sigma": -1}}, "witness_sigma"),
    ({"fence": {"acc_floor_m": {"gnss": 0}}}, "accuracies"),
    ({"fence": {"confirm_s": -1}}, "fence.confirm_s"),
    ({"contact_missed": 0.5}, "contact_missed"),
    ({"contact_missed": 1e9}, "contact_missed"),
    ({"contact_every_s": {"wristband": 0}}, "contact_every_s.wristband"),
    ({"contact_every_s": {"wristband": 1e12}}, "contact_every_s.wristband"),
    ({"undo_s": -1}, "undo_s"),
    ({"undo_s": 10**400}, ""),
    ({"not_worn": {"on_delay_s": "5"}}, "not_worn"),
    ({"not_worn": {"colour": 5}}, "not_worn.colour"),
    ({"version": 5}, "str"),
    ([], "table"),
    (5, "table"),
]


@pytest.mark.parametrize(("said", "named"), IMPOSSIBLE, ids=[json.dumps(s)[:60] for s, _ in IMPOSSIBLE])
def test_what_is_impossible_names_itself(said, named, tmp_path):
    path = file(tmp_path, json.dumps(said), "policy.json")
    said = refusal(load_policy, path)
    assert str(path) in said and named in said


@pytest.mark.parametrize(
    "text", ["undo_s = nan", "undo_s = inf", "[[limits]]\nkind='heat'\nabove = nan", "undo_s = 1979-05-27"]
)
def test_what_toml_can_say_and_no_limit_can_be_is_refused(text, tmp_path):
    assert "policy.toml" in refusal(load_policy, file(tmp_path, text, "policy.toml"))


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in KINDS
        if kind in {"fence_left", "fence_entered", "contact_lost", "not_worn", "unreadable", "fire_confirmed"}
    ],
)
def test_a_kind_that_the_service_decides_itself_has_no_limit(kind):
    """A fence that a temperature has left would end the gateway."""
    with pytest.raises(ValueError, match=kind):
        policy_of({"limits": [{"kind": kind, "field": "temp", "reason": "", "above": 1.0}]})


@pytest.mark.parametrize(("name", "content"), [
    ("p.toml", b"\xff"), ("p.toml", b"a = "), ("p.json", b"{"), ("p.json", b""), ("p.json", b"[" * 99_999), ("p.json", b"NaN"),
])  # fmt: skip
def test_a_policy_file_that_is_none_is_refused(name, content, tmp_path):
    path = file(tmp_path, content, name)
    assert str(path) in refusal(load_policy, path)
    assert "gone.toml" in refusal(load_policy, tmp_path / "gone.toml")
    assert str(tmp_path) in refusal(load_policy, tmp_path)
