"""One transaction a step, a chain that shows every change, and a store that cannot be used is refused in one line."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from road import NOW_MS, Core, House, enrolment, examples, message
from sqlalchemy import create_engine

from alerts.policy import Policy
from iot_gateway import database, journal, requests, roster_rows, schema
from iot_gateway.database import StoreBusyError, StoreError, connect, migrate
from iot_gateway.gateway import Gateway
from iot_gateway.reading import journal_rows, verify_store
from iot_gateway.roster_file import RosterChange
from iot_gateway.settings import Settings
from iot_gateway.store import StepRecord, Store

# One transaction ----------------------------------------------------------------------------------

# Everything a step can leave behind, in one; what each table then refuses.
EVERY_TABLE = (
    "steps", "readings", "quarantine", "devices", "sites", "journal", "alarms", "outbox", "command_results",
    "device_commands", "meta", "snapshots",
)  # fmt: skip


@pytest.fixture
def core(tmp_path):
    made = Core(tmp_path / "s.sqlite")
    made.step([enrolment()])
    yield made
    made.close()


def full_step(core, at_ms):
    """A step that writes into every table, without its commit."""
    inputs = [
        message("alarm", {"kinds": ["sos"], "seq": 1}, at_ms=at_ms),
        message("alarm", b"what?", at_ms=at_ms),
        message("result", {"id": "d1", "state": "done"}, at_ms=at_ms),
        message("alarm", {"kinds": ["smoke"], "seq": 1}, device="new", at_ms=at_ms),
        enrolment(command_id="again", at_ms=at_ms),
    ]
    arrived, commands = [(i, m) for i, m in enumerate(inputs[:-1])], inputs[-1:]
    admitted = core.batcher.admit(arrived)
    decisions = core.engine.step(at_ms, admitted.batch, commands)
    change = msgspec.convert({"put": {"sites": [{"site_id": "s2"}]}}, RosterChange)
    record = core.record(
        at_ms, inputs, admitted, decisions, pulse="{}", policy="{}", last_request_id=7, state=b"state",
        device_commands=[requests.device_command_row("d2", "w1", "buzz", {}, at_ms, at_ms + 1000)],
    )  # fmt: skip
    record.roster_rows = [*record.roster_rows, *roster_rows.rows_of(change, core.engine.fleet.row_of, at_ms)]
    return record


def everything(store):
    """Every row of every table, and every side file."""
    db = store._db
    rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in schema.metadata.tables}
    return rows, store.path.with_suffix(".head").read_bytes() if store.path.with_suffix(
        ".head"
    ).exists() else b""


@pytest.fixture
def ready(core):
    """A store with an unanswered command, which the step's result answers."""
    waiting = [requests.device_command_row("d1", "w1", "buzz", {}, NOW_MS, NOW_MS + 99_000)]
    core.step([message("alarm", {"kinds": ["fall"], "seq": 9})], device_commands=waiting)
    return core


def test_a_whole_step_is_in_the_tables(ready):
    before, _ = everything(ready.store)
    ready.store.commit(full_step(ready, NOW_MS + 5))
    after, _ = everything(ready.store)
    assert all(len(after[name]) > len(before[name]) for name in EVERY_TABLE if name != "command_results")
    assert ("again",) in ready.rows("SELECT command_id FROM command_results")
    assert ready.rows("SELECT state FROM device_commands WHERE id='d1'") == [("done",)]


@pytest.mark.parametrize("verb", ["INSERT", "UPDATE"])
@pytest.mark.parametrize("table", EVERY_TABLE)
def test_a_step_that_fails_at_any_table_leaves_nothing_behind(ready, table, verb):
    """A trigger refuses the write; the error reaches the caller, and no row of the step stays."""
    store = ready.store
    store._db.execute(
        f"CREATE TEMP TRIGGER refuse BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'no such luck'); END"
    )
    before = everything(store)
    record = full_step(ready, NOW_MS + 5)
    touched = []
    store._db.execute(f"CREATE TEMP TRIGGER saw AFTER {verb} ON {table} BEGIN SELECT 1; END")
    try:
        store.commit(record)
    except sqlite3.IntegrityError as error:
        touched.append(str(error))
    if touched:
        assert everything(store) == before
        assert not store._db.in_transaction
    else:
        assert verb == "UPDATE"  # nothing to update there in this step


