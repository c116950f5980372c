"""Track files: the real layouts of GeoLife, GPX and recorded messages, and what is wrong with them."""

import json
from datetime import UTC, datetime

import pytest

from device_sim.geo import offset_m
from device_sim.tracks import TrackPoint, parse, retime, translate

PLT = """Geolife trajectory
WGS 84
Altitude is in Feet
Reserved 3
0,2,255,My Track,0,0,2,8421376
0
36.700001,119.100002,0,492,39755.4261111111,2008-11-03,10:13:36
36.700101,119.100002,0,492,39755.4261689815,2008-11-03,10:13:41
36.700201,119.100102,0,-777,39755.4262268519,2008-11-03,10:13:46
"""

GPX = """<?xml version="1.0" encoding="UTF-8"?>
<{p}gpx version="1.1" xmlns{d}="http://www.topografix.com/GPX/1/1"><{p}metadata><{p}time>2001-01-01T00:00:00Z</{p}time></{p}metadata>
<{p}trk><{p}name>made up</{p}name><{p}trkseg>
<{p}trkpt lat="36.70" lon="119.10"><{p}ele>12.5</{p}ele><{p}time>2020-05-01T00:00:10Z</{p}time></{p}trkpt>
<{p}trkpt lon="119.11" lat="36.71"><{p}time>2020-05-01T08:00:00.500+08:00</{p}time></{p}trkpt>
</{p}trkseg></{p}trk></{p}gpx>
"""


def ms(*when):
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def test_geolife_plt_as_it_is_published():
    for text in (PLT, PLT.replace("\n", "\r\n")):
        points = parse("a.plt", text.encode())[""]
        assert points[0] == TrackPoint(ms(2008, 11, 3, 10, 13, 36), 36.700001, 119.100002)
        assert [p.ts_ms - points[0].ts_ms for p in points] == [0, 5000, 10_000]


@pytest.mark.parametrize(("prefix", "declaration"), [("", ""), ("g:", ":g")])
def test_gpx_in_any_namespace_sorted_by_time(prefix, declaration):
    points = parse("b.GPX", GPX.format(p=prefix, d=declaration).encode())[""]
    assert points == [
        TrackPoint(ms(2020, 5, 1) + 500, 36.71, 119.11),
        TrackPoint(ms(2020, 5, 1, 0, 0, 10), 36.70, 119.10),
    ]


def line(topic, payload, at=1000):
    return json.dumps({"received_at_ms": at, "topic": topic, "payload": payload})


def test_messages_give_the_locations_of_each_device():
    text = "\n".join([
        line("care/v1/A/location", {"lat": 1, "lon": 2, "ts": 500, "acc": 9, "src": "wifi", "crs": "gcj02"}),
        line("care/v1/B/location", [{"lat": 3, "lon": 4, "ts": 2}, {"lat": 99, "lon": 4}, {"lat": 5, "lon": 6}], at=70),
        line("care/v1/A/alarm", {"kinds": ["sos"]}),
        json.dumps({"received_at_ms": 1, "command": {"verb": "close"}}),
        json.dumps({"received_at_ms": 1, "topic": "care/v1/A/location", "payload_b64": "AA=="}),
    ])  # fmt: skip
    assert parse("m.ndjson", text.encode()) == {
        "A": [TrackPoint(500, 1, 2, 9, "wifi", "gcj02")],
        "B": [TrackPoint(2, 3, 4), TrackPoint(70, 5, 6)],
    }


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.plt", PLT.replace("36.700101", "north"), r"a\.plt, line 8: "),
        ("a.plt", PLT.replace("36.700101", "136.7"), r"a\.plt, line 8: no such place"),
        ("a.plt", PLT.replace(",2008-11-03,10:13:46", ""), r"a\.plt, line 9: want 7 fields, found 5"),
        ("a.plt", PLT.replace("2008-11-03,10:13:46", "2008-13-03,10:13:46"), r"a\.plt, line 9: "),
        ("a.plt", "\n".join(PLT.splitlines()[:6]), r"a\.plt: no points"),
        ("a.plt", PLT.replace("36.700101", "nan"), r"a\.plt, line 8: no such place"),
        ("b.gpx", GPX.format(p="", d="").replace("</trkseg>", ""), r"b\.gpx, line 6: mismatched tag"),
        ("b.gpx", GPX.format(p="", d="").replace(' lat="36.70"', ""), r"b\.gpx, line 4: "),
        ("b.gpx", "<gpx><trkpt lat='1' lon='2'/></gpx>", r"b\.gpx, line 1: trkpt without time"),
        ("b.gpx", "<gpx/>", r"b\.gpx: no points"),
        ("b.gpx", "<!DOCTYPE gpx [<!ENTITY a 'b'>]><gpx>&a;</gpx>", r"b\.gpx: entities"),
        ("m.ndjson", line("care/v1/A/location", {"lat": 1, "lon": 2}) + "\n{oops", r"m\.ndjson, line 2: "),
        ("m.ndjson", line("care/v1/A/alarm", {"kinds": ["sos"]}), r"m\.ndjson: no points"),
        ("c.csv", "1,2", r"c\.csv: not a track file"),
    ],
)
def test_malformed_input_names_the_file_and_the_line(name, text, why):
    with pytest.raises(ValueError, match=why):
        parse(name, text.encode())


def test_text_that_is_not_utf8_names_its_line():
    with pytest.raises(ValueError, match=r"a\.plt, line 2: not UTF-8"):
        parse("a.plt", b"Geolife trajectory\n\xff\xfe\n")


def test_a_track_moves_metre_for_metre():
    points = parse("a.plt", PLT.encode())[""]
    points = [p._replace(lat_deg=p.lat_deg + 3.3, crs="wgs84") for p in points]
    moved = translate(points, 36.0, 118.5)
    assert (moved[0].lat_deg, moved[0].lon_deg) == (36.0, 118.5)
    for a, b in zip(points, moved, strict=True):
        was = offset_m(points[0].lat_deg, points[0].lon_deg, a.lat_deg, a.lon_deg)
        now = offset_m(36.0, 118.5, b.lat_deg, b.lon_deg)
        assert now == pytest.approx(was, abs=0.05)
    centred = translate(points, 36.0, 118.5, centre=True)
    east, north = zip(*(offset_m(36.0, 118.5, p.lat_deg, p.lon_deg) for p in centred), strict=True)
    assert sum(east) == pytest.approx(0.0, abs=0.1) and sum(north) == pytest.approx(0.0, abs=0.1)


def test_a_track_plays_at_any_speed():
    points = [TrackPoint(ts, 1, 2) for ts in (1000, 6000, 31_000)]
    assert [p.ts_ms for p in retime(points, 10**12, 1.0)] == [10**12, 10**12 + 5000, 10**12 + 30_000]
    assert [p.ts_ms for p in retime(points, 10**12, 10.0)] == [10**12, 10**12 + 500, 10**12 + 3000]
    assert [p.ts_ms for p in retime(points, 10**12, 0.0)] == [10**12 - 30_000, 10**12 - 25_000, 10**12]
    with pytest.raises(ValueError, match="speed"):
        retime(points, 0, -1.0)
