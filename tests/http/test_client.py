"""One call and its attempts: what is retried, how often, and what a hook sees."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import FakeTransport, book_over, reply
from runs import DOWN, FOUND, LOST, REFUSED, Run, create
from virtual import virtually

from crossbook import AddressBook, Attempt, NoResponseError, VendorUnavailableError
from crossbook._http.request import PreparedRequest, TransportFailure


@pytest.mark.parametrize("trouble", [DOWN, LOST, REFUSED, reply(b"{"), reply(b"", 429)], ids=str)
def test_read_is_retried_until_it_succeeds(trouble: Any) -> None:
    run = Run(trouble, trouble, FOUND)
    assert run.error is None
    assert [attempt.number for attempt in run.seen] == [1, 2, 3]
    assert [attempt.wait is None for attempt in run.seen] == [False, False, True]
    waits = sum(attempt.wait or 0 for attempt in run.seen)
    # A throttled call also waits for the account's next permit, at the rate that was learned.
    assert run.seconds >= waits - 1e-6
    assert run.seconds == pytest.approx(waits) or getattr(trouble, "status", 0) == 429
    assert run.seen[0].cause
    assert run.seen[-1].cause is None


def test_call_fails_after_max_attempts() -> None:
    for attempts in (1, 2, 4):
        run = Run(DOWN, max_attempts=attempts)
        assert isinstance(run.error, VendorUnavailableError)
        assert (run.error.attempts, len(run.transport.sent)) == (attempts, attempts)


@pytest.mark.parametrize(
    ("trouble", "times"), [(DOWN, 1), (LOST, 1), (reply(b"{"), 1), (REFUSED, 4), (reply(b"", 429), 4)], ids=str
)
def test_create_is_retried_only_if_nothing_happened(trouble: Any, times: int) -> None:
    run = Run(trouble, act=create)
    assert run.error is not None
    assert len(run.transport.sent) == times


def test_202_is_polled_and_costs_no_attempt() -> None:
    working = reply({"meta": {}, "data": []}, 202, retry_after="3")
    run = Run(*[working] * 9, FOUND, max_attempts=1)
    assert run.error is None
    assert (len(run.transport.sent), 27 <= run.seconds <= 30) == (10, True)
    run = Run(working, timeout=10)
    assert isinstance(run.error, VendorUnavailableError)
    assert (run.error.status, run.seconds <= 10) == (202, True)


def test_unavailable_vendor_gets_few_retries() -> None:
    """Retries draw on the quota of the account, whatever `max_attempts` allows."""

    async def calls(book: AddressBook) -> None:
        for _ in range(100):
            with pytest.raises(VendorUnavailableError):
                await book.contacts.get("1")

    run = Run(DOWN, act=calls)
    assert len(run.transport.sent) == 100 + 100


def test_on_attempt_gets_each_attempt() -> None:
    run = Run(DOWN, FOUND)
    first, second = run.seen
    assert (first.vendor, first.operation, first.status, first.sent) == ("vercom", "listContacts", 503, "yes")
    assert (first.cause, second.cause, second.wait) == ("VendorUnavailableError", None, None)
    run = Run(LOST, max_attempts=1)
    assert [(seen.status, seen.sent, seen.cause) for seen in run.seen] == [(None, "maybe", "ReadError")]


@pytest.mark.anyio
async def test_call_is_not_retried_after_its_book_closed() -> None:
    asked, closed = anyio.Event(), anyio.Event()
    seen: list[Attempt] = []

    async def cut(call: PreparedRequest) -> TransportFailure:
        asked.set()
        await closed.wait()
        return TransportFailure("lost", "maybe", "closed")

    async def read() -> None:
        with pytest.raises(NoResponseError) as caught:
            await book.with_options(on_attempt=seen.append).contacts.get("1")
        assert (caught.value.attempts, caught.value.sent) == (1, "maybe")

    transport = FakeTransport(cut)
    async with anyio.create_task_group() as group:
        async with book_over("vercom", transport) as book:
            group.start_soon(read)
            await asked.wait()
        closed.set()
    assert len(transport.sent) == 1
    assert [attempt.wait for attempt in seen] == [None]


def test_retry_without_permit_raises_the_last_error() -> None:
    """The first attempt may have happened. The error says so, and not that there was no permit."""

    async def hangs(call: PreparedRequest) -> Any:
        await anyio.sleep_forever()

    async def main() -> None:
        async with (
            book_over("vercom", FakeTransport(LOST, hangs), concurrency=1) as book,
            anyio.create_task_group() as group,
        ):
            group.start_soon(book.with_options(timeout=900).contacts.get, "2")
            with pytest.raises(NoResponseError) as caught:
                await book.with_options(timeout=5).contacts.get("1")
            assert caught.value.attempts == 1
            group.cancel_scope.cancel()

    virtually(main)
