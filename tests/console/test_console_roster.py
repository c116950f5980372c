"""The roster pages: look up, write, swap a band, import a list; nothing typed is lost, nothing wrong gets in unsaid."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from console_house import EVIL, until

expect = pytest.importorskip("playwright.sync_api").expect
AXE = "console/node_modules/axe-core/axe.min.js"


def send(service, method, path, body=None):
    """Another seat writes."""
    request = urllib.request.Request(
        f"{service.url}api/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {service._token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def entry(page, item_id):
    return page.locator(f'[data-id="{item_id}"]')


def panel(page):
    return page.locator("main aside")


def dialog(page):
    return page.get_by_role("dialog")


def field(page, name):
    return page.locator(f"#field-{name}")


@pytest.fixture
def spares(service):
    """Two bands on the shelf; another for each test."""
    made = []
    for n in range(2):
        device_id = f"SP{len(service.get('devices?limit=5000')['items']):03}{n}"
        send(service, "PUT", f"devices/{device_id}", {"kind": "wristband", "model": "B2"})
        made.append(device_id)
    return made


def test_a_resident_is_created_changed_and_deleted_by_keyboard(sign_in, service):
    page = sign_in(at="#/roster?book=residents")
    expect(entry(page, "P00")).to_be_visible()
    page.keyboard.press("n")
    expect(field(page, "resident_id")).to_be_focused()
    page.keyboard.type("P-new")
    page.keyboard.press("Tab")
    page.keyboard.type(EVIL)
    field(page, "birth_date").focus()
    page.keyboard.type("1941-03-05")
    page.get_by_role("button", name="添加联系人").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("联系人 1 姓名")).to_be_focused()
    page.keyboard.type("样例女儿")
    page.get_by_label("联系人 1 电话").focus()
    page.keyboard.type("000-7777")
    page.keyboard.press("Control+Enter")
    expect(dialog(page)).to_have_count(0)
    expect(panel(page).locator("h2")).to_have_text(EVIL)
    expect(panel(page)).to_contain_text("000-7777")
    expect(panel(page)).to_contain_text("岁")
    stored = service.get("residents/P-new")
    assert stored["name"] == EVIL and stored["birth_date"] == "1941-03-05"
    assert stored["contacts"] == [{"name": "样例女儿", "relation": None, "phone": "000-7777"}]
    assert page.locator("img[src=x]").count() == 0

    page.keyboard.press("e")
    expect(field(page, "resident_id")).to_be_disabled()
    expect(field(page, "name")).to_be_focused()
    field(page, "name").fill("样例新人")
    page.keyboard.press("Control+Enter")
    expect(panel(page).locator("h2")).to_have_text("样例新人")
    page.get_by_role("button", name="删除").first.click()
    expect(panel(page).get_by_role("button", name="取消")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel(page)).to_have_count(0)
    expect(entry(page, "P-new")).to_have_count(0)


def test_what_the_service_refuses_stands_at_its_field(sign_in, service):
    page = sign_in(at="#/roster?book=sites")
    page.get_by_role("button", name="新建机构").click()
    dialog(page).get_by_role("button", name="保存").click()
    expect(dialog(page).locator(".field .problem")).to_have_count(4)
    for name, value in (("site_id", "a/b"), ("lat", "95"), ("lon", "一一九")):
        field(page, name).fill(value)
    dialog(page).get_by_text("养老机构", exact=True).click()
    dialog(page).get_by_role("button", name="保存").click()
    expect(page.locator("#field-lat-problem")).to_have_text("超出允许范围")
    expect(page.locator("#field-lon-problem")).to_have_text("不是数字")
    expect(page.locator("#field-site_id-problem")).to_contain_text("编号")
    expect(field(page, "lat")).to_have_attribute("aria-invalid", "true")
    for name, value in (("site_id", "qw"), ("lat", "36.705"), ("lon", "119.1")):
        field(page, name).fill("")
        field(page, name).press_sequentially(value)
    dialog(page).get_by_role("button", name="保存").click()
    expect(page.locator("#field-site_id-problem")).to_have_text("编号已被使用")
    field(page, "site_id").fill("kw")
    dialog(page).get_by_role("button", name="保存").click()
    expect(panel(page)).to_contain_text("36.705000, 119.100000")
    assert service.get("sites/kw")["lat"] == 36.705


def test_what_others_still_use_is_not_deleted(sign_in):
    page = sign_in(at="#/roster?book=sites&id=aq")
    panel(page).get_by_role("button", name="删除").click()
    panel(page).get_by_role("button", name="删除").last.click()
    expect(panel(page).get_by_role("alert")).to_contain_text(re.compile("位老人.*台设备|台设备.*位老人"))
    expect(panel(page).locator("h2")).to_have_text("安丘样例敬老院")


def test_what_was_typed_is_not_lost_without_a_word(sign_in):
    page = sign_in(at="#/roster?book=residents&id=P01")
    expect(panel(page)).to_be_visible()
    page.keyboard.press("e")
    expect(field(page, "name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    page.keyboard.press("e")
    expect(field(page, "name")).to_be_focused()
    field(page, "room").fill("9F-09")
    page.keyboard.press("Escape")
    expect(dialog(page).get_by_role("alert")).to_contain_text("未保存")
    expect(dialog(page).get_by_role("button", name="继续填写")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field(page, "room")).to_have_value("9F-09")
    page.evaluate("location.hash = '#/map'")
    expect(dialog(page).get_by_role("alert")).to_contain_text("未保存")
    expect(page).to_have_url(re.compile("#/roster"))
    dialog(page).get_by_role("button", name="放弃修改").click()
    expect(dialog(page)).to_have_count(0)
    expect(panel(page)).to_contain_text("1F-01")


def test_of_two_who_write_the_same_field_the_slower_is_told(sign_in, service):
    page = sign_in(at="#/roster?book=residents&id=P02")
    expect(panel(page)).to_be_visible()
    page.keyboard.press("e")
    field(page, "room").fill("2F-mine")
    send(service, "PATCH", "residents/P02", {"room": "2F-theirs", "care_level": "半失能"})
    page.keyboard.press("Control+Enter")
    expect(dialog(page).get_by_role("alert").first).to_contain_text("他人刚刚也修改了")
    expect(page.locator("#field-room-problem")).to_have_text("他人已改为：2F-theirs")
    page.keyboard.press("Control+Enter")
    expect(dialog(page)).to_have_count(0)
    stored = service.get("residents/P02")
    assert stored["room"] == "2F-mine" and stored["care_level"] == "半失能"


def test_a_device_is_moved_and_its_fences_are_chosen(sign_in, service):
    page = sign_in(at="#/roster?book=devices&id=W30")
    expect(panel(page)).to_contain_text("用本机构的围栏")
    page.keyboard.press("e")
    dialog(page).get_by_text("不设围栏", exact=True).click()
    expect(dialog(page)).to_contain_text("走失不会告警")
    dialog(page).get_by_role("combobox", name="机构").click()
    page.keyboard.type("kwyl")
    page.get_by_role("option", name="奎文样例养老院 · qw").click()
    dialog(page).get_by_role("button", name="保存").click()
    expect(panel(page)).to_contain_text("奎文样例养老院")
    told = service.get("devices/W30")
    assert told["site_id"] == "qw" and told["fence_ids"] == []


def test_a_band_is_swapped_and_the_history_is_kept(sign_in, service, spares):
    alarm_id = service.alarm("W31", "sos")
    page = sign_in(at="#/roster?book=residents&id=P31")
    panel(page).get_by_role("button", name="换手环").click()
    expect(dialog(page).get_by_label("搜索备用手环编号或型号")).to_be_focused()
    expect(dialog(page).get_by_role("button", name="W31 换成")).to_be_disabled()
    expect(dialog(page)).to_contain_text("请先选择")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    page.keyboard.type(spares[0])
    dialog(page).get_by_role("radio", name=spares[0]).check()
    dialog(page).get_by_role("button", name=f"W31 换成 {spares[0]}").click()
    expect(panel(page).locator(".band")).to_contain_text(spares[0])
    expect(panel(page).get_by_role("status")).to_contain_text("仍有 1 条未结束告警")
    expect(panel(page).locator("table")).to_contain_text("W31")
    expect(panel(page).get_by_role("link", name="呼救")).to_have_attribute("href", f"#/?alarm={alarm_id}")
    expect(panel(page).get_by_role("link", name=re.compile("跨手环"))).to_have_attribute(
        "href", "#/track?resident_id=P31"
    )
    expect(panel(page).locator("table a")).to_have_attribute("href", "#/track?device_id=W31")
    told = service.get("residents/P31/wearings")["items"]
    assert [one["device_id"] for one in told] == [spares[0], "W31"]
    assert told[0]["from_ms"] == told[1]["to_ms"] and told[0]["to_ms"] is None
    assert service.get("devices/W31")["resident_id"] is None
    service.say(spares[0], "location", lat=36.43, lon=119.21, acc=9, src="gnss")
    until(lambda: service.get("residents/P31/track")["points"], "a fix of the new band in the person's track")
    service.close_alarm(service.get(f"alarms/{alarm_id}"))


def test_lists_have_heads_that_sort_them(sign_in, service):
    page = sign_in(at="#/roster?book=residents")
    lines = page.locator("[data-id]")
    expect(lines.first).to_be_visible()
    heads = page.get_by_role("columnheader")
    expect(heads).to_have_text([re.compile(name) for name in ("姓名", "编号", "机构", "风险提示")])
    heads.nth(1).get_by_role("button").click()
    expect(heads.nth(1)).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile("sort=second"))
    expect(lines.first).to_have_attribute("data-id", re.compile("P0"))
    heads.nth(1).get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(heads.nth(1)).to_have_attribute("aria-sort", "descending")
    expect(lines.first).to_have_attribute("data-id", re.compile("P[34]"))
    first = lines.first.get_attribute("data-id")
    page.keyboard.press("j")  # the keys go along the list as it is sorted
    expect(page).to_have_url(re.compile(f"id={first}"))


@pytest.mark.parametrize("width", [390, 1366])
def test_every_column_is_seen_whole_or_by_its_tip(sign_in, service, width):
    service.say("W20", "heartbeat", bat=55)
    page = sign_in(viewport={"width": width, "height": 844})
    page.goto(f"{service.url}#/roster?book=devices&sort=second")
    line = page.locator('[data-id="W20"]')
    page.get_by_label("搜索姓名、编号或拼音首字母").fill("W20")
    for words in ("W20", "样例老人20", "手环", "电量 55%"):
        expect(line.get_by_text(words).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cells = line.locator("[role=cell]")
    cut = cells.evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.title)"
    )
    assert all(cut), "what is cut can be read in its tip"


def test_a_band_that_another_seat_gave_away_is_refused_in_words(sign_in, service, spares):
    page = sign_in(at="#/roster?book=residents&id=P32")
    panel(page).get_by_role("button", name="换手环").click()
    dialog(page).get_by_role("radio", name=spares[1]).check()
    send(service, "POST", "residents/P33/swap_band", {"old_device_id": "W33", "new_device_id": spares[1]})
    dialog(page).get_by_role("button", name=re.compile("换成")).click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("刚被 样例老人33 佩戴")
    expect(dialog(page).get_by_role("radio", name=spares[1])).to_have_count(0)
    assert service.get("devices/W32")["resident_id"] == "P32"


def test_spares_are_found_and_given_as_a_first_band(sign_in, service, spares):
    send(service, "PUT", "residents/P-bare", {"name": "样例无环", "site_id": "qw"})
    page = sign_in(at="#/roster?book=devices")
    page.get_by_role("button", name="备用手环").click()
    expect(entry(page, spares[0])).to_be_visible()
    expect(entry(page, "W01")).to_have_count(0)
    page.goto(f"{service.url}#/roster?book=residents&id=P-bare")
    panel(page).get_by_role("button", name="佩戴手环").click()
    dialog(page).get_by_role("radio", name=spares[0]).check()
    dialog(page).get_by_role("button", name=f"佩戴 {spares[0]}").click()
    expect(panel(page).locator(".band")).to_contain_text(spares[0])
    told = service.get(f"devices/{spares[0]}")
    assert told["resident_id"] == "P-bare" and told["site_id"] == "qw"


CSV = (
    "老人编号,姓名,机构编号,房间,出生日期,血型\n"
    "P05,样例改名,qw,1F-05,1938/3/5,\n"
    "P-i1,=HYPERLINK(0),qw,1F-10,1940,\n"
    f"P-i2,{EVIL},nowhere,,去年,\n"
    "P-i3,样例重复,qw,,,\n"
    "P-i3,样例重复,qw,,,\n"
)  # fmt: skip


def choose(page, text, name="老人.csv", encoding="gb18030"):
    page.set_input_files(
        "#import-file", {"name": name, "mimeType": "text/csv", "buffer": text.encode(encoding)}
    )


def test_an_import_is_previewed_row_by_row_and_then_applied(sign_in, service):
    page = sign_in(at="#/roster?book=residents")
    expect(entry(page, "P00")).to_be_visible()
    page.keyboard.press("i")
    choose(page, CSV)
    line = dialog(page).locator('[data-row="4"]')
    expect(line).to_contain_text(EVIL)
    expect(line).to_contain_text("名册中没有：nowhere")
    expect(line).to_contain_text("日期不正确")
    expect(dialog(page).locator('[data-row="1"]')).to_contain_text("表头“血型”不认识")
    expect(dialog(page).locator('[data-row="5"]')).to_contain_text("与第 6 行重复")
    expect(dialog(page).locator("[data-count=error]")).to_have_attribute("aria-pressed", "true")
    expect(dialog(page).locator("[data-row]")).to_have_count(4)
    assert page.locator("img[src=x]").count() == 0
    dialog(page).locator("[data-count=change]").click()
    expect(dialog(page).locator('[data-row="2"]')).to_contain_text("样例老人05 → 样例改名")
    expect(dialog(page).get_by_role("button", name="导入 2 条")).to_be_disabled()
    dialog(page).get_by_text("跳过 4 行有错误的").click()
    dialog(page).get_by_role("button", name="导入 2 条").click()
    expect(dialog(page).get_by_role("status")).to_contain_text("新增 1 条，修改 1 条，跳过 4 条")
    assert service.get("residents/P-i1")["name"] == "=HYPERLINK(0)"
    changed = service.get("residents/P05")
    assert changed["birth_date"] == "1938-03-05" and changed["contacts"][0]["phone"] == "000-0005"
    page.keyboard.press("Escape")
    page.get_by_label("搜索姓名、编号或拼音首字母").fill("P-i1")
    expect(entry(page, "P-i1")).to_contain_text("=HYPERLINK(0)")


def test_a_preview_that_others_outdated_is_shown_anew(sign_in, service):
    page = sign_in(at="#/roster?book=residents")
    expect(entry(page, "P00")).to_be_visible()
    page.keyboard.press("i")
    choose(page, "老人编号,房间\nP06,3F-01\n")
    expect(dialog(page).locator('[data-row="2"]')).to_contain_text("1F-06 → 3F-01")
    send(service, "PATCH", "residents/P06", {"room": "2F-02"})
    dialog(page).get_by_role("button", name="导入 1 条").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("名册又有变化")
    expect(dialog(page).locator('[data-row="2"]')).to_contain_text("2F-02 → 3F-01")
    dialog(page).get_by_role("button", name="导入 1 条").click()
    expect(dialog(page).get_by_role("status")).to_contain_text("修改 1 条")
    assert service.get("residents/P06")["room"] == "3F-01"


def test_a_file_that_is_none_is_refused_in_words(sign_in):
    page = sign_in(at="#/roster?book=sites")
    page.get_by_role("button", name="批量导入").click()
    for content, words in (
        (b"\x81\xff\xff", "编码"),
        (b"\xd0\xcf\x11\xe0", "旧版 .xls"),
        (b"", "空的"),
        (b"PK\x03\x04", "已损坏"),
    ):
        page.set_input_files("#import-file", {"name": "x.xlsx", "mimeType": "", "buffer": content})
        expect(dialog(page).get_by_role("alert")).to_contain_text(words)
    choose(page, "名称\nx\n")
    expect(dialog(page).get_by_role("alert")).to_contain_text("缺少编号列")


def test_a_template_is_downloaded_and_comes_back(sign_in, tmp_path):
    page = sign_in(at="#/roster?book=devices")
    page.get_by_role("button", name="批量导入").click()
    with page.expect_download() as download:
        dialog(page).get_by_role("link", name="Excel").click()
    path = tmp_path / "devices.xlsx"
    download.value.save_as(path)
    page.set_input_files("#import-file", str(path))
    expect(dialog(page)).to_contain_text("没有需要写入的内容")


def test_the_list_is_walked_filtered_and_linked(sign_in, service):
    page = sign_in(at="#/roster?book=residents&county=安丘市")
    expect(entry(page, "P20")).to_be_visible()
    expect(entry(page, "P01")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("id=P21"))
    expect(panel(page).locator("h2")).to_have_text("样例老人21")
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    page.goto(f"{service.url}#/roster?book=fences&id=qw-area")
    panel(page).get_by_role("button", name="在地图上编辑").click()
    expect(page).not_to_have_url(re.compile("roster"))
    page.goto(f"{service.url}#/roster?book=sites&id=qw")
    expect(panel(page).get_by_role("link", name="为本机构绘制新围栏")).to_have_attribute(
        "href", "#/fence?site_id=qw"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_panels_and_dialogs(sign_in, service, theme, request):
    axe = request.config.rootpath / AXE
    if not axe.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    page = sign_in()
    page.evaluate(f"localStorage.setItem('shouwang.theme', '{theme}')")
    found = []

    def look(at, key=None, ready="main aside h2", then=None):
        page.goto(f"{service.url}{at}")
        page.reload()
        page.wait_for_selector(ready if key is None else "[data-id]")
        if key:
            page.keyboard.press(key)
            expect(dialog(page)).to_be_visible()
        if then:
            then()
        page.wait_for_timeout(400)  # the dialog fades in
        page.evaluate(axe.read_text(encoding="utf-8"))
        seen = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        found.extend(
            (at, key, one["id"], [node["html"][:120] for node in one["nodes"][:2]]) for one in seen
            if one["impact"] in {"serious", "critical"}
        )  # fmt: skip

    for at in ("#/roster?book=residents&id=P08", "#/roster?book=devices&id=W08", "#/roster?book=sites&id=qw"):
        look(at)
        look(at, "e")
    look("#/roster?book=fences&id=qw-area")
    look(
        "#/roster?book=residents", "i", then=lambda: (choose(page, CSV), page.wait_for_selector("[data-row]"))
    )
    look(
        "#/roster?book=residents&id=P09",
        then=lambda: panel(page).get_by_role("button", name="换手环").click(),
    )
    assert not found, found
