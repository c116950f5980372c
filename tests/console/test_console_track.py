"""A day of somebody, replayed: on the map and on the time line, by mouse, by keys and by link."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import time

import pytest
from console_house import LAT, LON, until
from test_console_safety import AXE, problems

expect = pytest.importorskip("playwright.sync_api").expect
CITY = dt.timezone(dt.timedelta(hours=8))
YESTERDAY = dt.datetime.now(CITY).replace(hour=0, minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
DAY = YESTERDAY.date().isoformat()
MIDNIGHT_MS = int(YESTERDAY.timestamp() * 1000)
MINUTE_MS = 60_000
ITEMS = 500  # as many as a payload may hold
NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith('webgl') ? null : get.call(this, kind, ...more)
}
"""


def ms(hour, minute=0):
    return MIDNIGHT_MS + (hour * 60 + minute) * MINUTE_MS


def fix(ts, seq, north_m=0.0, east_m=0.0, **more):
    return {
        "ts": ts, "seq": seq, "lat": LAT + north_m / 111_320,
        "lon": LON + east_m / (111_320 * math.cos(math.radians(LAT))), "acc": 8, "src": "gnss",
    } | more  # fmt: skip


def send(service, device, fixes):
    for start in range(0, len(fixes), ITEMS):
        service.publish(device, "location", json.dumps(fixes[start : start + ITEMS]))
    count = len({one["ts"] for one in fixes})
    path = f"devices/{device}/track?from_ms={MIDNIGHT_MS}&to_ms={MIDNIGHT_MS + 86_400_000 - 1}"
    until(lambda: len(service.get(path)["points"]) >= count, "the track")


@pytest.fixture(scope="module")
def walk(service):
    """W11 yesterday: rests 8:00 to 8:30, walks east until 9:00, is unknown until 11:00, walks north by WiFi."""
    rest = [fix(ms(8, n), n, east_m=n % 2) for n in range(30)]
    east = [fix(ms(8, 30 + n), 30 + n, east_m=40 * n) for n in range(30)]
    north = [fix(ms(11, n), 60 + n, east_m=1160, north_m=40 * n, src="wifi", acc=30) for n in range(30)]
    send(service, "W11", rest + east + north)
    service.say("W11", "alarm", kinds=["fall"], ts=ms(8, 45))
    return until(lambda: service.opened("W11", "fall"), "the fall")


def opened(sign_in, where, *scripts):
    page = sign_in()
    for script in scripts:
        page.add_init_script(script)
    page.goto("about:blank")
    page.goto(where)
    page.wait_for_selector("header nav")
    return page


def moment(page):
    return page.locator("p.now b")


def test_a_day_is_replayed_on_the_map(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}")
    expect(page.locator(".bar")).to_contain_text("90 个定位点")
    expect(page.locator("canvas.maplibregl-canvas")).to_be_visible()
    expect(moment(page)).to_have_text("08:00:00")
    lists = page.locator("aside")
    expect(lists.locator("[data-stop]").first).to_contain_text("08:00–08:3")
    expect(lists.locator("[data-stop]").first).to_contain_text("奎文样例养老院")
    expect(lists).to_contain_text("卫星定位 · 60 个")
    expect(lists).to_contain_text("WiFi 定位 · 30 个")
    expect(lists.locator("[data-late-count]")).to_contain_text("90 个")  # all of it was sent a day later
    expect(page.locator("[data-late]")).to_contain_text("补传")
    expect(page.locator("[data-force=true]")).to_contain_text("奎文院区（安全围栏）· 此刻生效")


def test_keys_step_play_and_change_the_speed(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}")
    expect(moment(page)).to_have_text("08:00:00")
    page.keyboard.press("ArrowRight")
    expect(moment(page)).to_have_text("08:01:00")
    page.get_by_role("slider", name="时间").focus()
    page.keyboard.press("ArrowRight")
    expect(moment(page)).to_have_text("08:02:00")
    page.keyboard.press("ArrowLeft")
    expect(moment(page)).to_have_text("08:01:00")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    expect(page.get_by_label("倍速")).to_have_value("60")
    page.keyboard.press("End")
    expect(moment(page)).to_have_text("11:29:00")
    expect(page.locator("p.now")).to_contain_text("向北")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="暂停")).to_be_visible()
    expect(moment(page)).not_to_have_text(re.compile("08:00"))
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="播放")).to_be_visible()


def test_the_line_spans_where_something_is_and_the_day_is_a_click_away(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}")
    slider = page.get_by_role("slider", name="时间")
    expect(moment(page)).to_have_text("08:00:00")
    reach = [int(slider.get_attribute(name)) for name in ("min", "max")]
    assert ms(7, 40) < reach[0] < ms(8) and ms(11, 29) < reach[1] < ms(11, 50)
    runs = page.locator("rect.run")
    assert sum(float(runs.nth(n).get_attribute("width")) for n in range(runs.count())) > 300  # of 1000
    expect(page.locator(".hours")).to_contain_text("09:00")
    page.get_by_role("button", name="全天").click()
    assert [int(slider.get_attribute(name)) for name in ("min", "max")] == [
        MIDNIGHT_MS,
        MIDNIGHT_MS + 86_400_000,
    ]
    expect(page.locator(".hours")).to_contain_text("24:00")
    expect(page.get_by_role("button", name="全天")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="有数据的时段").click()
    expect(slider).to_have_attribute("min", str(reach[0]))
    # A link to a moment beyond shows the day.
    page.goto(f"{service.url}#/track?device_id=W11&day={DAY}&at={ms(20)}")
    expect(moment(page)).to_have_text("20:00:00")
    expect(slider).to_have_attribute("min", str(MIDNIGHT_MS))


