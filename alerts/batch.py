"""The batch: readings of many devices as columns, in the order of their arrival."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from alerts.vocabulary import NO_BITS

# Analog values that limits look at; `Batch.values` has one column each.
VALUE_FIELDS: Final = ("bat", "temp", "smoke", "co", "gas", "press", "current")
VALUE_INDEX: Final = {name: index for index, name in enumerate(VALUE_FIELDS)}

# A reading without a number.
NO_SEQ: Final = -1

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.int8]


@dataclass(slots=True)
class Reading:
    """One usable item of one device. `nan` and None mean: not said.

    `worn` and `charging` are nan, 0.0 or 1.0. `faults` None: not said, empty: none. `unread`: it came and could
    not be used; only its number counts.
    """

    device_row: int
    received_at_ms: int
    measured_at_ms: int
    arrival: int
    lat_deg: float = np.nan
    lon_deg: float = np.nan
    acc_m: float = np.nan
    src: int = 0
    on_bits: int = NO_BITS
    off_bits: int = NO_BITS
    worn: float = np.nan
    charging: float = np.nan
    values: tuple[float, ...] = (np.nan,) * len(VALUE_FIELDS)
    faults: tuple[str, ...] | None = None
    seq: int = NO_SEQ
    boot: int = 0
    wants_ack: bool = False
    unread: bool = False


@dataclass(slots=True)
class Batch:
    """Columns of n readings, `arrival` and `received_at_ms` never decreasing.

    `values` is (n, len(VALUE_FIELDS)). `has_fix`: a usable position came with the reading.
    `new_device_ids`: devices nobody has enrolled, at the rows after the fleet's last.
    """

    device_row: Rows
    received_at_ms: Longs
    measured_at_ms: Longs
    arrival: Longs
    has_fix: Bools
    lat_deg: Floats
    lon_deg: Floats
    acc_m: Floats
    src: Bytes
    on_bits: Bits
    off_bits: Bits
    worn: Floats
    charging: Floats
    values: Floats
    seq: Longs
    boot: Longs
    wants_ack: Bools
    unread: Bools
    faults: dict[int, tuple[str, ...]] = field(default_factory=dict)
    new_device_ids: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.device_row)


def batch_of(readings: list[Reading], new_device_ids: tuple[str, ...] = ()) -> Batch:
    """The columns of some readings, which are in the order of their arrival."""

    def column(name: str, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
        return np.array([getattr(reading, name) for reading in readings], dtype=dtype)

    lat, lon = column("lat_deg", np.float64), column("lon_deg", np.float64)
    received = column("received_at_ms", np.int64)
    assert np.all(np.diff(received.astype(np.int64)) >= 0), "readings come in the order of arrival"
    return Batch(
        device_row=column("device_row", np.int64),  # type: ignore[arg-type]
        received_at_ms=received,  # type: ignore[arg-type]
        measured_at_ms=column("measured_at_ms", np.int64),  # type: ignore[arg-type]
        arrival=column("arrival", np.int64),  # type: ignore[arg-type]
        has_fix=np.isfinite(lat.astype(np.float64)) & np.isfinite(lon.astype(np.float64)),
        lat_deg=lat,  # type: ignore[arg-type]
        lon_deg=lon,  # type: ignore[arg-type]
        acc_m=column("acc_m", np.float64),  # type: ignore[arg-type]
        src=column("src", np.int8),  # type: ignore[arg-type]
        on_bits=column("on_bits", np.uint32),  # type: ignore[arg-type]
        off_bits=column("off_bits", np.uint32),  # type: ignore[arg-type]
        worn=column("worn", np.float64),  # type: ignore[arg-type]
        charging=column("charging", np.float64),  # type: ignore[arg-type]
        values=np.array([r.values for r in readings], dtype=np.float64).reshape(-1, len(VALUE_FIELDS)),
        seq=column("seq", np.int64),  # type: ignore[arg-type]
        boot=column("boot", np.int64),  # type: ignore[arg-type]
        wants_ack=column("wants_ack", np.bool_),  # type: ignore[arg-type]
        unread=column("unread", np.bool_),  # type: ignore[arg-type]
        faults={i: r.faults for i, r in enumerate(readings) if r.faults is not None},
        new_device_ids=new_device_ids,
    )


EMPTY: Final = batch_of([])
