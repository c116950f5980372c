"""Decides what a changed policy or roster would have raised or avoided: two replays, compared. Pure.

What is compared are episodes of a condition: from the moment it raises until it is over or closed,
whether somebody acknowledged in between or not. An operator hears each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from alerts.commands import AlarmCommand
from alerts.engine import Decisions
from alerts.lifecycle import Identity, Transition
from alerts.policy import Policy
from iot_gateway.batcher import Input
from iot_gateway.replay import Replayed, chunks
from iot_gateway.roster_file import Roster

Verdict = Literal["raised", "avoided", "moved", "same"]
VERDICTS: Final[tuple[Verdict, ...]] = ("raised", "avoided", "moved", "same")
_ENDLESS_MS: Final = 2**62


class World(NamedTuple):
    """What a recording is replayed under."""

    roster: Roster
    policy: Policy


@dataclass(slots=True)
class Episode:
    """One stretch of a condition. `ended_at_ms` None: it still held when the recording ended.

    `raises` counts: some kinds are raised again while they last. `because` and `position` are those
    of the first.
    """

    identity: Identity
    device_id: str | None
    site_id: str | None
    resident_id: str | None
    priority: str
    raised_at_ms: int
    because: dict[str, Any]
    position: dict[str, Any] | None
    raises: int = 1
    ended_at_ms: int | None = None

    @property
    def kind(self) -> str:
        return self.identity[2]

    @property
    def fence_id(self) -> str | None:
        return self.identity[3]


class Difference(NamedTuple):
    """One episode in both worlds, or in one of them only."""

    verdict: Verdict
    before: Episode | None
    after: Episode | None

    @property
    def shown(self) -> Episode:
        """The episode to tell of: the changed world's, where it has one."""
        shown = self.after or self.before
        assert shown is not None
        return shown

    @property
    def moved_ms(self) -> int | None:
        """How much later it is raised after the change; negative: earlier."""
        if self.before is None or self.after is None:
            return None
        return self.after.raised_at_ms - self.before.raised_at_ms


class Episodes:
    """Gathers the episodes of one replay."""

    def __init__(self) -> None:
        self.all: list[Episode] = []
        self._running: dict[Identity, Episode] = {}

    def take(self, transitions: Iterable[Transition]) -> None:
        """The next transitions, in order."""
        for transition in transitions:
            identity = transition.alarm.identity
            running = self._running.get(identity)
            if transition.event in {"raise", "reraise"}:
                if running is None:
                    self._running[identity] = _begun(transition)
                    self.all.append(self._running[identity])
                else:
                    running.raises += 1
            elif running is not None and not transition.alarm.state.startswith("active"):
                running.ended_at_ms = transition.at_ms
                del self._running[identity]


def _begun(transition: Transition) -> Episode:
    alarm = transition.alarm
    return Episode(
        identity=alarm.identity,
        device_id=alarm.device_id,
        site_id=alarm.site_id,
        resident_id=alarm.resident_id,
        priority=alarm.priority,
        raised_at_ms=transition.at_ms,
        because=transition.because,
        position=alarm.position,
    )


# Two worlds ---------------------------------------------------------------------------------------


def compare(
    inputs: Iterable[Input], base: World, changed: World, until_ms: int | None = None
) -> list[Difference]:
    """Live through the same inputs twice; what differs, in the order of time.

    An operator's command names an alarm by the id it had in the world of the recording, which the
    base stands for. In the changed world it goes to the alarm of the same identity, if one is open;
    a command that the base refuses goes nowhere. `until_ms`: time passes until then, at least.

    Raises:
        RosterError: one of the rosters cannot be used.
    """
    two = _Two(base, changed)
    last_ms: int | None = None
    for chunk in _cut_at_commands(inputs):
        last_ms = chunk[-1].received_at_ms
        two.take(chunk, last_ms)
    if last_ms is not None and until_ms is not None and until_ms > last_ms:
        two.take([], until_ms)
    return difference(two.before.all, two.after.all)


