"""The commands: what they write, what they refuse, and with which exit code."""

import json

import pytest
from typer.testing import CliRunner

from device_sim.cli import app
from device_sim.publisher import Broker, Publisher, read_credentials

runner = CliRunner()


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.json"
    result = runner.invoke(
        app, ["city", "--seed", "3", "--bands", "20", "--fire-sensors", "8", "--out", str(path)]
    )
    assert result.exit_code == 0 and "28 devices" in result.stdout
    return path


def failed(*arguments, code=1):
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_city_writes_a_roster(roster):
    assert set(json.loads(roster.read_bytes())) == {"models", "sites", "residents", "fences", "devices"}


def test_record_writes_the_same_file_for_the_same_seed(roster, tmp_path):
    files = [tmp_path / "a.ndjson", tmp_path / "b.ndjson"]
    for file in files:
        arguments = [
            "record",
            "--roster",
            roster,
            "--seconds",
            120,
            "--out",
            file,
            "--lively",
            5,
            "--loss",
            0.1,
        ]
        result = runner.invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
    assert files[0].read_bytes() == files[1].read_bytes() != b""


def test_a_broker_elsewhere_is_refused_unless_it_is_meant(roster):
    for command in (["play", "--roster", roster], ["storm"], ["track", roster]):
        assert "--allow-remote" in failed(*command, "--mqtt-url", "mqtt://192.0.2.1:1883")
    assert Broker.from_url("mqtts://u:p%40@care.example", allow_remote=True) == Broker(
        "care.example", 8883, "u", "p@", tls=True
    )
    for url in ("mqtt://localhost", "mqtt://127.0.0.9:1884", "mqtt://[::1]"):
        Broker.from_url(url, allow_remote=False)


@pytest.mark.parametrize("url", ["http://localhost", "localhost:1883", "mqtt://", "mqtt://localhost:99999"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match=r"address|port"):
        Broker.from_url(url, allow_remote=True)


def test_wrong_input_is_one_clear_line_and_code_1(roster, tmp_path):
    bad = tmp_path / "bad.json"
    for text in ("{", "[]", "{}", '{"devices":[{"device_id":"x","kind":"toaster"}]}'):
        bad.write_text(text)
        assert len(failed("play", "--roster", bad).splitlines()) == 1
    assert "No such file" in failed("play", "--roster", tmp_path / "none.json")
    bad.write_text('[{"at_s": 1, "device_id": "nobody", "event": "sos"}]')
    assert "nobody" in failed("play", "--roster", roster, "--script", bad)
    assert "not a track file" in failed("track", bad)
    assert "no site" in failed("track", bad, "--roster", roster, "--to-site", "X")
    bad.write_text("[1]")
    assert "credentials" not in failed("play", "--roster", roster, "--credentials", tmp_path / "none")
    with pytest.raises(ValueError, match="want"):
        read_credentials(bad)


def test_wrong_usage_is_code_2(roster):
    failed("play", code=2)
    failed("track", roster, "--to-lat", 36, code=2)
    failed("play", "--roster", roster, "--loss", 2, code=2)


def test_a_device_without_credentials_is_named():
    broker = Broker.from_url("mqtt://localhost", allow_remote=False)
    with pytest.raises(ValueError, match="no credentials for 1 devices, first B2"):
        Publisher(broker, ["B1", "B2"], print, print, credentials={"B1": "x"})


def test_tracks_of_the_same_name_or_more_tracks_than_the_name_given(tmp_path):
    (tmp_path / "x").mkdir()
    text = "1\n2\n3\n4\n5\n6\n36.7,119.1,0,0,0,2008-11-03,10:13:36\n"
    files = [tmp_path / "a.plt", tmp_path / "x" / "a.plt"]
    for file in files:
        file.write_text(text)
    assert "two tracks for track-a" in failed("track", *files)
    assert "names one device" in failed("track", *files, "--device-id", "WB1")
    assert "not a device id" in failed("track", files[0], "--device-id", "_no")
