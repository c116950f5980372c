"""The alarms of a period as JSON and as files: who did what, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook
from shift_history import DAY_MS, HOUR_MS, START_MS, History, lively

from api import reports
from api.sheets import cells, head, inert

DDE = "=cmd|' /C calc'!A0"
SPAN = {"from_ms": START_MS, "to_ms": START_MS + DAY_MS}


def ask(service, **query):
    return service.client.get("/api/v1/reports/alarms", params=SPAN | query)


def items(service, **query):
    answer = ask(service, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def only(choice):
    return SimpleNamespace(choice=lambda options: choice if choice in options else options[-1])


def a_night(book):
    """One alarm before the period that is over, one still open, two of the night, one after it."""
    history = History()
    history.at_ms = START_MS - 2 * HOUR_MS
    over, still = history.begin(0, "sos"), history.begin(2, "tamper")
    history.at_ms = START_MS - HOUR_MS
    history.act(over, "close", only("li"))
    history.at_ms = START_MS + 1_000
    fall = history.begin(1, "sos")
    history.at_ms += 40_000
    history.act(fall, "acknowledge", only("wang"))
    history.act(fall, "comment", only("wang"))
    history.rows[-1]["text"] = DDE
    history.act(fall, "comment", only("wang"))
    history.rows[-1]["text"] = "[sop:call_site] 联系机构"
    history.at_ms += 600_000
    history.act(fall, "close", only("li"))
    history.rows[-1]["text"] = "老人平安\n已通知家属"
    strap = history.begin(3, "strap_off")
    history.act(strap, "shelve", only("li"))
    history.at_ms = SPAN["to_ms"]
    after = history.begin(4, "sos")
    history.write(book)
    for n, name in ((1, DDE), (3, "张三")):
        book.put("residents", resident_id=f"r{n}", name=name, site_id=f"s{n % 3}", room="＝1+1")
        book.device(f"w{n}", n, resident_id=f"r{n}", zone="@东区")
    book.site("s1", county="安丘市", name="+安丘敬老院")
    return {name: alarm["alarm_id"] for name, alarm in
            {"over": over, "still": still, "fall": fall, "strap": strap, "after": after}.items()}  # fmt: skip


def test_what_lived_in_the_period_with_who_did_what(service):
    ids = a_night(service.book)
    found = {one["alarm_id"]: one for one in items(service)}
    assert list(found) == [ids["still"], ids["fall"], ids["strap"]]
    fall = found[ids["fall"]]
    assert (
        fall["resident_name"] == DDE
        and fall["site_name"] == "+安丘敬老院"
        and fall["device_kind"] == "wristband"
    )
    assert fall["acknowledged_by"] == "wang" and fall["acknowledged_at_ms"] == START_MS + 41_000
    assert fall["closed_by"] == "li" and fall["closing_text"] == "老人平安\n已通知家属"
    assert fall["last_comment"] == DDE and fall["last_comment_by"] == "wang"
    strap = found[ids["strap"]]
    assert strap["shelved"] and strap["shelve_reason"] == "检修" and strap["shelved_by"] == "li"
    assert strap["acknowledged_by"] is None and found[ids["still"]]["state"] == "active_unacknowledged"


def test_an_answer_that_was_taken_back_is_none(service):
    history = History()
    history.at_ms = START_MS
    alarm = history.begin(1, "sos")
    for verb, who in (("acknowledge", "li"), ("unacknowledge", "li"), ("acknowledge", "wang")):
        history.at_ms += 5_000
        assert history.act(alarm, verb, only(who))
    history.write(service.book)
    (said,) = items(service)
    assert (said["acknowledged_by"], said["acknowledged_at_ms"]) == ("wang", START_MS + 15_000)


def test_filters_and_pages(service):
    history = lively(3)
    history.write(service.book)
    everything = items(service, limit=1000)
    assert len(everything) > 30
    assert [one["seq"] for one in everything] == sorted(one["seq"] for one in everything)
    for query, fits in (
        ({"kind": "tamper"}, lambda one: one["kind"] == "tamper"),
        ({"priority": "urgent"}, lambda one: one["priority"] == "urgent"),
        ({"site_id": "s1"}, lambda one: one["site_id"] == "s1"),
        ({"county": "奎文区"}, lambda one: one["site_id"] == "s0"),
    ):
        wanted = [one for one in everything if fits(one)]
        assert wanted and items(service, limit=1000, **query) == wanted
    met, after = [], 0
    while after is not None:
        page = ask(service, limit=7, after_seq=after).json()
        met += page["items"]
        after = page["next_after_seq"]
    assert met == everything
    assert ask(service, kind="earthquake").status_code == ask(service, format="pdf").status_code == 422


def test_the_csv_opens_in_excel_and_runs_nothing(service):
    a_night(service.book)
    answer = ask(service, format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (
        'filename="shouwang-alarms-20260921-0800-20260922-0800.csv"' in answer.headers["content-disposition"]
    )
    assert answer.content.startswith(b"\xef\xbb\xbf") and b"\r\n" in answer.content
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert table[0][:5] == ["告警编号", "类型", "级别", "状态", "老人"]
    fall = dict(zip(table[0], table[2], strict=True))
    assert fall["老人"] == f"'{DDE}" and fall["最后备注"] == f"'{DDE}"
    assert fall["房间"] == "'＝1+1" and fall["机构"] == "'+安丘敬老院" and fall["区域"] == "'@东区"
    assert fall["类型"] == "呼救" and fall["级别"] == "紧急" and fall["状态"] == "已结束"
    assert fall["发生时间（北京时间）"] == "2026-09-21 08:00:01" and fall["接警用时（秒）"] == "40"
    assert fall["处置说明"] == "老人平安\n已通知家属"
    for row in table:
        assert not [cell for cell in row if cell[:1] in set("=+-@\t\r＝＋－＠") and cell]


def test_the_xlsx_holds_texts_and_times_and_no_formula(service):
    a_night(service.book)
    answer = ask(service, format="xlsx", lang="en")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]][:3] == ["Alarm", "Kind", "Priority"]
    fall = {name.value: cell for name, cell in zip(rows[0], rows[2], strict=True)}
    assert (
        fall["Resident"].value == DDE and fall["Resident"].data_type == "s" and fall["Resident"].quotePrefix
    )
    assert fall["Raised (Beijing time)"].value.isoformat() == "2026-09-21T08:00:01"
    assert fall["Answered after (s)"].value == 40
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}
    assert fall["Closing text"].value == "老人平安\n已通知家属"


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", " =1", "\u3000=1", DDE],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "张三", "3=4", "a+b", "0536-1234", "'=1"])
def test_other_text_stays_as_it_is(text):
    assert inert(text) == text


def test_control_characters_and_long_texts_are_no_obstacle(service):
    a_night(service.book)
    service.book.put("residents", resident_id="r3", name="张\x00\x07三" + "长" * 3000)
    sheet = load_workbook(io.BytesIO(ask(service, format="xlsx").content)).active
    assert any(str(row[4].value).startswith("张三长") for row in sheet.iter_rows())
    assert ask(service, format="csv").status_code == 200


def test_more_than_fits_is_refused_with_the_limit(service, monkeypatch):
    a_night(service.book)
    monkeypatch.setattr(reports, "MAX_XLSX_ROWS", 2)
    answer = ask(service, format="xlsx")
    assert answer.status_code == 422
    assert "3 alarms; at most 2 fit into xlsx: ask for less or take CSV" in answer.json()["detail"]
    assert ask(service, format="csv").status_code == 200


def test_pages_of_a_file_join_without_gap_or_repeat(service, monkeypatch):
    lively(4).write(service.book)
    monkeypatch.setattr(reports, "PAGE", 7)
    wanted = [one["alarm_id"] for one in items(service, limit=1000)]
    table = list(csv.reader(io.StringIO(ask(service, format="csv").content.decode("utf-8-sig"))))
    assert [row[0] for row in table[1:]] == wanted
    sheet = load_workbook(io.BytesIO(ask(service, format="xlsx").content)).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == wanted


def test_every_report_leaves_one_line_in_the_log(service, monkeypatch):
    said = []
    monkeypatch.setattr(reports.log, "info", lambda event, **fields: said.append((event, fields)))
    a_night(service.book)
    for form in ("json", "csv", "xlsx"):
        ask(service, format=form)
    assert said == [
        ("report", {"operator": "tests", **SPAN, "format": form, "rows": 3})
        for form in ("json", "csv", "xlsx")
    ]


def test_every_column_has_a_name_in_both_languages(service):
    a_night(service.book)
    assert len(head("zh")) == len(head("en")) == len(set(head("zh"))) == len(set(head("en")))
    said = reports.Reported(**items(service)[1])
    assert len(cells(said, "en")) == len(head("en"))


def test_nobody_else_reads_it(service):
    with service.stranger() as stranger:
        for form in ("json", "csv", "xlsx"):
            assert stranger.get("/api/v1/reports/alarms", params=SPAN | {"format": form}).status_code == 401
