"""The rules once more, slowly: one input at a time, plain numbers, shapely, a heap of due times.

Written from the contract and the core's docstrings to be compared with the engine. Rules of order:
within one millisecond shelves end first, then latches, then device timers by (row, kind), then schedules by
(row, kind), then inputs by arrival; what one input changes comes in the order of (row, kind).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from stories import Diary, Fix, Pair, side_unknown

from alerts.batch import VALUE_FIELDS, Reading
from alerts.commands import AlarmCommand, Command, ListeningCommand, OutingCommand, RosterCommand
from alerts.policy import Limit, Policy
from alerts.roster import Device, Fence, Model, RosterEdit
from alerts.vocabulary import HIGHER, KIND_INDEX, LATCHING, MOMENTARY, SOURCES, kinds_of
from alerts.wander import parts_of

SHELF, LATCH, GRACE, TIMER, SCHEDULE = 0, 1, 2, 3, 4
FENCE_KINDS = ("fence_left", "fence_entered")


def ms(seconds: float) -> int:
    return round(seconds * 1000)


def full_second(time_ms: int) -> int:
    return math.ceil(time_ms / 1000) * 1000


# Fences -----------------------------------------------------------------------------------------


class Ground:
    """A fence on a metre grid of its own."""

    def __init__(self, geometry: dict) -> None:
        kind, coordinates = geometry["type"], geometry["coordinates"]
        if kind == "Point":
            self.lon, self.lat = coordinates
        elif kind == "Polygon":
            self.lon, self.lat = coordinates[0][0]
        else:
            self.lon, self.lat = coordinates[0][0][0]
        self.radius_m = geometry.get("radius_m") if kind == "Point" else None
        self.east, self.north = metres_per_degree(self.lat)
        if self.radius_m is None:
            polygons = [coordinates] if kind == "Polygon" else coordinates
            self.area = shapely.MultiPolygon(
                [(self._ring(rings[0]), [self._ring(hole) for hole in rings[1:]]) for rings in polygons]
            )

    def _ring(self, ring: list) -> list[tuple[float, float]]:
        return [self.metres(lon, lat) for lon, lat in ring]

    def metres(self, lon: float, lat: float) -> tuple[float, float]:
        turn = math.remainder(lon - self.lon, 360.0)
        return turn * self.east, (lat - self.lat) * self.north

    def margin_m(self, lat: float, lon: float) -> float:
        """Metres to the boundary, positive inside."""
        x, y = self.metres(lon, lat)
        if self.radius_m is not None:
            return self.radius_m - math.hypot(x, y)
        point = shapely.Point(x, y)
        distance = self.area.boundary.distance(point)
        return distance if self.area.covers(point) else -distance


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Radii of curvature of the WGS-84 ellipsoid: (east, north)."""
    a, e2 = 6_378_137.0, 0.0066943799901413165
    phi = math.radians(lat)
    bend = 1 - e2 * math.sin(phi) ** 2
    across, along = a / math.sqrt(bend), a * (1 - e2) / bend**1.5
    return math.radians(1) * across * math.cos(phi), math.radians(1) * along


class Windows:
    """A weekly schedule by the clock on the wall."""

    def __init__(self, schedule: dict | None) -> None:
        self.always = schedule is None
        if schedule is not None:
            self.zone = ZoneInfo(schedule.get("tz", "Asia/Shanghai"))
            self.windows = [
                (set(w.get("days", range(1, 8))), w["from"], w["to"].replace("24:00", "00:00"))
                for w in schedule["weekly"]
            ]

    def in_force(self, at_ms: int) -> bool:
        if self.always:
            return True
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone)
        today, yesterday = local.isoweekday(), (local - timedelta(days=1)).isoweekday()
        clock = local.strftime("%H:%M")
        for days, begin, end in self.windows:
            if begin < end:
                if today in days and begin <= clock < end:
                    return True
            elif (today in days and clock >= begin) or (yesterday in days and clock < end):
                return True
        return False

    def next_change_ms(self, after_ms: int) -> int | None:
        """The next minute in which it is not as now; looks eight days ahead."""
        if self.always or not self.windows:
            return None
        now, day = self.in_force(after_ms), datetime.fromtimestamp(after_ms / 1000, UTC).astimezone(self.zone)
        edges = []
        for ahead in range(9):
            date = (day + timedelta(days=ahead)).date()
            for _, *clocks in self.windows:
                for clock in clocks:
                    local = datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=self.zone)
                    edges.append(int(local.timestamp() * 1000))
        return next((e for e in sorted(edges) if e > after_ms and self.in_force(e) != now), None)


@dataclass
class Held:
    """What was made of one device at one fence."""

    occupied_ms: int | None = None
    witnessed_now: bool = False
    entered: bool = False
    closed: bool = False  # the alarm of entered, while it holds


@dataclass
class Wearer:
    """A device."""

    info: Device
    first_ms: int | None = None  # its first sign of life
    heard_ms: int | None = None
    every_ms: int | None = None
    declared: bool = False
    gap_ms: float = 0
    gaps: int = 0
    lost_due_ms: int | None = None
    level_ms: int | None = None
    level_taken_ms: int = 0
    fix_taken_ms: int = 0
    fix: tuple[int, float, float] | None = None
    fix_gap_ms: int = 0
    look_ms: int | None = None  # when silence decides about fences
    contact_since_ms: int | None = None
    usable: tuple[int, float, float] | None = None  # the last fix to find somebody by: taken, lat, lon
    usable_first_ms: int | None = None
    want_ms: int | None = None  # heard, worn, and without another one, since
    want_due_ms: int | None = None
    want_asked: bool = False
    want_longest_ms: float = 0.0
    on_way: bool = False
    off_wrist: dict[str, bool] = field(default_factory=dict)  # by its words on being worn and charging
    boot: int | None = None  # its numbers: of which boot, how far, when that was, all to be acknowledged
    top: int = 0
    top_ms: int = 0
    keeps: bool = False
    missing: dict[tuple[int, int], int] = field(default_factory=dict)  # (boot, number) -> since
    told: set[tuple[int, int]] = field(default_factory=set)  # ... of which an alarm says so
    off_ms: int = 0  # what its clock is behind
    guess: tuple[int, int, int] | None = None  # ... what it seems to be, since when, how often
    holds: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)  # by a person, while they hold
    waits: dict[str, tuple[int, bool]] = field(default_factory=dict)  # kind -> due, begins
    word: dict[str, tuple[int, bool]] = field(default_factory=dict)  # kind -> newest device time, on
    away: bool = False
    left: str | None = None  # the fence she left; None: she was never seen inside of any
    fences: dict[str, Held] = field(default_factory=dict)
    late_until_ms: int | None = None  # an outing is over, and she was not seen at home since
    diary: Diary | None = None
    way: float = 0.0  # how much she walked as the lost do when her position was wanting
    habits: dict[int, tuple[float, float]] = field(default_factory=dict)  # hour of the day -> fixes, on foot


@dataclass
class Trip:
    """An approved outing."""

    resident: str
    from_ms: int
    until_ms: int
    goal: str | None
    begun: bool = False
    recalled: bool = False  # a person ended it


@dataclass
class Episode:
    """An open alarm."""

    alarm_id: str
    subject_type: str
    row: int | None
    site_id: str | None
    kind: str
    subject_id: str
    fence_id: str | None
    state: str = "normal"
    count: int = 1
    version: int = 0
    shelved: bool = False
    suppressed: bool = False
    parent: str | None = None
    acknowledged_ms: int = 0
    higher: bool = False  # its wearer walks as the lost do


