"""A known rate is used up and never exceeded, in virtual time."""

from __future__ import annotations

import random
from typing import Any

import anyio
import pytest
from fakes import FakeTransport, book_over, reply
from hypothesis import given
from hypothesis import strategies as st
from virtual import virtually

from crossbook import AddressBook, InvalidInputError, RateLimitError
from crossbook._http.limiter import AccountLimiter
from crossbook._http.rate_limit import TokenBucket
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.vendor import Rate

DONE = reply({"status": "success", "result": []})
RATES = st.floats(0.5, 100)
BURSTS = st.integers(1, 20)


def within(turns: list[float], rate: float, burst: int) -> bool:
    """Return whether no window of any length has more permits than allowed."""
    return all(
        last - first + 1 <= burst + rate * (turns[last] - turns[first]) + 1e-6
        for first in range(len(turns))
        for last in range(first, len(turns))
    )


@given(rate=RATES, burst=BURSTS, gaps=st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_no_window_exceeds_rate_and_burst(rate: float, burst: int, gaps: list[float]) -> None:
    bucket, now, turns = TokenBucket(rate, burst), 0.0, []
    for gap in gaps:
        now += gap
        while not bucket.try_acquire(now):
            now = bucket.ready_at(now)
        turns.append(now)
    assert within(turns, rate, burst)


@given(
    rate=RATES,
    burst=BURSTS,
    places=st.integers(1, 10),
    # For each caller: the delay after the caller before, the longest wait, whether it is cancelled or times out after
    # that wait, and how long its request takes.
    askers=st.lists(
        st.tuples(st.floats(0, 0.5), st.floats(0, 1), st.booleans(), st.floats(0, 0.3)), min_size=1, max_size=40
    ),
)
def test_no_window_exceeds_rate_with_cancelled_callers(
    rate: float, burst: int, places: int, askers: list[tuple[float, float, bool, float]]
) -> None:
    turns: list[float] = []
    order: list[int] = []
    in_flight = 0

    async def ask(account: AccountLimiter, number: int, patience: float, gives_up: bool, keeps: float) -> None:
        nonlocal in_flight
        with anyio.move_on_after(patience) if gives_up else anyio.CancelScope():
            await account.acquire(None)
            with anyio.CancelScope(shield=True):
                turns.append(anyio.current_time())
                order.append(number)
                in_flight += 1
                assert in_flight <= places
                await anyio.sleep(keeps)
                in_flight -= 1
                account.release()

    async def main() -> None:
        account = AccountLimiter()
        account.add_book(Rate(rate, burst), places)
        async with anyio.create_task_group() as tasks:
            for number, (gap, *asker) in enumerate(askers):
                await anyio.sleep(gap)
                tasks.start_soon(ask, account, number, *asker)
        # Cancelled callers took nothing: all capacity is free, and after a pause the whole burst is.
        await anyio.sleep(burst / rate + 0.001)
        began = anyio.current_time()
        for _ in range(min(places, burst)):
            await account.acquire(None)
        assert anyio.current_time() == pytest.approx(began)

    virtually(main)
    assert within(turns, rate, burst)
    assert order == sorted(order), "first come, first served"


def test_permit_is_ready_when_estimated() -> None:
    bucket = TokenBucket(10, 3)
    promised = [bucket.ready_at(0.0, ahead) for ahead in range(20)]
    now, turns = 0.0, []
    for _ in promised:
        now = bucket.ready_at(now)
        assert bucket.try_acquire(now)
        turns.append(now)
    assert turns == pytest.approx(promised)
    assert turns[:3] == [0.0] * 3


def test_close_empties_the_bucket_until_retry_after() -> None:
    bucket = TokenBucket(10, 5)
    bucket.close(0.0, 0.0)
    assert bucket.ready_at(0.0) == pytest.approx(0.1)
    bucket.close(0.0, 2.0)
    bucket.close(0.0, 1.0)
    assert not bucket.try_acquire(1.99)
    assert [bucket.ready_at(0.0, ahead) for ahead in range(6)] == pytest.approx([2.0] * 5 + [2.1])


def test_set_rate_keeps_the_next_permit() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.try_acquire(0.0)
    bucket.set_rate(10, 5)
    assert [bucket.ready_at(0.0, ahead) for ahead in range(3)] == pytest.approx([1.0, 1.1, 1.2])


@pytest.mark.parametrize("seed", range(3))
def test_fifty_callers_use_exactly_the_rate(seed: int) -> None:
    """Responses take 20–200 ms, and the recorded times are those of sending."""
    dice, left = random.Random(seed), list[float]()

    async def answer(call: PreparedRequest) -> TransportResponse:
        left.append(anyio.current_time())
        await anyio.sleep(dice.uniform(0.02, 0.2))
        return DONE

    async def main() -> None:
        async with book_over("atom", FakeTransport(answer), concurrency=50) as book:
            with anyio.move_on_after(60):
                async with anyio.create_task_group() as tasks:
                    for _ in range(50):
                        tasks.start_soon(for_ever, book)

    async def for_ever(book: AddressBook) -> None:
        while True:
            await book.groups.list()

    virtually(main)
    assert len(left) >= 0.95 * 60 * 10
    assert within(left, 10, 10)


def seconds(requests: int, vendor: str = "atom", **options: Any) -> float:
    """Return the virtual seconds that this number of concurrent requests takes."""

    async def main() -> float:
        async with book_over(vendor, FakeTransport(DONE), **options) as book, anyio.create_task_group() as tasks:
            began = anyio.current_time()
            for _ in range(requests):
                tasks.start_soon(listed, book)
        return anyio.current_time() - began

    return virtually(main)


async def listed(book: AddressBook) -> None:
    await book.groups.list()


def test_atom_gets_ten_requests_a_second() -> None:
    assert seconds(110) == pytest.approx(10.0, abs=0.2)


def test_rate_option_overrides_the_profile() -> None:
    assert seconds(20 + 110, rate=20) == pytest.approx(5.5, abs=0.2)
    assert seconds(10, rate=0.5) == pytest.approx(18.0, abs=0.2)


@pytest.mark.parametrize("rate", [True, 0, -1, float("inf"), float("nan"), "10"])
def test_invalid_rate_is_refused(rate: Any) -> None:
    with pytest.raises(InvalidInputError, match="requests a second") as caught:
        book_over("atom", FakeTransport(DONE), rate=rate)
    assert caught.value.field == "rate"


def test_queue_timeout_raises_with_the_wait() -> None:
    async def main() -> None:
        transport = FakeTransport(DONE)
        async with book_over("atom", transport, rate=1) as book:
            hasty = book.with_options(queue_timeout=0.5)
            await hasty.groups.list()
            with pytest.raises(RateLimitError, match="queue_timeout") as caught:
                await hasty.groups.list()
            assert (caught.value.sent, caught.value.retry_after) == ("no", pytest.approx(1.0))
            assert caught.value.operation == "listAddressBooks"
            assert len(transport.sent) == 1
            began = anyio.current_time()
            await book.groups.list()
            assert anyio.current_time() - began == pytest.approx(1.0), "the permit was given back"

    virtually(main)


def test_timeout_covers_the_wait_for_a_permit() -> None:
    """Of 40 concurrent calls at 10/s the last waits 3 s. Calls that would wait more than 1 s fail at once."""

    async def main() -> None:
        transport = FakeTransport(DONE)
        failed: list[tuple[float, RateLimitError]] = []
        async with book_over("atom", transport, timeout=1) as book, anyio.create_task_group() as tasks:
            began = anyio.current_time()

            async def ask() -> None:
                try:
                    await book.groups.list()
                except RateLimitError as error:
                    failed.append((anyio.current_time() - began, error))

            for _ in range(40):
                tasks.start_soon(ask)
        assert len(transport.sent) == 10 + 10
        assert len(failed) == 20
        for after, error in failed:
            assert after == 0
            assert (error.sent, error.attempts, error.operation) == ("no", 0, "listAddressBooks")
            assert "(timeout); nothing was sent" in error.message
            assert 1 < (error.retry_after or 0) <= 3

    virtually(main)


def test_with_queue_timeout_the_timeout_begins_after_the_wait() -> None:
    assert seconds(40, timeout=1, queue_timeout=60) == pytest.approx(3.0, abs=0.2)


def test_cancelled_waiter_gives_its_permit_back() -> None:
    async def main() -> None:
        async with book_over("atom", FakeTransport(DONE), rate=1) as book:
            await book.groups.list()
            for _ in range(5):
                with anyio.move_on_after(0.1):
                    await book.groups.list()
            began = anyio.current_time()
            await book.groups.list()
            assert anyio.current_time() - began <= 1.0

    virtually(main)
