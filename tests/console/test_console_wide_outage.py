"""The silence of the whole city, decided by the real core: a headline on every page, and one more once it is over."""

from __future__ import annotations

import pytest
from console_house import until
from test_console_outage import SENSORS, alive

expect = pytest.importorskip("playwright.sync_api").expect
# Seconds of silence, and one site is enough to be the city.
POLICY = {
    "contact_every_s": {"fire_sensor": 4.0},
    "contact_missed": 1.0,
    "outage": {"min_sites": 1},
}


def test_a_city_that_is_silent_is_a_headline_on_every_page_until_it_is_told_to_be_over(sign_in, service):
    page = sign_in(at="#/roster")
    with alive(service, SENSORS):
        until(
            lambda: all(service.get(f"devices/{one}")["last_contact_ms"] for one in SENSORS),
            "the first signs of life",
        )
    strip = page.locator("[data-outage-strip=on]").first
    expect(strip).to_contain_text("全市失联：9 台设备无信号，自 ")
    strip.get_by_role("link", name="打开").click()
    expect(page.locator("aside.drawer h2")).to_have_text("全市失联")
    row = page.locator("[data-group^='parent/']", has_text="全市失联")
    expect(row).to_contain_text("9 台设备无信号")
    expect(row).not_to_contain_text("未登记机构")
    with alive(service, SENSORS):
        over = page.locator("[data-outage-strip=over]")
        expect(over.first).to_contain_text("全市失联已恢复（")
        # Taken on, it is over for good, and is told a while longer.
        page.locator("aside.drawer").get_by_role("button", name="接警").first.click()
        expect(page.locator("aside.drawer")).to_contain_text("条件解除")
        service.quiet()


def test_an_outage_that_was_taken_on_is_still_told_to_be_over(sign_in, service):
    page = sign_in()
    with alive(service, SENSORS):
        until(
            lambda: not service.get("alarms?kind=site_contact_lost")["items"],
            "nothing being cut off",
        )
    expect(page.locator("[data-outage-strip=on]").first).to_contain_text("全市失联：")
    found = service.get("alarms?kind=site_contact_lost")["items"]
    city = next(one for one in found if one["subject_id"] == "all")
    page.goto(f"{service.url}#/?alarm={city['alarm_id']}")
    page.keyboard.press("Escape")
    service.post(f"alarms/{city['alarm_id']}/acknowledge", {"version": city["version"]})
    with alive(service, SENSORS):
        expect(page.locator("[data-outage-strip=over]").first).to_contain_text("全市失联已恢复（")
        until(
            lambda: service.get(f"alarms/{city['alarm_id']}")["state"] == "normal",
            "its end",
        )
        service.quiet()
