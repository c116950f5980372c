"""The desk's work: the building that burns, shelves, closings, the next alarm, keys that say why, a telephone."""

from __future__ import annotations

import json
import re
import time
import urllib.error

import pytest
from console_house import LAT, LON, until

expect = pytest.importorskip("playwright.sync_api").expect


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def drawer(page):
    return page.locator("aside.drawer")


def said(page):
    return page.locator("[data-said]")


@pytest.fixture(autouse=True)
def calm(service):
    """What a test raised is not there in the next one."""
    service.quiet()


def answer(page, path, items):
    """The service says this of a site's list, whatever it holds."""
    page.context.route(
        re.compile(rf"/api/v1/{path}\?.*site_id="),
        lambda route: route.fulfill(status=503) if items is None else route.fulfill(json={"items": items}),
    )


def person(n, **more):
    return {
        "resident_id": f"R{n:03}", "name": f"住户{n:03}", "site_id": "aq", "room": f"{1 + n % 4}F-{n:02}", "care_level": "自理",
        "risk_notes": "", "contacts": [], "birth_date": None,
    } | more  # fmt: skip


# The building that burns --------------------------------------------------------------------------


def test_a_fire_shows_who_is_in_there_and_what_else_alarms(sign_in, service):
    service.say("S03", "heartbeat", bat=5)
    service.say("S04", "heartbeat", bat=80)
    service.alarm("S02", "heat")
    alarm_id = service.alarm("S01", "smoke")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    premises = page.locator("[data-premises]")
    expect(premises.locator("[data-people]")).to_contain_text("在册 20 人")
    expect(premises.locator("[data-people]")).to_contain_text("着火楼层 20 人")
    expect(premises.locator("[data-resident]")).to_have_count(6)
    expect(premises.locator("[data-resident=P20]")).to_contain_text("1F-20")
    expect(premises.locator("[data-resident=P20]")).to_contain_text("失智，步态不稳")
    premises.locator("[data-all=people]").click()
    expect(premises.locator("[data-resident]")).to_have_count(20)
    expect(premises.locator("[data-detectors]")).to_contain_text("探测器 9 台")
    first = premises.locator("[data-detector]")
    expect(first.nth(0)).to_have_attribute("data-detector", "S02")
    expect(first.nth(0)).to_contain_text("高温")
    expect(first.nth(1)).to_contain_text("本告警")
    premises.locator("[data-all=detectors]").click()
    for device_id, state in (("S03", "low_battery"), ("S04", "heard"), ("S00", "unheard")):
        expect(premises.locator(f"[data-detector={device_id}]")).to_have_attribute(
            "data-detector-state", state
        )
    service.alarm("S04", "manual_call")
    expect(premises.locator("[data-detector=S04]")).to_have_attribute("data-detector-state", "alarming")
    page.goto(f"{service.url}#/?alarm={service.alarm('W20', 'sos')}")
    expect(drawer(page).locator("h2")).to_contain_text("呼救")
    expect(premises).to_have_count(0)


def test_eighty_people_are_told_with_those_first_who_cannot_walk(sign_in, service):
    page = sign_in()
    people = [person(n) for n in range(78)]
    people += [
        person(78, room="4F-01", risk_notes="长期卧床"),
        person(79, room="2F-30", care_level="失能"),
    ]
    answer(page, "residents", people)
    page.goto(f"{service.url}#/?alarm={service.alarm('S02', 'smoke')}")
    premises = page.locator("[data-premises]")
    expect(premises.locator("[data-people]")).to_contain_text("在册 80 人，不能行走 2 人")
    lines = premises.locator("[data-resident]")
    expect(lines).to_have_count(6)
    expect(lines.nth(0)).to_contain_text(re.compile("2F-30.*住户079.*不能行走.*同楼层", re.DOTALL))
    expect(lines.nth(1)).to_contain_text("长期卧床")
    expect(lines.nth(2)).to_contain_text("2F-")
    body = drawer(page).locator(".body")
    assert body.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_nobody_registered_and_lists_that_cannot_be_read_are_told(sign_in, service):
    alarm_id = service.alarm("S01", "smoke")
    page = sign_in()
    answer(page, "residents", [])
    answer(page, "devices", None)
    page.goto(f"{service.url}#/?alarm={alarm_id}")
    premises = page.locator("[data-premises]")
    expect(premises).to_contain_text("没有登记住在这里的老人")
    expect(premises.locator("[data-failed=devices]")).to_contain_text("探测器列表没有读出来")
    page.context.unroute_all(behavior="ignoreErrors")
    premises.locator("[data-failed=devices] button").click()
    expect(premises.locator("[data-detectors]")).to_contain_text("探测器 9 台")
    expect(premises.locator("[data-failed]")).to_have_count(0)
    expect(premises.locator("[data-people]")).to_contain_text("在册 20 人")


