"""Closing a book ends the calls that wait for a permit or for their next attempt."""

from __future__ import annotations

import gc
import math
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from fakes import FakeTransport, book_over, reply
from runs import FOUND, LOST
from virtual import virtually

from crossbook import AddressBook, ConnectError, CrossbookError, NoResponseError, RateLimitError, VendorUnavailableError
from crossbook._http.request import PreparedRequest, TransportResponse


async def hangs(call: PreparedRequest) -> TransportResponse:
    await anyio.sleep_forever()
    raise AssertionError("it never ends")


def ends(*answers: Any, calls: int = 1, after: float = 1, **options: Any) -> list[CrossbookError]:
    """Return the error of each call of a book that closed this number of seconds after they began."""
    errors: list[CrossbookError] = []

    async def call(book: AddressBook) -> None:
        try:
            await book.with_options(max_attempts=9, timeout=900).contacts.get("1")
        except CrossbookError as error:
            errors.append(error)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            async with book_over("vercom", FakeTransport(*answers), **options) as book:
                for _ in range(calls):
                    group.start_soon(call, book)
                await anyio.sleep(after)
            await anyio.sleep(1)  # of virtual time
            group.cancel_scope.cancel()

    virtually(main)
    return errors


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(b"", 429, retry_after="600"), RateLimitError),
        (reply(b"", 503, retry_after="600"), VendorUnavailableError),
    ],
)
def test_closing_ends_a_backoff_with_the_last_error(answer: TransportResponse, kind: type[CrossbookError]) -> None:
    (error,) = ends(answer)
    assert (type(error), error.attempts, error.operation) == (kind, 1, "listContacts")


@pytest.mark.parametrize("first", [LOST, reply(b"", 503), reply(b"{")], ids=["lost", "down", "garbage"])
def test_closing_keeps_that_an_attempt_may_have_happened(first: Any) -> None:
    (error,) = ends(first, reply(b"", 429, retry_after="600"), after=100)
    assert (type(error), error.attempts, error.earlier) == (RateLimitError, 2, "maybe")


def test_closing_ends_a_wait_for_capacity_as_unsent() -> None:
    (error,) = ends(hangs, calls=2, concurrency=1)
    assert (type(error), error.sent, error.cause, error.operation) == (ConnectError, "no", "closed", "listContacts")


def test_closing_ends_a_wait_for_a_permit_as_unsent() -> None:
    errors = ends(FOUND, calls=4, rate=0.005)
    assert {type(error) for error in errors} == {ConnectError}
    assert len(errors) == 3


def test_closing_ends_a_retry_wait_with_last_error() -> None:
    """Over a user's client, which continues when a book closes."""
    errors = ends(LOST, hangs, calls=2, concurrency=1, after=100)
    assert [type(error) for error in errors] == [NoResponseError]


def test_open_book_keeps_no_finished_waits() -> None:
    def scopes() -> int:
        gc.collect()
        # trio itself keeps scopes with a deadline for a while.
        return sum(type(each).__name__ == "CancelScope" and each.deadline == math.inf for each in gc.get_objects())

    async def main() -> None:
        async with book_over("vercom", FakeTransport(FOUND), concurrency=1) as book:
            counts: list[int] = []
            for _ in range(2):
                async with anyio.create_task_group() as group:
                    for _ in range(20):
                        group.start_soon(book.contacts.get, "1")
                counts.append(scopes())
            assert counts[1] - counts[0] < 10

    virtually(main)


@pytest.mark.anyio
async def test_closing_ends_waits_on_each_event_loop() -> None:
    errors: list[CrossbookError] = []
    transport = FakeTransport(reply(b"", 429, retry_after="600"))

    async def call(book: AddressBook) -> None:
        with pytest.raises(CrossbookError) as caught:
            await book.with_options(timeout=900).contacts.get("1")
        errors.append(caught.value)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group, book_over("vercom", transport) as book:
            group.start_soon(call, book)
            group.start_soon(call, book)
            while not transport.sent:
                await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
    assert [type(error) for error in errors] == [RateLimitError] * 2
