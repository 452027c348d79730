"""The open books of an application, kept in `app.state`, and the dependency that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from crossbook.book import AddressBook


def get_open_books(app: Any) -> dict[str, AddressBook]:
    """Return the application's own dictionary of open books by name; create it at the first call."""
    state: dict[str, AddressBook] | None = getattr(app.state, "crossbook", None)
    if state is None:
        state = app.state.crossbook = {}
    return state


async def books(connection: HTTPConnection) -> Mapping[str, AddressBook]:
    """Return all open books by name: a FastAPI dependency for handlers that choose the book at run time.

    Example:
        ```python
        @app.get("/books")
        async def names(books: crossbook.fastapi.Books) -> list[str]:
            return list(books)
        ```
    """
    return MappingProxyType(get_open_books(connection.app))


Books = Annotated[Mapping[str, AddressBook], Depends(books)]
