"""A small city to test with: places in metres, items of devices, facts of transitions, random streams."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from oracle import Oracle

from alerts.batch import NO_SEQ, VALUE_FIELDS, Reading, batch_of
from alerts.commands import (
    OUTING_VERBS,
    VERBS,
    AlarmCommand,
    Command,
    ListeningCommand,
    OutingCommand,
    RosterCommand,
)
from alerts.engine import Decisions, Engine
from alerts.lifecycle import Transition
from alerts.policy import ChatterPolicy, LearnPolicy, OutagePolicy, Policy, WanderPolicy
from alerts.roster import Device, Fence, Model, RosterEdit, Site
from alerts.vocabulary import DEVICE_KINDS, SOURCE_INDEX, bits_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
CENTRE_LAT, CENTRE_LON = 36.7, 119.1
M_PER_LAT, M_PER_LON = 110_980.0, 89_400.0  # near enough to place things
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
# Shortly before the evening's schedules change, on a Monday.
EVENING_MS = int(datetime(2026, 11, 23, 18, 50, tzinfo=SHANGHAI).timestamp() * 1000)
NIGHT = {"tz": "Asia/Shanghai", "weekly": [{"from": "19:00", "to": "07:00"}]}
DAY = {"tz": "Asia/Shanghai", "weekly": [{"days": [1, 2, 3, 4, 5], "from": "07:00", "to": "19:00"}]}
SHORT = {"tz": "Asia/Shanghai", "weekly": [{"days": [1], "from": "18:55", "to": "19:05"}]}


def examples(count: int) -> settings:
    """Few examples, always the same ones; SHOUWANG_EXAMPLES=20 looks 20 times as long, at random."""
    times = int(os.environ.get("SHOUWANG_EXAMPLES", "1"))
    return settings(
        max_examples=count * times,
        derandomize=times == 1,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


# Places and things ------------------------------------------------------------------------------


def lon_lat(east_m: float, north_m: float) -> tuple[float, float]:
    """A place by its metres from the centre."""
    return CENTRE_LON + east_m / M_PER_LON, CENTRE_LAT + north_m / M_PER_LAT


def ring(corners: Sequence[tuple[float, float]]) -> list[list[float]]:
    """A closed GeoJSON ring through corners in metres."""
    return [list(lon_lat(*corner)) for corner in [*corners, corners[0]]]


def square(half_m: float, east_m: float = 0.0, north_m: float = 0.0) -> dict[str, object]:
    """A square fence around a place."""
    w, e, s, n = east_m - half_m, east_m + half_m, north_m - half_m, north_m + half_m
    return {"type": "Polygon", "coordinates": [ring([(w, s), (e, s), (e, n), (w, n)])]}


def circle(radius_m: float, east_m: float = 0.0, north_m: float = 0.0) -> dict[str, object]:
    """A circular fence around a place."""
    return {"type": "Point", "coordinates": list(lon_lat(east_m, north_m)), "radius_m": radius_m}


def item(
    row: int,
    at_ms: int,
    *,
    arrival: int = 0,
    ago_ms: int = 0,
    place: tuple[float, float] | None = None,
    acc_m: float = np.nan,
    src: str = "gnss",
    on: Sequence[str] = (),
    off: Sequence[str] = (),
    worn: bool | None = None,
    charging: bool | None = None,
    faults: tuple[str, ...] | None = None,
    seq: int = NO_SEQ,
    boot: int = 0,
    ack: bool = True,
    **values: float,
) -> Reading:
    """One item of a device, measured `ago_ms` before it arrived."""
    lon, lat = lon_lat(*place) if place is not None else (np.nan, np.nan)
    return Reading(
        row, at_ms, at_ms - ago_ms, arrival, lat, lon, acc_m, SOURCE_INDEX[src] if place is not None else 0,
        bits_of(list(on)), bits_of(list(off)),
        np.nan if worn is None else float(worn), np.nan if charging is None else float(charging),
        tuple(values.get(name, np.nan) for name in VALUE_FIELDS), faults, seq, boot,
        ack,
    )  # fmt: skip


# Running ----------------------------------------------------------------------------------------

Input = Reading | Command


def fact(made: Transition) -> tuple[object, ...]:
    """What the contract promises of a transition."""
    a = made.alarm
    return (
        made.seq, made.at_ms, made.event, made.from_state, a.state, a.kind, a.subject_type, a.subject_id,
        a.fence_id, a.count, a.alarm_id,
    )  # fmt: skip


def step(engine: Engine, now_ms: int, inputs: Sequence[Input]) -> Decisions:
    """One step with some inputs, which are in the order of their arrival."""
    readings = [x for x in inputs if isinstance(x, Reading)]
    commands = [x for x in inputs if not isinstance(x, Reading)]
    return engine.step(now_ms, batch_of(readings), commands)


def numbered(inputs: Sequence[Input]) -> list[Input]:
    """The same inputs, counted by arrival."""
    return [replace(x, arrival=i) for i, x in enumerate(inputs)]


# Random cities and streams: hypothesis draws whole numbers, each becomes a roster or an action. ----

# Limits of commands short enough to be met in a short stream; the rules are the same.
QUICK = Policy(
    shelve_max_s=1200.0,
    data_gap_s=30.0,
    data_gap_forget_s=300.0,
    position_lost_s=20.0,
    position_still_s=40.0,
    position_learn_s=90.0,
    position_ask_s=5.0,
    position_acc_m=20.0,
    position_gaps=0.5,
    position_near_m=80.0,
    wander=WanderPolicy(
        night_from_hour=19, routine_fixes=3.0, routine_share=0.4, enough=0.5, odds=40.0, bad_p=0.5
    ),
    shelve_person_max_s=300.0,
    learn=LearnPolicy(after=2, forget=0.25, floor_s=10.0),
    outage=OutagePolicy(min_devices=2, min_sites=1, back_s=45.0),
    chatter=ChatterPolicy(raises=2, calm_s=60.0),
    outing_grace_s=300.0,
    outing_max_s=7200.0,
    outing_ahead_s=900.0,
)

MODELS = (Model("quick", 20.0), Model("slow", 300.0))
SITES = (Site("s1", "Kuiwen"), Site("s2"))
FENCE_IDS = ("f0", "f1", "f2")
DEVICE_IDS = ("d0", "d1", "d2")
OUTING_IDS = ("o0", "o1", "o2")

_GEOMETRIES = [
    *(square(half, east) for half in (60.0, 150.0, 400.0) for east in (0.0, 250.0)),
    *(circle(radius, east, 50.0) for radius in (80.0, 200.0) for east in (-100.0, 300.0)),
]
# Never exactly on an edge, so that rounding cannot decide.
_PLACES = [(x + 0.37, y + 0.73) for x in (-480, -130, -40, 5, 90, 200, 330, 700, 9000) for y in (0, 77, -210)]
_WAITS_MS = [0, 0, 0, 1, 400, 1000, 5000, 19_999, 20_000, 21_000, 30_000, 60_000, 61_000, 300_000, 900_000]
_AGES_MS = [
    *[0] * 16, 200, 3000, 25_000, 90_000, 600_000, -30_000, -60_000, -60_001,
    8 * 86_400_000, -400 * 86_400_000, 2**50, -(2**50),
]  # fmt: skip
_VALUES = {
    "bat": [5.0, 14.9, 15.0, 20.0, 25.0, 90.0],
    "temp": [20.0, 50.0, 50.1, 57.0, 57.1, 200.0],
    "smoke": [0.0, 3.0, 3.1, 5.0, 5.1, 40.0],
    "co": [0.0, 70.0, 80.0, 101.0],
    "gas": [0.0, 7.0, 8.0, 11.0],
    "press": [0.0, 0.09, 0.1, 0.115, 0.12, 0.3],
    "current": [10.0, 250.0, 260.0, 301.0],
}
# Values and words that are of one kind.
_SAME = {
    "bat": "low_battery", "temp": "heat", "smoke": "smoke", "co": "co", "gas": "gas",
    "press": "water_pressure_low", "current": "electrical", "faults": "fault",
}  # fmt: skip

_EVIDENCE = [
    None, None, None, {}, {"raise_p": 0.7}, {"raise_p": 0.999}, {"edge_m": 60.0, "confirm_s": 0.0},
    {"raise_p": 0.5, "edge_m": 0.0, "confirm_s": 60.0},
]  # fmt: skip

_WHAT = ("stay", "fix", "heartbeat", "alarm", "command", "edit", "listening", "outing")

Said = dict[str, Any]
Action = tuple[int, str, int, int, Any]  # time since the one before, what, device, its age, the rest

seeds = st.integers(0, 2**32 - 1)
streams = st.lists(seeds, min_size=5, max_size=60)


def a_fence(dice: Random, fence_id: str) -> Fence:
    return Fence(
        fence_id,
        role=dice.choice(["safe", "safe", "forbidden"]),
        geometry=dice.choice(_GEOMETRIES),
        site_id=dice.choice(["s1", "s1", "s2", None]),
        schedule=dice.choice([None, None, None, NIGHT, DAY, SHORT]),
        evidence=dice.choice(_EVIDENCE),
    )


def a_device(dice: Random, device_id: str) -> Device:
    return Device(
        device_id,
        kind=dice.choice(["wristband", "wristband", "wristband", "fire_sensor", "home_sensor"]),
        model=dice.choice([None, "quick", "slow"]),
        site_id=dice.choice(["s1", "s1", "s2", None]),
        fence_ids=dice.choice([None, None, None, (), ("f0",), ("f0", "f1"), ("f1", "f2", "gone")]),
        resident_id=dice.choice(["r0", "r0", "r1", None]),
    )


def a_roster(seed: int) -> RosterEdit:
    """A whole city to begin with."""
    dice = Random(seed)
    return RosterEdit(
        models=MODELS,
        sites=SITES,
        fences=tuple(a_fence(dice, i) for i in FENCE_IDS),
        devices=tuple(a_device(dice, i) for i in DEVICE_IDS),
    )


def an_edit(dice: Random) -> RosterEdit:
    """A change of a part of the roster, sometimes one that must be refused."""
    bad = [Fence("bad", "safe", {"type": "Polygon", "coordinates": []})] if dice.random() < 0.1 else []
    return RosterEdit(
        models=dice.choice([(), (), (Model("quick", 5.0),), (Model("slow", 7.0),)]),
        fences=(*(a_fence(dice, i) for i in FENCE_IDS if dice.random() < 0.3), *bad),
        devices=tuple(a_device(dice, i) for i in DEVICE_IDS if dice.random() < 0.25),
        remove_models=dice.choice([(), (), (), ("quick",)]),
        remove_fences=tuple(i for i in FENCE_IDS if dice.random() < 0.15),
        remove_devices=tuple(i for i in DEVICE_IDS if dice.random() < 0.15),
    )


class Habits:
    """What happens in one stream: a few places, ages, kinds, so that they meet often."""

    def __init__(self, seed: int) -> None:
        dice = Random(f"habits {seed}")
        self.rows = dice.choice([(0,), (0, 1), (0, 1, 2)])
        self.waits_ms = dice.sample(_WAITS_MS, 5)
        self.ages_ms = [0, 0, *dice.sample(_AGES_MS, 3)]
        self.places = dice.sample(_PLACES, 4)
        self.fields = dice.sample([*_VALUES, "worn", "charging", "faults"], 3)
        self.kinds = [*dice.sample(DEVICE_KINDS, 3), *(_SAME[name] for name in self.fields if name in _SAME)]
        often = {"stay": (0, 4, 8), "command": (1, 3, 5), "listening": (0, 0, 1), "outing": (0, 1, 3)}
        self.weights = [dice.choice(often.get(what, (0, 1, 4))) for what in _WHAT] + [0.01]

    def action(self, seed: int) -> Action:
        dice = Random(seed)
        said = {
            "stay": self.stay,
            "fix": self.fix,
            "heartbeat": self.heartbeat,
            "alarm": self.alarm,
            "command": a_command,
            "edit": an_edit,
            "listening": lambda dice: dice.random() < 0.6,
            "outing": an_outing,
        }
        (what,) = dice.choices([*_WHAT, "fix"], self.weights)
        wait_ms, row, age_ms = dice.choice(self.waits_ms), dice.choice(self.rows), dice.choice(self.ages_ms)
        return wait_ms, what, row, age_ms, said[what](dice)

    def fix(self, dice: Random) -> Said:
        return {
            "place": dice.choice(self.places),
            "acc_m": dice.choice([np.nan, 0.0, 2.0, 12.0, 60.0, 400.0]),
            "src": dice.choice(["gnss", "gnss", "gnss", "unknown", "wifi", "cell", "ble"]),
        }

    def stay(self, dice: Random) -> Said:
        """A few good fixes at one place, as needed to leave and to return."""
        return {
            "place": dice.choice(self.places), "acc_m": dice.choice([np.nan, 5.0]), "src": "gnss",
            "times": dice.randint(2, 3), "every_ms": dice.choice([20_000, 30_000]),
        }  # fmt: skip

    def heartbeat(self, dice: Random) -> Said:
        names = dice.sample(self.fields, dice.randint(1, 3))
        said = {name: dice.choice(_VALUES[name]) for name in names if name in _VALUES}
        said |= {name: dice.random() < 0.5 for name in names if name in {"worn", "charging"}}
        return said | ({"faults": dice.choice([(), ("E1",), ("E1", "E2")])} if "faults" in names else {})

    def alarm(self, dice: Random) -> Said:
        some = dice.choices(self.kinds, k=dice.randint(1, 3))
        said: Said = {"on": some} if dice.random() < 0.6 else {"off": some}
        if dice.random() < 0.1:
            said = {"on": ["unreadable"]}
        said |= self.fix(dice) if dice.random() < 0.3 else {}
        return said | (self.heartbeat(dice) if dice.random() < 0.2 else {})


class Numbers:
    """How devices number their items: not at all, all to be acknowledged, or only some of them."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(f"numbers {seed}")
        self.asks = self.dice.choice([None, 1.0, 1.0, 0.97])
        self.next = {row: self.dice.choice([0, 7]) for row in range(len(DEVICE_IDS))}
        self.boots = dict.fromkeys(self.next, 0)
        self.skipped: dict[int, list[tuple[int, int]]] = {row: [] for row in self.next}

    def one(self, row: int) -> Said:
        dice = self.dice
        if self.asks is None or dice.random() < 0.05:
            return {}
        if dice.random() < 0.03:
            self.boots[row], self.next[row] = self.boots[row] + 1, 0
        said = {"ack": dice.random() < self.asks}
        if self.skipped[row] and dice.random() < 0.3:
            boot, seq = self.skipped[row].pop(dice.randrange(len(self.skipped[row])))
            return said | {"boot": boot, "seq": seq}
        for _ in range(dice.choice([0, 0, 0, 0, 0, 1, 3])):
            self.skipped[row].append((self.boots[row], self.next[row]))
            self.next[row] += 1
        self.next[row] += 1
        return said | {"boot": self.boots[row], "seq": self.next[row] - 1}


