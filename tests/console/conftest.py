"""The console's fixtures: one browser for all, a service for each file, a fresh profile for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from console_house import PASSWORD, WAIT_S, House, house

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    api.expect.set_options(timeout=WAIT_S * 1000)  # a machine that is busy is no fault of a page
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def service(
    request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A file of tests may say by POLICY which limits differ."""
    policy = getattr(request.module, "POLICY", None)
    with house(tmp_path_factory.mktemp("console"), policy) as made:
        yield made


@pytest.fixture
def sign_in(browser: Any, service: House) -> Iterator[Callable[..., Any]]:
    """Opens a browser of its own for an operator, signed in, at an address; a page. What the page
    complains of fails the test.

    The password is typed once a file; later browsers begin with the session, and whoever finds it ended types again.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(name: str = "li", at: str = "", **options: Any) -> Any:
        context = browser.new_context(**({"viewport": {"width": 1366, "height": 768}} | options))
        contexts.append(context)
        context.set_default_timeout(WAIT_S * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
        )
        context.add_cookies(service.cookies.get(name, []))
        page.goto(f"{service.url}{at}")
        page.wait_for_selector("header nav, #username", state="attached")
        if page.locator("#username").count():
            page.fill("#username", name)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("header nav", state="attached")  # on a telephone it is behind a button
            service.cookies[name] = context.cookies()
        if "alarm=" in at:  # a key pressed before its alarm is there is for nobody
            page.wait_for_selector("aside.drawer header", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints
