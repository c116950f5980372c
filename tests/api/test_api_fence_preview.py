"""The preview of a fence, over what a real gateway stored: it says what the service would do, and disturbs nobody."""

import asyncio
import json
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from api_house import DEADLINE_S, GatewayDouble, run, until

sys.path.append(str(Path(__file__).parents[1] / "gateway"))

from road import HOME, House, SetClock, message

from alerts.policy import Policy
from api.fence_preview import DAY_MS
from iot_gateway import fence_preview, past_readings
from iot_gateway.reading import open_reader
from iot_gateway.roster_file import FenceEntry
from iot_gateway.stored_roster import roster_of
from iot_gateway.surroundings import Surroundings
from iot_gateway.what_if import World, compare

MINUTE_MS = 60_000
JITTER = 0.0, 2e-5, -1e-5, 3e-5  # a receiver is never still
EDGE_LAT = HOME[1] + 0.0018  # 200 m north
ROSTER = {
    "models": [{"model": "band", "contact_every_s": 60}, {"model": "gcj", "contact_every_s": 60, "crs": "gcj02"}],
    "sites": [{"site_id": name, "kind": "nursing_home"} for name in ("s1", "s2")],
    "residents": [{"resident_id": "r1", "name": "李奶奶", "site_id": "s1"}],
    "fences": [
        {"fence_id": "yard", "site_id": "s1", "geometry": {"type": "Point", "coordinates": HOME, "radius_m": 300}},
        {"fence_id": "far", "site_id": "s2", "geometry": {"type": "Point", "coordinates": HOME, "radius_m": 300}},
    ],
    "devices": [
        {"device_id": "w1", "kind": "wristband", "model": "band", "site_id": "s1", "resident_id": "r1"},
        {"device_id": "w2", "kind": "wristband", "model": "gcj", "site_id": "s1"},
        {"device_id": "w3", "kind": "wristband", "model": "band", "site_id": "s2"},
        {"device_id": "w4", "kind": "wristband", "model": "band", "site_id": "s1", "fence_ids": []},
        {"device_id": "f1", "kind": "fire_sensor", "site_id": "s1"},
    ],
}  # fmt: skip
SMALL = {
    "fence_id": "yard",
    "site_id": "s1",
    "geometry": {"type": "Point", "coordinates": HOME, "radius_m": 100},
}


class City:
    """A real gateway without a broker, whose clock begins some hours ago, and bands that walk."""

    def __init__(self, directory, back_ms=6 * 3_600_000):
        begin_ms = time.time_ns() // 1_000_000 - back_ms
        self.house = House(directory, around=Surroundings(clock=lambda _floor_ms: SetClock(begin_ms)))
        self.house.ask("roster", {"put": ROSTER})
        self.house.turn()
        self.seq = 0

    def fix(self, device, lat, **more):
        self.seq += 1
        at_ms = self.house.clock.at_ms
        said = {
            "lat": lat,
            "lon": HOME[0],
            "acc": 8,
            "src": "gnss",
            "seq": self.seq,
            "ts": at_ms - 400,
        } | more
        self.house.say("location", said, device)

    def walk(self, *lats, devices=("w1", "w2", "w3", "w4")):
        """A fix a minute; w2 is a band of the shifted coordinate system, and says so with each."""
        for n, lat in enumerate(lats):
            for device in devices:
                self.fix(device, lat + JITTER[n % 4], crs="wgs84")
            self.house.turn(MINUTE_MS)

    def outing(self):
        self.walk(*[HOME[1]] * 5, *[EDGE_LAT] * 6, *[HOME[1]] * 6)

    def alarms(self, after_ms=0):
        sql = "SELECT body FROM journal WHERE at_ms>? ORDER BY seq"
        rows = [json.loads(body) for (body,) in self.house.rows(sql, after_ms)]
        fence = [one for one in rows if one["kind"].startswith("fence_")]
        return [one for one in fence if one["event"] in {"raise", "reraise"}]


@pytest.fixture
def city(tmp_path):
    made = City(tmp_path / "house")
    yield made
    made.house.crash()


@contextmanager
def door(city):
    """The api over the city's store, whose real gateway the test itself turns: the double sleeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GatewayDouble, "run", lambda _double: None)
        services = run(Stored(city.house.settings.database))
        try:
            yield next(services)
        finally:
            services.close()


class Stored:
    """A store that is there already, as the server's helper asks for it."""

    def __init__(self, path):
        self.path = path


