"""A fake Filemail login: tokens that expire, and logins that are counted, slow or refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import anyio
from fakes import FakeTransport, book_over, reply

from crossbook import AddressBook, CrossbookError
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook._redaction import Secret

EMPTY = reply({"responsestatus": "OK", "Contacts": []})
DEAD = reply({"responsestatus": "InvalidOrExpiredLoginToken", "errorcode": 2003, "errormessage": "log in again"}, 500)
WRONG = reply({"responsestatus": "WrongUsernamePassword", "errorcode": 2001, "errormessage": "no"})
CALLERS = 1_000


class Account:
    """One account at the vendor, for any number of books.

    Attributes:
        seconds: how long a login takes.
        says: the responses to the next logins, instead of a token.
        go: logins wait until this event is set; it is set at first.
        late: responses to expired tokens wait until this event is set; it is set at first.
        lose: the number of login responses to lose; their tokens have then expired.
        logins: the number of logins so far.
        requests: the number of other calls so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.says: list[TransportResponse | TransportFailure] = []
        self.go, self.late = anyio.Event(), anyio.Event()
        self.go.set()
        self.late.set()
        self.lose = self.logins = self.requests = 0
        self._alive = ""

    def expire(self) -> None:
        """Expire the last token."""
        self._alive = ""

    def book(self, **options: Any) -> AddressBook:
        return book_over("filemail", FakeTransport(self._answer, logins=False), **options)

    async def _answer(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        if call.path.endswith("/login"):
            return await self._log_in()
        self.requests += 1
        (token,) = parse_qs(call.target.decode().partition("?")[2])["logintoken"]
        if self.lose:
            self.lose -= 1
            self.expire()
            return TransportFailure("lost", "maybe", "ReadError")
        if token == self._alive:
            return EMPTY
        await self.late.wait()
        return DEAD

    async def _log_in(self) -> TransportResponse | TransportFailure:
        self.logins += 1
        await anyio.sleep(self.seconds)
        await self.go.wait()
        if self.says:
            return self.says.pop(0)
        self._alive = f"{self.logins:032x}"
        return reply({"responsestatus": "ok", "logintoken": self._alive})


class SlowTokens:
    """A token store that several processes share."""

    def __init__(self) -> None:
        self.tokens: dict[str, Secret] = {}

    async def get(self, account: str) -> Secret | None:
        token = self.tokens.get(account)
        await anyio.sleep(0.01)
        return token

    async def put(self, account: str, token: Secret | None) -> None:
        await anyio.sleep(0.01)
        if token is None:
            self.tokens.pop(account, None)
        else:
            self.tokens[account] = token


class Storm:
    """Make many calls at once and return their results."""

    def __init__(self, *books: AddressBook) -> None:
        self._books = books
        self.done = 0
        self.errors: list[CrossbookError] = []

    async def call(self, book: AddressBook) -> None:
        try:
            await book.contacts.list()
            self.done += 1
        except CrossbookError as error:
            self.errors.append(error)

    async def run(self, callers: int = CALLERS) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(callers):
                tasks.start_soon(self.call, self._books[number % len(self._books)])
