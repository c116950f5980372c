"""One alarm in one look, and everything that is done to it: nothing typed is lost, nobody is overrun."""

from __future__ import annotations

import re

import pytest
from console_house import LAT, LON, until

expect = pytest.importorskip("playwright.sync_api").expect


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def drawer(page):
    return page.locator("aside.drawer")


def hold(page, pattern):
    """Keeps the next such request back; the list it goes into."""
    held = []

    def keep(route):
        held.append(route)

    page.route(pattern, keep, times=1)
    return held


def close_all(service, *device_ids):
    for device_id in device_ids:
        for alarm in service.get(f"alarms?device_id={device_id}")["items"]:
            service.close_alarm(alarm)


def with_more(page, path, **more):
    """The answer of the service with fields that other branches of it will have."""

    def answer(route):
        told = route.fetch().json()
        fuller = [item | more for item in told.get("items", [told])]
        route.fulfill(json=told | {"items": fuller} if "items" in told else fuller[0])

    page.context.route(re.compile(rf"/api/v1/{path}(\?|/|$)"), answer)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_one_look_is_enough_on_a_small_screen(sign_in, service, language):
    alarm_id = service.alarm("W20", "fall", lat=LAT, lon=LON, acc=12, src="gnss")
    page = sign_in()
    page.evaluate(f"localStorage.setItem('shouwang.language', '{language}')")
    with_more(page, "residents", birth_date="1940-01-15")
    with_more(page, "sites", street_phone="000-9999", street="样例街道")
    page.goto(f"{service.url}#/?alarm={alarm_id}")
    page.reload()
    expect(
        page.locator("[data-danger=audio_locked]")
    ).to_be_visible()  # with the banner there is the least room
    body = drawer(page).locator(".body")
    expect(body).to_contain_text(re.compile("岁" if language == "zh-CN" else "years"))
    for line in ("000-2222", "000-0020", "000-9999"):
        expect(body.locator(f"a[href='tel:{line}']")).to_be_visible()
    expect(body.locator("li.current")).to_be_visible()
    frame = body.bounding_box()
    looked_for = [
        body.get_by_text("样例老人20").first, body.get_by_text("1F-20"), body.get_by_text("步态不稳"), body.locator(".because"),
        body.locator("a[href='tel:000-2222']"), body.locator("a[href='tel:000-0020']"), body.locator("a[href='tel:000-9999']"),
        body.locator("a[href='tel:120']"), body.locator("li.current"), body.locator("[data-fix-age]"), body.locator(".mini"),
    ]  # fmt: skip
    for thing in looked_for:
        box = thing.bounding_box()
        assert box and box["y"] >= frame["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"], (
            thing
        )
    assert body.evaluate("one => one.scrollWidth <= one.clientWidth")
    for phone in ("000-2222", "000-9999"):
        assert body.locator(f"a[href='tel:{phone}']").bounding_box()["height"] >= 24
    for words in (
        ("接警", "结束告警", "由我处理")
        if language == "zh-CN"
        else ("Acknowledge", "Close alarm", "I take it")
    ):
        expect(drawer(page).get_by_role("button", name=words).first).to_be_in_viewport(ratio=1)
    expect(drawer(page).get_by_label("添加备注" if language == "zh-CN" else "Add comment")).to_be_in_viewport(
        ratio=1
    )
    page.context.unroute_all(behavior="ignoreErrors")
    close_all(service, "W20")


