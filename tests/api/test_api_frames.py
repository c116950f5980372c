"""Bytes that are no HTTP, or nearly: each loses its connection, and everybody else is served."""

from __future__ import annotations

import socket
from contextlib import suppress
from random import Random

import httpx
import pytest

ASKED = b"GET /api/v1/summary HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
HOSTILE = [
    b"",
    b"\x00" * 1000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a plain port
    b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06band-1",
    b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n",
    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"GET /\xff\xfe%00%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://elsewhere.invalid/healthz HTTP/1.1\r\nHost: elsewhere.invalid\r\n\r\n",
    (
        b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\xff"
    ),
]


def mutated(dice: Random) -> bytes:
    said = bytearray(ASKED)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(said))
        said[at : at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 6))
    return bytes(said)


@pytest.mark.filterwarnings("ignore")
def test_the_service_outlives_every_frame(refusing):
    host, port = refusing.url.removeprefix("http://").split(":")
    dice = Random(20261124)
    for frames in [*HOSTILE, *(mutated(dice) for _ in range(200))]:
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(frames)
            line.settimeout(0.02)
            answer = b""
            while more := line.recv(65536):
                answer += more
            assert not answer.startswith(b"HTTP/1.1 5"), frames[:200]
    assert httpx.get(f"{refusing.url}/healthz").status_code == 200
