"""Owns the datagram socket at which the gateway rings after a commit. Only a hint: the api also looks.

It is `api.wake` beside the store. A datagram that is lost costs 20 ms, which is also how often the gateway
looks for commands.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY_S: Final = 0.02


class Doorbell:
    """Rings when the gateway has committed; `wait` returns then, or after 20 ms."""

    def __init__(self, directory: Path) -> None:
        self._mine = directory / "api.wake"
        self._rung = asyncio.Event()
        self._ear: socket.socket | None = None

    def open(self) -> None:
        """Listen, if the path can be bound; without it, waiting is polling."""
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.setblocking(False)
        try:
            self._mine.unlink(missing_ok=True)
            ear.bind(str(self._mine))
        except OSError:  # the path is too long, or not ours
            ear.close()
            return
        self._ear = ear
        asyncio.get_running_loop().add_reader(ear.fileno(), self._heard, ear)

    def _heard(self, ear: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ear.recv(64)
        self.ring()

    def ring(self) -> None:
        """Wake everyone who waits now."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def wait(self) -> None:
        """Until the next ring, 20 ms at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._rung.wait()

    def close(self) -> None:
        """Give the socket back."""
        if self._ear is not None:
            asyncio.get_running_loop().remove_reader(self._ear.fileno())
            self._ear.close()
            self._mine.unlink(missing_ok=True)
