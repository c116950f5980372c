"""What the generated rules allow, tried against a real broker with our own file."""

import os
import shutil
import signal
import subprocess
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest

from iot_gateway import broker, provisioning
from iot_gateway.wire import BEACON_TOPIC

pytestmark = pytest.mark.broker


def test_a_device_writes_its_own_streams_and_reads_its_own_answers(site, gather, wait_until):
    intake = site.intake()
    device = site.device("band-1")
    device.listen("care/v1/band-1/ack", "care/v1/band-1/cmd", BEACON_TOPIC)
    allowed = [f"care/v1/band-1/{stream}" for stream in ("heartbeat", "location", "alarm", "result")]
    allowed.append("owntracks/band-1/phone")
    device.send_all([(topic, b"{}") for topic in allowed])
    assert sorted(m.topic for m in gather(intake, 5)) == sorted(allowed)
    intake.publish("care/v1/band-1/ack", b"ack")
    intake.publish("care/v1/band-1/cmd", b"cmd")
    wait_until(lambda: len(device.received) == 2, "ack and cmd")


def test_a_device_writes_nothing_else(site, gather, wait_until):
    intake = site.intake()
    bystander, device = site.device("band-2"), site.device("band-1")
    for listener, name in ((bystander, "band-2"), (device, "band-1")):
        listener.listen(f"care/v1/{name}/ack", f"care/v1/{name}/cmd", BEACON_TOPIC)
    streams = ("heartbeat", "location", "alarm", "result", "ack", "cmd")
    forbidden = [
        f"care/v1/{name}/{stream}" for name in ("band-2", "_gateway", "band-1x") for stream in streams
    ]
    forbidden += ["care/v1/band-1/ack", "care/v1/band-1/cmd", BEACON_TOPIC, "owntracks/band-2/phone"]
    forbidden += ["care/v1/band-1/alarm/x", "care/v1/band-1", "$SYS/broker/version"]
    device.send_all([(topic, b"forged") for topic in forbidden])  # 3.1.1: every one is PUBACKed all the same
    device.send_all([("care/v1/band-1/alarm", b"true")])
    assert [m.payload for m in gather(intake, 1)] == [b"true"]
    for name in ("band-1", "band-2"):
        intake.publish(f"care/v1/{name}/ack", b"true")
    wait_until(lambda: bystander.received and device.received, "the gateway's own ack")
    assert [payload for _, payload in bystander.received + device.received] == [b"true", b"true"]


def test_a_device_reads_nothing_else(site, gather, wait_until):
    intake = site.intake()
    spy, device = site.device("band-2"), site.device("band-1")
    # Every SUBACK says granted; the rules are applied to each message.
    spy.listen(
        "#", "care/v1/+/location", "care/v1/band-1/ack", "care/v1/+/cmd", "$SYS/#", "care/v1/band-2/ack"
    )
    device.send_all([(f"care/v1/band-1/{stream}", b"secret") for stream in ("location", "alarm", "result")])
    gather(intake, 3)
    intake.publish("care/v1/band-1/ack", b"secret")
    intake.publish("care/v1/band-1/cmd", b"secret")
    intake.publish("care/v1/band-2/ack", b"true")
    wait_until(lambda: spy.received, "its own ack")
    assert {payload for _, payload in spy.received} == {b"true"}


def test_a_forged_will_reaches_nobody(site, gather):
    intake = site.intake()
    for will in ("care/v1/band-2/alarm", "care/v1/band-1/alarm"):
        site.device("band-1", will=(will, b"will", 1)).die()
    assert [m.topic for m in gather(intake, 1)] == ["care/v1/band-1/alarm"]


def test_a_device_that_calls_itself_the_gateway_does_not_throw_it_out(site, gather):
    intake = site.intake()
    for _ in range(3):
        thief = site.device("band-1", client_id="_gateway")
        assert not thief.refused
        thief.send_all([("care/v1/band-1/alarm", b"{}")])
        gather(intake, 1)
    assert intake.epoch == 1
    assert intake.connected


