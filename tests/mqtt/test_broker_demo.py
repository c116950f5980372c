"""A broker of our own: found, started, answered, ended."""

import os
import subprocess
import sys

import pytest

from iot_gateway import broker

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("kind", ["mosquitto", "nats"])
def test_it_answers_is_stopped_by_its_own_process_and_comes_back(tmp_path, kind):
    if broker.find_broker(kind) is None:
        pytest.skip(f"no {kind} on this machine")
    running = broker.start_broker(tmp_path / "made", broker.free_port(), kind)
    try:
        assert broker.answers_connect(running.port)
        assert running.alive
        running.kill()
        assert not broker.answers_connect(running.port)
        running.restart()
        assert broker.answers_connect(running.port)
        assert running.log.exists()
    finally:
        running.stop()
    assert not running.alive
    running.stop()


def test_it_listens_on_loopback_only_and_shares_the_products_limits(tmp_path):
    if broker.find_broker("mosquitto") is None:
        pytest.skip("no mosquitto on this machine")
    running = broker.start_broker(tmp_path, broker.free_port(), "mosquitto")
    running.stop()
    text = running.config.read_text()
    assert f"listener {running.port} 127.0.0.1" in text
    for limit in ("max_queued_messages 20000", "max_inflight_messages 20000", "max_packet_size 70000"):
        assert limit in text.splitlines()
    assert "password_file" not in text


def test_it_ends_with_the_process_that_started_it(tmp_path):
    if broker.find_broker() is None:
        pytest.skip("no broker on this machine")
    program = (
        "import os, pathlib, signal, sys\n"
        "from iot_gateway import broker\n"
        "running = broker.start_broker(pathlib.Path(sys.argv[1]), int(sys.argv[2]))\n"
        "print(running.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    port = broker.free_port()
    command = [sys.executable, "-c", program, str(tmp_path), str(port)]
    started = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    pid = int(started.stdout)
    for _ in range(1000):
        if not broker.answers_connect(port):
            break
    else:
        os.kill(pid, 9)
        pytest.fail("the broker outlived its parent")


def test_a_file_it_cannot_use_is_one_line(tmp_path):
    found = broker.find_broker("mosquitto")
    if found is None:
        pytest.skip("no mosquitto on this machine")
    config = tmp_path / "bad.conf"
    config.write_text("no_such_option 1\n")
    with pytest.raises(broker.BrokerError, match="ended at once") as caught:
        broker.launch(found, config, broker.free_port(), tmp_path / "log")
    assert "\n" not in str(caught.value)


def test_no_broker_at_all_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(broker.shutil, "which", lambda *_args, **_options: None)
    assert broker.find_broker() is None
    with pytest.raises(broker.BrokerError, match="apt-get install mosquitto"):
        broker.start_broker(tmp_path, 1883)
