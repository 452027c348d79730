"""Generate the retry table of docs/reliability.md from `may_retry`."""

from __future__ import annotations

from crossbook._http.retry import may_retry
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

_CAUSES: tuple[tuple[str, tuple[CrossbookError, ...]], ...] = (
    (
        "no connection: refused, DNS, TLS, no free connection in time",
        (ConnectError("", sent="no"), NoResponseError("", sent="no")),
    ),
    ("429, or the vendor's own code for it", (RateLimitError("", sent="yes"),)),
    ("the request left, no complete response came (reset, cut off, time-out)", (NoResponseError("", sent="maybe"),)),
    ("5xx, 408, or the vendor's own code for them", (VendorUnavailableError("", sent="yes"),)),
    ("a 2xx whose body is empty, cut off or not JSON", (InvalidResponseError("", status=200, sent="yes"),)),
    (
        "refused data, not found, wrong credentials, a redirect, a wrong base URL, too large",
        (
            RejectedError("", sent="yes"), NotFoundError("", sent="yes"), AuthError("", sent="yes"),
            InvalidResponseError("", status=302, sent="yes"), InvalidResponseError("", status=404, sent="yes"),
            ResponseTooLargeError("", status=200, sent="yes"),
        ),
    ),
)  # fmt: skip
_REPEATABLE = (Retry.SAFE, Retry.IDEMPOTENT)
_CREATES = (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)
# Neither of these is an error of the call: the client handles both itself.
_NOT_ERRORS = (
    "| 202 | requested again until the result is ready; costs no attempt | never; never reported as created |",
    "| an expired login token | once, after a new login; costs no attempt | the same: the request was refused |",
)


def retry_table() -> str:
    """Return the table: for each cause, whether reads, idempotent writes and creates are retried."""
    rows = [
        f"| {cause} | {_describe(_REPEATABLE, errors)} | {_describe(_CREATES, errors)} |" for cause, errors in _CAUSES
    ]
    head = ["| what happened | reads, idempotent writes | creates |", "|---|---|---|"]
    return "\n".join([*head, *rows[:-1], *_NOT_ERRORS, rows[-1]])


def _describe(classes: tuple[Retry, ...], errors: tuple[CrossbookError, ...]) -> str:
    (is_repeated,) = {may_retry(retry, error) for retry in classes for error in errors}
    if is_repeated and classes == _CREATES:
        return "retried: nothing can have happened"
    return "retried" if is_repeated else "never"
