"""Brings messages in from the broker and tells the broker when they are on disk (road, steps 0 and 9).

paho-mqtt runs its own network thread; its callbacks only enqueue. The core takes batches at its own pace and
acknowledges them after its commit. Three promises are kept here:

* A message is PUBACKed only by `acknowledge`, and only on the connection it came by (the epoch fence). Measured:
  acknowledgements of an old connection sent on a new one lost 10 messages of 10, because a broker that starts a
  session anew numbers its messages from 1 again.
* Alarms and command results are never dropped. Heartbeats and positions are thinned when the core falls behind.
* Nothing here grows without a limit, and every limit says how full it is.
"""

from __future__ import annotations

import random
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from iot_gateway.clock import Clock
from iot_gateway.settings import MqttSettings
from iot_gateway.wire import BEACON_TOPIC, TOPIC_ROOT, UPLINK_STREAMS, Beacon, encode

SUBSCRIPTIONS: Final = (*(f"{TOPIC_ROOT}/+/{stream}" for stream in sorted(UPLINK_STREAMS)), "owntracks/+/+")
# Of everything but alarms, so much at a time: a message may be a backlog of 500 fixes, and an alarm waits behind
# the step that has begun. About 0.1 s of work (bench/bench_storm.py).
BATCH_BYTES: Final = 256 * 1024
# Of what we publish, this many may be unacknowledged by the broker: a few seconds of a reconnect storm. A full
# window drops what comes next: a device that misses its `ack` sends again. Below the 65,535 packet ids of MQTT.
PUBLISH_LIMIT: Final = 20_000
# First wait after a lost connection, drawn anew each time so that nobody reconnects in step; then doubling.
_FIRST_WAIT_S: Final = (0.2, 1.0)
_LONGEST_WAIT_S: Final = 8.0
_STOP_WAIT_S: Final = 2.0
_WINDOW_FULL: Final = MQTTErrorCode.MQTT_ERR_QUEUE_SIZE

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Message:
    """One message as it came. `mid` means something only on the connection numbered `epoch`."""

    topic: str
    payload: bytes
    received_at_ms: int
    epoch: int
    mid: int
    qos: int
    raw: bytes | None = None  # what came, where the payload is a stand-in for it


