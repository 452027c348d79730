"""The open books of an application, kept in `app.state`, and the dependency that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from crossbook.book import AddressBook


def open_books(app: Any) -> dict[str, AddressBook]:
    """Return the open books of an application by name; the dictionary is the application's own."""
    state: dict[str, AddressBook] | None = getattr(app.state, "crossbook", None)
    if state is None:
        state = app.state.crossbook = {}
    return state


async def books(connection: HTTPConnection) -> Mapping[str, AddressBook]:
    """Return every open book by name: a dependency for handlers that choose a book themselves.

    Example:
        ```python
        @app.get("/books")
        async def names(books: crossbook.fastapi.Books) -> list[str]:
            return list(books)
        ```
    """
    return MappingProxyType(open_books(connection.app))


Books = Annotated[Mapping[str, AddressBook], Depends(books)]
