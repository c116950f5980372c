"""Decides which alarm kinds are true now: device words, limits, contact, fences.

Works in rounds: in one round each device has at most one reading, so whole columns can be read and
written at once. Only the few rows that change something are looked at one by one.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from alerts.batch import VALUE_INDEX, Batch, Bits, Bools, Floats, Longs, Rows
from alerts.contact import Contact
from alerts.crossings import Crossings, words_of_fix
from alerts.debounce import CONTACT_LOST, Debounce
from alerts.evidence import CALM
from alerts.fences import Fences
from alerts.fleet import DEVICE_KIND_CODE, DEVICE_KINDS, LONG_AGO_MS, NOT_DUE_MS, Fleet
from alerts.gaps import DATA_GAP, Gaps
from alerts.lifecycle import READING, TIMER, Event
from alerts.motion import Fixes
from alerts.outages import Outages
from alerts.policy import Limit, Policy, ms
from alerts.positions import POSITION_LOST, Positions
from alerts.vocabulary import KIND_BIT, KIND_INDEX, KINDS, MOMENTARY, kinds_of
from alerts.wander import Wander

FENCE_LEFT: Final = KIND_INDEX["fence_left"]
FENCE_ENTERED: Final = KIND_INDEX["fence_entered"]
UNREADABLE: Final = KIND_INDEX["unreadable"]
_FENCE_LEFT_BIT: Final = np.uint32(KIND_BIT["fence_left"])
_CONTACT_LOST_BIT: Final = np.uint32(KIND_BIT["contact_lost"])
NOT_WORN_BIT: Final = KIND_BIT["not_worn"]
FAULT_BIT: Final = KIND_BIT["fault"]
_WRISTBAND: Final = DEVICE_KIND_CODE["wristband"]
_FAR_MS: Final = 2**60  # beyond any time; sums of two still fit


class Ask(NamedTuple):
    """A band that may be outside is asked where it is."""

    at_ms: int
    phase: int
    order: int
    row: int


class Conditions:
    """Reads readings and timers, writes the fleet's state; `take_events` is what came of it."""

    def __init__(
        self, policy: Policy, fleet: Fleet, fences: Fences, crossings: Crossings, outages: Outages
    ) -> None:
        self._policy, self._fleet, self._fences, self._crossings = policy, fleet, fences, crossings
        self.contact = Contact(policy, fleet, outages)
        self.wander = Wander(policy.wander)
        self.gaps = Gaps(policy, fleet)
        self.positions = Positions(policy, fleet, fences, crossings)
        delays = {KIND_INDEX[x.kind]: (ms(x.on_delay_s), ms(x.off_delay_s)) for x in policy.limits}
        delays[KIND_INDEX["fault"]] = ms(policy.fault.on_delay_s), ms(policy.fault.off_delay_s)
        delays[KIND_INDEX["not_worn"]] = ms(policy.not_worn.on_delay_s), ms(policy.not_worn.off_delay_s)
        self.debounce = Debounce(fleet, delays, self.contact)
        self._limits = [(x, VALUE_INDEX[x.field], _applies(x)) for x in policy.limits]
        self._found: list[Event] = []
        self._asks: list[Ask] = []

    def take_round(self, batch: Batch, at: Rows) -> None:
        """One reading each of different devices; `at` are their places in the batch."""
        rows = batch.device_row[at]
        received = batch.received_at_ms[at]
        for i in np.flatnonzero(self._fleet.due(received, rows)):
            self._fire(int(rows[i]), int(received[i]))
        self._collect()
        self._gaps(batch, at)
        at = at[~batch.unread[at]]
        rows, received = batch.device_row[at], batch.received_at_ms[at]
        effective = self._effective_ms(batch, at)
        self._device_words(batch, at, effective)
        self._contact(rows, received, batch.arrival[at])
        self._levels(batch, at, effective)
        self._fixes(batch, at, effective)
        self._positions(batch, at)
        self._collect()

    def fire_due(self, until_ms: int) -> None:
        """Every timer of every device that is due by then."""
        for row in np.flatnonzero(self._fleet.due(until_ms)):
            self._fire(int(row), until_ms)

    def _fire(self, row: int, until_ms: int) -> None:
        self.debounce.fire_due(row, until_ms)
        due_ms = int(self._fleet.arrays.fence_due_ms[row])
        if due_ms <= until_ms and self._fleet.deaf_since_ms is None:
            self._fence_timer(row, due_ms)
        self._gap_timer(row, until_ms)

    def take_asks(self) -> list[Ask]:
        """Who is to be asked for a fix, in the order of its time."""
        asks, self._asks = sorted(self._asks), []
        return asks

    def take_events(self) -> list[Event]:
        """What began and ended since the last call, in the order of its time."""
        self._collect()
        found, self._found = sorted(self._found, key=Event.when), []
        return found

    def _collect(self) -> None:
        """An event's position is the one known when it happened, whatever the batch brings next."""
        for event in self.debounce.events:
            position = self._fleet.last_fix(event.row) if event.begins else None
            self._found.append(event._replace(position=position))
        self.debounce.events.clear()

    def _effective_ms(self, batch: Batch, at: Rows) -> Longs:
        """When readings were measured: by the device's clock set right, else the time of arrival."""
        rows, measured, received = batch.device_row[at], batch.measured_at_ms[at], batch.received_at_ms[at]
        self._learn_clocks(rows, measured, received)
        ahead, behind = ms(self._policy.clock_ahead_s), ms(self._policy.clock_behind_s)
        right = np.clip(measured, -_FAR_MS, _FAR_MS) + self._fleet.arrays.clock_off_ms[rows]
        believed = (right <= received + ahead) & (right >= received - behind)
        return np.where(believed, right, received)

    def _learn_clocks(self, rows: Rows, measured: Longs, received: Longs) -> None:
        """How far clocks are off, where readings keep saying the same. Nobody measures after arrival."""
        policy, a = self._policy, self._fleet.arrays
        off = received - np.clip(measured, -_FAR_MS, _FAR_MS)
        guess = a.clock_guess_ms[rows]
        same = (a.clock_seen[rows] > 0) & (np.abs(off - guess) <= ms(policy.clock_same_s))
        guess = np.where(same, np.minimum(guess, off), off)
        since = np.where(same, a.clock_since_ms[rows], received)
        seen = np.where(same, a.clock_seen[rows] + 1, 1)
        sure = (seen >= policy.clock_readings) & (received - since >= ms(policy.clock_learn_s))
        right = np.where(np.abs(guess) > ms(policy.clock_off_s), guess, 0)
        a.clock_guess_ms[rows], a.clock_since_ms[rows], a.clock_seen[rows] = guess, since, seen
        a.clock_off_ms[rows] = np.where(sure, right, a.clock_off_ms[rows])

    def _late(self, effective: Longs, received: Longs, newest: Longs, taken: Longs) -> Bools:
        """Which readings are older than what is known, and so say nothing of now.

        Where only such have come for long, the device's clock has gone back, and they are believed.
        """
        late: Bools = (effective < newest) & (received - taken <= ms(self._policy.late_for_s))
        return late

    # What devices say in words: every bit, whatever its age, order or fix -----------------------

    def _device_words(self, batch: Batch, at: Rows, effective: Longs) -> None:
        for i in np.flatnonzero((batch.on_bits[at] | batch.off_bits[at]) != 0):
            self._one_device_words(batch, int(at[i]), int(effective[i]))

    def _one_device_words(self, batch: Batch, place: int, said_ms: int) -> None:
        row = int(batch.device_row[place])
        on_bits, off_bits = int(batch.on_bits[place]), int(batch.off_bits[place])
        if not on_bits & KIND_BIT["unreadable"] and self.debounce.holds(row, UNREADABLE):
            self.debounce.set(_reading_event(batch, place, UNREADABLE, False, {"rule": "readable_again"}))
        because: dict[str, Any] = {"rule": "device", "kinds": kinds_of(on_bits | off_bits)}
        for kind in kinds_of(on_bits):
            self._said_on(batch, place, KIND_INDEX[kind], said_ms, because)
        for kind in kinds_of(off_bits):
            self._said_off(batch, place, KIND_INDEX[kind], said_ms, because)

    def _said_on(self, batch: Batch, place: int, kind: int, said_ms: int, because: dict[str, Any]) -> None:
        row = int(batch.device_row[place])
        newest_ms, newest_on = self._fleet.said.get((row, kind), (LONG_AGO_MS, True))
        if said_ms >= newest_ms:
            self._fleet.said[row, kind] = said_ms, True
            newest_on = True
        is_new = not self.debounce.holds(row, kind) or self.debounce.is_rearmed(row, kind)
        if is_new or KINDS[kind] in MOMENTARY:
            self.debounce.set(_reading_event(batch, place, kind, True, because))
        if not newest_on and is_new:  # it came after the word that it is over: an alarm all the same
            self.debounce.set(_reading_event(batch, place, kind, False, because | {"late": True}))

    def _said_off(self, batch: Batch, place: int, kind: int, said_ms: int, because: dict[str, Any]) -> None:
        row = int(batch.device_row[place])
        if said_ms < self._fleet.said.get((row, kind), (LONG_AGO_MS, True))[0]:
            return
        self._fleet.said[row, kind] = said_ms, False
        if self.debounce.holds(row, kind):
            self.debounce.set(_reading_event(batch, place, kind, False, because | {"on": False}))
        else:
            self._fleet.forget(row, kind)

    # Signs of life ------------------------------------------------------------------------------

    def _contact(self, rows: Rows, received: Longs, arrival: Longs) -> None:
        arrays = self._fleet.arrays
        silent = (arrays.condition_bits[rows] & _CONTACT_LOST_BIT) != 0
        for i in np.flatnonzero(silent):
            silent_ms = int(received[i] - arrays.last_contact_ms[rows[i]])
            because = {"rule": "contact", "silent_ms": silent_ms}
            event = Event(
                int(received[i]), READING, int(arrival[i]), CONTACT_LOST, False, int(rows[i]), None, because
            )
            self.debounce.set(event)
        self.contact.heard(rows, received, silent)

    # Numbers that did not come ------------------------------------------------------------------

    def _gaps(self, batch: Batch, at: Rows) -> None:
        for place, because in self.gaps.take(batch, at):
            self.debounce.set(_reading_event(batch, place, DATA_GAP, False, because))

    def _gap_timer(self, row: int, until_ms: int) -> None:
        """More of the same is no news, unless a person closed it."""
        dues = self._fleet.arrays.gap_due_ms
        while (due_ms := int(dues[row])) <= until_ms and self._fleet.deaf_since_ms is None:
            because = self.gaps.fire(row, due_ms)
            if because is None:
                continue
            begins = "missing" in because
            if (
                not begins
                or not self.debounce.holds(row, DATA_GAP)
                or self.debounce.is_rearmed(row, DATA_GAP)
            ):
                self.debounce.set(Event(due_ms, TIMER, row, DATA_GAP, begins, row, None, because))

    # Limits and states --------------------------------------------------------------------------

    def _levels(self, batch: Batch, at: Rows, effective: Longs) -> None:
        says = (
            np.isfinite(batch.values[at]).any(axis=1)
            | np.isfinite(batch.worn[at])
            | np.isfinite(batch.charging[at])
            | _in_faults(batch, at)
        )
        rows = batch.device_row[at]
        arrays, received = self._fleet.arrays, batch.received_at_ms[at]
        says &= ~self._late(effective, received, arrays.level_at_ms[rows], arrays.level_taken_ms[rows])
        at, rows = at[says], rows[says]
        if not len(at):
            return
        arrays.level_at_ms[rows], arrays.level_taken_ms[rows] = effective[says], received[says]
        self.positions.worn(rows, batch.worn[at], batch.charging[at])
        asserted, denied = self._level_bits(batch, at)
        held = arrays.condition_bits[rows]
        waits = arrays.pending_due_ms[rows] != NOT_DUE_MS
        changes = (asserted & (~held | arrays.rearm_bits[rows])) | (denied & held)
        for i in np.flatnonzero((changes != 0) | (waits & ((asserted | denied) != 0))):
            self._one_level(batch, int(at[i]), int(asserted[i]), int(denied[i]))

    def _level_bits(self, batch: Batch, at: Rows) -> tuple[Bits, Bits]:
        """The kinds each reading says are there, and those it says are over."""
        asserted = np.zeros(len(at), np.uint32)
        denied = np.zeros(len(at), np.uint32)
        kind_code = self._fleet.arrays.kind_code[batch.device_row[at]]
        for limit, column, applies in self._limits:
            value = batch.values[at, column]
            ours = applies[kind_code]
            bit = np.uint32(KIND_BIT[limit.kind])
            asserted |= np.where(ours & _beyond(limit, value), bit, np.uint32(0))
            denied |= np.where(ours & _back(limit, value), bit, np.uint32(0))
        worn, charging = batch.worn[at], batch.charging[at] == 1.0
        asserted |= np.where((worn == 0.0) & ~charging, np.uint32(NOT_WORN_BIT), np.uint32(0))
        denied |= np.where((worn == 1.0) | charging, np.uint32(NOT_WORN_BIT), np.uint32(0))
        for i in np.flatnonzero(_in_faults(batch, at)):
            (asserted if batch.faults[int(at[i])] else denied)[i] |= FAULT_BIT
        return asserted, denied

    def _one_level(self, batch: Batch, place: int, asserted: int, denied: int) -> None:
        for kind in kinds_of(asserted):
            because = self._level_because(batch, place, kind)
            self.debounce.asserted(_reading_event(batch, place, KIND_INDEX[kind], True, because))
        for kind in kinds_of(denied & ~asserted):
            because = self._level_because(batch, place, kind)
            self.debounce.denied(_reading_event(batch, place, KIND_INDEX[kind], False, because))

    def _level_because(self, batch: Batch, place: int, kind: str) -> dict[str, Any]:
        if kind == "not_worn":
            return {
                "rule": "worn",
                "worn": bool(batch.worn[place] == 1.0),
                "on_delay_s": self._policy.not_worn.on_delay_s,
            }
        if kind == "fault" and place in batch.faults:
            return {"rule": "faults", "faults": list(batch.faults[place])}
        limit, column, _ = next(entry for entry in self._limits if entry[0].kind == kind)
        value = float(batch.values[place, column])
        bound = limit.above if limit.above is not None else limit.below
        return {
            "rule": "limit",
            "field": limit.field,
            "value": value,
            "limit": bound,
            "on_delay_s": limit.on_delay_s,
        }

    # Fences -------------------------------------------------------------------------------------

    def _fixes(self, batch: Batch, at: Rows, effective: Longs) -> None:
        at, effective = at[batch.has_fix[at]], effective[batch.has_fix[at]]
        if not len(at):
            return
        rows, received, a = batch.device_row[at], batch.received_at_ms[at], self._fleet.arrays
        self._crossings.recent.make_room(len(self._fleet))
        newest, taken = a.fix_at_ms[rows], a.fix_taken_ms[rows]
        gone_back = (effective < newest) & ~self._late(effective, received, newest, taken)
        self._crossings.recent.start_anew(self._fences, rows[gone_back])
        fixes = Fixes(effective, batch.lat_deg[at], batch.lon_deg[at], batch.acc_m[at], batch.src[at])
        changed, witness = self._crossings.take(self._fences, rows, fixes)
        track = self._crossings.recent.now.track
        is_newest = (effective == track.at_ms[rows]) & (fixes.lat_deg == track.lat_deg[rows])
        self._newest_fix(batch, at[changed & is_newest], effective[changed & is_newest])
        self._decide_fences(rows[changed], received[changed], READING, batch.arrival[at][changed], witness)
        self._watch(rows[changed], received[changed], batch.arrival[at][changed])

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
        self.positions.take(rows, effective, batch.received_at_ms[at])

    def _positions(self, batch: Batch, at: Rows) -> None:
        """Who is heard, but has no position where it matters."""
        rows, received = batch.device_row[at], batch.received_at_ms[at]
        look = self.positions.look(rows, received)
        self._ask(rows[look.asks], received[look.asks], batch.arrival[at][look.asks])
        for i in look.over:
            found = bool(self._fleet.arrays.usable_taken_ms[rows[i]] == received[i])
            because: dict[str, Any] = {"rule": "position_lost", "found": found}
            self.debounce.set(_reading_event(batch, int(at[i]), POSITION_LOST, False, because))
        for i, because in zip(look.lost, look.why, strict=True):
            self.debounce.set(_reading_event(batch, int(at[i]), POSITION_LOST, True, because))

    def _watch(self, rows: Rows, received: Longs, order: Rows) -> None:
        """When to look again at those who may be outside, and whom to ask where they are."""
        policy, a = self._policy.fence, self._fleet.arrays
        pairs, owner = self._fences.pairs_of(rows)
        left_p, entered_p = self._crossings.suspicion(self._fences, pairs, owner, len(rows))
        left_p = np.where(a.condition_bits[rows] & _FENCE_LEFT_BIT, 0.0, left_p)
        likely = np.maximum(left_p, entered_p)
        silence = np.maximum(
            ms(policy.silence_s), (policy.silence_gaps * a.fix_gap_ms[rows]).astype(np.int64)
        )
        due = np.where(likely >= policy.silence_p, received + silence, NOT_DUE_MS)
        stale = (likely >= policy.raise_p) & ~self._is_present(rows, received)
        due = np.where(stale, np.minimum(received + ms(policy.settle_s), a.fence_due_ms[rows]), due)
        a.fence_due_ms[rows] = np.where(due == NOT_DUE_MS, due, -(-due // 1000) * 1000)
        asks = (likely >= policy.ask_p) & (a.kind_code[rows] == _WRISTBAND)
        self._ask(rows[asks], received[asks], order[asks])

    def _ask(self, rows: Rows, now_ms: Longs, order: Rows) -> None:
        """Where are they? Not more often than `ask_every_s`."""
        asked_at_ms = self._fleet.arrays.asked_at_ms
        asks = np.flatnonzero(now_ms - asked_at_ms[rows] >= ms(self._policy.fence.ask_every_s))
        asked_at_ms[rows[asks]] = now_ms[asks]
        self._asks += [Ask(int(now_ms[i]), READING, int(order[i]), int(rows[i])) for i in asks]

    def _is_present(self, rows: Rows, now_ms: Longs) -> Bools:
        """Whether the newest fix says where the wearer is, and not where he was."""
        age = now_ms - self._fleet.arrays.fix_at_ms[rows]
        return np.asarray(age <= ms(self._policy.fence.present_s))

    def _fence_timer(self, row: int, due_ms: int) -> None:
        """Nothing came that says otherwise."""
        self._fleet.arrays.fence_due_ms[row] = NOT_DUE_MS
        rows = np.array([row])
        self._crossings.convict(self._fences, rows, self._policy.fence.silence_p)
        self._decide_fences(rows, np.array([due_ms]), TIMER, rows, None)

    def _margin_m(self, pairs: Rows) -> Floats:
        """Signed margin of the devices' last fixes: (pairs,)."""
        arrays = self._fleet.arrays
        rows = self._fences.pair_row[pairs]
        return self._fences.shapes.margin_m(
            self._fences.pair_fence[pairs], arrays.fix_lat_deg[rows], arrays.fix_lon_deg[rows]
        )

    def fences_edited(self, pairs: Rows) -> None:
        """Whoever was last seen inside of a new or redrawn safe fence occupies it."""
        fix_at_ms = self._fleet.arrays.fix_at_ms[self._fences.pair_row[pairs]]
        is_safe, _ = self._fences.roles(pairs)
        inside = is_safe & (fix_at_ms != LONG_AGO_MS) & (self._margin_m(pairs) >= 0)
        self._crossings.assume_occupied(pairs[inside], fix_at_ms[inside])

    def fences_changed(self, rows: Rows, at_ms: int) -> None:
        """A schedule or an edit changed what holds these devices: decide anew on what is known."""
        self._decide_fences(rows, np.full(len(rows), at_ms), TIMER, rows, None)

    def _decide_fences(
        self, rows: Rows, at_ms: Longs, phase: int, order: Rows, witness: Bools | None
    ) -> None:
        """Begin and end the fence conditions of some devices. `witness`: of their pairs, if a fix came."""
        pairs, owner = self._fences.pairs_of(rows)
        seen = np.zeros(len(pairs), np.bool_) if witness is None else witness
        held = (self._fleet.arrays.condition_bits[rows] & _FENCE_LEFT_BIT) != 0
        rearmed = (self._fleet.arrays.rearm_bits[rows] & _FENCE_LEFT_BIT) != 0
        left, back = self._crossings.left(self._fences, pairs, owner, len(rows))
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
            because = self._fence_because(pair) | self._silence(row, when) | self._wandering(pair, when[0])
            self._fleet.left_fence[row] = fence_id
        else:
            fence_id = self._fleet.left_fence.pop(row)
            because = self._fence_over_because(row, fence_id)
        self.debounce.set(self._fence_event(when, FENCE_LEFT, begins, row, fence_id, because))

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
            because = self._fence_because(pair)
            if begins:
                because |= self._silence(row, when) | self._wandering(pair, when[0])
            self.debounce.events.append(
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

    def _wandering(self, pair: int, at_ms: int) -> dict[str, Any]:
        """How she walks who crossed this fence."""
        ring, row = self._crossings.recent.ring, int(self._fences.pair_row[pair])
        kept, fence = slice(int(ring.count[row])), int(self._fences.pair_fence[pair])
        margin_m = self._fences.shapes.margin_m(
            np.full(kept.stop, fence), ring.lat_deg[row, kept], ring.lon_deg[row, kept]
        )
        breach_m = -margin_m if self._fences.is_safe[fence] else margin_m
        return self.wander.words(ring, row, breach_m, at_ms)

    def _silence(self, row: int, when: tuple[int, int, int]) -> dict[str, Any]:
        """For how long the fix that this stands on has been the last one, where a timer decides."""
        fix_ms = int(self._fleet.arrays.fix_at_ms[row])
        return {"silent_ms": when[0] - fix_ms} if when[1] == TIMER and fix_ms != LONG_AGO_MS else {}

    def _fence_over_because(self, row: int, fence_id: str | None) -> dict[str, Any]:
        """Why a wearer counts as no longer away from a fence, which may be gone by now."""
        pair = self._fences.pair_of(row, fence_id)
        if fence_id is None:
            pair, _ = self._crossings.last_occupied(self._fences, row)
        if pair is None:
            return {"rule": "fence", "in_force": False}
        in_force = bool(self._fences.in_force[self._fences.pair_fence[pair]])
        return self._fence_because(pair) | {"in_force": in_force}


def _reading_event(batch: Batch, place: int, kind: int, begins: bool, because: dict[str, Any]) -> Event:
    received_ms = int(batch.received_at_ms[place])
    return Event(
        received_ms, READING, int(batch.arrival[place]), kind, begins, int(batch.device_row[place]),
        None, because, int(batch.measured_at_ms[place]), received_ms,
    )  # fmt: skip


def _in_faults(batch: Batch, at: Rows) -> Bools:
    """Which readings say something of faults."""
    if not batch.faults:
        return np.zeros(len(at), np.bool_)
    return np.fromiter((int(place) in batch.faults for place in at), np.bool_, len(at))


def _applies(limit: Limit) -> Bools:
    """Which device kinds a limit is for, by kind code; unknown devices have none."""
    applies = np.zeros(len(DEVICE_KINDS) + 1, np.bool_)
    applies[[DEVICE_KIND_CODE[kind] for kind in limit.device_kinds]] = True
    return applies


def _beyond(limit: Limit, value: Floats) -> Bools:
    """Comparisons with nan are false: what was not said is neither beyond nor back."""
    if limit.above is not None:
        return np.asarray(value > limit.above)
    assert limit.below is not None
    return np.asarray(value < limit.below)


def _back(limit: Limit, value: Floats) -> Bools:
    """Rounded, because 0.10 + 0.02 is a little more than the 0.12 that a device says."""
    if limit.above is not None:
        return np.asarray(value <= round(limit.above - limit.deadband, 9))
    assert limit.below is not None
    return np.asarray(value >= round(limit.below + limit.deadband, 9))
