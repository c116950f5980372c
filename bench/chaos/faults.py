"""Decides what is killed or stopped when, by a seed; and carries it out."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bench.chaos.house import House

# (verb, how, weight). `kill-both`: the gateway, then the broker with what it had queued.
Mix = tuple[tuple[str, str, int], ...]
MIX: Final[Mix] = (
    ("gateway", "kill", 30), ("api", "kill", 12), ("broker", "kill", 18), ("gateway", "kill-both", 15),
    ("gateway", "stop", 12), ("api", "stop", 6), ("broker", "stop", 7),
)  # fmt: skip
# What a device that trusts the broker cannot survive.
BOTH: Final[Mix] = (("gateway", "kill-both", 1),)
GAP_S: Final = (0.1, 2.0)
BROKER_AWAY_S: Final = (0.0, 1.5)
# Above 5 s the supervisor takes a stopped process for hung, ends it and starts another.
STOPPED_S: Final = (0.3, 7.0)


@dataclass
class Faults:
    """`spans`: (from_ms, to_ms) of everything that was done; `to_ms` when it was undone."""

    house: House
    seed: int
    wait: Callable[[float], None]  # lets the devices talk meanwhile
    mix: Mix = MIX
    kills: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """For so long, one after the other."""
        dice = random.Random(self.seed)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.wait(dice.uniform(*GAP_S))
            verb, how, _ = dice.choices(self.mix, [weight for *_, weight in self.mix])[0]
            begun_ms = _now_ms()
            if how == "stop":
                self._stop(verb, dice.uniform(*STOPPED_S))
            else:
                self._kill(verb, both=how == "kill-both", away_s=dice.uniform(*BROKER_AWAY_S))
            self.spans.append((begun_ms, _now_ms()))

    def _kill(self, verb: str, *, both: bool, away_s: float) -> None:
        self.kills[verb] += self.house.send(verb, signal.SIGKILL)
        if both:
            self.wait(away_s / 2)  # devices go on: the broker takes what no gateway has
            self.kills["broker"] += self.house.send("broker", signal.SIGKILL)
        if not self.house.broker.alive or both or verb == "broker":
            self.wait(away_s)
            self.house.restart_broker()
            return
        self.wait(away_s / 2)

    def _stop(self, verb: str, seconds: float) -> None:
        pid = self.house.pid(verb)
        if pid is None or not self.house.send(verb, signal.SIGSTOP):
            return
        self.stops[verb] += 1
        self.wait(seconds)
        if self.house.pid(verb) == pid:
            self.house.send(verb, signal.SIGCONT)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
