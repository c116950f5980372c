"""Puts the door together: every part made once, every route in its place, and the server that runs it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import (
    alarms,
    asyncapi,
    auth,
    basemap,
    commands,
    console,
    devices,
    fence_preview,
    health,
    imports,
    load,
    logs,
    operators,
    outings,
    problems,
    push,
    reports,
    roster,
    shift,
    shift_notes,
    summary,
    swap,
    track_days,
    tracks,
    wearings,
)
from api.accounts import decoy_hash
from api.acts import Journal
from api.aside import Aside
from api.canary import Canary
from api.database import Database, wait_for_tables
from api.doorbell import Doorbell
from api.feed import Feed
from api.live import Live
from api.metrics import Requests
from api.middleware import BodyLimit, Envelope
from api.throttle import Throttle
from iot_gateway.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from iot_gateway.settings import Settings

FILL_PATIENCE_S: Final = 3  # a big store is read on in the background; alarms do not wait for it
STOP_PATIENCE_S: Final = 1

log = structlog.get_logger("api.app")


def create_app(settings: Settings, *, sings: bool = False) -> FastAPI:
    """The application over one store. `sings`: with the canary, of which a broker can have one."""
    app = FastAPI(
        title="Shouwang 守望",
        version="1",
        description="The HTTP side of the public contract.",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan,
    )
    state = app.state
    state.settings = settings
    state.database = Database(settings.database)
    state.doorbell = Doorbell(settings.database.absolute().parent)
    state.live = Live()
    state.feed = Feed(
        state.database, state.doorbell, state.live, Canary(settings.mqtt.canary if sings else None)
    )
    state.commands = commands.Commands(state.database, state.doorbell)
    state.aside = Aside(settings.database)
    state.journal = Journal()
    state.throttle = Throttle()
    state.requests = Requests()
    state.roster_lock = asyncio.Lock()
    state.preview_lock = asyncio.Lock()

    for module in (
        auth, operators, alarms, push, summary, load, shift, shift_notes, reports, devices, tracks, track_days,
        wearings, swap, outings, imports, fence_preview, basemap, commands, health, asyncapi,
    ):  # fmt: skip
        app.include_router(module.router)
    for kind in (roster.SITES, roster.RESIDENTS, roster.FENCES, roster.DEVICES):
        app.include_router(roster.routes(kind))
    app.add_api_route("/", console.index, include_in_schema=False)

    problems.install(app)
    app.add_middleware(auth.Door, database=state.database)
    app.add_middleware(console.Files)
    app.add_middleware(BodyLimit)
    app.add_middleware(Envelope, requests=state.requests, content_policy=basemap.content_policy(settings.map))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    decoy_hash()
    state.doorbell.open()
    await state.feed.start()
    tail = asyncio.create_task(state.feed.run())
    canary = asyncio.create_task(state.feed.canary.run())
    fill = asyncio.create_task(state.live.fill(state.database, state.feed.last_reading))
    await asyncio.wait({fill}, timeout=FILL_PATIENCE_S)
    try:
        yield
    finally:
        for task in (tail, fill, canary):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        state.doorbell.close()
        await state.feed.close()
        await state.database.close()


def _openapi(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with what FastAPI cannot know: the two ways in, and the form of problems."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = problems.Problem.model_json_schema()
        components["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": auth.COOKIE},
        }
        document["security"] = [{"token": []}, {"session": []}]
        for method, path in auth.OPEN:
            if path in document["paths"]:
                document["paths"][path][method.lower()]["security"] = []
        app.openapi_schema = document
    return app.openapi_schema


class Server(uvicorn.Server):
    """Closes the open streams first when it stops: they would never end by themselves."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app, host=host, port=port, access_log=False, log_config=None, server_header=False,
                lifespan="on", ws="none", timeout_graceful_shutdown=STOP_PATIENCE_S,
            )
        )  # fmt: skip
        self._feed: Feed = app.state.feed
        self._notifier = Notifier()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say when whoever connects is answered."""
        await super().startup(sockets)
        if self.started:
            self._notifier.ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT stop the server; its caller then has an exit code to give."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, in the order that does not hang."""
        self._notifier.stopping()
        self._feed.stop()
        await super().shutdown(sockets)


def serve(settings: Settings) -> int:
    """Run the api until it is told to stop; the exit code."""
    logs.configure()
    missing = wait_for_tables(settings.database)
    if missing is not None:
        print(f"shouwang api: the store cannot be used: {missing}", file=sys.stderr)
        return 1
    basemap.tell_fault(settings)
    if settings.mqtt.canary is None:
        log.warning("no canary sings: run `shouwang provision` and give the api the new gateway.env")
    server = Server(create_app(settings, sings=True), settings.http.host, settings.http.port)
    try:
        listening = _listen(settings.http.host, settings.http.port)
    except OSError as error:
        where = f"{settings.http.host}:{settings.http.port}"
        print(f"shouwang api: cannot listen on {where}: {error.strerror}", file=sys.stderr)
        return 1
    with listening:
        server.run(sockets=[listening])
    return 0 if server.started else 1


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that a port in use is known before anything starts."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # Without the protocol asyncio leaves Nagle's algorithm on, which costs 40 ms an answer.
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening
