"""The state arrays: one row a device, for ever at the same row. Written only by `Engine.step`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alerts.batch import NO_SEQ, Bits, Bools, Bytes, Floats, Longs, Rows
from alerts.roster import Device
from alerts.vocabulary import NO_BITS, SOURCES

# Times that are not: before everything, and after everything.
LONG_AGO_MS: Final = -(2**62)
NOT_DUE_MS: Final = 2**62

DEVICE_KINDS: Final = ("wristband", "fire_sensor", "home_sensor")
DEVICE_KIND_CODE: Final = {kind: code for code, kind in enumerate(DEVICE_KINDS)}
UNKNOWN_KIND: Final = len(DEVICE_KINDS)


class Pending(NamedTuple):
    """A condition that is about to begin (`begins`) or to be over, once its delay has passed."""

    due_ms: int
    begins: bool
    because: dict[str, Any]


class Hole(NamedTuple):
    """Numbers `first` to `last` of a boot that did not come, since `since_ms`. `told`: an alarm says so."""

    boot: int
    first: int
    last: int
    since_ms: int
    told: bool = False


@dataclass(slots=True)
class Arrays:
    """Columns (devices,). Times are milliseconds; `*_bits` have one bit a kind (vocabulary)."""

    kind_code: Bytes
    last_contact_ms: Longs  # LONG_AGO_MS: never heard of
    contact_every_ms: Longs  # NOT_DUE_MS: not supervised
    contact_due_ms: Longs  # when silence becomes an alarm
    contact_declared: Bools  # its model says how often; else that is learned, up to contact_every_ms
    contact_gap_ms: Floats  # the longest gap of late
    contact_count: Longs  # signs of life that taught it
    contact_since_ms: Longs  # heard without a break since
    pending_due_ms: Longs  # the earliest of its pending conditions
    level_at_ms: Longs  # the device time that limits were last applied to
    level_taken_ms: Longs  # ... and when that reading was received
    fix_at_ms: Longs  # the same of fences; LONG_AGO_MS: no fix yet
    fix_taken_ms: Longs
    fix_measured_at_ms: Longs  # as the device said
    fix_lat_deg: Floats
    fix_lon_deg: Floats
    fix_acc_m: Floats
    fix_src: Bytes
    fix_gap_ms: Longs  # the usual time between two fixes; 0: not known yet
    fence_due_ms: Longs  # when silence, or what is still to come of a backlog, decides about fences
    usable_at_ms: Longs  # the newest fix by which somebody could be found; LONG_AGO_MS: none yet
    usable_taken_ms: Longs
    usable_first_ms: Longs  # when the first of them came
    usable_lat_deg: Floats
    usable_lon_deg: Floats
    usable_acc_m: Floats
    usable_src: Bytes
    position_since_ms: Longs  # heard, worn, and without another one, since
    position_due_ms: Longs  # when the want of it is looked at
    position_asked: Bools  # ... and it has been asked for one
    position_on_way: Bools  # she was walking by the last usable fix
    position_gap_ms: Floats  # the longest want of late after which she was found
    worn_said: Bytes  # what it said of itself: 1, 0, or -1 for nothing yet
    charging_said: Bytes
    asked_at_ms: Longs  # when it was last asked for a fix because it may be outside
    clock_off_ms: Longs  # what its clock is behind, as far as that is known
    clock_guess_ms: Longs  # ... and what it seems to be,
    clock_since_ms: Longs  # ... since when, by the time of arrival,
    clock_seen: Longs  # ... in so many readings
    seq_boot: Longs  # the boot that its items are counted in,
    seq_top: Longs  # ... the highest number of it, NO_SEQ: none yet,
    seq_at_ms: Longs  # ... when that was measured,
    seq_kept: Bools  # ... and every one of them was to be acknowledged
    gap_due_ms: Longs  # when a hole among them is to be told of, or forgotten
    condition_bits: Bits  # conditions that hold
    rearm_bits: Bits  # ... whose alarm a person closed: only a new item raises anew


_DTYPES: Final[dict[str, tuple[npt.DTypeLike, Any]]] = {
    "kind_code": (np.int8, UNKNOWN_KIND),
    "last_contact_ms": (np.int64, LONG_AGO_MS),
    "contact_every_ms": (np.int64, NOT_DUE_MS),
    "contact_due_ms": (np.int64, NOT_DUE_MS),
    "contact_declared": (np.bool_, False),
    "contact_gap_ms": (np.float64, 0.0),
    "contact_count": (np.int64, 0),
    "contact_since_ms": (np.int64, LONG_AGO_MS),
    "pending_due_ms": (np.int64, NOT_DUE_MS),
    "level_at_ms": (np.int64, LONG_AGO_MS),
    "level_taken_ms": (np.int64, LONG_AGO_MS),
    "fix_at_ms": (np.int64, LONG_AGO_MS),
    "fix_taken_ms": (np.int64, LONG_AGO_MS),
    "fix_measured_at_ms": (np.int64, LONG_AGO_MS),
    "fix_lat_deg": (np.float64, np.nan),
    "fix_lon_deg": (np.float64, np.nan),
    "fix_acc_m": (np.float64, np.nan),
    "fix_src": (np.int8, 0),
    "fix_gap_ms": (np.int64, 0),
    "fence_due_ms": (np.int64, NOT_DUE_MS),
    "usable_at_ms": (np.int64, LONG_AGO_MS),
    "usable_taken_ms": (np.int64, LONG_AGO_MS),
    "usable_first_ms": (np.int64, LONG_AGO_MS),
    "usable_lat_deg": (np.float64, np.nan),
    "usable_lon_deg": (np.float64, np.nan),
    "usable_acc_m": (np.float64, np.nan),
    "usable_src": (np.int8, 0),
    "position_since_ms": (np.int64, LONG_AGO_MS),
    "position_due_ms": (np.int64, NOT_DUE_MS),
    "position_asked": (np.bool_, False),
    "position_on_way": (np.bool_, False),
    "position_gap_ms": (np.float64, 0.0),
    "worn_said": (np.int8, -1),
    "charging_said": (np.int8, -1),
    "asked_at_ms": (np.int64, LONG_AGO_MS),
    "clock_off_ms": (np.int64, 0),
    "clock_guess_ms": (np.int64, 0),
    "clock_since_ms": (np.int64, LONG_AGO_MS),
    "clock_seen": (np.int64, 0),
    "seq_boot": (np.int64, 0),
    "seq_top": (np.int64, NO_SEQ),
    "seq_at_ms": (np.int64, LONG_AGO_MS),
    "seq_kept": (np.bool_, False),
    "gap_due_ms": (np.int64, NOT_DUE_MS),
    "condition_bits": (np.uint32, NO_BITS),
    "rearm_bits": (np.uint32, NO_BITS),
}


class Fleet:
    """Devices, their arrays, and what only few of them have."""

    def __init__(self) -> None:
        self.devices: list[Device] = []
        self.row_of: dict[str, int] = {}
        self.arrays = Arrays(**{name: np.empty(0, dtype) for name, (dtype, _) in _DTYPES.items()})
        # Conditions waiting for their delay, by row and kind index.
        self.pending: dict[int, dict[int, Pending]] = {}
        # The newest word of a device on a kind it reports itself: (row, kind index) -> (time, on).
        self.said: dict[tuple[int, int], tuple[int, bool]] = {}
        # The fence a device is said to have left, by row; None: it was never seen inside of any.
        self.left_fence: dict[int, str | None] = {}
        # Numbers that did not come, by row, the oldest first.
        self.holes: dict[int, list[Hole]] = {}
        # Since when the gateway hears no device; None while it does.
        self.deaf_since_ms: int | None = None

    def __len__(self) -> int:
        return len(self.devices)

    def enrol(self, devices: list[Device]) -> None:
        """New rows at the end, in the order given."""
        for device in devices:
            assert device.device_id not in self.row_of, f"{device.device_id} has a row already"
            self.row_of[device.device_id] = len(self.devices)
            self.devices.append(device)
        for name, (dtype, initial) in _DTYPES.items():
            grown = np.concatenate([getattr(self.arrays, name), np.full(len(devices), initial, dtype)])
            setattr(self.arrays, name, grown)

    def is_registered(self, device_id: str) -> bool:
        """Whether the roster names it now."""
        row = self.row_of.get(device_id)
        return row is not None and self.devices[row].registered

    def forget_past(self, row: int) -> None:
        """As if the device had never been heard: where it was and how it was is nobody's any more."""
        for name, (_, initial) in _DTYPES.items():
            if name not in {"condition_bits", "rearm_bits", "pending_due_ms"}:
                getattr(self.arrays, name)[row] = initial
        self.holes.pop(row, None)

    def strangers(self) -> int:
        """How many are known only through an alarm of their own, or left the roster."""
        return sum(not device.registered for device in self.devices)

    def wait(self, row: int, kind: int, pending: Pending) -> None:
        """Let a condition wait for its delay."""
        self.pending.setdefault(row, {})[kind] = pending
        self._refresh_due(row)

    def forget(self, row: int, kind: int) -> Pending | None:
        """Stop waiting."""
        waiting = self.pending.get(row)
        dropped = waiting.pop(kind, None) if waiting else None
        if dropped is not None:
            self._refresh_due(row)
        return dropped

    def waiting(self, row: int, kind: int) -> Pending | None:
        """What a condition waits for, if it does."""
        return self.pending.get(row, {}).get(kind)

    def _refresh_due(self, row: int) -> None:
        waiting = self.pending.get(row)
        if not waiting:
            self.pending.pop(row, None)
        self.arrays.pending_due_ms[row] = min(
            (p.due_ms for p in (waiting or {}).values()), default=NOT_DUE_MS
        )

    def last_fix(self, row: int) -> dict[str, Any] | None:
        """The newest fix: {lat, lon, acc_m, measured_at_ms, src}; None if there was none."""
        a = self.arrays
        if a.fix_at_ms[row] == LONG_AGO_MS:
            return None
        acc = float(a.fix_acc_m[row])
        return {
            "lat": round(float(a.fix_lat_deg[row]), 6),
            "lon": round(float(a.fix_lon_deg[row]), 6),
            "acc_m": None if np.isnan(acc) else acc,
            "measured_at_ms": int(a.fix_measured_at_ms[row]),
            "src": SOURCES[int(a.fix_src[row])],
        }

    def listen(self, now_ms: int, *, listening: bool) -> int:
        """While nobody listens no silence is counted; afterwards it goes on where it stopped.

        Returns for how long nobody did, once somebody does again.
        """
        if listening and self.deaf_since_ms is not None:
            deaf_ms = now_ms - self.deaf_since_ms
            a = self.arrays
            for due in (a.contact_due_ms, a.fence_due_ms, a.position_due_ms):
                waits = due != NOT_DUE_MS
                due[waits] = -(-(due[waits] + deaf_ms) // 1000) * 1000
            a.position_since_ms[a.position_since_ms != LONG_AGO_MS] += deaf_ms
            self.deaf_since_ms = None
            return deaf_ms
        if not listening and self.deaf_since_ms is None:
            self.deaf_since_ms = now_ms
        return 0

    def next_due_ms(self) -> int:
        """When the first timer of a device is due."""
        if not self.devices:
            return NOT_DUE_MS
        first = int(self.arrays.pending_due_ms.min())
        if self.deaf_since_ms is not None:
            return first
        a = self.arrays
        return min(first, *(int(due.min()) for due in (a.contact_due_ms, a.fence_due_ms, a.gap_due_ms)))

    def due(self, until_ms: int | Longs, rows: Rows | slice = slice(None)) -> Bools:
        """Which of some devices have a timer due. Silence is not counted while nobody listens."""
        a = self.arrays
        due: Bools = a.pending_due_ms[rows] <= until_ms
        if self.deaf_since_ms is None:
            due = due | (a.contact_due_ms[rows] <= until_ms) | (a.fence_due_ms[rows] <= until_ms)
            due |= a.gap_due_ms[rows] <= until_ms
        return due

    def due_ms(self, row: int) -> tuple[int, int]:
        """When one device is missed, and when the first of its pending conditions is due."""
        contact_ms = int(self.arrays.contact_due_ms[row]) if self.deaf_since_ms is None else NOT_DUE_MS
        return contact_ms, int(self.arrays.pending_due_ms[row])


def whole_second_ms(time_ms: int) -> int:
    """Timers have a resolution of one second: the second that is not before `time_ms`."""
    return -(-time_ms // 1000) * 1000
