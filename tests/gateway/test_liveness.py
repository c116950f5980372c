"""Signs of life: who sends them, who hears them, and what becomes of a process that sends none."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from service import REPOSITORY, environment, until

from api import supervisor as module
from api.liveness import Ear
from api.supervisor import Supervisor
from api.watchdog import AGAIN_S, Shout, Watch, ask, shout
from iot_gateway import notify
from iot_gateway.broker import free_port
from iot_gateway.notify import Notifier
from iot_gateway.settings import WatchdogSettings


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """A real datagram socket, by a path or without one."""
    monkeypatch.chdir(tmp_path)
    made = []

    def listen(address):
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.settimeout(10)
        ear.bind(address)
        made.append(ear)
        return ear

    yield listen
    for ear in made:
        ear.close()


@pytest.mark.parametrize("address", ["notify", "@shouwang-test-PID"])
def test_systemd_hears_ready_once_alive_once_a_second_and_stopping(systemd, address, monkeypatch):
    address = address.replace("PID", str(os.getpid()))
    ear = systemd("\0" + address[1:] if address.startswith("@") else address)
    now = [100.0]
    monkeypatch.setattr(notify.Clock, "monotonic_s", lambda: now[0])
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    told = Notifier()
    for _ in range(50):
        told.ready()
        told.alive()
        now[0] += 0.1
    told.stopping()
    heard = [ear.recv(100) for _ in range(7)]
    assert heard == [b"READY=1", *[b"WATCHDOG=1"] * 5, b"STOPPING=1"]


def test_where_nobody_asked_or_listens_nothing_happens(tmp_path, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    for told in (
        Notifier(),
        Notifier(""),
        Notifier(str(tmp_path / "gone")),
        Notifier("x" * 300),
        Notifier("@" + "x" * 300),
    ):
        told.ready()
        told.alive()
        told.stopping()


def test_a_listener_that_does_not_read_holds_nobody_up(systemd):
    systemd("notify")
    told = Notifier("notify")
    for _ in range(2000):
        told.stopping()


# A child that speaks as ours do: it says what it is told, then sleeps.
CHILD = """
import os, sys, time
from iot_gateway.notify import Notifier
told = Notifier()
for word in sys.argv[1:]:
    time.sleep(float(word)) if word[0].isdigit() else getattr(told, word)()
    told._due_s = 0