def test_what_is_said_of_a_moment_is_told_apart(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}&at={ms(8, 40)}")
    expect(page.locator("p.now")).to_contain_text(re.compile("卫星定位 · .*精度.* · .* · .*km/h"))
    expect(page.locator(f'[data-mark="{walk}"]')).to_contain_text(re.compile("08:45 ·.*跌倒.*· "))
    expect(page.locator("[data-stop]").first).to_contain_text(
        re.compile("08:00–08:.* · .*分钟.*· 奎文样例养老院")
    )


def test_a_gap_is_dashed_said_and_skipped(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}&at={ms(10)}", NO_WEBGL)
    expect(moment(page)).to_have_text("10:00:00")
    expect(page.locator("[data-gap]")).to_have_text("空白时段，去向不明")
    assert page.locator("svg.track path.gap").get_attribute("d").count("M") == 1
    assert page.locator("[data-gaps]").get_attribute("d").count("M") == 1
    expect(page.locator("svg.track .fence.safe")).to_be_visible()
    expect(page.locator("svg.track .alarm", has_text="跌倒")).to_be_visible()
    expect(page.locator("svg.track [data-now]")).to_be_visible()
    page.keyboard.press(" ")
    expect(moment(page)).to_have_text(re.compile("11:0"))
    page.get_by_role("button", name="放大").click()
    expect(page.locator("svg.track [data-now]")).to_be_attached()


def test_alarms_are_on_the_time_line_and_can_be_gone_to(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}")
    mark = page.locator(f'[data-mark="{walk}"]')
    expect(mark).to_contain_text("08:45 · 跌倒")
    mark.click()
    expect(moment(page)).to_have_text("08:45:00")
    service_day = dt.datetime.now(CITY).date().isoformat()
    page.goto(f"{service.url}#/track?device_id=W11&day={service_day}")
    # It came, and was raised, today. Today has no fix; the page says which day has.
    expect(mark).to_contain_text("跌倒")
    expect(mark).not_to_contain_text("08:45")
    page.get_by_role("button", name=f"看最近有轨迹的一天：{DAY}").click()
    expect(page).to_have_url(re.compile(f"day={DAY}"))
    expect(moment(page)).to_have_text("08:00:00")


def test_a_link_leads_to_the_moment_and_the_address_follows(sign_in, service, walk):
    page = opened(sign_in, f"{service.url}#/track?device=W11&at={ms(8, 40)}")  # the form of older links
    expect(moment(page)).to_have_text("08:40:00")
    expect(page.locator("p.now")).to_contain_text("km/h")
    expect(page.locator("p.now")).to_contain_text("向东")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(f"at={ms(8, 41)}"))
    page.get_by_role("button", name="前一天").click()
    expect(page.get_by_text("这一天没有定位。")).to_be_visible()
    page.go_back()
    expect(moment(page)).to_have_text("08:41:00")


def test_a_resident_is_followed_by_what_they_wear(sign_in, service, walk):
    """From when they wear it: the fixes of the day before they had the band are nobody's."""
    service.say("W11", "location", lat=LAT, lon=LON, acc=8)
    today = dt.datetime.now(CITY).date().isoformat()
    page = opened(sign_in, f"{service.url}#/track?resident_id=P11&day={today}")
    expect(page.locator(".bar")).to_contain_text("1 个定位点")
    page.goto(f"{service.url}#/track?resident_id=P11&day={DAY}")
    expect(page.get_by_text("这一天没有定位。")).to_be_visible()
    page.goto(f"{service.url}#/track?resident_id=nobody&day={DAY}")
    expect(page.get_by_role("alert").filter(has_text="读取轨迹失败")).to_be_visible()


def test_a_day_of_ten_thousand_fixes_plays(sign_in, service):
    circle = [
        fix(ms(0) + n * 8_000, n, 400 * math.sin(n / 200), 400 * math.cos(n / 200)) for n in range(10_000)
    ]
    send(service, "W00", circle)
    page = opened(sign_in, f"{service.url}#/track?device_id=W00&day={DAY}")
    expect(page.locator(".bar")).to_contain_text("10000 个定位点", timeout=30_000)
    page.get_by_label("倍速").select_option("60")
    page.get_by_role("button", name="播放").click()
    expect(moment(page)).not_to_have_text(re.compile("00:00"), timeout=30_000)
    page.get_by_role("button", name="暂停").click()


@pytest.mark.parametrize(("theme", "script"), [("light", ""), ("dark", NO_WEBGL)])
def test_a_replay_is_readable_by_all(sign_in, service, walk, theme, script):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    set_theme = f"if (origin !== 'null') localStorage.setItem('shouwang.theme', '{theme}')"
    page = opened(sign_in, f"{service.url}#/track?device_id=W11&day={DAY}&at={ms(8, 45)}", set_theme, script)
    expect(moment(page)).to_have_text("08:45:00")
    assert not problems(page, "the replay")


def test_nonsense_in_the_address_is_survived(sign_in, service):
    page = opened(sign_in, f"{service.url}#/track?device_id=nowhere&day=2026-99-99&at=soon")
    expect(page.get_by_role("alert").filter(has_text="读取轨迹失败")).to_be_visible()
    page.goto(f"{service.url}#/track?device_id=W37&day={DAY}&at={int(time.time() * 1000)}")
    expect(page.get_by_text("这一天没有定位。")).to_be_visible()
