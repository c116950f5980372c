"""The gateway process: the whole road from a device's bytes to a fact on disk, in `Gateway.turn`."""

from __future__ import annotations

import gc
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

import msgspec
import structlog

from alerts.commands import CommandResult, ListeningCommand
from alerts.engine import Decisions
from alerts.policy import Policy
from iot_gateway import aftermath, disk, roster_rows
from iot_gateway.batcher import Admitted, Batcher, Input, Received, arrange
from iot_gateway.clock import Clock
from iot_gateway.database import STORE_ERRORS, StoreError, WriterLock
from iot_gateway.doorbell import Doorbell
from iot_gateway.downlink import Downlink
from iot_gateway.intake import Intake, Message
from iot_gateway.recording import pack
from iot_gateway.recovery import encode_state, policy_in_force, recover
from iot_gateway.requests import Asked, ask, device_command_row
from iot_gateway.second_journal import SecondJournal
from iot_gateway.settings import Settings
from iot_gateway.store import StepRecord, Store
from iot_gateway.watch import Watch, is_position

# A batch waits this long for company; commands of people are looked for as often. An alarm waits for nobody.
GATHER_S: Final = 0.020
# About 0.1 s of work: an alarm that comes in behind a full batch waits no longer.
BATCH_MESSAGES: Final = 2_000
REQUESTS_A_STEP: Final = 200
SNAPSHOT_EVERY_MS: Final = 60_000
PULSE_EVERY_MS: Final = 1_000
FORGET_ROWS: Final = 5_000
# A turn takes milliseconds. After a longer gap this process was stopped or its host asleep, and heard nothing.
ASLEEP_MS: Final = 5_000

_log = structlog.get_logger(__name__)


