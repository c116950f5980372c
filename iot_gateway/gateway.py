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
from iot_gateway import aftermath, poison, roster_rows
from iot_gateway.batcher import Admitted, Batcher, Input, Received, arrange
from iot_gateway.canary import Canary
from iot_gateway.clock import Jump
from iot_gateway.database import STORE_ERRORS, StoreError
from iot_gateway.downlink import Downlink
from iot_gateway.hearing import heard
from iot_gateway.intake import Message
from iot_gateway.notify import Notifier
from iot_gateway.recording import pack
from iot_gateway.recovery import RecoveryError, encode_state, policy_in_force, recover
from iot_gateway.requests import Asked, ask, device_command_row
from iot_gateway.second_journal import SecondJournal
from iot_gateway.settings import Settings
from iot_gateway.store import Request, StepRecord
from iot_gateway.surroundings import REAL, Surroundings
from iot_gateway.writing import BY_CONTENT, Writer

# A batch waits this long for company; commands of people are looked for as often. An alarm waits for nobody.
GATHER_S: Final = 0.020
# And so much of its bytes as `intake.BATCH_BYTES` allows.
BATCH_MESSAGES: Final = 2_000
REQUESTS_A_STEP: Final = 200
SNAPSHOT_EVERY_MS: Final = 60_000
PULSE_EVERY_MS: Final = 1_000
FORGET_ROWS: Final = 5_000

_log = structlog.get_logger(__name__)


