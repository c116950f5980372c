"""What is read from across the room and on paper: one fire is one row, who waits longest is seen, counts agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
AXE = Path("console/node_modules/axe-core/axe.min.js")
RULES = ["landmark-no-duplicate-banner", "landmark-unique", "heading-order", "region"]


def test_the_wall_folds_a_fire_and_keeps_who_waits_longest(sign_in, service):
    caller = service.alarm("W30", "sos")
    for n in range(4):
        service.alarm(f"S0{n}", "smoke")
    for n in range(20, 28):
        service.alarm(f"W{n}", "sos")
    page = sign_in("li", viewport={"width": 1366, "height": 768})
    page.goto(f"{service.url}?wall=1")
    fire = page.locator("main.wall [data-group^='fire/aq']")
    expect(fire).to_contain_text("烟雾 ×4")
    expect(fire).to_contain_text("4 条 · 同一起火警 · 4 条未接警")
    expect(page.locator(f'main.wall [data-alarm="{caller}"]')).not_to_be_visible()
    expect(page.locator("[data-longest]")).to_contain_text("等得最久：呼救 · 样例老人30，已等")
    # Far more than one seat can judge.
    expect(page.locator("main.wall [data-flood]")).to_contain_text(re.compile(r"告警洪峰：近 10 分钟 \d+ 条"))
    service.quiet()


def test_the_sheet_counts_the_shelved_ones_and_says_now_while_the_shift_goes_on(sign_in, service):
    service.alarm("W31", "sos")
    held = service.alarm("S08", "tamper")
    told = service.get(f"alarms/{held}")
    service.post(
        f"alarms/{held}/shelve",
        {"version": told["version"], "until_ms": told["raised_at_ms"] + 3_600_000, "reason": "检修中"},
    )
    page = sign_in(at="#/shift?tab=handover")
    sheet = page.locator("article.sheet")
    expect(sheet).to_contain_text("一、现未结束的告警（2），其中搁置 1 条见第三节")
    expect(sheet.locator(".line")).to_contain_text("交班时未结束 2 条")
    expect(sheet).to_contain_text("检修中")
    service.quiet()


def test_a_news_pill_covers_no_row_and_is_no_news_of_another_list(sign_in, service):
    low = service.alarm("S04", "fault")
    first = service.alarm("W33", "sos")
    page = sign_in()
    page.locator(f'[data-alarm="{first}"]').hover()
    service.alarm("W34", "sos")
    pill = page.get_by_role("button", name="上方有 1 条新告警")
    expect(pill).to_be_visible()
    box, row = pill.bounding_box(), page.locator(f'[data-alarm="{first}"]').bounding_box()
    assert box["y"] + box["height"] <= row["y"]
    page.locator("[data-view=maintenance]").click()
    expect(page.locator(f'[data-alarm="{low}"]')).to_be_visible()
    expect(pill).to_have_count(0)
    service.quiet()


@pytest.mark.parametrize("where", ["#/roster?book=residents&id=P05", "#/fence?id=qw-area", "#/map"])
def test_axe_finds_every_part_of_a_page_in_its_place(sign_in, service, where):
    """Also what is only moderate: banners, headings and regions are how those who hear the page go about in it."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    service.alarm("W35", "sos")
    page = sign_in(at=where)
    expect(page.locator(".frame > main h1")).to_be_attached()
    if "roster" in where:
        page.get_by_role("button", name="登记外出").click()
        expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(told => told.violations.flatMap(one => one.nodes.map(node => one.id + ' ' + node.html.slice(0, 90))))",
        RULES,
    )
    assert not found, "\n".join(found)
    service.quiet()
