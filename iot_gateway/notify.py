"""Tells whoever started this process that it is ready, lives, or ends: systemd, or our supervisor.

The protocol is systemd's (`sd_notify`): a datagram to the Unix socket that NOTIFY_SOCKET names, `@` for an abstract
one. Where nobody asked, nothing is sent.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Final

from iot_gateway.clock import Clock

VARIABLE: Final = "NOTIFY_SOCKET"
ALIVE_EVERY_S: Final = 1.0


class Notifier:
    """Sends to one address; never waits and never fails."""

    def __init__(self, address: str | None = None) -> None:
        """`address`: default what the environment names; empty: nobody."""
        address = os.environ.get(VARIABLE, "") if address is None else address
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._due_s = 0.0
        self._is_ready = False

    def ready(self) -> None:
        """The service can be used; said once."""
        if not self._is_ready:
            self._is_ready = True
            self._send("READY=1")

    def alive(self) -> None:
        """For the loop that must not hang, as often as it likes: once a second goes out."""
        now_s = Clock.monotonic_s()
        if self._address and now_s >= self._due_s:
            self._due_s = now_s + ALIVE_EVERY_S
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """An orderly end has begun."""
        self._send("STOPPING=1")

    def _send(self, said: str) -> None:
        if not self._address:
            return
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out,
        ):
            out.sendto(said.encode(), self._address)
