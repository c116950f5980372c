"""The policy file: TOML or JSON, only what differs from the defaults."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from alerts.batch import VALUE_FIELDS
from alerts.policy import Limit, Policy
from alerts.vocabulary import DEFAULT_PRIORITY, KINDS
from iot_gateway.settings import ConfigError


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return policy_of(said)
    except (ValueError, msgspec.ValidationError) as error:
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
    for change in changes.pop("limits", ()):
        _refuse_unknown(change, Limit, "limits")
        limits[change.get("kind")] = {**limits.get(change.get("kind"), {}), **change}
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
    for limit in policy.limits:
        if limit.kind not in KINDS:
            raise ValueError(f"limits: unknown kind {limit.kind!r}")
        if limit.field not in VALUE_FIELDS:
            raise ValueError(f"limits.{limit.kind}: unknown field {limit.field!r}")
        if (limit.above is None) == (limit.below is None):
            raise ValueError(f"limits.{limit.kind}: exactly one of above and below")
        if min(limit.deadband, limit.on_delay_s, limit.off_delay_s) < 0:
            raise ValueError(f"limits.{limit.kind}: deadband and delays are not negative")
    if set(policy.priority) != set(DEFAULT_PRIORITY):
        raise ValueError("priority: every kind has one")
    fence = policy.fence
    if fence.confirm_fixes < 1 or fence.return_fixes < 1 or fence.confirm_s < 0 or fence.witness_sigma < 0:
        raise ValueError("fence: confirm_fixes and return_fixes are at least 1, the others not negative")
    if policy.contact_missed < 1:
        raise ValueError("contact_missed is at least 1")
