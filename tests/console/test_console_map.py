"""The live map in a real browser: what is clicked tells, base maps come and fail, the address keeps it all."""

from __future__ import annotations

import base64
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import ARGS, CHROMIUM
from console_house import LAT, LON, PASSWORD, WAIT_S, free_port, until
from map_tiles import pmtiles, tile_host

from iot_gateway.crs import wgs84_to_gcj02

expect = pytest.importorskip("playwright.sync_api").expect
REVIEW = "鲁SG(2026)000号"


@contextmanager
def another_api(service, **settings: str) -> Iterator[str]:
    """A second api over the same store, with a base map; its address."""
    port = free_port()
    env = service._env | {f"SHOUWANG_MAP__{name.upper()}": value for name, value in settings.items()}
    env["SHOUWANG_HTTP__PORT"] = str(port)
    with (service.directory / "map-api.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "api", "api"], env=env, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def visit(browser):
    """Opens a page of any service, signed in; what breaks the content-security policy fails the test."""
    contexts, complaints = [], []

    def opened(url: str, at: str = "#/map", by=browser):
        context = by.new_context(viewport={"width": 1366, "height": 768})
        contexts.append(context)
        context.set_default_timeout(WAIT_S * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
        )
        until(lambda: _reached(page, f"{url}{at}"), "the page")
        page.fill("#username", "li")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("header nav")
        if not page.evaluate("document.createElement('canvas').getContext('webgl2') !== null"):
            pytest.skip("this browser has no WebGL")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def _reached(page, url) -> bool:
    try:
        page.goto(url)
    except Exception:  # noqa: BLE001 - not listening yet
        return False
    return True


def canvas(page):
    return page.locator("canvas.maplibregl-canvas")


def click_until(page, dx: float, dy: float, seen, what: str) -> None:
    """Click beside the map's centre until it shows; a mark is there when its tile has been drawn."""

    def clicked() -> bool:
        box = canvas(page).bounding_box()  # each time: a banner may have come and moved it
        page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)
        page.wait_for_timeout(200)
        return bool(seen())

    until(clicked, what)


def colours(page) -> int:
    """How many colours the map shows; a blank one shows one."""
    picture = base64.b64encode(canvas(page).screenshot()).decode()
    return page.evaluate(
        """async text => {
          const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0))
          const image = await createImageBitmap(new Blob([bytes]))
          const pen = new OffscreenCanvas(image.width, image.height).getContext('2d')
          pen.drawImage(image, 0, 0)
          const found = new Set()
          const { data } = pen.getImageData(0, 0, image.width, image.height)
          for (let i = 0; i < data.length; i += 4) found.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2])
          return found.size
        }""",
        picture,
    )


def near(lon: float, lat: float, zoom: float = 16, more: str = "") -> str:
    return f"#/map?view={lon},{lat},{zoom}{more}"


# What is clicked tells ------------------------------------------------------------------------------


def test_a_band_shows_who_how_sure_and_how_old(visit, service):
    service.say("W25", "location", lat=36.45, lon=119.25, acc=18, src="wifi", bat=64)
    until(lambda: service.get("devices/W25")["position"], "the position")
    page = visit(service.url, near(119.25, 36.45))
    card = page.locator("[data-card=W25]")
    click_until(page, 0, 0, card.is_visible, "the card")
    for said in (
        "样例老人25",
        "安丘样例敬老院",
        "1F-25",
        "失智",
        "WiFi 定位",
        "18 m",
        "以内（按步行估计）",
        "64%",
    ):
        expect(card).to_contain_text(said)
    expect(card.get_by_role("link", name="看当天轨迹")).to_have_attribute("href", "#/track?device=W25")
    assert "device=W25" in page.url
    page.get_by_role("button", name="收起").click()
    expect(card).to_have_count(0)


def test_an_alarm_opens_by_mouse_and_by_key(visit, service):
    alarm_id = service.alarm("W26", "sos", lat=36.46, lon=119.26, acc=10, src="gnss")
    page = visit(service.url, near(119.26, 36.46))
    click_until(page, 0, 0, lambda: f"alarm={alarm_id}" in page.url, "the alarm")
    expect(page.locator("aside.drawer")).to_contain_text("样例老人26")
    page.go_back()
    expect(page).to_have_url(re.compile("view=119.26"))
    link = page.locator(f'aside [data-alarm="{alarm_id}"] .open')
    expect(link).to_contain_text("呼救 样例老人26")
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"alarm={alarm_id}"))


