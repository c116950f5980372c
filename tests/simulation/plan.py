"""What a seed holds: devices, what they say, what people do, and the list of faults, all before anything runs.

Swarm testing: each seed has some kinds of fault and not the others, which finds far more than all at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from alerts.commands import VERBS
from alerts.policy import ChatterPolicy, Delay, OutagePolicy, Policy
from simulation.devices import AWAY_LAT, HOME, POND
from simulation.poison import POISON, POISONED_REQUESTS

BEGAN_MS = int(datetime(2026, 11, 23, 10, 59, 20, tzinfo=UTC).timestamp() * 1000)  # 18:59:20 in Shanghai
NIGHT = {"tz": "Asia/Shanghai", "weekly": [{"from": "19:00", "to": "07:00"}]}
QUIET_S = 95  # three missed signs of life, and the longest wait of a resend

# Delays short enough to be met in a short life; the rules are those of every day.
QUICK = replace(
    Policy(),
    limits=tuple(
        replace(x, on_delay_s=min(x.on_delay_s, 8.0), off_delay_s=min(x.off_delay_s, 10.0)) for x in Policy().limits
    ),
    not_worn=Delay(10.0, 0.0, "short"),
    fault=Delay(5.0, 10.0, "short"),
    contact_every_s={"wristband": 25.0, "fire_sensor": 60.0, "home_sensor": 60.0},
    chatter=ChatterPolicy(raises=3, within_s=60.0, calm_s=20.0),
    outage=OutagePolicy(min_devices=2, min_sites=1),
    shelve_max_s=60.0,
    shelve_person_max_s=30.0,
    undo_s=20.0,
    locate_after_s=20.0,
    locate_expires_s=30.0,
)  # fmt: skip
STRICT = replace(
    QUICK,
    version="strict",
    limits=tuple(replace(x, on_delay_s=0.0) for x in QUICK.limits),
    contact_every_s={"wristband": 20.0, "fire_sensor": 50.0, "home_sensor": 50.0},
)  # fmt: skip


class Fault(NamedTuple):
    """One instance: its kind, when, and what its kind needs."""

    kind: str
    at_s: float
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.at_s:.3f} s {self.kind}{self.args or ''}"


@dataclass(frozen=True)
class Plan:
    """`acts`: (when in s, who, what)."""

    seed: int
    setup: dict[str, Any]
    devices: list[dict[str, Any]]
    roster: dict[str, Any]
    acts: list[tuple[float, str, dict[str, Any]]]
    faults: list[Fault]
    active_s: float
    backup_at_s: float | None  # when somebody copies the database, to restore it in the end
    by_oracle: bool  # whether the oracle decides everything once more

    def without(self, gone: set[int]) -> Plan:
        """The same life with fewer faults."""
        return replace(self, faults=[fault for i, fault in enumerate(self.faults) if i not in gone])


def plan_of(seed: int) -> Plan:
    dice = Random(f"{seed} plan")
    active_s = dice.choice([40.0, 60.0, 90.0])
    devices = _devices(dice)
    acts = [act for spec in devices for act in _life(Random(f"{seed} {spec['device_id']}"), spec, active_s)]
    acts += _people(Random(f"{seed} people"), active_s)
    faults = _faults(Random(f"{seed} faults"), [spec["device_id"] for spec in devices], active_s)
    setup = {"began_ms": BEGAN_MS + dice.randrange(1000), "readings_days": 3000}
    acts.sort(key=lambda act: act[0])
    backup_at_s = dice.uniform(5, active_s) if dice.random() < 0.15 else None
    by_oracle = dice.random() < 0.12 and not any(f.kind == "restart" and f.args != (0,) for f in faults)
    return Plan(seed, setup, devices, _roster(devices), acts, faults, active_s, backup_at_s, by_oracle)


# Who there is -----------------------------------------------------------------------------------


def _devices(dice: Random) -> list[dict[str, Any]]:
    specs = [
        {
            "device_id": f"w{n}",
            "kind": "wristband",
            "site_id": dice.choice(["s1", "s1", "s2"]),
            "every_s": 20.0,
        }
        for n in range(dice.randint(1, 3))
    ]
    specs += [{"device_id": "f1", "kind": "fire_sensor", "site_id": "s1", "every_s": 20.0}]
    if dice.random() < 0.4:  # no model: the policy says how often it is to be heard
        specs[0]["model"] = None
    if dice.random() < 0.5:
        specs.append(
            {"device_id": "t1", "kind": "home_sensor", "site_id": "s2", "every_s": 20.0, "timeless": True}
        )
    if dice.random() < 0.3:
        specs.append({"device_id": "x1", "kind": None, "every_s": 30.0})  # in nobody's roster
    for spec in specs:
        spec["began_ms"] = BEGAN_MS
        spec["skew_ms"] = dice.choice([0, 0, 0, -2500, 40_000, -400 * 86_400_000])
        spec["array"] = dice.choice([1, 3, 7])
    return specs


def _roster(devices: list[dict[str, Any]]) -> dict[str, Any]:
    fences = [
        {"fence_id": "yard", "role": "safe", "site_id": "s1", "geometry": circle(300.0, HOME)},
        {
            "fence_id": "home",
            "role": "safe",
            "site_id": "s2",
            "geometry": circle(300.0, HOME),
            "schedule": NIGHT,
        },
        {"fence_id": "pond", "role": "forbidden", "site_id": "s1", "geometry": circle(60.0, POND)},
    ]
    return {
        "models": [{"model": "quick", "contact_every_s": 20}],
        "sites": [{"site_id": "s1", "county": "奎文区"}, {"site_id": "s2"}],
        "fences": fences,
        "devices": [_entry(spec) for spec in devices if spec["kind"] is not None],
    }


def _entry(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "device_id": spec["device_id"], "kind": spec["kind"], "model": spec.get("model", "quick"),
        "site_id": spec["site_id"],
    }  # fmt: skip


def circle(radius_m: float, at: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [at[1], at[0]], "radius_m": radius_m}


# What they say ----------------------------------------------------------------------------------

_WORDS = {
    "wristband": ["sos", "sos", "fall", "strap_off"],
    "fire_sensor": ["smoke", "tamper", "heat", "manual_call"],
    "home_sensor": ["sos", "gas", "tamper"],
    None: ["sos", "smoke"],
}


def _life(dice: Random, spec: dict[str, Any], active_s: float) -> list[tuple[float, str, dict[str, Any]]]:
    """Heartbeats and fixes to the very end; alarms while things fail."""
    name, kind = spec["device_id"], spec["kind"]
    every_s = dice.uniform(0.5, 0.8) * spec["every_s"]
    away_from_s, away_for_s = dice.uniform(0, 1.5 * active_s), dice.uniform(30, 80)
    acts, at_s = [], dice.uniform(1.5, 8)
    while at_s < active_s + QUIET_S - 3 and kind is not None:
        is_away = away_from_s < at_s < away_from_s + away_for_s
        if kind == "wristband" and (is_away or dice.random() < 0.5):
            said = {"lat": AWAY_LAT if is_away else HOME[0], "lon": HOME[1], "acc": 8.0, "src": "gnss"}
            said["lat"] += dice.choice([0, 1e-5, 2e-5]) if not is_away else 0
            acts.append((at_s, name, {"what": "location", "said": said | {"ack": dice.random() < 0.5}}))
        else:
            acts.append((at_s, name, {"what": "heartbeat", "said": _vitals(dice, kind)}))
        at_s += dice.uniform(0.8, 1.2) * every_s
    for _ in range(dice.randint(0, 4)):
        word = dice.choice(_WORDS[kind])
        on = dice.random() < 0.75 or word in {"sos", "fall", "manual_call"}
        acts.append((dice.uniform(2, active_s), name, {"what": "alarm", "said": {"kinds": [word], "on": on}}))
    if dice.random() < 0.25 and not spec.get("timeless"):
        acts += [
            (dice.uniform(2, active_s), name, {"what": "poison", **dice.choice(POISON)})
            for _ in range(dice.randint(1, 3))
        ]
    return acts


def _vitals(dice: Random, kind: str) -> dict[str, Any]:
    if kind == "wristband":
        return {
            "bat": dice.choice([5.0, 60.0, 90.0]),
            "worn": dice.random() < 0.8,
            "ack": dice.random() < 0.3,
        }
    said: dict[str, Any] = {"temp": dice.choice([20.0, 20.0, 60.0]), "smoke": dice.choice([0.0, 0.0, 6.0])}
    return said | {"faults": dice.choice([[], [], ["E1"]]), "ack": dice.random() < 0.5}


# What people do ---------------------------------------------------------------------------------


def _people(dice: Random, active_s: float) -> list[tuple[float, str, dict[str, Any]]]:
    acts: list[tuple[float, str, dict[str, Any]]] = []
    for _ in range(dice.randint(0, 14)):
        at_s, pick = dice.uniform(5, active_s + 20), dice.randrange(5)
        verb = dice.choice([*VERBS, "acknowledge", "acknowledge", "close", "close", "shelve"])
        for operator in dice.choice([["wang"], ["wang", "li"]]):  # two at once, now and then
            stale = dice.choice([None, 0, 0, 0, 1])
            act = {"type": "alarm", "verb": verb, "pick": pick, "stale": stale, "operator": operator}
            acts.append((at_s, "api", act | {"for_ms": dice.choice([5_000, 20_000, 45_000])}))
            at_s += dice.choice([0, 0.001, 0.3])
    acts += [
        (dice.uniform(3, active_s), "api", {"type": "roster", "body": _edit(dice)})
        for _ in range(dice.choice([0, 0, 1, 3]))
    ]
    for _ in range(dice.choice([0, 1, 2])):
        body = {
            "device_id": dice.choice(["w0", "f1", "gone"]),
            "type": dice.choice(["locate", "resend", "buzz"]),
        }
        acts.append((dice.uniform(3, active_s), "api", {"type": "device_command", "body": body}))
    for _ in range(dice.choice([0, 0, 0, 2])):
        type_, text = dice.choice(POISONED_REQUESTS)
        acts.append((dice.uniform(3, active_s), "api", {"type": type_, "body": text}))
    return acts


def _edit(dice: Random) -> dict[str, Any]:
    """A change of the roster; some of them must be refused whole."""
    put: dict[str, Any] = {}
    remove: dict[str, Any] = {}
    what = dice.choice(["fence", "fence", "device", "remove device", "remove fence", "bad", "model"])
    fence = {"fence_id": dice.choice(["yard", "pond", "new"]), "role": dice.choice(["safe", "forbidden"])}
    fence |= {
        "site_id": dice.choice(["s1", "s2"]),
        "geometry": circle(dice.choice([80.0, 300.0, 5000.0]), HOME),
    }
    if what in {"fence", "bad"}:
        put["fences"] = [fence]
    if what == "bad":
        bad = {"fence_id": "bad", "role": "safe", "geometry": {"type": "Polygon", "coordinates": []}}
        put["fences"] = [fence, bad]
    if what == "device":
        put["devices"] = [
            {"device_id": dice.choice(["w0", "f1", "x1", "w9"]), "kind": "wristband", "site_id": "s2"}
        ]
    if what == "remove device":
        remove["devices"] = [dice.choice(["w0", "f1"])]
    if what == "remove fence":
        remove["fences"] = [fence["fence_id"]]
    if what == "model":
        put["models"] = [{"model": "quick", "contact_every_s": dice.choice([18, 25])}]
    return {"put": put, "remove": remove}


# What fails -------------------------------------------------------------------------------------

_LINKS = "lost", "doubled", "delayed"
ERRORS = "full", "io", "locked", "unsure"


def _faults(dice: Random, names: list[str], active_s: float) -> list[Fault]:
    """Each kind with its own chance; of most, several instances. Sorted by time."""
    if dice.random() < 0.05:
        return []
    found: list[Fault] = []
    share = dice.choice([0.15, 0.3, 0.5])
    for kind, (most, args) in _KINDS.items():
        if dice.random() < share:
            count = dice.randint(1, most)
            found += [Fault(kind, _when(dice, kind, active_s), args(dice, names)) for _ in range(count)]
    return sorted(found, key=lambda fault: fault.at_s)


def _when(dice: Random, kind: str, active_s: float) -> float:
    """Any time; a gateway that is long away comes back as the quiet time begins."""
    return round(active_s - dice.uniform(20, 38) if kind == "away" else dice.uniform(0.5, active_s), 3)


# kind -> (most of them, what they need)
_KINDS = {
    "crash": (5, lambda dice, _: (dice.randint(1, 90),)),
    "kill": (3, lambda *_: ()),
    "restart": (2, lambda dice, _: (dice.choice([0, 0, 1]),)),
    "error": (4, lambda dice, _: (dice.choice(ERRORS), dice.randint(0, 25))),
    "full": (1, lambda dice, _: (round(dice.uniform(1, 12), 2),)),
    "slow": (2, lambda dice, _: (round(dice.uniform(3, 15), 2), 0.05, dice.choice([0.5, 3.0]))),
    "broker": (3, lambda dice, _: (round(dice.uniform(0.1, 12), 2),)),
    "slow broker": (2, lambda *_: (12.0,)),
    "away": (1, lambda *_: (40.0,)),
    "cut": (4, lambda *_: ()),
    "power": (2, lambda dice, _: (round(dice.uniform(1, 15), 2),)),
    "weather": (3, lambda dice, names: (
        dice.choice([*names, "all", "all"]), round(dice.uniform(5, 40), 2), dice.choice(_LINKS),
        dice.choice([0.2, 0.6]), dice.choice([1.0, 8.0]))),
    "blocked": (2, lambda dice, names: (dice.choice(names), round(dice.uniform(3, 25), 2))),
    "reboot": (2, lambda dice, names: (dice.choice(names),)),
    "death": (2, lambda dice, names: (dice.choice(names),)),
    "clock": (2, lambda dice, _: (dice.choice([-86_400, -3600, -4, 2, 90, 3600, 400 * 86_400]),)),
    "device clock": (2, lambda dice, names: (dice.choice(names), dice.choice([-3600, -30, 30, 86_400]))),
    "stall": (2, lambda dice, _: (dice.choice([0.3, 3.0, 7.0, 30.0]),)),
    "second gateway": (1, lambda *_: ()),
    "flood": (1, lambda dice, _: (dice.randint(60, 160),)),
}  # fmt: skip
