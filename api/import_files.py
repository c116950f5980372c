"""Reads a table out of a file: CSV in UTF-8 or GB 18030, or XLSX. Whatever the file is, it has a limit.

The cells come out as text; what a spreadsheet made a number, a date or a formula is told apart here.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from api.import_columns import CellError
from api.problems import ProblemError

# The city has 2,560 bands and some 4,000 sites; a province's roster is imported in parts.
MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 64
MAX_CELL_CHARS: Final = 100_000  # a fence of 2,000 vertices as GeoJSON
# What an XLSX may be once it is unpacked: 50,000 full rows are about half of it.
MAX_UNPACKED_BYTES: Final = 96 * 1024 * 1024
SHEET_ROWS: Final = 1_048_576  # what a sheet has

Cell = str | CellError


@dataclass(frozen=True, slots=True)
class Table:
    """A header, and the rows that are not empty, each with its number as the spreadsheet shows it."""

    header: list[str]
    rows: list[tuple[int, list[Cell]]]


def unreadable(code: str, message: str) -> ProblemError:
    """A file of which nothing can be taken."""
    return ProblemError(422, message, code=code)


def table_of(content: bytes, titles: frozenset[str]) -> Table:
    """The table in a file; of several sheets the one called by one of `titles`, else the first.

    Raises:
        ProblemError: 422, in words, why nothing of it can be read.
    """
    if content.startswith(b"PK\x03\x04"):
        return _table(_sheet_rows(content, titles))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise unreadable(
            "old_format", "This is an .xls file or a protected one: save it as .xlsx without a password."
        )
    return _table(_csv_rows(_text(content)))


def _table(rows: Iterable[tuple[int, list[Cell]]]) -> Table:
    header: list[str] | None = None
    found: list[tuple[int, list[Cell]]] = []
    for number, cells in rows:
        if not any(cells):
            continue
        if header is None:
            header = [str(cell) for cell in cells]
            continue
        if len(found) >= MAX_ROWS:
            raise unreadable("too_many_rows", f"There are more than {MAX_ROWS} rows; send the file in parts.")
        found.append((number, cells))
    if header is None:
        raise unreadable("empty", "The file is empty.")
    return Table(header, found)


def _narrow(number: int, cells: list[Cell]) -> list[Cell]:
    if any(cells[MAX_COLUMNS:]):
        raise unreadable("too_many_columns", f"Row {number} has more than {MAX_COLUMNS} columns.")
    return cells[:MAX_COLUMNS]


# CSV ---------------------------------------------------------------------------------------------


def _text(content: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else GB 18030, which Excel writes in China."""
    encodings = ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise unreadable(
        "encoding", "The text is neither UTF-8 nor GB 18030: save the file as CSV UTF-8 or XLSX."
    )


def _csv_rows(text: str) -> Iterator[tuple[int, list[Cell]]]:
    if "\x00" in text:
        raise unreadable("not_a_table", "This is no CSV file and no XLSX file.")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    csv.field_size_limit(MAX_CELL_CHARS)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(lines, start=1):
            yield number, _narrow(number, [_without_mark(cell.strip()) for cell in cells])
    except csv.Error as error:
        message = f"Line {lines.line_num} cannot be read as CSV: {error}."
        raise ProblemError(422, message, code="broken_csv", line=lines.line_num) from error


def _without_mark(cell: str) -> str:
    """Without the apostrophe that our own exports, and people, put before what Excel would compute."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {"=", "+", "-", "@", "'"} else cell


# XLSX --------------------------------------------------------------------------------------------


def _sheet_rows(content: bytes, titles: frozenset[str]) -> Iterator[tuple[int, list[Cell]]]:
    try:
        yield from _read_sheet(content, titles)
    except ProblemError:
        raise
    except Exception as error:  # whatever openpyxl makes of a damaged or hostile file
        raise unreadable("broken_xlsx", "The XLSX file is damaged.") from error


def _read_sheet(content: bytes, titles: frozenset[str]) -> Iterator[tuple[int, list[Cell]]]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        # What a member says of its size is also all that zipfile unpacks of it.
        if sum(member.file_size for member in packed.infolist()) > MAX_UNPACKED_BYTES:
            message = f"Unpacked, the file is larger than {MAX_UNPACKED_BYTES} bytes."
            raise unreadable("too_large", message)
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    try:
        named = [sheet for sheet in book.worksheets if sheet.title.strip().lower() in titles]
        sheet = (named or book.worksheets)[0]
        rows = sheet.iter_rows(max_row=SHEET_ROWS, max_col=MAX_COLUMNS + 1)
        empty = None
        for number, cells in enumerate(rows, start=1):
            if cells is empty:  # openpyxl repeats one object for all rows of a gap
                continue
            if not any(cell.value is not None for cell in cells):
                empty = cells
            else:
                yield number, _narrow(number, [_as_text(cell) for cell in cells])
    finally:
        book.close()


def _as_text(cell: Any) -> Cell:
    value, made_by = cell.value, cell.data_type
    if value is None:
        return ""
    if made_by == "f":
        return CellError("formula", "is a formula: paste its value instead")
    if made_by == "e":
        return CellError("formula_error", f"is an error of the spreadsheet: {value}")
    if isinstance(value, bool):
        return CellError("not_text", "is a logical value")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else f"{value:.0f}"
    text = str(value).strip()
    return CellError("too_long", "is too long") if len(text) > MAX_CELL_CHARS else text
