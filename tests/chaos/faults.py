"""What goes wrong, row by row, and what must come of it. How a connection itself fails is in `trouble.py`."""

from __future__ import annotations

import json
from email.utils import formatdate
from time import time
from typing import Any, Literal

from attrs import field, frozen

from crossbook import (
    AuthError,
    BadResponse,
    ConnectError,
    CrossbookError,
    LostError,
    RateLimited,
    Rejected,
    VendorDown,
)
from crossbook.errors import Sent

Repeats = Literal["always", "unless it creates", "until it is done", "after a login", "never"]
EVERYONE = frozenset({"serwersms", "atom", "filemail", "vercom"})


@frozen(eq=False)
class Fault:
    """One row.

    Args:
        name: as the table at the end has it.
        error: the class of the error that it becomes if it lasts.
        sent: what the error says of the request.
        says: a pattern that is found in the error's text.
        kind: how the connection fails (`trouble.py`), or the sandbox's name of the fault.
        settings: the sandbox's settings of it; a callable is asked when it is armed, with the vendor.
        repeats: which operations are tried again.
        commits: whether the vendor does what was asked although nobody hears of it.
        status: what the error bears.
        waits: seconds that the vendor asks for.
        options: the book's options for this row.
        vendors: whose fault it can be.
    """

    name: str
    error: type[CrossbookError]
    sent: Sent
    says: str
    kind: str = "status"
    settings: dict[str, Any] = field(factory=dict[str, Any])
    repeats: Repeats = "unless it creates"
    commits: bool = False
    status: int | None = None
    waits: float | None = None
    options: dict[str, Any] = field(factory=dict[str, Any])
    vendors: frozenset[str] = EVERYONE

    def armed(self, vendor: str) -> dict[str, Any]:
        return {name: value(vendor) if callable(value) else value for name, value in self.settings.items()}


def _in_a_second(_vendor: str) -> str:
    return formatdate(time() + 2, usegmt=True)


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


def _said(bodies: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "content_type": "application/json", "body": lambda vendor: json.dumps(bodies[vendor])}


_LOST: dict[str, Any] = {"error": LostError, "sent": "maybe", "says": "no whole answer came back"}
_NEVER_LEFT: dict[str, Any] = {"error": ConnectError, "sent": "no", "repeats": "always"}
_BUSY: dict[str, Any] = {"error": RateLimited, "sent": "yes", "says": "status 429", "repeats": "always", "status": 429}
_DOWN: dict[str, Any] = {"error": VendorDown, "sent": "yes"}
_ODD: dict[str, Any] = {"error": BadResponse, "sent": "yes", "status": 200, "commits": True}

FAULTS = (
    Fault("connect refused", says="no connection to the vendor", kind="refused", **_NEVER_LEFT),
    Fault("DNS failure", says="no connection to the vendor", kind="unresolved", **_NEVER_LEFT),
    Fault(
        "pool time-out", says="no connection became free", kind="no room", options={"connect_timeout": 0.3},
        **_NEVER_LEFT,
    ),  # fmt: skip
    Fault("reset before the headers", kind="reset", settings={"when": "before"}, **_LOST),
    Fault("reset before the headers, done", kind="reset", settings={"when": "after"}, commits=True, **_LOST),
    Fault("reset, done later", kind="late_commit", settings={"seconds": 0.2}, commits=True, **_LOST),
    Fault("reset in the body", kind="reset", settings={"when": "body"}, commits=True, **_LOST),
    Fault("closed in the body", kind="cut", commits=True, **_LOST),
    Fault(
        "read time-out, done", kind="delay", settings={"when": "after", "seconds": 1}, commits=True,
        options={"read_timeout": 0.4}, **_LOST,
    ),  # fmt: skip
    Fault(
        "no answer in the call's time, done", kind="delay", settings={"when": "after", "seconds": 1}, commits=True,
        repeats="never", options={"timeout": 0.4}, **{**_LOST, "says": "deadline"},
    ),  # fmt: skip
    Fault("429", settings={"status": 429}, **_BUSY),
    Fault("429, Retry-After: 1", settings={"status": 429, "retry_after": 1}, waits=1, **_BUSY),
    Fault("429, Retry-After: a date", settings={"status": 429, "retry_after": _in_a_second}, waits=0, **_BUSY),
    Fault("429, Retry-After: 60", settings={"status": 429, "retry_after": 60}, waits=60, **{**_BUSY, "repeats": "never"}),
    Fault("500", settings={"status": 500}, status=500, says="status 500", **_DOWN),
    Fault("500, done", settings={"status": 500, "committed": True}, status=500, says="status 500", commits=True, **_DOWN),
    Fault("502 in HTML", kind="html", settings={"status": 502, "committed": False}, status=502, says="text/html", **_DOWN),
    Fault("503", settings={"status": 503}, status=503, says="status 503", **_DOWN),
    Fault(
        "503, Retry-After: 1", settings={"status": 503, "retry_after": 1}, status=503, says="status 503", waits=1, **_DOWN
    ),
    Fault("520", settings={"status": 520}, status=520, says="status 520", **_DOWN),
    Fault(
        "202, Retry-After: 0", settings={"status": 202, "retry_after": 0, "body": '{"meta":{},"data":[]}'}, status=202,
        says="still working on it", waits=0, repeats="until it is done", options={"timeout": 1.3},
        vendors=frozenset({"vercom"}), **_DOWN,
    ),  # fmt: skip
    Fault("empty body", kind="empty", says="the answer is empty", **_ODD),
    Fault("cut JSON", kind="truncated", says="the answer is no JSON", **_ODD),
    Fault("HTML with 200", kind="html", says="text/html", **_ODD),
    Fault(
        "the vendor's error with 200", Rejected, "yes", "refused", settings=_said(_REFUSED), status=200, repeats="never"
    ),
    Fault(
        "the vendor's \"later\" with 200", settings=_said(_LATER), status=200, says="try later",
        vendors=frozenset(_LATER), **_DOWN,
    ),  # fmt: skip
    Fault(
        "dead token", AuthError, "yes", "log in again", settings=_said({"filemail": _DEAD}), status=200,
        repeats="after a login", vendors=frozenset({"filemail"}),
    ),  # fmt: skip
)  # fmt: skip
