"""The console in a real browser: first useful paint, from publish to visible, eight tabs, and memory over time.

Chromium through Playwright, with 2,560 bands and 5,000 open alarms. `--minutes N` adds the soak: alarms come
and go and positions flow while the heap is measured after a forced collection. Prints a table, and JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_road import wait_until
from console_service import BANDS, OPERATOR, PASSWORD, SPARE, Service
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader"]
PAINTS, ALARMS, TABS = 7, 60, 8
SOAK_STEP_S = 0.5
SAMPLE_S = 20.0
WARM_S = 180.0  # caches fill; what grows after that is a leak

# Notes on the wall clock when rows are there and painted, and when an event reaches the page.
PROBE = """
(() => {
  const wall = () => performance.timeOrigin + performance.now()
  window.probe = { painted: null, complete: null, events: {}, rows: {} }
  const onmessage = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage')
  Object.defineProperty(MessagePort.prototype, 'onmessage', {
    get: onmessage.get,
    set(act) {
      onmessage.set.call(this, act && (event => {
        if (event.data?.type === 'transition') probe.events[event.data.alarm.alarm_id] ??= wall()
        act.call(this, event)
      }))
    },
  })
  const counted = () => [...document.querySelectorAll('[data-waiting]')].reduce((sum, one) => sum + Number(one.textContent), 0)
  const look = () => {
    for (const row of document.querySelectorAll('[data-alarm]')) probe.rows[row.dataset.alarm] ??= wall()
    if (!probe.painted && document.querySelector('[data-alarm], [data-group]')) probe.painted = performance.now()
    if (!probe.complete && counted() >= (window.probeWant ?? Infinity)) probe.complete = performance.now()
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()
"""


def main() -> None:
    """Start everything, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--alarms", type=int, default=5_000, help="open alarms")
    options.add_argument("--minutes", type=float, default=0.0, help="length of the soak")
    chosen = options.parse_args()
    if not Path(CHROMIUM).exists():
        sys.exit(f"needs Debian's chromium: there is no {CHROMIUM}")
    found: dict[str, Any] = {"bands": BANDS, "open_alarms": chosen.alarms}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        service = Service(Path(name))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        try:
            service.fill(chosen.alarms)
            found["paint"] = first_paint(browser, service, chosen.alarms)
            found["latency"] = latency(browser, service, chosen.alarms)
            found["tabs"] = tabs(browser, service, chosen.alarms)
            if chosen.minutes:
                found["soak"] = soak(browser, service, chosen.minutes)
        finally:
            browser.close()
            service.close()
    print(json.dumps(found))


def signed_in(browser: Browser, service: Service) -> BrowserContext:
    """A browser of an operator, with the probe in every page."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_init_script(PROBE)
    page = context.new_page()
    page.goto(service.url)
    page.fill("#username", OPERATOR)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("header nav")
    page.close()
    return context


def waited(page: Page, expression: str) -> Any:
    """The value, once it is there."""
    value = None

    def there() -> bool:
        nonlocal value
        value = page.evaluate(expression)
        return value is not None

    wait_until(there)
    return value


def tell(label: str, values: list[float], unit: str = "ms") -> dict[str, float]:
    """One row of the table."""
    ordered = sorted(values)
    row = {
        "n": float(len(ordered)), "p50": statistics.median(ordered), "p95": ordered[int(len(ordered) * 0.95)], "max": ordered[-1],
    }  # fmt: skip
    print(
        f"{label:38} n {len(ordered):4}   p50 {row['p50']:8.1f}   p95 {row['p95']:8.1f}   max {row['max']:8.1f} {unit}"
    )
    return row


def first_paint(browser: Browser, service: Service, alarms: int) -> dict[str, Any]:
    """From navigation to the first rows, and to all alarms counted; cold cache each time."""
    painted, complete = [], []
    for _ in range(PAINTS):
        context = signed_in(browser, service)
        context.add_init_script(f"window.probeWant = {alarms}")
        page = context.new_page()
        page.goto(service.url)
        painted.append(waited(page, "probe.painted"))
        complete.append(waited(page, "probe.complete"))
        context.close()
    return {
        "first_rows": tell("navigation to first rows", painted),
        "all_alarms": tell("navigation to all alarms counted", complete),
    }


def latency(browser: Browser, service: Service, alarms: int) -> dict[str, Any]:
    """SOS by SOS: publish, event in the page, row on the page. One machine, so one wall clock."""
    context = signed_in(browser, service)
    # An alarm that comes while the others are read may come with them, and by no event.
    context.add_init_script(f"window.probeWant = {alarms}")
    page = context.new_page()
    page.goto(service.url)
    waited(page, "probe.complete")
    to_event, to_row, whole = [], [], []
    for band in range(BANDS - SPARE, BANDS - SPARE + ALARMS):
        sent_ms = time.time() * 1000
        service.say(band, "alarm", kinds=["fall"])
        wait_until(lambda band=band: bool(service.open_of(band, "fall")))
        alarm_id = service.open_of(band, "fall")[0]["alarm_id"]
        row_ms = waited(page, f"probe.rows['{alarm_id}'] ?? null")
        event_ms = page.evaluate(f"probe.events['{alarm_id}']")
        to_event.append(event_ms - sent_ms)
        to_row.append(row_ms - event_ms)
        whole.append(row_ms - sent_ms)
    context.close()
    return {
        "publish_to_event": tell("publish to event in the page", to_event),
        "event_to_row": tell("event in the page to row", to_row),
        "publish_to_row": tell("publish to row", whole),
    }


def tabs(browser: Browser, service: Service, alarms: int) -> dict[str, Any]:
    """Eight tabs of one browser: one stream, and every tab shows a new alarm."""
    wait_until(lambda: service.streams() == 0)
    context = signed_in(browser, service)
    context.add_init_script(f"window.probeWant = {alarms}")
    pages = [context.new_page() for _ in range(TABS)]
    for page in pages:
        page.goto(service.url)
    for page in pages:
        waited(page, "probe.complete")
    streams = service.streams()
    band = BANDS - 1
    sent_ms = time.time() * 1000
    service.say(band, "alarm", kinds=["fall"])
    wait_until(lambda: bool(service.open_of(band, "fall")))
    alarm_id = service.open_of(band, "fall")[0]["alarm_id"]
    shown = [waited(page, f"probe.rows['{alarm_id}'] ?? null") - sent_ms for page in pages]
    context.close()
    print(f"{TABS} tabs share {streams} stream(s)")
    return {"streams": streams, "publish_to_row": tell(f"publish to row, {TABS} tabs at once", shown)}


class Heap:
    """What a page holds after a forced collection."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("HeapProfiler.enable")

    def sample(self) -> dict[str, float]:
        """Bytes of the heap, and nodes of the document."""
        self._session.send("HeapProfiler.collectGarbage")
        used = self._session.send("Runtime.getHeapUsage")["usedSize"]
        return {"bytes": used, "nodes": self._session.send("Memory.getDOMCounters")["nodes"]}


def soak(browser: Browser, service: Service, minutes: float) -> dict[str, Any]:
    """Alarms come and go, positions flow; the slope of the heap after the warm-up, page by page."""
    context = signed_in(browser, service)
    heaps: dict[str, Heap] = {}
    samples: dict[str, list[tuple[float, float, float]]] = {}
    for name, at in (("queue", ""), ("map", "#/map"), ("wall", "?wall=1")):
        page = context.new_page()
        page.goto(f"{service.url}{at}")
        waited(page, "document.querySelector('[data-alarm], .holder') ? true : null")
        heaps[name], samples[name] = Heap(page), []
    began_s = sampled_s = time.monotonic()
    step = 0
    while (now_s := time.monotonic()) < began_s + minutes * 60:
        step += 1
        band = BANDS - SPARE + step % (SPARE - 1)
        service.say(band, "alarm", kinds=["sos"])
        for n in range(20):
            service.move((step * 20 + n) % BANDS, step)
        time.sleep(SOAK_STEP_S)
        for alarm in service.open_of(BANDS - SPARE + (step - 4) % (SPARE - 1), "sos"):
            service.close_alarm(alarm)
        for page in context.pages:
            page.evaluate("probe.events = {}, probe.rows = {}")  # the probe's own memory
        if now_s - sampled_s >= SAMPLE_S:
            sampled_s = now_s
            for name, heap in heaps.items():
                one = heap.sample()
                samples[name].append((now_s - began_s, one["bytes"], one["nodes"]))
    context.close()
    return {name: slope(name, rows) for name, rows in samples.items()}


def slope(name: str, rows: list[tuple[float, float, float]]) -> dict[str, float]:
    """Least squares over what came after the warm-up."""
    warm = [row for row in rows if row[0] >= WARM_S] or rows
    hours = [row[0] / 3600 for row in warm]
    found = {
        "samples": float(len(warm)),
        "first_mb": warm[0][1] / 1e6,
        "last_mb": warm[-1][1] / 1e6,
        "mb_per_hour": statistics.linear_regression(hours, [row[1] / 1e6 for row in warm]).slope,
        "nodes_per_hour": statistics.linear_regression(hours, [row[2] for row in warm]).slope,
    }
    print(
        f"soak, {name:6} {found['first_mb']:6.1f} MB to {found['last_mb']:6.1f} MB in {len(warm)} samples:"
        f" {found['mb_per_hour']:+7.2f} MB/h, {found['nodes_per_hour']:+9.0f} nodes/h"
    )
    return found


if __name__ == "__main__":
    main()
