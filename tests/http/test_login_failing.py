"""A thousand callers and a login that is refused, hangs, or does not come about: in virtual time."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import reply
from logins import CALLERS, WRONG, Account, SlowTokens, Storm
from virtual import virtually

from crossbook import Attempt, AuthError, ConnectError, VendorUnavailableError


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
        async with account.book(concurrency=3 * CALLERS) as book, anyio.create_task_group() as tasks:
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
        async with account.book(timeout=10, max_attempts=1, concurrency=CALLERS) as book:
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
            assert {type(error) for error in storm.errors} == {VendorUnavailableError}
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


@pytest.mark.parametrize("kept", [True, False], ids=["a dead token", "no token any more"])
def test_a_login_that_fails_between_two_attempts_leaves_the_first_one_said(kept: bool) -> None:
    """The first attempt may have been done: that the last never left is not all that is to be said."""

    async def main() -> None:
        account, tokens = Account(), SlowTokens()

        def seen(attempt: Attempt) -> None:
            if attempt.sent == "maybe" and not kept:
                tokens.tokens.clear()

        async with account.book(tokens=tokens, on_attempt=seen) as book:
            await book.contacts.list()
            account.lose = 1
            account.says = [WRONG]
            with pytest.raises(AuthError) as caught:
                await book.contacts.update("5", name="Anna")
            assert (caught.value.operation, caught.value.sent, caught.value.earlier) == ("login", "no", "maybe")

    virtually(main)
