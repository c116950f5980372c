"""An operator's work: sign in, hear of an alarm, take it, end it; with the mouse and with keys alone."""

from __future__ import annotations

import re

import pytest
from console_house import until

expect = pytest.importorskip("playwright.sync_api").expect


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def drawer(page):
    return page.locator("aside.drawer")


def test_the_door_says_why_it_stays_shut(browser, service):
    page = browser.new_page()
    page.goto(service.url)
    page.fill("#username", "li")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("账号或密码不正确。")
    page.select_option("select >> nth=0", "en")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.close()


def test_signing_out_shows_the_door(sign_in):
    page = sign_in()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("#username")).to_be_visible()
    page.reload()
    expect(page.locator("#username")).to_be_visible()


def test_an_sos_by_mqtt_appears_and_sounds(sign_in, service):
    page = sign_in()
    expect(page.locator("[data-danger=audio_locked]")).to_be_visible()
    page.get_by_role("button", name="开始值班").click()
    expect(page.locator("[data-testing]")).to_be_visible()
    expect(page.locator("[data-danger]")).to_have_count(0)
    alarm_id = service.alarm("W01", "sos")
    expect(row(page, alarm_id)).to_contain_text("样例老人01")
    expect(row(page, alarm_id)).to_contain_text("呼救")
    expect(page.locator("[data-tone=urgent], [data-tone=fire]")).to_be_visible()


def test_what_was_seen_is_reported(sign_in, service):
    sign_in()
    alarm_id = service.alarm("W02", "sos")
    until(lambda: service.get(f"alarms/{alarm_id}")["shown_at_ms"], "the report of what was shown")


def test_acknowledge_tick_and_close_with_the_mouse(sign_in, service):
    page = sign_in()
    alarm_id = service.alarm("W03", "fall", lat=36.7009, lon=119.1, acc=12, src="gnss")
    row(page, alarm_id).click()
    expect(drawer(page)).to_contain_text("样例老人03")
    expect(drawer(page)).to_contain_text("步态不稳")
    expect(drawer(page)).to_contain_text("卫星定位")
    expect(drawer(page)).to_contain_text("精度 12 m")
    expect(drawer(page).get_by_role("link", name="拨打 家属03 000-0003")).to_have_attribute(
        "href", "tel:000-0003"
    )
    drawer(page).get_by_role("button", name="接警").click()
    expect(row(page, alarm_id).locator("[data-state=active_acknowledged]")).to_be_visible()
    drawer(page).get_by_text("通知家属").click()
    expect(drawer(page).locator("li", has_text="完成步骤")).to_contain_text("li")
    drawer(page).get_by_role("button", name="结束告警").click()
    page.get_by_role("button", name="结束告警").last.click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("请选择处置结果")
    page.get_by_text("真实事件").click()
    page.get_by_role("button", name="结束告警").last.click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("紧急告警必须填写处置说明")
    page.get_by_label("处置说明").fill("护理员已到场，老人平安")
    page.get_by_role("button", name="结束告警").last.click()
    expect(row(page, alarm_id)).to_have_count(0)
    expect(drawer(page)).to_contain_text("告警已结束：真实事件")
    told = service.get(f"alarms/{alarm_id}")
    assert told["state"] == "normal" and told["outcome"] == "real"
    assert [entry["operator"] for entry in told["timeline"]] == [None, "li", "li", "li"]


