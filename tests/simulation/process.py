"""One life of the gateway process: everything it does passes a point at which it can be its last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from iot_gateway.clock import Clock, ClockWatch
from iot_gateway.gateway import Gateway
from iot_gateway.intake import Intake
from iot_gateway.surroundings import Surroundings
from iot_gateway.wire import Ack
from simulation.broker import Packet
from simulation.client import Client
from simulation.disk import DiskStore, Lock, Reserve, Watcher
from simulation.world import Crash, S

if TYPE_CHECKING:
    from simulation.host import Host


class DiskError(NamedTuple):
    """What SQLite says. `done`: and yet it did it. `rolls_back`: the transaction is gone already."""

    words: str
    done: bool = False
    rolls_back: bool = False


FULL = DiskError("database or disk is full", rolls_back=True)
ERRORS = {
    "full": FULL,
    "io": DiskError("disk I/O error", rolls_back=True),
    "locked": DiskError("database is locked"),
    "unsure": DiskError("disk I/O error", done=True),  # a sync failed: the commit may be there or not
}
_READS = {"SELECT", "PRAGMA"}


class HostClock(Clock):
    """The real clock's arithmetic over the host's simulated clocks."""

    def __init__(self, floor_ms: int, host: Host) -> None:
        self._host = host
        super().__init__(floor_ms)

    def _read_ns(self) -> tuple[int, int]:
        return self._host.world.now_us * 1000, self._host.wall_us() * 1000

    def monotonic_s(self) -> float:
        return self._host.world.now_us / S


class HostClockWatch(ClockWatch):
    """Sees the simulated host's clock being set; it never sleeps."""

    def __init__(self, host: Host) -> None:
        self._host = host
        super().__init__()

    def _read(self) -> tuple[int, int, int]:
        awake_ns = self._host.world.now_us * 1000
        return self._host.wall_us() * 1000, awake_ns, awake_ns


class Bell:
    """The doorbell's place."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def ring(self) -> None:
        self._process.point("bell")
        self._process.host.rung()

    def close(self) -> None:
        """Nothing was opened."""


class Process:
    """`dead`: nothing it still does has any effect. `stalled`: it was stopped and may go on."""

    def __init__(self, host: Host) -> None:
        self.host, self.world = host, host.world
        self.dead = False
        self.stalled = False
        self.points = 0
        self.dies_at: int | None = None  # the point
        self.error: tuple[int, str] | None = None  # after so many statements of the disk
        self.had_error = False
        self.last_word = ""
        self.gateway: Gateway | None = None
        self.client: Client | None = None
        self._asleep: list[tuple[Callable, tuple]] = []

    def begin(self) -> None:
        """The program starts: recovery, then the connection to the broker."""
        around = Surroundings(
            lock=lambda _path: Lock(self.host.disk, self),
            store=lambda path: DiskStore(path, self.host.disk, self),
            clock=lambda floor_ms: HostClock(floor_ms, self.host),
            clock_watch=lambda: HostClockWatch(self.host),
            intake=lambda settings, clock: Intake(settings, clock, self._client),
            doorbell=lambda _path: Bell(self),
            ballast=Reserve,
            watch=lambda store, ballast, _second: Watcher(store, ballast),
        )
        self.gateway = Gateway(self.host.settings, self.host.policy, around)
        self.gateway.intake.start()

    def _client(self, client_id: str, begin_epoch: Callable[[], None]) -> Any:
        self.client = Client(self.host.broker, self, client_id, begin_epoch)
        return self.client

    # Fate ---------------------------------------------------------------------------------------

    def point(self, what: str) -> None:
        """Between two things it does."""
        if self.dead:
            raise Crash
        self.points += 1
        if self.dies_at is not None and self.points >= self.dies_at:
            self.last_word = what
            raise Crash

    def disk_error(self, verb: str) -> DiskError | None:
        """Whether this statement fails, and how."""
        if verb not in _READS and self.host.disk_is_full:
            return FULL
        if self.error is None:
            return None
        wait, name = self.error
        fits = verb in {"COMMIT", "head"} if name == "unsure" else name == "io" or verb not in _READS
        if name == "locked":
            fits = verb == "BEGIN "
        if not fits or verb in {"ROLLBA", "PRAGMA"}:
            return None
        self.error = (wait - 1, name) if wait > 0 else None
        return ERRORS[name] if wait <= 0 else None

    def wait_for_disk(self) -> None:
        """A slow disk: the rest of the world goes on."""
        delay_s = self.host.disk_delay_s()
        if delay_s > 0:
            self.world.run_until(self.world.now_us + round(delay_s * S), lambda: self.dead)
        while self.stalled and not self.dead:
            self.world.run_until(self.world.now_us + S // 10, lambda: self.dead)
        if self.dead:
            raise Crash

    def when_awake(self, do: Callable, *args) -> None:
        """What its network thread is told: now, or once it goes on."""
        if self.stalled:
            self._asleep.append((do, args))
        elif not self.dead:
            try:
                do(*args)
            except Crash:  # in the network thread: the process ends with it
                self.host.died(self)
            else:
                self.host.ear_changed()

    def wake(self) -> None:
        self.stalled = False
        asleep, self._asleep = self._asleep, []
        for do, args in asleep:
            self.when_awake(do, *args)
        if self.client is not None:
            self.client.read()

    def die(self) -> None:
        self.dead = True
        if self.client is not None:
            self.client.die()
        Lock(self.host.disk, self).release()
        self.host.disk.process_died()

    # What the world sees of it ------------------------------------------------------------------

    def is_full(self, topic: str) -> bool:
        """Whether the network thread would have to wait for room."""
        inbox = self.gateway.intake._inbox
        if topic.endswith("/alarm"):
            return len(inbox._alarms) >= inbox._limit
        rest = len(inbox._kept) + len(inbox._rest)
        return rest >= inbox._limit and all(m.topic.endswith("/result") for m in inbox._rest)

    def arrived(self, packet: Packet) -> None:
        self.host.checks.arrived(packet)
        self.host.message_arrived(is_alarm=packet.topic.endswith("/alarm"))

    def published(self, packet: Packet) -> None:
        """An `ack` is a promise: what it names is on disk now, and stays."""
        self.world.note("publishes", packet.topic, packet.payload)
        _, _, device_id, stream = packet.topic.split("/")
        if stream == "ack":
            said = msgspec.json.decode(packet.payload, type=Ack)
            self.host.checks.promised(device_id, said.boot, said.seqs)

    def pubacked(self, packet: Packet | None) -> None:
        if packet is not None:
            self.host.checks.pubacked(packet)
