"""Recordings in virtual time: what the gateway would have received, as a messages file.

Pure: no broker, no clock. The recorder answers each item that wants it with an `ack` a moment
later, as a gateway would, so that devices resend exactly what a bad line lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from iot_gateway.wire import Ack, encode, topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device_sim.device import Outgoing
    from device_sim.simulation import Simulation

STEP_MS: Final = 1_000
_ACK_AFTER_MS: Final = 200
_TRAVEL_MS: Final = (20, 400)


def record(
    simulation: Simulation, seed: int, start_ms: int, seconds: int
) -> Iterator[tuple[int, list[bytes]]]:
    """For each second of the recording, its number and the lines of the messages file."""
    travel = np.random.default_rng([seed, 1])
    waiting = simulation.link(simulation.device_ids, up=True, now_ms=start_ms)
    for second in range(1, seconds + 1):
        now_ms = start_ms + second * STEP_MS
        messages = [*waiting, *simulation.step(now_ms)]
        # Within its second a message is received at any moment; the file is in the order of receipt.
        delays = np.sort(travel.integers(*_TRAVEL_MS, len(messages)))
        lines = [_line(now_ms + int(delay), message) for delay, message in zip(delays, messages, strict=True)]
        waiting = []
        for message in messages:
            for ack in acks_for(message.payload, default=message.stream == "alarm"):
                waiting += simulation.receive(
                    topic(message.device_id, "ack"), encode(ack), now_ms + _ACK_AFTER_MS
                )
        yield second, lines


def acks_for(payload: bytes, *, default: bool) -> list[Ack]:
    """What a gateway acknowledges of a payload; `default`: whether items want it that do not say."""
    decoded: Any = msgspec.json.decode(payload)
    by_boot: dict[int, list[int]] = {}
    for item in decoded if isinstance(decoded, list) else [decoded]:
        if item.get("ack", default) and "seq" in item:
            by_boot.setdefault(item.get("boot", 0), []).append(item["seq"])
    return [Ack(boot, seqs) for boot, seqs in by_boot.items()]


def _line(received_at_ms: int, message: Outgoing) -> bytes:
    head = msgspec.json.encode({"received_at_ms": received_at_ms, "topic": message.topic})
    return head[:-1] + b',"payload":' + message.payload + b"}\n"
