"""Reads the store aside of the event loop: long reads in a thread, each of one moment of the store.

A query that returns a month of rows would hold up the stream of alarms while its rows are made; here
another thread makes them. One at a time: the machine has other work.
"""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy.dialects import sqlite

from api.database import connect_plainly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from sqlite3 import Connection

    from sqlalchemy import Select

T = TypeVar("T")
PAGE: Final = 2000  # rows in memory beside what is made of them
_DIALECT: Final = sqlite.dialect()


class Aside:
    """The other thread. `read` waits for its turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = CapacityLimiter(1)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` makes of the store; whatever it reads is of one moment."""

        def run() -> T:
            with closing(connect_plainly(self._path)) as connection:
                connection.execute("BEGIN")
                return work(connection)

        return await to_thread.run_sync(run, limiter=self._turn)


def named_rows(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """The rows of a query, each with its columns as attributes."""
    names = [column.name for column in query.selected_columns]
    return (SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows(connection, query))


def rows(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """The rows of a query, in pages, as plain tuples in the order of its columns."""
    compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names = compiled.positiontup or []
    cursor = connection.execute(str(compiled), [compiled.params[name] for name in names])
    while page := cursor.fetchmany(PAGE):
        yield from page
