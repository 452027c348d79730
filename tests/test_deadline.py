"""Each call ends at its own deadline, on each event loop, and no other task is cancelled.

The clock is virtual and advances only while all tasks wait, so that a busy machine ends no call.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import anyio
import anyio.lowlevel
import pytest
from fakes import FakeTransport, book_over

from crossbook import AddressBook, NoResponseError
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook_testing import Clock

pytestmark = pytest.mark.anyio
only_asyncio = pytest.mark.parametrize("anyio_backend", ["asyncio"])


@pytest.fixture(autouse=True)
async def clock(crossbook_clock: Clock) -> Clock:
    crossbook_clock.install()
    return crossbook_clock


def asked_to_end() -> int:
    """Return the pending cancellations of this task, which `asyncio.timeout` and task groups rely on."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def hangs(call: PreparedRequest) -> TransportResponse:
    await anyio.sleep_forever()
    raise AssertionError("it never ends")


async def test_each_call_ends_at_its_own_deadline() -> None:
    ended: list[float] = []
    async with book_over("vercom", FakeTransport(hangs)) as book:

        async def call(timeout: float) -> None:
            began = anyio.current_time()
            with pytest.raises(NoResponseError, match="no complete response") as caught:
                await book.with_options(timeout=timeout, max_attempts=1).contacts.get("1")
            assert caught.value.cause == "deadline"
            assert anyio.current_time() - began >= timeout - 0.01  # clocks have grains
            ended.append(timeout)

        async with anyio.create_task_group() as group:
            for timeout in (0.3, 0.1, 0.2, 0.1, 0.05):
                group.start_soon(call, timeout)
            with anyio.fail_after(60):
                while len(ended) < 5:  # noqa: ASYNC110  (others have something to do all the time)
                    await anyio.sleep(0.001)
    assert sorted(ended) == [0.05, 0.1, 0.1, 0.2, 0.3]


async def test_deadline_of_a_finished_call_ends_no_other() -> None:
    quick: list[PreparedRequest] = []

    async def once(call: PreparedRequest) -> TransportResponse:
        if quick:
            await anyio.sleep(0.2)
        quick.append(call)
        return TransportResponse(200, {}, b'{"meta": {}, "data": [{"id": 1}]}')

    async with book_over("vercom", FakeTransport(once)) as book:
        for timeout in (0.1, 5.0):
            assert (await book.with_options(timeout=timeout).contacts.get("1")).id == "1"


async def test_deadline_holds_after_the_book_closed() -> None:
    """A transport over a user's client does not end it."""
    ended: list[str | None] = []
    transport = FakeTransport(hangs)

    async def call(book: AddressBook, timeout: float) -> None:
        with pytest.raises(NoResponseError) as caught:
            await book.with_options(timeout=timeout, max_attempts=1).contacts.get("1")
        ended.append(caught.value.cause)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group, book_over("vercom", transport) as book:
            group.start_soon(call, book, 0.1)
            group.start_soon(call, book, 0.2)
            while len(transport.sent) < 2:
                await anyio.lowlevel.checkpoint()
    assert ended == ["deadline"] * 2


@only_asyncio
async def test_task_cancelled_at_its_deadline_stays_cancelled() -> None:
    async def both(call: PreparedRequest) -> TransportResponse:
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            task.cancel()
            raise
        raise AssertionError("it never ends")

    async with book_over("vercom", FakeTransport(both)) as book:
        task = asyncio.ensure_future(book.with_options(timeout=0.02).contacts.get("1"))
        await asyncio.wait((task,))
    assert task.cancelled()


@only_asyncio
async def test_caller_can_be_cancelled_after_a_deadline() -> None:
    """The task's count of cancellations is unchanged, which `asyncio.timeout` and task groups rely on."""
    async with book_over("vercom", FakeTransport(hangs)) as book:

        async def twice() -> None:
            with pytest.raises(NoResponseError):
                await book.with_options(timeout=0.02, max_attempts=1).contacts.get("1")
            assert not asked_to_end()
            await anyio.sleep_forever()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(twice(), 0.1)


async def assert_scope_catches(transport: FakeTransport, *, timeout: float) -> None:
    """Check that a scope of 0.01 seconds catches its own cancellation of a call with this longer time-out."""
    async with book_over("vercom", transport) as book:
        with anyio.move_on_after(0.01) as scope:
            await book.with_options(timeout=timeout, max_attempts=1).contacts.get("1")
        assert scope.cancelled_caught
        assert not asked_to_end()


@only_asyncio
async def test_scope_before_the_deadline_catches_its_cancellation() -> None:
    """The interrupted transport cleans up for so long that the deadline of the call passes meanwhile."""

    async def lingers(call: PreparedRequest) -> TransportResponse:
        try:
            return await hangs(call)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)

    await assert_scope_catches(FakeTransport(lingers), timeout=0.03)


@only_asyncio
async def test_scope_at_the_deadline_catches_its_cancellation(clock: Clock) -> None:
    async def busy(call: PreparedRequest) -> TransportResponse:
        clock.advance(0.05)  # both deadlines pass in one pass of the event loop
        while True:  # noqa: ASYNC110  (a task that does not wait is cancelled in the next pass only)
            await asyncio.sleep(0)

    await assert_scope_catches(FakeTransport(busy), timeout=0.02)


@only_asyncio
async def test_scope_after_the_deadline_catches_its_cancellation() -> None:
    async def interrupted(call: PreparedRequest) -> TransportResponse:
        try:
            return await hangs(call)
        except asyncio.CancelledError:
            scope.cancel()
            with suppress(asyncio.CancelledError):  # as a task group does that waits for its tasks
                await anyio.lowlevel.checkpoint()
            raise

    async with book_over("vercom", FakeTransport(interrupted)) as book:
        with anyio.CancelScope() as scope:
            await book.with_options(timeout=0.02, max_attempts=1).contacts.get("1")
        assert scope.cancelled_caught
        assert not asked_to_end()
        await anyio.lowlevel.checkpoint()


@only_asyncio
async def test_outcome_after_the_deadline_is_used() -> None:
    async def stubborn(call: PreparedRequest) -> TransportFailure:
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            return TransportFailure("connect", "no", "ConnectError")
        raise AssertionError("it never ends")

    async with book_over("vercom", FakeTransport(stubborn)) as book:
        with pytest.raises(Exception, match="no connection") as caught:
            await book.with_options(timeout=0.02, max_attempts=1).contacts.get("1")
        assert not asked_to_end()
    assert caught.value.sent == "no"  # type: ignore[attr-defined]
