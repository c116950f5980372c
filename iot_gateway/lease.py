"""Decides which gateway may write: a token in the store that every new gateway raises and every commit checks.

The lock file keeps a second gateway out as long as it works: not on every network file system, not after somebody
deleted it, not for a process that was stopped and forgotten. The token needs none of that. It is compared in the
transaction of each commit, so whoever has been overtaken writes nothing any more, whatever it still believes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from iot_gateway.database import StoreBusyError, StoreError

# A gateway gives a pulse every second. One that may be alive and has given none for so long is overtaken.
SILENCE_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.1
_KEY: Final = "lease"


class LeaseLostError(StoreError):
    """Another gateway has taken the store over: this one must write nothing any more."""


class _Lease(msgspec.Struct):
    token: int = 0
    holder: str = ""  # `_identity` of a process; empty: given back


class Lease:
    """The right to write to one store, held through its connection."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = db, path
        self._held = False
        self.token = self._read().token
        self.overtook = False  # the one before had not given it back, and may still be there

    def take(self) -> None:
        """Become the one writer: at once if the last one is gone, else when it is silent.

        Raises:
            StoreBusyError: the last one lives and writes.
        """
        last = self._read()
        self.overtook = _may_live(last.holder)
        if self.overtook:
            self._wait_for_silence(last)
        self._db.execute("BEGIN IMMEDIATE")
        if self._read().token != last.token:  # two waited, and the other one was first
            self._db.execute("ROLLBACK")
            raise self._busy()
        self.token = last.token + 1
        self._write(_identity(os.getpid()))
        self._db.execute("COMMIT")
        self._held = True

    def check(self, db: sqlite3.Connection) -> None:
        """Whether we still are it; inside the transaction of a commit on `db`.

        Raises:
            LeaseLostError: no.
        """
        token = _read(db).token
        if token != self.token:
            self._held = False
            raise LeaseLostError(
                f"{self._path}: another gateway has taken the store over (lease {token}, ours was {self.token})"
            )

    def forsake(self) -> None:
        """Not to be given back: nothing may be written after a commit that failed."""
        self._held = False

    def release(self) -> None:
        """Give it back, so that the next one need not wait."""
        if not self._held:
            return
        self._held = False
        with suppress(sqlite3.Error):
            self._db.execute("BEGIN IMMEDIATE")
            if self._read().token == self.token:
                self._write("")
            self._db.execute("COMMIT")

    def _wait_for_silence(self, last: _Lease) -> None:
        """Measured by its pulse and our monotonic clock: the wall clocks of two hosts tell nothing."""
        before = last, _meta(self._db, "pulse")
        for _ in range(round(SILENCE_S / _LOOK_EVERY_S)):
            time.sleep(_LOOK_EVERY_S)
            now = self._read()
            if not _may_live(now.holder):
                return
            if (now, _meta(self._db, "pulse")) != before:
                raise self._busy()

    def _busy(self) -> StoreBusyError:
        pid = self._read().holder.rpartition(" ")[0].rpartition(" ")[2]
        return StoreBusyError(f"{self._path}: another gateway (process {pid}) is writing to it")

    def _read(self) -> _Lease:
        return _read(self._db)

    def _write(self, holder: str) -> None:
        text = msgspec.json.encode(_Lease(self.token, holder)).decode()
        self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_KEY, text))


def _read(db: sqlite3.Connection) -> _Lease:
    text = _meta(db, _KEY)
    try:
        return _Lease() if text is None else msgspec.json.decode(text, type=_Lease)
    except msgspec.DecodeError:  # nobody's: whoever held it ends, and whoever comes next may have it
        return _Lease(token=-1)


def _meta(db: sqlite3.Connection, key: str) -> Any:
    row = db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
    return row[0] if row else None


def _identity(pid: int) -> str:
    """A process as no other ever is: machine, its boot, process namespace, process id, start."""
    return f"{_here()} {pid} {_started(pid)}"


def _may_live(holder: str) -> bool:
    """Whether a process other than this one may still run; one of another machine may."""
    if not holder:
        return False
    there, pid, started = holder.rsplit(" ", 2)
    if there == _here():
        return int(pid) != os.getpid() and _started(int(pid)) == started
    (machine, boot), (our_machine, our_boot) = there.split(" ")[:2], _here().split(" ")[:2]
    # On a machine that has been started anew since, nothing of before runs.
    return machine == "-" or machine != our_machine or boot == our_boot


def _here() -> str:
    """Machine (`-`: it has no name), its boot, and the process namespace."""
    machine, boot = _first_word("/etc/machine-id"), _first_word("/proc/sys/kernel/random/boot_id")
    with suppress(OSError):
        return f"{machine} {boot} {Path('/proc/self/ns/pid').readlink()}"
    return f"{machine} {boot} -"


def _first_word(path: str) -> str:
    with suppress(OSError, IndexError):
        return Path(path).read_text(encoding="ascii").split()[0]
    return "-"


def _started(pid: int) -> str:
    """When a process began, in ticks since the boot; empty: there is none."""
    with suppress(OSError, IndexError):
        # The name in parentheses may hold anything; the state after it is field 3, the start field 22.
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        return "" if fields[0] == "Z" else fields[19]
    return ""
