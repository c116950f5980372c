"""Wakes the other process: an empty datagram as a hint. Nobody depends on it; everybody looks by themselves."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path


class Doorbell:
    """Rings at one Unix datagram socket; rings nowhere where there is none."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def ring(self) -> None:
        with suppress(OSError):
            self._socket.sendto(b"", self._path)

    def close(self) -> None:
        self._socket.close()
