"""Every limit and delay a decision uses, each with its reason; never a number in the code beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.vocabulary import DEFAULT_PRIORITY, Priority

SENSORS = ("fire_sensor", "home_sensor")
EVERY_DEVICE = ("wristband", "fire_sensor", "home_sensor")


@dataclass(frozen=True, slots=True)
class Limit:
    """A kind that an analog value raises.

    The condition holds above `above` or below `below`, and is over once the value is back by
    `deadband`. Delays: how long it must hold, and how long it must be over, in seconds.
    """

    kind: str
    field: str
    reason: str
    above: float | None = None
    below: float | None = None
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    device_kinds: tuple[str, ...] = SENSORS


@dataclass(frozen=True, slots=True)
class Delay:
    """On- and off-delay in seconds of a kind that a state raises."""

    on_delay_s: float
    off_delay_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class FencePolicy:
    """When fixes say that a wearer has crossed a fence.

    `acc_floor_m`: no source is better than this, whatever it claims (a band that claimed 2 m was
    200 m off). `acc_unknown_m`: assumed where the device says nothing.
    """

    acc_floor_m: dict[str, float] = field(
        default_factory=lambda: {"unknown": 20.0, "gnss": 10.0, "wifi": 25.0, "cell": 300.0, "ble": 5.0}
    )
    acc_unknown_m: dict[str, float] = field(
        default_factory=lambda: {"unknown": 50.0, "gnss": 30.0, "wifi": 60.0, "cell": 1500.0, "ble": 15.0}
    )
    # A fix is a witness of a crossing when the boundary lies this many standard deviations away:
    # 1.645 is 95 % of one side of a normal distribution.
    witness_sigma: float = 1.645
    # Two witnesses, so that one bad fix raises nothing; this far apart in time, because two fixes
    # of one multipath burst are one witness.
    confirm_fixes: int = 2
    confirm_s: float = 20.0
    # Witnesses further apart than this do not support each other.
    confirm_within_s: float = 1800.0
    return_fixes: int = 2


@dataclass(frozen=True, slots=True)
class OutagePolicy:
    """When the silence of many devices is one outage, of a site, a county or everything."""

    # More than half cannot be coincidence; two devices can.
    share: float = 0.5
    min_devices: int = 3
    # One big site is not its county.
    min_sites: int = 3
    # Back when most are heard again, well below `share`, so that it does not flap.
    back_share: float = 0.25
    # Who sleeps longer than this says nothing of an outage in time.
    voter_every_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class ChatterPolicy:
    """When an alarm that comes and goes is kept open as one episode."""

    # ISA-18.2 calls three a minute chattering; devices here report once a minute.
    raises: int = 5
    within_s: float = 600.0
    # Over for this long is over.
    calm_s: float = 600.0


@dataclass(frozen=True, slots=True)
class LearnPolicy:
    """How often a device is heard is learned where its model does not say."""

    # Enough signs of life to know a habit.
    after: int = 30
    # The longest gap of late: it shrinks by this share with each sign of life, so that a daily gap of
    # a band that reports each minute is still known the next day.
    forget: float = 0.0005
    # Signs of life closer together are one.
    gap_min_s: float = 5.0
    # Never stricter than this: three misses of it are a quarter of an hour.
    floor_s: float = 300.0


def _default_limits() -> tuple[Limit, ...]:
    return (
        Limit("smoke", "smoke", "EN 54-7 detectors answer at about 0.1-0.2 dB/m, 3-5 %/m", above=5.0,
              deadband=2.0, on_delay_s=5, off_delay_s=60),
        Limit("heat", "temp", "EN 54-5 class A1 answers from 54 deg C", above=57.0,
              deadband=7.0, off_delay_s=60),
        Limit("co", "co", "EN 50291: 100 ppm must alarm within 10 to 40 min, 300 ppm within 3", above=100.0,
              deadband=30.0, on_delay_s=60, off_delay_s=300),
        Limit("gas", "gas", "EN 50194: alarm between 3 and 20 % of the lower explosive limit", above=10.0,
              deadband=3.0, on_delay_s=5, off_delay_s=60),
        Limit("water_pressure_low", "press", "a hydrant network keeps at least 0.10 MPa", below=0.10,
              deadband=0.02, on_delay_s=60, off_delay_s=60),
        Limit("electrical", "current", "GB 14287: residual current alarms between 300 and 1000 mA", above=300.0,
              deadband=50.0, on_delay_s=30, off_delay_s=60),
        Limit("low_battery", "bat", "about a day of life in a band, weeks in a detector", below=15.0,
              deadband=10.0, on_delay_s=60, off_delay_s=60, device_kinds=EVERY_DEVICE),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it. Durations are seconds."""

    version: str = "2026-11"
    limits: tuple[Limit, ...] = field(default_factory=_default_limits)
    fault: Delay = Delay(30.0, 60.0, "a self-test passes through faults for seconds")
    not_worn: Delay = Delay(600.0, 0.0, "washing takes minutes; a band on its charger is not missed")
    # Used where the device's model does not say. A band reports every 1-10 min, an NB-IoT detector
    # sleeps for a day.
    contact_every_s: dict[str, float] = field(
        default_factory=lambda: {"wristband": 300.0, "fire_sensor": 86_400.0, "home_sensor": 86_400.0}
    )
    # Three in a row: one loss is radio, two are bad luck (BS 8521 drops at 2.2 keep-alives).
    contact_missed: float = 3.0
    learn: LearnPolicy = field(default_factory=LearnPolicy)
    outage: OutagePolicy = field(default_factory=OutagePolicy)
    chatter: ChatterPolicy = field(default_factory=ChatterPolicy)
    priority: dict[str, Priority] = field(default_factory=lambda: dict(DEFAULT_PRIORITY))
    fence: FencePolicy = field(default_factory=FencePolicy)
    # A device time outside of this is a wrong clock, and the time of arrival orders instead.
    clock_ahead_s: float = 60.0
    clock_behind_s: float = 7 * 86_400.0
    # Older than what is known: late, and past. But a device all of whose readings have been late for this long
    # has set its clock back. A backlog is flushed in less, with live readings in between.
    late_for_s: float = 600.0
    undo_s: float = 60.0
    shelve_max_s: float = 12 * 3600.0
    # Kinds that say that a person may be out: half of the lost are found within 1.2 km, a quarter of an
    # hour on foot, and nobody is told while it is shelved.
    shelve_person_max_s: float = 1800.0
    # A wearer in need is asked for a fresh position when the last fix is older.
    locate_after_s: float = 60.0
    locate_expires_s: float = 300.0


def ms(seconds: float) -> int:
    """Seconds of a policy as whole milliseconds."""
    return round(seconds * 1000)
