"""Writes alarms as a sheet, CSV or XLSX, in which no cell can be taken for a formula.

What people, devices and the roster say goes into cells; a spreadsheet runs a cell that begins like a
formula. In CSV such a cell gets an apostrophe in front; in XLSX every text is written as text.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from api.words import DEVICE_WORDS, KIND_WORDS, OUTCOME_WORDS, PRIORITY_WORDS, STATE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from api.reported import Reported

Language = Literal["zh", "en"]
Cell = str | int | datetime | None
BOM: Final = "\ufeff"  # by it Excel knows UTF-8
CITY: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
TIME_FORM: Final = "yyyy-mm-dd hh:mm:ss"
# Half and full width: spreadsheets in Chinese take both for the beginning of a formula.
_BEGINS_FORMULA: Final = frozenset("=+-@＝＋－＠﹢﹣﹦﹫−")
_BREAKS: Final = frozenset("\t\r\n")

# Name of the column: in Chinese, in English, width in characters.
_COLUMNS: Final = {
    "alarm_id": ("告警编号", "Alarm", 12), "kind": ("类型", "Kind", 14), "priority": ("级别", "Priority", 8),
    "state": ("状态", "State", 14), "resident_name": ("老人", "Resident", 12), "room": ("房间", "Room", 10),
    "site_name": ("机构", "Site", 24), "county": ("县市区", "County", 10), "street": ("街道", "Street", 14),
    "device_id": ("设备编号", "Device", 14), "device_kind": ("设备类型", "Device kind", 12), "zone": ("区域", "Zone", 10),
    "fence_name": ("围栏", "Fence", 14), "count": ("发生次数", "Times", 9),
    "raised_at_ms": ("发生时间（北京时间）", "Raised (Beijing time)", 20),
    "acknowledged_at_ms": ("首次接警时间", "First answered", 20), "acknowledged_by": ("接警人", "Answered by", 10),
    "answered_s": ("接警用时（秒）", "Answered after (s)", 12), "cleared_at_ms": ("恢复时间", "Cleared", 20),
    "closed_at_ms": ("结束时间", "Ended", 20), "closed_by": ("处置人", "Closed by", 10),
    "ended_s": ("结束用时（秒）", "Ended after (s)", 12), "outcome": ("处置结果", "Outcome", 10),
    "closing_text": ("处置说明", "Closing text", 40), "assignee": ("指派给", "Assigned to", 10),
    "last_comment": ("最后备注", "Last comment", 40), "last_comment_by": ("备注人", "Comment by", 10),
    "shelved_until_ms": ("搁置至", "Shelved until", 20), "shelve_reason": ("搁置原因", "Shelved because", 24),
}  # fmt: skip
_WORDS: Final = {
    "kind": KIND_WORDS, "priority": PRIORITY_WORDS, "state": STATE_WORDS, "outcome": OUTCOME_WORDS,
    "device_kind": DEVICE_WORDS,
}  # fmt: skip
_TITLE: Final = {"zh": "告警", "en": "Alarms"}


def head(language: Language) -> list[str]:
    """The names of the columns."""
    return [english if language == "en" else chinese for chinese, english, _ in _COLUMNS.values()]


def cells(alarm: Reported, language: Language) -> list[Cell]:
    """An alarm as the cells of its row."""
    said = alarm.model_dump()
    said["answered_s"] = _seconds(alarm.raised_at_ms, alarm.acknowledged_at_ms)
    said["ended_s"] = _seconds(alarm.raised_at_ms, alarm.closed_at_ms)
    return [_cell(name, said[name], language) for name in _COLUMNS]


def _seconds(from_ms: int, to_ms: int | None) -> int | None:
    return None if to_ms is None else max(0, to_ms - from_ms) // 1000


def _cell(name: str, value: Any, language: Language) -> Cell:
    if value is None:
        return None
    if name.endswith(("_at_ms", "until_ms")):
        return datetime.fromtimestamp(value // 1000, UTC).astimezone(CITY).replace(tzinfo=None)
    if name in _WORDS:
        code = str(value)
        return _WORDS[name].get(code, code) if language == "zh" else code.replace("_", " ")
    return value if isinstance(value, int) else str(value)


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula, in a form without types."""
    risky = text[:1] in _BREAKS or text.lstrip()[:1] in _BEGINS_FORMULA
    return f"'{text}" if text and risky else text


def csv_lines(table: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as CSV: UTF-8, CRLF."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\r\n")
    for row in table:
        writer.writerow([inert(cell) if isinstance(cell, str) else cell for cell in row])
    return page.getvalue().encode()


class Book:
    """An XLSX file in the making; its rows go to a file of their own as they come."""

    def __init__(self, language: Language) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(_TITLE[language])
        self._sheet.freeze_panes = "B2"
        for place, (_, _, width) in enumerate(_COLUMNS.values(), 1):
            self._sheet.column_dimensions[get_column_letter(place)].width = width
        names = [self._cell(name) for name in head(language)]
        for name in names:
            name.font = Font(bold=True)
        self._sheet.append(names)

    def add(self, table: Iterable[Sequence[Cell]]) -> None:
        """Append rows."""
        for row in table:
            self._sheet.append([self._cell(cell) for cell in row])

    def finish(self) -> bytes:
        """The whole file."""
        file = io.BytesIO()
        self._book.save(file)
        return file.getvalue()

    def _cell(self, value: Cell) -> Any:
        if not isinstance(value, str):
            cell = WriteOnlyCell(self._sheet, value)
            if isinstance(value, datetime):
                cell.number_format = TIME_FORM
            return cell
        cell = WriteOnlyCell(self._sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
        cell.data_type = "s"  # a text that begins with = would be a formula otherwise
        if inert(value) != value:
            cell.quotePrefix = True  # and stays one when somebody edits the cell
        return cell
