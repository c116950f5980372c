"""What must hold whatever fails: judged as it happens, after every crash, and at the end of the quiet time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from alerts.engine import Engine
from alerts.outages import EXPLAINED
from alerts.policy import Policy
from alerts.vocabulary import LATCHING
from iot_gateway import gateway as gateway_module
from iot_gateway import journal
from iot_gateway.gateway import Gateway
from iot_gateway.intake import PUBLISH_LIMIT
from iot_gateway.recovery import encode_state, policy_in_force
from iot_gateway.repeats import Repeats
from simulation.broker import Packet
from simulation.disk import looking
from simulation.host import Host
from simulation.people import Reader
from simulation.process import Process
from simulation.truth import Key, Truth
from simulation.world import MS, Violation, World

_DECODE = msgspec.msgpack.Decoder(ext_hook=lambda _code, data: bytes(data)).decode
_NUMBER = rb'"%s"\s*:\s*(-?\d+)'
_SEQ, _BOOT = re.compile(_NUMBER % b"seq"), re.compile(_NUMBER % b"boot")


def require(holds: object, what: str) -> None:
    if not holds:
        raise Violation(what)


class Checks:
    """The judge. `moments`: the gateway's time in ms, and the world's, at every turn."""

    def __init__(self, world: World, host: Host, truth: Truth) -> None:
        self.world, self.host, self.truth = world, host, truth
        self.stream = Reader(world, host, "journal", "seq", 1.1)
        self.outbox = Reader(world, host, "outbox", "id", 1.3)
        self.moments_ms: list[int] = []
        self.moments_us: list[int] = []
        self.expected: tuple[int, bytes, bytes] | None = None  # step and state before a turn, state after
        self._recover = gateway_module.recover
        host.checks = self

    # As it happens ------------------------------------------------------------------------------

    def promised(self, device_id: str, boot: int, seqs: Iterable[int]) -> None:
        """I1: what an `ack` names is on disk."""
        require(not self.host.disk.db.in_transaction, "an ack before the commit")
        keys = {(device_id, boot, seq) for seq in seqs}
        self._are_stored(keys)
        self.truth.promised |= keys

    def pubacked(self, packet: Packet) -> None:
        """The broker forgets an alarm only once it is on disk, also when the gateway is behind."""
        _, _, device_id, stream = packet.topic.split("/")
        if stream == "alarm" and b"seq" in packet.payload:
            self._are_stored({(device_id, boot, seq) for boot, seq in _identities(packet.payload)})

    def arrived(self, packet: Packet) -> None:
        """Of items without a time it counts for how long they kept coming."""
        name = packet.topic.split("/")[2]
        if name.startswith("t"):
            for boot, seq in _identities(packet.payload):
                first_us, _ = self.truth.arrivals.get((name, boot, seq), (self.world.now_us, 0))
                self.truth.arrivals[name, boot, seq] = first_us, self.world.now_us

    def ear(self) -> None:
        process = self.host.process
        hears = process is not None and process.gateway is not None and not process.stalled
        self.truth.hears(listening=hears and process.gateway.intake.connected)

    def rung(self) -> None:
        self.world.after(0.001, self.stream.look)

    def started(self, gateway: Gateway) -> None:
        require(gateway.fault is None, f"the journal is said to be damaged: {gateway.fault}")
        self._moment(gateway)

    def refused_to_start(self, error: Exception) -> None:
        excused = self.host.disk_is_full or self.host.process.had_error
        require(excused, f"the gateway does not start: {error}")

    def turned(self, gateway: Gateway) -> None:
        """I11, I13: nothing grows."""
        self._moment(gateway)
        inbox = gateway.intake._inbox
        longest = max(len(inbox._alarms), len(inbox._kept) + len(inbox._rest))
        require(longest <= self.host.settings.mqtt.queue_limit, "a queue is longer than its limit")
        require(len(self.host.process.client._unsent) <= PUBLISH_LIMIT, "too much waits for the broker")
        require(gateway.engine.next_due_ms() > gateway.engine.now_ms, "a timer is overdue after its step")

    def _moment(self, gateway: Gateway) -> None:
        self.moments_ms.append(gateway.clock.now_ms())
        self.moments_us.append(self.world.now_us)

    def us_of(self, gateway_ms: int) -> int:
        """When it was, by the world's time, that the gateway's clock said so."""
        place = min(bisect_left(self.moments_ms, gateway_ms), len(self.moments_ms) - 1)
        if place == 0:
            return self.moments_us[0]
        since_us = (gateway_ms - self.moments_ms[place - 1]) * MS
        return min(self.moments_us[place - 1] + since_us, self.moments_us[place])

    # After a crash ------------------------------------------------------------------------------

    def after_crash(self, process: Process | None, before: tuple[int, bytes] | None) -> None:
        self._are_stored(self.truth.promised)
        self.stream.check()
        self.outbox.check()
        self._judge_journal(self._chain_holds())
        self.expected = None
        if before is not None and process is not None and process.gateway is not None:
            gateway = process.gateway
            self.expected = *before, encode_state(gateway.engine, gateway._repeats)

    def _are_stored(self, keys: set[Key]) -> None:
        """I1, in the store, as a reading or in quarantine."""
        missing = (
            keys - self.readings() if len(keys) > 8 else {key for key in keys if not self._is_reading(key)}
        )
        if missing:
            missing -= self.quarantined()
        require(not missing, f"acknowledged and not in the store: {sorted(missing)[:3]}")

    def _is_reading(self, key: Key) -> bool:
        sql = (
            "SELECT 1 FROM readings WHERE device_row=(SELECT device_row FROM devices WHERE device_id=?) "
            "AND boot=? AND seq=?"
        )
        return bool(self.host.disk.rows(sql, *key))

    def readings(self) -> set[Key]:
        sql = "SELECT device_id, boot, seq FROM readings JOIN devices USING (device_row)"
        return set(self.host.disk.rows(sql))

    def quarantined(self) -> set[Key]:
        rows = self.host.disk.rows("SELECT device_id, payload FROM quarantine")
        return {(name, boot, seq) for name, payload in rows for boot, seq in _identities(payload)}

    def _chain_holds(self) -> list[journal.Row]:
        """I9: the chain verifies; the head beside it is the last link or one of the step before."""
        rows = [journal.Row(*row) for row in self.host.disk.rows("SELECT * FROM journal ORDER BY seq")]
        _, _, broken = journal.verify(rows)
        require(broken is None, f"the chain is broken: {broken}")
        for head in self.host.disk.heads:
            seq, digest, step = head.split()
            steps = self.host.disk.value("SELECT coalesce(max(step), 0) FROM steps")
            require(int(step) <= steps, f"the head file is ahead: step {step} of {steps}")
            require(int(seq) <= len(rows), f"the head file is ahead: {seq} of {len(rows)}")
            link = rows[int(seq) - 1].hash if int(seq) else journal.GENESIS
            require(link.hex() == digest, "the head file is not of this journal")
        return rows

    def recover(self, store: Any, policy: Policy) -> tuple[Engine, Repeats]:
        """I7: the state that a gateway computes again is the state that was. In the place of `recover`."""
        engine, repeats = self._recover(store, policy)
        if self.host.disk.db.in_transaction:
            return engine, repeats
        self._tables_agree(engine)
        if self.expected is not None:
            step, before, after = self.expected
            self.expected = None
            # Of a step without inputs there is no row, but maybe a snapshot.
            is_before = store.step == step and engine.now_ms <= _DECODE(before)["engine"]["now_ms"]
            self._is_what_was(engine, repeats, before if is_before else after, policy)
        return engine, repeats

    def _is_what_was(self, engine: Engine, repeats: Repeats, lived: bytes, policy: Policy) -> None:
        was_ms = _DECODE(lived)["engine"]["now_ms"]
        with looking(self.host.disk) as store:
            by = policy_in_force(store) or policy
            if was_ms > engine.now_ms or by != policy:  # as it was, and in an engine that may be changed
                engine, repeats = self._recover(store, by)
        if was_ms > engine.now_ms:  # time that decided nothing is not logged
            made = engine.step(was_ms)
            require(not made.transitions, "time alone, and already journalled, decides again after a restart")
        again = encode_state(engine, repeats)
        if again != lived and (different := _difference(lived, again)):
            raise Violation(f"the recovered state is not the one that was: {different}")

    def _tables_agree(self, engine: Any) -> None:
        """The tables people read say what the core knows."""
        disk = self.host.disk
        fences = {
            fence_id: (role, site_id, msgspec.json.decode(geometry))
            for fence_id, role, site_id, geometry in disk.rows("SELECT fence_id, role, site_id, geometry FROM fences")
        }  # fmt: skip
        known = {f.fence_id: (f.role, f.site_id, f.geometry) for f in engine.fences.definitions.values()}
        require(fences == known, "the fences of the store are not those of the core")
        rows = disk.rows("SELECT device_row, device_id, registered FROM devices ORDER BY device_row")
        devices = [(row, d.device_id, int(d.registered)) for row, d in enumerate(engine.fleet.devices)]
        require(rows == devices, "the devices of the store are not those of the core")
        sql = "SELECT alarm_id, version, seq, state, count, shelved FROM alarms WHERE state!='normal'"
        opened = {
            (a.alarm_id, a.version, a.seq, a.state, a.count, int(a.shelved))
            for a in engine.alarms.open.values()
        }
        require(set(disk.rows(sql)) == opened, "the open alarms of the store are not those of the core")

    # The journal --------------------------------------------------------------------------------

    def _judge_journal(self, rows: list[journal.Row]) -> None:
        """I3 to I6 as far as they hold at any moment."""
        state: dict[tuple, tuple[str, str]] = {}  # identity -> the open episode and its state
        told, by_command = [], Counter()
        self.raises: Counter[tuple[str, str]] = Counter()
        self.bodies = [msgspec.json.decode(row.body) for row in rows]
        for said in self.bodies:
            identity = said["subject_type"], said["subject_id"], said["kind"], said["fence_id"]
            episode, was = state.get(identity, (said["alarm_id"], "normal"))
            require(was == said["from"], f"row {said['seq']} does not begin where the one before ended")
            require(episode == said["alarm_id"], f"two open episodes of {identity}")
            if said["to"] == "normal":
                by_person = said["event"] == "close" and said.get("operator")
                require(by_person or said["kind"] not in LATCHING, f"{identity} was closed by nobody")
                state.pop(identity, None)
            else:
                state[identity] = said["alarm_id"], said["to"]
            self._judge_row(said)
            if said["event"] in {"raise", "reraise"}:
                self.raises[said["subject_id"], said["kind"]] += 1
                if said["priority"] != "low" and not said["shelved"]:
                    told.append(said["seq"])
            if said.get("operator"):
                by_command[said["text"]] += 1
        self._outbox_tells(told, rows)
        require(max(by_command.values(), default=0) <= 1, "a command was done twice")
        sql = "SELECT command_id FROM command_results JOIN commands USING (command_id) WHERE type='alarm' AND code='done'"
        done = {command_id for (command_id,) in self.host.disk.rows(sql)}
        require(done == set(by_command), "results of commands and the journal differ")

    def _judge_row(self, said: dict[str, Any]) -> None:
        require(not said["suppressed"] or said["kind"] in EXPLAINED, f"{said['kind']} is suppressed")
        require(not said["shelved"] or said["kind"] not in LATCHING, f"{said['kind']} is shelved")
        if said["event"] in {"raise", "reraise"}:
            self._has_cause(said)

    def _has_cause(self, said: dict[str, Any]) -> None:
        """I5: a device said it, was outside, or was silent while somebody listened."""
        name, kind, truth = said["subject_id"], said["kind"], self.truth
        if said["because"]["rule"] == "device" and kind != "unreadable":
            made = any(key[0] == name and kind in item.kinds and item.on for key, item in truth.items.items())
            require(made or name in truth.broken_alarms, f"{name} never said {kind}")
        elif kind == "unreadable":
            require(name in truth.broken_alarms, f"{name} said nothing unreadable")
        elif kind == "fence_left" and name not in truth.touched:
            require(name in truth.outside, f"{name} was never outside")
        elif kind == "contact_lost":
            self._was_silent(said)

    def _was_silent(self, said: dict[str, Any]) -> None:
        because = said["because"]
        from_us, until_us = self.us_of(because["last_contact_ms"]), self.us_of(said["at_ms"])
        spans = sum(
            span.from_us < until_us and (span.until_us or until_us) > from_us for span in self.truth.heard
        )
        # A stop of less than 5 s is not noticed, nor a small step of the clock; the last sign of life of a
        # gateway is up to 1 s old.
        steps_ms = sum(1000 * by_s for _, by_s in self.truth.jumps if 0 < by_s <= 5)
        slack_ms = 2000 + steps_ms + 6500 * max(spans - 1, 0)
        heard_ms = self.truth.listened_ms(from_us, until_us)
        wanted_ms = self.host.policy.contact_missed * because["every_ms"]
        require(
            heard_ms + slack_ms >= wanted_ms,
            f"{said['subject_id']} is called silent after {heard_ms} ms of {wanted_ms} that somebody listened",
        )

    def _outbox_tells(self, told: list[int], rows: list[journal.Row]) -> None:
        """I4: one row a transition that somebody must hear of, in the order of the journal."""
        outbox = self.host.disk.rows("SELECT seq, body FROM outbox ORDER BY id")
        require([seq for seq, _ in outbox] == told, "the outbox does not tell what was raised")
        require(all(rows[seq - 1].body == body for seq, body in outbox), "the outbox tells something else")


def _identities(payload: bytes) -> list[tuple[int, int]]:
    """(boot, seq) of every item in a payload that says both."""
    pieces = payload.split(b"},{") if payload.startswith(b"[") else [payload]
    found = []
    for piece in pieces:
        seq, boot = _SEQ.search(piece), _BOOT.search(piece)
        if seq is not None and int(seq[1]) in range(2**53 + 1):
            found.append((0 if boot is None else int(boot[1]), int(seq[1])))
    return found


def _difference(lived: bytes, again: bytes) -> str:
    """Which parts of two states differ; in nothing, if only in the order of some names."""
    one, other = _DECODE(lived), _DECODE(again)
    parts = [name for name in one["engine"] if one["engine"][name] != other["engine"].get(name)]
    for part in list(parts):
        if isinstance(one["engine"][part], dict):
            parts += [
                f"{part}.{n}"
                for n in one["engine"][part]
                if one["engine"][part][n] != other["engine"][part].get(n)
            ]
    if one["timeless"] != other["timeless"]:
        parts.append("timeless")
    return ", ".join(parts)
