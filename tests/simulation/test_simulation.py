"""A thousand lives of the service among failing clocks, disks, brokers, devices and people: every promise holds.

`make sim-soak` lives many more, and finds every planted bug; here a few of those, others each day.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulation.cli import WITHIN, told
from simulation.plan import plan_of
from simulation.planted import PLANTED
from simulation.runner import live, run
from simulation.shrink import shrunk

SEEDS = 1000
LOOKED_FOR = 3  # planted bugs a day


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_promise_holds_in_every_life():
    failed = [told(outcome) for outcome in run(range(SEEDS)) if outcome.broken is not None]
    assert not failed, "\n".join(failed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("turn", range(LOOKED_FOR))
def test_a_planted_bug_is_found(turn):
    names = list(PLANTED)
    today = datetime.now(UTC).toordinal()
    name = names[(today * LOOKED_FOR + turn) % len(names)]
    assert any(live(plan_of(seed), name).broken for seed in range(WITHIN)), name


def test_there_are_enough_of_them():
    assert len(PLANTED) >= 25


CRCS = "from simulation.runner import live; from simulation.plan import plan_of; print([live(plan_of(s)).crc for s in (1, 2, 3)])"


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_the_same_seed_is_the_same_life_event_by_event_in_any_process(hash_seed):
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), str(root / "tests")])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    printed = subprocess.run(
        [sys.executable, "-c", CRCS], env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == str([live(plan_of(seed)).crc for seed in (1, 2, 3)])


def test_other_seeds_are_other_lives():
    assert len({live(plan_of(seed)).crc for seed in range(3)}) == 3


def test_a_failure_is_told_with_the_fewest_faults_that_lead_to_it():
    name = "head file before the commit"
    seed = next(seed for seed in range(WITHIN) if live(plan_of(seed), name).broken)
    plan, broken = shrunk(seed, name)
    assert 1 <= len(plan.faults) < len(plan_of(seed).faults)
    assert {fault.kind for fault in plan.faults} <= {
        "clock",
        "crash",
        "kill",
        "error",
        "power",
        "full",
        "slow",
        "slow broker",
    }
    assert live(plan, name).broken == broken
    assert live(plan).broken is None


def test_the_first_life_is_a_full_one():
    """A world in which nothing happens would keep every promise."""
    counts = sum((live(plan_of(seed)).counts for seed in range(5, 12)), live(plan_of(4)).counts)
    assert counts["crashes"] > 3 and counts["ends"] > 0
    assert counts["promised"] > 100 and counts["transitions"] > 50 and counts["repeats"] > 3
