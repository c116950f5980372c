"""A small city to test with: places in metres, items of devices, facts of transitions, random streams."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from alerts.batch import VALUE_FIELDS, Reading, batch_of
from alerts.commands import VERBS, AlarmCommand, Command, RosterCommand
from alerts.engine import Decisions, Engine
from alerts.lifecycle import Transition
from alerts.policy import Policy
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
    **values: float,
) -> Reading:
    """One item of a device, measured `ago_ms` before it arrived."""
    lon, lat = lon_lat(*place) if place is not None else (np.nan, np.nan)
    return Reading(
        row, at_ms, at_ms - ago_ms, arrival, lat, lon, acc_m, SOURCE_INDEX[src] if place is not None else 0,
        bits_of(list(on)), bits_of(list(off)),
        np.nan if worn is None else float(worn), np.nan if charging is None else float(charging),
        tuple(values.get(name, np.nan) for name in VALUE_FIELDS), faults,
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


# Random cities and streams ----------------------------------------------------------------------

# Delays short enough to be seen in a short stream; the rules are the same.
QUICK = Policy(shelve_max_s=1200.0, undo_s=60.0)

MODELS = (Model("quick", 20.0), Model("slow", 300.0))
SITES = (Site("s1", "Kuiwen"), Site("s2"))

_geometries = st.one_of(
    st.builds(square, st.sampled_from([60.0, 150.0, 400.0]), st.sampled_from([0.0, 250.0]), st.just(0.0)),
    st.builds(circle, st.sampled_from([80.0, 200.0]), st.sampled_from([-100.0, 300.0]), st.just(50.0)),
)
_schedules = st.sampled_from([None, None, None, NIGHT, DAY, SHORT])


def fences_of(fence_id: str) -> st.SearchStrategy[Fence]:
    return st.builds(
        Fence,
        fence_id=st.just(fence_id),
        role=st.sampled_from(["safe", "safe", "forbidden"]),
        geometry=_geometries,
        site_id=st.sampled_from(["s1", "s1", "s2", None]),
        schedule=_schedules,
    )


def devices_of(device_id: str) -> st.SearchStrategy[Device]:
    return st.builds(
        Device,
        device_id=st.just(device_id),
        kind=st.sampled_from(["wristband", "wristband", "wristband", "fire_sensor", "home_sensor"]),
        model=st.sampled_from([None, "quick", "slow"]),
        site_id=st.sampled_from(["s1", "s1", "s2", None]),
        fence_ids=st.sampled_from([None, None, None, (), ("f0",), ("f0", "f1"), ("f1", "f2", "gone")]),
    )


FENCE_IDS = ("f0", "f1", "f2")
DEVICE_IDS = ("d0", "d1", "d2")


@st.composite
def edits(draw: st.DrawFn) -> RosterEdit:
    """A change of a part of the roster, sometimes one that must be refused."""
    fences = [draw(fences_of(i)) for i in FENCE_IDS if draw(st.integers(0, 2)) == 0]
    if draw(st.integers(0, 11)) == 0:
        fences.append(Fence("bad", "safe", {"type": "Polygon", "coordinates": []}))
    return RosterEdit(
        models=draw(st.sampled_from([(), (), (Model("quick", 5.0),), (Model("slow", 7.0),)])),
        fences=tuple(fences),
        devices=tuple(draw(devices_of(i)) for i in DEVICE_IDS if draw(st.integers(0, 3)) == 0),
        remove_models=draw(st.sampled_from([(), (), (), ("quick",)])),
        remove_fences=tuple(i for i in FENCE_IDS if draw(st.integers(0, 5)) == 0),
        remove_devices=tuple(i for i in DEVICE_IDS if draw(st.integers(0, 7)) == 0),
    )


@st.composite
def rosters(draw: st.DrawFn) -> RosterEdit:
    """A whole city to begin with."""
    return RosterEdit(
        models=MODELS,
        sites=SITES,
        fences=tuple(draw(fences_of(i)) for i in FENCE_IDS),
        devices=tuple(draw(devices_of(i)) for i in DEVICE_IDS),
    )


# Never exactly on an edge, so that rounding cannot decide.
_PLACES = [(x + 0.37, y + 0.73) for x in (-480, -130, -40, 5, 90, 200, 330, 700, 9000) for y in (0, 77, -210)]
_STEPS_MS = [0, 0, 0, 1, 400, 1000, 5000, 19_999, 20_000, 21_000, 30_000, 60_000, 61_000, 300_000, 900_000]
_AGES_MS = [
    0, 0, 0, 0, 0, 0, 200, 3000, 25_000, 90_000, 600_000, -30_000, -60_000, -60_001,
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
_ended = st.lists(st.sampled_from([*DEVICE_KINDS, "sos", "strap_off", "smoke"]), max_size=3)
_words = st.lists(st.sampled_from([*DEVICE_KINDS, "sos", "strap_off", "smoke", "unreadable"]), max_size=3)


@st.composite
def _fix(draw: st.DrawFn) -> dict[str, object]:
    return {
        "place": draw(st.sampled_from(_PLACES)),
        "acc_m": draw(st.sampled_from([np.nan, 0.0, 2.0, 12.0, 60.0, 400.0])),
        "src": draw(st.sampled_from(["gnss", "gnss", "gnss", "unknown", "wifi", "cell", "ble"])),
    }


@st.composite
def _heartbeat(draw: st.DrawFn) -> dict[str, object]:
    said = draw(st.lists(st.sampled_from([*_VALUES, "worn", "charging", "faults"]), min_size=1, max_size=4))
    values: dict[str, object] = {name: draw(st.sampled_from(_VALUES[name])) for name in said if name in _VALUES}
    values |= {name: draw(st.booleans()) for name in said if name in {"worn", "charging"}}
    if "faults" in said:
        values["faults"] = draw(st.sampled_from([(), ("E1",), ("E1", "E2")]))
    return values


@st.composite
def _alarm(draw: st.DrawFn) -> dict[str, object]:
    said: dict[str, object] = {"on": draw(_words)} if draw(st.integers(0, 3)) else {"off": draw(_ended)}
    if draw(st.booleans()):
        said |= draw(_fix())
    if draw(st.integers(0, 4)) == 0:
        said |= draw(_heartbeat())
    return said


@st.composite
def _command(draw: st.DrawFn) -> dict[str, object]:
    """Which open alarm and which version is found when the stream is played."""
    return {
        "pick": draw(st.integers(-1, 5)),
        "old": draw(st.sampled_from([None, 0, 0, 1])),
        "verb": draw(st.sampled_from([*VERBS, "close", "close", "acknowledge"])),
        "text": draw(st.sampled_from([None, " ", "visited", "visited"])),
        "assignee": draw(st.sampled_from([None, "wang"])),
        "until_in_ms": draw(st.sampled_from([None, 0, 1, 30_001, 600_000, 1_200_000, 1_200_001])),
        "reason": draw(st.sampled_from([None, "repair", "repair"])),
        "outcome": draw(st.sampled_from([None, "real", "false", "odd"])),
    }


# (time since the input before, what, device, how old, the rest)
Action = tuple[int, str, int, int, object]
_actions = st.one_of(
    st.tuples(st.sampled_from(_STEPS_MS), st.just("item"), st.integers(0, 2), st.sampled_from(_AGES_MS), _fix()),
    st.tuples(st.sampled_from(_STEPS_MS), st.just("item"), st.integers(0, 2), st.just(0), _fix()),
    st.tuples(st.sampled_from(_STEPS_MS), st.just("item"), st.integers(0, 2), st.sampled_from(_AGES_MS), _heartbeat()),
    st.tuples(st.sampled_from(_STEPS_MS), st.just("item"), st.integers(0, 2), st.sampled_from(_AGES_MS), _alarm()),
    st.tuples(st.sampled_from(_STEPS_MS), st.just("command"), st.just(0), st.just(0), _command()),
    st.tuples(st.sampled_from(_STEPS_MS), st.just("edit"), st.just(0), st.just(0), edits()),
)  # fmt: skip
streams = st.lists(_actions, min_size=5, max_size=60)


def alarm_command(number: int, at_ms: int, alarm_id: str, version: int | None, said: dict[str, object]) -> Command:
    until_in_ms = said["until_in_ms"]
    return AlarmCommand(
        f"c{number}", at_ms, number, said["verb"], alarm_id, "zhao", version, said["text"], said["assignee"],
        None if until_in_ms is None else at_ms + until_in_ms, said["reason"], said["outcome"],
    )  # fmt: skip


def roster_command(number: int, at_ms: int, edit: RosterEdit) -> Command:
    return RosterCommand(f"c{number}", at_ms, number, "zhao", edit)
