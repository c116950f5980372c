"""The same core over a recording, in virtual time: no broker, no server, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from alerts.commands import RosterCommand
from alerts.engine import Decisions, Engine
from alerts.lifecycle import Transition
from alerts.policy import Policy
from iot_gateway import journal
from iot_gateway.batcher import Batcher, Input, arrange
from iot_gateway.reading import logged_steps
from iot_gateway.recording import from_lines, to_line, unpack
from iot_gateway.repeats import RememberedRepeats
from iot_gateway.roster_file import Roster, RosterChange, RosterError, edit_of, parse

BATCH_INPUTS = 4096


def replay(roster: Roster, inputs: Iterable[Input], policy: Policy) -> Iterator[list[Transition]]:
    """The transitions of a recording, batch by batch; time ends with the last input.

    Raises:
        RosterError: the roster cannot be used.
    """
    core = Replayed(roster, policy)
    for chunk in chunks(inputs):
        yield core.take(chunk, chunk[-1].received_at_ms).transitions


class Replayed:
    """A core that lives through a recording: the roster is there from the moment of the first input."""

    def __init__(self, roster: Roster, policy: Policy) -> None:
        self._roster = roster
        self._engine = Engine(policy)
        self._batcher = Batcher(self._engine, RememberedRepeats())
        self._begun = False

    def take(self, chunk: Sequence[Input], now_ms: int) -> Decisions:
        """What the next inputs and the passing of time until `now_ms` lead to.

        Raises:
            RosterError: the roster cannot be used.
        """
        if not self._begun:
            self._begun = True
            self._enrol(chunk[0].received_at_ms if chunk else now_ms)
        messages, commands = arrange(chunk)
        return self._engine.step(now_ms, self._batcher.admit(messages).batch, commands)

    def _enrol(self, now_ms: int) -> None:
        command = RosterCommand("roster", now_ms, 0, "", edit_of(RosterChange(put=self._roster)))
        (result,) = self._engine.step(now_ms, commands=[command]).results
        if result.code != "done":
            raise RosterError(result.detail)


def chunks(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    """Batches of bounded size; a change of the roster ends one, for what follows may need it."""
    chunk: list[Input] = []
    for entry in inputs:
        chunk.append(entry)
        if len(chunk) == BATCH_INPUTS or isinstance(entry, RosterCommand):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def replay_files(
    roster: Path, messages: Path, out: Path, policy: Policy, progress: Callable[[int], None]
) -> tuple[int, int]:
    """Replay files to a file: (inputs, transitions). The result is renamed into place when it is whole.

    `progress` is told how many bytes of the recording have been read.

    Raises:
        OSError, RosterError, RecordingError: a file cannot be used.
    """
    parsed = parse(roster.read_bytes(), str(roster))
    counts = [0, 0]
    with messages.open("rb") as source, whole_file(out) as target:
        inputs = _counted(from_lines(told_bytes(source, progress), str(messages)), counts)
        for transitions in replay(parsed, inputs, policy):
            counts[1] += len(transitions)
            target.writelines(journal.replay_line(transition) for transition in transitions)
    return counts[0], counts[1]


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there when it is whole, or not at all."""
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as target:
            yield target
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _counted(inputs: Iterator[Input], counts: list[int]) -> Iterator[Input]:
    for entry in inputs:
        counts[0] += 1
        yield entry


def told_bytes(source: IO[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
    """The lines of a file; `progress` is told how many bytes each has."""
    for line in source:
        progress(len(line))
        yield line


def export_files(database: Path, messages: Path) -> int:
    """Everything a service took in, as a recording; returns the number of lines.

    Reads beside a running gateway, a step at a time.

    Raises:
        StoreError, OSError: a file cannot be used.
    """
    lines = 0
    with whole_file(messages) as target:
        for logged in logged_steps(database):
            for entry in unpack(logged):
                target.write(to_line(entry))
                lines += 1
    return lines
