"""What must hold whatever happens: nothing lost, nothing injected, nothing fetched from elsewhere, readable by all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from console_house import EVIL, LAT, LON, PASSWORD, until

expect = pytest.importorskip("playwright.sync_api").expect
AXE = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def test_the_banner_tells_of_a_dead_service_and_no_alarm_is_lost(sign_in, service):
    page = sign_in()
    expect(page.locator("[data-danger=stream_silent]")).to_have_count(0)
    service.kill("api")
    try:
        expect(page.locator("[data-danger=stream_silent]")).to_be_visible(timeout=30_000)
        service.say("W08", "alarm", kinds=["sos"])
        service.say("W09", "alarm", kinds=["fall"])
    finally:
        service.start("api")
    for device, kind in (("W08", "sos"), ("W09", "fall")):
        alarm_id = until(lambda device=device, kind=kind: service.opened(device, kind), f"the {kind}")
        expect(row(page, alarm_id)).to_be_visible(timeout=30_000)
    expect(page.locator("[data-danger=stream_silent]")).to_have_count(0)


def test_the_banner_tells_of_a_dead_gateway(sign_in, service):
    page = sign_in()
    service.kill("gateway")
    try:
        expect(page.locator("[data-danger=gateway_old]")).to_be_visible(timeout=30_000)
        alarm_id = service.get("alarms")["items"][0]["alarm_id"]
        page.goto(f"{service.url}#/?alarm={alarm_id}")
        page.locator("aside.drawer").get_by_label("添加备注").fill("网关停了")
        page.keyboard.press("Control+Enter")
        expect(page.locator("aside.drawer")).to_contain_text("网关尚未答复")
    finally:
        service.start("gateway")
    # What was asked while it was away is done when it is back.
    expect(page.locator("aside.drawer li", has_text="网关停了")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-danger=gateway_old]")).to_have_count(0, timeout=30_000)


def test_a_name_that_is_markup_stays_text(sign_in, service):
    alarm_id = service.alarm("W13", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(page.locator("aside.drawer h2")).to_contain_text(EVIL)
    expect(row(page, alarm_id)).to_contain_text(EVIL)
    page.locator("aside.drawer").get_by_label("添加备注").fill(EVIL)
    page.keyboard.press("Control+Enter")
    expect(page.locator("aside.drawer li", has_text=EVIL)).to_be_visible()
    page.keyboard.press("Tab")
    page.goto(f"{service.url}#/map?list=1&device=W13")
    expect(page.locator("aside h2").first).to_have_text(EVIL)
    assert page.locator("img[src=x]").count() == 0
    assert page.title().endswith("守望 · 值班台")


def test_eight_tabs_work_over_one_stream(sign_in, service):
    first = sign_in()
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for page in tabs[1:]:
        page.goto(service.url)
    for page in tabs:
        expect(page.locator("[data-view=queue]")).to_be_visible()
    alarm_id = service.alarm("W10", "sos")
    for page in tabs:
        expect(row(page, alarm_id)).to_be_visible()
    row(tabs[7], alarm_id).click()
    tabs[7].locator("aside.drawer").get_by_role("button", name="接警").click()
    for page in tabs:
        expect(row(page, alarm_id).locator("[data-state=active_acknowledged]")).to_be_visible()


def test_nothing_is_fetched_from_elsewhere(browser, service):
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    answer = page.goto(service.url)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"
    page.fill("#username", "li")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    for name in ("地图", "轨迹回放", "名册", "告警队列"):
        page.get_by_role("link", name=name).click()
        page.wait_for_load_state("load")
        page.wait_for_timeout(500)
    page.keyboard.press("/")
    page.keyboard.type("qw")
    expect(page).to_have_url(re.compile("q=qw"))
    strangers = [url for url in asked if not url.startswith((service.url, "blob:", "data:"))]
    assert asked and not strangers
    context.close()


def test_built_files_are_kept_for_ever_and_the_page_is_not(browser, service):
    page = browser.new_page()
    page.goto(service.url)
    script = page.locator("script[src]").first.get_attribute("src")
    assert not page.locator("script:not([src])").count() and not page.locator("style").count()
    answer = page.request.get(f"{service.url.rstrip('/')}{script}")
    assert answer.ok and "immutable" in answer.headers["cache-control"]
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert page.request.get(f"{service.url}weifang.json").headers["cache-control"] == "no-cache"
    for outside in ("assets/none.js", "assets/../console.py", "assets/%2e%2e/index.html"):
        assert page.request.get(f"{service.url}{outside}").status == 401
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_axe_finds_nothing_serious(sign_in, service, theme, language):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    alarm_id = service.alarm("W11", "fall", lat=LAT, lon=LON, acc=20, src="gnss")
    page = sign_in()
    page.evaluate(
        f"localStorage.setItem('shouwang.theme', '{theme}'); localStorage.setItem('shouwang.language', '{language}')"
    )
    found = []
    for at in (
        f"#/?alarm={alarm_id}",
        "#/?view=maintenance",
        "#/map",
        "#/map?list=1",
        "#/track?device=W11",
        "#/roster",
        "?wall=1",
    ):
        page.goto(f"{service.url}{at}")
        page.reload()
        page.wait_for_selector("header")
        page.wait_for_timeout(700)
        if "alarm=" in at:
            page.wait_for_selector("aside.drawer .mini")
            found += problems(page, at)
            page.keyboard.press("c")
            page.get_by_role("dialog").wait_for()
            page.wait_for_timeout(500)
        found += problems(page, at)
    assert not found, "\n".join(found)


def problems(page, at):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    said = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{at}: {one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['any'][:1]}"
        for one in said["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def test_the_door_is_readable_by_all(browser, service):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    page = browser.new_page()
    page.goto(service.url)
    page.wait_for_selector("#username")
    assert not problems(page, "door")
    page.close()


def test_the_map_draws_and_falls_back_to_a_list(sign_in, service):
    alarm_id = service.alarm("W12", "sos", lat=LAT, lon=LON, acc=15, src="gnss")
    page = sign_in(at="#/map?device=W12")
    drawn = page.evaluate("document.createElement('canvas').getContext('webgl2') !== null")
    if drawn:
        expect(page.locator("canvas.maplibregl-canvas")).to_be_visible()
        expect(page.locator(".schematic")).to_contain_text("示意图")
    else:
        expect(page.locator("[data-no-webgl]")).to_be_visible()
    expect(page.locator("aside")).to_contain_text("样例老人12")
    page.context.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : get.call(this, kind, ...more) }"
    )
    page.reload()
    expect(page.locator("[data-no-webgl]")).to_be_visible()
    expect(page.get_by_role("list", name="设备")).to_contain_text("样例老人12")
    page.locator(f'[data-card=W12] [data-alarm="{alarm_id}"] .open').click()
    expect(page).to_have_url(re.compile(f"alarm={alarm_id}"))
