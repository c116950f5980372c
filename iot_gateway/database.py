"""Opens the SQLite file the way the service needs it, and brings its schema up to date."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Final

from sqlalchemy import Table

BUSY_TIMEOUT_MS: Final = 2000
LOG_PAGES: Final = 1000  # a checkpoint when the write-ahead log has as many


# A bit that flips in the schema's text makes sqlite3 fail to read SQLite's own message about it.
STORE_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)


class StoreError(Exception):
    """The store cannot be used; the message is one line that says why."""


class StoreBusyError(StoreError):
    """Another process is its writer."""


def pragmas(*, checkpoints: bool) -> tuple[str, ...]:
    """What every connection that writes begins with."""
    return (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        f"PRAGMA wal_autocheckpoint={LOG_PAGES if checkpoints else 0}",
        f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    )


def connect(path: Path, *, checkpoints: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode: WAL, every commit on disk before it returns.

    Only one connection of all may checkpoint (SQLite before 3.51.3 can corrupt the WAL otherwise):
    the gateway's writer.

    Raises:
        StoreError: the file cannot be opened or is no database.
    """
    try:
        db = sqlite3.connect(
            path, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False
        )
        configure(db, checkpoints=checkpoints)
    except STORE_ERRORS as error:
        raise StoreError(f"{path}: the store cannot be used: {error}") from error
    return db


def configure(db: sqlite3.Connection, *, checkpoints: bool) -> None:
    """What makes a commit durable, and who checkpoints."""
    for pragma in pragmas(checkpoints=checkpoints):
        db.execute(pragma)


class WriterLock:
    """Only one process writes facts: a lock on a file beside the database, gone with its holder."""

    def __init__(self, database: Path) -> None:
        self._database, self._path = database, database.with_suffix(".lock")
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take it, making its directory.

        Raises:
            StoreBusyError: it is another's.
            StoreError: there cannot be a store here.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path}: the store cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreBusyError(f"{self._database}: another gateway is writing to it") from error

    def release(self) -> None:
        """Let another have it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def file_identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def migrate(path: Path) -> None:
    """Create or upgrade the schema, in one transaction.

    Raises:
        StoreError: the file cannot be used, or was made by a newer version.
    """
    import logging

    logging.getLogger("alembic").setLevel(logging.WARNING)  # its plugins speak when they are imported
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import URL, create_engine, event
    from sqlalchemy.exc import SQLAlchemyError

    config = Config()
    scripts = str(files("iot_gateway") / "migrations").replace("%", "%%")
    config.set_main_option("script_location", scripts)
    config.set_main_option("path_separator", "os")
    # isolation_level None: by itself sqlite3 begins no transaction before DDL, and half a schema would stay.
    options = {"timeout": BUSY_TIMEOUT_MS / 1000, "isolation_level": None}
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args=options)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (SQLAlchemyError, CommandError, OSError, UnicodeDecodeError) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise StoreError(f"{path}: the store cannot be used: {reason}") from error
    finally:
        engine.dispose()


def insert_sql(table: Table, columns: tuple[str, ...] | None = None, *, on_conflict: str = "") -> str:
    """`INSERT INTO table (columns) VALUES (?, ...)`; all columns in their order by default."""
    names = columns or tuple(column.name for column in table.columns)
    verb = f"INSERT {on_conflict}".strip()
    return f"{verb} INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def upsert_sql(table: Table, columns: tuple[str, ...] | None = None) -> str:
    """The same, replacing the other columns where the primary key is there already."""
    names = columns or tuple(column.name for column in table.columns)
    keys = [column.name for column in table.primary_key]
    changes = ", ".join(f"{name}=excluded.{name}" for name in names if name not in keys)
    return f"{insert_sql(table, names)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
