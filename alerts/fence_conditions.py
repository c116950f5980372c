"""Decides from what is known of fences which of fence_left and fence_entered are true now, and whom to ask.

Columns first, as in `conditions`; only the few rows that change something are looked at one by one.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from alerts.batch import Batch, Bools, Floats, Longs, Rows
from alerts.clocks import Clocks
from alerts.crossings import Crossings, words_of_fix
from alerts.debounce import Debounce
from alerts.evidence import CALM
from alerts.fences import Fences
from alerts.fleet import DEVICE_KIND_CODE, LONG_AGO_MS, NOT_DUE_MS, Fleet
from alerts.lifecycle import READING, TIMER, Event
from alerts.motion import Fixes
from alerts.outings import Outings
from alerts.policy import Policy, ms
from alerts.positions import Positions
from alerts.routine import Routine
from alerts.vocabulary import KIND_BIT, KIND_INDEX
from alerts.wander import Wander

FENCE_LEFT: Final = KIND_INDEX["fence_left"]
FENCE_ENTERED: Final = KIND_INDEX["fence_entered"]
_FENCE_LEFT_BIT: Final = np.uint32(KIND_BIT["fence_left"])
_WRISTBAND: Final = DEVICE_KIND_CODE["wristband"]


class Ask(NamedTuple):
    """A band that may be outside is asked where it is."""

    at_ms: int
    phase: int
    order: int
    row: int


class FenceConditions:
    """Reads fixes and fence timers; what begins and ends goes to `Debounce`, whom to ask to `take_asks`."""

    def __init__(
        self, policy: Policy, fleet: Fleet, fences: Fences, crossings: Crossings, outings: Outings,
        clocks: Clocks, debounce: Debounce, positions: Positions, routine: Routine, wander: Wander,
    ) -> None:  # fmt: skip
        self._policy, self._fleet, self._fences, self._crossings = policy, fleet, fences, crossings
        self._outings, self._clocks, self._debounce, self._positions = outings, clocks, debounce, positions
        self._routine, self._wander = routine, wander
        self._ways: dict[int, dict[str, Any]] = {}
        self._asks: list[Ask] = []

    def take_asks(self) -> list[Ask]:
        """Who is to be asked for a fix, in the order of its time."""
        asks, self._asks = sorted(self._asks), []
        return asks

    def take(self, batch: Batch, at: Rows, effective: Longs) -> None:
        """The fixes of one round, if there are any; `effective`: when they were measured."""
        at, effective = at[batch.has_fix[at]], effective[batch.has_fix[at]]
        if not len(at):
            return
        rows, received, a = batch.device_row[at], batch.received_at_ms[at], self._fleet.arrays
        self._crossings.recent.make_room(len(self._fleet))
        self._routine.make_room(len(self._fleet))
        newest, taken = a.fix_at_ms[rows], a.fix_taken_ms[rows]
        gone_back = (effective < newest) & ~self._clocks.late(effective, received, newest, taken)
        self._crossings.recent.start_anew(self._fences, rows[gone_back])
        fixes = Fixes(effective, batch.lat_deg[at], batch.lon_deg[at], batch.acc_m[at], batch.src[at])
        changed, witness = self._crossings.take(self._fences, rows, fixes)
        self._outings.arrive(rows[changed])
        track = self._crossings.recent.now.track
        is_newest = (effective == track.at_ms[rows]) & (fixes.lat_deg == track.lat_deg[rows])
        self._newest_fix(batch, at[changed & is_newest], effective[changed & is_newest])
        self._hasten(rows[changed], received[changed])
        self._decide(rows[changed], received[changed], READING, batch.arrival[at][changed], witness)
        self._watch(rows[changed], received[changed], READING, batch.arrival[at][changed])
        self._ways.clear()

    def _hasten(self, rows: Rows, received: Longs) -> None:
        """Who walks as the lost do is believed to be out on less evidence."""
        pairs, owner = self._fences.pairs_of(rows)
        nearly = self._crossings.nearly(self._fences, pairs, self._policy.wander)
        nearly &= self._is_present(rows, received)[owner]
        lost = [
            i for i in np.flatnonzero(nearly) if self._wander.is_lost(int(pairs[i]), int(received[owner[i]]))
        ]
        if lost:
            self._note_ways(pairs[lost], received[owner[lost]])
            self._crossings.believe(self._fences, pairs[lost])

    def _note_ways(self, pairs: Rows, at_ms: Longs) -> None:
        """How they walk, before what that is read from is settled."""
        self._ways = {int(p): self._wander.words(int(p), int(t)) for p, t in zip(pairs, at_ms, strict=True)}

    def _newest_fix(self, batch: Batch, at: Rows, effective: Longs) -> None:
        """The position people are shown, and how often there is one."""
        rows, a = batch.device_row[at], self._fleet.arrays
        gap = np.clip(effective - a.fix_at_ms[rows], 0, ms(self._policy.late_for_s))
        usual = a.fix_gap_ms[rows]
        usual = np.where(usual == 0, gap, usual + (gap - usual) // 4)
        a.fix_gap_ms[rows] = np.where(a.fix_at_ms[rows] == LONG_AGO_MS, 0, usual)
        a.fix_at_ms[rows], a.fix_taken_ms[rows] = effective, batch.received_at_ms[at]
        a.fix_measured_at_ms[rows] = batch.measured_at_ms[at]
        a.fix_lat_deg[rows], a.fix_lon_deg[rows] = batch.lat_deg[at], batch.lon_deg[at]
        a.fix_acc_m[rows], a.fix_src[rows] = batch.acc_m[at], batch.src[at]
        self._positions.take(rows, effective, batch.received_at_ms[at])
        self._routine.take(rows, effective, self._crossings.recent.now.track.walking[rows])

    def look_again(self, rows: Rows, at_ms: int) -> None:
        """The safe fences of these devices count again: who is outside of them by what is known?"""
        self._watch(rows, np.full(len(rows), at_ms), TIMER, rows)

    def _watch(self, rows: Rows, received: Longs, phase: int, order: Rows) -> None:
        """When to look again at those who may be outside, and whom to ask where they are."""
        policy, a = self._policy.fence, self._fleet.arrays
        pairs, owner = self._fences.pairs_of(rows)
        left, tuned = (
            (a.condition_bits[rows] & _FENCE_LEFT_BIT) != 0,
            self._crossings.tuned(self._fences, pairs),
        )
        suspected = partial(self._crossings.suspected, self._fences, pairs, owner, left)
        silence = np.maximum(
            ms(policy.silence_s), (policy.silence_gaps * a.fix_gap_ms[rows]).astype(np.int64)
        )
        due = np.where(suspected(tuned.silence_p), received + silence, NOT_DUE_MS)
        stale = suspected(tuned.raise_p) & ~self._is_present(rows, received)
        due = np.where(stale, np.minimum(received + ms(policy.settle_s), a.fence_due_ms[rows]), due)
        a.fence_due_ms[rows] = np.where(due == NOT_DUE_MS, due, -(-due // 1000) * 1000)
        asks = suspected(policy.ask_p) & (a.kind_code[rows] == _WRISTBAND)
        self.ask(rows[asks], received[asks], phase, order[asks])

    def ask(self, rows: Rows, now_ms: Longs, phase: int, order: Rows) -> None:
        """Where are they? Not more often than `ask_every_s`."""
        asked_at_ms = self._fleet.arrays.asked_at_ms
        asks = np.flatnonzero(now_ms - asked_at_ms[rows] >= ms(self._policy.fence.ask_every_s))
        asked_at_ms[rows[asks]] = now_ms[asks]
        self._asks += [Ask(int(now_ms[i]), phase, int(order[i]), int(rows[i])) for i in asks]

    def _is_present(self, rows: Rows, now_ms: Longs) -> Bools:
        """Whether the newest fix says where the wearer is, and not where he was."""
        age = now_ms - self._fleet.arrays.fix_at_ms[rows]
        return np.asarray(age <= ms(self._policy.fence.present_s))

    def fire(self, row: int, due_ms: int) -> None:
        """Nothing came that says otherwise."""
        self._fleet.arrays.fence_due_ms[row] = NOT_DUE_MS
        rows = np.array([row])
        pairs, _ = self._fences.pairs_of(rows)
        self._note_ways(pairs, np.full(len(pairs), due_ms))
        self._crossings.convict(self._fences, rows)
        self._decide(rows, np.array([due_ms]), TIMER, rows, None)
        self._ways.clear()

    def _margin_m(self, pairs: Rows) -> Floats:
        """Signed margin of the devices' last fixes: (pairs,)."""
        arrays = self._fleet.arrays
        rows = self._fences.pair_row[pairs]
        return self._fences.shapes.margin_m(
            self._fences.pair_fence[pairs], arrays.fix_lat_deg[rows], arrays.fix_lon_deg[rows]
        )

    def edited(self, pairs: Rows) -> None:
        """Whoever was last seen inside of a new or redrawn safe fence occupies it."""
        fix_at_ms = self._fleet.arrays.fix_at_ms[self._fences.pair_row[pairs]]
        is_safe, _ = self._fences.roles(pairs)
        inside = is_safe & (fix_at_ms != LONG_AGO_MS) & (self._margin_m(pairs) >= 0)
        self._crossings.assume_occupied(pairs[inside], fix_at_ms[inside])

    def changed(self, rows: Rows, at_ms: int) -> None:
        """A schedule or an outing changed what holds these devices: decide anew on what is known."""
        self._decide(rows, np.full(len(rows), at_ms), TIMER, rows, None)

    def _decide(self, rows: Rows, at_ms: Longs, phase: int, order: Rows, witness: Bools | None) -> None:
        """Begin and end the fence conditions of some devices. `witness`: of their pairs, if a fix came."""
        pairs, owner = self._fences.pairs_of(rows)
        seen = np.zeros(len(pairs), np.bool_) if witness is None else witness
        held = (self._fleet.arrays.condition_bits[rows] & _FENCE_LEFT_BIT) != 0
        rearmed = (self._fleet.arrays.rearm_bits[rows] & _FENCE_LEFT_BIT) != 0
        left, back = self._crossings.left(self._fences, pairs, owner, len(rows))
        self._outings.come_home(rows)
        left &= ~self._outings.in_grace(rows, at_ms)
        present = self._is_present(rows, at_ms) | (phase == TIMER)
        is_safe, in_force = self._fences.roles(pairs)
        anew = np.bincount(owner[is_safe & in_force & ~seen], minlength=len(rows)) == 0
        for i in np.flatnonzero((left & present & (~held | (rearmed & anew))) | (back & held)):
            when = int(at_ms[i]), phase, int(order[i])
            self._leave(int(rows[i]), when, begins=bool(left[i]))
        self._decide_entered(pairs, owner, seen, present[owner], at_ms, phase, order)

    def _leave(self, row: int, when: tuple[int, int, int], *, begins: bool) -> None:
        if begins:
            pair, occupied = self._crossings.last_occupied(self._fences, row)
            assert pair is not None, "nobody leaves without a safe fence in force"
            if row in self._fleet.left_fence:  # raised anew: the same identity
                fence_id = self._fleet.left_fence[row]
                same = self._fences.pair_of(row, fence_id)
                pair = pair if same is None else same
            else:
                fence_id = self._fences.ids[int(self._fences.pair_fence[pair])] if occupied else None
            because = self._begin_because(pair, when) | self._outings.words(row)
            self._fleet.left_fence[row] = fence_id
        else:
            fence_id = self._fleet.left_fence.pop(row)
            because = self._fence_over_because(row, fence_id) | self._outings.words(row)
        self._debounce.set(self._fence_event(when, FENCE_LEFT, begins, row, fence_id, because))

    def _decide_entered(
        self, pairs: Rows, owner: Rows, seen: Bools, present: Bools, at_ms: Longs, phase: int, order: Rows
    ) -> None:
        state = self._crossings.pairs
        is_safe, in_force = self._fences.roles(pairs)
        counts = ~is_safe & in_force
        verdict = self._crossings.verdicts(pairs)
        entered = counts & self._crossings.breached(pairs)
        back = ~counts | (verdict == CALM)
        held = state.entered[pairs]
        begins_now = entered & present & (~held | (state.rearm[pairs] & seen))
        for i in np.flatnonzero(begins_now | (back & held)):
            pair, begins = int(pairs[i]), bool(entered[i])
            state.entered[pair], state.rearm[pair] = begins, False
            fence_id = self._fences.ids[int(self._fences.pair_fence[pair])]
            when = int(at_ms[owner[i]]), phase, int(order[owner[i]])
            row = int(self._fences.pair_row[pair])
            because = self._begin_because(pair, when) if begins else self._fence_because(pair)
            self._debounce.events.append(
                self._fence_event(when, FENCE_ENTERED, begins, row, fence_id, because)
            )

    def _fence_event(
        self,
        when: tuple[int, int, int],
        kind: int,
        begins: bool,
        row: int,
        fence_id: str | None,
        because: dict[str, Any],
    ) -> Event:
        """The cause is the last fix, if a fix is the cause."""
        if when[1] == TIMER:
            return Event(*when, kind, begins, row, fence_id, because)
        measured_ms = int(self._fleet.arrays.fix_measured_at_ms[row])
        return Event(*when, kind, begins, row, fence_id, because, measured_ms, when[0])

    def _fence_because(self, pair: int) -> dict[str, Any]:
        arrays, row = self._fleet.arrays, int(self._fences.pair_row[pair])
        if arrays.fix_at_ms[row] == LONG_AGO_MS:
            return {"rule": "fence"}
        margin_m = float(self._margin_m(np.array([pair]))[0])
        is_safe = bool(self._fences.is_safe[self._fences.pair_fence[pair]])
        fix = words_of_fix(margin_m, float(arrays.fix_acc_m[row]), int(arrays.fix_src[row]))
        return fix | self._crossings.words(pair, row, is_safe=is_safe)

    def _begin_because(self, pair: int, when: tuple[int, int, int]) -> dict[str, Any]:
        """Why somebody counts as gone, or come, and how she walks."""
        silence = self._silence(int(self._fences.pair_row[pair]), when)
        way = self._ways[pair] if pair in self._ways else self._wander.words(pair, when[0])
        return self._fence_because(pair) | silence | way

    def _silence(self, row: int, when: tuple[int, int, int]) -> dict[str, Any]:
        """For how long the fix that this stands on has been the last one, where a timer decides."""
        fix_ms = int(self._fleet.arrays.fix_at_ms[row])
        return {"silent_ms": when[0] - fix_ms} if when[1] == TIMER and fix_ms != LONG_AGO_MS else {}

    def _fence_over_because(self, row: int, fence_id: str | None) -> dict[str, Any]:
        """Why a wearer counts as no longer away from a fence, which may be gone by now."""
        pair = self._fences.pair_of(row, fence_id)
        if pair is None:
            pair, _ = self._crossings.last_occupied(self._fences, row)
        if pair is None:
            return {"rule": "fence", "in_force": False}
        _, in_force = self._fences.roles(np.array([pair]))
        return self._fence_because(pair) | {"in_force": bool(in_force[0])}
