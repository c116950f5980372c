"""One device as the contract wants it: numbering, keeping until acknowledged, resending, commands.

Pure: every method takes the time and returns what is to be published. An item that wants an
acknowledgement leaves the ring only when an `ack` names its boot and seq; neither a PUBACK nor
the state of the connection counts. What is measured while offline waits in the same ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from iot_gateway.wire import MAX_ITEMS, MAX_PAYLOAD_BYTES, Alarm, Location, Result, encode, topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iot_gateway.wire import Heartbeat

    Reportable = Alarm | Location | Heartbeat
    Key = tuple[int, int]

RESEND_FIRST_MS: Final = 3_000
RESEND_GROWTH: Final = 1.5
RESEND_MAX_MS: Final = 30_000

# A day of fixes a minute; alarms come on top, because losing one to a full ring is never right.
RING_ITEMS: Final = 1_440
_ANSWERS_KEPT: Final = 32
_REPORT_EVERY_S: Final = (5, 86_400)


class Outgoing(NamedTuple):
    """A message to publish."""

    device_id: str
    stream: str
    payload: bytes
    qos: int

    @property
    def topic(self) -> str:
        return topic(self.device_id, self.stream)


class AnyCommand(Struct):
    """A command as leniently as a device can read it; an unknown type is answered, not ignored."""

    id: str
    type: str = ""
    args: dict[str, Any] = {}
    expires_ts: int = 2**53


@dataclass(slots=True)
class Held:
    """An item in the ring: encoded once, so that a repeat is the same to the byte."""

    stream: str
    body: bytes
    wants_ack: bool
    due_ms: float = float("inf")
    wait_ms: float = RESEND_FIRST_MS


class Device:
    """The memory and the protocol of one device."""

    def __init__(
        self,
        device_id: str,
        boot: int,
        *,
        skew_ms: int = 0,
        qos: int = 1,
        ring_items: int = RING_ITEMS,
        array_items: int = MAX_ITEMS,
    ) -> None:
        """`qos`: of a position or heartbeat sent alone; `array_items`: most in one flushed payload."""
        self.device_id = device_id
        self.boot = boot
        self.skew_ms = skew_ms
        self.online = False
        self.report_every_ms: int | None = None
        self.overwritten = 0
        self._qos = qos
        self._ring_items, self._array_items = ring_items, array_items
        self._seq = 0
        self._alarms: dict[Key, Held] = {}
        self._others: dict[Key, Held] = {}
        self._next_due_ms = float("inf")
        self._answers: dict[str, Result] = {}

    @property
    def holding(self) -> int:
        """Items not yet sent or not yet acknowledged."""
        return len(self._alarms) + len(self._others)

    def report(self, item: Reportable, now_ms: int) -> list[Outgoing]:
        """Numbers an item and sends it, or keeps it for later; a heartbeat is nothing for later."""
        stream = (
            "alarm" if isinstance(item, Alarm) else "location" if isinstance(item, Location) else "heartbeat"
        )
        wants_ack = (stream == "alarm") if item.ack is None else item.ack
        if stream == "heartbeat" and not self.online and not wants_ack:
            return []
        item.ts, item.seq, item.boot = now_ms + self.skew_ms, self._seq, self.boot
        self._seq += 1
        body = encode(item)
        if self.online and not wants_ack:
            return [Outgoing(self.device_id, stream, body, self._qos)]
        held = Held(stream, body, wants_ack)
        self._keep((self.boot, item.seq), held)
        return self._send([held], now_ms) if self.online else []

    def link(self, up: bool, now_ms: int) -> list[Outgoing]:
        """The way to the broker opens or closes; opening sends everything that is held."""
        self.online = up
        return self.resend_all(now_ms) if up else []

    def beacon(self, now_ms: int) -> list[Outgoing]:
        """The gateway is back: whoever holds unacknowledged items sends them now."""
        return self.resend_all(now_ms)

    def resend_all(self, now_ms: int) -> list[Outgoing]:
        """Everything held, alarms first, oldest first; resending starts over at its shortest wait."""
        if not self.online:
            return []
        held = [*self._alarms.values(), *self._others.values()]
        for one in held:
            one.wait_ms = RESEND_FIRST_MS
        self._others = {key: one for key, one in self._others.items() if one.wants_ack}
        return self._send(held, now_ms)

    def resend_due(self, now_ms: int) -> list[Outgoing]:
        """What has waited long enough for its `ack`."""
        if not self.online or now_ms < self._next_due_ms:
            return []
        held = [*self._alarms.values(), *self._others.values()]
        due = [one for one in held if one.due_ms <= now_ms]
        for one in due:
            one.wait_ms = min(one.wait_ms * RESEND_GROWTH, RESEND_MAX_MS)
        return self._send(due, now_ms)

    def acknowledge(self, boot: int, seqs: Iterable[int]) -> int:
        """Forgets exactly these items; how many of them were held."""
        gone = 0
        for seq in seqs:
            for ring in (self._alarms, self._others):
                held = ring.get((boot, seq))
                if held is not None and held.wants_ack:
                    del ring[boot, seq]
                    gone += 1
        self._plan()
        return gone

    def restart(self, boot: int) -> None:
        """A new boot counts from 0; what is held is in flash and keeps its old boot and seq."""
        assert boot != self.boot, "a restart without a new boot makes two items indistinguishable"
        self.boot, self._seq = boot, 0
        self._answers.clear()

    def command(self, payload: bytes, now_ms: int, fix: Callable[[], Location | None]) -> list[Outgoing]:
        """Obeys and answers. The same id again gets the same answer and is not obeyed twice."""
        try:
            asked = msgspec.json.decode(payload, type=AnyCommand)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return []
        sent: list[Outgoing] = []
        answer = self._answers.get(asked.id)
        if answer is None:
            if now_ms + self.skew_ms > asked.expires_ts:
                answer = Result(asked.id, "failed", "expired")
            else:
                answer, sent = self._obey(asked, now_ms, fix)
            self._answers[asked.id] = answer
            if len(self._answers) > _ANSWERS_KEPT:
                del self._answers[next(iter(self._answers))]
        return [*sent, Outgoing(self.device_id, "result", encode(answer), 1)]

    def _obey(
        self, asked: AnyCommand, now_ms: int, fix: Callable[[], Location | None]
    ) -> tuple[Result, list[Outgoing]]:
        if asked.type == "locate":
            here = fix()
            if here is None:
                return Result(asked.id, "failed", "no fix"), []
            return Result(asked.id, "done", here.src or ""), self.report(here, now_ms)
        if asked.type == "report_every":
            names = ("seconds", "every_s", "interval_s")
            seconds = next((asked.args[name] for name in names if name in asked.args), None)
            low, high = _REPORT_EVERY_S
            if not isinstance(seconds, int | float) or not low <= seconds <= high:
                return Result(asked.id, "failed", f"seconds must be {low} to {high}"), []
            self.report_every_ms = round(seconds * 1000)
            return Result(asked.id, "done", f"every {seconds} s"), []
        if asked.type == "resend":
            count = self.holding
            return Result(asked.id, "done", f"{count} items"), self.resend_all(now_ms)
        if asked.type in {"buzz", "call"}:
            return Result(asked.id, "done"), []
        return Result(asked.id, "failed", f"unknown command {asked.type}"[:500]), []

    def _keep(self, key: Key, held: Held) -> None:
        (self._alarms if held.stream == "alarm" else self._others)[key] = held
        while len(self._others) > self._ring_items:
            del self._others[next(iter(self._others))]
            self.overwritten += 1

    def _send(self, held: list[Held], now_ms: int) -> list[Outgoing]:
        """Publishes items of the ring, alarms first, each stream in its order."""
        sent: list[Outgoing] = []
        for stream in ("alarm", "location", "heartbeat"):
            bodies = [one.body for one in held if one.stream == stream]
            sent.extend(
                Outgoing(self.device_id, stream, payload, 1) for payload in pack(bodies, self._array_items)
            )
        for one in held:
            one.due_ms = now_ms + one.wait_ms
        self._plan()
        return sent

    def _plan(self) -> None:
        held = [*self._alarms.values(), *self._others.values()]
        self._next_due_ms = min((one.due_ms for one in held), default=float("inf"))


def pack(bodies: list[bytes], array_items: int = MAX_ITEMS) -> Iterator[bytes]:
    """Encoded items as payloads, in order: one alone as an object, more as arrays within the limits."""
    batch: list[bytes] = []
    size = 0
    for body in bodies:
        if batch and (len(batch) == array_items or size + len(body) + 2 > MAX_PAYLOAD_BYTES):
            yield _array(batch)
            batch, size = [], 0
        batch.append(body)
        size += len(body) + 1
    if batch:
        yield _array(batch)


def _array(batch: list[bytes]) -> bytes:
    return batch[0] if len(batch) == 1 else b"[" + b",".join(batch) + b"]"
