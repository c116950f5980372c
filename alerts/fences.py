"""Which device is held by which fence, compiled: shapes, roles, schedules and the pair table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from alerts.batch import Bools, Bytes, Longs, Rows
from alerts.geometry import Shape, Shapes, compile_shape
from alerts.roster import Device, Fence
from alerts.schedule import NEVER_MS, Schedule
from alerts.tuning import Tuning, check

SAFE: Final = "safe"
FORBIDDEN: Final = "forbidden"
# What outings make of a pair: its fence counts by its schedule, not at all, or whatever its schedule.
SCHEDULED: Final = 0
SUSPENDED: Final = 1
COUNTS: Final = 2


class Fences:
    """All fences, and the pairs (device row, fence index) they are assigned to.

    Pairs are sorted by device row; `pair_start[row]:pair_start[row + 1]` are a device's.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, Fence] = {}
        self._shapes: dict[str, Shape] = {}
        self._schedules: dict[str, Schedule | None] = {}
        self._same_schedule: dict[str, Schedule] = {}  # most fences share a few
        self.ids: list[str] = []
        self.index_of: dict[str, int] = {}
        self.shapes = Shapes([])
        self.tuning = Tuning([])
        self.is_safe: Bools = np.empty(0, np.bool_)
        self.in_force: Bools = np.empty(0, np.bool_)
        self.next_change_ms = NEVER_MS
        self.pair_row: Rows = np.empty(0, np.int64)
        self.pair_fence: Rows = np.empty(0, np.int64)
        self.pair_start: Longs = np.zeros(1, np.int64)
        # Destinations of approved outings, by device row: pairs that the roster does not know.
        self.guests: dict[int, frozenset[str]] = {}
        self.pair_guest: Bools = np.empty(0, np.bool_)
        self.pair_mode: Bytes = np.empty(0, np.int8)  # SCHEDULED, SUSPENDED, COUNTS

    def put(self, fence: Fence) -> None:
        """Add or replace a fence.

        Raises:
            ValueError: in words, what is wrong with it.
        """
        if fence.role not in {SAFE, FORBIDDEN}:
            raise ValueError(f"fence {fence.fence_id}: role must be safe or forbidden, not {fence.role!r}")
        try:
            compiled = compile_shape(fence.geometry)
            check(fence.evidence or {})
            schedule = self._schedule(fence.schedule) if fence.schedule else None
        except ValueError as error:
            raise ValueError(f"fence {fence.fence_id}: {error}") from error
        self.definitions[fence.fence_id] = fence
        self._shapes[fence.fence_id] = compiled
        self._schedules[fence.fence_id] = schedule

    def _schedule(self, definition: dict[str, Any]) -> Schedule:
        key = json.dumps(definition, sort_keys=True)
        if key not in self._same_schedule:
            self._same_schedule[key] = Schedule(definition)
        return self._same_schedule[key]

    def remove(self, fence_id: str) -> None:
        """Take a fence away; unknown ids are no matter."""
        for table in (self.definitions, self._shapes, self._schedules):
            table.pop(fence_id, None)

    def compile(self, devices: list[Device], guests: dict[int, frozenset[str]], now_ms: int) -> None:
        """Lay out the arrays anew after an edit of fences or devices."""
        self.ids = list(self.definitions)
        self.index_of = {fence_id: index for index, fence_id in enumerate(self.ids)}
        self.shapes = Shapes([self._shapes[fence_id] for fence_id in self.ids])
        self.is_safe = np.array([self.definitions[i].role == SAFE for i in self.ids], np.bool_)
        self.tuning = Tuning([self.definitions[i].evidence for i in self.ids])
        self.refresh_schedules(now_ms)
        self.assign(devices, guests)

    def assign(self, devices: list[Device], guests: dict[int, frozenset[str]]) -> None:
        """Lay out the pairs anew. `guests`: fences that hold a device beside its own, if they are safe."""
        by_site: dict[str, list[int]] = {}
        for index, fence_id in enumerate(self.ids):
            site_id = self.definitions[fence_id].site_id
            if site_id is not None:
                by_site.setdefault(site_id, []).append(index)
        assigned = [self._assigned(device, by_site) for device in devices]
        own = [set(fences) for fences in assigned] if guests else []
        for row, wanted in guests.items():
            assigned[row] = sorted(own[row] | self._safe_indexes(wanted))
        counts = np.array([len(fences) for fences in assigned], np.int64)
        self.pair_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.pair_row = np.repeat(np.arange(len(devices), dtype=np.int64), counts)
        self.pair_fence = np.array([fence for fences in assigned for fence in fences], np.int64)
        self.guests = guests
        self.pair_guest = np.zeros(len(self.pair_row), np.bool_)
        for row in guests:
            begin, end = self.pair_start[row : row + 2]
            self.pair_guest[begin:end] = [fence not in own[row] for fence in assigned[row]]
        self.pair_mode = np.where(self.pair_guest, SUSPENDED, SCHEDULED).astype(np.int8)

    def _safe_indexes(self, fence_ids: Iterable[str]) -> set[int]:
        there = {self.index_of[i] for i in fence_ids if i in self.index_of}
        return {index for index in there if self.is_safe[index]}

    def _assigned(self, device: Device, by_site: dict[str, list[int]]) -> list[int]:
        if not device.registered:
            return []
        if device.fence_ids is not None:
            return sorted({self.index_of[i] for i in device.fence_ids if i in self.index_of})
        return by_site.get(device.site_id, []) if device.site_id is not None else []

    def add_unassigned(self, count: int) -> None:
        """Room for new devices at the end that no fence holds."""
        self.pair_start = np.concatenate([self.pair_start, np.full(count, self.pair_start[-1])])

    def refresh_schedules(self, now_ms: int) -> Rows:
        """Bring `in_force` up to a moment; returns the fences that changed."""
        schedules = [self._schedules[fence_id] for fence_id in self.ids]
        held = {s: s.in_force(now_ms) for s in set(schedules) if s is not None}
        in_force = np.array([s is None or held[s] for s in schedules], np.bool_)
        self.next_change_ms = min((s.next_change_ms(now_ms) for s in held), default=NEVER_MS)
        before, self.in_force = self.in_force, in_force
        return (
            np.flatnonzero(before != in_force) if len(before) == len(in_force) else np.arange(len(in_force))
        )

    def pairs_of(self, rows: Rows) -> tuple[Rows, Rows]:
        """The pairs of some devices: (pair index, position of its device in `rows`)."""
        counts = self.pair_start[rows + 1] - self.pair_start[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.pair_start[rows][owner] + offset, owner

    def pair_of(self, row: int, fence_id: str | None) -> int | None:
        """The pair of a device and a fence, if the fence holds it."""
        for pair in range(int(self.pair_start[row]), int(self.pair_start[row + 1])):
            if self.ids[int(self.pair_fence[pair])] == fence_id:
                return pair
        return None

    def rows_of(self, fences: Iterable[int]) -> Rows:
        """The devices held by any of some fences, ascending."""
        wanted = np.zeros(len(self.ids), np.bool_)
        wanted[list(fences)] = True
        return np.unique(self.pair_row[wanted[self.pair_fence]])

    def roles(self, pairs: Rows) -> tuple[Bools, Bools]:
        """(is safe, is in force) of pairs: by the schedule, unless an outing says otherwise."""
        fence, mode = self.pair_fence[pairs], self.pair_mode[pairs]
        return self.is_safe[fence], np.where(mode == SCHEDULED, self.in_force[fence], mode == COUNTS)
