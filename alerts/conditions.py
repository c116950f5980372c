"""Decides which alarm kinds are true now: device words, limits, contact; fences by `fence_conditions`.

Works in rounds: in one round each device has at most one reading, so whole columns can be read and
written at once. Only the few rows that change something are looked at one by one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from alerts.batch import VALUE_INDEX, Batch, Bits, Bools, Floats, Longs, Rows
from alerts.clocks import Clocks
from alerts.contact import Contact
from alerts.crossings import Crossings
from alerts.debounce import CONTACT_LOST, Debounce
from alerts.fence_conditions import FenceConditions
from alerts.fences import Fences
from alerts.fleet import DEVICE_KIND_CODE, DEVICE_KINDS, LONG_AGO_MS, NOT_DUE_MS, Fleet
from alerts.gaps import DATA_GAP, Gaps
from alerts.lifecycle import READING, TIMER, Event
from alerts.outages import Outages
from alerts.outings import Outings
from alerts.policy import Limit, Policy, ms
from alerts.positions import POSITION_LOST, Positions
from alerts.routine import Routine
from alerts.vocabulary import KIND_BIT, KIND_INDEX, KINDS, MOMENTARY, kinds_of
from alerts.wander import Wander

UNREADABLE: Final = KIND_INDEX["unreadable"]
_CONTACT_LOST_BIT: Final = np.uint32(KIND_BIT["contact_lost"])
NOT_WORN_BIT: Final = KIND_BIT["not_worn"]
FAULT_BIT: Final = KIND_BIT["fault"]


class Conditions:
    """Reads readings and timers, writes the fleet's state; `take_events` is what came of it."""

    def __init__(
        self, policy: Policy, fleet: Fleet, fences: Fences, crossings: Crossings, outages: Outages,
        outings: Outings,
    ) -> None:  # fmt: skip
        self._policy, self._fleet = policy, fleet
        self._clocks = Clocks(policy, fleet)
        self.contact = Contact(policy, fleet, outages)
        self.gaps = Gaps(policy, fleet)
        self.routine = Routine(policy.wander)
        wander = Wander(policy.wander, fences, crossings, self.routine)
        self.positions = Positions(policy, fleet, fences, crossings, wander)
        delays = {KIND_INDEX[x.kind]: (ms(x.on_delay_s), ms(x.off_delay_s)) for x in policy.limits}
        delays[KIND_INDEX["fault"]] = ms(policy.fault.on_delay_s), ms(policy.fault.off_delay_s)
        delays[KIND_INDEX["not_worn"]] = ms(policy.not_worn.on_delay_s), ms(policy.not_worn.off_delay_s)
        self.debounce = Debounce(fleet, delays, self.contact)
        self.fences = FenceConditions(
            policy,
            fleet,
            fences,
            crossings,
            outings,
            self._clocks,
            self.debounce,
            self.positions,
            self.routine,
            wander,
        )
        self._limits = [(x, VALUE_INDEX[x.field], _applies(x)) for x in policy.limits]
        self._found: list[Event] = []

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
        effective = self._clocks.effective_ms(batch, at)
        self._device_words(batch, at, effective)
        self._contact(rows, received, batch.arrival[at])
        self._levels(batch, at, effective)
        self.fences.take(batch, at, effective)
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
            self.fences.fire(row, due_ms)
        self._gap_timer(row, until_ms)

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

    # Where nobody knows where she is ------------------------------------------------------------

    def _positions(self, batch: Batch, at: Rows) -> None:
        """Who is heard, but has no position where it matters."""
        rows, received = batch.device_row[at], batch.received_at_ms[at]
        look = self.positions.look(rows, received)
        self.fences.ask(rows[look.asks], received[look.asks], READING, batch.arrival[at][look.asks])
        for i in look.over:
            found = bool(self._fleet.arrays.usable_taken_ms[rows[i]] == received[i])
            because: dict[str, Any] = {"rule": "position_lost", "found": found}
            self.debounce.set(_reading_event(batch, int(at[i]), POSITION_LOST, False, because))
        for i, because in zip(look.lost, look.why, strict=True):
            self.debounce.set(_reading_event(batch, int(at[i]), POSITION_LOST, True, because))

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
        says &= ~self._clocks.late(effective, received, arrays.level_at_ms[rows], arrays.level_taken_ms[rows])
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
