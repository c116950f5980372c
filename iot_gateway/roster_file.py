"""The roster file of the contract: checked types, and what of them the core and the store take."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from alerts.roster import Device, Fence, Model, RosterEdit, Site
from alerts.tuning import RANGES

Id = Annotated[str, Meta(min_length=1, max_length=128)]
DeviceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
# The whole date, or only the year: many elders know no more.
BirthDate = Annotated[str, Meta(pattern=r"^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$")]


class RosterError(Exception):
    """The roster cannot be used; the message says where."""


class ModelEntry(Struct):
    """A device model."""

    model: Id
    contact_every_s: Annotated[float, Meta(ge=1, le=31 * 86400)] | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] | None = None


class SiteEntry(Struct):
    """A place of care."""

    site_id: Id
    name: str | None = None
    kind: Literal["nursing_home", "day_care", "happiness_home", "home", "canteen"] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    county: str | None = None
    street: str | None = None
    phone: str | None = None
    street_phone: str | None = None


class Contact(Struct):
    """Somebody to call."""

    name: str | None = None
    relation: str | None = None
    phone: str | None = None


class ResidentEntry(Struct):
    """An elder in care."""

    resident_id: Id
    name: str | None = None
    site_id: str | None = None
    room: str | None = None
    care_level: str | None = None
    risk_notes: str | None = None
    contacts: list[Contact] = []
    birth_date: BirthDate | None = None


class EvidenceEntry(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """How sure, how far and for how long before a fence raises; what is missing is the policy's."""

    raise_p: Annotated[float, Meta(ge=RANGES["raise_p"][0], le=RANGES["raise_p"][1])] | None = None
    edge_m: Annotated[float, Meta(ge=RANGES["edge_m"][0], le=RANGES["edge_m"][1])] | None = None
    confirm_s: Annotated[float, Meta(ge=RANGES["confirm_s"][0], le=RANGES["confirm_s"][1])] | None = None


class FenceEntry(Struct):
    """A fence; safe, unless it says otherwise."""

    fence_id: Id
    geometry: dict[str, Any]
    role: Literal["safe", "forbidden"] = "safe"
    name: str | None = None
    site_id: str | None = None
    schedule: dict[str, Any] | None = None
    evidence: EvidenceEntry | None = None


class DeviceEntry(Struct):
    """A device. `fence_ids` missing or null: the fences of its site."""

    device_id: DeviceId
    kind: Literal["wristband", "fire_sensor", "home_sensor"]
    model: str | None = None
    site_id: str | None = None
    zone: str | None = None
    resident_id: str | None = None
    fence_ids: list[str] | None = None


class Roster(Struct):
    """The whole file, or a part of it to be put."""

    models: list[ModelEntry] = []
    sites: list[SiteEntry] = []
    residents: list[ResidentEntry] = []
    fences: list[FenceEntry] = []
    devices: list[DeviceEntry] = []


class Removal(Struct):
    """Ids to be taken out."""

    models: list[str] = []
    sites: list[str] = []
    residents: list[str] = []
    fences: list[str] = []
    devices: list[str] = []


class RosterChange(Struct):
    """What a `roster` command of the api says."""

    put: Roster = msgspec.field(default_factory=Roster)
    remove: Removal = msgspec.field(default_factory=Removal)


def parse(text: bytes, name: str) -> Roster:
    """A roster file.

    Raises:
        RosterError: in one line, where it is wrong.
    """
    try:
        return msgspec.json.decode(text, type=Roster)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RosterError(f"{name}: {error}") from error


def doubts(roster: Roster, known: dict[str, set[str]]) -> list[str]:
    """What a roster names and nobody knows, and what it says twice: nothing is refused for it.

    `known`: ids that are there already, by the roster's own words: sites, residents, fences, models.
    """
    there = {
        "models": {m.model for m in roster.models},
        "sites": {s.site_id for s in roster.sites},
        "residents": {r.resident_id for r in roster.residents},
        "fences": {f.fence_id for f in roster.fences},
    }
    there = {word: ids | known.get(word, set()) for word, ids in there.items()}
    found = []
    for device in roster.devices:
        named = [("models", device.model), ("sites", device.site_id), ("residents", device.resident_id)]
        named += [("fences", fence_id) for fence_id in device.fence_ids or ()]
        found += [
            f"device {device.device_id} names {name!r}, which is not among the {word}"
            for word, name in named
            if name is not None and name not in there[word]
        ]
    counts = Counter(device.device_id for device in roster.devices)
    return found + [f"device {i} is there {n} times: the last one counts" for i, n in counts.items() if n > 1]


def edit_of(change: RosterChange) -> RosterEdit:
    """What the core learns of a change: no name, no phone."""
    put, remove = change.put, change.remove
    return RosterEdit(
        models=tuple(Model(m.model, m.contact_every_s, m.crs) for m in put.models),
        sites=tuple(Site(s.site_id, s.county) for s in put.sites),
        fences=tuple(_fence(entry) for entry in put.fences),
        devices=tuple(_device(entry) for entry in put.devices),
        remove_models=tuple(remove.models),
        remove_sites=tuple(remove.sites),
        remove_fences=tuple(remove.fences),
        remove_devices=tuple(remove.devices),
    )


def _fence(entry: FenceEntry) -> Fence:
    evidence = None if entry.evidence is None else msgspec.to_builtins(entry.evidence)
    return Fence(entry.fence_id, entry.role, entry.geometry, entry.site_id, entry.schedule, evidence or None)


def _device(entry: DeviceEntry) -> Device:
    fence_ids = None if entry.fence_ids is None else tuple(entry.fence_ids)
    return Device(
        entry.device_id, entry.kind, entry.model, entry.site_id, entry.zone, entry.resident_id, fence_ids
    )
