"""Runs every method on the worlds of some seeds, and adds up."""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.lab import tracks
from bench.lab.baselines import BASELINES, FRONTIERS, marks_by, seen_of
from bench.lab.files import run_replay
from bench.lab.product import run_closed, run_open
from bench.lab.score import Score, score
from bench.lab.world import World, build
from iot_gateway.policy_file import load_policy, policy_of

OPEN, CLOSED = "Shouwang, open loop", "Shouwang, closed loop"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run on each seed. `vary`: (policy key with dots, values); policies are files' contents."""

    weather: str = "mixed"
    bands: int = 2560
    days: int = 2
    departures_a_day: float = 0.2
    policy: Path | None = None
    tracks: Path | None = None
    baselines: bool = True
    closed: bool = True
    through_replay: bool = False
    frontier: bool = False
    vary: tuple[tuple[str, tuple[Any, ...]], ...] = ()


@dataclass(slots=True)
class Found:
    """`scores` by method; `lines` of the frontier: name -> (what was set, score) in order."""

    scores: dict[str, Score] = field(default_factory=dict)
    lines: dict[str, list[tuple[str, Score]]] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Sum."""
        for name, made in other.scores.items():
            self.scores.setdefault(name, Score()).add(made)
        for name, points in other.lines.items():
            mine = self.lines.setdefault(name, [(label, Score()) for label, _ in points])
            for (_, total), (_, made) in zip(mine, points, strict=True):
                total.add(made)


def run(plan: Plan, seeds: list[int], jobs: int) -> Found:
    """All seeds, some at a time."""
    found = Found()
    with ProcessPoolExecutor(jobs) as pool:
        for one in pool.map(run_seed, [plan] * len(seeds), seeds):
            found.add(one)
    return found


def run_seed(plan: Plan, seed: int) -> Found:
    """One world."""
    began = time.perf_counter()
    world = build(seed, plan.bands, plan.days, plan.weather, plan.departures_a_day, tracks.read(plan.tracks))
    built = time.perf_counter()
    found = Found(scores=_product(world, plan))
    if plan.baselines or plan.frontier:
        _peers(world, plan, found)
    for key, values in plan.vary:
        line = f"Shouwang, {key}"
        found.lines[line] = [(str(value), _varied(world, plan, key, value)) for value in values]
    print(
        f"  {plan.weather}, seed {seed}: built in {built - began:.0f} s, run in {time.perf_counter() - built:.0f} s",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return found


def _product(world: World, plan: Plan) -> dict[str, Score]:
    policy = load_policy(plan.policy)
    if plan.through_replay:
        with tempfile.TemporaryDirectory() as directory:
            return {OPEN: score(world, run_replay(world, Path(directory), plan.policy))}
    scores = {OPEN: score(world, run_open(world, policy))}
    if plan.closed:
        marks, asked = run_closed(world, policy)
        scores[CLOSED] = score(world, marks)
        scores[CLOSED].asked = asked
    return scores


def _peers(world: World, plan: Plan, found: Found) -> None:
    seen = seen_of(world)
    if plan.baselines:
        for name, rule in BASELINES.items():
            found.scores[name] = score(world, marks_by(rule, seen, true="oracle" in name))
    if plan.frontier:
        for name, rules in FRONTIERS.items():
            found.lines[name] = [(label, score(world, marks_by(rule, seen))) for label, rule in rules.items()]


def _varied(world: World, plan: Plan, key: str, value: Any) -> Score:
    """The product in the closed loop (or the open one, if that is not run), with one field of its policy changed.

    Raises:
        ValueError: there is no such field, or it cannot have the value.
    """
    changed: Any = value
    for name in reversed(key.split(".")):
        changed = {name: changed}
    policy = policy_of(changed)
    if not plan.closed:
        return score(world, run_open(world, policy))
    marks, asked = run_closed(world, policy)
    made = score(world, marks)
    made.asked = asked
    return made
