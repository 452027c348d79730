"""Credentials renewed while a book is open: the account and its limits stay, the old token does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from control import Server
from fakes import BASE_URL, CREDENTIALS, FakeTransport, book_over, reply
from virtual import virtually

from crossbook import AddressBook, AuthError, Filemail, InvalidInputError
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook._redaction import Secret

pytestmark = pytest.mark.anyio
NEW: dict[str, dict[str, str]] = {
    "serwersms": {**CREDENTIALS["serwersms"], "password": "renewed-password"},
    "atom": {"token": "renewed-token"},
    "filemail": {**CREDENTIALS["filemail"], "password": "renewed-password"},
    "vercom": {**CREDENTIALS["vercom"], "authorization": "renewed-authorization"},
}
EMPTY: dict[str, Any] = {
    "serwersms": {"paging": {"page": 1, "count": 1}, "items": []},
    "atom": {"status": "success", "result": []},
    "filemail": {"responsestatus": "OK", "Groups": []},
    "vercom": {"data": []},
}


def renew(book: AddressBook, credentials: dict[str, Any]) -> None:
    book.renew_credentials(**credentials)  # type: ignore[attr-defined]


def sent_by(transport: FakeTransport) -> list[str]:
    """Return all sent requests as text, with headers."""
    return [f"{call.target!r} {call.headers!r} {call.body!r}" for call in (*transport.sent, *transport.logged_in)]


async def test_open_book_uses_renewed_credentials(
    vendor: str, server: Server, make_book: Callable[..., AddressBook]
) -> None:
    """Copies by `with_options` use them too. Before the renewal the old credentials are refused."""
    renewed: dict[str, Any] = {
        name: "renewed-" + value for name, value in server.credentials[vendor].items()
        if name in ("password", "token", "authorization")
    }  # fmt: skip
    credentials = {name: value for name, value in server.credentials[vendor].items() if name != "brand"} | renewed
    async with make_book() as book:
        patient = book.with_options(timeout=50)
        await book.groups.list()
        server.renew(vendor, **renewed)
        if vendor != "filemail":  # the token of the old password is still valid
            with pytest.raises(AuthError):
                await book.groups.list()
        renew(patient, credentials)
        for each in (book, patient, book.with_options(max_attempts=2)):
            await each.groups.list()
    if vendor == "filemail":
        assert server.requests("filemail")["login"] == 2


@pytest.mark.parametrize("vendor", ["serwersms"], indirect=True)
async def test_token_replaces_password(server: Server, make_book: Callable[..., AddressBook]) -> None:
    async with make_book() as book:
        await book.groups.list()
        server.renew("serwersms", password="renewed-password")
        renew(book, {"token": server.token})
        await book.groups.list()
        with pytest.raises(InvalidInputError, match="this username belongs to another account"):
            renew(book, {"username": "other", "password": "x"})
        renew(book, {"username": "sandbox", "password": "renewed-password"})
        await book.groups.list()
        for wrong in (
            {"username": "other", "password": "x"},
            {"token": "x", "username": "sandbox"},
            {"token": "x", "password": "y"},
            {"token": " "},
        ):
            with pytest.raises(InvalidInputError):
                renew(book, wrong)
        await book.groups.list()
    async with make_book(username=None, password=None, token=server.token) as book:
        renew(book, {"username": "sandbox", "password": "renewed-password"})
        with pytest.raises(InvalidInputError, match="this username belongs to another account"):
            renew(book, {"username": "other", "password": "x"})


@pytest.mark.parametrize("vendor", ["serwersms", "filemail"], indirect=True)
async def test_other_user_name_refused(vendor: str) -> None:
    transport = FakeTransport(reply(EMPTY[vendor]))
    other = NEW[vendor] | {"username": "other@example.com"}
    book = book_over(vendor, transport)
    with pytest.raises(InvalidInputError, match="this username belongs to another account") as caught:
        renew(book, other)
    assert caught.value.field == "username"
    assert "other@" not in str(caught.value)
    renew(book_over(vendor, transport, account="ours"), other)  # `account=` names the account
    async with book:
        await book.groups.list()
    assert not [call for call in sent_by(transport) if "other" in call]


async def test_refused_request_retried_with_new_credentials(vendor: str) -> None:
    """The vendor refuses the old credentials while a request with them is in flight."""
    if vendor == "filemail":
        pytest.skip("a token is renewed by the login")
    gone = anyio.Event()
    refused = {"atom": 403, "serwersms": 401, "vercom": 401}[vendor]

    async def respond(call: PreparedRequest) -> TransportResponse:
        if b"renewed" in call.body or b"renewed" in repr(call.headers).encode():
            return reply(EMPTY[vendor])
        await gone.wait()
        return reply(b"no", refused)

    transport = FakeTransport(respond)
    async with book_over(vendor, transport) as book, anyio.create_task_group() as tasks:
        tasks.start_soon(_listed, book)
        await anyio.wait_all_tasks_blocked()
        renew(book, {name: value for name, value in NEW[vendor].items() if name != "brand"})
        gone.set()
    assert len(transport.sent) == 2


async def _listed(book: AddressBook) -> None:
    await book.groups.list()


@pytest.mark.parametrize("account", [None, "ours"])
def test_renewed_credentials_share_the_limit(vendor: str, account: str | None) -> None:
    """Two books of one account, opened with the old and the new credentials, in virtual time."""

    async def main() -> None:
        began = anyio.current_time()
        transport = FakeTransport(reply(EMPTY[vendor]))
        named = {"account": account} if account or "username" in NEW[vendor] else {}
        async with book_over(vendor, transport, rate=1, **named) as old:
            if not account and "username" not in NEW[vendor]:
                renew(old, NEW[vendor])
            async with book_over(vendor, transport, rate=1, **named, **NEW[vendor]) as new:
                for _ in range(5):
                    await old.groups.list()
                    await new.groups.list()
        assert anyio.current_time() - began == pytest.approx(9 + (vendor == "filemail"), abs=1.1)

    virtually(main)


def test_other_accounts_have_own_limit(vendor: str) -> None:
    async def main() -> None:
        began = anyio.current_time()
        transport = FakeTransport(reply(EMPTY[vendor]))
        async with (
            book_over(vendor, transport, rate=1, account="one") as one,
            book_over(vendor, transport, rate=1, account="two", **NEW[vendor]) as two,
            book_over(vendor, transport, rate=1, account="one", base_url="https://vendor.example.com/v2") as other,
        ):
            for _ in range(5):
                for book in (one, two, other):
                    await book.groups.list()
        assert anyio.current_time() - began <= 8

    virtually(main)


class SharedTokens:
    """A token store that several books share."""

    def __init__(self) -> None:
        self.tokens: dict[str, Secret | None] = {}

    async def get(self, account: str) -> Secret | None:
        return self.tokens.get(account)

    async def put(self, account: str, token: Secret | None) -> None:
        self.tokens[account] = token


@pytest.mark.parametrize("vendor", ["filemail"], indirect=True)
async def test_token_store_key_has_user_name(vendor: str) -> None:
    """A renewed password finds the token; another user name, base URL or `account=` does not."""
    store, transport = SharedTokens(), FakeTransport(reply(EMPTY[vendor]))
    for options, logins in (
        ({}, 1), ({"password": "renewed"}, 1), ({"username": "other@example.com"}, 2),
        ({"base_url": "https://other.example.com"}, 3), ({"account": "ours"}, 4),
        ({"account": "ours", "password": "renewed"}, 4),
    ):  # fmt: skip
        async with book_over(vendor, transport, tokens=store, **options) as book:
            await book.groups.list()
        assert len(transport.logged_in) == logins
    # The same key in every process; it does not reveal the user name.
    assert all(len(name) == 32 and int(name, 16) for name in store.tokens)
    plain = "\0".join(("filemail", BASE_URL, "", CREDENTIALS[vendor]["username"]))
    assert hashlib.blake2b(plain.encode(), digest_size=16).hexdigest() in store.tokens


@pytest.mark.parametrize("vendor", ["filemail"], indirect=True)
async def test_token_of_old_password_dropped(vendor: str) -> None:
    """A login that is in flight serves its own call, but its token is not stored."""
    go, logins = anyio.Event(), list[str]()

    async def respond(call: PreparedRequest) -> TransportResponse:
        target = call.target.decode()
        if "login?" not in target:
            return reply(EMPTY[vendor])
        logins.append(target)
        if "renewed" in target:
            return reply({"responsestatus": "ok", "logintoken": "new-token"})
        await go.wait()
        return reply({"responsestatus": "ok", "logintoken": "old-token"})

    store, transport = SharedTokens(), FakeTransport(respond, logins=False)
    book = book_over(vendor, transport, tokens=store)
    assert isinstance(book, Filemail)
    async with book, anyio.create_task_group() as tasks:
        tasks.start_soon(_listed, book)
        await anyio.wait_all_tasks_blocked()
        renew(book, NEW[vendor])
        await book.groups.list()
        go.set()
        await anyio.wait_all_tasks_blocked()
        await book.groups.list()
        assert [each.reveal() for each in store.tokens.values() if each] == ["new-token"]
    used = [call.target.decode().partition("logintoken=")[2] for call in transport.sent]
    assert [token for token in used if token] == ["new-token", "old-token", "new-token"]
    assert len(logins) == 2


@pytest.mark.parametrize("wrong", ["", "  ", 5, ["x"]])
def test_invalid_account_refused(vendor: str, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="account must be the name") as caught:
        book_over(vendor, FakeTransport(reply({})), account=wrong)
    assert caught.value.field == "account"
