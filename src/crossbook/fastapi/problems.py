"""crossbook's errors as RFC 9457 problem details: which status, and which words.

The status says whose turn it is. 4xx: the caller's, the same request will fail again. 502: the vendor's. 503: nothing
was processed, so the caller may repeat it. 504: no answer came, so it may have happened.
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
_SHOWN = 5  # errors of one request
_NAME = re.compile(r"[a-z_][A-Za-z0-9_-]{0,39}")  # as programs write it; any other may be a person's
_UNKNOWN_KEY = ("unexpected_keyword_argument", "extra_forbidden")
# Unknown keys that may be shown: words that contacts are described with elsewhere, and no person's name.
_WORDS = """
address birthday cell cellphone city contact country emailaddress firstname fullname gender givenname group label labels
language lastname mail mobile msisdn name note notes phonenumber status street surname tag tags tel telephone title type
userid username website zip
"""
_COMMON = frozenset(_WORDS.split())
# Messages of other types are made by validators of the application, which may quote the value.
_PYDANTIC = frozenset(get_args(ErrorType))


class RequestTooLarge(InvalidInputError):
    """The request has more bytes or items than the handler accepts (status 413)."""

    title = "The request is too large"
    http_status = 413


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem of RFC 9457, as handlers answer it; members that are null are left out.

    Args:
        type: `urn:crossbook:` and the kind of error: `not-found`, `rejected`, `no-response` …
        title: the same in words.
        status: the HTTP status of this answer.
        detail: what happened this time; no secrets, personal data masked.
        vendor: who was asked.
        operation: for what.
        code: the vendor's own error code.
        field: the field that was refused.
        sent: whether the request left: `no`, `maybe` (it may have happened), `yes` (the vendor answered).
        request_id: what the vendor's support asks for.
        id: the contact or group that was already written when a later step failed.
        cursor: where a list can go on.
        candidates: the ids of the contacts that match, where one was asked for.
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
    def of(cls, error: CrossbookError) -> Problem:
        """The problem that this error is."""
        status = error.http_status
        if status == 503 and error.earlier == "maybe":
            # The last attempt did nothing, but one before it may have.
            status = 504
        return cls(
            type=f"urn:crossbook:{_slug(type(error).__name__)}", title=error.title, status=status, detail=error.message,
            sent="maybe" if error.sent == "no" and error.earlier == "maybe" else error.sent,
            vendor=error.vendor, operation=error.operation, code=error.code, field=error.field,
            request_id=error.request_id, id=error.id, cursor=error.cursor,
            candidates=getattr(error, "candidates", None),
        )  # fmt: skip

    def members(self) -> dict[str, Any]:
        """The problem as it is sent: without the members that are null."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _slug(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Error")).lower()


async def answer(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """The handler of CrossbookErrors."""
    if not isinstance(error, CrossbookError) or connection.scope["type"] != "http":
        raise error
    problem = Problem.of(error)
    if problem.status == 500:
        logger.error("%s", error, exc_info=error)
    headers = {} if error.retry_after is None else {"Retry-After": str(math.ceil(error.retry_after))}
    return JSONResponse(problem.members(), problem.status, headers, MEDIA_TYPE)


async def answer_validation(connection: HTTPConnection, error: Exception) -> JSONResponse:
    """Handle FastAPI's own errors of validation: say where and why, and show no value that the caller sent."""
    assert isinstance(error, RequestValidationError)
    return await answer(connection, invalid_input(error.errors()))


def invalid_input(errors: Iterable[Mapping[str, Any]], *prefix: str | int) -> InvalidInputError:
    """Return pydantic's errors as one InvalidInputError, without any value of the input.

    Args:
        errors: As pydantic lists them.
        prefix: Where the input was: `"body", 3`.
    """
    # An application may raise FastAPI's error itself, with errors that have no place, type or message, or with none.
    found = [((*prefix, *_place(error)) or ("request",), _reason(error)) for error in errors]
    found = found or [(prefix or ("request",), "is not valid")]
    lines = [f"{'.'.join(map(_part, place))}: {reason}" for place, reason in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN} more")
    names = [_part(part) for part in found[0][0] if isinstance(part, str)]
    return InvalidInputError("; ".join(lines), field=names[-1] if names else None)


def _place(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """The place of an error, without a key that the model does not have, unless the key is a common word."""
    place = tuple(error.get("loc", ()))
    if error.get("type") in _UNKNOWN_KEY and place:
        key = re.sub("[_-]", "", str(place[-1]).lower())
        return place if key in _COMMON else (*place[:-1], "…")
    return place


def _part(part: str | int) -> str:
    """A part of a place. Keys are the caller's words, too: only a key that may be a field's name is shown."""
    if isinstance(part, int):
        return str(part)
    return _redaction.text(part) if _NAME.fullmatch(part) else "…"


def _reason(error: Mapping[str, Any]) -> str:
    """The message, unless it may quote the input: `error` and `tag` are the only such details of pydantic's own."""
    kind = str(error.get("type", "unknown"))
    plain = kind in _PYDANTIC and "msg" in error and not {"error", "tag"}.intersection(error.get("ctx") or ())
    return str(error["msg"]) if plain else f"is not valid ({_redaction.text(kind)})"
