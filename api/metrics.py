"""Owns the api's own measurements, and writes them and the gateway's as Prometheus text."""

from __future__ import annotations

import re
from math import nan
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from api.alarms import IS_OPEN
from api.clock import now_ms
from iot_gateway import disk
from iot_gateway.schema import alarms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client import Metric

    from api.database import Database
    from api.feed import Feed

SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
NOT_IN_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")


class Requests:
    """How many requests of which route, with which status, and how long they took."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "shouwang_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "shouwang_http_request_seconds", "Time to the answer's end, without streams", ["route"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request is over. `route` is the pattern, never the path: ids are no labels."""
        self._count.labels(method, route, str(status)).inc()
        if not route.endswith("/stream"):
            self._seconds.labels(route).observe(seconds)


class _Moment(Collector):
    """Families that were gathered just now."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


async def text(requests: Requests, database: Database, feed: Feed) -> bytes:
    """Everything, in Prometheus' text format."""
    families = [*_pulse(await database.pulse()), *await _alarms(database), *_own(database, feed)]
    return generate_latest(_Moment(families)) + generate_latest(requests.registry)


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"shouwang_{name}", says, value=value)


def _numbers(values: Any) -> Iterator[tuple[str, float]]:
    if isinstance(values, dict):
        for name, value in values.items():
            if isinstance(value, int | float):
                yield str(name), value


def _pulse(pulse: Mapping[str, Any] | None) -> Iterator[Metric]:
    """The gateway's own counts."""
    yield _gauge(
        "gateway_connected",
        "1 if the gateway is connected to the broker",
        bool(pulse and pulse.get("connected")),
    )
    if pulse is None:
        return
    yield _gauge(
        "gateway_pulse_age_seconds",
        "Since the gateway's last sign of life",
        (now_ms() - pulse["at_ms"]) / 1000,
    )
    for name, says in (
        ("queue", "Messages that wait for the core"),
        ("queue_limit", "How many may wait"),
        ("step", "Steps of the core"),
        ("turn_ms", "Longest turn since the pulse before"),
        ("lease", "Gateways that have written to this store"),
        ("epoch", "Connections to the broker"),
        ("started_at_ms", "When the gateway started"),
        ("strangers", "Devices known only through an alarm of their own"),
        ("clock_behind_ms", "How far the host's clock stepped back, where the gateway's did not"),
    ):
        for _, value in _numbers({name: pulse.get(name)}):
            yield _gauge(f"gateway_{name}", says, value)
    yield _gauge("gateway_faults", "What is wrong with the store", len(pulse.get("faults") or ()))
    storage = pulse.get("storage") or {}
    for name, says in (
        ("shedding", "1 while positions are not taken because the disk is full"),
        ("slowest_ms", "The slowest commit or acknowledgement of an alarm of the last 10 s"),
    ):
        for _, value in _numbers({name: storage.get(name)}):
            yield _gauge(f"gateway_{name}", says, value)
    for name, value in _numbers(pulse.get("counters")):
        clean = NOT_IN_A_NAME.sub("_", name).removesuffix("_total")
        yield CounterMetricFamily(f"shouwang_{clean}", "Counted by the gateway", value=value)
    rejected = CounterMetricFamily(
        "shouwang_rejected", "What could not be used, by reason", labels=["reason"]
    )
    for reason, value in _numbers(pulse.get("rejected")):
        rejected.add_metric([reason], value)
    yield rejected


async def _alarms(database: Database) -> list[Metric]:
    query = (
        select(alarms.c.priority, alarms.c.state, func.count().label("n"))
        .where(IS_OPEN)
        .group_by(alarms.c.priority, alarms.c.state)
    )
    family = GaugeMetricFamily("shouwang_open_alarms", "Open alarms", labels=["priority", "state"])
    for row in await database.rows(query):
        family.add_metric([row["priority"], row["state"]], row["n"])
    return [family]


def _own(database: Database, feed: Feed) -> Iterator[Metric]:
    wal = database.path.with_name(database.path.name + "-wal")
    yield _gauge("stream_listeners", "Open streams", len(feed.listeners))
    canary = feed.canary.state()
    trip_ms = None if canary is None else canary.round_trip_ms
    yield _gauge(
        "canary_missed", "Songs of the canary in a row that did not arrive", canary.missed if canary else 0
    )
    yield _gauge(
        "canary_round_trip_seconds",
        "Of the last song: broker, gateway, commit, stream",
        nan if trip_ms is None else trip_ms / 1000,
    )
    yield CounterMetricFamily("shouwang_canary_sung", "Songs of the canary", value=feed.canary.sung)
    yield CounterMetricFamily("shouwang_canary_heard", "Songs that arrived", value=feed.canary.heard)
    yield _gauge("stream_turn_seconds", "Longest turn of the stream's tail in the last second", feed.turn_s)
    yield _gauge("journal_seq", "The last sequence that was pushed", feed.last_seq)
    room = disk.look(database.path.parent)
    yield _gauge("disk_free_bytes", "Room left on the store's disk", room.free_bytes)
    yield _gauge("disk_size_bytes", "Size of the store's disk", room.total_bytes)
    yield _gauge(
        "wal_bytes", "Size of the store's write-ahead log", wal.stat().st_size if wal.exists() else 0
    )
