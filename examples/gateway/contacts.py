"""`/books/{book}/contacts`: the contacts of a book."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from crossbook import Contact, ContactChanges, Group, Page, WriteResult

from .books import Book

router = APIRouter(prefix="/books/{book}/contacts", tags=["contacts"])


@router.get("")
async def list_contacts(
    book: Book,
    group: str | None = None,
    search: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    external_id: str | None = None,
    page_size: int | None = None,
    after: str | None = None,
) -> Page[Contact]:
    """Return one page. Pass its `cursor` as `after` for the next page. An unsupported filter is a 422."""
    return await book.contacts.list(
        group=group, search=search, phone=phone, email=email, external_id=external_id, page_size=page_size, after=after
    )


@router.post("", status_code=201)
async def create_contact(
    book: Book, contact: Contact, on_unsupported_field: Literal["error", "drop"] = "error"
) -> WriteResult:
    """Create a contact. `on_unsupported_field=drop` drops fields that the vendor cannot hold and lists them."""
    return await book.contacts.create(contact, on_unsupported_field=on_unsupported_field)


@router.get("/{id}")
async def get_contact(book: Book, id: str) -> Contact:
    return await book.contacts.get(id)


@router.patch("/{id}")
async def update_contact(book: Book, id: str, changes: ContactChanges) -> WriteResult:
    """Change the given fields. Null clears a field."""
    return await book.contacts.update(id, **changes)


@router.delete("/{id}", status_code=204)
async def delete_contact(book: Book, id: str) -> None:
    await book.contacts.delete(id)


@router.get("/{id}/groups")
async def groups_of_contact(book: Book, id: str) -> tuple[Group, ...]:
    return await book.contacts.groups_of(id)
