"""Remembers what was found damaged until a person has seen it: a file beside the database.

Beside it, because the database is what may be deleted, or replaced by an older one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

_log = structlog.get_logger(__name__)


class Finding(NamedTuple):
    """Something that is not what was written. `lasts`: every later look finds it again."""

    code: str
    text: str
    lasts: bool = True


class Damage(msgspec.Struct):
    """A finding with its history. Open until `accepted_at_ms`."""

    code: str
    text: str
    at_ms: int
    accepted_at_ms: int | None = None


class DamageFile:
    """`NAME.damage` beside the database: written whole and synced; looked at anew when it changes."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_suffix(".damage")
        self._seen: tuple[int, int] | None = None
        self._all: list[Damage] = []

    def all(self) -> list[Damage]:
        """Everything, the oldest first."""
        try:
            about = self.path.stat()
        except FileNotFoundError:
            seen = None  # what could not be written down is still known
        else:
            seen = about.st_mtime_ns, about.st_ino
        if seen is not None and seen != self._seen:
            self._all, self._seen = self._read(), seen
        return self._all

    def open(self) -> list[Damage]:
        """What no person has accepted."""
        return [damage for damage in self.all() if damage.accepted_at_ms is None]

    def note(self, findings: Iterable[Finding], now_ms: int) -> list[Damage]:
        """Add what is new; returns it. What was accepted and lasts is not said again."""
        known = self.all()
        is_open = {(d.code, d.text) for d in known if d.accepted_at_ms is None}
        accepted = {(d.code, d.text) for d in known} - is_open
        new = []
        for finding in findings:
            key = finding.code, finding.text
            if key not in is_open and not (finding.lasts and key in accepted):
                is_open.add(key)
                new.append(Damage(finding.code, finding.text, now_ms))
        if new:
            self._write([*known, *new])
        return new

    def accept(self, now_ms: int) -> list[Damage]:
        """A person has seen it all; returns what was open.

        Raises:
            OSError: it cannot be written down.
        """
        opened = self.open()
        for damage in opened:
            damage.accepted_at_ms = now_ms
        if opened:
            self._replace(self._all)
        return opened

    def _read(self) -> list[Damage]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[Damage])
        except (OSError, msgspec.DecodeError):
            return [Damage("damage_file", f"{self.path.name} itself cannot be read", 0)]

    def _write(self, damages: list[Damage]) -> None:
        self._all = damages
        try:
            self._replace(damages)
        except OSError as error:  # a full disk: said all the same, as long as this process lives
            _log.critical("what is damaged cannot be written down", error=str(error))

    def _replace(self, damages: list[Damage]) -> None:
        fresh = self.path.with_suffix(".damage.new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(damages), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
