"""The engine's whole state as plain values and arrays, and back. Encoding them is the shell's."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, fields
from typing import Any, Final

import numpy as np

from alerts.engine import Engine
from alerts.evidence import PairArrays, new_pairs, pair_keys
from alerts.fleet import Arrays, Pending
from alerts.lifecycle import Alarm
from alerts.outages import Group
from alerts.policy import Policy
from alerts.roster import Device, Fence, Model, Site

FORMAT: Final = 1


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
        "arrays": {f.name: getattr(fleet.arrays, f.name) for f in fields(Arrays)},
        "pending": [[row, kind, *p] for row, waiting in fleet.pending.items() for kind, p in waiting.items()],
        "said": [[row, kind, *said] for (row, kind), said in fleet.said.items()],
        "left_fence": list(fleet.left_fence.items()),
        "deaf_since_ms": fleet.deaf_since_ms,
        "pair_keys": pair_keys(engine.fences),
        "pairs": {f.name: getattr(engine.evidence.pairs, f.name) for f in fields(PairArrays)},
        "alarms": [asdict(alarm) for alarm in alarms.open.values()],
        "shelves": [[list(identity), until_ms] for identity, until_ms in alarms.shelves.items()],
        "raises": [[list(identity), list(raised)] for identity, raised in alarms.raises.items()],
        "latched": [[list(identity), due_ms] for identity, due_ms in alarms.latched.items()],
        "outages": [[*group, alarm_id] for group, alarm_id in engine.outages.out.items()],
        "first_heard": list(engine.outages.first_heard),
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
    engine.fences.compile(engine.fleet.devices, state["now_ms"])
    _load_pairs(engine, state)
    engine.now_ms = state["now_ms"]
    engine.outages.out = {Group(*group): alarm_id for *group, alarm_id in state.get("outages", ())}
    engine.outages.first_heard.extend((at_ms, row) for at_ms, row in state.get("first_heard", ()))
    engine.supervise_all()  # the policy may promise anew for devices whose model does not
    engine.outages.recount()
    return engine


def _load_fleet(engine: Engine, state: dict[str, Any]) -> None:
    fleet = engine.fleet
    fleet.enrol([_device(device) for device in state["devices"]])
    for f in fields(Arrays):
        if f.name in state["arrays"]:  # a column that is newer than the snapshot begins as for a new device
            getattr(fleet.arrays, f.name)[:] = state["arrays"][f.name]
    for row, kind, due_ms, begins, because in state["pending"]:
        fleet.wait(row, kind, Pending(due_ms, begins, because))
    fleet.said = {(row, kind): (at_ms, on) for row, kind, at_ms, on in state["said"]}
    fleet.left_fence = dict(state["left_fence"])
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
    for f in fields(PairArrays):
        if f.name in state["pairs"]:
            getattr(pairs, f.name)[:] = np.asarray(state["pairs"][f.name])
    engine.evidence.pairs = pairs
