"""Two gateways on one store by mistake: one of them goes on, the other ends in one line, no alarm is raised twice."""

import os
import signal
import sqlite3

import pytest
from road import NOW_MS, roster
from service import KILLED_BY, Service, need, until

from alerts.policy import Policy
from iot_gateway import lease as leases
from iot_gateway.database import StoreBusyError
from iot_gateway.importing import import_roster
from iot_gateway.lease import LeaseLostError
from iot_gateway.settings import Settings
from iot_gateway.store import StepRecord, Store


@pytest.fixture
def service(tmp_path):
    need("mosquitto")
    made = Service(tmp_path)
    import_roster(Settings(data_dir=tmp_path), Policy(), roster())
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
    made.close()


def lose_lock(service):
    """As a network file system, a tidy person or a second mount does."""
    service.database.with_suffix(".lock").unlink()


def counts(service, device):
    """(episodes, their count, rows in the outbox) of a device's calls for help."""
    ((episodes, count),) = service.ask(
        "SELECT count(*), sum(count) FROM alarms WHERE subject_id=?", device.name
    )
    return episodes, count, len(service.ask("SELECT 1 FROM outbox"))


@pytest.mark.broker
def test_without_the_lock_file_a_second_gateway_is_refused_while_the_first_one_writes(service):
    first = service.gateway()
    lose_lock(service)
    refused = service.shouwang("gateway")
    assert refused.returncode == 1
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("shouwang:")]
    assert line.endswith(f"another gateway (process {first.pid}) is writing to it")
    band = service.device("w1")
    seq = band.say("alarm", kinds=["sos"])
    until(lambda: seq in band.acked, "the first one goes on")
    assert first.poll() is None


# A gateway that stops dead between the decision on an alarm and its commit.
STOPS = KILLED_BY.format(method="Writer.commit", condition="arguments[0].admitted.acks", signal="SIGSTOP")


@pytest.mark.broker
@pytest.mark.parametrize("program", [None, STOPS], ids=["while idle", "right before a commit"])
def test_a_gateway_that_was_stopped_and_overtaken_writes_nothing_more_and_ends(service, program):
    first = service.gateway(program)
    band = service.device("w1")
    if program is None:
        first.send_signal(signal.SIGSTOP)
    seqs = [band.say("alarm", kinds=["sos"])]
    if program is not None:
        until(lambda: os.waitpid(first.pid, os.WNOHANG | os.WUNTRACED)[0] == first.pid, "it stopped itself")
    assert not band.acked
    lose_lock(service)
    second = service.gateway()
    until(lambda: seqs[0] in band.acked, "the second one acknowledges")
    assert counts(service, band) == (1, 1, 1)
    before = len(service.words())
    first.send_signal(signal.SIGCONT)
    until(lambda: first.poll() is not None, "the first one ends")
    assert first.returncode == 1
    said = [line for line in service.words()[before:].splitlines() if line.startswith("shouwang:")]
    assert len(said) == 1 and "another gateway has taken the store over" in said[0]
    seqs.append(band.say("alarm", kinds=["sos"]))
    until(lambda: band.acked >= set(seqs), "the second one goes on")
    assert counts(service, band) == (1, 2, 2)
    assert second.poll() is None


def commit(store, number):
    store.commit(StepRecord(NOW_MS, NOW_MS, pulse=str(number)))


def test_the_token_is_compared_inside_the_commit_and_nothing_of_it_is_written(tmp_path):
    first = Store(tmp_path / "s.sqlite")
    first.become_writer()
    commit(first, 1)
    second = Store(tmp_path / "s.sqlite")
    second.become_writer()  # the same process: it knows that the first one is not at work
    assert second.lease.token == first.lease.token + 1
    commit(second, 2)
    with pytest.raises(LeaseLostError, match="another gateway has taken the store over") as error:
        commit(first, 3)
    assert "\n" not in str(error.value)
    first.close()
    assert second.read_meta("pulse") == "2"
    commit(second, 4)
    second.close()


def make_foreign(path, holder):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value=json_set(value, '$.holder', ?) WHERE key='lease'", (holder,))
    db.close()


def test_a_silent_holder_on_another_host_is_overtaken_and_one_that_writes_is_not(tmp_path, monkeypatch):
    path = tmp_path / "s.sqlite"
    with_lease = Store(path)
    with_lease.become_writer()
    with_lease.lease.forsake()  # as if killed
    make_foreign(path, "other-machine boot pid:[1] 17 4711")
    waits = []

    def alive(seconds):
        waits.append(seconds)
        if len(waits) == 10:
            commit(with_lease, 9)

    monkeypatch.setattr(leases.time, "sleep", alive)
    newcomer = Store(path)
    with pytest.raises(StoreBusyError, match=r"another gateway \(process 17\) is writing to it"):
        newcomer.become_writer()
    assert len(waits) == 10
    monkeypatch.setattr(leases.time, "sleep", waits.append)
    newcomer.become_writer()
    assert newcomer.lease.overtook and sum(waits[10:]) == pytest.approx(leases.SILENCE_S)
    newcomer.close()
    with_lease.close()


@pytest.mark.parametrize(
    ("holder", "may_live"),
    [
        ("", False),
        ("m b pid:[1] 1 {started}", True),
        ("m b pid:[1] 1 77", False),  # its number is another's by now
        ("m b pid:[1] 4194305 77", False),
        ("m b pid:[2] 17 77", True),  # another container, into which we cannot see
        ("m older pid:[1] 1 {started}", False),  # the power failed: nothing of then runs
        ("- older pid:[1] 1 {started}", True),
        ("other b pid:[1] 1 {started}", True),
    ],
)
def test_who_may_still_live(holder, may_live, monkeypatch):
    monkeypatch.setattr(leases, "_here", lambda: "m b pid:[1]")
    assert leases._may_live(holder.format(started=leases._started(1))) == may_live


def test_of_two_that_waited_one_is_first(tmp_path, monkeypatch):
    path = tmp_path / "s.sqlite"
    dead = Store(path)
    dead.become_writer()
    dead.lease.forsake()
    make_foreign(path, "other-machine boot pid:[1] 17 4711")
    first, second = Store(path), Store(path)
    monkeypatch.setattr(leases.time, "sleep", lambda _: None)
    begin = leases.Lease._wait_for_silence

    def overtaken(self, last):
        begin(self, last)
        monkeypatch.setattr(leases.Lease, "_wait_for_silence", begin)
        first.become_writer()

    monkeypatch.setattr(leases.Lease, "_wait_for_silence", overtaken)
    with pytest.raises(StoreBusyError):
        second.become_writer()
    commit(first, 1)
    for store in (dead, first, second):
        store.close()


def test_a_lease_that_cannot_be_read_is_nobodys(tmp_path):
    first = Store(tmp_path / "s.sqlite")
    first.become_writer()
    first._db.execute("UPDATE meta SET value='what' WHERE key='lease'")
    with pytest.raises(LeaseLostError):
        commit(first, 1)
    second = Store(tmp_path / "s.sqlite")
    second.become_writer()
    commit(second, 2)
    for store in (first, second):
        store.close()
