"""A thousand callers and a login that is refused, hangs or fails: in virtual time."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import reply
from logins import CALLERS, WRONG, Account, SlowTokens, Storm
from virtual import virtually

from crossbook import Attempt, AuthError, ConnectError, VendorUnavailableError


def test_wrong_password_fails_fast_during_backoff() -> None:
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
                assert len({id(error) for error in storm.errors}) == CALLERS, "each caller gets its own error"
                await anyio.sleep(12)
            await anyio.sleep(30)
            storm = Storm(book)
            await storm.run()
            assert (storm.done, account.logins) == (CALLERS, 3), "the password is right again"

    virtually(main)


def test_changed_password_does_not_stop_a_valid_token() -> None:
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


def test_hanging_login_does_not_exceed_callers_timeouts() -> None:
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


def test_login_that_timed_out_starts_again() -> None:
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


def test_login_is_retried_and_fails_for_all_callers() -> None:
    async def main() -> None:
        account = Account()
        down = reply(b"", 503)
        account.says = [down, down]
        async with account.book() as book:
            storm = Storm(book)
            await storm.run()
            assert (storm.done, account.logins) == (CALLERS, 3), "the login has its own attempts"
            account.expire()
            account.says = [down] * 4
            storm = Storm(book)
            await storm.run()
            assert {type(error) for error in storm.errors} == {VendorUnavailableError}
            assert account.logins == 7
            await book.contacts.list()
            assert account.logins == 8, "an outage starts no backoff"

    virtually(main)


def test_closing_ends_all_waits_for_a_login() -> None:
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
def test_failed_login_keeps_that_attempt_may_have_happened(kept: bool) -> None:
    """The first attempt may have happened. The error says so, although the last attempt was never sent."""

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
