"""Decides when the gateway heard devices and when it did not: silence counts only while somebody listens. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from alerts.commands import ListeningCommand
from iot_gateway.batcher import Input, Received

# A turn takes milliseconds. After a longer gap this process was stopped or its host asleep, and heard nothing.
ASLEEP_MS: Final = 5_000


def heard(
    received: Sequence[Received], now_ms: int, before_ms: int, *, deaf: bool, hears: bool
) -> list[Input]:
    """The messages of a turn, and between them when hearing ended or began: before what devices say then.

    `before_ms`: the last moment of which something is known; `deaf`: what the core thinks; `hears`: what is.
    Time may leap anywhere: we were stopped, or the clock was set, before a message or after the last.
    """
    inputs: list[Input] = []
    for at_ms, said in [*((message.received_at_ms, [message]) for message in received), (now_ms, [])]:
        if not deaf and at_ms - before_ms > ASLEEP_MS:
            deaf = True
            inputs.append(ListeningCommand(before_ms, 0, listening=False))
        if hears == deaf:
            inputs.append(ListeningCommand(at_ms, 0, listening=deaf))
            deaf = not deaf
        inputs += said
        before_ms = at_ms
    return inputs
