"""Writes empty tables for people to fill in: CSV, or XLSX with a sheet that explains the columns."""

from __future__ import annotations

import csv
import io
from typing import Final

from api.import_columns import COLUMNS, Language

SHEETS: Final[dict[str, dict[Language, str]]] = {
    "sites": {"zh": "机构", "en": "sites"},
    "residents": {"zh": "老人", "en": "residents"},
    "devices": {"zh": "设备", "en": "devices"},
    "fences": {"zh": "围栏", "en": "fences"},
}
_NOTES: Final[dict[Language, tuple[str, ...]]] = {
    "zh": ("说明", "列", "必填", "填写说明", "是"),
    "en": ("notes", "column", "needed", "what to write", "yes"),
}


def titles(kind: str) -> frozenset[str]:
    """What the sheet of a kind may be called."""
    return frozenset({kind, *SHEETS[kind].values()})


def as_csv(kind: str, lang: Language) -> bytes:
    """The header, with the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerow([column.title(lang) for column in COLUMNS[kind]])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(kind: str, lang: Language) -> bytes:
    """A sheet with the header, whose columns are text, and a sheet about them."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEETS[kind][lang]
    for place, column in enumerate(COLUMNS[kind], start=1):
        cell = sheet.cell(1, place, column.title(lang))
        cell.font = Font(bold=True)
        dimension = sheet.column_dimensions[get_column_letter(place)]
        dimension.width = max(12, 2 * len(column.title(lang)) + 4)
        dimension.number_format = "@"  # or Excel takes the zeros off a phone number
    sheet.freeze_panes = "A2"
    title, name, needed, what, yes = _NOTES[lang]
    notes = book.create_sheet(title)
    notes.append([name, needed, what])
    for column in COLUMNS[kind]:
        notes.append([column.title(lang), yes if column.needed else "", column.note(lang)])
    for letter, width in zip("ABC", (20, 8, 70), strict=True):
        notes.column_dimensions[letter].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
