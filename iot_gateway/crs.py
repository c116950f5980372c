"""Coordinate systems used in China, to WGS-84. Pure.

GCJ-02 is WGS-84 with a smooth published offset of 100-700 m; BD-09 is GCJ-02 with another. The
inverse is found by iteration, to a few centimetres.
"""

from __future__ import annotations

from math import atan2, cos, pi, sin, sqrt

_A = 6_378_245.0  # Krassovsky 1940, which GCJ-02 is built on
_EE = 0.006_693_421_622_965_943
_BD = pi * 3000.0 / 180.0


def to_wgs84(lat: float, lon: float, crs: str) -> tuple[float, float]:
    """(lat, lon) in WGS-84 of a position in `wgs84`, `gcj02` or `bd09`, in degrees."""
    if crs not in {"gcj02", "bd09"} or not _in_china(lat, lon):
        return lat, lon
    return _gcj02_to_wgs84(*(_bd09_to_gcj02(lat, lon) if crs == "bd09" else (lat, lon)))


def _in_china(lat: float, lon: float) -> bool:
    """Where there is an offset."""
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347


def _gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    guess_lat, guess_lon = lat, lon
    for _ in range(4):
        shifted_lat, shifted_lon = wgs84_to_gcj02(guess_lat, guess_lon)
        guess_lat += lat - shifted_lat
        guess_lon += lon - shifted_lon
    return guess_lat, guess_lon


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """The published offset."""
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave
    d_lat += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave
    d_lon += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lon += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = lat / 180.0 * pi
    magic = 1 - _EE * sin(phi) * sin(phi)
    root = sqrt(magic)
    return (
        lat + d_lat * 180.0 / ((_A * (1 - _EE)) / (magic * root) * pi),
        lon + d_lon * 180.0 / (_A / root * cos(phi) * pi),
    )


def _bd09_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - 0.0065, lat - 0.006
    z = sqrt(x * x + y * y) - 0.00002 * sin(y * _BD)
    theta = atan2(y, x) - 0.000003 * cos(x * _BD)
    return z * sin(theta), z * cos(theta)
