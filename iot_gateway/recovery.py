"""The state after a restart: the last snapshot, then the logged inputs since, through the same core."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from alerts import snapshot
from alerts.engine import Engine
from alerts.policy import Policy
from iot_gateway.batcher import Batcher, arrange
from iot_gateway.recording import unpack
from iot_gateway.repeats import Repeats
from iot_gateway.store import Store


class RecoveryError(Exception):
    """The state cannot be computed again; the message says why."""


def encode_state(engine: Engine, repeats: Repeats) -> bytes:
    """A snapshot of what the store does not hold as rows."""
    state = {"engine": snapshot.dump(engine), "timeless": repeats.dump()}
    return msgspec.msgpack.encode(state, enc_hook=_encode_array)


def recover(store: Store, policy: Policy) -> tuple[Engine, Repeats]:
    """The engine as it was when the last commit returned.

    Raises:
        RecoveryError: what was computed is not what was journalled.
    """
    repeats = Repeats(store.is_stored, store.newest_ms)
    kept = store.snapshot()
    engine, step = Engine(policy), 0
    if kept is not None:
        step = kept[0]
        state = msgspec.msgpack.decode(kept[1], ext_hook=_decode_array)
        engine = snapshot.load(state["engine"], policy)
        repeats.load(state["timeless"])
    batcher = Batcher(engine, repeats)
    for logged in store.steps_after(step):
        messages, commands = arrange(unpack(logged.inputs))
        engine.step(logged.now_ms, batcher.admit(messages).batch, commands)
    if engine.alarms.last_seq != store.last_seq:
        raise RecoveryError(
            f"the logged inputs lead to journal row {engine.alarms.last_seq}, the journal ends at {store.last_seq}"
        )
    return engine, repeats


_ARRAY = 1


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        packed = msgspec.msgpack.encode([value.dtype.str, value.tobytes()])
        return msgspec.msgpack.Ext(_ARRAY, packed)
    raise NotImplementedError(type(value))


def _decode_array(code: int, data: memoryview) -> Any:
    assert code == _ARRAY, f"unknown extension {code}"
    dtype, content = msgspec.msgpack.decode(data)
    return np.frombuffer(content, dtype=dtype)
