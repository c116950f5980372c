"""Owns the time of day: the only module that reads a clock.

Everything that is ordered by arrival (the step, the journal, timers) needs a time that never runs backwards,
also when an administrator or NTP sets the wall clock back, and also across a restart: the store's last time is
the floor of the next process.
"""

from __future__ import annotations

import threading
import time
from typing import Final, Literal, NamedTuple

# While our time is ahead of the wall clock it runs this much slower (1/64), instead of standing still: a frozen
# clock would stop every escalation timer for as long as the step back was. At 1/64 a timer of 60 s is late by
# less than a second, 50 ms are made good in 3 s and an hour in two and a half days.
_SLOWER: Final = 64
# Somebody should hear of a clock that was set by more than this; NTP slews by 0.5 ms a second.
JUMP_MS: Final = 2_000
# And of a host that slept longer than this: nothing was decided meanwhile.
SLEPT_MS: Final = 5_000


class Clock:
    """UTC in ms that never goes backwards in this process, nor below `floor_ms`. Safe in any thread."""

    def __init__(self, floor_ms: int = 0) -> None:
        self._lock = threading.Lock()
        self._monotonic_ns, _ = self._read_ns()
        self._now_ns = floor_ms * 1_000_000
        self._ahead_ns = 0
        self.now_ms()

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC.

        A wall clock that steps forward is followed at once; when it steps back, time goes on by the monotonic
        clock, slightly slower, until the wall clock has caught up.
        """
        with self._lock:
            monotonic_ns, wall_ns = self._read_ns()
            elapsed_ns = monotonic_ns - self._monotonic_ns
            self._monotonic_ns = monotonic_ns
            self._ahead_ns = max(self._now_ns + elapsed_ns - wall_ns, 0)
            if self._ahead_ns:
                made_good_ns = min(self._ahead_ns, elapsed_ns // _SLOWER)
                self._now_ns += elapsed_ns - made_good_ns
                self._ahead_ns -= made_good_ns
            else:
                self._now_ns = wall_ns
            return self._now_ns // 1_000_000

    def _read_ns(self) -> tuple[int, int]:
        """What this machine's clocks say: the one nobody sets, and the one on the wall."""
        return time.monotonic_ns(), time.time_ns()

    @property
    def behind_ms(self) -> int:
        """How far the wall clock was behind this one at the last reading; above 2,000 someone should hear of it."""
        with self._lock:
            return self._ahead_ns // 1_000_000

    @staticmethod
    def monotonic_s() -> float:
        """Seconds on a clock that nobody sets, for durations and deadlines."""
        return time.monotonic()


class Jump(NamedTuple):
    """What was done to the time: how far, at which moment of the wall clock after it."""

    at_ms: int
    by_ms: int
    why: Literal["set", "slept"]


class ClockWatch:
    """Notices when the wall clock was set, or the host slept, between two looks."""

    def __init__(self) -> None:
        self._wall_ns, self._monotonic_ns, self._boot_ns = self._read()

    def look(self) -> Jump | None:
        """What happened since the last look; of both the sleep, which explains why nothing was decided."""
        wall_ns, monotonic_ns, boot_ns = self._read()
        awake_ns, passed_ns = monotonic_ns - self._monotonic_ns, boot_ns - self._boot_ns
        slept_ms = (passed_ns - awake_ns) // 1_000_000
        set_ms = (wall_ns - self._wall_ns - passed_ns) // 1_000_000
        self._wall_ns, self._monotonic_ns, self._boot_ns = wall_ns, monotonic_ns, boot_ns
        if slept_ms > SLEPT_MS:
            return Jump(wall_ns // 1_000_000, slept_ms, "slept")
        return Jump(wall_ns // 1_000_000, set_ms, "set") if abs(set_ms) > JUMP_MS else None

    def _read(self) -> tuple[int, int, int]:
        """Wall, monotonic (stands while the host sleeps) and boot time (does not), in ns."""
        return time.time_ns(), time.monotonic_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)
