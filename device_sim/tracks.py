"""Real tracks as points: GPX, GeoLife .plt and recorded messages; moved to a site, and in time.

Pure: text in, points out. What is malformed is a ValueError that names the file and the line.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.parsers import expat

import msgspec
from msgspec import Struct

from device_sim.geo import move, offset_m
from iot_gateway.wire import Location, split_topic

if TYPE_CHECKING:
    from collections.abc import Callable

_PLT_HEADER_LINES: Final = 6


class TrackPoint(NamedTuple):
    """One fix. `acc_m` None: not known."""

    ts_ms: int
    lat_deg: float
    lon_deg: float
    acc_m: float | None = None
    src: str = "gnss"
    crs: str = "wgs84"


# By device id, or by "" where a file does not say whose track it is.
Tracks = dict[str, list[TrackPoint]]


def parse(name: str, text: bytes) -> Tracks:
    """The tracks of a file, by the ending of its name; each in the order of time."""
    ending = name.rpartition(".")[2].lower()
    parsers: dict[str, Callable[[str, bytes], Tracks]] = {
        "gpx": parse_gpx, "plt": parse_plt, "ndjson": parse_messages, "jsonl": parse_messages,
    }  # fmt: skip
    if ending not in parsers:
        raise ValueError(f"{name}: not a track file (want .gpx, .plt, .ndjson or .jsonl)")
    tracks = parsers[ending](name, text)
    for points in tracks.values():
        points.sort(key=lambda point: point.ts_ms)
    if not any(tracks.values()):
        raise ValueError(f"{name}: no points")
    return tracks


def parse_plt(name: str, text: bytes) -> Tracks:
    """GeoLife: six header lines, then lat,lon,0,altitude ft,days since 1899-12-30,date,time in UTC."""
    points = []
    for number, line in enumerate(_lines(name, text), start=1):
        if number <= _PLT_HEADER_LINES or not line.strip():
            continue
        fields = line.split(",")
        if len(fields) < 7:
            raise _bad(name, number, f"want 7 fields, found {len(fields)}")
        when = f"{fields[5].strip()}T{fields[6].strip()}+00:00"
        points.append(_point(name, number, when, fields[0], fields[1]))
    return {"": points}


def parse_gpx(name: str, text: bytes) -> Tracks:
    """GPX 1.0 and 1.1, any namespace: the time, lat and lon of every trkpt."""
    reader = _GpxReader(name)
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: reader.start(
        tag, attributes, parser.CurrentLineNumber
    )
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.refuse_entities
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise _bad(name, error.lineno, expat.ErrorString(error.code)) from error
    return {"": reader.points}


class _RecordedLine(Struct):
    """A line of the contract's messages file, as far as a track needs it."""

    received_at_ms: int
    topic: str = ""
    payload: Any = None


def parse_messages(name: str, text: bytes) -> Tracks:
    """The `location` items of a messages file, by device; without `ts`, when they were received.

    A recording also holds what could not be read; such items are no part of a track.
    """
    tracks: Tracks = {}
    for number, line in enumerate(_lines(name, text), start=1):
        if not line.strip():
            continue
        try:
            recorded = msgspec.json.decode(line, type=_RecordedLine)
        except msgspec.MsgspecError as error:
            raise _bad(name, number, str(error)) from error
        device_id, stream = split_topic(recorded.topic) or ("", "")
        if stream != "location":
            continue
        items = recorded.payload if isinstance(recorded.payload, list) else [recorded.payload]
        for item in items:
            try:
                fix = msgspec.convert(item, Location)
            except msgspec.ValidationError:
                continue
            ts_ms = recorded.received_at_ms if fix.ts is None else fix.ts
            point = TrackPoint(ts_ms, fix.lat, fix.lon, fix.acc, fix.src or "gnss", fix.crs or "wgs84")
            tracks.setdefault(device_id, []).append(point)
    return tracks


def translate(
    points: list[TrackPoint], to_lat_deg: float, to_lon_deg: float, *, centre: bool = False
) -> list[TrackPoint]:
    """The same walk elsewhere, metre for metre: starting at a place, or with its middle there."""
    start = points[0]
    steps = [offset_m(start.lat_deg, start.lon_deg, point.lat_deg, point.lon_deg) for point in points]
    middle_e = sum(east for east, _ in steps) / len(steps) if centre else 0.0
    middle_n = sum(north for _, north in steps) / len(steps) if centre else 0.0
    moved = []
    for point, (east, north) in zip(points, steps, strict=True):
        lat, lon = move(to_lat_deg, to_lon_deg, east - middle_e, north - middle_n)
        moved.append(point._replace(lat_deg=round(float(lat), 7), lon_deg=round(float(lon), 7), crs="wgs84"))
    return moved


def retime(points: list[TrackPoint], now_ms: int, speed: float) -> list[TrackPoint]:
    """The track from now on, `speed` times as fast; at speed 0 as it was, ending now."""
    if speed < 0.0:
        raise ValueError("speed cannot be negative")
    if speed == 0.0:
        return [point._replace(ts_ms=now_ms + point.ts_ms - points[-1].ts_ms) for point in points]
    return [point._replace(ts_ms=now_ms + round((point.ts_ms - points[0].ts_ms) / speed)) for point in points]


class _GpxReader:
    """Collects the points while the parser walks through the file."""

    def __init__(self, name: str) -> None:
        self.points: list[TrackPoint] = []
        self._name = name
        self._open: tuple[int, dict[str, str]] | None = None
        self._time: str | None = None
        self._reading_time = False

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        local = tag.rpartition(":")[2]
        if local == "trkpt":
            self._open, self._time = (line, attributes), None
        elif local == "time" and self._open is not None:
            self._reading_time, self._time = True, ""

    def text(self, text: str) -> None:
        if self._reading_time:
            self._time = (self._time or "") + text

    def end(self, tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local == "time":
            self._reading_time = False
        elif local == "trkpt" and self._open is not None:
            line, attributes = self._open
            if self._time is None:
                raise _bad(self._name, line, "trkpt without time")
            when = self._time.strip()
            self.points.append(_point(self._name, line, when, attributes.get("lat"), attributes.get("lon")))
            self._open = None

    def refuse_entities(self, *_: Any) -> None:
        raise ValueError(f"{self._name}: entities are not allowed in a track")


def _point(name: str, number: int, when: str, lat: str | None, lon: str | None) -> TrackPoint:
    try:
        at = datetime.fromisoformat(when)
        lat_deg, lon_deg = float(lat or ""), float(lon or "")
    except ValueError as error:
        raise _bad(name, number, str(error)) from error
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        raise _bad(name, number, f"no such place: {lat}, {lon}")
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return TrackPoint(round(at.timestamp() * 1000.0), lat_deg, lon_deg)


def _lines(name: str, text: bytes) -> list[str]:
    try:
        return text.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _bad(name, text.count(b"\n", 0, error.start) + 1, "not UTF-8 text") from error


def _bad(name: str, line: int, why: str) -> ValueError:
    return ValueError(f"{name}, line {line}: {why}")
