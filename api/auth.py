"""Decides who is asking and what they may see: the one place of sessions, tokens, roles and scopes.

`Door` stands before every route: what is not on its short open list needs a bearer token or a
session cookie, so a new route cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Select, delete, insert, select

from api import problems
from api.accounts import PASSWORDS, add_operator, add_token, decoy_hash, new_token, token_hash
from api.clock import monotonic_s, now_ms
from api.database import Database, Store
from api.problems import ProblemError
from iot_gateway.schema import operators, sessions, tokens

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Door", "Principal", "Who", "add_operator", "add_token", "router", "still_valid", "visible"]

COOKIE: Final = "shouwang_session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN_PATH: Final = "/api/v1/session"
OPEN: Final = frozenset({("GET", "/"), ("GET", "/healthz"), ("GET", "/readyz"), ("POST", LOGIN_PATH)})
ARGON2_THREADS: Final = 2  # a verification costs about 50 ms and 64 MiB; alarms share this machine


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `scope` None sees everything; `credential` is the hash of what was shown."""

    name: str
    role: str
    scope: Any
    credential: str
    by_cookie: bool
    expires_at_ms: int | None = None


Query = TypeVar("Query", bound=Select[Any])


def visible(query: Query, principal: Principal) -> Query:
    """Narrow a query over alarms or the roster to what this principal may see.

    Every such query goes through here. Today everyone sees everything: scopes are null.
    """
    del principal
    return query


async def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Who = Annotated[Principal, Depends(_principal)]


class Door:
    """Lets a request through to the routes, or answers 401 or 403 in their place."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        refusal = await self._refusal(request)
        await (refusal or self.app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        # Not `request.url.path`: that is parsed together with the Host header, which anyone may forge.
        if (request.method, request.scope["path"]) in OPEN:
            foreign = (
                request.method not in SAFE_METHODS and "origin" in request.headers and not _same_site(request)
            )
            return _forbidden() if foreign else None
        principal = await authenticate(request, self.database)
        if principal is None:
            return problems.answer(401, "Log in, or send a bearer token.", {"WWW-Authenticate": "Bearer"})
        if principal.by_cookie and request.method not in SAFE_METHODS and not _same_site(request):
            return _forbidden()
        request.state.principal = principal
        return None


def _forbidden() -> Response:
    return problems.answer(
        403, "This request names no origin of ours: send Origin, Sec-Fetch-Site or X-Requested-With."
    )


def _same_site(request: Request) -> bool:
    """Whether our own page sent this: a browser lets no other page forge any of the three."""
    headers = request.headers
    if headers.get("sec-fetch-site") == "same-origin" or "x-requested-with" in headers:
        return True
    _, _, origin = headers.get("origin", "").partition("://")
    return bool(origin) and origin.lower() == headers.get("host", "").lower()


async def authenticate(request: Request, database: Database) -> Principal | None:
    """Who sends this request: by bearer token if there is one, else by session cookie."""
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if kind:
        return await _by_token(shown.strip(), database) if kind.lower() == "bearer" else None
    cookie = request.cookies.get(_cookie_name(request))
    return await _by_session(cookie, database) if cookie else None


async def _by_token(token: str, database: Database) -> Principal | None:
    credential = token_hash(token)
    row = await database.row(select(tokens).where(tokens.c.token_hash == credential))
    if row is None:
        return None
    return Principal(row["name"], row["role"], row["scope"], credential, by_cookie=False)


async def _by_session(cookie: str, database: Database) -> Principal | None:
    credential = token_hash(cookie)
    row = await database.row(
        select(operators.c.username, operators.c.role, operators.c.scope, sessions.c.expires_at_ms)
        .join(sessions, sessions.c.username == operators.c.username)
        .where(sessions.c.token_hash == credential, sessions.c.expires_at_ms > now_ms())
    )
    if row is None:
        return None
    return Principal(row["username"], row["role"], row["scope"], credential, True, row["expires_at_ms"])


async def still_valid(credentials: Iterable[str], database: Database) -> set[str]:
    """Which of these credentials would still be let in now."""
    asked = set(credentials)
    in_session = (
        select(sessions.c.token_hash)
        .join(operators, sessions.c.username == operators.c.username)
        .where(sessions.c.token_hash.in_(asked), sessions.c.expires_at_ms > now_ms())
    )
    by_token = select(tokens.c.token_hash).where(tokens.c.token_hash.in_(asked))
    return {row["token_hash"] for row in await database.rows(in_session.union_all(by_token))}


# The session as a resource -----------------------------------------------------------------------

router = APIRouter(prefix="/api/v1", tags=["session"], responses=problems.DEFAULT_RESPONSE)
_argon2 = CapacityLimiter(ARGON2_THREADS)


class Credentials(BaseModel):
    """What a person types."""

    username: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=1000)


class Session(BaseModel):
    """Who is logged in. `expires_at_ms` null: a token, which does not expire."""

    name: str
    role: str
    scope: Any
    expires_at_ms: int | None


@router.post("/session")
async def log_in(body: Credentials, request: Request, response: Response, store: Store) -> Session:
    """Open a session; the cookie is the answer. After five failures in 15 minutes: 429, and a growing wait."""
    throttle = request.app.state.throttle
    key = (body.username, request.client.host if request.client else "")
    wait_s = throttle.attempt(key, monotonic_s())
    if wait_s:
        raise ProblemError(
            429, f"Too many failed attempts; wait {wait_s} s.", headers={"Retry-After": str(wait_s)}
        )
    operator = await store.row(select(operators).where(operators.c.username == body.username))
    known = operator["password_hash"] if operator else decoy_hash()
    right = await to_thread.run_sync(PASSWORDS.verify, body.password, known, limiter=_argon2)
    if not right or operator is None:
        raise ProblemError(401, "The user name or the password is wrong.")
    throttle.forget(key)

    token, lasts_s = new_token(), round(request.app.state.settings.http.session_hours * 3600)
    now = now_ms()
    expires_at_ms = now + lasts_s * 1000
    async with store.write() as connection:
        await connection.execute(delete(sessions).where(sessions.c.expires_at_ms <= now))
        await connection.execute(
            insert(sessions).values(
                token_hash=token_hash(token),
                username=operator["username"],
                created_at_ms=now,
                expires_at_ms=expires_at_ms,
            )
        )
    _set_cookie(request, response, token, lasts_s)
    return Session(
        name=operator["username"], role=operator["role"], scope=operator["scope"], expires_at_ms=expires_at_ms
    )


@router.get("/session")
async def who_am_i(who: Who) -> Session:
    """Who the credential stands for."""
    return Session(name=who.name, role=who.role, scope=who.scope, expires_at_ms=who.expires_at_ms)


@router.delete("/session", status_code=204)
async def log_out(who: Who, request: Request, response: Response, store: Store) -> None:
    """End this session everywhere, open streams included. A token has no session to end."""
    if who.by_cookie:
        async with store.write() as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_hash == who.credential))
        _set_cookie(request, response, "", 0)


def _set_cookie(request: Request, response: Response, value: str, lasts_s: int) -> None:
    response.set_cookie(
        _cookie_name(request), value, max_age=lasts_s, path="/",
        httponly=True, samesite="strict", secure=not _on_loopback(request),
    )  # fmt: skip


def _cookie_name(request: Request) -> str:
    """Browsers keep a `__Host-` cookie only over https, and give it to no other host or path."""
    return COOKIE if _on_loopback(request) else f"__Host-{COOKIE}"


def _on_loopback(request: Request) -> bool:
    if request.scope["scheme"] != "http":
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
