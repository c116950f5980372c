"""The power fails at every write and every sync of the real writer; nothing that was committed is lost.

`make powercuts` takes every place there is, and more weathers.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from faulty_disk import Connection, Disk, Op, Player, image_of, put_back
from road import NOW_MS, Core, House
from weather import Weather

from alerts.policy import Policy
from iot_gateway import journal, store, watch
from iot_gateway.database import StoreError, migrate
from iot_gateway.examine import Walk
from iot_gateway.recovery import recover
from iot_gateway.store import StepRecord, Store

pytest.importorskip("apsw")
THOROUGH = int(os.environ.get("SHOUWANG_EXAMPLES", "1"))
CUTS = 150 * THOROUGH  # of each model and weather


@pytest.fixture
def place(tmp_path):
    """In memory where there is such a directory: a real sync takes longer than all the rest."""
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else tmp_path))
    yield made
    shutil.rmtree(made)


class Writer:
    """The real store on a faulty disk, with what each commit left."""

    def __init__(self, place: Path, monkeypatch, *pragmas: str) -> None:
        self.path = place / "s.sqlite"
        migrate(self.path)
        self.begin = image_of(self.path)
        self.disk = Disk()
        self.states = [facts(self.path)]
        monkeypatch.setattr(store, "migrate", lambda _path: None)
        monkeypatch.setattr(store, "connect", lambda path, **_: Connection(path, self.disk, *pragmas))
        monkeypatch.setattr(journal.HeadFile, "write", self._write_head(journal.HeadFile.write))
        commit = Store.commit

        def noted(this: Store, record: StepRecord) -> None:
            commit(this, record)
            self.states.append(facts_of(this._db))
            self.disk.log.append(Op("commit", "", len(self.states) - 1))

        monkeypatch.setattr(Store, "commit", noted)

    def _write_head(self, write):
        def noted(this: journal.HeadFile, head: journal.Head) -> None:
            write(this, head)
            self.disk.log.append(Op("head", "", data=this._path.read_bytes()))

        return noted

    def run(self, seed: int, steps: int = 40) -> None:
        """Steps, snapshots and pulses; the last is a crash, so that nothing is tidied up."""
        weather = Weather(seed)
        core = Core(self.path)
        for number, (now_ms, inputs) in enumerate(weather.steps(steps)):
            core.step(inputs, now_ms)
            if number % 7 == 3:
                core.keep_state()
            if number % 5 == 4:
                core.store.commit(StepRecord(now_ms, now_ms, pulse=f'{{"at_ms":{now_ms}}}'))
        del core


TABLES = (
    "journal", "readings", "steps", "alarms", "outbox", "quarantine", "devices", "command_results", "snapshots",
    "meta",
)  # fmt: skip


def facts_of(db) -> list:
    """Enough of every table to tell one commit from the next."""
    found = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]
    said = (
        "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1",
        "SELECT step, inputs FROM steps ORDER BY step DESC LIMIT 1",
        "SELECT * FROM readings ORDER BY id DESC LIMIT 1",
        "SELECT key, value FROM meta ORDER BY key",
        "SELECT step FROM snapshots ORDER BY step",
        "SELECT sum(version), sum(count) FROM alarms",
    )
    return [*found, *([tuple(row) for row in db.execute(sql).fetchall()] for sql in said)]


def facts(path: Path) -> list:
    with closing(sqlite3.connect(path)) as db:
        return facts_of(db)


def cut(writer: Writer, image, returned: int, place: Path) -> str | None:
    """Start again on what a power cut left; what is wrong with it, if anything."""
    path = place / "after.sqlite"
    put_back(image, path)
    with closing(Store(path)) as after:
        assert after._db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        found = facts_of(after._db)
        if found not in writer.states[returned : returned + 2]:
            return "a committed step is lost" if found in writer.states else "half a step is there"
        if after.head_fault() is not None:
            return after.head_fault()
        engine, _ = recover(after, Policy())
        assert engine.alarms.last_seq == after.last_seq
        walk = Walk(after._db)
        while not walk.is_over:
            assert walk.take() == []
    return None


def all_cuts(writer: Writer, place: Path, seed: int, limit: int) -> tuple[Counter, Counter]:
    """The outcomes over cut points of both models; and at what kinds of operations they were."""
    dice = random.Random(seed)
    player, returned = Player(writer.begin), 0
    places = [n for n, op in enumerate(writer.disk.log) if op.kind != "commit"]
    # Around every sync and head file, and at some of the writes between.
    important = {n + more for n in places if writer.disk.log[n].kind != "write" for more in (-1, 0)}
    chosen = set(dice.sample(sorted(important), min(len(important), limit * 2 // 3)))
    rest = [n for n in places if n not in important]
    chosen |= set(dice.sample(rest, min(len(rest), limit - len(chosen))))
    outcomes: Counter = Counter()
    kinds: Counter = Counter()
    for number, op in enumerate(writer.disk.log):
        player.take(op)
        if op.kind == "commit":
            returned = op.at
        if number not in chosen:
            continue
        for image in (player.only_synced(), player.some_of_it(dice)):
            outcomes[cut(writer, image, returned, place)] += 1
            kinds[op.kind] += 1
    return outcomes, kinds


def reopen_for_real(monkeypatch) -> None:
    """From now on the real sqlite3."""
    monkeypatch.undo()
    monkeypatch.setattr(store, "migrate", lambda _path: None)  # it was tried; 50 ms each


@pytest.mark.parametrize("seed", range(THOROUGH))
@pytest.mark.parametrize("checkpoint", ["1000", "30"])
def test_a_power_cut_anywhere_loses_nothing_that_was_committed(place, monkeypatch, seed, checkpoint):
    writer = Writer(place, monkeypatch, f"PRAGMA wal_autocheckpoint={checkpoint}")
    writer.run(seed)
    log = list(writer.disk.log)
    reopen_for_real(monkeypatch)
    writer.disk.log = log
    if checkpoint == "30":
        assert any(op.name == "db" and op.kind == "sync" for op in log), "no checkpoint was cut"
    outcomes, kinds = all_cuts(writer, place, seed, CUTS)
    print(f"cuts: {sum(outcomes.values())}, at {dict(kinds)}, outcomes {dict(outcomes)}")
    assert set(outcomes) == {None}
    assert sum(outcomes.values()) >= 250


def test_the_same_cuts_find_a_writer_that_does_not_sync_its_commits(place, monkeypatch):
    """The control: with `synchronous=NORMAL` committed steps are lost, and the head file says so."""
    writer = Writer(place, monkeypatch, "PRAGMA synchronous=NORMAL")
    writer.run(1)
    log = list(writer.disk.log)
    reopen_for_real(monkeypatch)
    writer.disk.log = log
    outcomes, _ = all_cuts(writer, place, 1, 40)
    assert outcomes["a committed step is lost"] > 40
    assert outcomes["half a step is there"] == 0


# A disk that says that it fails ---------------------------------------------------------------------


def story(house: House) -> None:
    for number in range(4):
        house.say("alarm", {"kinds": ["sos"], "seq": number, "boot": 1, "ts": NOW_MS + number})
        house.say("location", {"lat": 36.87, "lon": 118.95, "seq": 50 + number, "boot": 1, "ack": True}, "w2")
        house.turn(1100)


def faulty_house(place: Path, monkeypatch, disk: Disk) -> tuple[House, list[Connection]]:
    """A real gateway over the faulty disk. What it reads beside its writer is a copy."""
    path = place / "shouwang.sqlite"
    migrate(path)
    still = place / "still.sqlite"
    migrate(still)
    made: list[Connection] = []

    def connect(path: Path, **_) -> Connection:
        made.append(Connection(path, disk, "PRAGMA wal_autocheckpoint=20"))
        return made[-1]

    monkeypatch.setattr(store, "migrate", lambda _path: None)
    monkeypatch.setattr(store, "connect", connect)
    monkeypatch.setattr(watch, "open_reader", lambda _path: sqlite3.connect(still))
    return House(place), made


def acked(house: House) -> set[tuple[str, int]]:
    said = [
        (name.split("/")[2], msgspec.json.decode(body)) for name, body in house.sent if name.endswith("/ack")
    ]
    return {(device, seq) for device, ack in said for seq in ack["seqs"]}


def once_with_an_error(place: Path, monkeypatch, kind: str, number: int) -> bool:
    """Whether there is an nth operation of this kind; if so, everything is asserted about its failure."""
    with monkeypatch.context() as patch:
        disk = Disk()
        house, made = faulty_house(place, patch, disk)
        house.enrol()
        begin = image_of(house.settings.database)
        disk.log.clear()
        disk.numbers.update(write=0, sync=0)
        disk.fails = lambda k, n: k == kind and n == number  # once: the kernel forgets an error it has told
        ended = None
        try:
            story(house)
        except StoreError as error:
            ended = error
        happened = disk.numbers[kind] >= number
        told = acked(house)
        (connection,) = made
        if ended is not None:
            assert "\n" not in str(ended)
            assert set(connection.said[connection.failed_at :]) <= {"ROLLBACK"}, (
                "it went on after an I/O error"
            )
        player = Player(begin)
        for op in disk.log:
            player.take(op)
        image = player.only_synced() | {"head": player.heads[-1]}
        house.crash()
    if not happened:
        return False
    # A checkpoint may fail without a commit failing: the log still has it all.
    after = place / "after"
    after.mkdir()
    put_back(image, after / "shouwang.sqlite")
    again = House(after)
    stored = {
        tuple(row)
        for row in again.rows("SELECT device_id, seq FROM readings JOIN devices USING (device_row)")
    }
    assert told <= stored, f"{kind} {number}"
    assert again.gateway.fault is None
    again.crash()
    return True


@pytest.mark.parametrize(("kind", "every"), [("sync", 1), ("write", 1 if THOROUGH > 1 else 9)])
def test_an_error_of_the_disk_at_any_place_ends_the_gateway_and_nothing_told_is_lost(
    place, monkeypatch, kind, every
):
    number, ended = 1, 0
    while once_with_an_error(fresh := place / str(number), monkeypatch, kind, number):
        ended += 1
        shutil.rmtree(fresh)
        number += every
    print(f"{kind}: {ended} places")
    assert ended > 8
