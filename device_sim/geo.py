"""Geography on the scale of a town: metres to degrees and back, and the GCJ-02 shift.

Pure. A local plane is enough here: within 20 km its error is far below that of a fix.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

METRES_PER_DEGREE: Final = 111_195.0  # of latitude, on a sphere of radius 6,371 km

# The Krasovsky ellipsoid, on which GCJ-02 is defined: semi-major axis in metres, e squared.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_SQUARED: Final = 0.006_693_421_622_965_943


def metres_per_degree_lon(lat_deg: Any) -> Any:
    """Metres of one degree of longitude at a latitude."""
    return METRES_PER_DEGREE * np.cos(np.radians(lat_deg))


def move(lat_deg: Any, lon_deg: Any, east_m: Any, north_m: Any) -> tuple[Any, Any]:
    """(lat, lon) in degrees after going so many metres east and north; floats or arrays."""
    return lat_deg + north_m / METRES_PER_DEGREE, lon_deg + east_m / metres_per_degree_lon(lat_deg)


def offset_m(lat_deg: Any, lon_deg: Any, to_lat_deg: Any, to_lon_deg: Any) -> tuple[Any, Any]:
    """(east, north) in metres from one point to another; floats or arrays."""
    east = (to_lon_deg - lon_deg) * metres_per_degree_lon(lat_deg)
    return east, (to_lat_deg - lat_deg) * METRES_PER_DEGREE


def to_gcj02(lat_deg: Any, lon_deg: Any) -> tuple[Any, Any]:
    """WGS-84 to GCJ-02, as maps and many watches in China give it; valid inside China."""
    x, y = lon_deg - 105.0, lat_deg - 35.0
    root = np.sqrt(np.abs(x))
    swing = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    d_lat = (
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + swing
        + (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
        + (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    )  # fmt: skip
    d_lon = (
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + swing
        + (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
        + (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    )  # fmt: skip
    lat_rad = np.radians(lat_deg)
    curve = 1.0 - _ECCENTRICITY_SQUARED * np.sin(lat_rad) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (curve * np.sqrt(curve))
    parallel_m = _AXIS_M / np.sqrt(curve) * np.cos(lat_rad)
    return lat_deg + np.degrees(d_lat / meridian_m), lon_deg + np.degrees(d_lon / parallel_m)