def ask(service, fence, **more):
    return service.client.post("/api/v1/fences/preview", json={"fence": fence, **more}, timeout=60)


# What it says -------------------------------------------------------------------------------------


def test_the_preview_says_what_the_service_does_once_the_fence_is_saved(city):
    city.outing()
    city.outing()
    assert city.alarms() == []
    with door(city) as service:
        said = ask(service, SMALL).json()
    assert (said["raised"], said["avoided"], said["same"], said["moved"]) == (4, 0, 0, 0)
    assert (said["devices"], said["bands"], said["cut"]) == (3, 2, False)
    assert said["messages"] == 2 * 2 * 17
    assert said["fixes"] == said["messages"]
    saved_ms = city.house.clock.at_ms
    city.house.ask("roster", {"put": {"fences": [SMALL]}})
    city.house.turn()
    begin_ms = city.house.clock.at_ms
    city.outing()
    city.outing()
    live = city.alarms(saved_ms)
    first_ms = min(one["received_at_ms"] for one in live)
    foreseen = sorted(said["episodes"], key=lambda one: (one["raised_at_ms"], one["device_id"]))

    def place(one, first):
        return one["device_id"], one["kind"], one["fence_id"], one["raised_at_ms"] - first, one["margin_m"]

    wanted = [
        (
            one["device_id"],
            one["kind"],
            one["fence_id"],
            one["received_at_ms"] - first_ms,
            one["because"]["margin_m"],
        )
        for one in live
    ]
    assert sorted(place(one, foreseen[0]["raised_at_ms"]) for one in foreseen) == sorted(wanted)
    assert begin_ms > saved_ms and foreseen[0]["resident_id"] == "r1"
    assert foreseen[0]["position"]["lat"] == pytest.approx(EDGE_LAT, abs=1e-4)


def test_a_fence_as_it_is_changes_nothing_and_removing_its_cause_avoids_alarms(city):
    city.house.ask("roster", {"put": {"fences": [SMALL]}})
    city.outing()
    with door(city) as service:
        same = ask(service, SMALL).json()
        larger = ask(service, ROSTER["fences"][0]).json()
        moved_away = ask(service, SMALL | {"site_id": "s2"}).json()
    assert (same["raised"], same["avoided"], same["same"]) == (0, 0, 2)
    assert (larger["raised"], larger["avoided"], larger["same"]) == (0, 2, 0)
    assert {one["verdict"] for one in larger["episodes"]} == {"avoided"}
    # w3 of the other site comes under it, and stays in its own larger one.
    assert (moved_away["devices"], moved_away["avoided"]) == (4, 2)


def test_a_new_forbidden_fence_and_its_hours(city):
    city.outing()
    path = {"type": "Point", "coordinates": [HOME[0], EDGE_LAT], "radius_m": 80}
    pond = {"fence_id": "pond", "role": "forbidden", "site_id": "s1", "geometry": path}
    never = {"weekly": [{"days": [(time.gmtime().tm_wday + 3) % 7 + 1], "from": "03:00", "to": "03:01"}]}
    with door(city) as service:
        always = ask(service, pond).json()
        seldom = ask(service, pond | {"schedule": never}).json()
        assert service.client.get("/api/v1/fences/pond").status_code == 404
    assert {(one["kind"], one["fence_id"]) for one in always["episodes"]} == {("fence_entered", "pond")}
    assert always["raised"] == 2 and seldom["raised"] == 0


def test_figures_a_day_are_of_what_the_store_covers(city):
    city.walk(HOME[1])
    with door(city) as service:
        said = ask(service, SMALL).json()
        assert said["to_ms"] - said["from_ms"] == 7 * DAY_MS
        assert said["covered_from_ms"] > said["from_ms"]
        assert said["before_a_day"] == said["after_a_day"] == 0
        assert said["budget_a_day"] == round(2 / 17, 3)
        nobody = ask(service, SMALL | {"fence_id": "new", "site_id": None}).json()
        assert (nobody["devices"], nobody["messages"], nobody["covered_from_ms"]) == (0, 0, None)
        assert nobody["after_a_day"] is None
        before = ask(service, SMALL, from_ms=1_000, to_ms=2_000).json()
        assert (before["messages"], before["episodes"]) == (0, [])


