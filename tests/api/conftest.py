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