class Gateway:
    """The one writer of alarms. Everything happens in one thread, but for paho's, which only enqueues."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        """Take the store and compute the state again.

        Raises:
            StoreError: another gateway holds the store, or it cannot be used.
            RecoveryError: the state that was stored does not add up.
        """
        self._settings = settings
        with ExitStack() as held:
            self._lock = WriterLock(settings.database)
            self._lock.acquire()
            held.callback(self._lock.release)
            self._ballast = disk.Ballast(settings.database)
            self._ballast.before_start()
            try:
                self.store = Store(settings.database)
                held.callback(self.store.close)
                self._begin(policy, held)
            except (*STORE_ERRORS, OSError) as error:
                raise StoreError(f"{settings.database}: the store cannot be used: {error}") from error
            held.pop_all()

    def _begin(self, policy: Policy, held: ExitStack) -> None:
        path = self._settings.store.second_journal
        self._second = None if path is None else SecondJournal(path)
        self._watch = Watch(self.store, self._ballast, self._second)
        held.callback(self._watch.close)
        end, loss = aftermath.loss_of(self.store, self._second)
        self.engine, self._repeats = recover(self.store, policy)
        self.clock = Clock(floor_ms=max(self.engine.now_ms, 0))
        self._batcher = Batcher(self.engine, self._repeats)
        self.intake = Intake(self._settings.mqtt, self.clock)
        self._downlink = Downlink(self.intake.publish)
        self._watch.begin(loss, self.clock.now_ms())
        if loss is not None:
            self._commit(aftermath.resume(self.store, self.engine, self._repeats, end, self.clock.now_ms()))
            self.store.write_head()
        self._follow()
        for waiting in self.store.queued_device_commands():
            self._downlink.remember(*waiting)
        self._bell = Doorbell(self.store.path.parent / "api.wake")
        self._last_request_id = self.store.last_request_id()
        self.counts: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self._started_at_ms = self.clock.now_ms()
        self._pulse_due_ms = self._snapshot_due_ms = 0
        self._snapshot_step = self.store.step
        self._stopping = False
        if policy_in_force(self.store) != policy:
            self._take_snapshot(policy)
        self._last_turn_ms = self._last_alive_ms()
        if self.engine.fleet.deaf_since_ms is None:
            self._walk(
                self._last_turn_ms, (), [ListeningCommand(self._last_turn_ms, 0, listening=False)], Asked()
            )

    @property
    def fault(self) -> str | None:
        """What is wrong with the store, in words."""
        return "; ".join(fault["text"] for fault in self._watch.faults()) or None

    def run(self) -> None:
        """Work until `stop`. Leaves by an exception when a fact could not be written."""
        gc.collect()
        gc.freeze()  # a full collection of everything imported costs 40-60 ms
        self._ballast.keep = True
        self.intake.start()
        try:
            while not self._stopping:
                self.turn()
            self._take_snapshot()  # the next start may have another policy, or be another version
        finally:
            self.intake.stop()
            self.close()

    def close(self) -> None:
        """Give the store back."""
        self._bell.close()
        self._watch.close()
        self.store.close()
        self._lock.release()

    def stop(self) -> None:
        """Leave after the current turn; safe in a signal handler."""
        self._stopping = True

    def turn(self, timeout_s: float = GATHER_S) -> None:
        """The road, once."""
        now_ms = self.clock.now_ms()
        messages = self._shed(self.intake.take(BATCH_MESSAGES, timeout_s))  # 0  bytes
        requests = self.store.new_requests(self._last_request_id, REQUESTS_A_STEP)
        inputs, asked, now_ms = self._line_up(messages, requests, now_ms)  # in the order of arrival
        if inputs or requests or now_ms >= self.engine.next_due_ms():
            self._walk(now_ms, messages, inputs, asked)
        self._keep_house(now_ms)

    def _walk(self, now_ms: int, messages: Sequence[Message], inputs: list[Input], asked: Asked) -> None:
        """The rest of the road, for inputs in the order of arrival."""
        arrived, commands = arrange(inputs)
        admitted = self._batcher.admit(arrived)  # 1-3  messages, readings, batch
        decisions = self.engine.step(now_ms, admitted.batch, commands)  # 4-7  state, ... transitions
        record = self._record(now_ms, inputs, admitted, decisions, asked)
        self._commit(record)  # 8  stored facts
        self._acknowledge(messages, admitted, record)  # 9  PUBACK, ack
        self._bell.ring()  # 10  consoles
        self._last_request_id = asked.last_id or self._last_request_id
        self._count(admitted, decisions)

    def _line_up(
        self, messages: Sequence[Message], requests: Sequence[Any], now_ms: int
    ) -> tuple[list[Input], Asked, int]:
        """One order for messages and commands, not before the last step; and the step's own moment."""
        last_ms = self.engine.now_ms
        arrived = sorted(messages, key=lambda message: message.received_at_ms)
        received = [Received(max(m.received_at_ms, last_ms), m.topic, m.payload) for m in arrived]
        if len(messages) == BATCH_MESSAGES:  # what is still waiting came before `now_ms`
            now_ms = received[-1].received_at_ms
        now_ms = max(now_ms, last_ms, received[-1].received_at_ms if received else 0)
        asked = ask(list(requests), now_ms)
        ear = self._ear(received[0].received_at_ms if received else now_ms)
        self._last_turn_ms = now_ms
        return [*ear, *received, *asked.commands], asked, now_ms

    def _ear(self, at_ms: int) -> list[ListeningCommand]:
        """Tell the core when we stopped hearing devices, or hear them again: before what they say now."""
        changes: list[ListeningCommand] = []
        deaf = self.engine.fleet.deaf_since_ms is not None
        if not deaf and at_ms - self._last_turn_ms > ASLEEP_MS:
            deaf = True
            changes.append(ListeningCommand(max(self._last_turn_ms, self.engine.now_ms), 0, listening=False))
        if (self.intake.connected and not self._ballast.tight) == deaf:
            changes.append(ListeningCommand(at_ms, 0, listening=deaf))
        return changes

    def _last_alive_ms(self) -> int:
        """The last moment of which it is known that a gateway listened on this store."""
        pulse = self.store.read_meta("pulse")
        seen_ms = 0 if pulse is None else int(msgspec.json.decode(pulse)["at_ms"])
        alive_ms = max(self.engine.now_ms, seen_ms)
        return alive_ms if alive_ms > 0 else self._started_at_ms

    def _record(
        self, now_ms: int, inputs: list[Input], admitted: Admitted, decisions: Decisions, asked: Asked
    ) -> StepRecord:
        """Everything this step leaves behind, for one transaction."""
        results = [self._explain(result) for result in decisions.results]
        done = {result.command_id for result in results if result.code == "done"}
        strangers = admitted.batch.new_device_ids
        row_of = self.engine.fleet.row_of
        rows = roster_rows.stranger_rows(strangers, row_of[strangers[0]] if strangers else 0)
        for command_id, change in asked.changes.items():
            if command_id in done:
                rows += roster_rows.rows_of(change, row_of, now_ms)
        rows += [row for command_id, row in asked.outings.items() if command_id in done]
        for_devices = [
            device_command_row(r.request_id, r.device_id, r.type, r.args, now_ms, r.expires_at_ms)
            for r in decisions.requests
            if not self._downlink.is_waiting(r.device_id, r.type)
        ]
        return StepRecord(
            now_ms=now_ms,
            committed_at_ms=self.clock.now_ms(),
            inputs=pack(inputs) if inputs or decisions.transitions else None,
            admitted=admitted,
            transitions=decisions.transitions,
            results=[*asked.results, *results],
            roster_rows=rows,
            device_commands=[*asked.device_commands, *for_devices],
            last_request_id=asked.last_id,
        )

    def _explain(self, result: CommandResult) -> CommandResult:
        """The core forgets closed alarms; the store does not."""
        if result.code == "unknown_alarm" and result.alarm_id and self.store.is_closed_alarm(result.alarm_id):
            return replace(result, code="not_allowed", detail="the alarm is closed")
        return result

    def _commit(self, record: StepRecord) -> None:
        """Rule 2: when this fails, the process ends, and the next one starts from the store."""
        begin_s = self.clock.monotonic_s()
        try:
            self._commit_with_reserve(record)
        except (*STORE_ERRORS, OSError) as error:
            raise StoreError(f"{self.store.path}: a step could not be written: {error}") from error
        self._watch.took(self.clock.monotonic_s() - begin_s)
        if record.transitions:
            self._follow()

    def _commit_with_reserve(self, record: StepRecord) -> None:
        """A full disk has rolled all of it back, so it may be done again: with a shorter log, then with the reserve."""
        try:
            self.store.commit(record)
        except sqlite3.Error as error:
            if not self._ballast.may_help(error):
                raise
            self._ballast.tight = True
            self.store.keep_log_short(short=True)
            try:
                self.store.commit(record)
            except sqlite3.OperationalError:
                if not self._ballast.drop():
                    raise
                self.store.keep_log_short(short=True)
                self.store.commit(record)
        except OSError as error:  # the commit is there, its head file is not
            if not (disk.is_full(error, self.store.path.parent) and self._ballast.drop()):
                raise
            self.store.write_head()

    def _follow(self) -> None:
        """The second copy, before anybody is told; without it alarms go on."""
        if self._second is not None:
            self._second.follow(self.store.journal_page)

    def _shed(self, messages: list[Message]) -> list[Message]:
        """While the disk is nearly full its room is for alarms. The devices hear nothing and send again."""
        if not self._ballast.tight:
            return messages
        kept: list[Message] = []
        shed: list[Message] = []
        for message in messages:
            (shed if is_position(message.topic, self.engine.fleet) else kept).append(message)
        self.intake.acknowledge(shed)
        self.intake.shed += len(shed)
        return kept

    def _acknowledge(self, messages: Sequence[Message], admitted: Admitted, record: StepRecord) -> None:
        """Only now: to the broker, and to the devices."""
        self.intake.acknowledge(messages)
        alarms = [m.received_at_ms for m in messages if m.topic.endswith("/alarm")]
        if alarms:
            self._watch.took((self.clock.now_ms() - min(alarms)) / 1000)
        self.counts["acked"] += self._downlink.acknowledge(admitted.acks)
        for device_id, result in admitted.results:
            self._downlink.answered(device_id, result.id)
        devices = self.engine.fleet.devices
        rows = set(admitted.batch.device_row.tolist())
        self._downlink.heard_of((devices[row].device_id for row in rows), record.now_ms)
        self._downlink.ask(record.device_commands, record.now_ms)

    def _count(self, admitted: Admitted, decisions: Decisions) -> None:
        self.counts.update(admitted.counts)
        self.counts.update(steps=1, transitions=len(decisions.transitions))
        self.rejected.update(admitted.rejected)

    def _keep_house(self, now_ms: int) -> None:
        """Once a second: the pulse; once a minute: a snapshot; what is too old goes, a little at a time."""
        if now_ms < self._pulse_due_ms:
            return
        self._pulse_due_ms = now_ms + PULSE_EVERY_MS
        was_tight = self._ballast.tight
        self._watch.look(now_ms)
        if self._ballast.tight != was_tight:
            self.store.keep_log_short(self._ballast.tight)
        self._follow()
        record = StepRecord(now_ms=now_ms, committed_at_ms=now_ms, pulse=self._pulse(now_ms))
        is_due = now_ms >= self._snapshot_due_ms and self.store.step != self._snapshot_step
        if is_due and not self._ballast.tight:
            self._snapshot_due_ms = now_ms + SNAPSHOT_EVERY_MS
            self._snapshot_step = self.store.step
            record.state = encode_state(self.engine, self._repeats)
        self._commit(record)
        self._downlink.forget_expired(now_ms)
        try:
            self.store.expire_device_commands(now_ms)
            self.store.forget_before(
                now_ms - round(self._settings.store.readings_days * 86_400_000), FORGET_ROWS
            )
        except sqlite3.Error as error:
            raise StoreError(f"{self.store.path}: old input could not be deleted: {error}") from error

    def _take_snapshot(self, policy: Policy | None = None) -> None:
        """Keep the state, so that no step before has to be computed again."""
        now_ms = self.clock.now_ms()
        record = StepRecord(
            now_ms=now_ms, committed_at_ms=now_ms, state=encode_state(self.engine, self._repeats)
        )
        if policy is not None:
            record.policy = msgspec.json.encode(policy).decode()
        self._commit(record)

    def _pulse(self, now_ms: int) -> str:
        """What the api tells of the gateway."""
        intake = self.intake
        counters = {
            **self.counts, "shed": intake.shed, "stale_acks": intake.stale, "unsent": intake.unsent,
            "stalls": intake.stalls,
        }  # fmt: skip
        said = {
            "at_ms": now_ms, "started_at_ms": self._started_at_ms, "connected": intake.connected,
            "epoch": intake.epoch, "queue": intake.depth, "queue_limit": self._settings.mqtt.queue_limit,
            "step": self.store.step, "devices": len(self.engine.fleet), "fault": self.fault,
            "faults": self._watch.faults(), "storage": self._watch.storage(),
            "strangers": self.engine.fleet.strangers(), "clock_behind_ms": self.clock.behind_ms,
            "refused_topics": list(intake.refused), "counters": counters, "rejected": dict(self.rejected),
        }  # fmt: skip
        return msgspec.json.encode(said).decode()
