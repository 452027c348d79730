"""Log each attempt of a request so that it can be found here and at the vendor, without personal data or secrets."""

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


def log_open(vendor: str, transport: str, base_url: str) -> None:
    logger.info("%s book open: transport %s, %s", vendor, transport, base_url)


def is_enabled() -> bool:
    return logger.isEnabledFor(logging.DEBUG)


def log_attempt(attempt: Attempt, request: Request, request_id: str | None) -> None:
    """Log one finished attempt of a request, with the phones and e-mail addresses of the request masked."""
    ids = request.path if "%" in request.path else ""  # e-mail addresses; other ids are not personal data
    about = _redaction.find_identifiers(
        f"{unquote(ids)} {unquote(request.query[:2000])} {request.body[:2000].decode(errors='replace')}"
    )
    facts = {
        "": attempt.cause,
        "retry in ": None if attempt.wait is None else f"{attempt.wait:.2f} s",
        "request id ": request_id,
        "about ": about,
    }
    logger.debug(
        "%s.%s attempt %d: %s in %.0f ms%s",
        attempt.vendor, attempt.operation, attempt.number, attempt.status or "no response", attempt.seconds * 1000,
        "".join(f", {name}{fact}" for name, fact in facts.items() if fact),
    )  # fmt: skip


class RequestWatcher(Protocol):
    """An observer that sees every request and response of the calls in one task, including retries and logins.

    `crossbook_verify` compares the responses with the specs this way. It is a context variable and not an option of a
    book, so that a login is seen too, which runs in a task of the book's own.
    """

    def before_request(self, request: Request) -> None:
        """Observe a request before it is sent. An error raised here ends the call: the request is not sent."""

    def after_request(
        self, request: Request, outcome: TransportResponse | TransportFailure, error: CrossbookError | None
    ) -> None:
        """Observe a finished request: what the transport returned, and the error that this was mapped to, or None."""


watcher: ContextVar[RequestWatcher | None] = ContextVar("crossbook.watcher", default=None)