def test_several_alarms_at_one_place_open_as_a_list(visit, service):
    ids = [service.alarm("W28", kind, lat=36.47, lon=119.27, acc=10, src="gnss") for kind in ("sos", "fall")]
    page = visit(service.url, near(119.27, 36.47))
    heap = page.get_by_role("heading", name="此处有 2 条告警")
    click_until(page, 0, 0, heap.is_visible, "the list")
    for alarm_id in ids:
        expect(page.locator(f'.chosen [data-alarm="{alarm_id}"]')).to_be_visible()
    page.locator(f'.chosen [data-alarm="{ids[1]}"] .open').click()
    expect(page).to_have_url(re.compile(f"alarm={ids[1]}"))


def test_a_fence_and_a_site_have_cards(visit, service):
    page = visit(service.url, near(LON, LAT))
    fence = page.locator("[data-card=qw-area]")
    click_until(page, -36, 18, fence.is_visible, "the fence")
    for said in ("奎文院区", "安全围栏", "此刻生效", "全天生效", "圆形，半径 100 m"):
        expect(fence).to_contain_text(said)
    page.goto(f"{service.url}{near(119.21, 36.43)}")
    page.reload()
    site = page.locator("[data-card=aq]")
    click_until(page, 20, -8, site.is_visible, "the sensors of the site")
    for said in ("安丘样例敬老院", "安丘市", "000-2222", "手环 20 只", "探测器 9 台", "消防探测器 3F"):
        expect(site).to_contain_text(said)


def test_layers_county_and_choice_are_in_the_address(visit, service):
    page = visit(service.url)
    expect(canvas(page)).to_be_visible()
    page.locator("[data-layer=sites]").click()
    page.locator("[data-layer=fences]").click()
    expect(page).to_have_url(re.compile("hide=sites(,|%2C)fences"))
    page.get_by_label("跳到县市区").select_option("安丘市")
    expect(page).to_have_url(re.compile("view="))
    lon, lat, zoom = (
        float(part) for part in re.search(r"view=([^&]+)", page.url)[1].replace("%2C", ",").split(",")
    )
    assert 118.8 < lon < 119.5 and 36.0 < lat < 36.7 and zoom > 9
    page.reload()
    expect(page.locator("[data-layer=sites] input")).not_to_be_checked()
    expect(page.locator("[data-layer=bands] input")).to_be_checked()
    expect(page.get_by_label("跳到县市区")).to_have_value("安丘市")
    page.locator("[data-county=奎文区] button").click()
    expect(page).to_have_url(re.compile("county=(奎文区|%E5%A5%8E)"))
    page.locator("[data-layer=sites]").click()
    expect(page).to_have_url(re.compile("hide=fences"))


def test_the_counties_count_what_is_open(visit, service):
    service.quiet()
    page = visit(service.url)
    cell = page.locator("[data-county=安丘市] td").first
    expect(page.locator("[data-county]")).to_have_count(12)
    expect(cell).to_have_text("0")
    service.alarm("W29", "sos")
    expect(cell).to_have_text("1")


@pytest.mark.parametrize("at", ["#/map?view=x,y,z", "#/map?view=1e9,1,1", "#/map?hide=all,,&county=无&device=none&sort=x"])  # fmt: skip
def test_an_address_that_nobody_made_does_no_harm(visit, service, at):
    page = visit(service.url, at)
    expect(canvas(page)).to_be_visible()
    expect(page.locator("[data-county]")).to_have_count(12)


def test_no_webgl_at_all_gives_the_list_with_the_same_to_know(browser, service, visit):
    service.say("W30", "location", lat=36.48, lon=119.28, acc=9, src="gnss", bat=50)
    service.say("W31", "location", lat=36.48, lon=119.29, acc=9, src="gnss")
    service.alarm("W32", "sos", lat=36.58, lon=119.28, acc=9, src="gnss")
    until(lambda: service.get("devices/W31")["position"], "the position")
    blind = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=[*ARGS[:-1], "--disable-3d-apis", "--disable-webgl"]
    )
    try:
        page = blind.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(WAIT_S * 1000)
        page.goto(f"{service.url}#/map?device=W30&sort=distance")
        page.fill("#username", "li")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("[data-no-webgl]")).to_be_visible()
        assert page.locator("canvas").count() == 0
        expect(page.locator("[data-card=W30]")).to_contain_text("50%")
        lines = page.get_by_role("list", name="设备").get_by_role("listitem")
        page.get_by_label("查找机构或佩戴人").fill("W3")
        texts = until(
            lambda: (
                (found := lines.all_inner_texts())
                and any("距离" in one for one in found)
                and any("W32" in one for one in found)
                and found
            ),
            "lines",
        )
        order = [re.search(r"W3\d", one)[0] for one in texts]
        assert order.index("W32") < order.index("W30") < order.index("W31"), "alarms first, then by distance"
        assert "呼救" in texts[order.index("W32")] and "安丘市" in texts[order.index("W31")]
        page.get_by_label("跳到县市区").select_option("奎文区")
        expect(lines).to_have_count(0)
        expect(page.locator("[data-county=安丘市]")).to_be_visible()
    finally:
        blind.close()


