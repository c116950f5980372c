"""The pure core against containment alone: fixes a second through Engine.step, and through shapely.

2,560 wristbands, each held by three fences of its site, report from around their home. The same points
and fences go through `shapely.contains_xy` on prepared polygons, which answers one question of many that
a step answers. In turn, in one run, medians of five. No device, no broker, no disk.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from alerts.batch import Batch, Reading, batch_of
from alerts.commands import RosterCommand
from alerts.engine import Engine
from alerts.roster import Device, Fence, RosterEdit, Site

DEVICES, SITES, FENCES, CORNERS = 2_560, 64, 3, 24
FIXES = {1: 2_560, 50: 25_600, 2_560: 51_200}  # batch size -> fixes a round
ROUNDS = 5
BEGIN_MS = 1_795_000_000_000
SEED = 20_261_123

Floats = npt.NDArray[np.float64]


@dataclass
class City:
    """Fences as drawn, by site; homes and walks of the devices."""

    fences: list[Fence]
    lat_deg: Floats
    lon_deg: Floats
    dice: np.random.Generator


def main() -> None:
    """Print the table."""
    city = build_city()
    engine = started(city)
    areas = np.array([shapely.Polygon(fence.geometry["coordinates"][0]) for fence in city.fences])
    shapely.prepare(areas)
    now_ms = BEGIN_MS
    alarms = 0
    print(f"{DEVICES} devices x {FENCES} fences of {CORNERS} corners, seed {SEED}, median of {ROUNDS}")
    print(f"{'batch':>6} {'step':>14} {'a fix':>10} {'shapely':>14} {'a fix':>10} {'ratio':>7}")
    for size, fixes in FIXES.items():
        ours, theirs = [], []
        for _ in range(ROUNDS):
            batches, now_ms = walk(city, size, fixes, now_ms)
            seconds, raised = through_the_step(engine, batches)
            alarms += raised
            ours.append(fixes / seconds)
            theirs.append(fixes / through_shapely(areas, batches))
        step, alone = statistics.median(ours), statistics.median(theirs)
        print(
            f"{size:6} {step:10,.0f} f/s {1e6 / step:7.1f} us {alone:10,.0f} f/s {1e6 / alone:7.1f} us {step / alone:7.3f}"
        )
    print(f"{alarms} transitions in all")


def build_city() -> City:
    """Sites on a grid, each with grounds, a club and a pond; devices around their site."""
    dice = np.random.default_rng(SEED)
    fences = []
    for site in range(SITES):
        lat, lon = 36.5 + 0.02 * (site // 8), 119.0 + 0.02 * (site % 8)
        for number, (role, radius_m, off_deg) in enumerate(
            [("safe", 150.0, 0.0), ("safe", 80.0, 0.003), ("forbidden", 60.0, -0.003)]
        ):
            ring = star(dice, lat, lon + off_deg, radius_m)
            geometry = {"type": "Polygon", "coordinates": [ring]}
            fences.append(Fence(f"f{site}-{number}", role, geometry, site_id=f"s{site}"))
    site = np.arange(DEVICES) % SITES
    return City(fences, 36.5 + 0.02 * (site // 8), 119.0 + 0.02 * (site % 8), dice)


def star(dice: np.random.Generator, lat: float, lon: float, radius_m: float) -> list[list[float]]:
    """A closed ring of corners between 0.7 and 1 of a radius away."""
    turns = np.arange(CORNERS) * math.tau / CORNERS
    reach = radius_m * dice.uniform(0.7, 1.0, CORNERS)
    ring = np.stack([lon + reach * np.cos(turns) / 89_400, lat + reach * np.sin(turns) / 110_980], axis=1)
    return [*ring.tolist(), ring[0].tolist()]


def started(city: City) -> Engine:
    """An engine that knows the roster."""
    engine = Engine()
    edit = RosterEdit(
        sites=tuple(Site(f"s{i}") for i in range(SITES)),
        fences=tuple(city.fences),
        devices=tuple(Device(f"band-{i}", site_id=f"s{i % SITES}") for i in range(DEVICES)),
    )
    engine.step(BEGIN_MS, commands=[RosterCommand("roster", BEGIN_MS, 0, "bench", edit)])
    return engine


def walk(city: City, size: int, fixes: int, begin_ms: int) -> tuple[list[Batch], int]:
    """Fixes of all devices in turn, one in 50 ms, most of them at home; and when they end."""
    readings = []
    metres = city.dice.normal(0, 40, (fixes, 2))
    for i in range(fixes):
        row, at_ms = i % DEVICES, begin_ms + 50 * (i + 1)
        lat = city.lat_deg[row] + metres[i, 0] / 110_980
        lon = city.lon_deg[row] + metres[i, 1] / 89_400
        readings.append(Reading(row, at_ms, at_ms - 300, 0, float(lat), float(lon), 8.0, 1))
    batches = []
    for begin in range(0, fixes, size):
        some = readings[begin : begin + size]
        batches.append(batch_of([replace(reading, arrival=i) for i, reading in enumerate(some)]))
    return batches, begin_ms + 50 * fixes


def through_the_step(engine: Engine, batches: list[Batch]) -> tuple[float, int]:
    """(seconds, transitions)."""
    made = 0
    begin = time.perf_counter()
    for batch in batches:
        made += len(engine.step(int(batch.received_at_ms[-1]), batch).transitions)
    return time.perf_counter() - begin, made


def through_shapely(areas: npt.NDArray[np.object_], batches: list[Batch]) -> float:
    """Seconds to ask the same of each fix and fence, and nothing else."""
    begin = time.perf_counter()
    for batch in batches:
        site = batch.device_row % SITES
        held = areas[(site[:, None] * FENCES + np.arange(FENCES)).ravel()]
        lon, lat = np.repeat(batch.lon_deg, FENCES), np.repeat(batch.lat_deg, FENCES)
        shapely.contains_xy(held, lon, lat)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
