"""A broker with `persistence false`: sessions and queues are memory. Devices' links lose, repeat, delay, reorder.

What mosquitto does and the gateway relies on, or must not: a session outlives its connection and not the
broker; message ids begin at 1 with a session; what was not PUBACKed comes again after a reconnect and only
then; without a session a message is taken, PUBACKed and gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulation.world import MS, World

INFLIGHT = 400  # more than the gateway's queues hold here, less than a flood
QUEUE = 10_000


class Packet(NamedTuple):
    """A message under way."""

    topic: str
    payload: bytes
    qos: int


@dataclass
class Session:
    """What the broker remembers of the gateway."""

    queue: deque[Packet] = field(default_factory=deque)
    inflight: dict[int, Packet] = field(default_factory=dict)
    last_mid: int = 0
    subscribed: bool = False


@dataclass
class Weather:
    """How bad the links of devices are, in both directions: chances a message."""

    lost: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0
    longest_s: float = 0.0


class Broker:
    """Knows one gateway and the devices."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.up = True
        self.session: Session | None = None
        self.client: Any = None  # the gateway's connection
        self.devices: dict[str, Link] = {}

    # The gateway's side -------------------------------------------------------------------------

    def connect(self, client: Any) -> bool:
        """A connection of the gateway; the one before it is taken over."""
        if not self.up:
            return False
        if self.client is not None and self.client is not client:
            self.client.cut()
        self.session = self.session or Session()
        self.client = client
        return True

    def subscribe(self) -> None:
        """From now on messages are kept for it. What was sent before and not PUBACKed comes again."""
        session = self.session
        session.subscribed = True
        for mid, packet in session.inflight.items():
            self._send(mid, packet)
        self._pump()

    def left(self, client: Any) -> None:
        """The connection is gone; the session stays."""
        if self.client is client:
            self.client = None

    def puback(self, mid: int) -> None:
        if self.session.inflight.pop(mid, None) is not None:
            self._pump()

    def from_gateway(self, packet: Packet) -> None:
        """An `ack` or `cmd` for one device, the beacon for all."""
        name = packet.topic.split("/")[2]
        for link in self.devices.values() if name == "_gateway" else [self.devices.get(name)]:
            if link is not None:
                link.down(packet)

    def _pump(self) -> None:
        session = self.session
        while self.client is not None and session.queue and len(session.inflight) < INFLIGHT:
            session.last_mid = session.last_mid % 65_535 + 1
            packet = session.inflight[session.last_mid] = session.queue.popleft()
            self._send(session.last_mid, packet)

    def _send(self, mid: int, packet: Packet) -> None:
        client = self.client
        self.world.at(self.world.now_us + 300, client.arrive, client.connection, mid, packet)

    # The devices' side --------------------------------------------------------------------------

    def from_device(self, packet: Packet) -> None:
        session = self.session
        if session is not None and session.subscribed and len(session.queue) < QUEUE:
            session.queue.append(packet)
            self._pump()

    # Fate ---------------------------------------------------------------------------------------

    def crash(self) -> None:
        """Everything it knew is gone, and every connection."""
        self.up, self.session = False, None
        if self.client is not None:
            self.client.cut()
        for link in self.devices.values():
            link.cut()

    def start(self) -> None:
        self.up = True


class Link:
    """A device's connection: made again by itself, unless something is in the way until then."""

    def __init__(self, broker: Broker, device_id: str, device: Any) -> None:
        self.broker, self.world, self.device = broker, broker.world, device
        self.dice = broker.world.dice(f"link {device_id}")
        self.weather = Weather()
        self.online = False
        self.blocked_until_us = 0
        broker.devices[device_id] = self

    def connect(self) -> None:
        """Now, or as soon as it can be."""
        if self.online or self.device.dead:
            return
        wait_us = self.blocked_until_us - self.world.now_us
        if wait_us > 0 or not self.broker.up:
            self.world.after(max(wait_us / 1e6, 0) + self.dice.uniform(0.2, 3), self.connect)
            return
        self.online = True
        self.device.link(up=True)

    def cut(self) -> None:
        """A connection ends, for the device too; it tries again with jitter."""
        if self.online:
            self.online = False
            self.device.link(up=False)
            self.world.after(self.dice.uniform(0.1, 5), self.connect)

    def block(self, for_s: float) -> None:
        """A dead zone."""
        self.blocked_until_us = max(self.blocked_until_us, self.world.now_us + round(for_s * 1e6))
        self.cut()

    def up(self, packet: Packet) -> None:
        self._fly(packet, self._at_broker)

    def down(self, packet: Packet) -> None:
        self._fly(packet, self._at_device)

    def _fly(self, packet: Packet, land: Callable[[Packet], None]) -> None:
        dice, weather = self.dice, self.weather
        times = 2 if weather.doubled and dice.random() < weather.doubled else 1
        for _ in range(times):
            if weather.lost and dice.random() < weather.lost:
                continue
            wait_us = 20 * MS + dice.randrange(60 * MS)
            if weather.delayed and dice.random() < weather.delayed:
                wait_us += round(dice.uniform(0, weather.longest_s) * 1e6)
            self.world.at(self.world.now_us + wait_us, land, packet)

    def _at_broker(self, packet: Packet) -> None:
        if self.broker.up and self.online:
            self.broker.from_device(packet)
            self.world.at(self.world.now_us + 20 * MS, self.device.puback, packet)

    def _at_device(self, packet: Packet) -> None:
        if self.online:
            self.device.receive(packet)
