"""Says in lines what a changed policy or roster would have raised or avoided: for people, and as NDJSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from alerts.commands import RosterCommand
from iot_gateway.batcher import Input
from iot_gateway.recording import from_lines
from iot_gateway.replay import told_bytes, whole_file
from iot_gateway.what_if import VERDICTS, Difference, Episode, World, compare

_SIGN = {"raised": "+", "avoided": "-", "moved": "~"}


def compare_files(
    messages: Path,
    base: World,
    changed: World,
    progress: Callable[[int], None],
    *,
    ignore_edits: bool = False,
) -> tuple[list[Difference], int]:
    """(differences, edits of the roster in the recording that both sides took).

    `ignore_edits`: those edits are left out, so that each side keeps its own roster throughout.

    Raises:
        OSError, RosterError, RecordingError: a file cannot be used.
    """
    edits = [0]
    with messages.open("rb") as source:
        inputs = from_lines(told_bytes(source, progress), str(messages))
        kept = without_edits(inputs) if ignore_edits else _counted_edits(inputs, edits)
        return compare(kept, base, changed), edits[0]


def without_edits(inputs: Iterable[Input]) -> Iterator[Input]:
    """All inputs but changes of the roster."""
    return (entry for entry in inputs if not isinstance(entry, RosterCommand))


def _counted_edits(inputs: Iterable[Input], edits: list[int]) -> Iterator[Input]:
    for entry in inputs:
        edits[0] += isinstance(entry, RosterCommand)
        yield entry


def write_differences(out: Path, differences: Iterable[Difference]) -> None:
    """One line an episode, as NDJSON; the file is there when it is whole."""
    with whole_file(out) as target:
        target.writelines(msgspec.json.encode(as_dict(one)) + b"\n" for one in differences)


def as_dict(one: Difference) -> dict[str, Any]:
    """A difference as data. `before` and `after`: the episode in either world, null where there is none."""
    shown = one.shown
    subject_type, subject_id, kind, fence_id = shown.identity
    return {
        "verdict": one.verdict, "raised_at_ms": shown.raised_at_ms, "subject_type": subject_type,
        "subject_id": subject_id, "device_id": shown.device_id, "site_id": shown.site_id, "kind": kind,
        "fence_id": fence_id, "priority": shown.priority, "moved_ms": one.moved_ms,
        "before": _episode(one.before), "after": _episode(one.after),
    }  # fmt: skip


def _episode(episode: Episode | None) -> dict[str, Any] | None:
    if episode is None:
        return None
    return {
        "raised_at_ms": episode.raised_at_ms, "ended_at_ms": episode.ended_at_ms, "raises": episode.raises,
        "fence_id": episode.fence_id, "position": episode.position, "because": episode.because,
    }  # fmt: skip


def in_words(differences: list[Difference]) -> Iterator[str]:
    """The totals, then a line for everything that is not the same."""
    counts = Counter(one.verdict for one in differences)
    yield (
        f"{counts['raised']} raised only with the change (+), {counts['avoided']} avoided by it (-), "
        f"{counts['moved']} moved (~), {counts['same']} the same"
    )
    for verdict in VERDICTS[:3]:
        yield from (_line(one) for one in differences if one.verdict == verdict)


def _line(one: Difference) -> str:
    shown = one.shown
    _, subject_id, kind, fence_id = shown.identity
    words = [_SIGN[one.verdict], _moment(shown.raised_at_ms), kind, subject_id]
    if fence_id is not None:
        words.append(f"fence {fence_id}")
    if one.moved_ms:
        words.append(f"{abs(one.moved_ms) / 1000:g} s {'later' if one.moved_ms > 0 else 'earlier'}")
    if one.before is not None and one.after is not None and one.before.fence_id != one.after.fence_id:
        words.append(f"instead of fence {one.before.fence_id}")
    reasons = (f"{name} {value}" for name, value in shown.because.items() if name != "rule")
    return "  ".join([*words, ", ".join(reasons)]).rstrip()


def _moment(at_ms: int) -> str:
    """In the time zone of this machine, with its offset."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().isoformat(sep=" ", timespec="seconds")