# What lies beneath ----------------------------------------------------------------------------------


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)


def test_tiles_in_gcj02_are_asked_where_they_are_and_marks_lie_on_them(visit, service):
    service.say("W33", "location", lat=36.5, lon=119.3, acc=8, src="gnss")
    until(lambda: service.get("devices/W33")["position"], "the position")
    shown = {"attribution": "样例底图", "review_number": REVIEW}
    with tile_host() as tiles, another_api(service, source="xyz", url=tiles.url, crs="gcj02", **shown) as url:
        page = visit(url, near(119.3, 36.5, 18))
        expect(page.locator("[data-attribution]")).to_have_text(f"样例底图 · {REVIEW}")
        expect(page.locator(".schematic")).to_have_count(0)
        lat, lon = wgs84_to_gcj02(36.5, 119.3)
        until(lambda: tile_of(lon, lat, 18) in tiles.asked, "the tile of the place in GCJ-02")
        assert tile_of(119.3, 36.5, 18) not in tiles.asked[-8:]
        click_until(page, 0, 0, page.locator("[data-card=W33]").is_visible, "the band in the middle")
        page.get_by_role("button", name="放大").click()
        expect(page).to_have_url(
            re.compile(
                r"view=119\.3000\d,36\.5000\d|view=119\.3000\d%2C36\.5000\d|view=119\.3,|view=119\.3000"
            )
        )


def test_a_dead_host_leaves_the_schematic_and_says_so(visit, service):
    dead = f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}.png"
    with another_api(service, source="xyz", url=dead, attribution="样例底图") as url:
        page = visit(url)
        expect(page.locator("[data-base-failed]")).to_be_visible(timeout=30_000)
        expect(page.locator(".schematic")).to_contain_text("示意图")
        assert colours(page) > 20


def test_a_host_that_knows_no_tile_is_told_too_and_one_that_comes_back_is_shown(visit, service):
    with (
        tile_host() as tiles,
        another_api(service, source="xyz", url=tiles.url, attribution="样例底图") as url,
    ):
        tiles.status = 404
        page = visit(url)
        expect(page.locator("[data-base-failed]")).to_be_visible(timeout=30_000)
        assert colours(page) > 20
        tiles.status = 200
        page.get_by_role("button", name="放大").click()
        expect(page.locator("[data-attribution]")).to_have_text("样例底图", timeout=30_000)
        expect(page.locator("[data-base-failed]")).to_have_count(0)


def test_an_archive_of_our_own_is_read_by_ranges_and_nobody_else_is_asked(visit, service):
    (service.directory / "city.pmtiles").write_bytes(pmtiles())
    asked = []
    with another_api(service, source="pmtiles", file="city.pmtiles", attribution="© 样例") as url:
        page = visit(url)
        page.on("response", lambda answer: asked.append((answer.url, answer.status)))
        page.reload()
        expect(page.locator("[data-attribution]")).to_have_text("© 样例")
        ranges = [status for at, status in asked if at.endswith("archive.pmtiles")]
        assert ranges and set(ranges) == {206}
        assert not [at for at, _ in asked if not at.startswith((url, "blob:", "data:"))]


def test_a_broken_archive_is_said_and_the_schematic_is_drawn(visit, service):
    (service.directory / "broken.pmtiles").write_bytes(b"no archive")
    with another_api(service, source="pmtiles", file="broken.pmtiles") as url:
        page = visit(url)
        expect(page.locator("[data-base-fault]")).to_contain_text("底图配置有误")
        expect(page.locator(".schematic")).to_be_visible()
        assert colours(page) > 20
