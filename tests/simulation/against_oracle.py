"""I12: the engine decides as the slow scalar oracle does, on what the simulated gateway logged."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alerts.batch import Batch, Reading
from alerts.engine import Engine
from alerts.roster import Device
from iot_gateway.batcher import Batcher, arrange
from iot_gateway.recording import unpack
from iot_gateway.repeats import RememberedRepeats
from simulation.invariants import require

if TYPE_CHECKING:
    from simulation.life import Life

sys.path.append(str(Path(__file__).parents[1] / "alerts"))

FACT = (
    "seq",
    "at_ms",
    "event",
    "from",
    "to",
    "kind",
    "subject_type",
    "subject_id",
    "fence_id",
    "count",
    "alarm_id",
)


def judge_by_oracle(life: Life) -> None:
    """Every logged input once more, from the first, by both; the journal says what the oracle says."""
    from oracle import Oracle

    policy = life.host.policies[0]
    engine, oracle = Engine(policy), Oracle(policy)
    batcher = Batcher(engine, RememberedRepeats())
    for now_ms, blob in life.host.disk.rows("SELECT now_ms, inputs FROM steps ORDER BY step"):
        messages, commands = arrange(unpack(blob))
        batch = batcher.admit(messages).batch
        for device_id in batch.new_device_ids:
            oracle.enrol(Device(device_id, kind="unknown", registered=False))
        engine.step(now_ms, batch, commands)
        inputs = sorted([*_readings(batch), *commands], key=lambda one: one.arrival)
        for _, together in groupby(inputs, lambda one: one.arrival):
            _take(oracle, list(together))
        oracle.until(now_ms)
    decided = [tuple(said[name] for name in FACT) for said in life.checks.bodies]
    for one, other in zip(decided, oracle.facts, strict=False):
        require(one == other, f"the engine decided {one}, the oracle {other}")
    require(
        len(decided) == len(oracle.facts), f"{len(decided)} decisions, the oracle made {len(oracle.facts)}"
    )


def _take(oracle: Any, together: list[Any]) -> None:
    """One command, or the items of one message: what they change together comes in the order of kinds."""
    if not isinstance(together[0], Reading):
        oracle.take(together[0])
        return
    at_ms = together[0].received_at_ms
    oracle.until(at_ms)
    for reading in together:
        oracle.read(reading)
    oracle.settle(at_ms)


def _readings(batch: Batch) -> list[Reading]:
    """The rows of a batch, one by one."""
    return [
        Reading(
            int(batch.device_row[i]), int(batch.received_at_ms[i]), int(batch.measured_at_ms[i]),
            int(batch.arrival[i]), float(batch.lat_deg[i]), float(batch.lon_deg[i]), float(batch.acc_m[i]),
            int(batch.src[i]), int(batch.on_bits[i]), int(batch.off_bits[i]), float(batch.worn[i]),
            float(batch.charging[i]), tuple(batch.values[i].tolist()), batch.faults.get(i),
        )
        for i in range(len(batch))
    ]  # fmt: skip
