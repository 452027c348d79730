"""Convert crossbook's errors to RFC 9457 problem details; the HTTP status says who has to act.

4xx: the caller, since the same request will fail again. 502: the vendor. 503: nothing was processed, so the caller may
retry. 504: no response came, so the request may have been processed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from pydantic_core.core_schema import ErrorType

from crossbook import _redaction
from crossbook._http.logs import logger
from crossbook.errors import CrossbookError, InvalidInputError, Sent

MEDIA_TYPE = "application/problem+json"
_MAX_SHOWN = 5  # validation errors of one request
_IDENTIFIER = re.compile(r"[a-z_][A-Za-z0-9_-]{0,39}")  # any other key may be a person's data
_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")
# Unknown keys that may be shown: field names of other programs. None of them is a person's name.
_WORDS = """
address birthday cell cellphone city contact country emailaddress firstname fullname gender givenname group label labels
language lastname mail mobile msisdn name note notes phonenumber status street surname tag tags tel telephone title type
userid username website zip
"""
_COMMON_KEYS = frozenset(_WORDS.split())
# Errors of other types come from validators of the application, and their messages may quote the value.
_PYDANTIC_TYPES = frozenset(get_args(ErrorType))


class RequestTooLargeError(InvalidInputError):
    """The request has more bytes or items than the handler accepts (status 413)."""

    title = "The request is too large"
    http_status = 413


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as RFC 9457 problem details. The response omits the members that are None.

    Args:
        type: `urn:crossbook:` and the kind of error: `not-found`, `rejected`, `no-response` …
        title: the kind of error in words.
        status: the HTTP status of the response.
        detail: what happened; without secrets, and with personal data masked.
        vendor: the vendor that got the request.
        operation: the operation that failed.
        code: the vendor's own error code.
        field: the field that was rejected.
        sent: whether the request left: `no`, `maybe` (it may have been processed), `yes` (the vendor responded).
        request_id: the vendor's id of the request, for its support.
        id: the contact or group that was already written when a later step failed.
        cursor: the position at which a list can be resumed.
        candidates: the ids of the contacts that match, if one contact was requested.
    """

    type: str
    title: str
    status: int
    detail: str
    sent: Sent
    vendor: str | None = None
    operation: str | None = None
    code: str | None = None
    field: str | None = None
    request_id: str | None = None
    id: str | None = None
    cursor: str | None = None
    candidates: tuple[str, ...] | None = None

    @classmethod
    def from_error(cls, error: CrossbookError) -> Problem:
        """Return the problem details of a CrossbookError."""
        status = error.http_status
        if status == 503 and error.earlier == "maybe":
            # The last attempt did nothing, but an earlier attempt may have been processed.
            status = 504
        return cls(
            type=f"urn:crossbook:{_slug(type(error).__name__)}", title=error.title, status=status, detail=error.message,
            sent="maybe" if error.sent == "no" and error.earlier == "maybe" else error.sent,
            vendor=error.vendor, operation=error.operation, code=error.code, field=error.field,
            request_id=error.request_id, id=error.id, cursor=error.cursor,
            candidates=getattr(error, "candidates", None),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the members of the problem as a dictionary, without the members that are None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _slug(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Error")).lower()


async def handle_error(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """Return the problem+json response for a CrossbookError; log the error if its status is 500."""
    if not isinstance(error, CrossbookError) or connection.scope["type"] != "http":
        raise error
    problem = Problem.from_error(error)
    if problem.status == 500:
        logger.error("%s", error, exc_info=error)
    headers = {} if error.retry_after is None else {"Retry-After": str(math.ceil(error.retry_after))}
    return JSONResponse(problem.to_dict(), problem.status, headers, MEDIA_TYPE)


async def handle_validation_error(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """Return the problem+json response for FastAPI's validation error, without any value that the caller sent."""
    assert isinstance(error, RequestValidationError)
    return await handle_error(connection, to_invalid_input_error(error.errors()))


def to_invalid_input_error(errors: Iterable[Mapping[str, Any]], *prefix: str | int) -> InvalidInputError:
    """Combine pydantic's validation errors into one InvalidInputError that quotes no value of the input.

    Args:
        errors: As pydantic lists them.
        prefix: The location of the input: `"body", 3`.
    """
    # An application may raise FastAPI's error itself: without errors, or with errors that have no location or message.
    found = [((*prefix, *_location(error)) or ("request",), _reason(error)) for error in errors]
    found = found or [(("request",), "is not valid")]
    lines = [f"{'.'.join(map(_show_part, location))}: {reason}" for location, reason in found[:_MAX_SHOWN]]
    if len(found) > _MAX_SHOWN:
        lines.append(f"and {len(found) - _MAX_SHOWN} more")
    names = [_show_part(part) for part in found[0][0] if isinstance(part, str)]
    return InvalidInputError("; ".join(lines), field=names[-1] if names else None)


def _location(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return the location of a pydantic error. Replace an unknown key by `…` unless it is a common word: `mobile`."""
    location = tuple(error.get("loc", ()))
    if error.get("type") in _UNKNOWN_KEY and location:
        key = re.sub("[_-]", "", str(location[-1]).lower())
        return location if key in _COMMON_KEYS else (*location[:-1], "…")
    return location


def _show_part(part: str | int) -> str:
    """Return one part of an error's location as text. A key becomes `…` if it does not look like a field name."""
    if isinstance(part, int):
        return str(part)
    return _redaction.mask_text(part) if _IDENTIFIER.fullmatch(part) else "…"


def _reason(error: Mapping[str, Any]) -> str:
    """Return the message of a pydantic error, or only the type of the error if the message may quote the input."""
    # Of pydantic's details only `error` and `tag` can quote the input.
    kind = str(error.get("type", "unknown"))
    safe = kind in _PYDANTIC_TYPES and "msg" in error and not {"error", "tag"}.intersection(error.get("ctx") or ())
    return str(error["msg"]) if safe else f"is not valid ({_redaction.mask_text(kind)})"
