"""The fewest faults with which a seed still fails: whole kinds first, then one by one."""

from __future__ import annotations

from simulation.plan import Plan, plan_of
from simulation.runner import live


def shrunk(seed: int, planted: str | None = None) -> tuple[Plan, str]:
    """A smaller plan that fails, and how it does."""
    plan = plan_of(seed)
    broken = live(plan, planted).broken
    assert broken is not None, f"seed {seed} does not fail"
    for kind in sorted({fault.kind for fault in plan.faults}):
        gone = {i for i, fault in enumerate(plan.faults) if fault.kind == kind}
        plan, broken = _if_it_still_fails(plan, gone, broken, planted)
    for i in reversed(range(len(plan.faults))):
        plan, broken = _if_it_still_fails(plan, {i}, broken, planted)
    return plan, broken


def _if_it_still_fails(plan: Plan, gone: set[int], broken: str, planted: str | None) -> tuple[Plan, str]:
    smaller = plan.without(gone)
    how = live(smaller, planted).broken
    return (plan, broken) if how is None else (smaller, how)
