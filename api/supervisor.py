"""Keeps the service's processes running: starts them, starts them again, and ends them all."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from api.liveness import Ear
from iot_gateway.notify import VARIABLE, Notifier

# A process that dies at once is started again after this, doubling, never later than the second figure.
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 2.0
# One that lived longer than this did not die of its start.
SETTLED_S: Final = 30.0
STOP_WAIT_S: Final = 8.0
# A process that gave signs of life, and none for so long, hangs. Doubling, should its work really take longer.
PATIENCE_S: Final = 5.0
LONGEST_PATIENCE_S: Final = 320.0
_PR_SET_PDEATHSIG: Final = 1
_SYSTEMD: Final = frozenset({VARIABLE, "WATCHDOG_USEC", "WATCHDOG_PID"})  # meant for us, not for our children
_LIBC: Final = ctypes.CDLL(None)


class Process(Protocol):
    """What the supervisor needs of a child: a part of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(slots=True)
class Child:
    """One process and how to start it."""

    name: str
    start: Callable[[], Process]
    process: Process | None = None
    started_s: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due_s: float = 0.0
    is_ready: bool = False
    heard_s: float | None = None  # None: never, or it is ending
    patience_s: float = PATIENCE_S


@dataclass(slots=True)
class Supervisor:
    """Starts children in order and ends them in the opposite order. Belongs to the main thread."""

    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False
    above: Notifier = field(default_factory=Notifier)  # systemd, where it has started us
    ear: Ear = field(default_factory=Ear)

    def add(self, name: str, start: Callable[[], Process]) -> None:
        """Start a process, and again whenever it ends."""
        child = Child(name, start)
        self.children.append(child)
        self._start(child)

    def stop_on_signals(self) -> None:
        """Let SIGINT and SIGTERM end `watch`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(self, "stopping", True))

    def watch(self) -> None:
        """Until a signal: start again what has ended."""
        while not self.stopping:
            self.turn()
            time.sleep(0.1)

    def turn(self) -> None:
        """Look after every child once. First what they said: we may have been stopped ourselves."""
        self._listen()
        for child in self.children:
            self._look_after(child)
        speaking = [child for child in self.children if child.heard_s is not None or child.is_ready]
        if len(speaking) == len(self.children) and all(child.is_ready for child in speaking):
            self.above.ready()
        self.above.alive()

    def stop(self) -> None:
        """End everything; what does not end in time is killed."""
        self.above.stopping()
        for child in reversed(self.children):
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline_s = time.monotonic() + STOP_WAIT_S
        for child in reversed(self.children):
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self.children.clear()
        self.ear.close()

    def _listen(self) -> None:
        now_s = time.monotonic()
        by_pid = {child.process.pid: child for child in self.children if child.process is not None}
        for pid, said in self.ear.hear():
            child = by_pid.get(pid)
            if child is not None:
                child.is_ready = child.is_ready or "READY=1" in said
                child.heard_s = None if "STOPPING=1" in said else now_s

    def _end_if_hung(self, child: Child, now_s: float) -> None:
        """A process that is there and does nothing is worth less than a new one."""
        assert child.process is not None
        if child.heard_s is None or now_s - child.heard_s <= child.patience_s:
            if now_s - child.started_s > max(SETTLED_S, 2 * child.patience_s):
                child.patience_s = PATIENCE_S
            return
        self.say(f"{child.name} has given no sign of life for {now_s - child.heard_s:.0f} s, ending it")
        child.patience_s = min(2 * child.patience_s, LONGEST_PATIENCE_S)
        child.heard_s = None
        child.process.kill()

    def _look_after(self, child: Child) -> None:
        now_s = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                self._end_if_hung(child, now_s)
                return
            lived_s = now_s - child.started_s
            child.wait_s = FIRST_WAIT_S if lived_s > SETTLED_S else min(2 * child.wait_s, LONGEST_WAIT_S)
            self.say(f"{child.name} ended ({_why(code)}), starting it again")
            child.process, child.due_s = None, now_s + child.wait_s
        if now_s >= child.due_s:
            self._start(child)

    def _start(self, child: Child) -> None:
        child.started_s = time.monotonic()
        child.is_ready, child.heard_s = False, None
        try:
            child.process = child.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again and said
            self.say(f"{child.name} does not start: {error}")
            child.wait_s = min(2 * child.wait_s, LONGEST_WAIT_S)
            child.due_s = child.started_s + child.wait_s


def _why(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def shouwang(
    arguments: Sequence[str], log: Path | None = None, ear: Ear | None = None
) -> subprocess.Popen[bytes]:
    """Start a verb of the service as a process of its own, that ends with this one.

    `log`: where what it prints is appended; by default where this process prints. `ear`: who hears its signs of life.
    """
    env = {name: value for name, value in os.environ.items() if name not in _SYSTEMD}
    if ear is not None:
        env[VARIABLE] = ear.address
    with nullcontext() if log is None else log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own verbs
            [sys.executable, "-m", "api", *arguments],
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,  # Ctrl-C is the supervisor's, which ends everything in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls into libc and nothing else
        )


def _end_with_parent() -> None:
    """Even a supervisor that was killed leaves no process behind (Linux)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
