"""`make lab`: the table of the product and its peers on seeded worlds whose truth is known (docs/LAB.md)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.lab import tracks
from bench.lab.files import write
from bench.lab.runs import CLOSED, OPEN, Found, Plan, run
from bench.lab.table import as_json, head, row, target
from bench.lab.weather import WEATHERS
from bench.lab.world import build


def main() -> int:
    """Print the table; write what is asked for."""
    args = _arguments()
    plan = Plan(
        args.weather, args.bands, args.days, args.departures, args.policy, args.tracks,
        baselines=not args.no_baselines, closed=not args.no_closed, through_replay=args.through_replay,
        frontier=args.frontier is not None, vary=tuple(args.vary),
    )  # fmt: skip
    if args.write is not None:
        for seed in args.seeds:
            world = build(
                seed, args.bands, args.days, args.weather, args.departures, tracks.read(args.tracks)
            )
            write(world, args.write / f"seed-{seed}" if len(args.seeds) > 1 else args.write)
        return 0
    found = run(plan, args.seeds, args.jobs)
    _print(plan, args.seeds, found)
    if args.frontier is not None:
        from bench.lab.frontier import draw

        draw(found, args.frontier / "frontier.svg")
        draw(found, args.frontier / "frontier.png")
    if args.json is not None:
        args.json.write_text(json.dumps(_json(plan, args.seeds, found), indent=1), encoding="utf-8")
    if args.every_weather:
        _every_weather(plan, args)
    return 0


def _print(plan: Plan, seeds: list[int], found: Found) -> None:
    made = found.scores[OPEN]
    print(
        f"weather {plan.weather}, seeds {' '.join(map(str, seeds))}: {made.band_days:,.0f} band-days, "
        f"{len(made.delays)} departures"
    )
    print(head())
    for name, one in found.scores.items():
        print(row(name, one))
    for name, points in found.lines.items():
        if name.startswith("Shouwang"):
            for label, one in points:
                print(row(f"  {name.removeprefix('Shouwang, ')} = {label}", one))
    print(target())


def _every_weather(plan: Plan, args: argparse.Namespace) -> None:
    """One line a weather, each on its own first seed."""
    print("\nthe same policy in other weathers")
    print(head())
    for weather in WEATHERS:
        if weather == plan.weather:
            continue
        other = replace(plan, weather=weather, baselines=False, frontier=False, vary=())
        found = run(other, args.seeds[:1], args.jobs)
        for name in (OPEN, CLOSED):
            if name in found.scores:
                print(row(f"{weather}: {name.removeprefix('Shouwang, ')}", found.scores[name]))


def _json(plan: Plan, seeds: list[int], found: Found) -> dict[str, Any]:
    return {
        "weather": plan.weather, "seeds": seeds, "bands": plan.bands, "days": plan.days,
        "methods": {name: as_json(made) for name, made in found.scores.items()},
        "frontier": {
            name: [{"at": label, **as_json(made)} for label, made in points] for name, points in found.lines.items()
        },
    }  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make lab ARGS=...", description=__doc__)
    add = parser.add_argument
    add("--weather", default="mixed", choices=list(WEATHERS), help="which errors (default: mixed)")
    add("--every-weather", action="store_true", help="one line more for each other weather")
    add("--seeds", type=int, nargs="+", default=[101, 102, 103, 104], help="a world each")
    add("--bands", type=int, default=2560, help="in a world")
    add("--days", type=int, default=2, help="of a world")
    add("--departures", type=float, default=0.2, help="attempts a band-day; a city has about 1/75")
    add("--policy", type=Path, help="a policy file, as of `shouwang replay`")
    add("--tracks", type=Path, help="a directory of GeoLife .plt files: real walks and real drift")
    add("--no-closed", action="store_true", help="without the closed loop")
    add("--no-baselines", action="store_true", help="without the peers")
    add("--through-replay", action="store_true", help="the product by its real command instead of in-process")
    add("--vary", type=_variation, action="append", default=[], metavar="KEY=V1,V2",
        help="a field of the policy, such as fence.confirm_fixes=1,2,3; each value is a run")  # fmt: skip
    add("--frontier", type=Path, metavar="DIR", help="draw frontier.svg and frontier.png there")
    add("--json", type=Path, metavar="FILE", help="all figures")
    add("--write", type=Path, metavar="DIR", help="only write roster, messages and truth there")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="worlds at a time; each takes about 2 GB")
    return parser.parse_args()


def _variation(text: str) -> tuple[str, tuple[Any, ...]]:
    key, _, values = text.partition("=")
    if not key or not values:
        raise argparse.ArgumentTypeError(f"want KEY=V1,V2, not {text!r}")
    return key, tuple(json.loads(f"[{values}]"))


if __name__ == "__main__":
    sys.exit(main())
