"""Decides whether a fence can be kept: its geometry, and when it is in force.

A fence that the gateway could misread would watch nobody. So the types below say the form, and the
core's own compiler has the last word, with its reason in words.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.geometry import MAX_RADIUS_M, compile_shape
from alerts.schedule import Schedule as CompiledSchedule

# strict: true is no number, and "1" neither.
STRICT: Final = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)

Position = Annotated[
    list[float], Field(min_length=2, max_length=3, description="longitude, latitude (WGS-84)")
]
Ring = Annotated[list[Position], Field(min_length=4)]
Rings = Annotated[list[Ring], Field(min_length=1)]


class Circle(BaseModel):
    """A point with a radius in metres."""

    model_config = STRICT
    type: Literal["Point"]
    coordinates: Position
    radius_m: float = Field(gt=0, le=MAX_RADIUS_M)


class Polygon(BaseModel):
    """GeoJSON; the first ring is the outside, the others are holes."""

    model_config = STRICT
    type: Literal["Polygon"]
    coordinates: Rings


class MultiPolygon(BaseModel):
    """GeoJSON; polygons that do not overlap."""

    model_config = STRICT
    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1)]


def _sound(shape: Circle | Polygon | MultiPolygon) -> Circle | Polygon | MultiPolygon:
    try:
        compile_shape(shape.model_dump())
    except TypeError as error:
        raise ValueError("positions differ in their number of coordinates") from error
    return shape


Geometry = Annotated[
    Annotated[Circle | Polygon | MultiPolygon, Field(discriminator="type")], AfterValidator(_sound)
]

TimeOfDay = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["19:00"])]
Day = Annotated[int, Field(ge=1, le=7)]


class Window(BaseModel):
    """From one time of day to another on these days (Monday is 1). It may cross midnight; equal is all day."""

    model_config = STRICT
    days: list[Day] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1, max_length=7)
    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay


class Schedule(BaseModel):
    """The times a fence is in force."""

    model_config = STRICT
    tz: str = Field(default="Asia/Shanghai", max_length=64)
    weekly: list[Window] = Field(min_length=1, max_length=50)


def _known(schedule: Schedule) -> Schedule:
    CompiledSchedule(schedule.model_dump(by_alias=True))
    return schedule


InForce = Annotated[Schedule, AfterValidator(_known)]
