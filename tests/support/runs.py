"""Run one call with a list of responses, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from fakes import FakeTransport, book_over, reply
from virtual import virtually

from crossbook import AddressBook, Attempt, Contact, CrossbookError
from crossbook._http.request import TransportFailure

FOUND = reply({"meta": {}, "data": [{"id": "1"}]})
DOWN = reply(b"", 503)
LOST = TransportFailure("lost", "maybe", "ReadError")
REFUSED = TransportFailure("connect", "no", "ConnectError")


class Run:
    """One call with a list of responses: its result, its time, and the attempts of a hook."""

    def __init__(self, *answers: Any, act: Callable[[AddressBook], Awaitable[Any]] | None = None, **options: Any):
        self.seen: list[Attempt] = []
        self.transport = FakeTransport(*answers)
        self.error: CrossbookError | None = None
        self.seconds = 0.0
        self._act = act or (lambda book: book.contacts.get("1"))
        self._options = {"on_attempt": self.seen.append, **options}
        virtually(self._run)

    async def _run(self) -> None:
        async with book_over("vercom", self.transport, **self._options) as book:
            began = anyio.current_time()
            try:
                await self._act(book)
            except CrossbookError as error:
                self.error = error
            self.seconds = anyio.current_time() - began


def create(book: AddressBook) -> Awaitable[Any]:
    return book.contacts.create(Contact(phone="+48500600700"))
