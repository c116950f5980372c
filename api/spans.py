"""Decides which stretch of time may be asked for, and how a stretch that may not is refused."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Query

from api import problems
from api.problems import ProblemError

MAX_DAYS: Final = 400  # a year and its month of comparison; an hour of it is a line of the answer
DAY_MS: Final = 86_400_000
LAST_MS: Final = 253_402_214_400_000  # the end of the year 9999: a calendar has no later day


class Stretch(NamedTuple):
    """From one moment until before another."""

    from_ms: int
    to_ms: int


def wrong(parameter: str, message: str) -> ProblemError:
    """A 422 about one parameter of the query."""
    return problems.invalid([{"loc": ("query", parameter), "msg": message, "type": "value_error"}])


async def _stretch(
    from_ms: Annotated[int, Query(ge=0, le=LAST_MS)], to_ms: Annotated[int, Query(ge=0, le=LAST_MS)]
) -> Stretch:
    if from_ms >= to_ms:
        raise wrong("from_ms", "is not before to_ms")
    if to_ms - from_ms > MAX_DAYS * DAY_MS:
        raise wrong("from_ms", f"lies more than {MAX_DAYS} days before to_ms; ask for less")
    return Stretch(from_ms, to_ms)


Span = Annotated[Stretch, Depends(_stretch)]
