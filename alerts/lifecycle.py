"""The life of an alarm: every change of state in the product is a row of LIFECYCLE.

Identity: (subject_type, subject_id, kind, fence_id). One open episode an identity; an episode has
an `alarm_id` of its own. Source: contract, section 2; ISA-18.2 for the states.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from alerts.commands import AlarmCommand, CommandResult
from alerts.fleet import Fleet, whole_second_ms
from alerts.policy import Policy, ms
from alerts.vocabulary import (
    HIGHER,
    KINDS,
    LATCHING,
    PERSON_MAY_BE_OUT,
    Outcome,
    Priority,
    State,
    SubjectType,
)

Identity = tuple[SubjectType, str, str, str | None]
# When something ends, a text that orders identities (None and text do not compare), and whose it is.
_End = tuple[int, str, Identity]


class Rule(NamedTuple):
    """Where an input leads. `latching`: the same for latching kinds; None: the input is refused."""

    to: State | None
    latching: State | None
    counts: bool = False  # the condition returned: `count` goes up


_STAYS: Final = Rule(None, None)

# (state, input) -> where it leads. `raise` and `over` come from conditions, the rest from people.
LIFECYCLE: Final[dict[tuple[State, str], Rule]] = {
    ("normal", "raise"): Rule("active_unacknowledged", "active_unacknowledged"),
    ("normal", "over"): _STAYS,
    ("normal", "acknowledge"): _STAYS,
    ("normal", "unacknowledge"): _STAYS,
    ("normal", "close"): _STAYS,
    ("active_unacknowledged", "raise"): Rule("active_unacknowledged", "active_unacknowledged", counts=True),
    ("active_unacknowledged", "over"): Rule("cleared_unacknowledged", None),
    ("active_unacknowledged", "acknowledge"): Rule("active_acknowledged", "active_acknowledged"),
    ("active_unacknowledged", "unacknowledge"): _STAYS,
    ("active_unacknowledged", "close"): Rule("normal", "normal"),
    ("active_acknowledged", "raise"): Rule("active_unacknowledged", "active_unacknowledged", counts=True),
    ("active_acknowledged", "over"): Rule("normal", None),
    ("active_acknowledged", "acknowledge"): _STAYS,
    ("active_acknowledged", "unacknowledge"): Rule("active_unacknowledged", "active_unacknowledged"),
    ("active_acknowledged", "close"): Rule("normal", "normal"),
    ("cleared_unacknowledged", "raise"): Rule("active_unacknowledged", "active_unacknowledged", counts=True),
    ("cleared_unacknowledged", "over"): _STAYS,
    ("cleared_unacknowledged", "acknowledge"): Rule("normal", "normal"),
    ("cleared_unacknowledged", "unacknowledge"): _STAYS,
    ("cleared_unacknowledged", "close"): Rule("normal", "normal"),
}

_OUTCOMES: Final[tuple[Outcome, ...]] = ("real", "false", "test", "other")


@dataclass(slots=True)
class Alarm:
    """One episode, as of its last transition (contract, section 5)."""

    alarm_id: str
    version: int
    seq: int
    raised_seq: int
    subject_type: SubjectType
    subject_id: str
    device_id: str | None
    site_id: str | None
    resident_id: str | None
    kind: str
    fence_id: str | None
    priority: Priority
    state: State
    count: int
    because: dict[str, Any]
    position: dict[str, Any] | None
    measured_at_ms: int | None
    received_at_ms: int | None
    raised_at_ms: int
    shelved: bool = False
    shelved_until_ms: int | None = None
    suppressed: bool = False
    out_of_service: bool = False
    assignee: str | None = None
    acknowledged_at_ms: int | None = None
    cleared_at_ms: int | None = None
    closed_at_ms: int | None = None
    outcome: str | None = None
    # The alarm of the outage that explains this one, or explained it until it was over.
    suppressed_by: str | None = None

    @property
    def identity(self) -> Identity:
        return self.subject_type, self.subject_id, self.kind, self.fence_id


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the journal. `alarm` is the episode after it."""

    seq: int
    at_ms: int
    event: str
    from_state: State
    alarm: Alarm
    because: dict[str, Any]
    operator: str | None = None
    text: str | None = None


