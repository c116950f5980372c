"""Whole lists into the roster: what a file would do is told row by row, then done whole or not at all."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from openpyxl import Workbook, load_workbook

from api.import_columns import COLUMNS
from api.import_files import MAX_ROWS, MAX_UNPACKED_BYTES
from api.middleware import MAX_FILE_BYTES

SITES = "机构编号,名称,类型,纬度,经度,县市区,街道或乡镇,机构电话\n"
GOOD = SITES + "s7,样例幸福院,农村幸福院,36.7,119.1,奎文区,样例街道,000-1234\n"
CSV = {"content-type": "text/csv"}
XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def city(service):
    book = service.book
    book.site("s1")
    book.put("residents", resident_id="r1", name="李奶奶", site_id="s1", room="1F-01",
             contacts=[{"name": n, "relation": None, "phone": "000"} for n in "甲乙丙丁"])  # fmt: skip
    book.put("fences", fence_id="f1", role="safe", site_id="s1",
             geometry={"type": "Point", "coordinates": [119.1, 36.7], "radius_m": 100})  # fmt: skip
    book.device("w1", 0, resident_id="r1")
    return service


def send(service, content, kind="sites", verb="preview", headers=CSV, **query):
    body = content.encode() if isinstance(content, str) else content
    params = {"kind": kind} | query if kind else query
    return service.client.post(f"/api/v1/roster/{verb}", content=body, params=params, headers=headers)


def rows(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def codes(row):
    return {(found["field"], found["code"]) for found in row["errors"]}


def sheet(*lines, title="Sheet1"):
    book = Workbook()
    book.worksheets[0].title = title
    for line in lines:
        book.worksheets[0].append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_preview_says_what_would_be_and_writes_nothing(city):
    text = GOOD + "s1,安丘敬老院,养老机构,36.4,119.2,安丘市,,\ns1b,,home,36,119,,,\n"
    city.book.site("s1b", name=None, kind="home", lat=36.0, lon=119.0, county="坊子区")
    told = send(city, text)
    assert told.json()["counts"] == {"add": 1, "change": 1, "same": 1, "error": 0, "warning": 0}
    first, same, changed = rows(told)
    assert (first["row"], first["action"], first["id"], first["name"]) == (2, "add", "s7", "样例幸福院")
    assert first["changes"]["lat"] == [None, 36.7] and first["changes"]["kind"] == [None, "happiness_home"]
    assert (same["row"], same["action"], same["changes"]) == (3, "same", {})
    assert (changed["action"], changed["changes"]) == ("change", {"county": ["坊子区", None]})
    assert city.gateway.seen == [] and not city.book.ask("SELECT 1 FROM commands")


def test_an_import_is_one_command_with_what_differs(city):
    done = send(city, GOOD + "s1,安丘敬老院,养老机构,36.4,119.2,安丘市,,\n", verb="import")
    assert done.status_code == 200, done.text
    assert done.json()["counts"] == {"add": 1, "change": 0, "same": 1, "error": 0, "warning": 0}
    ((_, kind, body),) = city.gateway.seen
    assert kind == "roster" and [site["site_id"] for site in body["put"]["sites"]] == ["s7"]
    assert city.client.get("/api/v1/sites/s7").json()["street"] == "样例街道"
    again = send(city, GOOD, verb="import")
    assert again.json()["counts"]["same"] == 1 and len(city.gateway.seen) == 1


def test_columns_that_are_not_there_keep_what_is_stored_and_an_empty_cell_clears(city):
    (row,) = rows(send(city, "老人编号,房间,联系人1电话\nr1,,111\n", "residents"))
    assert row["action"] == "change" and row["changes"].keys() == {"room", "contacts"}
    assert row["changes"]["room"] == ["1F-01", None]
    send(city, "老人编号,房间,联系人1电话\nr1,,111\n", "residents", "import")
    stored = city.client.get("/api/v1/residents/r1").json()
    assert stored["name"] == "李奶奶" and stored["room"] is None
    assert [one["phone"] for one in stored["contacts"]] == ["111", "000", "000", "000"]


WRONG = [
    ("sites", SITES + "s7,x,养老机构,三十六,119,,,\n", ("lat", "bad_number")),
    ("sites", SITES + "s7,x,养老机构,nan,119,,,\n", ("lat", "bad_number")),
    ("sites", SITES + "s7,x,城堡,36,119,,,\n", ("kind", "not_a_choice")),
    ("sites", SITES + "s7,x,,36,119,,,\n", ("kind", "missing")),
    ("sites", SITES + ",x,养老机构,36,119,,,\n", ("site_id", "missing")),
    ("sites", SITES + "a/b,x,养老机构,36,119,,,\n", ("site_id", "string_pattern_mismatch")),
    ("sites", SITES + f"s7,{'长' * 201},养老机构,36,119,,,\n", ("name", "string_too_long")),
    ("sites", SITES + "s7,x,养老机构,119.1,36.7,,,\n", ("lat", "swapped")),
    ("sites", SITES + "s7,x,养老机构,36,190,,,\n", ("lon", "less_than_equal")),
    ("sites", SITES + "s7,x,养老机构,36,119,,,,and more\n", (None, "beyond_header")),
    ("residents", "resident_id,site_id\nr9,nowhere\n", ("site_id", "unknown_id")),
    ("residents", "resident_id,出生日期\nr9,去年\n", ("birth_date", "bad_date")),
    ("residents", "resident_id,出生日期\nr9,1941-02-30\n", ("birth_date", "value_error")),
    ("residents", "resident_id,出生日期\nr9,2941\n", ("birth_date", "value_error")),
    ("devices", "device_id,kind,resident_id\nw9,手环,nobody\n", ("resident_id", "unknown_id")),
    ("devices", "device_id,kind\nw/9,手环\n", ("device_id", "string_pattern_mismatch")),
    ("devices", "device_id,kind,fence_ids\nw9,手环,f1;f2\n", ("fence_ids", "unknown_id")),
    ("fences", "fence_id,lat,lon\nf9,36,119\n", ("geometry", "half_circle")),
    ("fences", "fence_id,lat,lon,radius_m\nf9,36,119,0\n", ("geometry", "greater_than")),
    ("fences", "fence_id,geometry\nf9,{\n", ("geometry", "bad_json")),
    ("fences", "fence_id,geometry\nf9,\n", ("geometry", "missing")),
]


@pytest.mark.parametrize(("kind", "text", "wanted"), WRONG)
def test_what_is_wrong_is_named_by_row_and_field(city, kind, text, wanted):
    (row,) = rows(send(city, text, kind))
    assert row["action"] == "error" and row["row"] == 2 and row["changes"] == {}
    assert wanted in codes(row)
    assert all(found["msg"] for found in row["errors"])


def test_everything_that_is_wrong_with_a_row_is_told_at_once(city):
    (row,) = rows(send(city, "site_id,kind,lat,lon\na/b,castle,x,200\n"))
    assert codes(row) == {
        ("kind", "not_a_choice"), ("lat", "bad_number"), ("site_id", "string_pattern_mismatch"), ("lon", "less_than_equal"),
    }  # fmt: skip
    (row,) = rows(send(city, "resident_id,site_id,birth_date\nr9,nowhere,soon\n", "residents"))
    assert codes(row) == {("site_id", "unknown_id"), ("birth_date", "bad_date")}


def test_an_id_that_is_there_twice_is_refused_in_both_rows_with_the_others_number(city):
    text = GOOD + "s8,b,home,36,119,,,\n" + "s7,other,home,36,119,,,\n"
    told = {row["row"]: row for row in rows(send(city, text))}
    assert codes(told[2]) == codes(told[4]) == {("site_id", "twice")}
    assert told[2]["errors"][0]["named"] == {"row": 4} and told[4]["errors"][0]["named"] == {"row": 2}
    assert told[3]["action"] == "add"


def test_an_unknown_column_is_an_error_of_the_header(city):
    head, row = rows(send(city, "site_id,kind,lat,lon,phonenumber,kind\ns7,home,36,119,1,home\n"))
    assert (head["row"], head["action"]) == (1, "error") and row["action"] == "add"
    assert codes(head) == {("phonenumber", "unknown_column"), ("kind", "column_twice")}
    refused = send(city, "名称,类型\nx,home\n")
    assert refused.status_code == 422 and refused.json()["code"] == "no_id_column"
    assert "机构编号" in refused.json()["detail"]


def test_odd_places_and_unknown_models_are_warned_of(city):
    text = SITES + "s7,x,home,0,0,,,\ns8,y,home,80.5,36.7,,,\ns9,z,home,36.7,119.1,,,\n"
    told = [[found["code"] for found in row["warnings"]] for row in rows(send(city, text))]
    assert told == [["abroad"], ["swapped"], []]
    (row,) = rows(send(city, "device_id,kind,model\nw9,手环,unheard\n", "devices"))
    assert [found["code"] for found in row["warnings"]] == ["unknown_model"]


def test_rows_in_error_refuse_the_import_unless_they_may_be_skipped(city):
    text = GOOD + "s8,x,castle,36,119,,,\n"
    refused = send(city, text, verb="import")
    assert refused.status_code == 422 and refused.json()["code"] == "rows_in_error"
    assert [row["row"] for row in refused.json()["rows"]] == [3] and refused.json()["counts"]["add"] == 1
    assert city.gateway.seen == []
    done = send(city, text, verb="import", skip_errors=True)
    assert done.json()["counts"] == {"add": 1, "change": 0, "same": 0, "error": 1, "warning": 0}
    assert [site["site_id"] for site in city.gateway.seen[0][2]["put"]["sites"]] == ["s7"]


def test_what_others_changed_since_the_preview_is_looked_at_again(city):
    text = "resident_id,room\nr1,2F-09\n"
    seen = send(city, text, "residents").json()["fingerprint"]
    assert seen == send(city, text, "residents").json()["fingerprint"]
    city.book.ask("UPDATE residents SET room='3F-03' WHERE resident_id='r1'")
    late = send(city, text, "residents", "import", fingerprint=seen)
    assert late.status_code == 409 and late.json()["code"] == "changed_since_preview"
    assert city.gateway.seen == []
    seen = send(city, text, "residents").json()["fingerprint"]
    assert send(city, text, "residents", "import", fingerprint=seen).status_code == 200


def test_what_the_preview_relied_on_is_checked_again_at_import(city):
    text = "resident_id,site_id\nr9,s1\n"
    assert rows(send(city, text, "residents"))[0]["action"] == "add"
    city.book.ask("DELETE FROM sites")
    late = send(city, text, "residents", "import")
    assert late.status_code == 422
    assert late.json()["rows"][0]["errors"][0]["code"] == "unknown_id"


def test_the_gateway_has_the_last_word(city):
    city.gateway.code = "invalid"
    assert send(city, GOOD, verb="import").status_code == 422
    city.gateway.silent = True
    assert send(city, GOOD, verb="import").status_code == 202


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_tables_that_excel_writes_in_china_are_read(city, encoding, delimiter, newline):
    text = GOOD.replace(",", delimiter).replace("\n", newline)
    (row,) = rows(send(city, text.encode(encoding)))
    assert row["name"] == "样例幸福院" and row["changes"]["county"] == [None, "奎文区"]


@pytest.mark.parametrize(
    "name", [EVIL, "=cmd|' /C calc'!A0", "+1", "@SUM(1)", '"quoted"', "a,b", "两\n行", "' or 1=1--"]
)
def test_a_name_stays_the_text_it_is(city, name):
    quoted = '"' + name.replace('"', '""') + '"'
    text = f"resident_id,name\nr9,{quoted}\n"
    assert rows(send(city, text, "residents"))[0]["name"] == name
    from_sheet = Workbook()
    from_sheet.worksheets[0].append(["resident_id", "name"])
    from_sheet.worksheets[0].append(["r9", None])
    cell = from_sheet.worksheets[0].cell(2, 2)
    cell.value, cell.data_type = name, "s"
    out = io.BytesIO()
    from_sheet.save(out)
    assert rows(send(city, out.getvalue(), "residents", headers=XLSX))[0]["name"] == name
    send(city, text, "residents", "import")
    assert city.client.get("/api/v1/residents/r9").json()["name"] == name


def test_a_sheets_numbers_and_dates_become_text_and_its_formulas_do_not(city):
    born = datetime(1941, 3, 5, tzinfo=UTC).replace(tzinfo=None)
    content = sheet(
        ["老人编号", "姓名", "房间", "出生日期", "联系人1电话", "风险提示"],
        [1001, "甲", 203.0, born, 13800001111, None],
        [], ["r2", "=1+1", None, 1941, None, None], ["r3", "乙", True, "1941年3月5日", None, None],
    )  # fmt: skip
    first, formula, logical = rows(send(city, content, "residents", headers=XLSX))
    assert first["id"] == "1001" and first["changes"]["room"] == [None, "203"]
    assert first["changes"]["birth_date"] == [None, "1941-03-05"]
    assert first["changes"]["contacts"][1] == [{"phone": "13800001111"}]
    assert (formula["row"], codes(formula)) == (4, {("name", "formula")})
    assert (logical["row"], codes(logical)) == (5, {("room", "not_text")})


def test_the_sheet_with_the_kinds_name_is_taken(city):
    book = load_workbook(io.BytesIO(sheet(["老人编号"], ["r9"], title="老人")))
    book.create_sheet("机构", 0).append(["机构编号", "类型", "纬度", "经度"])
    book["机构"].append(["s9", "居家", 36.7, 119.1])
    out = io.BytesIO()
    book.save(out)
    assert rows(send(city, out.getvalue(), "residents", headers=XLSX))[0]["id"] == "r9"
    assert rows(send(city, out.getvalue(), "sites", headers=XLSX))[0]["id"] == "s9"


def test_a_roster_of_the_contract_may_name_what_it_brings_itself(city):
    roster = {
        "devices": [{"device_id": "w9", "kind": "wristband", "model": "B9", "site_id": "s9", "resident_id": "r9"},
                    {"device_id": "w8", "kind": "wristband", "site_id": "bad"}, 7],
        "residents": [{"resident_id": "r9", "name": "王", "site_id": "s9"}],
        "sites": [{"site_id": "s9", "kind": "home", "lat": 36.7, "lon": 119.1}, {"site_id": "bad", "kind": "castle"}],
        "models": [{"model": "B9", "contact_every_s": 60}],
    }  # fmt: skip
    answer = send(city, json.dumps(roster), None, headers={"content-type": "application/json"})
    told = {(row["kind"], row["row"]): row for row in rows(answer)}
    assert [row["action"] for row in told.values()] == ["add", "add", "error", "add", "add", "error", "error"]
    assert codes(told["devices", 2]) == {("site_id", "unknown_id")}
    assert codes(told["devices", 3]) == {(None, "no_object")}
    headers = {"content-type": "application/json"}
    assert send(city, json.dumps(roster), None, "import", headers).status_code == 422
    done = send(city, json.dumps(roster), None, "import", headers, skip_errors=True)
    assert done.status_code == 200
    assert list(city.gateway.seen[0][2]["put"]) == ["models", "sites", "residents", "devices"]


FAULTY = [
    (b"", "text/csv", "empty"), (b"\n\n ,,\n", "text/csv", "empty"), (b"\xff\xfe\xfd", "text/csv", "encoding"),
    (b"\x81\xff\xff", "text/csv", "encoding"), (b"\xd0\xcf\x11\xe0rest", "application/vnd.ms-excel", "old_format"),
    (b"PK\x03\x04nonsense", "text/csv", "broken_xlsx"), (b"a\x00b", "text/csv", "not_a_table"),
    (b'site_id,kind\n"open,home\n', "text/csv", "broken_csv"), (b"x" * 200_000, "text/csv", "broken_csv"),
    (b"site_id" + b",x" * 64, "text/csv", "too_many_columns"),
    (sheet(["site_id"] + [None] * 63 + ["x"]), "application/vnd.ms-excel", "too_many_columns"),
    (b"{", "application/json", "broken_json"), (b"[]", "application/json", "no_roster"),
    (b'{"sites":{}}', "application/json", "no_roster"), (b'{"towns":[]}', "application/json", "no_roster"),
    (b"{}", "application/json", "empty"), (b"[" * 100_000, "application/json", "broken_json"),
    (b'{"sites":[{"lat":NaN}]}', "application/json", "broken_json"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "media_type", "code"), FAULTY)
@pytest.mark.parametrize("verb", ["preview", "import"])
def test_a_file_that_cannot_be_read_is_refused_in_words(refusing, content, media_type, code, verb):
    answer = send(refusing, content, verb=verb, headers={"content-type": media_type})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code and answer.json()["detail"].endswith(".")


def test_a_form_or_a_table_without_its_kind_is_refused(refusing):
    assert (
        send(refusing, GOOD, headers={"content-type": "multipart/form-data; boundary=x"}).status_code == 415
    )
    answer = send(refusing, GOOD, None)
    assert answer.status_code == 422 and answer.json()["errors"][0]["loc"] == ["query", "kind"]
    assert send(refusing, GOOD, "towns").status_code == 422


def packed(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def altered(name, change):
    """A good workbook with one of its parts changed."""
    out = io.BytesIO()
    original = zipfile.ZipFile(io.BytesIO(sheet(["site_id", "kind"], ["s9", "home"])))
    with original, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for member in original.namelist():
            content = original.read(member)
            file.writestr(member, change(content) if member == name else content)
    return out.getvalue()


LAUGHS = b"<!DOCTYPE x [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;'>" % ((n, *[n - 1] * 10))
    for n in range(1, 12)
)
BOMBS = {
    "unpacks to a gigabyte": lambda: packed(**{"xl/a.xml": b"\0" * (MAX_UNPACKED_BYTES + 1)}),
    "laughs a billion times": lambda: altered(
        "xl/worksheets/sheet1.xml",
        lambda xml: LAUGHS + b"]>" + xml.replace(b"<t>s9</t>", b"<t>&a11;</t>"),
    ),
    "lies about a row": lambda: altered(
        "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'r="2"', b'r="999999999"')
    ),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_workbook_is_refused_in_words(refusing, bomb):
    answer = send(refusing, BOMBS[bomb](), headers=XLSX)
    if bomb == "lies about a row":  # beyond the end of any sheet: not there
        assert answer.status_code == 200 and answer.json()["rows"] == []
    else:
        assert answer.status_code == 422
        assert answer.json()["code"] in {"too_large", "broken_xlsx"}, answer.text


def test_a_file_over_the_limits_is_refused_and_one_within_is_taken(city):
    line = "s{},样例,home,36.7,119.1,,,\n"
    many = SITES + "".join(line.format(n) for n in range(MAX_ROWS))
    told = send(city, many)
    assert told.json()["counts"] == {"add": MAX_ROWS - 1, "change": 1, "same": 0, "error": 0, "warning": 0}
    over = send(city, many + line.format("x"))
    assert over.status_code == 422 and over.json()["code"] == "too_many_rows"
    assert send(city, many + " " * (MAX_FILE_BYTES + 1 - len(many.encode()))).status_code == 413
    assert send(city, b"x" * (MAX_FILE_BYTES + 1), verb="import").status_code == 413
    elsewhere = city.client.post(
        "/api/v1/sites", content=b"x" * 2_000_000, headers={"content-type": "text/csv"}
    )
    assert elsewhere.status_code == 413


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_template_comes_back_without_an_unknown_column(city, kind, lang, form):
    answer = city.client.get("/api/v1/roster/template", params={"kind": kind, "lang": lang, "format": form})
    assert answer.status_code == 200
    assert f"shouwang-{kind}.{form}" in answer.headers["content-disposition"]
    back = send(city, answer.content, kind, headers=CSV if form == "csv" else XLSX)
    assert rows(back) == []


def test_a_filled_template_is_taken(city):
    answer = city.client.get("/api/v1/roster/template", params={"kind": "devices", "format": "xlsx"})
    book = load_workbook(io.BytesIO(answer.content))
    titles = [cell.value for cell in book.worksheets[0][1]]
    filled = {"设备编号": "w9", "类型": "手环", "机构编号": "s1", "佩戴人编号": "r1", "围栏": "f1；"}
    book.worksheets[0].append([filled.get(title) for title in titles])
    out = io.BytesIO()
    book.save(out)
    assert send(city, out.getvalue(), "devices", "import", XLSX).status_code == 200
    assert city.gateway.seen[0][2]["put"]["devices"] == [
        {"device_id": "w9", "kind": "wristband", "site_id": "s1", "resident_id": "r1", "fence_ids": ["f1"]}
    ]


def test_a_stranger_and_a_removed_device_are_added(city):
    city.book.device("x1", 5, kind="unknown", registered=False)
    city.book.device("x2", 6, removed=True)
    told = rows(send(city, "device_id,kind\nx1,手环\nx2,手环\n", "devices"))
    assert [row["action"] for row in told] == ["add", "add"]


def test_text_that_is_no_unicode_is_refused_row_by_row(city):
    content = b'{"sites":[{"site_id":"\\ud800","kind":"home","lat":36.7,"lon":119.1}]}'
    answer = send(city, content, None, headers={"content-type": "application/json"})
    assert answer.status_code in {200, 422} and "\ud800" not in answer.text
    assert answer.status_code == 422 or answer.json()["counts"]["error"] == 1