time.sleep(600)
"""


def child(ear, *words):
    env = environment(NOTIFY_SOCKET=ear.address)
    return lambda: subprocess.Popen([sys.executable, "-c", CHILD, *words], cwd=REPOSITORY, env=env)


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.5)
    said = []
    supervisor = Supervisor(said.append, above=Notifier(""))
    yield supervisor, said
    supervisor.stop()


def turns(supervisor, holds, what):
    return until(lambda: supervisor.turn() or holds(), what)


def test_a_process_that_lived_and_says_no_more_is_ended_and_gets_more_patience_each_time(watched):
    supervisor, said = watched
    supervisor.add("hangs", child(supervisor.ear, "ready", "alive"))
    one = supervisor.children[0]
    one.patience_s = 0.5
    turns(supervisor, lambda: len(said) >= 4, "it was ended twice")
    assert said[0].startswith("hangs has given no sign of life for")
    assert said[1] == "hangs ended (signal 9), starting it again"
    assert one.patience_s == 2.0


def test_who_never_spoke_is_left_alone_and_so_is_who_ends_in_order(watched):
    supervisor, said = watched
    supervisor.add("silent", child(supervisor.ear))
    supervisor.add("ends", child(supervisor.ear, "ready", "alive", "stopping", "20"))
    supervisor.add("lives", child(supervisor.ear, *["alive", "0.2"] * 30))
    for one in supervisor.children:
        one.patience_s = 1.0
    ends, lives = supervisor.children[1:]
    turns(
        supervisor, lambda: ends.is_ready and ends.heard_s is None and lives.heard_s is not None, "both spoke"
    )
    begun = supervisor.children[0].started_s
    turns(supervisor, lambda: module.time.monotonic() - begun > 3, "three seconds of patience of one")
    assert not said


def test_nobody_speaks_for_another(watched):
    supervisor, _ = watched
    supervisor.add("child", child(supervisor.ear))
    Notifier(supervisor.ear.address).ready()  # from this process, which is no child
    heard = supervisor.ear.hear()
    assert heard == [(os.getpid(), {"READY=1"})]
    Notifier(supervisor.ear.address).ready()
    supervisor.turn()
    assert not supervisor.children[0].is_ready


def test_systemd_hears_ready_when_every_process_is(systemd, monkeypatch):
    ear = systemd("notify")
    monkeypatch.setattr(module, "PATIENCE_S", 60.0)
    supervisor = Supervisor(print, above=Notifier("notify"))
    try:
        supervisor.add("first", child(supervisor.ear, "ready", "alive"))
        first = supervisor.children[0]
        supervisor.add("second", child(supervisor.ear, "alive", "1.0", "ready"))
        second = supervisor.children[1]
        ear.setblocking(False)
        heard = []

        def ready():
            with suppress(BlockingIOError):
                heard.append(ear.recv(100))
            return b"READY=1" in heard

        turns(supervisor, ready, "it is ready")
        assert first.is_ready and second.is_ready and set(heard) == {b"READY=1", b"WATCHDOG=1"}
    finally:
        supervisor.stop()


def test_an_ear_that_was_closed_is_gone():
    ear = Ear()
    ear.close()
    Notifier(ear.address).ready()


# The watchdog, in its own time --------------------------------------------------------------------


def shouts(watch, *looks):
    return [said and said.state for now_s, fault in looks for said in [watch.look(now_s, fault)]]


def test_the_watchdog_shouts_after_the_silence_again_and_when_it_is_over():
    watch = Watch(15, 300, 0.0)
    assert shouts(watch, (2, None), (4, "x"), (16.9, "x"), (17, "x"), (19, "x"), (316, "x"), (317, "x")) == [
        None, None, None, "silent", None, None, "silent",
    ]  # fmt: skip
    said = watch.look(400, None)
    assert said.state == "recovered" and said.silent_s == 398
    assert shouts(watch, (402, None), (404, "y"), (414, None), (428.9, "y"), (429, "z")) == [
        None, None, None, None, "silent",
    ]  # fmt: skip


def test_a_service_that_never_worked_is_shouted_about_too():
    watch = Watch(15, 300, 100.0)
    said = [watch.look(now_s, "refused") for now_s in (102, 114, 115)]
    assert said[:2] == [None, None] and said[2].text.startswith(
        "守望服务无响应 15 秒，告警可能收不到：refused"
    )


def test_a_shout_that_nobody_took_comes_again_soon():
    watch = Watch(15, 300, 0.0)
    assert watch.look(15, "x")
    watch.was_not_heard(15)
    assert shouts(watch, (15 + AGAIN_S - 1, "x"), (15 + AGAIN_S, "x")) == [None, "silent"]


@pytest.fixture
def chat():
    """A webhook of our own: (what it was posted, its address)."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield posted, f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("command", "taken"), [("true", True), ("false", False), ("/no/such program", False)]
)
def test_every_way_is_taken_also_when_another_one_fails(chat, command, taken):
    posted, url = chat
    said = Shout("silent", "The store does not answer.", 17.2)
    assert shout(WatchdogSettings(command=command, webhook=url), said) is taken
    (body,) = posted
    assert body["state"] == "silent" and body["silent_s"] == 17 and body["text"] == said.text
    assert body["reason"] == "The store does not answer." and abs(body["at_ms"] - time.time() * 1000) < 60_000


def test_a_webhook_that_is_not_there_is_no_success_and_no_end():
    url = f"http://127.0.0.1:{free_port()}/"
    assert not shout(WatchdogSettings(webhook=url), Shout("recovered", "", 3))
    assert "does not answer" in ask(url)


def test_a_watchdog_without_a_voice_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "api", "watchdog"], cwd=REPOSITORY, env=environment(), capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "has no voice" in done.stderr
    for wrong in ("ftp://x", "nonsense", "https://"):
        with pytest.raises(ValueError, match="must look like"):
            WatchdogSettings(webhook=wrong)
