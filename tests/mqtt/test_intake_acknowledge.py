"""What is acknowledged to the broker, on which connection, and what comes again."""

import random
import threading

import pytest

from iot_gateway.wire import BEACON_TOPIC

pytestmark = pytest.mark.broker

PUBACK, CONNECT = 0x40, 0x10


def ten(device, first=0):
    device.send_all([("care/v1/band-1/location", b'{"seq":%d}' % n) for n in range(first, first + 10)])


def flush(site, intake, wait_until, name="band-2"):
    """Everything the gateway sent so far is on the wire once this publication has come through."""
    listener = site.device(name)
    listener.listen(f"care/v1/{name}/ack")
    # What comes again may come before the subscription is granted, and until then nothing is published.
    wait_until(lambda: intake.connected, "the gateway is back")
    intake.publish(f"care/v1/{name}/ack", b"[1]")
    wait_until(lambda: listener.received, "the publication has passed")


def test_nothing_is_acknowledged_before_acknowledge_is_called(any_site, gather, wait_until):
    proxy = any_site.proxy()
    intake = any_site.intake(proxy.port)
    ten(any_site.device("band-1"))
    messages = gather(intake, 10)
    flush(any_site, intake, wait_until)
    assert proxy.connections[0].sent(PUBACK) == []

    intake.acknowledge(messages)
    wait_until(lambda: len(proxy.connections[0].sent(PUBACK)) == 10, "ten PUBACKs")
    assert proxy.connections[0].sent(PUBACK) == [message.mid for message in messages]


def test_what_was_not_acknowledged_comes_again_and_only_that(any_site, gather, wait_until):
    proxy = any_site.proxy()
    intake = any_site.intake(proxy.port)
    ten(any_site.device("band-1"))
    first = gather(intake, 10)
    intake.acknowledge(first[:4])
    wait_until(lambda: len(proxy.connections[0].sent(PUBACK)) == 4, "four PUBACKs")
    proxy.cut()
    again = gather(intake, 6)
    assert [message.payload for message in again] == [message.payload for message in first[4:]]
    assert {message.epoch for message in again} == {2}
    assert [m.received_at_ms for m in [*first, *again]] == sorted(m.received_at_ms for m in [*first, *again])


def test_a_new_process_with_the_same_name_gets_what_the_old_one_left(any_site, gather):
    intake = any_site.intake()
    ten(any_site.device("band-1"))
    gather(intake, 10)
    intake.stop()
    assert len(gather(any_site.intake(), 10)) == 10


def test_old_acknowledgements_do_not_go_out_on_a_new_connection(any_site, gather, wait_until):
    proxy = any_site.proxy()
    intake = any_site.intake(proxy.port)
    ten(any_site.device("band-1"))
    old = gather(intake, 10)
    proxy.cut()
    new = gather(intake, 10)
    intake.acknowledge(old)
    assert intake.stale == 10
    flush(any_site, intake, wait_until)
    proxy.cut()  # nothing was acknowledged: all ten once more
    third = gather(intake, 10)
    assert proxy.connections[1].sent(PUBACK) == []
    assert {message.epoch for message in third} == {3}
    assert sorted(m.payload for m in third) == sorted(m.payload for m in new)
    intake.acknowledge(third)
    wait_until(lambda: len(proxy.connections[2].sent(PUBACK)) == 10, "ten PUBACKs")


def test_a_broker_that_lost_everything_numbers_anew_and_loses_nothing_by_old_acknowledgements(
    site, gather, wait_until
):
    """Measured without the fence: 10 of 10 lost, since the new session's packet ids are those of the old."""
    proxy = site.proxy()
    intake = site.intake(proxy.port)
    device = site.device("band-1")
    ten(device)
    old = gather(intake, 10)
    site.broker.kill()
    site.broker.restart()
    wait_until(lambda: intake.connected and intake.epoch > old[0].epoch, "a new connection")
    wait_until(device.client.is_connected, "the device is back")
    ten(device, first=100)
    wait_until(lambda: intake.depth == 10, "ten new messages wait")
    intake.acknowledge(old)
    flush(site, intake, wait_until)
    new = gather(intake, 10)
    assert {m.mid for m in new} == {m.mid for m in old}, "the trap this test is about"

    proxy.cut()
    again = gather(intake, 10)
    assert [m.payload for m in again] == [m.payload for m in new]
    assert all(connection.sent(PUBACK) == [] for connection in proxy.connections)


