"""A bad line between a device and its broker: loss, repeats, reordering; and wrong clocks.

Pure and seeded. The device believes that it sent; what arrives, and when, is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator

    from device_sim.device import Outgoing


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of messages (0 to 1) that suffer; `skew_s`: largest error of a device clock, seconds.

    `backlog`: how often a band loses its network for a while, per hour, and flushes afterwards.
    """

    loss: float = 0.0
    repeats: float = 0.0
    reorder: float = 0.0
    skew_s: float = 0.0
    backlog: float = 0.0

    def __post_init__(self) -> None:
        for name in ("loss", "repeats", "reorder"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is a share of the messages: 0 to 1")
        if self.skew_s < 0.0 or self.backlog < 0.0:
            raise ValueError("skew and backlog cannot be negative")


class Line:
    """The way out of many devices, with delays; and the dice for the way back."""

    def __init__(self, rng: Generator, faults: Faults) -> None:
        self._rng = rng
        self._faults = faults
        self._late: list[tuple[int, int, Outgoing]] = []
        self._count = 0

    def pass_on(self, sent: list[Outgoing], now_ms: int) -> list[Outgoing]:
        """What arrives now: of what was just sent, less the lost and the late, and what was late."""
        faults = self._faults
        through: list[Outgoing] = []
        if faults.loss or faults.repeats or faults.reorder:
            for message in sent:
                lost, repeated, late = self._rng.random(3) < (faults.loss, faults.repeats, faults.reorder)
                if lost:
                    continue
                if repeated:
                    self._delay(message, now_ms + int(self._rng.integers(100, 10_000)))
                if late:
                    self._delay(message, now_ms + int(self._rng.integers(1_000, 20_000)))
                else:
                    through.append(message)
        else:
            through = sent
        while self._late and self._late[0][0] <= now_ms:
            through.append(heappop(self._late)[2])
        return through

    def answer_arrives(self) -> bool:
        """Whether one message from the service gets through to its device."""
        return self._faults.loss == 0.0 or bool(self._rng.random() >= self._faults.loss)

    def _delay(self, message: Outgoing, until_ms: int) -> None:
        self._count += 1
        heappush(self._late, (until_ms, self._count, message))
