"""The product on a world: its own engine, fed as a gateway feeds it, with or without answers to `locate`."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np

from alerts.batch import NO_SEQ, VALUE_FIELDS, Batch
from alerts.commands import RosterCommand
from alerts.engine import Decisions, DeviceRequest, Engine
from alerts.policy import Policy
from alerts.vocabulary import SOURCE_INDEX
from bench.lab.fixes import CELL, GNSS, WIFI, Fixes, Longs
from bench.lab.lives import DAY_S
from bench.lab.places import Floats
from bench.lab.score import Mark
from bench.lab.world import EPOCH_MS, World
from iot_gateway.roster_file import RosterChange, edit_of, parse

OPEN_STEP_S: Final = 120.0
CLOSED_STEP_S: Final = 5.0
SOURCE_CODE: Final = np.zeros(4, np.int8)
SOURCE_CODE[[GNSS, WIFI, CELL]] = SOURCE_INDEX["gnss"], SOURCE_INDEX["wifi"], SOURCE_INDEX["cell"]
SOURCE_NAME: Final = {GNSS: "gnss", WIFI: "wifi", CELL: "cell"}


# (at_ms, subject_id, kind, fence_id, from, to) of a transition.
_Change = tuple[Any, ...]


def as_received(world: World, fixes: Fixes) -> tuple[Fixes, Longs, Longs, Floats]:
    """What arrived, in its order: rows, received and measured (device's clock) in ms, and lat/lon (n, 2)."""
    rows = np.flatnonzero(fixes.received_s < world.days * DAY_S)
    rows = rows[np.argsort(fixes.received_s[rows], kind="stable")]
    came = fixes.take(rows)
    received = EPOCH_MS + np.round(came.received_s * 1000).astype(np.int64)
    measured = EPOCH_MS + np.round((came.at_s + came.clock_s) * 1000).astype(np.int64)
    return came, received, measured, degrees_of(world, came)


def degrees_of(world: World, fixes: Fixes) -> Floats:
    """(n, 2) lat, lon as the bands say them; nan without a position, (0, 0) where that is what they say."""
    degrees = np.full((len(fixes.band), 2), np.nan)
    home = world.home_of[fixes.band]
    for i in np.unique(home):
        rows = np.flatnonzero(home == i)
        degrees[rows] = world.sites[i].degrees(fixes.spot[rows])
    degrees[fixes.source == 0] = np.nan
    degrees = np.round(degrees, 7)
    degrees[fixes.null_island & (fixes.source > 0)] = 0.0
    return degrees


def batch_of_rows(came: Fixes, received: Longs, measured: Longs, degrees: Floats, rows: slice) -> Batch:
    """The batch that the gateway's batcher makes of these reports."""
    band = came.band[rows]
    n = len(band)
    fix = np.isfinite(degrees[rows, 0]) & ~((degrees[rows, 0] == 0) & (degrees[rows, 1] == 0))
    said = came.source[rows] > 0
    acc = np.where(fix & (came.acc_m[rows] > 0), came.acc_m[rows], np.nan)
    return Batch(
        device_row=band,
        received_at_ms=received[rows],
        measured_at_ms=measured[rows],
        arrival=np.arange(n),
        has_fix=fix,
        lat_deg=np.where(fix, degrees[rows, 0], np.nan),
        lon_deg=np.where(fix, degrees[rows, 1], np.nan),
        acc_m=acc,
        src=np.where(fix, SOURCE_CODE[came.source[rows]], 0).astype(np.int8),
        on_bits=np.zeros(n, np.uint32),
        off_bits=np.zeros(n, np.uint32),
        worn=np.where(said, np.nan, ~came.charging[rows]),
        charging=np.where(said, np.nan, came.charging[rows]),
        values=np.full((n, len(VALUE_FIELDS)), np.nan),
        seq=np.full(n, NO_SEQ, np.int64),
        boot=np.zeros(n, np.int64),
        wants_ack=np.zeros(n, np.bool_),
        unread=np.zeros(n, np.bool_),
    )


def started(world: World, policy: Policy, now_ms: int) -> Engine:
    """An engine that knows the roster."""
    engine = Engine(policy)
    roster = parse(json.dumps(world.roster).encode(), "the laboratory's roster")
    command = RosterCommand("roster", now_ms, 0, "", edit_of(RosterChange(put=roster)))
    engine.step(now_ms, commands=[command])
    return engine


def run_open(world: World, policy: Policy) -> list[Mark]:
    """Nothing is ever asked of a band."""
    came, received, measured, degrees = as_received(world, world.fixes)
    engine = started(world, policy, int(received[0]))
    marks: list[Mark] = []
    for rows, now_ms in _steps(received, OPEN_STEP_S):
        batch = batch_of_rows(came, received, measured, degrees, rows)
        marks += marks_of(engine.step(now_ms, batch))
    return marks


def _steps(received: Longs, step_s: float) -> Iterator[tuple[slice, int]]:
    """Slices of what arrived, a step each, and when the step is made."""
    step_ms = round(step_s * 1000)
    begin_ms = EPOCH_MS + (int(received[0]) - EPOCH_MS) // step_ms * step_ms
    moments = np.arange(begin_ms, int(received[-1]) + step_ms, step_ms)
    ends = np.searchsorted(received, moments, "right")
    ends[0] = 0
    for i in range(1, len(moments)):
        yield slice(int(ends[i - 1]), int(ends[i])), int(moments[i])


def marks_of(decisions: Decisions) -> list[Mark]:
    """What became of fence alarms in a step."""
    said = ((t.at_ms, t.alarm, t.from_state) for t in decisions.transitions)
    return list(_marks((at_ms, a.subject_id, a.kind, a.fence_id, was, a.state) for at_ms, a, was in said))


def _marks(transitions: Iterable[_Change]) -> Iterator[Mark]:
    for at_ms, subject_id, kind, fence_id, was, state in transitions:
        if kind not in {"fence_left", "fence_entered"}:
            continue
        fence = -1 if kind == "fence_left" else int(str(fence_id).rpartition("-")[2])
        begins = state == "active_unacknowledged"
        if begins or was.startswith("active"):
            yield Mark((at_ms - EPOCH_MS) / 1000, int(subject_id.rpartition("-")[2]), fence, begins)


def marks_of_lines(lines: Iterable[bytes]) -> list[Mark]:
    """The same, of a transitions file."""
    said: Iterator[dict[str, Any]] = map(msgspec.json.decode, lines)
    names = "at_ms", "subject_id", "kind", "fence_id", "from", "to"
    return list(_marks(tuple(t[name] for name in names) for t in said))


# The closed loop --------------------------------------------------------------------------------------


def run_closed(world: World, policy: Policy) -> tuple[list[Mark], int]:
    """Bands answer `locate`; returns how many were asked, too."""
    came, received, measured, degrees = as_received(world, world.fixes)
    engine = started(world, policy, int(received[0]))
    answers = Answers(world)
    marks: list[Mark] = []
    next_due_ms = 0
    for rows, now_ms in _steps(received, CLOSED_STEP_S):
        batch = batch_of_rows(came, received, measured, degrees, rows)
        batch = answers.joined(batch, now_ms)
        if not len(batch) and next_due_ms > now_ms:
            continue
        decisions = engine.step(now_ms, batch)
        next_due_ms = decisions.next_due_ms
        marks += marks_of(decisions)
        for request in decisions.requests:
            answers.ask(request, now_ms)
    return marks, answers.asked


class Answers:
    """A band's answer errs like its next report: the same slow error, another white one.

    Asked at the end of a step, which is up to its length later than a live gateway would: on the safe side.
    """

    def __init__(self, world: World) -> None:
        self._world, self._fixes = world, world.fixes
        self._ends = np.searchsorted(world.fixes.band, np.arange(len(world.lives) + 1))
        self._dice = np.random.default_rng(world.seed + 1_000_003)
        self._waiting: list[tuple[int, int, Fixes]] = []
        self.asked = 0

    def ask(self, request: DeviceRequest, now_ms: int) -> None:
        """A fix of then, unless the radio is silent or the band has no position."""
        if request.type != "locate":
            return
        self.asked += 1
        weather, dice = self._world.weather, self._dice
        delay_s, answered = dice.uniform(*weather.answer_s), dice.random() < weather.answer_p
        error = dice.normal(0, 1, 2)
        band = int(request.device_id.rpartition("-")[2])
        at_s = (now_ms - EPOCH_MS) / 1000 + delay_s
        begin, end = int(self._ends[band]), int(self._ends[band + 1])
        row = begin + int(np.searchsorted(self._fixes.at_s[begin:end], at_s))
        if row >= end or not answered or at_s * 1000 + EPOCH_MS > request.expires_at_ms:
            return
        like = self._fixes.take(np.array([row]))
        if like.received_s[0] > like.at_s[0] + 300 or like.source[0] == 0:
            return
        true = self._world.lives[band].where(np.array([at_s]))
        like.spot = true + like.bias + self._world.bands.shift_m[[band]] + like.white_m[:, None] * error
        like.at_s = np.round(np.array([at_s - 0.5]), 3)
        like.null_island[:] = False
        heapq.heappush(self._waiting, (EPOCH_MS + round(at_s * 1000), self.asked, like))

    def joined(self, batch: Batch, now_ms: int) -> Batch:
        """A batch, and the answers that arrived by then, in the order of arrival."""
        due = []
        while self._waiting and self._waiting[0][0] <= now_ms:
            due.append(heapq.heappop(self._waiting))
        if not due:
            return batch
        received = np.array([at_ms for at_ms, _, _ in due])
        fixes = Fixes(*(np.concatenate([getattr(f, name) for _, _, f in due]) for name in Fixes.__slots__))
        measured = EPOCH_MS + np.round((fixes.at_s + fixes.clock_s) * 1000).astype(np.int64)
        own = batch_of_rows(fixes, received, measured, degrees_of(self._world, fixes), slice(None))
        return _merged(batch, own)


def _merged(one: Batch, other: Batch) -> Batch:
    order = np.argsort(np.concatenate([one.received_at_ms, other.received_at_ms]), kind="stable")
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])[order]
        for name in one.__slots__
        if isinstance(getattr(one, name), np.ndarray)
    }
    return Batch(**columns | {"arrival": np.arange(len(order))})
