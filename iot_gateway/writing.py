"""Owns the gateway's way to disk: the commit, what is done when there is no room, and the second copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from alerts.fleet import Fleet
from iot_gateway import disk
from iot_gateway.clock import Clock
from iot_gateway.database import STORE_ERRORS, StoreError
from iot_gateway.disk import Ballast
from iot_gateway.intake import Message
from iot_gateway.second_journal import SecondJournal
from iot_gateway.store import StepRecord, Store
from iot_gateway.watch import Watch, is_position

# Errors that a value can cause, and not the disk.
BY_CONTENT: Final = (
    sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, UnicodeError,
)  # fmt: skip


class Writer:
    """Belongs to the gateway's thread."""

    def __init__(
        self, store: Store, ballast: Ballast, watch: Watch, second: SecondJournal | None, clock: Clock
    ) -> None:
        self._store, self._ballast, self._watch, self._second = store, ballast, watch, second
        self._clock = clock

    def commit(self, record: StepRecord) -> None:
        """Rule 2: when this fails, the process ends, and the next one starts from the store.

        Raises:
            StoreError: the disk does not take it.
            sqlite3.Error, UnicodeError: something in it cannot be stored (BY_CONTENT); nothing of it was.
        """
        begin_s = self._clock.monotonic_s()
        try:
            self._commit_with_reserve(record)
        except (*STORE_ERRORS, OSError) as error:
            if isinstance(error, BY_CONTENT):
                raise
            raise StoreError(f"{self._store.path}: a step could not be written: {error}") from error
        self._watch.took(self._clock.monotonic_s() - begin_s)
        if record.transitions:
            self.follow()

    def _commit_with_reserve(self, record: StepRecord) -> None:
        """A full disk has rolled all of it back, so it may be done again: with a shorter log, then with the reserve."""
        try:
            self._store.commit(record)
        except sqlite3.Error as error:
            if not self._ballast.may_help(error):
                raise
            self._ballast.tight = True
            self._store.keep_log_short(short=True)
            try:
                self._store.commit(record)
            except sqlite3.OperationalError:
                if not self._ballast.drop():
                    raise
                self._store.keep_log_short(short=True)
                self._store.commit(record)
        except OSError as error:  # the commit is there, its head file is not
            if not (disk.is_full(error, self._store.path.parent) and self._ballast.drop()):
                raise
            self._store.write_head()

    def follow(self) -> None:
        """The second copy, before anybody is told; without it alarms go on."""
        if self._second is not None:
            self._second.follow(self._store.journal_page)

    def look(self, now_ms: int) -> None:
        """Once a second: what storage looks like, and how long its log may be."""
        was_tight = self._ballast.tight
        self._watch.look(now_ms)
        if self._ballast.tight != was_tight:
            self._store.keep_log_short(self._ballast.tight)
        self.follow()

    def sort(self, messages: Sequence[Message], fleet: Fleet) -> tuple[list[Message], list[Message]]:
        """(those to take, those there is no room for): while the disk is nearly full it is for alarms."""
        taken: list[Message] = []
        refused: list[Message] = []
        for message in messages:
            no_room = self._ballast.tight and is_position(message.topic, fleet)
            (refused if no_room else taken).append(message)
        return taken, refused
