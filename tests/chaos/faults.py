"""List the faults of the matrix, and for each what must come of it. `network.py` makes connections fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formatdate
from time import time
from typing import Any, Literal

from attrs import field, frozen

from crossbook import errors
from crossbook.errors import Sent

Repeats = Literal["always", "unless it creates", "until it is done", "after a login", "never"]
EVERYONE = frozenset({"serwersms", "atom", "filemail", "vercom"})


@frozen(eq=False)
class Fault:
    """One fault, and what must come of it.

    Args:
        name: its name in the table.
        error: the class of the error if the fault stays.
        sent: the error's `sent`.
        says: a pattern in the error's text.
        kind: how the connection fails (`network.py`), or the sandbox's name of the fault.
        settings: the sandbox's settings of the fault. A callable is called with the vendor when the fault is armed.
        repeats: which operations are retried.
        commits: whether the vendor processes the request although no response arrives.
        status: the error's `status`.
        waits: the seconds of the vendor's `Retry-After`.
        options: the book's options for this fault.
        used: calls of the account just before, by which the limiter estimates the rate when it is throttled.
        vendors: the vendors that can have this fault.
    """

    name: str
    error: type[errors.CrossbookError]
    sent: Sent
    says: str
    kind: str = "status"
    settings: dict[str, Any] = field(factory=dict[str, Any])
    repeats: Repeats = "unless it creates"
    commits: bool = False
    status: int | None = None
    waits: float | None = None
    options: dict[str, Any] = field(factory=dict[str, Any])
    used: int = 0
    vendors: frozenset[str] = EVERYONE

    @property
    def has_vendor_code(self) -> bool:
        """Whether the vendor reports the error with a code of its own."""
        return self.status == 200 and "body" in self.settings

    def make_settings(self, vendor: str) -> dict[str, Any]:
        return {name: value(vendor) if callable(value) else value for name, value in self.settings.items()}


def lose_response(name: str, kind: str, **more: Any) -> Fault:
    """The request leaves, and no complete response arrives. The vendor processes it unless `commits=False`."""
    return Fault(
        name,
        kind=kind,
        **{"error": errors.NoResponseError, "sent": "maybe", "says": "no complete response", "commits": True, **more},
    )


def refuse_connection(name: str, kind: str, says: str, **more: Any) -> Fault:
    return Fault(name, errors.ConnectError, "no", says, kind=kind, repeats="always", **more)


def fail_with_status(name: str, status: int, says: str = "", kind: str = "status", **more: Any) -> Fault:
    settings: dict[str, Any] = {"status": status, "committed": False, **more.pop("settings", {})}
    return Fault(
        name,
        errors.VendorUnavailableError,
        "yes",
        says or f"status {status}",
        kind=kind,
        settings=settings,
        status=status,
        **more,
    )


def throttle(name: str, waits: float | None = None, asked: Any = None, **more: Any) -> Fault:
    settings = {"status": 429, "retry_after": waits if asked is None else asked}
    if waits is None:
        del settings["retry_after"]
    facts: dict[str, Any] = {"settings": settings, "status": 429, "waits": waits, "repeats": "always"}
    return Fault(name, errors.RateLimitError, "yes", "status 429", used=10, **{**facts, **more})


def mangle_response(name: str, kind: str, says: str) -> Fault:
    """The vendor processes the request and returns 200 with a useless body."""
    return Fault(name, errors.InvalidResponseError, "yes", says, kind=kind, status=200, commits=True)


def report_error(
    name: str, error: type[errors.CrossbookError], says: str, bodies: Mapping[str, Any], repeats: Repeats
) -> Fault:
    """The vendor reports an error of its own in a 200 response."""

    def body(vendor: str) -> str:
        return json.dumps(bodies[vendor])

    settings = {"status": 200, "content_type": "application/json", "body": body}
    vendors = frozenset(bodies)
    return Fault(name, error, "yes", says, settings=settings, status=200, repeats=repeats, vendors=vendors)


def _in_a_second(_vendor: str) -> str:
    return formatdate(time() + 2, usegmt=True)


def _after(seconds: float) -> dict[str, Any]:
    return {"when": "after", "seconds": seconds}


_REFUSED: dict[str, Any] = {
    "serwersms": {"error": {"code": 1006, "type": "InvalidData", "message": "refused"}},
    "atom": {"status": "error", "error": {"code": "invalid_request", "message": "refused"}},
    "filemail": {"responsestatus": "InvalidParameter", "errorcode": 1002, "errormessage": "refused"},
    "vercom": {"errors": [{"title": "refused", "message": "no", "code": "E-1-001"}], "meta": {}},
}
_LATER = {
    "atom": {"status": "error", "error": {"code": "server_error", "message": "try later"}},
    "filemail": {"responsestatus": "ServiceInterruption", "errorcode": 1009, "errormessage": "try later"},
}
_DEAD = {"responsestatus": "InvalidOrExpiredLoginToken", "errorcode": 2003, "errormessage": "log in again"}

_WORKING: dict[str, Any] = {"retry_after": 0, "body": '{"meta":{},"data":[]}'}
FAULTS = (
    refuse_connection("connect refused", "refused", "no connection to the vendor"),
    refuse_connection("DNS failure", "unresolved", "no connection to the vendor"),
    refuse_connection("pool time-out", "no room", "no connection became free", options={"connect_timeout": 0.5}),
    lose_response("reset before the headers", "reset", settings={"when": "before"}, commits=False),
    lose_response("reset before the headers, done", "reset", settings={"when": "after"}),
    lose_response("reset, done later", "late_commit", settings={"seconds": 0.2}),
    lose_response("reset in the body", "reset", settings={"when": "body"}),
    lose_response("closed in the body", "cut"),
    lose_response("read time-out, done", "delay", settings=_after(1.2), options={"read_timeout": 0.6}),
    lose_response(
        "time over, done", "delay", settings=_after(2), options={"timeout": 1.0}, says="deadline", repeats="never"
    ),
    throttle("429"),
    throttle("429, Retry-After: 1", 1),
    throttle("429, Retry-After: a date", 1, _in_a_second),
    throttle("429, Retry-After: 60", 60, repeats="never"),
    fail_with_status("500", 500),
    fail_with_status("500, done", 500, settings={"committed": True}, commits=True),
    fail_with_status("502 in HTML", 502, "text/html", kind="html"),
    fail_with_status("503", 503),
    fail_with_status("503, Retry-After: 1", 503, settings={"retry_after": 1}, waits=1),
    fail_with_status("520", 520),
    fail_with_status(
        "202, Retry-After: 0",
        202,
        "still processing the request",
        settings=_WORKING,
        waits=0,
        repeats="until it is done",
        options={"timeout": 1.45},
        vendors=frozenset({"vercom"}),
    ),
    mangle_response("empty body", "empty", "the response is empty"),
    mangle_response("cut JSON", "truncated", "the response is not JSON"),
    mangle_response("HTML with 200", "html", "text/html"),
    report_error("the vendor's error with 200", errors.RejectedError, "refused", _REFUSED, "never"),
    report_error(
        "the vendor's “later” with 200", errors.VendorUnavailableError, "try later", _LATER, "unless it creates"
    ),
    report_error("dead token", errors.AuthError, "log in again", {"filemail": _DEAD}, "after a login"),
)
