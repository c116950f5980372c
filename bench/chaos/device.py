"""Owns a device as the contract wants it, over a real connection: it keeps every item until its `ack`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

BEACON: Final = "care/v1/_gateway/beacon"
RESEND_FIRST_S: Final = 3.0
RESEND_GROWTH: Final = 1.5
RESEND_MAX_S: Final = 30.0

Key = tuple[int, int]  # boot, seq


@dataclass(slots=True)
class Said:
    """One item, as its device remembers it for ever (the driver's witness, not the device's ring)."""

    stream: str
    ts: int
    kinds: tuple[str, ...] = ()
    usable: bool = True


@dataclass(slots=True)
class _Held:
    topic: str
    payload: bytes
    due_s: float
    wait_s: float = RESEND_FIRST_S


@dataclass
class Device:
    """Thread-safe: paho's thread hears, the driver's thread says and ticks."""

    name: str
    port: int
    trust_puback: bool = False  # what the contract forbids: to forget at the broker's word
    boot: int = 1
    said: dict[Key, Said] = field(default_factory=dict)
    acked: set[Key] = field(default_factory=set)
    repeats: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = self._last_ts = 0
        self._ring: dict[Key, _Held] = {}
        self._keys: dict[int, Key] = {}  # by paho's message id
        self._early: set[int] = set()
        self._listens = False
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.name, clean_session=True)
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(5_000)
        client.reconnect_delay_set(1, 2)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = lambda *_: self._again(up=True)
        client.on_message = self._heard
        client.on_publish = self._published
        client.connect_async("127.0.0.1", self.port, keepalive=10)
        self._client = client

    def start(self) -> None:
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def holding(self) -> int:
        with self._lock:
            return len(self._ring)

    def say(self, stream: str, **fields: Any) -> None:
        """A new item that wants its `ack`. Kept first, sent then."""
        with self._lock:
            self._seq += 1
            self._last_ts = max(self._last_ts + 1, time.time_ns() // 1_000_000)
            key = self.boot, self._seq
            item = {"ts": self._last_ts, "seq": self._seq, "boot": self.boot, "ack": True, **fields}
            self.said[key] = Said(
                stream,
                self._last_ts,
                tuple(fields.get("kinds", ())),
                "lat" not in fields or fields["lat"] <= 90,
            )
            held = _Held(
                f"care/v1/{self.name}/{stream}", json.dumps(item).encode(), time.monotonic() + RESEND_FIRST_S
            )
            self._ring[key] = held
        self._send([(key, held)])

    def tick(self) -> None:
        """What has waited long enough for its `ack` goes out again."""
        now_s = time.monotonic()
        with self._lock:
            if not self._listens:
                return
            due = [(key, held) for key, held in self._ring.items() if held.due_s <= now_s]
            for _, held in due:
                held.wait_s = min(held.wait_s * RESEND_GROWTH, RESEND_MAX_S)
                held.due_s = now_s + held.wait_s
            self.repeats += len(due)
        self._send(due)

    def restart(self) -> None:
        """A new boot counts anew; what is held is in flash and keeps its boot and seq."""
        with self._lock:
            self.boot, self._seq = self.boot + 1, 0

    def _send(self, items: Iterable[tuple[Key, _Held]]) -> None:
        """Without our lock: paho holds its own while it calls us, and we would wait for each other."""
        for key, held in items:
            if not self._listens:
                return
            mid = self._client.publish(held.topic, held.payload, 1).mid
            with self._lock:
                self._keys[mid] = key
                is_taken = mid in self._early
                self._early.discard(mid)
            if is_taken and self.trust_puback:
                self._forget([key])

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe([(f"care/v1/{self.name}/ack", 1), (BEACON, 0)])

    def _disconnected(self, *_: Any) -> None:
        with self._lock:
            self._listens = False

    def _heard(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic == BEACON:
            self._again()
            return
        told = json.loads(message.payload)
        self._forget([(told["boot"], seq) for seq in told["seqs"]])

    def _published(self, _client: mqtt.Client, _data: Any, mid: int, *_: Any) -> None:
        with self._lock:
            key = self._keys.pop(mid, None)
            if key is None:
                self._early.add(mid)  # sooner than `_send` knew its number
        if self.trust_puback and key is not None:
            self._forget([key])

    def _forget(self, keys: Iterable[Key]) -> None:
        with self._lock:
            for key in keys:
                self.acked.add(key)
                self._ring.pop(key, None)

    def _again(self, *, up: bool = False) -> None:
        """Everything held, at the beacon and at every new connection."""
        now_s = time.monotonic()
        with self._lock:
            self._listens = self._listens or up
            for held in self._ring.values():
                held.wait_s, held.due_s = RESEND_FIRST_S, now_s + RESEND_FIRST_S
            held_now = list(self._ring.items())
            self.repeats += len(held_now)
        self._send(held_now)
