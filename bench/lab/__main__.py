"""`make lab`: the table of the product and its peers on seeded worlds whose truth is known."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from alerts.policy import Policy
from bench.lab.baselines import BASELINES, marks_by, seen_of
from bench.lab.product import run_closed, run_open
from bench.lab.score import Score, score
from bench.lab.table import head, row, target
from bench.lab.weather import WEATHERS
from bench.lab.world import World, build
from iot_gateway.policy_file import load_policy

OPEN, CLOSED = "Shouwang, open loop", "Shouwang, closed loop"


def main() -> int:
    """Print the table."""
    args = _arguments()
    policy = load_policy(args.policy)
    print(f"weather {args.weather}, seeds {args.seeds}, {args.bands} bands for {args.days} days each")
    scores: dict[str, Score] = {}
    for seed in args.seeds:
        began = time.perf_counter()
        world = build(seed, args.bands, args.days, args.weather, args.departures, [])
        built = time.perf_counter()
        for name, made in _all(world, policy, args).items():
            scores.setdefault(name, Score()).add(made)
        print(f"  seed {seed}: built in {built - began:.0f} s, run in {time.perf_counter() - built:.0f} s", file=sys.stderr)
    print(head())
    for name, made in scores.items():
        print(row(name, made))
    print(target())
    return 0


def _all(world: World, policy: Policy, args: argparse.Namespace) -> dict[str, Score]:
    scores = {OPEN: score(world, run_open(world, policy))}
    if not args.no_closed:
        marks, asked = run_closed(world, policy)
        scores[CLOSED] = score(world, marks)
        scores[CLOSED].asked = asked
    if not args.no_baselines:
        seen = seen_of(world)
        for name, rule in BASELINES.items():
            scores[name] = score(world, marks_by(rule, seen, true="oracle" in name))
    return scores


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make lab", description=__doc__)
    parser.add_argument("--weather", default="mixed", choices=list(WEATHERS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103, 104])
    parser.add_argument("--bands", type=int, default=1280, help="a world")
    parser.add_argument("--days", type=int, default=2, help="a world")
    parser.add_argument("--departures", type=float, default=0.2, help="a band-day")
    parser.add_argument("--policy", type=Path, help="a policy file, as of `shouwang replay`")
    parser.add_argument("--no-closed", action="store_true")
    parser.add_argument("--no-baselines", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
