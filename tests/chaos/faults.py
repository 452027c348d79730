"""What goes wrong, row by row. How a connection itself fails is in `trouble.py`."""

from __future__ import annotations

from email.utils import formatdate
from time import time
from typing import Any

from crossbook import AuthError, RejectedError, VendorUnavailableError

from .fault import busy, down, lost, never_left, odd, said


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
    never_left("connect refused", "refused", "no connection to the vendor"),
    never_left("DNS failure", "unresolved", "no connection to the vendor"),
    never_left("pool time-out", "no room", "no connection became free", options={"connect_timeout": 0.5}),
    lost("reset before the headers", "reset", settings={"when": "before"}, commits=False),
    lost("reset before the headers, done", "reset", settings={"when": "after"}),
    lost("reset, done later", "late_commit", settings={"seconds": 0.2}),
    lost("reset in the body", "reset", settings={"when": "body"}),
    lost("closed in the body", "cut"),
    lost("read time-out, done", "delay", settings=_after(1.2), options={"read_timeout": 0.6}),
    lost("time over, done", "delay", settings=_after(2), options={"timeout": 1.0}, says="deadline", repeats="never"),
    busy("429"),
    busy("429, Retry-After: 1", 1),
    busy("429, Retry-After: a date", 1, _in_a_second),
    busy("429, Retry-After: 60", 60, repeats="never"),
    down("500", 500),
    down("500, done", 500, settings={"committed": True}, commits=True),
    down("502 in HTML", 502, "text/html", kind="html"),
    down("503", 503),
    down("503, Retry-After: 1", 503, settings={"retry_after": 1}, waits=1),
    down("520", 520),
    down(
        "202, Retry-After: 0",
        202,
        "still processing the request",
        settings=_WORKING,
        waits=0,
        repeats="until it is done",
        options={"timeout": 1.45},
        vendors=frozenset({"vercom"}),
    ),
    odd("empty body", "empty", "the response is empty"),
    odd("cut JSON", "truncated", "the response is not JSON"),
    odd("HTML with 200", "html", "text/html"),
    said("the vendor's error with 200", RejectedError, "refused", _REFUSED, "never"),
    said("the vendor's “later” with 200", VendorUnavailableError, "try later", _LATER, "unless it creates"),
    said("dead token", AuthError, "log in again", {"filemail": _DEAD}, "after a login"),
)
