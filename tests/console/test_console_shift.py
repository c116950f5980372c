"""Shift work in a browser: figures of a shift, the hand-over sheet on screen and on paper, notes, exports."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from console_house import EVIL
from openpyxl import load_workbook

expect = pytest.importorskip("playwright.sync_api").expect
AXE = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"


@pytest.fixture
def worked(service):
    """An alarm that was answered and closed in this shift, and one that stays open."""
    done, left = service.alarm("W30", "sos"), service.alarm("W13", "fall")
    alarm = service.get(f"alarms/{done}")
    if alarm["state"] != "normal":
        service.close_alarm(alarm)
    return done, left


def figure(page, name):
    return page.locator(f'[data-figure="{name}"]')


def test_the_figures_of_this_shift_with_their_goals_in_words(sign_in, worked):
    page = sign_in()
    page.get_by_role("link", name="值班统计").click()
    expect(page).to_have_url(re.compile("#/shift"))
    expect(figure(page, "发生").locator(".value")).to_have_text(re.compile(r"^[1-9]\d*$"))
    quick = figure(page, "60 秒内接警")
    expect(quick).to_contain_text("目标 ≥ 97.5%")
    expect(quick.locator("[data-verdict]")).to_have_text(re.compile("达标|未达标"))
    expect(figure(page, "每小时通告")).to_contain_text("宜 ≤ 6，最多 12")
    expect(page.locator(".uplot canvas").first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("跌倒"))).to_be_visible()
    page.get_by_text("以表格查看").first.click()
    expect(page.get_by_role("region", name="每小时发生的告警")).to_contain_text("紧急")
    page.locator("section", has_text="告警最多的设备").get_by_role("link", name="告警队列").first.click()
    expect(page).to_have_url(re.compile(r"#/\?q=\w+"))


def test_the_range_is_in_the_address_and_reachable_by_keys(sign_in, service):
    page = sign_in(at="#/shift?from=2026-02-01T00:00&to=2026-03-01T00:00&tab=figures")
    page.goto(f"{service.url}#/shift?from=2026-02-01T00:00&to=2026-03-01T00:00&tab=figures")
    expect(figure(page, "发生").locator(".value")).to_have_text("0")
    expect(figure(page, "60 秒内接警").locator("[data-verdict=none]")).to_have_text("无数据")
    expect(page.locator(".notice")).to_contain_text("没有数据")
    page.get_by_role("button", name="上一时段").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("from=2026-01-01T00:00&to=2026-02-01T00:00"))
    page.locator("[data-preset=last_month]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-preset=last_month]")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-tab=handover]").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("tab=handover"))
    expect(page.locator(".sheet h2")).to_contain_text("交接班单")


def test_one_shift_hands_over_to_the_next(sign_in, service, worked):
    done, left = worked
    page = sign_in(at="#/shift?tab=handover")
    sheet = page.locator(".sheet")
    expect(sheet.locator(f'[data-row="{left}"]')).to_contain_text(EVIL)
    expect(sheet.locator(f'[data-row="{left}"]')).to_contain_text("未接警")
    expect(sheet.locator(f'[data-row="{done}"]')).to_contain_text("测试")
    expect(sheet.locator(f'[data-row="{done}"]')).to_contain_text("样例老人30")
    note = f"消防主机检修，明早恢复 {EVIL}"
    page.get_by_label("交接备注").fill(note)
    page.keyboard.press("Control+Enter")
    expect(sheet.locator("li", has_text="消防主机检修")).to_contain_text(EVIL)
    expect(page.get_by_label("交接备注")).to_have_value("")
    expect(sheet.locator("li", has_text="消防主机检修").first).to_contain_text("li")
    other = sign_in("wang", "#/shift?tab=handover")
    expect(other.locator(".sheet li", has_text="消防主机检修").first).to_be_visible()
    assert [one["operator"] for one in service.get("shift/notes")["items"] if one["text"] == note] == ["li"]
    assert page.locator("img[src=x]").count() == 0


def test_paper_is_a4_black_on_white_without_navigation(sign_in, worked):
    page = sign_in(at="#/shift?tab=handover")
    page.evaluate("localStorage.setItem('shouwang.theme', 'dark')")
    page.reload()
    expect(page.locator(".sheet")).to_be_visible()
    expect(page.locator("html.dark")).to_have_count(1)
    page.emulate_media(media="print")
    for hidden in ("header nav", ".tools", ".top", ".sheet form"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".signatures")).to_contain_text("交班人")
    shown = page.evaluate(
        "(() => { const of = name => getComputedStyle(document.querySelector(name));"
        " return [of('.sheet').backgroundColor, of('.sheet td').color, of('.sheet thead').display,"
        " of('.sheet tr').breakInside, of('.shift').overflow] })()"
    )
    assert shown == ["rgb(255, 255, 255)", "rgb(0, 0, 0)", "table-header-group", "avoid", "visible"]
    paper = page.pdf(prefer_css_page_size=True)
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][.\d]* 84[12][.\d]*\]", paper)


def test_exports_are_files_that_open(sign_in, worked):
    page = sign_in(at="#/shift")
    with page.expect_download() as saved:
        page.get_by_role("button", name="导出 CSV").click()
    assert saved.value.suggested_filename.endswith(".csv")
    table = list(csv.reader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8-sig"))))
    assert table[0][0] == "告警编号" and worked[0] in {row[0] for row in table}
    with page.expect_download() as saved:
        page.get_by_role("button", name="导出 Excel").click()
    sheet = load_workbook(io.BytesIO(Path(saved.value.path()).read_bytes())).active
    assert worked[1] in {row[0].value for row in sheet.iter_rows()}


def test_a_refusal_is_told_in_words(sign_in):
    page = sign_in(at="#/shift")
    page.route("**/figures?*", lambda route: route.fulfill(status=422, json={"detail": "too much"}))
    page.route("**/reports/alarms?*", lambda route: route.fulfill(status=422, json={"detail": "too much"}))
    page.get_by_role("button", name="导出 Excel").click()
    expect(page.get_by_role("alert").filter(has_text="未能导出：too much")).to_be_visible()
    page.get_by_role("button", name="刷新").click()
    expect(page.get_by_role("alert").filter(has_text="读取失败：too much")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="刷新").click()
    expect(figure(page, "发生")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_axe_finds_nothing_serious(sign_in, service, worked, theme, language):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    page = sign_in()
    page.evaluate(
        f"localStorage.setItem('shouwang.theme', '{theme}'); localStorage.setItem('shouwang.language', '{language}')"
    )
    found = []
    for tab, ready in (("figures", ".figures dl"), ("handover", ".sheet")):
        page.goto(f"{service.url}#/shift?tab={tab}")
        page.reload()
        expect(page.locator(ready).first).to_be_visible()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        said = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{tab}: {one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['any'][:1]}"
            for one in said["violations"] if one["impact"] in {"serious", "critical"}
        ]  # fmt: skip
    assert not found, "\n".join(found)
