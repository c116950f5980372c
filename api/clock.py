"""Reads the clocks, so that nothing else in this package does."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds on a clock that only goes forward, for waiting and for measuring."""
    return time.monotonic()
