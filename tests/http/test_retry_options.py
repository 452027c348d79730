"""Options, quota and limiter bound the retries of a call; an earlier attempt may have succeeded."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import FakeTransport, book_over, book_without_capacity, reply
from runs import DOWN, FOUND, LOST, REFUSED, Run
from virtual import virtually

from crossbook import (
    AddressBook,
    Attempt,
    CrossbookError,
    InvalidInputError,
    NotFoundError,
    RateLimitError,
    VendorUnavailableError,
)
from crossbook._http.request import TransportResponse

GONE = reply({"errors": [{"title": "no such contact", "code": "E-1"}], "meta": {}}, 404)
REPEATS = 100  # the quota of an account


class Vendor(FakeTransport):
    """Returns the same response until another one is set."""

    def __init__(self, says: TransportResponse) -> None:
        super().__init__(lambda _call: self.says)
        self.says = says


async def failing(book: AddressBook, times: int) -> None:
    for _ in range(times):
        with pytest.raises(VendorUnavailableError):
            await book.contacts.get("1")


def test_empty_quota_ends_retries_until_successes() -> None:
    vendor = Vendor(DOWN)

    async def main() -> None:
        async with book_over("vercom", vendor) as book:
            await failing(book, 200)
            assert len(vendor.sent) == 200 + REPEATS
            vendor.says = FOUND
            for _ in range(5):
                await book.contacts.get("1")
            vendor.says = DOWN
            del vendor.sent[:]
            await failing(book, 3)
            assert len(vendor.sent) == 3 + 1, "five successes allow one retry"

    virtually(main)


def test_quota_belongs_to_the_account() -> None:
    first, second, other = (FakeTransport(DOWN) for _ in range(3))

    async def main() -> None:
        async with book_over("vercom", first) as a, book_over("vercom", second) as b:
            await failing(a.with_options(max_attempts=2), REPEATS)
            await failing(b, 5)
            assert (len(first.sent), len(second.sent)) == (2 * REPEATS, 5)
        async with book_over("vercom", other, authorization="another", max_attempts=2) as c:
            await failing(c, 5)
            assert len(other.sent) == 10

    virtually(main)


def test_refusal_does_not_use_the_quota() -> None:
    vendor = Vendor(GONE)

    async def main() -> None:
        async with book_over("vercom", vendor) as book:
            for _ in range(2 * REPEATS):
                with pytest.raises(CrossbookError):
                    await book.contacts.delete("1")
            vendor.says = DOWN
            del vendor.sent[:]
            await failing(book, 1)
            assert len(vendor.sent) == 4

    virtually(main)


def test_every_attempt_takes_a_permit() -> None:
    run = Run(DOWN, DOWN, DOWN, FOUND, rate=0.1)
    assert run.error is None
    assert run.seconds == pytest.approx(30, abs=0.5), "one permit in ten seconds, whatever the backoff"


def test_queue_timeout_fails_before_anything_is_sent() -> None:
    async def main() -> None:
        transport = FakeTransport(FOUND)
        async with book_over("vercom", transport, rate=0.2, queue_timeout=4) as book:
            await book.contacts.get("1")
            began = anyio.current_time()
            with pytest.raises(RateLimitError, match="queue_timeout") as caught:
                await book.contacts.get("1")
            error = caught.value
            assert anyio.current_time() == began
            assert (error.sent, error.attempts, error.operation, error.status) == ("no", 0, "listContacts", None)
            assert error.retry_after == pytest.approx(5, abs=0.1)
            await book.with_options(queue_timeout=6).contacts.get("1")
            assert len(transport.sent) == 2

    virtually(main)


def test_queue_timeout_covers_the_wait_for_capacity() -> None:
    """A call that waits for capacity was not sent, and its error says so."""

    async def main() -> None:
        async with book_without_capacity(FOUND) as book:
            began = anyio.current_time()
            with pytest.raises(RateLimitError) as caught:
                await book.with_options(queue_timeout=2, timeout=5).contacts.get("1")
            assert anyio.current_time() - began == pytest.approx(2)
            assert caught.value.sent == "no"

    virtually(main)


def test_with_options_overrides_the_book() -> None:
    seen: list[Attempt] = []

    async def main() -> None:
        transport = FakeTransport(DOWN)
        async with book_over("vercom", transport, max_attempts=2) as book:
            for copy, made in ((book, 2), (book.with_options(max_attempts=3), 3), (book, 2)):
                del transport.sent[:]
                await failing(copy, 1)
                assert len(transport.sent) == made
            await failing(book.with_options(on_attempt=seen.append), 1)
            await failing(book, 1)
            assert len(seen) == 2
            for wrong in ({"max_attempts": 0}, {"timeout": -1}, {"timeout": "3"}, {"retries": 3}):
                with pytest.raises(InvalidInputError) as caught:
                    book.with_options(**wrong)  # type: ignore[call-arg, arg-type]
                assert caught.value.field == next(iter(wrong))

    virtually(main)


@pytest.mark.parametrize(
    ("before", "gone"), [((LOST,), True), ((DOWN,), True), ((reply(b""),), True), ((LOST, REFUSED), True),
                         ((), False), ((REFUSED,), False), ((reply(b"", 429),), False)], ids=str,
)  # fmt: skip
def test_delete_retry_that_finds_nothing_succeeds(before: Any, gone: bool) -> None:
    run = Run(*before, GONE, act=lambda book: book.contacts.delete("1"))
    if gone:
        assert run.error is None
    else:
        assert isinstance(run.error, NotFoundError)
        assert run.error.earlier == "no"


def test_group_delete_retry_that_finds_nothing_succeeds() -> None:
    assert Run(LOST, GONE, act=lambda book: book.groups.delete("1")).error is None
    assert isinstance(Run(GONE, act=lambda book: book.groups.delete("1")).error, NotFoundError)
