"""What a stranger's night at the desk asked for: nobody's work is taken away unasked or unnoticed."""

from __future__ import annotations

import re

import pytest
from console_house import until

expect = pytest.importorskip("playwright.sync_api").expect


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def drawer(page):
    return page.locator("aside.drawer")


def test_a_colleagues_acknowledgement_is_taken_back_only_after_a_question_and_is_told(sign_in, service):
    alarm_id = service.alarm("W01", "sos")
    mine, other = sign_in("li", f"#/?alarm={alarm_id}"), sign_in("wang", f"#/?alarm={alarm_id}")
    drawer(mine).get_by_role("button", name="接警").click()
    taken = drawer(other).locator("header [data-state=active_acknowledged]")
    expect(taken).to_be_visible()
    other.keyboard.press("u")
    question = other.get_by_role("dialog", name="撤销同事的接警")
    expect(question).to_contain_text(re.compile(r"li 于 \d\d:\d\d:\d\d 接警"))
    expect(question.get_by_role("button", name="保留接警")).to_be_focused()
    other.keyboard.press("Enter")
    expect(question).to_have_count(0)
    expect(taken).to_be_visible()
    drawer(other).get_by_role("button", name=re.compile("^撤销 li 的接警")).click()
    question.get_by_role("button", name="撤销 li 的接警").click()
    notice = mine.locator("[data-notice=taken_back]")
    expect(notice).to_contain_text(re.compile(r"wang 于 \d\d:\d\d:\d\d 撤销了您的接警，又在等待：呼救 · 样例老人01"))
    notice.get_by_role("button", name="知道了").click()
    expect(notice).to_have_count(0)
    # One's own is one key, and no news to oneself.
    mine.keyboard.press("a")
    expect(drawer(mine).locator("header [data-state=active_acknowledged]")).to_be_visible()
    mine.keyboard.press("u")
    expect(drawer(mine).locator("header [data-state=active_unacknowledged]")).to_be_visible()
    expect(mine.locator("[data-notice]")).to_have_count(0)
    service.quiet()
