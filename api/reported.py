"""Reads alarms for people: with the names of who and where, who answered and closed them, and in what words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from pydantic import BaseModel
from sqlalchemy import select

from alerts.vocabulary import Outcome, Priority, State
from api.acts import first_seq_from, rows_of
from api.aside import named_rows, rows
from api.episodes import Period, lived
from iot_gateway.schema import alarms, devices, fences, residents, sites

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from sqlalchemy import Select

    from api.auth import Principal

TICK: Final = "[sop:"  # how the console begins a comment that ticks a step of its check list


class Reported(BaseModel):
    """An alarm as it is now, with names and words. `seq`: of the transition that raised it."""

    alarm_id: str
    seq: int
    kind: str
    priority: Priority
    state: State
    count: int
    subject_type: str
    subject_id: str
    device_id: str | None
    device_kind: str | None
    zone: str | None
    resident_id: str | None
    resident_name: str | None
    room: str | None
    site_id: str | None
    site_name: str | None
    county: str | None
    street: str | None
    fence_id: str | None
    fence_name: str | None
    raised_at_ms: int
    acknowledged_at_ms: int | None
    acknowledged_by: str | None
    cleared_at_ms: int | None
    closed_at_ms: int | None
    closed_by: str | None
    outcome: Outcome | None
    closing_text: str | None
    assignee: str | None
    last_comment: str | None
    last_comment_by: str | None
    shelved: bool
    shelved_until_ms: int | None
    shelved_by: str | None
    shelve_reason: str | None


_OF_ALARM: Final = (
    "alarm_id", "kind", "priority", "state", "count", "subject_type", "subject_id", "device_id", "resident_id",
    "site_id", "fence_id", "raised_at_ms", "cleared_at_ms", "closed_at_ms", "outcome", "assignee", "shelved",
    "shelved_until_ms",
)  # fmt: skip
_QUERY: Final = (
    select(
        *(alarms.c[name] for name in _OF_ALARM), alarms.c.raised_seq.label("seq"),
        devices.c.kind.label("device_kind"), devices.c.zone, residents.c.name.label("resident_name"), residents.c.room,
        sites.c.name.label("site_name"), sites.c.county, sites.c.street, fences.c.name.label("fence_name"),
    )
    .outerjoin(devices, devices.c.device_id == alarms.c.device_id)
    .outerjoin(residents, residents.c.resident_id == alarms.c.resident_id)
    .outerjoin(sites, sites.c.site_id == alarms.c.site_id)
    .outerjoin(fences, fences.c.fence_id == alarms.c.fence_id)
)  # fmt: skip


class _Body(msgspec.Struct):
    event: str
    because: dict[str, Any] = {}
    operator: str | None = None
    text: str | None = None


_decode = msgspec.json.Decoder(_Body).decode


def lived_ids(
    connection: Connection, who: Principal, period: Period, kind: str | None, priority: str | None
) -> list[tuple[int, str]]:
    """(sequence, id) of the alarms that were open at some moment of a period, in the order they were raised."""

    def narrowed(query: Select[Any]) -> Select[Any]:
        if kind is not None:
            query = query.where(alarms.c.kind == kind)
        return query if priority is None else query.where(alarms.c.priority == priority)

    first_seq = first_seq_from(connection, period.from_ms)
    wanted = lived(select(alarms.c.raised_seq, alarms.c.alarm_id), who, period, first_seq)
    return sorted((seq, alarm_id) for query in wanted for seq, alarm_id in rows(connection, narrowed(query)))


def reported(connection: Connection, alarm_ids: Sequence[str]) -> list[Reported]:
    """These alarms in full, in the order they were raised."""
    told = _told(connection, alarm_ids)
    nothing = dict.fromkeys(_FROM_PEOPLE)
    found = [
        Reported(**{**nothing, **vars(row), **told.get(row.alarm_id, {})})
        for row in named_rows(connection, _QUERY.where(alarms.c.alarm_id.in_(alarm_ids)))
    ]
    return sorted(found, key=lambda one: one.seq)


_FROM_PEOPLE: Final = (
    "acknowledged_at_ms", "acknowledged_by", "closed_by", "closing_text", "last_comment", "last_comment_by",
    "shelved_by", "shelve_reason",
)  # fmt: skip


def _told(connection: Connection, alarm_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What people did to alarms and said of them: the first answer that stayed, the newest of all else."""
    told: dict[str, dict[str, Any]] = {}
    answers: dict[str, list[dict[str, Any]]] = {}
    for _, at_ms, alarm_id, body in rows_of(connection, alarm_ids):
        act = _decode(body)
        if act.operator is None:
            continue
        of_alarm = told.setdefault(alarm_id, {})
        if act.event in {"acknowledge", "close"}:
            answer = {"acknowledged_by": act.operator, "acknowledged_at_ms": at_ms}
            answers.setdefault(alarm_id, []).append(answer)
        if act.event == "unacknowledge" and answers.get(alarm_id):
            answers[alarm_id].pop()
        if act.event == "close":
            of_alarm |= {"closed_by": act.operator, "closing_text": act.text}
        if act.event == "comment" and not (act.text or "").startswith(TICK):
            of_alarm |= {"last_comment": act.text, "last_comment_by": act.operator}
        if act.event == "shelve":
            of_alarm |= {"shelved_by": act.operator, "shelve_reason": act.because.get("reason")}
    for alarm_id, given in answers.items():
        told[alarm_id] |= given[0] if given else {}
    return told
