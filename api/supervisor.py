"""Keeps the service's processes running: starts them, starts them again, and ends them all."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

# A process that dies at once is started again after this, doubling, never later than the second figure.
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 2.0
# One that lived longer than this did not die of its start.
SETTLED_S: Final = 30.0
STOP_WAIT_S: Final = 8.0
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None)


class Process(Protocol):
    """What the supervisor needs of a child: a part of `subprocess.Popen`."""

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


@dataclass(slots=True)
class Supervisor:
    """Starts children in order and ends them in the opposite order. Belongs to the main thread."""

    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

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
        """Look after every child once."""
        for child in self.children:
            self._look_after(child)

    def stop(self) -> None:
        """End everything; what does not end in time is killed."""
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

    def _look_after(self, child: Child) -> None:
        now_s = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            lived_s = now_s - child.started_s
            child.wait_s = FIRST_WAIT_S if lived_s > SETTLED_S else min(2 * child.wait_s, LONGEST_WAIT_S)
            self.say(f"{child.name} ended ({_why(code)}), starting it again")
            child.process, child.due_s = None, now_s + child.wait_s
        if now_s >= child.due_s:
            self._start(child)

    def _start(self, child: Child) -> None:
        child.started_s = time.monotonic()
        try:
            child.process = child.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again and said
            self.say(f"{child.name} does not start: {error}")
            child.wait_s = min(2 * child.wait_s, LONGEST_WAIT_S)
            child.due_s = child.started_s + child.wait_s


def _why(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def shouwang(arguments: Sequence[str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a verb of the service as a process of its own, that ends with this one.

    `log`: where what it prints is appended; by default where this process prints.
    """
    with nullcontext() if log is None else log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own verbs
            [sys.executable, "-m", "api", *arguments],
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is the supervisor's, which ends everything in order
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls into libc and nothing else
        )


def _end_with_parent() -> None:
    """Even a supervisor that was killed leaves no process behind (Linux)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
