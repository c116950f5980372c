"""What a stranger's night at the desk asked for: nobody's work is taken away unasked or unnoticed."""

from __future__ import annotations

import re
import time

import pytest
from console_ear import LOUD, peak
from console_house import LAT, LON, until
from test_console_outing import leaves
from test_console_sound import on_shift

expect = pytest.importorskip("playwright.sync_api").expect


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def drawer(page):
    return page.locator("aside.drawer")


def test_a_colleagues_acknowledgement_is_taken_back_only_after_a_question_and_is_told(sign_in, service):
    alarm_id = service.alarm("W01", "sos")
    mine, other = sign_in("li", f"#/?alarm={alarm_id}"), sign_in("wang", f"#/?alarm={alarm_id}")
    drawer(mine).get_by_role("button", name="接警").click()
    taken = drawer(other).locator("header [data-state=active_acknowledged]")
    expect(taken).to_be_visible()
    other.keyboard.press("u")
    question = other.get_by_role("dialog", name="撤销同事的接警")
    expect(question).to_contain_text(re.compile(r"li 于 \d\d:\d\d:\d\d 接警"))
    expect(question.get_by_role("button", name="保留接警")).to_be_focused()
    other.keyboard.press("Enter")
    expect(question).to_have_count(0)
    expect(taken).to_be_visible()
    drawer(other).get_by_role("button", name=re.compile("^撤销 li 的接警")).click()
    question.get_by_role("button", name="撤销 li 的接警").click()
    notice = mine.locator("[data-notice=taken_back]")
    expect(notice).to_contain_text(
        re.compile(r"wang 于 \d\d:\d\d:\d\d 撤销了您的接警，又在等待：呼救 · 样例老人01")
    )
    notice.get_by_role("button", name="知道了").click()
    expect(notice).to_have_count(0)
    # One's own is one key, and no news to oneself.
    mine.keyboard.press("a")
    expect(drawer(mine).locator("header [data-state=active_acknowledged]")).to_be_visible()
    mine.keyboard.press("u")
    expect(drawer(mine).locator("header [data-state=active_unacknowledged]")).to_be_visible()
    expect(mine.locator("[data-notice]")).to_have_count(0)
    service.quiet()


def test_the_button_and_the_key_take_on_the_whole_group_where_its_row_is_chosen(sign_in, service):
    ids = [service.alarm(f"S0{n}", "water_leak") for n in (2, 3, 4)]
    page = sign_in()
    group = page.locator('[data-group^="aq/water_leak/"]')
    group.click()
    expect(drawer(page).locator("[data-in-group]")).to_contain_text("1 / 3")
    dialog = page.get_by_role("dialog", name="整组接警")
    drawer(page).get_by_role("button", name="整组接警（3）").click()
    expect(dialog).to_contain_text("将一次接警 3 条")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("a")
    expect(dialog).to_contain_text("将一次接警 3 条")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    # On a member of its own both take on that one alone.
    row(page, ids[0]).click()
    expect(drawer(page).locator("[data-in-group]")).to_contain_text("3 / 3")
    drawer(page).get_by_role("button", name=re.compile("^接警")).click()
    expect(row(page, ids[0]).locator("[data-state=active_acknowledged]")).to_be_visible()
    expect(group).to_contain_text("2 条未接警")
    service.quiet()


