"""A broker that hangs with its connections open: nobody but the canary can tell, and the banner says so."""

import signal

import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def test_the_banner_tells_that_the_canary_does_not_come_back(sign_in, service):
    page = sign_in()
    banner = page.locator("[data-danger=canary_missed]")
    expect(banner).to_have_count(0)
    broker = service._broker.process
    broker.send_signal(signal.SIGSTOP)
    try:
        expect(banner).to_be_visible()
        expect(banner).to_contain_text("自检信号已连续")
    finally:
        broker.send_signal(signal.SIGCONT)
    expect(banner).to_have_count(0)