def test_a_fire_keeps_its_name_while_it_spreads_and_is_taken_on(sign_in, service):
    first = service.alarm("S05", "smoke")
    second = service.alarm("S06", "smoke")
    page = sign_in()
    fire = page.locator('[data-group^="fire/aq/"]:not(.gone)')
    head = fire.locator(".who .strong")
    expect(head).to_have_text(re.compile("^S05"))
    fire.click()
    row(page, first).locator("[data-acknowledge]").click()
    until(lambda: service.get(f"alarms/{first}")["state"] == "active_acknowledged", "the first one taken")
    service.alarm("S07", "smoke")
    expect(fire).to_contain_text("3 条 · 3 个探测器")
    expect(head).to_have_text(re.compile("^S05"))
    service.close_alarm(service.get(f"alarms/{first}"))
    expect(fire).to_contain_text("2 条 · 2 个探测器")
    expect(head).to_have_text(re.compile("^S06"))
    assert service.get(f"alarms/{second}")["state"] == "active_unacknowledged"


# Shelving and closing -----------------------------------------------------------------------------


def test_who_may_be_out_is_shelved_for_minutes_and_with_a_warning(sign_in, service):
    alarm_id = service.alarm("W02", "strap_off")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page).get_by_role("button", name="搁置")).to_be_enabled()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert").first).to_contain_text("不会通知任何人")
    expect(dialog.get_by_role("radio", checked=True)).to_have_attribute("value", "15")
    assert [one.get_attribute("value") for one in dialog.get_by_role("radio").all()] == [
        "5",
        "10",
        "15",
        "30",
    ]
    dialog.get_by_role("button", name="护理员正去重新佩戴").click()
    dialog.get_by_role("button", name="搁置告警").click()
    expect(dialog).to_be_hidden()
    left_ms = (
        until(lambda: service.get(f"alarms/{alarm_id}")["shelved_until_ms"], "the shelf") - time.time() * 1000
    )
    assert 13 * 60_000 < left_ms <= 15 * 60_000
    page.keyboard.press("s")
    expect(said(page)).to_contain_text("已搁置至")


def test_the_service_refuses_a_long_shelf_for_a_person_in_words(service):
    alarm = service.get(f"alarms/{service.alarm('W02', 'strap_off')}")
    body = {"version": alarm["version"], "until_ms": int(time.time() * 1000) + 31 * 60_000, "reason": "later"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        service._ask(f"alarms/{alarm['alarm_id']}/shelve", json.dumps(body).encode())
    problem = json.load(refused.value)
    assert (refused.value.code, problem["code"]) == (422, "invalid")
    assert problem["detail"] == "strap_off is shelved for at most 30 minutes"
    assert not service.get(f"alarms/{alarm['alarm_id']}")["shelved"]


def test_a_phrase_proposes_the_outcome_until_a_person_chooses(sign_in, service):
    alarm_id = service.alarm("S02", "smoke")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page).get_by_role("button", name="结束告警")).to_be_visible()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="消防演练").click()
    expect(dialog.get_by_role("radio", name="测试")).to_be_checked()
    expect(dialog).to_contain_text("结果按常用语建议")
    dialog.get_by_role("button", name="真实火情").click()
    expect(dialog.get_by_role("radio", name="真实事件")).to_be_checked()
    dialog.get_by_text("误报", exact=False).first.click()
    dialog.get_by_role("button", name="消防演练").click()
    expect(dialog.get_by_role("radio", name="误报")).to_be_checked()
    dialog.get_by_label("处置说明").fill(" ")
    dialog.get_by_role("button", name="结束告警").click()
    expect(dialog.get_by_role("alert")).to_contain_text("必须填写")
    page.keyboard.press("Escape")


def test_after_closing_the_next_is_offered_and_not_opened(sign_in, service):
    first, second = service.alarm("W03", "sos"), service.alarm("S08", "smoke")
    page = sign_in(at=f"#/?alarm={first}")
    for wanted in (second, None):
        expect(drawer(page).get_by_role("button", name="结束告警")).to_be_visible()
        page.keyboard.press("c")
        dialog = page.get_by_role("dialog")
        dialog.locator(".phrases button").last.click()
        dialog.get_by_label("处置说明").press("Control+Enter")
        expect(drawer(page).locator(".ended")).to_contain_text("告警已结束")
        if wanted is None:
            expect(drawer(page).locator("[data-no-next]")).to_be_visible()
            page.keyboard.press("w")
            expect(said(page)).to_contain_text("没有未接警的告警")
            continue
        expect(drawer(page).locator("[data-next]")).to_contain_text("下一条：烟雾")
        expect(drawer(page).locator("[data-next]")).to_be_focused()
        expect(page).to_have_url(re.compile(f"alarm={first}$"))
        page.keyboard.press("w")
        expect(page).to_have_url(re.compile(f"alarm={wanted}$"))
        expect(row(page, wanted)).to_have_attribute("data-at-cursor", "true")


