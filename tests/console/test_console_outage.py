"""A site that is cut off, decided by the real core: one alarm in the queue, what it explains under it, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from console_ear import LOUD, peak
from console_house import House, until
from test_console_sound import on_shift

expect = pytest.importorskip("playwright.sync_api").expect
# Silence is seconds here, so that a test need not wait for a day.
POLICY = {"contact_every_s": {"fire_sensor": 4.0}, "contact_missed": 1.0}
SENSORS = tuple(f"S{n:02}" for n in range(9))


@contextmanager
def alive(service: House, devices: Sequence[str]) -> Iterator[None]:
    """While it lasts these devices are heard, each more often than it is missed."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.is_set():
            for device in devices:
                service.say(device, "heartbeat", bat=90)
            stop.wait(0.5)

    voice = threading.Thread(target=beat)
    voice.start()
    try:
        yield
    finally:
        stop.set()
        voice.join()


def suppressed(service: House) -> list[str]:
    found = service.get("alarms?site_id=aq&kind=contact_lost&limit=1000")["items"]
    return sorted(one["device_id"] for one in found if one["suppressed"])


def test_a_site_that_is_cut_off_is_one_alarm_and_a_fire_there_is_heard_as_ever(sign_in, service):
    page = sign_in()
    ear = on_shift(page)
    with alive(service, SENSORS):
        until(
            lambda: all(service.get(f"devices/{one}")["last_contact_ms"] for one in SENSORS),
            "the first signs of life",
        )
    # Nobody of them says anything any more.
    group = page.locator("[data-group]", has_text="机构失联")
    expect(group).to_contain_text("机构失联，牵连 9 条")
    expect(group).to_have_count(1)
    expect(page.locator("[data-alarm]", has_text="设备失联")).to_have_count(0)
    outage = service.get("alarms?site_id=aq&kind=site_contact_lost")["items"][0]
    assert outage["because"]["silent"] >= 5 and outage["state"] == "active_unacknowledged"
    assert suppressed(service) == list(SENSORS)
    # What it explains can be reached: under it, and in its own list.
    group.click()
    expect(page.locator("[data-alarm]", has_text="设备失联")).to_have_count(9)
    page.locator("[data-view=suppressed]").click()
    explained = page.locator("[data-group^='under/']")
    expect(explained).to_contain_text("同一起因 9 条")
    explained.click()
    expect(page.locator("[data-alarm]", has_text="因：机构失联")).to_have_count(9)
    page.locator("[data-view=queue]").click()
    # A person, and a fire, at the site that is cut off: shown, first, and loud.
    service.alarm("W25", "sos")
    expect(page.locator("[data-tone=urgent]")).to_be_attached()
    ear.forget()
    fire = service.alarm("S03", "smoke")
    expect(page.locator("[data-tone=fire]")).to_be_attached()
    until(lambda: peak(ear.take()) > LOUD, "the tone of a fire")
    first = page.locator("[data-alarm]").first
    expect(first).to_have_attribute("data-alarm", fire)
    told = service.get(f"alarms/{fire}")
    assert not told["suppressed"] and told["priority"] == "urgent"
    # Taken on, and over once they are heard again.
    page.goto(f"{service.url}#/?alarm={outage['alarm_id']}")
    page.locator("aside.drawer").get_by_role("button", name="接警").click()
    expect(page.locator("aside.drawer [data-state=active_acknowledged]").first).to_be_visible()
    with alive(service, SENSORS):
        until(
            lambda: service.get(f"alarms/{outage['alarm_id']}")["state"] == "normal", "the end of the outage"
        )
        until(lambda: not suppressed(service), "the end of what it explained")
        page.goto(f"{service.url}#/")
        expect(group).to_have_count(0)
        expect(page.locator(f'[data-alarm="{fire}"]')).to_be_visible()
        service.quiet()
