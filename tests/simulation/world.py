"""Owns virtual time and chance: one heap of events, dice that a seed and a name decide, a checksum of it all."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from zlib import crc32

S = 1_000_000  # a second, in the unit of the world's time
MS = 1_000


class Violation(BaseException):
    """A promise was broken. No exception of the product's, so that nothing of it is caught there."""


class Crash(BaseException):
    """The process is gone, here and now."""


class World:
    """`now_us`: microseconds since the world began. The same seed makes the same world, event by event."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now_us = 0
        self.crc = 0
        self.events = 0
        self.diary: list[str] | None = None  # what happened, for somebody who reads it
        self._heap: list[tuple[int, int, Callable, tuple]] = []
        self._tie = 0

    def dice(self, name: str) -> Random:
        """Chance of its own for each name: what is left out of one does not shift the others."""
        return Random(f"{self.seed} {name}")

    def at(self, when_us: int, do: Callable, *args) -> None:
        """Do something at a moment; what is due together is done in the order in which it was said."""
        self._tie += 1
        heapq.heappush(self._heap, (max(when_us, self.now_us), self._tie, do, args))

    def after(self, wait_s: float, do: Callable, *args) -> None:
        self.at(self.now_us + round(wait_s * S), do, *args)

    def run_until(self, until_us: int, stopped: Callable[[], bool] = lambda: False) -> None:
        """Let time pass. May be called by what is happening: the rest of the world goes on meanwhile."""
        while self._heap and self._heap[0][0] <= until_us and not stopped():
            self.now_us, _, do, args = heapq.heappop(self._heap)
            self.events += 1
            do(*args)
        if not stopped():
            self.now_us = max(self.now_us, until_us)

    def note(self, *what) -> None:
        """Something happened: it is part of the checksum."""
        said = f"{self.now_us} {what}"
        self.crc = crc32(said.encode(), self.crc)
        if self.diary is not None:
            self.diary.append(f"{self.now_us / S:10.3f} " + " ".join(str(word) for word in what))
