"""Log what a call does so that it can be found here and at the vendor, without personal data or secrets.

The logger is `crossbook`. WARNING: limits of two books that differ. INFO: an opened book, a faster transport, a retry,
a wait for the rate limiter, a learned limit, a login. DEBUG: every other attempt. `CROSSBOOK_LOG=info` or `debug` shows
them.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from crossbook_wire.http import Request

from crossbook import _redaction
from crossbook._http.observation import CallObserver
from crossbook._http.options import Attempt
from crossbook.errors import CrossbookError

if TYPE_CHECKING:
    from crossbook._http.client import Call
    from crossbook._http.limiter import Limits

logger = logging.getLogger("crossbook")
LONG_WAIT = 1.0  # seconds for a permit of the rate limiter; a shorter wait is not logged
_VARIABLE = "CROSSBOOK_LOG"
_UNSENT = {"attempt": 0, "wait": None, "status": None, "sent": "no"}  # the fields of a record before a request
_LEVELS = {"info": logging.INFO, "debug": logging.DEBUG}


def configure(environment: str | None) -> None:
    """Show this package's log if the variable `CROSSBOOK_LOG` is `info` or `debug`.

    As in the SDKs of other vendors, the root logger gets a handler only if it has none.
    """
    if not environment:
        return
    level = _LEVELS.get(environment.strip().lower())
    if level is None:
        logger.warning("%s must be info or debug: the variable is ignored", _VARIABLE)
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logger.setLevel(level)


configure(os.environ.get(_VARIABLE))


def log_open(vendor: str, transport: str, base_url: str) -> None:
    logger.info(
        "%s book open: transport %s, %s", vendor, transport, base_url,
        extra={"vendor": vendor, "transport": transport, "base_url": base_url},
    )  # fmt: skip


def log_batch_wait(vendor: str, operation: str, seconds: float) -> None:
    """Log that a batch begins to wait for the vendor, which is unavailable or asked for the wait."""
    logger.info(
        "%s.%s waits %.1f s for the vendor", vendor, operation, seconds,
        extra=_UNSENT | {"vendor": vendor, "operation": operation, "wait": seconds},
    )  # fmt: skip


def log_different_limits(vendor: str, own: Limits, others: Limits, used: Limits) -> None:
    """Warn that a book opens whose limits differ from those of the open books of its account.

    Args:
        own: the rate and the concurrency of the book.
        others: those of the books that are open.
        used: those that apply to all of them from now on, the strictest of both.
    """
    rate, concurrency = used
    logger.warning(
        "%s: two open books of one account have different limits (%s; %s). The strictest apply to both: %s. "
        "Pass the same rate and concurrency to both, or use one book",
        vendor, _describe_limits(own), _describe_limits(others), _describe_limits(used),
        extra={"vendor": vendor, "rate": rate and rate.per_second, "concurrency": concurrency},
    )  # fmt: skip


def _describe_limits(limits: Limits) -> str:
    rate, concurrency = limits
    return f"rate {f'{rate.per_second:g}/s' if rate else 'unlimited'}, concurrency {concurrency}"


class CallLog(CallObserver):
    """An observer that logs the calls. Every record has the fields of `_fields`."""

    def permit_waited(self, call: Call, seconds: float) -> None:
        if seconds > LONG_WAIT:
            logger.info(
                "%s.%s waited %.1f s for a permit of the rate limiter",
                call.profile.vendor, call.request.operation, seconds, extra=_fields(call, wait=seconds),
            )  # fmt: skip

    def rate_learned(self, call: Call, per_second: float) -> None:
        logger.info(
            "%s refused requests: from now on about %.3g requests a second",
            call.profile.vendor, per_second, extra=_fields(call, rate=per_second),
        )  # fmt: skip

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        level = logging.DEBUG if attempt.wait is None else logging.INFO
        if not logger.isEnabledFor(level):
            return
        id = call.find_request_id()
        facts = {
            "": attempt.cause,
            "retry in ": None if attempt.wait is None else f"{attempt.wait:.2f} s",
            "request id ": id,
            "about ": _find_identifiers(call.request) if level == logging.DEBUG else None,
        }
        logger.log(
            level,
            "%s.%s attempt %d: %s in %.0f ms%s",
            attempt.vendor, attempt.operation, attempt.number, attempt.status or "no response", attempt.seconds * 1000,
            "".join(f", {name}{fact}" for name, fact in facts.items() if fact),
            extra=_fields(
                call, wait=attempt.wait, status=attempt.status, sent=attempt.sent,
                seconds=attempt.seconds, cause=attempt.cause, request_id=id,
            ),
        )  # fmt: skip

    def call_ended(self, call: Call, error: BaseException | None) -> None:
        if not call.operation.priority:
            return
        status = call.outcome.status if call.outcome else None
        what = "logged in" if error is None else f"the login failed: {type(error).__name__}"
        sent = error.sent if isinstance(error, CrossbookError) else "yes" if error is None else "maybe"
        logger.info(
            "%s.%s: %s", call.profile.vendor, call.request.operation, what,
            extra=_fields(call, status=status, sent=sent, cause=None if error is None else type(error).__name__),
        )  # fmt: skip


CALL_LOG = CallLog()


def _fields(call: Call, **facts: Any) -> dict[str, Any]:
    """Return the fields of a record of a call: the names that every record has, and the given facts."""
    known = {"vendor": call.profile.vendor, "operation": call.request.operation, "attempt": call.attempts}
    sent = call.error.sent if call.error else "no"
    return {**_UNSENT, **known, "sent": sent, **facts}


def _find_identifiers(request: Request) -> str:
    """Return the phones and e-mail addresses of the request, masked."""
    ids = request.path if "%" in request.path else ""  # e-mail addresses; other ids are not personal data
    return _redaction.find_identifiers(
        f"{unquote(ids)} {unquote(request.query[:2000])} {request.body[:2000].decode(errors='replace')}"
    )