def test_a_tick_is_taken_back_within_a_minute_and_the_record_says_so(sign_in, service):
    alarm_id = service.alarm("W02", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    step = drawer(page).locator("[data-step=call_site]")
    page.keyboard.press("2")
    expect(step.get_by_role("checkbox")).to_be_checked()
    expect(step).to_contain_text("✓ li")
    page.keyboard.press("2")
    expect(page.locator("[data-said]")).to_contain_text("再按一次撤销")
    page.keyboard.press("2")
    expect(step.get_by_role("checkbox")).not_to_be_checked()
    expect(drawer(page).locator("li", has_text="撤销步骤").first).to_contain_text("li")
    # With the mouse: the step itself ticks it, the button beside it takes that back.
    step.get_by_text("拨打机构值班电话").click()
    expect(step.get_by_role("checkbox")).to_be_checked()
    step.locator("[data-untick]").click()
    expect(step.get_by_role("checkbox")).not_to_be_checked()
    texts = [
        entry["text"]
        for entry in service.get(f"alarms/{alarm_id}")["timeline"]
        if entry["event"] == "comment"
    ]
    assert [text.split("]")[0] for text in texts] == ["[sop:call_site", "[sop:-call_site"] * 2
    assert "撤销步骤：拨打机构值班电话" in texts[1]
    service.quiet()


def test_an_sos_on_an_approved_outing_asks_for_the_escort_first(sign_in, service):
    hour_ms = 3_600_000
    service.post(
        "outings",
        {"resident_id": "P04", "until_ms": time.time_ns() // 1_000_000 + hour_ms, "reason": "family", "escort": "儿子 王强，000-5555"},
    )  # fmt: skip
    until(lambda: service.get("outings?resident_id=P04&running=true")["items"], "the outing's beginning")
    alarm_id = service.alarm("W04", "sos", lat=LAT + 0.02, lon=LON, acc=10, src="gnss")
    page = sign_in()
    expect(row(page, alarm_id).locator("[data-out]")).to_contain_text("外出")
    row(page, alarm_id).click()
    first = drawer(page).locator("ul li", has=page.get_by_role("link", name=re.compile("^拨打"))).first
    expect(first).to_contain_text("陪同人")
    expect(first).to_contain_text("先打")
    expect(first.get_by_role("link")).to_have_attribute("href", "tel:000-5555")
    steps = drawer(page).locator("[data-step]")
    expect(steps.first).to_contain_text("联系陪同人：儿子 王强 000-5555")
    expect(drawer(page).locator("[data-from-site]")).to_have_text("距奎文样例养老院 2.2 km")
    page.keyboard.press("1")
    expect(steps.first.get_by_role("checkbox")).to_be_checked()
    service.quiet()


def test_what_is_given_to_somebody_reaches_him_with_a_tone_and_a_badge(sign_in, service):
    quiet, waits = service.alarm("S05", "fault"), service.alarm("W05", "strap_off")
    mine = sign_in("li")
    service.close_alarm(service.get(f"alarms/{waits}"))
    ear = on_shift(mine)
    expect(mine.locator("[data-tone=none]")).to_be_attached()
    assert peak(ear.hear(1.0)) < LOUD
    other = sign_in("wang", f"#/?alarm={quiet}")
    ear.forget()
    other.keyboard.press("g")
    other.locator("[data-operator=li]").click()
    notice = mine.locator("[data-notice=assigned]")
    expect(notice).to_contain_text(re.compile(r"wang 于 \d\d:\d\d:\d\d 指派给您：设备故障"))
    until(lambda: peak(ear.take()) > LOUD, "a tone")
    expect(mine.locator("[data-given]")).to_have_text("指派给我 1")
    urgent = service.alarm("W05", "sos")
    told = service.get(f"alarms/{urgent}")
    service.post(f"alarms/{urgent}/assign", {"version": told["version"], "assignee": "li"})
    expect(mine.locator("[data-given]")).to_have_text("指派给我 2")
    expect(row(mine, urgent).locator(".state")).to_contain_text(re.compile("已等 .* · li"))
    mine.locator("[data-given]").click()
    expect(mine.locator("[data-alarm]")).to_have_count(1)
    notice.first.get_by_role("button", name="打开").click()
    expect(drawer(mine).locator("h2")).to_contain_text("样例老人05")
    service.quiet()


def test_a_shelf_ends_when_the_dialog_said_and_both_places_say_so(sign_in, service):
    alarm_id = service.alarm("S01", "tamper")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    drawer(page).get_by_role("button", name="搁置").click()
    dialog = page.get_by_role("dialog", name="搁置告警")
    dialog.get_by_label("原因").fill("检修中")
    promised = []
    page.on(
        "request", lambda sent: promised.append(sent.post_data_json) if sent.url.endswith("/shelve") else None
    )
    dialog.get_by_role("button", name="搁置告警").click()
    expect(dialog).to_have_count(0)
    told = service.get(f"alarms/{alarm_id}")
    assert told["shelved_until_ms"] == promised[0]["until_ms"]
    header = drawer(page).locator("header").get_by_text("搁置至")
    end = re.search(r"[\d/ ]*\d\d:\d\d:\d\d", header.inner_text()).group().strip()
    expect(drawer(page).locator("li", has_text="检修中").last).to_contain_text(f"搁置至 {end}：检修中")
    service.quiet()


def test_end_goes_to_the_last_row_before_any_was_chosen(sign_in, service):
    for device in ("W06", "W07", "W08"):
        service.alarm(device, "sos")
    page = sign_in(at="#/?kind=sos")
    rows = page.locator("[data-alarm]")
    expect(rows).to_have_count(3)
    last = rows.last.get_attribute("data-alarm")
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile(f"alarm={last}$"))
    service.quiet()


def test_a_message_that_cannot_be_read_is_shown_as_it_came(sign_in, service):
    said = "不是 JSON <img src=x onerror=alert(1)>" + "x" * 300
    service.publish("S06", "alarm", said)
    alarm_id = until(lambda: service.opened("S06", "unreadable"), "the alarm")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page)).to_contain_text("收到无法解读的报文")
    expect(drawer(page).locator("[data-payload] code")).to_have_text(said[:200])
    # Nobody is to be called at 120 for it; for a person somebody is.
    expect(drawer(page).locator(".emergency .likely")).to_have_count(0)
    person = service.alarm("W09", "sos")
    page.goto(f"{service.url}#/?alarm={person}")
    expect(drawer(page).locator(".emergency .likely")).to_contain_text("120")
    service.quiet()


