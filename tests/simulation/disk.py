"""The host's disk: a real SQLite database in memory, the journal's head beside it, the writer's lock.

A power cut brings back what was synced. With `synchronous` FULL every commit is; below that the disk keeps an
image from before the first commit that was not, until somebody syncs.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from iot_gateway.damage import Damage, DamageFile
from iot_gateway.database import StoreBusyError, configure
from iot_gateway.disk import Ballast, Room
from iot_gateway.journal import Head as HeadOf
from iot_gateway.journal import HeadFile
from iot_gateway.store import Store
from iot_gateway.watch import Watch
from simulation.template import empty_store
from simulation.world import World

FULL = 2  # PRAGMA synchronous


class Disk:
    """What outlives processes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.db = _database(empty_store())
        self.holder: object | None = None  # of the writer's lock
        self.heads: list[str] = []  # the head file's contents: the one on disk, the one that may be
        self.commits = 0
        self.unsynced: bytes | None = None  # what a power cut would bring back

    def rows(self, sql: str, *values) -> list[tuple]:
        """What somebody beside the gateway reads. Never within its transaction."""
        assert not self.db.in_transaction
        return self.db.execute(sql, values).fetchall()

    def value(self, sql: str, *values) -> Any:
        return self.rows(sql, *values)[0][0]

    def before_write(self) -> None:
        """A transaction begins."""
        if self.unsynced is None and self._level() < FULL:
            self.unsynced = self.db.serialize()

    def committed(self) -> None:
        self.commits += 1
        if self._level() >= FULL:
            self.unsynced = None

    def _level(self) -> int:
        return self.db.execute("PRAGMA synchronous").fetchone()[0]

    def process_died(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def power_cut(self, dice: Random) -> None:
        """Whatever was not synced is gone, or is not."""
        self.process_died()
        if self.unsynced is not None:
            self.restore(self.unsynced)
            self.unsynced = None
        if len(self.heads) > 1:  # a rename is on disk some time after the file
            self.heads = [dice.choice(self.heads)]
        self.holder = None

    def restore(self, image: bytes) -> None:
        """Another state of the database. Not into the same connection: a statement of a process that died in
        the middle of it may still be open there.
        """
        self.db.close()
        self.db = _database(image)

    def close(self) -> None:
        self.db.close()


def _database(image: bytes) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=300)
    db.deserialize(image)
    return db


class Connection:
    """The gateway's connection: what the process does here can be its last act, and can fail."""

    def __init__(self, disk: Disk, process: Any) -> None:
        self._disk, self._process = disk, process

    def execute(self, sql: str, values: Iterable = ()) -> sqlite3.Cursor:
        return self._do(self._disk.db.execute, sql, values)

    def executemany(self, sql: str, values: Iterable) -> sqlite3.Cursor:
        return self._do(self._disk.db.executemany, sql, values)

    def _do(self, act: Any, sql: str, values: Iterable) -> sqlite3.Cursor:
        process, disk = self._process, self._disk
        verb = sql[:6]
        process.point(verb)
        if verb == "BEGIN ":
            process.wait_for_disk()
            disk.before_write()
        elif verb in _WRITES and not disk.db.in_transaction:
            disk.before_write()
        sticks = process.disk_error(verb)
        if sticks is not None:
            self._fail(sticks, act, sql, values)
        cursor = act(sql, values)
        try:
            if verb == "COMMIT" or (verb in _WRITES and not disk.db.in_transaction):
                disk.committed()
                if verb == "COMMIT":
                    process.wait_for_disk()
            process.point(verb)
        except BaseException:
            cursor.close()  # nobody will read it
            raise
        return cursor

    def _fail(self, error: Any, act: Any, sql: str, values: Iterable) -> None:
        """An error, after which the statement may have been done all the same."""
        if error.done:
            act(sql, values)
            if not self._disk.db.in_transaction:
                self._disk.committed()
        elif error.rolls_back and self._disk.db.in_transaction:
            self._disk.db.execute("ROLLBACK")
        raise sqlite3.OperationalError(error.words)

    @property
    def in_transaction(self) -> bool:
        return self._disk.db.in_transaction and not self._process.dead

    def close(self) -> None:
        if not self._process.dead:
            self._disk.process_died()


_WRITES = {"INSERT", "UPDATE", "DELETE"}


class Head(HeadFile):
    """The head file. What was written is on disk; that it has the file's name may not be, yet."""

    def __init__(self, disk: Disk, process: Any) -> None:
        self._disk, self._process = disk, process

    def read(self) -> HeadOf | None:
        self._process.point("head")
        if not self._disk.heads:
            return None
        seq, digest, step = self._disk.heads[-1].split()
        return HeadOf(int(seq), bytes.fromhex(digest), int(step))

    def write(self, head: HeadOf) -> None:
        self._process.point("head")
        if self._process.disk_error("head") is not None:
            raise OSError(5, "Input/output error")
        self._disk.heads = [*self._disk.heads[-1:], f"{head.seq} {head.digest.hex()} {head.step}"]
        self._process.point("head")


class DiskStore(Store):
    """The gateway's store on a simulated disk, whose schema is there already."""

    def __init__(self, path: Path, disk: Disk, process: Any) -> None:
        self._disk, self._process = disk, process
        super().__init__(path)

    def is_in_place(self) -> bool:
        return True

    def _open(self, path: Path) -> tuple[Any, HeadFile]:
        db = Connection(self._disk, self._process)
        configure(db, checkpoints=True)
        return db, Head(self._disk, self._process)


class Reserve(Ballast):
    """No reserve: a disk that is full here has nothing to give."""

    def look(self) -> None:
        """There is room, until there is none."""
        self.room = Room(1, 1)

    def drop(self) -> bool:
        return False

    def may_help(self, _error: sqlite3.Error) -> bool:
        return False


class Watcher(Watch):
    """Tells of storage what the head file says; the walk along the rows is `judge`'s own here."""

    def __init__(self, store: Store, ballast: Ballast) -> None:
        self._store, self._ballast, self._second = store, ballast, None
        self._damage = Remembered()
        self._took, self._now_ms = deque(), 0

    def close(self) -> None:
        """Nothing is open."""

    def _go_on(self) -> None:
        """See above."""


class Remembered(DamageFile):
    """What was found, of one process: the simulated disk has no place for it."""

    def __init__(self) -> None:
        self._all = []

    def all(self) -> list[Damage]:
        return self._all

    def _replace(self, damages: list[Damage]) -> None:
        self._all = damages


class Lock:
    """The writer's lock: the operating system takes it back from a process that is gone."""

    def __init__(self, disk: Disk, process: Any) -> None:
        self._disk, self._process = disk, process

    def acquire(self) -> None:
        if self._disk.holder is not None:
            raise StoreBusyError("another gateway is writing to it")
        self._disk.holder = self._process

    def release(self) -> None:
        if self._disk.holder is self._process:
            self._disk.holder = None


class Bystander:
    """A process that only looks: nothing of the host's weather meets it."""

    dead = False

    def point(self, _what: str) -> None:
        """It goes on."""

    def wait_for_disk(self) -> None:
        """The disk is quick."""

    def disk_error(self, _verb: str) -> None:
        """The disk is whole."""


@contextmanager
def looking(disk: Disk) -> Iterator[DiskStore]:
    """The store as the next gateway would find it."""
    level = disk._level()
    yield DiskStore(Path("/data/shouwang.sqlite"), disk, Bystander())
    disk.db.execute(f"PRAGMA synchronous={level}")
