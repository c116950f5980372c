"""A service for measuring the console: 2,560 bands, a city of sites, and as many open alarms as asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from bench_road import wait_until

from alerts.policy import Policy
from api.accounts import add_operator, add_token
from iot_gateway.broker import free_port, start_broker
from iot_gateway.importing import import_roster
from iot_gateway.roster_file import parse
from iot_gateway.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

BANDS = 2_560
SITES = 160
SPARE = 200  # bands without an open alarm, for what is measured
OPERATOR, PASSWORD = "bench", "correct horse battery staple"
KINDS = ("tamper", "strap_off", "sos")  # two high ones a band, and an urgent one for some
COUNTIES = (
    "奎文区", "潍城区", "寒亭区", "坊子区", "青州市", "诸城市", "寿光市", "安丘市", "高密市", "昌邑市", "临朐县", "昌乐县",
)  # fmt: skip


def roster() -> bytes:
    """Bands of residents in sites of twelve counties, each site with its fence."""
    sites = [
        {"site_id": f"S{n}", "name": f"示例养老院{n:03}", "kind": "nursing_home", "lat": 36.2 + n % 16 * 0.06,
         "lon": 118.6 + n // 16 * 0.1, "county": COUNTIES[n % 12], "phone": f"000-{n:04}"}
        for n in range(SITES)
    ]  # fmt: skip
    residents = [
        {"resident_id": f"P{n}", "name": f"样例老人{n}", "site_id": f"S{n % SITES}", "room": f"1F-{n % 40}"}
        for n in range(BANDS)
    ]
    devices = [
        {"device_id": f"B{n}", "kind": "wristband", "site_id": f"S{n % SITES}", "resident_id": f"P{n}"}
        for n in range(BANDS)
    ]
    fences = [
        {"fence_id": f"F{n}", "name": f"院区{n}", "role": "safe", "site_id": site["site_id"],
         "geometry": {"type": "Point", "coordinates": [site["lon"], site["lat"]], "radius_m": 300}}
        for n, site in enumerate(sites)
    ]  # fmt: skip
    document = {"sites": sites, "residents": residents, "devices": devices, "fences": fences}
    return json.dumps(document).encode()


class Service:
    """Broker, gateway and api as processes, and the voice of all devices."""

    def __init__(self, directory: Path) -> None:
        self._broker = start_broker(directory / "broker", free_port())
        settings = Settings(data_dir=directory)
        import_roster(settings, Policy(), parse(roster(), "bench"))
        add_operator(settings.database, OPERATOR, PASSWORD)
        self._token = add_token(settings.database, "bench")
        self.url = f"http://127.0.0.1:{(port := free_port())}/"
        env = {
            **os.environ,
            "SHOUWANG_DATA_DIR": str(directory),
            "SHOUWANG_MQTT__URL": f"mqtt://127.0.0.1:{self._broker.port}",
            "SHOUWANG_HTTP__PORT": str(port),
        }
        self._processes = [
            subprocess.Popen([sys.executable, "-m", "api", verb], env=env, stderr=subprocess.DEVNULL)
            for verb in ("gateway", "api")
        ]
        try:
            wait_until(self._is_ready)
        except BaseException:
            self._end()
            raise
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="voice")
        self._client.connect("127.0.0.1", self._broker.port)
        self._client.loop_start()
        self._seq = 0

    def close(self) -> None:
        """End all of it."""
        self._client.disconnect()
        self._client.loop_stop()
        self._end()

    def _end(self) -> None:
        for process in self._processes:
            process.terminate()
            process.wait()
        self._broker.stop()

    def say(self, band: int, stream: str, **payload: Any) -> None:
        """One item of a band, now."""
        self._seq += 1
        body = {"ts": time.time_ns() // 1_000_000, "seq": self._seq} | payload
        self._client.publish(f"care/v1/B{band}/{stream}", json.dumps(body), qos=1)

    def move(self, band: int, step: int) -> None:
        """A position within the fence of the band's site."""
        site = band % SITES
        lat = 36.2 + site % 16 * 0.06 + (step % 17) * 1e-5
        lon = 118.6 + site // 16 * 0.1 + (step % 13) * 1e-5
        self.say(band, "location", lat=lat, lon=lon, acc=12.0, src="gnss")

    def fill(self, alarms: int) -> None:
        """Raise so many alarms, and give every band a position."""
        for n in range(BANDS):
            self.move(n, n)
        usable = BANDS - SPARE
        for n in range(alarms):
            self.say(n % usable, "alarm", kinds=[KINDS[n // usable]])
        wait_until(lambda: self.get("summary")["alarms"]["total"] >= alarms)

    def get(self, path: str) -> Any:
        """What the interface says."""
        return self._ask(path)

    def close_alarm(self, alarm: dict[str, Any]) -> None:
        """As another seat would."""
        body = {"version": alarm["version"], "outcome": "test", "text": "bench"}
        self._ask(f"alarms/{alarm['alarm_id']}/close", json.dumps(body).encode())

    def open_of(self, band: int, kind: str) -> list[dict[str, Any]]:
        """The open alarms of a band and kind."""
        found: list[dict[str, Any]] = self.get(f"alarms?device_id=B{band}&kind={kind}")["items"]
        return found

    def streams(self) -> int:
        """How many streams are open at the api."""
        text = self._read(f"{self.url}metrics")
        line = next(line for line in text.splitlines() if "stream_listeners" in line and line[0] != "#")
        return int(float(line.split()[-1]))

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        return json.loads(self._read(f"{self.url}api/v1/{path}", body))

    def _read(self, url: str, body: bytes | None = None) -> str:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(url, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text: str = answer.read().decode()
            return text

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}readyz", timeout=2):
                return True
        except OSError:
            return False
