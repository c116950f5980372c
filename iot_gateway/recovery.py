"""The state after a restart: the last snapshot, then the logged inputs since, through the same core."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from alerts import snapshot
from alerts.engine import Engine
from alerts.fleet import NOT_DUE_MS
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
    """The engine as it was when the last commit returned, from now on with this policy.

    Raises:
        RecoveryError: what was computed is not what was journalled.
    """
    before = policy_in_force(store) or policy
    try:
        engine, timeless = _compute_again(store, before)
    except RecoveryError:
        raise
    except Exception as error:  # whatever a damaged store makes of it
        raise RecoveryError(f"{store.path}: the stored state cannot be read: {error!r}") from error
    if engine.alarms.last_seq != store.last_seq:
        raise RecoveryError(
            f"the logged inputs lead to journal row {engine.alarms.last_seq}, the journal ends at {store.last_seq}"
        )
    if before != policy:
        engine = snapshot.load(snapshot.dump(engine), policy)
    repeats = Repeats(store.is_stored, store.newest_ms)
    repeats.load(timeless)
    return engine, repeats


def policy_in_force(store: Store) -> Policy | None:
    """The policy that the logged steps were decided by; None: nobody knows."""
    try:
        said = msgspec.json.decode(store.read_meta("policy") or "", type=dict[str, Any])
        # A limit that came later had not refused anything yet: what was in its place then.
        said.setdefault("shelve_person_max_s", said.get("shelve_max_s"))
        return msgspec.convert(said, Policy)
    except msgspec.DecodeError:  # a ValidationError is one too
        return None


def _compute_again(store: Store, policy: Policy) -> tuple[Engine, list[list[int]]]:
    engine, step, readings_before = Engine(policy), 0, 0
    # Whatever its time, an item is looked up: those of later steps are stored by now.
    repeats = Repeats(lambda identity: store.was_stored(identity, readings_before), lambda _row: NOT_DUE_MS)
    kept = store.snapshot()
    if kept is None and store.first_step() > 1:
        raise RecoveryError(f"{store.path}: no snapshot is what was written, and older inputs are deleted")
    if kept is not None:
        step = kept[0]
        state = msgspec.msgpack.decode(kept[1], ext_hook=_decode_array)
        engine = snapshot.load(state["engine"], policy)
        repeats.load(state["timeless"])
    batcher = Batcher(engine, repeats)
    for logged in store.steps_after(step):
        readings_before = logged.readings_before
        messages, commands = arrange(unpack(logged.inputs))
        engine.step(logged.now_ms, batcher.admit(messages).batch, commands)
    return engine, repeats.dump()


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
