"""A flood of alarms at the desk: told in words, what is not urgent folded by kind, what is urgent never."""

from __future__ import annotations

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
FLOOD = 12  # more than ten a seat in ten minutes


def test_a_flood_is_told_and_folded_and_an_sos_stands_alone(sign_in, service):
    page = sign_in()
    expect(page.locator("[data-flood]")).to_have_count(0)
    for n in range(1, FLOOD):
        service.say(f"W{n:02}", "alarm", kinds=["strap_off"])
    sos = service.alarm("W20", "sos")
    expect(page.locator("[data-flood]")).to_contain_text("告警洪峰")
    expect(page.locator("[data-flood]")).to_contain_text(f"{FLOOD} 条告警，1 席值守，每席 {FLOOD} 条")
    group = page.locator('[data-group="flood/strap_off"]')
    expect(group).to_contain_text(f"合并 {FLOOD - 1} 条")
    expect(page.locator(f'[data-alarm="{sos}"]')).to_be_visible()
    expect(page.get_by_role("table").locator("[data-alarm]")).to_have_count(1)
    group.get_by_role("button").first.click()
    expect(page.get_by_role("table").locator("[data-alarm]")).to_have_count(FLOOD)
    page.goto(f"{service.url}#/shift")
    expect(page.locator("[data-load] [data-figure=在线坐席]")).to_contain_text("li")
    expect(page.locator("[data-load] [data-figure='近 10 分钟每席']")).to_contain_text(str(FLOOD))
    sign_in("wang")  # with a second seat each has six: the flood goes on until it is below five
    expect(page.locator("[data-flood]")).to_contain_text("2 席值守")
