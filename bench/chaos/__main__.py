"""Chaos: `python -m bench.chaos --minutes 60`. Prints what was killed and what became of it; exit 1 if a promise broke."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.chaos.check import Findings, look
from bench.chaos.device import Device
from bench.chaos.faults import MIX, Faults, Mix
from bench.chaos.house import House, until
from bench.chaos.listener import Listener

BANDS: Final = ("sos", "fall")
SENSORS: Final = ("smoke", "heat", "manual_call")
QUIET_S: Final = 120.0  # the longest a device may wait before it sends again is 30 s
_TICK_S: Final = 0.02


@dataclass
class Run:
    """What was done in one run, and what was found."""

    seed: int
    kills: Counter[str]
    stops: Counter[str]
    found: Findings = field(default_factory=Findings)


class Crowd:
    """Devices that talk while the driver waits; each talks about `rate` times a second."""

    def __init__(self, devices: list[Device], seed: int, rate: float) -> None:
        self.devices, self._dice, self._rate = devices, random.Random(seed), rate

    def talk(self, seconds: float) -> None:
        """For so long."""
        end_s = time.monotonic() + seconds
        while (now_s := time.monotonic()) < end_s:
            for device in self.devices:
                if self._dice.random() < self._rate * _TICK_S:
                    self._say(device)
                device.tick()
            time.sleep(max(0.0, now_s + _TICK_S - time.monotonic()))

    def _say(self, device: Device) -> None:
        dice = self._dice
        luck = dice.random()
        if luck < 0.2:
            device.say("alarm", kinds=[dice.choice(BANDS if device.name.startswith("w") else SENSORS)])
        elif luck < 0.55:
            device.say("location", lat=36.7, lon=119.1, acc=8.0, src="gnss")
        elif luck < 0.57:
            device.say("location", lat=999.0, lon=0.0)  # cannot be used: acknowledged once it is quarantined
        elif luck < 0.573:
            device.restart()
        else:
            device.say("heartbeat", worn=True)


def one_run(
    directory: Path,
    seed: int,
    seconds: float,
    *,
    count: int = 24,
    rate: float = 3.0,
    mix: Mix = MIX,
    trust_puback: bool = False,
) -> Run:
    """Devices talk, processes die; then it is quiet, everything is told, and it is counted."""
    names = [f"w{n}" for n in range(count * 3 // 4)] + [f"f{n}" for n in range(count - count * 3 // 4)]
    house = House(directory, names)
    devices = [Device(name, house.mqtt_port, trust_puback) for name in names]
    ear = Listener(house.http_port, house.token)
    crowd = Crowd(devices, seed, rate)
    faults = Faults(house, seed, crowd.talk, mix)
    try:
        ear.start()
        for device in devices:
            device.start()
        crowd.talk(1.0)
        faults.run(seconds)
        house.settle()
        _grow_quiet(crowd, ear, house)
    finally:
        for device in devices:
            device.stop()
        ear.stop()
        house.close()
    found = look(house.database, devices, ear.heard, faults.spans)
    if (broken := house.verify()) is not None:
        found.chain.append(broken)
    return Run(seed, faults.kills, faults.stops, found)


def _grow_quiet(crowd: Crowd, ear: Listener, house: House) -> None:
    """Nobody says anything new; everything held is acknowledged, everything decided is told."""

    def is_quiet() -> bool:
        for device in crowd.devices:
            device.tick()
        return not any(device.holding for device in crowd.devices)

    until(is_quiet, "every device has its acknowledgements", QUIET_S)
    last = _last_seq(house)
    until(lambda: ear.heard and ear.heard[-1][0] >= last, "the stream has told everything")


def _last_seq(house: House) -> int:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(f"{house.database.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        return int(db.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])


def table(runs: list[Run]) -> str:
    """All runs as lines of text."""
    kills = sum((run.kills for run in runs), Counter[str]())
    stops = sum((run.stops for run in runs), Counter[str]())
    found = [run.found for run in runs]
    delays = sorted(delay for one in found for delay in one.delays_ms)
    after = sorted(delay for one in found for delay in one.after_ms)

    def each(counts: Counter[str]) -> str:
        return f"{counts.total()} ({', '.join(f'{verb} {counts[verb]}' for verb in ('gateway', 'api', 'broker'))})"

    def worst(values: list[int]) -> str:
        return (
            f"p50 {values[len(values) // 2]} ms, p99 {values[len(values) * 99 // 100]} ms, worst {values[-1]} ms"
            if values
            else "none"
        )

    rows = [
        ("runs", f"{len(runs)}, seeds {runs[0].seed} to {runs[-1].seed}"),
        ("killed (kill -9)", each(kills)),
        ("stopped (SIGSTOP)", each(stops)),
        ("items said", f"{sum(f.items for f in found)}, sent again {sum(f.repeats for f in found)} times"),
        ("acknowledged", str(sum(f.acked for f in found))),
        ("acknowledged and not stored", str(sum(len(f.lost_acked) for f in found))),
        ("said and not stored", str(sum(len(f.lost) for f in found))),
        ("alarms", str(sum(f.alarms for f in found))),
        ("alarms lost", str(sum(len(f.alarms_lost) for f in found))),
        ("alarms doubled", str(sum(len(f.alarms_doubled) for f in found))),
        (
            "transitions on the stream",
            f"{sum(f.transitions for f in found)}, runs in which it differs: {sum(bool(f.stream) for f in found)}",
        ),
        (
            "outbox, chain: runs with a fault",
            f"{sum(bool(f.outbox) for f in found)}, {sum(bool(f.chain) for f in found)}",
        ),
        ("device to stream", worst(delays)),
        ("the same after the fault's end", worst(after)),
    ]
    return "\n".join(f"{name:34} {value}" for name, value in rows)


def main() -> int:
    """As many runs as the time allows; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=1.0, help="how long processes are killed, all runs together"
    )
    parser.add_argument("--run-s", type=float, default=300.0, help="longest run; each has a store of its own")
    parser.add_argument("--seed", type=int, default=None, help="of the first run; default: by the clock")
    parser.add_argument("--devices", type=int, default=24)
    parser.add_argument("--rate", type=float, default=3.0, help="items a second of each device")
    parser.add_argument(
        "--trust-puback",
        action="store_true",
        help="devices forget at the broker's PUBACK: this must lose items",
    )
    asked = parser.parse_args()
    seed = int(time.time()) % 1_000_000 if asked.seed is None else asked.seed
    left_s = asked.minutes * 60
    runs: list[Run] = []
    while left_s > 1:
        seconds = min(left_s, asked.run_s)
        left_s -= seconds
        with tempfile.TemporaryDirectory(prefix="shouwang-chaos-") as directory:
            run = one_run(
                Path(directory),
                seed + len(runs),
                seconds,
                count=asked.devices,
                rate=asked.rate,
                trust_puback=asked.trust_puback,
            )
        runs.append(run)
        for name, wrong in run.found.wrong.items():
            print(f"seed {run.seed}: {name}: {len(wrong)}, first {wrong[0]}", flush=True)
    print(table(runs))
    return 1 if any(run.found.wrong for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
