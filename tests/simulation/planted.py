"""Bugs to be found: each a mistake somebody could make, put into the real code for the length of a simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import simulation.disk
import simulation.process
from alerts import lifecycle, snapshot
from alerts.clocks import Clocks
from alerts.engine import Engine
from device_sim.device import Device
from iot_gateway import batcher, gateway, journal, store
from iot_gateway.batcher import Batcher
from iot_gateway.database import StoreError, configure
from iot_gateway.decode import decode
from iot_gateway.downlink import Downlink
from iot_gateway.gateway import Gateway
from iot_gateway.intake import Intake, _Inbox
from iot_gateway.lease import Lease
from iot_gateway.recording import pack
from iot_gateway.repeats import Repeats
from iot_gateway.store import Store
from iot_gateway.wire import Ack, encode, topic
from iot_gateway.writing import Writer
from simulation.devices import Actor
from simulation.disk import Lock

PLANTED: dict[str, Callable[[], Any]] = {}


def _instead(owner: Any, name: str, make: Callable[[Any], Any]) -> Any:
    """`make` is told the right one, and gives the wrong one."""
    return patch.object(owner, name, make(getattr(owner, name)))


def _plant(name: str, owner: Any, attribute: str, make: Callable[[Any], Any]) -> None:
    PLANTED[name] = lambda: _instead(owner, attribute, make)


# Acknowledging ----------------------------------------------------------------------------------


def _ack_first(make_record: Any) -> Any:
    def wrong(self: Gateway, *arguments: Any) -> Any:
        record = make_record(self, *arguments)
        self._downlink.acknowledge(record.admitted.acks)
        return record

    return wrong


def _puback_at_once(take: Any) -> Any:
    def wrong(self: Intake, limit: int, timeout_s: float) -> Any:
        messages = take(self, limit, timeout_s)
        self.acknowledge(messages)
        return messages

    return wrong


def _no_fence(acknowledge: Any) -> Any:
    def wrong(self: Intake, messages: Any) -> None:
        acknowledge(self, [replace(message, epoch=self.epoch) for message in messages])

    return wrong


def _cumulative(acknowledge: Any) -> Any:
    def wrong(self: Downlink, acks: Any) -> int:
        return acknowledge(self, {who: list(range(max(seqs) + 1)) for who, seqs in acks.items()})

    return wrong


def _puback_is_enough(_puback: Any) -> Any:
    def wrong(self: Actor, packet: Any) -> None:
        for item in decode(packet.topic, packet.payload).items:
            self.device.acknowledge(item.boot, [item.seq])

    return wrong


def _go_on_after_an_error(commit: Any) -> Any:
    def wrong(self: Writer, record: Any) -> None:
        with suppress(StoreError):
            commit(self, record)

    return wrong


def _ack_and_forget_what_is_broken(_reject: Any) -> Any:
    def wrong(rejection: Any, _message: Any, admitted: Any) -> None:
        if rejection.wants_ack and rejection.seq is not None:
            admitted.acks.setdefault((rejection.device_id, rejection.boot), []).append(rejection.seq)

    return staticmethod(wrong)


_plant("ack before commit", Gateway, "_record", _ack_first)
_plant("PUBACK before commit", Intake, "take", _puback_at_once)
_plant("no epoch fence", Intake, "acknowledge", _no_fence)
_plant("cumulative ack", Downlink, "acknowledge", _cumulative)
_plant("device trusts PUBACK", Actor, "puback", _puback_is_enough)
_plant("go on after a failed commit", Writer, "commit", _go_on_after_an_error)
_plant("broken items acknowledged, not kept", Batcher, "_reject", _ack_and_forget_what_is_broken)
_plant("beacon ignored by devices", Device, "beacon", lambda _right: lambda _self, _now_ms: [])


# Load -------------------------------------------------------------------------------------------


def _shed_alarms(put: Any) -> Any:
    def wrong(self: _Inbox, message: Any, clock: Any) -> Any:
        full = len(self._rest) + len(self._alarms) >= self._limit
        return message if full and message.topic.endswith("/alarm") else put(self, message, clock)

    return wrong


def _ack_what_was_shed(on_message: Any) -> Any:
    def wrong(self: Intake, client: Any, data: Any, message: Any) -> None:
        oldest = self._inbox._rest[0] if self._inbox._rest else None
        before = self.shed
        on_message(self, client, data, message)
        if self.shed > before:
            for item in decode(oldest.topic, oldest.payload).items:
                if item.wants_ack:
                    self.publish(topic(item.device_id, "ack"), encode(Ack(item.boot, [item.seq])))

    return wrong


_plant("alarms shed under load", _Inbox, "put", _shed_alarms)
_plant("what was shed is acknowledged", Intake, "_on_message", _ack_what_was_shed)


# Repeats ----------------------------------------------------------------------------------------

_plant("no dedupe", Repeats, "is_repeat", lambda _right: lambda _self, *_what: False)
_plant("repeats forgotten at restart", Repeats, "load", lambda _right: lambda _self, _rows: None)


def _stop_at_what_is_broken(right: Any) -> Any:
    def wrong(name: str, payload: bytes) -> Any:
        decoded = right(name, payload)
        if decoded.rejections:
            decoded.items = []
        return decoded

    return wrong


_plant("what is broken takes the rest with it", batcher, "decode", _stop_at_what_is_broken)


# The store --------------------------------------------------------------------------------------


def _sync_normal(_configure: Any) -> Any:
    def wrong(db: Any, *, checkpoints: bool) -> None:
        configure(db, checkpoints=checkpoints)
        db.execute("PRAGMA synchronous=NORMAL")

    return wrong


def _head_first(commit: Any) -> Any:
    def wrong(self: Store, record: Any) -> None:
        rows = journal.rows(record.transitions, self._head, record.committed_at_ms)
        if rows:
            self._head_file.write(journal.Head(rows[-1].seq, rows[-1].hash, self.step + 1))
        commit(self, record)

    return wrong


def _outbox_later(commit: Any) -> Any:
    def wrong(self: Store, record: Any) -> None:
        rows = journal.rows(record.transitions, self._head, record.committed_at_ms)
        told = zip(record.transitions, rows, strict=True)
        with patch.object(store, "_is_told", lambda _transition: False):
            commit(self, record)
        values = [(t.seq, t.alarm.alarm_id, t.at_ms, row.body) for t, row in told if store._is_told(t)]
        self._db.executemany(store._OUTBOX, values)

    return wrong


def _with_record(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A step that is written otherwise than it was."""

    def make(write: Any) -> Any:
        def wrong(self: Store, record: Any, rows: Any) -> None:
            write(self, change(record), rows)

        return wrong

    return make