class Intake:
    """The gateway's connection to the broker. `take` and `acknowledge` belong to the core's thread."""

    def __init__(
        self, settings: MqttSettings, clock: Clock, make_client: Callable[..., _Client] | None = None
    ) -> None:
        self._clock = clock
        self._new_client = make_client or _Client
        self._inbox = _Inbox(settings.queue_limit)
        self._fence = threading.Lock()
        self._failures = 0  # to connect, in a row
        self._left = threading.Event()
        self._left.set()
        self.epoch = 0  # counts connections, from 1
        self.connected = False  # and subscribed
        self.refused: tuple[str, ...] = ()  # subscriptions the broker did not grant
        self.shed = 0  # heartbeats and positions dropped because the core fell behind
        self.stale = 0  # acknowledgements withheld because their connection was gone
        self.unsent = 0  # publications dropped: no connection, or PUBLISH_LIMIT reached
        self._client = self._make_client(settings)

    @property
    def depth(self) -> int:
        """Messages waiting to be taken."""
        return self._inbox.depth

    @property
    def stalls(self) -> int:
        """How often the network thread had to wait because nothing in a full queue may be dropped."""
        return self._inbox.stalls

    def start(self) -> None:
        """Connect in the background, and again after every loss, for ever."""
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect, keeping the session; what was not acknowledged comes again at the next start."""
        self._inbox.close()
        self._client.disconnect()
        if self._client.failure is None and not self._left.wait(_STOP_WAIT_S):
            self._drop_connection()  # a broker that hangs would keep paho's thread waiting for its keepalive
        self._client.drop_out_messages()  # else paho's thread stays until the broker has acknowledged them all
        self._client.loop_stop()
        self.connected = False

    def take(self, limit: int, timeout_s: float) -> list[Message]:
        """At most `limit` messages: all alarms first, then BATCH_BYTES of the others in order of arrival.

        An alarm returns at once. Others gather, so that one commit serves many: until `limit` are there or the
        oldest has waited `timeout_s`; what came while the core was busy has waited already. Nothing: [] after
        `timeout_s`.

        Raises:
            RuntimeError: the network thread has died; only a restart of the process helps.
        """
        if self._client.failure is not None:
            raise RuntimeError("the MQTT network thread has died") from self._client.failure
        return self._inbox.take(limit, timeout_s, self._clock)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """PUBACK what is on disk now, if the connection it came by is still the current one.

        Check and send happen under the lock that `_begin_epoch` takes before a new socket exists, so no
        acknowledgement can slip onto the next connection: what is queued before is cleared by paho, what comes
        after is refused here and delivered again by the broker.
        """
        with self._fence:
            for message in messages:
                if message.epoch != self.epoch:
                    self.stale += 1
                elif message.qos:
                    self._client.ack(message.mid, message.qos)

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Send to a device, without waiting; dropped and counted in `unsent` when it cannot go out now.

        QoS 1 only: what the broker has not acknowledged is what bounds us when the broker hangs.
        """
        assert qos == 1
        if not self.connected or self._client.publish(topic, payload, qos).rc == _WINDOW_FULL:
            self.unsent += 1

    def _make_client(self, settings: MqttSettings) -> _Client:
        parts = urlsplit(settings.url)
        client = self._new_client(settings.client_id, self._begin_epoch)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_open = _send_at_once
        # 0, unlimited: with a window paho walks all unacknowledged messages at every PUBACK, quadratic in a burst.
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(PUBLISH_LIMIT)
        if parts.username is not None:
            client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        secure = parts.scheme == "mqtts"
        if secure:  # trusts the system's authorities, or those named by SSL_CERT_FILE
            client.tls_set_context(ssl.create_default_context())
        assert parts.hostname is not None
        client.connect_async(parts.hostname, parts.port or (8883 if secure else 1883), settings.keepalive_s)
        return client

    # Below: paho's network thread. Nothing here may raise, work, or wait (but for room in `_Inbox`).

    def _begin_epoch(self) -> None:
        with self._fence:
            self.epoch += 1
        self.connected = False

    def _on_connect(
        self,
        client: Client,
        _data: Any,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _log.error("the broker refused the connection", reason=str(reason))
            return
        self._left.clear()
        client.subscribe([(topic, 1) for topic in SUBSCRIPTIONS])

    def _on_subscribe(
        self, client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        granted = zip(SUBSCRIPTIONS, reasons, strict=False)
        self.refused = tuple(topic for topic, reason in granted if reason.value != 1)
        if self.refused:
            _log.error("the broker refused subscriptions: nothing arrives by them", topics=self.refused)
        if f"{TOPIC_ROOT}/+/alarm" in self.refused:
            self._drop_connection()  # deaf to alarms: try again, after a wait, until someone mends the rules
            return
        self._failures = 0
        self.connected = True
        _log.info("connected to the broker", epoch=self.epoch)
        client.publish(BEACON_TOPIC, encode(Beacon(ts=self._clock.now_ms(), epoch=self.epoch)), qos=0)

    def _on_connect_fail(self, client: Client, _data: Any) -> None:
        if self._failures == 0:
            _log.warning("the broker cannot be reached, trying on")
        self._choose_wait(client)

    def _on_disconnect(
        self,
        client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.connected = False
        self._left.set()
        if reason.is_failure:
            _log.warning("the connection to the broker is gone", epoch=self.epoch, reason=str(reason))
        self._choose_wait(client)

    def _choose_wait(self, client: Client) -> None:
        """Jitter for paho, which has none: the same delay as lower and upper bound is what it waits next."""
        if self._failures == 0:
            wait_s = random.uniform(*_FIRST_WAIT_S)  # noqa: S311  (spreads load, guards nothing)
        else:
            wait_s = random.uniform(0.5, 1.0) * min(_LONGEST_WAIT_S, 2.0**self._failures)  # noqa: S311
        self._failures = min(self._failures + 1, 10)
        client.reconnect_delay_set(wait_s, wait_s)  # type: ignore[arg-type]  # floats work, the annotation says int

    def _drop_connection(self) -> None:
        sock = self._client.socket()
        if isinstance(sock, socket.socket):  # ssl's sockets are
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # neither broker lets one through; kept, so that the core can count it
            topic = message._topic.decode("utf-8", "replace")  # noqa: SLF001  (the property only raises)
        arrived = Message(
            topic, bytes(message.payload), self._clock.now_ms(), self.epoch, message.mid, message.qos
        )
        dropped = self._inbox.put(arrived, self._clock)
        if dropped is not None:
            self.shed += 1
            # To the broker only, which keeps its window open; the device hears nothing and sends again.
            self.acknowledge([dropped])


def _send_at_once(_client: Client, _data: Any, sock: Any) -> None:
    """Without this an `ack` waits up to 40 ms behind the PUBACK before it (Nagle's algorithm)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Client(Client):
    """paho's client, with a fence before every connection and a network thread that cannot die unnoticed."""

    def __init__(self, client_id: str, begin_epoch: Callable[[], None]) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=MQTTv311,  # paho's MQTT 5 path costs twice as much (measured)
            manual_ack=True,
        )
        self.begin_epoch = begin_epoch
        self.failure: Exception | None = None

    def reconnect(self) -> MQTTErrorCode:
        """Begin an epoch, then connect.

        Here and not in `on_pre_connect`: paho clears its queue of outgoing packets before it calls that, so an
        acknowledgement between the two would go out on the new connection. Nothing can between here and there.
        """
        self.begin_epoch()
        try:
            return super().reconnect()
        except ValueError as error:  # of a host name that cannot be one; paho retries only after OSError
            raise OSError(str(error)) from error

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        """The network thread's life. An exception ends it; then `take` raises and the supervisor restarts us."""
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:  # noqa: BLE001  (whatever it is, `take` passes it on)
            self.failure = error
            _log.exception("the MQTT network thread has died")
            return MQTTErrorCode.MQTT_ERR_UNKNOWN


class _Inbox:
    """Two bounded queues, alarms and the rest, between the network thread and the core."""

    def __init__(self, limit: int) -> None:
        lock = threading.Lock()
        self._arrived = threading.Condition(lock)
        self._room = threading.Condition(lock)
        self._limit = limit  # of each queue
        self._alarms: deque[Message] = deque()
        # Results that were older than something shed: the older end of the rest.
        self._kept: deque[Message] = deque()
        self._rest: deque[Message] = deque()
        self._waiting_since_s = 0.0  # of the oldest in the rest
        self._wanted = 0
        self._closed = False
        self.stalls = 0

    @property
    def depth(self) -> int:
        return len(self._alarms) + len(self._kept) + len(self._rest)

    def close(self) -> None:
        """Nobody waits any longer, on either side."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()
            self._room.notify_all()

    def take(self, limit: int, timeout_s: float, clock: Clock) -> list[Message]:
        with self._arrived:
            self._wanted = limit
            begin_s = self._waiting_since_s if self._kept or self._rest else clock.monotonic_s()
            while not (self._alarms or self.depth >= limit or self._closed):
                left_s = begin_s + timeout_s - clock.monotonic_s()
                if left_s <= 0:
                    break
                self._arrived.wait(left_s)
            batch: list[Message] = []
            for queue in (self._alarms, self._kept, self._rest):
                room = BATCH_BYTES if queue is not self._alarms else sys.maxsize
                while queue and len(batch) < limit and room > 0:
                    batch.append(queue.popleft())
                    room -= len(batch[-1].payload)
            self._wanted = 0
            self._room.notify_all()
            return batch

    def put(self, message: Message, clock: Clock) -> Message | None:
        """Enqueue; what had to be dropped for it, if anything."""
        with self._arrived:
            if message.topic.startswith(TOPIC_ROOT) and message.topic.endswith("/alarm"):
                self._wait_for_room(lambda: len(self._alarms) < self._limit)
                self._alarms.append(message)
                self._arrived.notify()
                return None
            dropped = self._shed_oldest() if len(self._kept) + len(self._rest) >= self._limit else None
            if dropped is None:
                self._wait_for_room(lambda: len(self._kept) + len(self._rest) < self._limit)
            if not self._kept and not self._rest:
                self._waiting_since_s = clock.monotonic_s()
            self._rest.append(message)
            if self._wanted and self.depth >= self._wanted:
                self._arrived.notify()
            return dropped

    def _shed_oldest(self) -> Message | None:
        """The oldest heartbeat or position: where someone is now is worth more than where they were."""
        while self._rest:
            oldest = self._rest.popleft()
            if not _is_result(oldest):
                return oldest
            self._kept.append(oldest)
        return None

    def _wait_for_room(self, there_is_room: Callable[[], bool]) -> None:
        """Hold the network thread back, so that the broker and TCP hold the senders back.

        Longer than the keepalive means a new connection and the same messages once more: repeats, never a loss.
        """
        if not there_is_room():
            self.stalls += 1
            self._room.wait_for(lambda: self._closed or there_is_room())


def _is_result(message: Message) -> bool:
    return message.topic.startswith(TOPIC_ROOT) and message.topic.endswith("/result")
