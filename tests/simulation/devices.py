"""Devices that keep the contract: the simulator's own `Device` decides what is kept, sent and forgotten."""

from __future__ import annotations

from typing import Any

import msgspec

from device_sim.device import Device, Held, Outgoing
from iot_gateway.wire import Ack, Alarm, Heartbeat, Location, encode
from simulation.broker import Broker, Link, Packet
from simulation.truth import Made, Truth
from simulation.world import MS, World

HOME = (36.7000, 119.1000)
AWAY_LAT = 36.7200  # two kilometres north, out of every safe fence
POND = (36.7101, 119.1000)


class TimelessDevice(Device):
    """A device without a clock: its items are known by boot, seq and content."""

    def report(self, item: Any, now_ms: int) -> list[Outgoing]:
        stream = "alarm" if isinstance(item, Alarm) else "heartbeat"
        item.seq, item.boot, item.ack = self._seq, self.boot, True
        self._seq += 1
        held = Held(stream, encode(item), wants_ack=True)
        self._keep((self.boot, item.seq), held)
        return self._send([held], now_ms) if self.online else []


class Actor:
    """One device in the world: what it measures was planned; here it is said, resent and answered."""

    def __init__(self, world: World, broker: Broker, truth: Truth, spec: dict[str, Any]) -> None:
        self.world, self.truth, self.spec = world, truth, spec
        self.device_id: str = spec["device_id"]
        self.timeless: bool = spec.get("timeless", False)
        make = TimelessDevice if self.timeless else Device
        self.device = make(
            self.device_id, 1, skew_ms=spec.get("skew_ms", 0), array_items=spec.get("array", 7)
        )
        self.dead = False
        self._poll_us: int | None = None
        self.online_since_us: int | None = None
        self._link = Link(broker, self.device_id, self)

    @property
    def now_ms(self) -> int:
        return self.world.now_us // MS + self.spec["began_ms"]

    def switch_on(self) -> None:
        self._link.connect()

    # What it says -------------------------------------------------------------------------------

    def say(self, act: dict[str, Any]) -> None:
        """A planned act: `what` is heartbeat, location, alarm or poison."""
        if self.dead:
            return
        what = act["what"]
        if what == "poison":
            self._poison(act)
        else:
            item = {"heartbeat": Heartbeat, "location": Location, "alarm": Alarm}[what](**act["said"])
            if what == "location" and act["said"]["lat"] == AWAY_LAT:
                self.truth.outside.add(self.device_id)
            self._report(item, what)
        self._poll()

    def _report(self, item: Any, stream: str) -> None:
        key = self.device_id, self.device.boot, self.device._seq
        sent = self.device.report(item, self.now_ms)
        if item.seq is None:
            return  # a heartbeat that was not for later
        wants_ack = item.ack if item.ack is not None else stream == "alarm"
        kinds = tuple(item.kinds) if stream == "alarm" else ()
        on = getattr(item, "on", True)
        self.truth.items[key] = Made(stream, kinds, on, wants_ack, self.world.now_us, self.timeless, True)
        self._send(sent)

    def _poison(self, act: dict[str, Any]) -> None:
        """Something broken. With a seq that can be read it is kept and resent like any other item."""
        device, stream, body = self.device, act["stream"], act["body"]
        if stream == "alarm":
            self.truth.broken_alarms.add(self.device_id)
        if not act["has_seq"]:
            if device.online:
                self._send([Outgoing(self.device_id, stream, body, 1)])
            return
        key = self.device_id, device.boot, device._seq
        body = body.replace(b"SEQ", b"%d" % device._seq).replace(b"BOOT", b"%d" % device.boot)
        body = body.replace(b"TIME", b"%d" % (self.now_ms + device.skew_ms))
        device._seq += 1
        held = Held(stream, body, wants_ack=True)
        device._keep(key[1:], held)
        self.truth.items[key] = Made(stream, (), True, True, self.world.now_us, False, False)
        if device.online:
            self._send(device._send([held], self.now_ms))

    def _send(self, sent: list[Outgoing]) -> None:
        for one in sent:
            self.world.note(self.device_id, "sends", one.stream, one.payload)
            self._link.up(Packet(one.topic, one.payload, one.qos))

    def _poll(self) -> None:
        """Look again when something is due to be resent."""
        due_ms = self.device._next_due_ms
        if due_ms == float("inf") or not self.device.online:
            return
        due_us = max((int(due_ms) - self.spec["began_ms"]) * MS, self.world.now_us + MS)
        if self._poll_us is None or due_us < self._poll_us or self._poll_us <= self.world.now_us:
            self._poll_us = due_us
            self.world.at(due_us, self._resend)

    def _resend(self) -> None:
        if not self.dead:
            self._send(self.device.resend_due(self.now_ms))
            self._poll()

    # What it hears ------------------------------------------------------------------------------

    def held_since(self, before_us: int) -> list[tuple[int, int]]:
        """What it holds and had made before a moment."""
        held = [*self.device._alarms, *self.device._others]
        made = self.truth.items
        return [key for key in held if made[self.device_id, *key].at_us < before_us and not self.dead]

    def link(self, *, up: bool) -> None:
        self.online_since_us = self.world.now_us if up else None
        self._send(self.device.link(up, self.now_ms))
        self._poll()

    def puback(self, packet: Packet) -> None:
        """Between two programs: no reason to forget anything."""

    def receive(self, packet: Packet) -> None:
        if self.dead:
            return
        stream = packet.topic.rpartition("/")[2]
        if stream == "ack":
            said = msgspec.json.decode(packet.payload, type=Ack)
            self.device.acknowledge(said.boot, said.seqs)
        elif stream == "beacon":
            self._send(self.device.beacon(self.now_ms))
        else:
            before = self.device._seq
            sent = self.device.command(packet.payload, self.now_ms, self._fix)
            if self.device._seq != before:
                key = self.device_id, self.device.boot, before
                self.truth.items[key] = Made("location", (), True, False, self.world.now_us, False, True)
            self._send(sent)
        self._poll()

    def _fix(self) -> Location | None:
        return None if self.timeless else Location(lat=HOME[0], lon=HOME[1], acc=8.0, src="gnss")

    # Fate ---------------------------------------------------------------------------------------

    def reboot(self) -> None:
        """A new boot counts from 0; what is held is in flash."""
        if not self.dead:
            self.device.restart(self.device.boot + 1)
            self._link.cut()

    def die(self) -> None:
        if not self.dead:
            self.dead = True
            self.truth.dead[self.device_id] = self.world.now_us
            self._link.cut()

    def set_clock(self, by_s: float) -> None:
        """Its next items are measured at another time."""
        self.device.skew_ms += round(by_s * 1000)

    def block(self, for_s: float) -> None:
        self._link.block(for_s)

    @property
    def weather(self) -> Any:
        return self._link.weather
