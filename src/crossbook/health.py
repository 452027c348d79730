"""Whether a book's vendor answers, and accepts the credentials."""

from __future__ import annotations

import time
from dataclasses import dataclass

from crossbook.book import AddressBook
from crossbook.core.frames import own_copy
from crossbook.errors import CrossbookError


@dataclass(frozen=True, slots=True, kw_only=True)
class BookHealth:
    """One book.

    Args:
        vendor: whose it is.
        answers: whether the vendor answered a read, and so accepts the credentials.
        seconds: how long that took.
        error: why not.
    """

    vendor: str
    answers: bool
    seconds: float
    error: CrossbookError | None = None


async def ask_book(book: AddressBook, timeout: float) -> BookHealth:
    """Asks the vendor for a group, or a contact where it has no groups, which costs it one call.

    Args:
        book: one that is open.
        timeout: seconds that the vendor has.
    """
    # One repeat: a connection that the vendor closed meanwhile, or a login token that died, is no illness.
    hurried = book.with_options(
        timeout=timeout, connect_timeout=timeout, read_timeout=timeout, queue_timeout=None, attempts=2
    )
    asked = hurried.contacts if book.card.verb("groups.list").support == "unsupported" else hurried.groups
    began, error = time.monotonic(), None
    try:
        await asked.list(page_size=1)
    except CrossbookError as raised:
        error = own_copy(raised)
    seconds = round(time.monotonic() - began, 3)
    return BookHealth(vendor=book.card.vendor, answers=error is None, seconds=seconds, error=error)
