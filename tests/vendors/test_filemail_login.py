"""Filemail's login: by itself, once for all who wait, again when the token is dead, and never again and again."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from control import Server
from fakes import TOKEN, FakeTransport, book_over, reply

from crossbook import AddressBook, AuthError, BadResponse, CrossbookError, Filemail, InvalidInput
from crossbook.core.auth import MemoryTokens
from crossbook.core.exchange import Outgoing, Reply

pytestmark = pytest.mark.anyio
Make = Callable[..., AddressBook]
EMPTY = reply({"responsestatus": "OK", "Contacts": []})
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


async def test_many_at_once_log_in_once(book: Filemail, server: Server) -> None:
    async def ask() -> None:
        await book.contacts.list()

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert server.requests("filemail") == {"login": 1, "listContacts": 20}


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


async def test_a_late_refusal_of_an_old_token_does_not_log_in_again() -> None:
    """Two requests leave with one token; the second is refused when the first has renewed it long ago."""
    tokens = iter(("first", "second", "third"))
    late = anyio.Event()

    async def answer(call: Outgoing) -> Reply:
        target = call.target.decode()
        if "login?" in target:
            return reply({"responsestatus": "ok", "logintoken": next(tokens)})
        if "first" not in target:
            return EMPTY
        if call.path.endswith("group/get"):
            await late.wait()
        return reply(DEAD)

    transport = FakeTransport(answer, logins=False)
    async with book_over("filemail", transport) as book, anyio.create_task_group() as tasks:

        async def groups() -> None:
            with pytest.raises(BadResponse):  # it has no groups in it
                await book.groups.list()

        tasks.start_soon(groups)
        await anyio.wait_all_tasks_blocked()
        await book.contacts.list()
        late.set()
    logins = [call for call in transport.sent if call.path.endswith("login")]
    assert len(logins) == 2


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
    tokens = MemoryTokens()
    for _ in range(2):
        async with make_book(tokens=tokens) as book:
            await book.contacts.list()
    async with make_book(tokens=tokens, username="other@example.com") as book:
        with pytest.raises(AuthError):
            await book.contacts.list()
    assert server.requests("filemail")["login"] == 2


async def test_a_login_without_a_token_is_no_login() -> None:
    for token in (None, "", []):
        transport = FakeTransport(reply({"responsestatus": "ok", "logintoken": token}), logins=False)
        async with book_over("filemail", transport, attempts=1) as book:
            with pytest.raises(BadResponse, match="token"):
                await book.contacts.list()
    with pytest.raises(InvalidInput, match="username"):
        Filemail("", "password")


async def test_the_caller_who_gives_up_does_not_take_the_login_from_the_others() -> None:
    go = anyio.Event()

    async def answer(call: Outgoing) -> Reply:
        if call.path.endswith("login"):
            await go.wait()
            return reply({"responsestatus": "ok", "logintoken": TOKEN})
        return EMPTY

    transport = FakeTransport(answer, logins=False)
    done: list[int] = []
    async with book_over("filemail", transport) as book, anyio.create_task_group() as tasks:
        leader = anyio.CancelScope()

        async def first() -> None:
            with leader:
                await book.contacts.list()

        async def other() -> None:
            await book.contacts.list()
            done.append(1)

        tasks.start_soon(first)
        await anyio.wait_all_tasks_blocked()
        for _ in range(5):
            tasks.start_soon(other)
        await anyio.wait_all_tasks_blocked()
        leader.cancel()
        await anyio.wait_all_tasks_blocked()
        go.set()
    assert len(done) == 5
    assert [call.path.rpartition("/")[2] for call in transport.sent] == ["login"] + ["get"] * 5
