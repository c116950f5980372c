"""Decides how much room the store's disk has left, and keeps some in reserve for alarms: the ballast.

A full disk refuses every commit, that of an alarm too. So a file of no use lies beside the database. When a
commit finds the disk full the file is deleted and the commit is done again; from then on, and already when little
is left, positions are shed, so that the room it gave is for alarms. When room is back, so is the file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

LOW_SHARE: Final = 0.20
VERY_LOW_SHARE: Final = 0.10
# Two days of alarms at ten times the usual rate; on a small disk a twentieth of it.
BALLAST_BYTES: Final = 16 * 1024 * 1024
BALLAST_SHARE: Final = 0.05
# With less than this SQLite cannot even open a database.
NOTHING_BYTES: Final = 1024 * 1024


class Room(NamedTuple):
    """What a disk has left for us, and of how much."""

    free_bytes: int
    total_bytes: int

    @property
    def level(self) -> str:
        """`good`, `low`, `very_low` or `full`."""
        share = self.free_bytes / self.total_bytes if self.total_bytes else 1.0
        if self.free_bytes < reserve_bytes(self.total_bytes):
            return "full"
        return "very_low" if share < VERY_LOW_SHARE else "low" if share < LOW_SHARE else "good"


def reserve_bytes(total_bytes: int) -> int:
    """The ballast's size; positions are shed while less than this is free."""
    return min(BALLAST_BYTES, int(total_bytes * BALLAST_SHARE))


def look(directory: Path) -> Room:
    """The room on the disk of a directory; one that cannot be asked tells nothing.

    What is kept for root does not count.
    """
    try:
        about = os.statvfs(directory)
    except OSError:
        return Room(0, 0)
    return Room(about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize)


class Ballast:
    """The reserve. `tight`: positions are shed. `keep`: make it; who does not stay to watch over it makes none."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_suffix(".ballast")
        self.keep = False
        self.room = look(database.parent)
        self.tight = False

    def look(self) -> None:
        """Once a second: shed while less than the reserve is free; put it back when three times as much is."""
        self.room = look(self._path.parent)
        reserve = reserve_bytes(self.room.total_bytes)
        is_there = self._path.exists()
        if self.keep and not is_there and self.room.free_bytes >= 3 * reserve:
            is_there = self._fill(reserve)
        if self.room.free_bytes < reserve:
            self.tight = True
        elif (is_there or not self.keep) and self.room.free_bytes >= 2 * reserve:
            self.tight = False

    def before_start(self) -> None:
        """A store cannot even be opened on a disk with nothing left."""
        self.look()
        if self.room.total_bytes > 0 and self.room.free_bytes < NOTHING_BYTES:
            self.drop()

    def drop(self) -> bool:
        """Give the reserve to whoever writes next; False: it was gone already."""
        self.tight = True
        with suppress(OSError):
            self._path.unlink()
            return True
        return False

    def may_help(self, error: sqlite3.Error) -> bool:
        """Whether a commit failed for want of room, and may be done again on the same connection.

        Growing its shared memory on a full disk, SQLite speaks of an I/O error. After one of those nothing is
        tried again: the next process finds the room.
        """
        if not is_full(error, self._path.parent):
            return False
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR:
            self.drop()
            return False
        return True

    def _fill(self, size: int) -> bool:
        """Real blocks: a file with holes would free nothing."""
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(size, 1))
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                self._path.unlink()
            return False
        return True


def is_full(error: BaseException, directory: Path) -> bool:
    """Whether a write failed for want of room."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    is_io = code == sqlite3.SQLITE_IOERR and look(directory).free_bytes < NOTHING_BYTES
    return code == sqlite3.SQLITE_FULL or is_io
