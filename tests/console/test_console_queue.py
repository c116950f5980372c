"""The queue as an operator works it: found, folded, taken from the row, held still, and by keys alone."""

from __future__ import annotations

import json
import re

import pytest
from console_house import until
from test_console_safety import AXE, problems

expect = pytest.importorskip("playwright.sync_api").expect


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def group(page, start):
    return page.locator(f'[data-group^="{start}"]')


def drawer(page):
    return page.locator("aside.drawer")


def select(page, name):
    return page.locator(".filters .el-select").filter(has=page.get_by_role("combobox", name=name))


def hold(page, pattern):
    """Keeps the next such request back; the list it goes into."""
    held = []

    def keep(route):
        held.append(route)

    page.route(pattern, keep, times=1)
    return held


def close_all(service, *device_ids):
    """What a test raised must not sound in the next one."""
    for device_id in device_ids:
        for alarm in service.get(f"alarms?device_id={device_id}")["items"]:
            service.close_alarm(alarm)


def test_the_list_is_a_table_with_named_columns_in_line(sign_in, service):
    alarm_id = service.alarm("W20", "sos")
    page = sign_in()
    expect(row(page, alarm_id)).to_be_visible()
    for width in (1366, 1920):
        page.set_viewport_size({"width": width, "height": 768})
        names = page.get_by_role("columnheader").all_inner_texts()
        assert [name.strip(" ↓") for name in names] == [
            "级别",
            "告警",
            "对象",
            "地点",
            "发生",
            "状态",
            "操作",
        ]
        heads, cells = page.get_by_role("columnheader").all(), row(page, alarm_id).get_by_role("cell").all()
        assert len(heads) == len(cells)
        lefts = [
            (head.bounding_box()["x"], cell.bounding_box()["x"])
            for head, cell in zip(heads, cells, strict=True)
        ]
        assert all(abs(head - cell) <= 1 for head, cell in lefts), lefts
    table = page.get_by_role("table")
    assert int(table.get_attribute("aria-rowcount")) == 1 + int(
        re.search(r"\d+", table.get_attribute("aria-label"))[0]
    )
    page.set_viewport_size({"width": 1366, "height": 768})
    row(page, alarm_id).click()
    expect(drawer(page)).to_be_visible()
    expect(page.get_by_role("columnheader", name="地点")).to_have_count(0)  # no room beside the drawer
    close_all(service, "W20")


def test_place_is_chosen_in_the_tree_by_keys(sign_in, service):
    here, there = service.alarm("W00", "sos"), service.alarm("W21", "sos")
    page = sign_in()
    page.get_by_role("button", name="地区与机构").click()
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem", name=re.compile("^安丘市 ?紧急 [1-9]"))).to_be_visible()
    page.keyboard.type("anqiu")
    page.keyboard.press("Control+a")
    page.keyboard.type("安丘")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(tree.locator(":focus")).to_have_attribute("data-place", "安丘市")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"county=%E5%AE%89%E4%B8%98%E5%B8%82|county=安丘市"))
    expect(row(page, there)).to_be_visible()
    expect(row(page, here)).to_have_count(0)
    expect(page.get_by_role("button", name="地区与机构 安丘市")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("tree").get_by_role("treeitem", name="安丘市").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("site=aq"))
    page.keyboard.press("x")
    expect(row(page, here)).to_be_visible()
    close_all(service, "W00", "W21")


