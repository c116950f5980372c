"""The stream: nothing twice, nothing lost, whatever happens between."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
from contextlib import contextmanager

import pytest
from api_house import DEADLINE_S, until

from api import push
from api.doorbell import Doorbell
from api.feed import BACKLOG, PAGE, Listener
from api.live import COLUMNS, Live


def events(stream):
    """(event, id, data) of an open stream, as they come."""
    fields = {}
    for line in stream.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            if "event" in fields:
                yield fields["event"], fields.get("id"), json.loads(fields["data"])
            fields = {}


def transitions(stream):
    for event, seq, data in events(stream):
        if event == "transition":
            assert int(seq) == data["seq"]
            yield int(seq)


@contextmanager
def listening(service, query="", headers=None):
    with service.client.stream("GET", f"/api/v1/stream{query}", headers=headers) as stream:
        assert stream.status_code == 200, stream.read()
        yield stream


def first(iterator, count):
    return [next(iterator) for _ in range(count)]


def test_an_event_is_the_journals_body(service):
    body = service.book.journal(1, text="第一行\n第二行")
    with listening(service, "?after=0") as stream:
        lines = iter(stream.iter_lines())
        until(lambda: next(lines) == "id: 1", "id")
        assert next(lines) == "event: transition"
        assert next(lines) == f"data: {body}"


def test_resume_by_header_or_query_and_the_header_wins(service):
    for seq in range(1, 6):
        service.book.journal(seq)
    with listening(service, "?after=2") as stream:
        assert first(transitions(stream), 3) == [3, 4, 5]
    with listening(service, "?after=0", {"Last-Event-ID": "4"}) as stream:
        assert first(transitions(stream), 1) == [5]


def test_without_an_id_the_stream_begins_now(service):
    service.book.journal(1)
    until(lambda: service.app.state.feed.last_seq == 1)
    with listening(service) as stream:
        service.book.journal(2)
        assert first(transitions(stream), 1) == [2]


def test_an_id_from_the_future_is_now(service):
    service.book.journal(1)
    with listening(service, "?after=1000") as stream:
        service.book.journal(2)
        assert first(transitions(stream), 1) == [2]


def test_an_id_that_is_no_sequence_is_refused(refusing):
    for query, headers in (("?after=-1", {}), ("?after=x", {}), ("", {"Last-Event-ID": "x"})):
        assert refusing.client.get(f"/api/v1/stream{query}", headers=headers).status_code == 422


def test_no_gap_and_no_repeat_while_the_journal_grows(service):
    """Listeners come, go and resume at random while rows are appended; each sees each event once."""
    total, before = 4 * PAGE, 2 * PAGE + 7
    for seq in range(1, before):
        service.book.journal(seq)
    seen = [[] for _ in range(6)]

    def append():
        for seq in range(before, total + 1):
            service.book.journal(seq)

    def listen(got, seed):
        dice = random.Random(seed)
        while not got or got[-1] < total:
            query = f"?positions=0&after={got[-1] if got else 0}"
            with listening(service, query) as stream:
                for number, seq in enumerate(transitions(stream)):
                    got.append(seq)
                    if seq == total or (number > 50 and dice.random() < 0.005):
                        break

    threads = [threading.Thread(target=append)]
    threads += [threading.Thread(target=listen, args=(got, seed)) for seed, got in enumerate(seen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * DEADLINE_S)
        assert not thread.is_alive()
    assert all(got == list(range(1, total + 1)) for got in seen)
    until(lambda: not service.app.state.feed.listeners, "every listener gone")


def test_a_listener_that_falls_behind_is_closed():
    listener = Listener(who=None, positions=True)
    listener.live = True
    for seq in range(BACKLOG):
        listener.offer((seq, b""))
    assert not listener.closed
    listener.offer((BACKLOG, b""))
    assert listener.closed and asyncio.run(listener.next()) is None


def test_transitions_overtake_positions():
    listener = Listener(who=None, positions=True)
    listener.live = True
    for item in ((None, b"positions"), (None, b"pulse"), (1, b"one"), (2, b"two")):
        listener.offer(item)
    taken = [asyncio.run(listener.next())[1] for _ in range(4)]
    assert taken == [b"one", b"two", b"positions", b"pulse"]


def test_pulses_and_positions(service):
    book = service.book
    book.device("w1", 0)
    book.device("w2", 1)
    book.pulse(step=99)
    with listening(service) as stream:
        book.reading(0, 2000, lat=36.5, lon=119.5, acc_m=7.5, src="gnss", bat=80)
        book.reading(0, 1000, lat=1.0, lon=1.0)  # measured earlier, arrived later
        book.reading(1, 1000, stream="heartbeat")
        kinds = {}
        for event, seq, data in events(stream):
            assert seq is None
            kinds[event] = data
            if {"pulse", "positions"} <= set(kinds):
                break
        assert kinds["positions"] == {
            "items": [{"device_id": "w1", "lat": 36.5, "lon": 119.5, "acc_m": 7.5, "src": "gnss",
                       "measured_at_ms": 2000, "received_at_ms": 2500, "bat": 80.0}]
        }  # fmt: skip
        assert kinds["pulse"]["gateway"]["step"] == 99 and kinds["pulse"]["last_seq"] == 0
        assert {"at_ms", "age_ms"} <= set(kinds["pulse"])


def test_positions_can_be_left_out(service):
    service.book.device("w1", 0)
    with listening(service, "?positions=0") as stream:
        service.book.reading(0, 1000, lat=1.0, lon=1.0)
        until(lambda: service.app.state.live.states)
        until(lambda: not service.app.state.live._moved)
        service.book.journal(1)
        for event, _, _ in events(stream):
            assert event != "positions"
            if event == "transition":
                break


def test_before_the_first_pulse_there_is_none(service):
    with listening(service) as stream:
        pulse = next(data for event, _, data in events(stream) if event == "pulse")
        assert pulse["gateway"] is None and pulse["age_ms"] is None


def test_live_state_is_the_same_for_any_order_of_readings():
    dice = random.Random(5)
    rows = [
        dict.fromkeys(column.name for column in COLUMNS)
        | {
            "id": number,
            "device_row": number % 3,
            "measured_at_ms": number,
            "received_at_ms": dice.randrange(1000),
        }
        | ({"lat": number / 10, "lon": 1.0} if number % 4 else {})
        | ({"bat": float(number)} if number % 5 else {})
        for number in range(60)
    ]
    states = []
    for _ in range(5):
        dice.shuffle(rows)
        live = Live()
        for row in rows:
            live.take(tuple(row.values()))
        states.append(live.states)
    assert all(state == states[0] for state in states)


def test_the_tail_survives_a_store_that_fails_for_a_moment(service):
    feed = service.app.state.feed
    ends, failures = feed._ends, []

    async def fails_once():
        if not failures:
            failures.append(1)
            raise OSError("disk")
        return await ends()

    feed._ends = fails_once
    with listening(service) as stream:
        service.book.journal(1)
        until(lambda: failures)
        service.book.journal(2)
        assert first(transitions(stream), 2) == [1, 2]


def test_a_console_that_takes_nothing_is_let_go(service, monkeypatch):
    monkeypatch.setattr(push, "SEND_TIMEOUT_S", 0.2)
    for seq in range(1, 20_000):
        service.book.journal(seq)
    host, port = service.url.removeprefix("http://").split(":")
    with socket.socket() as console:
        console.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        console.connect((host, int(port)))
        asked = f"GET /api/v1/stream?after=0 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.token}\r\n\r\n"
        console.sendall(asked.encode())
        until(lambda: service.app.state.feed.listeners, "listening")
        until(lambda: not service.app.state.feed.listeners, "let go")


@pytest.mark.anyio
async def test_the_doorbell_rings_and_a_stale_one_is_replaced(tmp_path):
    (tmp_path / "api.wake").write_text("left behind")
    bell = Doorbell(tmp_path)
    bell.open()
    rung = bell._rung
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gateway:
        gateway.sendto(b"", str(tmp_path / "api.wake"))
        await asyncio.wait_for(rung.wait(), DEADLINE_S)
    bell.close()
    assert not (tmp_path / "api.wake").exists()


@pytest.mark.anyio
async def test_without_a_doorbell_there_is_polling(tmp_path):
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    bell = Doorbell(deep)
    bell.open()
    await bell.wait()
    bell.close()
