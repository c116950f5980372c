"""The words of the product: kinds, priorities, states, and the bit each kind has in a bit set.

Source: contract, section 2. A kind's bit is its place in KINDS; bits are stored in snapshots,
so new kinds go to the end.
"""

from __future__ import annotations

from typing import Final, Literal

Priority = Literal["urgent", "high", "low"]
State = Literal["normal", "active_unacknowledged", "active_acknowledged", "cleared_unacknowledged"]
SubjectType = Literal["device", "site", "zone"]
Outcome = Literal["real", "false", "test", "other"]

DEFAULT_PRIORITY: Final[dict[str, Priority]] = {
    "sos": "urgent",
    "fall": "urgent",
    "smoke": "urgent",
    "heat": "urgent",
    "co": "urgent",
    "gas": "urgent",
    "manual_call": "urgent",
    "fence_left": "urgent",
    "fence_entered": "urgent",
    "fire_confirmed": "urgent",
    "strap_off": "high",
    "electrical": "high",
    "water_flow": "high",
    "water_pressure_low": "high",
    "no_motion": "high",
    "water_leak": "high",
    "site_contact_lost": "high",
    "position_lost": "high",
    "unreadable": "high",
    "tamper": "high",
    "low_battery": "low",
    "not_worn": "low",
    "contact_lost": "low",
    "data_gap": "low",
    "fault": "low",
}

HIGHER: Final[dict[Priority, Priority]] = {"low": "high", "high": "urgent", "urgent": "urgent"}

KINDS: Final[tuple[str, ...]] = tuple(DEFAULT_PRIORITY)
KIND_INDEX: Final[dict[str, int]] = {kind: index for index, kind in enumerate(KINDS)}
KIND_BIT: Final[dict[str, int]] = {kind: 1 << index for index, kind in enumerate(KINDS)}
NO_BITS: Final = 0

# Kinds a device may name in an alarm item (contract, section 1).
DEVICE_KINDS: Final[tuple[str, ...]] = (
    "sos", "fall", "strap_off", "smoke", "heat", "co", "gas", "manual_call", "water_flow",
    "water_pressure_low", "electrical", "tamper", "fault", "low_battery", "water_leak", "no_motion",
)  # fmt: skip

# Stay active until a person closes them; never shelved, never suppressed.
LATCHING: Final[frozenset[str]] = frozenset(
    {"sos", "fall", "smoke", "heat", "co", "gas", "manual_call", "fire_confirmed"}
)

# Not latching, but a person may be lost or lying somewhere: shelved for minutes, not for a night.
PERSON_MAY_BE_OUT: Final[frozenset[str]] = frozenset(
    {"fence_left", "fence_entered", "strap_off", "position_lost", "no_motion"}
)

# Events without a duration: each new item is the condition returning. The other device kinds
# are states, which a device repeats while they last.
MOMENTARY: Final[frozenset[str]] = frozenset({"sos", "fall", "manual_call", "unreadable"})


def bits_of(kinds: tuple[str, ...] | list[str] | frozenset[str]) -> int:
    """The bit set of some kinds."""
    bits = NO_BITS
    for kind in kinds:
        bits |= KIND_BIT[kind]
    return bits


def kinds_of(bits: int) -> list[str]:
    """The kinds of a bit set, in the order of KINDS."""
    return [kind for kind, bit in KIND_BIT.items() if bits & bit]


SOURCES: Final[tuple[str, ...]] = ("unknown", "gnss", "wifi", "cell", "ble")
SOURCE_INDEX: Final[dict[str, int]] = {name: index for index, name in enumerate(SOURCES)}
