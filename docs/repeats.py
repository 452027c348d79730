"""What is repeated and what never, asked of the code that decides it."""

from __future__ import annotations

from crossbook._http.retry import may_repeat
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
from crossbook.vendor import Retry

_HAPPENED: tuple[tuple[str, tuple[CrossbookError, ...]], ...] = (
    ("no connection: refused, DNS, TLS, none free in time", (ConnectError("", sent="no"), NoResponseError("", sent="no"))),
    ("429, or the vendor's own word for it", (RateLimitError("", sent="yes"),)),
    ("left, and no whole answer (reset, cut, time-out)", (NoResponseError("", sent="maybe"),)),
    ("5xx, 408, or the vendor's own word for them", (VendorUnavailableError("", sent="yes"),)),
    ("a success that says nothing: empty, cut or no JSON, HTML", (InvalidResponseError("", status=200, sent="yes"),)),
    (
        "refused data, not found, wrong credentials, a redirect, a wrong base URL, too large",
        (
            RejectedError("", sent="yes"), NotFoundError("", sent="yes"), AuthError("", sent="yes"),
            InvalidResponseError("", status=302, sent="yes"), InvalidResponseError("", status=404, sent="yes"),
            ResponseTooLargeError("", status=200, sent="yes"),
        ),
    ),
)  # fmt: skip
_TWICE, _CREATES = (Retry.SAFE, Retry.IDEMPOTENT), (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)
# Neither is an error of the call: the wire asks on by itself.
_BESIDE = (
    "| 202 | asked again until it is done; costs no attempt | never, and never taken for done |",
    "| a dead login token | once, after a new login; costs no attempt | the same: it was refused |",
)


def repeats() -> str:
    """The table: what happened, and whether reads, idempotent writes and creates are repeated."""
    rows = [f"| {happened} | {_said(_TWICE, errors)} | {_said(_CREATES, errors)} |" for happened, errors in _HAPPENED]
    return "\n".join(
        ["| what happened | reads, idempotent writes | creates |", "|---|---|---|", *rows[:-1], *_BESIDE, rows[-1]]
    )


def _said(classes: tuple[Retry, ...], errors: tuple[CrossbookError, ...]) -> str:
    (repeated,) = {may_repeat(retry, error) for retry in classes for error in errors}
    if repeated and classes == _CREATES:
        return "repeated: nothing can have happened"
    return "repeated" if repeated else "never"