def test_a_number_is_copied_and_the_line_that_fits_comes_first(sign_in, service):
    alarm_id = service.alarm("S05", "smoke")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drawer(page).get_by_role("button", name="复制号码 000-2222").click()
    expect(page.get_by_text("已复制 000-2222")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "000-2222"
    expect(drawer(page).locator(".emergency a").first).to_have_attribute("href", "tel:119")
    page.keyboard.press("p")
    expect(drawer(page).locator("a[href='tel:000-2222']")).to_be_focused()
    close_all(service, "S05")


def test_a_ticked_step_is_seen_by_the_colleague_at_once(sign_in, service):
    alarm_id = service.alarm("W21", "sos")
    first, second = sign_in("li", f"#/?alarm={alarm_id}"), sign_in("wang", f"#/?alarm={alarm_id}")
    expect(second.locator("[data-step=call_resident].current")).to_be_visible()
    drawer(first).locator("[data-step=call_resident]").locator("label").click()
    expect(second.locator("[data-step=call_resident]")).to_contain_text("✓ li")
    expect(second.locator("[data-step=call_site].current")).to_be_visible()
    # Both at the same moment: neither is refused, for a remark takes nothing from anybody.
    held = hold(first, "**/comment")
    drawer(first).locator("[data-step=call_site]").locator("label").click()
    until(lambda: first.evaluate("1") and held, "the request")
    drawer(second).locator("[data-step=call_120]").locator("label").click()
    expect(first.locator("[data-step=call_120]")).to_contain_text("✓ wang")
    held[0].continue_()
    expect(second.locator("[data-step=call_site]")).to_contain_text("✓ li")
    expect(drawer(first).get_by_role("alert")).to_have_count(0)
    first.get_by_role("button", name="设置").click()
    first.select_option("select >> nth=0", "en")
    first.keyboard.press("Escape")
    expect(first.locator("[data-step=call_site]")).to_contain_text("✓ li")
    close_all(service, "W21")


def test_an_alarm_is_given_to_somebody_who_exists(sign_in, service):
    alarm_id = service.alarm("W22", "sos")
    sign_in("wang")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    drawer(page).get_by_role("button", name="指派").click()
    wang = page.locator("[data-operator=wang]")
    expect(wang).to_contain_text("在线")
    page.keyboard.press("Escape")
    expect(wang).to_have_count(0)
    expect(drawer(page)).to_be_visible()
    drawer(page).get_by_role("button", name="指派").click()
    wang.click()
    expect(drawer(page).locator("header")).to_contain_text("由 wang 处理")
    assert service.get(f"alarms/{alarm_id}")["assignee"] == "wang"
    page.route("**/api/v1/operators", lambda route: route.abort())
    page.reload()
    drawer(page).get_by_role("button", name="指派").click()
    expect(page.get_by_text("读取操作员失败")).to_be_visible()
    close_all(service, "W22")


def test_what_could_not_be_sent_stays_written(sign_in, service):
    ids = [service.alarm("W23", "sos"), service.alarm("W24", "sos")]
    page = sign_in(at=f"#/?alarm={ids[0]}")
    page.route(re.compile("/(comment|close|shelve)$"), lambda route: route.abort())
    expect(drawer(page).get_by_label("添加备注")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("家属正在路上")
    page.keyboard.press("Control+Enter")
    box = drawer(page).get_by_label("添加备注")
    expect(drawer(page).get_by_role("alert")).to_contain_text("备注没有提交成功，文字已保留。 请求没有送达")
    expect(box).to_have_value("家属正在路上")
    page.keyboard.press("Escape")
    row(page, ids[1]).click()
    expect(drawer(page)).to_contain_text("样例老人24")
    expect(box).to_have_value("")
    row(page, ids[0]).click()
    expect(box).to_have_value("家属正在路上")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="老人误按，已核实本人平安").click()
    dialog.get_by_text("误报").click()
    dialog.get_by_role("button", name="结束告警").click()
    expect(dialog.get_by_role("alert")).to_contain_text("填写的内容已保留")
    expect(dialog.get_by_label("处置说明")).to_have_value("老人误按，已核实本人平安")
    page.unroute_all(behavior="ignoreErrors")
    dialog.get_by_label("处置说明").press("Control+Enter")
    expect(drawer(page)).to_contain_text("告警已结束：误报")
    close_all(service, "W24")


def test_the_slower_one_reads_who_did_what(sign_in, service):
    alarm_id = service.alarm("W25", "sos")
    page = sign_in("wang", f"#/?alarm={alarm_id}")
    expect(drawer(page).get_by_role("button", name="结束告警")).to_be_visible()
    held = hold(page, "**/close")
    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_text("真实事件").click()
    page.get_by_label("处置说明").fill("已送医")
    page.get_by_label("处置说明").press("Control+Enter")
    until(lambda: page.evaluate("1") and held, "the request")
    service.close_alarm(service.get(f"alarms/{alarm_id}"))
    held[0].continue_()
    told = drawer(page).locator(".conflict")
    expect(told).to_contain_text("有人比您快：tests 于")
    expect(told).to_contain_text("结束：测试（test）")
    expect(page.get_by_label("处置说明")).to_have_value("已送医")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_contain_text("告警已结束：测试")
    told.get_by_role("button", name="知道了").click()
    expect(told).to_have_count(0)


def test_two_alarms_of_one_person_know_each_other_and_the_past(sign_in, service):
    service.alarm("W26", "fall")
    close_all(service, "W26")
    until(lambda: not service.get("alarms?device_id=W26")["items"], "the end of the fall")
    sos, strap = service.alarm("W26", "sos"), service.alarm("W26", "strap_off")
    page = sign_in(at=f"#/?alarm={sos}")
    drawer(page).get_by_role("button", name="此人还有 1 条未结束告警").click()
    expect(page).to_have_url(re.compile(f"alarm={strap}$"))
    expect(drawer(page).locator("h2")).to_contain_text("腕带脱落")
    expect(drawer(page).locator("[data-related]")).to_contain_text(
        re.compile(r"近 7 天另有 \d+ 条：测试 \d+")
    )
    drawer(page).locator(f"[data-show='{sos}']").click()
    expect(drawer(page).locator("h2")).to_contain_text("呼救")
    close_all(service, "W26")


def test_an_acknowledgement_is_taken_back_while_it_counts_down(sign_in, service):
    alarm_id = service.alarm("W28", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    drawer(page).get_by_role("button", name="接警").click()
    undo = drawer(page).get_by_role("button", name=re.compile(r"撤销接警 \d+ s"))
    expect(undo).to_be_visible()
    expect(drawer(page).locator("header")).to_contain_text("li 已接警")
    undo.click()
    expect(drawer(page).locator("header [data-state=active_unacknowledged]")).to_be_visible()
    close_all(service, "W28")