def a_command(dice: Random) -> Said:
    """Which open alarm and which version is found when the stream is played."""
    return {
        "pick": dice.randint(-1, 5),
        "of_fences": dice.random() < 0.5,
        "old": dice.choice([None, 0, 0, 1]),
        "verb": dice.choice([*VERBS, "close", "close", "close", "acknowledge", "shelve"]),
        "text": dice.choice([None, " ", "visited", "visited", "visited"]),
        "assignee": dice.choice([None, "wang"]),
        "until_in_ms": dice.choice([None, 0, 1, 30_001, 600_000, 1_200_000, 1_200_001]),
        "reason": dice.choice([None, "repair", "repair"]),
        "outcome": dice.choice([None, "real", "false", "real", "test", "odd"]),
    }


def alarm_command(number: int, at_ms: int, alarm_id: str, version: int | None, said: Said) -> AlarmCommand:
    until_in_ms = said["until_in_ms"]
    return AlarmCommand(
        f"c{number}", at_ms, number, said["verb"], alarm_id, "zhao", version, said["text"], said["assignee"],
        None if until_in_ms is None else at_ms + until_in_ms, said["reason"], said["outcome"],
    )  # fmt: skip


def an_outing(dice: Random) -> Said:
    """Times count from the moment it is said; some of them cannot be."""
    begin_s = dice.choice([0, 1, 1, 1, 1, 20, 60, 300, 901])
    return {
        "verb": dice.choice([*OUTING_VERBS, "approve", "approve"]),
        "outing_id": dice.choice(OUTING_IDS),
        "resident_id": dice.choice(["r0", "r0", "r1", "r9"]),
        "from_s": begin_s,
        "until_s": begin_s + dice.choice([0, 1, 40, 120, 600, 1800, 7200, 7201]),
        "fence_id": dice.choice([None, None, *FENCE_IDS, "gone"]),
        "only": dice.choice([None, None, "until_s"]),
        "off_ms": dice.choice([0] * 9 + [1]),
    }


