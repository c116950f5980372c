"""Shift work in a browser: figures of a shift, the hand-over sheet on screen and on paper, notes, exports."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from console_house import EVIL
from openpyxl import load_workbook

expect = pytest.importorskip("playwright.sync_api").expect
HOUR_MS = 3_600_000
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


@pytest.mark.parametrize(("hours", "columns"), [(1, 1), (5, 5), (12, 12), (24, 24), (96, 96), (31 * 24, 31)])
def test_no_two_labels_of_an_axis_are_the_same(sign_in, service, worked, hours, columns):
    now_ms = service.get("summary")["at_ms"]
    from_ms = (now_ms // HOUR_MS - hours + 1) * HOUR_MS
    asked = {"from": from_ms, "to": from_ms + hours * HOUR_MS}
    query = "&".join(f"{name}={clock(ms)}" for name, ms in asked.items())
    page = sign_in()
    page.route("**/api/v1/figures?*", lambda route: route.fulfill(json=older(route.fetch().json(), from_ms)))
    page.goto(f"{service.url}#/shift?{query}")
    axis = page.locator(".box").first
    expect(axis).to_have_attribute("data-ticks", re.compile(r"\d"))
    said = axis.get_attribute("data-ticks").split(" | ")
    assert len(set(said)) == len(said) <= columns
    wanted = {1: r"\d\d:00", 5: r"(\d\d/\d\d )?\d\d:00"}.get(hours, r"(\d\d/\d\d ?)?(\d\d:00)?")
    assert all(re.fullmatch(wanted, label) for label in said), said


def clock(ms):
    return (datetime.fromtimestamp(ms / 1000, UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")


def older(figures, from_ms):
    """The same figures, as if the records had begun earlier: with an hour for each hour of the period."""
    hour = figures["hours"][-1]
    starts = range(from_ms, hour["at_ms"] + 1, HOUR_MS)
    return figures | {"data_from_ms": from_ms, "hours": [hour | {"at_ms": at_ms} for at_ms in starts]}


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
    expect(sheet.locator(f'[data-row="{done}"]')).to_contain_text("未接警直接结束")
    expect(sheet.locator("[data-summary] [data-kind=sos]")).to_contain_text("呼救")
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


def test_figures_on_paper_say_of_when_they_are_and_have_their_charts(sign_in, worked):
    page = sign_in(at="#/shift?tab=figures")
    page.evaluate("localStorage.setItem('shouwang.theme', 'dark')")
    page.reload()
    expect(page.locator(".uplot canvas").first).to_be_visible()
    expect(page.get_by_role("button", name="打印", exact=True)).to_be_visible()
    head = page.locator(".shift > header.paper-only")
    expect(head).to_be_hidden()
    # The paper's width and colours are there before the page is put on it.
    page.evaluate(
        "addEventListener('beforeprint', () => { window.onPaper = [...document.querySelectorAll('.uplot canvas')]"
        ".map(one => [one.parentElement.offsetWidth, ...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]) })"
    )
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    charts = page.evaluate(
        "window.onPaper.map(([width, ...rgba]) => [width, rgba.some((v, i) => i % 4 === 0 && v === 0x8f && rgba[i + 1] === 0x0d)])"
    )
    assert [width for width, _ in charts] == [640] * len(charts)
    assert charts[0][1], "the urgent ones are not in the paper's dark red"
    page.emulate_media(media="print")
    expect(head).to_contain_text("值班统计")
    for words in ("班次", "全市", "制表", "打印于"):
        expect(head).to_contain_text(words)
    expect(head).to_contain_text(re.compile(r"20\d\d-\d\d-\d\d \d\d:00 – 20"))
    expect(page.locator(".figures .links").first).to_be_hidden()
    adjusted = "getComputedStyle(document.querySelector('.legend i')).printColorAdjust"
    assert page.evaluate(adjusted) == "exact"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_long_night_is_a_page_of_counts_and_the_rest_is_in_the_export(sign_in, service, worked):
    page = sign_in()
    page.route(
        "**/api/v1/reports/alarms?*", lambda route: route.fulfill(json=many(route.fetch().json(), worked[0]))
    )
    page.goto(f"{service.url}#/shift?tab=handover")
    summary = page.locator("[data-summary] [data-kind=sos] td").first
    expect(summary).to_have_text(re.compile(r"^5\d\d$"))
    assert page.locator("[data-row]").count() < 90
    expect(page.locator("[data-beyond]").last).to_have_text(re.compile(r"另有 \d+ 条见导出"))
    page.get_by_text("逐条列出已结束的").click()
    expect(page.locator("[data-row]").nth(300)).to_be_attached()


def many(report, done):
    one = next(alarm for alarm in report["items"] if alarm["alarm_id"] == done)
    copies = [one | {"alarm_id": f"A9{n:06}", "seq": 10**9 + n} for n in range(500)]
    return {"items": report["items"] + copies, "next_after_seq": None}


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
