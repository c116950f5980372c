"""Single bits flip anywhere in a store; what changed a fact is noticed, at the start or by `verify`.

`make powercuts` flips twenty times as many.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from faulty_disk import Image, image_of, put_back
from road import NOW_MS, Core, House, enrolment, message
from weather import Weather

from alerts.policy import Policy
from iot_gateway import journal, schema, store
from iot_gateway.damage import DamageFile
from iot_gateway.database import StoreError, connect
from iot_gateway.examine import examine
from iot_gateway.recovery import RecoveryError, recover
from iot_gateway.store import StepRecord, Store
from iot_gateway.verification import verify

FLIPS = 200 * int(os.environ.get("SHOUWANG_EXAMPLES", "1"))  # of each kind
# What carries a checksum of ours, with the columns that do not.
COVERED = {"journal": set(), "steps": set(), "readings": {"id"}, "alarms": {"because", "raised_seq"},
           "outbox": {"id", "created_at_ms"}, "snapshots": {"step"}}  # fmt: skip


def make_store(path: Path, *, in_the_log: bool) -> Image:
    """A city's hour; `in_the_log`: as after a crash, nothing checkpointed."""
    core = Core(path)
    if in_the_log:
        core.store._db.execute("PRAGMA wal_autocheckpoint=0")
    for number, (now_ms, inputs) in enumerate(Weather(3).steps(60)):
        core.step(inputs, now_ms)
        if number % 20 == 19:
            core.keep_state()
    core.store.commit(StepRecord(now_ms, now_ms, pulse=f'{{"at_ms":{now_ms}}}'))
    image = image_of(path)
    if not in_the_log:
        core.store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        image = image_of(path)
    core.close()
    return image


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    place = tmp_path_factory.mktemp("stores")
    return {
        "database": make_store(place / "a.sqlite", in_the_log=False),
        "log": make_store(place / "b.sqlite", in_the_log=True),
    }


def facts(path: Path) -> dict[str, list]:
    """Every row that a checksum promises to cover, without the columns that it does not."""
    found = {}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        for name, bare in COVERED.items():
            columns = [c.name for c in schema.metadata.tables[name].columns if c.name not in bare]
            found[name] = sorted(map(repr, db.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()))
    return found


def flipped(image: Image, name: str, place: int, bit: int) -> Image:
    changed = {key: bytearray(content) for key, content in image.items()}
    changed[name][place] ^= 1 << bit
    return changed


def outcome(image: Image, path: Path, before: dict[str, list]) -> str:
    """What a flip comes to: noticed at the start, by verify, or without consequence for what is covered."""
    DamageFile(path).path.unlink(missing_ok=True)
    put_back(image, path)
    try:
        with closing(Store(path)) as found:
            if found.head_fault() is not None:
                return "start: the head file"
            recover(found, Policy())
    except RecoveryError:
        return "start: the state"
    except Exception as error:
        if not isinstance(error, (sqlite3.Error, OSError)) and "cannot be used" not in str(error):
            raise
        return "start: refused"
    if verify(path, None).open:
        return "verify"
    try:
        now = facts(path)
    except (sqlite3.Error, UnicodeDecodeError):
        return "UNNOTICED: unreadable"
    differ = sorted(name for name in now if now[name] != before[name])
    return f"UNNOTICED: {differ}" if differ else "nothing that is covered"


