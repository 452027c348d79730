"""`/books/{book}/groups`: the groups of a book and their members."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from crossbook import Group, Page

from .books import Book

router = APIRouter(prefix="/books/{book}/groups", tags=["groups"])
Name = Annotated[str, Body(embed=True)]


@router.get("")
async def list_groups(book: Book, page_size: int | None = None, after: str | None = None) -> Page[Group]:
    return await book.groups.list(page_size=page_size, after=after)


@router.post("", status_code=201)
async def create_group(book: Book, name: Name) -> Group:
    return await book.groups.create(name)


@router.get("/{id}")
async def get_group(book: Book, id: str) -> Group:
    return await book.groups.get(id)


@router.patch("/{id}", status_code=204)
async def rename_group(book: Book, id: str, name: Name) -> None:
    await book.groups.rename(id, name)


@router.delete("/{id}", status_code=204)
async def delete_group(book: Book, id: str, with_contacts: bool = False) -> None:
    await book.groups.delete(id, with_contacts=with_contacts)


@router.put("/{id}/contacts/{contact}", status_code=204)
async def add_to_group(book: Book, id: str, contact: str) -> None:
    await book.groups.add(id, contact)


@router.delete("/{id}/contacts/{contact}", status_code=204)
async def remove_from_group(book: Book, id: str, contact: str) -> None:
    await book.groups.remove(id, contact)