def test_a_step_that_fails_at_any_statement_leaves_nothing_behind(tmp_path):
    """The authorizer refuses the nth statement that is prepared, for every n there is."""
    refused = 0
    while True:
        core = Core(tmp_path / f"{refused}.sqlite")
        core.step([enrolment()])
        before = everything(core.store)
        record = full_step(core, NOW_MS + 5)
        left = [refused]

        def may(action, name, *_, left=left):
            if action in {
                sqlite3.SQLITE_INSERT,
                sqlite3.SQLITE_UPDATE,
                sqlite3.SQLITE_DELETE,
                sqlite3.SQLITE_TRANSACTION,
            }:
                left[0] -= 1
                return sqlite3.SQLITE_DENY if left[0] < 0 and name != "ROLLBACK" else sqlite3.SQLITE_OK
            return sqlite3.SQLITE_OK

        with closing(core):
            fresh = sqlite3.connect(core.store.path, isolation_level=None)  # no statement prepared yet
            core.store._db.close()
            core.store._db = fresh
            fresh.set_authorizer(may)
            try:
                core.store.commit(record)
            except sqlite3.DatabaseError:
                fresh.set_authorizer(None)
                assert everything(core.store) == before, f"statement {refused}"
                assert not fresh.in_transaction
                refused += 1
                continue
            break
    assert refused > 12


def test_a_disk_that_is_full_ends_the_gateway_and_after_it_nothing_is_lost(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.turn()
    house.turn(2000)  # the pulse has its row
    db = house.gateway.store._db
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={pages}")
    taken = []

    def fill():
        for seq in range(2, 2000):
            said = {"kinds": ["sos"], "seq": seq, "faults": ["x" * 150] * 20}
            taken.append(said)
            house.say("alarm", said)
            house.turn()

    with pytest.raises(StoreError, match=r"could not be written: .*full"):
        fill()
    assert [seq for _, seq in house.acks()] == list(range(1, 1 + len(taken)))  # not the last one
    house.restart()
    for said in taken:
        house.say("alarm", said)
    house.turn()
    assert sorted({seq for _, seq in house.acks()}) == list(range(2, 2 + len(taken)))
    assert house.rows("SELECT count(*), count(DISTINCT seq) FROM readings") == [
        (1 + len(taken), 1 + len(taken))
    ]
    assert house.rows("SELECT count FROM alarms WHERE kind='sos'") == [(1 + len(taken),)]
    house.crash()
    assert verify_store(house.settings.database)[1] is None


def test_a_head_file_that_cannot_be_written_ends_the_gateway_and_the_next_one_starts(tmp_path):
    house = House(tmp_path)
    house.enrol()
    (tmp_path / "shouwang.new").mkdir()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    with pytest.raises(StoreError, match="could not be written"):
        house.turn()
    assert not house.acks()
    (tmp_path / "shouwang.new").rmdir()
    house.restart()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.turn()
    assert house.acks() == [(0, 1)]
    assert house.rows("SELECT count FROM alarms") == [(1,)]
    house.crash()


def test_facts_are_synced_and_only_the_writer_checkpoints(core):
    assert core.rows("PRAGMA synchronous") == [(2,)]
    assert core.rows("PRAGMA journal_mode") == [("wal",)]
    assert core.rows("PRAGMA wal_autocheckpoint")[0][0] > 0
    with closing(connect(core.store.path)) as other:
        assert other.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
        assert other.execute("PRAGMA synchronous").fetchone() == (2,)


def test_only_the_device_that_was_asked_can_answer_and_only_once(core):
    row = requests.device_command_row("d1", "w1", "buzz", {}, NOW_MS, NOW_MS + 99_000)
    core.step([message("heartbeat", {"bat": 50})], device_commands=[row])
    answer = {"id": "d1", "state": "done"}
    core.step([message("result", answer | {"detail": "w2"}, device="w2")])
    assert core.rows("SELECT state, detail FROM device_commands") == [("queued", "")]
    core.step([message("result", answer | {"detail": "w1"})])
    core.step([message("result", answer | {"detail": "again", "state": "failed"})])
    assert core.rows("SELECT state, detail FROM device_commands") == [("done", "w1")]


def test_urgent_and_high_alarms_are_put_into_the_outbox_with_the_step_that_raises_them(core):
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1}), message("alarm", {"kinds": ["low_battery"]})])
    core.step([message("alarm", {"kinds": ["sos"], "seq": 2}, at_ms=NOW_MS + 1)])
    told = [msgspec.json.decode(body) for (body,) in core.rows("SELECT body FROM outbox ORDER BY id")]
    assert [(one["kind"], one["count"]) for one in told] == [("sos", 1), ("sos", 2)]


