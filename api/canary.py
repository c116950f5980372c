"""Sings and listens: once a second a message takes the road of an alarm, and this knows whether it arrived and when.

Broker, gateway, commit and tail of the store are proven together, by what an alarm needs of each. What it costs is
one message and a few bytes of the pulse a second.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt.client import Client, ConnectFlags, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel

from api.clock import monotonic_s, now_ms
from iot_gateway.canary import CANARY, CANARY_TOPIC, song

EVERY_S: Final = 1.0
# A song that takes longer is missed. An alarm takes a few milliseconds.
LATE_S: Final = 1.0
MISSED_IS_RED: Final = 3
_KEPT: Final = 600

log = structlog.get_logger("api.canary")


class CanaryState(BaseModel):
    """`missed`: songs in a row that did not arrive; from three on, an alarm may not arrive either."""

    missed: int
    round_trip_ms: int | None
    heard_at_ms: int | None


class Canary:
    """`url` None: it does not sing, and nothing is known."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._run = secrets.token_hex(4)
        self._seq = self._heard_seq = 0
        self._sung_s: dict[int, float] = {}
        self._round_trip_s: float | None = None
        self._heard_at_ms: int | None = None
        self.heard = 0

    @property
    def sung(self) -> int:
        return self._seq

    @property
    def waits(self) -> bool:
        """Whether a song is under way."""
        return self._heard_seq < self._seq

    def state(self) -> CanaryState | None:
        """What is known this moment; None: it does not sing."""
        if self._url is None:
            return None
        limit_s = monotonic_s() - LATE_S
        missed = sum(sung_s < limit_s for seq, sung_s in self._sung_s.items() if seq > self._heard_seq)
        trip_ms = None if self._round_trip_s is None else round(self._round_trip_s * 1000)
        return CanaryState(missed=missed, round_trip_ms=trip_ms, heard_at_ms=self._heard_at_ms)

    @property
    def is_silent(self) -> bool:
        """Whether the road is cut somewhere."""
        state = self.state()
        return state is not None and state.missed >= MISSED_IS_RED

    def hear(self, pulse: dict[str, Any] | None) -> None:
        """What the gateway committed last."""
        told = (pulse or {}).get("canary") or {}
        seq = told.get("seq")
        if told.get("run") != self._run or not isinstance(seq, int) or seq <= self._heard_seq:
            return
        sung_s = self._sung_s.get(seq)
        if sung_s is None:
            return
        self._round_trip_s, self._heard_at_ms = monotonic_s() - sung_s, now_ms()
        self._heard_seq = seq
        self.heard += 1
        for old in [one for one in self._sung_s if one <= seq]:
            del self._sung_s[old]

    def begin_song(self) -> bytes:
        """The next one, from now under way."""
        self._seq += 1
        self._sung_s[self._seq] = monotonic_s()
        self._sung_s.pop(self._seq - _KEPT, None)
        return song(self._run, self._seq)

    async def run(self) -> None:
        """Sing for ever, also where nobody can hear it: that is what it is for."""
        if self._url is None:
            return
        client = _client(self._url)
        client.loop_start()
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                client.publish(CANARY_TOPIC, self.begin_song(), qos=0)  # not kept: an old song proves nothing
        finally:
            client.disconnect()  # its thread ends with it


def _client(url: str) -> Client:
    """A connection that comes back by itself."""
    parts = urlsplit(url)
    client = Client(CallbackAPIVersion.VERSION2, client_id=CANARY, protocol=MQTTv311)
    client.on_connect = _connected
    client.reconnect_delay_set(1, 2)
    client.connect_timeout = 2.0
    if parts.username is not None:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    secure = parts.scheme == "mqtts"
    if secure:
        client.tls_set_context(ssl.create_default_context())
    assert parts.hostname is not None
    client.connect_async(parts.hostname, parts.port or (8883 if secure else 1883), keepalive=5)
    return client


def _connected(
    _client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
) -> None:
    if reason.is_failure:
        log.error("the broker refuses the canary: run `shouwang provision`", reason=str(reason))
