"""A disk for SQLite that remembers what was written and what was synced, can lose power anywhere, and can fail.

The real files are written as ever; beside them every write, truncation and sync of the database and its log is kept,
so that what a power cut at any of them leaves can be made again. The tests' writer is the real `Store`, over `apsw`,
whose virtual file system is open to Python.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import apsw

from iot_gateway import database

SECTOR = 512
KEPT = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL


class Op(NamedTuple):
    """`kind`: write, truncate, sync, failed (a sync that failed: what waited is gone), head, commit."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""


class Disk(apsw.VFS):
    """The log of a disk. `fails(kind, number)` decides whether the nth write or sync fails."""

    count: ClassVar[int] = 0

    def __init__(self) -> None:
        Disk.count += 1
        self.name = f"faulty{Disk.count}"
        self.log: list[Op] = []
        self.numbers = {"write": 0, "sync": 0}
        self.fails: Callable[[str, int], bool] = lambda _kind, _number: False
        super().__init__(self.name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        return File(self, name, flags)

    def note(self, op: Op) -> None:
        if op.kind in self.numbers:
            self.numbers[op.kind] += 1
            if self.fails(op.kind, self.numbers[op.kind]):
                if op.kind == "sync":
                    self.log.append(op._replace(kind="failed"))
                raise apsw.IOError("the disk fails")
        self.log.append(op)


class File(apsw.VFSFile):
    """The database or its log; everything else passes by."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._name = Path(name if isinstance(name, str) else name.filename()).name if name else ""
        if flags[0] & apsw.SQLITE_OPEN_WAL:
            self._name = "wal"
        elif flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            self._name = "db"
        self._kept = bool(flags[0] & KEPT)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._kept:
            self._disk.note(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        if self._kept:
            self._disk.note(Op("truncate", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._kept:
            self._disk.note(Op("sync", self._name))
        # Not the real one: it proves nothing here and takes most of the time.


class Cursor:
    """What of a cursor of sqlite3 the service uses."""

    def __init__(self, cursor: Any, rowcount: int) -> None:
        self._cursor, self.rowcount = cursor, rowcount

    def fetchone(self) -> Any:
        found = self._cursor.fetchone()
        self._cursor.close()
        return found

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    def __iter__(self) -> Any:
        return iter(self._cursor)


class Connection:
    """A connection of sqlite3, as far as `Store` needs one, over apsw."""

    def __init__(self, path: Path, disk: Disk, *more: str) -> None:
        self._db = apsw.Connection(str(path), vfs=disk.name)
        self.said: list[str] = []
        self.failed_at: int | None = None  # the statement that failed first
        # apsw's files share no memory, and SQLite then wants the database for itself.
        for pragma in ("PRAGMA locking_mode=EXCLUSIVE", *database.pragmas(checkpoints=True), *more):
            self._db.execute(pragma)

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return self._do(sql, lambda: self._db.execute(sql, values))

    def executemany(self, sql: str, rows: Any) -> Cursor:
        return self._do(sql, lambda: self._db.executemany(sql, rows))

    def _do(self, sql: str, work: Callable[[], Any]) -> Cursor:
        self.said.append(sql)
        before = self._db.total_changes()
        try:
            cursor = work()
        except apsw.Error as error:
            self.failed_at = self.failed_at or len(self.said)
            told = sqlite3.OperationalError(str(error))
            told.sqlite_errorcode = getattr(error, "extendedresult", 0)  # type: ignore[misc]
            raise told from error
        return Cursor(cursor, self._db.total_changes() - before)

    def close(self) -> None:
        try:
            self._db.close()
        except apsw.Error:
            self._db.close(True)


Image = dict[str, bytearray]


class Player:
    """Goes along a log, and says at any place what a power cut there would leave."""

    def __init__(self, begin: Image) -> None:
        self.synced: Image = {name: bytearray(content) for name, content in begin.items()}
        self.waiting: list[Op] = []
        # The directory is synced when there is a first one, and not later.
        self.heads = [begin["head"]] if begin["head"] else []

    def take(self, op: Op) -> None:
        if op.kind in {"sync", "failed"}:
            mine = [one for one in self.waiting if one.name == op.name]
            self.waiting = [one for one in self.waiting if one.name != op.name]
            if op.kind == "sync":
                for one in mine:
                    _apply(self.synced, one)
        elif op.kind == "head":
            self.heads.append(bytearray(op.data))
        elif op.kind != "commit":
            self.waiting.append(op)

    def only_synced(self) -> Image:
        """Nothing survives but what was synced; of two head files the older."""
        left = {name: bytearray(content) for name, content in self.synced.items()}
        return left | {"head": (self.heads[-2:] or [bytearray()])[0]}

    def some_of_it(self, dice: random.Random) -> Image:
        """Of what was not synced any sectors survive, in any order; the last of them is torn."""
        left = {name: bytearray(content) for name, content in self.synced.items()}
        sectors = [one for op in self.waiting for one in _sectors(op)]
        survivors = [one for one in sectors if dice.random() < 0.5]
        for one in survivors[:-1]:
            _apply(left, one)
        if survivors:
            torn = survivors[-1]
            _apply(left, torn._replace(data=torn.data[: dice.randrange(len(torn.data) + 1)]))
        return left | {"head": dice.choice(self.heads[-2:] or [bytearray()])}


def _sectors(op: Op) -> list[Op]:
    if op.kind != "write":
        return [op]
    return [
        op._replace(at=op.at + begin, data=op.data[begin : begin + SECTOR])
        for begin in range(0, len(op.data), SECTOR)
    ]


def _apply(image: Image, op: Op) -> None:
    content = image.setdefault(op.name, bytearray())
    if op.kind == "truncate":
        del content[op.at :]
        return
    content.extend(b"\0" * (op.at + len(op.data) - len(content)))
    content[op.at : op.at + len(op.data)] = op.data


SUFFIXES = {"db": "", "wal": "-wal"}


def image_of(database_: Path) -> Image:
    """The files as they are."""
    image = {}
    for name, suffix in SUFFIXES.items():
        path = database_.with_name(database_.name + suffix)
        image[name] = bytearray(path.read_bytes() if path.exists() else b"")
    head = database_.with_suffix(".head")
    return image | {"head": bytearray(head.read_bytes() if head.exists() else b"")}


def put_back(image: Image, database_: Path) -> None:
    """Make the files what a power cut left."""
    for name, suffix in SUFFIXES.items():
        database_.with_name(database_.name + suffix).write_bytes(image.get(name, b""))
    database_.with_name(database_.name + "-shm").unlink(missing_ok=True)
    head = database_.with_suffix(".head")
    head.write_bytes(image["head"]) if image["head"] else head.unlink(missing_ok=True)
