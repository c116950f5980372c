"""Decides whether a run kept its promises: what devices said against what the store and the stream hold."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bench.chaos.device import Device, Key

TOLD: Final = frozenset({"urgent", "high"})
# These say that something lasts, so an open alarm takes no second one; the others count every call.
LASTING: Final = frozenset({"smoke", "heat"})


@dataclass
class Findings:
    """Counts of one run; every list names what is wrong, and must be empty."""

    items: int = 0
    acked: int = 0
    repeats: int = 0
    alarms: int = 0
    transitions: int = 0
    lost_acked: list[str] = field(default_factory=list)  # a device was told that it is on disk, and it is not
    lost: list[str] = field(default_factory=list)  # said by a live device, and nowhere
    alarms_lost: list[str] = field(default_factory=list)
    alarms_doubled: list[str] = field(default_factory=list)
    stream: list[str] = field(default_factory=list)
    outbox: list[str] = field(default_factory=list)
    chain: list[str] = field(default_factory=list)
    delays_ms: list[int] = field(default_factory=list)  # of alarms: from the device's word to the stream
    after_ms: list[int] = field(default_factory=list)  # the same, from the end of the last fault meanwhile

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What was not kept, by name."""
        names = ("lost_acked", "lost", "alarms_lost", "alarms_doubled", "stream", "outbox", "chain")
        return {name: found for name in names if (found := getattr(self, name))}


def look(
    database: Path, devices: Sequence[Device], heard: list[tuple[int, int]], spans: list[tuple[int, int]]
) -> Findings:
    """Everything but the chain. The service has ended."""
    found = Findings(
        items=sum(len(device.said) for device in devices), repeats=sum(d.repeats for d in devices)
    )
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        _items(db, devices, found)
        journal = [
            (seq, json.loads(body)) for seq, body in db.execute("SELECT seq, body FROM journal ORDER BY seq")
        ]
        found.transitions = len(journal)
        _stream([seq for seq, _ in heard], len(journal), found)
        told = {
            seq for seq, said in journal if _raises(said) and said["priority"] in TOLD and not said["shelved"]
        }
        rows = Counter(seq for (seq,) in db.execute("SELECT seq FROM outbox"))
        if rows != Counter(told):
            found.outbox.append(f"{len(rows)} rows for {len(told)} raises")
    _alarms(devices, journal, dict(heard), spans, found)
    return found


def _items(db: sqlite3.Connection, devices: Sequence[Device], found: Findings) -> None:
    sql = "SELECT device_id, boot, seq FROM readings JOIN devices USING (device_row)"
    stored: dict[str, set[Key]] = {device.name: set() for device in devices}
    for name, boot, seq in db.execute(sql):
        stored[name].add((boot, seq))
    for name, payload in db.execute("SELECT device_id, payload FROM quarantine"):
        said = json.loads(payload)
        stored[name].add((said["boot"], said["seq"]))
    for device in devices:
        found.acked += len(device.acked)
        kept = stored[device.name]
        found.lost_acked += [f"{device.name} {key}" for key in sorted(device.acked - kept)]
        found.lost += [f"{device.name} {key}" for key in sorted(device.said.keys() - kept)]


def _stream(seqs: list[int], last: int, found: Findings) -> None:
    if seqs != list(range(1, last + 1)):
        counts = Counter(seqs)
        missing = [seq for seq in range(1, last + 1) if not counts[seq]]
        doubled = [seq for seq, count in counts.items() if count > 1]
        found.stream.append(
            f"of {last}: missing {missing[:5]}, doubled {doubled[:5]}, in order {seqs == sorted(seqs)}"
        )


def _raises(said: dict[str, Any]) -> bool:
    return said["event"] in {"raise", "reraise"}


def _alarms(
    devices: Sequence[Device],
    journal: list[tuple[int, dict[str, Any]]],
    heard: dict[int, int],
    spans: list[tuple[int, int]],
    found: Findings,
) -> None:
    """Each call of each device is the cause of one raise, no more and no less."""
    raised: dict[tuple[str, str, int], list[int]] = {}
    for seq, said in journal:
        if _raises(said):
            at_ms = 0 if said["kind"] in LASTING else said["measured_at_ms"]
            raised.setdefault((said["subject_id"], said["kind"], at_ms), []).append(seq)
    for device in devices:
        calls = {
            (device.name, kind, 0 if kind in LASTING else one.ts)
            for one in device.said.values()
            for kind in one.kinds
        }
        for call in sorted(calls):
            found.alarms += 1
            seqs = raised.get(call, [])
            if not seqs:
                found.alarms_lost.append(str(call))
            elif len(seqs) > 1:
                found.alarms_doubled.append(str(call))
            elif call[2] and seqs[0] in heard:
                _time(call[2], heard[seqs[0]], spans, found)


def _time(said_ms: int, heard_ms: int, spans: list[tuple[int, int]], found: Findings) -> None:
    """How long one alarm took, and how long once nothing was in its way any more."""
    ended_ms = max((to for begun, to in spans if begun <= heard_ms and to >= said_ms), default=said_ms)
    found.delays_ms.append(heard_ms - said_ms)
    found.after_ms.append(max(0, heard_ms - max(said_ms, ended_ms)))
