"""Holds conditions: begins and ends them, at once or after their on- or off-delay."""

from __future__ import annotations

from typing import Any

import numpy as np

from alerts.contact import Contact
from alerts.fleet import NOT_DUE_MS, Fleet, Pending, whole_second_ms
from alerts.lifecycle import TIMER, Event
from alerts.vocabulary import KIND_INDEX

CONTACT_LOST = KIND_INDEX["contact_lost"]


class Debounce:
    """Scalar: only devices whose conditions change come here."""

    def __init__(self, fleet: Fleet, delays_ms: dict[int, tuple[int, int]], contact: Contact) -> None:
        self._fleet, self._contact = fleet, contact
        self._delays_ms = delays_ms  # kind index -> (on, off)
        self.events: list[Event] = []

    def holds(self, row: int, kind: int) -> bool:
        return bool(int(self._fleet.arrays.condition_bits[row]) >> kind & 1)

    def is_rearmed(self, row: int, kind: int) -> bool:
        """Whether a person closed the alarm while the condition held."""
        return bool(int(self._fleet.arrays.rearm_bits[row]) >> kind & 1)

    def rearm(self, row: int, kind: int) -> None:
        self._fleet.arrays.rearm_bits[row] |= 1 << kind

    def asserted(self, event: Event) -> None:
        """A reading says that the condition is there: begin it, or let it wait for its on-delay."""
        row, kind = event.row, event.kind
        waiting = self._fleet.waiting(row, kind)
        if waiting is not None and not waiting.begins:
            self._fleet.forget(row, kind)
        if self.holds(row, kind):
            if self.is_rearmed(row, kind):
                self.set(event)
        elif waiting is None:
            self._after(event, self._delays_ms.get(kind, (0, 0))[0])

    def denied(self, event: Event) -> None:
        """A reading says that the condition is over: end it, or let it wait for its off-delay."""
        row, kind = event.row, event.kind
        waiting = self._fleet.waiting(row, kind)
        if waiting is not None and waiting.begins:
            self._fleet.forget(row, kind)
        if self.holds(row, kind) and (waiting is None or waiting.begins):
            self._after(event, self._delays_ms.get(kind, (0, 0))[1])

    def set(self, event: Event) -> None:
        """Begin or end a condition now; what waited is settled by it."""
        bit = 1 << event.kind
        arrays = self._fleet.arrays
        self._fleet.forget(event.row, event.kind)
        arrays.rearm_bits[event.row] &= ~bit & 0xFFFFFFFF
        if event.begins:
            arrays.condition_bits[event.row] |= bit
        else:
            arrays.condition_bits[event.row] &= ~bit & 0xFFFFFFFF
        self.events.append(event)

    def _after(self, event: Event, delay_ms: int) -> None:
        if delay_ms == 0:
            self.set(event)
            return
        due_ms = whole_second_ms(event.at_ms + delay_ms)
        self._fleet.wait(event.row, event.kind, Pending(due_ms, event.begins, event.because))

    def fire_due(self, row: int, until_ms: int) -> None:
        """Everything of one device that is due by then, in the order of its time."""
        while (due_ms := min(dues := self._fleet.due_ms(row))) <= until_ms:
            if dues[0] == due_ms:
                self._miss(row, due_ms)
                continue
            waiting = self._fleet.pending[row]
            kind = min(kind for kind, pending in waiting.items() if pending.due_ms == due_ms)
            pending = waiting[kind]
            self.set(_timer(due_ms, row, kind, pending.begins, pending.because))

    def _miss(self, row: int, due_ms: int) -> None:
        arrays = self._fleet.arrays
        arrays.contact_due_ms[row] = NOT_DUE_MS
        last_ms, every_ms = int(arrays.last_contact_ms[row]), int(self._contact.usual_ms(np.array([row]))[0])
        because: dict[str, Any] = {"rule": "contact", "last_contact_ms": last_ms, "every_ms": every_ms}
        self.set(_timer(due_ms, row, CONTACT_LOST, True, because))


def _timer(at_ms: int, row: int, kind: int, begins: bool, because: dict[str, Any]) -> Event:
    return Event(at_ms, TIMER, row, kind, begins, row, None, because)
