"""How long a call, a page and the items of a batch wait for a permit and a `Retry-After`, in virtual time."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import FakeTransport, book_over, book_without_capacity, reply
from runs import LOST
from virtual import virtually

from crossbook import CrossbookError, InvalidInputError, NoResponseError, RateLimitError, VendorUnavailableError
from crossbook._http.options import CallOptions
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook.book import check_health

LISTED = reply({"meta": {}, "data": []})
DONE = reply({"status": "success", "result": []})


def throttled(seconds: float) -> TransportResponse:
    return reply(b"", 429, retry_after=str(seconds))


async def fail(call: Any) -> tuple[RateLimitError, float]:
    """Return the error, and the seconds until it came."""
    began = anyio.current_time()
    with pytest.raises(RateLimitError) as caught:
        await call
    return caught.value, anyio.current_time() - began


def test_timeout_ends_the_wait_for_a_permit() -> None:
    """Hanging calls use the capacity, so that the length of the wait cannot be known before."""

    async def main() -> None:
        async with book_without_capacity(LISTED) as book:
            hurried = book.with_options(timeout=5)
            for call in (hurried.contacts.get("2"), hurried.contacts.list()):
                error, seconds = await fail(call)
                assert (seconds, error.sent, error.attempts) == (5, "no", 0)
                assert error.retry_after == 0
                assert "no permit from the rate limiter within 5 s (timeout)" in error.message

    virtually(main)


def test_request_gets_time_left_after_the_permit() -> None:
    async def main() -> None:
        transport = FakeTransport(LISTED)
        async with book_over("vercom", transport, rate=0.5, timeout=3, read_timeout=9) as book:
            await book.groups.list()
            await book.groups.list()
            await book.with_options(queue_timeout=5).groups.list()
        assert [call.read_timeout for call in transport.sent] == pytest.approx([3, 1, 3])

    virtually(main)


def test_wait_for_a_permit_ends_a_login_in_time() -> None:
    """The calls that wait for a login have the same time as any other call."""

    async def main() -> None:
        async def answer(call: PreparedRequest) -> TransportResponse:
            await anyio.sleep(4)
            return reply({"responsestatus": "ok", "logintoken": "x"})

        async with book_over("filemail", FakeTransport(answer, logins=False), concurrency=1) as book:
            began, ended = anyio.current_time(), list[float]()

            async def ask() -> None:
                with pytest.raises(CrossbookError) as caught:
                    await book.with_options(timeout=3).contacts.list()
                assert caught.value.sent == "no"
                ended.append(anyio.current_time() - began)

            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(ask)
            assert ended == pytest.approx([3, 3, 3])

    virtually(main)


def test_timeout_covers_the_permit_of_a_retry() -> None:
    async def slowly(call: PreparedRequest) -> TransportResponse | TransportFailure:
        await anyio.sleep(3)
        return LOST if len(transport.sent) == 1 else LISTED

    transport = FakeTransport(slowly)

    async def main() -> None:
        async with book_over("vercom", transport, rate=0.25, timeout=6) as book:
            began = anyio.current_time()
            with pytest.raises(NoResponseError) as caught:
                await book.groups.list()
            assert (caught.value.cause, len(transport.sent)) == ("deadline", 2)
            assert anyio.current_time() - began == pytest.approx(6)

    virtually(main)


def test_queue_timeout_is_for_the_first_permit() -> None:
    """The permit of a retry may take the rest of the call's time."""

    async def main() -> None:
        transport = FakeTransport(LOST, LISTED)
        async with book_over("vercom", transport, rate=0.25, timeout=20, queue_timeout=1) as book:
            began = anyio.current_time()
            await book.groups.list()
            assert anyio.current_time() - began == pytest.approx(4)

    virtually(main)


def test_retry_after_beyond_timeout_fails_all_at_once() -> None:
    async def main() -> None:
        transport = FakeTransport(throttled(30))
        async with book_over("vercom", transport, timeout=5) as book:
            for _ in range(2):
                error, seconds = await fail(book.groups.list())
                assert seconds == 0
                assert error.retry_after == pytest.approx(30)
            assert str(error) == (
                "vercom.listGroups: the vendor requires a wait of more than 5 s (timeout); nothing was sent: "
                "call again after that wait (retry_after) (retry after 30 s)"
            )
        assert len(transport.sent) == 1

    virtually(main)