def test_too_many_readings_leave_the_newest(city):
    city.outing()
    now_ms = time.time_ns() // 1_000_000
    request = fence_preview.Request(
        str(city.house.settings.database),
        FenceEntry(**SMALL),
        now_ms - DAY_MS,
        now_ms,
        max_messages=20,
    )
    said = fence_preview.preview(request)
    assert said["cut"] and said["messages"] == 20
    assert said["covered_from_ms"] > now_ms - 6 * 3_600_000 + 6 * MINUTE_MS


# What it stands on --------------------------------------------------------------------------------


def test_other_devices_commands_and_edits_do_not_matter(city):
    """A replay of everything says the same of these devices' fences as a replay of their readings alone."""
    city.outing()
    city.house.ask("roster", {"put": {"fences": [SMALL]}})
    city.outing()
    city.house.ask("alarm", {"verb": "acknowledge", "alarm_id": "A1"})
    city.house.ask("roster", {"put": {"fences": [ROSTER["fences"][0]]}})
    city.house.turn()
    database = city.house.settings.database
    base, changed = fence_preview.worlds(roster_of(database), FenceEntry(**SMALL), None)
    with open_reader(database) as db:
        device_of = fence_preview._rows(db, [device.device_id for device in base.devices])
        past = past_readings.find(db, sorted(device_of), 0, 2**47, 10**6)
        few = compare(
            past_readings.messages(db, past, device_of), World(base, Policy()), World(changed, Policy())
        )
    from iot_gateway.reading import logged_steps
    from iot_gateway.recording import unpack
    from iot_gateway.what_if_report import without_edits

    today = roster_of(database)
    others = [one for one in today.fences if one.fence_id != "yard"]
    whole = type(today)(today.models, today.sites, [], [*others, FenceEntry(**SMALL)], today.devices)
    steps = [entry for step in logged_steps(database) for entry in unpack(step)]
    everything = [e for e in without_edits(steps) if not hasattr(e, "verb")]
    all_of_them = compare(everything, World(today, Policy()), World(whole, Policy()))

    def fences(found):
        told = [
            one
            for one in found
            if one.shown.kind.startswith("fence_") and one.shown.device_id in {"w1", "w2"}
        ]
        return [(one.verdict, one.shown.identity, one.shown.raised_at_ms, one.shown.because) for one in told]

    assert fences(few) == fences(all_of_them) and len(fences(few)) == 4


def test_readings_come_back_as_the_messages_they_were(city):
    """Coordinates of the model's own system, no seq, no time, batteries, alarms: the core takes the same again."""
    said = [
        ("location", "w2", {"lat": HOME[1], "lon": HOME[0], "acc": 5, "seq": 1}),
        ("location", "w1", {"lat": HOME[1], "lon": HOME[0], "spd": 1.5, "bat": 3}),
        ("heartbeat", "w1", {"bat": 9, "worn": False, "hr": 80, "seq": 7, "ts": city.house.clock.at_ms}),
        ("alarm", "w1", {"kinds": ["sos", "fall"], "seq": 8, "on": True, "lat": EDGE_LAT, "lon": HOME[0]}),
        ("alarm", "w1", {"kinds": ["fall"], "seq": 9, "on": False}),
        ("location", "w1", {"lat": 0, "lon": 0, "seq": 10}),
    ]
    for stream, device, payload in said:
        city.house.say(stream, payload, device)
        city.house.turn(1_000)
    database = city.house.settings.database
    from road import Core

    again = Core(database.parent / "again.sqlite")
    with open_reader(database) as db:
        device_of = dict(db.execute("SELECT device_row, device_id FROM devices").fetchall())
        past = past_readings.find(db, sorted(device_of), 0, 2**47, 10**6)
        inputs = list(past_readings.messages(db, past, device_of))
        # Two positions and an alarm with one; 0, 0 is none.
        assert past_readings.fixes(db, past, 0) == 3
        assert past_readings.fixes(db, past, past.to_ms + 1) == 0
    from road import enrolment, roster

    again.step([enrolment(roster(**ROSTER), at_ms=inputs[0].received_at_ms)])
    again.step(inputs)
    columns = "device_row, measured_at_ms, received_at_ms, stream, lat, lon, acc_m, src, bat, extra"
    sql = f"SELECT {columns} FROM readings ORDER BY id"
    assert again.rows(sql) == city.house.rows(sql) and len(inputs) == len(said)
    again.close()