def test_canary_and_proof_test_come_in_by_the_gateways_secret_and_speak_for_nobody_else(site, gather):
    secret = unquote(urlsplit(site.provisioned.gateway_url).password)
    intake = site.intake()
    for name in ("_canary", "TEST"):
        device = site.device(name, password=provisioning.derived_secret(name, secret))
        assert not device.refused
        device.send_all([("care/v1/band-1/alarm", b"forged"), (f"care/v1/{name}/alarm", b"own")])
        assert [(m.topic, m.payload) for m in gather(intake, 1)] == [(f"care/v1/{name}/alarm", b"own")]
        assert site.device(name, password="guess").refused


@pytest.mark.parametrize(
    ("name", "password"),
    [("_gateway", "guess"), ("band-1", "guess"), ("stranger", "guess"), ("band-1", None)],
)
def test_nobody_comes_in_without_the_right_password(site, name, password):
    assert site.device(name, password=password).refused


def test_a_retained_message_ends_its_senders_connection(site, wait_until):
    device = site.device("band-1")
    lost = []
    device.client.on_disconnect = lambda *_: lost.append(1)
    device.client.publish("care/v1/band-1/location", b"{}", 0, retain=True)
    wait_until(lambda: lost, "disconnected")


def again(site, devices, **options):
    made = provisioning.provision(
        devices, site.provisioned.config.parent, port=site.port, broker_user=_me(), **options
    )
    site.broker.process.send_signal(signal.SIGHUP)
    return made


def _me():
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def test_a_reload_lets_a_new_device_in_puts_a_removed_one_out_and_disturbs_nobody_else(
    site, gather, wait_until
):
    intake = site.intake()
    leaving, staying = site.device("band-1"), site.device("band-2")
    lost = []
    staying.client.on_disconnect = lambda *_: lost.append(1)
    leaving.client.on_disconnect = lambda *_: lost.append("band-1")
    made = again(site, ["band-2", "band-3", "smoke-1"])
    assert (made.added, made.removed, made.rotated) == (("band-3",), ("band-1",), ())
    wait_until(lambda: lost, "the removed device is put out")
    site.secrets |= provisioning.read_credentials(made.credentials)
    wait_until(lambda: not site.device("band-3").refused, "the new device is let in")
    staying.send_all([("care/v1/band-2/alarm", b"{}")])
    gather(intake, 1)
    assert (set(lost), intake.epoch) == ({"band-1"}, 1)
    assert site.device("band-1").refused


def test_a_rotated_secret_replaces_the_old_one(site, wait_until):
    old = dict(site.secrets)
    made = again(site, list(old), rotate=["band-1"])
    new = provisioning.read_credentials(made.credentials)
    assert made.rotated == ("band-1",)
    wait_until(lambda: site.device("band-1", password=old["band-1"]).refused, "the old secret is refused")
    assert not site.device("band-1", password=new["band-1"]).refused
    assert not site.device("band-2", password=old["band-2"]).refused


def test_a_gateway_without_rights_says_so(site, wait_until):
    """nats-server refuses subscriptions in the SUBACK; mosquitto grants them and delivers nothing."""
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.reasoncodes import ReasonCode

    intake = site.intake()
    granted = ReasonCode(PacketTypes.SUBACK, identifier=1)
    refused = ReasonCode(PacketTypes.SUBACK, identifier=0x80)
    epoch = intake.epoch
    intake._on_subscribe(intake._client, None, 1, [granted, refused, granted, granted, granted], None)
    assert intake.refused == ("care/v1/+/heartbeat",)
    assert intake.connected, "what was granted still arrives"
    intake._on_subscribe(intake._client, None, 1, [refused, granted, granted, granted, granted], None)
    assert "care/v1/+/alarm" in intake.refused
    wait_until(lambda: intake.epoch > epoch and intake.connected, "it tries again")
    assert intake.refused == ()


def test_devices_and_gateway_come_in_by_tls(tmp_path, site, monkeypatch, wait_until):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    cert, key = tmp_path / "server.crt", tmp_path / "server.key"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    made = [*command, *subject, "-days", "2", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    tls = provisioning.Tls(cert, key, broker.free_port())
    again(site, site.secrets, tls=tls)
    site.broker.stop()
    site.broker.restart()
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    url = site.provisioned.gateway_url.replace("mqtt://", "mqtts://").replace(
        f"127.0.0.1:{site.port}", f"localhost:{tls.port}"
    )
    site.provisioned = replace(site.provisioned, gateway_url=url)
    intake = site.intake()
    assert intake.connected
    assert not broker.answers_connect(tls.port), "without TLS nobody is answered"
