"""One seed from its beginning to the end of its quiet time."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from unittest.mock import patch

import structlog

from iot_gateway import gateway as gateway_module
from simulation.broker import Broker
from simulation.devices import Actor
from simulation.ending import judge_the_end
from simulation.faults import heal, strike
from simulation.host import Host
from simulation.invariants import Checks, require
from simulation.people import Api
from simulation.plan import QUICK, QUIET_S, STRICT, Plan, plan_of
from simulation.truth import Truth
from simulation.world import S, Violation, World

ANSWERED_S = 12


@dataclass
class Outcome:
    """`broken`: the promise that was, or None. `crc`: of everything that happened."""

    seed: int
    broken: str | None
    crc: int
    spent_s: float
    counts: Counter[str] = field(default_factory=Counter)
    diary: list[str] | None = None
    trace: str = ""


class Life:
    """A world with everybody in it."""

    def __init__(self, plan: Plan, *, diary: bool = False) -> None:
        self.plan = plan
        self.world = World(plan.seed)
        self.world.diary = [] if diary else None
        self.broker = Broker(self.world)
        self.truth = Truth(self.world)
        self.host = Host(self.world, self.broker, plan.setup, [QUICK, STRICT])
        self.checks = Checks(self.world, self.host, self.truth)
        self.actors = {
            spec["device_id"]: Actor(self.world, self.broker, self.truth, spec) for spec in plan.devices
        }
        self.backup: bytes | None = None
        self.api = Api(self.world, self.host, self.truth)

    def run(self) -> None:
        """Everything that was planned, then nothing but time and signs of life."""
        plan, world = self.plan, self.world
        world.after(0.0, self.host.start)
        world.after(0.1, self.api.act, {"type": "roster", "body": {"put": plan.roster}})
        for actor in self.actors.values():
            world.after(1.0, actor.switch_on)
        for at_s, who, act in plan.acts:
            do = self.api.act if who == "api" else self.actors[who].say
            if act.get("type") == "roster":
                self.truth.touched |= set(self.actors)
            world.after(at_s, do, act)
        for fault in plan.faults:
            world.after(fault.at_s, strike, self, fault)
        if plan.backup_at_s is not None:
            world.after(plan.backup_at_s, self._back_up)
        world.run_until(round(plan.active_s * S))
        heal(self)
        world.after(ANSWERED_S, self._beacon_was_answered, world.now_us)
        world.run_until(round((plan.active_s + QUIET_S) * S))
        judge_the_end(self)

    def _beacon_was_answered(self, quiet_us: int) -> None:
        """L5: what a device held when the gateway came back is not waiting for its next resend."""
        since_us = quiet_us + ANSWERED_S * S // 2
        span = self.truth.heard[-1] if self.truth.heard else None
        if span is None or span.until_us is not None or span.from_us > since_us:
            return  # it is not back for long enough
        for actor in self.actors.values():
            if actor.online_since_us is not None and actor.online_since_us < since_us:
                old = actor.held_since(quiet_us)
                require(not old, f"{actor.device_id} still holds {old[:3]} long after the beacon")

    def _back_up(self) -> None:
        if not self.host.disk.db.in_transaction:
            self.backup = self.host.disk.db.serialize()

    def close(self) -> None:
        self.host.disk.close()


def run_plan(plan: Plan, *, diary: bool = False) -> Outcome:
    """Live it, and say how it went."""
    begun_s = time.process_time()
    life = Life(plan, diary=diary)
    broken, trace = None, ""
    with structlog.testing.capture_logs(), patch.object(gateway_module, "recover", life.checks.recover):
        try:
            life.run()
        except Violation as violation:
            broken, trace = str(violation), traceback.format_exc()
        except Exception as error:  # noqa: BLE001 - whatever the product raises here, no process would survive it
            broken, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        finally:
            life.close()
    host, process = life.host, life.host.process
    counts = Counter(crashes=host.crashes, ends=host.ends, starts=host.starts, events=life.world.events)
    counts.update(items=len(life.truth.items), promised=len(life.truth.promised), faults=len(plan.faults))
    if process is not None and process.gateway is not None:
        counts.update(process.gateway.counts)
    spent_s = time.process_time() - begun_s
    return Outcome(plan.seed, broken, life.world.crc, spent_s, counts, life.world.diary, trace)


def run_seed(seed: int, *, diary: bool = False) -> Outcome:
    return run_plan(plan_of(seed), diary=diary)
