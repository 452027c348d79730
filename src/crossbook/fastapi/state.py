"""Where an application keeps its open books, and the dependency that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from crossbook.book import AddressBook


def shelf_of(app: Any) -> dict[str, AddressBook]:
    """The open books of an application, by name; an empty shelf that is its own, at first."""
    shelf: dict[str, AddressBook] | None = getattr(app.state, "crossbook", None)
    if shelf is None:
        shelf = app.state.crossbook = {}
    return shelf


async def books(connection: HTTPConnection) -> Mapping[str, AddressBook]:
    """A dependency: every book that is open, by name, for an application that picks one itself.

    Example:
        ```python
        @app.get("/books")
        async def names(books: crossbook.fastapi.Books) -> list[str]:
            return list(books)
        ```
    """
    return MappingProxyType(shelf_of(connection.app))


Books = Annotated[Mapping[str, AddressBook], Depends(books)]
