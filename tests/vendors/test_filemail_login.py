"""Filemail's login: at the first call, again after the token expired, and not repeatedly."""

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


async def test_login_only_at_first_call(make_book: Make, server: Server) -> None:
    async with make_book() as book:
        assert server.requests("filemail").total() == 0
        await book.contacts.list()
        await book.groups.list()
    assert server.requests("filemail") == {"login": 1, "listContacts": 1, "listGroups": 1}


@pytest.mark.parametrize("http_errors", [False, True])
async def test_expired_token_renewed_transparently(book: Filemail, server: Server, http_errors: bool) -> None:
    """Also with status 500: the code decides, not the status."""
    server.options(filemail_http_errors=http_errors)
    await book.contacts.list()
    server.fault("expire_tokens", "filemail", "listContacts")
    assert (await book.contacts.list()).items == ()
    assert server.requests("filemail") == {"login": 2, "listContacts": 3}


async def test_token_expired_twice_is_auth_error() -> None:
    transport = FakeTransport(reply(DEAD))
    async with book_over("filemail", transport) as book:
        with pytest.raises(AuthError) as caught:
            await book.contacts.list()
    assert caught.value.code == "2003"
    assert (len(transport.logged_in), len(transport.sent)) == (2, 2)


async def test_wrong_password_fails_fast_second_time(make_book: Make, server: Server) -> None:
    async with make_book(password="wrong") as book:
        for _ in range(3):
            with pytest.raises(AuthError) as caught:
                await book.contacts.list()
            assert caught.value.code == "2001"
    assert server.requests("filemail") == {"login": 1}


@pytest.mark.parametrize("per_call", [True, False])
async def test_api_key_of_older_account(make_book: Make, server: Server, per_call: bool) -> None:
    server.options(filemail_api_key_required=True, filemail_api_key_per_call=per_call)
    async with make_book() as book:
        await book.contacts.list()
        await book.groups.create("Friends")
    async with make_book(api_key=None) as book:
        with pytest.raises(CrossbookError, match="apikey") as caught:
            await book.contacts.list()
        assert caught.value.code == "1003"


async def test_renewed_api_key_sent_with_next_call(make_book: Make, server: Server) -> None:
    server.options(filemail_api_key_required=True)
    account = server.credentials["filemail"]
    async with make_book() as book:
        await book.contacts.list()
        server.renew("filemail", api_key="another-key")
        with pytest.raises(AuthError) as caught:
            await book.contacts.list()
        assert caught.value.code == "2008"
        assert account["api_key"] not in str(caught.value)
        book.renew_credentials(account["username"], account["password"], api_key="another-key")
        await book.contacts.list()
    assert server.requests("filemail") == {"login": 2, "listContacts": 3}


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
async def test_accounts_share_a_client_without_cookies(make_book: Make, server: Server, library: str) -> None:
    """The login sets a cookie. The vendor refuses the first token next to the second cookie."""
    async with pytest.importorskip(library).AsyncClient(trust_env=False, timeout=60) as client:
        books = [make_book(http_client=client, account=name) for name in ("first", "second")]
        async with books[0], books[1]:
            for book in (*books, *books):
                await book.contacts.list()
        assert client.cookies["logintoken"]
    assert server.requests("filemail") == {"login": 2, "listContacts": 4}


async def test_token_store_shared_by_books(make_book: Make, server: Server) -> None:
    tokens = MemoryTokenStore()
    for _ in range(2):
        async with make_book(tokens=tokens) as book:
            await book.contacts.list()
    async with make_book(tokens=tokens, username="other@example.com") as book:
        with pytest.raises(AuthError):
            await book.contacts.list()
    assert server.requests("filemail")["login"] == 2


async def test_empty_token_store_used(make_book: Make, server: Server) -> None:
    class Sized(MemoryTokenStore):
        def __len__(self) -> int:
            return len(self._tokens)

    tokens = Sized()
    async with make_book(tokens=tokens) as book:
        await book.contacts.list()
    assert len(tokens) == 1


@pytest.mark.parametrize("tokens", [5, "x", {}, object()])
def test_invalid_token_store_refused(tokens: Any) -> None:
    with pytest.raises(InvalidInputError, match="async get and put") as caught:
        Filemail("user@example.com", "its password", tokens=tokens)
    assert caught.value.field == "tokens"


async def test_login_without_token_is_invalid_response() -> None:
    for token in (None, "", []):
        transport = FakeTransport(reply({"responsestatus": "ok", "logintoken": token}), logins=False)
        async with book_over("filemail", transport, max_attempts=1) as book:
            with pytest.raises(InvalidResponseError, match="token"):
                await book.contacts.list()
    with pytest.raises(InvalidInputError, match="username"):
        Filemail("", "password")
