"""Find and delete the test contacts and groups that this verification or an earlier one created."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import anyio

from crossbook._pagination.pager import Pager
from crossbook.book import AddressBook
from crossbook.errors import CrossbookError, NotFoundError
from crossbook.models import Contact, Group
from crossbook_verify.probe import ProbeSession, RequestLimitError
from crossbook_verify.report import Leftover
from crossbook_verify.sample import EMAIL, FIRST, GROUP, LAST

R = TypeVar("R", Contact, Group)
_MAX_ATTEMPTS = 8  # wait for a vendor that is busy or unavailable for a moment
_MAX_PAGES = 100
# Separate limits, so that a list without an end does not use up the requests for deleting.
_SEARCH_LIMIT, _DELETE_LIMIT = 300, 200
CLEANUP_LIMIT = 2 * (_SEARCH_LIMIT + _DELETE_LIMIT)
"""The largest number of requests for cleaning up, before and after the probes together."""
TIMEOUT = 60.0
"""Seconds that cleaning up may take, each time."""


async def remove_leftovers(probe: ProbeSession, book: AddressBook) -> int:
    """Delete the test contacts and groups that an earlier run left; return their number.

    Raises:
        RequestLimitError: the deletion takes too many requests or too long.
    """
    probe.cleanup_budget, book = _SEARCH_LIMIT, book.with_options(max_attempts=_MAX_ATTEMPTS)
    try:
        with anyio.move_on_after(TIMEOUT):
            contacts, groups = await _find_ours(book)
            probe.cleanup_budget = _DELETE_LIMIT
            for contact in contacts:
                await book.contacts.delete(contact)
            for group in groups:
                await book.groups.delete(group)
            return len(contacts) + len(groups)
    finally:
        probe.cleanup_budget = None
    raise RequestLimitError(
        f"deleting the test contacts of an earlier run took longer than {TIMEOUT:g} s: verify again"
    )


async def clean_up(probe: ProbeSession, book: AddressBook) -> list[Leftover]:
    """Delete all test contacts and groups; return those that could not be deleted, or may exist with an unknown id."""
    probe.cleanup_budget, book = _SEARCH_LIMIT, book.with_options(max_attempts=_MAX_ATTEMPTS)
    contacts, groups = list(probe.contacts), list(probe.groups)
    found = 0
    with anyio.move_on_after(TIMEOUT):
        # A third of the time, so that a slow list leaves enough time to delete the known ids.
        with suppress(CrossbookError), anyio.move_on_after(TIMEOUT / 3):
            for mine, ours in zip((contacts, groups), await _find_ours(book), strict=True):
                found += len(set(ours) - set(mine))
                mine += [id for id in ours if id not in mine]
        probe.cleanup_budget = _DELETE_LIMIT
        await _delete_each(contacts, book.contacts.delete)
        await _delete_each(groups, book.groups.delete)
    left = [Leftover(kind="contact", id=id, remedy=f"book.contacts.delete({id!r})") for id in contacts]
    left += [Leftover(kind="group", id=id, remedy=f"book.groups.delete({id!r})") for id in groups]
    if found < probe.unknown_ids:
        left.append(
            Leftover(kind="contact", id="", remedy=f"search for {EMAIL}, {FIRST} {LAST}, and the group {GROUP!r}")
        )
    return left


async def _delete_each(ids: list[str], delete: Callable[[str], Awaitable[None]]) -> None:
    """Delete the items with these ids; leave in the list only the ids of items that could not be deleted."""
    for id in list(ids):
        try:
            await delete(id)
        except NotFoundError:
            pass
        except CrossbookError:
            continue
        ids.remove(id)


async def _find_ours(book: AddressBook) -> tuple[list[str], list[str]]:
    """Return the ids of the test contacts and groups in the account, which only a verification can have created."""
    groups = [group.id async for group in _iter_new(book.groups.list()) if group.name.startswith(GROUP)]
    contacts = [contact.id async for contact in _list_candidates(book, groups) if _is_ours(contact)]
    return list(dict.fromkeys(contacts)), groups


async def _list_candidates(book: AddressBook, groups: list[str]) -> AsyncIterator[Contact]:
    filters = book.profile.filters
    if "email" in filters:
        pagers = [book.contacts.list(email=EMAIL)]
    elif "search" in filters:
        pagers = [book.contacts.list(search=EMAIL)]
    else:
        pagers = [book.contacts.list(group=group) for group in groups]
    for pager in pagers:
        async for contact in _iter_new(pager):
            yield contact


async def _iter_new(pager: Pager[R]) -> AsyncIterator[R]:
    """Yield each item of a vendor's list once. Stop after a page without a new item, or after 100 pages."""
    known: set[str] = set()
    left = _MAX_PAGES
    async for page in pager.pages():
        new = [item for item in page.items if item.id not in known]
        known.update(item.id for item in new)
        for item in new:
            yield item
        left -= 1
        if not (new and left):
            break


def _is_ours(contact: Contact) -> bool:
    """Return whether a contact has our test e-mail, if the vendor reports e-mails, and our test name."""
    # Both are compared, because a tester may use one of them.
    mail = "email" not in contact.known_fields or (contact.email or "").casefold() == EMAIL
    return mail and (contact.name or "").startswith(f"{FIRST} {LAST}")
