"""The policy file: TOML or JSON, only what differs from the defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from alerts.batch import VALUE_FIELDS
from alerts.policy import EVERY_DEVICE, FencePolicy, Limit, Policy, WanderPolicy
from alerts.vocabulary import DEFAULT_PRIORITY, DEVICE_KINDS
from alerts.wander import PARTS
from iot_gateway.settings import ConfigError

LONGEST_S: Final = 31 * 86_400.0
MOST_MISSED: Final = 100.0


def load_policy(path: Path | None) -> Policy:
    """The policy in force.

    Raises:
        ConfigError: in one line, which key is wrong.
    """
    if path is None:
        return Policy()
    try:
        text = path.read_bytes()
        said = tomllib.loads(text.decode()) if path.suffix == ".toml" else msgspec.json.decode(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return policy_of(said)
    except (ValueError, OverflowError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error


def policy_of(said: Any) -> Policy:
    """The defaults with some values changed; limits are changed by their kind.

    Raises:
        ValueError: a key is unknown or a value wrong.
    """
    if not isinstance(said, dict):
        raise ValueError("a policy is a table of settings")  # noqa: TRY004 - the file is wrong, not the caller
    values = asdict(Policy())
    changes = dict(said)
    limits = {limit["kind"]: limit for limit in values["limits"]}
    for change in msgspec.convert(changes.pop("limits", ()), list[dict[str, Any]]):
        _refuse_unknown(change, Limit, "limits.")
        kind = msgspec.convert(change.get("kind"), str)
        limits[kind] = {**limits.get(kind, {}), **change}
    _merge(values, changes, Policy, "")
    values["limits"] = list(limits.values())
    policy = msgspec.convert(values, Policy)
    _check(policy)
    return policy


def _merge(values: dict[str, Any], changes: dict[str, Any], type_: Any, where: str) -> None:
    _refuse_unknown(changes, type_, where)
    for name, change in changes.items():
        if isinstance(values[name], dict) and isinstance(change, dict):
            inner: Any = next((f.default_factory for f in fields(type_) if f.name == name), None)
            if isinstance(inner, type) and is_dataclass(inner):
                _merge(values[name], change, inner, f"{where}{name}.")
                continue
            unknown = set(change) - set(values[name])
            if unknown:
                raise ValueError(f"unknown key {where}{name}.{min(unknown)}")
            values[name] |= change
        else:
            values[name] = change


def _refuse_unknown(said: Any, type_: Any, where: str) -> None:
    if not isinstance(said, dict):
        raise ValueError(f"{where or 'policy'} must be a table")  # noqa: TRY004 - the file is wrong, not the caller
    unknown = set(said) - {f.name for f in fields(type_)}
    if unknown:
        raise ValueError(f"unknown key {where}{min(unknown)}")


def _check(policy: Policy) -> None:
    for key, value in _numbers(asdict(policy), ""):
        # 31 days is the longest that anything here waits for; nan and inf fit nowhere.
        if not isfinite(value) or (key.endswith("_s") and not 0 <= value <= LONGEST_S):
            raise ValueError(f"{key}: {value} is not possible")
    for kind, every_s in policy.contact_every_s.items():
        if every_s <= 0:
            raise ValueError(f"contact_every_s.{kind} is more than 0")
    for limit in policy.limits:
        if limit.kind not in DEVICE_KINDS:
            raise ValueError(f"limits: no value can raise the kind {limit.kind!r}")
        if not set(limit.device_kinds) <= set(EVERY_DEVICE):
            raise ValueError(f"limits.{limit.kind}: device_kinds are {', '.join(EVERY_DEVICE)}")
        if limit.field not in VALUE_FIELDS:
            raise ValueError(f"limits.{limit.kind}: unknown field {limit.field!r}")
        if (limit.above is None) == (limit.below is None):
            raise ValueError(f"limits.{limit.kind}: exactly one of above and below")
        if limit.deadband < 0:
            raise ValueError(f"limits.{limit.kind}: deadband is not negative")
    if set(policy.priority) != set(DEFAULT_PRIORITY):
        raise ValueError("priority: every kind has one")
    _check_fence(policy.fence)
    if policy.position_ask_s > min(policy.position_lost_s, policy.position_still_s):
        raise ValueError("position_ask_s is not longer than position_lost_s and position_still_s")
    _check_wander(policy.wander)
    if policy.clock_readings < 1:
        raise ValueError("clock_readings is at least 1")
    if policy.contact_missed < 1:
        raise ValueError("contact_missed is at least 1")
    if policy.contact_missed > MOST_MISSED:
        raise ValueError(f"contact_missed is at most {MOST_MISSED}")


# Delays and distances that may be none at all; everything else is divided by, or is a chance.
_MAY_BE_ZERO: Final = frozenset(
    {"edge_m", "edge_forbidden_m", "confirm_s", "return_s", "settle_s", "ask_every_s", "still_m", "frozen_m"}
)


def _check_fence(fence: FencePolicy) -> None:
    if min(fence.confirm_fixes, fence.return_fixes) < 1 or fence.witness_sigma < 0:
        raise ValueError("fence: confirm_fixes and return_fixes are at least 1, witness_sigma not negative")
    if min(*fence.acc_floor_m.values(), *fence.acc_unknown_m.values()) <= 0:
        raise ValueError("fence: accuracies are more than 0")
    for name, value in asdict(fence).items():
        if isinstance(value, dict):
            continue
        if name.endswith(("_p", "_share")) and not 0 <= value <= 1:
            raise ValueError(f"fence.{name} is between 0 and 1")
        if value < 0 or (value == 0 and name.endswith(("_m", "_s", "_mps")) and name not in _MAY_BE_ZERO):
            raise ValueError(f"fence.{name} is more than 0")
    if not 0 < fence.raise_p < 1 or fence.doubt_sigma == 0 or fence.longest_gap_s < 1:
        raise ValueError(
            "fence: raise_p is between 0 and 1, doubt_sigma more than 0, longest_gap_s at least 1"
        )


def _check_wander(wander: WanderPolicy) -> None:
    if set(wander.weights) != set(PARTS) or not all(0 <= w <= 1 for w in wander.weights.values()):
        raise ValueError(f"wander.weights: {', '.join(PARTS)}, each between 0 and 1")
    if not (0 <= wander.night_from_hour <= 24 and 0 <= wander.night_to_hour <= 24):
        raise ValueError("wander: hours are between 0 and 24")
    try:
        ZoneInfo(wander.tz)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"wander.tz: {wander.tz!r} is no time zone") from error


def _numbers(value: Any, key: str) -> Iterator[tuple[str, float]]:
    """Every number of the policy, with its key."""
    if isinstance(value, (int, float)):
        yield key, value
    elif isinstance(value, dict):
        # What stands in a table of seconds by device kind is a number of seconds too.
        unit = "_s" if key.endswith("_s") else ""
        for name, inner in value.items():
            yield from _numbers(inner, f"{key}.{name}{unit}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _numbers(inner, f"{key}.{inner.get('kind')}" if isinstance(inner, dict) else key)
