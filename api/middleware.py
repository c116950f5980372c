"""Stands around every request: security headers, a limit to the body, counts, and a calm 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy.exc import OperationalError
from sse_starlette.sse import SendTimeoutError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from api import problems
from api.clock import monotonic_s
from api.logs import failed

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.metrics import Requests

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_FILE_BYTES: Final = 20 * 1024 * 1024  # a roster to import: 50,000 rows of 400 bytes
TAKE_FILES: Final = frozenset({"/api/v1/roster/preview", "/api/v1/roster/import"})
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
log = structlog.get_logger("api.http")


class Envelope:
    """Adds headers, counts, and turns what nobody caught into a problem without a word of the inside."""

    def __init__(self, app: ASGIApp, requests: Requests, content_policy: str) -> None:
        self.app = app
        self.requests = requests
        self.headers = HEADERS | {"content-security-policy": content_policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0
        began_s = monotonic_s()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers["cache-control"] = "no-store"
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except SendTimeoutError:
            log.info("a stream was not read; closed")
        except Exception as error:
            failed(log, "unhandled", error, method=scope["method"], route=_route(scope))
            if status:
                raise  # too late to say it; the server cuts the connection
            if isinstance(error, OperationalError):
                answer = problems.answer(503, "The store does not answer.", {"Retry-After": "1"})
            else:
                answer = problems.answer(500, "Something went wrong here; it has been logged.")
            await answer(scope, receive, send_with_headers)
        finally:
            self.requests.answered(scope["method"], _route(scope), status, monotonic_s() - began_s)


def _route(scope: Scope) -> str:
    """The pattern of the route that answered; what no route answered shares one name."""
    return getattr(scope.get("route"), "path", "-")


class BodyLimit:
    """Refuses a body over 1 MiB, or a file over 20 MiB, whether it says its length or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = MAX_FILE_BYTES if scope["path"] in TAKE_FILES else MAX_BODY_BYTES
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await problems.answer(413, _too_large(limit))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, _too_large(limit))
            return message

        await self.app(scope, counted, send)


def _too_large(limit: int) -> str:
    return f"The body is larger than {limit} bytes."
