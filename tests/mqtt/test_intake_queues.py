"""What waits, what goes first, what is dropped under load and what never is."""

import threading

import pytest

from iot_gateway.intake import BATCH_BYTES, Message, _Inbox

PUBACK = 0x40


class HandClock:
    """A clock the test moves."""

    def __init__(self):
        self.now_s = 100.0

    def monotonic_s(self):
        return self.now_s


def message(topic, n=0):
    return Message(topic, b"%d" % n, n, 1, n, 1)


LOCATION, ALARM, RESULT = "care/v1/b/location", "care/v1/b/alarm", "care/v1/b/result"
FOR_EVER = 3600.0  # a wait that only an arrival can end within the test's time limit


@pytest.fixture
def inbox():
    return _Inbox(5)


def fill(inbox, *topics, clock=None):
    return [inbox.put(message(topic, n), clock or HandClock()) for n, topic in enumerate(topics)]


def taken(inbox, limit=100, timeout_s=0.0):
    return [(m.topic, m.mid) for m in inbox.take(limit, timeout_s, HandClock())]


def test_alarms_come_first_and_the_others_in_order_of_arrival(inbox):
    fill(inbox, LOCATION, RESULT, ALARM, LOCATION, ALARM)
    assert taken(inbox) == [(ALARM, 2), (ALARM, 4), (LOCATION, 0), (RESULT, 1), (LOCATION, 3)]


def test_the_limit_holds_for_alarms_too(inbox):
    fill(inbox, ALARM, ALARM, LOCATION)
    assert taken(inbox, limit=1) == [(ALARM, 0)]
    assert taken(inbox, limit=5) == [(ALARM, 1), (LOCATION, 2)]


def test_a_backlog_in_large_messages_is_taken_in_pieces_and_alarms_all_at_once():
    inbox, large = _Inbox(100), b"x" * (BATCH_BYTES // 4)
    for n in range(10):
        for topic in (LOCATION, ALARM):
            inbox.put(Message(topic, large, n, 1, n, 1), HandClock())
    assert taken(inbox) == [(ALARM, n) for n in range(10)] + [(LOCATION, n) for n in range(4)]
    assert taken(inbox) == [(LOCATION, n) for n in range(4, 8)]
    inbox.put(Message(LOCATION, 8 * large, 99, 1, 99, 1), HandClock())
    assert taken(inbox) == [(LOCATION, n) for n in (8, 9, 99)], "one that is larger than that is taken too"


def test_nothing_is_an_empty_list_after_the_timeout(inbox):
    assert taken(inbox) == []


def test_the_oldest_position_goes_when_the_queue_is_full_and_results_stay_in_their_place(inbox):
    dropped = fill(inbox, RESULT, LOCATION, LOCATION, RESULT, LOCATION, LOCATION, LOCATION, LOCATION)
    assert [m and m.mid for m in dropped] == [None] * 5 + [1, 2, 4]
    assert taken(inbox) == [(RESULT, 0), (RESULT, 3), (LOCATION, 5), (LOCATION, 6), (LOCATION, 7)]


def test_a_heartbeat_and_an_owntracks_position_may_be_shed_whatever_the_device_is_called(inbox):
    for topic in ("care/v1/b/heartbeat", "owntracks/b/phone", "owntracks/b/alarm", "owntracks/b/result"):
        fill(inbox, *[topic] * 5)
        assert fill(inbox, LOCATION)[0].topic == topic
        taken(inbox)


@pytest.mark.parametrize("topic", [ALARM, RESULT])
def test_a_queue_full_of_what_may_not_be_dropped_holds_its_sender_back(inbox, topic):
    fill(inbox, *[topic] * 5)
    done = threading.Event()

    def one_more():
        assert inbox.put(message(topic, 5), HandClock()) is None
        done.set()

    thread = threading.Thread(target=one_more, daemon=True)
    thread.start()
    while not inbox.stalls:
        pass
    assert not done.is_set()
    assert inbox.depth == 5
    got = taken(inbox, limit=2)
    assert done.wait(60)
    thread.join()
    assert got + taken(inbox) == [(topic, n) for n in range(6)]


def test_close_frees_whoever_waits_on_either_side(inbox):
    empty = _Inbox(1)
    fill(inbox, *[ALARM] * 5)
    threads = [
        threading.Thread(target=fill, args=(inbox, ALARM)),
        threading.Thread(target=empty.take, args=(1, FOR_EVER, HandClock())),
    ]
    for thread in threads:
        thread.start()
    while not (inbox.stalls and empty._wanted):
        pass
    inbox.close()
    empty.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("already", "arriving", "limit"),
    [([LOCATION], [ALARM], 10), ([], [ALARM], 10), ([LOCATION], [LOCATION, LOCATION], 3), ([], [RESULT], 1)],
)
def test_an_alarm_or_a_full_batch_ends_the_wait_at_once(inbox, already, arriving, limit):
    fill(inbox, *already)
    got = []
    thread = threading.Thread(target=lambda: got.extend(inbox.take(limit, FOR_EVER, HandClock())))
    thread.start()
    while not inbox._wanted:
        pass
    fill(inbox, *arriving)
    thread.join(60)
    assert len(got) == len(already) + len(arriving)


