"""When a fence is in force: weekly windows in a time zone, and the moments they begin and end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER_MS = 2**62


class Schedule:
    """The windows of one fence.

    Raises:
        ValueError: in words, when the definition cannot be used.
    """

    def __init__(self, definition: dict[str, Any]) -> None:
        try:
            self._zone = ZoneInfo(definition.get("tz", "Asia/Shanghai"))
        except Exception as error:
            raise ValueError(f"schedule: unknown time zone {definition.get('tz')!r}") from error
        weekly = definition.get("weekly")
        if not isinstance(weekly, list):
            raise ValueError("schedule: 'weekly' must be a list of windows")  # noqa: TRY004 - the file is wrong, not the caller
        self._windows = [_window(window) for window in weekly]

    def in_force(self, at_ms: int) -> bool:
        """Whether `at_ms` lies in a window; the beginning belongs to it, the end does not."""
        return any(begin <= at_ms < end for begin, end in self._around(at_ms))

    def next_change_ms(self, after_ms: int) -> int:
        """The first boundary of a window later than `after_ms`; NEVER_MS without windows."""
        edges = [edge for span in self._around(after_ms) for edge in span if edge > after_ms]
        return min(edges, default=NEVER_MS)

    def _around(self, at_ms: int) -> list[tuple[int, int]]:
        """The windows of the days around a moment: yesterday's may reach into today."""
        today = (_EPOCH + at_ms * _MS).astimezone(self._zone).date()
        spans = []
        for offset in range(-2, 9):
            day = today + timedelta(days=offset)
            for days, begin, end in self._windows:
                if day.isoweekday() not in days:
                    continue
                end_day = day if end > begin else day + timedelta(days=1)
                spans.append(
                    (self._ms(datetime.combine(day, begin)), self._ms(datetime.combine(end_day, end)))
                )
        return spans

    def _ms(self, local: datetime) -> int:
        return (local.replace(tzinfo=self._zone) - _EPOCH) // _MS


def _window(window: Any) -> tuple[frozenset[int], time, time]:
    """(days, from, to); equal from and to mean a whole day, `to` 24:00 midnight at its end."""
    try:
        days = frozenset(window.get("days", range(1, 8)))
        begin, end = _time(window["from"]), _time("00:00" if window["to"] == "24:00" else window["to"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"schedule: a window needs days, from and to, not {window!r}") from error
    if not days or not days <= frozenset(range(1, 8)):
        raise ValueError(f"schedule: days run from 1 (Monday) to 7 (Sunday), not {window['days']!r}")
    return days, begin, end


def _time(text: str) -> time:
    """HH:MM in the zone of the schedule."""
    clock = time.fromisoformat(text)
    if clock.tzinfo is not None or text.startswith("24"):
        raise ValueError("no offset here, and no 24:00 to begin with")
    return clock
