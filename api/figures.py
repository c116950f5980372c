"""Decides every figure of a period: what counts, from when to when, and against which goal. Pure.

The definitions in a supervisor's words are in docs/API.md; a test computes each of them slowly and compares.
"""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from api.acts import CODE, NONE, OUTCOMES, PRIORITIES, Acts, Births, Ints, Mask
from api.episodes import NEVER, Material, Period
from api.figures_form import (
    Answering,
    Chatterer,
    Chattering,
    Day,
    Ending,
    Figures,
    Group,
    Hour,
    Load,
    Noisy,
    Outcomes,
    Peak,
    Raised,
    Share,
    Showing,
    Standing,
    Worked,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE_MS: Final = 60_000
TEN_MINUTES_MS: Final = 10 * MINUTE_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
CITY_AHEAD_MS: Final = 8 * HOUR_MS  # Asia/Shanghai, without summer time since 1991
ANSWER_STEPS_S: Final = (10, 30, 60, 120, 180, 300, 600)  # and what took longer
SHOWN_GOAL_MS: Final = 10_000
FLOOD: Final = 10  # announcements in ten minutes an operator; more is a flood (ISA-18.2)
CHATTER: Final = 3  # raises of one identity in ten minutes
STALE_MS: Final = DAY_MS
TOP: Final = 20  # devices in a list

T = TypeVar("T")
_GROUPS: Final[dict[Group, tuple[int, ...]]] = {
    "urgent": (0,), "high": (1,), "low": (2,), "urgent_high": (0, 1),
}  # fmt: skip


def figures(made_of: Material, period: Period) -> Figures:
    """All of them."""
    asked = period
    # Before the journal begins nothing is known; that is not the same as a quiet hour.
    known_from_ms = NEVER if made_of.data_from_ms is None else made_of.data_from_ms
    period = period._replace(from_ms=max(period.from_ms, known_from_ms))
    born, acts = made_of.born, made_of.acts
    began = born.raised_at_ms >= period.from_ms
    called = began & ~born.shelved
    raises = acts.where((acts.event == CODE["raise"]) | (acts.event == CODE["reraise"]))
    announced = raises.at_ms[~raises.shelved]
    people = acts.where(acts.operator != NONE)
    hours = _hours(born, began, announced, people, period)
    groups = {name: np.isin(born.priority, places) for name, places in _GROUPS.items()}
    return Figures(
        from_ms=asked.from_ms, to_ms=asked.to_ms, at_ms=asked.now_ms, data_from_ms=made_of.data_from_ms,
        raised=_raised(made_of, began),
        answer_steps_s=list(ANSWER_STEPS_S),
        answering={name: _answering(made_of, called & mask, period) for name, mask in groups.items()},
        ending={name: _ending(made_of, began & mask) for name, mask in groups.items()},
        showing={name: _showing(made_of, began & mask, period) for name, mask in groups.items()},
        load=_load(hours, announced, period),
        operators=_worked(people, made_of.journal.people.names),
        hours=hours,
        days=_days(made_of, called, hours, period),
        standing=_standing(made_of, period),
        outcomes=_outcomes(made_of, began),
        devices=_noisiest(made_of, raises, began),
        chattering=_chattering(made_of, raises),
    )  # fmt: skip


def share(met: int, of: int) -> Share:
    """A part of a whole."""
    return Share(of=of, met=met, share=met / of if of else None)


def percentile(values: Ints, percent: int) -> int | None:
    """The smallest value that at least so many percent do not exceed (nearest rank)."""
    if not len(values):
        return None
    place = (len(values) * percent + 99) // 100 - 1
    return int(np.partition(values, place)[place])


def _within(took_ms: Ints, waited_ms: Ints, goal_ms: int) -> Share:
    """How many took at most so long. What still waits and has not waited that long is not judged yet."""
    judged = (took_ms < NEVER) | (waited_ms > goal_ms)
    return share(int((took_ms[judged] <= goal_ms).sum()), int(judged.sum()))


def _took(until_ms: Ints, since_ms: Ints) -> Ints:
    """How long something took, NEVER if it did not happen; clocks of two processes may differ by a little."""
    return np.where(until_ms < NEVER, np.maximum(until_ms - since_ms, 0), NEVER)


def _answering(made_of: Material, mask: Mask, period: Period) -> Answering:
    raised_at_ms = made_of.born.raised_at_ms[mask]
    took_ms = _took(made_of.answered_at_ms[mask], raised_at_ms)
    is_open = made_of.ended_at_ms[mask] == NEVER
    # What ended without an answer is late however short it was: nobody took it on.
    waited_ms = np.where(is_open, period.now_ms - raised_at_ms, NEVER)
    answered = took_ms < NEVER
    steps = np.searchsorted([step * 1000 for step in ANSWER_STEPS_S], took_ms[answered])
    raised = len(raised_at_ms)
    return Answering(
        raised=raised,
        answered=int(answered.sum()),
        waiting=int((~answered & is_open).sum()),
        never=int((~answered & ~is_open).sum()),
        unanswered_share=share(int((~answered).sum()), raised).share,
        p50_ms=percentile(took_ms[answered], 50),
        p95_ms=percentile(took_ms[answered], 95),
        within_60_s=_within(took_ms, waited_ms, 60_000),
        within_180_s=_within(took_ms, waited_ms, 180_000),
        histogram=np.bincount(steps, minlength=len(ANSWER_STEPS_S) + 1).tolist(),
    )


def _ending(made_of: Material, mask: Mask) -> Ending:
    took_ms = _took(made_of.ended_at_ms[mask], made_of.born.raised_at_ms[mask])
    ended = took_ms[took_ms < NEVER]
    return Ending(
        raised=len(took_ms), ended=len(ended), closed_by_person=int((made_of.outcome[mask] != NONE).sum()),
        rate=share(len(ended), len(took_ms)).share, p50_ms=percentile(ended, 50), p95_ms=percentile(ended, 95),
    )  # fmt: skip


def _showing(made_of: Material, mask: Mask, period: Period) -> Showing:
    committed_at_ms = made_of.born.committed_at_ms[mask]
    took_ms = _took(made_of.shown_at_ms[mask], committed_at_ms)
    shown = took_ms[took_ms < NEVER]
    return Showing(
        raised=len(took_ms), shown=len(shown), p50_ms=percentile(shown, 50), p95_ms=percentile(shown, 95),
        within_10_s=_within(took_ms, period.now_ms - committed_at_ms, SHOWN_GOAL_MS),
    )  # fmt: skip


def _tally(codes: Ints) -> list[tuple[int, int]]:
    """(code, how many), the most frequent first; of equals the first met."""
    found, counts = np.unique(codes, return_counts=True)
    return sorted(zip(found.tolist(), counts.tolist(), strict=True), key=lambda item: (-item[1], item[0]))


def _raised(made_of: Material, began: Mask) -> Raised:
    born, acts, journal = made_of.born, made_of.acts, made_of.journal
    counties: Counter[str] = Counter()
    for site, count in _tally(born.site[began]):
        counties[made_of.county_of.get(journal.sites.name(site)) or ""] += count
    return Raised(
        total=int(began.sum()),
        reraised=int((acts.event == CODE["reraise"]).sum()),
        shelved=int((began & born.shelved).sum()),
        undone=len(np.unique(acts.number[acts.event == CODE["unacknowledge"]])),
        by_priority={name: int((born.priority[began] == at).sum()) for at, name in enumerate(PRIORITIES)},
        by_kind={journal.kinds.name(kind): count for kind, count in _tally(born.kind[began])},
        by_county=dict(counties.most_common()),
    )


def _slots(period: Period, width_ms: int, ahead_ms: int = 0) -> tuple[int, int]:
    """(start of the first, how many) slots of a width that have begun in the period."""
    if period.from_ms >= period.end_ms:
        return period.from_ms, 0
    start_ms = (period.from_ms + ahead_ms) // width_ms * width_ms - ahead_ms
    return start_ms, -((start_ms - period.end_ms) // width_ms)


def _counts(at_ms: Ints, start_ms: int, width_ms: int, slots: int) -> Ints:
    """How many moments lie in each slot."""
    return np.bincount((at_ms - start_ms) // width_ms, minlength=slots)[:slots]


def _hours(born: Births, began: Mask, announced: Ints, people: Acts, period: Period) -> list[Hour]:
    start_ms, slots = _slots(period, HOUR_MS)
    if not slots:
        return []
    raised = [
        _counts(born.raised_at_ms[began & (born.priority == place)], start_ms, HOUR_MS, slots)
        for place in range(len(PRIORITIES))
    ]
    hour = (people.at_ms - start_ms) // HOUR_MS
    present = np.unique(hour * (people.operator.max(initial=0) + 1) + people.operator)
    operators = _counts(present, 0, int(people.operator.max(initial=0)) + 1, slots)
    columns = [*raised, _counts(announced, start_ms, HOUR_MS, slots), operators]
    return [
        Hour(
            at_ms=start_ms + place * HOUR_MS,
            urgent=urgent,
            high=high,
            low=low,
            announced=count,
            operators=acted,
        )
        for place, (urgent, high, low, count, acted) in enumerate(np.stack(columns, axis=1).tolist())
    ]


def _load(hours: list[Hour], announced: Ints, period: Period) -> Load:
    present = np.array([max(1, hour.operators) for hour in hours], np.int64)
    by_hour = np.array([hour.announced for hour in hours], np.int64)
    start_ms, slots = _slots(period, TEN_MINUTES_MS)
    by_window = _counts(announced, start_ms, TEN_MINUTES_MS, slots)
    hour_start_ms, _ = _slots(period, HOUR_MS)
    at_desk = present[(start_ms + np.arange(slots) * TEN_MINUTES_MS - hour_start_ms) // HOUR_MS]
    operator_hours, total = int(present.sum()), int(by_hour.sum())
    mean = total / operator_hours if operator_hours else None
    flooded = int((by_window > FLOOD * at_desk).sum())
    return Load(
        announced=total, operator_hours=operator_hours,
        per_operator_hour=mean, per_operator_day=None if mean is None else 24 * mean,
        hours=len(hours), hours_over_6=int((by_hour > 6 * present).sum()), hours_over_12=int((by_hour > 12 * present).sum()),
        windows=slots, windows_over_1=int((by_window > at_desk).sum()), windows_over_2=int((by_window > 2 * at_desk).sum()),
        windows_in_flood=flooded, flood_share=share(flooded, slots).share,
        peak_hour=_peak(by_hour, present, hour_start_ms, HOUR_MS),
        peak_10_min=_peak(by_window, at_desk, start_ms, TEN_MINUTES_MS),
    )  # fmt: skip


def _peak(announced: Ints, present: Ints, start_ms: int, width_ms: int) -> Peak | None:
    """The first of the fullest stretches."""
    if not announced.any():
        return None
    each = announced / present
    place = int(each.argmax())
    return Peak(
        at_ms=start_ms + place * width_ms, announced=int(announced[place]), operators=int(present[place]),
        per_operator=float(each[place]),
    )  # fmt: skip


def _days(made_of: Material, called: Mask, hours: list[Hour], period: Period) -> list[Day]:
    start_ms, slots = _slots(period, DAY_MS, CITY_AHEAD_MS)
    day_of = (made_of.born.raised_at_ms - start_ms) // DAY_MS
    pressing = called & (made_of.born.priority < PRIORITIES.index("low"))
    of_day: list[list[Hour]] = [[] for _ in range(slots)]
    for hour in hours:
        of_day[(hour.at_ms - start_ms) // DAY_MS].append(hour)
    days = []
    for place, its_hours in enumerate(of_day):
        answering = _answering(made_of, pressing & (day_of == place), period)
        days.append(
            Day(
                at_ms=start_ms + place * DAY_MS,
                raised=sum(hour.urgent + hour.high + hour.low for hour in its_hours),
                announced=sum(hour.announced for hour in its_hours),
                operator_hours=sum(max(1, hour.operators) for hour in its_hours),
                within_60_s=answering.within_60_s,
                within_180_s=answering.within_180_s,
            )
        )
    return days


def _worked(people: Acts, names: list[str]) -> list[Worked]:
    def by(mask: Mask) -> Ints:
        return np.bincount(people.operator[mask], minlength=len(names))

    acts = by(np.ones(len(people.seq), bool))
    acknowledged, closed = (by(people.event == CODE[name]) for name in ("acknowledge", "close"))
    return [
        Worked(
            operator=names[code],
            acknowledged=int(acknowledged[code]),
            closed=int(closed[code]),
            acts=int(acts[code]),
        )
        for code in sorted(np.flatnonzero(acts).tolist(), key=lambda code: (-acts[code], names[code]))
    ]


def _standing(made_of: Material, period: Period) -> Standing:
    at_ms = period.end_ms
    born = made_of.born
    raised = born.raised_at_ms[(born.raised_at_ms < at_ms) & (made_of.ended_at_ms >= at_ms)]
    return Standing(
        at_ms=at_ms, open=len(raised), stale=int((raised < at_ms - STALE_MS).sum()),
        oldest_raised_at_ms=int(raised.min()) if len(raised) else None,
    )  # fmt: skip


def _outcomes(made_of: Material, began: Mask) -> list[Outcomes]:
    found = []
    for kind, count in _tally(made_of.born.kind[began]):
        mask = began & (made_of.born.kind == kind)
        by = {name: int((made_of.outcome[mask] == code).sum()) for code, name in enumerate(OUTCOMES)}
        ended = int((made_of.ended_at_ms[mask] < NEVER).sum())
        false_share = share(by["false"], sum(by.values())).share
        name = made_of.journal.kinds.name(kind)
        found.append(Outcomes(kind=name, raised=count, ended=ended, **by, false_share=false_share))
    return found


def _noisiest(made_of: Material, raises: Acts, began: Mask) -> list[Noisy]:
    born, journal = made_of.born, made_of.journal
    place = np.searchsorted(born.number, raises.number)
    device = born.device[place].astype(np.int64)
    known = device != NONE  # an alarm of a site or zone has no device
    slots = len(journal.devices.names)

    def by(mask: Mask) -> Ints:
        return np.bincount(device[known & mask], minlength=slots)

    raised, again = by(raises.event == CODE["raise"]), by(raises.event == CODE["reraise"])
    false = np.bincount(
        born.device[began & (born.device != NONE) & (made_of.outcome == OUTCOMES.index("false"))],
        minlength=slots,
    )
    last = np.zeros(slots, np.int64)
    last[device[known]] = place[known]  # the newest raise says whose it is
    noisiest = _first(
        np.flatnonzero(raised + again).tolist(),
        lambda one: (-raised[one] - again[one], journal.devices.name(one)),
    )
    return [
        Noisy(
            device_id=journal.devices.name(one), resident_id=journal.residents.name(int(born.resident[last[one]])),
            site_id=journal.sites.name(int(born.site[last[one]])),
            raised=int(raised[one]), reraised=int(again[one]), false=int(false[one]),
        )
        for one in noisiest
    ]  # fmt: skip


def _chattering(made_of: Material, raises: Acts) -> Chattering:
    """Identities that were raised so often within ten minutes, at any time of the period."""
    place = np.searchsorted(made_of.born.number, raises.number)
    identity = made_of.born.identity[place].astype(np.int64)
    order = np.lexsort((raises.at_ms, identity))
    identity, at_ms, place = identity[order], raises.at_ms[order], place[order]
    # One number for identity and time, with more than ten minutes between identities.
    when = at_ms - at_ms.min(initial=NEVER)
    line = identity * (int(when.max(initial=0)) + TEN_MINUTES_MS) + when
    following = np.searchsorted(line, line + TEN_MINUTES_MS) - np.arange(len(line))
    _, starts, raised = np.unique(identity, return_index=True, return_counts=True)
    most = np.maximum.reduceat(following, starts) if len(starts) else following
    found = np.flatnonzero(most >= CHATTER).tolist()
    worst = _first(found, lambda one: (-most[one], -raised[one], place[starts[one]]))
    return Chattering(
        identities=len(found),
        worst=[
            _chatterer(made_of, int(place[starts[one]]), int(raised[one]), int(most[one])) for one in worst
        ],
    )


def _chatterer(made_of: Material, place: int, raises: int, most: int) -> Chatterer:
    journal, born = made_of.journal, made_of.born
    subject_type, subject_id, kind, fence_id = journal.identities.name(int(born.identity[place]))
    return Chatterer(
        subject_type=subject_type, subject_id=subject_id, device_id=journal.devices.name(int(born.device[place])),
        kind=kind, fence_id=fence_id, raises=raises, most_in_10_min=most,
    )  # fmt: skip


def _first(items: list[T], order: Callable[[T], Any]) -> list[T]:
    """The first TOP of a list."""
    return heapq.nsmallest(TOP, items, key=order)