def _cut_at_commands(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    """Chunks in which an operator's command stands alone; where a stream is cut changes nothing."""
    for chunk in chunks(inputs):
        begin = 0
        for place, entry in enumerate(chunk):
            if isinstance(entry, AlarmCommand):
                if place > begin:
                    yield chunk[begin:place]
                yield [entry]
                begin = place + 1
        if begin < len(chunk):
            yield chunk[begin:]


class _Two:
    """Two cores that take the same inputs."""

    def __init__(self, base: World, changed: World) -> None:
        self._base, self._changed = Replayed(*base), Replayed(*changed)
        self.before, self.after = Episodes(), Episodes()
        self._identity_of: dict[str, Identity] = {}  # by alarm_id, in the base
        self._open: dict[Identity, str] = {}  # alarm_id, in the changed world

    def take(self, chunk: list[Input], now_ms: int) -> None:
        decided = self._base.take(chunk, now_ms)
        self._note_base(decided)
        if chunk and isinstance(chunk[0], AlarmCommand):
            done = all(result.code == "done" for result in decided.results)
            chunk = self._translated(chunk[0]) if done else []
        self._note_changed(self._changed.take(chunk, now_ms))

    def _note_base(self, decided: Decisions) -> None:
        self.before.take(decided.transitions)
        self._identity_of |= {t.alarm.alarm_id: t.alarm.identity for t in decided.transitions}

    def _note_changed(self, decided: Decisions) -> None:
        self.after.take(decided.transitions)
        for transition in decided.transitions:
            alarm = transition.alarm
            if alarm.state == "normal":
                self._open.pop(alarm.identity, None)
            else:
                self._open[alarm.identity] = alarm.alarm_id

    def _translated(self, command: AlarmCommand) -> list[Input]:
        alarm_id = self._open.get(self._identity_of[command.alarm_id])
        return [] if alarm_id is None else [replace(command, alarm_id=alarm_id, version=None)]


# The difference -----------------------------------------------------------------------------------


def difference(before: list[Episode], after: list[Episode]) -> list[Difference]:
    """Match episodes that are the same alarm and overlap in time.

    A departure that another fence is blamed for is the same departure: it counts as moved.
    """
    pairs, before, after = _paired(before, after, _identity)
    renamed, before, after = _paired(before, after, _departure)
    found = [Difference(_verdict(a, b), a, b) for a, b in pairs + renamed]
    found += [Difference("avoided", one, None) for one in before]
    found += [Difference("raised", None, one) for one in after]
    return sorted(found, key=lambda one: (one.shown.raised_at_ms, [str(part) for part in one.shown.identity]))


def _identity(episode: Episode) -> Identity | None:
    return episode.identity


def _departure(episode: Episode) -> Identity | None:
    subject_type, subject_id, kind, _ = episode.identity
    return (subject_type, subject_id, kind, None) if kind == "fence_left" else None


def _verdict(before: Episode, after: Episode) -> Verdict:
    unchanged = before.raised_at_ms == after.raised_at_ms and before.identity == after.identity
    return "same" if unchanged else "moved"


def _paired(
    before: list[Episode], after: list[Episode], key: Any
) -> tuple[list[tuple[Episode, Episode]], list[Episode], list[Episode]]:
    """(pairs, left over before, left over after). Within a key both lists are in the order of time."""
    waiting: dict[Identity, list[Episode]] = defaultdict(list)
    for episode in after:
        if (name := key(episode)) is not None:
            waiting[name].append(episode)
    pairs: list[tuple[Episode, Episode]] = []
    for episode in before:
        candidates = waiting.get(key(episode), [])
        while candidates and _end_ms(candidates[0]) < episode.raised_at_ms:
            candidates.pop(0)
        if candidates and candidates[0].raised_at_ms <= _end_ms(episode):
            pairs.append((episode, candidates.pop(0)))
    taken = {id(episode) for pair in pairs for episode in pair}
    return pairs, [e for e in before if id(e) not in taken], [e for e in after if id(e) not in taken]


def _end_ms(episode: Episode) -> int:
    return _ENDLESS_MS if episode.ended_at_ms is None else episode.ended_at_ms