def outing_command(number: int, at_ms: int, said: Said) -> OutingCommand:
    second_ms = at_ms - at_ms % 1000 + said["off_ms"]
    begin_ms, end_ms = second_ms + said["from_s"] * 1000, second_ms + said["until_s"] * 1000
    is_new = said["verb"] == "approve"
    return OutingCommand(
        f"c{number}", at_ms, number, "zhao", said["verb"], said["outing_id"],
        said["resident_id"] if is_new else None,
        None if said["only"] and not is_new else begin_ms, end_ms,
        said["fence_id"] if is_new else None,
    )  # fmt: skip


def roster_command(number: int, at_ms: int, edit: RosterEdit) -> RosterCommand:
    return RosterCommand(f"c{number}", at_ms, number, "zhao", edit)


def play(roster_seed: int, action_seeds: Sequence[int]) -> tuple[Oracle, list[Input]]:
    """The oracle's run over a stream, and the stream with the targets of its commands found."""
    oracle, inputs = Oracle(QUICK), []
    habits, numbers, at_ms = Habits(roster_seed), Numbers(roster_seed), EVENING_MS

    def take(made: Input) -> None:
        inputs.append(made)
        oracle.take(made)

    take(roster_command(0, at_ms, a_roster(roster_seed)))
    for wait_ms, what, row, age_ms, said in map(habits.action, action_seeds):
        at_ms += wait_ms
        oracle.until(at_ms)
        if what == "edit":
            take(roster_command(len(inputs), at_ms, said))
        elif what == "listening":
            take(ListeningCommand(at_ms, len(inputs), said))
        elif what == "command":
            take(alarm_command(len(inputs), at_ms, *_target(oracle, said), said))
        elif what == "outing":
            take(outing_command(len(inputs), at_ms, said))
        elif what == "stay":
            fix = {name: said[name] for name in ("place", "acc_m", "src")}
            for time in range(said["times"]):
                at_ms += said["every_ms"] if time else 0
                take(item(row, at_ms, arrival=len(inputs), **fix, **numbers.one(row)))
        else:
            take(item(row, at_ms, arrival=len(inputs), ago_ms=age_ms, **said, **numbers.one(row)))
    oracle.until(end_ms(inputs))
    return oracle, inputs


def _target(oracle: Oracle, said: Said) -> tuple[str, int | None]:
    """(alarm id, version) of a command: one of the open alarms, or one that is not."""
    alarms = list(oracle.episodes.values())
    alarms = [a for a in alarms if said["of_fences"] and a.fence_id is not None] or alarms
    if not alarms or said["pick"] < 0:
        return "A0", None
    target = alarms[said["pick"] % len(alarms)]
    return target.alarm_id, None if said["old"] is None else target.version - said["old"]


def end_ms(inputs: Sequence[Input]) -> int:
    """When a played stream ends: an hour of silence after its last input."""
    return inputs[-1].received_at_ms + HOUR_MS
