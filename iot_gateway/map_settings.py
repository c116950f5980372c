"""Owns the settings of the base map: what lies beneath the console's map, and in which coordinate system.

What is wrong is found here, before anything starts, and named. Whether the archive is there is not
asked here: a missing picture must never keep the gateway from its alarms (`api.basemap.fault`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

TIANDITU_HOSTS: Final = tuple(f"https://t{n}.tianditu.gov.cn" for n in range(8))
# The host goes into a header that decides what the browser may load: nothing but a plain name.
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "none": (),
    "tianditu": ("key",),
    "xyz": ("url",),
    "pmtiles": ("file", "url"),
}


class MapSettings(BaseModel):
    """What is drawn beneath devices and fences. `none`: the schematic of the twelve counties."""

    model_config = ConfigDict(extra="forbid")
    source: Literal["none", "tianditu", "xyz", "pmtiles"] = "none"
    key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{1,100}$")
    url: str | None = Field(default=None, max_length=2000)
    file: Path | None = None  # a relative one lies in data_dir
    # Of the tiles. Baidu's (bd09) are cut by a grid of their own, which no XYZ address can name.
    crs: Literal["wgs84", "gcj02"] = "wgs84"
    max_zoom: int = Field(default=18, ge=1, le=24)
    attribution: str | None = Field(default=None, max_length=300)
    review_number: str | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """What the source needs is there, and nothing that it would ignore.

        Raises:
            ValueError: names the setting.
        """
        wanted = _NEEDS[self.source]
        for name in ("key", "url", "file"):
            if getattr(self, name) is not None and name not in wanted:
                raise ValueError(f"{name} is set, but source is '{self.source}', which does not use it")
        if wanted and sum(getattr(self, name) is not None for name in wanted) != 1:
            needs = " or ".join(name for name in wanted)
            raise ValueError(f"source '{self.source}' needs {needs}{', one of them' if wanted[1:] else ''}")
        if self.source == "tianditu" and self.crs != "wgs84":
            raise ValueError("crs: the tiles of tianditu are wgs84")
        if self.url is not None:
            _check_url(self.url, is_template=self.source == "xyz")
        return self

    @property
    def origins(self) -> tuple[str, ...]:
        """The hosts the browser must be allowed to ask, as scheme://host:port; none of our own."""
        if self.source == "tianditu":
            return TIANDITU_HOSTS
        if self.url is None or self.url.startswith("/"):
            return ()
        parts = urlsplit(self.url)
        return (f"{parts.scheme}://{parts.netloc.lower()}",)


def _check_url(url: str, *, is_template: bool) -> None:
    """An address a browser can fetch: absolute, or a path on the console's own host."""
    if re.search(r"[\s\x00-\x1f\x7f\"'<>\\^`]", url):
        raise ValueError("url: has a character that no address has")
    places = re.findall(r"\{[^}]*\}?", url)
    if sorted(places) != (["{x}", "{y}", "{z}"] if is_template else []):
        wants = "needs {z}, {x} and {y}, once each, and no other braces" if is_template else "has no braces"
        raise ValueError(f"url: {wants}")
    if url.startswith("/") and not url.startswith("//"):
        return
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or port == 0:
        raise ValueError("url: must look like https://tiles.example.org/... or /...")
    if not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("url: its host must be a plain name or IPv4 address")
