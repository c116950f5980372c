"""The base map by configuration: what is complete is taken, what is wrong or ignored names itself."""

import pytest
from pydantic import ValidationError

from iot_gateway.map_settings import TIANDITU_HOSTS, MapSettings
from iot_gateway.settings import ConfigError, load

XYZ = "https://tiles.example.org/{z}/{x}/{y}.png"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith("SHOUWANG_"):
            monkeypatch.delenv(name)


def made(**values):
    return MapSettings.model_validate(values)


def refusal(tmp_path, text):
    path = tmp_path / "shouwang.toml"
    path.write_text(f"[map]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(path)
    said = str(error.value)
    assert "\n" not in said and said.startswith("map")
    return said


def test_without_a_word_there_is_none_and_nobody_is_asked():
    assert load().map == MapSettings() and load().map.source == "none" and load().map.origins == ()


@pytest.mark.parametrize(
    ("values", "origins"),
    [
        ({"source": "tianditu", "key": "0123456789abcdef"}, TIANDITU_HOSTS),
        ({"source": "xyz", "url": XYZ}, ("https://tiles.example.org",)),
        ({"source": "xyz", "url": XYZ, "crs": "gcj02", "max_zoom": 16}, ("https://tiles.example.org",)),
        ({"source": "xyz", "url": "http://10.0.0.7:8080/t?x={x}&y={y}&z={z}"}, ("http://10.0.0.7:8080",)),
        ({"source": "xyz", "url": "https://Tiles.Example.ORG/{z}/{x}/{y}"}, ("https://tiles.example.org",)),
        ({"source": "xyz", "url": "/tiles/{z}/{x}/{y}.png"}, ()),
        ({"source": "pmtiles", "file": "weifang.pmtiles"}, ()),
        ({"source": "pmtiles", "url": "https://maps.example.org/a.pmtiles"}, ("https://maps.example.org",)),
    ],
)
def test_what_is_complete_names_the_hosts_it_needs_and_no_other(values, origins):
    assert made(**values).origins == origins


def test_the_environment_says_it_too(monkeypatch):
    monkeypatch.setenv("SHOUWANG_MAP__SOURCE", "xyz")
    monkeypatch.setenv("SHOUWANG_MAP__URL", XYZ)
    monkeypatch.setenv("SHOUWANG_MAP__CRS", "gcj02")
    assert (load().map.url, load().map.crs) == (XYZ, "gcj02")


WRONG = {
    "source = 'google'": "map.source",
    "colour = 1": "map.colour",
    "crs = 'bd09'": "map.crs",
    "max_zoom = 0": "map.max_zoom",
    "max_zoom = 30": "map.max_zoom",
    "source = 'tianditu'": "needs key",
    "source = 'tianditu'\nkey = ''": "map.key",
    "source = 'tianditu'\nkey = 'a&tk=b'": "map.key",
    "source = 'tianditu'\nkey = 'abc'\ncrs = 'gcj02'": "crs",
    "source = 'tianditu'\nkey = 'abc'\nurl = '/x'": "url is set",
    "source = 'xyz'": "needs url",
    "source = 'pmtiles'": "needs file or url",
    "source = 'pmtiles'\nfile = 'a'\nurl = 'https://a.example/b'": "one of them",
    "source = 'pmtiles'\nurl = 'https://a.example/{z}.pmtiles'": "url",
    f"url = '{XYZ}'": "url is set",
    "key = 'abc'": "key is set",
    "file = 'a.pmtiles'": "file is set",
    "source = 'xyz'\nurl = 7": "map.url",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_names_itself(text, tmp_path):
    assert WRONG[text] in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "url",
    [
        "", "tiles.example.org/{z}/{x}/{y}", "ftp://a.example/{z}/{x}/{y}", "//a.example/{z}/{x}/{y}", "https:///{z}/{x}/{y}",
        "https://a.example/{z}/{x}", "https://a.example/{z}/{x}/{y}/{y}", "https://{s}.a.example/{z}/{x}/{y}",
        "https://a.example/{z}/{x}/{-y}", "https://a.example/{z}/{x}/{y", "https://user:pw@a.example/{z}/{x}/{y}",
        "https://a.example:0/{z}/{x}/{y}", "https://a.example:99999/{z}/{x}/{y}", "https://a.example:x/{z}/{x}/{y}",
        "https://*/{z}/{x}/{y}", "https://*.example/{z}/{x}/{y}", "https://a.example; script-src */{z}/{x}/{y}",
        "https://a.example;script-src/{z}/{x}/{y}", "https://a.example,b.example/{z}/{x}/{y}", "https://[::1]/{z}/{x}/{y}",
        "https://a.example\n/{z}/{x}/{y}", "https://'self'/{z}/{x}/{y}", "javascript:alert(1)//{z}/{x}/{y}",
        "https://瓦片.example/{z}/{x}/{y}",
    ],
)  # fmt: skip
def test_an_address_that_could_open_another_door_is_refused(url):
    with pytest.raises(ValidationError):
        made(source="xyz", url=url)
