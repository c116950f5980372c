"""The roster tables' rows of a change: what people read, beside what the core was told."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Table

from iot_gateway import schema
from iot_gateway.database import upsert_sql
from iot_gateway.roster_file import DeviceEntry, RosterChange

Row = tuple[str, tuple[Any, ...]]

_TABLES: Final[dict[str, Table]] = {
    "models": schema.models,
    "sites": schema.sites,
    "residents": schema.residents,
    "fences": schema.fences,
}
_DEVICE: Final = upsert_sql(schema.devices)
_TAKEN_OFF: Final = "UPDATE wearings SET to_ms=? WHERE device_id=? AND to_ms IS NULL AND resident_id IS NOT ?"
_PUT_ON: Final = (
    "INSERT INTO wearings (device_id, resident_id, from_ms) SELECT ?, ?, ? "
    "WHERE NOT EXISTS (SELECT 1 FROM wearings WHERE device_id=? AND to_ms IS NULL)"
)


def rows_of(change: RosterChange, row_of: dict[str, int], now_ms: int) -> list[Row]:
    """(sql, values) of everything a change puts and removes. `row_of`: the core's rows after it."""
    rows: list[Row] = []
    for name, table in _TABLES.items():
        sql = upsert_sql(table)
        rows += [(sql, _values(entry, table)) for entry in getattr(change.put, name)]
        key = next(iter(table.primary_key)).name
        delete = f"DELETE FROM {table.name} WHERE {key}=?"  # noqa: S608 - names of our own schema
        rows += [(delete, (removed,)) for removed in getattr(change.remove, name)]
    for entry in change.put.devices:
        rows.append((_DEVICE, _device_values(entry, row_of[entry.device_id])))
        worn_by = entry.resident_id if entry.kind == "wristband" else None
        rows += _wearing_rows(entry.device_id, worn_by, now_ms)
    forget = "UPDATE devices SET removed=1, registered=0 WHERE device_id=?"
    for device_id in change.remove.devices:
        rows += [(forget, (device_id,)), *_wearing_rows(device_id, None, now_ms)]
    return rows


def _wearing_rows(device_id: str, resident_id: str | None, now_ms: int) -> list[Row]:
    """What the history of wearers learns; nothing, if the same person goes on wearing the band."""
    rows: list[Row] = [(_TAKEN_OFF, (now_ms, device_id, resident_id))]
    if resident_id is not None:
        rows.append((_PUT_ON, (device_id, resident_id, now_ms, device_id)))
    return rows


def stranger_rows(device_ids: tuple[str, ...], first_row: int) -> list[Row]:
    """Rows of devices that are known only through an alarm of their own."""
    return [
        (_DEVICE, (first_row + i, device_id, "unknown", None, None, None, None, None, 0, 0))
        for i, device_id in enumerate(device_ids)
    ]


def _values(entry: Struct, table: Table) -> tuple[Any, ...]:
    said = msgspec.to_builtins(entry)
    return tuple(_column(said.get(column.name)) for column in table.columns)


def _column(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, list)) else value


def _device_values(entry: DeviceEntry, row: int) -> tuple[Any, ...]:
    fence_ids = None if entry.fence_ids is None else msgspec.json.encode(entry.fence_ids).decode()
    return (
        row, entry.device_id, entry.kind, entry.model, entry.site_id, entry.zone, entry.resident_id,
        fence_ids, 1, 0,
    )  # fmt: skip
