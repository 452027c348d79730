"""Map the outcome of an attempt, a response or a transport failure, to an error of crossbook; None for a success."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from time import time
from typing import Any

import msgspec
from crossbook_wire.http import Request

from crossbook import _redaction
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.errors import (
    AuthError,
    ConnectError,
    CrossbookError,
    InvalidResponseError,
    NoResponseError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    ResponseTooLargeError,
    VendorUnavailableError,
)
from crossbook.vendor import Operation, Retry, VendorProfile

MARKS = (b"{", b"[", b",")
"""The bytes that begin an object, a list, or another value. They are counted in a long body before it is decoded."""
_FEW_VALUES = 100_000  # values that are never too many
_BYTES_PER_VALUE = 10  # more values than this are suspicious
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")
_MAX_RETRY_AFTER = 1e9  # seconds
_BY_STATUS: dict[int, type[CrossbookError]] = {
    401: AuthError,
    403: AuthError,
    404: NotFoundError,
    408: VendorUnavailableError,
    410: NotFoundError,
    429: RateLimitError,
}


@lru_cache
def _decoder(profile: VendorProfile) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(profile.envelope)


def map_response_error(
    profile: VendorProfile,
    operation: Operation,
    outcome: TransportResponse | TransportFailure,
    request: Request | None = None,
    secrets: tuple[str, ...] = (),
    marks: Sequence[int] | None = None,
) -> CrossbookError | None:
    """Return the error that a response or a transport failure means, or None if the attempt succeeded.

    Status, content type and a tolerantly decoded body decide together, before any model is decoded. The values of the
    request and its secrets are masked in what the vendor quotes of them.

    Args:
        marks: how often each of `MARKS` occurs in the body, if they were counted before.
    """
    if isinstance(outcome, TransportFailure):
        return _map_failure(profile, outcome, operation)
    fail, status = partial(_error, profile, outcome), outcome.status
    ok = 200 <= status < 300
    if status == 202 and (operation.retry is Retry.SAFE or "retry-after" in outcome.headers):
        # The request is sent again, after the vendor's delay, until it is done. A create is not: it may still happen.
        return fail(VendorUnavailableError, "the vendor is still processing the request")
    if status == 206:
        # For instance an old page of a list from a cache. A partial list must never look complete.
        return fail(InvalidResponseError, "the response is partial (206), although all of it was requested")
    if ok and not outcome.content.strip():
        return None if operation.allows_empty else fail(InvalidResponseError, "the response is empty")
    if ok and operation.returns_nothing and outcome.content.strip() == b"null":
        return None
    body = None
    excess = _find_excess(profile, outcome.content, marks) if len(outcome.content) > _FEW_VALUES else None
    if excess is not None:
        return fail(ResponseTooLargeError, f"the response has {excess}")
    try:
        body = _decoder(profile).decode(outcome.content)
    except msgspec.ValidationError:
        pass  # JSON, but not an object
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if ok:
            return fail(
                InvalidResponseError, f"the response is not JSON: {_describe(outcome)}", cause=type(error).__name__
            )
    info = profile.read_error(status, body)
    if info is not None and info.kind is not None:
        kind = info.kind
    elif ok and info is None:
        return fail(InvalidResponseError, f"the response is not in the format of {profile.title}: {_describe(outcome)}")
    elif ok or (status == 404 and operation.empty_on_404 and info is not None):
        return None
    elif 300 <= status < 400:
        return fail(InvalidResponseError, "the response is a redirect, and redirects are not followed")
    elif status == 404 and info is None:
        return fail(
            InvalidResponseError,
            f"404 in another format than that of {profile.title}: check base_url ({_describe(outcome)})",
        )
    elif status in _BY_STATUS:
        kind = _BY_STATUS[status]
    else:
        kind = VendorUnavailableError if status >= 500 else RejectedError if status >= 400 else InvalidResponseError
    if info is None:
        return fail(kind, f"the vendor responded with status {status} ({_describe(outcome)})")

    def mask(text: str) -> str:
        return text if request is None else _redaction.mask_request_values(text, request, secrets)

    return fail(
        kind,
        _redaction.mask_text(mask(info.message)) or f"the vendor responded with status {status}",
        code=info.code and _redaction.mask_text(mask(info.code)),
        field=info.field and _redaction.mask_text(mask(info.field)),
        request_id=info.request_id and _redaction.mask_id(mask(info.request_id)),
    )


def _find_excess(profile: VendorProfile, content: bytes, marks: Sequence[int] | None) -> str | None:
    """Return a text that says why the body has too many values to decode, or None if it has few enough.

    The shortest rows of our vendors take 11 bytes for a value with its name. A decompression bomb of empty lists takes
    2 to 5.
    """
    marks = marks or [content.count(mark) for mark in MARKS]
    if marks[0] > profile.max_objects:
        return f"more than {profile.max_objects:,} objects"
    if sum(marks) > _FEW_VALUES + len(content) // _BYTES_PER_VALUE:
        return f"more than {_FEW_VALUES:,} values, with less than {_BYTES_PER_VALUE} bytes for each"
    return None


def find_request_id(
    profile: VendorProfile, response: TransportResponse, request: Request, secrets: tuple[str, ...]
) -> str | None:
    """Return the id that the vendor gave to a successful request, for questions to its support; None without one."""
    try:
        found = profile.request_id(_decoder(profile).decode(response.content))
    except msgspec.DecodeError:  # null, or no body
        return None
    return _redaction.mask_id(_redaction.mask_request_values(found, request, secrets)) if found else None


def _map_failure(profile: VendorProfile, failure: TransportFailure, operation: Operation) -> CrossbookError:
    """Return the error for a transport failure: no complete response arrived."""
    kind: type[CrossbookError]
    match failure.kind:
        case "connect":
            kind, message = ConnectError, "no connection to the vendor" + (f": {failure.why}" if failure.why else "")
        case "busy":
            kind, message = ConnectError, "no connection became free in time: allow http_client more connections"
        case "too_large":
            kind, message = ResponseTooLargeError, "the response is larger than max_response_bytes: raise this option"
        case "encoding":
            kind, message = InvalidResponseError, "the response has a content encoding that was not requested"
        case "lost":
            kind, message = NoResponseError, "no complete response arrived"
            if operation.retry is not Retry.SAFE:
                message += ": the write may have happened, look before repeating it"
    return kind(message, vendor=profile.vendor, cause=failure.cause, status=failure.status, sent=failure.sent)


def parse_retry_after(headers: dict[str, str]) -> float | None:
    """Return the header `Retry-After` (a number or a date) in seconds, or None if it is missing or invalid.

    A date is compared with the vendor's own clock if the response has a `Date`, since our clock may differ.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), _MAX_RETRY_AFTER)
    until = _parse_date(value)
    if until is None:
        return None
    now = _parse_date(headers.get("date", ""))
    return min(max(0.0, until - (time() if now is None else now)), _MAX_RETRY_AFTER)


def _parse_date(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _describe(response: TransportResponse) -> str:
    kind = response.headers.get("content-type", "no content type").partition(";")[0]
    return f"{_redaction.mask_text(kind)[:40]}, {len(response.content):,} bytes"


def _error(
    profile: VendorProfile, response: TransportResponse, kind: type[CrossbookError], message: str, **facts: Any
) -> CrossbookError:
    return kind(
        message,
        vendor=profile.vendor, status=response.status, sent="yes",
        retry_after=parse_retry_after(response.headers), **facts,
    )  # fmt: skip
