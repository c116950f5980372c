"""What people ask of the core: one input of the step, decided in the order of arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alerts.roster import RosterEdit

Verb = Literal["acknowledge", "unacknowledge", "assign", "comment", "shelve", "unshelve", "close"]
VERBS: tuple[Verb, ...] = (
    "acknowledge", "unacknowledge", "assign", "comment", "shelve", "unshelve", "close",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlarmCommand:
    """An operator's verb on one alarm. `version` None skips the check for staleness.

    `arrival` counts through the readings and commands of one step: who came first.
    """

    command_id: str
    received_at_ms: int
    arrival: int
    verb: Verb
    alarm_id: str
    operator: str
    version: int | None = None
    text: str | None = None
    assignee: str | None = None
    until_ms: int | None = None
    reason: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class RosterCommand:
    """A change of the roster."""

    command_id: str
    received_at_ms: int
    arrival: int
    operator: str
    edit: RosterEdit


@dataclass(frozen=True, slots=True)
class ListeningCommand:
    """The gateway lost its ear to the devices (`listening` False), or has it back.

    Silence counts only while somebody listens: our own outage makes no device silent.
    """

    received_at_ms: int
    arrival: int
    listening: bool


OutingVerb = Literal["approve", "change", "end"]
OUTING_VERBS: tuple[OutingVerb, ...] = ("approve", "change", "end")


@dataclass(frozen=True, slots=True)
class OutingCommand:
    """What a person says of an approved outing (`alerts.outings`). Times are whole seconds.

    `change`: what is None stays. `end`: now; one that has not begun is called off.
    """

    command_id: str
    received_at_ms: int
    arrival: int
    operator: str
    verb: OutingVerb
    outing_id: str
    resident_id: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    fence_id: str | None = None


Command = AlarmCommand | RosterCommand | ListeningCommand | OutingCommand


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What became of a command.

    `code`: `done`, `unknown_alarm`, `stale` (another was faster), `not_allowed` (the verb does not
    fit the state or the kind) or `invalid` (a field is missing or wrong). `detail` says it in words.
    """

    command_id: str
    code: Literal["done", "unknown_alarm", "stale", "not_allowed", "invalid"]
    detail: str = ""
    alarm_id: str | None = None
