"""What goes out to devices after the commit: acknowledgements of items, and commands until they are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from iot_gateway.wire import MAX_ITEMS, Ack, DeviceCommand, encode, topic

Publish = Callable[[str, bytes], None]
# A command that was not answered goes out again when its device is heard of, not more often than this.
RESEND_MS: Final = 30_000


@dataclass(slots=True)
class _Waiting:
    command: DeviceCommand
    sent_at_ms: int


class Downlink:
    """Publishes through `publish`; devices resend what is lost here, and so do we with commands."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._waiting: dict[str, dict[str, _Waiting]] = {}

    def acknowledge(self, acks: dict[tuple[str, int], list[int]]) -> int:
        """Tell devices exactly which items are on disk; returns how many."""
        count = 0
        for (device_id, boot), seqs in acks.items():
            unique = list(dict.fromkeys(seqs))
            for begin in range(0, len(unique), MAX_ITEMS):
                self._publish(topic(device_id, "ack"), encode(Ack(boot, unique[begin : begin + MAX_ITEMS])))
            count += len(unique)
        return count

    def ask(self, rows: Iterable[tuple[Any, ...]], now_ms: int) -> None:
        """Send new commands: rows of `device_commands`."""
        for id_, device_id, type_, args, _created, expires_at_ms, *_ in rows:
            self.remember(id_, device_id, type_, args, expires_at_ms)
            self._send(device_id, self._waiting[device_id][id_], now_ms)

    def remember(self, id_: str, device_id: str, type_: Any, args: str, expires_at_ms: int) -> None:
        """A command nobody has answered yet."""
        command = DeviceCommand(id_, type_, msgspec.json.decode(args), expires_at_ms)
        self._waiting.setdefault(device_id, {})[id_] = _Waiting(command, 0)

    def is_waiting(self, device_id: str, type_: str) -> bool:
        """Whether a device still owes an answer to such a command."""
        return any(w.command.type == type_ for w in self._waiting.get(device_id, {}).values())

    def answered(self, device_id: str, id_: str) -> None:
        """Nothing more to send."""
        waiting = self._waiting.get(device_id)
        if waiting and waiting.pop(id_, None) and not waiting:
            del self._waiting[device_id]

    def heard_of(self, device_ids: Iterable[str], now_ms: int) -> None:
        """These devices are awake: what they have not answered goes out again."""
        if not self._waiting:
            return
        for device_id in [device_id for device_id in device_ids if device_id in self._waiting]:
            for waiting in list(self._waiting[device_id].values()):
                if waiting.command.expires_ts <= now_ms:
                    self.answered(device_id, waiting.command.id)
                elif waiting.sent_at_ms + RESEND_MS <= now_ms:
                    self._send(device_id, waiting, now_ms)

    def forget_expired(self, now_ms: int) -> None:
        """Commands whose time has passed."""
        for device_id, waiting in list(self._waiting.items()):
            for id_ in [i for i, w in waiting.items() if w.command.expires_ts <= now_ms]:
                self.answered(device_id, id_)

    def _send(self, device_id: str, waiting: _Waiting, now_ms: int) -> None:
        waiting.sent_at_ms = now_ms
        self._publish(topic(device_id, "cmd"), encode(waiting.command))