@pytest.mark.parametrize(("where", "name"), [("database", "db"), ("log", "wal"), ("log", "head")])
def test_a_flipped_bit_is_noticed_wherever_it_changes_what_is_covered(
    stores, tmp_path, monkeypatch, where, name
):
    image, path = stores[where], tmp_path / "s.sqlite"
    put_back(image, path)
    before = facts(path)
    monkeypatch.setattr(store, "migrate", lambda _path: None)
    dice = random.Random(f"{where} {name}")
    outcomes: Counter = Counter()
    for _ in range(FLIPS if name != "head" else FLIPS // 2):
        place, bit = dice.randrange(len(image[name])), dice.randrange(8)
        outcomes[outcome(flipped(image, name, place, bit), path, before)] += 1
    print(f"\n{name}: {len(image[name])} bytes, {dict(outcomes)}")
    assert not [said for said in outcomes if said.startswith("UNNOTICED")], outcomes
    assert outcomes["verify"] + sum(n for said, n in outcomes.items() if said.startswith("start")) > 10


def test_a_schema_that_is_no_text_any_more_is_refused_in_one_line(stores, tmp_path):
    """Found by flips: SQLite's own message about it is no text either."""
    image = stores["database"]
    at = image["db"].index(b"CREATE TABLE journal") + len("CREATE TAB")
    image = {name: bytearray(content) for name, content in image.items()}
    image["db"][at] |= 0x80
    path = tmp_path / "shouwang.sqlite"
    put_back(image, path)
    with pytest.raises(StoreError) as error:
        House(tmp_path)
    assert "\n" not in str(error.value)
    for look in (connect, lambda path: verify(path, None)):
        with pytest.raises(StoreError):
            look(path)


EDITS = {
    "a reading's place": "UPDATE readings SET lat=lat+0.001 WHERE id=(SELECT max(id) FROM readings WHERE lat NOT NULL)",
    "a reading's time": "UPDATE readings SET measured_at_ms=measured_at_ms+1 WHERE id=5",
    "a reading that is gone": "DELETE FROM readings WHERE id=(SELECT max(id)-3 FROM readings)",
    "the last reading": "DELETE FROM readings WHERE id=(SELECT max(id) FROM readings)",
    "a step's moment": "UPDATE steps SET now_ms=now_ms+1 WHERE step=3",
    "an alarm's state": "UPDATE alarms SET state='normal' WHERE state!='normal'",
    "an alarm's position": "UPDATE alarms SET count=count+1",
    "what is to be told": "UPDATE outbox SET body=replace(body, '\"count\":1', '\"count\":2')",
    "a row never written": "INSERT INTO outbox SELECT 9999, 99999, alarm_id, created_at_ms, body FROM outbox LIMIT 1",
    "a snapshot": "UPDATE snapshots SET state=CAST(state || x'00' AS BLOB)",
    "a seal's mark": "UPDATE steps SET inputs=CAST(substr(inputs, 1, length(inputs)-1) || x'30' AS BLOB) WHERE step=3",
    "a snapshot's mark": "UPDATE snapshots SET state=CAST(x'7f' || substr(state, 2) AS BLOB)",
    "a hash that is a number": "UPDATE journal SET hash=7 WHERE seq=(SELECT max(seq) FROM journal)",
    "a hash amid that is text": "UPDATE journal SET hash='x' WHERE seq=3",
    "a count that is text": "UPDATE steps SET readings_before='x' WHERE step=3",
    "inputs that are a number": "UPDATE steps SET inputs=5 WHERE step=3",
    "a state that is a number": "UPDATE snapshots SET state=5",
    "an alarm whose flag is text": "UPDATE alarms SET position=5",
    "a journal row": "UPDATE journal SET at_ms=at_ms+1 WHERE seq=3",
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_of_a_fact_is_found_by_verify(stores, tmp_path, what):
    path = tmp_path / "s.sqlite"
    put_back(stores["database"], path)
    assert examine(path)[1] == []
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute(EDITS[what]).rowcount > 0
    (finding, *_) = examine(path)[1]
    assert finding.lasts and "\n" not in finding.text
    verdict = verify(path, None)
    assert verdict.open and verify(path, None).open == verdict.open
    assert verify(path, None, accept=True).open == []
    assert verify(path, None).open == [] and verify(path, None).accepted


def test_a_last_hash_that_is_none_keeps_no_alarm_from_being_written(tmp_path):
    house, _, _ = old_and_new(tmp_path)
    with closing(sqlite3.connect(house.settings.database, isolation_level=None)) as db:
        db.execute("UPDATE journal SET hash=7 WHERE seq=(SELECT max(seq) FROM journal)")
    house.open()
    alarm(house, 8)
    assert house.gateway.fault and house.rows("SELECT max(seq) FROM journal") == [(5,)]
    house.crash()


def test_a_snapshot_that_is_damaged_is_passed_over_for_the_one_before(stores, tmp_path):
    path = tmp_path / "s.sqlite"
    put_back(stores["database"], path)
    with closing(Store(path)) as whole:
        before, _ = recover(whole, Policy())
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(
            "UPDATE snapshots SET state=CAST(state || x'00' AS BLOB) WHERE step=(SELECT max(step) FROM snapshots)"
        )
    with closing(Store(path)) as damaged:
        after, _ = recover(damaged, Policy())
    assert after.alarms.last_seq == before.alarms.last_seq and after.now_ms == before.now_ms


def test_what_an_older_version_wrote_without_seals_is_no_damage(tmp_path):
    path = tmp_path / "s.sqlite"
    core = Core(path)
    core.step([enrolment()])
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1})])
    core.keep_state()
    core.store._db.execute("UPDATE steps SET inputs=CAST(substr(inputs, 1, length(inputs)-19) AS BLOB)")
    core.store._db.execute("UPDATE snapshots SET state=CAST(substr(state, 20) AS BLOB)")
    assert examine(path)[1] == []
    core.close()
    Core(path).close()