def test_the_start_of_a_shift_is_answered_by_a_key_and_makes_room_for_an_alarm(sign_in, service):
    fire = service.alarm("S07", "smoke")
    page = sign_in()
    page.get_by_role("button", name="开始值班").click()
    panel = page.get_by_role("region", name="值班准备")
    expect(panel).to_be_visible()
    row(page, fire).click()
    expect(panel).to_have_count(0)
    left = page.locator("[data-missing]")
    expect(left).to_contain_text("未确认四种声音都听清")
    left.get_by_role("button", name="继续").click()
    expect(panel.get_by_role("button", name="听清了")).to_be_visible()
    page.keyboard.press("y")
    expect(panel).to_have_count(0)
    expect(left.filter(has_text="未确认四种声音都听清")).to_have_count(0)
    # While it rings the header is one line on an office screen, and the row says where it burns.
    expect(page.locator("[data-tone=fire]")).to_contain_text("火警响铃中")
    heights = page.evaluate(
        "[...document.querySelectorAll('.frame > header > *')].map(one => one.getBoundingClientRect().top)"
    )
    assert max(heights[:-1]) < 40
    expect(row(page, fire)).to_contain_text("安丘样例敬老院")
    expect(row(page, fire)).not_to_contain_text("消防探测器")
    service.quiet()


def test_a_wristband_is_asked_where_it_is_and_what_came_of_it_is_shown(sign_in, service):
    alarm_id = service.alarm("W35", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    band = drawer(page).locator("[data-band]")
    band.locator("[data-ask=buzz]").click()
    expect(band.locator("[data-command]").first).to_contain_text("响铃")
    asked = service.get("devices/W35/commands")["items"]
    buzz = next(one for one in asked if one["type"] == "buzz")
    service.say("W35", "result", id=buzz["id"], state="done", detail="")
    expect(band).to_contain_text("响铃：手环已执行")
    service.quiet()


def test_a_rough_fix_that_agrees_does_not_hide_the_sharp_one_before_it(sign_in, service):
    alarm_id = service.alarm("W07", "sos", lat=LAT, lon=LON, acc=9, src="gnss")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    where = drawer(page).locator("section", has=page.get_by_role("heading", name="位置"))
    service.say("W07", "location", lat=LAT + 0.004, lon=LON, acc=1500, src="cell")
    expect(where.locator("[data-rougher]")).to_contain_text("基站定位，精度 1.5 km")
    expect(where).to_contain_text("精度 9 m")
    # Farther away than its error it is no longer the same place.
    service.say("W07", "location", lat=LAT + 0.04, lon=LON, acc=1500, src="cell")
    expect(where).to_contain_text("精度 1.5 km")
    expect(where.locator("[data-rougher]")).to_have_count(0)
    service.quiet()


def test_the_reason_says_that_somebody_is_back_within_the_fence(sign_in, service):
    alarm_id = leaves(service, "W06")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page).locator(".because")).to_contain_text("在围栏外")
    expect(drawer(page).locator("[data-back]")).to_have_count(0)
    service.say("W06", "location", lat=LAT, lon=LON, acc=9, src="gnss")
    expect(drawer(page).locator("[data-back]")).to_contain_text(
        re.compile("现已在围栏内（定位于 .*前，精度 9 m）")
    )
    service.quiet()
