"""The roster as a store holds it, read back as a roster file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Table

from iot_gateway import schema
from iot_gateway.reading import in_one_line, open_reader
from iot_gateway.replay import whole_file
from iot_gateway.roster_file import Roster

_TABLES: Final[dict[str, Table]] = {
    "models": schema.models,
    "sites": schema.sites,
    "residents": schema.residents,
    "fences": schema.fences,
    "devices": schema.devices,
}
_JSON: Final = frozenset({"contacts", "geometry", "schedule", "evidence", "fence_ids"})
_OWN: Final = frozenset({"device_row", "registered", "removed"})  # of the store, not of the roster


def roster_of(database: Path) -> Roster:
    """Everything that is in the roster now.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    with closing(open_reader(database)) as db, in_one_line(database):
        said = {name: _entries(db, name, table) for name, table in _TABLES.items()}
    return msgspec.convert(said, Roster)


def write_roster(database: Path, out: Path) -> None:
    """The roster into a file that is there when it is whole, for its owner's eyes: it says who lives where.

    Raises:
        StoreError, OSError: a file cannot be used.
    """
    said = msgspec.to_builtins(roster_of(database))
    kept = {name: [_said(entry) for entry in entries] for name, entries in said.items()}
    with whole_file(out) as target:
        out.with_name(out.name + ".new").chmod(0o600)
        target.write(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")


def _said(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None}


def _entries(db: sqlite3.Connection, name: str, table: Table) -> list[dict[str, Any]]:
    columns = [str(column.name) for column in table.columns if column.name not in _OWN]
    where = " WHERE registered AND NOT removed" if name == "devices" else ""
    key = "device_row" if name == "devices" else columns[0]
    sql = f"SELECT {', '.join(columns)} FROM {name}{where} ORDER BY {key}"  # noqa: S608 - names of our own
    return [_entry(columns, row) for row in db.execute(sql).fetchall()]


def _entry(columns: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    """What was never said stays unsaid."""
    return {
        name: msgspec.json.decode(value) if name in _JSON else value
        for name, value in zip(columns, row, strict=True)
        if value is not None
    }
