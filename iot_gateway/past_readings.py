"""Brings back what some devices sent, as messages: from the readings of a store, beside its gateway.

The inputs log would have to be read whole for the few devices that are wanted, 2 million steps a day
in a city; the readings know their device. Each is written as a message anew. What is lost by that
decides nothing: repeats, rejections, and more than a centimetre of a position.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from alerts.commands import ListeningCommand
from iot_gateway.batcher import Input, Received
from iot_gateway.decode import NO_SEQ_BOOT
from iot_gateway.recording import unpack
from iot_gateway.wire import topic

PAGE: Final = 500  # rows a read: milliseconds, so that the gateway's checkpoint never waits for us
# All of them silent for so long, or for four times as long as is usual: was it us who did not listen?
QUIET_MS: Final = 120_000
QUIET_TIMES: Final = 4
# Each costs up to 0.1 s in a busy city; a single band that often loses its network has hundreds.
QUIET_LOOKED_AT: Final = 100

_COLUMNS: Final = (
    "id, device_row, received_at_ms, measured_at_ms, boot, seq, stream, lat, lon, acc_m, src, bat, extra"
)


class Past(NamedTuple):
    """The readings of some devices in the order of arrival. `cut`: older ones were left out."""

    ids: list[int]
    cut: bool
    from_ms: int | None  # when the first was received; None: there are none
    to_ms: int | None


def find(db: sqlite3.Connection, rows: list[int], from_ms: int, to_ms: int, limit: int) -> Past:
    """What the devices of some rows sent from `from_ms` until before `to_ms`: the newest `limit`."""
    first, end = _first_id(db, from_ms), _first_id(db, to_ms)
    sql = "SELECT id FROM readings INDEXED BY readings_identity WHERE device_row=? AND id>=? AND id<?"
    ids = sorted(id_ for row in rows for (id_,) in db.execute(sql, (row, first, end)).fetchall())
    kept = ids[-limit:]
    if not kept:
        return Past([], False, None, None)
    return Past(kept, len(kept) < len(ids), _received_ms(db, kept[0]), _received_ms(db, kept[-1]))


def _first_id(db: sqlite3.Connection, at_ms: int) -> int:
    """The first id that was not received before a moment; ids are given in the order of arrival."""
    low, high = db.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) + 1 FROM readings").fetchone()

    def received_ms(id_: int) -> int:
        sql = "SELECT received_at_ms FROM readings WHERE id>=? ORDER BY id LIMIT 1"
        row = db.execute(sql, (id_,)).fetchone()
        return 2**62 if row is None else int(row[0])

    return bisect_left(range(high), at_ms, lo=low, key=received_ms) if high > low else high


def _received_ms(db: sqlite3.Connection, id_: int) -> int | None:
    row = db.execute("SELECT received_at_ms FROM readings WHERE id=?", (id_,)).fetchone()
    return None if row is None else int(row[0])


def messages(
    db: sqlite3.Connection,
    past: Past,
    device_of: dict[int, str],
    tell: Callable[[int], None] = lambda _n: None,
) -> Iterator[Input]:
    """The readings as messages, and what the gateway said of its own ears where all of them were silent.

    `tell` hears how many have been read.
    """
    quiet_ms, looked, last = _quiet_ms(past), 0, None
    for begin in range(0, len(past.ids), PAGE):
        for row in _page(db, past.ids[begin : begin + PAGE]):
            id_, received_at_ms = row[0], row[2]
            if last is not None and received_at_ms - last[1] > quiet_ms and looked < QUIET_LOOKED_AT:
                looked += 1
                yield from _ears(db, last, received_at_ms)
            last = id_, received_at_ms
            yield _message(device_of[row[1]], row)
        tell(min(begin + PAGE, len(past.ids)))


def fixes(db: sqlite3.Connection, past: Past, from_ms: int) -> int:
    """How many of the readings since a moment say where."""
    count = 0
    for begin in range(0, len(past.ids), PAGE):
        ids = past.ids[begin : begin + PAGE]
        marks = ",".join("?" * len(ids))
        sql = f"SELECT count(lat) FROM readings WHERE id IN ({marks}) AND received_at_ms>=?"  # noqa: S608 - our own
        count += int(db.execute(sql, (*ids, from_ms)).fetchone()[0])
    return count


def _page(db: sqlite3.Connection, ids: list[int]) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * len(ids))
    return db.execute(f"SELECT {_COLUMNS} FROM readings WHERE id IN ({marks}) ORDER BY id", ids).fetchall()  # noqa: S608 - our own


def _message(device_id: str, row: tuple[Any, ...]) -> Received:
    _, _, received_at_ms, measured_at_ms, boot, seq, stream, lat, lon, acc_m, src, bat, extra = row
    said: dict[str, Any] = {"ts": measured_at_ms, "bat": bat, "acc": acc_m, "src": src}
    if boot != NO_SEQ_BOOT:
        said |= {"boot": boot, "seq": seq}
    if lat is not None:
        said |= {"lat": lat, "lon": lon, "crs": "wgs84"}
    elif stream == "location":
        said |= {"lat": 0, "lon": 0}  # a receiver that had no position, as it says so itself
    said = {name: value for name, value in said.items() if value is not None}
    said |= msgspec.json.decode(extra) if extra else {}
    return Received(received_at_ms, topic(device_id, stream), msgspec.json.encode(said))


# Our own ears -------------------------------------------------------------------------------------


def _quiet_ms(past: Past) -> int:
    if past.from_ms is None or past.to_ms is None:
        return QUIET_MS
    return max(QUIET_MS, QUIET_TIMES * (past.to_ms - past.from_ms) // len(past.ids))


def _ears(db: sqlite3.Connection, last: tuple[int, int], until_ms: int) -> Iterator[ListeningCommand]:
    """Whether the gateway went deaf when these devices fell silent, and when it heard again."""
    id_, since_ms = last
    deaf = False
    step = _first_step(db, id_)
    sql = "SELECT now_ms, inputs FROM steps WHERE step>=? AND step<? ORDER BY step"
    while page := db.execute(sql, (step, step + PAGE)).fetchall():
        for now_ms, inputs in page:
            for entry in unpack(inputs):
                if not isinstance(entry, ListeningCommand):
                    continue
                # Deaf from the very moment they spoke again: that came after what they said.
                before_ms = until_ms + 1 if entry.listening else until_ms
                if since_ms <= entry.received_at_ms < before_ms:
                    deaf = not entry.listening
                    yield entry
            if now_ms > until_ms or (not deaf and now_ms > since_ms + QUIET_MS):
                return
        step += PAGE


def _first_step(db: sqlite3.Connection, id_: int) -> int:
    """The first logged step after the one that stored a reading."""
    low, high = db.execute("SELECT coalesce(min(step), 0), coalesce(max(step), 0) + 1 FROM steps").fetchone()

    def stored_before(step: int) -> int:
        sql = "SELECT readings_before FROM steps WHERE step>=? ORDER BY step LIMIT 1"
        row = db.execute(sql, (step,)).fetchone()
        return 2**62 if row is None else int(row[0])

    return bisect_left(range(high), id_, lo=low, key=stored_before)
