"""Owns the api's connections to the store: their pragmas, short reads, and single short writes.

The gateway alone checkpoints, so every connection here has `wal_autocheckpoint=0` and leaves
`journal_mode` as it finds it. No result stays open: every read is fetched whole before it returns.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Annotated, Any, Final

import aiosqlite
import msgspec
from fastapi import Depends, Request
from sqlalchemy import URL, event, select
from sqlalchemy.ext.asyncio import create_async_engine

from api.clock import monotonic_s
from iot_gateway import schema
from iot_gateway.database import file_identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sqlalchemy import Executable, RowMapping
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

# The gateway's commits take milliseconds; a disk that stalls longer than this is an outage (503).
BUSY_TIMEOUT_MS: Final = 2000
PRAGMAS: Final = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=0",
)


class Database:
    """The store as the api sees it. Opening never creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = file_identity(path)
        # isolation_level None: a statement outside `_transaction` commits by itself, and BEGIN is ours.
        # hide_parameters: an error's text must not carry a name or a position into the log.
        self._engine = create_async_engine(
            URL.create(
                "sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"}
            ),
            connect_args={"isolation_level": None},
            hide_parameters=True,
        )
        event.listen(self._engine.sync_engine, "connect", _prepare)
        event.listen(self._engine.sync_engine, "begin", _begin)

    async def rows(self, query: Executable) -> Sequence[RowMapping]:
        """All rows of one query."""
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).mappings().all()

    async def row(self, query: Executable) -> RowMapping | None:
        """The first row of one query."""
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).mappings().first()

    async def value(self, query: Executable) -> Any:
        """The first column of the first row of one query, or None."""
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar()

    async def meta(self, key: str) -> str | None:
        """What the gateway keeps under a key, as it wrote it."""
        query = select(schema.meta.c.value).where(schema.meta.c.key == key)
        value: str | None = await self.value(query)
        return value

    async def pulse(self) -> dict[str, Any] | None:
        """The gateway's last sign of life, or None if it never gave one that can be read."""
        text = await self.meta("pulse")
        try:
            pulse = None if text is None else msgspec.json.decode(text)
        except msgspec.DecodeError:
            return None
        return pulse if isinstance(pulse, dict) and isinstance(pulse.get("at_ms"), int) else None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Several reads that see the same moment."""
        async with self._transaction("DEFERRED") as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One short write; the lock is taken at the start, so that it never fails half way."""
        async with self._transaction("IMMEDIATE") as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, kind: str) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            await connection.execution_options(begin=kind)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Give every connection back."""
        await self._engine.dispose()

    async def reopened(self) -> bool:
        """Whether the store was replaced by another of its name; from now on that one is read."""
        there = file_identity(self.path)
        if there is None or there == self._file:
            return False
        self._file = there
        await self._engine.dispose()
        return True


class Watch:
    """Tells cheaply whether the store has changed: it is asked fifty times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None
        self._version: int | None = None

    async def changed(self) -> bool:
        """Whether anyone has committed since this was last asked."""
        if self._connection is None:
            self._connection = await aiosqlite.connect(_uri(self._path), uri=True, isolation_level=None)
            for pragma in PRAGMAS:
                await self._connection.execute_fetchall(pragma)
        ((version,),) = await self._connection.execute_fetchall("PRAGMA data_version")
        changed = bool(version != self._version)
        self._version = version
        return changed

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get("begin")
    if kind is not None:
        connection.exec_driver_sql(f"BEGIN {kind}")


def _uri(path: Path) -> str:
    """How a store is opened that must be there."""
    return path.absolute().as_uri() + "?mode=rw"


def connect_plainly(path: Path) -> sqlite3.Connection:
    """A synchronous connection for command-line programs, under the same rules.

    Raises:
        sqlite3.Error: there is no such store.
    """
    connection = sqlite3.connect(_uri(path), uri=True, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def wait_for_tables(path: Path, patience_s: float = 10) -> str | None:
    """Wait until the gateway has made the tables. None when they are there, else what is missing."""
    until = monotonic_s() + patience_s
    while True:
        missing = _what_is_missing(path)
        if missing is None or monotonic_s() >= until:
            return missing
        time.sleep(0.1)


def _what_is_missing(path: Path) -> str | None:
    try:
        with closing(connect_plainly(path)) as connection:
            found = {
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.Error as error:
        return f"{path}: {error}"
    missing = sorted(set(schema.metadata.tables) - found)
    return f"{path}: no table {missing[0]!r}; is the gateway running?" if missing else None


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Store = Annotated[Database, Depends(_database)]
