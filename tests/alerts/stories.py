"""The three stories of a fix once more, slowly: one fix and one fence at a time, complex numbers for ways.

Written from the docstrings of the core and the policy, to be compared with it through the oracle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from alerts.policy import FencePolicy

KEPT = 8


class Fix(NamedTuple):
    """What a band said; sorted as it is believed to have happened."""

    at_ms: int
    lat: float
    lon: float
    acc_m: float
    source: str


@dataclass
class Place:
    """Where a band is, if its last fix is good."""

    lat: float
    lon: float
    speed: complex = 0j
    var: float = 0.0
    cross: float = 0.0
    speed_var: float = 0.0


@dataclass
class Track:
    """A band after a fix."""

    fix: Fix
    var: float
    good: Place
    walking: float
    kept: Place
    burst: float = 0.1
    stray: float = 0.01


@dataclass
class Pair:
    """A band and a fence: chances of (good, burst, stray) x (calm, breach)."""

    chances: list[float] = field(default_factory=lambda: [0.60, 0.10, 0.20, 0.08, 0.01, 0.01])
    witnesses: int = 0
    first_ms: int = 0
    calm: int = 0
    calm_ms: int = 0
    verdict: str = "undecided"

    @property
    def breach_p(self) -> float:
        return self.chances[1] + self.chances[3] + self.chances[5]


@dataclass
class Known:
    """All of one wearer."""

    track: Track | None = None
    pairs: dict[str, Pair] = field(default_factory=dict)

    def copy(self) -> Known:
        """Tracks are made anew by every step, pairs are changed."""
        return Known(self.track, {i: replace(p, chances=list(p.chances)) for i, p in self.pairs.items()})


def way(lat: float, lon: float, to_lat: float, to_lon: float) -> complex:
    """East and north, in metres."""
    turn = (to_lon - lon + 540.0) % 360.0 - 180.0
    return complex(turn * 111_320.0 * math.cos(math.radians(lat)), (to_lat - lat) * 110_980.0)


def bell(metres: complex, var: float) -> float:
    return math.exp(-(abs(metres) ** 2) / (2 * var)) / (2 * math.pi * var)


class Diary:
    """The fixes of one wearer in the order they happened, and what they come to."""

    def __init__(self, policy: FencePolicy) -> None:
        self.policy = policy
        self.before, self.now = Known(), Known()
        self.fixes: list[Fix] = []

    def settle(self) -> None:
        """Nothing that came before can change any more."""
        self.before, self.fixes = self.now.copy(), []

    def forget_track(self) -> None:
        self.now.track = None
        self.settle()

    def take(self, fix: Fix, margins: dict) -> bool:
        """`margins`: fence -> (how far beyond it a fix lies, edge, chance and time that are enough). Whether anything is known anew."""
        last = self.now.track.fix if self.now.track else None
        if last is not None and fix[:3] <= last[:3]:
            if not self.fixes or any(fix[:3] == other[:3] for other in self.fixes):
                return False
            if not self.after_start(fix):
                return False
            self.let_go()
            if not self.after_start(fix):
                return False
        else:
            self.let_go()
        self.fixes = sorted([*self.fixes, fix], key=lambda f: f[:3])
        self.now = self.replayed(self.fixes, margins)
        return True

    def after_start(self, fix: Fix) -> bool:
        return self.before.track is None or fix[:3] > self.before.track.fix[:3]

    def let_go(self) -> None:
        if len(self.fixes) == KEPT:
            half, self.fixes = self.fixes[: KEPT // 2], self.fixes[KEPT // 2 :]
            self.before = self.replayed(half, self.margins)

    def replayed(self, fixes: list[Fix], margins: dict) -> Known:
        self.margins = margins
        known = self.before.copy()
        for fix in fixes:
            fit = self.step(known, fix)
            for fence_id, pair in known.pairs.items():
                self.weigh(pair, fit, fix.at_ms, *margins[fence_id](fix))
        return known

    # One fix --------------------------------------------------------------------------------

    def variance(self, fix: Fix) -> float:
        p = self.policy
        claimed = p.acc_unknown_m[fix.source] if math.isnan(fix.acc_m) else fix.acc_m
        return (max(claimed, p.acc_floor_m[fix.source]) / 1.51) ** 2

    def begin(self, known: Known, fix: Fix) -> dict[str, float]:
        p, var = self.policy, self.variance(fix)
        good = Place(fix.lat, fix.lon, 0j, var, 0.0, p.walk_mps**2)
        known.track = Track(fix, var, good, p.walk_share, Place(fix.lat, fix.lon, var=p.kept_m**2))
        same = {"gg": 1.0, "bb": 1.0, "ss": 1.0}
        return {"news": 1.0, "var": var, "dt": 0.0, "fresh": 0.0, "walks": 0.0, "seen": 0.0} | same

    def step(self, known: Known, fix: Fix) -> dict[str, float]:
        """Moves the track on; says how well the fix fits after each story ("gb": good, then a burst)."""
        if known.track is None:
            return self.begin(known, fix)
        p, was, var = self.policy, known.track, self.variance(fix)
        dt = min(max((fix.at_ms - was.fix.at_ms) / 1000, 1.0), p.longest_gap_s)
        keep, v2, tau = math.exp(-dt / p.turn_s), p.walk_mps**2, p.turn_s
        reach = tau * (1 - keep)
        strolled = 2 * v2 * tau**2 * (dt / tau - 1 + keep)
        swayed = p.still_m**2 * min(dt / 60, 1.0)
        walk_p = p.walk_share + (was.walking - p.walk_share) * math.exp(-dt / p.walk_s)
        walk_p = min(max(walk_p, 0.02), 0.98)
        good = was.good
        there = way(good.lat, good.lon, fix.lat, fix.lon)
        step = way(was.fix.lat, was.fix.lon, fix.lat, fix.lon)
        back = way(was.kept.lat, was.kept.lon, fix.lat, fix.lon)

        # Good after good.
        stood = Place(0, 0, 0j, 0, 0, 0.05**2)
        gain = (good.var + swayed) / (good.var + swayed + var)
        stood_at, stood.var = gain * there, gain * var
        walked = Place(0, 0)
        expected = reach * good.speed
        wide = good.var + 2 * reach * good.cross + reach**2 * good.speed_var
        wide += max(v2 * tau**2 * (2 * dt / tau - 3 + 4 * keep - keep**2), 0.0)
        cross = keep * (good.cross + reach * good.speed_var) + v2 * tau * (1 - keep) ** 2
        gain, speed_gain = wide / (wide + var), cross / (wide + var)
        walked_at = expected + gain * (there - expected)
        walked.speed = keep * good.speed + speed_gain * (there - expected)
        walked.var, walked.cross = gain * var, cross * (1 - gain)
        walked.speed_var = keep**2 * good.speed_var + v2 * (1 - keep**2) - speed_gain * cross
        slow = bell(there, good.var + var + (p.ride_mps * dt) ** 2 + 100)
        fast = bell(there, good.var + var + (p.ride_fast_mps * dt) ** 2)
        foot = 1 - p.ride_share
        ways = [
            foot * (1 - walk_p) * bell(there, good.var + swayed + var),
            foot * walk_p * bell(there - expected, wide + var),
            p.ride_share * ((1 - p.ride_fast_share) * slow + p.ride_fast_share * fast),
        ]

        fit = self.fit(was, var, dt, (there, step, back), sum(ways), (strolled, swayed, walk_p))
        same = was.fix.source == fix.source and not (fix.source in STICKY and abs(step) ** 2 > 4 * var)
        lasts = p.same_place_s if fix.source in STICKY else p.same_sky_s
        fit["news"] = 1 - math.exp(-max(dt, 5.0) / lasts) if same else 1.0
        fit |= {"var": var, "dt": dt, "fresh": dt * (fit["news"] if fix.source in STICKY else 1.0)}

        # What is likely now.
        ok = 1 - was.burst - was.stray
        home = was.burst * fit["bg"] + was.stray * fit["sg"]
        burst = ok * fit["gb"] + was.burst * fit["bb"] + was.stray * fit["sb"]
        stray = ok * fit["gs"] + was.burst * fit["bs"] + was.stray * fit["ss"]
        total = ok * fit["gg"] + home + burst + stray + 1e-300
        stays = math.exp(-dt / p.burst_every_s) * (1 - p.stray_p)
        shares = [ok * stays * ways[0], ok * stays * ways[1], ok * stays * ways[2] + home]
        whole = sum(shares) + 1e-300
        walking = (shares[1] + ok * stays * ways[2] + home * walk_p) / whole
        rode = Place(0, 0, 0j, var, 0.0, v2)
        mixed, at = blend(
            [(stood, stood_at), (walked, walked_at), (rode, there)], [s / whole for s in shares]
        )
        mixed.lat, mixed.lon = moved(good, at)
        came = ok * (fit["gb"] + fit["gs"]) / (burst + stray + 1e-300)
        apart = way(good.lat, good.lon, was.kept.lat, was.kept.lon)
        kept = Place(*moved(good, (1 - came) * apart))
        kept.var = came * good.var + (1 - came) * was.kept.var + p.kept_drift * strolled
        kept.var = min(kept.var + came * (1 - came) * abs(apart) ** 2 / 2, p.kept_m**2)
        burst_p = min(max(burst / total, 1e-4), 0.999)
        stray_p = min(max(stray / total, 1e-5), 1e-5 + 0.999 - burst_p)
        known.track = Track(fix, var, mixed, walking, kept, burst_p, stray_p)
        plain = strolled + abs(there) ** 2 / 2
        return fit | {"walks": walking, "seen": (plain / (var + plain)) ** 2}

    def fit(
        self, was: Track, var: float, dt: float, ways: tuple, good: float, motion: tuple
    ) -> dict[str, float]:
        p, (there, step, back), (strolled, swayed, walk_p) = self.policy, ways, motion
        bias = min(abs(way(was.kept.lat, was.kept.lon, was.fix.lat, was.fix.lon)), p.jitter_of_m)
        settled = min(dt / 30, 1.0)
        near = var + was.var + 2 * p.jitter_m**2 * settled
        wide = near + 2 * (p.jitter_ratio * bias) ** 2 * settled
        about = (1 - p.jitter_wide_share) * bell(step, near) + p.jitter_wide_share * bell(step, wide)
        about = (1 - p.burst_walk_share) * about + p.burst_walk_share * bell(step, near + strolled)
        about = (1 - p.burst_redraw_p) * about + p.burst_redraw_p * self.jump(back, was.kept.var + var)
        frozen = abs(step) < p.frozen_m
        beyond = max(abs(back) - p.burst_reach_m - 2 * math.sqrt(var), 0.0)
        about = (good if frozen else about) * math.exp(-beyond / p.burst_fade_m)
        kept_var = was.kept.var + var
        returned = (1 - walk_p) * bell(back, kept_var + swayed) + walk_p * bell(back, kept_var + strolled)
        still_there = bell(step, var + was.var + strolled)
        found = (1 - p.stray_real_p - p.stray_burst_p) * returned + p.stray_real_p * still_there
        hit, begins = 1 - p.stray_p, 1 - math.exp(-dt / p.burst_every_s)
        ends = 1 - math.exp(-dt * (p.frozen_weight if frozen else 1.0) / p.burst_s)
        return {
            "gg": math.exp(-dt / p.burst_every_s) * hit * good,
            "gb": begins * hit * self.jump(there, was.good.var + var),
            "gs": p.stray_p * self.throw(there, was.good.var + var),
            "bg": ends * hit * returned, "bb": (1 - ends) * hit * about, "bs": p.stray_p * self.throw(back, kept_var),
            "sg": hit * found, "sb": p.stray_burst_p * hit * self.jump(back, kept_var),
            "ss": p.stray_p * self.throw(back, kept_var),
        }  # fmt: skip

    def jump(self, metres: complex, var: float) -> float:
        p = self.policy
        near, far = bell(metres, var + p.burst_m**2), bell(metres, var + p.burst_far_m**2)
        return (1 - p.burst_far_share) * near + p.burst_far_share * far

    def throw(self, metres: complex, var: float) -> float:
        return (
            bell(metres, var + self.policy.stray_m**2) + bell(metres, var + self.policy.stray_far_m**2)
        ) / 2

    # One fence ------------------------------------------------------------------------------

    def weigh(
        self, pair: Pair, fit: dict[str, float], at_ms: int, breach_m: float, edge_m: float, raise_p: float, confirm_ms: int
    ) -> None:  # fmt: skip
        p, sigma = self.policy, math.sqrt(fit["var"])
        pair.chances = self.bayes(pair.chances, fit, breach_m, edge_m)
        calm, witness = breach_m <= 0, breach_m - edge_m > p.witness_sigma * sigma
        if calm:
            pair.calm_ms = pair.calm_ms if pair.calm else at_ms
            pair.calm, pair.witnesses = pair.calm + 1, 0
            lasted = pair.verdict == "undecided" or at_ms - pair.calm_ms >= round(p.return_s * 1000)
            if pair.calm >= p.return_fixes and lasted and pair.chances[1] < p.return_p:
                if pair.verdict == "breached":
                    pair.chances = [0.85, 0.01, 0.10, 0.01, 0.02, 0.01]
                pair.verdict = "calm"
            return
        pair.calm = 0
        if witness:
            pair.first_ms = pair.first_ms if pair.witnesses else at_ms
            pair.witnesses += 1
        enough = pair.witnesses >= p.confirm_fixes and at_ms - pair.first_ms >= confirm_ms
        if enough and pair.breach_p >= raise_p:
            pair.verdict = "breached"

    def bayes(self, was: list[float], fit: dict[str, float], breach_m: float, edge_m: float) -> list[float]:
        p, dt, sigma = self.policy, fit["dt"], math.sqrt(fit["var"])
        hazard = fit["walks"] / p.cross_walking_s + (1 - fit["walks"]) / p.cross_still_s
        out = 1 - math.exp(-dt * (fit["seen"] * hazard + (1 - fit["seen"]) / p.cross_blind_s))
        unseen = 1 - math.exp(-dt / p.cross_unseen_s)
        back = 1 - math.exp(-min(fit["fresh"], p.recross_most_s) / p.recross_s)
        sides = []
        for calm, breach, crossing in zip(was[::2], was[1::2], (out, unseen, unseen), strict=True):
            sides.append([calm * (1 - crossing) + breach * back, breach * (1 - back) + calm * crossing])
        inside = logistic((edge_m - breach_m) / math.hypot(p.unseen_m, 2 * sigma))
        inside = min(max(inside, p.unseen_p), 1 - p.unseen_p)
        slowly = 1 - math.exp(-dt / p.unseen_s)
        for story in (1, 2):
            sides[story][0] *= inside**slowly
            sides[story][1] *= (1 - inside) ** slowly
        sides[1][0] *= math.exp(-max(breach_m - p.burst_reach_m - 2 * sigma, 0.0) / p.burst_fade_m)
        z = (breach_m - edge_m) / sigma
        doubt = p.doubt_p / (1 + (z / p.doubt_sigma) ** 2)
        says = [max(logistic(-z), doubt) ** fit["news"], max(logistic(z), doubt) ** fit["news"]]
        made = [0.0] * 6
        for side in (0, 1):
            before = [sides[story][side] for story in range(3)]
            for to, name in enumerate("gbs"):
                made[2 * to + side] = sum(
                    chance * fit.get(origin + name, 0.0) for chance, origin in zip(before, "gbs", strict=True)
                )
            made[side] *= says[side]
        whole = sum(made) + 1e-300
        made = [max(chance / whole, 1e-6) for chance in made]
        return [chance / sum(made) for chance in made]


STICKY = {"wifi", "cell", "ble"}


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-min(max(1.702 * z, -60.0), 60.0)))


def moved(origin: Place, metres: complex) -> tuple[float, float]:
    east = 111_320.0 * math.cos(math.radians(origin.lat))
    return origin.lat + metres.imag / 110_980.0, origin.lon + metres.real / east


def blend(ways: list[tuple[Place, complex]], parts: list[float]) -> tuple[Place, complex]:
    """Several places as one: mean and spread."""
    at = sum(part * metres for part, (_, metres) in zip(parts, ways, strict=True))
    speed = sum(part * place.speed for part, (place, _) in zip(parts, ways, strict=True))
    mixed = Place(0, 0, speed)
    for part, (place, metres) in zip(parts, ways, strict=True):
        off, turn = metres - at, place.speed - speed
        mixed.var += part * (place.var + abs(off) ** 2 / 2)
        mixed.cross += part * (place.cross + (off * turn.conjugate()).real / 2)
        mixed.speed_var += part * (place.speed_var + abs(turn) ** 2 / 2)
    return mixed, at


def side_unknown(track: Track | None) -> Pair:
    """A new pair of a wearer whose last fix has a story already."""
    pair = Pair()
    if track is not None:
        stories = [1 - track.burst - track.stray, track.burst, track.stray]
        whole = [sum(pair.chances[2 * i : 2 * i + 2]) for i in range(3)]
        pair.chances = [max(c * stories[i // 2] / whole[i // 2], 1e-6) for i, c in enumerate(pair.chances)]
    return pair
