"""Owns a console's ear: reads the stream, comes back with its last id, and notes what came and when."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import suppress
from typing import Any, Final

SILENT_S: Final = 5.0  # there is a pulse every second
AGAIN_S: Final = 0.5


class Listener(threading.Thread):
    """`heard`: (seq, at_ms) of every transition, in the order of arrival."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self._port, self._token = port, token
        self._gone = threading.Event()
        self._last = 0
        self.heard: list[tuple[int, int]] = []
        self.connections = 0
        self.canary_missed = 0  # the most that was told

    def stop(self) -> None:
        self._gone.set()
        self.join(SILENT_S + 5)

    def run(self) -> None:
        while not self._gone.is_set():
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._listen()
            self._gone.wait(AGAIN_S)

    def _listen(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SILENT_S)
        try:
            headers = {"Authorization": f"Bearer {self._token}", "Last-Event-ID": str(self._last)}
            connection.request("GET", "/api/v1/stream?positions=0", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                return
            self.connections += 1
            event: dict[str, str] = {}
            while not self._gone.is_set() and (line := answer.readline()):
                text = line.decode().rstrip("\r\n")
                if text:
                    name, _, value = text.partition(": ")
                    event[name] = value
                    continue
                self._take(event)  # only a whole event counts: a blank line ended it
                event = {}
        finally:
            connection.close()

    def _take(self, event: dict[str, str]) -> None:
        if event.get("event") == "pulse":
            canary: Any = json.loads(event["data"]).get("canary") or {}
            self.canary_missed = max(self.canary_missed, canary.get("missed", 0))
        if event.get("event") != "transition":
            return
        self._last = int(event["id"])
        self.heard.append((self._last, time.time_ns() // 1_000_000))
