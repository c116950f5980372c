"""Serves what lies beneath the console's map, and says which outside host that needs, if any.

The configuration reaches every signed-in browser, the key of Tianditu with it: a browser that
fetches tiles by a key cannot be kept from knowing it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.responses import FileResponse

from api import problems
from api.auth import Who
from api.problems import ProblemError
from iot_gateway.map_settings import TIANDITU_HOSTS, MapSettings
from iot_gateway.settings import Settings

ARCHIVE: Final = "/api/v1/map/archive.pmtiles"
TIANDITU_LAYERS: Final = ("vec", "cva")  # the map, and its writing
TIANDITU_ATTRIBUTION: Final = "国家地理信息公共服务平台 天地图"
_HEADER_BYTES: Final = 127  # of a PMTiles archive, version 3
_TILE_TYPES: Final = frozenset({1, 2, 3, 4, 5})  # vector; png, jpeg, webp, avif

router = APIRouter(prefix="/api/v1", tags=["map"], responses=problems.DEFAULT_RESPONSE)


class BaseMap(BaseModel):
    """`layers`: tile addresses from the ground up. `archive`: a PMTiles address. `fault`: why there is none."""

    source: Literal["none", "tianditu", "xyz", "pmtiles"]
    crs: Literal["wgs84", "gcj02"]
    layers: list[list[str]]
    archive: str | None
    max_zoom: int
    attribution: str | None
    review_number: str | None
    fault: str | None


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Configured = Annotated[Settings, Depends(_settings)]


@router.get("/map")
def base_map(who: Who, settings: Configured) -> BaseMap:
    """What the console draws beneath devices and fences."""
    del who
    wanted, found = settings.map, fault(settings)
    if found is not None:
        wanted = MapSettings()
    return BaseMap(
        source=wanted.source,
        crs=wanted.crs,
        layers=_layers(wanted),
        archive=(ARCHIVE if wanted.url is None else wanted.url) if wanted.source == "pmtiles" else None,
        max_zoom=wanted.max_zoom,
        attribution=wanted.attribution or (TIANDITU_ATTRIBUTION if wanted.source == "tianditu" else None),
        review_number=wanted.review_number,
        fault=found,
    )


def _layers(wanted: MapSettings) -> list[list[str]]:
    if wanted.source == "xyz":
        return [[str(wanted.url)]]
    if wanted.source != "tianditu":
        return []
    return [
        [
            f"{host}/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default"
            f"&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={wanted.key}"
            for host in TIANDITU_HOSTS
        ]
        for layer in TIANDITU_LAYERS
    ]


@router.get(
    "/map/archive.pmtiles",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/vnd.pmtiles": {}}},
        206: {"description": "The bytes of `Range`."},
    },
)
def archive(who: Who, settings: Configured) -> Response:
    """The archive of `map.file`, whole or by `Range`."""
    del who
    path = _archive_path(settings)
    if path is None or not path.is_file():
        raise ProblemError(404, "There is no such archive.")
    return FileResponse(path, media_type="application/vnd.pmtiles")


def _archive_path(settings: Settings) -> Path | None:
    return None if settings.map.file is None else settings.data_dir / settings.map.file


def fault(settings: Settings) -> str | None:
    """Why the archive cannot be shown, in one line that names the setting; None if it can."""
    path = _archive_path(settings)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        return f"map.file: {path}: {error.strerror}"
    if len(header) < _HEADER_BYTES or header[:8] != b"PMTiles\x03":
        return f"map.file: {path}: no PMTiles archive of version 3"
    if header[99] not in _TILE_TYPES:
        return f"map.file: {path}: its tiles are of a kind that the console cannot draw"
    return None


def tell_fault(settings: Settings) -> None:
    """Say at the start what is wrong; the console then shows its schematic, and alarms go on."""
    found = fault(settings)
    if found is not None:
        structlog.get_logger("api.map").error("the base map cannot be shown", fault=found)


def content_policy(wanted: MapSettings) -> str:
    """The content-security policy: ourselves, and of others exactly the hosts of the tiles."""
    rules = ["default-src 'self'"]
    if wanted.origins:
        hosts = " ".join(wanted.origins)
        rules += [f"img-src 'self' {hosts}", f"connect-src 'self' {hosts}"]
    return "; ".join(
        [*rules, "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'"]
    )
