"""The base map at the door: what the console is told, the archive by ranges, and which hosts the browser may ask."""

from __future__ import annotations

import struct
from contextlib import asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from api import basemap
from api.accounts import add_token
from api.app import create_app
from api.cli import app as command_line
from iot_gateway.map_settings import TIANDITU_HOSTS, MapSettings
from iot_gateway.settings import Settings

XYZ = "https://tiles.example.org/{z}/{x}/{y}.png"


def archive(tile_type: int = 2) -> bytes:
    """The header of a PMTiles archive, and some bytes."""
    return b"PMTiles\x03" + bytes(90) + struct.pack("<BBB", 1, tile_type, 0) + bytes(26) + bytes(range(200))


@asynccontextmanager
async def door(book, **wanted):
    settings = Settings(
        data_dir=book.path.parent, store={"url": f"sqlite:///{book.path}"}, map=MapSettings(**wanted)
    )
    app = create_app(settings)
    key = {"Authorization": f"Bearer {add_token(book.path, 'map')}"}
    try:
        yield app, key
    finally:
        await app.state.database.close()


async def ask(app, path="/api/v1/map", **headers):
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1"
    ) as client:
        return await client.get(path, headers=headers)


def hosts_of(policy: str) -> dict[str, set[str]]:
    return {rule.split()[0]: set(rule.split()[1:]) for rule in policy.split(";")}


@pytest.mark.anyio
async def test_by_default_the_schematic_and_no_other_host(book):
    async with door(book) as (app, key):
        answer = await ask(app, **key)
        assert answer.json() == {
            "source": "none", "crs": "wgs84", "layers": [], "archive": None, "max_zoom": 18, "attribution": None,
            "review_number": None, "fault": None,
        }  # fmt: skip
        assert hosts_of(answer.headers["content-security-policy"]) == {
            "default-src": {"'self'"}, "base-uri": {"'none'"}, "form-action": {"'self'"},
            "frame-ancestors": {"'none'"}, "object-src": {"'none'"},
        }  # fmt: skip
        assert (await ask(app, "/api/v1/map/archive.pmtiles", **key)).status_code == 404


@pytest.mark.anyio
async def test_who_is_not_let_in_learns_neither_key_nor_map(book):
    async with door(book, source="tianditu", key="secret0") as (app, _):
        for path in ("/api/v1/map", "/api/v1/map/archive.pmtiles"):
            answer = await ask(app, path)
            assert answer.status_code == 401 and "secret0" not in answer.text


@pytest.mark.anyio
async def test_xyz_opens_exactly_its_host(book):
    review = "鲁SG(2024)000号"
    async with door(book, source="xyz", url=XYZ, crs="gcj02", attribution="© 样例", review_number=review) as (
        app,
        key,
    ):
        answer = await ask(app, **key)
        told = answer.json()
        assert (told["layers"], told["crs"]) == ([[XYZ]], "gcj02")
        assert (told["attribution"], told["review_number"]) == ("© 样例", review)
        rules = hosts_of(answer.headers["content-security-policy"])
        assert rules["default-src"] == {"'self'"}
        allowed = {"'self'", "https://tiles.example.org"}
        assert rules.pop("img-src") == rules.pop("connect-src") == allowed
        assert not [host for hosts in rules.values() for host in hosts if "example" in host]


@pytest.mark.anyio
async def test_tianditu_is_two_layers_with_the_key_from_its_own_hosts(book):
    async with door(book, source="tianditu", key="abc123") as (app, key):
        answer = await ask(app, **key)
        ground, writing = answer.json()["layers"]
        assert len(ground) == len(writing) == len(TIANDITU_HOSTS)
        assert "LAYER=vec&" in ground[0] and "LAYER=cva&" in writing[0]
        assert all(url.endswith("&tk=abc123") and "{z}" in url for url in (*ground, *writing))
        assert "天地图" in answer.json()["attribution"] and answer.json()["crs"] == "wgs84"
        rules = hosts_of(answer.headers["content-security-policy"])
        assert rules["img-src"] == {"'self'", *TIANDITU_HOSTS}


@pytest.mark.anyio
async def test_an_archive_of_our_own_is_served_by_ranges_and_opens_no_host(book):
    content = archive()
    (book.path.parent / "city.pmtiles").write_bytes(content)
    async with door(book, source="pmtiles", file="city.pmtiles") as (app, key):
        answer = await ask(app, **key)
        told = answer.json()
        assert (told["archive"], told["fault"]) == ("/api/v1/map/archive.pmtiles", None)
        assert "img-src" not in hosts_of(answer.headers["content-security-policy"])
        part = await ask(app, told["archive"], Range="bytes=3-9", **key)
        assert part.status_code == 206 and part.content == content[3:10]
        assert part.headers["content-range"] == f"bytes 3-9/{len(content)}"
        assert (await ask(app, told["archive"], **key)).content == content
        beyond = await ask(app, told["archive"], Range=f"bytes={len(content)}-", **key)
        assert beyond.status_code == 416


BROKEN = {
    "absent": (None, "No such file"),
    "empty": (b"", "no PMTiles archive"),
    "a picture": (b"\x89PNG" + bytes(200), "no PMTiles archive"),
    "an old version": (archive().replace(b"\x03", b"\x02", 1), "no PMTiles archive"),
    "cut": (archive()[:60], "no PMTiles archive"),
    "of unknown tiles": (archive(9), "cannot draw"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_archive_is_told_and_the_schematic_stays(name, book):
    content, word = BROKEN[name]
    if content is not None:
        (book.path.parent / "city.pmtiles").write_bytes(content)
    async with door(book, source="pmtiles", file="city.pmtiles") as (app, key):
        told = (await ask(app, **key)).json()
        assert told["source"] == "none" and told["archive"] is None
        assert told["fault"].startswith("map.file: ") and word in told["fault"]
        with capture_logs() as said:
            basemap.tell_fault(app.state.settings)
        assert [entry["fault"] for entry in said] == [told["fault"]]


@pytest.mark.parametrize("name", BROKEN)
def test_check_names_a_broken_archive(name, tmp_path, monkeypatch):
    content, word = BROKEN[name]
    if content is not None:
        (tmp_path / "city.pmtiles").write_bytes(content)
    config = tmp_path / "shouwang.toml"
    config.write_text(
        f'data_dir = "{tmp_path}"\n[map]\nsource = "pmtiles"\nfile = "city.pmtiles"\n', encoding="utf-8"
    )
    done = CliRunner().invoke(command_line, ["check", "--config", str(config)])
    assert done.exit_code == 1 and "map.file" in done.output and word in done.output


def test_check_says_which_map(tmp_path):
    (tmp_path / "city.pmtiles").write_bytes(archive())
    config = tmp_path / "shouwang.toml"
    config.write_text(
        f'data_dir = "{tmp_path}"\n[map]\nsource = "pmtiles"\nfile = "city.pmtiles"\n', encoding="utf-8"
    )
    done = CliRunner().invoke(command_line, ["check", "--config", str(config)])
    assert done.exit_code == 0 and "map: pmtiles" in done.output
    config.write_text('[map]\nsource = "tianditu"\n', encoding="utf-8")
    done = CliRunner().invoke(command_line, ["check", "--config", str(config)])
    assert done.exit_code == 1 and "needs key" in done.output
