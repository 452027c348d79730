"""httpcore's DEBUG log shows every header of an answer, and a redirect's repeats our query: tokens, phones and all.

Of answers to us it keeps the step's name alone. Whoever else uses the library in this process keeps the whole log.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from contextvars import ContextVar, Token

_ours: ContextVar[bool] = ContextVar("crossbook_request", default=False)


class _NoHeaders(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _ours.get() and text.startswith("receive_response_headers."):
            record.msg, record.args = text.partition(" ")[0], None
        return True


for _library in ("httpcore", "httpcore2"):
    for _protocol in ("http11", "http2"):
        logging.getLogger(f"{_library}.{_protocol}").addFilter(_NoHeaders())


def begin() -> Token[bool]:
    """One request of ours begins."""
    return _ours.set(True)


def end(token: Token[bool]) -> None:
    """It is over."""
    with suppress(ValueError):  # collected, not awaited: in another context, which was never ours
        _ours.reset(token)