def test_every_filter_is_a_link_that_shows_a_colleague_the_same(sign_in, service):
    sos, fall = service.alarm("W22", "sos"), service.alarm("W23", "fall")
    page = sign_in()
    expect(row(page, sos)).to_be_visible()
    page.keyboard.press("f")
    for kind in ("呼救", "跌倒"):
        select(page, "类型").click()
        page.get_by_role("option", name=re.compile(kind)).click()
        page.keyboard.press("Escape")
    page.get_by_role("combobox", name="老人").fill("yllr22")
    page.get_by_role("option", name=re.compile("样例老人22")).click()
    select(page, "发生时间").click()
    page.get_by_role("option", name="最近 8 小时").click()
    select(page, "状态").click()
    page.get_by_role("option", name="未接警", exact=True).click()
    select(page, "级别").click()
    page.get_by_role("option", name="紧急").click()
    for part in ("kind=", "person=P22", "time=8h", "state=unacknowledged", "priority=urgent"):
        expect(page).to_have_url(re.compile(part))
    expect(row(page, sos)).to_be_visible()
    expect(row(page, fall)).to_have_count(0)
    colleague = sign_in("wang", page.url[page.url.index("#") :])
    expect(row(colleague, sos)).to_be_visible()
    expect(row(colleague, fall)).to_have_count(0)
    # What is urgent and not shown is told all the same.
    expect(colleague.get_by_text("这里没有显示的紧急告警还有")).to_be_visible()
    colleague.get_by_role("button", name="全部显示").click()
    expect(row(colleague, fall)).to_be_visible()
    close_all(service, "W22", "W23")


