"""The disk is full, slow, locked: alarms first, nothing told that is not kept, and room heals everything by itself."""

from __future__ import annotations

import sqlite3
import subprocess
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import pytest
from road import NOW_MS, Core, House, enrolment, message, roster
from service import Service, need, until

from alerts.policy import Policy
from iot_gateway import broker, database, disk
from iot_gateway.database import StoreError
from iot_gateway.disk import Ballast, Room
from iot_gateway.examine import examine
from iot_gateway.importing import import_roster
from iot_gateway.reading import verify_store
from iot_gateway.settings import Settings
from iot_gateway.store import Store

MB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 120 MB of our own."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs root, to mount a small disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path, leave: int = 0) -> None:
    """Until nothing is left, or not more than that."""
    while (room := disk.look(place).free_bytes - leave) > 0:
        with (place / "fill").open("ab") as file, suppress(OSError):
            file.write(b"x" * min(room, MB))
            file.flush()
            if room < 4096:
                return


def faults(service: Service) -> set[str]:
    return {fault["code"] for fault in service.pulse().get("faults", ())}


@pytest.fixture
def service(tmp_path, small_disk):
    need("mosquitto")
    made = Service(tmp_path)
    made.database = small_disk / "shouwang.sqlite"
    made.http = broker.free_port()
    made.env |= {"SHOUWANG_DATA_DIR": str(small_disk), "SHOUWANG_HTTP__PORT": str(made.http)}
    import_roster(Settings(data_dir=small_disk), Policy(), roster())
    yield made
    made.close()


def answers(service: Service, path: str) -> bool:
    with (
        suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{service.http}{path}", timeout=5) as answer,
    ):
        return answer.status == 200
    return False


@pytest.mark.broker
def test_on_a_full_disk_alarms_go_on_and_positions_wait_and_room_heals_it_all(service, small_disk):
    service.start("run")
    until(lambda: answers(service, "/readyz"), "the service is ready")
    ballast = small_disk / "shouwang.ballast"
    until(ballast.exists, "the reserve is there")
    band, other = service.device("w1"), service.device("w2")
    first = band.say("alarm", kinds=["sos"])
    until(lambda: first in band.acked, "an alarm before")

    fill(small_disk)
    full_s = time.monotonic()
    alarms = [band.say("alarm", kinds=["sos"]) for _ in range(20)]
    until(lambda: "disk_full" in faults(service), "it is said in red")
    red_s = time.monotonic() - full_s
    where = other.say("location", lat=36.87, lon=118.95, acc=8)
    until(lambda: band.acked >= set(alarms), "the alarms are acknowledged")
    assert not ballast.exists()
    print(f"red after {red_s:.2f} s, 20 alarms acknowledged after {time.monotonic() - full_s:.2f} s")
    assert where not in other.acked

    fill(small_disk)  # somebody takes the reserve too
    helpless = [band.say("alarm", kinds=["sos"]) for _ in range(3)]
    said = [band.say("alarm", kinds=["fall"], faults=["x" * 500] * 100) for _ in range(200)]
    until(lambda: "gateway ended" in service.words(), "the gateway cannot write and ends")
    stored = {seq for (seq,) in service.ask("SELECT seq FROM readings")}
    assert band.acked <= stored, "something was acknowledged that is not kept"

    (small_disk / "fill").unlink()
    until(lambda: band.acked >= {*helpless, *said} and where in other.acked, "all is acknowledged", 90)
    until(lambda: not faults(service), "and nothing is red any more")
    until(ballast.exists, "the reserve is back")
    until(lambda: answers(service, "/readyz"), "the service is ready again")
    assert verify_store(service.database)[1] is None
    assert band.acked == set(range(1, band.seq + 1))


# Without processes ----------------------------------------------------------------------------------


class SmallDisk:
    """What statvfs would say."""

    def __init__(self, monkeypatch, total: int) -> None:
        self.free = self.total = total
        monkeypatch.setattr(disk, "look", lambda _directory: Room(self.free, self.total))


@pytest.mark.parametrize(
    ("free", "level"),
    [(100, "good"), (20, "good"), (19, "low"), (10, "low"), (9, "very_low"), (5, "very_low"), (4, "full")],
)
def test_the_room_left_has_a_name(free, level):
    assert Room(free * MB, 100 * MB).level == level


def test_a_large_disk_is_full_only_when_the_reserve_is_all_there_is():
    assert Room(17 * MB, 10**6 * MB).level == "very_low"
    assert Room(15 * MB, 10**6 * MB).level == "full"
    assert disk.reserve_bytes(10**6 * MB) == 16 * MB


def test_the_reserve_goes_comes_back_and_does_not_flutter(tmp_path, monkeypatch):
    small = SmallDisk(monkeypatch, 100 * MB)
    ballast = Ballast(tmp_path / "s.sqlite")
    file = tmp_path / "s.ballast"
    ballast.look()
    assert not file.exists()  # who does not stay makes none
    ballast.keep = True
    ballast.look()
    assert file.stat().st_size == 5 * MB and file.stat().st_blocks * 512 >= 5 * MB
    for free, tight in ((6, False), (4, True), (9, True), (10, False), (4, True)):
        small.free = free * MB
        ballast.look()
        assert ballast.tight is tight, free
    assert ballast.drop() and not ballast.drop() and not file.exists()
    for free, tight in ((9, True), (14, True), (15, False)):
        small.free = free * MB
        ballast.look()
        assert (ballast.tight, file.exists()) == (tight, not tight), free


def alarm(house: House, seq: int) -> None:
    house.say("alarm", {"kinds": ["sos"], "seq": seq, "boot": 1, "ts": house.clock.at_ms})


