"""The proof test: a marked alarm for each site, by the whole road as a device takes it, and what came out when.

The device TEST joins the roster at the site, calls by MQTT, and its alarm is closed with the outcome `test` as soon
as everything was seen; at the end the device leaves again.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit

import msgspec
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from api.clock import monotonic_s, now_ms
from iot_gateway.provisioning import PROOF, derived_secret
from iot_gateway.reading import open_reader
from iot_gateway.wire import Ack, Alarm, encode, topic

ZONE: Final = "测试 TEST"
TEXT: Final = "线路测试，不必处置 proof test, nothing to do"
PATIENCE_S: Final = 10.0


class ProofError(Exception):
    """The test cannot begin; the message is one line."""


@dataclass
class Proof:
    """What came out for one site, in ms after the device spoke; None: it did not come."""

    site_id: str
    name: str
    commit_ms: int | None = None
    stream_ms: int | None = None
    ack_ms: int | None = None
    outbox: bool = False
    closed: bool = False

    @property
    def whole(self) -> bool:
        """Whether everything did."""
        times = (self.commit_ms, self.stream_ms, self.ack_ms)
        return None not in times and self.outbox and self.closed

    def line(self) -> str:
        """For a person."""

        def said(value: int | None) -> str:
            return "MISSING" if value is None else f"{value} ms"

        return (
            f"{'ok    ' if self.whole else 'FAILED'} {self.site_id} {self.name}: commit {said(self.commit_ms)}, "
            f"stream {said(self.stream_ms)}, ack {said(self.ack_ms)}, outbox {'yes' if self.outbox else 'MISSING'}, "
            f"closed as test {'yes' if self.closed else 'MISSING'}"
        )


@dataclass(frozen=True)
class Door:
    """The api, as a program asks it."""

    url: str
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """JSON in, JSON out.

        Raises:
            URLError: no answer, or a refusal.
        """
        with self._open(method, path, body) as answer:
            return json.loads(answer.read() or b"null")

    def listen(self, after: int) -> Any:
        """The lines of the stream, from now on; at least a few each second."""
        return self._open("GET", f"stream?after={after}&positions=0", None)

    def _open(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers, method=method)  # noqa: S310
        return urllib.request.urlopen(request, timeout=PATIENCE_S)  # noqa: S310 - our own address


@dataclass
class Device:
    """TEST: speaks once and notes its `ack`."""

    mqtt_url: str
    acked: dict[int, int] = field(default_factory=dict)  # seq -> at_ms

    def __post_init__(self) -> None:
        self._boot, self._seq = now_ms(), 0
        self._heard, self._listens = threading.Event(), threading.Event()
        parts = urlsplit(self.mqtt_url)
        client = self._client = Client(CallbackAPIVersion.VERSION2, client_id=PROOF, protocol=MQTTv311)
        if parts.username is not None:
            client.username_pw_set(PROOF, derived_secret(PROOF, unquote(parts.password or "")))
        client.on_connect = self._connected
        client.on_subscribe = lambda *_: self._listens.set()
        client.on_message = self._told
        if parts.scheme == "mqtts":
            client.tls_set()
        try:
            client.connect(str(parts.hostname), parts.port or (8883 if parts.scheme == "mqtts" else 1883))
        except OSError as error:
            raise ProofError(f"the broker does not answer: {error}") from error
        client.loop_start()
        if not self._listens.wait(PATIENCE_S):
            self.close()
            raise ProofError(
                f"the broker does not let {PROOF} in: run `shouwang provision` and reload the broker"
            )

    def call(self) -> tuple[int, int]:
        """(seq, sent at) of a new call."""
        self._seq += 1
        self._heard.clear()
        sent_ms = now_ms()
        alarm = Alarm(ts=sent_ms, seq=self._seq, boot=self._boot, kinds=["manual_call"])
        self._client.publish(topic(PROOF, "alarm"), encode(alarm), 1)
        return self._seq, sent_ms

    def wait(self, seq: int) -> int | None:
        """When it was acknowledged."""
        until_s = monotonic_s() + PATIENCE_S
        while seq not in self.acked and monotonic_s() < until_s:
            self._heard.wait(0.1)
        return self.acked.get(seq)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Client, *_: Any) -> None:
        client.subscribe(topic(PROOF, "ack"), 1)

    def _told(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with suppress(msgspec.DecodeError):
            told = msgspec.json.decode(message.payload, type=Ack)
            if told.boot == self._boot:
                self.acked |= dict.fromkeys(told.seqs, now_ms())
                self._heard.set()


def prove(door: Door, mqtt_url: str, database: Path, site: str | None) -> Iterator[Proof]:
    """One site after the other; only `site`, if one is named.

    Raises:
        ProofError: the test cannot begin, or the service does not answer.
    """
    try:
        sites = _sites(door, site)
        with _device(door, mqtt_url) as device:
            for one in sites:
                yield _prove(door, device, database, Proof(one["site_id"], one.get("name") or ""))
    except HTTPError as error:
        with error:
            raise ProofError(
                f"the service refuses: {error} {error.read(300).decode(errors='replace')}"
            ) from error
    except (URLError, OSError) as error:
        raise ProofError(f"{door.url} does not answer: {error}") from error


def _sites(door: Door, site: str | None) -> list[dict[str, Any]]:
    if site is not None:
        return [door.ask("GET", f"sites/{quote(site, safe='')}")]
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = door.ask("GET", f"sites?limit=1000&after={quote(after, safe='')}")
        found += page["items"]
        after = page["next_after"]
    if not found:
        raise ProofError("the roster has no site")
    return found


@contextmanager
def _device(door: Door, mqtt_url: str) -> Iterator[Device]:
    """TEST at the broker, and out of the roster afterwards. What a broken test left behind is ours too."""
    with suppress(HTTPError):
        there = door.ask("GET", f"devices/{PROOF}")
        if there.get("zone") != ZONE:
            raise ProofError(f"the roster has a device {PROOF} of its own: rename it")
    device = Device(mqtt_url)
    try:
        yield device
    finally:
        device.close()
        with suppress(HTTPError):
            door.ask("DELETE", f"devices/{PROOF}")


def _prove(door: Door, device: Device, database: Path, proof: Proof) -> Proof:
    place = {"kind": "fire_sensor", "site_id": proof.site_id, "zone": ZONE, "fence_ids": []}
    door.ask("PUT", f"devices/{PROOF}", place)
    after = int(door.ask("GET", "summary")["last_seq"])
    with door.listen(after) as lines:
        seq, sent_ms = device.call()
        raised = _raised(lines)
        heard_ms = now_ms()
    if raised is not None:
        proof.stream_ms = heard_ms - sent_ms
        proof.commit_ms = raised["committed_at_ms"] - sent_ms
        with closing(open_reader(database)) as db:
            found = db.execute("SELECT 1 FROM outbox WHERE seq=?", (raised["seq"],)).fetchone()
        proof.outbox = found is not None
        proof.closed = _close(door, raised)
    acked_ms = device.wait(seq)
    proof.ack_ms = None if acked_ms is None else acked_ms - sent_ms
    return proof


def _raised(lines: Iterable[bytes]) -> dict[str, Any] | None:
    """The transition, as a console gets it."""
    until_s = monotonic_s() + PATIENCE_S
    name = ""
    for line in lines:
        key, _, value = line.decode().rstrip("\r\n").partition(": ")
        if key == "event":
            name = value
        elif key == "data" and name == "transition":
            said: dict[str, Any] = json.loads(value)
            if said["device_id"] == PROOF and said["event"] in {"raise", "reraise"}:
                return said
        if monotonic_s() > until_s:
            break
    return None


def _close(door: Door, alarm: dict[str, Any]) -> bool:
    """With the outcome `test`; a person may have been faster, or have touched it meanwhile."""
    for _ in range(3):
        now = door.ask("GET", f"alarms/{alarm['alarm_id']}")
        if now["state"] == "normal":
            return True
        body = {"version": now["version"], "outcome": "test", "text": TEXT}
        with suppress(HTTPError):
            door.ask("POST", f"alarms/{alarm['alarm_id']}/close", body)
    return bool(door.ask("GET", f"alarms/{alarm['alarm_id']}")["state"] == "normal")
