"""Decides how well a fix fits where a band was: it stood, it walked, it rode, or the fix is wrong.

One row a device. What is known of a band after a fix are three stories: the fix is *good* (the wearer is
where it says, give or take its accuracy), it belongs to a *burst* (the receiver carries one wrong bias for
minutes, and jitters about it), or it is a *stray* (wrong this once). For the first, a Kalman filter follows
place and velocity; for the others, the place is kept where the wearer was when fixes were last good. A new
fix is held against all of them: a departure is a walk whose steps continue each other, a burst is a jump
that no walk explains and then stays about.

Source of the walking model: an Ornstein-Uhlenbeck velocity, exact for any time between fixes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

import numpy as np

from alerts.batch import Bytes, Floats, Longs
from alerts.fleet import LONG_AGO_MS
from alerts.policy import FencePolicy
from alerts.vocabulary import SOURCES

# A radius that holds 68 % of a round normal distribution is 1.51 of its standard deviations.
SIGMAS_IN_ACC: Final = 1.51
# Metres a degree of latitude, and of longitude on the equator: within 0.5 % of the ellipsoid in China.
NORTH_M: Final = 110_980.0
EAST_M: Final = 111_320.0
STICKY: Final = np.array([source in {"wifi", "cell", "ble"} for source in SOURCES])
_TINY: Final = 1e-300


@dataclass(slots=True)
class Track:
    """Columns (n,): what is known of where devices are after their last fix."""

    at_ms: Longs  # its time; LONG_AGO_MS: no fix yet
    lat_deg: Floats  # the fix
    lon_deg: Floats
    var_m2: Floats  # its variance along one axis
    src: Bytes
    good_lat_deg: Floats  # where the wearer is if it is good
    good_lon_deg: Floats
    east_mps: Floats  # ... with this velocity
    north_mps: Floats
    place_m2: Floats  # variances and covariance of place and velocity, along one axis
    place_speed: Floats
    speed_m2: Floats
    walking: Floats  # probability that the last step was a walk
    kept_lat_deg: Floats  # where the wearer is if it is not
    kept_lon_deg: Floats
    kept_m2: Floats
    burst: Floats  # probabilities of the two stories
    stray: Floats


class Fit(NamedTuple):
    """How likely a fix is after each story, columns (n,): `good_burst` leads from good to burst.

    `walks`: how likely the wearer walked since the fix before. `seen`: how much of that the fix can see: one
    that is too rough says nothing of a walk, unless it lies farther away than it is rough.
    """

    dt_s: Floats
    var_m2: Floats
    news: Floats  # how much of it is: its error may be that of the fix before
    fresh_s: Floats  # `dt_s`, or that part of it which the same access point or cell can speak for
    walks: Floats
    seen: Floats
    good_good: Floats
    good_burst: Floats
    good_stray: Floats
    burst_good: Floats
    burst_burst: Floats
    burst_stray: Floats
    stray_good: Floats
    stray_burst: Floats
    stray_stray: Floats


class _Gap(NamedTuple):
    """What the time since the fix before allows, columns (n,)."""

    dt_s: Floats
    forget: Floats  # what is left of a velocity
    reach_s: Floats  # a velocity times this is the way it leads
    strolled_m2: Floats  # variance of the way of an unknown velocity
    swayed_m2: Floats  # ... of somebody who stands
    walk_p: Floats
    stays: Floats  # probability that a good receiver is still good
    news: Floats


class _Way(NamedTuple):
    """One way from a good fix to a good fix: its density, and what is known after it."""

    likely: Floats
    east: Floats
    north: Floats
    east_mps: Floats
    north_mps: Floats
    place_m2: Floats
    place_speed: Floats
    speed_m2: Floats


class Fixes(NamedTuple):
    """Columns (n,) of fixes, one each of different devices."""

    at_ms: Longs
    lat_deg: Floats
    lon_deg: Floats
    acc_m: Floats
    src: Bytes


def new_tracks(count: int) -> Track:
    """Tracks of devices without a fix."""
    made: dict[str, Any] = {f.name: np.zeros(count) for f in fields(Track)}
    made |= {"at_ms": np.full(count, LONG_AGO_MS, np.int64), "src": np.zeros(count, np.int8)}
    return Track(**made)


class Motion:
    """The one rule of how tracks go on."""

    def __init__(self, policy: FencePolicy) -> None:
        self._policy = policy
        self._floor_m = np.array([policy.acc_floor_m[source] for source in SOURCES])
        self._unknown_m = np.array([policy.acc_unknown_m[source] for source in SOURCES])

    def var_m2(self, acc_m: Floats, src: Bytes) -> Floats:
        """Variance of fixes along one axis."""
        claimed = np.where(np.isnan(acc_m), self._unknown_m[src], acc_m)
        sigma = np.maximum(claimed, self._floor_m[src]) / SIGMAS_IN_ACC
        return np.asarray(sigma * sigma)

    def step(self, was: Track, fix: Fixes) -> tuple[Track, Fit]:
        """Tracks after one fix each, and how well it fits."""
        var = self.var_m2(fix.acc_m, fix.src)
        first = was.at_ms == LONG_AGO_MS
        now, fit = self._go_on(was, fix, var)
        if not first.any():
            return now, fit
        begun = self._begin(fix, var)
        now = Track(*(np.where(first, getattr(begun, f.name), getattr(now, f.name)) for f in fields(Track)))
        kept = {"news", "good_good", "burst_burst", "stray_stray"}  # nothing went over into anything
        clean = {n: np.where(first, float(n in kept), getattr(fit, n)) for n in Fit._fields}
        return now, Fit(**clean | {"var_m2": var})

    def _begin(self, fix: Fixes, var: Floats) -> Track:
        policy, zero = self._policy, np.zeros(len(var))
        return Track(
            fix.at_ms, fix.lat_deg, fix.lon_deg, var, fix.src, fix.lat_deg, fix.lon_deg, zero, zero, var, zero,
            zero + policy.walk_mps**2, zero + policy.walk_share, fix.lat_deg, fix.lon_deg,
            zero + policy.kept_m**2, zero + 0.1, zero + 0.01,
        )  # fmt: skip

    def _go_on(self, was: Track, fix: Fixes, var: Floats) -> tuple[Track, Fit]:
        gap = self._gap(was, fix, var)
        ways = self._ways(was, fix, var, gap)
        fit = self._fit(was, fix, var, gap, ways)
        good_p = 1 - was.burst - was.stray
        returned = was.burst * fit.burst_good + was.stray * fit.stray_good
        to_burst = good_p * fit.good_burst + was.burst * fit.burst_burst + was.stray * fit.stray_burst
        to_stray = good_p * fit.good_stray + was.burst * fit.burst_stray + was.stray * fit.stray_stray
        total = good_p * fit.good_good + returned + to_burst + to_stray + _TINY
        burst = np.clip(to_burst / total, 1e-4, 0.999)
        stray = np.clip(to_stray / total, 1e-5, 1e-5 + 0.999 - burst)
        stays = good_p * gap.stays
        shares = [stays * ways[0].likely, stays * ways[1].likely, stays * ways[2].likely + returned]
        walking = shares[1] + stays * ways[2].likely + returned * gap.walk_p
        walking = walking / (shares[0] + shares[1] + shares[2] + _TINY)
        lat, lon, east, north, place, cross, speed = _blend(was, ways, shares)
        came = good_p * (fit.good_burst + fit.good_stray) / (to_burst + to_stray + _TINY)
        kept_lat, kept_lon, kept_m2 = self._keep(was, came, gap)
        now = Track(
            fix.at_ms, fix.lat_deg, fix.lon_deg, var, fix.src, lat, lon, east, north, place, cross, speed,
            walking, kept_lat, kept_lon, kept_m2, burst, stray,
        )  # fmt: skip
        seen_m2 = gap.strolled_m2 + _far2(was.good_lat_deg, was.good_lon_deg, fix) / 2
        return now, fit._replace(walks=walking, seen=(seen_m2 / (var + seen_m2)) ** 2)

    def _gap(self, was: Track, fix: Fixes, var: Floats) -> _Gap:
        """What the time between two fixes allows."""
        p = self._policy
        dt = np.clip((fix.at_ms - was.at_ms) / 1000.0, 1.0, p.longest_gap_s)
        forget = np.exp(-dt / p.turn_s)
        same = (fix.src == was.src) & (was.at_ms != LONG_AGO_MS)
        same &= ~(STICKY[fix.src] & (_far2(was.lat_deg, was.lon_deg, fix) > 4 * var))  # another one
        lasts_s = np.where(STICKY[fix.src], p.same_place_s, p.same_sky_s)
        walk_p = p.walk_share + (was.walking - p.walk_share) * np.exp(-dt / p.walk_s)
        return _Gap(
            dt_s=dt,
            forget=forget,
            reach_s=p.turn_s * (1 - forget),
            strolled_m2=2 * (p.walk_mps * p.turn_s) ** 2 * (dt / p.turn_s - 1 + forget),
            swayed_m2=p.still_m**2 * np.minimum(dt / 60.0, 1.0),
            walk_p=np.clip(walk_p, 0.02, 0.98),
            stays=np.exp(-dt / p.burst_every_s) * (1 - p.stray_p),
            news=np.where(same, 1 - np.exp(-np.maximum(dt, 5.0) / lasts_s), 1.0),
        )

    def _ways(self, was: Track, fix: Fixes, var: Floats, gap: _Gap) -> list[_Way]:
        """Good after good: stood, walked on, rode; each with its share and what is known after it."""
        p, f, zero = self._policy, gap.forget, np.zeros(len(var))
        speed2, tau = p.walk_mps**2, p.turn_s
        east, north = metres(was.good_lat_deg, was.good_lon_deg, fix.lat_deg, fix.lon_deg)
        far2 = east * east + north * north
        stood_m2 = was.place_m2 + gap.swayed_m2 + var
        k = 1 - var / stood_m2
        stood = _Way(_normal(far2, stood_m2), k * east, k * north, zero, zero, k * var, zero, zero + 0.05**2)
        ahead_e, ahead_n = east - gap.reach_s * was.east_mps, north - gap.reach_s * was.north_mps
        spread = np.maximum(speed2 * tau**2 * (2 * gap.dt_s / tau - 3 + 4 * f - f * f), 0.0)
        place = was.place_m2 + 2 * gap.reach_s * was.place_speed + gap.reach_s**2 * was.speed_m2 + spread
        cross = f * (was.place_speed + gap.reach_s * was.speed_m2) + speed2 * tau * (1 - f) ** 2
        k, kv = place / (place + var), cross / (place + var)
        walked = _Way(
            _normal(ahead_e * ahead_e + ahead_n * ahead_n, place + var),
            east - (1 - k) * ahead_e, north - (1 - k) * ahead_n, f * was.east_mps + kv * ahead_e,
            f * was.north_mps + kv * ahead_n, k * var, cross * (1 - k), f * f * was.speed_m2 + speed2 * (1 - f * f) - kv * cross,
        )  # fmt: skip
        rode = _Way(
            self._ride(far2, was.place_m2 + var, gap.dt_s), east, north, zero, zero, var, zero, zero + speed2
        )
        by_foot = 1 - p.ride_share
        parts: tuple[Floats | float, ...] = (by_foot * (1 - gap.walk_p), by_foot * gap.walk_p, p.ride_share)
        return [
            way._replace(likely=part * way.likely)
            for way, part in zip((stood, walked, rode), parts, strict=True)
        ]

    def _fit(self, was: Track, fix: Fixes, var: Floats, gap: _Gap, ways: list[_Way]) -> Fit:
        p = self._policy
        good = ways[0].likely + ways[1].likely + ways[2].likely
        far2 = _far2(was.good_lat_deg, was.good_lon_deg, fix)
        back2, back_m2 = _far2(was.kept_lat_deg, was.kept_lon_deg, fix), was.kept_m2 + var
        frozen = _far2(was.lat_deg, was.lon_deg, fix) < p.frozen_m**2
        again = np.where(frozen, good, self._burst_goes_on(was, fix, var, gap, back2))
        # No bias is larger than reflections reach.
        beyond_m = np.maximum(np.sqrt(back2) - p.burst_reach_m - 2 * np.sqrt(var), 0.0)
        again = again * np.exp(-beyond_m / p.burst_fade_m)
        returned = (1 - gap.walk_p) * _normal(back2, back_m2 + gap.swayed_m2)
        returned += gap.walk_p * _normal(back2, back_m2 + gap.strolled_m2)
        there = _normal(_far2(was.lat_deg, was.lon_deg, fix), var + was.var_m2 + gap.strolled_m2)
        found = (1 - p.stray_real_p - p.stray_burst_p) * returned + p.stray_real_p * there
        hit, thrown_back = 1 - p.stray_p, self._throw(back2, back_m2)
        begins = 1 - np.exp(-gap.dt_s / p.burst_every_s)
        ends = 1 - np.exp(-np.where(frozen, p.frozen_weight, 1.0) * gap.dt_s / p.burst_s)
        return Fit(
            dt_s=gap.dt_s, var_m2=var, news=gap.news, fresh_s=gap.dt_s * np.where(STICKY[fix.src], gap.news, 1.0), walks=gap.walk_p, seen=gap.news,
            good_good=gap.stays * good,
            good_burst=begins * hit * self._jump(far2, was.place_m2 + var),
            good_stray=p.stray_p * self._throw(far2, was.place_m2 + var),
            burst_good=ends * hit * returned,
            burst_burst=(1 - ends) * hit * again,
            burst_stray=p.stray_p * thrown_back,
            stray_good=hit * found,
            stray_burst=p.stray_burst_p * hit * self._jump(back2, back_m2),
            stray_stray=p.stray_p * thrown_back,
        )  # fmt: skip

    def _burst_goes_on(self, was: Track, fix: Fixes, var: Floats, gap: _Gap, back2: Floats) -> Floats:
        """About the fix before, by more the larger the bias; the wearer may walk; the bias may be another."""
        p = self._policy
        step2 = _far2(was.lat_deg, was.lon_deg, fix)
        bias_e, bias_n = metres(was.kept_lat_deg, was.kept_lon_deg, was.lat_deg, was.lon_deg)
        bias_m = np.minimum(np.hypot(bias_e, bias_n), p.jitter_of_m)
        settled = np.minimum(gap.dt_s / 30.0, 1.0)
        near_m2 = var + was.var_m2 + 2 * p.jitter_m**2 * settled
        wide_m2 = near_m2 + 2 * (p.jitter_ratio * bias_m) ** 2 * settled
        about = (1 - p.jitter_wide_share) * _normal(step2, near_m2)
        about += p.jitter_wide_share * _normal(step2, wide_m2)
        about = (1 - p.burst_walk_share) * about + p.burst_walk_share * _normal(
            step2, near_m2 + gap.strolled_m2
        )
        another = self._jump(back2, was.kept_m2 + var)
        return np.asarray((1 - p.burst_redraw_p) * about + p.burst_redraw_p * another)

    def _keep(self, was: Track, came: Floats, gap: _Gap) -> tuple[Floats, Floats, Floats]:
        """Where the wearer is if the fix is wrong: where fixes were good, blurred by time. `came`: just now."""
        p = self._policy
        east, north = metres(was.good_lat_deg, was.good_lon_deg, was.kept_lat_deg, was.kept_lon_deg)
        lat, lon = _moved(was.good_lat_deg, was.good_lon_deg, (1 - came) * east, (1 - came) * north)
        var = came * was.place_m2 + (1 - came) * was.kept_m2 + p.kept_drift * gap.strolled_m2
        var += came * (1 - came) * (east * east + north * north) / 2
        return lat, lon, np.minimum(var, p.kept_m**2)

    def _ride(self, far2: Floats, var: Floats, dt_s: Floats) -> Floats:
        """How likely a bus or a car leads there."""
        p = self._policy
        slow, fast = (
            _normal(far2, var + (p.ride_mps * dt_s) ** 2 + 100.0),
            _normal(far2, var + (p.ride_fast_mps * dt_s) ** 2),
        )
        return np.asarray((1 - p.ride_fast_share) * slow + p.ride_fast_share * fast)

    def _jump(self, far2: Floats, var: Floats) -> Floats:
        """How likely a burst's bias is."""
        p = self._policy
        near, far = _normal(far2, var + p.burst_m**2), _normal(far2, var + p.burst_far_m**2)
        return np.asarray((1 - p.burst_far_share) * near + p.burst_far_share * far)

    def _throw(self, far2: Floats, var: Floats) -> Floats:
        """How likely a stray fix is there: hundreds of metres, or kilometres."""
        p = self._policy
        return np.asarray((_normal(far2, var + p.stray_m**2) + _normal(far2, var + p.stray_far_m**2)) / 2)


