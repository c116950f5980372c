"""The fixtures of the api's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from api_house import Book, Service, run


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with closing(Book(tmp_path / "store.sqlite")) as made:
        yield made


@pytest.fixture
def service(book: Book) -> Iterator[Service]:
    yield from run(book)


@pytest.fixture(scope="session")
def unmoved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests of refusals: whatever is asked, nothing reaches its gateway."""
    with closing(Book(tmp_path_factory.mktemp("unmoved") / "store.sqlite")) as book:
        book.site("s1")
        book.put("residents", resident_id="r1", site_id="s1")
        book.put(
            "fences",
            fence_id="f1",
            role="safe",
            site_id="s1",
            geometry={"type": "Polygon", "coordinates": []},
        )
        book.device("w1", 0)
        book.alarm("a1", 1)
        yield from run(book)


@pytest.fixture
def refusing(unmoved: Service) -> Iterator[Service]:
    yield unmoved
    assert unmoved.gateway.seen == []
    assert not unmoved.book.ask("SELECT 1 FROM commands")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
