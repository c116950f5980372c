"""The step: readings, commands and the passing of time in, transitions out. No clock of its own.

The result does not depend on how a stream was cut into batches: inputs are taken in the order of
(received_at_ms, arrival), timers fire between them at the moment they are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from alerts import batch as batches
from alerts.batch import Batch, Rows
from alerts.commands import Command, CommandResult, ListeningCommand, OutingCommand, RosterCommand
from alerts.conditions import Conditions
from alerts.crossings import Crossings, pair_keys
from alerts.fence_conditions import FENCE_ENTERED, FENCE_LEFT
from alerts.fences import Fences
from alerts.fleet import (
    DEVICE_KIND_CODE,
    LONG_AGO_MS,
    NOT_DUE_MS,
    UNKNOWN_KIND,
    Fleet,
)
from alerts.lifecycle import TIMER, Alarm, Alarms, Event, Transition
from alerts.outages import Outages
from alerts.outings import Outings
from alerts.policy import Policy, ms
from alerts.roster import Device, Fence, Model, RosterEdit, Site
from alerts.vocabulary import KIND_INDEX, KINDS

# Kinds whose wearer is asked for a fresh position at once.
LOCATE_KINDS: Final = frozenset({"sos", "fall", "fence_left", "fence_entered", "no_motion"})


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Something a device is asked to do because of an alarm, or before one: then `seq` is None."""

    device_id: str
    type: str
    args: dict[str, Any]
    expires_at_ms: int
    seq: int | None  # the transition that asks
    request_id: str


@dataclass(slots=True)
class Decisions:
    """What one step decided, in order."""

    transitions: list[Transition] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)
    requests: list[DeviceRequest] = field(default_factory=list)
    next_due_ms: int = NOT_DUE_MS


