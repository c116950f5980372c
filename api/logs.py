"""Owns what the api's log may say: JSON lines on stderr, and only fields on the list below.

Residents' names, phones, positions and tokens have no field here, so they cannot be logged by mistake.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

FIELDS: Final = frozenset(
    {
        "event", "level", "timestamp", "logger",
        "method", "route", "status", "ms", "error", "where", "reason",
        "seq", "count", "listeners", "devices", "host", "port", "epoch", "topics", "fault",
        "operator", "from_ms", "to_ms", "format", "rows",  # who took which report: an account, never a resident
    }
)  # fmt: skip


def _only_listed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in FIELDS or key.startswith("_")}


def configure() -> None:
    """JSON lines for this process, uvicorn's included."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                _exception_without_its_words,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _only_listed,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True


def _exception_without_its_words(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """An exception's message can quote what it was given; its type and its place cannot."""
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[1] is not None:
        event.update(described(info[1]))
    return event


def failed(logger: Any, event: str, error: BaseException, **fields: Any) -> None:
    """Log a failure: never through `exception`, which would show what the program was working on."""
    logger.error(event, **fields, **described(error))


def described(error: BaseException) -> dict[str, Any]:
    """An exception for the log: its type, where it was raised, and the store's own words."""
    said = type(error).__name__
    if isinstance(error, DBAPIError):
        said = f"{said}: {error.orig}"
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return {"error": said, "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}
