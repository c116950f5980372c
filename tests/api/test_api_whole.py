"""The door as a whole: health, metrics, counts, documents, problems, headers, and its life as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager

import httpx
import pytest
from api_house import DEADLINE_S, PASSWORD, until

from api import auth
from api.accounts import add_operator, add_token
from api.app import serve
from api.database import PRAGMAS, Database, wait_for_tables
from api.middleware import MAX_BODY_BYTES
from iot_gateway.settings import HttpSettings, Settings


def test_health_says_that_the_process_lives_and_no_more(service):
    with service.stranger() as client:
        answer = client.get("/healthz")
        assert answer.status_code == 200 and answer.json() == {"status": "alive"}
        page = client.get("/")
        assert page.status_code == 200 and "守望" in page.text
        inline = r"<script(?! type=\"module\" crossorigin src=\"/assets/)|<style|style=|https?:"
        assert not re.search(inline, page.text)


def test_readiness_names_what_is_missing(service):
    def missing():
        answer = service.client.get("/readyz", headers={"Authorization": ""})
        if answer.status_code == 200:
            return None
        assert answer.status_code == 503 and answer.headers["content-type"] == "application/problem+json"
        return answer.json()["detail"]

    assert "no sign of life" in missing()
    service.book.pulse()
    assert missing() is None
    service.book.pulse(connected=False)
    assert "not connected" in missing()
    service.book.pulse(at_ms=1000)
    assert " s old" in missing()
    service.book.meta("pulse", "{")
    assert "no sign of life" in missing()
    service.book.pulse()
    service.book.ask("ALTER TABLE meta RENAME TO gone")
    assert "store does not answer" in missing()


def test_metrics_in_prometheus_text(service):
    service.book.pulse(counters={"messages": 12, "late_total": 3, "odd-name": 1}, rejected={"too_long": 4})
    service.book.alarm("a1", 1)
    service.client.get("/api/v1/alarms/a1")
    answer = service.client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    for line in (
        "shouwang_messages_total 12.0",
        "shouwang_late_total 3.0",
        "shouwang_odd_name_total 1.0",
        'shouwang_rejected_total{reason="too_long"} 4.0',
        "shouwang_gateway_connected 1.0",
        "shouwang_gateway_queue 3.0",
        'shouwang_open_alarms{priority="urgent",state="active_unacknowledged"} 1.0',
        "shouwang_stream_listeners 0.0",
        'shouwang_http_requests_total{method="GET",route="/api/v1/alarms/{alarm_id}",status="200"} 1.0',
    ):
        assert line in answer.text, line
    assert re.search(r"^shouwang_gateway_pulse_age_seconds [0-9.]+$", answer.text, re.MULTILINE)
    assert re.search(r"^shouwang_wal_bytes [0-9.]+(e\+[0-9]+)?$", answer.text, re.MULTILINE)
    assert "a1" not in answer.text


def test_the_summary_counts(service):
    book = service.book
    book.site("s1")
    book.device("w1", 0)
    book.device("w2", 1)
    book.device("f1", 2, kind="fire_sensor")
    book.device("x", 3, registered=False)
    book.device("y", 4, removed=True)
    book.alarm("a1", 1)
    book.alarm("a2", 2, kind="low_battery", priority="low", shelved=True, state="active_acknowledged")
    book.alarm("a3", 3, site_id=None, suppressed=True, out_of_service=True)
    book.alarm("a4", 4, state="normal")
    book.journal(4)
    book.pulse(step=5)
    recent = int(until(lambda: service.client.get("/api/v1/summary").json()["at_ms"]))
    book.reading(0, recent - 1000, stream="heartbeat")
    book.reading(1, 1000, stream="heartbeat")
    until(lambda: len(service.app.state.live.states) == 2 and service.app.state.feed.last_seq == 4)
    told = service.client.get("/api/v1/summary").json()
    assert told["alarms"] == {
        "total": 3,
        "by_priority": {"urgent": 2, "low": 1},
        "by_state": {"active_unacknowledged": 2, "active_acknowledged": 1},
        "by_kind": {"sos": 2, "low_battery": 1},
        "by_county": {"安丘市": 2, "": 1},
        "shelved": 1, "suppressed": 1, "out_of_service": 1,
    }  # fmt: skip
    assert told["devices"] == {
        "wristband": {"registered": 2, "heard_in_last_hour": 1, "never_heard": 0},
        "fire_sensor": {"registered": 1, "heard_in_last_hour": 0, "never_heard": 1},
    }
    assert told["last_seq"] == 4 and told["gateway"]["step"] == 5 and told["gateway_age_ms"] >= 0


def test_the_policy_goes_out_as_it_is(service):
    assert service.client.get("/api/v1/policy").status_code == 404
    service.book.put("meta", key="policy", value='{"b": 1,  "a": 2.50}')
    assert service.client.get("/api/v1/policy").text == '{"b": 1,  "a": 2.50}'


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.mark.parametrize(("path", "version"), [("/openapi.json", "3.1.0"), ("/asyncapi.json", "3.0.0")])
def test_documents_are_whole(refusing, path, version):
    document = refusing.client.get(path).json()
    assert document[path.strip("/").removesuffix(".json")] == version
    found = list(references(document))
    assert found
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_the_asyncapi_document_has_the_contracts_channels(refusing):
    document = refusing.client.get("/asyncapi.json").json()
    streams = ("heartbeat", "location", "alarm", "result", "ack", "cmd")
    assert {channel["address"] for channel in document["channels"].values()} == {
        *(f"care/v1/{{device_id}}/{stream}" for stream in streams),
        "care/v1/_gateway/beacon",
        "owntracks/{user}/{device}",
    }
    actions = {name: operation["action"] for name, operation in document["operations"].items()}
    assert actions["receive_alarm"] == "receive" and actions["send_ack"] == actions["send_beacon"] == "send"


def test_the_openapi_document_says_what_is_open(refusing):
    document = refusing.client.get("/openapi.json").json()
    opened = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") == []
    }
    assert opened | {("GET", "/")} == auth.OPEN
    assert document["security"] == [{"token": []}, {"session": []}]


def test_nothing_comes_from_elsewhere(refusing):
    assert refusing.client.get("/docs").status_code == refusing.client.get("/redoc").status_code == 404
    policy = refusing.client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing", 404), ("DELETE", "/api/v1/alarms", 405), ("GET", "/healthz", 200),
     ("POST", "/api/v1/alarms/a1/acknowledge", 422), ("GET", "/../../etc/passwd", 404)],
)  # fmt: skip
def test_every_answer_is_guarded_and_every_refusal_a_problem(refusing, method, path, status):
    answer = refusing.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers
    if path.startswith("/api"):
        assert answer.headers["cache-control"] == "no-store"
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail"} <= set(answer.json()) and answer.json()[
            "status"
        ] == status


def test_a_body_over_the_limit_is_refused(refusing):
    def pieces():
        for _ in range(MAX_BODY_BYTES // 1000 + 2):
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    for content in (b" " * (MAX_BODY_BYTES + 1), pieces()):
        answer = refusing.client.post("/api/v1/sites", content=content, headers=headers)
        assert answer.status_code == 413 and answer.headers["content-type"] == "application/problem+json"


def test_a_fault_of_ours_says_nothing_of_the_inside(service, capsys):
    async def broken():
        raise RuntimeError("secret of 王奶奶")

    service.app.state.live.states = None
    service.app.state.database.pulse = broken
    answer = service.client.get("/api/v1/summary")
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text and "RuntimeError" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    logged = capsys.readouterr()
    assert "RuntimeError" in logged.out + logged.err and "王奶奶" not in logged.out + logged.err


def test_a_store_that_does_not_answer_is_503(service):
    service.book.ask("ALTER TABLE alarms RENAME TO gone")
    answer = service.client.get("/api/v1/alarms")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    assert "gone" not in answer.text and "SELECT" not in answer.text


@pytest.mark.anyio
async def test_connections_keep_the_rules_of_the_store(book):
    database = Database(book.path)
    for pragma, value in (("busy_timeout", 2000), ("synchronous", 2), ("wal_autocheckpoint", 0)):
        assert any(pragma in rule for rule in PRAGMAS)
        async with database.snapshot() as connection:
            assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == value
    async with database.write() as connection:  # the lock is held from the start
        await connection.exec_driver_sql("DELETE FROM shown")
        other = sqlite3.connect(book.path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    await database.close()


def test_waiting_for_the_tables_says_what_is_missing(book, tmp_path):
    assert wait_for_tables(book.path, 0) is None
    assert "unable to open" in wait_for_tables(tmp_path / "none.sqlite", 0.05)
    assert not (tmp_path / "none.sqlite").exists()
    book.ask("DROP TABLE outbox")
    assert "no table 'outbox'" in wait_for_tables(book.path, 0)
    timer = threading.Timer(0.2, book.ask, ["CREATE TABLE outbox (id)"])
    timer.start()
    assert wait_for_tables(book.path, DEADLINE_S) is None


def test_a_port_in_use_is_one_clear_line(book, capsys, monkeypatch):
    monkeypatch.setattr("api.logs.configure", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(store={"url": f"sqlite:///{book.path}"}, http=HttpSettings(port=port))
        assert serve(settings) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"127.0.0.1:{port}" in said


PROGRAM = """
import sys
from api.app import serve
from iot_gateway.settings import HttpSettings, Settings
sys.exit(serve(Settings(store={"url": "sqlite:///" + sys.argv[1]}, http=HttpSettings(port=int(sys.argv[2])))))
"""


def test_the_process_stops_when_told_although_consoles_listen_and_its_log_is_clean(book):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    book.site("s1", name="安丘敬老院", phone="13900000000")
    book.pulse()
    token = add_token(book.path, "tests")
    add_operator(book.path, "王医生", PASSWORD)
    command = [sys.executable, "-c", PROGRAM, str(book.path), str(port)]
    headers = {"Authorization": f"Bearer {token}"}
    with (
        started(command) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=DEADLINE_S) as client,
    ):

        def ready():
            assert process.poll() is None, process.stderr.read()
            book.pulse()  # a busy machine takes longer to start a process than a pulse stays fresh
            try:
                return client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(ready, "readiness")
        client.get("/api/v1/sites?q=安丘敬老院")
        client.post("/api/v1/session", json={"username": "王医生", "password": "wrong"})
        book.ask("ALTER TABLE alarms RENAME TO gone")
        assert client.get("/api/v1/alarms").status_code == 503
        with client.stream("GET", "/api/v1/stream") as stream:
            lines = stream.iter_lines()
            next(lines)
            process.send_signal(signal.SIGTERM)
            for _ in lines:
                pass
        assert process.wait(DEADLINE_S) == 0
        log = process.stderr.read().decode()
    for line in log.splitlines():
        json.loads(line)
    assert "OperationalError" in log
    for secret in (token, PASSWORD, "安丘敬老院", "13900000000", "王医生", "Traceback"):
        assert secret not in log


@contextmanager
def started(command):
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()