def test_what_has_waited_its_time_while_the_core_was_busy_is_taken_without_waiting(inbox):
    clock = HandClock()
    fill(inbox, LOCATION, clock=clock)
    clock.now_s += FOR_EVER
    assert len(inbox.take(10, FOR_EVER, clock)) == 1


def test_what_a_full_batch_left_behind_is_a_backlog(inbox):
    clock = HandClock()
    fill(inbox, LOCATION, LOCATION, LOCATION, clock=clock)
    clock.now_s += FOR_EVER
    assert len(inbox.take(2, FOR_EVER, clock)) == 2
    assert len(inbox.take(2, FOR_EVER, clock)) == 1


@pytest.mark.broker
def test_under_load_positions_are_thinned_and_acknowledged_to_the_broker_alone(site, gather, wait_until):
    proxy = site.proxy()
    intake = site.intake(proxy.port, queue_limit=100)
    sent = [("care/v1/band-1/location", b"%d" % n) for n in range(500)]
    for n in range(0, 500, 100):
        sent.insert(n, ("care/v1/band-1/result", b"result %d" % n))
        sent.insert(n, ("care/v1/band-1/alarm", b"alarm %d" % n))
    site.device("band-1").send_all(sent)
    wait_until(lambda: intake.shed == 405 and intake.depth == 105, "405 of 500 positions are shed")
    wait_until(lambda: len(proxy.connections[0].sent(PUBACK)) == 405, "the broker's window is open again")

    proxy.cut()  # what was shed does not come again, what waits does
    wait_until(lambda: intake.shed == 405 + 100, "the same hundred come again and displace the old")
    batch = gather(intake, 110)
    alarms, rest = batch[:10], batch[10:]
    assert [m.payload for m in alarms] == 2 * [b"alarm %d" % n for n in range(0, 500, 100)]
    assert [m.payload for m in rest if m.topic.endswith("result")][-5:] == [
        b"result %d" % n for n in range(0, 500, 100)
    ]
    positions = [int(m.payload) for m in rest if m.topic.endswith("location")]
    assert positions == sorted(positions)
    assert positions[-1] == 499
    assert min(positions) >= 405


@pytest.mark.broker
def test_alarms_over_the_limit_wait_in_the_broker_and_all_arrive(site, gather, wait_until):
    intake = site.intake(queue_limit=100)
    site.device("band-1").send_all([("care/v1/band-1/alarm", b"%d" % n) for n in range(350)])
    wait_until(lambda: intake.stalls, "the network thread waits")
    assert intake.depth == 100
    assert [int(m.payload) for m in gather(intake, 350)] == list(range(350))
    assert intake.shed == 0


@pytest.mark.broker
def test_a_burst_larger_than_any_commit_stall_is_not_dropped(site, gather, wait_until):
    """mosquitto's defaults dropped 84-86 % of this. The gateway acknowledges nothing until all is there."""
    intake = site.intake()
    device = site.device("band-1")
    device.send_all([("care/v1/band-1/location", b"%d" % n) for n in range(20_000)])
    wait_until(lambda: intake.depth == 20_000, "all of it")
    messages = gather(intake, 20_000)
    assert [int(m.payload) for m in messages] == list(range(20_000))
    intake.acknowledge(messages)


@pytest.mark.broker
def test_a_burst_while_the_gateway_is_away_is_not_dropped(site, gather):
    site.intake().stop()
    device = site.device("band-1")
    device.send_all([("care/v1/band-1/location", b"%d" % n) for n in range(20_000)])
    assert [int(m.payload) for m in gather(site.intake(), 20_000)] == list(range(20_000))


@pytest.mark.broker
def test_64_kib_pass_and_more_than_a_packet_closes_only_its_sender(site, gather, wait_until):
    intake = site.intake()
    big, other = site.device("band-1"), site.device("band-2")
    gone = threading.Event()
    big.send_all([("care/v1/band-1/location", b"x" * 65_536)])
    assert len(gather(intake, 1)[0].payload) == 65_536
    big.client.on_disconnect = lambda *_: gone.set()
    big.client.drop_out_messages()
    big.send("care/v1/band-1/location", b"x" * 80_000, qos=0)
    assert gone.wait(60)
    other.send_all([("care/v1/band-2/alarm", b"{}")])
    assert gather(intake, 1)[0].topic == "care/v1/band-2/alarm"
    assert intake.epoch == 1
    assert other.client.is_connected()
