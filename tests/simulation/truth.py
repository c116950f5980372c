"""What really happened, as only the world knows it: the product is judged by this and by what it wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from simulation.world import MS, World

Key = tuple[str, int, int]  # device, boot, seq


class Made(NamedTuple):
    """An item that a device made."""

    stream: str
    kinds: tuple[str, ...]
    on: bool
    wants_ack: bool
    at_us: int
    timeless: bool
    readable: bool


@dataclass
class Span:
    """A time in which a gateway heard devices."""

    from_us: int
    until_us: int | None = None


@dataclass
class Truth:
    """`promised`: items of which a gateway told a device that they are on disk."""

    world: World
    items: dict[Key, Made] = field(default_factory=dict)
    promised: set[Key] = field(default_factory=set)
    dead: dict[str, int] = field(default_factory=dict)  # devices that will never speak again -> since
    outside: set[str] = field(default_factory=set)  # were sent out of every fence at some time
    broken_alarms: set[str] = field(default_factory=set)  # sent something unreadable as an alarm
    touched: set[str] = field(default_factory=set)  # devices an edit of the roster concerned
    heard: list[Span] = field(default_factory=list)
    jumps: list[tuple[int, float]] = field(default_factory=list)  # of the server's clock: (when, seconds)
    asked: dict[str, str] = field(default_factory=dict)  # command id -> type
    arrivals: dict[Key, tuple[int, int]] = field(default_factory=dict)  # first and last, of the timeless

    def hears(self, *, listening: bool) -> None:
        """The gateway's ear opens or closes."""
        is_open = bool(self.heard) and self.heard[-1].until_us is None
        if listening and not is_open:
            self.heard.append(Span(self.world.now_us))
        elif not listening and is_open:
            self.heard[-1].until_us = self.world.now_us

    def listened_ms(self, from_us: int, until_us: int) -> float:
        """For how long of a time somebody listened."""
        total = 0
        for span in self.heard:
            end_us = self.world.now_us if span.until_us is None else span.until_us
            total += max(min(end_us, until_us) - max(span.from_us, from_us), 0)
        return total / MS
