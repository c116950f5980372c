"""Knows what was received before: a repeat changes nothing, however late and over whatever connection.

An item is (device, boot, seq, ts). One that is newer than everything its device ever sent is new;
only the others are looked up in what is stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from iot_gateway.decode import NO_SEQ_BOOT

LONG_AGO_MS: Final = -(2**62)
# Items without a time are known by (boot, seq) and their content, and only so many of a device are remembered.
TIMELESS_KEPT: Final = 1024
# ... as long as they keep coming: a device that resends does so every 30 s at the latest, and one that was
# restarted counts from 1 again.
RESENT_WITHIN_MS: Final = 60_000
# With no seq either there is only the content. The same within this was sent again; later it is somebody
# pressing the button once more.
SAID_AGAIN_WITHIN_MS: Final = 30_000


class Identity(NamedTuple):
    """What makes an item one item. `ts` None: the device told no time."""

    device_row: int
    ts: int | None
    boot: int
    seq: int


class Repeats:
    """`is_stored`: whether an identity is in the store. `newest_ms`: the newest ts stored of a device."""

    def __init__(self, is_stored: Callable[[Identity], bool], newest_ms: Callable[[int], int]) -> None:
        self._is_stored, self._newest_ms = is_stored, newest_ms
        self._newest: dict[int, int] = {}
        self._this_step: set[Identity] = set()
        # By device row: (boot, seq, content) -> when it was last received, or first, if it has no seq.
        self.timeless: dict[int, OrderedDict[tuple[int, int, int], int]] = {}

    def begin_step(self) -> None:
        """What the last step took is in the store now."""
        self._this_step.clear()

    def is_repeat(self, identity: Identity, received_at_ms: int, content: int = 0) -> bool:
        """Whether it was received before; from now on it was. `content` counts where there is no time."""
        if identity.ts is None:
            if self._is_timeless_repeat(identity, received_at_ms, content):
                return True
            # As it is stored: one that names this very time as its own is the same row.
            self._note(identity._replace(ts=received_at_ms), received_at_ms)
            return False
        if identity.ts <= self._newest_of(identity.device_row) and (
            identity in self._this_step or self._is_stored(identity)
        ):
            return True
        self._note(identity, identity.ts)
        return False

    def _newest_of(self, row: int) -> int:
        newest = self._newest.get(row)
        if newest is None:
            newest = self._newest[row] = self._newest_ms(row)
        return newest

    def _note(self, identity: Identity, ts: int) -> None:
        self._this_step.add(identity)
        self._newest[identity.device_row] = max(self._newest_of(identity.device_row), ts)

    def _is_timeless_repeat(self, identity: Identity, received_at_ms: int, content: int) -> bool:
        seen = self.timeless.setdefault(identity.device_row, OrderedDict())
        key = identity.boot, identity.seq, content
        has_seq = identity.boot != NO_SEQ_BOOT
        within_ms = RESENT_WITHIN_MS if has_seq else SAID_AGAIN_WITHIN_MS
        before_ms = seen.get(key)
        repeat = before_ms is not None and received_at_ms - before_ms <= within_ms
        if has_seq or not repeat:
            seen[key] = received_at_ms
            seen.move_to_end(key)
        if len(seen) > TIMELESS_KEPT:
            seen.popitem(last=False)
        return repeat

    def dump(self) -> list[list[int]]:
        """The memory that the store does not hold, for a snapshot."""
        return [[row, *key, at_ms] for row, seen in self.timeless.items() for key, at_ms in seen.items()]

    def load(self, rows: list[list[int]]) -> None:
        """The counterpart of `dump`."""
        for row, boot, seq, content, at_ms in rows:
            self.timeless.setdefault(row, OrderedDict())[boot, seq, content] = at_ms


class RememberedRepeats(Repeats):
    """Remembers everything itself: for a replay, which has no store."""

    def __init__(self) -> None:
        self._all: set[Identity] = set()
        super().__init__(self._all.__contains__, lambda _row: LONG_AGO_MS)

    def begin_step(self) -> None:
        self._all |= self._this_step
        super().begin_step()
