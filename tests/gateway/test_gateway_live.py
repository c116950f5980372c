"""The whole road with real processes: a device forgets only what is on disk, whoever is killed and whenever."""

import json
import time

import pytest
from road import roster
from service import BEACON, KILLED_BY, Service, kill, need, until

from alerts.policy import Policy
from iot_gateway.importing import import_roster
from iot_gateway.reading import verify_store
from iot_gateway.settings import Settings

pytestmark = pytest.mark.broker


def make(tmp_path, kind="mosquitto"):
    need(kind)
    made = Service(tmp_path, kind)
    import_roster(Settings(data_dir=tmp_path), Policy(), roster())
    return made


@pytest.fixture
def service(tmp_path):
    made = make(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["mosquitto", "nats"])
def any_service(tmp_path, request):
    made = make(tmp_path, request.param)
    yield made
    made.close()


def stored(service, device):
    """(boot, seq) of a device's readings."""
    sql = "SELECT boot, seq FROM readings JOIN devices USING (device_row) WHERE device_id=?"
    return service.ask(sql, device.name)


def alarms(service, device, kind):
    return service.ask(
        "SELECT alarm_id, count, state FROM alarms WHERE subject_id=? AND kind=?", device.name, kind
    )


def everything_holds(service, *devices):
    """What every run must end with: all said is acknowledged, all acknowledged is stored once, the chain holds."""
    for device in devices:
        until(
            lambda device=device: not device.kept,
            f"everything of {device.name} is acknowledged",
            patience_s=60,
        )
        rows = stored(service, device)
        assert sorted(rows) == [(device.boot, seq) for seq in range(1, device.seq + 1)]
        assert device.acked == set(range(1, device.seq + 1))
    assert verify_store(service.database)[1] is None


class Crowd:
    """Devices that talk: each its own kinds, so that every call for help can be counted."""

    def __init__(self, service, names):
        self.devices = [service.device(name) for name in names]
        self.calls = {device.name: 0 for device in self.devices}

    def talk(self, rounds):
        for number in range(rounds):
            for device in self.devices:
                if number % 3 == 0:
                    device.say("alarm", kinds=["sos"])
                    self.calls[device.name] += 1
                else:
                    device.say("location", lat=36.87, lon=118.95, acc=8)

    def held(self, service):
        """Every call was heard once: one episode a device, that counts each."""
        everything_holds(service, *self.devices)
        for device in self.devices:
            ((_, count, state),) = alarms(service, device, "sos")
            assert (count, state) == (self.calls[device.name], "active_unacknowledged")


def test_an_acknowledgement_comes_only_after_the_item_is_in_the_store(service):
    service.gateway()
    band = service.device("w1")
    found = []
    heard = band.client.on_message

    def look(client, data, message):
        """The moment an ack arrives, what it names must be on disk already."""
        if message.topic.endswith("/ack"):
            named = set(json.loads(message.payload)["seqs"])
            found.append(named <= {seq for _, seq in stored(service, band)})
        heard(client, data, message)

    band.client.on_message = look
    for _ in range(5):
        seq = band.say("alarm", kinds=["sos"])
        until(lambda seq=seq: seq in band.acked, "the call for help is acknowledged")
    assert found and all(found)
    ((alarm_id, count, _),) = alarms(service, band, "sos")
    assert count == 5
    journal = service.ask("SELECT body FROM journal WHERE alarm_id=? ORDER BY seq", alarm_id)
    assert [json.loads(body)["count"] for (body,) in journal] == [1, 2, 3, 4, 5]
    assert len(service.ask("SELECT 1 FROM outbox")) == 5


def test_a_gateway_that_is_killed_mid_stream_loses_nothing(any_service):
    process = any_service.gateway()
    crowd = Crowd(any_service, ["w1", "w2", "f1"])
    for _ in range(2):
        crowd.talk(6)
        kill(process)
        crowd.talk(3)
        process = any_service.gateway()
    crowd.held(any_service)


def test_a_broker_that_is_killed_mid_stream_loses_nothing(service):
    service.gateway()
    crowd = Crowd(service, ["w1", "w2", "f1"])
    for _ in range(2):
        crowd.talk(6)
        service.broker.kill()
        crowd.talk(3)
        service.broker.restart()
    crowd.held(service)


def test_broker_and_gateway_killed_together_lose_nothing(service):
    process = service.gateway()
    crowd = Crowd(service, ["w1", "w2"])
    crowd.talk(6)
    service.broker.kill()
    kill(process)
    crowd.talk(3)
    service.broker.restart()
    process = service.gateway()
    crowd.held(service)


