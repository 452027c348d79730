"""Concurrent callers share one login, also if one is cancelled or refused late."""

from __future__ import annotations

import anyio
import pytest
from control import Server
from fakes import TOKEN, FakeTransport, book_over, reply

from crossbook import Filemail, InvalidResponseError
from crossbook._http.request import PreparedRequest, TransportResponse

pytestmark = pytest.mark.anyio
EMPTY = reply({"responsestatus": "OK", "Contacts": []})
DEAD = {"responsestatus": "InvalidOrExpiredLoginToken", "errorcode": 2003, "errormessage": "log in again"}


@pytest.fixture
def vendor() -> str:
    return "filemail"


async def test_concurrent_calls_log_in_once(book: Filemail, server: Server) -> None:
    async def ask() -> None:
        await book.contacts.list()

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert server.requests("filemail") == {"login": 1, "listContacts": 20}


async def test_late_refusal_of_old_token_keeps_new() -> None:
    """Two requests are sent with one token. The second is refused after the first has renewed the token."""
    tokens = iter(("first", "second", "third"))
    late = anyio.Event()

    async def respond(call: PreparedRequest) -> TransportResponse:
        target = call.target.decode()
        if "login?" in target:
            return reply({"responsestatus": "ok", "logintoken": next(tokens)})
        if "first" not in target:
            return EMPTY
        if call.path.endswith("group/get"):
            await late.wait()
        return reply(DEAD)

    transport = FakeTransport(respond, logins=False)
    async with book_over("filemail", transport) as book, anyio.create_task_group() as tasks:

        async def groups() -> None:
            with pytest.raises(InvalidResponseError):  # the response has no groups
                await book.groups.list()

        tasks.start_soon(groups)
        await anyio.wait_all_tasks_blocked()
        await book.contacts.list()
        late.set()
    logins = [call for call in transport.sent if call.path.endswith("login")]
    assert len(logins) == 2


async def test_cancelled_caller_does_not_cancel_login() -> None:
    go = anyio.Event()

    async def respond(call: PreparedRequest) -> TransportResponse:
        if call.path.endswith("login"):
            await go.wait()
            return reply({"responsestatus": "ok", "logintoken": TOKEN})
        return EMPTY

    transport = FakeTransport(respond, logins=False)
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
