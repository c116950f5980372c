"""Decides which columns a table of each kind has, and what a cell of each means.

Pure. A header is the column's field name, or its Chinese or English title; a cell is text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

Language = Literal["zh", "en"]
CONTACTS: Final = 3  # a table has room for so many; further ones are kept as they are


class CellError(Exception):
    """A cell that cannot be taken. `code` names the reason for programs, `str` says it in words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its field, its titles, how a cell is read, and what to write in it."""

    name: str
    zh: str
    en: str
    read: Callable[[str], Any]
    zh_note: str = ""
    en_note: str = ""
    needed: bool = False

    def title(self, lang: Language) -> str:
        return self.zh if lang == "zh" else self.en

    def note(self, lang: Language) -> str:
        return self.zh_note if lang == "zh" else self.en_note


def words(cell: str) -> str:
    """Text, as it stands."""
    return cell


def number(cell: str) -> float:
    """A plain decimal number: no unit, no thousands separator, no exponent."""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", plain):
        raise CellError("bad_number", "is not a number")
    return float(plain)


def birth_date(cell: str) -> str:
    """A day however spreadsheets write it, or a year: YYYY-MM-DD or YYYY."""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if re.fullmatch(r"[0-9]{4}年?", plain):
        return plain[:4]
    parts = re.fullmatch(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?", plain)
    if parts is None:
        raise CellError("bad_date", "is no date: write 1941-03-05, or only 1941")
    return f"{parts[1]}-{int(parts[2]):02d}-{int(parts[3]):02d}"


def _one_of(**meanings: str) -> Callable[[str], str]:
    """A word for each code, several with `/` between them; the code itself is understood too."""
    known = {word: code for code, said in meanings.items() for word in (code, *said.split("/"))}

    def read(cell: str) -> str:
        plain = unicodedata.normalize("NFKC", cell).strip().lower()
        if plain.replace(" ", "_") in known:
            return known[plain.replace(" ", "_")]
        raise CellError("not_a_choice", f"is none of {', '.join(meanings)}")

    return read


def json_value(cell: str) -> Any:
    """GeoJSON, or a schedule, in the contract's form."""
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise CellError("bad_json", "is not JSON") from error


def fence_ids(cell: str) -> list[str] | None:
    """The ids with a semicolon or comma between them; `none` for none; `site` for the site's."""
    plain = cell.strip()
    if plain.lower() in {"site", "机构", "本机构"}:
        return None
    if plain.lower() in {"none", "无"}:
        return []
    return [one.strip() for one in re.split(r"[;,；，、\n]", plain) if one.strip()]


_SITE_KIND: Final = _one_of(
    nursing_home="养老机构/养老院/敬老院", day_care="日间照料中心", happiness_home="农村幸福院/幸福院", home="居家",
    canteen="助老食堂",
)  # fmt: skip
_DEVICE_KIND: Final = _one_of(wristband="手环/腕带", fire_sensor="消防探测器", home_sensor="居家传感器")
_ROLE: Final = _one_of(safe="安全围栏/安全", forbidden="禁入围栏/禁入")

_SITE: Final = Column("site_id", "机构编号", "Site ID", words, "名册中已有的机构", "of a site in the roster")

COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "sites": (
        Column("site_id", "机构编号", "Site ID", words, "不可重复", "one of its own", needed=True),
        Column("name", "名称", "Name", words),
        Column(
            "kind", "类型", "Kind", _SITE_KIND, "养老机构、日间照料中心、农村幸福院、居家、助老食堂",
            "nursing_home, day_care, happiness_home, home, canteen", needed=True,
        ),
        Column("lat", "纬度", "Latitude", number, "WGS-84，度，如 36.7069", "WGS-84 degrees", needed=True),
        Column("lon", "经度", "Longitude", number, "WGS-84，度，如 119.1618", "WGS-84 degrees", needed=True),
        Column("county", "县市区", "County", words, "如 奎文区"),
        Column("street", "街道或乡镇", "Street", words),
        Column("phone", "机构电话", "Phone", words),
        Column("street_phone", "街道电话", "Street phone", words, "街道办或乡镇政府", "of the street's office"),
    ),
    "residents": (
        Column("resident_id", "老人编号", "Resident ID", words, "不可重复", "one of its own", needed=True),
        Column("name", "姓名", "Name", words),
        _SITE,
        Column("room", "房间", "Room", words),
        Column("birth_date", "出生日期", "Birth date", birth_date, "1941-03-05，或只写 1941", "1941-03-05 or 1941"),
        Column("care_level", "照护等级", "Care level", words),
        Column("risk_notes", "风险提示", "Risk notes", words, "如 夜间易走动"),
        *(
            Column(f"contact_{n}_{part}", f"联系人{n}{zh}", f"Contact {n} {part}", words)
            for n in range(1, CONTACTS + 1)
            for part, zh in (("name", "姓名"), ("relation", "关系"), ("phone", "电话"))
        ),
    ),
    "devices": (
        Column("device_id", "设备编号", "Device ID", words, "字母、数字、_ 和 -", "letters, digits, _ and -", needed=True),
        Column(
            "kind", "类型", "Kind", _DEVICE_KIND, "手环、消防探测器、居家传感器", "wristband, fire_sensor, home_sensor",
            needed=True,
        ),
        Column("model", "型号", "Model", words),
        _SITE,
        Column("zone", "区域", "Zone", words, "如 2F"),
        Column("resident_id", "佩戴人编号", "Resident ID", words, "名册中已有的老人", "of a resident in the roster"),
        Column(
            "fence_ids", "围栏", "Fences", fence_ids, "机构（用本机构的）、无，或围栏编号，以分号隔开",
            "site (those of its site), none, or ids with a semicolon between them",
        ),
    ),
    "fences": (
        Column("fence_id", "围栏编号", "Fence ID", words, "不可重复", "one of its own", needed=True),
        Column("name", "名称", "Name", words),
        Column("role", "作用", "Role", _ROLE, "安全围栏或禁入围栏", "safe or forbidden"),
        _SITE,
        Column("lat", "圆心纬度", "Centre latitude", number, "圆形围栏填这三列", "these three for a circle"),
        Column("lon", "圆心经度", "Centre longitude", number),
        Column("radius_m", "半径（米）", "Radius m", number),
        Column("geometry", "图形", "Geometry", json_value, "其他形状：GeoJSON", "any other shape: GeoJSON"),
        Column("schedule", "生效时段", "Schedule", json_value, "JSON；不填为全天", "JSON; empty means always"),
    ),
}  # fmt: skip


def column_of(kind: str, header: str) -> Column | None:
    """The column that a header names."""
    wanted = _folded(header)
    for column in COLUMNS[kind]:
        if wanted in {_folded(column.name), _folded(column.zh), _folded(column.en)}:
            return column
    return None


def _folded(header: str) -> str:
    """Without case, spaces, brackets and the mark of what is needed."""
    return re.sub(r"[\s_()（）*＊]", "", unicodedata.normalize("NFKC", header)).lower()


def item_of(kind: str, fields: dict[str, Any], stored: dict[str, Any] | None) -> dict[str, Any]:
    """The contract's object from the fields of a row; columns that are not there keep what is stored.

    Raises:
        CellError: the cells do not make one together.
    """
    item = dict(stored or {})
    if kind == "residents":
        _join_contacts(item, fields)
    if kind == "fences":
        _join_circle(item, fields)
    return {name: value for name, value in (item | fields).items() if value is not None}


def _join_contacts(item: dict[str, Any], fields: dict[str, Any]) -> None:
    """The columns say the first three contacts; what they do not say stays."""
    said = {name: fields.pop(name) for name in list(fields) if name.startswith("contact_")}
    if not said:
        return
    contacts = [dict(one) for one in item.get("contacts") or []]
    contacts += [{} for _ in range(CONTACTS - len(contacts))]
    for name, value in said.items():
        _, n, part = name.split("_")
        contacts[int(n) - 1][part] = value
    kept = [{part: value for part, value in one.items() if value is not None} for one in contacts]
    item["contacts"] = [one for one in kept if one]


def _join_circle(item: dict[str, Any], fields: dict[str, Any]) -> None:
    """A circle's centre and radius, unless the row draws the shape itself."""
    lat, lon, radius_m = (fields.pop(name, None) for name in ("lat", "lon", "radius_m"))
    if fields.get("geometry") is None:
        fields.pop("geometry", None)
        given = [value for value in (lat, lon, radius_m) if value is not None]
        if len(given) == 3:
            item["geometry"] = {"type": "Point", "coordinates": [lon, lat], "radius_m": radius_m}
        elif given:
            raise CellError("half_circle", "a circle needs its latitude, longitude and radius")