def test_what_is_old_and_deleted_is_no_damage(tmp_path):
    path = tmp_path / "s.sqlite"
    core = Core(path)
    core.step([enrolment()])
    for number in range(8):
        said = [{"kinds": ["sos"], "seq": number * 10 + i, "ts": NOW_MS + number} for i in range(5)]
        core.step([message("alarm", said, at_ms=NOW_MS + number * 86_400_000)])
        core.keep_state()
    for _ in range(4):
        core.store.forget_before(NOW_MS + 3 * 86_400_000, 3)
        assert examine(path)[1] == []
    while core.store.forget_before(NOW_MS + 99 * 86_400_000, 1000):
        assert examine(path)[1] == []
    assert core.rows("SELECT count(*) FROM readings") == [(5,)]  # of the last step, which is needed
    core.close()


# A gateway over a store that lost something ---------------------------------------------------------


def alarm(house: House, seq: int) -> None:
    house.say("alarm", {"kinds": ["sos"], "seq": seq, "boot": 1, "ts": house.clock.at_ms})
    house.turn()


def pulse(house: House) -> dict:
    house.turn(2000)
    ((said,),) = house.rows("SELECT value FROM meta WHERE key='pulse'")
    return msgspec.json.decode(said)


def old_and_new(tmp_path) -> tuple[House, Image, list]:
    """A gateway that decided more after somebody copied its files."""
    house = House(tmp_path)
    house.enrol()
    alarm(house, 1)
    house.crash()
    old = image_of(house.settings.database)
    house.open()
    for seq in range(2, 5):
        alarm(house, seq)
    written = house.rows("SELECT seq, hash FROM journal ORDER BY seq")
    house.crash()
    return house, old, written


def test_a_restored_old_store_goes_on_after_the_numbers_it_has_lost(tmp_path):
    house, old, written = old_and_new(tmp_path)
    path = house.settings.database
    head = path.with_suffix(".head").read_bytes()
    put_back(old | {"head": bytearray(head)}, path)
    house.open()
    assert house.gateway.fault == "the journal ends at row 1, but row 4 was written: 3 are lost"
    assert pulse(house)["faults"] == [{"code": "journal_lost", "text": house.gateway.fault}]
    for seq in (9, 10):
        house.say("alarm", {"kinds": ["fall"], "seq": seq, "boot": 1}, "w2")
        house.turn()
    rows = house.rows("SELECT seq, alarm_id, body, hash FROM journal ORDER BY seq")
    assert [row[:2] for row in rows] == [(1, "A1"), (5, "A5"), (6, "A5")]
    assert journal.next_hash(written[-1][1], rows[1][2]) == rows[1][3]
    house.restart()  # still red, and the numbers still behind us
    assert house.gateway.fault is not None and house.gateway.store.last_seq == 6
    house.crash()
    verdict = verify(path, None)
    assert [d.text for d in verdict.open] == ["the journal ends at row 1, but row 4 was written: 3 are lost"]
    house.open()
    verify(path, None, accept=True)
    assert house.gateway.fault is None and pulse(house)["fault"] is None
    house.restart()
    assert house.gateway.fault is None
    house.crash()
    assert not verify(path, None).open and verify(path, None).accepted


