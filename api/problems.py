"""Owns the shape of every error answer: RFC 9457 problem details, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457 problem details; some problems carry more."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str


class ProblemError(Exception):
    """A refusal that the caller is told of. `more` joins the problem's members."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, headers, more


# What an OpenAPI operation says of every status it does not name.
DEFAULT_RESPONSE: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "Problem details",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def invalid(errors: Sequence[Mapping[str, Any]], where: str = "body") -> ProblemError:
    """A 422 from what pydantic found. What was sent is not repeated: it may be personal, or no JSON."""
    told = [
        {
            "loc": list(error["loc"]) if error["loc"][:1] in {("body",), ("query",), ("path",), ("header",)}
            else [where, *error["loc"]],
            "msg": str(error["msg"]).removeprefix("Value error, "),
            "type": error["type"],
        }
        for error in errors
    ]  # fmt: skip
    first = told[0]
    detail = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return ProblemError(422, detail, errors=told)


def unprocessable(field: str, message: str) -> ProblemError:
    """A 422 about one field of the body."""
    return invalid([{"loc": (field,), "msg": message, "type": "value_error"}])


def install(app: FastAPI) -> None:
    """Answer every refusal of this application with a problem."""

    async def on_problem(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return answer(error.status, error.detail, error.headers, **error.more)

    async def on_http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return answer(error.status_code, str(error.detail), error.headers)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return await on_problem(request, invalid(error.errors()))

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
