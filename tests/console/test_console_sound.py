"""Whether an alarm is heard, and whether the console says so when it would not be."""

from __future__ import annotations

import re
import signal
from itertools import pairwise

import pytest
from console_ear import LOUD, RECORDER, Ear, peak
from console_house import until
from test_console_safety import AXE, problems

expect = pytest.importorskip("playwright.sync_api").expect
SLOW = 30_000  # what takes seconds by design: silence of ten seconds, a tab that is gone for four

# A page that a test can put into the background, as far as the page can know.
BACKGROUND = """
(() => {
  let hidden = false
  Object.defineProperty(document, 'visibilityState', {get: () => hidden ? 'hidden' : 'visible'})
  Object.defineProperty(document, 'hidden', {get: () => hidden})
  document.hasFocus = () => !hidden
  window.putBehind = is => { hidden = is; document.dispatchEvent(new Event('visibilitychange')) }
})()
"""
# Timers that a test can stop for good: worse than what a browser does to a hidden tab.
TIMERS = """
(() => {
  const {setTimeout: after, setInterval: every} = window
  let stopped = false
  window.setTimeout = (act, ms, ...more) => after(() => stopped || act(...more), ms)
  window.setInterval = (act, ms, ...more) => every(() => stopped || act(...more), ms)
  window.stopTimers = () => { stopped = true }
})()
"""
# Longer than a tab may say nothing; it comes back by itself.
HANG = "void setTimeout(() => { const end = performance.now() + 12000; while (performance.now() < end); }, 0)"
NOTIFICATIONS = """
window.told = []
window.Notification = class {
  static permission = 'granted'
  static async requestPermission() { return 'granted' }
  constructor(title, options) { Object.assign(this, {title, ...options}); window.told.push(this) }
  close() { this.closed = true }
}
"""


def row(page, alarm_id):
    return page.locator(f'[data-alarm="{alarm_id}"]')


def status(page):
    return page.locator("[data-sounding]")


def again(page, *scripts):
    """The page anew, with scripts of the test's."""
    for script in scripts:
        page.add_init_script(script)
    page.reload()
    page.wait_for_selector("header nav")
    return page


def start_shift(page):
    page.get_by_role("button", name="开始值班").click()
    expect(page.locator("[data-tried=played]")).to_have_count(4, timeout=60_000)
    return page


def on_shift(page, *scripts):
    """A page whose sound is recorded, of a shift that another tab began and answered: the first click sounds.

    The beginning itself, with its four tones, has tests of its own.
    """
    page.evaluate(
        "for (const key of ['shouwang.shift', 'shouwang.shift.heard']) localStorage.setItem(key, String(Math.floor(performance.timeOrigin)))"
    )
    again(page, RECORDER, *scripts)
    page.locator("header").click(position={"x": 2, "y": 2})
    expect(status(page)).to_have_attribute("data-sounding", "here")
    expect(page.locator("[data-danger]")).to_have_count(0)
    return Ear(page)


