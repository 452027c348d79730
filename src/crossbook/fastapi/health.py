"""Whether the books' vendors answer, for a health check."""

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
    """All open books, by name.

    Args:
        healthy: all of them answer.
        books: each one.
    """

    healthy: bool
    books: dict[str, BookHealth]


def health(timeout: float = 3.0) -> Callable[..., Coroutine[Any, Any, Health]]:
    """A dependency: asks each open book's vendor for a group, all at once, and answers 503 if one fails.

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
            found[name] = await check_health(book, timeout)

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
