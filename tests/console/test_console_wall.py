"""The screen on the wall: its counts, its turns, what it says when it is blind, and a telephone's view."""

from __future__ import annotations

import math
import re
from contextlib import suppress

import pytest
from console_house import LAT, LON, until

playwright = pytest.importorskip("playwright.sync_api")
expect, PlaywrightError = playwright.expect, playwright.Error
SLOW = 30_000
DAY_MS = 86_400_000
SIZES = [(1366, 768), (1920, 1080), (3840, 2160)]


def stop_the_clock(page):
    """From here on turns pass only as the test turns them, however slow the machine is."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)


def wall(sign_in, service, **options):
    page = sign_in(**options)
    page.goto(f"{service.url}?wall=1")
    page.wait_for_selector("main.wall")
    return page


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_fits_and_the_counts_are_huge(sign_in, service, width, height):
    service.quiet()
    ids = [service.alarm(f"W0{n}", "sos") for n in range(1, 8)]
    fire = service.alarm("S01", "smoke")
    later = service.alarm("W08", "sos")
    page = wall(sign_in, service, viewport={"width": width, "height": height})
    expect(page.locator("[data-wall=urgent]")).to_have_text("9")
    expect(page.locator("[data-oldest=urgent]")).to_contain_text("最久")
    listed = page.locator("li[data-alarm]")
    assert [listed.nth(n).get_attribute("data-alarm") for n in range(3)] == [fire, later, ids[-1]]
    expect(listed.first).to_be_visible()
    # What does not fit is not cut in two: it is hidden, and counted.
    shown = listed.locator("visible=true").count()
    assert 1 <= shown < 9
    expect(page.locator("[data-beyond]")).to_have_text(f"另有 {9 - shown} 条紧急告警")
    last, edge = listed.nth(shown - 1).bounding_box(), page.locator("[data-beyond]").bounding_box()
    assert last["y"] + last["height"] <= edge["y"] + 1
    assert page.evaluate(
        "document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth"
    )
    tall = page.evaluate("document.querySelector('[data-wall=urgent]').getBoundingClientRect().height")
    assert tall >= height / 14
    assert page.locator("button, input, select, a[href]").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('main.wall')).cursor") == "none"


def test_it_says_nothing_before_it_knows(sign_in, service):
    service.quiet()
    service.alarm("W09", "sos")
    page = sign_in()

    def hold(_route):
        """Nobody answers."""

    page.route("**/api/v1/alarms?*", hold)
    page.goto(f"{service.url}?wall=1")
    for priority in ("urgent", "high", "low"):
        expect(page.locator(f"[data-wall={priority}]")).to_have_text("–")
    expect(page.get_by_text("没有紧急告警")).to_have_count(0)
    expect(page.get_by_text("正在读取告警")).to_be_visible()
    page.unroute("**/api/v1/alarms?*")
    page.reload()
    expect(page.locator("[data-wall=urgent]")).to_have_text("1")


def test_it_takes_turns(sign_in, service):
    service.quiet()
    alarm_id = service.alarm("W12", "sos", lat=LAT, lon=LON, acc=9, src="gnss")
    page = wall(sign_in, service)
    page.clock.install()
    page.reload()
    scene = page.locator("[data-scene]")
    expect(page.locator("[data-wall=urgent]")).to_have_text("1")
    stop_the_clock(page)
    seen = set()
    for _ in range(8):
        seen.add(scene.get_attribute("data-scene"))
        if scene.get_attribute("data-scene") == "county":
            expect(scene).to_contain_text("奎文区")
            # The rest of the city stays in sight, with what waits there.
            expect(page.locator("[data-inset] [data-county]")).to_have_count(12)
            expect(page.locator("[data-inset] [data-shown=true]")).to_have_attribute("data-county", "奎文区")
            expect(page.locator("[data-inset] [data-marked=奎文区]")).to_have_text("1")
        else:
            expect(page.locator("[data-inset]")).to_have_count(0)
        page.clock.fast_forward(15_000)
        page.clock.run_for(1_200)
    assert seen == {"city", "county", "list", "figures"}
    service.close_alarm(service.get(f"alarms/{alarm_id}"))


def test_the_figures_are_those_of_the_day(sign_in, service):
    page = wall(sign_in, service)
    page.clock.install()
    with page.expect_response(
        re.compile(r"/api/v1/figures\?")
    ):  # they come in real time, before turns are hurried
        page.reload()
    expect(page.locator("[data-scene]")).to_be_visible()
    stop_the_clock(page)
    for _ in range(16):
        if page.locator("[data-figure]").count():
            break
        page.clock.fast_forward(8_000)
        page.clock.run_for(1_200)
    expect(page.locator("[data-figure=heard] dd")).to_have_text(re.compile(r"\d+ / 49"))
    told = service.get("alarms?state=all&limit=1000")["items"]
    urgent = sum(alarm["priority"] == "urgent" for alarm in told)
    expect(page.locator("[data-figure=raised_urgent] dd")).to_have_text(str(urgent))
    closed = sum(alarm["outcome"] is not None for alarm in told)
    expect(page.locator("[data-figure=closed] dd")).to_have_text(str(closed))
    today = [
        at_midnight := (service.get("summary")["at_ms"] + 28_800_000) // DAY_MS * DAY_MS - 28_800_000,
        at_midnight + DAY_MS,
    ]
    figures = service.get("figures?from_ms={}&to_ms={}".format(*today))
    share = figures["answering"]["urgent_high"]["within_60_s"]["share"]
    expect(page.locator("[data-figure=soon] dd")).to_have_text(f"{math.floor(share * 1000 + 1e-9) / 10:.1f}%")


def test_a_blind_wall_says_so_and_recovers_alone(sign_in, service):
    page = wall(sign_in, service)
    service.kill("api")
    try:
        expect(page.locator(".danger [data-danger=stream_silent]")).to_be_visible(timeout=SLOW)
        expect(page.get_by_text("连接异常")).to_be_visible()
        service.say("W13", "alarm", kinds=["fall"])
    finally:
        service.start("api")
    expect(page.locator(".danger")).to_have_count(0, timeout=SLOW)
    expect(page.locator("li[data-alarm]", has_text="跌倒").first).to_be_visible()


def test_a_file_that_cannot_be_read_while_the_service_is_away_leaves_the_page(sign_in, service):
    page = sign_in()
    service.kill("api")
    try:
        page.evaluate("window.sameOne = true")
        page.get_by_role("link", name="地图").click()  # its files were not read before
        expect(page.locator("[data-danger=stream_silent]")).to_be_visible(timeout=SLOW)
        assert page.evaluate("window.sameOne") is True
    finally:
        service.start("api")
    page.get_by_role("link", name="地图").click()
    expect(page.locator(".holder, [data-no-webgl]").first).to_be_visible(timeout=SLOW)


def test_a_wall_whose_session_ended_says_so(sign_in, service):
    page = wall(sign_in, service)
    page.request.delete(f"{service.url}api/v1/session", headers={"X-Requested-With": "test"})
    expect(page.get_by_role("alert").filter(has_text="此刻不显示告警")).to_be_visible(timeout=SLOW)
    expect(page.locator("main.wall")).to_have_count(0)


def is_another(page):
    with suppress(PlaywrightError):  # it is between two pages
        return page.evaluate("window.sameOne ?? null") is None
    return False


def test_newer_files_are_taken_when_nothing_urgent_waits(sign_in, service):
    service.quiet()
    alarm_id = service.alarm("W14", "sos")
    page = wall(sign_in, service)
    page.clock.install()
    page.reload()
    expect(page.locator("[data-wall=urgent]")).to_have_text("1")
    real = page.request.get(service.url).text()
    page.route(
        lambda url: url in {service.url, f"{service.url}?wall=1"},
        lambda route: (
            route.fulfill(
                body=re.sub(r"/assets/index-[\w-]+\.js", "/assets/index-newer.js", real),
                content_type="text/html",
            )
            if route.request.resource_type == "fetch"
            else route.continue_()
        ),
    )
    page.evaluate("window.sameOne = true")
    page.clock.fast_forward(5 * 60_000)
    expect(page.locator("[data-wall=urgent]")).to_have_text("1")
    assert page.evaluate("window.sameOne") is True
    service.close_alarm(service.get(f"alarms/{alarm_id}"))
    expect(page.locator("[data-wall=urgent]")).to_have_text("0", timeout=SLOW)
    until(lambda: is_another(page), "the page anew")
    page.wait_for_selector("main.wall")


def test_a_telephone_has_it_all_within_its_width(sign_in, service):
    service.quiet()
    alarm_id = service.alarm("W15", "sos", lat=LAT, lon=LON, acc=9, src="gnss")
    page = sign_in(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.locator(f'[data-alarm="{alarm_id}"]').click()
    drawer = page.locator("aside.drawer")
    expect(drawer.get_by_role("link", name="拨打 家属15 000-0015")).to_have_attribute("href", "tel:000-0015")
    drawer.get_by_role("button", name="接警").click()
    expect(drawer.locator("[data-state=active_acknowledged]").first).to_be_visible()
    menu = page.get_by_role("button", name="菜单")
    expect(page.get_by_role("link", name="轨迹回放")).to_be_hidden()
    for name in ("轨迹回放", "地图", "名册", "告警队列"):
        menu.click()
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("link", name=name)).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
