"""Owns the form of the figures of a period, as the console and other programs get them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Group = Literal["urgent", "high", "low", "urgent_high"]


class Share(BaseModel):
    """`met` of `of`; without any there is no share."""

    of: int
    met: int
    share: float | None


class Answering(BaseModel):
    """From the raise to the first acknowledgement or closing by a person. `histogram`: counts by `answer_steps_s`."""

    raised: int
    answered: int
    waiting: int
    never: int
    unanswered_share: float | None
    p50_ms: int | None
    p95_ms: int | None
    within_60_s: Share
    within_180_s: Share
    histogram: list[int]


class Ending(BaseModel):
    """From the raise until the episode was over. `rate`: ended of raised."""

    raised: int
    ended: int
    closed_by_person: int
    rate: float | None
    p50_ms: int | None
    p95_ms: int | None


class Showing(BaseModel):
    """From the commit of the raise until a console reported it as shown."""

    raised: int
    shown: int
    p50_ms: int | None
    p95_ms: int | None
    within_10_s: Share


class Peak(BaseModel):
    """The stretch with the most announcements an operator."""

    at_ms: int
    announced: int
    operators: int
    per_operator: float


class Load(BaseModel):
    """Announcements an operator, against ISA-18.2."""

    announced: int
    operator_hours: int
    per_operator_hour: float | None
    per_operator_day: float | None
    hours: int
    hours_over_6: int
    hours_over_12: int
    windows: int
    windows_over_1: int
    windows_over_2: int
    windows_in_flood: int
    flood_share: float | None
    peak_hour: Peak | None
    peak_10_min: Peak | None


class Hour(BaseModel):
    """One hour: what was raised, by priority; what was announced; who acted."""

    at_ms: int
    urgent: int
    high: int
    low: int
    announced: int
    operators: int


class Day(BaseModel):
    """One day of the city. The shares are those of urgent and high alarms together."""

    at_ms: int
    raised: int
    announced: int
    operator_hours: int
    within_60_s: Share
    within_180_s: Share


class Worked(BaseModel):
    """What a person did in the period."""

    operator: str
    acknowledged: int
    closed: int
    acts: int


class Raised(BaseModel):
    """How many episodes began. Of no known county: the empty name."""

    total: int
    reraised: int
    shelved: int
    undone: int
    by_priority: dict[str, int]
    by_kind: dict[str, int]
    by_county: dict[str, int]


class Outcomes(BaseModel):
    """How the alarms of a kind ended. `false_share`: of those closed with an outcome."""

    kind: str
    raised: int
    ended: int
    real: int
    false: int
    test: int
    other: int
    false_share: float | None


class Noisy(BaseModel):
    """A device and how often it raised."""

    device_id: str
    resident_id: str | None
    site_id: str | None
    raised: int
    reraised: int
    false: int


class Chatterer(BaseModel):
    """An identity that raised three times or more within ten minutes."""

    subject_type: str
    subject_id: str
    device_id: str | None
    kind: str
    fence_id: str | None
    raises: int
    most_in_10_min: int


class Chattering(BaseModel):
    """How many identities chattered, and the worst of them."""

    identities: int
    worst: list[Chatterer]


class Standing(BaseModel):
    """What was open at the end of the period, or is now if it has not ended."""

    at_ms: int
    open: int
    stale: int
    oldest_raised_at_ms: int | None


class Figures(BaseModel):
    """All figures of a period. `at_ms`: when they were computed; `data_from_ms`: when the journal begins."""

    from_ms: int
    to_ms: int
    at_ms: int
    data_from_ms: int | None
    raised: Raised
    answer_steps_s: list[int]
    answering: dict[Group, Answering]
    ending: dict[Group, Ending]
    showing: dict[Group, Showing]
    load: Load
    operators: list[Worked]
    hours: list[Hour]
    days: list[Day]
    standing: Standing
    outcomes: list[Outcomes]
    devices: list[Noisy]
    chattering: Chattering
