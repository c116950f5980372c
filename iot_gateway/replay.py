"""The same core over a recording, in virtual time: no broker, no server, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from alerts.commands import RosterCommand
from alerts.engine import Engine
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
    engine = Engine(policy)
    batcher = Batcher(engine, RememberedRepeats())
    begun = False
    for chunk in _chunks(inputs):
        if not begun:
            begun = True
            _enrol(engine, roster, chunk[0].received_at_ms)
        messages, commands = arrange(chunk)
        now_ms = chunk[-1].received_at_ms
        yield engine.step(now_ms, batcher.admit(messages).batch, commands).transitions


def _enrol(engine: Engine, roster: Roster, now_ms: int) -> None:
    """The roster is there from the moment of the first input."""
    command = RosterCommand("roster", now_ms, 0, "", edit_of(RosterChange(put=roster)))
    (result,) = engine.step(now_ms, commands=[command]).results
    if result.code != "done":
        raise RosterError(result.detail)


def _chunks(inputs: Iterable[Input]) -> Iterator[list[Input]]:
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
    with messages.open("rb") as source, _whole(out) as target:
        inputs = _counted(from_lines(_told(source, progress), str(messages)), counts)
        for transitions in replay(parsed, inputs, policy):
            counts[1] += len(transitions)
            target.writelines(journal.replay_line(transition) for transition in transitions)
    return counts[0], counts[1]


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
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


def _told(source: IO[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
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
    with _whole(messages) as target:
        for logged in logged_steps(database):
            for entry in unpack(logged):
                target.write(to_line(entry))
                lines += 1
    return lines
