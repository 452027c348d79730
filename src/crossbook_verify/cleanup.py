"""Leaves nothing behind: finds what a verification made, this one or an earlier one, and removes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import anyio

from crossbook._pagination.pager import Pager
from crossbook.book import AddressBook
from crossbook.errors import CrossbookError, NotFoundError
from crossbook.models import Contact, Group
from crossbook_verify.probe import EMAIL, FIRST, GROUP, LAST, Enough, Look
from crossbook_verify.report import Leftover

R = TypeVar("R", Contact, Group)
_ATTEMPTS = 8  # a vendor that is busy, or away for a moment, is waited for
_PAGES = 100
# Requests to look for what was made, and then to remove it: a list without an end must not use up the second.
_LOOKS, _REMOVALS = 300, 200
CLEANUP_LIMIT = 2 * (_LOOKS + _REMOVALS)
"""Requests that cleaning up may make, before the questions and after them."""
LONGEST = 60.0
"""Seconds that cleaning up may take, each time, whatever ended the verification."""


async def prepare(look: Look, book: AddressBook) -> int:
    """Removes what an earlier run left; returns how many things that were.

    Raises:
        Enough: it takes too many requests, or too long.
    """
    look.reserve, book = _LOOKS, book.with_options(max_attempts=_ATTEMPTS)
    try:
        with anyio.move_on_after(LONGEST):
            contacts, groups = await _ours(book)
            look.reserve = _REMOVALS
            for contact in contacts:
                await book.contacts.delete(contact)
            for group in groups:
                await book.groups.delete(group)
            return len(contacts) + len(groups)
    finally:
        look.reserve = None
    raise Enough(f"removing what an earlier run left takes longer than {LONGEST:g} s")


async def clean(look: Look, book: AddressBook) -> list[Leftover]:
    """Removes what this run made; returns what could not be removed, or may be there without our knowing its id."""
    look.reserve, book = _LOOKS, book.with_options(max_attempts=_ATTEMPTS)
    contacts, groups = list(look.contacts), list(look.groups)
    found = 0
    with anyio.move_on_after(LONGEST):
        # A third of the time, so that a vendor that is slow to list leaves enough to remove the ids that are known.
        with suppress(CrossbookError), anyio.move_on_after(LONGEST / 3):
            for mine, ours in zip((contacts, groups), await _ours(book), strict=True):
                found += len(set(ours) - set(mine))
                mine += [id for id in ours if id not in mine]
        look.reserve = _REMOVALS
        await _remove(contacts, book.contacts.delete)
        await _remove(groups, book.groups.delete)
    left = [Leftover(kind="contact", id=id, remedy=f"book.contacts.delete({id!r})") for id in contacts]
    left += [Leftover(kind="group", id=id, remedy=f"book.groups.delete({id!r})") for id in groups]
    if found < look.uncertain:
        left.append(
            Leftover(kind="contact", id="", remedy=f"look for {EMAIL}, {FIRST} {LAST}, and the group {GROUP!r}")
        )
    return left


async def _remove(ids: list[str], delete: Callable[[str], Awaitable[None]]) -> None:
    """Takes each id that is gone afterwards out of the list."""
    for id in list(ids):
        try:
            await delete(id)
        except NotFoundError:
            pass
        except CrossbookError:
            continue
        ids.remove(id)


async def _ours(book: AddressBook) -> tuple[list[str], list[str]]:
    """The contacts and groups of the account that only a verification can have made."""
    groups = [group.id async for group in _new(book.groups.list()) if group.name.startswith(GROUP)]
    contacts = [contact.id async for contact in _candidates(book, groups) if _is_ours(contact)]
    return list(dict.fromkeys(contacts)), groups


async def _candidates(book: AddressBook, groups: list[str]) -> AsyncIterator[Contact]:
    filters = book.profile.filters
    if "email" in filters:
        pagers = [book.contacts.list(email=EMAIL)]
    elif "search" in filters:
        pagers = [book.contacts.list(search=EMAIL)]
    else:
        pagers = [book.contacts.list(group=group) for group in groups]
    for pager in pagers:
        async for contact in _new(pager):
            yield contact


async def _new(pager: Pager[R]) -> AsyncIterator[R]:
    """A list without end has one here: where a page has nothing new, or after very many."""
    known: set[str] = set()
    left = _PAGES
    async for page in pager.pages():
        new = [item for item in page.items if item.id not in known]
        known.update(item.id for item in new)
        for item in new:
            yield item
        left -= 1
        if not (new and left):
            break


def _is_ours(contact: Contact) -> bool:
    """Whether it bears both of our names, where the vendor tells both: one of them may be a tester's own."""
    mail = "email" not in contact.known_fields or (contact.email or "").casefold() == EMAIL
    return mail and (contact.name or "").startswith(f"{FIRST} {LAST}")
