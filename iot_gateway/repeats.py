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
# Items without a time are known by (boot, seq) alone, and only so many of a device are remembered.
TIMELESS_KEPT: Final = 1024
# With neither a time nor a seq there is only the content: the same within this is sent again (the longest
# interval at which the contract has devices resend), later it is somebody pressing the button once more.
RESENT_WITHIN_MS: Final = 30_000


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
        # By device row: (boot, seq) -> when it was received first.
        self.timeless: dict[int, OrderedDict[tuple[int, int], int]] = {}

    def begin_step(self) -> None:
        """What the last step took is in the store now."""
        self._this_step.clear()

    def is_repeat(self, identity: Identity, received_at_ms: int) -> bool:
        """Whether it was received before; from now on it was."""
        if identity.ts is None:
            if self._is_timeless_repeat(identity, received_at_ms):
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

    def _is_timeless_repeat(self, identity: Identity, received_at_ms: int) -> bool:
        seen = self.timeless.setdefault(identity.device_row, OrderedDict())
        key = identity.boot, identity.seq
        first_ms = seen.get(key)
        if first_ms is not None and (key[0] != NO_SEQ_BOOT or received_at_ms - first_ms <= RESENT_WITHIN_MS):
            return True
        seen[key] = received_at_ms
        seen.move_to_end(key)
        if len(seen) > TIMELESS_KEPT:
            seen.popitem(last=False)
        return False

    def dump(self) -> list[list[int]]:
        """The memory that the store does not hold, for a snapshot."""
        return [
            [row, boot, seq, at_ms]
            for row, seen in self.timeless.items()
            for (boot, seq), at_ms in seen.items()
        ]

    def load(self, rows: list[list[int]]) -> None:
        """The counterpart of `dump`."""
        for row, boot, seq, at_ms in rows:
            self.timeless.setdefault(row, OrderedDict())[boot, seq] = at_ms


class RememberedRepeats(Repeats):
    """Remembers everything itself: for a replay, which has no store."""

    def __init__(self) -> None:
        self._all: set[Identity] = set()
        super().__init__(self._all.__contains__, lambda _row: LONG_AGO_MS)

    def begin_step(self) -> None:
        self._all |= self._this_step
        super().begin_step()