# Keys ---------------------------------------------------------------------------------------------


def test_a_key_that_can_do_nothing_says_why(sign_in, service):
    alarm_id = service.alarm("W04", "sos")
    page = sign_in()
    expect(row(page, alarm_id)).to_be_visible()
    keys = page.keyboard
    for key, words in (("c", "先选一条告警"), ("m", "声音未启用"), ("x", "没有筛选条件")):
        keys.press(key)
        expect(said(page)).to_contain_text(words)
    keys.press("j")
    expect(drawer(page).get_by_role("button", name="接警")).to_be_visible()
    for key, words in (
        ("s", "呼救告警不可搁置"),
        ("u", "还没有接警"),
        ("e", "没有可展开"),
        ("9", "没有第 9 步"),
        ("j", "已是最后一条"),
        ("k", "已是第一条"),
    ):
        keys.press(key)
        expect(said(page)).to_contain_text(words)
    keys.press("a")
    expect(drawer(page).locator("header [data-state=active_acknowledged]")).to_be_visible()
    keys.press("a")
    expect(said(page)).to_contain_text("li 已接警")
    assert said(page).get_attribute("role") == "status"
    service.close_alarm(service.get(f"alarms/{alarm_id}"))
    expect(drawer(page).locator(".ended")).to_be_visible()
    keys.press("t")
    expect(said(page)).to_contain_text("告警已结束")


def test_the_focus_is_at_the_row_after_escape_wherever_the_alarm_was_opened_from(sign_in, service):
    fire = [service.alarm("S06", "smoke"), service.alarm("S07", "smoke")]
    sos = service.alarm("W05", "sos")
    page = sign_in(at=f"#/?alarm={fire[1]}")
    folded = page.locator('[data-group^="fire/aq/"]')
    expect(folded).to_have_attribute("data-at-cursor", "true")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(folded.get_by_role("button").first).to_be_focused()
    # While the page is open, by a link or a notification.
    page.evaluate(f"location.hash = '#/?alarm={sos}'")
    expect(row(page, sos)).to_have_attribute("data-at-cursor", "true")
    expect(folded).not_to_have_attribute("data-at-cursor", "true")
    page.keyboard.press("a")
    expect(drawer(page).locator("header [data-state=active_acknowledged]")).to_be_visible()
    drawer(page).get_by_role("button", name="关闭详情").click()
    expect(row(page, sos).get_by_role("button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"alarm={sos}$"))
    service.close_alarm(service.get(f"alarms/{sos}"))
    expect(row(page, sos)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(folded.get_by_role("button").first).to_be_focused()


def test_an_alarm_that_is_not_listed_takes_the_frame_away_and_gives_it_back(sign_in, service):
    here, there = service.alarm("W05", "sos"), service.alarm("W25", "sos")
    page = sign_in(at=f"#/?county=安丘市&alarm={there}")
    expect(row(page, there)).to_have_attribute("data-at-cursor", "true")
    page.evaluate(f"location.hash = '#/?county=安丘市&alarm={here}'")
    expect(drawer(page).locator("h2")).to_contain_text("样例老人05")
    expect(page.locator("[data-at-cursor]")).to_have_count(0)
    page.keyboard.press("x")
    expect(row(page, here)).to_have_attribute("data-at-cursor", "true")


def test_pages_and_help_have_keys_everywhere(sign_in, service):
    alarm_id = service.alarm("W06", "sos")
    page = sign_in()
    expect(row(page, alarm_id)).to_be_visible()
    for key, at in (("m", "#/map"), ("r", "#/roster"), ("s", "#/shift"), ("t", "#/track")):
        page.keyboard.press("o")
        expect(said(page)).to_contain_text("M 地图")
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(at))
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="快捷键")).to_contain_text("换页")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("w")
    expect(page).to_have_url(re.compile(f"alarm={alarm_id}$"))
    page.keyboard.press("o")
    page.keyboard.press("c")  # of the alarm, were it not the second key
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(said(page)).to_have_text("")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_contain_text("整组接警")


# What is told ---------------------------------------------------------------------------------------


