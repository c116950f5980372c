"""What holds for all tests: under SHOUWANG_REQUIRE_ALL=1 a skipped test is a failure."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser's event loop runs to the end of the session, where others need one of their own."""
    items.sort(key=lambda item: "/console/" in str(item.path))


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("SHOUWANG_REQUIRE_ALL") == "1":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("SHOUWANG_REQUIRE_ALL") == "1":
        terminalreporter.section("SHOUWANG_REQUIRE_ALL", red=True)
        terminalreporter.line(f"{len(skipped)} tests were skipped; all must run", red=True)
