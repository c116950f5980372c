"""Hears the signs of life of our own processes: the other end of `iot_gateway.notify`."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid
_BYTES: Final = 4096


class Ear:
    """A datagram socket with a name that the kernel chose. It also says who sent what, so nobody speaks for another."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("")
        self.address = f"@{self._socket.getsockname()[1:].decode()}"  # as NOTIFY_SOCKET wants it

    def hear(self) -> list[tuple[int, set[str]]]:
        """(process id, what it said) of everything that came since."""
        heard = []
        with suppress(BlockingIOError):
            while True:
                data, around, *_ = self._socket.recvmsg(_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size))
                for level, kind, content in around:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                        pid, *_ = _CREDENTIALS.unpack(content)
                        heard.append((pid, set(data.decode("utf-8", "replace").splitlines())))
        return heard

    def close(self) -> None:
        self._socket.close()