def _stale_step(write: Any) -> Any:
    def wrong(self: Store, record: Any, rows: Any) -> None:
        write(self, record, rows)
        if record.state is not None:
            self._db.execute("UPDATE OR REPLACE snapshots SET step=step-1 WHERE step=?", (self.step,))

    return wrong


def _late_snapshot(write: Any) -> Any:
    """The state is written with the next step, as if it were the state after that."""

    def wrong(self: Store, record: Any, rows: Any) -> None:
        waiting = getattr(self, "waiting", None)
        self.waiting = record.state
        write(self, replace(record, state=waiting), rows)

    return wrong


def _commands_not_logged(record: Any) -> Any:
    return record if record.admitted.counts or record.inputs is None else replace(record, inputs=pack([]))


_plant("sync NORMAL", simulation.disk, "configure", _sync_normal)
_plant("head file before the commit", Store, "commit", _head_first)
_plant("head file never compared", Store, "head_fault", lambda _right: lambda _self: None)
_plant("outbox after the commit", Store, "commit", _outbox_later)
_plant("snapshot of a stale step", Store, "_write", _stale_step)
_plant("snapshot in a later transaction", Store, "_write", _late_snapshot)
_plant("results of commands lost", Store, "_write", _with_record(lambda r: replace(r, results=[])))
_plant(
    "last request not persisted", Store, "_write", _with_record(lambda r: replace(r, last_request_id=None))
)
_plant("commands not logged", Store, "_write", _with_record(_commands_not_logged))


@contextmanager
def _neither_lock_nor_lease() -> Iterator[None]:
    """Either of them alone is enough."""
    with (
        _instead(Lock, "acquire", lambda _right: lambda self: setattr(self._disk, "holder", self._process)),
        _instead(Lease, "check", lambda _right: lambda _self, _db: None),
    ):
        yield


PLANTED["two writers"] = _neither_lock_nor_lease


# Recovery ---------------------------------------------------------------------------------------


def _loaded_without(**less: Any) -> Callable[[Any], Any]:
    return lambda load: lambda state, policy: load(state | less, policy)


def _an_old_number(load: Any) -> Any:
    return lambda state, policy: load(state | {"last_seq": max(state["last_seq"] - 1, 0)}, policy)


_plant("delays only in memory", snapshot, "load", _loaded_without(pending=[]))
_plant("shelves only in memory", snapshot, "load", _loaded_without(shelves=[]))
_plant("chatter forgotten at restart", snapshot, "load", _loaded_without(raises=[]))
_plant("numbers of the journal used again", snapshot, "load", _an_old_number)
_plant("deafness lost at restart", Gateway, "_last_alive_ms", lambda _right: lambda self: self._started_at_ms)


# Time -------------------------------------------------------------------------------------------


class _WallClock(simulation.process.HostClock):
    """Runs back when it is set back."""

    def now_ms(self) -> int:
        return self._host.wall_us() // 1000


def _leap_before_the_first_only(heard: Any) -> Any:
    def wrong(received: Any, now_ms: int, before_ms: int, **state: bool) -> Any:
        if not received:
            return heard(received, now_ms, before_ms, **state)
        return [*heard(received[:1], received[0].received_at_ms, before_ms, **state), *received[1:]]

    return wrong


_plant("wall clock for everything", simulation.process, "HostClock", lambda _right: _WallClock)
_plant("a leap within a turn is silence", gateway, "heard", _leap_before_the_first_only)
_plant("times of devices not believed", Clocks, "effective_ms",
       lambda _right: lambda _self, batch, at: batch.received_at_ms[at])  # fmt: skip


# Deciding ---------------------------------------------------------------------------------------


def _half_an_edit(right: Any) -> Any:
    def wrong(self: Engine, edit: Any) -> Any:
        before = dict(self.fences.definitions)
        try:
            return right(self, edit)
        except ValueError:
            for fence in edit.fences[:1]:
                if before.get(fence.fence_id) != fence:
                    self.fences.put(fence)
            raise

    return wrong


_plant("a refused edit is half applied", Engine, "_edit_fences", _half_an_edit)
_plant("closing forgotten", Engine, "_rearm", lambda _right: lambda _self, _alarm: None)
_plant("fires end by themselves", lifecycle, "LATCHING", lambda _right: frozenset())
_plant("fires can be shelved", lifecycle, "_shelve_misfit", lambda _right: lambda *_what: ("invalid", ""))
