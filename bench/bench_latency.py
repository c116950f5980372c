"""From publish to the consoles' stream, and to the device's `ack`: SOS by SOS, through all processes.

A background of positions can be set (messages a second). Prints milliseconds. Loopback only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import paho.mqtt.client as mqtt
from bench_road import DEVICES, roster, wait_until

from alerts.policy import Policy
from api.accounts import add_token
from iot_gateway.broker import free_port, start_broker
from iot_gateway.importing import import_roster
from iot_gateway.roster_file import parse
from iot_gateway.settings import Settings
from iot_gateway.wire import Alarm, Location, encode, topic

ALARMS = 300
PAUSE_S = 0.05


def main() -> None:
    """Start everything, publish, print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--background", type=int, default=50, help="positions a second")
    background = options.parse_args().background
    with tempfile.TemporaryDirectory() as name:
        broker = start_broker(Path(name) / "broker", free_port())
        settings = Settings(data_dir=Path(name))
        import_roster(settings, Policy(), parse(roster(), "bench"))
        token = add_token(settings.database, "bench")
        url = f"http://127.0.0.1:{(http_port := free_port())}"
        env = {
            **os.environ,
            "SHOUWANG_DATA_DIR": name,
            "SHOUWANG_MQTT__URL": f"mqtt://127.0.0.1:{broker.port}",
            "SHOUWANG_HTTP__PORT": str(http_port),
        }
        service = [
            subprocess.Popen([sys.executable, "-m", "api", verb], env=env, stderr=subprocess.DEVNULL)
            for verb in ("gateway", "api")
        ]
        try:
            wait_until(lambda: is_ready(url))
            measure(broker.port, url, token, background)
        finally:
            for process in service:
                process.terminate()
                process.wait()
            broker.stop()


def measure(mqtt_port: int, url: str, token: str, background: int) -> None:
    """One SOS after another; who sees it when."""
    sent: dict[int, float] = {}
    shown: dict[int, float] = {}
    acked: dict[int, float] = {}
    open_stream = threading.Thread(target=follow, args=(url, token, shown), daemon=True)
    open_stream.start()
    device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="B0")

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        now = time.perf_counter()
        acked.update(dict.fromkeys(json.loads(message.payload)["seqs"], now))

    device.on_message = on_message
    device.connect("127.0.0.1", mqtt_port)
    device.subscribe("care/v1/B0/ack", 1)
    device.loop_start()
    stop = threading.Event()
    load = threading.Thread(target=publish_positions, args=(mqtt_port, background, stop), daemon=True)
    load.start()
    time.sleep(2.0)
    for seq in range(1, ALARMS + 1):
        sent[seq] = time.perf_counter()
        device.publish(topic("B0", "alarm"), encode(Alarm(ts=now_ms(), seq=seq, kinds=["sos"])), 1)
        time.sleep(PAUSE_S)
    time.sleep(2.0)
    stop.set()
    load.join()
    device.disconnect()
    device.loop_stop()
    print(f"{ALARMS} SOS, one every {PAUSE_S * 1000:.0f} ms, beside {background} positions a second")
    tell("publish to stream", sent, shown)
    tell("publish to ack", sent, acked)


def tell(label: str, sent: dict[int, float], seen: dict[int, float]) -> None:
    """One row: how many came, and how long it took."""
    took = sorted((seen[seq] - sent[seq]) * 1000 for seq in sent if seq in seen)
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(
        f"{label:18} {len(took):4} of {len(sent)}   p50 {p50:6.1f}   p99 {p99:6.1f}   max {took[-1]:6.1f} ms"
    )


def follow(url: str, token: str, shown: dict[int, float]) -> None:
    """The stream as a console reads it; each SOS counts its episode up by one."""
    request = urllib.request.Request(
        f"{url}/api/v1/stream?positions=0", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=60) as lines:
        for line in lines:
            if line.startswith(b"data: ") and b'"kind":"sos"' in line:
                shown[json.loads(line[6:])["count"]] = time.perf_counter()


def publish_positions(port: int, per_second: int, stop: threading.Event) -> None:
    """An even background, in slices of 20 ms."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="background")
    client.connect("127.0.0.1", port)
    client.loop_start()
    seq, due = 0, time.perf_counter()
    while per_second and not stop.wait(max(0.0, due - time.perf_counter())):
        for _ in range(max(1, per_second // 50)):
            seq += 1
            said = Location(ts=now_ms(), seq=seq, lat=36.705, lon=119.005, acc=12.0, src="gnss")
            client.publish(topic(f"B{1 + seq % (DEVICES - 1)}", "location"), encode(said), 1)
        due += max(1, per_second // 50) / per_second
    client.disconnect()
    client.loop_stop()


def is_ready(url: str) -> bool:
    """Whether the service says so."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2):
            return True
    except OSError:
        return False


def now_ms() -> int:
    """A device's clock."""
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