class Event(NamedTuple):
    """A condition of a device, a site or a zone that begins (or is reported anew), or is over."""

    at_ms: int
    phase: int  # TIMER or READING: who comes first in the same millisecond
    order: int  # device row of a timer, arrival of a reading
    kind: int
    begins: bool
    row: int
    fence_id: str | None
    because: dict[str, Any]
    measured_at_ms: int | None = None
    received_at_ms: int | None = None
    position: dict[str, Any] | None = None  # of the device when it happened
    subject: tuple[SubjectType, str] | None = None  # None: the device of this row; else row is -1

    def when(self) -> tuple[int, int, int, int]:
        """Sorting key: does not depend on how messages were batched."""
        return self.at_ms, self.phase, self.order, self.kind


TIMER: Final = 0
READING: Final = 1


class Alarms:
    """All open episodes and shelves; turns events and commands into transitions."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.open: dict[Identity, Alarm] = {}
        self.by_id: dict[str, Alarm] = {}
        self.shelves: dict[Identity, int] = {}  # until when
        self._shelf_ends: list[_End] = []
        self.last_seq = 0
        # The alarm of the outage that explains an alarm; None: it stands for itself.
        self.explained_by: Callable[[Alarm], str | None] = lambda _alarm: None
        # When an identity was raised lately, and which condition is over but still chatters until when.
        self.raises: dict[Identity, deque[int]] = {}
        self.latched: dict[Identity, int] = {}
        self._latch_ends: list[_End] = []

    def apply(self, events: Iterable[Event], fleet: Fleet) -> list[Transition]:
        """Take sorted events; what changes nothing makes no transition."""
        transitions: list[Transition] = []
        for event in events:
            transitions += self.expire(event.at_ms)
            made = self._begin(event, fleet) if event.begins else self._over(event, fleet)
            if made is not None:
                transitions.append(made)
        return transitions

    def next_due_ms(self, never_ms: int) -> int:
        """When the first shelf or latch ends."""
        return min((ends[0][0] for ends in (self._shelf_ends, self._latch_ends) if ends), default=never_ms)

    def expire(self, until_ms: int) -> list[Transition]:
        """Shelves and latches end by themselves, in the order of their time."""
        transitions = []
        while (due_ms := self.next_due_ms(until_ms + 1)) <= until_ms:
            if self._shelf_ends and self._shelf_ends[0][0] == due_ms:
                made = self._end_shelf(due_ms, heapq.heappop(self._shelf_ends)[2])
            else:
                made = self._end_latch(due_ms, heapq.heappop(self._latch_ends)[2])
            if made is not None:
                transitions.append(made)
        return transitions

    def _end_shelf(self, due_ms: int, identity: Identity) -> Transition | None:
        if self.shelves.get(identity) != due_ms:
            return None  # shelved anew, or unshelved since
        del self.shelves[identity]
        alarm = self.open.get(identity)
        if alarm is None:
            return None
        alarm.shelved, alarm.shelved_until_ms = False, None
        return self._record(alarm, due_ms, "unshelve", alarm.state, {"rule": "shelf_ended"})

    def _end_latch(self, due_ms: int, identity: Identity) -> Transition | None:
        """A chattering condition has been over long enough to believe it."""
        if self.latched.get(identity) != due_ms:
            return None  # it returned since
        del self.latched[identity]
        raises = len(self.raises[identity])
        return self._clear(self.open[identity], due_ms, {"rule": "chatter_over", "raises": raises})

    def suppress(self, alarm: Alarm, at_ms: int, parent_alarm_id: str | None) -> Transition:
        """An outage explains this alarm now (its alarm's id), or none does any more (None)."""
        alarm.suppressed, alarm.suppressed_by = parent_alarm_id is not None, parent_alarm_id
        because = {"rule": "outage", "parent_alarm_id": parent_alarm_id}
        event = "suppress" if alarm.suppressed else "unsuppress"
        return self._record(alarm, at_ms, event, alarm.state, because)

    def let_go(self, alarm: Alarm, at_ms: int) -> Transition:
        """It is over, and so is the alarm that stood for it, which somebody has seen to."""
        state, to = alarm.state, LIFECYCLE[alarm.state, "acknowledge"].to
        assert to == "normal", "only what is over is let go"
        alarm.state = to
        self._end(alarm, at_ms)
        because = {"rule": "outage", "parent_alarm_id": alarm.suppressed_by, "over": True}
        return self._record(alarm, at_ms, "acknowledge", state, because)

    def _begin(self, event: Event, fleet: Fleet) -> Transition | None:
        identity = identity_of(event, fleet)
        alarm = self.open.get(identity)
        state: State = alarm.state if alarm is not None else "normal"
        rule = LIFECYCLE[state, "raise"]
        assert rule.to is not None, "a condition may always raise"
        fresh = alarm is None
        if alarm is None:
            alarm = self._new_alarm(event, identity)
        self._name_whose(alarm, event, fleet)
        alarm.count += rule.counts
        alarm.state = rule.to
        parent = self.explained_by(alarm)
        alarm.suppressed, alarm.suppressed_by = parent is not None, parent
        alarm.because = event.because if parent is None else event.because | {"parent_alarm_id": parent}
        if self._is_lost(event.because):
            alarm.priority = HIGHER[self._policy.priority[alarm.kind]]
        self._note_raise(identity, event.at_ms)
        alarm.position = event.position
        alarm.measured_at_ms, alarm.received_at_ms = event.measured_at_ms, event.received_at_ms
        alarm.cleared_at_ms = alarm.acknowledged_at_ms = None
        return self._record(alarm, event.at_ms, "raise" if fresh else "reraise", state, alarm.because)

    def _is_lost(self, because: dict[str, Any]) -> bool:
        """Whether its wearer walks as the lost do (`alerts/wander.py`)."""
        return bool(because.get("wander", {}).get("score", 0.0) >= self._policy.wander.enough)

    def _note_raise(self, identity: Identity, at_ms: int) -> None:
        self.latched.pop(identity, None)
        since_ms = at_ms - ms(self._policy.chatter.within_s)
        raises = self.raises.setdefault(identity, deque())
        raises.append(at_ms)
        while raises[0] <= since_ms:
            raises.popleft()

    def forget_calm(self, now_ms: int) -> None:
        """Drop the past of identities that have long been calm: what is left decides the same."""
        if len(self.raises) < 2 * len(self.open) + 1000:
            return
        since_ms = now_ms - ms(self._policy.chatter.within_s)
        for identity in [i for i, raises in self.raises.items() if raises[-1] <= since_ms]:
            if identity not in self.latched:
                del self.raises[identity]

    def _chatters(self, identity: Identity, at_ms: int) -> bool:
        since_ms = at_ms - ms(self._policy.chatter.within_s)
        return (
            sum(raised > since_ms for raised in self.raises.get(identity, ())) >= self._policy.chatter.raises
        )

    @staticmethod
    def _name_whose(alarm: Alarm, event: Event, fleet: Fleet) -> None:
        """The one who wears the band now, and where; a band that nobody wears keeps the last one's name."""
        if event.subject is None:
            device = fleet.devices[event.row]
            alarm.site_id = device.site_id or alarm.site_id
            alarm.resident_id = device.resident_id or alarm.resident_id

    def _new_alarm(self, event: Event, identity: Identity) -> Alarm:
        subject_type, subject_id, kind, fence_id = identity
        until_ms = self.shelves.get(identity)
        alarm = Alarm(
            alarm_id=f"A{self.last_seq + 1}", version=0, seq=0, raised_seq=self.last_seq + 1,
            subject_type=subject_type, subject_id=subject_id,
            device_id=subject_id if subject_type == "device" else None,
            site_id=subject_id if subject_type == "site" else None, resident_id=None,
            kind=kind, fence_id=fence_id,
            priority=self._policy.priority[kind], state="normal", count=1, because={}, position=None,
            measured_at_ms=None, received_at_ms=None, raised_at_ms=event.at_ms,
            shelved=until_ms is not None, shelved_until_ms=until_ms,
        )  # fmt: skip
        self.open[identity] = alarm
        self.by_id[alarm.alarm_id] = alarm
        return alarm

    def _over(self, event: Event, fleet: Fleet) -> Transition | None:
        alarm = self.open.get(identity_of(event, fleet))
        if alarm is None:
            return None
        return self._clear(alarm, event.at_ms, event.because)

    def _clear(self, alarm: Alarm, at_ms: int, because: dict[str, Any]) -> Transition | None:
        rule = LIFECYCLE[alarm.state, "over"]
        to = rule.latching if alarm.kind in LATCHING else rule.to
        if to is None:
            return None
        if to == "normal" and because["rule"] != "chatter_over" and self._chatters(alarm.identity, at_ms):
            self.latch_until(alarm.identity, whole_second_ms(at_ms + ms(self._policy.chatter.calm_s)))
            return None
        state, alarm.state = alarm.state, to
        alarm.cleared_at_ms = at_ms
        if to == "normal":
            self._end(alarm, at_ms)
        return self._record(alarm, at_ms, "clear", state, because)

    def command(self, command: AlarmCommand) -> tuple[CommandResult, Transition | None]:
        """Let a person change an alarm; the answer says whether, and why not."""
        alarm = self.by_id.get(command.alarm_id)
        refusal = self._refuse(command, alarm)
        if alarm is None or refusal is not None:
            return refusal or CommandResult(command.command_id, "unknown_alarm"), None
        state = alarm.state
        getattr(self, f"_do_{command.verb}")(alarm, command)
        because = {"rule": "command", "verb": command.verb}
        extra = {name: getattr(command, name) for name in ("outcome", "reason", "until_ms", "assignee")}
        because |= {name: value for name, value in extra.items() if value is not None}
        made = self._record(
            alarm, command.received_at_ms, command.verb, state, because, command.operator, command.text
        )
        return CommandResult(command.command_id, "done", alarm_id=alarm.alarm_id), made

    def _refuse(self, command: AlarmCommand, alarm: Alarm | None) -> CommandResult | None:
        if alarm is None:
            return CommandResult(
                command.command_id, "unknown_alarm", "no open alarm has this id", command.alarm_id
            )
        if command.version is not None and command.version != alarm.version:
            return CommandResult(
                command.command_id, "stale", f"the alarm is at version {alarm.version}", alarm.alarm_id
            )
        code, detail = _misfit(command, alarm, self._policy)
        return CommandResult(command.command_id, code, detail, alarm.alarm_id) if detail else None

    def _do_acknowledge(self, alarm: Alarm, command: AlarmCommand) -> None:
        self._move(alarm, command)
        alarm.acknowledged_at_ms = command.received_at_ms

    def _do_unacknowledge(self, alarm: Alarm, command: AlarmCommand) -> None:
        self._move(alarm, command)
        alarm.acknowledged_at_ms = None

    def _do_close(self, alarm: Alarm, command: AlarmCommand) -> None:
        """The shelf ends with the episode: the next one is news."""
        if alarm.shelved:
            self._do_unshelve(alarm, command)
        self._move(alarm, command)
        alarm.outcome = command.outcome

    def _do_assign(self, alarm: Alarm, command: AlarmCommand) -> None:
        alarm.assignee = command.assignee

    def _do_comment(self, alarm: Alarm, command: AlarmCommand) -> None:
        """The text is in the transition."""

    def _do_shelve(self, alarm: Alarm, command: AlarmCommand) -> None:
        assert command.until_ms is not None
        until_ms = whole_second_ms(command.until_ms)
        alarm.shelved, alarm.shelved_until_ms = True, until_ms
        self.shelve_until(alarm.identity, until_ms)

    def shelve_until(self, identity: Identity, until_ms: int) -> None:
        """A shelf that ends by itself."""
        self.shelves[identity] = until_ms
        heapq.heappush(self._shelf_ends, _end_at(until_ms, identity))

    def latch_until(self, identity: Identity, due_ms: int) -> None:
        """The episode stays open, so that the next raise is a count and not another alarm."""
        self.latched[identity] = due_ms
        heapq.heappush(self._latch_ends, _end_at(due_ms, identity))

    def _do_unshelve(self, alarm: Alarm, command: AlarmCommand) -> None:
        del command
        alarm.shelved, alarm.shelved_until_ms = False, None
        self.shelves.pop(alarm.identity, None)

    def _move(self, alarm: Alarm, command: AlarmCommand) -> None:
        rule = LIFECYCLE[alarm.state, command.verb]
        to = rule.latching if alarm.kind in LATCHING else rule.to
        assert to is not None, "refused before"
        alarm.state = to
        if to == "normal":
            self._end(alarm, command.received_at_ms)

    def _end(self, alarm: Alarm, at_ms: int) -> None:
        alarm.closed_at_ms = at_ms
        self.latched.pop(alarm.identity, None)
        del self.open[alarm.identity]
        del self.by_id[alarm.alarm_id]

    def _record(
        self,
        alarm: Alarm,
        at_ms: int,
        event: str,
        state: State,
        because: dict[str, Any],
        operator: str | None = None,
        text: str | None = None,
    ) -> Transition:
        self.last_seq += 1
        alarm.version += 1
        alarm.seq = self.last_seq
        return Transition(self.last_seq, at_ms, event, state, replace(alarm), because, operator, text)


def _end_at(due_ms: int, identity: Identity) -> _End:
    return due_ms, "/".join(part or "" for part in identity), identity


def identity_of(event: Event, fleet: Fleet) -> Identity:
    """Whose alarm an event is."""
    subject_type, subject_id = event.subject or ("device", fleet.devices[event.row].device_id)
    return subject_type, subject_id, KINDS[event.kind], event.fence_id


def _misfit(command: AlarmCommand, alarm: Alarm, policy: Policy) -> tuple[Any, str]:
    """(code, why not) of a command that does not fit; an empty detail means that it does."""
    verb = command.verb
    rule = LIFECYCLE.get((alarm.state, verb))
    if rule is not None and (rule.latching if alarm.kind in LATCHING else rule.to) is None:
        return "not_allowed", f"an alarm that is {alarm.state} cannot be changed by {verb}"
    if verb == "unacknowledge":
        since_ms = command.received_at_ms - (alarm.acknowledged_at_ms or 0)
        late = since_ms > ms(policy.undo_s)
        return "not_allowed", f"only within {policy.undo_s:.0f} s" if late else ""
    if verb == "close":
        return "invalid", _close_lacks(command, alarm)
    if verb == "assign":
        return "invalid", "" if command.assignee else "assignee is missing"
    if verb == "comment":
        return "invalid", "" if command.text else "text is missing"
    if verb == "shelve":
        return _shelve_misfit(command, alarm, policy)
    if verb == "unshelve":
        return "not_allowed", "" if alarm.shelved else "the alarm is not shelved"
    return "invalid", ""


def _close_lacks(command: AlarmCommand, alarm: Alarm) -> str:
    if command.outcome not in _OUTCOMES:
        return f"outcome must be one of {', '.join(_OUTCOMES)}"
    if alarm.priority == "urgent" and not (command.text or "").strip():
        return "an urgent alarm is closed with a text"
    return ""


def _shelve_misfit(command: AlarmCommand, alarm: Alarm, policy: Policy) -> tuple[Any, str]:
    if alarm.kind in LATCHING:
        return "not_allowed", f"{alarm.kind} is never shelved"
    if not (command.reason or "").strip():
        return "invalid", "reason is missing"
    if command.until_ms is None or command.until_ms <= command.received_at_ms:
        return "invalid", "until_ms must lie in the future"
    longest_s = policy.shelve_max_s
    if alarm.kind in PERSON_MAY_BE_OUT:
        longest_s = min(longest_s, policy.shelve_person_max_s)
    if command.until_ms > command.received_at_ms + ms(longest_s):
        return "invalid", f"{alarm.kind} is shelved for at most {_in_words(longest_s)}"
    return "invalid", ""


def _in_words(seconds: float) -> str:
    return f"{seconds / 3600:.0f} hours" if seconds >= 7200 else f"{seconds / 60:.0f} minutes"