def test_nought_is_said_only_once_the_alarms_are_read(sign_in, service):
    service.alarm("W07", "sos")
    page = sign_in()
    expect(page.locator('[data-waiting="urgent"]')).to_have_text("1")
    held = []

    def keep(route):
        held.append(route)

    page.context.route(re.compile(r"/api/v1/alarms\?"), keep)
    page.reload()
    until(lambda: page.evaluate("1") and len(held) >= 2, "both requests for alarms")
    for cell in (
        '[data-waiting="urgent"]',
        '[data-waiting="low"]',
        "[data-view=queue] b",
        "[data-view=shelved] b",
    ):
        expect(page.locator(cell)).to_have_text("–")
    expect(page).to_have_title(re.compile(r"^\(–\)"))
    page.goto(f"{service.url}#/map")
    expect(page.locator("[data-county=安丘市] td").first).to_have_text("–")
    for route in held:
        route.continue_()
    page.context.unroute_all(behavior="ignoreErrors")
    expect(page.locator('[data-waiting="urgent"]')).to_have_text("1")
    expect(page.locator('[data-waiting="low"]')).to_have_text("0")
    expect(page.locator("[data-county=安丘市] td").first).to_have_text("0")


def test_how_far_out_is_read_in_the_row_beside_the_details(sign_in, service):
    now_ms = time.time_ns() // 1_000_000
    for ago_s, north in ((200, 0.0), (150, 0.0), (100, 0.004), (60, 0.004)):
        service.say("W08", "location", lat=LAT + north, lon=LON, acc=5, src="gnss", ts=now_ms - ago_s * 1000)
    alarm_id = until(lambda: service.opened("W08", "fence_left"), "the wanderer")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    brief = row(page, alarm_id).locator(".brief")
    expect(brief).to_have_text(re.compile("^在围栏外 3[0-9]{2} m"))
    assert brief.evaluate(
        """one => { const range = document.createRange(); range.setStart(one.firstChild, 0)
        range.setEnd(one.firstChild, one.textContent.indexOf(' m') + 2)
        return range.getBoundingClientRect().right <= one.getBoundingClientRect().right }"""
    )


def test_the_strip_tells_the_highest_need_first_and_how_many_more(sign_in, service):
    fire = service.alarm("S05", "smoke")
    service.alarm("S06", "smoke")
    for n in (10, 11, 12):
        service.alarm(f"W{n}", "sos")
    page = sign_in(at="#/roster")
    first = page.locator("a.strip")
    expect(first).to_contain_text("烟雾")
    expect(first).to_contain_text("2 条")
    expect(first).to_have_attribute("href", re.compile(f"alarm={fire}"))
    expect(page.locator("[data-strips] a.one")).to_have_count(2)
    expect(page.locator("[data-rest]")).to_have_text("另有 2 条")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("[data-strips] a.one")).to_have_count(1)
    expect(page.locator("[data-rest]")).to_have_text("另有 3 条")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_button_says_that_fire_is_not_muted(sign_in, service):
    service.alarm("S05", "smoke")
    page = sign_in()
    page.get_by_role("button", name="开始值班").click()
    status = page.locator("[data-sounding]")
    expect(status).to_have_attribute("data-tone", "fire")
    expect(status).to_contain_text("火警响铃中")
    button = page.get_by_role("button", name="静音其余 60 秒")
    button.click()
    expect(said(page)).to_contain_text("火警不能静音")
    expect(status).to_contain_text(re.compile(r"火警照响，其余静音 \d+ 秒"))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_on_a_telephone_a_row_is_a_card_that_can_be_read(sign_in, service, language):
    service.alarm("W13", "sos")  # a name that is markup, and long
    service.alarm("S05", "smoke")
    service.alarm("S06", "heat")
    page = sign_in(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.evaluate(f"localStorage.setItem('shouwang.language', '{language}')")
    page.reload()
    expect(page.locator("[data-row]")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.locator("[data-row]").evaluate_all(
        """rows => rows.flatMap(row => { const box = row.getBoundingClientRect()
        return [...row.querySelectorAll('b, .strong, .tag, button, .where span')].filter(one => one.offsetParent).map(one => one.getBoundingClientRect())
          .filter(one => one.width > 1 && (one.top < box.top - 1 || one.bottom > box.bottom + 1 || one.right > innerWidth || one.left < 0)) })"""
    )
    assert sizes == []
    assert page.locator("[data-acknowledge]").first.bounding_box()["height"] >= 44
    page.locator("[data-row]").last.click()
    expect(drawer(page)).to_be_visible()
    assert page.locator(".key:visible").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_english_tabs_fit_beside_the_details(sign_in, service):
    alarm_id = service.alarm("W14", "sos")
    page = sign_in()
    page.evaluate("localStorage.setItem('shouwang.language', 'en')")
    page.goto(f"{service.url}#/?alarm={alarm_id}")
    page.reload()
    expect(drawer(page)).to_be_visible()
    pane = page.locator("section.left").bounding_box()
    tops = set()
    for tab in page.locator("[data-view]").all():
        box = tab.bounding_box()
        assert box["x"] >= pane["x"] and box["x"] + box["width"] <= pane["x"] + pane["width"]
        assert tab.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
        tops.add(box["y"])
    assert len(tops) == 1
