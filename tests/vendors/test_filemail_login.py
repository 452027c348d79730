"""Filemail's login: by itself, once for all who wait, again when the token is dead, and never again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from control import Server
from fakes import FakeTransport, book_over, reply

from crossbook import AddressBook, AuthError, CrossbookError, Filemail, InvalidInputError, InvalidResponseError
from crossbook._http.auth import MemoryTokenStore

pytestmark = pytest.mark.anyio
Make = Callable[..., AddressBook]
DEAD = {"responsestatus": "InvalidOrExpiredLoginToken", "errorcode": 2003, "errormessage": "log in again"}


@pytest.fixture
def vendor() -> str:
    return "filemail"


async def test_nobody_logs_in_before_there_is_something_to_ask(make_book: Make, server: Server) -> None:
    async with make_book() as book:
        assert server.requests("filemail").total() == 0
        await book.contacts.list()
        await book.groups.list()
    assert server.requests("filemail") == {"login": 1, "listContacts": 1, "listGroups": 1}


@pytest.mark.parametrize("http_errors", [False, True])
async def test_a_dead_token_is_renewed_and_nobody_notices(book: Filemail, server: Server, http_errors: bool) -> None:
    """With a 500 too: the code wins over the status."""
    server.options(filemail_http_errors=http_errors)
    await book.contacts.list()
    server.fault("expire_tokens", "filemail", "listContacts")
    assert (await book.contacts.list()).items == ()
    assert server.requests("filemail") == {"login": 2, "listContacts": 3}


async def test_a_token_that_is_dead_again_is_an_error() -> None:
    transport = FakeTransport(reply(DEAD))
    async with book_over("filemail", transport) as book:
        with pytest.raises(AuthError) as caught:
            await book.contacts.list()
    assert caught.value.code == "2003"
    assert (len(transport.logged_in), len(transport.sent)) == (2, 2)


async def test_a_wrong_password_fails_fast_the_second_time(make_book: Make, server: Server) -> None:
    async with make_book(password="wrong") as book:
        for _ in range(3):
            with pytest.raises(AuthError) as caught:
                await book.contacts.list()
            assert caught.value.code == "2001"
    assert server.requests("filemail") == {"login": 1}


async def test_an_older_account_needs_its_key(make_book: Make, server: Server) -> None:
    server.options(filemail_api_key_required=True)
    async with make_book() as book:
        await book.contacts.list()
    async with make_book(api_key=None) as book:
        with pytest.raises(CrossbookError, match="apikey") as caught:
            await book.contacts.list()
        assert caught.value.code == "1003"


async def test_a_token_can_be_shared(make_book: Make, server: Server) -> None:
    tokens = MemoryTokenStore()
    for _ in range(2):
        async with make_book(tokens=tokens) as book:
            await book.contacts.list()
    async with make_book(tokens=tokens, username="other@example.com") as book:
        with pytest.raises(AuthError):
            await book.contacts.list()
    assert server.requests("filemail")["login"] == 2


async def test_a_store_that_is_empty_yet_is_the_store(make_book: Make, server: Server) -> None:
    class Sized(MemoryTokenStore):
        def __len__(self) -> int:
            return len(self._tokens)

    tokens = Sized()
    async with make_book(tokens=tokens) as book:
        await book.contacts.list()
    assert len(tokens) == 1


@pytest.mark.parametrize("tokens", [5, "x", {}, object()])
def test_what_keeps_no_tokens(tokens: Any) -> None:
    with pytest.raises(InvalidInputError, match="async get and put") as caught:
        Filemail("user@example.com", "its password", tokens=tokens)
    assert caught.value.field == "tokens"


async def test_a_login_without_a_token_is_no_login() -> None:
    for token in (None, "", []):
        transport = FakeTransport(reply({"responsestatus": "ok", "logintoken": token}), logins=False)
        async with book_over("filemail", transport, max_attempts=1) as book:
            with pytest.raises(InvalidResponseError, match="token"):
                await book.contacts.list()
    with pytest.raises(InvalidInputError, match="username"):
        Filemail("", "password")
