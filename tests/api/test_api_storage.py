"""What the api does when the store under it is replaced, and what it tells of its disk."""

import asyncio
import sqlite3
from contextlib import closing

import msgspec
import pytest

from api import feed as feeds
from api.database import Database
from api.doorbell import Doorbell
from api.feed import Feed
from api.live import Live
from iot_gateway import disk
from iot_gateway.database import migrate
from iot_gateway.disk import Room


def put(path, value):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT OR REPLACE INTO meta VALUES ('pulse', ?)", (value,))


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "s.sqlite"
    migrate(path)
    put(path, '{"at_ms":1}')
    return path


def test_a_store_that_was_replaced_is_read_within_a_second(database, tmp_path):
    other = tmp_path / "other.sqlite"
    migrate(other)
    put(other, '{"at_ms":2}')

    async def look():
        store = Database(database)
        feed = Feed(store, Doorbell(tmp_path), Live())
        try:
            await feed._watch.changed()
            seen = [(await store.pulse())["at_ms"]]
            await feed._tick(recheck=False)
            database.unlink()
            await feed._tick(recheck=False)  # there is no other yet: what was there is still read
            seen.append((await store.pulse())["at_ms"])
            other.rename(database)
            await feed._tick(recheck=False)
            seen.append((await store.pulse())["at_ms"])
            assert await feed._watch.changed()
            return seen
        finally:
            await feed.close()
            await store.close()

    assert asyncio.run(look()) == [1, 1, 2]


def test_the_pulse_of_the_stream_tells_the_room_that_is_left(database, tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "look", lambda _directory: Room(1, 100))
    told = []
    monkeypatch.setattr(Feed, "_publish", lambda _self, item, **_: told.append(item[1].decode()))

    async def tick():
        store = Database(database)
        feed = Feed(store, Doorbell(tmp_path), Live())
        try:
            await feed._tick(recheck=False)
        finally:
            await feed.close()
            await store.close()

    asyncio.run(tick())
    assert feeds.disk is disk
    (data,) = [line.removeprefix("data: ") for line in told[-1].splitlines() if line.startswith("data: ")]
    assert msgspec.json.decode(data)["disk"] == {"level": "full", "free_bytes": 1, "total_bytes": 100}
