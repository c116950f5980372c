"""A fence is drawn with the mouse or typed with the keys, tried on the last days, and only then saved."""

from __future__ import annotations

import json
import re
import time
import urllib.request

import pytest
from console_house import LAT, LON, until
from test_console_safety import AXE, problems

expect = pytest.importorskip("playwright.sync_api").expect
FAR = {"lat": 36.43, "lon": 119.21}  # the site aq
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith('webgl') ? null : real.call(this, kind, ...more)
}
"""


def put(service, fence_id, geometry, **more):
    """Another program puts a fence."""
    body = {"fence_id": fence_id, "geometry": geometry, **more}
    call(service, "PUT", f"fences/{fence_id}", body)
    return body


def call(service, method, path, body=None):
    headers = {"Authorization": f"Bearer {service._token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{service.url}api/v1/{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def circle(radius_m, lon=FAR["lon"], lat=FAR["lat"]):
    return {"type": "Point", "coordinates": [lon, lat], "radius_m": radius_m}


def box(west, south, size):
    return [
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
        [west, south],
    ]


@pytest.fixture
def fences(service):
    """Removes what a test put."""
    before = {one["fence_id"] for one in service.get("fences")["items"]}
    yield service
    for one in service.get("fences")["items"]:
        if one["fence_id"] not in before:
            call(service, "DELETE", f"fences/{one['fence_id']}")


def drawing(page):
    page.wait_for_selector("[data-ready=true]")
    box = page.locator("[data-ready]").bounding_box()
    return lambda x, y: (box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def click(page, place):
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.up()


def drag(page, begin, end):
    page.mouse.move(*begin)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(*(a + (b - a) * step / 5 for a, b in zip(begin, end, strict=True)))
    page.mouse.up()


def numbers(page):
    """What the list of corners says."""
    return page.locator("[data-vertices] table input").evaluate_all("all => all.map(one => one.value)")


# With the mouse -----------------------------------------------------------------------------------


def test_a_fence_is_drawn_dragged_undone_and_saved_with_the_mouse(sign_in, fences):
    page = sign_in(at="#/fence?site_id=qw")
    at = drawing(page)
    expect(page.locator("[data-trouble=empty]")).to_have_text(re.compile("还没有画围栏"))
    expect(page.locator("[data-save]")).to_be_disabled()
    page.click("[data-tool=polygon]")
    corners = [at(0.3, 0.3), at(0.6, 0.3), at(0.6, 0.7), at(0.3, 0.7)]
    for corner in [*corners, corners[0]]:
        click(page, corner)
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(4)
    expect(page.locator("[data-valid]")).to_be_visible()
    drawn = numbers(page)
    drag(page, corners[2], at(0.7, 0.8))
    until(lambda: numbers(page) != drawn, "the drag in the list")
    dragged = numbers(page)
    assert sum(a != b for a, b in zip(drawn, dragged, strict=True)) == 2
    page.keyboard.press("Control+z")
    until(lambda: numbers(page) == drawn, "the undo")
    page.keyboard.press("Control+y")
    until(lambda: numbers(page) == dragged, "the redo")
    page.fill("[data-name]", "后院")
    page.click("[data-save]")
    expect(page.locator("[data-dirty]")).to_have_count(0)
    expect(page).to_have_url(re.compile("fence_id=qw-hy"))
    stored = service_fence(fences, "qw-hy")
    assert (stored["name"], stored["role"], stored["site_id"]) == ("后院", "safe", "qw")
    flat = [str(number) for corner in stored["geometry"]["coordinates"][0][:-1] for number in corner]
    assert sorted(map(float, flat)) == sorted(map(float, dragged))
    page.get_by_role("link", name="围栏名册").click()
    page.get_by_role("button", name="后院").click()
    page.get_by_role("button", name="在地图上编辑").click()
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(4)


def service_fence(service, fence_id):
    return service.get(f"fences/{fence_id}")


def test_a_midpoint_inserts_a_corner_and_a_right_click_deletes_one(sign_in, fences):
    put(
        fences,
        "bend",
        {"type": "Polygon", "coordinates": [box(LON - 0.001, LAT - 0.001, 0.002)]},
        site_id="qw",
    )
    page = sign_in(at="#/fence?fence_id=bend")
    drawing(page)
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(4)
    frame = page.locator("[data-ready]").bounding_box()
    middle = frame["x"] + frame["width"] / 2
    # The fence fills the map but for the margin it is shown with: its south side is 70 pixels from the edge.
    south = frame["y"] + frame["height"] - 70
    drag(page, (middle, south), (middle, south + 30))
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(5)
    page.mouse.click(middle, south + 30, button="right")
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(4)
    page.click("[data-undo]")
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(5)


def test_a_circle_is_drawn_and_its_radius_typed(sign_in, fences):
    page = sign_in(at="#/fence?site_id=aq")
    at = drawing(page)
    page.click("[data-tool=circle]")
    click(page, at(0.5, 0.5))
    click(page, at(0.6, 0.5))
    radius = page.locator("[data-radius]")
    expect(radius).to_be_visible()
    assert 20 < float(radius.input_value()) < 2_000
    assert float(page.locator("[data-centre=lat]").input_value()) == pytest.approx(FAR["lat"], abs=2e-4)
    small = float(radius.input_value())
    drag(page, at(0.6, 0.5), at(0.7, 0.5))
    until(lambda: float(radius.input_value()) > 1.5 * small, "the larger circle")
    page.keyboard.press("Control+z")
    until(lambda: float(radius.input_value()) == small, "the undo")
    latitude = page.locator("[data-centre=lat]")
    before = float(latitude.input_value())
    drag(page, at(0.52, 0.5), at(0.52, 0.6))
    until(lambda: float(latitude.input_value()) < before - 5e-5, "the circle being moved")
    assert float(radius.input_value()) == pytest.approx(small, abs=2)
    radius.fill("150")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-dirty]")).to_have_count(0)
    stored = service_fence(fences, "aq-1")
    assert stored["geometry"]["radius_m"] == 150


def test_holes_and_parts_are_shown_kept_and_drawn(sign_in, fences):
    outer, hole = box(LON - 0.001, LAT - 0.001, 0.002), box(LON - 0.0002, LAT - 0.0002, 0.0004)
    geometry = {"type": "MultiPolygon", "coordinates": [[outer, hole], [box(LON + 0.002, LAT, 0.001)]]}
    put(fences, "many", geometry, site_id="qw")
    page = sign_in(at="#/fence?fence_id=many")
    at = drawing(page)
    expect(page.locator("[data-vertices] section")).to_have_count(3)
    expect(page.locator("[data-vertices]")).to_contain_text("第 1 块 · 空洞 1")
    first = page.locator("[data-corner='1-0-0']")
    first.fill(str(LON + 0.0025))
    expect(page.locator("[data-valid]")).to_be_visible()
    page.click("[data-save]")
    expect(page.locator("[data-dirty]")).to_have_count(0)
    stored = service_fence(fences, "many")["geometry"]["coordinates"]
    assert [len(rings) for rings in stored] == [2, 1] and stored[0] == [outer, hole]
    assert stored[1][0][0] == stored[1][0][-1] == [LON + 0.0025, LAT]
    page.click("[data-tool=hole]")
    frame = page.locator("[data-ready]").bounding_box()
    left = 70 / frame["width"]
    for x, y in ((0.02, 0.32), (0.06, 0.32), (0.06, 0.36), (0.02, 0.32)):
        click(page, at(left + x, y))
    expect(page.locator("[data-vertices] section")).to_have_count(4)
    expect(page.locator("[data-vertices]")).to_contain_text("空洞 2")


# With the keys ------------------------------------------------------------------------------------


def test_a_fence_is_made_corrected_and_saved_with_the_keys(sign_in, fences):
    page = sign_in(at="#/fence?site_id=qw")
    drawing(page)
    page.locator("[data-start-area]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(4)
    page.locator("[data-corner='0-0-0']").focus()
    before = numbers(page)
    page.keyboard.press("ArrowUp")
    assert float(numbers(page)[0]) == pytest.approx(float(before[0]) + 0.0001, abs=1e-4)
    page.keyboard.press("Control+z")
    until(lambda: numbers(page) == before, "the undo")
    page.get_by_role("button", name="顶点 1 后移").press("Enter")
    expect(page.locator("[data-trouble=crossing]")).to_have_text(
        re.compile("边界自相交：边 .→. 与边 .→. 相交")
    )
    expect(page.locator("[data-save]")).to_be_disabled()
    page.keyboard.press("Control+z")
    expect(page.locator("[data-valid]")).to_be_visible()
    page.get_by_role("button", name="在顶点 2 后插入").press("Enter")
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(5)
    expect(page.locator("[data-corner='0-0-2']")).to_be_focused()
    page.get_by_role("button", name="删除顶点 3").press("Enter")
    expect(page.locator("[data-vertices] tbody tr")).to_have_count(4)
    longitude, latitude = page.locator("[data-corner='0-0-0']"), page.get_by_label("顶点 1 的纬度")
    kept = longitude.input_value(), latitude.input_value()
    longitude.fill(kept[1])
    latitude.fill(kept[0])
    expect(page.locator("[data-trouble=swapped]")).to_have_text(re.compile("顶点 1 的经度和纬度可能填反了"))
    longitude.fill("")
    expect(page.locator("[data-trouble=number]")).to_be_visible()
    longitude.fill(kept[0])
    latitude.fill(kept[1])
    page.locator("#tab-outline").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-hours")).to_be_focused()
    page.locator("[data-weekly]").press("Space")
    expect(page.locator("[data-window-words]")).to_contain_text("每天 19:00 至次日 07:00")
    expect(page.locator("[data-window-words]")).to_contain_text("跨越午夜")
    page.locator("[data-time='0-to']").fill("25:00")
    page.keyboard.press("Tab")
    expect(page.locator("[data-window-words]")).to_contain_text("07:00")
    page.locator("[data-time='0-to']").fill("630")
    page.keyboard.press("Tab")
    expect(page.locator("[data-window-words]")).to_contain_text("06:30")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-dirty]")).to_have_count(0)
    stored = service_fence(fences, "qw-1")
    assert stored["schedule"]["weekly"] == [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "19:00", "to": "06:30"}]
    assert len(stored["geometry"]["coordinates"][0]) == 5


def test_without_webgl_the_list_works_beside_a_sketch(sign_in, fences):
    put(fences, "yard", circle(80), site_id="aq")
    page = sign_in()
    page.add_init_script(NO_WEBGL)
    page.reload()
    page.goto(f"{fences.url}#/fence?fence_id=yard")
    expect(page.locator("[data-sketch]")).to_be_visible()
    expect(page.locator("[data-no-webgl]")).to_contain_text("不支持 WebGL")
    page.fill("[data-radius]", "-1")
    expect(page.locator("[data-trouble=radius]")).to_be_visible()
    page.fill("[data-radius]", "95")
    page.click("[data-save]")
    expect(page.locator("[data-dirty]")).to_have_count(0)
    assert service_fence(fences, "yard")["geometry"]["radius_m"] == 95


# Trying it before it counts -----------------------------------------------------------------------


def test_a_preview_says_what_would_have_been_raised_and_shows_where(sign_in, fences):
    put(fences, "home", circle(2_000), site_id="aq")
    begin = time.time_ns() // 1_000_000 - 29 * 60_000  # a past that is over raises nothing: she is out still
    for minute in range(30):
        away = 0.004 if minute >= 20 else 0.0
        fences.say(
            "W25",
            "location",
            ts=begin + minute * 60_000,
            lat=FAR["lat"] + away,
            lon=FAR["lon"],
            acc=8,
            src="gnss",
        )
    until(lambda: len(fences.get(f"devices/W25/track?from_ms={begin - 1}")["points"]) == 30, "the fixes")
    page = sign_in(at="#/fence?fence_id=home")
    drawing(page)
    expect(page.locator(".dots")).to_contain_text("定位点")
    page.click("[data-tab=preview]")
    page.click("[data-preview]")
    result = page.locator("[data-preview-result]")
    expect(result).to_contain_text("▲ 0")
    basis = page.locator("[data-basis]")
    expect(basis).to_have_text(re.compile(r"^过去 7 天，\d+ 台设备，30 条定位：没有触发。$"))
    page.click("[data-tab=outline]")
    page.fill("[data-radius]", "120")
    page.click("[data-tab=preview]")
    expect(page.locator("[data-stale]")).to_be_visible()
    page.click("[data-preview]")
    expect(result).to_contain_text("▲ 1")
    expect(basis).to_contain_text("30 条定位算出")
    expect(page.locator("[data-stale]")).to_have_count(0)
    episode = page.locator("[data-verdict=raised]")
    expect(episode).to_contain_text("离开安全区 · 样例老人25")
    expect(episode).to_contain_text("在围栏外")
    episode.click()
    assert service_fence(fences, "home")["geometry"]["radius_m"] == 2_000  # nothing was changed
    assert not fences.get("alarms?state=all&device_id=W25&kind=fence_left")["items"]


def test_a_preview_of_no_fix_says_that_nobody_knows(sign_in, fences):
    put(fences, "qw-yard", circle(80, LON, LAT), site_id="qw")
    fences.say("W03", "heartbeat", bat=80)
    until(lambda: fences.get("devices/W03")["last_contact_ms"], "the heartbeat")
    page = sign_in(at="#/fence?fence_id=qw-yard")
    page.click("[data-tab=preview]")
    page.click("[data-preview]")
    expect(page.locator("[data-basis]")).to_contain_text("没有一条定位，算不出会不会触发")


def test_the_id_of_a_new_fence_follows_its_name_until_somebody_writes_one(sign_in, fences):
    put(fences, "qw-hy", circle(80, LON, LAT), site_id="qw")
    page = sign_in(at="#/fence?site_id=qw")
    own = page.locator("[data-id]")
    expect(own).to_have_value("qw-1")
    page.fill("[data-name]", "后院")
    expect(own).to_have_value("qw-hy-2")  # qw-hy is taken
    page.fill("[data-name]", "花园 East 3")
    expect(own).to_have_value("qw-hy-east-3")
    page.fill("[data-id]", "garden")
    page.fill("[data-name]", "花园")
    expect(own).to_have_value("garden")
    page.fill("[data-id]", "")
    page.fill("[data-name]", "北花园")
    expect(own).to_have_value("qw-bhy")
    page.click("[data-start-circle]")
    page.click("[data-save]")
    expect(page.get_by_text("围栏已保存")).to_be_visible()
    assert service_fence(fences, "qw-bhy")["name"] == "北花园"


def test_a_preview_can_be_called_off_and_a_busy_one_is_said(sign_in, fences):
    put(fences, "yard", circle(80), site_id="aq")
    page = sign_in(at="#/fence?fence_id=yard")
    drawing(page)
    page.click("[data-tab=preview]")

    def hold(_route):
        """Nobody answers."""

    page.route("**/fences/preview", hold)
    page.click("[data-preview]")
    expect(page.locator(".preview [role=status]")).to_contain_text("正在重算")
    page.click("[data-preview-cancel]")
    expect(page.locator("[data-preview]")).to_be_visible()
    expect(page.locator(".preview [role=alert]")).to_have_count(0)
    page.unroute("**/fences/preview")
    busy = json.dumps({"status": 429, "detail": "Another preview is being computed; try again in a moment."})
    page.route(
        "**/fences/preview",
        lambda route: route.fulfill(status=429, body=busy, content_type="application/problem+json"),
    )
    page.click("[data-preview]")
    expect(page.locator(".preview [role=alert]")).to_contain_text("另一位同事正在预演")


# What goes wrong ----------------------------------------------------------------------------------


def test_the_servers_reasons_are_said_in_words(sign_in, fences):
    page = sign_in(at="#/fence?site_id=qw")
    drawing(page)
    page.click("[data-start-area]")
    said = {"status": 422, "detail": "body.geometry: geometry is not valid: Self-intersection[119.1 36.7]"}
    page.route(
        "**/api/v1/fences",
        lambda route: route.fulfill(
            status=422, body=json.dumps(said), content_type="application/problem+json"
        ),
    )
    page.click("[data-save]")
    expect(page.locator("[data-problem]")).to_contain_text(
        "服务端未接受：边界自相交，在经度 119.10000、纬度 36.70000 附近"
    )
    expect(page.locator("[data-dirty]")).to_be_visible()


def test_nobody_leaves_without_a_word_about_what_is_unsaved(sign_in, fences):
    page = sign_in(at="#/fence?site_id=qw")
    drawing(page)
    page.click("[data-start-area]")
    page.get_by_role("link", name="告警队列").click()
    expect(page.get_by_role("dialog")).to_contain_text("离开后，对此围栏的修改会丢失")
    page.get_by_role("button", name="继续编辑").click()
    expect(page.locator("[data-dirty]")).to_be_visible()
    page.get_by_role("link", name="告警队列").click()
    page.get_by_role("button", name="放弃修改").click()
    expect(page.locator("[data-save]")).to_have_count(0)
    assert not [one for one in fences.get("fences")["items"] if one["fence_id"] == "qw-1"]


def test_the_slower_of_two_editors_is_asked(sign_in, fences):
    put(fences, "yard", circle(80), site_id="aq")
    page = sign_in(at="#/fence?fence_id=yard")
    drawing(page)
    put(fences, "yard", circle(90), site_id="aq")
    page.fill("[data-radius]", "100")
    page.click("[data-save]")
    expect(page.get_by_role("dialog")).to_contain_text("有人修改并保存了此围栏")
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    expect(page.locator("[data-problem]")).to_contain_text("没有保存，草稿还在")
    assert service_fence(fences, "yard")["geometry"]["radius_m"] == 90
    page.click("[data-save]")
    page.locator("[data-yes]").click()
    expect(page.locator("[data-dirty]")).to_have_count(0)
    assert service_fence(fences, "yard")["geometry"]["radius_m"] == 100


def test_deleting_says_who_loses_their_last_safe_fence(sign_in, fences):
    put(fences, "only", circle(5_000), site_id="aq", name="唯一的围栏")
    page = sign_in(at="#/fence?fence_id=only")
    drawing(page)
    page.select_option("[data-role]", "forbidden")
    expect(page.locator("[data-loses]")).to_contain_text("保存后 20 人不再有任何安全围栏")
    page.click("[data-undo]")
    page.click("[data-delete]")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("其中 20 人将不再有任何安全围栏，走失时不会报警：样例老人20")
    page.locator("[data-yes]").click()
    expect(page).to_have_url(re.compile("book=fences"))
    assert "only" not in [one["fence_id"] for one in fences.get("fences")["items"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_axe_finds_nothing_serious_in_the_editor(sign_in, fences, theme, language):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in console/)")
    outer, hole = box(LON - 0.001, LAT - 0.001, 0.002), box(LON - 0.0002, LAT - 0.0002, 0.0004)
    put(fences, "holed", {"type": "Polygon", "coordinates": [outer, hole]}, site_id="qw", schedule={
        "weekly": [{"from": "19:00", "to": "07:00"}]})  # fmt: skip
    page = sign_in()
    page.evaluate(
        f"localStorage.setItem('shouwang.theme', '{theme}'); localStorage.setItem('shouwang.language', '{language}')"
    )
    page.goto(f"{fences.url}#/fence?fence_id=holed")
    page.reload()
    drawing(page)
    found = []
    for tab in ("outline", "hours", "preview"):
        page.click(f"[data-tab={tab}]")
        found += problems(page, tab)
    page.click("[data-preview]")
    expect(page.locator("[data-preview-result]")).to_be_visible()
    found += problems(page, "preview result")
    assert not found