class Oracle:
    """Takes inputs one at a time; `facts` and `results` are what it decided."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.deaf_since_ms: int | None = None
        self.models: dict[str, Model] = {}
        self.counties: dict[str, str | None] = {}
        self.silent: set[int] = set()
        self.out: dict[tuple[str, str], str] = {}  # group -> the alarm that says so
        self.ending: dict[tuple[str, str], tuple[str, int]] = {}  # ... until when it still explains
        self.raises: dict[tuple[str, str, str | None], list[int]] = {}
        self.latched: dict[tuple[str, str, str | None], int] = {}
        self.fences: dict[str, Fence] = {}
        self.grounds: dict[str, Ground] = {}
        self.windows: dict[str, Windows] = {}
        self.force: dict[str, bool] = {}
        self.wearers: list[Wearer] = []
        self.trips: dict[str, Trip] = {}
        self.episodes: dict[tuple[str, str, str | None], Episode] = {}
        self.shelves: dict[tuple[str, str, str | None], int] = {}
        self.heap: list[tuple] = []
        self.ticket = count()
        self.facts: list[tuple] = []
        self.results: list[tuple[str, str]] = []
        self.changes: list[tuple[str, bool, int, str | None]] = []  # of one input: kind, begins, row, fence

    # Time -----------------------------------------------------------------------------------

    def due(self, at_ms: int, rank: int, row: int = 0, kind: str = "", key: tuple | None = None) -> None:
        number = KIND_INDEX.get(kind, 0)
        order = row if key is None else "/".join(part or "" for part in key)
        heapq.heappush(self.heap, (at_ms, rank, order, number, next(self.ticket), kind, key))

    def until(self, at_ms: int) -> None:
        """Let time pass."""
        while self.heap and self.heap[0][0] <= at_ms:
            due_ms, rank, row, _, _, kind, key = heapq.heappop(self.heap)
            if rank == SHELF:
                self.end_shelf(key, due_ms)
            elif rank == LATCH:
                self.end_latch(key, due_ms)
            elif rank == GRACE:
                self.end_grace(due_ms)
            elif rank == TIMER:
                self.fire(row, kind, due_ms)
            else:
                self.change_what_holds(due_ms)
            self.settle(due_ms)

    def fire(self, row: int, kind: str, due_ms: int) -> None:
        wearer = self.wearers[row]
        if kind == "data_gap":
            self.look_at_gaps(row, due_ms)
        elif kind == "fence_left":
            if wearer.look_ms == due_ms and self.deaf_since_ms is None:
                self.look_again(row, due_ms)
        elif kind == "contact_lost":
            if wearer.lost_due_ms == due_ms and self.deaf_since_ms is None:
                wearer.lost_due_ms = None
                self.set(row, kind, True)
        elif kind in wearer.waits and wearer.waits[kind][0] == due_ms:
            self.set(row, kind, wearer.waits[kind][1])

    def take(self, what: Reading | Command) -> None:
        """An input, after everything that was due until it came."""
        self.until(what.received_at_ms)
        if isinstance(what, Reading):
            self.read(what)
        elif isinstance(what, AlarmCommand):
            self.results.append((what.command_id, self.command(what)))
        elif isinstance(what, ListeningCommand):
            self.listen(what.received_at_ms, what.listening)
        elif isinstance(what, OutingCommand):
            self.results.append((what.command_id, self.outing(what)))
        else:
            self.results.append((what.command_id, self.edit(what)))
        self.settle(what.received_at_ms)
        if isinstance(what, RosterCommand):
            self.reconsider(what.received_at_ms)

    def settle(self, at_ms: int) -> None:
        """Conditions that changed become alarms."""
        for kind, begins, row, fence_id in sorted(self.changes, key=lambda c: (c[2], KIND_INDEX[c[0]])):
            if begins:
                self.begin(row, kind, fence_id, at_ms)
            else:
                self.over(row, kind, fence_id, at_ms)
            if kind == "contact_lost":
                (self.silent.add if begins else self.silent.discard)(row)
                for group in self.groups(self.wearers[row].info.site_id):
                    self.outage(group, begins, at_ms)
                self.release(self.episodes.get((self.wearers[row].info.device_id, kind, None)), at_ms)
        self.changes.clear()

    # Outages: groups are named by ("site", id), ("zone", county), ("zone", "all") ------------------

    def groups(self, site_id: str | None) -> list[tuple[str, str]]:
        county = self.counties.get(site_id)
        there = [("site", site_id)] if site_id is not None else []
        return there + ([("zone", county)] if county else []) + [("zone", "all")]

    def members(self, group: tuple[str, str], at_ms: int) -> tuple[list[int], list[int]]:
        """The rows that count in a group, and those of them that are silent."""
        counted = [
            row
            for row, wearer in enumerate(self.wearers)
            if group in self.groups(wearer.info.site_id)
            and wearer.every_ms is not None
            and wearer.every_ms <= ms(self.policy.outage.voter_every_s)
        ]
        heard = [
            r for r in counted if self.wearers[r].first_ms is not None and self.wearers[r].first_ms < at_ms
        ]
        return heard, [row for row in counted if row in self.silent]

    def outage(self, group: tuple[str, str], begins: bool, at_ms: int) -> None:
        heard, silent = self.members(group, at_ms)
        rule = self.policy.outage
        if group in self.out:
            ended = all(e.alarm_id != self.out[group] for e in self.episodes.values())
            if not begins and len(silent) <= rule.back_share * len(heard):
                self.end_outage(group, at_ms)
            elif begins and ended:
                self.begin_outage(group, at_ms)
        elif begins and len(silent) >= max(rule.min_devices, rule.share * len(heard)):
            sites = {self.wearers[row].info.site_id for row in silent} - {None}
            if group[0] == "site" or len(sites) >= rule.min_sites:
                self.begin_outage(group, at_ms)

    def begin_outage(self, group: tuple[str, str], at_ms: int) -> None:
        self.open_or_count(
            group, None, group[1] if group[0] == "site" else None, "site_contact_lost", None, at_ms
        )
        self.out[group] = self.episodes[group[1], "site_contact_lost", None].alarm_id
        self.ending.pop(group, None)
        self.suppress_anew(at_ms)

    def end_outage(self, group: tuple[str, str], at_ms: int) -> None:
        self.ending[group] = self.out.pop(group), full_second(at_ms + ms(self.policy.outage.back_s))
        self.due(self.ending[group][1], GRACE)
        self.close_condition((group[1], "site_contact_lost", None), at_ms)
        self.suppress_anew(at_ms)

    def reconsider(self, at_ms: int) -> None:
        calm = []
        for group in list(self.out):
            heard, silent = self.members(group, at_ms)
            if len(silent) <= self.policy.outage.back_share * len(heard):
                calm.append(group)
        for group in calm:
            self.end_outage(group, at_ms)

    def release(self, alarm: Episode | None, at_ms: int) -> None:
        """It is over, and what stood for it was seen to before."""
        if alarm is None or not alarm.suppressed or alarm.state != "cleared_unacknowledged":
            return
        if all(e.alarm_id != alarm.parent for e in self.episodes.values()):
            alarm.state = "normal"
            self.note(alarm, at_ms, "acknowledge", "cleared_unacknowledged")

    def end_grace(self, at_ms: int) -> None:
        if any(until_ms == at_ms for _, until_ms in self.ending.values()):
            self.ending = {g: (i, until_ms) for g, (i, until_ms) in self.ending.items() if until_ms > at_ms}
            self.suppress_anew(at_ms)

    def explained(self, alarm: Episode) -> str | None:
        """The alarm of the nearest outage that is wider than the alarm's own subject."""
        if alarm.kind not in {"contact_lost", "site_contact_lost"}:
            return None
        groups = self.groups(alarm.site_id)
        own = (alarm.subject_type, alarm.subject_id)
        if alarm.subject_type == "zone":
            groups = [("zone", "all")]
        if own in groups:
            groups = groups[groups.index(own) + 1 :]
        explaining = {g: alarm_id for g, (alarm_id, _) in self.ending.items()} | self.out
        return next((explaining[group] for group in groups if group in explaining), None)

    def suppress_anew(self, at_ms: int) -> None:
        freed = False
        for alarm in list(self.episodes.values()):
            if alarm.kind not in {"contact_lost", "site_contact_lost"}:
                continue
            parent = self.explained(alarm)
            if alarm.suppressed and alarm.state == "cleared_unacknowledged":
                alarm.parent = parent or alarm.parent
                if all(e.alarm_id != alarm.parent for e in self.episodes.values()):
                    alarm.state, freed = "normal", True
                    self.note(alarm, at_ms, "acknowledge", "cleared_unacknowledged")
                continue
            was, alarm.suppressed, alarm.parent = alarm.suppressed, parent is not None, parent
            if was != alarm.suppressed:
                self.note(alarm, at_ms, "suppress" if parent else "unsuppress", alarm.state)
        if freed:
            self.suppress_anew(at_ms)

    # Conditions -----------------------------------------------------------------------------

    def set(self, row: int, kind: str, begins: bool, fence_id: str | None = None) -> None:
        wearer = self.wearers[row]
        wearer.waits.pop(kind, None)
        wearer.closed.discard(kind)
        (wearer.holds.add if begins else wearer.holds.discard)(kind)
        self.changes.append((kind, begins, row, fence_id))

    def read(self, item: Reading) -> None:
        row, wearer = item.device_row, self.wearers[item.device_row]
        now = item.received_at_ms
        if item.seq >= 0 and wearer.info.kind in self.policy.contact_every_s:
            self.count(row, item)
        if item.unread:
            return
        on, off = kinds_of(item.on_bits), kinds_of(item.off_bits)
        said_ms = self.set_right(wearer, item.measured_at_ms, now)
        if (on or off) and "unreadable" not in on and "unreadable" in wearer.holds:
            self.set(row, "unreadable", False)
        for kind in on:
            self.say_on(row, kind, said_ms)
        for kind in off:
            self.say_off(row, kind, said_ms)
        resumed = wearer.contact_since_ms is None or "contact_lost" in wearer.holds
        if resumed:
            wearer.contact_since_ms = now
        if "contact_lost" in wearer.holds:
            self.set(row, "contact_lost", False)
        if wearer.first_ms is None:
            wearer.first_ms = now
        self.learn(wearer, now)
        wearer.heard_ms = now
        self.expect(row, now)
        self.levels(item, said_ms)
        if math.isfinite(item.lat_deg) and math.isfinite(item.lon_deg):
            self.locate(item, said_ms)
        self.find(row, now)

    # Numbers that did not come ----------------------------------------------------------------

    def count(self, row: int, item: Reading) -> None:
        wearer, now, name = self.wearers[row], item.received_at_ms, (item.boot, item.seq)
        at_ms = min(item.measured_at_ms, now)
        if item.measured_at_ms < now - ms(self.policy.clock_behind_s):
            at_ms = now
        if wearer.boot is None or (item.boot != wearer.boot and at_ms >= wearer.top_ms):
            wearer.boot, wearer.top, wearer.top_ms, wearer.keeps = item.boot, item.seq, at_ms, item.wants_ack
            return
        had = bool(wearer.told)
        if item.boot == wearer.boot:
            if wearer.keeps and not item.wants_ack:
                wearer.keeps = False
                for key in [key for key in wearer.missing if key[0] == item.boot]:
                    self.no_longer(wearer, key)
            elif wearer.keeps:
                for number in range(wearer.top + 1, item.seq):
                    wearer.missing[item.boot, number] = full_second(now)
                    self.plan_gap(row, full_second(now))
            if item.seq > wearer.top or not wearer.keeps:
                wearer.top_ms = max(wearer.top_ms, at_ms)
            wearer.top = max(wearer.top, item.seq)
        self.no_longer(wearer, name)
        if had and not wearer.told:
            self.set(row, "data_gap", False)

    def no_longer(self, wearer: Wearer, name: tuple[int, int]) -> None:
        wearer.missing.pop(name, None)
        wearer.told.discard(name)

    def plan_gap(self, row: int, since: int) -> None:
        for after_s in (self.policy.data_gap_s, self.policy.data_gap_forget_s):
            self.due(full_second(since + ms(after_s)), TIMER, row, "data_gap")

    def look_at_gaps(self, row: int, now: int) -> None:
        if self.deaf_since_ms is not None:
            return
        wearer, had = self.wearers[row], bool(self.wearers[row].told)
        for name, since in list(wearer.missing.items()):
            if full_second(since + ms(self.policy.data_gap_forget_s)) <= now:
                self.no_longer(wearer, name)
        fresh = {n for n, since in wearer.missing.items() if since + ms(self.policy.data_gap_s) <= now}
        fresh -= wearer.told
        wearer.told |= fresh
        if fresh and ("data_gap" not in wearer.holds or "data_gap" in wearer.closed):
            self.set(row, "data_gap", True)
        elif had and not wearer.told:
            self.set(row, "data_gap", False)

    def set_right(self, wearer: Wearer, measured_ms: int, now: int) -> int:
        """When it was measured, by a clock whose error shows again and again."""
        policy = self.policy
        measured_ms = min(max(measured_ms, -(2**60)), 2**60)
        off = now - measured_ms
        guess, since, seen = wearer.guess or (off, now, 0)
        if seen and abs(off - guess) <= ms(policy.clock_same_s):
            wearer.guess = min(guess, off), since, seen + 1
        else:
            wearer.guess = off, now, 1
        guess, since, seen = wearer.guess
        if seen >= policy.clock_readings and now - since >= ms(policy.clock_learn_s):
            wearer.off_ms = guess if abs(guess) > ms(policy.clock_off_s) else 0
        right = measured_ms + wearer.off_ms
        return right if now - ms(policy.clock_behind_s) <= right <= now + ms(policy.clock_ahead_s) else now

    def say_on(self, row: int, kind: str, said_ms: int) -> None:
        wearer = self.wearers[row]
        newest_ms, newest_on = wearer.word.get(kind, (said_ms, True))
        late = said_ms < newest_ms
        if not late:
            wearer.word[kind] = said_ms, True
        news = kind not in wearer.holds or kind in wearer.closed
        if news or kind in MOMENTARY:
            self.set(row, kind, True)
        if news and late and not newest_on:
            self.set(row, kind, False)

    def say_off(self, row: int, kind: str, said_ms: int) -> None:
        wearer = self.wearers[row]
        if kind in wearer.word and said_ms < wearer.word[kind][0]:
            return
        wearer.word[kind] = said_ms, False
        wearer.waits.pop(kind, None)
        if kind in wearer.holds:
            self.set(row, kind, False)

    def expect(self, row: int, since_ms: int) -> None:
        wearer = self.wearers[row]
        wearer.lost_due_ms = None
        if wearer.every_ms is not None:
            wearer.lost_due_ms = self.missed_ms(wearer, since_ms)
            self.due(wearer.lost_due_ms, TIMER, row, "contact_lost")

    def missed_ms(self, wearer: Wearer, since_ms: int) -> int:
        usual_ms = wearer.every_ms
        if not wearer.declared and wearer.gaps >= self.policy.learn.after:
            usual_ms = min(usual_ms, int(max(wearer.gap_ms, ms(self.policy.learn.floor_s))))
        return full_second(since_ms + int(usual_ms * self.policy.contact_missed))

    def deaf_for_ms(self, wearer: Wearer) -> int:
        """Of the silence of a device, the time that does not count."""
        if wearer.lost_due_ms is None or wearer.heard_ms is None:
            return 0
        return wearer.lost_due_ms - self.missed_ms(wearer, wearer.heard_ms)

    def learn(self, wearer: Wearer, now: int) -> None:
        """The longest gap of late."""
        if wearer.heard_ms is not None and now - wearer.heard_ms >= ms(self.policy.learn.gap_min_s):
            faded = wearer.gap_ms * (1 - self.policy.learn.forget)
            wearer.gap_ms, wearer.gaps = max(now - wearer.heard_ms, faded), wearer.gaps + 1

    def listen(self, now: int, listening: bool) -> None:
        """Silence while nobody listens does not count."""
        if not listening and self.deaf_since_ms is None:
            self.deaf_since_ms = now
        elif listening and self.deaf_since_ms is not None:
            deaf_ms, self.deaf_since_ms = now - self.deaf_since_ms, None
            for row, wearer in enumerate(self.wearers):
                if wearer.lost_due_ms is not None:
                    wearer.lost_due_ms = full_second(wearer.lost_due_ms + deaf_ms)
                    self.due(wearer.lost_due_ms, TIMER, row, "contact_lost")
                wearer.missing = {n: full_second(at + deaf_ms) for n, at in wearer.missing.items()}
                for since in set(wearer.missing.values()):
                    self.plan_gap(row, since)
                if wearer.want_due_ms is not None:
                    wearer.want_due_ms = full_second(wearer.want_due_ms + deaf_ms)
                if wearer.want_ms is not None:
                    wearer.want_ms += deaf_ms
                if wearer.look_ms is not None:
                    wearer.look_ms = full_second(wearer.look_ms + deaf_ms)
                    self.due(wearer.look_ms, TIMER, row, "fence_left")

    def late(self, item: Reading, said_ms: int, newest_ms: int, taken_ms: int) -> bool:
        """Older than what is known; unless nothing else came for long: then the clock went back."""
        return said_ms < newest_ms and item.received_at_ms - taken_ms <= ms(self.policy.late_for_s)

    def levels(self, item: Reading, said_ms: int) -> None:
        row, wearer = item.device_row, self.wearers[item.device_row]
        says = [*item.values, item.worn, item.charging]
        if item.faults is None and not any(map(math.isfinite, says)):
            return
        if wearer.level_ms is not None and self.late(item, said_ms, wearer.level_ms, wearer.level_taken_ms):
            return
        wearer.level_ms, wearer.level_taken_ms = said_ms, item.received_at_ms
        if not math.isnan(item.worn):
            wearer.off_wrist["worn"] = item.worn == 0
        if not math.isnan(item.charging):
            wearer.off_wrist["charging"] = item.charging == 1
        there, gone = set(), set()
        for limit in self.policy.limits:
            if wearer.info.kind in limit.device_kinds:
                value = item.values[VALUE_FIELDS.index(limit.field)]
                if beyond(limit, value):
                    there.add(limit.kind)
                elif back(limit, value):
                    gone.add(limit.kind)
        if item.worn == 0.0 and item.charging != 1.0:
            there.add("not_worn")
        if item.worn == 1.0 or item.charging == 1.0:
            gone.add("not_worn")
        if item.faults is not None:
            (there if item.faults else gone).add("fault")
        for kind in sorted(there, key=KIND_INDEX.__getitem__):
            self.there(row, kind, item.received_at_ms)
        for kind in sorted(gone - there, key=KIND_INDEX.__getitem__):
            self.gone(row, kind, item.received_at_ms)

    def there(self, row: int, kind: str, now: int) -> None:
        wearer = self.wearers[row]
        if kind in wearer.holds:
            wearer.waits.pop(kind, None)
            if kind in wearer.closed:
                self.set(row, kind, True)
        elif kind not in wearer.waits:
            self.wait(row, kind, True, now)

    def gone(self, row: int, kind: str, now: int) -> None:
        wearer = self.wearers[row]
        if kind not in wearer.holds:
            wearer.waits.pop(kind, None)
        elif kind not in wearer.waits:
            self.wait(row, kind, False, now)

    def wait(self, row: int, kind: str, begins: bool, now: int) -> None:
        named = {"fault": self.policy.fault, "not_worn": self.policy.not_worn}
        rule = named.get(kind) or next(limit for limit in self.policy.limits if limit.kind == kind)
        delay_s = rule.on_delay_s if begins else rule.off_delay_s
        if delay_s == 0:
            self.set(row, kind, begins)
            return
        due_ms = full_second(now + ms(delay_s))
        self.wearers[row].waits[kind] = due_ms, begins
        self.due(due_ms, TIMER, row, kind)

    # Fences ---------------------------------------------------------------------------------

    def locate(self, item: Reading, said_ms: int) -> None:
        row, wearer, now = item.device_row, self.wearers[item.device_row], item.received_at_ms
        if (
            wearer.fix is not None
            and said_ms < wearer.fix[0]
            and not self.late(item, said_ms, wearer.fix[0], wearer.fix_taken_ms)
        ):
            wearer.diary.forget_track()
        pairs = wearer.diary.now.pairs
        before = {i: pair.witnesses for i, pair in pairs.items()}
        fix = Fix(said_ms, item.lat_deg, item.lon_deg, item.acc_m, SOURCES[item.src])
        if not wearer.diary.take(fix, {i: self.beyond(i) for i in pairs}):
            return
        known = wearer.diary.now
        if known.track.fix[:2] == fix[:2]:
            self.newest(wearer, fix, now)
        for fence_id, held in wearer.fences.items():
            pair = known.pairs[fence_id]
            held.witnessed_now = pair.witnesses > before[fence_id]
            if self.fences[fence_id].role == "safe" and pair.verdict == "calm" and pair.calm:
                held.occupied_ms = known.track.fix.at_ms
        present = now - wearer.fix[0] <= ms(self.policy.fence.present_s)
        if present:
            self.hasten(row, now)
        self.decide(row, now, present=present)
        self.watch(row, now)
        for held in wearer.fences.values():
            held.witnessed_now = False

    def hasten(self, row: int, now: int) -> None:
        """Who walks as the lost do is believed to be out at smaller odds, and sooner."""
        wearer, rule, convicted = self.wearers[row], self.policy.wander, []
        for fence_id, pair in wearer.diary.now.pairs.items():
            raise_p = self.raise_p(fence_id)
            own = self.fences[fence_id].evidence or {}
            least_ms = rule.confirm_share * round(own.get("confirm_s", self.policy.fence.confirm_s) * 1000)
            if (
                self.counts(wearer, fence_id)
                and pair.verdict != "breached"
                and not pair.calm
                and pair.witnesses >= self.policy.fence.confirm_fixes
                and wearer.diary.now.track.fix.at_ms - pair.first_ms >= least_ms
                and wearer.diary.now.track.burst + wearer.diary.now.track.stray <= rule.bad_p
                and pair.breach_p >= raise_p / (raise_p + rule.odds * (1 - raise_p))
                and self.score(wearer, fence_id, now) >= rule.enough
            ):
                convicted.append(pair)
        for pair in convicted:
            pair.verdict = "breached"
        if convicted:
            wearer.diary.settle()

    def score(self, wearer: Wearer, fence_id: str, now: int) -> float:
        """The parts are compared with slow ones of their own (test_wander)."""
        fixes, beyond = wearer.diary.fixes, self.beyond(fence_id)
        columns = [np.array([getattr(fix, name) for fix in fixes]) for name in ("at_ms", "lat", "lon")]
        parts = parts_of(self.policy.wander, *columns, np.array([beyond(fix)[0] for fix in fixes]), now)
        seen, walked = wearer.habits.get(self.hour(now), (0, 0))
        rule = self.policy.wander
        if wearer.diary.now.track.walking > 0.5 and seen >= rule.routine_fixes:
            parts += ["unusual"] if walked <= rule.routine_share * seen else []
        return round(1 - math.prod(1 - rule.weights[part] for part in parts), 2)

    def hour(self, at_ms: int) -> int:
        return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.policy.wander.tz)).hour

    def beyond(self, fence_id: str):
        """How far beyond a fence a fix lies, and where beyond begins."""
        rule, ground, safe = self.policy.fence, self.grounds[fence_id], self.fences[fence_id].role == "safe"
        own, sign = self.fences[fence_id].evidence or {}, -1 if safe else 1
        edge_m = own.get("edge_m", rule.edge_m if safe else rule.edge_forbidden_m)
        enough = own.get("raise_p", rule.raise_p), round(own.get("confirm_s", rule.confirm_s) * 1000)
        return lambda fix: (sign * ground.margin_m(fix.lat, fix.lon), edge_m, *enough)

    def silence_p(self, fence_id: str) -> float:
        own = self.fences[fence_id].evidence or {}
        return max(own.get("raise_p", 0.0), self.policy.fence.silence_p)

    def raise_p(self, fence_id: str) -> float:
        return (self.fences[fence_id].evidence or {}).get("raise_p", self.policy.fence.raise_p)

    def newest(self, wearer: Wearer, fix: Fix, now: int) -> None:
        if wearer.fix is None:
            wearer.fix_gap_ms = 0
        else:
            gap = min(max(fix.at_ms - wearer.fix[0], 0), ms(self.policy.late_for_s))
            wearer.fix_gap_ms = (
                wearer.fix_gap_ms + (gap - wearer.fix_gap_ms) // 4 if wearer.fix_gap_ms else gap
            )
        wearer.fix, wearer.fix_taken_ms = (fix.at_ms, fix.lat, fix.lon), now
        hour, keep = self.hour(fix.at_ms), 1 - self.policy.wander.routine_forget
        seen, walked = wearer.habits.get(hour, (0, 0))
        wearer.habits[hour] = seen * keep + 1, walked * keep + (wearer.diary.now.track.walking > 0.5)
        self.usable(wearer, fix, now)

    # Positions that are wanting ---------------------------------------------------------------

    def usable(self, wearer: Wearer, fix: Fix, now: int) -> None:
        """A fix by which she can be found, or which says on which side of every fence she is."""
        policy, track = self.policy, wearer.diary.now.track
        sigma_m = math.sqrt(wearer.diary.variance(fix))
        away = [
            abs(self.grounds[i].margin_m(fix.lat, fix.lon)) for i in wearer.fences if self.counts(wearer, i)
        ]
        if sigma_m * 1.51 > policy.position_acc_m and (
            not away or min(away) < policy.position_sigmas * sigma_m
        ):
            return
        gap = 0 if wearer.want_ms is None else now - wearer.want_ms
        wearer.want_longest_ms = max(gap, wearer.want_longest_ms * (1 - policy.position_forget))
        surely = track.burst + track.stray <= policy.position_bad_p
        wearer.on_way = surely and track.walking >= policy.position_walking_p
        wearer.usable = now, fix.lat, fix.lon
        wearer.usable_first_ms = now if wearer.usable_first_ms is None else wearer.usable_first_ms
        self.want(wearer, now)

    def want(self, wearer: Wearer, now: int) -> None:
        policy = self.policy
        learnt_ms = wearer.usable_first_ms + ms(policy.position_learn_s)
        usual_ms = ms(policy.position_lost_s if wearer.on_way else policy.position_still_s)
        least_ms = max(usual_ms, learnt_ms - now)
        wait_ms = int(max(least_ms, policy.position_gaps * wearer.want_longest_ms))
        wearer.want_ms, wearer.want_asked = now, False
        wearer.want_due_ms = now + max(wait_ms - ms(policy.position_ask_s), 0)

    def find(self, row: int, now: int) -> None:
        """At every sign of life."""
        wearer = self.wearers[row]
        if wearer.usable is None:
            return
        holds = "position_lost" in wearer.holds
        moot = True in wearer.off_wrist.values() or bool(wearer.holds & {"fence_left", "strap_off"})
        anew = holds and "position_lost" in wearer.closed
        if holds and (moot or wearer.usable[0] == now):
            self.set(row, "position_lost", False)
            anew = False
        if moot or wearer.contact_since_ms == now or (anew and wearer.want_due_ms is None):
            self.want(wearer, now)
        due = wearer.want_due_ms is not None and wearer.want_due_ms <= now
        if moot or not due or wearer.info.kind != "wristband" or self.deaf_since_ms is not None:
            return
        edge = self.at_an_edge(wearer)
        if edge is None:
            wearer.want_asked, wearer.want_due_ms = False, now + ms(self.policy.position_lost_s)
        elif not wearer.want_asked:
            wearer.want_asked, wearer.want_due_ms = True, now + ms(self.policy.position_ask_s)
        else:
            wearer.want_due_ms, wearer.way = None, self.score(wearer, edge, now)
            self.set(row, "position_lost", True)

    def at_an_edge(self, wearer: Wearer) -> str | None:
        """The fence that makes it matter."""
        _, lat, lon = wearer.usable
        margins = {i: self.grounds[i].margin_m(lat, lon) for i in wearer.fences if self.counts(wearer, i)}
        safe = {i: m for i, m in margins.items() if self.fences[i].role == "safe"}
        forbidden = {i: m for i, m in margins.items() if self.fences[i].role == "forbidden"}
        if any(held.entered for held in wearer.fences.values()):
            return None
        near_m = self.policy.position_near_m
        if forbidden and max(forbidden.values()) >= -near_m:
            return max(forbidden, key=forbidden.__getitem__)
        if safe and abs(max(safe.values())) <= near_m:
            return max(safe, key=safe.__getitem__)
        chances = {i: wearer.diary.now.pairs[i].breach_p for i in margins}
        left = min((chances[i] for i in safe), default=0.0)
        entered = max((chances[i] for i in forbidden), default=0.0)
        if max(left, entered) < self.policy.position_doubt_p:
            return None
        side = safe if left >= entered else forbidden
        return max(side, key=side.__getitem__)

    def watch(self, row: int, now: int) -> None:
        """When to look again at somebody who may be outside."""
        wearer, rule = self.wearers[row], self.policy.fence
        chances = {i: p.breach_p for i, p in wearer.diary.now.pairs.items() if self.counts(wearer, i)}
        safe = [i for i in chances if self.fences[i].role == "safe"]
        forbidden = [i for i in chances if i not in safe and not wearer.fences[i].entered]

        def suspected(least: Callable[[str], float]) -> bool:
            out = bool(safe) and not wearer.away and all(chances[i] >= least(i) for i in safe)
            return out or any(chances[i] >= least(i) for i in forbidden)

        due = wearer.look_ms
        wearer.look_ms = None
        if suspected(self.raise_p) and now - wearer.fix[0] > ms(rule.present_s):
            settled = now + ms(rule.settle_s)
            wearer.look_ms = full_second(settled if due is None else min(due, settled))
        elif suspected(self.silence_p):
            wearer.look_ms = full_second(
                now + max(ms(rule.silence_s), int(rule.silence_gaps * wearer.fix_gap_ms))
            )
        if wearer.look_ms is not None:
            self.due(wearer.look_ms, TIMER, row, "fence_left")

    def look_again(self, row: int, now: int) -> None:
        wearer = self.wearers[row]
        wearer.look_ms = None
        for fence_id, pair in wearer.diary.now.pairs.items():
            if self.counts(wearer, fence_id) and pair.breach_p >= self.silence_p(fence_id):
                pair.verdict = "breached"
        wearer.diary.settle()
        self.decide(row, now)

    def decide(self, row: int, now: int, *, present: bool = True) -> None:
        """Left and entered, by what is known and what is in force."""
        wearer = self.wearers[row]
        safe = [i for i in wearer.fences if self.fences[i].role == "safe" and self.counts(wearer, i)]
        pairs = wearer.diary.now.pairs
        verdicts = {"doubtful" if self.doubtful(pairs[i]) else pairs[i].verdict for i in safe}
        known = {i: wearer.fences[i].occupied_ms for i in safe if wearer.fences[i].occupied_ms is not None}
        if any(pairs[i].verdict == "calm" for i in safe):
            wearer.late_until_ms = None
        grace = wearer.late_until_ms is not None and now < wearer.late_until_ms
        away = verdicts == {"breached"} and not grace
        if away and present and not wearer.away:
            latest = max(known.values(), default=None)
            wearer.away, wearer.left = (
                True,
                next((i for i in safe if i in known and known[i] == latest), None),
            )
            self.set(row, "fence_left", True, wearer.left)
        elif (
            away
            and present
            and "fence_left" in wearer.closed
            and all(wearer.fences[i].witnessed_now for i in safe)
        ):
            self.set(row, "fence_left", True, wearer.left)
        elif wearer.away and (not safe or "calm" in verdicts):
            self.return_home(row)
        for fence_id, held in wearer.fences.items():
            self.decide_entered(row, fence_id, held, present)

    def doubtful(self, pair: Pair) -> bool:
        """The newest fix speaks against the verdict."""
        return pair.verdict == "breached" and pair.calm > 0

    def return_home(self, row: int) -> None:
        wearer = self.wearers[row]
        self.set(row, "fence_left", False, wearer.left)
        wearer.away, wearer.left = False, None

    def decide_entered(self, row: int, fence_id: str, held: Held, present: bool) -> None:
        counts = self.fences[fence_id].role == "forbidden" and self.force[fence_id]
        pair = self.wearers[row].diary.now.pairs[fence_id]
        inside = counts and present and pair.verdict == "breached" and not self.doubtful(pair)
        if inside and (not held.entered or (held.closed and held.witnessed_now)):
            held.entered, held.closed = True, False
            self.changes.append(("fence_entered", True, row, fence_id))
        elif held.entered and (not counts or pair.verdict == "calm"):
            held.entered = held.closed = False
            self.changes.append(("fence_entered", False, row, fence_id))

    def change_what_holds(self, at_ms: int) -> None:
        """All fences and outings that change now; then everybody they hold."""
        before = dict(self.force)
        self.force = {i: window.in_force(at_ms) for i, window in self.windows.items()}
        changed = {i for i in self.force if before[i] != self.force[i]}
        returned, begun = self.change_outings(at_ms)
        for row, wearer in enumerate(self.wearers):
            late = wearer.late_until_ms == at_ms
            if changed & set(wearer.fences) or late or wearer.info.resident_id in returned | begun:
                self.decide(row, at_ms)
        for row, wearer in enumerate(self.wearers):
            if wearer.info.resident_id in returned - begun:
                self.watch(row, at_ms)
        self.plan(at_ms)

    # Outings --------------------------------------------------------------------------------

    def change_outings(self, at_ms: int) -> tuple[set[str], set[str]]:
        """The residents whose outing ends now, and those whose begins."""
        over = [i for i, trip in self.trips.items() if trip.until_ms <= at_ms]
        begun = [trip for trip in self.trips.values() if trip.from_ms <= at_ms and not trip.begun]
        ended = [self.trips.pop(i) for i in over]
        for trip in begun:
            trip.begun = True
        going = {trip.resident for trip in begun}
        for trip in ended:
            grace_ms = 0 if trip.recalled else ms(self.policy.outing_grace_s)
            for wearer in self.wearers:
                if (
                    wearer.info.resident_id == trip.resident
                    and not wearer.away
                    and trip.resident not in going
                ):
                    wearer.late_until_ms = full_second(trip.until_ms + grace_ms)
                    self.due(wearer.late_until_ms, SCHEDULE)
        self.follow_outings()
        return {trip.resident for trip in ended}, going

    def follow_outings(self) -> None:
        """Who is out is not late; destinations are fences too."""
        for row, wearer in enumerate(self.wearers):
            if self.trip_of(wearer) is not None:
                wearer.late_until_ms = None
            if self.held_by(wearer) != set(wearer.fences):
                self.lay_fences(row, self.fences)

    def trip_of(self, wearer: Wearer) -> Trip | None:
        """The outing she is on."""
        mine = [t for t in self.trips.values() if t.begun and t.resident == wearer.info.resident_id]
        return mine[0] if mine else None

    def counts(self, wearer: Wearer, fence_id: str) -> bool:
        """Whether a fence holds her now."""
        fence, trip = self.fences[fence_id], self.trip_of(wearer)
        usual = self.force[fence_id] and self.assigned(wearer.info, fence)
        if fence.role == "forbidden" or trip is None:
            return usual
        goal = wearer.fences.get(trip.goal)
        if goal is None or self.fences[trip.goal].role != "safe":
            return False
        arrived = goal.occupied_ms is not None and goal.occupied_ms >= trip.from_ms
        return arrived and (usual or fence_id == trip.goal)

    def outing(self, c: OutingCommand) -> str:
        code = getattr(self, f"outing_{c.verb}")(c, self.trips.get(c.outing_id))
        if code == "done":
            for trip in self.trips.values():
                self.due(trip.from_ms, SCHEDULE)
                self.due(trip.until_ms, SCHEDULE)
            self.follow_outings()
        return code

    def outing_approve(self, c: OutingCommand, known: Trip | None) -> str:
        if known is not None:
            return "not_allowed"
        if c.from_ms <= c.received_at_ms:
            return "invalid"
        wrong = self.times_wrong(c.from_ms, c.until_ms, c.received_at_ms)
        goal = self.fences.get(c.fence_id)
        if wrong or (c.fence_id is not None and (goal is None or goal.role != "safe")):
            return "invalid"
        if self.meets_another(c.outing_id, c.resident_id, c.from_ms, c.until_ms):
            return "not_allowed"
        self.trips[c.outing_id] = Trip(c.resident_id, c.from_ms, c.until_ms, c.fence_id)
        return "done"

    def outing_change(self, c: OutingCommand, known: Trip | None) -> str:
        if known is None or known.recalled:
            return "not_allowed"
        from_ms = known.from_ms if c.from_ms is None else c.from_ms
        until_ms = known.until_ms if c.until_ms is None else c.until_ms
        if known.begun and from_ms != known.from_ms:
            return "not_allowed" if from_ms % 1000 == until_ms % 1000 == 0 else "invalid"
        if not known.begun and from_ms <= c.received_at_ms:
            return "invalid"
        if self.times_wrong(from_ms, until_ms, c.received_at_ms):
            return "invalid"
        if self.meets_another(c.outing_id, known.resident, from_ms, until_ms):
            return "not_allowed"
        known.from_ms, known.until_ms = from_ms, until_ms
        return "done"

    def outing_end(self, c: OutingCommand, known: Trip | None) -> str:
        if known is None or known.recalled:
            return "not_allowed"
        known.recalled, known.until_ms = True, full_second(c.received_at_ms + 1)
        if known.from_ms >= known.until_ms:
            del self.trips[c.outing_id]
        return "done"

    def times_wrong(self, from_ms: int, until_ms: int, now: int) -> bool:
        rule = self.policy
        return (
            from_ms % 1000 > 0
            or until_ms % 1000 > 0
            or until_ms <= from_ms
            or until_ms <= now
            or until_ms - from_ms > ms(rule.outing_max_s)
            or from_ms - now > ms(rule.outing_ahead_s)
        )

    def meets_another(self, own_id: str, resident: str, from_ms: int, until_ms: int) -> bool:
        mine = [t for i, t in self.trips.items() if t.resident == resident and i != own_id]
        return any(t.from_ms < until_ms and from_ms < t.until_ms for t in mine)

    def held_by(self, wearer: Wearer) -> set[str]:
        """Her own fences, and the destinations of her outings."""
        mine = {t.goal for t in self.trips.values() if t.resident == wearer.info.resident_id}
        goals = {i for i in mine & set(self.fences) if self.fences[i].role == "safe"}
        return goals | {i for i, fence in self.fences.items() if self.assigned(wearer.info, fence)}

    def plan(self, now: int) -> None:
        for window in self.windows.values():
            if (change_ms := window.next_change_ms(now)) is not None:
                self.due(change_ms, SCHEDULE)

    # The roster -----------------------------------------------------------------------------

    def enrol(self, device: Device) -> int:
        self.wearers.append(Wearer(device, diary=Diary(self.policy.fence)))
        return len(self.wearers) - 1

    def edit(self, command: RosterCommand) -> str:
        edit, now = command.edit, command.received_at_ms
        if any(not f.geometry["coordinates"] for f in edit.fences):
            return "invalid"
        before, who = dict(self.fences), [wearer.info for wearer in self.wearers]
        residents = {row: info.resident_id for row, info in enumerate(who)}
        self.fences |= {f.fence_id: f for f in edit.fences}
        self.models |= {m.model: m for m in edit.models}
        self.counties |= {s.site_id: s.county for s in edit.sites}
        for fence_id in edit.remove_fences:
            self.fences.pop(fence_id, None)
        for model in edit.remove_models:
            self.models.pop(model, None)
        touched = self.edit_devices(edit, now)
        if edit.models or edit.remove_models:
            touched = set(range(len(self.wearers)))
        for row in sorted(touched):
            self.supervise(row, now)
        self.grounds = {i: Ground(f.geometry) for i, f in self.fences.items()}
        self.windows = {i: Windows(f.schedule) for i, f in self.fences.items()}
        self.force = {i: window.in_force(now) for i, window in self.windows.items()}
        if before != self.fences or who != [wearer.info for wearer in self.wearers]:
            for row, wearer in enumerate(self.wearers):
                self.lay_fences(row, before)
                if wearer.info.resident_id != residents.get(row):
                    wearer.late_until_ms = None
        self.follow_outings()
        self.plan(now)
        return "done"

    def edit_devices(self, edit: RosterEdit, now: int) -> set[int]:
        rows = {wearer.info.device_id: row for row, wearer in enumerate(self.wearers)}
        touched = set()
        for device in edit.devices:
            if device.device_id not in rows:
                rows[device.device_id] = self.enrol(device)
            wearer = self.wearers[rows[device.device_id]]
            if wearer.info.resident_id != device.resident_id:
                wearer.habits.clear()
            wearer.info = device
            touched.add(rows[device.device_id])
        for device_id in edit.remove_devices:
            if device_id in rows and self.wearers[rows[device_id]].info.registered:
                self.withdraw(rows[device_id])
                touched.add(rows[device_id])
        return touched

    def withdraw(self, row: int) -> None:
        """It is as if it had never been heard, but for its own words and its open alarms."""
        wearer = self.wearers[row]
        wearer.info = Device(wearer.info.device_id, "unknown", registered=False)
        wearer.waits.clear()
        wearer.habits.clear()
        for kind in list(wearer.holds - set(FENCE_KINDS)):
            self.set(row, kind, False)
        wearer.look_ms, wearer.guess, wearer.off_ms, wearer.fix_gap_ms = None, None, 0, 0
        wearer.diary.forget_track()
        wearer.heard_ms = wearer.lost_due_ms = wearer.level_ms = wearer.fix = None
        wearer.first_ms, wearer.gap_ms, wearer.gaps, wearer.declared = None, 0, 0, False
        wearer.contact_since_ms = wearer.usable = wearer.want_ms = wearer.want_due_ms = None
        wearer.usable_first_ms = None
        wearer.want_longest_ms, wearer.want_asked, wearer.on_way = 0.0, False, False
        wearer.off_wrist.clear()
        wearer.boot, wearer.keeps = None, False
        wearer.missing.clear()
        wearer.told.clear()

    def supervise(self, row: int, now: int) -> None:
        wearer = self.wearers[row]
        model = self.models.get(wearer.info.model or "")
        every_s = model.contact_every_s if model else None
        every_s = every_s or self.policy.contact_every_s.get(wearer.info.kind)
        every_ms = ms(every_s) if every_s and wearer.info.registered else None
        declared = every_ms is not None and bool(model and model.contact_every_s)
        if every_ms is None:
            declared = wearer.declared
        if (every_ms, declared) == (wearer.every_ms, wearer.declared):
            return
        credit_ms = self.deaf_for_ms(wearer)
        wearer.every_ms, wearer.declared, wearer.lost_due_ms = every_ms, declared, None
        if wearer.heard_ms is not None and "contact_lost" not in wearer.holds:
            self.expect(row, wearer.heard_ms + credit_ms)
            if wearer.lost_due_ms is not None and wearer.lost_due_ms <= now:
                self.expect(row, now)  # the edit itself makes nobody late

    def lay_fences(self, row: int, before: dict[str, Fence]) -> None:
        """Who is held by what after an edit; what is known of fences that look as before stays."""
        wearer = self.wearers[row]
        old, wearer.fences = wearer.fences, {}
        known = wearer.diary.now
        pairs, known.pairs = known.pairs, {}
        fresh, held_by = False, self.held_by(wearer)
        for fence_id, fence in self.fences.items():
            if fence_id not in held_by:
                continue
            same = fence_id in before and look(before[fence_id]) == look(fence)
            if fence_id in old and same:
                wearer.fences[fence_id], known.pairs[fence_id] = old[fence_id], pairs[fence_id]
                continue
            known.pairs[fence_id], fresh = side_unknown(known.track), True
            held = wearer.fences[fence_id] = Held()
            if fence_id in old and before[fence_id].role == fence.role:
                held.entered, held.closed = old[fence_id].entered, old[fence_id].closed
            if fence.role == "safe" and wearer.fix is not None:
                fix_ms, lat, lon = wearer.fix
                if self.grounds[fence_id].margin_m(lat, lon) >= 0:
                    held.occupied_ms = fix_ms
        if fresh:
            wearer.diary.settle()
        else:
            first = wearer.diary.before
            first.pairs = {i: pair for i, pair in first.pairs.items() if i in known.pairs}
        if before is self.fences:
            return
        anywhere = any(self.fences[i].role == "safe" for i in wearer.fences)
        held = self.still(wearer, wearer.left, before) if wearer.left in old else anywhere
        if wearer.away and not held:
            self.return_home(row)
        for fence_id, held in old.items():
            if held.entered and not self.still(wearer, fence_id, before):
                self.changes.append(("fence_entered", False, row, fence_id))

    def still(self, wearer: Wearer, fence_id: str, before: dict[str, Fence]) -> bool:
        return fence_id in wearer.fences and before[fence_id].role == self.fences[fence_id].role

    def assigned(self, device: Device, fence: Fence) -> bool:
        if not device.registered:
            return False
        if device.fence_ids is not None:
            return fence.fence_id in device.fence_ids
        return device.site_id is not None and device.site_id == fence.site_id

    # Alarms ---------------------------------------------------------------------------------

    def note(self, alarm: Episode, at_ms: int, event: str, before: str) -> None:
        alarm.version += 1
        self.facts.append((
            len(self.facts) + 1, at_ms, event, before, alarm.state, alarm.kind, alarm.subject_type, alarm.subject_id,
            alarm.fence_id, alarm.count, alarm.alarm_id,
        ))  # fmt: skip
        if alarm.state == "normal":
            key = alarm.subject_id, alarm.kind, alarm.fence_id
            del self.episodes[key]
            self.latched.pop(key, None)

    def begin(self, row: int, kind: str, fence_id: str | None, at_ms: int) -> None:
        info = self.wearers[row].info
        self.open_or_count(("device", info.device_id), row, info.site_id, kind, fence_id, at_ms)

    def open_or_count(
        self, subject: tuple[str, str], row: int | None, site_id: str | None, kind: str, fence_id: str | None,
        at_ms: int,
    ) -> None:  # fmt: skip
        key = subject[1], kind, fence_id
        alarm = self.episodes.get(key)
        if alarm is None:
            alarm = Episode(
                f"A{len(self.facts) + 1}", subject[0], row, site_id, kind, key[0], fence_id,
                shelved=key in self.shelves,
            )  # fmt: skip
            self.episodes[key] = alarm
            event, before = "raise", "normal"
        else:
            alarm.count += 1
            alarm.site_id = site_id or alarm.site_id
            event, before = "reraise", alarm.state
        alarm.state = "active_unacknowledged"
        alarm.higher |= kind == "position_lost" and self.wearers[row].way >= self.policy.wander.enough
        alarm.parent = self.explained(alarm)
        alarm.suppressed = alarm.parent is not None
        self.latched.pop(key, None)
        self.raises.setdefault(key, []).append(at_ms)
        self.note(alarm, at_ms, event, before)

    def over(self, row: int, kind: str, fence_id: str | None, at_ms: int) -> None:
        self.close_condition((self.wearers[row].info.device_id, kind, fence_id), at_ms)

    def close_condition(
        self, key: tuple[str, str, str | None], at_ms: int, *, believed: bool = False
    ) -> None:
        alarm = self.episodes.get(key)
        if alarm is None or key[1] in LATCHING or not alarm.state.startswith("active"):
            return
        before, rule = alarm.state, self.policy.chatter
        often = [raised for raised in self.raises[key] if raised > at_ms - ms(rule.within_s)]
        if before == "active_acknowledged" and len(often) >= rule.raises and not believed:
            self.latched[key] = full_second(at_ms + ms(rule.calm_s))
            self.due(self.latched[key], LATCH, key=key)
            return
        alarm.state = "cleared_unacknowledged" if before == "active_unacknowledged" else "normal"
        self.note(alarm, at_ms, "clear", before)

    def end_latch(self, key: tuple[str, str, str | None], due_ms: int) -> None:
        if self.latched.get(key) == due_ms:
            del self.latched[key]
            self.close_condition(key, due_ms, believed=True)

    def end_shelf(self, key: tuple, due_ms: int) -> None:
        if self.shelves.get(key) == due_ms:
            del self.shelves[key]
            if key in self.episodes:
                alarm = self.episodes[key]
                alarm.shelved = False
                self.note(alarm, due_ms, "unshelve", alarm.state)

    def command(self, c: AlarmCommand) -> str:
        alarm = next((a for a in self.episodes.values() if a.alarm_id == c.alarm_id), None)
        if alarm is None:
            return "unknown_alarm"
        if c.version is not None and c.version != alarm.version:
            return "stale"
        before = alarm.state
        code = getattr(self, f"on_{c.verb}")(alarm, c)
        if code == "done":
            self.note(alarm, c.received_at_ms, c.verb, before)
            if alarm.kind == "site_contact_lost" and alarm.state == "normal":
                self.suppress_anew(c.received_at_ms)
        return code

    def on_acknowledge(self, alarm: Episode, c: AlarmCommand) -> str:
        to = {"active_unacknowledged": "active_acknowledged", "cleared_unacknowledged": "normal"}
        if alarm.state not in to:
            return "not_allowed"
        alarm.state, alarm.acknowledged_ms = to[alarm.state], c.received_at_ms
        return "done"

    def on_unacknowledge(self, alarm: Episode, c: AlarmCommand) -> str:
        in_time = c.received_at_ms - alarm.acknowledged_ms <= ms(self.policy.undo_s)
        if alarm.state != "active_acknowledged" or not in_time:
            return "not_allowed"
        alarm.state = "active_unacknowledged"
        return "done"

    def on_assign(self, alarm: Episode, c: AlarmCommand) -> str:
        return "done" if c.assignee else "invalid"

    def on_comment(self, alarm: Episode, c: AlarmCommand) -> str:
        return "done" if c.text else "invalid"

    def on_shelve(self, alarm: Episode, c: AlarmCommand) -> str:
        if alarm.kind in LATCHING:
            return "not_allowed"
        if not c.reason or c.until_ms is None:
            return "invalid"
        person = alarm.kind in {"fence_left", "fence_entered", "strap_off", "position_lost", "no_motion"}
        longest_s = self.policy.shelve_person_max_s if person else self.policy.shelve_max_s
        if not 0 < c.until_ms - c.received_at_ms <= ms(longest_s):
            return "invalid"
        alarm.shelved = True
        key = alarm.subject_id, alarm.kind, alarm.fence_id
        self.shelves[key] = full_second(c.until_ms)
        self.due(self.shelves[key], SHELF, key=key)
        return "done"

    def on_unshelve(self, alarm: Episode, c: AlarmCommand) -> str:
        if not alarm.shelved:
            return "not_allowed"
        alarm.shelved = False
        del self.shelves[alarm.subject_id, alarm.kind, alarm.fence_id]
        return "done"

    def on_close(self, alarm: Episode, c: AlarmCommand) -> str:
        usual = self.policy.priority[alarm.kind]
        urgent = (HIGHER[usual] if alarm.higher else usual) == "urgent"
        if c.outcome not in {"real", "false", "test", "other"} or (urgent and not (c.text or "").strip()):
            return "invalid"
        alarm.state = "normal"
        if alarm.shelved:
            self.on_unshelve(alarm, c)
        if alarm.row is None:
            return "done"
        wearer = self.wearers[alarm.row]
        if alarm.kind == "fence_entered":
            held = wearer.fences.get(alarm.fence_id)
            if held is not None and held.entered:
                held.closed = True
        elif alarm.kind in wearer.holds and (alarm.kind != "fence_left" or wearer.left == alarm.fence_id):
            wearer.closed.add(alarm.kind)
        return "done"


def beyond(limit: Limit, value: float) -> bool:
    return value > limit.above if limit.above is not None else value < limit.below


def back(limit: Limit, value: float) -> bool:
    if limit.above is not None:
        return value <= round(limit.above - limit.deadband, 6)
    return value >= round(limit.below + limit.deadband, 6)


def look(fence: Fence) -> tuple:
    return fence.role, fence.geometry
