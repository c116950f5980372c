"""Progress of what takes long: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from types import TracebackType

_PLAIN_EVERY_S: Final = 10.0


class Meter:
    """A context in which `update` may be called as often as one likes; writes to stderr."""

    def __init__(self, title: str, total: float | None = None, console: Console | None = None) -> None:
        """`total` None: nobody knows how long it takes."""
        self._title, self._total = title, total
        self._console = console or Console(stderr=True)
        self._plain_at = time.monotonic() + 1.0
        self._text = ""
        columns = [SpinnerColumn(), TextColumn("{task.description}")]
        if total is not None:
            columns += [BarColumn(), TaskProgressColumn()]
        self._progress = Progress(
            *columns, TimeElapsedColumn(), TextColumn("{task.fields[text]}"), console=self._console
        )
        self._task = self._progress.add_task(title, total=total, text="")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def update(self, done: float, text: str) -> None:
        """`done` of the total, and a few words."""
        if self._console.is_terminal:
            self._progress.update(self._task, completed=done, text=text)
        elif time.monotonic() >= self._plain_at:
            self._plain_at = time.monotonic() + _PLAIN_EVERY_S
            share = f" {100.0 * done / self._total:.0f} %" if self._total else ""
            self._console.print(f"{self._title}{share}: {text}", highlight=False, soft_wrap=True)