def test_the_start_of_a_shift_plays_each_tone_and_says_in_words_what_works(sign_in, service):
    service.quiet()
    page = again(sign_in(permissions=["notifications"]), RECORDER)
    expect(page.locator("[data-danger=audio_locked]")).to_be_visible()
    page.get_by_role("button", name="开始值班").click()
    expect(page.locator("[data-testing]")).to_be_visible()
    expect(page.get_by_text("四种声音都听清了吗？")).to_be_visible(timeout=60_000)
    panel = page.get_by_role("region", name="值班准备")
    expect(panel.get_by_text("已播放")).to_have_count(4)
    expect(page.locator("[data-notifications=granted]")).to_contain_text("已允许")
    expect(page.locator("[data-awake]")).not_to_be_empty()
    ear = Ear(page)
    pitches = []
    for name in ("火警", "紧急", "重要", "断线"):
        button = panel.get_by_role("button", name=f"试听{name}")
        expect(button).to_be_enabled()
        ear.forget()
        button.click()
        expect(page.locator("[data-testing]")).to_be_visible()
        expect(page.locator("[data-testing]")).to_have_count(0)
        heard = ear.take()
        assert peak(heard) > LOUD, name
        pitches.append(round(ear.pitch_hz(heard)))
    assert len(set(pitches)) == 4, pitches
    page.get_by_role("button", name="没听到").click()
    expect(page.locator("[data-danger=audio_unheard]")).to_be_visible()
    page.get_by_role("button", name="听清了").click()
    expect(page.locator("[data-danger]")).to_have_count(0)
    expect(panel).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_of_the_shift_is_readable_by_all(sign_in, service, theme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    service.quiet()
    page = sign_in()
    page.evaluate(f"localStorage.setItem('shouwang.theme', '{theme}')")
    start_shift(again(page))
    assert not problems(page, "the panel")


def test_refused_notifications_are_told_in_words(sign_in, service):
    service.quiet()
    page = again(sign_in(), "Notification.requestPermission = async () => 'denied'")
    start_shift(page)
    expect(page.locator("[data-notifications=denied]")).to_contain_text("被浏览器拒绝")


def test_an_alarm_sounds_at_its_period_until_it_is_acknowledged(sign_in, service):
    service.quiet()
    ear = on_shift(sign_in())
    alarm_id = service.alarm("W20", "sos")
    ear.wait_for_sound()
    onsets = ear.onsets_s(ear.hear(9))
    assert len(onsets) >= 3
    for before, after in pairwise(onsets):
        assert after - before == pytest.approx(2.4, abs=0.1)
    row(ear.page, alarm_id).click()
    ear.page.locator("aside.drawer").get_by_role("button", name="接警").click()
    expect(status(ear.page)).to_have_attribute("data-tone", "none")
    assert peak(ear.hear(4)[int(ear.rate_hz) :]) < LOUD


def test_it_sounds_in_a_tab_whose_timers_stand_still(sign_in, service):
    service.quiet()
    ear = on_shift(sign_in(), TIMERS, BACKGROUND)
    ear.page.evaluate("putBehind(true)")
    ear.page.evaluate("stopTimers()")
    alarm_id = service.alarm("W21", "fall")
    ear.wait_for_sound()
    assert len(ear.onsets_s(ear.hear(6))) >= 2
    service.close_alarm(service.get(f"alarms/{alarm_id}"))
    expect(status(ear.page)).to_have_attribute("data-tone", "none")


def test_fire_drowns_the_rest_and_no_mute_quiets_it(sign_in, service):
    service.quiet()
    ear = on_shift(sign_in())
    service.alarm("W22", "sos")
    ear.wait_for_sound()
    urgent = ear.pitch_hz(ear.hear(3))
    fire = service.alarm("S01", "smoke")
    expect(status(ear.page)).to_have_attribute("data-tone", "fire")
    assert abs(ear.pitch_hz(ear.hear(3)) - urgent) > 50
    ear.page.keyboard.press("m")
    expect(ear.page.locator("[data-said]")).to_contain_text("火警不能静音")
    assert peak(ear.hear(3)) > LOUD
    service.close_alarm(service.get(f"alarms/{fire}"))
    expect(status(ear.page)).to_contain_text("静音中")
    assert peak(ear.hear(4)[int(ear.rate_hz) :]) < LOUD
    # What is new was not heard when the mute began.
    service.alarm("W23", "sos")
    expect(status(ear.page)).to_have_attribute("data-tone", "urgent")


def test_the_volume_cannot_be_taken_to_nothing(sign_in, service):
    service.quiet()
    page = sign_in()
    page.evaluate("localStorage.setItem('shouwang.volume', '0')")
    ear = on_shift(page)
    ear.page.get_by_role("button", name=re.compile("声音已就绪")).click()
    slider = ear.page.get_by_role("slider", name="音量")
    expect(slider).to_have_attribute("aria-valuenow", "30")
    slider.focus()
    ear.page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "30")
    service.alarm("W24", "sos")
    ear.wait_for_sound()


def second_tab(first, service):
    tab = first.context.new_page()
    tab.goto(service.url)
    tab.wait_for_selector("header nav")
    expect(status(tab)).to_have_attribute("data-sounding", "elsewhere")
    tab.keyboard.press("Shift")  # whoever touched a page may sound there
    return tab


@pytest.mark.parametrize("end", ["closed", "crashed", "hung"])
def test_another_tab_takes_over_when_the_one_that_sounds_is_gone(sign_in, service, end):
    service.quiet()
    first = start_shift(sign_in())
    second = second_tab(first, service)
    if end == "closed":
        first.close()
    elif end == "crashed":
        crash(first)
    else:
        first.evaluate(HANG)
    expect(status(second)).to_have_attribute("data-sounding", "here", timeout=SLOW)
    alarm_id = service.alarm("W25", "sos")
    expect(row(second, alarm_id)).to_be_visible()
    expect(status(second)).to_have_attribute("data-tone", "urgent")
    expect(second.locator("[data-danger]")).to_have_count(0)
    if end == "hung":
        expect(status(first)).to_have_attribute("data-sounding", "elsewhere", timeout=SLOW)
        expect(status(second)).to_have_attribute("data-sounding", "here")


def crash(page):
    error = pytest.importorskip("playwright.sync_api").Error
    with pytest.raises(error):
        page.goto("chrome://crash", timeout=5_000)


def test_a_mute_in_one_tab_holds_in_the_one_that_sounds(sign_in, service):
    service.quiet()
    first = start_shift(sign_in())
    second = second_tab(first, service)
    service.alarm("W26", "sos")
    for page in (first, second):
        expect(status(page)).to_have_attribute("data-tone", "urgent")
    second.keyboard.press("m")
    expect(status(first)).to_contain_text("静音中")
    expect(status(second)).to_contain_text("静音中")


def test_a_wrong_clock_is_told(sign_in, service):
    page = sign_in()
    page.clock.install(time=service.get("summary")["at_ms"] / 1000 + 3600)
    page.reload()
    expect(page.locator("[data-danger=clock_off]")).to_contain_text(
        re.compile(r"相差 3\d{3} 秒"), timeout=SLOW
    )


