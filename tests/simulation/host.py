"""The server: its clocks, its disk, the broker and the gateway on it, and the supervisor that starts it again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alerts.policy import Policy
from iot_gateway.database import StoreBusyError, StoreError
from iot_gateway.gateway import Gateway
from iot_gateway.recovery import RecoveryError, encode_state
from iot_gateway.settings import MqttSettings, Settings
from simulation.broker import Broker
from simulation.disk import Disk
from simulation.process import Process
from simulation.world import MS, Crash, S, Violation, World

GATHER_US = 20 * MS
TICK_US = S  # the pulse; the 49 turns between two that do nothing are left out
RESTART_S = (0.5, 2.0)


class Host:
    """Runs turns when the loop would. `checks` judges what happens, as it happens."""

    def __init__(self, world: World, broker: Broker, setup: dict[str, Any], policies: list[Policy]) -> None:
        self.world, self.broker = world, broker
        self.dice = world.dice("host")
        self.disk = Disk(world)
        self.began_ms: int = setup["began_ms"]
        self.settings = Settings(
            data_dir=Path("/data"),
            mqtt=MqttSettings(queue_limit=100),
            store={"readings_days": setup["readings_days"]},
        )
        self.policies = policies
        self.policy = policies[0]
        self.checks: Any = None
        self.powered = True
        self.disk_is_full = False
        self._slow: tuple[float, float] | None = None
        self._set_by_us = 0  # what somebody set the wall clock by
        self.process: Process | None = None
        self.crashes = self.ends = self.starts = 0
        self.before: tuple[int, bytes] | None = None  # (step, state) before the turn that may be the last
        self.traps: list[tuple[str, int]] = []  # for the next process, or this one
        self._next_us: int | None = None
        self._away_until_us = 0
        self._busy = False  # in a turn, which the world can only go on beside

    # Clocks -------------------------------------------------------------------------------------

    def wall_us(self) -> int:
        return self.began_ms * 1000 + self.world.now_us + self._set_by_us

    def set_clock(self, by_s: float) -> None:
        self._set_by_us += round(by_s * S)

    # The supervisor -----------------------------------------------------------------------------

    def start(self) -> None:
        """Start the gateway, unless it runs or there is no power."""
        if not self.powered or self.process is not None or self.world.now_us < self._away_until_us:
            return
        self.starts += 1
        process = self.process = Process(self)
        self._arm()
        self.world.note("gateway starts")
        self._busy = True
        try:
            process.begin()
        except Crash:
            if process is self.process:
                self._gone(f"dies in {process.last_word} of its start")
        except (StoreError, RecoveryError) as error:
            self.ends += 1
            self.checks.refused_to_start(error)
            self._gone(f"ends at its start: {error}")
        else:
            self.checks.started(process.gateway)
            self._wake(self.world.now_us)
        finally:
            self._busy = False

    def _gone(self, how: str, *, again: bool = True) -> None:
        process, self.process = self.process, None
        process.die()
        self._next_us = None
        self.checks.ear()
        self.world.note("gateway", how)
        self.checks.after_crash(process, self.before)
        self.before = None
        if again:
            self.world.after(self.dice.uniform(*RESTART_S), self.start)

    def trap(self, kind: str, count: int) -> None:
        """The process dies at its next `count`th point, or the disk fails at the statement."""
        self.traps.append((kind, count))
        self._arm()

    def _arm(self) -> None:
        process = self.process
        while process is not None and self.traps:
            kind, count = self.traps.pop(0)
            if kind == "dies":
                process.dies_at = process.points + count
            else:
                process.error, process.had_error = (count, kind), True

    # Turns --------------------------------------------------------------------------------------

    def _wake(self, at_us: int) -> None:
        if self._next_us is None or at_us < self._next_us:
            self._next_us = max(at_us, self.world.now_us)
            self.world.at(self._next_us, self._turn, self._next_us, self.process)

    def message_arrived(self, *, is_alarm: bool) -> None:
        """An alarm wakes the loop at once; others gather."""
        self._wake(self.world.now_us + (200 if is_alarm else GATHER_US))

    def asked(self) -> None:
        """Somebody appended a request; it is looked for every 20 ms."""
        if self.process is not None:
            self._wake(self.world.now_us + GATHER_US // 2)

    def rung(self) -> None:
        self.checks.rung()

    def ear_changed(self) -> None:
        self.checks.ear()

    def _turn(self, planned_us: int, process: Process) -> None:
        if process is not self.process or process is None or planned_us != self._next_us:
            return
        self._next_us = None
        if process.stalled or self._busy or process.gateway is None:
            return  # it looks again when it goes on
        gateway = process.gateway
        self.before = self._state_of(gateway) if self._may_die(process) else None
        self._busy = True
        try:
            gateway.turn(0)
        except Crash:
            self.died(process)
            return
        except StoreError as error:
            self._ended(process, error)
            return
        except sqlite3.Error as error:
            raise Violation(f"the gateway ended without a clear line: {error!r}") from error
        finally:
            self._busy = False
        self.before = None
        self.checks.turned(gateway)
        process.client.read()
        self._plan(gateway)

    def died(self, process: Process | None) -> None:
        """It passed its last point."""
        self.crashes += 1
        if process is not None and process is self.process:  # else the world has taken it away already
            self._gone(f"dies in {process.last_word}")

    def _ended(self, process: Process, error: StoreError) -> None:
        """As `Gateway.run` leaves: the broker is told, the store given back."""
        self.ends += 1
        try:
            process.gateway.intake.stop()
            process.gateway.close()
        except Crash:
            self.died(process)
        else:
            self._gone(f"ends: {error}")

    def _plan(self, gateway: Gateway) -> None:
        """The next turn that does something."""
        now_us = self.world.now_us
        self._wake(now_us + TICK_US)
        due_ms = gateway.engine.next_due_ms() - gateway.clock.now_ms()
        if due_ms < TICK_US // MS:
            self._wake(now_us + max(due_ms, 1) * MS)
        if gateway.intake.depth:
            self._wake(now_us + MS)

    @staticmethod
    def _may_die(process: Process) -> bool:
        return process.dies_at is not None or process.error is not None or process.host.may_be_killed()

    def may_be_killed(self) -> bool:
        """While the disk is slow or full, others may end a turn in its midst."""
        return self._slow is not None or self.disk_is_full

    @staticmethod
    def _state_of(gateway: Gateway) -> tuple[int, bytes]:
        return gateway.store.step, encode_state(gateway.engine, gateway._repeats)

    # Fate ---------------------------------------------------------------------------------------

    def disk_delay_s(self) -> float:
        return 0.0 if self._slow is None else self.dice.uniform(*self._slow)

    def set_disk_slow(self, seconds: tuple[float, float] | None) -> None:
        self._slow = seconds

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        if self.process is not None:
            self.crashes += 1
            if self.before is None and self.process.gateway is not None:
                self.before = self._state_of(self.process.gateway)
            self._gone("is killed")

    def restart(self, policy: int) -> None:
        """An orderly restart, as `Gateway.run` ends: a snapshot, then the next one, maybe with other limits."""
        if self.process is None or self.process.stalled:
            return
        if self._busy:  # SIGTERM: after the turn
            self.world.after(0.1, self.restart, policy)
            return
        process, gateway = self.process, self.process.gateway
        self._busy = True
        try:
            gateway._take_snapshot()
            self.before = self._state_of(gateway)
            gateway.intake.stop()
            gateway.close()
        except Crash:
            self.died(process)
            return
        except StoreError as error:
            self._ended(process, error)
            return
        finally:
            self._busy = False
        self.policy = self.policies[policy % len(self.policies)]
        self._gone("is restarted")

    def keep_away(self, for_s: float) -> None:
        """Nobody starts the gateway for a while; 0: now."""
        if for_s:
            self.kill()
            self._away_until_us = self.world.now_us + round(for_s * S)
            self.world.after(for_s, self.start)
        elif self._away_until_us > self.world.now_us:
            self._away_until_us = 0
            self.world.after(0.1, self.start)

    def stall(self, for_s: float) -> None:
        """SIGSTOP; the broker drops it when its keepalive has passed one and a half times."""
        process = self.process
        if process is None or process.stalled:
            return
        process.stalled = True
        self.checks.ear()
        self.world.note("gateway is stopped")
        if process.client is not None and for_s > 1.5 * self.settings.mqtt.keepalive_s:
            self.world.after(1.5 * self.settings.mqtt.keepalive_s, process.client.cut)
        self.world.after(for_s, self._go_on, process)

    def _go_on(self, process: Process) -> None:
        if not process.dead and process.stalled:
            process.wake()
            self.checks.ear()
            self._next_us = None
            self._wake(self.world.now_us)

    def second_gateway(self) -> None:
        """Somebody starts another by mistake: it is refused before it touches anything."""
        if self.process is None or self.process.gateway is None:
            return
        changes = self.disk.db.total_changes
        try:
            Process(self).begin()
        except StoreBusyError:
            if self.disk.db.total_changes != changes:
                raise Violation("a gateway that was refused wrote something") from None
            return
        raise Violation("two gateways write to one store")

    def power_cut(self, down_s: float) -> None:
        """Everything on this host stops, now."""
        if not self.powered:
            return
        self.world.note("power cut")
        self.powered = False
        self.broker.crash()
        if self.process is not None:
            self.crashes += 1
            self.before = None
            process, self.process = self.process, None
            process.die()
            self._next_us = None
        self.disk.power_cut(self.dice)
        self.checks.ear()
        self.checks.after_crash(None, None)
        self.world.after(down_s, self._power_back)

    def _power_back(self) -> None:
        self.powered = True
        self.broker.start()
        self.world.after(self.dice.uniform(*RESTART_S), self.start)
