"""Owns the forms of what goes in and out: alarms, verbs, and the roster in the contract's own shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from alerts.tuning import RANGES
from alerts.vocabulary import DEFAULT_PRIORITY, KINDS, Outcome, Priority, State, SubjectType
from api.clock import today
from api.shapes import STRICT, Geometry, InForce
from iot_gateway.wire import DEVICE_ID, CommandType

MAX_INT: Final = 2**53  # the range in which every JSON reader agrees

Count = Annotated[int, Field(ge=0, le=MAX_INT, strict=True)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Short = Annotated[str, Field(max_length=200)]
# Whatever a person would write as an id, and nothing that a path could trip over.
Id = Annotated[str, Field(max_length=100, pattern=r"^[^./\s\x00-\x1f\x7f][^/\x00-\x1f\x7f]*$")]
DeviceId = Annotated[str, Field(pattern=f"^{DEVICE_ID.pattern}$")]


def _known_kind(kind: str) -> str:
    if kind not in DEFAULT_PRIORITY:
        raise ValueError("is no kind of alarm")
    return kind


AlarmKind = Annotated[
    str, AfterValidator(_known_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})
]

# Alarms ------------------------------------------------------------------------------------------


class Alarm(BaseModel):
    """One episode, as of its last transition."""

    alarm_id: str
    version: int
    seq: int
    subject_type: SubjectType
    subject_id: str
    device_id: str | None
    site_id: str | None
    resident_id: str | None
    kind: str
    fence_id: str | None
    priority: Priority
    state: State
    shelved: bool
    shelved_until_ms: int | None
    suppressed: bool
    out_of_service: bool
    count: int
    assignee: str | None
    because: dict[str, Any]
    position: dict[str, Any] | None
    measured_at_ms: int | None
    received_at_ms: int | None
    raised_at_ms: int
    committed_at_ms: int
    shown_at_ms: int | None
    acknowledged_at_ms: int | None
    acknowledged_by: str | None
    cleared_at_ms: int | None
    closed_at_ms: int | None
    outcome: Outcome | None


class AlarmPage(BaseModel):
    """Alarms in the order of their last transition."""

    items: list[Alarm]
    next_after_seq: int | None


class AlarmWithTimeline(Alarm):
    """An alarm and what happened to it, oldest first; `timeline_omitted`: how many older events are not shown.

    `payload_head`: of an unreadable message its first 200 characters, null once it is no longer kept.
    """

    timeline: list[dict[str, Any]]
    timeline_omitted: int
    payload_head: str | None


class Verb(BaseModel):
    """What every verb needs: the version of the alarm that the operator was looking at."""

    model_config = ConfigDict(str_strip_whitespace=True)
    version: Count
    text: Text | None = None


class Comment(Verb):
    """A remark."""

    text: Text


class Assign(Verb):
    """Who takes care of it."""

    assignee: Annotated[str, Field(min_length=1, max_length=100)]


class Shelve(Verb):
    """Quiet until then, for this reason."""

    until_ms: Count
    reason: Text


class Close(Verb):
    """How it ended; urgent kinds also need `text`."""

    outcome: Outcome


# The roster --------------------------------------------------------------------------------------


def _lived(birth_date: str) -> str:
    """A day of the calendar, or a year, that somebody alive was born in."""
    try:
        date.fromisoformat(birth_date if len(birth_date) > len("YYYY") else f"{birth_date}-01-01")
    except ValueError as error:
        raise ValueError("is no day of the calendar") from error
    if not "1880" <= birth_date <= today():
        raise ValueError("is not in the time that people alive were born in")
    return birth_date


BirthDate = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$", examples=["1941-03-05", "1941"]),
    AfterValidator(_lived),
]


class Site(BaseModel):
    """A place of care. `street_phone`: of the office of its street or town."""

    model_config = STRICT
    site_id: Id
    name: Short | None = None
    kind: Literal["nursing_home", "day_care", "happiness_home", "home", "canteen"]
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    county: Short | None = None
    street: Short | None = None
    phone: Short | None = None
    street_phone: Short | None = None


class Contact(BaseModel):
    """Whom to call."""

    model_config = STRICT
    name: Short | None = None
    relation: Short | None = None
    phone: Short | None = None


class Resident(BaseModel):
    """A person in care. `birth_date`: the day, or only the year where no more is known."""

    model_config = STRICT
    resident_id: Id
    name: Short | None = None
    site_id: Id | None = None
    room: Short | None = None
    care_level: Short | None = None
    risk_notes: Annotated[str, Field(max_length=2000)] | None = None
    contacts: list[Contact] | None = Field(default=None, max_length=20)
    birth_date: BirthDate | None = None


def _between(name: str) -> Any:
    low, high = RANGES[name]
    return Field(default=None, ge=low, le=high)


class Evidence(BaseModel):
    """How sure (`raise_p`), how far beyond (`edge_m`) and for how long (`confirm_s`) before the fence raises.

    What is missing is the policy's.
    """

    model_config = STRICT
    raise_p: float | None = _between("raise_p")
    edge_m: float | None = _between("edge_m")
    confirm_s: float | None = _between("confirm_s")


class Fence(BaseModel):
    """An area to stay in, or to keep out of. Without a schedule it is always in force."""

    model_config = STRICT
    fence_id: Id
    name: Short | None = None
    role: Literal["safe", "forbidden"] = "safe"
    site_id: Id | None = None
    geometry: Geometry
    schedule: InForce | None = None
    evidence: Evidence | None = None


LIVE_FIELDS: Final = frozenset({"registered", "last_contact_ms", "position", "bat"})


class Device(BaseModel):
    """A device. `fence_ids` null: the fences of its site; empty: none."""

    model_config = STRICT
    device_id: DeviceId
    kind: Literal["wristband", "fire_sensor", "home_sensor"]
    model: Short | None = None
    site_id: Id | None = None
    zone: Short | None = None
    resident_id: Id | None = None
    fence_ids: Annotated[list[Id], Field(max_length=1000)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_live_state(cls, data: Any) -> Any:
        """What a list gave may come back in a PUT: the live fields are not the roster's."""
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if name not in LIVE_FIELDS}
        return data


