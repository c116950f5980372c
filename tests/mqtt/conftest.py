"""Real brokers on free ports, paho devices, and a TCP proxy that reads along."""

import itertools
import os
import pwd
import socket
import threading
import time
from contextlib import ExitStack, suppress

import paho.mqtt.client as mqtt
import pytest

from iot_gateway import broker, provisioning
from iot_gateway.clock import Clock
from iot_gateway.intake import Intake
from iot_gateway.settings import MqttSettings

DEVICES = ("band-1", "band-2", "smoke-1")


def until(holds, what="the condition", tries=3000):
    """Wait, bounded; nothing is asserted about how long it took."""
    for _ in range(tries):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail(f"never came true: {what}")


class Device:
    """A paho client that remembers what it received; no device logic."""

    def __init__(self, port, name, password=None, client_id=None, will=None, **options):
        self.received = []
        self.refused = None
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id or name, **options)
        self.client.max_inflight_messages_set(0)
        self.client.on_message = lambda _c, _d, m: self.received.append((m.topic, m.payload))
        self.client.on_connect = self._connected
        if password is not None:
            self.client.username_pw_set(name, password)
        if will is not None:
            self.client.will_set(*will)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(lambda: self.client.is_connected() or self.refused, f"{name} connected or refused")

    def _connected(self, _client, _data, _flags, reason, _properties):
        self.refused = str(reason) if reason.is_failure else None

    def send(self, topic, payload=b"{}", qos=1):
        return self.client.publish(topic, payload, qos)

    def send_all(self, pairs):
        """Publish at QoS 1 and wait until the broker has taken every one."""
        infos = [self.send(topic, payload) for topic, payload in pairs]
        until(lambda: all(info.is_published() for info in infos), "everything is PUBACKed")

    def listen(self, *topics):
        done = threading.Event()
        self.client.on_subscribe = lambda *_: done.set()
        self.client.subscribe([(topic, 1) for topic in topics])
        assert done.wait(20)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def die(self):
        """The connection ends without a word, so that the will is published."""
        self.client.socket().shutdown(socket.SHUT_RDWR)
        self.client.disconnect()
        self.client.loop_stop()


class Site:
    """One broker with its gateway and devices; all of it ends with the test."""

    def __init__(self, stack, running, provisioned=None, secrets=None):
        self.stack = stack
        self.broker = running
        self.provisioned = provisioned
        self.secrets = secrets or {}

    @property
    def port(self):
        return self.broker.port

    def url(self, port=None):
        if self.provisioned is None:
            return f"mqtt://127.0.0.1:{port or self.port}"
        return self.provisioned.gateway_url.replace(f":{self.port}", f":{port or self.port}")

    def intake(self, port=None, **settings):
        made = Intake(MqttSettings(url=self.url(port), **settings), Clock())
        self.stack.callback(made.stop)
        made.start()
        until(lambda: made.connected, "the gateway is connected and subscribed")
        return made

    def device(self, name, **options):
        options.setdefault("password", self.secrets.get(name))
        made = Device(self.port, name, **options)
        self.stack.callback(made.close)
        return made

    def proxy(self):
        made = Proxy(self.port)
        self.stack.callback(made.close)
        return made


class Proxy:
    """Between the gateway and the broker: writes down every packet of every connection, and can cut them all."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.connections = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                near.close()
                continue
            connection = Connection(near, far)
            self.connections.append(connection)
            for pump in connection.pumps:
                thread = threading.Thread(target=pump)
                self._threads.append(thread)
                thread.start()

    def cut(self):
        for connection in self.connections:
            connection.cut()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for connection in self.connections:
            connection.near.close()
            connection.far.close()


class Connection:
    def __init__(self, near, far):
        self.near, self.far = near, far
        self.up, self.down = bytearray(), bytearray()
        self.pumps = (lambda: self._pump(near, far, self.up), lambda: self._pump(far, near, self.down))

    def _pump(self, source, target, record):
        with suppress(OSError):
            while data := source.recv(65536):
                record += data
                target.sendall(data)
        self.cut()

    def cut(self):
        for sock in (self.near, self.far):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def sent(self, kind):
        """The packet ids (or 0) of the packets of one kind that the gateway sent, in order."""
        return [mid for found, mid in packets(bytes(self.up)) if found == kind]

    def first(self):
        return next(packets(bytes(self.up)))[0]


PUBACK, CONNECT = 0x40, 0x10


def packets(data):
    """(type, packet id or 0) of each whole packet."""
    at = 0
    while at < len(data):
        kind, length, shift = data[at] & 0xF0, 0, 0
        for at in itertools.count(at + 1):  # noqa: B020
            if at >= len(data):
                return
            length |= (data[at] & 0x7F) << shift
            shift += 7
            if not data[at] & 0x80:
                break
        body = data[at + 1 : at + 1 + length]
        if len(body) < length:
            return
        yield kind, int.from_bytes(body[:2], "big") if kind == PUBACK else 0
        at += 1 + length


def collect(intake, count):
    """Take until that many messages came."""
    got = []
    for _ in range(1000):
        got += intake.take(count - len(got), 0.02)
        if len(got) >= count:
            return got
    pytest.fail(f"only {len(got)} of {count} messages came")
    return got


@pytest.fixture
def wait_until():
    return until


@pytest.fixture
def gather():
    return collect


def need(kind):
    if broker.find_broker(kind) is None:
        pytest.skip(f"no {kind} on this machine")


@pytest.fixture(params=["mosquitto", "nats"])
def any_site(request, tmp_path):
    """The demo's brokers, one after the other: what must hold on both."""
    need(request.param)
    with ExitStack() as stack:
        running = broker.start_broker(tmp_path, broker.free_port(), request.param)
        stack.callback(running.stop)
        yield Site(stack, running)


@pytest.fixture
def site(tmp_path):
    """mosquitto with the product's file, passwords and rules."""
    need("mosquitto")
    port, user = broker.free_port(), pwd.getpwuid(os.geteuid()).pw_name
    made = provisioning.provision(DEVICES, tmp_path / "broker", port=port, broker_user=user)
    secrets = provisioning.read_credentials(made.credentials)
    with ExitStack() as stack:
        found = broker.find_broker("mosquitto")
        running = broker.launch(found, made.config, port, tmp_path / "broker.log")
        stack.callback(running.stop)
        yield Site(stack, running, made, secrets)
