"""The engine's whole state as plain values and arrays, and back. Encoding them is the shell's."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, fields
from typing import Any, Final

import numpy as np

from alerts.crossings import pair_keys
from alerts.engine import Engine
from alerts.evidence import Belief, PairArrays, new_belief, new_pairs
from alerts.fleet import Arrays, Hole, Pending
from alerts.lifecycle import Alarm
from alerts.motion import Track
from alerts.outages import Ending, Group
from alerts.outings import Outing, Overdue
from alerts.policy import Policy
from alerts.recent import Ring
from alerts.roster import Device, Fence, Model, Site
from alerts.routine import Habits

FORMAT: Final = 1
Columns = Arrays | PairArrays | Belief | Track | Ring | Habits


def dump(engine: Engine) -> dict[str, Any]:
    """Everything `load` needs to make an engine that decides as this one would."""
    fleet, alarms = engine.fleet, engine.alarms
    return {
        "format": FORMAT,
        "now_ms": engine.now_ms,
        "models": [asdict(model) for model in engine.models.values()],
        "sites": [asdict(site) for site in engine.sites.values()],
        "fences": [asdict(fence) for fence in engine.fences.definitions.values()],
        "devices": [asdict(device) for device in fleet.devices],
        "arrays": _columns(fleet.arrays),
        "pending": [[row, kind, *p] for row, waiting in fleet.pending.items() for kind, p in waiting.items()],
        "said": [[row, kind, *said] for (row, kind), said in fleet.said.items()],
        "left_fence": list(fleet.left_fence.items()),
        "holes": [[row, *hole] for row, holes in fleet.holes.items() for hole in holes],
        "deaf_since_ms": fleet.deaf_since_ms,
        "pair_keys": pair_keys(engine.fences),
        "pairs": _columns(engine.crossings.pairs),
        "recent": _dump_recent(engine),
        "habits": _dump_habits(engine),
        "alarms": [asdict(alarm) for alarm in alarms.open.values()],
        "shelves": [[list(identity), until_ms] for identity, until_ms in alarms.shelves.items()],
        "raises": [[list(identity), list(raised)] for identity, raised in alarms.raises.items()],
        "latched": [[list(identity), due_ms] for identity, due_ms in alarms.latched.items()],
        "outages": [[*group, alarm_id] for group, alarm_id in engine.outages.out.items()],
        "outages_ending": [[*group, *ending] for group, ending in engine.outages.ending.items()],
        "first_heard": list(engine.outages.first_heard),
        "outings": [asdict(outing) for outing in engine.outings.approved.values()],
        "overdue": [[row, list(late)] for row, late in engine.outings.overdue.items()],
        "last_seq": alarms.last_seq,
    }


def load(state: dict[str, Any], policy: Policy) -> Engine:
    """An engine in the state that was dumped.

    Raises:
        ValueError: the state is of another format.
    """
    if state.get("format") != FORMAT:
        raise ValueError(f"snapshot of format {state.get('format')!r}, expected {FORMAT}")
    engine = Engine(policy)
    engine.models = {m["model"]: Model(**m) for m in state["models"]}
    engine.sites.update({s["site_id"]: Site(**s) for s in state["sites"]})
    _load_fleet(engine, state)
    _load_alarms(engine, state)
    for fence in state["fences"]:
        engine.fences.put(Fence(**fence))
    outings = [Outing(**outing) for outing in state.get("outings", ())]
    engine.outings.approved = {outing.outing_id: outing for outing in outings}
    engine.outings.overdue = {row: Overdue(*late) for row, late in state.get("overdue", ())}
    engine.fences.compile(engine.fleet.devices, engine.outings.guests(), state["now_ms"])
    _load_pairs(engine, state)
    engine.now_ms = state["now_ms"]
    engine.outings.lay(engine.now_ms)
    engine.outages.out = {Group(*group): alarm_id for *group, alarm_id in state.get("outages", ())}
    ending = state.get("outages_ending", ())
    engine.outages.ending = {
        Group(*group): Ending(*rest) for *group, rest in ((*e[:2], e[2:]) for e in ending)
    }
    engine.outages.first_heard.extend((at_ms, row) for at_ms, row in state.get("first_heard", ()))
    engine.supervise_all()  # the policy may promise anew for devices whose model does not
    engine.outages.recount()
    return engine


def _load_fleet(engine: Engine, state: dict[str, Any]) -> None:
    fleet = engine.fleet
    fleet.enrol([_device(device) for device in state["devices"]])
    _fill(fleet.arrays, state["arrays"])
    for row, kind, due_ms, begins, because in state["pending"]:
        fleet.wait(row, kind, Pending(due_ms, begins, because))
    fleet.said = {(row, kind): (at_ms, on) for row, kind, at_ms, on in state["said"]}
    fleet.left_fence = dict(state["left_fence"])
    for row, *hole in state.get("holes", ()):
        fleet.holes.setdefault(row, []).append(Hole(*hole))
    fleet.deaf_since_ms = state["deaf_since_ms"]


def _device(values: dict[str, Any]) -> Device:
    fence_ids = values["fence_ids"]
    return Device(**values | {"fence_ids": None if fence_ids is None else tuple(fence_ids)})


def _load_alarms(engine: Engine, state: dict[str, Any]) -> None:
    alarms = engine.alarms
    for values in state["alarms"]:
        alarm = Alarm(**values)
        alarms.open[alarm.identity] = alarm
        alarms.by_id[alarm.alarm_id] = alarm
    for (subject_type, subject_id, kind, fence_id), until_ms in state["shelves"]:
        alarms.shelve_until((subject_type, subject_id, kind, fence_id), until_ms)
    for identity, raised in state.get("raises", ()):
        alarms.raises[tuple(identity)] = deque(raised)
    for identity, due_ms in state.get("latched", ()):
        alarms.latch_until(tuple(identity), due_ms)
    alarms.last_seq = state["last_seq"]


def _load_pairs(engine: Engine, state: dict[str, Any]) -> None:
    """Pairs are laid out by the roster, which has not changed; the keys say so."""
    keys = [(row, fence_id) for row, fence_id in state["pair_keys"]]
    assert keys == pair_keys(engine.fences), "the pairs of a snapshot are those of its roster"
    pairs = new_pairs(len(keys))
    _fill(pairs, state["pairs"])
    engine.crossings.pairs = pairs
    _load_recent(engine, state)
    engine.conditions.routine.make_room(len(engine.fleet))
    _fill(engine.conditions.routine.habits, state.get("habits", {}))


def _dump_recent(engine: Engine) -> dict[str, Any]:
    recent = engine.crossings.recent
    recent.make_room(len(engine.fleet))
    kept = {
        name: {"track": _columns(known.track), "belief": _columns(known.belief)}
        for name, known in (("now", recent.now), ("middle", recent.middle), ("base", recent.base))
    }
    return {"ring": _columns(recent.ring), **kept}


def _dump_habits(engine: Engine) -> dict[str, Any]:
    engine.conditions.routine.make_room(len(engine.fleet))
    return _columns(engine.conditions.routine.habits)


def _load_recent(engine: Engine, state: dict[str, Any]) -> None:
    """An older snapshot knows verdicts only: the evidence begins anew, the verdicts stay."""
    recent, kept = engine.crossings.recent, state.get("recent", {})
    recent.make_room(len(engine.fleet))
    _fill(recent.ring, kept.get("ring", {}))
    for name, known in (("now", recent.now), ("middle", recent.middle), ("base", recent.base)):
        known.belief = new_belief(len(state["pair_keys"]))
        _fill(known.belief, state["pairs"])
        _fill(known.track, kept.get(name, {}).get("track", {}))
        _fill(known.belief, kept.get(name, {}).get("belief", {}))


def _columns(columns: Columns) -> dict[str, Any]:
    return {f.name: getattr(columns, f.name) for f in fields(columns)}


def _fill(columns: Columns, values: dict[str, Any]) -> None:
    """A column that is newer than the snapshot begins as for a new device."""
    for f in fields(columns):
        if f.name in values:
            column = getattr(columns, f.name)
            column[:] = np.asarray(values[f.name]).reshape(column.shape)
