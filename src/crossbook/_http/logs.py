"""What the log says: enough to find a call again, here and at the vendor's, and nothing of people or secrets."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Protocol
from urllib.parse import unquote

from crossbook_wire.http import Request

from crossbook import _redaction
from crossbook._http.options import Attempt
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.errors import CrossbookError

logger = logging.getLogger("crossbook")


def log_open(vendor: str, transport: str, address: str) -> None:
    """A book's first line."""
    logger.info("%s book open: transport %s, %s", vendor, transport, address)


def wanted() -> bool:
    return logger.isEnabledFor(logging.DEBUG)


def attempted(attempt: Attempt, request: Request, request_id: str | None) -> None:
    """One request that is over; phones and addresses in it tell it from others, masked."""
    about = _redaction.identifiers(f"{unquote(request.query[:2000])} {request.body[:2000].decode(errors='replace')}")
    facts = {
        "": attempt.cause,
        "again in ": None if attempt.wait is None else f"{attempt.wait:.2f} s",
        "request id ": request_id,
        "about ": about,
    }
    logger.debug(
        "%s.%s attempt %d: %s in %.0f ms%s",
        attempt.vendor, attempt.operation, attempt.number, attempt.status or "no answer", attempt.seconds * 1000,
        "".join(f", {name}{fact}" for name, fact in facts.items() if fact),
    )  # fmt: skip


# Who looks over the shoulder of the calls of one task: `crossbook_verify`, which wants the answers as they came.
#
# A context variable and no option of a book, so that a login is watched too, which a task of the book's own makes.


class Watcher(Protocol):
    """What is told of each request of a call, repeats and logins included."""

    def asked(self, request: Request) -> None:
        """Before a request leaves; an error that it raises ends the call, and nothing leaves."""

    def answered(
        self, request: Request, outcome: TransportResponse | TransportFailure, error: CrossbookError | None
    ) -> None:
        """After it ended: what came, and what it was judged to be."""


watcher: ContextVar[Watcher | None] = ContextVar("crossbook.watcher", default=None)
