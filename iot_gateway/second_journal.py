"""Keeps a second copy of the alarm journal on another path, one JSON line a row, with its chain.

It follows the store: whatever the journal has beyond the copy's end is appended and synced before a device hears
its `ack`. A path that fails is said in red and tried again each second; alarms go on without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog

from iot_gateway import journal

PAGE: Final = 500
# Longer than any line: an event has a few KB.
_TAIL_BYTES: Final = 1 << 20
_log = structlog.get_logger(__name__)


class _Line(msgspec.Struct):
    seq: int
    hash: str
    event: msgspec.Raw


class SecondJournal:
    """The copy. Belongs to the gateway's thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: str | None = None
        self._end: journal.Head | None = None  # None: not looked at yet

    def end(self) -> journal.Head | None:
        """How far the copy goes; None when that cannot be told."""
        try:
            self._end = self._end or _cut_and_read_end(self.path)
        except OSError as error:
            self._fail(error)
        return self._end

    def follow(self, page: Callable[[int, int], list[journal.Row]]) -> None:
        """Append what `page(after, limit)` has beyond the copy's end; on disk when this returns without a fault."""
        end = self.end()
        if end is None:
            return
        try:
            while rows := page(end.seq, PAGE):
                self._append(rows)
                end = self._end = journal.Head(rows[-1].seq, rows[-1].hash)
        except OSError as error:
            self._end = None  # half a line may stand there
            self._fail(error)
            return
        if self.fault is not None:
            _log.warning("the second journal is whole again", path=str(self.path))
        self.fault = None

    def _append(self, rows: list[journal.Row]) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(_line(row) for row in rows))
            file.flush()
            os.fsync(file.fileno())

    def _fail(self, error: OSError) -> None:
        said = f"the second journal {self.path} cannot be written: {error.strerror or error}"
        if said != self.fault:
            _log.critical("the second journal cannot be written", path=str(self.path), error=str(error))
        self.fault = said


def read_lines(path: Path) -> Iterator[tuple[int, bytes, str]]:
    """(seq, hash, body) of every line, in their order. A torn last line is none.

    Raises:
        OSError: the copy cannot be read.
        ValueError: a line is not what was written.
    """
    decoder = msgspec.json.Decoder(_Line)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                said = decoder.decode(line)
                yield said.seq, bytes.fromhex(said.hash), bytes(said.event).decode()
            except (msgspec.DecodeError, ValueError) as error:
                raise ValueError(f"{path}: line {number} is not what was written") from error


def _line(row: journal.Row) -> bytes:
    return b'{"seq":%d,"hash":"%s","event":%s}\n' % (row.seq, row.hash.hex().encode(), row.body.encode())


def _cut_and_read_end(path: Path) -> journal.Head:
    """The last whole line; what a power cut left of another is cut off. Makes the file where there is none.

    Raises:
        OSError: it cannot be used.
    """
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        begin = max(0, size - _TAIL_BYTES)
        file.seek(begin)
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            file.truncate(begin + whole)
        lines = tail[:whole].splitlines()
    if not lines:
        return journal.Head(0, journal.GENESIS)
    try:
        last = msgspec.json.decode(lines[-1], type=_Line)
        return journal.Head(last.seq, bytes.fromhex(last.hash))
    except (msgspec.DecodeError, ValueError) as error:
        raise OSError(f"its last line is not what was written: {error}") from error
