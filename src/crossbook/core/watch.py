"""Who looks over the shoulder of the calls of one task: `crossbook.verify`, which wants the answers as they came.

A context variable and no option of a book, so that a login is watched too, which a task of the book's own makes.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from crossbook_wire.http import Request

from crossbook.core.exchange import Failure, Reply
from crossbook.errors import CrossbookError


class Watcher(Protocol):
    """What is told of each request of a call, repeats and logins included."""

    def asked(self, request: Request) -> None:
        """Before a request leaves; an error that it raises ends the call, and nothing leaves."""

    def answered(self, request: Request, outcome: Reply | Failure, error: CrossbookError | None) -> None:
        """After it ended: what came, and what it was judged to be."""


watcher: ContextVar[Watcher | None] = ContextVar("crossbook.watcher", default=None)
