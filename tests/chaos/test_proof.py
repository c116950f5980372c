"""The proof test by its command: everything that came out is printed, and what did not is said."""

import json
import signal
import subprocess
import sys

import pytest

from api import proof
from bench.chaos.house import REPOSITORY, House
from iot_gateway import broker
from iot_gateway.reading import open_reader

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    if broker.find_broker("mosquitto") is None:
        pytest.skip("no mosquitto on this machine")
    made = House(tmp_path_factory.mktemp("proof"), ["w1"])
    yield made
    made.close()


def ask(house, sql):
    db = open_reader(house.database)
    rows = db.execute(sql).fetchall()
    db.close()
    return rows


def shouwang(house, *verb):
    return subprocess.run(
        [sys.executable, "-m", "api", *verb], cwd=REPOSITORY, env=house._env, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


def test_it_prints_what_came_out_and_leaves_a_closed_test_and_nothing_else(house):
    for number in (1, 2):
        done = shouwang(house, "proof")
        assert done.returncode == 0, done.stdout + done.stderr
        line, summary = done.stdout.splitlines()
        assert line.startswith("ok     s1") and "MISSING" not in line
        assert summary == "proof test: 1 sites, everything came out"
        assert (
            ask(house, "SELECT device_id, site_id, state, outcome FROM alarms")
            == [("TEST", "s1", "normal", "test")] * number
        )
    assert ask(house, "SELECT removed FROM devices WHERE device_id='TEST'") == [(1,)]
    zones = {
        json.loads(body)["text"]
        for (body,) in ask(house, "SELECT body FROM journal WHERE body LIKE '%\"close\"%'")
    }
    assert zones == {proof.TEXT}


def test_a_site_that_is_not_there_and_a_device_of_that_name_are_said_in_one_line(house):
    done = shouwang(house, "proof", "--site", "nowhere")
    assert done.returncode == 1 and "There is no such site." in done.stderr and done.stderr.count("\n") == 1
    door = proof.Door(f"http://127.0.0.1:{house.http_port}", house.token)
    door.ask("PUT", "devices/TEST", {"kind": "home_sensor", "site_id": "s1"})
    done = shouwang(house, "proof")
    assert done.returncode == 1 and "the roster has a device TEST of its own" in done.stderr
    door.ask("DELETE", "devices/TEST")


def test_what_does_not_come_out_is_missing(house, monkeypatch):
    monkeypatch.setattr(proof, "PATIENCE_S", 3.0)
    door = proof.Door(f"http://127.0.0.1:{house.http_port}", house.token)
    house.send("gateway", signal.SIGSTOP)  # the supervisor will end it, but not so soon
    try:
        (made,) = proof.prove(door, f"mqtt://127.0.0.1:{house.mqtt_port}", house.database, "s1")
    finally:
        house.settle()
    assert not made.whole
    assert made.line().startswith("FAILED s1") and "MISSING" in made.line()
