"""Says later whether a step with its readings, or a snapshot, is still what was written. Pure.

The journal has its chain; the tables that outnumber it have these digests, inside the blobs that are there
anyway. A digest follows the packed inputs, where zlib ignores it, and goes before the state.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

_MARK: Final = b"~s1"
_SIZE: Final = 16
# What a bare state begins with: a small map of msgpack.
_MAPS: Final = {bytes([first]) for first in range(0x80, 0x90)}
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
        return _is_bare(sealed)
    end = len(sealed) - len(_MARK)
    return sealed[end - _SIZE : end] == _digest(sealed[: end - _SIZE], step, now_ms, before, readings)


def seal_state(state: bytes) -> bytes:
    """A snapshot's state, behind its digest."""
    return _MARK + blake2b(state, digest_size=_SIZE).digest() + state


def open_state(sealed: bytes) -> bytes | None:
    """The state; None if it is not what was written."""
    if not sealed.startswith(_MARK):
        return sealed if sealed[:1] in _MAPS else None  # of a version that sealed nothing
    begin = len(_MARK) + _SIZE
    state = sealed[begin:]
    return state if sealed == seal_state(state) else None


def _is_bare(packed: bytes) -> bool:
    """Whether nothing follows the packed inputs: a seal with a flipped bit in its mark is no missing one."""
    stream = zlib.decompressobj()
    try:
        stream.decompress(packed)
    except zlib.error:
        return False
    return stream.eof and not stream.unused_data


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