def test_where_all_were_silent_the_gateway_says_whether_it_listened(city):
    city.walk(*[HOME[1]] * 3)
    city.house.gateway.intake.connected = False
    city.house.turn(1_000)
    city.house.turn(3_600_000)
    city.house.gateway.intake.connected = True
    city.walk(*[HOME[1]] * 30)
    city.house.turn(3_600_000)  # nobody spoke, but the gateway was asleep as well
    city.walk(HOME[1])
    with open_reader(city.house.settings.database) as db:
        device_of = fence_preview._rows(db, ["w1"])
        past = past_readings.find(db, sorted(device_of), 0, 2**47, 10**6)
        inputs = list(past_readings.messages(db, past, device_of))
    ears = [entry.listening for entry in inputs if not hasattr(entry, "topic")]
    assert ears == [False, True] * (len(ears) // 2) and len(ears) == 4
    times = [entry.received_at_ms for entry in inputs]
    assert times == sorted(times)


# How it behaves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fence", "more", "words"),
    [
        ({"geometry": {"type": "Point", "coordinates": HOME, "radius_m": 0}}, {}, "radius_m"),
        ({"site_id": "nowhere"}, {}, "not in the roster: nowhere"),
        ({}, {"from_ms": 10, "to_ms": 10}, "from_ms"),
        ({}, {"from_ms": 2**53}, "from_ms"),
        ({}, {"from_ms": 0}, "more than 31 days"),
        ({}, {"from_ms": -1}, "from_ms"),
        ({"role": "moat"}, {}, "role"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_in_words(refusing, fence, more, words):
    asked = SMALL | {"site_id": "s1"} | fence
    answer = refusing.client.post("/api/v1/fences/preview", json={"fence": asked, **more})
    assert answer.status_code == 422 and words in answer.json()["detail"]


def slow(monkeypatch, tmp_path):
    """The real process, after a rest that only its end cuts short."""
    mark = tmp_path / "pid"
    script = tmp_path / "slow.py"
    script.write_text(
        f"import os, pathlib, time; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(600)"
    )
    real = asyncio.create_subprocess_exec

    async def begin(*_command, **more):
        return await real(sys.executable, str(script), **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begin)
    return mark


def is_alive(pid):
    return Path(f"/proc/{pid}").exists()


def test_one_at_a_time_and_it_ends_with_its_client(city, monkeypatch, tmp_path):
    mark = slow(monkeypatch, tmp_path)
    with door(city) as service:
        first = threading.Thread(target=lambda: _give_up(service, mark))
        first.start()
        until(mark.exists, "the first preview")
        pid = int(until(mark.read_text, "its process"))
        second = ask(service, SMALL)
        assert second.status_code == 429 and "Another preview" in second.json()["detail"]
        assert second.headers["retry-after"]
        first.join(DEADLINE_S)
        until(lambda: not is_alive(pid), "the end of the process")
        assert service.client.get("/healthz").status_code == 200
        monkeypatch.undo()
        until(lambda: ask(service, SMALL).status_code == 200, "the next preview")


def _give_up(service, mark):
    with pytest.raises(httpx.ReadTimeout):
        service.client.post("/api/v1/fences/preview", json={"fence": SMALL}, timeout=2)
    assert mark.exists()


def test_a_preview_that_takes_too_long_is_ended(city, monkeypatch, tmp_path):
    mark = slow(monkeypatch, tmp_path)
    monkeypatch.setattr("api.fence_preview.LIMIT_S", 1)
    with door(city) as service:
        answer = ask(service, SMALL)
        assert (answer.status_code, answer.json()["code"]) == (503, "too_long")
        until(lambda: not is_alive(int(mark.read_text())), "the end of the process")


def test_the_process_says_in_one_line_what_it_cannot_read(tmp_path):
    import subprocess

    asked = {"database": str(tmp_path / "none.sqlite"), "fence": SMALL, "from_ms": 0, "to_ms": 1}
    for text in (json.dumps(asked), "{", json.dumps(asked | {"from_ms": "x"})):
        done = subprocess.run(
            [sys.executable, "-m", "iot_gateway.fence_preview"],
            input=text.encode(), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert message("location", {}).topic
