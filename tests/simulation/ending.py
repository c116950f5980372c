"""What must be true after a quiet time: everything is stored, told, answered and forgotten by its device."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from iot_gateway.recovery import policy_in_force
from iot_gateway.repeats import RESENT_WITHIN_MS
from simulation.against_oracle import judge_by_oracle
from simulation.disk import looking
from simulation.invariants import require
from simulation.process import Process
from simulation.world import MS

if TYPE_CHECKING:
    from simulation.life import Life

# Kinds of which every item raises, by devices' own words.
COUNTED = "sos", "fall"


def judge_the_end(life: Life) -> None:
    host, checks = life.host, life.checks
    process = host.process
    require(process is not None, "no gateway runs after the quiet time")
    require(process.gateway.intake.connected, "the gateway is not connected after the quiet time")
    checks.after_crash(process, host._state_of(process.gateway))
    with looking(host.disk) as store:
        checks.recover(store, policy_in_force(store))
    _everything_is_clear(life)
    _everything_is_stored(life)
    _everything_is_answered(life)
    _everything_raised_once(life)
    _silence_is_noticed(life)
    _timers_were_in_time(life)
    checks.stream.look()
    checks.outbox.look()
    require(checks.stream.last == process.gateway.store.last_seq, "the stream has not told everything")
    if life.plan.by_oracle:
        judge_by_oracle(life)
    if life.plan.backup_at_s is not None:
        _a_lost_end_is_noticed(life)


def _a_lost_end_is_noticed(life: Life) -> None:
    """I9: somebody restores an old copy of the database beside a head file that knows better."""
    host, backup = life.host, life.backup
    if backup is None:
        return
    lost = host.process.gateway.store.last_seq
    host.kill()
    life.checks.expected = None
    host.disk.restore(backup)
    lost -= host.disk.value("SELECT coalesce(max(seq), 0) FROM journal")
    if not lost:
        return
    process = Process(host)
    process.begin()
    said = process.gateway.fault
    require(said is not None, f"{lost} rows of the journal are gone, and the gateway does not notice")


def _everything_is_clear(life: Life) -> None:
    """I14."""
    for actor in life.actors.values():
        require(
            actor.dead or not actor.device.holding,
            f"{actor.device_id} still holds {actor.device.holding} items",
        )
    session = life.broker.session
    require(not session.queue and not session.inflight, "the broker still holds messages")
    require(not life.host.process.gateway.intake.depth, "messages wait in the gateway")


def _everything_is_stored(life: Life) -> None:
    """I2: whatever a live device wanted to know of is here."""
    wanted = {
        key for key, made in life.truth.items.items() if made.wants_ack and key[0] not in life.truth.dead
    }
    missing = wanted - life.checks.readings() - life.checks.quarantined()
    require(not missing, f"made and never stored: {sorted(missing)[:3]}")


def _everything_is_answered(life: Life) -> None:
    disk = life.host.disk
    answered = Counter(command_id for (command_id,) in disk.rows("SELECT command_id FROM command_results"))
    silent = set(life.truth.asked) - set(answered)
    require(not silent, f"no answer to {sorted(silent)[:3]}")
    waiting = disk.rows("SELECT id FROM device_commands WHERE state='queued'")
    require(not waiting, f"asked of a device, neither answered nor expired: {waiting[:3]}")


def _everything_raised_once(life: Life) -> None:
    """I3: an item is the cause of one raise, however often it came."""
    stored = life.checks.readings()
    expected: Counter[tuple[str, str]] = Counter()
    loose = set()
    for key, made in life.truth.items.items():
        if key in stored and made.stream == "alarm" and made.on:
            for kind in made.kinds:
                expected[key[0], kind] += 1
            if made.timeless and not _came_in_time(life, key):
                loose.add(key[0])
            raised = any(life.checks.raises[key[0], kind] for kind in made.kinds)
            require(raised or not made.readable, f"{key} raised nothing")
    for (name, kind), count in expected.items():
        raises = life.checks.raises[name, kind]
        require(
            raises >= count or kind not in COUNTED, f"{name} said {kind} {count} times, raised {raises} times"
        )
        exact = kind in COUNTED and name not in loose
        require(raises <= count or not exact, f"{name} said {kind} {count} times, raised {raises} times")


def _came_in_time(life: Life, key: tuple[str, int, int]) -> bool:
    """Whether an item without a time always came again while it is known."""
    first_us, last_us = life.truth.arrivals.get(key, (0, 0))
    return not life.truth.jumps and last_us - first_us < (RESENT_WITHIN_MS - 5000) * MS


def _silence_is_noticed(life: Life) -> None:
    """I8: a device that died is missed, if somebody listened for long enough."""
    truth, checks = life.truth, life.checks
    heard = dict(life.host.disk.rows(
        "SELECT device_id, max(received_at_ms) FROM readings JOIN devices USING (device_row) "
        "WHERE registered GROUP BY device_id"))  # fmt: skip
    for name in set(truth.dead) & set(heard) - truth.touched:
        silent_ms = truth.listened_ms(checks.us_of(heard[name]), life.world.now_us)
        longest_ms = 3 * 25_000 + 4000
        if silent_ms < longest_ms + 2000 * len(truth.heard):
            continue
        raised = [b for b in checks.bodies if b["kind"] == "contact_lost" and b["subject_id"] == name]
        last = max((b["at_ms"] for b in raised if b["event"] in {"raise", "reraise"}), default=0)
        require(last > heard[name], f"{name} has been silent for {silent_ms} ms and is not missed")


def _timers_were_in_time(life: Life) -> None:
    """I8: what is due while a gateway runs is decided then."""
    checks, truth = life.checks, life.truth
    waits_s = [fault.args[2] for fault in life.plan.faults if fault.kind == "slow"]
    waits_s += [8.0 for fault in life.plan.faults if fault.kind == "slow broker"]
    slow_ms = 4 * 1000 * max(waits_s, default=0)  # two commits a turn, slow before and after
    for said in checks.bodies:
        if said["because"]["rule"] not in {"contact", "limit", "worn", "shelf_ended", "chatter_over"}:
            continue
        due_us, done_us = checks.us_of(said["at_ms"]), checks.us_of(said["committed_at_ms"])
        late_ms = truth.listened_ms(due_us, done_us)
        require(late_ms <= 2500 + slow_ms, f"row {said['seq']} was due {late_ms} ms before it was decided")
