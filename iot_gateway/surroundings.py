"""What a gateway stands on: the lock that makes it the only one, its store, clock, broker and doorbell.

An argument, so that the same gateway runs in a simulated world, where all of these fail on command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iot_gateway.clock import Clock, ClockWatch
from iot_gateway.database import WriterLock
from iot_gateway.disk import Ballast
from iot_gateway.doorbell import Doorbell
from iot_gateway.intake import Intake
from iot_gateway.second_journal import SecondJournal
from iot_gateway.settings import MqttSettings
from iot_gateway.store import Store
from iot_gateway.watch import Watch


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How each part is made. `lock`, `store` and `ballast` of the database's path, `doorbell` of its socket's."""

    lock: Callable[[Path], WriterLock] = WriterLock
    store: Callable[[Path], Store] = Store
    clock: Callable[[int], Clock] = Clock  # of the time it never falls below, in ms
    clock_watch: Callable[[], ClockWatch] = ClockWatch
    intake: Callable[[MqttSettings, Clock], Intake] = Intake
    doorbell: Callable[[Path], Doorbell] = Doorbell
    ballast: Callable[[Path], Ballast] = Ballast
    watch: Callable[[Store, Ballast, SecondJournal | None], Watch] = Watch


REAL: Final = Surroundings()
