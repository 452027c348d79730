"""Generate the retry table of docs/reliability.md from `Retry.allows`."""

from __future__ import annotations

from crossbook import errors
from crossbook.vendor import Retry

_CAUSES: tuple[tuple[str, tuple[errors.CrossbookError, ...]], ...] = (
    (
        "no connection: refused, DNS, TLS, no free connection in time",
        (errors.ConnectError("", sent="no"), errors.NoResponseError("", sent="no")),
    ),
    ("429, or the vendor's own code for it", (errors.RateLimitError("", sent="yes"),)),
    (
        "the request left, no complete response came (reset, cut off, time-out)",
        (errors.NoResponseError("", sent="maybe"),),
    ),
    ("5xx, 408, or the vendor's own code for them", (errors.VendorUnavailableError("", sent="yes"),)),
    ("a 2xx whose body is empty, cut off or not JSON", (errors.InvalidResponseError("", status=200, sent="yes"),)),
    (
        "refused data, not found, wrong credentials, a redirect, a wrong base URL, too large",
        (
            errors.RejectedError("", sent="yes"),
            errors.NotFoundError("", sent="yes"),
            errors.AuthError("", sent="yes"),
            errors.InvalidResponseError("", status=302, sent="yes"),
            errors.InvalidResponseError("", status=404, sent="yes"),
            errors.ResponseTooLargeError("", status=200, sent="yes"),
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
        f"| {cause} | {_describe(_REPEATABLE, failures)} | {_describe(_CREATES, failures)} |"
        for cause, failures in _CAUSES
    ]
    head = ["| what happened | reads, idempotent writes | creates |", "|---|---|---|"]
    return "\n".join([*head, *rows[:-1], *_NOT_ERRORS, rows[-1]])


def _describe(classes: tuple[Retry, ...], failures: tuple[errors.CrossbookError, ...]) -> str:
    (is_repeated,) = {retry.allows(error) for retry in classes for error in failures}
    if is_repeated and classes == _CREATES:
        return "retried: nothing can have happened"
    return "retried" if is_repeated else "never"