@pytest.mark.parametrize("options", [CallOptions(timeout=5), CallOptions(queue_timeout=5)], ids=str)
def test_wait_that_ends_while_the_vendor_is_closed_says_so(options: CallOptions) -> None:
    """The first call is in flight and gets a Retry-After while the second waits for its capacity."""

    async def main() -> None:
        async def refuses(call: PreparedRequest) -> TransportResponse:
            await anyio.sleep(3)
            return throttled(1e9)

        async with (
            book_over("vercom", FakeTransport(refuses), concurrency=1) as book,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(fail, book.groups.list())
            await anyio.sleep(1)
            error, seconds = await fail(book.with_options(**options).groups.list())
            assert seconds == 2
            assert f"the vendor requires a wait of more than 5 s ({next(iter(options))})" in error.message
            assert "send fewer" not in error.message
            assert "(retry after 31.7 years)" in str(error)

    virtually(main)


class Deletes:
    """Run a batch of deletes; return the statuses, the errors and the duration."""

    def __init__(self, *answers: TransportResponse, count: int = 1, batch: Any = None, **options: Any) -> None:
        self.transport = FakeTransport(*answers)
        self.errors: list[Any] = []
        self._count, self._batch, self._options = count, batch or {}, options
        virtually(self._run)

    async def _run(self) -> None:
        async with book_over("atom", self.transport, **self._options) as book:
            began = anyio.current_time()
            async with book.contacts.delete_many(map(str, range(1, self._count + 1)), **self._batch) as run:
                async for result in run:
                    self.errors.append(result.error)
            self.seconds = anyio.current_time() - began


def test_batch_waits_for_permits_as_long_as_it_takes() -> None:
    run = Deletes(DONE, count=100, rate=1, timeout=2)
    assert run.errors == [None] * 100
    assert run.seconds == pytest.approx(99, abs=1)


def test_batch_waits_for_retry_after_as_long_as_it_takes() -> None:
    run = Deletes(throttled(100), throttled(200), DONE, timeout=2)
    assert run.errors == [None]
    assert 300 <= run.seconds <= 301


@pytest.mark.parametrize("where", ["batch", "book"])
def test_item_fails_after_max_wait(where: str) -> None:
    batch, book = ({"max_wait": 4}, {}) if where == "batch" else ({}, {"queue_timeout": 4})
    run = Deletes(DONE, count=10, rate=0.5, batch=batch, concurrency=10, **book)
    failed = [error for error in run.errors if error is not None]
    assert len(run.transport.sent) == 3, "at once, after 2 s and after 4 s"
    assert {type(error) for error in failed} == {RateLimitError}
    name = "max_wait" if where == "batch" else "queue_timeout"
    assert f"within 4 s ({name}); nothing was sent: send fewer requests at once, or raise {name}" in failed[0].message


def test_the_shorter_of_max_wait_and_queue_timeout_holds() -> None:
    for waits in ((2, 9), (9, 2)):
        run = Deletes(DONE, count=10, rate=0.5, batch={"max_wait": waits[0]}, queue_timeout=waits[1], concurrency=10)
        assert len(run.transport.sent) == 2


def test_item_fails_if_retry_after_exceeds_max_wait() -> None:
    run = Deletes(throttled(30), DONE, batch={"max_wait": 29})
    (error,) = run.errors
    assert (type(error), error.retry_after, run.seconds) == (RateLimitError, 30, 0)
    run = Deletes(throttled(30), DONE, batch={"max_wait": 32})
    assert run.errors == [None]


def test_deadline_of_an_item_moves_by_its_waits() -> None:
    """Its requests and backoffs together still have `timeout`."""
    down = reply(b"", 503)
    run = Deletes(throttled(100), *[down] * 7, timeout=3)
    (error,) = run.errors
    assert isinstance(error, VendorUnavailableError)
    assert 100 <= run.seconds <= 103.1


def test_repeats_of_a_batch_are_bounded_by_the_quota() -> None:
    """The quota of 100 retries does not apply while the vendor throttles."""
    transport = FakeTransport(reply(b"", 503))

    async def main() -> None:
        async with book_over("atom", transport, concurrency=1, timeout=1000) as book:
            for _ in range(5):  # a batch stops after six failed calls
                await book.contacts.delete_many(map(str, range(1, 7))).run()

    virtually(main)
    assert len(transport.sent) == 130
    run = Deletes(*[*[throttled(1)] * 6, DONE] * 30, count=30, concurrency=1)
    assert run.errors == [None] * 30


def test_item_whose_vendor_is_still_working_ends_in_time() -> None:
    """A 202 is not a refusal: its `Retry-After` is part of the item's time."""
    run = Deletes(*[reply({}, 202, retry_after="1")] * 10, DONE, timeout=3)
    (error,) = run.errors
    assert (type(error), error.status) == (VendorUnavailableError, 202)
    assert run.seconds <= 3


@pytest.mark.parametrize("max_wait", [0, -1, True, "5", float("nan")])
def test_invalid_max_wait_is_refused(max_wait: Any) -> None:
    async def main() -> None:
        async with book_over("atom", FakeTransport(DONE)) as book:
            with pytest.raises(InvalidInputError, match="max_wait must be a number of seconds, more than 0") as caught:
                book.contacts.delete_many(["1"], max_wait=max_wait)
            assert caught.value.field == "max_wait"
            with pytest.raises(InvalidInputError, match="unknown option max_wait"):
                book.with_options(max_wait=3)  # type: ignore[call-arg]

    virtually(main)


def test_health_check_waits_at_most_its_timeout() -> None:
    async def main() -> None:
        async with book_over("atom", FakeTransport(DONE), rate=0.1, queue_timeout=60) as book:
            await book.groups.list()
            began = anyio.current_time()
            health = await check_health(book, 5)
            assert (health.healthy, anyio.current_time() - began) == (False, 0)

    virtually(main)
