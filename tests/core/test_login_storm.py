"""A thousand callers and one login: who leads, who gives up, who comes late, who shares."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import reply
from logins import WRONG, Account, SlowTokens
from virtual import virtually

from crossbook import AddressBook, Attempt, AuthError, ConnectError, CrossbookError, VendorDown
from crossbook.core.auth import MemoryTokens

CALLERS = 1_000


class Storm:
    """Many calls at once, and what came of them."""

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


@pytest.mark.anyio
@pytest.mark.parametrize("warm", [False, True], ids=["no token yet", "a dead token"])
async def test_one_login_for_all(warm: bool) -> None:
    account = Account()
    async with account.book() as book:
        if warm:
            await book.contacts.list()
            account.expire()
        storm = Storm(book)
        await storm.run()
    assert (storm.done, storm.errors) == (CALLERS, [])
    assert account.logins == (2 if warm else 1)


@pytest.mark.anyio
@pytest.mark.parametrize("warm", [False, True], ids=["no token yet", "a dead token"])
async def test_one_login_also_when_who_began_it_gives_up(warm: bool) -> None:
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


@pytest.mark.anyio
async def test_a_login_that_nobody_waits_for_any_more_serves_the_next() -> None:
    account = Account()
    async with account.book() as book:
        account.go = anyio.Event()
        with anyio.move_on_after(0.05):
            await Storm(book).run(50)
        account.go.set()
        await book.contacts.list()
    assert account.logins == 1


@pytest.mark.anyio
async def test_late_refusals_of_an_old_token_do_not_log_in_again() -> None:
    """Half are refused at once, and renew the token; the others hear of the old one long afterwards."""
    account = Account()
    async with account.book(concurrency=CALLERS) as book, anyio.create_task_group() as tasks:
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


@pytest.mark.anyio
async def test_one_place_in_flight_is_enough() -> None:
    """A call holds its place while it waits for the login, which therefore needs none."""
    account = Account()
    async with account.book(concurrency=1) as book:
        for _ in range(2):
            with anyio.fail_after(5):
                await Storm(book).run(20)
            account.expire()
    assert account.logins == 2


@pytest.mark.anyio
async def test_a_token_store_that_two_books_share() -> None:
    """Whoever logs in does it for both, also where the store takes its time."""
    account = Account()
    for tokens in (MemoryTokens(), SlowTokens()):
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
            assert account.logins <= 4, "at most one a book"


@pytest.mark.anyio
async def test_a_slow_store_does_not_hide_a_login_that_has_just_ended() -> None:
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


def test_a_wrong_password_is_tried_once_and_then_fails_fast_for_a_while() -> None:
    async def main() -> None:
        account = Account()
        account.says = [WRONG] * 2
        async with account.book() as book:
            for logins in (1, 1, 1, 2):
                storm = Storm(book)
                await storm.run()
                assert (account.logins, account.requests, storm.done) == (logins, 0, 0)
                assert {(type(error), error.code, error.operation) for error in storm.errors} == {
                    (AuthError, "2001", "login")
                }
                assert len({id(error) for error in storm.errors}) == CALLERS, "to each its own"
                await anyio.sleep(12)
            await anyio.sleep(30)
            storm = Storm(book)
            await storm.run()
            assert (storm.done, account.logins) == (CALLERS, 3), "it is right again"

    virtually(main)


def test_a_password_that_changed_under_a_living_token() -> None:
    async def main() -> None:
        account = Account()
        seen: list[Attempt] = []
        async with account.book(on_attempt=seen.append) as book:
            await book.contacts.list()
            account.expire()
            account.says = [WRONG]
            del seen[:]
            with pytest.raises(AuthError):
                await book.contacts.list()
            assert [(attempt.operation, attempt.cause, attempt.wait) for attempt in seen] == [
                ("login", "AuthError", None), ("listContacts", "AuthError", None),
            ]  # fmt: skip
            requests = account.requests
            with pytest.raises(AuthError):
                await book.contacts.list()
            assert (account.requests, account.logins) == (requests, 2)

    virtually(main)


def test_a_login_that_hangs_holds_nobody_longer_than_they_wait() -> None:
    async def main() -> None:
        account = Account()
        account.seconds = 20
        async with account.book() as book, anyio.create_task_group() as tasks:
            patient = Storm(book)
            tasks.start_soon(patient.run)
            began = anyio.current_time()
            for timeout in (3, 5):
                hasty = Storm(book.with_options(timeout=timeout))
                await hasty.run()
                for error in hasty.errors:
                    assert isinstance(error, ConnectError)
                    assert (error.vendor, error.operation, error.sent) == ("filemail", "login", "no")
                assert len(hasty.errors) == CALLERS
            assert anyio.current_time() - began == pytest.approx(8, abs=0.1)
        assert (patient.done, account.logins) == (CALLERS, 1)

    virtually(main)


def test_a_login_that_never_ends_is_given_up_and_begun_anew() -> None:
    async def main() -> None:
        account = Account()
        account.seconds = 1000
        async with account.book(timeout=10, attempts=1) as book:
            for logins in (1, 2):
                storm = Storm(book)
                await storm.run()
                assert (len(storm.errors), account.logins) == (CALLERS, logins)
                await anyio.sleep(1)
            account.seconds = 0
            await book.contacts.list()
        assert account.logins == 3

    virtually(main)


def test_a_vendor_that_is_down_at_the_login_is_tried_again_and_then_told_to_all() -> None:
    async def main() -> None:
        account = Account()
        down = reply(b"", 503)
        account.says = [down, down]
        async with account.book() as book:
            storm = Storm(book)
            await storm.run()
            assert (storm.done, account.logins) == (CALLERS, 3), "the login has attempts of its own"
            account.expire()
            account.says = [down] * 4
            storm = Storm(book)
            await storm.run()
            assert {type(error) for error in storm.errors} == {VendorDown}
            assert account.logins == 7
            await book.contacts.list()
            assert account.logins == 8, "that is no refusal: nothing has to be waited for"

    virtually(main)


def test_a_book_that_closes_leaves_nobody_waiting_for_its_login() -> None:
    async def main() -> None:
        account = Account()
        account.seconds = 1000
        storm: Any = None
        async with anyio.create_task_group() as tasks, account.book() as book:
            storm = Storm(book)
            tasks.start_soon(storm.run)
            await anyio.sleep(1)
        assert len(storm.errors) == CALLERS
        assert anyio.current_time() < 10

    virtually(main)
