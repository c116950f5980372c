"""`python -m simulation`: one seed told, many counted, a soak, or the planted bugs and how soon each is found."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import count

from simulation.life import Outcome
from simulation.plan import plan_of
from simulation.planted import PLANTED
from simulation.runner import live, run, run_all
from simulation.shrink import shrunk

ROUND = 500  # seeds between two lines of a soak
WITHIN = 200  # seeds in which every planted bug must be found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed; if it fails, with the fewest faults that suffice")
    parser.add_argument("--seeds", help="FROM:TO, all of them")
    parser.add_argument(
        "--minutes", type=float, help="seeds for so long, from --first on, then every planted bug"
    )
    parser.add_argument("--first", type=int, default=100_000, help="the first seed of a soak")
    parser.add_argument("--planted", help="with this bug; `all`: a table of how soon each is found")
    parser.add_argument("--within", type=int, default=WITHIN, help="seeds that the table looks at")
    parser.add_argument("--jobs", type=int, help="processes; default: one a core")
    parser.add_argument("--diary", action="store_true", help="tell everything that happens in --seed")
    asked = parser.parse_args()
    if asked.seed is not None:
        sys.exit(_one(asked.seed, asked.planted, diary=asked.diary))
    if asked.planted == "all":
        sys.exit(_table(asked.within, asked.jobs))
    if asked.minutes is not None:
        failed = _soak(60 * asked.minutes, asked.first, asked.jobs)
        sys.exit(_table(asked.within, asked.jobs) or failed)
    begin, end = (int(one) for one in (asked.seeds or "0:1000").split(":"))
    sys.exit(_many(range(begin, end), asked.planted, asked.jobs))


def _soak(for_s: float, first: int, jobs: int | None) -> int:
    """Rounds of seeds until the time is over."""
    end_s, failed = time.monotonic() + for_s, 0
    for begin in count(first, ROUND):
        failed |= _many(range(begin, begin + ROUND), None, jobs)
        if time.monotonic() >= end_s:
            return failed
    raise AssertionError("seeds do not end")


def _one(seed: int, planted: str | None, *, diary: bool) -> int:
    outcome = live(plan_of(seed), planted, diary=diary)
    for line in outcome.diary or ():
        print(line)
    print(
        f"seed {seed}: {outcome.broken or 'holds'} (crc {outcome.crc:08x}, {1000 * outcome.spent_s:.0f} ms)"
    )
    if outcome.broken is None:
        return 0
    print(outcome.trace)
    plan, broken = shrunk(seed, planted)
    print(f"with these faults alone: {broken}")
    for fault in plan.faults:
        print(f"  {fault}")
    return 1


def _many(seeds, planted: str | None, jobs: int | None) -> int:
    begun_s, counts, failed = time.monotonic(), Counter(), []
    for outcome in run(seeds, planted, jobs):
        counts.update(outcome.counts)
        counts["seeds"] += 1
        counts["ms"] += 1000 * outcome.spent_s
        if outcome.broken is not None:
            failed.append(outcome)
            print(told(outcome, planted), flush=True)
    seconds = time.monotonic() - begun_s
    counts["ms"] = round(counts["ms"] / max(counts["seeds"], 1))
    said = ", ".join(f"{value} {name}" for name, value in counts.items() if name not in {"seeds", "ms"})
    print(
        f"{counts['seeds']} seeds in {seconds:.0f} s ({counts['ms']} ms of a core each), {len(failed)} fail: {said}"
    )
    return 1 if failed else 0


def told(outcome: Outcome, planted: str | None = None) -> str:
    """One line that says how to see it again."""
    more = f" --planted '{planted}'" if planted else ""
    return f"PYTHONPATH=tests python -m simulation --seed {outcome.seed}{more}: {outcome.broken}"


def _table(within: int, jobs: int | None) -> int:
    """Every bug: the first seed that finds it, the share of seeds that do, and what it breaks first."""
    found: dict[str, list[Outcome]] = {name: [] for name in PLANTED}
    lives = [(seed, name) for name in PLANTED for seed in range(within)]
    for (_, name), outcome in zip(lives, run_all(lives, jobs), strict=True):
        if outcome.broken is not None:
            found[name].append(outcome)
    print("| bug | first seed | share of seeds | what breaks |\n|---|---|---|---|")
    for name, failures in found.items():
        first = failures[0] if failures else None
        what = first.broken.partition("\n")[0][:90].replace("|", "/") if first else "NOT FOUND"
        print(f"| {name} | {first.seed if first else ''} | {len(failures) / within:.0%} | {what} |")
    return 0 if all(found.values()) else 1
