"""In paho's place: what the gateway's real `Intake` asks of its client, on the simulated broker.

The callbacks come when paho's network thread would make them: between the statements of nobody, but also
while the gateway waits for its disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from paho.mqtt.enums import MQTTErrorCode

from simulation.broker import Broker, Packet

OK, REFUSED = SimpleNamespace(is_failure=False, value=1), SimpleNamespace(is_failure=True, value=128)
ROUND_TRIP_US = 600


class Client:
    """`connection` counts connections; what was sent on an older one arrives nowhere."""

    failure = None

    def __init__(
        self, broker: Broker, process: Any, _client_id: str, begin_epoch: Callable[[], None]
    ) -> None:
        self.broker, self.process, self.world = broker, process, broker.world
        self._begin_epoch = begin_epoch
        self._dice = broker.world.dice(f"client {broker.world.now_us}")
        self.connection = 0
        self.connected = False
        self._running = False
        self._held: list[tuple[int, Packet]] = []  # in the socket: nobody reads it, or there is no room
        self._unsent: dict[int, Packet] = {}  # published, not PUBACKed by the broker
        self._last_out = 0
        self._limit = 0

    # What paho offers ---------------------------------------------------------------------------

    def max_inflight_messages_set(self, _limit: int) -> None:
        """Unlimited, as the gateway asks."""

    def max_queued_messages_set(self, limit: int) -> None:
        self._limit = limit

    def connect_async(self, *_where: Any) -> None:
        """There is one broker."""

    def reconnect_delay_set(self, *_seconds: float) -> None:
        """Drawn anew in `_again`."""

    def drop_out_messages(self) -> None:
        self._unsent.clear()

    def socket(self) -> None:
        return None

    def loop_start(self) -> None:
        self._running = True
        self.world.after(0.002, self._connect)

    def loop_stop(self) -> None:
        self._running = False

    def disconnect(self) -> None:
        self._running = False
        if self.connected:
            self._lose(OK)

    def subscribe(self, topics: Sequence[Any]) -> None:
        self.world.at(self.world.now_us + ROUND_TRIP_US, self._granted, self.connection, len(topics))

    def publish(self, topic: str, payload: bytes, qos: int) -> Any:
        """QoS 1 is kept until the broker has it, and sent again after a reconnect."""
        self.process.point("publish")
        packet = Packet(topic, payload, qos)
        if qos:
            if len(self._unsent) >= self._limit:
                return SimpleNamespace(rc=MQTTErrorCode.MQTT_ERR_QUEUE_SIZE)
            self._last_out += 1
            self._unsent[self._last_out] = packet
        self.process.published(packet)
        if self.connected:
            self._send(self._last_out if qos else None, packet)
        self.process.point("publish")
        return SimpleNamespace(rc=MQTTErrorCode.MQTT_ERR_SUCCESS)

    def ack(self, mid: int, _qos: int) -> None:
        """A PUBACK goes out on the connection there is, whatever message it means."""
        self.process.point("PUBACK")
        if self.connected:
            self.process.pubacked(self.broker.session.inflight.get(mid))
            self.broker.puback(mid)
        self.process.point("PUBACK")

    # The network --------------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self._running or self.connected or self.process.dead:
            return
        if self.process.stalled:
            self.world.after(0.5, self._connect)
            return
        self._begin_epoch()
        if not self.broker.connect(self):
            self.on_connect_fail(self, None)
            self._again()
            return
        self.connection += 1
        self.connected = True
        self.world.note("connected", self.connection)
        self.on_connect(self, None, None, OK, None)

    def _granted(self, connection: int, count: int) -> None:
        if connection != self.connection or not self.connected or self.process.dead:
            return
        self.process.when_awake(self._subscribed, connection, count)

    def _subscribed(self, connection: int, count: int) -> None:
        if connection != self.connection or not self.connected:
            return
        self.on_subscribe(self, None, 1, [OK] * count, None)
        for number, packet in list(self._unsent.items()):
            self._send(number, packet)
        self.broker.subscribe()

    def _send(self, number: int | None, packet: Packet) -> None:
        self.world.at(self.world.now_us + 300, self._sent, self.connection, number, packet)

    def _sent(self, connection: int, number: int | None, packet: Packet) -> None:
        if connection == self.connection and self.connected:
            if number is not None:
                self._unsent.pop(number, None)
            self.broker.from_gateway(packet)

    def arrive(self, connection: int, mid: int, packet: Packet) -> None:
        """A message in the socket. TCP keeps the order, and holds the broker back when nobody reads."""
        if connection != self.connection or not self.connected or self.process.dead:
            return
        self._held.append((mid, packet))
        self.read()

    def read(self) -> None:
        """The network thread goes on, as far as it can."""
        while self._held and not self.process.stalled and not self.process.is_full(self._held[0][1].topic):
            mid, packet = self._held.pop(0)
            message = SimpleNamespace(topic=packet.topic, payload=packet.payload, mid=mid, qos=packet.qos)
            self.process.arrived(packet)
            self.process.when_awake(self.on_message, self, None, message)

    def cut(self) -> None:
        """The connection is gone; the gateway hears of it, and tries again."""
        if self.connected:
            self._lose(REFUSED)
            self._again()

    def _lose(self, reason: Any) -> None:
        self.connected = False
        self._held.clear()
        self.broker.left(self)
        self.world.note("connection gone", self.connection)
        if not self.process.dead:
            self.process.when_awake(self.on_disconnect, self, None, None, reason, None)

    def _again(self) -> None:
        self.world.after(self._dice.uniform(0.2, 1.5), self._connect)

    def die(self) -> None:
        """With its process: the broker sees the socket close."""
        self._running = False
        if self.connected:
            self._lose(REFUSED)