def test_a_whole_alarm_by_keyboard(sign_in, service):
    page = sign_in()
    alarm_id = service.alarm("W04", "sos")
    page.keyboard.press("/")
    page.keyboard.type("W04")
    expect(row(page, alarm_id)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(drawer(page)).to_contain_text("样例老人04")
    page.keyboard.press("a")
    expect(drawer(page).locator("[data-state=active_acknowledged]")).to_be_visible()
    page.keyboard.press("u")
    expect(drawer(page).locator("[data-state=active_unacknowledged]")).to_be_visible()
    page.keyboard.press("a")
    expect(drawer(page).locator("[data-state=active_acknowledged]")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("radio").first.wait_for(state="attached")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.type") != "radio":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    while page.evaluate("document.activeElement.tagName") != "TEXTAREA":
        page.keyboard.press("Tab")
    page.keyboard.type("老人平安")
    page.keyboard.press("Control+Enter")
    expect(drawer(page)).to_contain_text("告警已结束")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()


def test_the_slower_of_two_operators_is_told_who_was_faster(sign_in, service):
    alarm_id = service.alarm("W05", "sos")
    first, second = sign_in("li", f"#/?alarm={alarm_id}"), sign_in("wang", f"#/?alarm={alarm_id}")
    held = []

    def hold(route):
        held.append(route)

    second.route("**/acknowledge", hold)
    drawer(second).get_by_role("button", name="接警").click()
    drawer(first).get_by_role("button", name="接警").click()
    expect(row(first, alarm_id).locator("[data-state=active_acknowledged]")).to_be_visible()
    held[0].continue_()
    expect(drawer(second).get_by_role("alert")).to_contain_text("li 于")
    expect(drawer(second).locator("header [data-state=active_acknowledged]")).to_be_visible()


def test_shelve_is_counted_reachable_and_reversible(sign_in, service):
    page = sign_in()
    alarm_id = service.alarm("S01", "tamper")
    row(page, alarm_id).click()
    page.keyboard.press("s")
    page.get_by_role("dialog").get_by_label("原因").fill("检修中")
    page.get_by_role("dialog").get_by_role("button", name="搁置告警").click()
    expect(row(page, alarm_id)).to_have_count(0)
    expect(page.locator("[data-view=shelved]")).to_contain_text("1")
    expect(drawer(page)).to_contain_text("检修中")
    page.locator("[data-view=shelved]").click()
    expect(row(page, alarm_id)).to_be_visible()
    drawer(page).get_by_role("button", name="取消搁置").click()
    expect(row(page, alarm_id)).to_have_count(0)
    page.locator("[data-view=queue]").click()
    expect(row(page, alarm_id)).to_be_visible()


def test_a_life_critical_alarm_cannot_be_shelved(sign_in, service):
    alarm_id = service.alarm("W06", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page).get_by_role("button", name="搁置")).to_be_disabled()
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_alarms_of_one_cause_fold_and_expand(sign_in, service):
    page = sign_in()
    ids = [service.alarm(f"S0{n}", "water_leak") for n in (2, 3, 4)]
    group = page.locator('[data-group^="aq/water_leak/"]')
    expect(group).to_contain_text("3 台设备")
    expect(row(page, ids[0])).to_have_count(0)
    group.click()
    for alarm_id in ids:
        expect(row(page, alarm_id)).to_be_visible()


def test_filters_are_in_the_address(sign_in, service):
    here, there = service.alarm("W07", "sos"), service.alarm("W27", "sos")
    page = sign_in(at="#/?county=安丘市&kind=sos")
    expect(row(page, there)).to_be_visible()
    expect(row(page, here)).to_have_count(0)
    page.get_by_role("button", name="清除筛选").click()
    expect(row(page, here)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("kwyl")  # 奎文样例: the initials of its pinyin
    expect(page).to_have_url(re.compile("q=kwyl"))
    expect(row(page, here)).to_be_visible()
    expect(row(page, there)).to_have_count(0)


def test_muting_ends_after_a_minute_at_most_and_never_quiets_fire(sign_in, service):
    page = sign_in()
    service.alarm("W15", "sos")
    for alarm in service.get("alarms?limit=1000")["items"]:
        if alarm["kind"] in {"smoke", "heat", "co", "gas", "manual_call"}:
            service.close_alarm(alarm)
    page.get_by_role("button", name="开始值班").click()
    tone = page.locator("[data-sounding=here]")
    expect(tone).to_have_attribute("data-tone", "urgent", timeout=15_000)
    page.get_by_role("link", name="名册").click()
    page.keyboard.press("m")
    expect(tone).to_have_attribute("data-tone", "none")
    expect(tone).to_contain_text("静音中")
    fire = service.alarm("S08", "smoke")
    expect(tone).to_have_attribute("data-tone", "fire")
    expect(page.locator("a.strip")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator("[data-said]")).to_contain_text("火警不能静音")
    expect(tone).to_have_attribute("data-tone", "fire")
    service.close_alarm(service.get(f"alarms/{fire}"))


def test_the_wall_counts_and_has_no_controls(sign_in, service):
    alarm_id = service.alarm("W16", "sos")
    page = sign_in()
    page.goto(f"{service.url}?wall=1")
    expect(page.locator(f'main.wall [data-alarm="{alarm_id}"]')).to_contain_text("样例老人16")
    open_now = service.get("summary")["alarms"]["by_priority"]["urgent"]
    expect(page.locator("[data-wall=urgent]")).not_to_have_text("–")
    assert 0 < int(page.locator("[data-wall=urgent]").inner_text()) <= open_now
    assert page.locator("button, input, select, a[href]").count() == 0


def test_the_roster_is_found_by_initials(sign_in, service):
    page = sign_in(at="#/roster?book=residents")
    found = page.locator("[data-id]")
    expect(found.first).to_be_visible()
    page.get_by_label("搜索姓名、编号或拼音首字母").fill("yllr17")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("样例老人17")


def test_j_goes_on_with_what_nobody_took(sign_in, service):
    ids = [service.alarm(device, "sos") for device in ("W17", "W18", "W19")]
    page = sign_in(at="#/?kind=sos")
    expect(row(page, ids[2])).to_be_visible()
    for alarm_id in reversed(ids):  # the newest stands first
        page.keyboard.press("j")
        expect(page).to_have_url(re.compile(f"alarm={alarm_id}$"))
        expect(drawer(page).get_by_role("button", name="接警")).to_be_visible()
        page.keyboard.press("a")
        expect(drawer(page).locator("[data-state=active_acknowledged]")).to_be_visible()
