"""One turn of the gateway: time that leaps in its midst, a store that fails between its statements."""

import sqlite3

import pytest
from road import House

from iot_gateway.database import StoreError
from iot_gateway.journal import HeadFile

HOUR_MS = 3_600_000


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.enrol()
    return made


def test_a_clock_that_is_set_while_messages_wait_makes_nobody_silent(house):
    """The band promises a sign of life a minute; the leap is neither its silence nor anybody's."""
    house.say("heartbeat", {"bat": 50})
    house.turn()
    house.say("heartbeat", {"bat": 50})
    house.turn(HOUR_MS)  # it was received before the leap, and is taken after it
    assert house.open_kinds() == set()
    house.say("heartbeat", {"bat": 50})
    house.clock.at_ms += HOUR_MS
    house.say("heartbeat", {"bat": 50}, "f1")
    house.turn()
    assert house.open_kinds() == set()
    for _ in range(200):
        house.turn(1000)
    assert house.open_kinds() == {"contact_lost"}


@pytest.mark.parametrize("verb", ["SELECT", "UPDATE", "DELETE"])
def test_a_store_that_fails_at_any_statement_ends_the_gateway_with_one_line(house, verb):
    class Failing:
        def __init__(self, db):
            self.db = db

        def execute(self, sql, values=()):
            if sql.startswith(verb):
                raise sqlite3.OperationalError("disk I/O error")
            return self.db.execute(sql, values)

        def __getattr__(self, name):
            return getattr(self.db, name)

    house.gateway.store._db = Failing(house.gateway.store._db)
    house.gateway._pulse_due_ms = 0
    with pytest.raises(StoreError, match="disk I/O error"):
        house.turn()


def test_killed_between_its_first_commit_and_the_head_file_the_next_gateway_finds_no_fault(
    tmp_path, monkeypatch
):
    class KilledError(BaseException):
        pass

    def die(*_):
        raise KilledError

    house = House(tmp_path)
    house.enrol()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    with monkeypatch.context() as patch:
        patch.setattr(HeadFile, "write", die)
        with pytest.raises(KilledError):
            house.turn()
    house.restart()
    assert house.rows("SELECT count(*) FROM journal") == [(1,)]
    assert house.gateway.fault is None