class Gateway:
    """The one writer of alarms. Everything happens in one thread, but for paho's, which only enqueues."""

    def __init__(self, settings: Settings, policy: Policy, around: Surroundings = REAL) -> None:
        """Take the store and compute the state again.

        Raises:
            StoreError: another gateway holds the store, or it cannot be used.
            RecoveryError: the state that was stored does not add up.
        """
        self._settings = settings
        with ExitStack() as held:
            self._lock = around.lock(settings.database)
            self._lock.acquire()
            held.callback(self._lock.release)
            self._ballast = around.ballast(settings.database)
            self._ballast.before_start()
            try:
                self.store = around.store(settings.database)
                held.callback(self.store.close)
                self.store.become_writer()
                self._begin(policy, around, held)
            except (*STORE_ERRORS, OSError) as error:
                raise StoreError(f"{settings.database}: the store cannot be used: {error}") from error
            held.pop_all()

    def _begin(self, policy: Policy, around: Surroundings, held: ExitStack) -> None:
        self._policy = policy
        path = self._settings.store.second_journal
        second = None if path is None else SecondJournal(path)
        self._watch = around.watch(self.store, self._ballast, second)
        held.callback(self._watch.close)
        end, loss = aftermath.loss_of(self.store, second)
        self._start_over()
        self.clock = around.clock(max(self._last_seen_ms(), 0))
        self._writer = Writer(self.store, self._ballast, self._watch, second, self.clock)
        self.intake = around.intake(self._settings.mqtt, self.clock)
        self._downlink = Downlink(self.intake.publish)
        self._watch.begin(loss, self.clock.now_ms())
        if loss is not None:
            self._writer.commit(
                aftermath.resume(self.store, self.engine, self._repeats, end, self.clock.now_ms())
            )
            self.store.write_head()
        self._writer.follow()
        for waiting in self.store.queued_device_commands():
            self._downlink.remember(*waiting)
        self.canary = Canary()
        self._clock_watch = around.clock_watch()
        self._jump: Jump | None = None  # the last one that this gateway saw
        self._longest_turn_s = 0.0  # since the last pulse
        self._bell = around.doorbell(self.store.path.parent / "api.wake")
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
        notifier = Notifier()
        notifier.ready()
        try:
            while not self._stopping:
                begun_s = self.clock.monotonic_s()
                self.turn()
                self._longest_turn_s = max(self._longest_turn_s, self.clock.monotonic_s() - begun_s)
                notifier.alive()
            notifier.stopping()
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
        """The road, once.

        Raises:
            StoreError: the store could not be read or written.
        """
        try:
            self._turn(timeout_s)
        except STORE_ERRORS as error:
            raise StoreError(f"{self.store.path}: the store cannot be used: {error}") from error

    def _turn(self, timeout_s: float) -> None:
        self._watch_clock()
        now_ms = self.clock.now_ms()
        messages = self._gather(timeout_s)  # 0  bytes
        requests = self.store.new_requests(self._last_request_id, REQUESTS_A_STEP)
        try:
            self._take(messages, requests, now_ms)
        except Exception as error:
            if _is_fatal(error):
                raise
            self._sift(messages, requests, error)
        self._keep_house(now_ms)

    def _gather(self, timeout_s: float) -> list[Message]:
        """What came. What there is no room for is PUBACKed alone: its device hears nothing and sends again."""
        taken, refused = self._writer.sort(self.intake.take(BATCH_MESSAGES, timeout_s), self.engine.fleet)
        self.intake.acknowledge(refused)
        self.intake.shed += len(refused)
        return taken

    def _take(self, messages: Sequence[Message], requests: list[Request], now_ms: int) -> None:
        inputs, asked, now_ms = self._line_up(messages, requests, now_ms)  # in the order of arrival
        if inputs or requests or now_ms >= self.engine.next_due_ms():
            self._walk(now_ms, messages, inputs, asked)
        else:  # at most the canary's, which goes no further than the pulse
            self.intake.acknowledge(messages)

    def _walk(self, now_ms: int, messages: Sequence[Message], inputs: list[Input], asked: Asked) -> None:
        """The rest of the road, for inputs in the order of arrival."""
        arrived, commands = arrange(inputs)
        admitted = self._batcher.admit(arrived)  # 1-3  messages, readings, batch
        decisions = self.engine.step(now_ms, admitted.batch, commands)  # 4-7  state, ... transitions
        record = self._record(now_ms, inputs, admitted, decisions, asked)
        self._writer.commit(record)  # 8  stored facts
        self._acknowledge(messages, admitted, record)  # 9  PUBACK, ack
        self._bell.ring()  # 10  consoles
        self._last_request_id = asked.last_id or self._last_request_id
        self._count(admitted, decisions)

    def _sift(self, messages: Sequence[Message], requests: list[Request], error: Exception) -> None:
        """Something of these ended the step: take them by halves, and what cannot be taken alone not at all.

        Raises:
            Exception: the error itself, when nothing came: then it is time that cannot pass.
        """
        if not messages and not requests:
            raise error
        _log.critical("a step failed", messages=len(messages), requests=len(requests), error=repr(error))
        self._start_over()
        if len(messages) + len(requests) == 1:
            self._put_aside(messages, requests, error)
            return
        half, asked = -(-len(messages) // 2), -(-len(requests) // 2) if not messages else 0
        for some, of_them in ((messages[:half], requests[:asked]), (messages[half:], requests[asked:])):
            try:
                self._take(some, of_them, self.clock.now_ms())
            except Exception as again:
                if _is_fatal(again):
                    raise
                self._sift(some, of_them, again)

    def _start_over(self) -> None:
        """Rule 2, within a process: the state as the store has it."""
        self.engine, self._repeats = recover(self.store, self._policy)
        self._batcher = Batcher(self.engine, self._repeats)

    def _put_aside(self, messages: Sequence[Message], requests: list[Request], error: Exception) -> None:
        """One message, or one request, that nothing can be made of: it is kept, and what waits for it is answered."""
        self.counts["poison"] += 1
        for request in requests:
            said = CommandResult(request.command_id, "invalid", f"it cannot be carried out: {error!r}"[:500])
            self._walk(self.clock.now_ms(), (), [], Asked(results=[said], last_id=request.id))
        for message in messages:
            for payload in poison.stand_ins(message.topic, message.payload):
                try:
                    self._take(
                        [replace(message, payload=payload, raw=message.payload)], [], self.clock.now_ms()
                    )
                except Exception as again:
                    if _is_fatal(again):
                        raise
                    self._start_over()
                else:
                    return
            raise error

    def _line_up(
        self, messages: Sequence[Message], requests: Sequence[Any], now_ms: int
    ) -> tuple[list[Input], Asked, int]:
        """One order for messages and commands, not before the last step; and the step's own moment."""
        last_ms = self.engine.now_ms
        arrived = sorted(messages, key=lambda message: message.received_at_ms)
        received = [
            Received(max(m.received_at_ms, last_ms), m.topic, m.payload, m.raw)
            for m in arrived
            if not self.canary.hears(m.topic, m.payload)
        ]
        if arrived and self.intake.depth:  # what is still waiting came before `now_ms`
            now_ms = arrived[-1].received_at_ms
        now_ms = max(now_ms, last_ms, received[-1].received_at_ms if received else 0)
        asked = ask(list(requests), now_ms)
        inputs = heard(
            received, now_ms, max(self._last_turn_ms, last_ms),
            deaf=self.engine.fleet.deaf_since_ms is not None,
            hears=self.intake.connected and not self._ballast.tight,
        )  # fmt: skip
        self._last_turn_ms = now_ms
        return [*inputs, *asked.commands], asked, now_ms

    def _watch_clock(self) -> None:
        """What is due by the new time is decided in this turn; that it was set stays in the store."""
        jump = self._clock_watch.look()
        if jump is not None:
            self._jump = jump
            self._pulse_due_ms = 0
            _log.critical("the time jumped", why=jump.why, by_ms=jump.by_ms)
            try:
                self.store.remember_jump(jump)
            except sqlite3.Error as error:
                raise StoreError(
                    f"{self.store.path}: a jump of the time could not be written: {error}"
                ) from error

    def _last_alive_ms(self) -> int:
        """The last moment of which it is known that a gateway listened on this store."""
        seen_ms = self._last_seen_ms()
        return seen_ms if seen_ms > 0 else self._started_at_ms

    def _last_seen_ms(self) -> int:
        """The last moment that the store knows of: time goes on from there, whatever the wall clock says."""
        pulse = self.store.read_meta("pulse")
        return max(self.engine.now_ms, 0 if pulse is None else int(msgspec.json.decode(pulse)["at_ms"]))

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
        early_ms = PULSE_EVERY_MS // 2 if self.canary.news else 0  # what sings waits for no second hand
        if now_ms < self._pulse_due_ms - early_ms:
            return
        self._pulse_due_ms = now_ms + PULSE_EVERY_MS
        self._writer.look(now_ms)
        record = StepRecord(now_ms=now_ms, committed_at_ms=now_ms, pulse=self._pulse(now_ms))
        is_due = now_ms >= self._snapshot_due_ms and self.store.step != self._snapshot_step
        if is_due and not self._ballast.tight:
            self._snapshot_due_ms = now_ms + SNAPSHOT_EVERY_MS
            self._snapshot_step = self.store.step
            record.state = encode_state(self.engine, self._repeats)
        self._writer.commit(record)
        self._longest_turn_s = 0.0
        if self.canary.news:
            self.canary.news = False
            self._bell.ring()
        self._downlink.forget_expired(now_ms)
        self.store.expire_device_commands(now_ms)
        self.store.forget_before(now_ms - round(self._settings.store.readings_days * 86_400_000), FORGET_ROWS)

    def _take_snapshot(self, policy: Policy | None = None) -> None:
        """Keep the state, so that no step before has to be computed again."""
        now_ms = self.clock.now_ms()
        record = StepRecord(
            now_ms=now_ms, committed_at_ms=now_ms, state=encode_state(self.engine, self._repeats)
        )
        if policy is not None:
            record.policy = msgspec.json.encode(policy).decode()
        self._writer.commit(record)

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
            "canary": self.canary.told(), "turn_ms": round(self._longest_turn_s * 1000), "lease": self.store.lease.token,
            "clock_jump": None if self._jump is None else self._jump._asdict(), "refused_topics": list(intake.refused), "counters": counters, "rejected": dict(self.rejected),
        }  # fmt: skip
        return msgspec.json.encode(said).decode()


def _is_fatal(error: Exception) -> bool:
    """Whether it is the store's, whatever came: not of what a message or a request says."""
    return isinstance(error, (StoreError, RecoveryError, sqlite3.Error)) and not isinstance(error, BY_CONTENT)
