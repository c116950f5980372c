"""Who wore which band when: written with the roster change it tells of, and with nothing else."""

import sqlite3
from contextlib import closing

import pytest
from road import ROSTER, House

from iot_gateway.store import Store

WORN = {"device_id": "w1", "kind": "wristband", "site_id": "s1", "resident_id": "r1"}
SQL = "SELECT device_id, resident_id, from_ms, to_ms FROM wearings ORDER BY id"


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.enrol()
    return house


def put(house, *devices):
    command_id = house.ask("roster", {"put": {"devices": list(devices)}})
    house.turn()
    assert house.answer(command_id)[0] == "done"
    return house.clock.at_ms


def test_enrolment_begins_a_wearing_and_only_of_a_worn_wristband(house):
    assert house.rows(SQL) == [("w1", "r1", house.clock.at_ms, None)]
    put(house, {"device_id": "h1", "kind": "home_sensor", "resident_id": "r1"})
    assert len(house.rows(SQL)) == 1


def test_what_changes_no_wearer_changes_no_history(house):
    before = house.rows(SQL)
    put(house, WORN | {"zone": "2F"})
    house.ask("roster", {"put": ROSTER})
    house.turn()
    assert house.rows(SQL) == before


def test_a_swap_in_one_change_ends_one_wearing_and_begins_the_other(house):
    began = house.clock.at_ms
    at_ms = put(
        house, {"device_id": "w1", "kind": "wristband"}, WORN | {"device_id": "w2"},
    )  # fmt: skip
    assert house.rows(SQL) == [("w1", "r1", began, at_ms), ("w2", "r1", at_ms, None)]


def test_a_band_given_on_and_back_keeps_every_wearing(house):
    began = house.clock.at_ms
    house.ask("roster", {"put": {"residents": [{"resident_id": "r2"}]}})
    given = put(house, WORN | {"resident_id": "r2"})
    back = put(house, WORN)
    off = put(house, {"device_id": "w1", "kind": "wristband", "site_id": "s1"})
    assert house.rows(SQL) == [("w1", "r1", began, given), ("w1", "r2", given, back), ("w1", "r1", back, off)]


def test_a_band_named_twice_in_one_change_is_worn_by_the_last(house):
    at_ms = put(house, WORN | {"resident_id": "r2"}, WORN | {"resident_id": "r3"})
    assert house.rows(SQL + " DESC LIMIT 1") == [("w1", "r3", at_ms, None)]


def test_removal_ends_a_wearing_and_enrolling_again_begins_another(house):
    house.ask("roster", {"remove": {"devices": ["w1"]}})
    house.turn()
    removed = house.clock.at_ms
    assert house.rows(SQL)[0][3] == removed
    again = put(house, WORN)
    assert house.rows(SQL)[1:] == [("w1", "r1", again, None)]


def test_a_change_that_is_refused_leaves_no_trace(house):
    before = house.rows(SQL)
    bad = {"fence_id": "f", "geometry": {"type": "Polygon", "coordinates": []}}
    command_id = house.ask("roster", {"put": {"devices": [WORN | {"resident_id": "r9"}], "fences": [bad]}})
    house.turn()
    assert house.answer(command_id)[0] == "invalid"
    assert house.rows(SQL) == before


def test_a_crash_before_the_commit_writes_nothing_and_after_it_not_twice(house, monkeypatch):
    began = house.clock.at_ms
    command_id = house.ask("roster", {"put": {"devices": [WORN | {"resident_id": "r2"}]}})
    with monkeypatch.context() as patch:
        patch.setattr(
            Store, "_write_meta", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("full"))
        )
        with pytest.raises(Exception, match="full"):
            house.turn()
    house.restart()
    assert house.rows(SQL) == [("w1", "r1", began, None)]
    house.turn()
    assert house.answer(command_id)[0] == "done"
    after = house.rows(SQL)
    assert [row[1] for row in after] == ["r1", "r2"] and after[0][3] == after[1][2] == house.clock.at_ms
    house.restart()
    house.turn()
    assert house.rows(SQL) == after


def test_history_and_roster_agree_after_any_restart(house):
    house.ask("roster", {"put": {"residents": [{"resident_id": "r2"}]}})
    for turn, wearer in enumerate(("r2", None, "r1", "r2", "r1")):
        put(house, WORN | {"resident_id": wearer})
        if turn % 2:
            house.restart()
        now = house.rows("SELECT device_id, resident_id FROM wearings WHERE to_ms IS NULL ORDER BY 1")
        worn = "SELECT device_id, resident_id FROM devices WHERE resident_id IS NOT NULL ORDER BY 1"
        assert now == house.rows(worn)


def test_a_store_of_an_older_version_learns_who_wears_what_now(house):
    """Since when is not known, and 0 says so."""
    from test_store import downgrade

    put(house, {"device_id": "h1", "kind": "home_sensor", "resident_id": "r1"})
    path = house.settings.database
    house.crash()
    downgrade(path, "0001")
    with closing(Store(path)) as store:
        assert store._db.execute(SQL).fetchall() == [("w1", "r1", 0, None)]
        assert store._db.execute("SELECT name, birth_date FROM residents").fetchall() == [("李奶奶", None)]
