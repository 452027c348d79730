"""A health check: whether the vendors of the open books respond and accept the credentials."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import Response

from crossbook.book import AddressBook, BookHealth, check_health
from crossbook.fastapi.state import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The result of a health check of all open books.

    Args:
        healthy: whether all vendors responded and accepted the credentials.
        books: the health of each book, by name.
    """

    healthy: bool
    books: dict[str, BookHealth]


def health(timeout: float = 3.0) -> Callable[..., Coroutine[Any, Any, Health]]:
    """Return a FastAPI dependency that checks all open books concurrently, and sets status 503 if one is unhealthy.

    A check costs one request per vendor, and a login at first for Filemail. Check every 30 seconds, not every second.
    Do not restart an application because of this check if the application can work without one of its vendors.

    Args:
        timeout: seconds that a vendor has to respond; 3 by default.

    Example:
        ```python
        @app.get("/health")
        async def check(health: Annotated[Health, Depends(crossbook.fastapi.health(timeout=2))]) -> Health:
            return health
        ```
    """

    async def check(books: Books, response: Response) -> Health:
        found: dict[str, BookHealth] = {}

        async def check_one(name: str, book: AddressBook) -> None:
            found[name] = await check_health(book, timeout)

        async with anyio.create_task_group() as tasks:
            for name, book in books.items():
                tasks.start_soon(check_one, name, book)
        result = Health(
            healthy=all(book.healthy for book in found.values()), books={name: found[name] for name in books}
        )
        if not result.healthy:
            response.status_code = 503
        return result

    return check