def acked(house: House) -> set[int]:
    said = [msgspec.json.decode(body) for name, body in house.sent if name.endswith("/ack")]
    return {seq for ack in said for seq in ack["seqs"]}


def test_a_commit_that_finds_the_disk_full_is_done_again_with_the_reserve(tmp_path, monkeypatch):
    house = House(tmp_path)
    house.enrol()
    house.gateway._ballast.keep = True
    house.turn(2000)
    (pages,) = house.gateway.store._db.execute("PRAGMA page_count").fetchone()
    house.gateway.store._db.execute(f"PRAGMA max_page_count={pages}")
    drop, drops = Ballast.drop, []

    def dropped(ballast: Ballast) -> bool:
        drops.append(ballast)
        house.gateway.store._db.execute(f"PRAGMA max_page_count={pages + 10_000}")
        return drop(ballast)

    monkeypatch.setattr(Ballast, "drop", dropped)
    for seq in range(200):
        house.say("alarm", {"kinds": ["sos"], "seq": seq, "boot": 1, "faults": ["x" * 150] * 20})
        house.turn()
    assert acked(house) == set(range(200))
    assert house.rows("SELECT count(*) FROM readings") == [(200,)]
    assert len(drops) == 1
    house.restart()
    assert house.gateway.store.last_seq == 200
    house.crash()


@pytest.mark.parametrize("table", ["steps", "alarms", "meta"])
def test_a_commit_that_failed_half_way_can_be_done_again_as_it_was(tmp_path, table):
    core = Core(tmp_path / "s.sqlite")
    core.step([enrolment()])
    inputs = [message("alarm", {"kinds": ["sos"], "seq": seq, "ts": NOW_MS + seq}) for seq in range(3)]
    admitted = core.batcher.admit(enumerate(inputs))
    decisions = core.engine.step(NOW_MS, admitted.batch)
    record = core.record(NOW_MS, inputs, admitted, decisions, pulse="{}")
    refuse = f"CREATE TEMP TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
    core.store._db.execute(refuse)
    with pytest.raises(sqlite3.IntegrityError):
        core.store.commit(record)
    core.store._db.execute("DROP TRIGGER refuse")
    core.store.commit(record)
    core.step([message("alarm", {"kinds": ["fall"], "seq": 9}, at_ms=NOW_MS + 1)])
    assert core.rows("SELECT step, readings_before FROM steps") == [(1, 0), (2, 0), (3, 3)]
    assert examine(core.store.path)[1] == []
    core.close()


def test_while_it_sheds_only_positions_of_bands_wait_and_nobody_is_called_silent(tmp_path, monkeypatch):
    house = House(tmp_path)
    house.enrol()
    house.say("heartbeat", {"bat": 80}, "w1")
    house.turn()
    house.gateway._ballast.tight = True
    monkeypatch.setattr(house.gateway._ballast, "look", lambda: None)
    house.say("location", {"lat": 36.87, "lon": 118.95, "seq": 2, "boot": 1, "ack": True})
    house.say("heartbeat", {"bat": 81, "seq": 3, "boot": 1, "ack": True})
    house.say("heartbeat", {"temp": 99.0, "seq": 4, "boot": 1, "ack": True}, "f1")
    alarm(house, 5)
    house.turn()
    assert acked(house) == {4, 5} and house.gateway.intake.shed == 2
    for _ in range(5):
        house.turn(300_000)
        house.say("heartbeat", {"temp": 99.0}, "f1")
    assert not {"contact_lost", "site_contact_lost"} & house.open_kinds("w1")
    assert "heat" in house.open_kinds("f1")
    house.gateway._ballast.tight = False
    house.say("location", {"lat": 36.87, "lon": 118.95, "seq": 2, "boot": 1, "ack": True})
    house.turn()
    assert 2 in acked(house)
    house.crash()


def test_a_slow_disk_is_said_and_forgotten_after_ten_seconds(tmp_path, monkeypatch):
    house = House(tmp_path)
    house.enrol()
    commit, late_s = Store.commit, [0.0]
    clock_s = time.monotonic()
    monkeypatch.setattr(house.clock, "monotonic_s", lambda: clock_s + late_s[0])

    def slow(store: Store, record) -> None:
        commit(store, record)
        if record.transitions:
            late_s[0] += 6
            house.clock.at_ms += 6000

    monkeypatch.setattr(Store, "commit", slow)
    alarm(house, 1)
    house.turn(2000)

    def slowest() -> int:
        ((said,),) = house.rows("SELECT value FROM meta WHERE key='pulse'")
        return msgspec.json.decode(said)["storage"]["slowest_ms"]

    house.turn(1500)
    assert slowest() >= 6000
    house.turn(12_000)
    assert slowest() < 1000
    house.crash()


def test_a_store_that_another_holds_is_waited_for_and_then_the_gateway_ends_and_loses_nothing(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 200)
    house = House(tmp_path)
    house.enrol()
    with closing(sqlite3.connect(house.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        alarm(house, 1)
        with pytest.raises(StoreError, match="locked"):
            house.turn()
        assert not acked(house)
        other.execute("ROLLBACK")
    house.restart()
    alarm(house, 1)
    house.turn()
    assert acked(house) == {1}
    house.crash()


def test_a_start_with_nothing_left_takes_the_reserve(tmp_path, monkeypatch):
    (tmp_path / "shouwang.ballast").write_bytes(b"x")
    small = SmallDisk(monkeypatch, 100 * MB)
    small.free = 1000
    house = House(tmp_path)
    assert not (tmp_path / "shouwang.ballast").exists()
    assert house.gateway.fault == "the disk is full: positions are not taken"
    house.crash()
