"""Success or failure: by status, content type and a tolerantly decoded body together, before any model is decoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
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
    Sent,
    VendorUnavailableError,
)
from crossbook.vendor import Operation, Retry, VendorProfile

MARKS = (b"{", b"[", b",")
"""What begins an object, a list, or another value: counted in a long body before it is decoded."""
_FEW = 100_000  # values that are never too many
_DENSE = 10  # bytes
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")
_LONGEST = 1e9  # seconds; longer than anybody waits
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
    reply: TransportResponse | TransportFailure,
    request: Request | None = None,
    secrets: tuple[str, ...] = (),
    marks: Sequence[int] | None = None,
) -> CrossbookError | None:
    """None for success; else our error for what the vendor said, less what it quotes of the request and its secrets.

    `marks` says how many of each of `MARKS` are in the body, if they were counted before.
    """
    if isinstance(reply, TransportFailure):
        return _unanswered(profile, reply, operation)
    status = reply.status
    ok = 200 <= status < 300
    if status == 202 and (operation.retry is Retry.SAFE or "retry-after" in reply.headers):
        # Not done yet: asked again, as the vendor says, until it is. A create is not: it may happen yet.
        return _error(profile, VendorUnavailableError, reply, "the vendor is still working on it")
    if status == 206:
        # An old page of a list from a cache, for instance: whatever it holds, it is not all.
        return _error(
            profile,
            InvalidResponseError,
            reply,
            "the answer is only a part of the whole (206), though none was asked for",
        )
    if ok and not reply.content.strip():
        return _error(profile, InvalidResponseError, reply, "the answer is empty")
    too_many = None
    if len(reply.content) > _FEW:
        too_many = _too_many(profile, len(reply.content), marks or [reply.content.count(mark) for mark in MARKS])
    try:
        body = None if too_many is not None else _decoder(profile).decode(reply.content)
    except msgspec.ValidationError:
        body = None  # JSON, but no object
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if ok:
            return _error(
                profile,
                InvalidResponseError,
                reply,
                f"the answer is no JSON: {_shape(reply)}",
                cause=type(error).__name__,
            )
        body = None
    if too_many is not None:
        return _error(profile, ResponseTooLargeError, reply, f"the answer holds {too_many}")
    complaint = profile.read_error(status, body)
    if complaint is not None and complaint.kind is not None:
        kind = complaint.kind
    elif ok and complaint is None:
        return _error(profile, InvalidResponseError, reply, f"the answer is none of {profile.title}: {_shape(reply)}")
    elif ok or (status == 404 and operation.empty_on_404 and complaint is not None):
        return None
    elif 300 <= status < 400:
        return _error(profile, InvalidResponseError, reply, "the answer is a redirect, and redirects are not followed")
    elif status == 404 and complaint is None:
        return _error(
            profile,
            InvalidResponseError,
            reply,
            f"404, and not as {profile.title} answers: check base_url ({_shape(reply)})",
        )
    else:
        kind = _BY_STATUS.get(status) or (
            VendorUnavailableError if status >= 500 else RejectedError if status >= 400 else InvalidResponseError
        )
    if complaint is None:
        return _error(profile, kind, reply, f"the vendor answered with status {status} ({_shape(reply)})")

    def hide(text: str) -> str:
        return text if request is None else _redaction.masked(text, request, secrets)

    return _error(
        profile,
        kind,
        reply,
        _redaction.text(hide(complaint.message)) or f"the vendor answered with status {status}",
        code=complaint.code and _redaction.text(hide(complaint.code)),
        field=complaint.field and _redaction.text(hide(complaint.field)),
        request_id=complaint.request_id and _redaction.label(hide(complaint.request_id)),
    )


def _too_many(profile: VendorProfile, size: int, marks: Sequence[int]) -> str | None:
    """What makes decoding cost far more than the body did, if anything: counted, since each value becomes an object.

    The shortest rows of our vendors spend 11 bytes on a value, with its name; bombs, being lists of nothing, 2 to 5.
    """
    objects = marks[0]
    if objects > profile.max_objects:
        return f"more than {profile.max_objects:,} objects"
    dense = sum(marks) > _FEW + size // _DENSE
    return f"more than {_FEW:,} values, with less than {_DENSE} bytes for each" if dense else None


def request_id(
    profile: VendorProfile, reply: TransportResponse, request: Request, secrets: tuple[str, ...]
) -> str | None:
    """What the vendor's support asks for, in an answer that was a success."""
    found = profile.request_id(_decoder(profile).decode(reply.content))
    return _redaction.label(_redaction.masked(found, request, secrets)) if found else None


def _unanswered(profile: VendorProfile, failure: TransportFailure, operation: Operation) -> CrossbookError:
    """Our error for a request without a whole answer."""
    facts: dict[str, Any] = {"vendor": profile.vendor, "cause": failure.cause, "status": failure.status}
    match failure.kind:
        case "connect":
            why = f": {failure.why}" if failure.why else ""
            return ConnectError(f"no connection to the vendor{why}", sent=failure.sent, **facts)
        case "busy":
            return ConnectError("no connection became free", sent=failure.sent, **facts)
        case "too_large":
            return ResponseTooLargeError(
                "the answer is larger than max_response_bytes allows", sent=failure.sent, **facts
            )
        case "encoding":
            return InvalidResponseError("the answer is encoded in a way nobody asked for", sent=failure.sent, **facts)
        case "lost":
            changes = operation.retry is not Retry.SAFE
            hint = ": it may have happened, look before repeating it" if changes else ""
            return NoResponseError(f"no whole answer came back{hint}", sent=failure.sent, **facts)


def retry_after(headers: dict[str, str]) -> float | None:
    """`Retry-After` in seconds, whether it came as a number or as a date; None if it is neither.

    A date is counted from the vendor's own clock, where the answer tells it: ours may be another.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), _LONGEST)
    until = _moment(value)
    if until is None:
        return None
    now = _moment(headers.get("date", ""))
    return min(max(0.0, until - (time() if now is None else now)), _LONGEST)


def _moment(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _shape(reply: TransportResponse) -> str:
    kind = reply.headers.get("content-type", "no content type").partition(";")[0]
    return f"{_redaction.text(kind)[:40]}, {len(reply.content):,} bytes"


def _error(
    profile: VendorProfile, kind: type[CrossbookError], reply: TransportResponse, message: str, **facts: Any
) -> CrossbookError:
    sent: Sent = "yes"
    return kind(
        message, vendor=profile.vendor, status=reply.status, retry_after=retry_after(reply.headers), sent=sent, **facts
    )