def test_devices_are_asked_again_from_the_newest_item_that_is_left(tmp_path):
    house, old, _ = old_and_new(tmp_path)
    path = house.settings.database
    put_back(old | {"head": bytearray(path.with_suffix(".head").read_bytes())}, path)
    house.open()
    house.say("heartbeat", {"bat": 50})
    house.turn()
    commands = [msgspec.json.decode(body) for name, body in house.sent if name == "care/v1/w1/cmd"]
    (asked,) = [command for command in commands if command["type"] == "resend"]
    assert (asked["args"]["boot"], asked["args"]["after_seq"]) == (1, 1)
    assert len(house.rows("SELECT * FROM device_commands WHERE type='resend'")) == 3
    house.restart()
    assert len(house.rows("SELECT * FROM device_commands WHERE type='resend'")) == 3
    house.crash()


def test_a_deleted_store_gives_no_number_twice(tmp_path):
    house, _, _ = old_and_new(tmp_path)
    path = house.settings.database
    path.unlink()
    house.open()
    assert house.gateway.fault == "the journal ends at row 0, but row 4 was written: 4 are lost"
    house.say("alarm", {"kinds": ["sos"], "seq": 1}, "w1")
    house.turn()
    assert house.rows("SELECT seq, alarm_id FROM journal") == [(5, "A5")]
    house.crash()


def test_steps_that_were_lost_without_a_journal_row_are_noticed_too(tmp_path):
    house = House(tmp_path)
    house.enrol()
    alarm(house, 1)
    house.crash()
    old = image_of(house.settings.database)
    house.open()
    house.say("location", {"lat": 36.87, "lon": 118.95, "seq": 2, "boot": 1, "ack": True})
    house.turn()
    assert any(name == "care/v1/w1/ack" for name, _ in house.sent)
    house.crash()
    put_back(
        old | {"head": bytearray(house.settings.database.with_suffix(".head").read_bytes())},
        house.settings.database,
    )
    house.open()
    assert "inputs log ends at step" in house.gateway.fault
    house.crash()


def test_a_gateway_that_dies_at_once_again_and_again_asks_devices_once(tmp_path):
    house, _, _ = old_and_new(tmp_path)
    path = house.settings.database
    for _ in range(3):
        path.with_suffix(".head").write_bytes(b"")
        house.open()
        house.crash()
    house.open()
    assert house.rows("SELECT device_id FROM device_commands WHERE type='resend' ORDER BY id") == [
        ("w1",),
        ("w2",),
        ("f1",),
    ]
    house.crash()


@pytest.mark.parametrize("head", [b"", b"nonsense", b"1 00ff 3 00000000\n", None])
def test_a_head_file_that_is_lost_or_damaged_is_red_until_somebody_has_seen_it(tmp_path, head):
    house, _, _ = old_and_new(tmp_path)
    path = house.settings.database
    kept = path.with_suffix(".head")
    kept.unlink() if head is None else kept.write_bytes(head)
    house.open()
    for _ in range(2):
        assert "head file is missing or damaged" in house.gateway.fault
        alarm(house, 7)
        house.restart()
    verify(path, None, accept=True)
    assert house.gateway.fault is None
    house.crash()


def test_the_gateway_walks_its_journal_by_itself_and_says_what_it_finds(tmp_path):
    house, _, _ = old_and_new(tmp_path)
    with closing(sqlite3.connect(house.settings.database, isolation_level=None)) as db:
        db.execute("UPDATE journal SET body=replace(body, 'w1', 'w9') WHERE seq=2")
    house.open()
    assert house.gateway.fault.startswith("row 2 is not what was written")
    with closing(sqlite3.connect(house.settings.database, isolation_level=None)) as db:
        db.execute("UPDATE readings SET lat=1, lon=1 WHERE id=1")
    for _ in range(3):
        house.turn(3_700_000)  # the next walk, in an hour
    assert "step_changed" in {fault["code"] for fault in pulse(house)["faults"]}
    house.crash()


def test_a_store_that_is_deleted_under_a_running_gateway_ends_it(tmp_path):
    house, _, _ = old_and_new(tmp_path)
    house.open()
    alarm(house, 8)
    house.settings.database.rename(tmp_path / "moved")
    with pytest.raises(StoreError, match="deleted or replaced while it was in use"):
        house.turn(2000)
    house.crash()