@pytest.mark.parametrize(("verb", "danger"), [("api", "stream_silent"), ("gateway", "gateway_old")])
def test_a_service_that_hangs_is_told_and_heard(sign_in, service, verb, danger):
    service.quiet()
    page = start_shift(sign_in())
    service.signal(verb, signal.SIGSTOP)
    try:
        expect(page.locator(f"[data-danger={danger}]")).to_be_visible(timeout=SLOW)
        expect(status(page)).to_have_attribute("data-tone", "link")
        assert page.title().startswith("⚠")
    finally:
        service.signal(verb, signal.SIGCONT)
    expect(page.locator(f"[data-danger={danger}]")).to_have_count(0, timeout=SLOW)


def test_a_server_killed_in_mid_alarm_loses_no_word_and_no_alarm(sign_in, service):
    alarm_id = service.alarm("W28", "sos")
    page = sign_in(at=f"#/?alarm={alarm_id}")
    drawer = page.locator("aside.drawer")
    expect(drawer).to_contain_text("样例老人28")
    note = drawer.get_by_label("添加备注")
    service.kill("api")
    try:
        expect(page.locator("[data-danger=stream_silent]")).to_be_visible(timeout=SLOW)
        drawer.get_by_role("button", name="接警").click()
        expect(page.get_by_text("请求没有送达").first).to_be_visible()
        note.fill("已联系家属")
        note.press("Control+Enter")
        expect(page.get_by_text("请求没有送达")).not_to_have_count(0)
        expect(note).to_have_value("已联系家属")
        service.say("W29", "alarm", kinds=["fall"])
    finally:
        service.start("api")
    other = until(lambda: service.opened("W29", "fall"), "the fall")
    expect(page.locator("[data-danger=stream_silent]")).to_have_count(0, timeout=SLOW)
    expect(row(page, other)).to_be_visible(timeout=SLOW)
    expect(note).to_have_value("已联系家属")
    note.press("Control+Enter")
    expect(drawer.locator("li", has_text="已联系家属")).to_be_visible()
    drawer.get_by_role("button", name="接警").click()
    expect(drawer.locator("[data-state=active_acknowledged]").first).to_be_visible()
    told = service.get(f"alarms/{alarm_id}")["timeline"]
    assert [entry["event"] for entry in told].count("comment") == 1


def test_only_what_was_on_a_visible_screen_counts_as_shown(sign_in, service):
    page = again(sign_in(), BACKGROUND)
    first = service.alarm("W30", "sos")
    until(lambda: service.get(f"alarms/{first}")["shown_at_ms"], "the report")
    page.evaluate("putBehind(true)")
    behind = service.alarm("W31", "sos")
    expect(row(page, behind)).to_be_attached()
    seen = service.alarm("W32", "fall")
    expect(row(page, seen)).to_be_attached()
    assert service.get(f"alarms/{behind}")["shown_at_ms"] is None
    page.evaluate("putBehind(false)")
    until(lambda: service.get(f"alarms/{seen}")["shown_at_ms"], "the report of what was behind")
    assert service.get(f"alarms/{behind}")["shown_at_ms"]


def test_what_a_filter_hides_is_not_reported_as_shown(sign_in, service):
    page = sign_in(at="#/?county=安丘市")
    near = service.alarm("W33", "sos")
    until(lambda: service.get(f"alarms/{near}")["shown_at_ms"], "the report")
    far = service.alarm("W10", "fall")  # of another county
    later = service.alarm("W34", "sos")
    expect(row(page, later)).to_be_visible()
    expect(page.locator('[data-waiting="urgent"]')).not_to_have_text("0")
    assert service.get(f"alarms/{far}")["shown_at_ms"] is None
    page.get_by_role("link", name="名册").click()
    page.get_by_role("link", name="告警队列").click()
    expect(row(page, far)).to_be_visible()
    until(lambda: service.get(f"alarms/{far}")["shown_at_ms"], "the report of the other county")


def test_a_notification_comes_again_and_opens_the_alarm(sign_in, service):
    service.quiet()
    page = sign_in()
    page.clock.install()
    again(page, NOTIFICATIONS, BACKGROUND)
    start_shift(page)
    page.evaluate("putBehind(true)")
    alarm_id = service.alarm("W35", "sos")
    until(lambda: page.evaluate("told.length === 1"), "the notification")
    assert "样例老人35" in page.evaluate("told[0].title")
    page.clock.fast_forward(31_000)
    until(lambda: page.evaluate("told.length === 2"), "the notification")
    page.evaluate("told[1].onclick()")
    expect(page).to_have_url(re.compile(f"alarm={alarm_id}"))
    page.evaluate("putBehind(false)")
    until(lambda: page.evaluate("told[1].closed"), "the notification")


def test_the_title_counts_what_waits(sign_in, service):
    service.quiet()
    page = start_shift(sign_in())
    expect(page).to_have_title("守望 · 值班台")
    ids = [service.alarm("W36", "sos"), service.alarm("W37", "sos")]
    expect(page).to_have_title("(2 紧急) 守望 · 值班台")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/favicon-urgent.svg")
    for alarm_id in ids:
        service.close_alarm(service.get(f"alarms/{alarm_id}"))
    expect(page).to_have_title("守望 · 值班台")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/favicon.svg")
