"""What the gateway says of its storage: what is damaged, how much room is left, how long a commit takes."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import structlog

from alerts.fleet import Fleet
from iot_gateway.damage import DamageFile, Finding
from iot_gateway.database import STORE_ERRORS, StoreError
from iot_gateway.disk import Ballast
from iot_gateway.examine import Walk
from iot_gateway.reading import open_reader
from iot_gateway.second_journal import SecondJournal
from iot_gateway.store import Store
from iot_gateway.wire import TOPIC_ROOT

# A start waits for 20,000 rows of the journal, 0.2 s; the rest is looked at a piece a second.
_PIECES_AT_START: Final = 20
# A walk begins anew after this.
_WALK_EVERY_S: Final = 3600
_SLOW_FOR_S: Final = 10
SLOW_S: Final = 1.0
VERY_SLOW_S: Final = 5.0
_TOLD: Final = 3

_log = structlog.get_logger(__name__)


class Watch:
    """Belongs to the gateway's thread, which asks it once a second."""

    def __init__(self, store: Store, ballast: Ballast, second: SecondJournal | None) -> None:
        self._store, self._ballast, self._second = store, ballast, second
        self._damage = DamageFile(store.path)
        self._db = open_reader(store.path)
        self._walk: Walk | None = None
        self._walk_due_ms = 0
        self._took: deque[tuple[int, float]] = deque()  # (when, seconds)
        self._now_ms = 0

    def close(self) -> None:
        self._db.close()

    def begin(self, loss: Finding | None, now_ms: int) -> None:
        """At start: what the head file says, and the first part of a walk."""
        self._now_ms = now_ms
        self._note([] if loss is None else [loss])
        for _ in range(_PIECES_AT_START):
            self._go_on()

    def look(self, now_ms: int) -> None:
        """Once a second.

        Raises:
            StoreError: what is written now can never be found again.
        """
        self._now_ms = now_ms
        if not self._store.is_in_place():
            raise StoreError(f"{self._store.path}: the store was deleted or replaced while it was in use")
        self._ballast.look()
        self._go_on()
        while self._took and self._took[0][0] < now_ms - _SLOW_FOR_S * 1000:
            self._took.popleft()

    def took(self, seconds: float) -> None:
        """How long a commit took, or how long an alarm waited for its `ack`."""
        if seconds >= SLOW_S or not self._took:
            self._took.append((self._now_ms, seconds))

    def faults(self) -> list[dict[str, Any]]:
        """What a person must hear of, in red: code and words."""
        said = [{"code": d.code, "text": d.text} for d in self._damage.open()[:_TOLD]]
        if self._second is not None and self._second.fault is not None:
            said.append({"code": "second_journal", "text": self._second.fault})
        if self._ballast.tight:
            said.append({"code": "disk_full", "text": "the disk is full: positions are not taken"})
        return said

    def storage(self) -> dict[str, Any]:
        """For the pulse."""
        room = self._ballast.room
        slowest_s = max((seconds for _, seconds in self._took), default=0.0)
        return {
            "level": room.level, "free_bytes": room.free_bytes, "total_bytes": room.total_bytes,
            "shedding": self._ballast.tight, "slowest_ms": round(slowest_s * 1000),
        }  # fmt: skip

    def _go_on(self) -> None:
        if self._walk is None and self._now_ms >= self._walk_due_ms:
            self._walk_due_ms = self._now_ms + _WALK_EVERY_S * 1000
            self._walk = Walk(self._db)
        if self._walk is None:
            return
        try:
            self._note(self._walk.take())
            if self._walk.is_over:
                self._walk = None
        except STORE_ERRORS as error:
            self._walk = None
            self._note([Finding("unreadable", f"the store cannot be read: {error}")])

    def _note(self, findings: list[Finding]) -> None:
        for damage in self._damage.note(findings, self._now_ms) if findings else ():
            _log.critical("the store is damaged", code=damage.code, fault=damage.text)


def is_position(topic: str, fleet: Fleet) -> bool:
    """Where a wristband is and that it lives: what a nearly full disk has no room for. A sensor's values stay."""
    if not topic.startswith(TOPIC_ROOT):
        return topic.startswith("owntracks/")
    device_id, _, stream = topic.removeprefix(TOPIC_ROOT).strip("/").partition("/")
    if stream == "heartbeat":
        row = fleet.row_of.get(device_id)
        return row is not None and fleet.devices[row].kind == "wristband"
    return stream == "location"
