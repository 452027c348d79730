"""One kind of fault, and what must come of it; the families that most belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from crossbook import (
    ConnectError,
    CrossbookError,
    InvalidResponseError,
    NoResponseError,
    RateLimitError,
    VendorUnavailableError,
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
        used: how many calls the account has made just before: what its limiter goes by when it is throttled.
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
    used: int = 0
    vendors: frozenset[str] = EVERYONE

    @property
    def coded(self) -> bool:
        """Whether the vendor says it in its own words."""
        return self.status == 200 and "body" in self.settings

    def armed(self, vendor: str) -> dict[str, Any]:
        return {name: value(vendor) if callable(value) else value for name, value in self.settings.items()}


def lost(name: str, kind: str, **more: Any) -> Fault:
    """The request leaves, the vendor does it unless it is told otherwise, and no whole answer comes back."""
    return Fault(
        name,
        kind=kind,
        **{"error": NoResponseError, "sent": "maybe", "says": "no complete response", "commits": True, **more},
    )


def never_left(name: str, kind: str, says: str, **more: Any) -> Fault:
    return Fault(name, ConnectError, "no", says, kind=kind, repeats="always", **more)


def down(name: str, status: int, says: str = "", kind: str = "status", **more: Any) -> Fault:
    settings: dict[str, Any] = {"status": status, "committed": False, **more.pop("settings", {})}
    return Fault(
        name,
        VendorUnavailableError,
        "yes",
        says or f"status {status}",
        kind=kind,
        settings=settings,
        status=status,
        **more,
    )


def busy(name: str, waits: float | None = None, asked: Any = None, **more: Any) -> Fault:
    settings = {"status": 429, "retry_after": waits if asked is None else asked}
    if waits is None:
        del settings["retry_after"]
    facts: dict[str, Any] = {"settings": settings, "status": 429, "waits": waits, "repeats": "always"}
    return Fault(name, RateLimitError, "yes", "status 429", used=10, **{**facts, **more})


def odd(name: str, kind: str, says: str) -> Fault:
    """The vendor does it, says 200, and what comes with it says nothing."""
    return Fault(name, InvalidResponseError, "yes", says, kind=kind, status=200, commits=True)


def said(name: str, error: type[CrossbookError], says: str, bodies: Mapping[str, Any], repeats: Repeats) -> Fault:
    """The vendor's own words for an error, with a status that says that all is well."""

    def body(vendor: str) -> str:
        return json.dumps(bodies[vendor])

    settings = {"status": 200, "content_type": "application/json", "body": body}
    vendors = frozenset(bodies)
    return Fault(name, error, "yes", says, settings=settings, status=200, repeats=repeats, vendors=vendors)
