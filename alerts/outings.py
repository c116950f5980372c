"""Decides whom an approved outing lets out, what holds a wearer meanwhile, and who is late to come home.

An outing is a resident's. While it runs no safe fence holds the wearer, until the destination has been
reached, if there is one: from then on it holds the wearer together with the fences of every day. Forbidden
fences and every other kind of alarm stay as they are. It begins and ends on a whole second, as a timer. At its
end the fences count again; whoever is not home then has a grace before leaving is raised, unless it was a
person who ended it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from alerts.batch import Bools, Longs, Rows
from alerts.commands import CommandResult, OutingCommand
from alerts.crossings import Crossings
from alerts.evidence import CALM
from alerts.fences import COUNTS, SAFE, SCHEDULED, SUSPENDED, Fences
from alerts.fleet import LONG_AGO_MS, NOT_DUE_MS, Fleet, whole_second_ms
from alerts.policy import Policy, ms

# Of one resident: an outing every day and some more.
MAX_APPROVED: Final = 50


@dataclass(frozen=True, slots=True)
class Outing:
    """From `from_ms` on and before `until_ms`. `fence_id`: the destination. `ended`: a person ended it."""

    outing_id: str
    resident_id: str
    from_ms: int
    until_ms: int
    fence_id: str | None = None
    ended: bool = False


class Overdue(NamedTuple):
    """A wearer who has not been seen at home since an outing ended. Nothing is raised before `due_ms`."""

    outing_id: str
    resident_id: str
    ended_at_ms: int
    due_ms: int


class Refusal(NamedTuple):
    """Why a command cannot be followed."""

    code: Literal["not_allowed", "invalid"]
    detail: str


class Outings:
    """All outings that are not over, and whom they concern; `running` and `overdue` are by device row."""

    def __init__(self, policy: Policy, fleet: Fleet, fences: Fences, crossings: Crossings) -> None:
        self._policy, self._fleet, self._fences, self._crossings = policy, fleet, fences, crossings
        self.approved: dict[str, Outing] = {}
        self.running: dict[int, Outing] = {}
        self.overdue: dict[int, Overdue] = {}
        self.next_change_ms = NOT_DUE_MS
        self._laid_ms = LONG_AGO_MS

    # What people say ----------------------------------------------------------------------------

    def take(self, command: OutingCommand) -> CommandResult:
        """Follow a command, or say why not. What it changes happens in a later second."""
        known = self.approved.get(command.outing_id)
        asked = self._asked(command, known)
        refusal = asked if isinstance(asked, Refusal) else self._misfit(asked, known, command.received_at_ms)
        if refusal is not None:
            return CommandResult(command.command_id, refusal.code, refusal.detail)
        assert isinstance(asked, Outing)
        if asked.ended and asked.from_ms >= asked.until_ms:
            del self.approved[asked.outing_id]  # it had not begun
        else:
            self.approved[asked.outing_id] = asked
        self.lay(command.received_at_ms)
        return CommandResult(command.command_id, "done")

    def _asked(self, command: OutingCommand, known: Outing | None) -> Outing | Refusal:
        """The outing as it would be."""
        if command.verb == "approve":
            if known is not None:
                return Refusal("not_allowed", "there is an outing of this id already")
            if command.resident_id is None or command.from_ms is None or command.until_ms is None:
                return Refusal("invalid", "an outing needs a resident, a beginning and an end")
            return Outing(
                command.outing_id, command.resident_id, command.from_ms, command.until_ms, command.fence_id
            )
        if known is None or known.ended:
            return Refusal("not_allowed", "the outing is over")
        if command.verb == "end":
            return replace(known, until_ms=whole_second_ms(command.received_at_ms + 1), ended=True)
        from_ms = known.from_ms if command.from_ms is None else command.from_ms
        until_ms = known.until_ms if command.until_ms is None else command.until_ms
        return replace(known, from_ms=from_ms, until_ms=until_ms)

    def _misfit(self, asked: Outing, known: Outing | None, now_ms: int) -> Refusal | None:
        if asked.ended:
            return None
        policy, begun = self._policy, known is not None and known.from_ms <= now_ms
        if asked.from_ms % 1000 or asked.until_ms % 1000:
            return Refusal("invalid", "an outing begins and ends on a whole second")
        if begun and known is not None and asked.from_ms != known.from_ms:
            return Refusal("not_allowed", "the outing has begun: its beginning cannot be changed")
        if not begun and asked.from_ms <= now_ms:
            return Refusal("invalid", "an outing cannot begin in the past")
        if asked.until_ms <= max(asked.from_ms, now_ms):
            return Refusal("invalid", "an outing ends after its beginning, and not in the past")
        if asked.until_ms - asked.from_ms > ms(policy.outing_max_s):
            return Refusal("invalid", f"an outing lasts at most {policy.outing_max_s / 3600:g} hours")
        if asked.from_ms - now_ms > ms(policy.outing_ahead_s):
            days = policy.outing_ahead_s / 86_400
            return Refusal("invalid", f"an outing begins at most {days:g} days from now")
        fence = self._fences.definitions.get(asked.fence_id or "")
        if known is None and asked.fence_id is not None and (fence is None or fence.role != SAFE):
            return Refusal("invalid", "the destination must be a safe fence of the roster")
        others = [o for o in self.approved.values() if o.resident_id == asked.resident_id and o != known]
        for other in others:
            if other.from_ms < asked.until_ms and asked.from_ms < other.until_ms:
                return Refusal(
                    "not_allowed", f"it overlaps the outing {other.outing_id} of the same resident"
                )
        if len(others) >= MAX_APPROVED:
            return Refusal("not_allowed", f"a resident has at most {MAX_APPROVED} outings ahead")
        return None

    # Time ---------------------------------------------------------------------------------------

    def advance(self, at_ms: int) -> tuple[Rows, Rows]:
        """Begin, end, and let graces pass: (device rows to decide on anew, those whose outing ended)."""
        before = self.running
        over = [outing for outing in self.approved.values() if outing.until_ms <= at_ms]
        for outing in over:
            del self.approved[outing.outing_id]
        self.lay(at_ms)
        returned = [row for row in before if row not in self.running]
        for row in returned:
            if row not in self._fleet.left_fence:  # who is missed already gets no grace
                self.overdue[row] = self._overdue(before[row])
        begun = [row for row, outing in self.running.items() if not _same(before.get(row), outing)]
        due = [row for row, late in self.overdue.items() if late.due_ms == at_ms]
        self._plan()
        return np.array(sorted({*returned, *begun, *due}), np.int64), np.array(sorted(returned), np.int64)

    def _overdue(self, outing: Outing) -> Overdue:
        grace_ms = 0 if outing.ended else ms(self._policy.outing_grace_s)
        due_ms = whole_second_ms(outing.until_ms + grace_ms)
        return Overdue(outing.outing_id, outing.resident_id, outing.until_ms, due_ms)

    def lay(self, at_ms: int) -> None:
        """Work out who is out, and which pairs count, after a change of outings, devices or pairs."""
        rows_of = self._rows_by_resident()
        self.running = {
            row: outing
            for outing in self.approved.values()
            if outing.from_ms <= at_ms < outing.until_ms
            for row in rows_of[outing.resident_id]
        }
        self.overdue = {
            row: late
            for row, late in self.overdue.items()
            if row not in self.running and self._fleet.devices[row].resident_id == late.resident_id
        }
        fences = self._fences
        fences.pair_mode = np.where(fences.pair_guest, SUSPENDED, SCHEDULED).astype(np.int8)
        for row, outing in self.running.items():
            self._lay_row(row, outing)
        self._laid_ms = at_ms
        self._plan()

    def _lay_row(self, row: int, outing: Outing) -> None:
        fences = self._fences
        pairs = np.arange(fences.pair_start[row], fences.pair_start[row + 1])
        destination = self._destination(row, outing)
        if destination is not None and self._crossings.pairs.occupied_at_ms[destination] >= outing.from_ms:
            fences.pair_mode[destination] = COUNTS
        else:
            fences.pair_mode[pairs[fences.is_safe[fences.pair_fence[pairs]]]] = SUSPENDED

    def _destination(self, row: int, outing: Outing) -> int | None:
        """The pair of it, if it is still a safe fence."""
        pair = None if outing.fence_id is None else self._fences.pair_of(row, outing.fence_id)
        return pair if pair is not None and self._fences.is_safe[self._fences.pair_fence[pair]] else None

    def _rows_by_resident(self) -> defaultdict[str, list[int]]:
        wanted = {outing.resident_id for outing in self.approved.values()}
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, device in enumerate(self._fleet.devices if wanted else ()):
            if device.resident_id in wanted:
                rows[device.resident_id].append(row)
        return rows

    def _plan(self) -> None:
        """What was due by the last look at the time has been done."""
        times = [t for o in self.approved.values() for t in (o.from_ms, o.until_ms)]
        times += [late.due_ms for late in self.overdue.values()]
        self.next_change_ms = min((t for t in times if t > self._laid_ms), default=NOT_DUE_MS)

    def guests(self) -> dict[int, frozenset[str]]:
        """The destinations of outings, by device row: evidence of them is wanted."""
        rows_of, found = self._rows_by_resident(), defaultdict[int, set[str]](set)
        for outing in self.approved.values():
            if outing.fence_id is not None:
                for row in rows_of[outing.resident_id]:
                    found[row].add(outing.fence_id)
        return {row: frozenset(fence_ids) for row, fence_ids in found.items()}

    # What fixes say -----------------------------------------------------------------------------

    def arrive(self, rows: Rows) -> None:
        """Whoever has reached the destination now is held by it."""
        for row in self.running.keys() & set(rows.tolist()) if self.running else ():
            fences = self._fences
            begin, end = fences.pair_start[row : row + 2]
            fences.pair_mode[begin:end] = np.where(fences.pair_guest[begin:end], SUSPENDED, SCHEDULED)
            self._lay_row(row, self.running[row])

    def come_home(self, rows: Rows) -> None:
        """Whoever is known to be in a safe fence in force is overdue no more."""
        for row in self.overdue.keys() & set(rows.tolist()) if self.overdue else ():
            pairs, _ = self._fences.pairs_of(np.array([row]))
            is_safe, in_force = self._fences.roles(pairs)
            if (is_safe & in_force & (self._crossings.verdicts(pairs) == CALM)).any():
                del self.overdue[row]
                self._plan()

    def in_grace(self, rows: Rows, at_ms: Longs) -> Bools:
        """Who is late, but not yet too late."""
        if not self.overdue:
            return np.zeros(len(rows), np.bool_)
        due = [self.overdue[row].due_ms if row in self.overdue else 0 for row in rows.tolist()]
        return np.asarray(at_ms < np.array(due, np.int64))

    def words(self, row: int) -> dict[str, Any]:
        """What a fence alarm says of the outing of its wearer."""
        if row in self.running:
            return {"outing_id": self.running[row].outing_id}
        if row in self.overdue:
            late = self.overdue[row]
            return {"outing_id": late.outing_id, "outing_ended_at_ms": late.ended_at_ms}
        return {}


def _same(one: Outing | None, other: Outing) -> bool:
    return one is not None and one.outing_id == other.outing_id
