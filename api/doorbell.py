"""Owns the two datagram sockets by which gateway and api wake each other. Only hints: both also look.

The api listens on `api.wake` beside the store and sends to `gateway.wake`. A datagram that is lost
costs 20 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY_S: Final = 0.02


class Doorbell:
    """Rings when the gateway has committed; `wait` returns then, or after 20 ms."""

    def __init__(self, directory: Path) -> None:
        self._mine = directory / "api.wake"
        self._gateways = str(directory / "gateway.wake")
        self._rung = asyncio.Event()
        self._ear: socket.socket | None = None
        self._voice: socket.socket | None = None

    def open(self) -> None:
        """Listen, if the path can be bound; without it, waiting is polling."""
        self._voice = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._voice.setblocking(False)
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

    def call_gateway(self) -> None:
        """Tell the gateway that a command waits."""
        assert self._voice is not None, "opened first"
        with contextlib.suppress(OSError):
            self._voice.sendto(b"", self._gateways)

    def close(self) -> None:
        """Give both sockets back."""
        if self._voice is not None:
            self._voice.close()
        if self._ear is not None:
            asyncio.get_running_loop().remove_reader(self._ear.fileno())
            self._ear.close()
            self._mine.unlink(missing_ok=True)


async def _doorbell(request: Request) -> Doorbell:
    bell: Doorbell = request.app.state.doorbell
    return bell


Bell = Annotated[Doorbell, Depends(_doorbell)]
