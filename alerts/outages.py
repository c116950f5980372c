"""Decides when the silence of many is one outage: of a site, of a county, of everything.

Two hundred lost devices of one cause are one alarm, and the alarms of the devices are suppressed:
recorded and counted, not told. Only silence itself is ever suppressed, never a fire or an SOS.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, Final, NamedTuple

from alerts.fleet import LONG_AGO_MS, NOT_DUE_MS, Fleet, whole_second_ms
from alerts.lifecycle import TIMER, Alarm, Alarms, Event, Transition, identity_of
from alerts.policy import OutagePolicy, ms
from alerts.roster import Site
from alerts.vocabulary import KIND_INDEX, KINDS, SubjectType

CONTACT_LOST: Final = KIND_INDEX["contact_lost"]
SITE_CONTACT_LOST: Final = KIND_INDEX["site_contact_lost"]
# What an outage explains.
EXPLAINED: Final = frozenset({"contact_lost", "site_contact_lost"})
# The zone that holds every site.
EVERYWHERE: Final = "all"


class Group(NamedTuple):
    """Devices that share a cause of silence: a site, the sites of a county, or all of them."""

    subject_type: SubjectType
    subject_id: str


class Ending(NamedTuple):
    """An outage that is over: its alarm, and until when it still explains who has not been heard since."""

    alarm_id: str
    until_ms: int


ALL: Final = Group("zone", EVERYWHERE)


class Outages:
    """Counts, by group, who could be heard and who is silent. `out`: the groups that are cut off."""

    def __init__(self, policy: OutagePolicy, fleet: Fleet, sites: dict[str, Site]) -> None:
        self._policy, self._fleet, self._sites = policy, fleet, sites
        self.out: dict[Group, str] = {}  # -> the alarm that says so
        self.ending: dict[Group, Ending] = {}  # over, but the last of them are not back yet
        self._voters: Counter[Group] = Counter()
        self._silent: Counter[Group] = Counter()
        self._silent_sites: Counter[Group] = Counter()
        # Devices heard for the first time, until something happens after that: (when, row).
        self.first_heard: deque[tuple[int, int]] = deque()

    def heard_first(self, at_ms: int, row: int) -> None:
        """A device gave its first sign of life; from then on its silence says something."""
        self.first_heard.append((at_ms, row))

    def follow(self, event: Event, alarms: Alarms) -> list[Transition]:
        """What the silence of a device, or its end, changes for its groups."""
        if event.kind != CONTACT_LOST or event.row < 0:
            return []
        self._admit(event.at_ms)
        self._count_silent(event.row, 1 if event.begins else -1)
        groups = self._groups(self._fleet.devices[event.row].site_id)
        made = [one for group in groups for one in self._decide(group, event, alarms)]
        own = alarms.open.get(identity_of(event, self._fleet))
        if own is not None and _is_seen_to(own, alarms):
            made.append(alarms.let_go(own, event.at_ms))
        return made

    def recount(self) -> None:
        """Count anew, from the fleet: after an edit of the roster, and at the start."""
        self._voters, self._silent, self._silent_sites = Counter(), Counter(), Counter()
        arrays = self._fleet.arrays
        heard = arrays.last_contact_ms != LONG_AGO_MS
        self.first_heard = deque((at_ms, row) for at_ms, row in self.first_heard if heard[row])
        waiting = {row for _, row in self.first_heard}
        for row in heard.nonzero()[0]:
            if int(row) not in waiting:
                self._count(int(row), self._voters)
        for row in (arrays.condition_bits & (1 << CONTACT_LOST)).nonzero()[0]:
            self._count_silent(int(row), 1)

    def reconsider(self, now_ms: int, alarms: Alarms) -> list[Transition]:
        """An edit of the roster may end outages, never begin one."""
        self._admit(now_ms)
        edit = Event(now_ms, TIMER, 0, CONTACT_LOST, False, -1, None, {})
        over = [group for group in self.out if self._is_over(group)]
        return [made for group in over for made in self._end(group, edit, alarms)]

    def parent_of(self, alarm: Alarm) -> str | None:
        """The alarm of the outage that explains this one, the nearest first."""
        if alarm.kind not in EXPLAINED:
            return None
        own = Group(alarm.subject_type, alarm.subject_id)
        groups = self._groups(alarm.site_id) if alarm.subject_type != "zone" else (ALL,)
        wider = groups[groups.index(own) + 1 :] if own in groups else groups
        return next((alarm_id for alarm_id in map(self._explaining, wider) if alarm_id is not None), None)

    def _explaining(self, group: Group) -> str | None:
        if group in self.out:
            return self.out[group]
        return self.ending[group].alarm_id if group in self.ending else None

    def next_due_ms(self, never_ms: int) -> int:
        """When an outage that is over explains nothing any more."""
        return min((ending.until_ms for ending in self.ending.values()), default=never_ms)

    def expire(self, at_ms: int, alarms: Alarms) -> list[Transition]:
        """Who has not been heard since an outage ended is shown again."""
        self.ending = {group: ending for group, ending in self.ending.items() if ending.until_ms > at_ms}
        return self.resettle(alarms, at_ms)

    def _admit(self, before_ms: int) -> None:
        while self.first_heard and self.first_heard[0][0] < before_ms:
            self._count(self.first_heard.popleft()[1], self._voters)

    # Counting -----------------------------------------------------------------------------------

    def _groups(self, site_id: str | None) -> tuple[Group, ...]:
        """From the nearest to the widest."""
        if site_id is None:
            return (ALL,)
        site = self._sites.get(site_id)
        county = site.county if site is not None else None
        near = Group("site", site_id)
        return (near, Group("zone", county), ALL) if county else (near, ALL)

    def _votes(self, row: int) -> bool:
        """Whether a device is heard often enough that its silence tells of an outage soon."""
        every_ms = int(self._fleet.arrays.contact_every_ms[row])
        return every_ms != NOT_DUE_MS and every_ms <= ms(self._policy.voter_every_s)

    def _count(self, row: int, counter: Counter[Group]) -> None:
        if self._votes(row):
            counter.update(self._groups(self._fleet.devices[row].site_id))

    def _count_silent(self, row: int, by: int) -> None:
        if not self._votes(row):
            return
        near, *wider = self._groups(self._fleet.devices[row].site_id)
        before = self._silent[near]
        for group in (near, *wider):
            self._silent[group] += by
        if (before == 0) != (self._silent[near] == 0):
            for group in wider:
                self._silent_sites[group] += by

    def _is_out(self, group: Group) -> bool:
        silent, policy = self._silent[group], self._policy
        many = silent >= policy.min_devices and silent >= policy.share * self._voters[group]
        return many and (group.subject_type == "site" or self._silent_sites[group] >= policy.min_sites)

    def _is_over(self, group: Group) -> bool:
        return self._silent[group] <= self._policy.back_share * self._voters[group]

    # Deciding -----------------------------------------------------------------------------------

    def _decide(self, group: Group, event: Event, alarms: Alarms) -> list[Transition]:
        if group not in self.out:
            return self._begin(group, event, alarms) if event.begins and self._is_out(group) else []
        if event.begins:
            return self._again(group, event, alarms)
        return self._end(group, event, alarms) if self._is_over(group) else []

    def _begin(self, group: Group, cause: Event, alarms: Alarms) -> list[Transition]:
        made = alarms.apply([self._event(group, cause, begins=True)], self._fleet)
        self.out[group] = made[-1].alarm.alarm_id
        self.ending.pop(group, None)
        return made + self.resettle(alarms, cause.at_ms)

    def _again(self, group: Group, cause: Event, alarms: Alarms) -> list[Transition]:
        """A person closed the alarm although it goes on: one more that falls silent is news."""
        if self.out[group] in alarms.by_id:
            return []
        return self._begin(group, cause, alarms)

    def _end(self, group: Group, cause: Event, alarms: Alarms) -> list[Transition]:
        until_ms = whole_second_ms(cause.at_ms + ms(self._policy.back_s))
        self.ending[group] = Ending(self.out.pop(group), until_ms)
        made = alarms.apply([self._event(group, cause, begins=False)], self._fleet)
        return made + self.resettle(alarms, cause.at_ms)

    def resettle(self, alarms: Alarms, at_ms: int) -> list[Transition]:
        """Suppress what an outage explains now, and show again what none does any more.

        What is over by then waits with the alarm of its outage, and ends when that has been seen to.
        """
        made: list[Transition] = []
        waiting = True
        while waiting:  # a site's alarm that is let go lets go of those of its devices
            waiting = False
            for alarm in [a for a in alarms.open.values() if a.kind in EXPLAINED]:
                parent = self.parent_of(alarm)
                if alarm.suppressed and alarm.state == "cleared_unacknowledged":
                    alarm.suppressed_by = parent or alarm.suppressed_by
                    if _is_seen_to(alarm, alarms):
                        made.append(alarms.let_go(alarm, at_ms))
                        waiting = True
                elif (parent is not None) != alarm.suppressed:
                    made.append(alarms.suppress(alarm, at_ms, parent))
                else:
                    alarm.suppressed_by = parent
        return made

    def _event(self, group: Group, cause: Event, *, begins: bool) -> Event:
        because: dict[str, Any] = {
            "rule": "outage", "silent": self._silent[group], "devices": self._voters[group],
        }  # fmt: skip
        subject = group.subject_type, group.subject_id
        return Event(
            cause.at_ms,
            cause.phase,
            cause.order,
            SITE_CONTACT_LOST,
            begins,
            -1,
            None,
            because,
            subject=subject,
        )


def _is_seen_to(alarm: Alarm, alarms: Alarms) -> bool:
    """It is over, and so is the alarm of the outage that stood for it."""
    is_over = alarm.suppressed and alarm.state == "cleared_unacknowledged"
    return is_over and alarm.suppressed_by not in alarms.by_id


assert {KINDS[CONTACT_LOST], KINDS[SITE_CONTACT_LOST]} <= EXPLAINED
