"""Owns what is known of each device this moment: last contact, newest position, battery.

A cache of `readings`: filled from the store at start, then fed by the tailer. Any order of the
same readings gives the same state, so the two may overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, Request
from sqlalchemy import func, select

from iot_gateway.schema import devices, readings

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, ScalarSelect

    from api.database import Database

COLUMNS: Final = (
    readings.c.id, readings.c.device_row, readings.c.measured_at_ms, readings.c.received_at_ms,
    readings.c.lat, readings.c.lon, readings.c.acc_m, readings.c.src, readings.c.bat,
)  # fmt: skip
RECENT_ROWS: Final = 20_000  # the last minutes of a city, read in about 50 ms
WINDOW: Final = 100  # of each device's newest readings, in which its position and battery are sought
CHUNK: Final = 200  # devices a query, so that the tailer's turns come between


@dataclass(slots=True)
class State:
    """Of one device. `fix` is (measured_at_ms, received_at_ms, lat, lon, acc_m, src)."""

    last_contact_ms: int
    fix: tuple[int, int, float, float, float | None, str | None] | None = None
    bat: float | None = None
    bat_at_ms: int = -1


class Live:
    """The state of every device that was ever heard, by its row."""

    def __init__(self) -> None:
        self.states: dict[int, State] = {}
        self.device_ids: dict[int, str] = {}
        self._moved: set[int] = set()

    def take(self, row: Sequence[Any]) -> None:
        """Learn from one reading (COLUMNS). What was measured earlier replaces nothing."""
        _, device_row, measured, received, lat, lon, acc_m, src, bat = row
        state = self.states.get(device_row)
        if state is None:
            state = self.states[device_row] = State(received)
        state.last_contact_ms = max(state.last_contact_ms, received)
        if bat is not None and measured >= state.bat_at_ms:
            state.bat, state.bat_at_ms = bat, measured
        if lat is not None and (state.fix is None or (measured, received) >= state.fix[:2]):
            state.fix = (measured, received, lat, lon, acc_m, src)
            self._moved.add(device_row)

    async def moved(self, database: Database) -> list[dict[str, Any]]:
        """The newest position of each device that moved since this was last asked."""
        rows, self._moved = self._moved, set()
        await self._learn_ids(rows, database)
        items = []
        for row in rows & self.device_ids.keys():
            state = self.states[row]
            assert state.fix is not None
            items.append({"device_id": self.device_ids[row], **position(state), "bat": state.bat})
        return items

    async def _learn_ids(self, rows: Iterable[int], database: Database) -> None:
        """A device's row is its own for ever, so what is learnt stays true."""
        if unknown := set(rows) - self.device_ids.keys():
            highest = max(unknown)
            query = select(devices.c.device_row, devices.c.device_id).where(devices.c.device_row <= highest)
            self.device_ids.update(
                {row["device_row"]: row["device_id"] for row in await database.rows(query)}
            )

    async def fill(self, database: Database, up_to: int) -> None:
        """Learn from the store what came before the tailer began, at reading `up_to`."""
        recent = select(*COLUMNS).where(readings.c.id > up_to - RECENT_ROWS, readings.c.id <= up_to)
        for row in await database.rows(recent):
            self.take(tuple(row.values()))
        after = -1
        while chunk := await database.rows(_newest_of_each(after)):
            wanted = {row[name] for row in chunk for name in ("fix_id", "bat_id")} - {None}
            for row in await database.rows(select(*COLUMNS).where(readings.c.id.in_(wanted))):
                self.take(tuple(row.values()))
            for row in chunk:
                self._contact(row["device_row"], row["contact_ms"])
            after = chunk[-1]["device_row"]
        self._moved.clear()

    def _contact(self, device_row: int, contact_ms: int | None) -> None:
        if contact_ms is not None:
            state = self.states.setdefault(device_row, State(contact_ms))
            state.last_contact_ms = max(state.last_contact_ms, contact_ms)


def position(state: State) -> dict[str, Any]:
    """Where a device was last measured, as it goes out."""
    assert state.fix is not None
    measured, received, lat, lon, acc_m, src = state.fix
    return {
        "lat": lat, "lon": lon, "acc_m": acc_m, "src": src, "measured_at_ms": measured, "received_at_ms": received,
    }  # fmt: skip


def _newest_of_each(after_row: int) -> Any:
    """For the next devices: when last heard, and the ids of the newest fix and battery reading.

    Only a window of each device's newest readings is looked at: a fire sensor never has a fix, and
    a month of its heartbeats must not be read to learn that.
    """
    window = (
        select(
            readings.c.id,
            readings.c.measured_at_ms,
            readings.c.received_at_ms,
            readings.c.lat,
            readings.c.bat,
        )
        .where(readings.c.device_row == devices.c.device_row)
        .order_by(readings.c.measured_at_ms.desc())
        .limit(WINDOW)
        .correlate(devices)
        .subquery()
    )

    def newest(known: ColumnElement[Any]) -> ScalarSelect[Any]:
        found = (
            select(window.c.id).where(known.is_not(None)).order_by(window.c.measured_at_ms.desc()).limit(1)
        )
        return found.correlate(devices).scalar_subquery()

    return (
        select(
            devices.c.device_row,
            select(func.max(window.c.received_at_ms))
            .correlate(devices)
            .scalar_subquery()
            .label("contact_ms"),
            newest(window.c.lat).label("fix_id"),
            newest(window.c.bat).label("bat_id"),
        )
        .where(devices.c.device_row > after_row)
        .order_by(devices.c.device_row)
        .limit(CHUNK)
    )


async def _live(request: Request) -> Live:
    live: Live = request.app.state.live
    return live


Now = Annotated[Live, Depends(_live)]
