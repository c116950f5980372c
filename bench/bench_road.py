"""The road with stock settings against a stock paho subscriber that does nothing but acknowledge.

Both behind the same broker on the same machine, in turn; the publisher is a plain socket. Prints messages
a second, and the ratio of the medians. Loopback only.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt

from alerts.policy import Policy
from iot_gateway.broker import RunningBroker, free_port, start_broker
from iot_gateway.importing import import_roster
from iot_gateway.roster_file import Roster, parse
from iot_gateway.settings import Settings
from iot_gateway.wire import Location, encode, topic

MESSAGES = 20_000
DEVICES = 500
ROUNDS = 5
PATIENCE_S = 60.0


def main() -> None:
    """Run both in turn and print the table."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        broker = start_broker(directory / "broker", free_port())
        try:
            rates: dict[str, list[float]] = {"stock paho, null": [], "the road": []}
            seq = 0
            for _ in range(ROUNDS):
                rates["stock paho, null"].append(null_subscriber(broker, seq))
                rates["the road"].append(road(broker, directory / f"store-{seq}", seq))
                seq += MESSAGES
        finally:
            broker.stop()
    print(f"{MESSAGES} positions a run, QoS 1, {DEVICES} devices, {broker.broker.kind}, median of {ROUNDS}")
    for label, values in rates.items():
        print(
            f"{label:18} {statistics.median(values):9,.0f} messages/s   {min(values):9,.0f} - {max(values):9,.0f}"
        )
    null, ours = (statistics.median(values) for values in rates.values())
    print(f"ratio              {ours / null:9.2f}")


def null_subscriber(broker: RunningBroker, first_seq: int) -> float:
    """Messages a second into a subscriber that acknowledges by hand."""
    done = threading.Event()
    count = 0

    def on_message(client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        nonlocal count
        client.ack(message.mid, message.qos)
        count += 1
        if count == MESSAGES:
            done.set()

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="null", manual_ack=True)
    client.on_message = on_message
    client.connect("127.0.0.1", broker.port)
    client.subscribe("care/v1/+/location", 1)
    client.loop_start()
    time.sleep(0.5)
    begin = time.perf_counter()
    publish(broker.port, first_seq)
    assert done.wait(PATIENCE_S), f"{count} of {MESSAGES} arrived"
    seconds = time.perf_counter() - begin
    client.disconnect()
    client.loop_stop()
    return MESSAGES / seconds


def road(broker: RunningBroker, store: Path, first_seq: int) -> float:
    """Messages a second onto the disk, through a gateway process with its defaults."""
    settings = Settings(data_dir=store)
    import_roster(settings, Policy(), parse(roster(), "bench"))
    env = {
        **os.environ,
        "SHOUWANG_DATA_DIR": str(store),
        "SHOUWANG_MQTT__URL": f"mqtt://127.0.0.1:{broker.port}",
    }
    gateway = subprocess.Popen([sys.executable, "-m", "api", "gateway"], env=env, stderr=subprocess.DEVNULL)
    try:
        db = sqlite3.connect(settings.database)
        wait_until(lambda: b'"connected":true' in (pulse(db) or b""))
        begin = time.perf_counter()
        publish(broker.port, first_seq)
        wait_until(lambda: db.execute("SELECT count(*) FROM readings").fetchone()[0] >= MESSAGES)
        seconds = time.perf_counter() - begin
        db.close()
    finally:
        gateway.terminate()
        gateway.wait()
    return MESSAGES / seconds


def pulse(db: sqlite3.Connection) -> bytes | None:
    """What the gateway says of itself."""
    row = db.execute("SELECT value FROM meta WHERE key='pulse'").fetchone()
    return row[0].encode() if row else None


def wait_until(there: object) -> None:
    """Look every 10 ms, for a bounded time."""
    assert callable(there)
    deadline = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.01)


def roster() -> bytes:
    """Devices around one site, with a fence each fix is tested against."""
    fence = {
        "type": "Polygon",
        "coordinates": [[[119.0, 36.7], [119.01, 36.7], [119.01, 36.71], [119.0, 36.71], [119.0, 36.7]]],
    }
    made = Roster()
    return msgspec.json.encode(
        {
            **msgspec.to_builtins(made),
            "sites": [{"site_id": "S"}],
            "fences": [{"fence_id": "F", "role": "safe", "site_id": "S", "geometry": fence}],
            "devices": [{"device_id": f"B{i}", "kind": "wristband", "site_id": "S"} for i in range(DEVICES)],
        }
    )


def publish(port: int, first_seq: int) -> None:
    """All messages at once, over one connection; returns when the broker has acknowledged them."""
    now_ms = time.time_ns() // 1_000_000
    packets = bytearray()
    for i in range(MESSAGES):
        said = Location(
            ts=now_ms + i // DEVICES, seq=first_seq + i, lat=36.705, lon=119.005, acc=12.0, src="gnss"
        )
        packets += packet(topic(f"B{i % DEVICES}", "location"), encode(said), i % 65_535 + 1)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        name = b"bench-publisher"
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name
        sock.sendall(b"\x10" + bytes([len(body)]) + body)
        assert sock.recv(4)[3] == 0, "the broker refused the publisher"
        sender = threading.Thread(target=sock.sendall, args=(bytes(packets),))
        sender.start()
        left = 4 * MESSAGES
        while left > 0:
            left -= len(sock.recv(65_536))
        sender.join()


def packet(name: str, payload: bytes, mid: int) -> bytes:
    """One PUBLISH at QoS 1."""
    body = len(name).to_bytes(2, "big") + name.encode() + mid.to_bytes(2, "big") + payload
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 + 128, len(body) // 128])
    return b"\x32" + length + body


if __name__ == "__main__":
    main()
