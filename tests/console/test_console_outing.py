"""An outing is registered where it is needed: in the alarm of somebody fetched by the family, and in the roster."""

from __future__ import annotations

import re
import time

import pytest
from console_house import LAT, LON, until

expect = pytest.importorskip("playwright.sync_api").expect


def leaves(service, device_id):
    """A band at home, then 3 km away: by the device's clock over some minutes, all heard now."""
    now = time.time_ns() // 1_000_000
    home = [(now - (12 - n) * 60_000, LAT + n % 3 * 1e-5) for n in range(6)]
    away = [(now - (6 - n) * 30_000, LAT + 0.03 + n % 3 * 1e-5) for n in range(6)]
    for ts, lat in home + away:
        service.say(device_id, "location", ts=ts, lat=lat, lon=LON, acc=8, src="gnss")
    return until(lambda: service.opened(device_id, "fence_left"), "the alarm of leaving")


def test_a_wearer_fetched_by_the_family_is_registered_from_the_alarm_and_the_alarm_ends(sign_in, service):
    alarm_id = leaves(service, "W03")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    drawer = page.locator("aside.drawer")
    drawer.get_by_role("button", name="登记外出").click()
    dialog = page.get_by_role("dialog", name="为 样例老人03 登记外出")
    expect(dialog.get_by_label("2 小时")).to_be_focused()
    exact = dialog.get_by_label("截止时间")
    exact.fill("2020-01-01T08:00")
    dialog.get_by_role("button", name="登记外出").click()
    expect(dialog.get_by_role("alert")).to_have_text("截止时间须晚于开始时间和现在。")
    dialog.get_by_text("2 小时").click()
    dialog.get_by_text("就医").click()
    dialog.get_by_label("陪同人").fill("女儿")
    dialog.get_by_role("button", name="登记外出").click()
    expect(dialog).to_be_hidden()
    chip = drawer.locator("[data-outing]")
    expect(chip).to_have_text(re.compile(r"批准外出至 (\d\d/\d\d )?\d\d:\d\d（就医）"))
    state = until(
        lambda: service.get(f"alarms/{alarm_id}")["state"] != "active_unacknowledged", "the alarm's end"
    )
    assert state
    # The next shift reads of it, and a second outing at the same time is refused in words.
    page.goto(f"{service.url}#/shift?tab=handover")
    row = page.locator(".out tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("样例老人03")
    expect(row).to_contain_text("女儿")


def test_in_the_roster_an_outing_is_planned_changed_and_ended(sign_in, service):
    page = sign_in(at="#/roster?book=residents&id=P05")
    panel = page.locator("[data-outing-panel]")
    panel.get_by_role("button", name="登记外出").click()
    dialog = page.get_by_role("dialog", name="为 样例老人05 登记外出")
    dialog.get_by_text("明天 20:00").click()
    dialog.get_by_label("目的地").fill("奎文")
    page.get_by_role("option", name="奎文院区").click()
    dialog.get_by_role("button", name="登记外出").click()
    expect(panel.locator("[data-outing]")).to_contain_text("（家属）")
    expect(panel).to_contain_text("奎文院区")
    (made,) = service.get("outings?resident_id=P05")["items"]
    assert (made["fence_id"], made["created_by"]) == ("qw-area", "li")
    until(lambda: service.get("outings?resident_id=P05&running=true")["items"], "the outing's beginning")
    panel.get_by_role("button", name="改时间").click()
    page.get_by_role("dialog").get_by_text("2 小时").click()
    page.get_by_role("dialog").get_by_role("button", name="改时间").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    (changed,) = service.get("outings?resident_id=P05")["items"]
    assert changed["until_ms"] < made["until_ms"]
    panel.get_by_role("button", name="结束外出").click()
    panel.get_by_role("alert").get_by_role("button", name="结束外出").click()
    expect(panel.get_by_role("button", name="登记外出")).to_be_visible()
    (ended,) = service.get("outings?resident_id=P05")["items"]
    assert ended["ended_by"] == "li"
