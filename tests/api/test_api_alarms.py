from __future__ import annotations

import json

import pytest
from api_house import NOW_MS
from sqlalchemy.dialects import sqlite

from api import alarms

CONTRACT_FIELDS = (
    "alarm_id version seq subject_type subject_id device_id site_id resident_id kind fence_id priority state shelved"
    " suppressed out_of_service count assignee because position measured_at_ms received_at_ms raised_at_ms"
    " committed_at_ms shown_at_ms acknowledged_at_ms cleared_at_ms closed_at_ms outcome"
)


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [item["alarm_id"] for item in answer.json()["items"]]


def test_an_alarm_has_exactly_the_contracts_fields(service):
    service.book.alarm("a1", 1)
    (item,) = service.client.get("/api/v1/alarms").json()["items"]
    assert set(item) == set(CONTRACT_FIELDS.split()) | {"shelved_until_ms", "acknowledged_by"}
    assert item["because"] == {"items": [[0, 1]]} and item["position"]["lat"] == 36.7
    assert item["shelved"] is False


def test_filters(service):
    service.book.site("s1")
    service.book.site("s2", county="青州市")
    service.book.alarm("a1", 1)
    service.book.alarm("a2", 2, kind="low_battery", priority="low", site_id="s2", device_id="w2")
    service.book.alarm("a3", 3, state="normal")
    get = lambda **query: ids(service.client.get("/api/v1/alarms", params=query))  # noqa: E731
    assert get() == get(state="open") == ["a1", "a2"]
    assert get(state="all") == ["a1", "a2", "a3"]
    assert get(kind="low_battery") == get(priority="low") == get(site_id="s2") == ["a2"]
    assert get(county="青州市") == get(device_id="w2") == ["a2"]
    assert get(county="安丘市", state="all") == ["a1", "a3"]
    assert get(kind="low_battery", site_id="s1") == []


def test_a_persons_alarms_of_the_last_days(service):
    service.book.alarm("a1", 1, raised_at_ms=1000, state="normal")
    service.book.alarm("a2", 2, raised_at_ms=2000, state="normal", device_id="w9")
    service.book.alarm("a3", 3, raised_at_ms=3000, resident_id="r2")
    get = lambda **query: ids(service.client.get("/api/v1/alarms", params={"state": "all"} | query))  # noqa: E731
    assert get(resident_id="r1") == ["a1", "a2"]
    assert get(resident_id="r1", raised_from_ms=2000) == ["a2"]
    assert get(resident_id="r1", site_id="s1", raised_from_ms=2001) == []


def test_who_acknowledged_is_told(service):
    when = {"acknowledged_at_ms": NOW_MS + 3, "state": "active_acknowledged"}
    service.book.alarm("a1", 4, **when)
    service.book.alarm("a2", 5)
    service.book.journal(1, "a1")
    service.book.journal(2, "a1", "acknowledge", operator="wang")
    service.book.journal(3, "a1", "acknowledge", operator="li")
    service.book.journal(4, "a1", "comment", operator="zhao", text='"event":"acknowledge"')
    items = service.client.get("/api/v1/alarms").json()["items"]
    assert [item["acknowledged_by"] for item in items] == ["li", None]
    assert service.client.get("/api/v1/alarms/a1").json()["acknowledged_by"] == "li"