def test_an_acknowledgement_while_paho_reconnects_is_refused(site, gather, wait_until):
    """paho clears its packets before on_pre_connect: a fence there would let these out before the CONNECT."""
    proxy = site.proxy()
    intake = site.intake(proxy.port)
    ten(site.device("band-1"))
    old = gather(intake, 10)
    intake._client.on_pre_connect = lambda *_: intake.acknowledge(old)
    proxy.cut()
    assert len(gather(intake, 10)) == 10
    assert intake.stale == 10
    assert [connection.first() for connection in proxy.connections] == [CONNECT, CONNECT]
    assert proxy.connections[1].sent(PUBACK) == []


def test_no_interleaving_of_cuts_and_acknowledgements_crosses_a_connection(site, wait_until):
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    proxy = site.proxy()
    intake = site.intake(proxy.port)
    intake._choose_wait = lambda client: client.reconnect_delay_set(0.01, 0.01)
    device = site.device("band-1")
    meant, over = set(), threading.Event()

    def core():
        held = []
        while not over.is_set():
            held += intake.take(50, 0.001)
            dice.shuffle(held)
            ready, held = held[: len(held) // 2], held[len(held) // 2 :]
            meant.update((message.epoch, message.mid) for message in ready)
            intake.acknowledge(ready)

    thread = threading.Thread(target=core)
    thread.start()
    for round_ in range(30):
        for n in range(20):
            device.send("care/v1/band-1/location", b"%d %d" % (round_, n))
        wait_until(lambda: intake.connected, "connected")
        proxy.cut()
        wait_until(lambda epoch=round_ + 2: intake.epoch >= epoch, "a new epoch")
    wait_until(lambda: intake.connected, "connected")
    over.set()
    thread.join()
    sent = {(n, mid) for n, connection in enumerate(proxy.connections, 1) for mid in connection.sent(PUBACK)}
    assert len(proxy.connections) == intake.epoch
    assert sent
    assert sent <= meant


def test_a_beacon_goes_out_at_every_connection(any_site, wait_until):
    listener = any_site.device("band-1")
    listener.listen(BEACON_TOPIC)
    proxy = any_site.proxy()
    intake = any_site.intake(proxy.port)
    wait_until(lambda: len(listener.received) == 1, "the first beacon")
    proxy.cut()
    wait_until(lambda: len(listener.received) == 2, "the second beacon")
    assert [b'"epoch":%d' % n in payload for n, (_, payload) in enumerate(listener.received, 1)] == [
        True,
        True,
    ]
    assert intake.epoch == 2


def test_when_the_beacon_comes_the_gateway_already_listens(any_site, gather):
    """A device that answers the beacon at once must be heard."""
    device = any_site.device("band-1")
    device.listen(BEACON_TOPIC)
    device.client.on_message = lambda *_: device.send("care/v1/band-1/alarm", b'{"kinds":["sos"]}')
    assert gather(any_site.intake(), 1)[0].topic == "care/v1/band-1/alarm"


@pytest.mark.slow
def test_a_broker_that_hangs_is_noticed_and_joined_again(site, wait_until, gather):
    import signal

    intake = site.intake(keepalive_s=5)
    site.broker.process.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: not intake.connected, "the keepalive notices")
        intake.publish("care/v1/band-1/ack", b"[]")
        assert intake.unsent == 1
    finally:
        site.broker.process.send_signal(signal.SIGCONT)
    wait_until(lambda: intake.connected, "connected again")
    ten(site.device("band-1"))
    assert len(gather(intake, 10)) == 10


def test_publications_are_bounded_while_the_broker_hangs(site, monkeypatch, wait_until):
    import signal

    monkeypatch.setattr("iot_gateway.intake.PUBLISH_LIMIT", 50)
    intake = site.intake()
    site.broker.process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(80):
            intake.publish("care/v1/band-1/ack", b"[]")
        assert intake.unsent == 30
    finally:
        site.broker.process.send_signal(signal.SIGCONT)
    wait_until(lambda: not intake._client._out_messages, "the broker has taken them")
    intake.publish("care/v1/band-1/ack", b"[]")
    assert intake.unsent == 30


def test_stop_ends_while_the_broker_hangs(site):
    import signal

    intake = site.intake()
    site.broker.process.send_signal(signal.SIGSTOP)
    try:
        intake.publish("care/v1/band-1/ack", b"[]")
        intake.stop()
        assert not intake.connected
    finally:
        site.broker.process.send_signal(signal.SIGCONT)


def test_a_dead_network_thread_is_not_silence(site, wait_until):
    intake = site.intake()
    intake._client.on_message = lambda *_: 1 / 0
    site.device("band-1").send("care/v1/band-1/alarm")
    wait_until(lambda: intake._client.failure is not None, "the thread has died")
    with pytest.raises(RuntimeError, match="network thread"):
        intake.take(1, 0.01)
