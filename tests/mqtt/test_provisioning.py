"""Secrets, files and their modes."""

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess

import pytest

from iot_gateway import provisioning
from iot_gateway.provisioning import ProvisionError, Tls, provision


def files(made):
    return {path.name: path.read_text() for path in made.config.parent.iterdir()}


def test_the_first_run_makes_everything(tmp_path):
    made = provision(["b", "a", "b"], tmp_path / "new", port=1999)
    secrets = json.loads(made.credentials.read_text())
    assert list(secrets) == ["a", "b"]
    assert made.added == ("a", "b")
    assert len({*secrets.values(), made.gateway_url}) == 3
    assert all(len(base64.urlsafe_b64decode(secret)) >= 16 for secret in secrets.values())
    first, second = made.gateway_env.read_text().splitlines()
    assert first == f"SHOUWANG_MQTT__URL={made.gateway_url}"
    assert second.startswith("SHOUWANG_MQTT__CANARY_URL=mqtt://_canary:") and second.endswith(
        "@127.0.0.1:1999"
    )
    assert made.gateway_url.endswith("@127.0.0.1:1999")
    assert "_gateway" not in secrets
    names = [line.split(":")[0] for line in made.passwd.read_text().splitlines()]
    assert names == ["_gateway", "_canary", "TEST", "a", "b"]


def test_no_file_is_readable_by_others(tmp_path):
    made = provision(["a"], tmp_path / "new")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.config.parent.iterdir()}
    assert modes == dict.fromkeys(
        ["credentials.json", "gateway.env", "passwd", "acl", "mosquitto.conf"], 0o600
    )


def test_the_broker_owns_what_it_reads_and_nothing_else(tmp_path):
    made = provision(["a"], tmp_path, broker_user="nobody")
    owners = {path.name: path.owner() for path in tmp_path.iterdir()}
    given = {"passwd", "acl", "mosquitto.conf"} if os.geteuid() == 0 else set()  # only root gives files away
    assert {name for name, owner in owners.items() if owner == "nobody"} == given
    assert "user nobody" in made.config.read_text().splitlines()


def test_the_second_run_keeps_adds_and_removes(tmp_path):
    first = json.loads(provision(["a", "b"], tmp_path).credentials.read_text())
    made = provision(["b", "c"], tmp_path)
    second = json.loads(made.credentials.read_text())
    assert (made.added, made.removed, made.rotated) == (("c",), ("a",), ())
    assert second.keys() == {"b", "c"}
    assert second["b"] == first["b"]
    assert not [line for line in made.passwd.read_text().splitlines() if line.startswith("a:")]


def test_the_gateways_secret_is_kept_too(tmp_path):
    assert provision([], tmp_path).gateway_url == provision([], tmp_path).gateway_url


def test_rotation(tmp_path):
    first = provision(["a", "b"], tmp_path)
    old = json.loads(first.credentials.read_text())
    one = provision(["a", "b"], tmp_path, rotate=["a"])
    new = json.loads(one.credentials.read_text())
    assert (one.rotated, new["a"] != old["a"], new["b"] == old["b"]) == (("a",), True, True)
    everyone = provision(["a", "b"], tmp_path, rotate="all")
    assert everyone.rotated == ("_gateway", "a", "b")
    assert everyone.gateway_url != first.gateway_url
    with pytest.raises(ProvisionError, match="stranger"):
        provision(["a", "b"], tmp_path, rotate=["stranger"])


@pytest.mark.parametrize(
    "name",
    ["", "_gateway", "-a", "a/b", "a+", "#", "a b", "a:b", "a\n", "é", "手环", "%u", "$SYS", "a" * 65, "a.b"],
)
def test_an_id_outside_the_contract_writes_nothing(tmp_path, name):
    with pytest.raises(ProvisionError, match="not a device id"):
        provision(["good", name], tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_hash_is_the_one_mosquitto_passwd_makes(tmp_path):
    kind, rounds, salt, digest = provisioning.password_hash("secret").split("$")[1:]
    again = hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(salt), int(rounds))
    assert (kind, base64.b64decode(digest)) == ("7", again)
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd on this machine")
    file = tmp_path / "theirs"
    subprocess.run([tool, "-b", "-c", str(file), "a", "secret"], check=True, capture_output=True)
    theirs = file.read_text().strip().removeprefix("a:")
    assert provisioning.password_hash("secret", base64.b64decode(theirs.split("$")[3])) == theirs


def test_a_damaged_file_is_named_and_left_alone(tmp_path):
    provision(["a"], tmp_path)
    for name in ("credentials.json", "gateway.env"):
        path = tmp_path / name
        whole = path.read_text()
        path.write_text("{")
        with pytest.raises(ProvisionError, match=name):
            provision(["a"], tmp_path)
        assert path.read_text() == "{"
        path.write_text(whole)
    provision(["a"], tmp_path)


def test_a_failure_leaves_the_old_files_in_force(tmp_path, monkeypatch):
    before = files(provision(["a"], tmp_path))

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(provisioning.os, "fsync", full)
    with pytest.raises(ProvisionError, match="No space left"):
        provision(["a", "b"], tmp_path, rotate="all")
    monkeypatch.undo()
    assert {name: text for name, text in files_in(tmp_path).items() if not name.startswith(".")} == before
    assert files(provision(["a"], tmp_path)).keys() == before.keys(), "the leftover is gone"


def files_in(directory):
    return {path.name: path.read_text() for path in directory.iterdir()}


def test_the_written_file_has_every_limit_and_no_example_path(tmp_path):
    made = provision(["a"], tmp_path, port=1999)
    lines = made.config.read_text().splitlines()
    assert [line for line in lines if line in provisioning.product_limits()] == provisioning.product_limits()
    effective = [line for line in lines if line and not line.startswith("#")]
    assert f"password_file {tmp_path}/passwd" in effective
    assert f"acl_file {tmp_path}/acl" in effective
    assert "allow_anonymous false" in effective
    assert "use_username_as_clientid true" in effective
    assert [line for line in effective if line.startswith("listener")] == ["listener 1999 127.0.0.1"]
    assert not [line for line in effective if "/etc/shouwang" in line]


def test_a_certificate_opens_the_door_for_devices(tmp_path):
    tls = Tls(tmp_path / "server.crt", tmp_path / "server.key", 9999)
    lines = provision(["a"], tmp_path, tls=tls).config.read_text().splitlines()
    assert "listener 9999" in lines
    assert f"certfile {tls.certfile}" in lines
    assert f"keyfile {tls.keyfile}" in lines
    assert "tls_version tlsv1.2" in lines
    assert not [line for line in lines if line.startswith("#tls")]


def test_write_rules_name_streams_one_by_one():
    rules = provisioning.access_rules().splitlines()
    written = [rule.removeprefix("pattern write ") for rule in rules if rule.startswith("pattern write")]
    streams = ["heartbeat", "location", "alarm", "result"]
    assert written == [*(f"care/v1/%u/{stream}" for stream in streams), "owntracks/%u/+"]
    assert not [rule for rule in rules if "%u/#" in rule]


def test_the_limits_that_were_measured_are_in_the_products_file():
    limits = dict(
        line.split(" ", 1) for line in provisioning.product_limits() if not line.startswith("log_type")
    )
    assert int(limits["max_queued_messages"]) >= 20_000
    assert 20_000 <= int(limits["max_inflight_messages"]) <= 65_535
    assert 64 * 1024 < int(limits["max_packet_size"]) <= 70_000
    assert (limits["persistence"], limits["retain_available"]) == ("false", "false")