@pytest.mark.parametrize(
    "query",
    ["state=closed", "raised_from_ms=x", "kind=earthquake", "priority=top", "after_seq=-1", "after_seq=x", "limit=0", "limit=1001",
     "after_seq=99999999999999999999999"],
)  # fmt: skip
def test_unknown_filter_values_are_refused(refusing, query):
    answer = refusing.client.get(f"/api/v1/alarms?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["loc"][0] == "query"


def test_paging_by_seq_meets_every_alarm_once(service):
    for seq in range(1, 8):
        service.book.alarm(f"a{seq}", seq)
    seen, after = [], 0
    while after is not None:
        page = service.client.get("/api/v1/alarms", params={"after_seq": after, "limit": 3}).json()
        seen += [item["seq"] for item in page["items"]]
        after = page["next_after_seq"]
    assert seen == list(range(1, 8))


def test_a_full_last_page_has_no_next(service):
    for seq in range(1, 4):
        service.book.alarm(f"a{seq}", seq)
    assert service.client.get("/api/v1/alarms?limit=3").json()["next_after_seq"] is None


def test_open_alarms_are_found_by_their_index(book):
    for state, index in (("open", "alarms_open"), ("all", "ix_alarms_seq")):
        query = alarms._open_or_all(None, state, 5).limit(10)
        text = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        plan = str(book.ask(f"EXPLAIN QUERY PLAN {text}"))
        assert index in plan and "SCAN shown" not in plan


def test_the_timeline_tells_what_happened_in_order(service):
    service.book.alarm("a1", 3)
    service.book.journal(1)
    service.book.journal(2, "a2")
    service.book.journal(3, event="acknowledge", operator="li", text="on my way", to="active_acknowledged")
    alarm = service.client.get("/api/v1/alarms/a1").json()
    assert [
        (event["seq"], event["event"], event["operator"], event["text"]) for event in alarm["timeline"]
    ] == [
        (1, "raise", None, None),
        (3, "acknowledge", "li", "on my way"),
    ]
    assert {"at_ms", "from", "to", "because", "count", "assignee"} <= set(alarm["timeline"][0])
    assert alarm["timeline_omitted"] == 0


def test_an_unknown_alarm_is_404(refusing):
    for answer in (
        refusing.client.get("/api/v1/alarms/none"),
        refusing.client.post("/api/v1/alarms/none/acknowledge", json={"version": 1}),
    ):
        assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"


VERBS = {
    "acknowledge": {},
    "unacknowledge": {},
    "assign": {"assignee": "wang"},
    "comment": {"text": "called the family"},
    "shelve": {"until_ms": 2_000_000_000_000, "reason": "being repaired"},
    "unshelve": {},
    "close": {"outcome": "real", "text": "taken to hospital"},
}


def test_a_verb_reaches_the_gateway_and_answers_with_the_alarm(service):
    service.book.alarm("a1", 1)
    for version, (verb, needs) in enumerate(VERBS.items(), start=1):
        body = {"version": version, **needs, "operator": "somebody else"}
        answer = service.client.post(f"/api/v1/alarms/a1/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["version"] == version + 1 and answer.json()["alarm_id"] == "a1"
        sent = {"verb": verb, "alarm_id": "a1", "version": version, **needs}
        assert service.gateway.seen[-1] == ("tests", "alarm", sent)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_without_what_it_needs_is_422(refusing, verb):
    post = lambda body: refusing.client.post(f"/api/v1/alarms/a1/{verb}", json=body).status_code  # noqa: E731
    complete = {"version": 1, **VERBS[verb]}
    for name in {"version", *VERBS[verb]} - ({"text"} if verb == "close" else set()):
        assert post({key: value for key, value in complete.items() if key != name}) == 422
    assert post({**complete, "version": "one"}) == post({**complete, "version": -1}) == post([]) == 422


def test_the_gateways_no_is_a_problem_with_the_alarm_as_it_is(service):
    service.book.alarm("a1", 1, version=7, assignee="wang")
    for code, status in (("unknown_alarm", 404), ("stale", 409), ("not_allowed", 409), ("invalid", 422)):
        service.gateway.code = code
        answer = service.client.post("/api/v1/alarms/a1/acknowledge", json={"version": 6})
        assert answer.status_code == status
        problem = answer.json()
        assert (problem["code"], problem["detail"], problem["status"]) == (code, "in words", status)
        assert problem["alarm"]["version"] == 7 and problem["alarm"]["assignee"] == "wang"


def test_a_silent_gateway_is_202_and_can_be_asked_later(service):
    service.book.alarm("a1", 1)
    service.gateway.silent = True
    answer = service.client.post("/api/v1/alarms/a1/acknowledge", json={"version": 1})
    assert answer.status_code == 202 and set(answer.json()) == {"command_id"}
    follow = answer.headers["location"]
    assert service.client.get(follow).json()["code"] is None
    service.book.put(
        "command_results", command_id=answer.json()["command_id"], code="stale", detail="", step=1
    )
    assert service.client.get(follow).json()["code"] == "stale"
    assert service.client.get("/api/v1/commands/none").status_code == 404


def test_the_operators_name_is_the_sessions(service):
    service.book.alarm("a1", 1)
    with service.person("li") as client:
        client.post(
            "/api/v1/alarms/a1/acknowledge", json={"version": 1, "operator": "wang"}
        ).raise_for_status()
    assert service.gateway.seen[0][0] == "li"


def test_what_was_shown_first_counts(service):
    service.book.alarm("a1", 1)
    service.book.alarm("a2", 3)
    for seq in (1, 2, 3):
        service.book.journal(seq)
    show = lambda seq: service.client.post("/api/v1/stream/shown", json={"seq": seq}).status_code  # noqa: E731
    assert service.client.get("/api/v1/alarms/a1").json()["shown_at_ms"] is None
    assert show(2) == 204
    first = service.client.get("/api/v1/alarms/a1").json()["shown_at_ms"]
    assert first is not None
    assert show(3) == show(1) == show(3) == 204  # a slower console changes nothing
    shown = {
        item["alarm_id"]: item["shown_at_ms"] for item in service.client.get("/api/v1/alarms").json()["items"]
    }
    assert shown["a1"] == first and shown["a2"] >= first
    assert service.book.ask("SELECT seq, operator FROM shown") == [(2, "tests"), (3, "tests")]


def test_nobody_has_seen_what_has_not_happened(refusing):
    assert refusing.client.post("/api/v1/stream/shown", json={"seq": 2}).status_code == 422
    assert refusing.book.ask("SELECT * FROM shown") == []


def test_text_that_is_no_text_is_refused(refusing):
    for text in ('"\\ud800"', '"  "', "1", json.dumps("x" * 2001)):
        body = f'{{"version": 1, "text": {text}}}'
        headers = {"Content-Type": "application/json"}
        answer = refusing.client.post("/api/v1/alarms/a1/comment", content=body, headers=headers)
        assert answer.status_code == 422, text
