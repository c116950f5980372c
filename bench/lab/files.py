"""A world as the contract's files, so that anybody can replay it: roster, messages, and the truth beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.lab.lives import DAY_S
from bench.lab.places import band_id
from bench.lab.product import SOURCE_NAME, as_received, marks_of_lines
from bench.lab.score import Mark
from bench.lab.world import EPOCH_MS, World

ROSTER, MESSAGES, TRUTH, TRANSITIONS = "roster.json", "messages.ndjson", "truth.json", "transitions.ndjson"


def write(world: World, directory: Path) -> None:
    """All three files."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / ROSTER).write_text(json.dumps(world.roster, ensure_ascii=False, indent=1), encoding="utf-8")
    (directory / TRUTH).write_text(json.dumps(truth_of_world(world), indent=1), encoding="utf-8")
    with (directory / MESSAGES).open("w", encoding="utf-8") as file:
        for line in lines_of(world):
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def lines_of(world: World) -> list[dict[str, Any]]:
    """Messages in the order of arrival, some of them twice (the second is a repeat of QoS 1)."""
    came, received, measured, degrees = as_received(world, world.fixes)
    dice = np.random.default_rng(world.seed + 2_000_003)
    again = dice.random(len(received)) < world.weather.twice_p
    later = received + dice.integers(0, 5_000, len(received))
    seqs = _seqs(world)[_rows_received(world)]
    lines = []
    for i, band in enumerate(came.band):
        item: dict[str, Any] = {"ts": int(measured[i]), "seq": int(seqs[i]), "boot": 1}
        if came.source[i] > 0:
            stream = "location"
            item |= {
                "lat": float(degrees[i, 0]),
                "lon": float(degrees[i, 1]),
                "src": SOURCE_NAME[int(came.source[i])],
            }
            if np.isfinite(came.acc_m[i]):
                item["acc"] = float(came.acc_m[i])
        else:
            stream = "heartbeat"
            item |= {"worn": not came.charging[i], "chg": bool(came.charging[i])}
        line: dict[str, Any] = {
            "received_at_ms": int(received[i]),
            "topic": f"care/v1/{band_id(int(band))}/{stream}",
            "payload": item,
        }
        lines.append(line)
        if again[i]:
            lines.append(line | {"received_at_ms": int(later[i])})
    last_ms = EPOCH_MS + round(world.days * DAY_S * 1000)
    lines = [line for line in lines if line["received_at_ms"] < last_ms]
    return sorted(lines, key=lambda line: int(line["received_at_ms"]))


def _rows_received(world: World) -> np.ndarray:
    rows = np.flatnonzero(world.fixes.received_s < world.days * DAY_S)
    return np.asarray(rows[np.argsort(world.fixes.received_s[rows], kind="stable")])


def _seqs(world: World) -> np.ndarray:
    """The number of each report within its band."""
    counts = np.bincount(world.fixes.band, minlength=len(world.lives))
    return np.arange(len(world.fixes.band)) - np.repeat(np.cumsum(counts) - counts, counts)


def truth_of_world(world: World) -> dict[str, Any]:
    """Departures, and when each wearer was more than the tolerance outside, in ms since 1970."""

    def ms(seconds: float) -> int:
        return EPOCH_MS + round(float(seconds) * 1000)

    return {
        "departures": [
            {"device_id": band_id(d.band), "crossed_at_ms": ms(d.crossed_s), "begin_at_ms": ms(d.begin_s),
             "back_at_ms": ms(d.back_s)} for d in world.departures
        ],
        "beyond_15_m": {
            band_id(i): [[ms(a), ms(b)] for a, b in truth.near_out]
            for i, truth in enumerate(world.truths) if len(truth.near_out)
        },
        "within_15_m_of_forbidden": {
            f"{world.sites[world.home_of[i]].name}-forbidden-{k}/{band_id(i)}": [[ms(a), ms(b)] for a, b in spans]
            for i, truth in enumerate(world.truths) for k, spans in enumerate(truth.entered) if len(spans)
        },
    }  # fmt: skip


def run_replay(world: World, directory: Path, policy: Path | None) -> list[Mark]:
    """The marks of the real command on the files of a world.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    write(world, directory)
    files = ["--roster", ROSTER, "--messages", MESSAGES, "--out", TRANSITIONS]
    command = [sys.executable, "-m", "api", "replay", *files]
    if policy is not None:
        command += ["--policy", str(policy.resolve())]
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    with (directory / TRANSITIONS).open("rb") as file:
        return marks_of_lines(file)
