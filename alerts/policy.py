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
        default_factory=lambda: {"unknown": 20.0, "gnss": 10.0, "wifi": 25.0, "cell": 1000.0, "ble": 5.0}
    )
    acc_unknown_m: dict[str, float] = field(
        default_factory=lambda: {"unknown": 50.0, "gnss": 30.0, "wifi": 60.0, "cell": 1500.0, "ble": 15.0}
    )
    # Fixes of a band that walks: metres a second along one axis (0.85 in all: people with dementia walk at
    # 0.4-1.4), for how long it keeps its direction, how often it is on the way, and for how long it then is.
    walk_mps: float = 0.6
    turn_s: float = 76.2
    walk_share: float = 0.356
    walk_s: float = 318.0
    # Somebody who sits still moves by this much in a minute; few take a bus or are driven, and this fast.
    still_m: float = 1.84
    ride_share: float = 0.015
    ride_mps: float = 3.0
    ride_fast_mps: float = 6.0
    ride_fast_share: float = 0.4
    # Multipath bursts: how often one begins and for how long it lasts (field studies: minutes, 30-200 m), the
    # bias along one axis, and that of the worse ones.
    burst_every_s: float = 5000.0
    burst_s: float = 160.0
    burst_m: float = 23.9
    burst_far_m: float = 110.0
    burst_far_share: float = 0.0831
    # ... and as far as it reaches: beyond, each `burst_fade_m` makes it e times less likely.
    burst_reach_m: float = 160.0
    burst_fade_m: float = 30.0
    # Within a burst the fix jitters, partly by a share of its bias; the wearer walks now and then; the bias
    # may be another one in the next fix.
    jitter_m: float = 10.5
    jitter_ratio: float = 1.13
    jitter_of_m: float = 200.0
    jitter_wide_share: float = 0.607
    burst_walk_share: float = 0.19
    burst_redraw_p: float = 0.273
    # A single fix of so many is wrong by hundreds of metres, or by kilometres.
    stray_p: float = 0.00139
    stray_m: float = 196.0
    stray_far_m: float = 1980.0
    # So many of them come in the midst of a burst, which goes on.
    stray_burst_p: float = 0.25
    # ... and so many were none: the next fix is there too, however she got there.
    stray_real_p: float = 0.05
    # Where the wearer is while fixes are wrong: where they were good, this much blurred, and not farther than
    # that along one axis.
    kept_drift: float = 0.263
    kept_m: float = 108.0
    # A position sent again to the last digit says nothing of how the receiver errs. But a burst jitters: it is
    # over this much sooner where nothing moves.
    frozen_m: float = 0.02
    frozen_weight: float = 2.0
    # After this long without a fix nothing more is forgotten.
    longest_gap_s: float = 7200.0
    # Crossing a fence: once in so many seconds of walking, of standing, and of bad fixes; and back again.
    cross_walking_s: float = 277.0
    cross_still_s: float = 2100.0
    cross_unseen_s: float = 5240.0
    cross_blind_s: float = 86_400.0  # ... where fixes are too rough to see it
    recross_s: float = 900.0
    recross_most_s: float = 90.0  # a long gap is no reason to have come back
    # Outside means this far outside: people stand at their gate. A pond begins where it begins.
    edge_m: float = 11.3
    edge_forbidden_m: float = 0.0
    # One good fix is never worth more than this against: the accuracy may be a lie of a kind nobody knows.
    doubt_p: float = 0.00153
    doubt_sigma: float = 4.0  # ... less so the farther beyond this many standard deviations
    # The error of a satellite fix is that of the fix before for about this long; of an access point or a cell
    # as long as it is the same one.
    same_sky_s: float = 47.0
    same_place_s: float = 1600.0
    # During a burst the fix says where the wearer is by this many metres, and as slowly as this.
    unseen_m: float = 227.0
    unseen_s: float = 300.0
    unseen_p: float = 0.03
    # A witness lies beyond the edge by this many standard deviations. Two of them, this far apart in time: one
    # bad fix raises nothing, and two of one moment are one.
    witness_sigma: float = 1.21
    confirm_fixes: int = 2
    confirm_s: float = 20.0
    # Raised at this probability: sooner or surer, docs/LAB.md has the figures of both.
    raise_p: float = 0.99
    # Two calm fixes this far apart end it, unless a good fix outside is still likelier than this.
    return_fixes: int = 2
    return_s: float = 25.0
    return_p: float = 0.3
    # A band that was this surely outside by one fix and says nothing any more is outside: after this long, and
    # so many times its usual gap.
    silence_p: float = 0.99
    silence_s: float = 150.0
    silence_gaps: float = 0.5
    # What is known of a moment longer ago than this is the past: it raises nothing at once, for what the band
    # kept back may still be on its way.
    present_s: float = 150.0
    settle_s: float = 30.0
    # Ask before crying: at this probability the band is asked for a fix now, and again after a while.
    ask_p: float = 0.6
    ask_every_s: float = 60.0


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
    # The rest follow within minutes, as they report; whoever is silent longer is told of.
    back_s: float = 600.0
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
class WanderPolicy:
    """The way somebody walks near a fence: it hastens a verdict and raises a priority, and is no alarm by itself."""

    # The hours in which nobody is expected outdoors.
    tz: str = "Asia/Shanghai"
    night_from_hour: int = 22
    night_to_hour: int = 6
    # Pacing and lapping are named in Martino-Saltzman's study of travel of people with dementia: to and fro
    # between two places, or round and round. Looked for in fixes of the last quarter of an hour.
    within_s: float = 900.0
    step_m: float = 20.0  # two good fixes differ by less without a step
    reversals: int = 2
    lap_m: float = 60.0  # so far away in between,
    same_m: float = 25.0  # ... and as near as this again
    # Straight outwards at the pace of a slow walk.
    closing_mps: float = 0.3
    # A habit is known after so many fixes in an hour of the day, three days of one a minute; it is not the
    # habit to walk where less than this share of them came on the way. Of late is about a month.
    routine_fixes: float = 180.0
    routine_share: float = 0.05
    routine_forget: float = 0.0005
    # How much each part says, as a chance: of what is outside a fence at this hour, and in this way, how much
    # has gone. A guess, but for the order: one part alone is never enough.
    weights: dict[str, float] = field(
        default_factory=lambda: {
            "night": 0.5, "pacing": 0.6, "lapping": 0.5, "closing": 0.3, "unusual": 0.4,
        }
    )  # fmt: skip
    # With a score of this, a fence is believed breached at odds so many times smaller, after this share of the
    # time between the witnesses; and the alarm's priority is one higher.
    enough: float = 0.7
    odds: float = (
        1.0  # measured: a burst looks as lost as she does, and smaller odds cost more than they bring
    )
    bad_p: float = 0.02  # ... where the last fix is not bad by more than this chance
    confirm_share: float = 0.5


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
    wander: WanderPolicy = field(default_factory=WanderPolicy)
    priority: dict[str, Priority] = field(default_factory=lambda: dict(DEFAULT_PRIORITY))
    fence: FencePolicy = field(default_factory=FencePolicy)
    # A device time outside of this cannot be, and the time of arrival orders instead.
    clock_ahead_s: float = 60.0
    clock_behind_s: float = 7 * 86_400.0
    # A clock that is off by more than `clock_off_s`, and by the same (within `clock_same_s`) in three readings
    # over two minutes, is set right: a backlog comes faster than it was measured.
    clock_off_s: float = 60.0
    clock_same_s: float = 15.0
    clock_readings: int = 3
    clock_learn_s: float = 120.0
    # Older than what is known: late, and past. But a device all of whose readings have been late for this long
    # has set its clock back. A backlog is flushed in less, with live readings in between.
    late_for_s: float = 600.0
    # A band that is heard and has no usable position, last seen at an edge: of somebody who walked for so long (a
    # source indoors lasts as long), of somebody who stood still for so long (rooms are at the wall, too), and at
    # least so many times as long as it was without one of late. Of late: each usable fix forgets this share, a
    # week of one a minute. It is asked for a fix `position_ask_s` before anybody is told.
    position_lost_s: float = 900.0
    position_still_s: float = 3600.0
    position_learn_s: float = 86_400.0
    position_gaps: float = 2.0
    position_forget: float = 0.0001
    position_ask_s: float = 120.0
    # Surely walking, by a fix that is surely good.
    position_walking_p: float = 0.7
    position_bad_p: float = 0.3
    # The edge: as far as a good fix errs. Or a fence is more likely crossed than not.
    position_near_m: float = 15.0
    position_doubt_p: float = 0.6
    # Usable: a person is found by it, as by WiFi and never by a cell; or it lies so many standard deviations from
    # the boundary that it says on which side she is.
    position_acc_m: float = 100.0
    position_sigmas: float = 2.0
    # A number that did not come, of a device that sends each item until it is acknowledged: at 30 s a try, the
    # device is heard and what it keeps is on its way, for minutes over a narrow band. It keeps a day.
    data_gap_s: float = 900.0
    data_gap_forget_s: float = 86_400.0
    undo_s: float = 60.0
    shelve_max_s: float = 12 * 3600.0
    # Kinds that say that a person may be out: half of the lost are found within 1.2 km, a quarter of an
    # hour on foot, and nobody is told while it is shelved.
    shelve_person_max_s: float = 1800.0
    # Who is not home when an approved outing ends is given this long: buses and families are late by some
    # minutes, and a wanderer is most often found within a few streets in the first quarter of an hour.
    outing_grace_s: float = 900.0
    # A weekend with the family; whoever stays longer is approved anew. Plans beyond a month change.
    outing_max_s: float = 72 * 3600.0
    outing_ahead_s: float = 30 * 86_400.0
    # A wearer in need is asked for a fresh position when the last fix is older.
    locate_after_s: float = 60.0
    locate_expires_s: float = 300.0


def ms(seconds: float) -> int:
    """Seconds of a policy as whole milliseconds."""
    return round(seconds * 1000)
