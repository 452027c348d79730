"""Whether the books' vendors answer, for a health check."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import Response

from crossbook.book import AddressBook
from crossbook.errors import CrossbookError
from crossbook.fastapi.shelf import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class BookHealth:
    """One book.

    Args:
        vendor: whose it is.
        answers: whether the vendor answered a read, and so accepts the credentials.
        seconds: how long that took.
        error: why not.
    """

    vendor: str
    answers: bool
    seconds: float
    error: CrossbookError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All open books, by name.

    Args:
        healthy: all of them answer.
        books: each one.
    """

    healthy: bool
    books: dict[str, BookHealth]


def health(timeout: float = 3.0) -> Callable[..., Coroutine[Any, Any, Health]]:
    """A dependency: asks each open book's vendor for its groups, all at once, and answers 503 if one fails.

    It costs each vendor a call (Filemail a login too, at first), so ask it every half minute, not every second; and
    an application that can work without one of its vendors should not be restarted because of it.

    Args:
        timeout: seconds that a vendor has.

    Example:
        ```python
        @app.get("/health")
        async def check(health: Annotated[Health, Depends(crossbook.fastapi.health(timeout=2))]) -> Health:
            return health
        ```
    """

    async def check(shelf: Books, response: Response) -> Health:
        found: dict[str, BookHealth] = {}

        async def ask(name: str, book: AddressBook) -> None:
            found[name] = await _ask(book, timeout)

        async with anyio.create_task_group() as tasks:
            for name, book in shelf.items():
                tasks.start_soon(ask, name, book)
        result = Health(
            healthy=all(book.answers for book in found.values()), books={name: found[name] for name in shelf}
        )
        if not result.healthy:
            response.status_code = 503
        return result

    return check


async def _ask(book: AddressBook, timeout: float) -> BookHealth:
    # One repeat: a connection that the vendor closed meanwhile, or a login token that died, is no illness.
    hurried = book.with_options(
        timeout=timeout, connect_timeout=timeout, read_timeout=timeout, queue_timeout=timeout, attempts=2
    )
    began, error = time.monotonic(), None
    try:
        await hurried.groups.list(page_size=1)
    except CrossbookError as raised:
        error = raised
    seconds = round(time.monotonic() - began, 3)
    return BookHealth(vendor=book.card.vendor, answers=error is None, seconds=seconds, error=error)
