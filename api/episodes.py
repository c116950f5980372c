"""Reads the alarms that lived in a period, and what the journal and the consoles say of them, as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from sqlalchemy import select

from api.acts import (
    CODE,
    NONE,
    Acts,
    Births,
    Ints,
    Journal,
    Mask,
    births_of,
    bounds_ms,
    first_seq_from,
    joined,
)
from api.alarms import IS_OPEN
from api.aside import named_rows, rows
from api.auth import Principal, visible
from iot_gateway.schema import alarms, shown, sites

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sqlalchemy import Select

NEVER: Final = 2**62  # a moment that has not come
MAX_TRANSITIONS: Final = 2_000_000  # about 100 MB of columns while they are counted


class Period(NamedTuple):
    """From one moment until before another, of the whole city or a part; `now_ms`: as of when."""

    from_ms: int
    to_ms: int
    now_ms: int
    county: str | None = None
    site_id: str | None = None

    @property
    def end_ms(self) -> int:
        """The end, or now if it has not come."""
        return min(self.to_ms, self.now_ms)


class TooMuchError(Exception):
    """The period holds more transitions than are read at once."""


class Material(NamedTuple):
    """Everything the figures of a period are made of.

    `born`: the alarms that were open at some moment of the period. Of them, in the same order: when each
    ended and was first answered and shown, NEVER if not (answers only of those raised in the period).
    `acts`: what happened to them in the period.
    """

    journal: Journal
    born: Births
    acts: Acts
    ended_at_ms: Ints
    outcome: Ints
    answered_at_ms: Ints
    shown_at_ms: Ints
    county_of: dict[str, str | None]  # of a site
    data_from_ms: int | None


def lived(
    query: Select[Any], who: Principal, period: Period, first_seq: int
) -> tuple[Select[Any], Select[Any]]:
    """Two queries that together give the alarms that lived in a period: touched since it began, or open untouched.

    An alarm that ended did so by its last transition, so nothing that ended before `first_seq` is found.
    """
    wanted = visible(query, who).where(alarms.c.raised_at_ms < period.to_ms)
    if period.site_id is not None:
        wanted = wanted.where(alarms.c.site_id == period.site_id)
    if period.county is not None:
        wanted = wanted.where(
            alarms.c.site_id.in_(select(sites.c.site_id).where(sites.c.county == period.county))
        )
    return wanted.where(alarms.c.seq >= first_seq), wanted.where(IS_OPEN, alarms.c.seq + 0 < first_seq)


def material(connection: Connection, journal: Journal, who: Principal, period: Period) -> Material:
    """Read it all.

    Raises:
        TooMuchError: the period is too long for so much.
    """
    first_seq = first_seq_from(connection, period.from_ms)
    end_seq = first_seq_from(connection, period.to_ms)
    if end_seq - first_seq > MAX_TRANSITIONS:
        raise TooMuchError
    acts, born = journal.between(connection, first_seq, end_seq)
    places = rows(connection, visible(select(sites.c.site_id, sites.c.county), who))
    county_of: dict[str, str | None] = {site_id: county for site_id, county in places}  # noqa: C416 - rows are tuples
    if not (who.scope is None and period.county is None and period.site_id is None):
        born = born.where(_inside(journal, born, period, county_of))
    born = joined([_earlier(connection, journal, who, period, first_seq), born], born)
    acts = acts.where(np.isin(acts.number, born.number))
    later = journal.of_alarms(connection, _unfinished(born, acts, period), end_seq)
    told = joined([part.where(_tells(part)) for part in (acts, later)], acts)
    answers, ends = told.where(is_answer(told)), told.where(told.ends)
    ended_at_ms = first_of(ends.number, ends.at_ms, born.number, NEVER)
    answered_at_ms = first_of(answers.number, answers.at_ms, born.number, NEVER)
    ends_of_journal = bounds_ms(connection)
    return Material(
        journal, born, acts, ended_at_ms,
        first_of(ends.number, ends.outcome, born.number, NONE),
        np.where(born.raised_at_ms >= period.from_ms, answered_at_ms, NEVER),
        _shown(connection, born, first_seq), county_of,
        None if ends_of_journal is None else ends_of_journal[0],
    )  # fmt: skip


_ANSWERING: Final = tuple(CODE[verb] for verb in ("acknowledge", "unacknowledge", "close"))


def _tells(acts: Acts) -> Mask:
    """Which rows may be an answer or an end, or take an answer back."""
    tells: Mask = acts.ends | np.isin(acts.event, _ANSWERING)
    return tells


def is_answer(acts: Acts) -> Mask:
    """Which rows are a person's answer to an alarm: an acknowledgement that stayed, or a closing straight away.

    `acts`: in the order of the journal. Who took an acknowledgement back left the alarm to wait as before.
    """
    said = np.flatnonzero(np.isin(acts.event, _ANSWERING))
    said = said[np.argsort(acts.number[said], kind="stable")]  # alarm by alarm
    event, number = acts.event[said], acts.number[said]
    stays = event != CODE["unacknowledge"]
    stays[:-1] &= ~((event[1:] == CODE["unacknowledge"]) & (number[1:] == number[:-1]))
    answers: Mask = np.zeros(len(acts.event), np.bool_)
    answers[said[stays]] = True
    return answers


def _inside(journal: Journal, born: Births, period: Period, county_of: dict[str, str | None]) -> Mask:
    """Which alarms are of the sites that were asked for, and may be seen."""
    wanted = [
        code
        for code, site in enumerate(journal.sites.names)
        if site in county_of and period.county in {None, county_of[site]} and period.site_id in {None, site}
    ]
    return np.isin(born.site, wanted)


_NAMES: Final = (
    alarms.c.raised_seq, alarms.c.raised_at_ms, alarms.c.committed_at_ms, alarms.c.shelved, alarms.c.priority,
    alarms.c.kind, alarms.c.subject_type, alarms.c.subject_id, alarms.c.fence_id, alarms.c.device_id,
    alarms.c.resident_id, alarms.c.site_id,
)  # fmt: skip


def _earlier(
    connection: Connection, journal: Journal, who: Principal, period: Period, first_seq: int
) -> Births:
    """The alarms that were raised before the period and still open when it began."""
    before = select(*_NAMES).where(alarms.c.raised_at_ms < period.from_ms)
    found = [
        journal.birth(row.raised_seq, row.raised_at_ms, bool(row.shelved), row)
        for query in lived(before, who, period, first_seq)
        for row in named_rows(connection, query)
    ]
    return births_of(sorted(found))


def _unfinished(born: Births, acts: Acts, period: Period) -> list[int]:
    """The alarms of which the period itself does not tell the end, or the first answer."""
    ended = np.isin(born.number, acts.number[acts.ends])
    answered = np.isin(born.number, acts.number[is_answer(acts)]) | (born.raised_at_ms < period.from_ms)
    unfinished: list[int] = born.number[~(ended & answered)].tolist()
    return unfinished


def first_of(numbers: Ints, values: Ints, wanted: Ints, none: int) -> Ints:
    """For each of the wanted numbers its first value, `none` if there is none."""
    keys, first = np.unique(numbers, return_index=True)
    if not len(keys):
        return np.full(len(wanted), none, np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[first][place], none)


def _shown(connection: Connection, born: Births, first_seq: int) -> Ints:
    """When a console first reported a sequence at or beyond the one that raised each alarm."""
    reports = select(shown.c.seq, shown.c.at_ms).where(shown.c.seq >= first_seq).order_by(shown.c.seq)
    found = np.array([*rows(connection, reports)], np.int64).reshape(-1, 2)
    earliest = np.minimum.accumulate(found[::-1, 1])[::-1]
    return np.append(earliest, NEVER)[np.searchsorted(found[:, 0], born.number)]
