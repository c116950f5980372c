"""Who is let in: tokens, sessions, origins, guesses."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest
from api_house import PASSWORD, until
from fastapi.routing import iter_route_contexts

from api import auth
from api.accounts import add_operator, add_token
from api.app import create_app
from api.throttle import FREE_ATTEMPTS, WINDOW_S, Throttle
from iot_gateway.settings import Settings

LOGIN = {"username": "li", "password": PASSWORD}


def routes():
    """Every (method, path) the application answers."""
    app = create_app(Settings())
    found = [
        (method, route.path) for route in iter_route_contexts(app.routes) for method in route.methods or ()
    ]
    assert len(found) > 40
    return sorted(found)


def test_without_a_credential_every_route_but_health_is_401(refusing):
    with refusing.stranger() as client:
        for method, path in routes():
            answer = client.request(method, re.sub(r"\{\w+\}", "x", path))
            if (method, path) in auth.OPEN or (method, path) == ("HEAD", "/"):
                assert answer.status_code != 401 or path == auth.LOGIN_PATH
            else:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/no/such/route").status_code == 401  # strangers learn no routes


def test_only_health_the_plain_page_and_logging_in_are_open():
    assert set(auth.OPEN) == {
        ("GET", "/"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("POST", "/api/v1/session"),
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dGVzdHM6eA=="},
        {"Cookie": "shouwang_session=wrong"},
        {"Cookie": "shouwang_session="},
    ],
)
def test_a_wrong_credential_is_none(refusing, headers):
    with refusing.stranger(headers=headers) as client:
        assert client.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize(
    "host", ["x/healthz?", "x/healthz#", "127.0.0.1/readyz?", "[::1", "", "a b", "x@y:z", "\x7f"]
)
def test_a_forged_host_opens_nothing(refusing, host):
    with refusing.stranger(headers={"Host": host}) as client:
        assert client.get("/api/v1/alarms").status_code in {400, 401}
        assert client.get("/api/v1/alarms", headers={"Cookie": "shouwang_session=x"}).status_code in {
            400,
            401,
        }
        assert client.post("/api/v1/sites", headers={"Origin": f"http://{host}"}).status_code in {400, 401}


@pytest.mark.parametrize(
    "path", ["//healthz/../api/v1/alarms", "/healthz/", "/api/v1/alarms?/healthz", "/%2e/healthz", "/HEALTHZ"]
)
def test_only_the_open_paths_themselves_are_open(refusing, path):
    with refusing.stranger() as client:
        assert client.get(path).status_code == 401


def test_no_token_in_a_url(refusing):
    with refusing.stranger() as client:
        for name in ("token", "access_token", "key", "authorization", "shouwang_session"):
            assert client.get("/api/v1/session", params={name: refusing.token}).status_code == 401


def test_a_token_names_its_program_and_a_new_one_replaces_it(service):
    assert service.client.get("/api/v1/session").json() == {
        "name": "tests", "role": "admin", "scope": None, "expires_at_ms": None,
    }  # fmt: skip
    newer = add_token(service.book.path, "tests")
    assert service.client.get("/api/v1/session").status_code == 401
    service.client.headers["Authorization"] = f"Bearer {newer}"
    assert service.client.get("/api/v1/session").status_code == 200
    assert service.book.ask("SELECT token_hash FROM tokens") == [
        (hashlib.sha256(newer.encode()).hexdigest(),)
    ]


def test_a_session_from_login_to_logout(service):
    add_operator(service.book.path, "li", PASSWORD, role="duty")
    with service.stranger(headers={"Origin": service.url}) as client:
        answer = client.post("/api/v1/session", json=LOGIN)
        assert answer.status_code == 200 and answer.json()["name"] == "li" and answer.json()["role"] == "duty"
        (cookie,) = answer.headers.get_list("set-cookie")
        assert cookie.startswith("shouwang_session=") and "Secure" not in cookie
        for attribute in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
            assert attribute in cookie
        assert client.cookies["shouwang_session"] not in str(service.book.ask("SELECT * FROM sessions"))
        assert client.get("/api/v1/session").json()["name"] == "li"
        kept = client.cookies["shouwang_session"]
        assert client.delete("/api/v1/session").status_code == 204
        assert "shouwang_session" not in client.cookies
        client.cookies["shouwang_session"] = kept
        assert client.get("/api/v1/session").status_code == 401
        assert service.book.ask("SELECT * FROM sessions") == []


def test_off_loopback_the_cookie_is_secure_and_bound_to_the_host(service):
    add_operator(service.book.path, "li", PASSWORD)
    with service.stranger(headers={"Host": "care.example.cn"}) as client:
        (cookie,) = client.post("/api/v1/session", json=LOGIN).headers.get_list("set-cookie")
        assert (
            cookie.startswith("__Host-shouwang_session=") and "; Secure" in cookie and "Domain" not in cookie
        )
        value = cookie.split("=", 1)[1].split(";")[0]
        assert (
            client.get("/api/v1/session", headers={"Cookie": f"shouwang_session={value}"}).status_code == 401
        )
        named = {"Cookie": f"__Host-shouwang_session={value}"}
        assert client.get("/api/v1/session", headers=named).status_code == 200


def test_a_session_ends_by_time_by_a_new_password_and_with_the_account(service):
    with service.person() as client:
        service.book.ask("UPDATE sessions SET expires_at_ms = 1")
        assert client.get("/api/v1/session").status_code == 401
    with service.person() as client:
        add_operator(service.book.path, "li", PASSWORD + "!")
        assert client.get("/api/v1/session").status_code == 401
    with service.person() as client:
        service.book.ask("DELETE FROM operators")
        assert client.get("/api/v1/session").status_code == 401


def test_a_cookie_changes_things_only_from_our_own_page(service):
    service.book.alarm("a1", 1)
    with service.person() as client:
        del client.headers["Origin"]
        for headers, status in (
            ({}, 403),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"X-Requested-With": "console"}, 200),
            ({"Origin": service.url}, 200),
        ):
            answer = client.post("/api/v1/alarms/a1/acknowledge", json={"version": 1}, headers=headers)
            assert answer.status_code == status, headers
        assert client.get("/api/v1/alarms", headers={"Origin": "https://evil.example"}).status_code == 200


def test_a_token_needs_no_origin_and_a_foreign_page_cannot_log_anyone_in(service):
    service.book.alarm("a1", 1)
    foreign = {"Origin": "https://evil.example"}
    answer = service.client.post("/api/v1/alarms/a1/acknowledge", json={"version": 1}, headers=foreign)
    assert answer.status_code == 200
    add_operator(service.book.path, "li", PASSWORD)
    with service.stranger() as client:
        assert client.post("/api/v1/session", json=LOGIN, headers=foreign).status_code == 403
        assert client.post("/api/v1/session", json=LOGIN).status_code == 200


def test_five_wrong_passwords_then_a_wait_for_this_account_here_only(service):
    add_operator(service.book.path, "li", PASSWORD)
    add_operator(service.book.path, "wang", PASSWORD)
    with service.stranger() as client:

        def post(who, password):
            return client.post("/api/v1/session", json={"username": who, "password": password})

        first = post("li", "wrong")
        assert first.status_code == 401
        for _ in range(FREE_ATTEMPTS - 1):
            assert post("li", "wrong").json() == first.json()
        held = post("li", PASSWORD)
        assert held.status_code == 429 and 1 <= int(held.headers["retry-after"]) <= 5
        assert post("wang", PASSWORD).status_code == 200
        assert post("nobody", "wrong").json() == first.json()


def test_the_wait_grows_ends_and_is_forgotten_by_success():
    throttle, key, now = Throttle(), ("li", "::1"), 1000.0
    assert [throttle.attempt(key, now) for _ in range(FREE_ATTEMPTS)] == [0] * FREE_ATTEMPTS
    waits = []
    for _ in range(5):
        waits.append(throttle.attempt(key, now))
        now += waits[-1]
        assert throttle.attempt(key, now) == 0
    assert waits == [5, 10, 20, 40, 80]
    assert throttle.attempt(("li", "10.0.0.1"), now) == 0
    assert throttle.attempt(key, now + WINDOW_S) == 0
    throttle.forget(key)
    assert throttle.attempt(key, now) == 0


def test_an_open_stream_ends_with_its_session(service):
    with service.person() as client, client.stream("GET", "/api/v1/stream") as stream:
        assert stream.status_code == 200
        until(lambda: service.app.state.feed.listeners, "listening")
        with httpx.Client(
            base_url=service.url, cookies=client.cookies, headers={"Origin": service.url}
        ) as other:
            assert other.delete("/api/v1/session").status_code == 204
        for _ in stream.iter_bytes():
            pass
    assert not service.app.state.feed.listeners


def test_the_operators_are_listed_without_their_secrets(service):
    add_operator(service.book.path, "zhao", PASSWORD, "viewer")
    service.book.put("sessions", token_hash="old", username="zhao", created_at_ms=1, expires_at_ms=2)
    before = {"username": "zhao", "role": "viewer", "signed_in_at_ms": None}
    listed = lambda: service.client.get("/api/v1/operators").json()  # noqa: E731
    assert before in listed()["items"]
    with service.stranger() as client:
        assert (
            client.post("/api/v1/session", json={"username": "zhao", "password": PASSWORD}).status_code == 200
        )
    after = next(item for item in listed()["items"] if item["username"] == "zhao")
    assert after["signed_in_at_ms"] > 1
    assert [item["username"] for item in listed()["items"]] == sorted(
        item["username"] for item in listed()["items"]
    )
