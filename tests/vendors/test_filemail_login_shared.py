"""Many callers, one login: whoever waits, whoever gives up, whoever comes late."""

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


async def test_many_at_once_log_in_once(book: Filemail, server: Server) -> None:
    async def ask() -> None:
        await book.contacts.list()

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert server.requests("filemail") == {"login": 1, "listContacts": 20}


async def test_a_late_refusal_of_an_old_token_does_not_log_in_again() -> None:
    """Two requests leave with one token; the second is refused when the first has renewed it long ago."""
    tokens = iter(("first", "second", "third"))
    late = anyio.Event()

    async def answer(call: PreparedRequest) -> TransportResponse:
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
            with pytest.raises(InvalidResponseError):  # it has no groups in it
                await book.groups.list()

        tasks.start_soon(groups)
        await anyio.wait_all_tasks_blocked()
        await book.contacts.list()
        late.set()
    logins = [call for call in transport.sent if call.path.endswith("login")]
    assert len(logins) == 2


async def test_the_caller_who_gives_up_does_not_take_the_login_from_the_others() -> None:
    go = anyio.Event()

    async def answer(call: PreparedRequest) -> TransportResponse:
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
