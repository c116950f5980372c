"""What a changed policy or fence would have raised or avoided, by two replays of one recording."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from road import FAR_LAT, HOME, NOW_MS, ROSTER, examples, message, roster
from test_replay import Tape, lived, said
from typer.testing import CliRunner
from weather import Weather

from alerts.commands import AlarmCommand
from alerts.policy import Limit, Policy
from api.cli import app
from iot_gateway.recording import to_line
from iot_gateway.roster_file import Roster, parse
from iot_gateway.stored_roster import roster_of
from iot_gateway.what_if import Episode, World, compare, difference
from iot_gateway.what_if_report import in_words, without_edits

JITTER = 0.0, 2e-5, -1e-5, 3e-5  # a receiver is never still
NEAR_LAT = HOME[1] + 0.0018  # 200 m north of the yard's middle
QUICK = replace(Policy(), limits=(Limit("smoke", "smoke", "", above=1.0, deadband=0.5),))
SLOW = replace(Policy(), limits=(Limit("smoke", "smoke", "", above=1.0, deadband=0.5, on_delay_s=60),))


def yard(radius_m, **more):
    geometry = {"type": "Point", "coordinates": HOME, "radius_m": radius_m}
    return roster(fences=[{"fence_id": "yard", "role": "safe", "site_id": "s1", "geometry": geometry} | more])


def walk(*lats, device="w1", every_s=60):
    """A fix a minute, along the meridian of the yard."""
    return [
        message(
            "location",
            {
                "lat": lat + JITTER[n % 4],
                "lon": HOME[0],
                "acc": 8,
                "src": "gnss",
                "seq": n,
                "ts": NOW_MS + n * every_s * 1000,
            },
            device=device,
            at_ms=NOW_MS + n * every_s * 1000,
        )
        for n, lat in enumerate(lats)
    ]


def smoke(*values):
    return [
        message("heartbeat", {"smoke": value, "seq": n}, device="f1", at_ms=NOW_MS + n * 20_000)
        for n, value in enumerate(values)
    ]


def verdicts(found):
    return [(one.verdict, one.shown.kind, one.shown.fence_id) for one in found]


HOME_LAT = HOME[1]
OUTING = walk(*[HOME_LAT] * 3, *[NEAR_LAT] * 5, *[HOME_LAT] * 4)


def test_a_larger_fence_avoids_what_a_smaller_one_raises():
    small, large = World(yard(100.0), Policy()), World(yard(300.0), Policy())
    (avoided,) = compare(OUTING, small, large)
    assert (avoided.verdict, avoided.shown.kind, avoided.after) == ("avoided", "fence_left", None)
    assert avoided.before.because["margin_m"] < -90 and abs(avoided.before.position["lat"] - NEAR_LAT) < 1e-4
    assert avoided.before.ended_at_ms is not None
    assert verdicts(compare(OUTING, large, small)) == [("raised", "fence_left", "yard")]


def test_a_longer_delay_moves_an_alarm_and_avoids_a_short_one():
    base, changed = World(roster(), QUICK), World(roster(), SLOW)
    (moved,) = compare(smoke(0, 2, 2, 2, 2, 2), base, changed)
    assert (moved.verdict, moved.moved_ms) == ("moved", 60_000)
    assert verdicts(compare(smoke(0, 2, 0, 0), base, changed)) == [("avoided", "smoke", None)]


def test_each_time_a_condition_begins_is_an_episode():
    twice = walk(*[HOME_LAT] * 3, *[NEAR_LAT] * 4, *[HOME_LAT] * 4, *[NEAR_LAT] * 4)
    found = compare(twice, World(yard(300.0), Policy()), World(yard(100.0), Policy()))
    assert verdicts(found) == [("raised", "fence_left", "yard")] * 2
    first, second = (one.after for one in found)
    assert first.ended_at_ms < second.raised_at_ms and second.ended_at_ms is None


def test_a_departure_that_another_fence_is_blamed_for_is_the_same_departure():
    def named(name):
        fence = {
            "fence_id": name,
            "role": "safe",
            "site_id": "s1",
            "geometry": ROSTER["fences"][0]["geometry"],
        }
        return World(roster(fences=[fence]), Policy())

    (moved,) = compare(OUTING, named("old"), named("new"))
    assert (moved.verdict, moved.before.fence_id, moved.after.fence_id) == ("moved", "old", "new")


def test_an_operators_word_goes_to_the_alarm_it_was_meant_for():
    """A close of A2 in the recording is a close of the smoke, though the changed world calls it A1."""
    left, lit = OUTING[:8], smoke(*[0] * 22, 2, 2)[22:]
    closes = AlarmCommand(
        "c", NOW_MS + 470_000, 0, "close", "A2", "li", 1, text="burnt milk", outcome="false"
    )
    again = message("heartbeat", {"smoke": 2, "seq": 99}, device="f1", at_ms=NOW_MS + 480_000)
    inputs = sorted([*left, *lit, closes, again], key=lambda one: one.received_at_ms)
    found = compare(inputs, World(yard(100.0), QUICK), World(yard(300.0), QUICK))
    assert verdicts(found) == [
        ("avoided", "fence_left", "yard"), ("same", "smoke", None), ("same", "smoke", None),
    ]  # fmt: skip
    assert all(one.before.ended_at_ms == one.after.ended_at_ms for one in found[1:])


def test_time_may_pass_after_the_last_input():
    base, changed = World(roster(), QUICK), World(roster(), SLOW)
    lit = smoke(0, 2)
    assert verdicts(compare(lit, base, changed)) == [("avoided", "smoke", None)]
    assert verdicts(compare(lit, base, changed, NOW_MS + 90_000)) == [("moved", "smoke", None)]
    assert compare([], base, changed, NOW_MS) == []


@examples(12)
@given(seed=st.integers(0, 10_000), known=st.booleans())
def test_nothing_changed_means_no_difference(seed, known):
    """Commands, edits of the roster, deafness and repeats included."""
    inputs = [one for _, entries in Weather(seed, known=known).steps(60) for one in entries]
    world = World(Roster(), Policy())
    found = compare(inputs, world, world)
    assert {one.verdict for one in found} <= {"same"}
    assert all(one.before == one.after for one in found)


@examples(12)
@given(seed=st.integers(0, 10_000), radius_m=st.sampled_from([5.0, 500.0, 5_000.0]))
def test_the_other_way_round_what_was_raised_is_avoided(seed, radius_m):
    steps = Weather(seed).steps(60)[1:]
    inputs = list(
        without_edits(one for _, entries in steps for one in entries if not isinstance(one, AlarmCommand))
    )
    one, other = World(yard(100.0), Policy()), World(yard(radius_m), Policy())
    there, back = compare(inputs, one, other), compare(inputs, other, one)
    turned = {"raised": "avoided", "avoided": "raised"}
    assert sorted((turned.get(d.verdict, d.verdict), str(d.after), str(d.before)) for d in there) == sorted(
        (d.verdict, str(d.before), str(d.after)) for d in back
    )


SPANS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 9), st.integers(0, 9)), max_size=8)


def episodes(spans):
    """Episodes that follow each other within an identity, as a replay makes them."""
    made, now = [], {"a": 0, "b": 0}
    for fence_id, wait, length in spans:
        begin = now[fence_id] + wait
        now[fence_id] = begin + length
        identity = ("device", "w1", "fence_entered", fence_id)
        made.append(Episode(identity, "w1", None, None, "urgent", begin, {}, None, ended_at_ms=now[fence_id]))
    return sorted(made, key=lambda one: one.raised_at_ms)


@examples(200)
@given(before=SPANS, after=SPANS)
def test_every_episode_is_told_of_once_and_what_is_matched_overlaps(before, after):
    old, new = episodes(before), episodes(after)
    found = difference(old, new)
    assert sorted(id(d.before) for d in found if d.before) == sorted(map(id, old))
    assert sorted(id(d.after) for d in found if d.after) == sorted(map(id, new))
    for one in found:
        if one.before and one.after:
            assert one.before.identity == one.after.identity
            assert one.before.raised_at_ms <= one.after.ended_at_ms
            assert one.after.raised_at_ms <= one.before.ended_at_ms
            assert (one.verdict == "same") == (one.moved_ms == 0)
        else:
            assert one.verdict == ("avoided" if one.before else "raised")
    assert all(a.shown.raised_at_ms <= b.shown.raised_at_ms for a, b in pairwise(found))


# The command --------------------------------------------------------------------------------------


@pytest.fixture
def tape(tmp_path):
    return Tape(tmp_path)


def shouwang(tape, *more):
    files = ["--roster", str(tape.roster), "--messages", str(tape.messages), "--out", str(tape.out)]
    return CliRunner().invoke(app, ["replay", *files, *map(str, more)])


def test_a_comparison_writes_the_transitions_as_ever_and_the_differences_beside(tape, tmp_path):
    raw, _ = tape.write(*lived()).play()
    tape.out.unlink()
    policy, diff = tmp_path / "before.toml", tmp_path / "d.ndjson"
    policy.write_text("[fence]\nconfirm_s = 600.0\n")
    done = shouwang(tape, "--against-policy", policy, "--diff", diff)
    assert (done.exit_code, done.stderr) == (0, "")
    assert tape.out.read_bytes() == raw
    found = [json.loads(line) for line in diff.read_bytes().splitlines()]
    counts = {
        name: sum(one["verdict"] == name for one in found) for name in ("raised", "avoided", "moved", "same")
    }
    assert (
        f"{counts['raised']} raised only with the change (+), {counts['avoided']} avoided by it (-)"
        in done.stdout
    )
    told = [line for line in done.stdout.splitlines() if line[0] in "+-~"]
    assert len(told) == len(found) - counts["same"] > 0
    for one in found:
        assert (one["before"] is None) == (one["verdict"] == "raised")
        assert (one["after"] is None) == (one["verdict"] == "avoided")


def test_two_rosters_are_compared_without_the_edits_in_the_recording(tape, tmp_path):
    before = tmp_path / "before.json"
    before.write_text(json.dumps(ROSTER))
    larger = ROSTER["fences"][0] | {"geometry": ROSTER["fences"][0]["geometry"] | {"radius_m": 300.0}}
    tape.roster.write_text(json.dumps(ROSTER | {"fences": [larger]}))
    edit = {"received_at_ms": NOW_MS, "command": {"type": "roster", "edit": {"fences": [larger]}}}
    tape.write(edit, *map(to_line, OUTING))
    both = shouwang(tape, "--against-roster", before)
    assert both.exit_code == 0 and both.stdout.splitlines()[1].startswith(
        "0 raised only with the change (+), 0 avo"
    )
    assert "edits the roster 1 times" in both.stderr and "--ignore-edits" in both.stderr
    own = shouwang(tape, "--against-roster", before, "--ignore-edits")
    assert (own.exit_code, own.stderr) == (0, "")
    assert own.stdout.splitlines()[2].startswith("-  20") and "fence_left  w1  fence yard" in own.stdout


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--diff", "x"], 2, "--against-policy"),
        (["--ignore-edits"], 2, "--against-policy"),
        (["--against-policy", "nowhere.toml"], 1, "nowhere.toml"),
        (["--against-roster", "nowhere.json"], 1, "nowhere.json"),
    ],
)
def test_what_cannot_be_compared_is_said(tape, more, code, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    tape.write(said(0, kinds=["sos"]))
    done = shouwang(tape, *more)
    assert done.exit_code == code and words in done.stderr
    assert code == 2 or done.stderr.count("\n") == 1


def test_the_roster_of_a_store_can_be_exported_and_used_again(tmp_path):
    from road import House

    house = House(tmp_path / "house")
    house.enrol()
    database = house.settings.database
    house.crash()
    out = tmp_path / "r.json"
    env = {"SHOUWANG_DATA_DIR": str(database.parent)}
    done = CliRunner().invoke(
        app, ["export", "--messages", str(tmp_path / "m.ndjson"), "--roster", str(out)], env=env
    )
    assert done.exit_code == 0, done.stderr
    assert parse(out.read_bytes(), "r") == roster() == roster_of(database)
    assert out.stat().st_mode & 0o077 == 0


def test_the_words_name_what_changed():
    (line,) = list(in_words(compare(OUTING, World(yard(300.0), Policy()), World(yard(100.0), Policy()))))[1:]
    assert line.startswith("+  20") and "fence_left  w1  fence yard" in line and "margin_m -" in line
    assert FAR_LAT > NEAR_LAT