def test_what_was_said_while_no_gateway_ran_is_heard_at_its_beacon(service):
    band = service.device("w1")
    seqs = [band.say("alarm", kinds=["sos"]) for _ in range(3)]
    assert not service.ask("SELECT 1 FROM readings")
    service.gateway()
    until(lambda: band.acked >= set(seqs), "all is acknowledged")
    everything_holds(service, band)
    assert alarms(service, band, "sos")[0][1] == 3


# A gateway whose process is killed by itself right after a commit, or right before the first one of an alarm.
AFTER_COMMIT = KILLED_BY.format(
    method="Gateway._acknowledge", condition="arguments[1].acks", signal="SIGKILL"
)
BEFORE_COMMIT = KILLED_BY.format(
    method="Writer.commit", condition="arguments[0].admitted.acks", signal="SIGKILL"
)


@pytest.mark.parametrize(
    "program", [AFTER_COMMIT, BEFORE_COMMIT], ids=["after the commit", "before the commit"]
)
def test_killed_at_the_worst_moment_the_call_for_help_is_acknowledged_by_the_next_gateway_and_raised_once(
    service, program
):
    process = service.gateway(program)
    band = service.device("w1")
    seq = band.say("alarm", kinds=["sos"])
    until(lambda: process.poll() is not None, "the gateway was killed")
    assert process.returncode == -9
    is_stored = program == AFTER_COMMIT
    assert len(stored(service, band)) == is_stored and len(alarms(service, band, "sos")) == is_stored
    assert not band.acked
    service.gateway()
    until(lambda: seq in band.acked, "the repeat is acknowledged")
    ((_, count, _),) = alarms(service, band, "sos")
    assert count == 1
    assert len(service.ask("SELECT 1 FROM outbox")) == 1
    everything_holds(service, band)


def test_a_command_goes_out_again_when_its_device_is_heard_of_until_that_device_answers(service):
    process = service.gateway()
    expires = int(time.time() * 1000) + 600_000
    asked = {"id": "d1", "device_id": "w1", "type": "buzz", "args": {"s": 3}, "expires_ts": expires}
    service.request("device_command", asked, "c1")
    until(lambda: service.ask("SELECT 1 FROM device_commands"), "the command is queued")
    assert service.ask("SELECT code FROM command_results WHERE command_id='c1'") == [("done",)]
    kill(process)
    service.gateway()
    band, other = service.device("w1"), service.device("w2")
    other.answer("d1", detail="not mine")
    band.say("heartbeat", bat=50)
    until(lambda: band.commands, "it goes out when its device is heard of")
    assert band.commands[0] == {"id": "d1", "type": "buzz", "args": {"s": 3}, "expires_ts": expires}
    assert service.ask("SELECT state FROM device_commands") == [("queued",)]
    assert not other.commands
    band.answer("d1", "failed", "no buzzer")
    until(lambda: service.ask("SELECT state FROM device_commands") == [("failed",)], "the answer is recorded")
    assert service.ask("SELECT detail FROM device_commands") == [("no buzzer",)]


def test_a_call_for_help_without_a_position_asks_the_band_for_one(service):
    service.gateway()
    band = service.device("w1")
    band.say("alarm", kinds=["sos"])
    until(lambda: band.commands, "the band is asked where it is")
    assert band.commands[0]["type"] == "locate"


def test_whatever_a_device_sends_the_others_are_heard(service):
    process = service.gateway()
    liar, band = service.device("w2"), service.device("w1")
    for payload in (
        b"",
        b"{",
        b"[" * 60_000,
        b"\xff" * 999,
        b'{"kinds": ["sos"], "lat": NaN}',
        b"9" * 60_000,
    ):
        for stream in ("alarm", "location", "heartbeat", "result"):
            liar.client.publish(f"care/v1/w2/{stream}", payload, 1)
    seq = band.say("alarm", kinds=["fall"])
    until(lambda: seq in band.acked, "the other band is heard")
    until(lambda: alarms(service, liar, "unreadable"), "and so is the broken one")
    until(lambda: alarms(service, liar, "sos"), "whose call for help is one")
    assert process.poll() is None
    assert not liar.acks


def test_the_beacon_is_sent_at_every_connection(service):
    band = service.device("w1")
    beacons = []
    band.client.message_callback_add(
        BEACON, lambda _c, _d, message: beacons.append(json.loads(message.payload))
    )
    process = service.gateway()
    until(lambda: len(beacons) == 1, "a beacon at the start")
    kill(process)
    service.gateway()
    until(lambda: len(beacons) == 2, "and at the next")
    assert all(set(beacon) == {"ts", "epoch"} for beacon in beacons)
