"""Decides what a start does about a store that lost its end: says it, skips the lost numbers, asks devices again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alerts.engine import Engine
from iot_gateway import journal
from iot_gateway.damage import Finding
from iot_gateway.examine import head_finding
from iot_gateway.recovery import encode_state
from iot_gateway.repeats import Repeats
from iot_gateway.requests import MAX_EXPIRY_MS, device_command_row
from iot_gateway.second_journal import SecondJournal
from iot_gateway.store import StepRecord, Store


def loss_of(store: Store, second: SecondJournal | None) -> tuple[journal.Head | None, Finding | None]:
    """How far the store once went, by whoever saw it farthest, and what that says against it."""
    kept, fault = store.head(), store.head_fault()
    witness = None if second is None else second.end()
    if witness is not None and witness.seq > max(store.last_seq, kept.seq if kept else 0):
        kept, fault = witness, journal.lost_in_words(store.last_seq + 1, witness.seq)
    return kept, None if fault is None else head_finding(kept, store.last_seq, fault)


def resume(
    store: Store, engine: Engine, repeats: Repeats, end: journal.Head | None, now_ms: int
) -> StepRecord:
    """What to commit before anything else: no number that was given is given again, and devices are asked.

    The state goes with it, so that the next start begins after the gap too.
    """
    record = StepRecord(now_ms=now_ms, committed_at_ms=now_ms, device_commands=list(_resends(store, now_ms)))
    if end is not None and end.seq > store.last_seq:
        record.gaps = journal.gaps_to_json(store.resume_after(end, now_ms))
        engine.alarms.last_seq = end.seq
    record.state = encode_state(engine, repeats)
    return record


def _resends(store: Store, now_ms: int) -> Iterator[tuple[Any, ...]]:
    """Ask every device for what it still has, naming the newest item of its that is here."""
    for number, (device_id, boot, seq, measured_at_ms) in enumerate(store.last_items()):
        args = {} if seq is None else {"boot": boot, "after_seq": seq, "after_ts": measured_at_ms}
        yield device_command_row(
            f"R{now_ms}-{number}", device_id, "resend", args, now_ms, now_ms + MAX_EXPIRY_MS
        )
