"""A thousand callers share one login: the first, those that give up, late ones, and two books."""

from __future__ import annotations

import anyio
import pytest
from logins import CALLERS, Account, SlowTokens, Storm

from crossbook._http.auth import MemoryTokenStore

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("warm", [False, True], ids=["no token yet", "a dead token"])
async def test_one_login_for_all_callers(warm: bool) -> None:
    account = Account()
    async with account.book() as book:
        if warm:
            await book.contacts.list()
            account.expire()
        storm = Storm(book)
        await storm.run()
    assert (storm.done, storm.errors) == (CALLERS, [])
    assert account.logins == (2 if warm else 1)


@pytest.mark.parametrize("warm", [False, True], ids=["no token yet", "a dead token"])
async def test_login_continues_after_its_first_caller_gave_up(warm: bool) -> None:
    account = Account()
    async with account.book(concurrency=CALLERS) as book, anyio.create_task_group() as tasks:
        if warm:
            await book.contacts.list()
            account.expire()
        logins = account.logins
        account.go = anyio.Event()
        storm, leader = Storm(book), anyio.CancelScope()

        async def lead() -> None:
            with leader:
                await storm.call(book)

        tasks.start_soon(lead)
        await anyio.wait_all_tasks_blocked()
        assert account.logins == logins + 1
        tasks.start_soon(storm.run)
        await anyio.wait_all_tasks_blocked()
        leader.cancel()
        await anyio.wait_all_tasks_blocked()
        account.go.set()
    assert (storm.done, storm.errors, account.logins) == (CALLERS, [], logins + 1)


async def test_login_without_callers_serves_the_next_call() -> None:
    account = Account()
    async with account.book() as book:
        account.go = anyio.Event()
        with anyio.move_on_after(0.05):
            await Storm(book).run(50)
        account.go.set()
        await book.contacts.list()
    assert account.logins == 1


async def test_late_refusal_of_old_token_starts_no_login() -> None:
    """Half of the calls are refused at once and renew the token. The others are refused much later."""
    account = Account()
    async with account.book(concurrency=2 * CALLERS) as book, anyio.create_task_group() as tasks:
        await book.contacts.list()
        account.expire()
        account.late = anyio.Event()
        late = Storm(book)
        tasks.start_soon(late.run)
        await anyio.wait_all_tasks_blocked()
        now, account.late = account.late, anyio.Event()
        account.late.set()
        early = Storm(book)
        await early.run()
        assert (early.done, account.logins) == (CALLERS, 2)
        now.set()
    assert (late.done, account.logins) == (CALLERS, 2)


async def test_login_works_with_concurrency_of_one() -> None:
    """A call keeps its capacity while it waits for the login, so the login needs none."""
    account = Account()
    async with account.book(concurrency=1) as book:
        for _ in range(2):
            with anyio.fail_after(60):
                await Storm(book).run(20)
            account.expire()
    assert account.logins == 2


async def test_two_books_share_a_token_store() -> None:
    """One login serves both books, also with a slow store."""
    account = Account()
    for tokens in (MemoryTokenStore(), SlowTokens()):
        account.logins = 0
        async with account.book(tokens=tokens) as one, account.book(tokens=tokens) as two:
            await one.contacts.list()
            await two.contacts.list()
            assert account.logins == 1
            account.expire()
            await one.contacts.list()
            await two.contacts.list()
            assert account.logins == 2
            account.expire()
            storm = Storm(one, two)
            await storm.run(200)
            assert (storm.done, storm.errors) == (200, [])
            assert account.logins <= 4, "at most one login for each book"


async def test_slow_store_does_not_hide_a_finished_login() -> None:
    account = Account()
    async with account.book(tokens=SlowTokens(), concurrency=CALLERS) as book:
        await book.contacts.list()
        for renewed in (2, 3):
            account.expire()
            storm = Storm(book)
            async with anyio.create_task_group() as tasks:
                for _ in range(40):
                    tasks.start_soon(storm.run, 5)
                    await anyio.sleep(0.001)
            assert (storm.done, account.logins) == (200, renewed)
