"""A store is copied while it is in use and comes back; a second journal has what the first one lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from road import House
from service import REPOSITORY, environment

from alerts.policy import Policy
from iot_gateway.backup import Manifest, backup, drill, read_manifest, restore
from iot_gateway.database import StoreError
from iot_gateway.second_journal import SecondJournal, read_lines
from iot_gateway.verification import verify


def alarm(house: House, seq: int) -> None:
    house.say("alarm", {"kinds": ["sos"], "seq": seq, "boot": 1, "ts": house.clock.at_ms})
    house.turn()


def acked(house: House) -> set[int]:
    said = [msgspec.json.decode(body) for name, body in house.sent if name.endswith("/ack")]
    return {seq for ack in said for seq in ack["seqs"]}


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path / "data")
    made.enrol()
    for seq in range(5):
        alarm(made, seq)
    return made


def everything(path: Path) -> dict[str, list]:
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names if name != "meta"}


def test_a_backup_of_a_store_in_use_is_the_store(house, tmp_path):
    made = backup(house.settings.database, tmp_path / "copy")
    assert made.last_seq == 5 and made.faults == []
    assert read_manifest(tmp_path / "copy") == made
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == [
        "manifest.json",
        "shouwang.head",
        "shouwang.sqlite",
    ]
    database = tmp_path / "again" / "shouwang.sqlite"
    assert restore(tmp_path / "copy", database) == (made, None)
    house.gateway.store._db.execute("PRAGMA wal_checkpoint")
    assert everything(database) == everything(house.settings.database)
    assert not verify(database, None).open
    again = House(database.parent)
    alarm(again, 9)
    assert again.gateway.fault is None and again.gateway.store.last_seq == 6
    again.crash()


def test_backups_while_it_is_written_are_each_a_moment_and_nothing_is_checkpointed(house, tmp_path):
    database = house.settings.database
    house.gateway.store._db.execute("PRAGMA wal_autocheckpoint=0")
    before = database.read_bytes()
    made: list[Manifest] = []
    copies = threading.Thread(
        target=lambda: made.extend(backup(database, tmp_path / f"b{n}") for n in range(5))
    )
    copies.start()
    seq = 10
    while copies.is_alive():
        alarm(house, seq)
        seq += 1
    copies.join()
    assert database.read_bytes() == before
    assert [manifest.faults for manifest in made] == [[]] * 5
    assert made[-1].last_seq > made[0].last_seq
    for number in range(5):
        restore(tmp_path / f"b{number}", tmp_path / f"r{number}" / "s.sqlite")
        assert not verify(tmp_path / f"r{number}" / "s.sqlite", None).open


def test_what_is_there_is_never_overwritten(house, tmp_path):
    backup(house.settings.database, tmp_path / "copy")
    with pytest.raises(StoreError, match="not empty"):
        backup(house.settings.database, tmp_path / "copy")
    with pytest.raises(StoreError, match="there is a store already"):
        restore(tmp_path / "copy", house.settings.database)
    left = tmp_path / "other" / "s.sqlite-wal"
    left.parent.mkdir()
    left.write_bytes(b"x")
    with pytest.raises(StoreError, match="of another store"):
        restore(tmp_path / "copy", tmp_path / "other" / "s.sqlite")
    for wrong in (tmp_path / "nowhere", tmp_path / "data"):
        with pytest.raises(StoreError, match="is no backup"):
            restore(wrong, tmp_path / "new" / "s.sqlite")
    with pytest.raises(StoreError, match="there is no store"):
        backup(tmp_path / "none.sqlite", tmp_path / "copy2")


@pytest.mark.parametrize("name", ["shouwang.sqlite", "shouwang.head"])
def test_a_backup_with_a_flipped_bit_is_refused(house, tmp_path, name):
    backup(house.settings.database, tmp_path / "copy")
    content = bytearray((tmp_path / "copy" / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "copy" / name).write_bytes(content)
    with pytest.raises(StoreError, match=f"{name} is not what was written"):
        restore(tmp_path / "copy", tmp_path / "new" / "s.sqlite")
    assert not (tmp_path / "new" / "s.sqlite").exists()


def test_an_older_backup_beside_a_newer_head_file_says_what_it_lacks(house, tmp_path):
    backup(house.settings.database, tmp_path / "copy")
    for seq in (10, 11):
        alarm(house, seq)
    house.crash()
    house.settings.database.unlink()
    for suffix in ("-wal", "-shm"):
        house.settings.database.with_name(f"shouwang.sqlite{suffix}").unlink(missing_ok=True)
    _, said = restore(tmp_path / "copy", house.settings.database)
    assert said == "the journal ends at row 5, but row 7 was written: 2 are lost"
    house.open()
    assert house.gateway.fault == said
    alarm(house, 12)
    assert house.rows("SELECT max(seq) FROM journal") == [(8,)]
    house.crash()


def test_a_damaged_store_is_copied_as_it_is_and_says_so(house, tmp_path):
    with closing(sqlite3.connect(house.settings.database, isolation_level=None)) as db:
        db.execute("UPDATE journal SET at_ms=at_ms+1 WHERE seq=3")
    assert backup(house.settings.database, tmp_path / "copy").faults == ["row 3 is not what was written"]
    stages = drill(house.settings.database, Policy())
    assert [stage.fault for stage in stages] == [None, None, "row 3 is not what was written"]
    verify(house.settings.database, None, accept=True)
    assert [stage.fault for stage in drill(house.settings.database, Policy())] == [None] * 4


def test_a_drill_tries_everything_and_leaves_nothing(house):
    place = house.settings.data_dir
    before = sorted(place.iterdir())
    stages = drill(house.settings.database, Policy())
    assert [(stage.name, stage.fault) for stage in stages] == [
        (n, None) for n in ("backup", "restore", "verify", "recover")
    ]
    assert stages[2].shown == "5 rows of the journal hold"
    assert sorted(place.iterdir()) == before


def test_a_drill_notices_alarms_that_are_not_what_the_inputs_lead_to(house):
    house.gateway.store._db.execute("UPDATE alarms SET version=version+1")
    assert drill(house.settings.database, Policy())[-1].fault is not None


# The second journal ---------------------------------------------------------------------------------


@pytest.fixture
def second(tmp_path):
    path = tmp_path / "other disk" / "journal.ndjson"
    path.parent.mkdir()
    return path


def test_the_second_journal_has_every_row_before_the_device_hears_of_it(tmp_path, second):
    house = House(tmp_path / "data", second_journal=second)
    house.enrol()
    seen = []
    house.gateway._downlink._publish = lambda name, _body: seen.append((name, len(list(read_lines(second)))))
    for seq in range(3):
        alarm(house, seq)
    assert [count for name, count in seen if name.endswith("/ack")] == [1, 2, 3]
    house.crash()
    verdict = verify(house.settings.database, second)
    assert not verdict.open and verdict.copied == 3


def test_a_second_journal_that_comes_later_or_fails_catches_up_and_alarms_go_on_meanwhile(tmp_path, second):
    house = House(tmp_path / "data")
    house.enrol()
    alarm(house, 0)
    house.crash()
    house.settings.store.second_journal = second
    house.open()
    assert len(list(read_lines(second))) == 1
    second.unlink()
    second.parent.rmdir()
    house.gateway._writer._second._end = None
    alarm(house, 1)
    assert acked(house) == {1}
    assert (
        "second journal" in house.gateway.fault
        and house.gateway._watch.faults()[0]["code"] == "second_journal"
    )
    second.parent.mkdir()
    house.turn(2000)
    assert house.gateway.fault is None
    assert [seq for seq, _, _ in read_lines(second)] == [1, 2]
    house.crash()


def test_a_torn_line_is_cut_off_and_written_anew(tmp_path, second):
    house = House(tmp_path / "data", second_journal=second)
    house.enrol()
    alarm(house, 0)
    alarm(house, 1)
    house.crash()
    second.write_bytes(second.read_bytes()[:-40])
    house.open()
    assert house.gateway.fault is None
    assert [seq for seq, _, _ in read_lines(second)] == [1, 2]
    house.crash()
    assert not verify(house.settings.database, second).open


def test_the_second_journal_alone_knows_what_the_store_has_lost(tmp_path, second):
    """The database and its head file are both gone: the other disk still says how far they went."""
    house = House(tmp_path / "data", second_journal=second)
    house.enrol()
    for seq in range(3):
        alarm(house, seq)
    house.crash()
    shutil.rmtree(tmp_path / "data")
    house.open()
    assert house.gateway.fault == "the journal ends at row 0, but row 3 was written: 3 are lost"
    house.enrol()
    alarm(house, 9)
    assert house.rows("SELECT seq FROM journal") == [(4,)]
    assert [seq for seq, _, _ in read_lines(second)] == [1, 2, 3, 4]
    house.crash()
    texts = [damage.text for damage in verify(house.settings.database, second).open]
    assert "3 rows are only in the second journal, from 1" in texts


@pytest.mark.parametrize(
    "edit", [lambda b: b.replace(b'"w1"', b'"w9"', 1), lambda b: b.replace(b"{", b"[", 1), lambda _b: b""]
)
def test_a_second_journal_that_was_changed_is_noticed(tmp_path, second, edit):
    house = House(tmp_path / "data", second_journal=second)
    house.enrol()
    alarm(house, 0)
    house.crash()
    second.write_bytes(edit(second.read_bytes()))
    assert verify(house.settings.database, second).open


def test_a_copy_whose_end_cannot_be_read_is_left_alone_and_said(tmp_path, second):
    second.write_bytes(b"a diary\n")
    house = House(tmp_path / "data", second_journal=second)
    house.enrol()
    alarm(house, 0)
    assert acked(house) == {0} and "its last line" in house.gateway.fault
    house.crash()
    assert second.read_bytes() == b"a diary\n"
    assert SecondJournal(second).end() is None


# The command line -----------------------------------------------------------------------------------


def test_the_verbs_say_what_they_did(house, tmp_path):
    env = environment(SHOUWANG_DATA_DIR=str(house.settings.data_dir))

    def shouwang(*words: str, **more: str):
        return subprocess.run(
            [sys.executable, "-m", "api", *words], env=env | more, capture_output=True, text=True, check=False,
            cwd=REPOSITORY,
        )  # fmt: skip

    done = shouwang("backup", "--to", str(tmp_path / "b"))
    assert (done.returncode, done.stderr) == (0, "") and "to journal row 5" in done.stdout
    again = shouwang("backup", "--to", str(tmp_path / "b"))
    assert again.returncode == 1 and len(again.stderr.splitlines()) == 1
    new = {"SHOUWANG_DATA_DIR": str(tmp_path / "new")}
    assert shouwang("restore", "--from", str(tmp_path / "b"), **new).returncode == 0
    assert "5 rows hold" in shouwang("verify", **new).stdout
    practised = shouwang("drill")
    assert practised.returncode == 0 and practised.stdout.count(" good ") == 4
    (tmp_path / "new" / "shouwang.head").unlink()
    red = shouwang("verify", **new)
    assert red.returncode == 1 and "head file" in red.stderr and len(red.stderr.splitlines()) == 1
    assert shouwang("verify", "--accept", **new).stdout.startswith("accepted: head_missing")
    assert (tmp_path / "new" / "shouwang.damage").exists()
