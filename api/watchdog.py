"""The independent watchdog: asks the service from outside whether it works, and shouts with a voice of its own.

It shares nothing with what it watches but the public address, so it may run on another machine.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.error import HTTPError, URLError

import structlog

from api.clock import monotonic_s, now_ms
from iot_gateway.notify import Notifier
from iot_gateway.settings import WatchdogSettings

ASK_EVERY_S: Final = 2.0
ANSWER_S: Final = 2.0
VOICE_S: Final = 20.0  # the longest a command or a webhook may take
AGAIN_S: Final = 15.0  # a shout that nobody took is tried again so often
RECOVERY_TRIES: Final = 4  # that it is over is said once, if it can be

log = structlog.get_logger("api.watchdog")


@dataclass(frozen=True, slots=True)
class Shout:
    """One message to people. `silent_s`: for how long the service has not worked, or had not."""

    state: Literal["silent", "recovered"]
    reason: str
    silent_s: float

    @property
    def text(self) -> str:
        """For a telephone: Chinese first."""
        if self.state == "recovered":
            return f"守望服务已恢复（中断 {self.silent_s:.0f} 秒）Shouwang works again after {self.silent_s:.0f} s"
        return (
            f"守望服务无响应 {self.silent_s:.0f} 秒，告警可能收不到：{self.reason} "
            f"Shouwang has not worked for {self.silent_s:.0f} s, alarms may be lost: {self.reason}"
        )


class Watch:
    """Decides when to shout. Knows no clock and no network."""

    def __init__(self, silence_s: float, repeat_s: float, now_s: float) -> None:
        self._silence_s, self._repeat_s = silence_s, repeat_s
        self._worked_s = now_s  # what was never seen to work counts from here
        self._due_s: float | None = None  # of the next shout, once there was one

    def look(self, now_s: float, fault: str | None) -> Shout | None:
        """What is to be said now. `fault` None: it works."""
        silent_s = now_s - self._worked_s
        if fault is None:
            self._worked_s = now_s
            if self._due_s is None:
                return None
            self._due_s = None
            return Shout("recovered", "", silent_s)
        if silent_s < self._silence_s or (self._due_s is not None and now_s < self._due_s):
            return None
        self._due_s = now_s + self._repeat_s
        return Shout("silent", fault, silent_s)

    def was_not_heard(self, now_s: float) -> None:
        """The voice failed: soon once more."""
        if self._due_s is not None:
            self._due_s = min(self._due_s, now_s + AGAIN_S)


def ask(url: str) -> str | None:
    """What is wrong with the service, in words; None: it works."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=ANSWER_S):  # noqa: S310 - the address was checked
            return None
    except HTTPError as error:
        with error:
            return _detail(error)
    except (URLError, OSError, ValueError) as error:
        return f"{url} does not answer: {getattr(error, 'reason', error)}"


def _detail(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read(65_536))["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"HTTP {error.code}"


def shout(settings: WatchdogSettings, said: Shout) -> bool:
    """By every way there is; whether all of them took it."""
    ways: list[Callable[[], None]] = []
    if settings.command is not None:
        command = [*shlex.split(settings.command), said.state, said.text]
        ways.append(lambda: _run(command))
    if settings.webhook is not None:
        ways.append(lambda: _post(str(settings.webhook), said))
    taken = [_try(way) for way in ways]  # every way, also after one that failed
    return all(taken)


def _try(way: Callable[[], None]) -> bool:
    try:
        way()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.error("the watchdog could not shout", fault=repr(error))  # noqa: TRY400 - one line
        return False
    return True


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=VOICE_S, stdin=subprocess.DEVNULL)  # noqa: S603 - the owner's own


def _post(url: str, said: Shout) -> None:
    body = {
        "state": said.state,
        "text": said.text,
        "reason": said.reason,
        "silent_s": round(said.silent_s),
        "at_ms": now_ms(),
    }
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - the address was checked
    with urllib.request.urlopen(request, timeout=VOICE_S):  # noqa: S310
        pass


def watch(settings: WatchdogSettings, url: str, stopped: threading.Event) -> None:
    """Ask and shout until told to stop. The voice is beside the asking: it may hang."""
    watched = Watch(settings.silence_s, settings.repeat_s, monotonic_s())
    notifier = Notifier()
    notifier.ready()
    while not stopped.wait(ASK_EVERY_S):
        notifier.alive()
        said = watched.look(monotonic_s(), ask(url))
        notifier.alive()
        if said is not None:
            log.warning("the watchdog shouts", state=said.state, reason=said.reason)
            threading.Thread(target=_shout, args=(settings, said, watched), daemon=True).start()
    notifier.stopping()


def _shout(settings: WatchdogSettings, said: Shout, watched: Watch) -> None:
    for _ in range(RECOVERY_TRIES):
        if shout(settings, said):
            return
        if said.state == "silent":
            watched.was_not_heard(monotonic_s())
            return
        time.sleep(AGAIN_S)
