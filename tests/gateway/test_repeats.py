"""A repeat changes nothing, however late and over whatever connection; and nothing new is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from road import NOW_MS, Core, enrolment, examples, kinds_raised, message

from iot_gateway.repeats import TIMELESS_KEPT, Identity, RememberedRepeats


def sos(seq, ts=None, boot=None, **more):
    said = {"kinds": ["sos"], "seq": seq, "ts": ts, "boot": boot} | more
    return {name: value for name, value in said.items() if value is not None}


@pytest.fixture
def core(tmp_path):
    made = Core(tmp_path / "s.sqlite")
    made.step([enrolment()])
    yield made
    made.close()


def say(core, *items, at_ms=NOW_MS + 1000, **step):
    """Each item as a message of its own, in one step: (new, repeats, raised)."""
    admitted, decisions = core.step([message("alarm", item, at_ms=at_ms) for item in items], **step)
    return len(admitted.readings), admitted.counts["repeats"], kinds_raised(decisions.transitions)


def test_the_same_item_twice_is_one(core):
    assert say(core, sos(1, NOW_MS), sos(1, NOW_MS)) == (1, 1, ["sos"])
    assert say(core, sos(1, NOW_MS)) == (0, 1, [])


def test_the_same_seq_of_another_boot_is_new(core):
    assert say(core, sos(1, NOW_MS, boot=4), sos(1, NOW_MS, boot=5)) == (2, 0, ["sos", "sos"])


def test_the_same_seq_at_another_time_is_new(core):
    assert say(core, sos(1, NOW_MS), sos(1, NOW_MS - 5)) == (2, 0, ["sos", "sos"])


def test_a_device_that_restarts_with_boot_0_and_seq_1_loses_no_call_for_help(core):
    for restart in range(3):
        for seq in (1, 2):
            assert say(core, sos(seq, NOW_MS + restart * 100 + seq, boot=0)) == (1, 0, ["sos"])


def test_a_device_whose_clock_fell_back_to_1970_loses_no_call_for_help(core):
    assert say(core, sos(1, NOW_MS), sos(1, 1234), sos(2, 1234), sos(1, 1235)) == (4, 0, ["sos"] * 4)
    assert say(core, sos(1, 1234), sos(2, 1234), sos(1, 1235)) == (0, 3, [])


def test_an_older_item_that_comes_after_newer_ones_is_new(core):
    assert say(core, sos(9, NOW_MS + 900)) == (1, 0, ["sos"])
    assert say(core, sos(3, NOW_MS + 300), sos(4, NOW_MS + 400)) == (2, 0, ["sos", "sos"])
    assert say(core, sos(4, NOW_MS + 400), sos(3, NOW_MS + 300), sos(9, NOW_MS + 900)) == (0, 3, [])


def test_an_item_without_a_time_is_known_by_its_boot_and_seq(core):
    assert say(core, sos(1), sos(1), sos(2), sos(1, boot=1)) == (3, 1, ["sos"] * 3)
    assert say(core, sos(1), sos(2), sos(1, boot=1)) == (0, 3, [])


def test_an_item_without_a_seq_is_known_by_its_content(core):
    one, other = {"kinds": ["sos"], "ts": NOW_MS}, {"kinds": ["sos"], "ts": NOW_MS, "hr": 90}
    assert say(core, one, one, other) == (2, 1, ["sos", "sos"])
    assert say(core, other, one) == (0, 2, [])


def test_an_item_without_a_time_is_known_as_long_as_it_keeps_coming(core):
    assert say(core, sos(1), at_ms=NOW_MS) == (1, 0, ["sos"])
    for seconds in (30, 60, 90, 150):
        assert say(core, sos(1), at_ms=NOW_MS + seconds * 1000) == (0, 1, [])


def test_a_band_without_clock_and_boot_that_restarts_loses_no_call_for_help(core):
    assert say(core, {"seq": 1, "kinds": ["strap_off"]}, at_ms=NOW_MS) == (1, 0, ["strap_off"])
    assert say(core, sos(1), at_ms=NOW_MS + 5_000) == (1, 0, ["sos"])
    assert say(core, sos(1), at_ms=NOW_MS + 120_000) == (1, 0, ["sos"])


def test_an_alarm_without_seq_and_time_is_sent_again_within_half_a_minute_and_new_after_it(core):
    bare = {"kinds": ["sos"]}
    _, repeats, raised = say(core, bare, bare)
    assert (repeats, raised) == (1, ["sos"])
    _, repeats, raised = say(core, bare, at_ms=NOW_MS + 25_000)
    assert (repeats, raised) == (1, [])
    _, repeats, raised = say(core, bare, at_ms=NOW_MS + 60_000)
    assert (repeats, raised) == (0, ["sos"])


def test_the_streams_share_one_count_of_identities(core):
    """One counter over all streams: the same (boot, seq, ts) on another stream is the same item."""
    assert say(core, sos(1, NOW_MS)) == (1, 0, ["sos"])
    admitted, _ = core.step([message("heartbeat", {"seq": 1, "ts": NOW_MS, "bat": 50}, at_ms=NOW_MS + 1000)])
    assert admitted.counts["repeats"] == 1


def test_another_devices_items_are_its_own(core):
    said = sos(1, NOW_MS)
    admitted, _ = core.step(
        [message("alarm", said, device=d, at_ms=NOW_MS + 1000) for d in ("w1", "w2", "f1")]
    )
    assert len(admitted.readings) == 3


def test_a_time_that_names_the_arrival_of_a_timeless_item_is_the_same_everywhere(tmp_path):
    """(boot 0, seq 5) without a time is stored with the time it came; nobody may name that row and then be lost
    in the recovery, which would not add up again."""
    at_ms = NOW_MS + 1000
    core = Core(tmp_path / "s.sqlite")
    core.step([enrolment()])
    core.step([message("alarm", sos(1, NOW_MS), at_ms=at_ms)])
    core.step([message("alarm", sos(5), at_ms=at_ms)])
    core.step([message("alarm", sos(5, at_ms), at_ms=at_ms), message("alarm", sos(6), at_ms=at_ms)])
    core.step([message("alarm", sos(6, at_ms), at_ms=at_ms)])
    core.step([message("alarm", sos(7, at_ms), at_ms=at_ms), message("alarm", sos(7), at_ms=at_ms)])
    journal = core.journal()
    core.close()
    again = Core(tmp_path / "s.sqlite")
    assert again.journal() == journal
    again.close()


def test_only_so_many_timeless_items_of_a_device_are_remembered():
    repeats = RememberedRepeats()
    for seq in range(TIMELESS_KEPT + 1):
        assert not repeats.is_repeat(Identity(0, None, 0, seq), 1)
    assert repeats.is_repeat(Identity(0, None, 0, 1), 1)
    assert len(repeats.dump()) == TIMELESS_KEPT
    assert not repeats.is_repeat(Identity(0, None, 0, 0), 1)


IDENTITIES = st.tuples(
    st.integers(0, 1),
    st.sampled_from([None, 1, 2, 1000, 2**53]),
    st.sampled_from([-1, 0, 1]),
    st.integers(0, 3),
)


@examples(30)
@given(stream=st.lists(st.lists(IDENTITIES, max_size=6), max_size=6), data=st.data())
def test_in_whatever_order_and_steps_each_item_is_new_exactly_once(stream, data):
    repeats, seen = RememberedRepeats(), set()
    for step in stream:
        repeats.begin_step()
        for identity in data.draw(st.permutations(step)):
            # At a time no item names: those without a time are another matter, above.
            assert repeats.is_repeat(Identity(*identity), 77) == (identity in seen)
            seen.add(identity)


@examples(15)
@given(
    stream=st.lists(st.lists(IDENTITIES, min_size=1, max_size=5), max_size=5),
    crashes=st.sets(st.integers(0, 4)),
)
def test_the_store_remembers_what_memory_does(stream, crashes, tmp_path_factory):
    path = tmp_path_factory.mktemp("s") / "s.sqlite"
    core, remembered = Core(path), RememberedRepeats()
    core.step([enrolment()])
    for number, step in enumerate(stream):
        at_ms = NOW_MS + number
        items = [(("w1", "w2")[row], sos(seq, ts, boot)) for row, ts, boot, seq in step]
        remembered.begin_step()
        new = sum(not remembered.is_repeat(Identity(*one), at_ms) for one in step)
        admitted, _ = core.step(
            [message("alarm", said, device=device, at_ms=at_ms) for device, said in items]
        )
        assert len(admitted.readings) == new
        assert sum(map(len, admitted.acks.values())) == len(step)
        if number in crashes:
            core.close()
            core = Core(path)
    core.close()
