"""Owns what the gateway has heard of the canary: a device of our own that proves the road of an alarm every second.

The api publishes as `_canary` on the alarm stream; the message waits where every alarm waits and is told with the
pulse, in the commit that happens each second anyway. It is no reading, no input of the core and no transition.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from iot_gateway.wire import encode, topic

CANARY: Final = "_canary"  # no device of a roster begins with an underscore
CANARY_TOPIC: Final = topic(CANARY, "alarm")


class Song(Struct):
    """One sign of life. `run` tells one api process from the next."""

    run: str
    seq: int


def song(run: str, seq: int) -> bytes:
    """A sign of life as it goes on the wire."""
    return encode(Song(run, seq))


class Canary:
    """The last song that came in; `news` until it has been told."""

    def __init__(self) -> None:
        self.news = False
        self._last: Song | None = None

    def hears(self, name: str, payload: bytes) -> bool:
        """Whether a message was the canary's, which nobody else may see."""
        if name != CANARY_TOPIC:
            return False
        try:
            self._last = msgspec.json.decode(payload, type=Song)
            self.news = True
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # on a broker without rules anybody may sing
        return True

    def told(self) -> dict[str, Any] | None:
        """For the pulse."""
        return None if self._last is None else msgspec.structs.asdict(self._last)
