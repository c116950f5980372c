"""What the console says of the place where alarms are kept, until a person has seen it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from console_house import until

expect = pytest.importorskip("playwright.sync_api").expect


def test_lost_records_are_red_on_every_page_until_a_person_accepts_them(sign_in, service):
    service.alarm("W01", "sos")
    page = sign_in()
    banner = page.locator("[data-danger=storage_journal_lost]")
    expect(banner).to_have_count(0)
    service.kill("gateway")
    head = service.directory / "shouwang.head"
    seq = int(head.read_text().split()[0])
    head.write_text(f"{seq + 7} {'00' * 32}\n")  # as if seven rows more had been written
    service.start("gateway")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("已请设备重发")
    alarm_id = service.alarm("W02", "fall")
    assert alarm_id == f"A{seq + 8}"
    expect(page.locator(f'[data-alarm="{alarm_id}"]')).to_be_visible()
    page.goto(f"{service.url}#/shift")
    expect(banner).to_be_visible()
    done = subprocess.run(
        [sys.executable, "-m", "api", "verify", "--accept"], env=service._env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    expect(banner).to_have_count(0)
    until(lambda: service.get("summary")["gateway"]["fault"] is None, "the fault is accepted")
