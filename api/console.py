"""Serves the built console: its one page at `/`, and the files it asks for. They hold no data.

The files stand before `auth.Door`: who has not logged in yet needs the page to log in with.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC: Final = Path(__file__).parent / "static"
INDEX: Final = STATIC / "index.html"
NOT_BUILT: Final = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>守望 Shouwang</title>
<h1>守望 Shouwang</h1>
<p>服务正在运行，但控制台尚未构建。The service is running; its console has not been built.</p>
</html>
"""
# The page names its files by their content, so a file never changes and the page always may.
FOR_EVER: Final = b"public, max-age=31536000, immutable"
ASK_AGAIN: Final = b"no-cache"


async def index() -> Response:
    """The console's page."""
    headers = {"cache-control": ASK_AGAIN.decode()}
    if not INDEX.exists():
        return HTMLResponse(NOT_BUILT, headers=headers)
    return FileResponse(INDEX, media_type="text/html", headers=headers)


class Files:
    """Answers for the built files that exist, and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._static = StaticFiles(directory=STATIC, check_dir=False)
        # Looked at once: a request can name no other file than these.
        self._cache_control = {
            f"/{path.relative_to(STATIC).as_posix()}": FOR_EVER
            if path.parent.name == "assets" else ASK_AGAIN
            for path in STATIC.rglob("*") if path.is_file() and path != INDEX
        }  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cache_control = self._cache_control.get(scope["path"]) if scope["type"] == "http" else None
        if cache_control is None or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return

        async def send_with_caching(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 206, 304}:
                message["headers"] = [*message["headers"], (b"cache-control", cache_control)]
            await send(message)

        await self._static(scope, receive, send_with_caching)
