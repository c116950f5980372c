"""The verbs: 0 done, 1 failed with exactly one line on stderr, 2 wrong usage."""

import json
import logging
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import structlog
from road import NOW_MS, ROSTER, House
from service import REPOSITORY, Service, environment, need, until
from typer.testing import CliRunner

from api.cli import app
from iot_gateway.reading import verify_store
from iot_gateway.replay import export_files


@contextmanager
def keep_logging():
    """A verb may set the log of its process up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        logging.getLogger("uvicorn.access").disabled = False
        structlog.reset_defaults()


class Shell:
    """Runs `shouwang` in a directory of its own, where a broker's port leads nowhere."""

    def __init__(self, directory):
        self.directory = directory
        self.env = environment(
            SHOUWANG_DATA_DIR=str(directory / "data"), SHOUWANG_MQTT__URL="mqtt://127.0.0.1:9"
        )
        self.roster = directory / "roster.json"
        self.roster.write_text(json.dumps(ROSTER))
        self.database = directory / "data" / "shouwang.sqlite"

    def __call__(self, *arguments, **env):
        """In this process; `spawn` is the same in one of its own."""
        with keep_logging():
            result = CliRunner().invoke(app, [str(a) for a in arguments], env=self.env | env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)

    def spawn(self, *arguments, python=("-m", "api"), **env):
        return subprocess.run(
            [sys.executable, *python, *map(str, arguments)], cwd=REPOSITORY, env=self.env | env, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip

    def done(self, *arguments, **env):
        result = self(*arguments, **env)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def failed(self, *arguments, **env):
        result = self(*arguments, **env)
        assert result.returncode == 1, result
        assert result.stdout == "" and len(result.stderr.splitlines()) == 1, result
        assert result.stderr.startswith("shouwang")
        return result.stderr

    def ask(self, sql):
        with closing(sqlite3.connect(self.database)) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A data directory with a roster and an alarm, to be copied."""
    place = tmp_path_factory.mktemp("filled")
    house = House(place)
    house.enrol()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.turn()
    house.crash()
    return place


@pytest.fixture
def full(shell, filled):
    shutil.copytree(filled, shell.directory / "data")
    return shell


# Done ---------------------------------------------------------------------------------------------


def test_a_roster_is_imported_without_a_gateway_as_often_as_one_likes(shell):
    for _ in range(2):
        assert "1 sites, 1 residents, 1 fences, 3 devices" in shell.done("import", shell.roster)
    assert shell.ask("SELECT device_id, registered FROM devices") == [("w1", 1), ("w2", 1), ("f1", 1)]
    assert shell.ask("SELECT name FROM residents") == [("李奶奶",)]
    assert shell.ask("SELECT code FROM command_results") == [("done",), ("done",)]
    assert "3 devices, 3 added" in shell.done("provision")
    assert (shell.directory / "data" / "broker" / "gateway.env").exists()


def test_a_store_is_exported_verified_checked_and_given_operators_and_tokens(full):
    out = full.directory / "m.ndjson"
    assert "lines" in full.done("export", "--messages", out)
    topics = [json.loads(line).get("topic") for line in out.read_bytes().splitlines()]
    assert "care/v1/w1/alarm" in topics
    assert "1 rows hold" in full.done("verify")
    assert "settings: good" in full.done("check")
    full.done("operator", "li", SHOUWANG_PASSWORD="secret")
    first, second = (full.done("token", "console").strip() for _ in range(2))
    assert first != second and len(first) > 30
    assert full.ask("SELECT username FROM operators") == [("li",)]
    assert full.ask("SELECT name FROM tokens") == [("console",)]
    transitions = full.directory / "t.ndjson"
    full.done("replay", "--roster", full.roster, "--messages", out, "--out", transitions)
    assert [json.loads(line)["kind"] for line in transitions.read_bytes().splitlines()] == ["sos"]


def test_check_shows_no_password(shell):
    said = shell.done("check", SHOUWANG_MQTT__URL="mqtt://gw:hunter2@broker:1883")
    assert "broker:1883" in said and "hunter2" not in said


# Failed -------------------------------------------------------------------------------------------

NO_STORE = [
    ("export", "--messages", "{dir}/m.ndjson"),
    ("verify",),
    ("provision",),
    ("operator", "li"),
    ("token", "console"),
]


@pytest.mark.parametrize("arguments", NO_STORE, ids=lambda a: a[0])
def test_where_there_is_no_store_it_is_said_and_none_is_made(arguments, shell):
    said = shell.failed(*(one.format(dir=shell.directory) for one in arguments), SHOUWANG_PASSWORD="secret")
    assert "there is no store" in said
    assert not (shell.directory / "data").exists()


@pytest.mark.parametrize(
    "arguments", [*NO_STORE, ("check",), ("gateway",), ("import", "{dir}/roster.json")], ids=lambda a: a[0]
)
def test_a_store_that_is_none_is_refused(arguments, shell):
    (shell.directory / "data").mkdir()
    shell.database.write_bytes(b"this is not a database, it is only a file\n" * 99)
    said = shell.failed(*(one.format(dir=shell.directory) for one in arguments), SHOUWANG_PASSWORD="secret")
    assert str(shell.database) in said and "file is not a database" in said


@pytest.mark.parametrize("arguments", [("gateway",), ("import", "{dir}/roster.json")], ids=lambda a: a[0])
def test_a_store_of_a_newer_version_is_refused_at_once(arguments, full):
    with closing(sqlite3.connect(full.database)) as db, db:
        db.execute("UPDATE alembic_version SET version_num='9999'")
    assert "9999" in full.failed(*(one.format(dir=full.directory) for one in arguments))
    assert full.ask("SELECT count(*) FROM commands") == [(1,)]


CONFIGURED = ["check", "gateway", "api", "verify", "provision", "run", "token x", "import {dir}/roster.json"]


@pytest.mark.parametrize("verb", CONFIGURED)
def test_an_unknown_setting_is_named_by_every_verb(verb, shell):
    arguments = verb.format(dir=shell.directory).split()
    assert "SHOUWANG_COLOUR: unknown setting" in shell.failed(*arguments, SHOUWANG_COLOUR="red")


def test_a_wrong_file_of_settings_or_policy_is_named(shell):
    config = shell.directory / "c.toml"
    for text, named in (("colour = 1", "colour"), ("[http]\nport = 'x'", "http.port"), ("=", "c.toml")):
        config.write_text(text)
        assert named in shell.failed("check", "--config", config)
    config.write_text("undo_s = -1")
    for verb in (["check"], ["gateway"], ["import", shell.roster]):
        assert "undo_s" in shell.failed(*verb, SHOUWANG_POLICY=str(config))
    assert not shell.database.exists()


def test_a_roster_that_cannot_be_used_is_refused_whole(shell):
    hole = {"type": "Point", "coordinates": [1, 1], "radius_m": -1}
    bad = {
        "{": "roster.json",
        json.dumps({"devices": [{"device_id": "a b", "kind": "wristband"}]}): "device_id",
        json.dumps(
            ROSTER | {"fences": [{"fence_id": "hole", "role": "safe", "geometry": hole}]}
        ): "fence hole",
    }
    for text, named in bad.items():
        shell.roster.write_text(text)
        assert named in shell.failed("import", shell.roster)
    assert shell.ask("SELECT count(*) FROM devices") == [(0,)]
    assert "gone.json" in shell.failed("import", shell.directory / "gone.json")


def test_a_replay_that_fails_names_the_line_and_leaves_no_file(shell):
    messages, out = shell.directory / "m.ndjson", shell.directory / "t.ndjson"
    messages.write_text(
        f'{{"received_at_ms": {NOW_MS}, "topic": "care/v1/w1/alarm", "payload": {{}}}}\n{{"half": \n'
    )
    files = ["--roster", shell.roster, "--messages", messages, "--out", out]
    assert f"{messages}: line 2: " in shell.failed("replay", *files)
    assert not out.exists()
    (shell.directory / "p.json").write_text('{"colour": 1}')
    assert "colour" in shell.failed("replay", *files, "--policy", shell.directory / "p.json")
    messages.write_text("")
    for index in (1, 3, 5):
        wrong = files.copy()
        wrong[index] = shell.directory / "nowhere" / "x.json"
        assert "nowhere" in shell.failed("replay", *wrong)


def test_what_cannot_be_written_is_said(full):
    assert "nowhere" in full.failed("export", "--messages", full.directory / "nowhere" / "m.ndjson")
    (full.directory / "file").touch()
    assert str(full.directory / "file") in full.failed(
        "provision", "--out", full.directory / "file" / "broker"
    )
    assert "name" in full.failed("operator", "", SHOUWANG_PASSWORD="secret")
    assert "name" in full.failed("token", "")
    with closing(sqlite3.connect(full.database, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert "locked" in full.failed("token", "console")


def test_a_journal_that_was_changed_is_named(full):
    with closing(sqlite3.connect(full.database)) as db, db:
        db.execute("UPDATE journal SET body=replace(body, 'sos', 'test')")
    assert "row 1 is not what was written (0 rows hold)" in full.failed("verify")


def test_a_state_that_does_not_add_up_is_said(full):
    with closing(sqlite3.connect(full.database)) as db, db:
        db.execute("DELETE FROM journal")
    result = full("gateway")
    assert result.returncode == 1
    *log, last = result.stderr.splitlines()
    assert "the logged inputs lead to journal row 1, the journal ends at 0" in last
    assert all(json.loads(line)["event"] == "the journal is damaged" for line in log)


def test_a_port_that_is_taken_is_said(full):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in full.failed("api", SHOUWANG_HTTP__PORT=str(port))


def test_the_demo_says_in_one_line_what_is_wrong(shell):
    (shell.directory / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, env, named in (
            (["--data-dir", shell.directory / "file"], {}, str(shell.directory / "file")),
            (["--data-dir", shell.directory / "d", "--http-port", port], {}, "--http-port"),
            (
                ["--data-dir", shell.directory / "d"],
                {"SHOUWANG_COLOUR": "red"},
                "SHOUWANG_COLOUR: unknown setting",
            ),
        ):
            result = shell.spawn("demo", *arguments, **env)
            assert result.returncode == 1 and len(result.stderr.splitlines()) == 1 and named in result.stderr


def test_there_is_no_notifier_in_this_version_and_it_says_so(shell):
    assert "not part of this version" in shell.failed("notifier")


def test_what_a_failure_says_is_the_same_in_a_process_of_its_own(full):
    full.database.write_bytes(b"no database" * 999)
    messages = full.directory / "m.ndjson"
    messages.write_text("{\n")
    replay = ["replay", "--roster", full.roster, "--messages", messages, "--out", full.directory / "t"]
    for verb in (["gateway"], ["notifier"], replay):
        result = full.spawn(*verb)
        assert (result.returncode, result.stdout, result.stderr) == (1, "", full.failed(*verb))


def test_without_its_assertions_the_service_does_not_run(shell):
    result = shell.spawn("check", python=("-O", "-m", "api"))
    assert result.returncode == 1 and len(result.stderr.splitlines()) == 1 and "-O" in result.stderr


# Wrong usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [
    ["fly"], ["check", "--colour"], ["import"], ["export"], ["replay"], ["replay", "--roster", "r"], ["operator"], ["token"],
    ["provision", "--certfile", "x"], ["provision", "--port", "x"], ["demo", "--bands", "0"], ["gateway", "now"],
], ids=" ".join)  # fmt: skip
def test_wrong_usage_is_2(arguments, shell):
    result = shell(*arguments, SHOUWANG_PASSWORD="secret")
    assert result.returncode == 2 and "Traceback" not in result.stderr and result.stdout == ""
    assert not (shell.directory / "data").exists()


# Beside a gateway ---------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path):
    need("mosquitto")
    made = Service(tmp_path)
    (tmp_path / "roster.json").write_text(json.dumps(ROSTER))
    yield made
    made.close()


@pytest.mark.broker
def test_a_roster_is_imported_through_the_gateway_that_runs(service, tmp_path):
    service.gateway()
    band = service.device("w1")
    for _ in range(2):
        result = service.shouwang("import", str(tmp_path / "roster.json"))
        assert (result.returncode, result.stderr) == (0, "")
    assert service.ask("SELECT count(*) FROM devices WHERE registered") == [(3,)]
    position = band.say("location", lat=36.87, lon=118.95)
    until(lambda: position in band.acked, "the gateway knows the device now")
    assert service.ask("SELECT stream FROM readings") == [("location",)]
    hole = {
        "fence_id": "hole",
        "role": "safe",
        "geometry": {"type": "Point", "coordinates": [1, 1], "radius_m": -1},
    }
    (tmp_path / "roster.json").write_text(json.dumps({"fences": [hole]}))
    result = service.shouwang("import", str(tmp_path / "roster.json"))
    assert result.returncode == 1 and "fence hole" in result.stderr and len(result.stderr.splitlines()) == 1
    assert verify_store(service.database)[1] is None
    assert export_files(service.database, tmp_path / "m.ndjson") > 3


@pytest.mark.broker
def test_a_second_gateway_ends_with_one_line_and_the_first_goes_on(service):
    first = service.gateway()
    result = service.shouwang("gateway")
    assert result.returncode == 1 and len(result.stderr.splitlines()) == 1
    assert "another gateway is writing to it" in result.stderr
    assert first.poll() is None
    sos = service.device("w1")
    seq = sos.say("alarm", kinds=["sos"])
    until(lambda: seq in sos.acked, "the first gateway acknowledges")


@pytest.mark.broker
def test_a_gateway_that_is_told_to_stop_ends_well(service):
    for number in (signal.SIGTERM, signal.SIGINT):
        process = service.gateway()
        process.send_signal(number)
        assert process.wait(30) == 0
    assert "Traceback" not in service.words()


PROC = Path("/proc")


def children(pid):
    return [int(child) for child in (PROC / f"{pid}/task/{pid}/children").read_text().split()]


def verb_of(pid):
    return (PROC / f"{pid}/cmdline").read_bytes().split(b"\0")[3].decode()


@pytest.mark.broker
@pytest.mark.skipif(not (PROC / f"self/task/{os.getpid()}/children").exists(), reason="needs Linux's /proc")
def test_the_supervisor_starts_a_gateway_again_that_was_killed_and_ends_everything_at_its_own_end(service):
    service.env["SHOUWANG_HTTP__PORT"] = "0"
    supervisor = service.start("run")
    until(lambda: service.pulse().get("connected"), "the gateway listens")
    first = service.pulse()["started_at_ms"]
    (gateway,) = [pid for pid in children(supervisor.pid) if verb_of(pid) == "gateway"]
    os.kill(gateway, signal.SIGKILL)
    until(
        lambda: service.pulse()["started_at_ms"] != first and service.pulse()["connected"],
        "another one listens",
    )
    band = service.device("w1")
    seq = band.say("alarm", kinds=["sos"])
    until(lambda: seq in band.acked, "it acknowledges")
    left = children(supervisor.pid)
    supervisor.terminate()
    assert supervisor.wait(30) == 0
    assert not [pid for pid in left if (PROC / str(pid)).exists()]
