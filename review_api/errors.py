"""Errors that any room of the review API may raise, and the one place that renders them all."""

import json
from collections.abc import Callable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from models.errors import NotFound, Rejected, Retryable, SaqshyError

log = structlog.get_logger(__name__)

ErrorPage = Callable[[Request, SaqshyError], Response]


class NotSignedIn(Rejected):
    """No login, an ended one, or one of a disabled person: all look alike."""

    status = 401


class Forbidden(Rejected):
    """The person's role does not allow this; said before anything is looked up."""

    status = 403


class CrossSiteRequest(Rejected):
    """A changing request that another site may have caused."""

    status = 403


class BodyTooLarge(Rejected):
    """The request is longer than the review API takes."""

    status = 413


class BadRequest(Rejected):
    """The request cannot be read; ``context["fields"]`` says where."""

    status = 422


class HttpProblem(Rejected):
    """A plain HTTP refusal (wrong method, unreadable body) in our own form."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{HTTPStatus(status).phrase}.")
        self.status = status


class UnexpectedError(SaqshyError):
    """A bug: logged with its trace, told to nobody."""


def error_body(error: SaqshyError) -> dict[str, object]:
    """The one JSON form of every error: code, message for a person, ids."""
    return {"code": error.code, "message": error.message, "context": error.context}


def render_json(_request: Request, error: SaqshyError) -> Response:
    """The error as JSON."""
    return Response(
        json.dumps(error_body(error), ensure_ascii=False, default=str),
        status_code=error.status,
        media_type="application/json",
    )


def add_error_handlers(app: FastAPI, error_page: ErrorPage) -> None:
    """Render every error once: as a page where a person reads, as JSON below ``/api/``.

    Args:
        app: gets the handlers.
        error_page: renders an error as HTML with ``error.status``.
    """

    def render(request: Request, error: SaqshyError) -> Response:
        is_api = request.url.path.startswith("/api/")
        response = render_json(request, error) if is_api else error_page(request, error)
        if isinstance(error, Retryable):
            response.headers["Retry-After"] = str(max(1, round(error.delay_seconds)))
        return response

    def on_known(request: Request, error: Exception) -> Response:
        known = _as_saqshy_error(error)
        if known.status >= 500:
            log.error("request.not_served", method=request.method, path=request.url.path, code=known.code)
        return render(request, known)

    def on_bug(request: Request, error: Exception) -> Response:
        log.error("request.failed", method=request.method, path=request.url.path, exc_info=error)
        return render(
            request, UnexpectedError("Something went wrong here. It was noted; nothing was changed.")
        )

    for known in (SaqshyError, HTTPException, RequestValidationError):
        app.add_exception_handler(known, on_known)
    app.add_exception_handler(Exception, on_bug)


def _as_saqshy_error(error: Exception) -> SaqshyError:
    if isinstance(error, SaqshyError):
        return error
    if isinstance(error, RequestValidationError):
        # Only where and why: what was sent may be a password or a text of an ad.
        fields = [{"field": _field_name(item["loc"]), "problem": item["msg"]} for item in error.errors()]
        names = ", ".join(sorted({field["field"] for field in fields}))
        return BadRequest(f"The request cannot be read: {names}.", fields=fields)
    status = error.status_code if isinstance(error, HTTPException) else 500
    return NotFound("There is no such page.") if status == HTTPStatus.NOT_FOUND else HttpProblem(status)


def _field_name(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])
