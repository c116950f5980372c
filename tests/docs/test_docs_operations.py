"""OPERATIONS and API name every setting, metric, command and endpoint, with the values they have."""

import asyncio
import re
import time
import tomllib
from pathlib import Path

import pytest
import typer
from docs_pages import ROOT, bare, blocks, code_spans, marked, page, rows, section, words
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from alerts.policy import Policy
from api.alarms import Alarm
from api.app import create_app
from api.cli import app as command_line
from api.database import Database
from api.doorbell import Doorbell
from api.feed import Feed
from api.live import Live
from api.metrics import Requests
from api.metrics import text as metrics_text
from iot_gateway import batcher
from iot_gateway import decode as decoding
from iot_gateway.gateway import Gateway
from iot_gateway.intake import Message
from iot_gateway.policy_file import policy_of
from iot_gateway.provisioning import provision
from iot_gateway.settings import ENV_PREFIX, Settings

TEXT = page("docs/OPERATIONS.md")
API = page("docs/API.md")


def settings_of(model=Settings, where=""):
    """(key, default) of every setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_of(field.annotation, f"{where}{name}.")
        else:
            yield where + name, field.default


def test_every_setting_is_there_with_its_variable_and_default():
    table = {bare(row[0]): row[1:] for row in rows(section(TEXT, "## Settings"))}
    wanted = dict(settings_of())
    assert set(table) == set(wanted)
    for key, default in wanted.items():
        variable, said, _ = table[key]
        assert bare(variable) == ENV_PREFIX + key.upper().replace(".", "__")
        if default is not None and default is not PydanticUndefined:
            assert bare(said) == str(default)


def test_the_example_settings_are_good():
    settings, policy = (tomllib.loads(block) for block in blocks(TEXT, "toml"))
    Settings(**settings)
    assert policy_of(policy) != Policy()


@pytest.fixture
def exported(tmp_path):
    """The names of all metrics, as the api writes them of a gateway that has seen everything once."""
    settings = Settings(data_dir=tmp_path)
    gateway = Gateway(settings, Policy())
    try:
        item = b'{"kinds":["sos"],"seq":1,"ts":%d}' % (time.time_ns() // 1_000_000)
        for payload in (item, item, b"nonsense"):
            message = Message("care/v1/band-1/alarm", payload, gateway.clock.now_ms(), 0, 0, 0)
            gateway.intake._inbox.put(message, gateway.clock)
            gateway.turn(0)
        gateway._pulse_due_ms = 0
        gateway._keep_house(gateway.clock.now_ms())
        requests = Requests()
        requests.answered("GET", "/", 200, 0.001)

        async def read():
            database = Database(settings.database)
            try:
                return await metrics_text(requests, database, Feed(database, Doorbell(tmp_path), Live()))
            finally:
                await database.close()

        text = asyncio.run(read()).decode()
    finally:
        gateway.close()
    families = re.findall(r"^# TYPE (shouwang_\w+) ", text, re.MULTILINE)
    return {name for name in families if not name.endswith("_created")}


def test_every_metric_is_there(exported):
    said = {bare(row[0]) for row in rows(section(TEXT, "### Metrics"))}
    assert "shouwang_repeats_total" in exported
    assert "shouwang_rejected_total" in exported
    assert said == exported


def test_every_reason_of_a_rejection_is_there():
    admission = Path(batcher.__file__).read_text(encoding="utf-8")
    source = Path(decoding.__file__).read_text(encoding="utf-8")
    reasons = set(re.findall(r'Rejection\(\s*"[^"]*", "(\w+)"', source))
    reasons |= set(re.findall(r'_(?:unusable|rejected)\(\s*\w+, "?\w*"?, "(\w+)"', source))
    reasons |= set(re.findall(r'_refused\(\s*\w+, "(\w+)"', source))
    reasons |= set(re.findall(r'"(\w+)" if is_json else "(\w+)"', source)[0])
    said = re.search(r"^Reasons of a rejection: (.+?)\. The", TEXT, re.MULTILINE)[1]
    assert set(re.findall(r"`(\w+)`", said)) == reasons | set(
        re.findall(r'"((?:unknown|too_many)_\w+)"', admission)
    )


def commands_of(command, name):
    """Every command that does something, with its long options."""
    if getattr(command, "commands", None):
        for verb, inner in command.commands.items():
            yield from commands_of(inner, f"{name} {verb}")
    else:
        yield (
            name,
            {option for parameter in command.params for option in parameter.opts if option.startswith("--")},
        )


COMMANDS = dict(commands_of(typer.main.get_command(command_line), "shouwang"))


def test_every_command_is_there():
    said = {bare(row[0]) for row in rows(section(TEXT, "## Commands"))}
    assert said == set(COMMANDS)


def test_options_that_are_named_exist():
    for line in re.findall(
        r"(?<![-\w] )(?<![/.])\b(shouwang [a-z].*)", "\n".join(blocks(TEXT, "sh") + blocks(TEXT, "ini"))
    ):
        name = max((name for name in COMMANDS if line.startswith(name)), key=len, default=None)
        assert name, f"no command: {line}"
        assert set(re.findall(r"--[a-z-]+", line)) <= COMMANDS[name]
    for row in rows(section(TEXT, "## Commands")):
        assert set(re.findall(r"--[a-z-]+", row[1])) <= COMMANDS[bare(row[0])]


def test_options_in_the_text_exist():
    named = {option for span in code_spans(TEXT) for option in re.findall(r"--[a-z-]+", span)}
    assert named <= set().union(*COMMANDS.values())


def test_the_files_that_provision_writes_are_there(tmp_path):
    provision(["band-1"], tmp_path / "broker")
    said = {
        name
        for row in rows(section(TEXT, "### The broker's identities"))
        for name in bare(row[0]).split(", ")
    }
    assert said == {path.name for path in (tmp_path / "broker").iterdir()}


def test_every_endpoint_is_there(tmp_path):
    paths = create_app(Settings(data_dir=tmp_path)).openapi()["paths"]
    wanted = {re.sub(r"\{\w+\}", "{}", path): {m.upper() for m in methods} for path, methods in paths.items()}
    said = {
        re.sub(r"\{\w+\}", "{}", bare(row[0])): set(row[1].split()) for row in rows(marked(API, "endpoints"))
    }
    assert said == wanted


def test_every_parameter_of_a_list_is_there(tmp_path):
    paths = create_app(Settings(data_dir=tmp_path)).openapi()["paths"]
    named = words(API) | set(re.findall(r"\?(\w+)=", API))
    for path in ("/api/v1/alarms", "/api/v1/sites", "/api/v1/stream", "/api/v1/devices/{device_id}/track"):
        for parameter in paths[path]["get"]["parameters"]:
            if parameter["in"] == "query":
                assert parameter["name"] in named, f"{path}: {parameter['name']}"


def test_an_alarm_has_these_fields_in_this_order():
    said = section(API, "## An alarm").strip().split("\n\n")[0]
    assert re.findall(r"`(\w+)`", said) == list(Alarm.model_fields)


def test_every_rule_of_a_because_is_there():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "alerts").glob("*.py"))
    assert set(re.findall(r'"rule": "(\w+)"', code)) <= words(section(API, "## An alarm"))
