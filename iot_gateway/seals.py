"""Says later whether a step with its readings, or a snapshot, is still what was written. Pure.

The journal has its chain; the tables that outnumber it have these digests, inside the blobs that are there
anyway. A digest follows the packed inputs, where zlib ignores it, and goes before the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

_MARK: Final = b"~s1"
_SIZE: Final = 16
# Columns that SQLite gives back as floats, whatever went in: lat lon acc_m, and bat.
_FLOATS: Final = (6, 7, 8, 10)


def seal_step(inputs: bytes, step: int, now_ms: int, before: int, readings: Iterable[Sequence[Any]]) -> bytes:
    """Packed inputs with a digest of the whole step at their end. `readings`: rows less their ids."""
    return inputs + _digest(inputs, step, now_ms, before, readings) + _MARK


def is_step_whole(
    sealed: bytes, step: int, now_ms: int, before: int, readings: Iterable[Sequence[Any]]
) -> bool:
    """Whether a step is what was written; True as well for one of a version that sealed nothing."""
    if not sealed.endswith(_MARK):
        return True
    end = len(sealed) - len(_MARK)
    return sealed[end - _SIZE : end] == _digest(sealed[: end - _SIZE], step, now_ms, before, readings)


def seal_state(state: bytes) -> bytes:
    """A snapshot's state, behind its digest."""
    return _MARK + blake2b(state, digest_size=_SIZE).digest() + state


def open_state(sealed: bytes) -> bytes | None:
    """The state; None if it is not what was written."""
    if not sealed.startswith(_MARK):
        return sealed  # of a version that sealed nothing
    begin = len(_MARK) + _SIZE
    state = sealed[begin:]
    return state if sealed == seal_state(state) else None


def _digest(inputs: bytes, step: int, now_ms: int, before: int, readings: Iterable[Sequence[Any]]) -> bytes:
    made = blake2b(inputs, digest_size=_SIZE)
    rows = [
        [
            float(v) + 0.0 if i in _FLOATS and v is not None else v for i, v in enumerate(row)
        ]  # -0.0 comes back as 0.0
        for row in readings
    ]
    made.update(msgspec.msgpack.encode([step, now_ms, before, rows]))
    return made.digest()