class Engine:
    """All state of the alarm core; `step` is the only thing that changes it."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.now_ms = LONG_AGO_MS
        self.models: dict[str, Model] = {}
        self.sites: dict[str, Site] = {}
        self.fleet = Fleet()
        self.fences = Fences()
        self.crossings = Crossings(self.policy.fence)
        self.alarms = Alarms(self.policy)
        self.outages = Outages(self.policy.outage, self.fleet, self.sites)
        self.alarms.explained_by = self.outages.parent_of
        self.outings = Outings(self.policy, self.fleet, self.fences, self.crossings)
        self.conditions = Conditions(
            self.policy, self.fleet, self.fences, self.crossings, self.outages, self.outings
        )

    def step(self, now_ms: int, batch: Batch = batches.EMPTY, commands: Sequence[Command] = ()) -> Decisions:
        """Take readings and commands up to a moment, and let time pass until then.

        Readings and commands share one count of `arrival`; none was received before the last step's
        `now_ms` or after this one's.
        """
        assert now_ms >= self.now_ms, "time does not go back"
        if self.now_ms == LONG_AGO_MS:
            self.fences.refresh_schedules(int(batch.received_at_ms[0]) if len(batch) else now_ms)
        self._enrol_unregistered(batch.new_device_ids)
        decisions = Decisions()
        begin = 0
        for command in commands:
            end = int(np.searchsorted(batch.arrival, command.arrival))
            self._advance(batch, begin, end, command.received_at_ms, decisions)
            self._take_command(command, decisions)
            begin = end
        self._advance(batch, begin, len(batch), now_ms, decisions)
        self.now_ms = now_ms
        decisions.next_due_ms = self.next_due_ms()
        return decisions

    def next_due_ms(self) -> int:
        """When something happens by itself; NOT_DUE_MS: never."""
        return min(self.fleet.next_due_ms(), self._next_change_ms(), self._next_lapse_ms(NOT_DUE_MS))

    def _next_change_ms(self) -> int:
        """When a schedule or an outing begins or ends."""
        return min(self.fences.next_change_ms, self.outings.next_change_ms)

    def _advance(self, batch: Batch, begin: int, end: int, until_ms: int, decisions: Decisions) -> None:
        """Readings `begin` to `end`, and time until `until_ms`, stopping where what holds devices changes."""
        while (change_ms := self._next_change_ms()) <= until_ms:
            middle = begin + int(np.searchsorted(batch.received_at_ms[begin:end], change_ms))
            self._run(batch, begin, middle, change_ms, decisions)
            self._change(change_ms)
            self._settle(change_ms, decisions)
            begin = middle
        self._run(batch, begin, end, until_ms, decisions)

    def _change(self, at_ms: int) -> None:
        """Schedules and outings begin and end."""
        scheduled = self.fences.rows_of(self.fences.refresh_schedules(at_ms))
        concerned, returned = self.outings.advance(at_ms)
        self._seat_guests(at_ms)
        self.conditions.fences.changed(np.union1d(scheduled, concerned), at_ms)
        self.conditions.fences.look_again(returned, at_ms)

    def _seat_guests(self, at_ms: int) -> None:
        """Pairs for the destinations of outings, and no others beside the roster's."""
        guests = self.outings.guests()
        if guests != self.fences.guests:
            old_pairs = {key: pair for pair, key in enumerate(pair_keys(self.fences))}
            self.fences.assign(self.fleet.devices, guests)
            self._relay(old_pairs, set(), at_ms)

    def _relay(self, old_pairs: dict[tuple[int, str], int], redrawn: set[str], at_ms: int) -> None:
        """What is known of pairs to their new places."""
        self.crossings.recent.make_room(len(self.fleet))
        self.conditions.fences.edited(self.crossings.relay(old_pairs, self.fences, redrawn))
        self.outings.lay(at_ms)

    def _run(self, batch: Batch, begin: int, end: int, until_ms: int, decisions: Decisions) -> None:
        for places in rounds(batch.device_row[begin:end]):
            self.conditions.take_round(batch, places + begin)
        self.conditions.fire_due(until_ms)
        self._settle(until_ms, decisions)

    def _settle(self, until_ms: int, decisions: Decisions) -> None:
        """Let the events found so far change alarms, in the order of their time."""
        made: list[Transition] = []
        for event in self.conditions.take_events():
            made += self._lapse(event.at_ms)
            made += self.alarms.apply((event,), self.fleet)
            made += self.outages.follow(event, self.alarms)
        decisions.requests += self._requests(made)
        decisions.requests += self._asked()
        decisions.transitions += made
        decisions.transitions += self._lapse(until_ms)
        self.alarms.forget_calm(until_ms)

    def _next_lapse_ms(self, never_ms: int) -> int:
        """When a shelf or a latch ends, or an outage that is over explains nothing any more."""
        return min(self.alarms.next_due_ms(never_ms), self.outages.next_due_ms(never_ms))

    def _lapse(self, until_ms: int) -> list[Transition]:
        """What ends by itself, in the order of its time."""
        made: list[Transition] = []
        while (due_ms := self._next_lapse_ms(until_ms + 1)) <= until_ms:
            made += self.alarms.expire(due_ms)
            if self.outages.next_due_ms(due_ms + 1) <= due_ms:
                made += self.outages.expire(due_ms, self.alarms)
        return made

    def _take_command(self, command: Command, decisions: Decisions) -> None:
        if isinstance(command, ListeningCommand):
            deaf_ms = self.fleet.listen(command.received_at_ms, listening=command.listening)
            self.conditions.gaps.put_off(deaf_ms)
            return
        if isinstance(command, RosterCommand):
            decisions.results.append(self._edit_roster(command, decisions))
            return
        if isinstance(command, OutingCommand):
            decisions.results.append(self.outings.take(command))
            self._seat_guests(command.received_at_ms)
            return
        result, transition = self.alarms.command(command)
        decisions.results.append(result)
        if transition is not None:
            decisions.transitions.append(transition)
            if command.verb == "close":
                self._rearm(transition.alarm)
            if transition.alarm.kind == "site_contact_lost" and transition.alarm.state == "normal":
                decisions.transitions += self.outages.resettle(self.alarms, command.received_at_ms)

    def _rearm(self, alarm: Alarm) -> None:
        """Closed while its condition holds: only a new item raises it anew."""
        row = self.fleet.row_of.get(alarm.subject_id)
        if row is None:
            return
        kind = KIND_INDEX[alarm.kind]
        if kind == FENCE_ENTERED:
            pair = self.fences.pair_of(row, alarm.fence_id)
            if pair is not None:
                self.crossings.pairs.rearm[pair] = self.crossings.pairs.entered[pair]
            return
        of_another = kind == FENCE_LEFT and self.fleet.left_fence.get(row) != alarm.fence_id
        if self.conditions.debounce.holds(row, kind) and not of_another:
            self.conditions.debounce.rearm(row, kind)

    def _requests(self, transitions: list[Transition]) -> list[DeviceRequest]:
        """Ask for a fresh position where somebody may be in need and the last fix is old."""
        requests = []
        for made in transitions:
            alarm = made.alarm
            if made.event not in {"raise", "reraise"} or alarm.kind not in LOCATE_KINDS:
                continue
            row = self.fleet.row_of[alarm.subject_id]
            is_band = self.fleet.arrays.kind_code[row] == DEVICE_KIND_CODE["wristband"]
            if is_band and not self._is_fresh(alarm.position, made.at_ms):
                expires_ms = made.at_ms + ms(self.policy.locate_expires_s)
                requests.append(
                    DeviceRequest(alarm.subject_id, "locate", {}, expires_ms, made.seq, f"S{made.seq}")
                )
        return requests

    def _asked(self) -> list[DeviceRequest]:
        """Ask where a band is that may be outside, before anybody is paged."""
        requests = []
        for ask in self.conditions.fences.take_asks():
            device_id = self.fleet.devices[ask.row].device_id
            expires_ms = ask.at_ms + ms(self.policy.locate_expires_s)
            request_id = f"W{ask.row}-{ask.at_ms}"
            requests.append(DeviceRequest(device_id, "locate", {}, expires_ms, None, request_id))
        return requests

    def _is_fresh(self, position: dict[str, Any] | None, at_ms: int) -> bool:
        """Whether a position says where the wearer is now; one with a wrong clock does not."""
        if position is None:
            return False
        age_ms = at_ms - int(position["measured_at_ms"])
        return -ms(self.policy.clock_ahead_s) <= age_ms <= ms(self.policy.locate_after_s)

    # The roster ---------------------------------------------------------------------------------

    def _enrol_unregistered(self, device_ids: Sequence[str]) -> None:
        if device_ids:
            self.fleet.enrol(
                [Device(device_id, kind="unknown", registered=False) for device_id in device_ids]
            )
            self.fences.add_unassigned(len(device_ids))

    def _edit_roster(self, command: RosterCommand, decisions: Decisions) -> CommandResult:
        """Apply an edit whole, or refuse it whole."""
        edit = command.edit
        before = dict(self.fences.definitions)
        try:
            edited = self._edit_fences(edit)
        except ValueError as error:
            return CommandResult(command.command_id, "invalid", str(error))
        self.models |= {model.model: model for model in edit.models}
        for model_id in edit.remove_models:
            self.models.pop(model_id, None)
        self.sites.update({site.site_id: site for site in edit.sites})
        for site_id in edit.remove_sites:
            self.sites.pop(site_id, None)
        changed = self._edit_devices(edit, command.received_at_ms)
        self.outages.recount()
        if edited or changed:
            definitions = self.fences.definitions
            redrawn = {
                i for i in edited if i not in definitions or _shape(before.get(i)) != _shape(definitions[i])
            }
            old_pairs = {key: pair for pair, key in enumerate(pair_keys(self.fences))}
            entered_before = self._entered()
            self.fences.compile(self.fleet.devices, self.outings.guests(), command.received_at_ms)
            self._relay(old_pairs, redrawn, command.received_at_ms)
            self._after_edit(entered_before, old_pairs, command.received_at_ms, decisions)
        decisions.transitions += self.outages.reconsider(command.received_at_ms, self.alarms)
        return CommandResult(command.command_id, "done")

    def _edit_fences(self, edit: RosterEdit) -> set[str]:
        """Put and remove fences; returns those whose shape, role or schedule is not what it was."""
        before = dict(self.fences.definitions)
        try:
            for fence in edit.fences:
                if before.get(fence.fence_id) != fence:
                    self.fences.put(fence)
        except ValueError:
            for fence_id in set(self.fences.definitions) - set(before):
                self.fences.remove(fence_id)
            for fence in before.values():
                self.fences.put(fence)
            raise
        for fence_id in edit.remove_fences:
            self.fences.remove(fence_id)
        after = self.fences.definitions
        return {i for i in set(before) | set(after) if before.get(i) != after.get(i)}

    def _edit_devices(self, edit: RosterEdit, now_ms: int) -> bool:
        """Returns whether anything about devices changed."""
        wanted = {device.device_id: device for device in edit.devices}.values()
        known = [d for d in wanted if d.device_id in self.fleet.row_of]
        fresh = [d for d in wanted if d.device_id not in self.fleet.row_of]
        self.fleet.enrol(fresh)
        changed = [d for d in known if self.fleet.devices[self.fleet.row_of[d.device_id]] != d]
        for device in changed:
            row = self.fleet.row_of[device.device_id]
            if self.fleet.devices[row].resident_id != device.resident_id:
                self.conditions.routine.forget(row)
            self.fleet.devices[row] = device
        removed = [i for i in edit.remove_devices if self.fleet.is_registered(i)]
        for device_id in removed:
            row = self.fleet.row_of[device_id]
            self.fleet.devices[row] = Device(device_id, kind="unknown", registered=False)
            self._withdraw(row, now_ms)
        whole = bool(edit.models or edit.remove_models)
        touched = range(len(self.fleet)) if whole else [
            self.fleet.row_of[i] for i in [d.device_id for d in fresh + changed] + removed
        ]  # fmt: skip
        for row in touched:
            self._supervise(row, now_ms)
        return bool(removed or fresh or changed)

    def _withdraw(self, row: int, now_ms: int) -> None:
        """A device that left the roster: no condition of it holds any more."""
        for kind in range(len(KINDS)):
            self.fleet.forget(row, kind)
            if kind != FENCE_LEFT and self.conditions.debounce.holds(row, kind):
                event = Event(now_ms, TIMER, row, kind, False, row, None, {"rule": "removed_from_roster"})
                self.conditions.debounce.set(event)
        self.fleet.forget_past(row)
        self.conditions.routine.forget(row)
        self.crossings.recent.make_room(len(self.fleet))
        self.crossings.recent.start_anew(self.fences, np.array([row]))

    def supervise_all(self) -> None:
        """Bring every device's promise up to the models and the policy in force."""
        for row in range(len(self.fleet)):
            self._supervise(row, self.now_ms)

    def _supervise(self, row: int, now_ms: int) -> None:
        """When the silence of a device becomes an alarm. One that was never heard is not supervised.

        Whom a new promise would make late already has all of its time from now on: an edit by itself
        begins no alarm.
        """
        device, arrays = self.fleet.devices[row], self.fleet.arrays
        arrays.kind_code[row] = DEVICE_KIND_CODE.get(device.kind, UNKNOWN_KIND)
        model = self.models.get(device.model or "")
        every_s = model.contact_every_s if model and model.contact_every_s else None
        every_s = every_s or self.policy.contact_every_s.get(device.kind)
        if every_s is None or not device.registered:
            arrays.contact_every_ms[row] = arrays.contact_due_ms[row] = NOT_DUE_MS
            return
        declared = bool(model and model.contact_every_s)
        if (int(arrays.contact_every_ms[row]), bool(arrays.contact_declared[row])) == (ms(every_s), declared):
            return
        deaf_ms = self.conditions.contact.deaf_ms(row)
        arrays.contact_every_ms[row], arrays.contact_declared[row] = ms(every_s), declared
        last_ms, at = int(arrays.last_contact_ms[row]), np.array([row])
        silent = self.conditions.debounce.holds(row, KIND_INDEX["contact_lost"])
        if last_ms == LONG_AGO_MS or silent:
            arrays.contact_due_ms[row] = NOT_DUE_MS
            return
        due_ms = int(self.conditions.contact.missed_ms(at, last_ms + deaf_ms)[0])
        arrays.contact_due_ms[row] = (
            due_ms if due_ms > now_ms else self.conditions.contact.missed_ms(at, now_ms)[0]
        )

    def _entered(self) -> list[tuple[int, str]]:
        """(device row, fence id) of all pairs on which fence_entered holds."""
        held = np.flatnonzero(self.crossings.pairs.entered)
        return [
            (int(self.fences.pair_row[pair]), self.fences.ids[int(self.fences.pair_fence[pair])])
            for pair in held
        ]

    def _after_edit(
        self,
        entered_before: list[tuple[int, str]],
        old_pairs: dict[tuple[int, str], int],
        now_ms: int,
        decisions: Decisions,
    ) -> None:
        """End what the edit took away; an edit never begins anything by itself."""
        is_safe = self.fences.is_safe[self.fences.pair_fence]
        because = {"rule": "fence", "edited": True}
        for row, fence_id in entered_before:
            pair = self.fences.pair_of(row, fence_id)
            if pair is None or is_safe[pair]:
                event = Event(now_ms, TIMER, row, FENCE_ENTERED, False, row, fence_id, because)
                self.conditions.debounce.events.append(event)
            if pair is not None and is_safe[pair]:
                self.crossings.pairs.entered[pair] = self.crossings.pairs.rearm[pair] = False
        for row, left_id in list(self.fleet.left_fence.items()):
            begin, end = self.fences.pair_start[row : row + 2]
            pair = self.fences.pair_of(row, left_id)
            # The destination of an outing that is over was gone before the edit.
            gone = left_id is None or (row, left_id) not in old_pairs
            held = is_safe[begin:end].any() if gone else pair is not None and is_safe[pair]
            if not held:
                del self.fleet.left_fence[row]
                event = Event(now_ms, TIMER, row, FENCE_LEFT, False, row, left_id, because)
                self.conditions.debounce.set(event)
        self._settle(now_ms, decisions)


def _shape(fence: Fence | None) -> tuple[Any, Any] | None:
    return None if fence is None else (fence.geometry, fence.role)


def rounds(rows: Rows) -> list[Rows]:
    """The first reading of every device together, then the second, ...: places in `rows`."""
    if not len(rows):
        return []
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.append(starts, len(rows)))
    if lengths.max() == 1:
        return [np.arange(len(rows))]
    rank = np.arange(len(rows)) - np.repeat(starts, lengths)
    occurrence = np.empty(len(rows), np.int64)
    occurrence[order] = rank
    by_round = np.argsort(occurrence, kind="stable")
    return np.split(by_round, np.cumsum(np.bincount(occurrence))[:-1])
