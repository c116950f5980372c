"""An outing travels the road: decided by the core, written beside its command, the same after a crash and in a replay."""

import msgspec
import pytest
from road import FAR_LAT, House
from road import HOME as YARD

from iot_gateway.replay import export_files, replay_files
from iot_gateway.stored_roster import roster_of

HOUR_MS = 3_600_000
HOME, STREET = {"lat": YARD[1], "lon": YARD[0]}, {"lat": FAR_LAT, "lon": YARD[0]}


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.enrol()
    yield house
    house.crash()


def ask(house, **body):
    command_id = house.ask("outing", body)
    house.turn()
    return house.answer(command_id)


def approve(house, hours=1.0, **more):
    body = {"verb": "approve", "outing_id": "o1", "resident_id": "r1", "reason": "family", "escort": "son"}
    return ask(house, **body | {"until_ms": house.clock.at_ms + int(hours * HOUR_MS)} | more)


def walk(house, place, minutes):
    for _ in range(minutes):
        house.say("location", place | {"acc": 8, "ts": house.clock.at_ms})
        house.turn(60_000)


def test_what_was_approved_is_written_once_it_is_decided(house):
    assert approve(house)[0] == "done"
    (row,) = house.rows(
        "SELECT resident_id, reason, escort, created_by, ended_at_ms, until_ms-from_ms FROM outings"
    )
    assert row[:5] == ("r1", "family", "son", "op", None)
    assert HOUR_MS - 2000 <= row[5] <= HOUR_MS
    code, words = approve(house, outing_id="o2")
    assert (code, words) == ("not_allowed", "it overlaps the outing o1 of the same resident")
    assert approve(house, reason="shopping", outing_id="o3")[0] == "invalid"
    assert approve(house, until_ms=2**70, outing_id="o3")[0] == "invalid"
    assert house.rows("SELECT count(*) FROM outings") == [(1,)]


def test_times_change_and_a_person_ends_it(house):
    approve(house)
    ((begin, until),) = house.rows("SELECT from_ms, until_ms FROM outings")
    assert ask(house, verb="change", outing_id="o1", until_ms=until + 1)[0] == "done"
    assert house.rows("SELECT from_ms, until_ms FROM outings") == [(begin, until + 1000)]
    assert ask(house, verb="end", outing_id="o1")[0] == "done"
    ((ended, by),) = house.rows("SELECT ended_at_ms, ended_by FROM outings")
    assert (ended % 1000, by) == (0, "op")
    assert ask(house, verb="end", outing_id="o1") == ("not_allowed", "the outing is over")


def test_who_is_out_is_still_out_after_a_crash_and_a_replay_says_the_same(house, tmp_path):
    walk(house, HOME, 5)
    approve(house, hours=0.5)
    walk(house, STREET, 10)
    house.restart()
    walk(house, STREET, 10)
    assert "fence_left" not in house.open_kinds()
    house.restart()
    walk(house, STREET, 30)
    assert "fence_left" in house.open_kinds()
    said = [msgspec.json.decode(body) for (body,) in house.rows("SELECT body FROM journal ORDER BY seq")]
    (raised,) = [one for one in said if (one["kind"], one["event"]) == ("fence_left", "raise")]
    assert raised["because"]["outing_id"] == "o1"
    recording, out = tmp_path / "m.ndjson", tmp_path / "t.ndjson"
    export_files(house.settings.database, recording)
    (tmp_path / "r.json").write_text("{}")
    replay_files(tmp_path / "r.json", recording, out, house.policy, lambda _bytes: None)
    lines = [msgspec.json.decode(line) for line in out.read_bytes().splitlines()]
    assert [(line["seq"], line["at_ms"], line["kind"]) for line in lines] == [
        (one["seq"], one["at_ms"], one["kind"]) for one in said
    ]


def test_a_fence_keeps_its_own_evidence_in_the_store_the_core_and_the_roster_file(house):
    yard = {"fence_id": "yard", "role": "safe", "site_id": "s1", "geometry": {"type": "Point", "coordinates": YARD, "radius_m": 100.0}}  # fmt: skip

    def put(**evidence):
        command_id = house.ask("roster", {"put": {"fences": [yard | {"evidence": evidence}]}})
        house.turn()
        return house.answer(command_id)

    assert put(raise_p=0.9)[0] == "done"
    assert house.rows("SELECT evidence FROM fences") == [('{"raise_p":0.9}',)]
    for wrong in ({"raise_p": 0.4}, {"edge_m": 201}, {"confirm_s": "soon"}, {"raisep": 0.9}):
        assert put(**wrong)[0] == "invalid", wrong
    house.restart()
    assert house.gateway.engine.fences.definitions["yard"].evidence == {"raise_p": 0.9}
    (fence,) = roster_of(house.settings.database).fences
    assert msgspec.to_builtins(fence.evidence) == {"raise_p": 0.9}
    put()
    assert house.gateway.engine.fences.definitions["yard"].evidence is None
