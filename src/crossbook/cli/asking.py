"""A book opened by name for the length of a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar, Unpack

import crossbook
from crossbook.book import AddressBook, BookOptions
from crossbook.cli.signals import run as run_in_loop

T = TypeVar("T")


def ask(name: str, work: Callable[[AddressBook], Awaitable[T]], **options: Unpack[BookOptions]) -> T:
    """Opens the book, does the work with it, and closes it.

    Args:
        name: a vendor or a named account, see `crossbook.open`.
        work: what to do; its answer comes back.
        options: see `BookOptions`.

    Raises:
        CrossbookError: let it pass: `failing` makes a message and an exit code of it.
    """

    async def run() -> T:
        async with crossbook.open(name, **options) as book:
            return await work(book)

    return run_in_loop(run)
