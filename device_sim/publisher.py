"""MQTT for simulated devices: one shared connection, or one for each device with its own password.

Owns every socket of the simulator, in one thread: paho parses, a selector waits. A broken
connection is made again after up to 5 s, at random, so that a city does not return in one instant;
what must not be lost meanwhile is the business of the devices, which keep it until acknowledged.
"""

from __future__ import annotations

import ipaddress
import json
import random
import resource
import selectors
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from iot_gateway.wire import BEACON_TOPIC, DEVICE_ID, TOPIC_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from device_sim.device import Outgoing

RECONNECT_JITTER_S: Final = 5.0
_KEEPALIVE_S: Final = 30
_CONNECT_TIMEOUT_S: Final = 5.0
# A connection that says nothing after CONNECT would otherwise be waited for in vain.
_CONNACK_TIMEOUT_S: Final = 10.0
# Packet identifiers are 16 bits; far below that, and far above a broker's round trip at 50 k/s.
_INFLIGHT: Final = 10_000
_MISC_EVERY_S: Final = 1.0
_OTHER_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect. `tls`: mqtts, checked against the system's authorities."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool

    @classmethod
    def from_url(cls, url: str, *, allow_remote: bool) -> Broker:
        """mqtt://[user:pass@]host[:port] or mqtts://...; ValueError says what is wrong."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError(f"not an MQTT address: {url!r} (want mqtt://[user:pass@]host:port)")
        if not allow_remote and not _is_loopback(parts.hostname):
            raise ValueError(
                f"{parts.hostname} is not this machine; simulated alarms there could be taken for real ones. "
                "If that is what you want, say --allow-remote"
            )
        tls = parts.scheme == "mqtts"
        try:
            port = parts.port or (8883 if tls else 1883)
        except ValueError as error:
            raise ValueError(f"bad port in {url!r}") from error
        user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        return cls(parts.hostname, port, user, password, tls)


def read_credentials(path: Path) -> dict[str, str]:
    """A credentials file, {"device_id": "password"}; ValueError says what is wrong."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f'{path}: want {{"device_id": "password", ...}}')
    return found


@dataclass(slots=True, eq=False)
class _Connection:
    """One client and what it carries. `retry_at` monotonic seconds; `up`: CONNACK has come."""

    client: mqtt.Client
    device_ids: list[str]
    retry_at: float
    since: float = 0.0
    sock: Any = None
    events: int = 0
    up: bool = False
    unconfirmed: int = 0


