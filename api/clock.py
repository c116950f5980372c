"""Reads the clocks, so that nothing else in this package does."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

CITY: Final = ZoneInfo("Asia/Shanghai")


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def today() -> str:
    """The day in the city, as YYYY-MM-DD."""
    return datetime.now(CITY).date().isoformat()


def monotonic_s() -> float:
    """Seconds on a clock that only goes forward, for waiting and for measuring."""
    return time.monotonic()
