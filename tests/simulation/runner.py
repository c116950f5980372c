"""Many seeds on all cores, with or without a planted bug."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from multiprocessing import get_context
from os import cpu_count

from simulation.life import Outcome, run_plan
from simulation.plan import Plan, plan_of
from simulation.planted import PLANTED

CHUNK = 8


def live(plan: Plan, planted: str | None = None, *, diary: bool = False) -> Outcome:
    """One life, with one bug or none."""
    with PLANTED[planted]() if planted else nullcontext():
        return run_plan(plan, diary=diary)


def _some(work: tuple[list[int], str | None]) -> list[Outcome]:
    """In a worker. Collecting garbage once a chunk is enough, and costs less."""
    seeds, planted = work
    gc.disable()
    found = [live(plan_of(seed), planted) for seed in seeds]
    gc.enable()
    gc.collect()
    return found


def run(seeds: Iterable[int], planted: str | None = None, jobs: int | None = None) -> Iterator[Outcome]:
    """Outcomes in the order of the seeds."""
    yield from run_all(((seed, planted) for seed in seeds), jobs)


def run_all(lives: Iterable[tuple[int, str | None]], jobs: int | None = None) -> Iterator[Outcome]:
    """(seed, bug) one after the other, a chunk to a worker."""
    with get_context("spawn").Pool(jobs or cpu_count()) as pool:
        for found in pool.imap(_some, _chunks(lives)):
            yield from found


def _chunks(lives: Iterable[tuple[int, str | None]]) -> Iterator[tuple[list[int], str | None]]:
    chunk: list[int] = []
    bug: str | None = None
    for seed, planted in lives:
        if chunk and (planted != bug or len(chunk) == CHUNK):
            yield chunk, bug
            chunk = []
        bug = planted
        chunk.append(seed)
    if chunk:
        yield chunk, bug