class Publisher:
    """Connections of simulated devices; everything happens inside `run_once`.

    `on_link(device_ids, up)` and `on_message(topic, payload)` are called from there.
    """

    def __init__(
        self,
        broker: Broker,
        device_ids: Iterable[str],
        on_link: Callable[[list[str], bool], None],
        on_message: Callable[[str, bytes], None],
        *,
        credentials: dict[str, str] | None = None,
        spread_s: float = 0.0,
    ) -> None:
        """`credentials` None: one shared connection. `spread_s`: first connections are spread over it."""
        self._broker, self._on_link, self._on_message = broker, on_link, on_message
        self._selector = selectors.DefaultSelector()
        self._misc_at = 0.0
        self._of_device: dict[str, _Connection] = {}
        self._connections: list[_Connection] = []
        self.refused: str | None = None
        self.published = 0
        ids = list(device_ids)
        now = time.monotonic()
        if credentials is None:
            shared = f"shouwang-sim-{random.randrange(16**8):08x}"
            self._add(shared, broker.username, broker.password, ids, now)
            return
        missing = [device_id for device_id in ids if device_id not in credentials]
        if missing:
            raise ValueError(f"no credentials for {len(missing)} devices, first {missing[0]}")
        _allow_sockets(len(ids))
        for device_id in ids:
            at = now + random.uniform(0.0, spread_s)
            self._add(device_id, device_id, credentials[device_id], [device_id], at)

    @property
    def up(self) -> int:
        """Connections that are up."""
        return sum(connection.up for connection in self._connections)

    @property
    def size(self) -> int:
        return len(self._connections)

    @property
    def unconfirmed(self) -> int:
        """Messages not yet written (QoS 0) or without PUBACK (QoS 1)."""
        return sum(connection.unconfirmed for connection in self._connections)

    def publish(self, messages: Iterable[Outgoing]) -> None:
        """Hands messages to their connections; without one they are lost on the way, as on the air."""
        for message in messages:
            connection = self._of_device[message.device_id]
            if not connection.up:
                continue
            info = connection.client.publish(message.topic, message.payload, message.qos)
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.published += 1
                connection.unconfirmed += 1
            self._watch(connection)

    def run_once(self, timeout_s: float) -> None:
        """Connects what is due, waits for the network up to `timeout_s`, and handles what came."""
        now = time.monotonic()
        if now >= self._misc_at:
            self._misc_at = now + _MISC_EVERY_S
            for connection in self._connections:
                self._housekeeping(connection, now)
        for key, events in self._selector.select(max(timeout_s, 0.0)):
            connection = key.data
            if events & selectors.EVENT_READ:
                connection.client.loop_read()
                # TLS decrypts whole records: what it has read already never shows in the selector.
                while hasattr(connection.sock, "pending") and connection.sock.pending():
                    connection.client.loop_read()
            if events & selectors.EVENT_WRITE:
                connection.client.loop_write()
            self._watch(connection)

    def close(self, drain_s: float = 2.0) -> None:
        """Waits a little for PUBACKs, says goodbye, and closes every socket."""
        until = time.monotonic() + drain_s
        while self.unconfirmed and self.up and time.monotonic() < until:
            self.run_once(0.05)
        for connection in self._connections:
            connection.retry_at = float("inf")
            connection.client.disconnect()
            self._watch(connection)
        self._selector.close()

    def _add(self, client_id: str, user: str | None, password: str | None, ids: list[str], at: float) -> None:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        if user is not None:
            client.username_pw_set(user, password)
        if self._broker.tls:
            client.tls_set()
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(_INFLIGHT)
        client.max_queued_messages_set(0)
        connection = _Connection(client, ids, at)
        client.user_data_set(connection)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_publish = _confirmed
        self._connections.append(connection)
        self._of_device.update(dict.fromkeys(ids, connection))

    def _housekeeping(self, connection: _Connection, now: float) -> None:
        if connection.sock is None:
            if now >= connection.retry_at:
                self._connect(connection)
            return
        connection.client.loop_misc()
        if not connection.up and connection.sock is not None and now > connection.since + _CONNACK_TIMEOUT_S:
            connection.client.disconnect()
            self._lost(connection)
        self._watch(connection)

    def _connect(self, connection: _Connection) -> None:
        connection.since = time.monotonic()
        try:
            connection.client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self.refused = str(error)
            self._lost(connection)
        else:
            self._watch(connection)

    def _watch(self, connection: _Connection) -> None:
        """Keeps the selector in step with paho's socket and what it still has to write."""
        sock = connection.client.socket()
        if sock is not connection.sock:
            if connection.sock is not None:
                self._selector.unregister(connection.sock)
            connection.sock, connection.events = sock, 0
        if sock is None:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.client.want_write() else 0)
        if events != connection.events:
            change = self._selector.modify if connection.events else self._selector.register
            change(sock, events, connection)
            connection.events = events

    def _lost(self, connection: _Connection) -> None:
        was_up, connection.up = connection.up, False
        connection.unconfirmed = 0
        if connection.retry_at != float("inf"):
            connection.retry_at = time.monotonic() + random.uniform(0.0, RECONNECT_JITTER_S)
        if was_up:
            self._on_link(connection.device_ids, False)

    def _connected(
        self, client: mqtt.Client, connection: _Connection, _flags: Any, reason: Any, _: Any
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self.refused = None
        # A connection of one device under its own name may read its own topics and no others.
        own = client.username if [client.username] == connection.device_ids else "+"
        client.subscribe([(f"{TOPIC_ROOT}/{own}/ack", 1), (f"{TOPIC_ROOT}/{own}/cmd", 1), (BEACON_TOPIC, 0)])
        connection.up = True
        self._on_link(connection.device_ids, True)

    def _disconnected(
        self, _client: mqtt.Client, connection: _Connection, _f: Any, _reason: Any, _p: Any
    ) -> None:
        self._lost(connection)

    def _received(self, _client: mqtt.Client, _connection: _Connection, message: mqtt.MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload))


def _confirmed(_client: mqtt.Client, connection: _Connection, _mid: int, _reason: Any, _: Any) -> None:
    connection.unconfirmed = max(connection.unconfirmed - 1, 0)


def _allow_sockets(count: int) -> None:
    """A city of connections needs more file descriptors than a login shell gives by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ValueError(f"{count} connections need {wanted} open files, the limit is {hard} (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_device_id(device_id: str) -> str:
    """The id, if the contract allows it; else ValueError."""
    if not DEVICE_ID.fullmatch(device_id):
        raise ValueError(f"not a device id: {device_id!r}")
    return device_id