class Fix(BaseModel):
    """Where a device was last measured."""

    lat: float
    lon: float
    acc_m: float | None
    src: str | None
    measured_at_ms: int
    received_at_ms: int


class DeviceState(BaseModel):
    """A device with its live state. Not `registered`: known only through an alarm of its own."""

    device_id: str
    kind: str
    model: str | None
    site_id: str | None
    zone: str | None
    resident_id: str | None
    fence_ids: list[str] | None
    registered: bool
    last_contact_ms: int | None
    position: Fix | None
    bat: float | None


class DeviceCommandRequest(BaseModel):
    """What a device is asked to do, and for how long that stays wanted."""

    model_config = STRICT
    type: CommandType
    args: dict[str, Any] = Field(default={}, max_length=16)
    expires_s: Annotated[int, Field(ge=1, le=7 * 86_400)] = 3600


class DeviceCommand(BaseModel):
    """A command to a device: queued, sent, then done, failed or expired."""

    id: str
    device_id: str
    type: str
    args: dict[str, Any]
    created_at_ms: int
    expires_at_ms: int
    state: str
    detail: str
    changed_at_ms: int


class Point(BaseModel):
    """One fix of a track."""

    measured_at_ms: int
    received_at_ms: int
    lat: float
    lon: float
    acc_m: float | None
    src: str | None


class Track(BaseModel):
    """Where a device was, in the order of measurement."""

    device_id: str
    points: list[Point]


class PersonPoint(Point):
    """One fix of a person's track, and the band that measured it."""

    device_id: str


class PersonTrack(BaseModel):
    """Where a person was, in the order of measurement, by whichever band was worn."""

    resident_id: str
    points: list[PersonPoint]


class Wearing(BaseModel):
    """Who wore a wristband from when until before when.

    `from_ms` 0: since before this was kept. `to_ms` null: now.
    """

    device_id: str
    from_ms: int
    to_ms: int | None


class WearingPage(BaseModel):
    """The bands of a person, the newest first."""

    items: list[Wearing]
    next_after_seq: None = None


class Swap(BaseModel):
    """Which band comes off, and which is put on in its place. `old_device_id` null: the person wears none."""

    model_config = STRICT
    old_device_id: DeviceId | None = None
    new_device_id: DeviceId


class Swapped(BaseModel):
    """Both bands as they are now. `open_alarms`: of the old band; they stay open, and this person's."""

    resident_id: str
    old_device: DeviceState | None
    new_device: DeviceState
    open_alarms: list[str]
