"""`/books`: the books and their health; and `Book`, the book of a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException

import crossbook.fastapi
from crossbook import AddressBook
from crossbook.fastapi import Books, Health

router = APIRouter(tags=["books"])


async def by_name(book: str, books: Books) -> AddressBook:
    if book not in books:
        raise HTTPException(404, f"there is no book of this name; the books are {', '.join(books) or 'none'}")
    return books[book]


Book = Annotated[AddressBook, Depends(by_name)]
Checked = Annotated[Health, Depends(crossbook.fastapi.health())]


@dataclass(frozen=True, kw_only=True)
class Account:
    """An open book: its name in paths, its account, and its capabilities."""

    name: str
    vendor: str
    verbs: dict[str, Literal["native", "emulated", "unsupported"]]


@router.get("/books")
async def list_books(books: Books) -> list[Account]:
    """Return the open books."""
    grid = crossbook.capabilities()
    return [
        Account(
            name=name,
            vendor=book.profile.title,
            verbs={verb: vendors[book.profile.vendor].support for verb, vendors in grid.items()},
        )
        for name, book in books.items()
    ]


@router.get("/health", responses={503: {"model": Health, "description": "A vendor does not respond"}})
async def health(checked: Checked) -> Health:
    """Whether the vendor of every book responds."""
    return checked
