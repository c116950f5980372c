"""Every band of a city reconnects at once and flushes an hour of fixes: how long an alarm takes meanwhile.

Real broker, gateway and api; the bands are `shouwang sim storm`, whose SOS wait for their `ack`. Beside them a fire
sensor says smoke once a second: from its publish to its `ack`. Prints how large the gateway became. Loopback only.
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
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from bench_road import PATIENCE_S

from alerts.policy import Policy
from device_sim.city import make_city
from iot_gateway.broker import free_port, start_broker
from iot_gateway.importing import import_roster
from iot_gateway.roster_file import parse
from iot_gateway.settings import Settings
from iot_gateway.wire import Alarm, encode, topic

FIRE_EVERY_S = 1.0


class FireSensor:
    """Says smoke, over and over, and notes how long each `ack` takes."""

    def __init__(self, port: int, device_id: str) -> None:
        self.took_ms: list[float] = []
        self.resent = 0
        self._device_id, self._sent, self._seq = device_id, dict[int, float](), 0
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=device_id)
        self._client.on_message = self._acknowledged
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topic(device_id, "ack"), 1)
        self._client.loop_start()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(FIRE_EVERY_S):
            self._seq += 1
            self._sent[self._seq] = time.perf_counter()
            self._publish(self._seq)
            self._resend()

    def _resend(self) -> None:
        """As the contract wants it, but simpler: every third second."""
        now_s = time.perf_counter()
        for seq, sent_s in list(self._sent.items()):
            if round((now_s - sent_s) / FIRE_EVERY_S) % 3 == 0 and now_s - sent_s > FIRE_EVERY_S:
                self.resent += 1
                self._publish(seq)

    def _publish(self, seq: int) -> None:
        self._client.publish(
            topic(self._device_id, "alarm"), encode(Alarm(kinds=["smoke"], seq=seq, boot=1)), 1
        )

    def _acknowledged(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        for seq in json.loads(message.payload)["seqs"]:
            if seq in self._sent:
                self.took_ms.append(1000 * (time.perf_counter() - self._sent.pop(seq)))

    def stop(self) -> int:
        """Wait for what is outstanding; how many never came."""
        deadline_s = time.monotonic() + PATIENCE_S
        while len(self._sent) > 1 and time.monotonic() < deadline_s:
            time.sleep(0.1)
        self._over.set()
        self._thread.join()
        self._client.loop_stop()
        return max(len(self._sent) - 1, 0)  # the last may be on its way


def main() -> None:
    """Once with an hour in one message, once with a message a fix."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bands", type=int, default=2560)
    options.add_argument("--fixes", type=int, default=60, help="of each band")
    options.add_argument("--array-items", type=int, nargs="+", default=[60, 1], help="fixes a message")
    asked = options.parse_args()
    for items in asked.array_items:
        storm(asked.bands, asked.fixes, items)


def storm(bands: int, fixes: int, items: int) -> None:
    """One storm on a new store."""
    with tempfile.TemporaryDirectory() as name:
        broker = start_broker(Path(name) / "broker", free_port())
        city = make_city(1, bands, None)
        roster = msgspec.json.encode(city)
        (Path(name) / "roster.json").write_bytes(roster)
        settings = Settings(data_dir=Path(name))
        import_roster(settings, Policy(), parse(roster, "the city"))
        url = f"mqtt://127.0.0.1:{broker.port}"
        env = {**os.environ, "SHOUWANG_DATA_DIR": name, "SHOUWANG_MQTT__URL": url}
        service = subprocess.Popen(
            [sys.executable, "-m", "api", "gateway"], env=env, stderr=subprocess.DEVNULL
        )
        try:
            time.sleep(3)
            before_mb = memory_mb(service.pid, "VmRSS")
            sensor = FireSensor(
                broker.port, next(d["device_id"] for d in city["devices"] if d["kind"] == "fire_sensor")
            )
            done = subprocess.run(
                [sys.executable, "-m", "api", "sim", "storm", "--mqtt-url", url, "--roster",
                 str(Path(name) / "roster.json"), "--fixes-per-device", str(fixes), "--array-items", str(items)],
                env=env, capture_output=True, text=True, check=False,
            )  # fmt: skip
            lost, took = sensor.stop(), sorted(sensor.took_ms)
            print(f"{items} fixes a message: {done.stdout.strip() or done.stderr.strip()}")
            print(
                f"  smoke to its ack: {len(took)} taken ({sensor.resent} sent again), {lost} not; p50 {took[len(took) // 2]:.0f} ms, "
                f"p95 {took[-(-len(took) * 95 // 100) - 1]:.0f} ms, max {took[-1]:.0f} ms; "
                f"gateway {before_mb:.0f} MB before, {memory_mb(service.pid, 'VmHWM'):.0f} MB at most"
            )
        finally:
            service.terminate()
            service.wait()
            broker.stop()


def memory_mb(pid: int, field: str) -> float:
    """What the kernel says of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
