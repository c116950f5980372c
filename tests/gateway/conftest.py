"""What every test of the gateway leaves behind: nothing."""

from collections.abc import Iterator

import pytest
from road import House


@pytest.fixture(autouse=True)
def leave_nothing_open() -> Iterator[None]:
    yield
    while House.all:
        House.all.pop().crash()
