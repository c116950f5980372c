"""Makes a draft of every row of a table, or of every object of a roster file: what it says, and what cannot be read.

Pure. Whether a draft can be kept is decided in `api.import_plan`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.import_columns import COLUMNS, CellError, Column, column_of, item_of
from api.import_files import MAX_ROWS, Table, unreadable
from api.import_plan import MODELS, Draft, Finding, Stored


def drafts_of_table(kind: str, table: Table, stored: Stored) -> list[Draft]:
    """A draft for each row, and one for the header if it names what nobody knows."""
    columns = [column_of(kind, title) for title in table.header]
    found = list(_header_faults(kind, table.header, columns))
    for number, cells in table.rows:
        found.append(_draft(kind, number, dict(_named(columns, cells)), stored))
        if any(cells[len(columns) :]):
            found[-1].errors.append(
                Finding(field=None, code="beyond_header", msg="has cells beyond the header")
            )
    return found


def _named(columns: list[Column | None], cells: Iterable[Any]) -> Iterable[tuple[Column, Any]]:
    return ((column, cell) for column, cell in zip(columns, cells, strict=False) if column is not None)


def _header_faults(kind: str, header: list[str], columns: list[Column | None]) -> Iterable[Draft]:
    faults = [
        Finding(field=title, code="unknown_column", msg="is no column of this table", named={"column": title})
        for title, column in zip(header, columns, strict=True) if title and column is None
    ]  # fmt: skip
    known = [column.name for column in columns if column is not None]
    faults += [
        Finding(field=name, code="column_twice", msg="is there twice") for name in sorted(set(known))
        if known.count(name) > 1
    ]  # fmt: skip
    if MODELS[kind][0] not in known:
        title = next(one for one in COLUMNS[kind] if one.name == MODELS[kind][0])
        raise unreadable("no_id_column", f"There is no column {title.zh} ({title.name}).")
    if faults:
        yield Draft(kind, 1, {}, faults)


def _draft(kind: str, number: int, cells: Mapping[Column, Any], stored: Stored) -> Draft:
    draft, fields = Draft(kind, number, {}), {}
    for column, cell in cells.items():
        try:
            if isinstance(cell, CellError):
                raise cell
            fields[column.name] = column.read(cell) if cell else None
        except CellError as error:
            draft.errors.append(Finding(field=column.name, code=error.code, msg=str(error)))
    key = fields.get(MODELS[kind][0])
    try:
        draft.item = item_of(kind, fields, stored[kind].get(key) if isinstance(key, str) else None)
    except CellError as error:
        draft.item = {MODELS[kind][0]: key}
        draft.errors.append(Finding(field="geometry", code=error.code, msg=str(error)))
    return draft


def drafts_of_roster(content: bytes) -> list[Draft]:
    """The contract's roster file.

    Raises:
        ProblemError: 422, it is not one.
    """
    try:
        said = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise unreadable("broken_json", f"This is not JSON: {error}.") from error
    if not isinstance(said, dict):
        raise unreadable("no_roster", "This is no roster: its outermost value must be an object.")
    found = []
    for kind, items in said.items():
        if kind not in MODELS or not isinstance(items, list):
            known = ", ".join(MODELS)
            raise unreadable("no_roster", f"This is no roster: {kind[:100]!r} is not a list of {known}.")
        found += [_draft_of_object(kind, number, item) for number, item in enumerate(items, start=1)]
    if not found:
        raise unreadable("empty", "The file is empty.")
    if len(found) > MAX_ROWS:
        raise unreadable("too_many_rows", f"There are more than {MAX_ROWS} rows; send the file in parts.")
    order = list(MODELS)
    return sorted(found, key=lambda draft: order.index(draft.kind))


def _draft_of_object(kind: str, number: int, item: Any) -> Draft:
    if isinstance(item, dict):
        return Draft(kind, number, item)
    return Draft(kind, number, {}, [Finding(field=None, code="no_object", msg="is no object")])
