"""What wakes other processes, and what starts them again."""

import gc
import os
import socket
import sqlite3
import subprocess
import sys

from road import House
from service import REPOSITORY, environment, until

from api.supervisor import LONGEST_WAIT_S, Supervisor, shouwang
from iot_gateway.doorbell import Doorbell


def test_a_bell_wakes_whoever_listens_and_needs_nobody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path has 107 characters, and pytest's directories are deep
    bell = Doorbell(tmp_path.__class__("api.wake"))
    bell.ring()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("api.wake")
    bell.ring()
    assert listener.recv(10) == b""
    for _ in range(5000):  # nobody answers: what does not fit is dropped, and nobody waits
        bell.ring()
    listener.close()
    bell.ring()
    bell.close()


def test_a_bell_whose_path_is_too_long_is_silent(tmp_path):
    bell = Doorbell(tmp_path / ("x" * 200) / "api.wake")
    bell.ring()
    bell.close()


def test_the_gateway_rings_once_a_step_is_on_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    house = House(tmp_path.__class__("."))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("api.wake")
    house.say("alarm", {"kinds": ["sos"]})
    house.turn()
    listener.recv(1)
    with sqlite3.connect("shouwang.sqlite") as db:
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    db.close()
    listener.close()


def python(program):
    return lambda: subprocess.Popen([sys.executable, "-c", program])


def test_what_ends_is_started_again_and_each_time_it_is_said():
    said = []
    supervisor = Supervisor(said.append)
    supervisor.add("short", python("import sys; sys.exit(3)"))
    supervisor.add("long", python("import time; time.sleep(600)"))
    long = supervisor.children[1].process

    def ended_thrice():
        supervisor.turn()
        return len(said) >= 3

    until(ended_thrice, "it ended three times")
    assert set(said) == {"short ended (exit code 3), starting it again"}
    assert supervisor.children[1].process is long and long.poll() is None
    assert 0 < supervisor.children[0].wait_s <= LONGEST_WAIT_S
    long.kill()
    until(lambda: supervisor.turn() or "long ended (signal 9), starting it again" in said, "it was killed")
    until(lambda: supervisor.turn() or supervisor.children[1].process, "it is started again")
    left = [child.process for child in supervisor.children if child.process]
    supervisor.stop()
    assert all(process.poll() is not None for process in left)


def test_what_does_not_even_start_is_tried_again():
    said, tries = [], []

    def start():
        tries.append(1)
        if len(tries) < 3:
            raise OSError("no such program")
        return python("import time; time.sleep(600)")()

    supervisor = Supervisor(said.append)
    supervisor.add("late", start)
    until(lambda: supervisor.turn() or supervisor.children[0].process, "the third try")
    assert said == ["late does not start: no such program"] * 2
    supervisor.stop()


def test_a_verb_prints_where_it_is_told_and_leaves_no_file_open(tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(os, "environ", environment())
    process = shouwang(["notifier"], log=tmp_path / "log")
    gc.collect()  # a file that nobody closed would be a warning, which is an error here
    assert process.wait(60) == 1
    assert "not part of this version" in (tmp_path / "log").read_text()
