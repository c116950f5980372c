"""A made-up city in the proportions of Weifang, as a roster file (contract, section 3).

Pure: the same seed gives the same city. Every name says that it is an example, no phone rings.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from device_sim import places
from device_sim.catalogue import BAND, BAND_SLOW, HOME, SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

NURSING_HOMES: Final = 166
DAY_CARE: Final = 310
HAPPINESS_HOMES: Final = 564
CANTEENS: Final = 208

# A household's share of the bands: most wearers live in institutions.
_HOME_SHARE: Final = 0.25
_SLOW_SHARE: Final = 0.1
_FIRE_PER_HOME: Final = 4

# What an institution's fire sensors are, in the order in which more of them are installed.
_FIRE_PLAN: Final = (
    ("1F", "SMOKE-CO"), ("1F", "HEAT"), ("2F", "SMOKE-CO"), ("2F", "HEAT"), ("厨房", "GAS"), ("1F", "CALL"),
    ("2F", "CALL"), ("配电室", "ELECTRIC"), ("泵房", "WATER"), ("3F", "SMOKE-CO"), ("3F", "HEAT"), ("3F", "CALL"),
)  # fmt: skip

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_DIGITS: Final = "〇一二三四五六七八九"
_RELATIONS: Final = ("女儿", "儿子", "配偶", "孙女", "护理员")
_RISKS: Final = ("夜间易走动", "步态不稳，有跌倒史", "认知障碍，曾走失", "听力差", "")


def make_city(
    seed: int,
    bands: int = 2560,
    fire_sensors: int | None = None,
    home_sensors: int = 0,
) -> dict[str, Any]:
    """A roster of the whole city; `fire_sensors` None means four in each nursing home.

    All institutions are always there; with fewer devices, fewer of them carry any.
    """
    if min(bands, fire_sensors or 0, home_sensors) < 0:
        raise ValueError("a city cannot have a negative number of devices")
    rng = np.random.default_rng(seed)
    fire_count = NURSING_HOMES * _FIRE_PER_HOME if fire_sensors is None else fire_sensors
    at_home = min(round(bands * _HOME_SHARE), max(bands - 1, 0))
    homes = max(at_home, home_sensors)

    nursing = _sites(rng, "nursing_home", "N", NURSING_HOMES, "示例养老院", rural=False)
    day_care = _sites(rng, "day_care", "D", DAY_CARE, "示例日间照料中心", rural=False)
    happiness = _sites(rng, "happiness_home", "H", HAPPINESS_HOMES, "示例幸福院", rural=True)
    canteens = _sites(rng, "canteen", "C", CANTEENS, "示例助老食堂", rural=False)
    households = _sites(rng, "home", "R", homes, "示例居家", rural=False)

    fences = [fence for site in nursing for fence in _institution_fences(rng, site)]
    fences += [_household_fence(rng, site) for site in households[:at_home]]
    residents, devices = _bands(rng, nursing, households[:at_home], bands - at_home, fences)
    devices += _fire_sensors(rng, nursing, fire_count)
    devices += [_home_sensor(i, site) for i, site in enumerate(households[:home_sensors], start=1)]
    models = [{"model": s.model, "contact_every_s": s.contact_every_s, "crs": s.crs} for s in SPECS.values()]
    sites = [*nursing, *day_care, *happiness, *canteens, *households]
    return {"models": models, "sites": sites, "residents": residents, "fences": fences, "devices": devices}


def spare_bands(count: int) -> list[dict[str, Any]]:
    """Bands on the shelf: enrolled, but nobody wears them and nobody plays them."""
    return [
        {"device_id": f"SP{number:05d}", "kind": "wristband", "model": BAND.model}
        for number in range(1, count + 1)
    ]


def _phone(number: int) -> str:
    """A number that no network has."""
    return f"000-{number // 10_000:04d}-{number % 10_000:04d}"


def _street_phone(county: str, street: int) -> str:
    """The street office's number; streets of one county have numbers of their own."""
    return _phone(90_000_000 + (sum(map(ord, county)) % 1000) * 100 + street)


def _sites(
    rng: Generator, kind: str, letter: str, count: int, title: str, *, rural: bool
) -> list[dict[str, Any]]:
    width = max(3, len(str(count)))
    sites = []
    for number, (county, lat, lon) in enumerate(places.scatter(rng, count, rural=rural), start=1):
        tag = f"{number:0{width}d}"
        street = int(rng.integers(1, 13))
        sites.append(
            {
                "site_id": f"{letter}{tag}", "name": f"{title}{tag}（{county}）", "kind": kind,
                "lat": lat, "lon": lon, "county": county,
                "street": f"示例{'镇' if rural else '街道'}{street}",
                "phone": _phone(ord(letter) * 10_000 + number),
                "street_phone": _street_phone(county, street + (50 if rural else 0)),
            }
        )  # fmt: skip
    return sites


