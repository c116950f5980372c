"""The OpenAPI document against the service: no input makes it fail, and it answers as it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import schemathesis
from api_house import Book, Service, run
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from api.app import create_app
from iot_gateway.settings import Settings


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> Iterator[Service]:
    with closing(Book(tmp_path_factory.mktemp("tried") / "store.sqlite")) as book:
        book.site("s1")
        book.device("w1", 0)
        book.alarm("a1", 1)
        book.journal(1)
        book.meta("policy", {})
        yield from run(book)


def operations():
    # A stream has no end; its tests are elsewhere.
    schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
    kept = schema.exclude(path="/api/v1/stream", method="GET")
    return [operation.ok() for operation in kept.get_all_operations()]


def unfit(operation):
    """A schema cannot say that a named site exists; and unknown query parameters are ignored."""
    return [
        positive_data_acceptance,
        *([] if operation.method in {"post", "put"} else [negative_data_rejection]),
    ]


def tries():
    """Each operation with what fits it and, where it takes anything, with what does not."""
    for operation in operations():
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.body or list(operation.iter_parameters()):
                yield pytest.param(operation, mode, id=f"{mode.value} {operation.label}")


@pytest.mark.parametrize(("operation", "mode"), list(tries()))
def test_every_operation_answers_as_the_document_says(operation, mode, tried):
    tried.book.pulse()

    @given(case=operation.as_strategy(mode))
    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        headers = {"Authorization": f"Bearer {tried.token}"}
        case.call_and_validate(base_url=tried.url, headers=headers, excluded_checks=unfit(operation))

    ask()