def _blend(
    was: Track, ways: list[_Way], shares: list[Floats]
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Three ways as one normal distribution: latitude, longitude, velocity, variances, of `Track`."""
    whole = shares[0] + shares[1] + shares[2] + _TINY
    parts = [share / whole for share in shares]

    def mean(name: str) -> Floats:
        return np.asarray(
            np.sum([p * getattr(way, name) for p, way in zip(parts, ways, strict=True)], axis=0)
        )

    east, north, east_mps, north_mps = mean("east"), mean("north"), mean("east_mps"), mean("north_mps")
    place, cross, speed = mean("place_m2"), mean("place_speed"), mean("speed_m2")
    for part, way in zip(parts, ways, strict=True):
        de, dn, dve, dvn = (
            way.east - east,
            way.north - north,
            way.east_mps - east_mps,
            way.north_mps - north_mps,
        )
        place += part * (de * de + dn * dn) / 2
        cross += part * (de * dve + dn * dvn) / 2
        speed += part * (dve * dve + dvn * dvn) / 2
    lat, lon = _moved(was.good_lat_deg, was.good_lon_deg, east, north)
    return lat, lon, east_mps, north_mps, place, cross, speed


def _normal(far2: Floats, var: Floats) -> Floats:
    """Density of a round normal distribution at a squared distance; at 0 where it is beyond numbers."""
    return np.asarray(np.exp(-far2 / (2 * var)) / (2 * np.pi * var))


def metres(lat_deg: Floats, lon_deg: Floats, to_lat_deg: Floats, to_lon_deg: Floats) -> tuple[Floats, Floats]:
    """(east, north) from one place to another, on the ground near them."""
    turn = (to_lon_deg - lon_deg + 540.0) % 360.0 - 180.0
    return turn * EAST_M * np.cos(np.radians(lat_deg)), (to_lat_deg - lat_deg) * NORTH_M


def _far2(lat_deg: Floats, lon_deg: Floats, fix: Fixes) -> Floats:
    east, north = metres(lat_deg, lon_deg, fix.lat_deg, fix.lon_deg)
    return np.asarray(east * east + north * north)


def _moved(lat_deg: Floats, lon_deg: Floats, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    return lat_deg + north_m / NORTH_M, lon_deg + east_m / (EAST_M * np.cos(np.radians(lat_deg)))