def test_what_nobody_answered_in_time_expires(core):
    row = requests.device_command_row("d1", "w1", "buzz", {}, NOW_MS, NOW_MS + 1000)
    core.step([message("heartbeat", {"bat": 50})], device_commands=[row])
    core.store.expire_device_commands(NOW_MS + 999)
    assert core.rows("SELECT state FROM device_commands") == [("queued",)]
    core.store.expire_device_commands(NOW_MS + 1000)
    assert core.rows("SELECT state FROM device_commands") == [("expired",)]


# The chain ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chained(tmp_path_factory):
    """A closed store with ten rows of the journal."""
    path = tmp_path_factory.mktemp("chained") / "s.sqlite"
    core = Core(path)
    core.step([enrolment()])
    for seq in range(10):
        core.step([message("alarm", {"kinds": ["sos"], "seq": seq}, at_ms=NOW_MS + seq)])
    core.close()
    assert verify_store(path) == (10, None)
    return path


@pytest.fixture
def chain(chained, tmp_path):
    for suffix in (".sqlite", ".head"):
        shutil.copy(chained.with_suffix(suffix), tmp_path / f"s{suffix}")
    return tmp_path / "s.sqlite"


def change(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


EDITS = {
    "the body": "UPDATE journal SET body=replace(body, 'sos', 'sox') WHERE seq={n}",
    "a body that is a blob": "UPDATE journal SET body=CAST(body AS BLOB) WHERE seq={n}",
    "the hash": "UPDATE journal SET hash=randomblob(32) WHERE seq={n}",
    "the time beside the body": "UPDATE journal SET at_ms=at_ms+1 WHERE seq={n}",
    "the alarm beside the body": "UPDATE journal SET alarm_id='A7' WHERE seq={n}",
    "the number": "UPDATE journal SET seq=seq+100 WHERE seq={n}",
    "the whole row": "DELETE FROM journal WHERE seq={n}",
}


@pytest.mark.parametrize("number", [1, 5, 10])
@pytest.mark.parametrize("what", EDITS)
def test_an_edit_of_any_row_is_found(chain, what, number):
    change(chain, EDITS[what].format(n=number))
    rows, fault = verify_store(chain)
    assert fault is not None and rows == number - 1


@pytest.mark.parametrize("columns", ["body", "hash", "body, hash", "at_ms, alarm_id, body, hash"])
def test_two_rows_that_changed_places_are_found(chain, columns):
    with closing(sqlite3.connect(chain, isolation_level=None)) as db:
        three, four = (
            db.execute(f"SELECT {columns} FROM journal WHERE seq=?", (n,)).fetchone() for n in (3, 4)
        )
        sql = f"UPDATE journal SET ({columns})=({', '.join('?' * len(three))}) WHERE seq=?"
        db.execute(sql, (*four, 3))
        db.execute(sql, (*three, 4))
    assert verify_store(chain) == (2, "row 3 is not what was written")


def test_a_row_that_was_put_in_is_found(chain):
    change(chain, "INSERT INTO journal SELECT 11, at_ms, alarm_id, body, hash FROM journal WHERE seq=10")
    assert verify_store(chain)[0] == 10
    change(chain, "UPDATE journal SET seq=0 WHERE seq=11")
    assert verify_store(chain) == (0, "row 1 is missing, row 0 follows")


def test_a_row_appended_with_a_right_hash_is_still_no_better_than_its_words(chain):
    """Whoever can compute the chain anew can write it anew; the head kept elsewhere is what tells."""
    with closing(sqlite3.connect(chain, isolation_level=None)) as db:
        db.execute("DELETE FROM journal WHERE seq=10")
        body, previous = db.execute("SELECT body, hash FROM journal WHERE seq=9").fetchone()
        body = body.replace('"seq":9', '"seq":10')
        forged = sha256(previous + body.encode()).digest()
        db.execute(
            "INSERT INTO journal SELECT 10, at_ms, alarm_id, ?, ? FROM journal WHERE seq=9", (body, forged)
        )
    assert verify_store(chain) == (10, "row 10 is not what was written")


@pytest.mark.parametrize("left", [0, 1, 9])
def test_a_journal_that_lost_its_end_is_found_through_the_head_file(chain, left):
    change(chain, f"DELETE FROM journal WHERE seq>{left}")
    assert verify_store(chain) == (
        left,
        f"the journal ends at row {left}, but row 10 was written: {10 - left} are lost",
    )


@pytest.mark.parametrize(
    "content", [None, b"", b"10", b"ten abcd", b"10 xyz", b"\xff\xfe", b"-3 00ff", b"10 00ff"]
)
def test_a_missing_or_damaged_head_file_is_said(chain, content):
    head = chain.with_suffix(".head")
    head.unlink() if content is None else head.write_bytes(content)
    rows, fault = verify_store(chain)
    assert rows == 10 and fault is not None and "\n" not in fault


def test_a_head_file_that_is_behind_is_no_fault(chain):
    (hash_,) = sqlite3.connect(chain).execute("SELECT hash FROM journal WHERE seq=8").fetchone()
    chain.with_suffix(".head").write_text(f"8 {hash_.hex()}\n")
    assert verify_store(chain) == (10, None)
    with closing(Store(chain)) as store:
        assert store.head_fault() is None


@examples(40)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_a_body_or_hash_is_found(chained, at, bit):
    rows = list(journal_rows(chained))
    place = int(at * len(rows))
    for column in ("body", "hash"):
        content = bytearray(getattr(rows[place], column).encode() if column == "body" else rows[place].hash)
        content[int(at * 7919) % len(content)] ^= 1 << bit
        changed = bytes(content).decode("latin-1") if column == "body" else bytes(content)
        broken = [*rows[:place], rows[place]._replace(**{column: changed}), *rows[place + 1 :]]
        held, _, fault = journal.verify(broken)
        assert fault is not None and held == place


def test_a_gateway_that_finds_its_journal_shortened_says_so_and_goes_on(tmp_path):
    house = House(tmp_path)
    house.enrol()
    house.say("alarm", {"kinds": ["sos"], "seq": 1})
    house.turn()
    assert house.gateway.fault is None
    house.crash()
    head = house.settings.database.with_suffix(".head")
    head.write_text("5 " + "00" * 32 + "\n")
    house.open()
    assert house.gateway.fault == "the journal ends at row 1, but row 5 was written: 4 are lost"
    house.turn(2000)
    ((pulse,),) = house.rows("SELECT value FROM meta WHERE key='pulse'")
    assert msgspec.json.decode(pulse)["fault"] == house.gateway.fault
    house.say("alarm", {"kinds": ["sos"], "seq": 2})
    house.turn()
    assert house.acks() == [(0, 2)]
    house.crash()


# The schema ---------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path):
    path = tmp_path / "s.sqlite"
    migrate(path)
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        checks = "SELECT sql FROM sqlite_master WHERE name='readings'"
        assert connection.exec_driver_sql(checks).scalar_one().count("CHECK") == 3
    engine.dispose()


def downgrade(path, version):
    """Make a store into what an older version would have left."""
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, version)
    engine.dispose()