def _institution_fences(rng: Generator, site: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One safe area, or one by day and a smaller one by night; often a pond or a road to keep off."""
    lat, lon = site["lat"], site["lon"]
    radius_m = float(rng.uniform(80.0, 150.0))
    style = rng.choice(["circle", "grounds", "pond_and_annex", "day_and_night"], p=[0.40, 0.35, 0.10, 0.15])
    if style == "circle":
        yield _fence(site, "safe", "院区", places.circle(lat, lon, radius_m))
    elif style == "grounds":
        yield _fence(site, "safe", "院区", places.grounds(rng, lat, lon, radius_m))
    elif style == "pond_and_annex":
        shape, (pond_lat, pond_lon, pond_m) = places.grounds_with_pond_and_annex(
            rng, lat, lon, radius_m + 30.0
        )
        yield _fence(site, "safe", "院区", shape)
        yield _fence(site, "forbidden", "院内水池", places.circle(pond_lat, pond_lon, pond_m), "water")
    else:
        day = places.grounds(rng, lat, lon, radius_m)
        yield _fence(site, "safe", "院区（日间）", day, schedule=places.DAY)
        yield _fence(
            site, "safe", "楼内（夜间）", places.circle(lat, lon, 0.6 * radius_m), "night", places.NIGHT
        )
    beyond_m = 1.15 * (radius_m + 30.0) + 25.0
    if rng.random() < 0.2:
        yield _fence(site, "forbidden", "池塘", places.pond_beside(rng, lat, lon, beyond_m), "pond")
    if rng.random() < 0.2:
        yield _fence(site, "forbidden", "公路", places.road(rng, lat, lon, beyond_m), "road")


def _household_fence(rng: Generator, site: dict[str, Any]) -> dict[str, Any]:
    radius_m = float(rng.uniform(120.0, 300.0))
    return _fence(site, "safe", "住处周边", places.circle(site["lat"], site["lon"], radius_m))


def _fence(
    site: dict[str, Any],
    role: str,
    name: str,
    geometry: dict[str, Any],
    part: str = "area",
    schedule: dict[str, Any] | None = None,
) -> dict[str, Any]:
    fence = {
        "fence_id": f"{site['site_id']}-{part}", "name": f"{site['name']}{name}", "role": role,
        "site_id": site["site_id"], "geometry": geometry,
    }  # fmt: skip
    return fence if schedule is None else {**fence, "schedule": schedule}


def _bands(
    rng: Generator,
    nursing: list[dict[str, Any]],
    households: list[dict[str, Any]],
    in_institutions: int,
    fences: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Residents and the bands they wear: about a dozen in an institution, one in a household."""
    carriers = nursing[: max(1, min(len(nursing), -(-in_institutions // 12)))]
    sizes = rng.uniform(0.5, 1.5, len(carriers))
    where = np.sort(rng.choice(len(carriers), size=in_institutions, p=sizes / sizes.sum()))
    safe: dict[str, list[str]] = {}
    for fence in fences:
        if fence["role"] == "safe":
            safe.setdefault(fence["site_id"], []).append(fence["fence_id"])
    residents, devices = [], []
    for number, site in enumerate([*(carriers[i] for i in where), *households], start=1):
        indoors = site["kind"] == "nursing_home"
        floor = f"{int(rng.integers(1, 3))}F"
        residents.append(
            _resident(rng, number, site, f"{floor}-{int(rng.integers(1, 31)):02d}" if indoors else "")
        )
        slow = rng.random() < _SLOW_SHARE
        device = {
            "device_id": f"WB{number:05d}", "kind": "wristband",
            "model": (BAND_SLOW if slow else BAND).model, "site_id": site["site_id"],
            "zone": floor if indoors else "", "resident_id": f"P{number:05d}",
        }  # fmt: skip
        if rng.random() < 0.05:  # wearers whom the ponds and roads do not concern
            device["fence_ids"] = safe[site["site_id"]]
        devices.append(device)
    return residents, devices


def _resident(rng: Generator, number: int, site: dict[str, Any], room: str) -> dict[str, Any]:
    surname = _SURNAMES[number % len(_SURNAMES)]
    given = "".join(_DIGITS[int(digit)] for digit in f"{number:03d}")
    return {
        "resident_id": f"P{number:05d}", "name": f"样例·{surname}{given}", "site_id": site["site_id"], "room": room,
        "care_level": str(rng.choice(["自理", "半失能", "失能", "失智"], p=[0.1, 0.25, 0.25, 0.4])),
        "risk_notes": str(rng.choice(_RISKS)), "birth_date": str(1930 + number * 7 % 29),
        "contacts": [
            {"name": f"样例家属·{surname}{given}", "relation": str(rng.choice(_RELATIONS)), "phone": _phone(number)}
        ],
    }  # fmt: skip


def _fire_sensors(rng: Generator, nursing: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Four to an institution as far as they go, then more of each kind in all of them."""
    narrow_band = rng.random(len(nursing)) < 0.25
    order = (
        (site, first + step)
        for first in range(0, count + 1, _FIRE_PER_HOME)
        for site in range(len(nursing))
        for step in range(_FIRE_PER_HOME)
    )
    devices = []
    for site, rank in islice(order, count):
        zone, what = _FIRE_PLAN[rank % len(_FIRE_PLAN)]
        over_narrow_band = narrow_band[site] and what in {"SMOKE-CO", "HEAT"}
        model = f"SIM-{what.removesuffix('-CO')}-NB" if over_narrow_band else f"SIM-{what}-HUB"
        devices.append(
            {
                "device_id": f"FS{nursing[site]['site_id']}-{rank + 1:02d}", "kind": "fire_sensor", "model": model,
                "site_id": nursing[site]["site_id"], "zone": zone, "fence_ids": [],
            }
        )  # fmt: skip
    return devices


def _home_sensor(number: int, site: dict[str, Any]) -> dict[str, Any]:
    return {
        "device_id": f"HS{number:05d}", "kind": "home_sensor", "model": HOME.model,
        "site_id": site["site_id"], "zone": "", "fence_ids": [],
    }  # fmt: skip