def test_presets_come_with_the_console_and_are_kept_in_the_browser(sign_in, service):
    alarm_id = service.alarm("W24", "sos")
    page = sign_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="常用筛选").click()
    page.locator("[data-preset=life]").click()
    expect(page).to_have_url(re.compile("kind=fire_confirmed"))
    expect(row(page, alarm_id)).to_be_visible()
    page.get_by_role("button", name="常用筛选 火警与呼救").click()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("请填写名称")
    page.get_by_label("名称，如").fill("夜班<b>重点")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="复制“夜班<b>重点”的链接").click()
    expect(page.get_by_text("链接已复制")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(service.url) and "kind=fire_confirmed" in link
    page.goto(service.url)
    page.reload()
    page.get_by_role("button", name="常用筛选").click()
    page.locator("[data-preset='夜班<b>重点']").click()
    expect(page).to_have_url(re.compile("kind=fire_confirmed"))
    page.get_by_role("button", name=re.compile("^常用筛选")).click()
    page.get_by_role("button", name="删除“夜班<b>重点”").click()
    expect(page.get_by_text("还没有保存的筛选")).to_be_visible()
    page.locator("[data-preset=wander]").click()
    expect(row(page, alarm_id)).to_have_count(0)
    close_all(service, "W24")


def test_mine_is_what_i_took_and_overdue_is_what_nobody_did(sign_in, service):
    mine, open_one = service.alarm("W25", "sos"), service.alarm("W26", "sos")
    page = sign_in(at="#/?mine=1")
    colleague = sign_in("wang")
    row(colleague, mine).locator("[data-acknowledge]").click()
    expect(row(colleague, mine)).to_contain_text("wang 已接警")
    colleague.goto(f"{service.url}#/?mine=1")
    colleague.reload()  # who took it is known to the service, not only to this page
    expect(row(colleague, mine)).to_be_visible()
    expect(row(page, mine)).to_have_count(0)
    page.goto(f"{service.url}#/?state=overdue")
    expect(page.get_by_role("table")).to_be_visible()
    expect(row(page, open_one)).to_have_count(0)  # not a minute old
    close_all(service, "W25", "W26")


def test_a_row_is_taken_and_given_back_without_opening_it(sign_in, service):
    alarm_id = service.alarm("W28", "sos")
    page = sign_in()
    row(page, alarm_id).locator("[data-acknowledge]").click()
    expect(row(page, alarm_id).locator("[data-state=active_acknowledged]")).to_be_visible()
    expect(row(page, alarm_id)).to_contain_text("li 已接警")
    expect(drawer(page)).to_have_count(0)
    row(page, alarm_id).locator("[data-undo]").click()
    expect(row(page, alarm_id).locator("[data-state=active_unacknowledged]")).to_be_visible()
    close_all(service, "W28")


def test_one_fire_is_one_row_that_names_all_and_is_taken_at_once(sign_in, service):
    ids = [service.alarm("S05", "smoke"), service.alarm("S06", "heat"), service.alarm("S07", "manual_call")]
    page = sign_in()
    fire = group(page, "fire/aq/")
    expect(fire).to_contain_text("3 条 · 3 个探测器")
    for word in ("烟雾", "高温", "手动报警", "3 条未接警", "S05 5F"):
        expect(fire).to_contain_text(word)
    page.route(f"**/alarms/{ids[1]}/acknowledge", lambda route: route.abort())
    fire.get_by_role("button", name="整组接警").click()
    dialog = page.get_by_role("dialog", name="整组接警")
    expect(dialog).to_contain_text("将一次接警 3 条")
    expect(dialog.get_by_role("button", name="接警 3 条")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("1 条没有接成，原因如下：")
    expect(dialog).to_contain_text("高温 · 消防探测器 S06")
    expect(dialog).to_contain_text("请求没有送达")
    page.unroute(f"**/alarms/{ids[1]}/acknowledge")
    dialog.get_by_role("button", name="重试没接成的 1 条").click()
    expect(dialog).to_be_hidden()
    expect(fire).to_contain_text("全部已接警")
    assert {service.get(f"alarms/{one}")["state"] for one in ids} == {"active_acknowledged"}
    close_all(service, "S05", "S06", "S07")


def test_one_person_is_one_row_and_opens_by_keys(sign_in, service):
    fall, sos = service.alarm("W14", "fall"), service.alarm("W14", "sos")
    page = sign_in(at="#/?person=P14")
    person = group(page, "person/P14")
    expect(person).to_contain_text("呼救、跌倒")
    expect(person).to_contain_text("同一人 2 条")
    page.keyboard.press("j")
    expect(drawer(page)).to_contain_text("样例老人14")
    expect(row(page, fall)).to_have_count(0)
    page.keyboard.press("e")
    expect(row(page, fall)).to_be_visible()
    expect(row(page, sos)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(row(page, fall)).to_have_count(0)
    page.keyboard.press("a")
    expect(
        page.get_by_role("dialog", name="整组接警").get_by_role("button", name="接警 2 条")
    ).to_be_focused()
    page.keyboard.press("Enter")
    expect(person).to_contain_text("全部已接警")
    close_all(service, "W14")


def test_an_outage_is_one_row_with_what_it_explains(sign_in, service):
    """The answer of the service is given what it holds; the real core's is in the outage's own file."""
    alarm_id = service.alarm("S00", "fault")
    base = service.get(f"alarms/{alarm_id}")

    def answer(route):
        told = route.fetch().json()
        outage = base | {"alarm_id": "OUT", "kind": "site_contact_lost", "priority": "high", "subject_type": "site", "subject_id": "aq",
                         "device_id": None, "because": {"rule": "site", "silent": 40}}  # fmt: skip
        lost = [
            base | {"alarm_id": f"L{n}", "kind": "contact_lost", "subject_id": f"W{n}", "device_id": f"W{n}"}
            for n in (30, 31)
        ]
        held = base | {"alarm_id": "SUP", "kind": "tamper", "priority": "high", "suppressed": True, "device_id": "W32", "subject_id": "W32",
                       "because": {"rule": "suppressed", "parent_alarm_id": "OUT"}}  # fmt: skip
        told["items"] += [outage, *lost, held]
        route.fulfill(json=told)

    page = sign_in()
    page.context.route(re.compile(r"/api/v1/alarms\?"), answer)
    page.reload()
    outage = group(page, "parent/OUT")
    expect(outage).to_contain_text("机构失联，牵连 3 条")
    outage.click()
    expect(row(page, "L30")).to_be_visible()
    page.locator("[data-view=suppressed]").click()
    expect(row(page, "SUP")).to_contain_text("因：机构失联")
    row(page, "SUP").get_by_role("button", name=re.compile("^因：")).click()
    expect(page).to_have_url(re.compile("alarm=OUT"))
    page.locator("[data-view=maintenance]").click()
    expect(group(page, "under/OUT")).to_contain_text("同一起因 2 条")
    page.context.unroute_all(behavior="ignoreErrors")
    close_all(service, "S00")


def test_a_row_under_the_pointer_stays_when_others_come_in(sign_in, service):
    ids = [service.alarm(f"W{n}", "sos") for n in (33, 34)]
    page = sign_in(at="#/?county=安丘市")
    target = row(page, ids[0])
    expect(target).to_be_visible()
    target.hover()
    before = target.bounding_box()
    fresh = service.alarm("W35", "sos")
    expect(page.get_by_role("button", name="上方有 1 条新告警")).to_be_visible()
    assert target.bounding_box() == before
    # What is taken under the pointer does not slip away either.
    target.locator("[data-acknowledge]").click()
    expect(target.locator("[data-state=active_acknowledged]")).to_be_visible()
    assert target.bounding_box() == before
    page.mouse.move(5, 5)
    expect(row(page, fresh)).to_be_in_viewport()
    expect(page.get_by_role("button", name="上方有")).to_have_count(0)
    until(lambda: target.bounding_box() != before, "the list settling")
    close_all(service, "W33", "W34", "W35")


def test_those_who_hear_the_page_are_told_of_what_is_new(sign_in, service):
    page = sign_in()
    expect(page.get_by_text("正在读取告警")).to_have_count(0)
    page.keyboard.press("/")
    service.alarm("W36", "sos")
    expect(page.locator("[data-spoken]")).to_have_text("新的紧急告警：呼救 · 样例老人36 · 安丘样例敬老院")
    expect(page.get_by_role("textbox", name=re.compile("姓名"))).to_be_focused()
    page.get_by_role("link", name="名册").click()
    service.alarm("W37", "fall")
    expect(page.locator("[data-spoken]")).to_contain_text("样例老人37")
    close_all(service, "W36", "W37")


def test_shelved_and_maintenance_say_why_and_how_long(sign_in, service):
    shelved = service.alarm("S05", "electrical")
    low = service.alarm("W38", "low_battery")
    page = sign_in(at=f"#/?alarm={shelved}")
    expect(drawer(page).get_by_role("button", name="搁置")).to_be_visible()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="设备检修中").click()
    dialog.get_by_text("8 小时").click()
    expect(dialog).to_contain_text("自动恢复")
    dialog.get_by_label("原因").press("Enter")
    expect(dialog).to_be_hidden()
    page.goto(f"{service.url}#/?view=shelved")
    page.reload()
    expect(row(page, shelved)).to_contain_text("li：设备检修中")
    page.keyboard.press("v")
    page.locator("[data-view=maintenance]").click()
    expect(page.locator("[data-maintenance-summary]")).to_contain_text("台设备待维护")
    expect(page.locator("[data-maintenance-summary]")).to_contain_text("电量低 1")
    expect(row(page, low)).to_contain_text(re.compile("已 \\d+ 秒"))
    close_all(service, "S05", "W38")


def test_a_night_by_keys_alone(sign_in, service):
    """A fire, a wanderer who took the strap off, a false SOS: no mouse at all."""
    fire = [service.alarm("S06", "smoke"), service.alarm("S07", "smoke")]
    sos = service.alarm("W39", "sos")
    strap = service.alarm("W21", "strap_off")
    page = sign_in(at="#/?county=安丘市")
    expect(row(page, sos)).to_be_visible()
    page.mouse.move(0, 0)
    keys = page.keyboard

    def go_to(target):
        keys.press("Home")
        for _ in range(40):
            if target.get_attribute("data-at-cursor"):
                return
            keys.press("j")
        raise AssertionError("the keys did not come to the row")

    go_to(group(page, "fire/aq/"))
    keys.press("a")
    expect(page.get_by_role("button", name="接警 2 条")).to_be_focused()
    keys.press("Enter")
    until(
        lambda: all(service.get(f"alarms/{one}")["state"] == "active_acknowledged" for one in fire),
        "the fire taken",
    )
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.press("1")
    expect(drawer(page).locator("[data-step=call_site]")).to_contain_text("✓ li")

    go_to(row(page, sos))
    keys.press("a")
    expect(drawer(page).locator("header [data-state=active_acknowledged]")).to_be_visible()
    keys.press("n")
    keys.type("机构回电：误按")
    keys.press("Control+Enter")
    expect(drawer(page).locator("time + span", has_text="机构回电：误按")).to_be_visible()
    keys.press("Escape")
    keys.press("c")
    expect(page.get_by_role("dialog").get_by_role("radio").first).to_be_focused()
    keys.press("2")
    expect(page.get_by_label("处置说明")).to_be_focused()
    keys.type("老人误按，已核实本人平安")
    keys.press("Control+Enter")
    expect(drawer(page)).to_contain_text("告警已结束：误报")

    go_to(row(page, strap))
    keys.press("a")
    expect(drawer(page).locator("header [data-state=active_acknowledged]")).to_be_visible()
    keys.press("t")
    expect(drawer(page).locator("header")).to_contain_text("由 li 处理")
    keys.press("g")
    expect(page.locator("[data-operator=wang]")).to_be_visible()
    keys.press("ArrowDown")
    expect(page.locator("[data-operator=wang]")).to_be_focused()
    keys.press("Enter")
    expect(drawer(page).locator("header")).to_contain_text("由 wang 处理")
    keys.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(row(page, strap).get_by_role("button").first).to_be_focused()
    keys.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_contain_text("整组接警")
    keys.press("Escape")
    close_all(service, "S06", "S07", "W39", "W21")


def test_keys_in_quick_succession_are_all_done(sign_in, service):
    alarm_id = service.alarm("W32", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page).get_by_role("button", name="接警")).to_be_visible()
    for key in "aat11":
        page.keyboard.press(key)
    expect(drawer(page).locator("header")).to_contain_text("由 li 处理")
    expect(drawer(page).locator("[data-step=call_resident]")).to_contain_text("✓ li")
    events = [entry["event"] for entry in service.get(f"alarms/{alarm_id}")["timeline"]]
    assert events == ["raise", "acknowledge", "assign", "comment"]
    expect(drawer(page).get_by_role("alert")).to_have_count(0)
    close_all(service, "W32")


def test_a_device_that_cries_again_does_not_stop_the_one_who_answers(sign_in, service):
    alarm_id = service.alarm("W30", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    expect(drawer(page)).to_be_visible()
    held = hold(page, "**/acknowledge")
    drawer(page).get_by_role("button", name="接警").click()
    until(lambda: page.evaluate("1") and held, "the request")
    service.say("W30", "alarm", kinds=["sos"])
    until(lambda: service.get(f"alarms/{alarm_id}")["count"] == 2, "the second cry")
    assert json.loads(held[0].request.post_data)["version"] < service.get(f"alarms/{alarm_id}")["version"]
    held[0].continue_()
    expect(drawer(page).locator("header [data-state=active_acknowledged]")).to_be_visible()
    expect(drawer(page).get_by_role("alert")).to_have_count(0)
    close_all(service, "W30")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(sign_in, service, theme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    service.alarm("W31", "sos")
    service.alarm("W31", "fall")
    shelved = service.alarm("S05", "tamper")
    page = sign_in(at="#/?kind=sos,fall&person=P31")
    page.evaluate(f"localStorage.setItem('shouwang.theme', '{theme}')")
    page.reload()
    person = group(page, "person/P31")
    person.click()
    found = []

    def look(what):
        page.evaluate(
            "Promise.all(document.getAnimations().map(one => one.finished.catch(() => null))).then(() => 0)"
        )
        found.extend(problems(page, what))

    look("an open cause")
    for name, what in (("地区与机构", "tree"), ("常用筛选", "presets")):
        page.get_by_role("button", name=name).click()
        look(what)
        page.keyboard.press("Escape")
    for key, what in (("g", "assign"), ("c", "close"), ("?", "help")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog").last).to_be_visible()
        look(what)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    person.locator("[data-acknowledge]").click()
    expect(page.get_by_role("dialog", name="整组接警")).to_be_visible()
    look("group")
    page.goto(f"{service.url}#/?alarm={shelved}")
    page.reload()
    expect(drawer(page).get_by_role("button", name="搁置")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_be_visible()
    look("shelve")
    assert not found, "\n".join(found)
    close_all(service, "W31", "S05")
