"""The start of a shift that is left half done: what is missing stays on the page until it is done."""

from __future__ import annotations

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
# What this machine lacks: a lock of the screen that is given.
AWAKE = "Object.defineProperty(navigator, 'wakeLock', {value: {request: async () => new EventTarget()}})"


def test_what_is_missing_is_said_until_it_is_done(sign_in, service):
    service.quiet()
    page = sign_in(permissions=["notifications"])
    page.add_init_script(AWAKE)
    page.reload()
    left = page.locator("[data-missing]")
    expect(page.get_by_role("button", name="开始值班")).to_be_visible()
    expect(left).to_have_count(0)  # nobody has begun; the banner says so
    page.get_by_role("button", name="开始值班").click()
    panel = page.get_by_role("region", name="值班准备")
    panel.get_by_role("button", name="收起").click()
    expect(left).to_contain_text("值班准备未完成：未试听")
    expect(page.locator("[data-tried=played]")).to_have_count(0)
    expect(left).to_contain_text("未确认四种声音都听清", timeout=60_000)  # all four have been played
    expect(left).not_to_contain_text("未试听")
    page.goto(f"{service.url}#/roster")
    expect(left).to_be_visible()
    left.get_by_role("button", name="继续").click()
    expect(left).to_have_count(0)
    panel.get_by_role("button", name="听清了").click()
    expect(panel).to_have_count(0)
    expect(left).to_have_count(0)
    page.reload()  # what was heard in this shift is not asked again
    expect(page.locator("header nav")).to_be_visible()
    page.mouse.click(600, 400)
    expect(page.locator("[data-sounding=here]")).to_be_visible()
    expect(left).to_have_count(0)
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("#username")).to_be_visible()