def test_a_store_of_the_first_version_is_upgraded_with_its_rows(tmp_path, chain):
    downgrade(chain, "0001")
    for _ in range(2):
        with closing(Core(chain)) as core:
            assert len(core.journal()) == 10
    del tmp_path


def test_a_first_start_that_was_cut_short_leaves_no_half_schema(tmp_path):
    """sqlite3 begins no transaction before DDL by itself; half of the tables would refuse every later start."""
    path = tmp_path / "s.sqlite"
    change(path, "CREATE TABLE tokens (x)")  # the last table that the first migration makes
    with pytest.raises(StoreError, match="tokens"):
        migrate(path)
    change(path, "DROP TABLE tokens")
    with closing(Core(path)) as core:
        core.step([enrolment()])


def one_line(error):
    text = str(error.value)
    assert "\n" not in text and len(text) < 400
    return text


def test_a_store_of_a_newer_version_is_refused_in_one_line(chain):
    change(chain, "UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(StoreError) as error:
        Store(chain)
    assert "9999" in one_line(error)


@pytest.mark.parametrize(
    "content", [b"not a database, only a long text " * 100, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "shouwang.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError) as error:
        Gateway(Settings(data_dir=tmp_path), Policy())
    assert str(path) in one_line(error)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_in_one_line_and_left_alone(tmp_path):
    path = tmp_path / "shouwang.sqlite"
    change(path, "CREATE TABLE alarms (note)", "INSERT INTO alarms VALUES ('mine')")
    with pytest.raises(StoreError) as error:
        Gateway(Settings(data_dir=tmp_path), Policy())
    assert "alarms" in one_line(error)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("alarms",)]
        assert db.execute("SELECT * FROM alarms").fetchall() == [("mine",)]


def test_a_directory_that_is_none_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(StoreError) as error:
            Gateway(Settings(data_dir=place), Policy())
        assert str(place) in one_line(error)
    (tmp_path / "shouwang.sqlite").mkdir()
    with pytest.raises(StoreError) as error:
        Gateway(Settings(data_dir=tmp_path), Policy())
    one_line(error)


def test_a_directory_that_is_read_only_is_refused_in_one_line(tmp_path):
    """As a user who is not root, for whom nothing is read-only."""
    program = (
        "import os, sys, alembic.command, sqlalchemy.dialects.sqlite; from pathlib import Path\n"
        "from iot_gateway.database import StoreError; from iot_gateway.gateway import Gateway\n"
        "from iot_gateway.settings import Settings; from alerts.policy import Policy\n"
        "os.getuid() or os.setuid(65534)\n"
        "try: Gateway(Settings(data_dir=Path(sys.argv[1])), Policy())\n"
        "except StoreError as error: print(error)\n"
    )
    tmp_path.chmod(0o555)
    for parent in list(tmp_path.parents)[:3]:
        if parent.stat().st_uid == os.getuid() and "pytest" in str(parent):
            parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    tmp_path.chmod(0o755)
    assert done.stderr == "" and len(done.stdout.splitlines()) == 1 and str(tmp_path) in done.stdout


def test_odd_names_of_directories_are_names(tmp_path):
    place = tmp_path / "守 望?#%20&=1"
    house = House(place)
    house.enrol()
    house.crash()
    assert verify_store(house.settings.database) == (0, None)
    assert sorted(p.name for p in tmp_path.iterdir()) == [place.name]


def test_a_second_gateway_is_refused_and_a_failed_start_holds_nothing(tmp_path):
    house = House(tmp_path)
    with pytest.raises(StoreBusyError, match="another gateway"):
        House(tmp_path)
    ((version,),) = house.rows("SELECT version_num FROM alembic_version")
    house.crash()
    change(house.settings.database, "UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(StoreError) as error:
        House(tmp_path)
    assert "9999" in str(error.value)
    change(house.settings.database, f"UPDATE alembic_version SET version_num='{version}'")
    House(tmp_path).crash()


# Retention ----------------------------------------------------------------------------------------


def days(count):
    return count * 86_400_000


def test_only_old_input_is_forgotten_and_a_little_at_a_time(core):
    for day in range(6):
        at_ms = NOW_MS + days(day)
        said = [{"kinds": ["sos"], "seq": day * 10 + i} for i in range(5)] + [7]
        core.step([message("alarm", said, at_ms=at_ms)])
        core.keep_state()

    def facts():
        return core.journal(), core.rows("SELECT * FROM alarms")

    before, store = facts(), core.store
    store.forget_before(NOW_MS + days(2), limit=3)
    assert core.rows("SELECT count(*) FROM readings") == [(36 - 3,)]
    assert core.rows("SELECT count(*) FROM quarantine") == [(6 - 2,)]
    while store.forget_before(NOW_MS + days(2), limit=3):
        pass
    assert core.rows("SELECT min(created_at_ms) FROM outbox") == [(NOW_MS + days(2),)]
    ((oldest,),) = core.rows("SELECT min(received_at_ms) FROM readings")
    assert oldest == NOW_MS + days(2)
    assert core.rows("SELECT min(received_at_ms) FROM quarantine") == [(NOW_MS + days(2),)]
    assert core.rows("SELECT min(now_ms) FROM steps") == [(NOW_MS + days(2),)]
    assert facts() == before


def test_nothing_that_a_restart_needs_is_forgotten(core):
    core.step([message("alarm", {"kinds": ["sos"], "seq": 1})])
    core.store.forget_before(NOW_MS + days(99), 100)  # there is no snapshot
    assert core.rows("SELECT count(*) FROM steps") == [(2,)] and core.rows(
        "SELECT count(*) FROM readings"
    ) == [(1,)]
    core.keep_state()
    core.step([message("alarm", {"kinds": ["sos"], "seq": 2}, at_ms=NOW_MS + 1)])
    core.keep_state()
    core.step([message("alarm", {"kinds": ["sos"], "seq": 3}, at_ms=NOW_MS + 2)])
    core.store.forget_before(NOW_MS + days(99), 100)
    assert core.rows("SELECT seq FROM readings ORDER BY id") == [(2,), (3,)]
    assert core.rows("SELECT now_ms FROM steps ORDER BY step") == [(NOW_MS + 1,), (NOW_MS + 2,)]


def test_what_was_asked_of_a_device_is_kept_until_it_is_answered_or_expired(core):
    rows = [requests.device_command_row(f"d{i}", "w1", "buzz", {}, NOW_MS, NOW_MS + days(7)) for i in (1, 2)]
    core.step([message("result", {"id": "d1", "state": "done"})], device_commands=rows)
    core.store.forget_before(NOW_MS + days(1), 100)
    assert core.rows("SELECT id, state FROM device_commands") == [("d2", "queued")]
    core.store.expire_device_commands(NOW_MS + days(7))
    core.store.forget_before(NOW_MS + days(8), 100)
    assert core.rows("SELECT * FROM device_commands") == []


def test_after_everything_was_old_the_service_still_starts_again(tmp_path):
    """The numbers of readings never begin anew: a step would take its own items for repeats when computed again."""
    path = tmp_path / "s.sqlite"
    core = Core(path)
    core.step([enrolment()])
    core.step([message("alarm", {"kinds": ["sos"], "seq": seq}) for seq in range(9)])
    core.keep_state()
    core.keep_state()
    for _ in range(3):
        core.store.forget_before(NOW_MS + days(99), 100)
    core.step([message("alarm", {"kinds": ["sos"], "seq": 99, "ts": NOW_MS}, at_ms=NOW_MS + 5)])
    journal_before = core.journal()
    core.close()
    core = Core(path)
    assert core.journal() == journal_before
    core.step([message("alarm", {"kinds": ["sos"], "seq": 99, "ts": NOW_MS}, at_ms=NOW_MS + 6)])
    assert core.journal() == journal_before
    core.close()


def test_a_repeat_of_what_was_forgotten_since_is_still_one_when_the_step_is_computed_again(tmp_path):
    path = tmp_path / "s.sqlite"
    core = Core(path)
    core.step([enrolment()])
    old = {"kinds": ["sos"], "seq": 1, "ts": NOW_MS}
    core.step([message("alarm", old)])
    core.keep_state()
    core.step(
        [
            message("alarm", old, at_ms=NOW_MS + days(1)),
            message("alarm", old, device="w2", at_ms=NOW_MS + days(1)),
        ]
    )
    core.store.forget_before(NOW_MS + days(1), 100)
    assert len(core.rows("SELECT * FROM readings WHERE device_row=0")) == 0
    journal_before = core.journal()
    core.close()
    core = Core(path)
    assert core.journal() == journal_before
    assert core.engine.alarms.last_seq == len(journal_before)
    core.close()


def test_a_step_without_inputs_and_decisions_leaves_no_row(core):
    before = core.rows("SELECT count(*) FROM steps")
    core.step([], NOW_MS + 1)
    core.store.commit(StepRecord(NOW_MS + 2, NOW_MS + 2, pulse="{}"))
    assert core.rows("SELECT count(*) FROM steps") == before
