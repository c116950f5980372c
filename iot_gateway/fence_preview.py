"""What a fence would have raised in the last days: the core replayed over the store, in a process of its own.

The base is today's roster, the change is today's roster with the one fence put into it; both meet
what the devices that this fence holds, before or after, have sent. Edits of the roster in that time
are left out: the question is what today's city would do, not what last week's did. So are the
operators' words: they were about alarms of their own world, and every departure counts as if nobody
had closed it. Nothing another device sends can change these devices' fence alarms: evidence is kept
for each (device, fence) pair.

Run as a program it reads a request from stdin and writes the answer to stdout. It only reads the
store, in reads of milliseconds, and makes way for the service.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.policy import Policy
from iot_gateway import past_readings
from iot_gateway.database import StoreError
from iot_gateway.reading import in_one_line, open_reader
from iot_gateway.roster_file import DeviceEntry, FenceEntry, Roster, RosterError
from iot_gateway.stored_roster import roster_of
from iot_gateway.what_if import VERDICTS, Difference, World, compare

# 100 bands at a fix a minute for a week, about a minute of work.
MAX_MESSAGES: Final = 1_000_000
MAX_EPISODES: Final = 500
# Before the range, so that who is away at its beginning is no departure of it.
WARM_UP_MS: Final = 6 * 3_600_000
# One alarm per band every 17 days, for all causes (150 a day over 2,560 bands, ISA-18.2).
BUDGET_DAYS: Final = 17
DAY_MS: Final = 86_400_000
_KINDS: Final = frozenset({"fence_left", "fence_entered"})


class Request(msgspec.Struct):
    """What is asked. `device_ids` None: every device; `seconds`: the process ends by itself after these."""

    database: str
    fence: FenceEntry
    from_ms: int
    to_ms: int
    device_ids: list[str] | None = None
    max_messages: int = MAX_MESSAGES
    seconds: int = 600


def preview(request: Request) -> dict[str, Any]:
    """The answer, as the api gives it.

    Raises:
        StoreError, RosterError: the store cannot be read, or the fence cannot be used.
    """
    database = Path(request.database)
    today = roster_of(database)
    base, changed = worlds(today, request.fence, request.device_ids)
    with closing(open_reader(database)) as db, in_one_line(database):
        policy = _policy(db)
        device_of = _rows(db, [device.device_id for device in base.devices])
        begin_ms = max(0, request.from_ms - WARM_UP_MS)
        past = past_readings.find(db, sorted(device_of), begin_ms, request.to_ms, request.max_messages)
        found = compare(
            past_readings.messages(db, past, device_of),
            World(base, policy),
            World(changed, policy),
            request.to_ms,
        )
        fixes = past_readings.fixes(db, past, request.from_ms)
    return _answer(request, base, past, found) | {"fixes": fixes}


def worlds(today: Roster, fence: FenceEntry, device_ids: list[str] | None) -> tuple[Roster, Roster]:
    """(before, after): today's roster without and with the change, of the devices it concerns only."""
    before = next((one for one in today.fences if one.fence_id == fence.fence_id), None)
    seen = None if device_ids is None else set(device_ids)
    devices = [
        device
        for device in today.devices
        if (_holds(fence, device) or (before is not None and _holds(before, device)))
        and (seen is None or device.device_id in seen)
    ]
    others = [one for one in today.fences if one.fence_id != fence.fence_id]
    base = Roster(models=today.models, sites=today.sites, fences=today.fences, devices=devices)
    return base, Roster(models=today.models, sites=today.sites, fences=[*others, fence], devices=devices)


def _holds(fence: FenceEntry, device: DeviceEntry) -> bool:
    if device.fence_ids is not None:
        return fence.fence_id in device.fence_ids
    return fence.site_id is not None and fence.site_id == device.site_id


def _policy(db: sqlite3.Connection) -> Policy:
    row = db.execute("SELECT value FROM meta WHERE key='policy'").fetchone()
    return Policy() if row is None else msgspec.json.decode(row[0], type=Policy)


def _rows(db: sqlite3.Connection, device_ids: list[str]) -> dict[int, str]:
    wanted = set(device_ids)
    rows = db.execute("SELECT device_row, device_id FROM devices").fetchall()
    return {row: device_id for row, device_id in rows if device_id in wanted}


def _answer(
    request: Request, roster: Roster, past: past_readings.Past, found: list[Difference]
) -> dict[str, Any]:
    told = [one for one in found if one.shown.kind in _KINDS and one.shown.raised_at_ms >= request.from_ms]
    counts = Counter(one.verdict for one in told)
    covered_ms = None if past.from_ms is None else max(past.from_ms, request.from_ms)
    # The newest change first, what stays the same last: a list that is cut keeps what matters.
    told.sort(key=lambda one: (one.verdict == "same", -one.shown.raised_at_ms))
    bands = sum(device.kind == "wristband" for device in roster.devices)
    before, after = (len(told) - counts[gone] for gone in ("raised", "avoided"))
    return {
        "from_ms": request.from_ms, "to_ms": request.to_ms, "covered_from_ms": covered_ms,
        "cut": past.cut, "messages": len(past.ids), "devices": len(roster.devices), "bands": bands,
        **{verdict: counts[verdict] for verdict in VERDICTS},
        "before_a_day": _a_day(before, covered_ms, request.to_ms),
        "after_a_day": _a_day(after, covered_ms, request.to_ms),
        "budget_a_day": round(bands / BUDGET_DAYS, 3),
        "episodes": [_episode(one) for one in told[:MAX_EPISODES]],
        "episodes_omitted": max(0, len(told) - MAX_EPISODES),
    }  # fmt: skip


def _a_day(count: int, from_ms: int | None, to_ms: int) -> float | None:
    """None: less than an hour says nothing of a day."""
    if from_ms is None or to_ms - from_ms < DAY_MS // 24:
        return None
    return round(count * DAY_MS / (to_ms - from_ms), 3)


def _episode(one: Difference) -> dict[str, Any]:
    shown, because = one.shown, one.shown.because
    return {
        "verdict": one.verdict, "kind": shown.kind, "device_id": shown.device_id,
        "resident_id": shown.resident_id, "fence_id": shown.fence_id, "raised_at_ms": shown.raised_at_ms,
        "ended_at_ms": shown.ended_at_ms, "moved_ms": one.moved_ms, "raises": shown.raises,
        "margin_m": because.get("margin_m"), "acc_m": because.get("acc_m"), "src": because.get("src"),
        "position": shown.position, "because": because,
    }  # fmt: skip


def main() -> int:
    """The program; exit code 1 with one line on stderr if it cannot be done."""
    os.nice(15)
    try:
        request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
        signal.alarm(request.seconds)  # whoever asked may be gone
        answer = preview(request)
    except (StoreError, RosterError, msgspec.DecodeError) as error:
        print(str(error), file=sys.stderr)
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
