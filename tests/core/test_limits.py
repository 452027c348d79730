"""How fast an account is asked, in virtual time: the known limit is used, and not passed."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fakes import FakeTransport, book_over, reply
from hypothesis import given
from hypothesis import strategies as st
from virtual import virtually

from crossbook import AddressBook, RateLimited
from crossbook.core.card import Rate
from crossbook.core.limits import limiter_for

DONE = reply({"status": "success", "result": []})


@given(
    rate=st.floats(0.5, 100),
    burst=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=60),
)
def test_in_no_window_is_the_rate_passed_but_for_its_burst(rate: float, burst: int, gaps: list[float]) -> None:
    limiter = limiter_for(Rate(rate, burst))
    now, turns = 0.0, []
    for gap in gaps:
        now += gap
        turns.append(now + limiter.reserve(now))
    assert turns == sorted(turns), "in the order of asking"
    for first in range(len(turns)):
        for last in range(first, len(turns)):
            assert last - first + 1 <= burst + rate * (turns[last] - turns[first]) + 1e-6


def test_a_limit_is_used_to_the_full() -> None:
    limiter = limiter_for(Rate(10, 10))
    waits = [limiter.reserve(0.0) for _ in range(110)]
    assert waits[:10] == [0.0] * 10
    assert waits[-1] == pytest.approx(10.0)


def test_a_turn_that_is_given_back_is_somebody_elses() -> None:
    limiter = limiter_for(Rate(1, 1))
    assert [limiter.reserve(0.0) for _ in range(2)] == [0.0, 1.0]
    limiter.give_back()
    assert limiter.reserve(0.0) == 1.0


def test_no_limit_is_none() -> None:
    limiter = limiter_for(None)
    assert [limiter.reserve(0.0) for _ in range(1000)] == [0.0] * 1000


def seconds(requests: int, vendor: str = "atom", **options: Any) -> float:
    """Virtual seconds that so many requests at once take."""

    async def main() -> float:
        async with book_over(vendor, FakeTransport(DONE), **options) as book, anyio.create_task_group() as tasks:
            began = anyio.current_time()
            for _ in range(requests):
                tasks.start_soon(listed, book)
        return anyio.current_time() - began

    return virtually(main)


async def listed(book: AddressBook) -> None:
    await book.groups.list()


def test_atom_is_asked_ten_times_a_second() -> None:
    assert seconds(110) == pytest.approx(10.0, abs=0.2)


def test_another_rate_wins_over_the_cards() -> None:
    assert seconds(20 + 110, rate=20) == pytest.approx(5.5, abs=0.2)
    assert seconds(10, rate=0.5) == pytest.approx(18.0, abs=0.2)


def test_who_will_not_queue_so_long_is_told() -> None:
    async def main() -> None:
        transport = FakeTransport(DONE)
        async with book_over("atom", transport, rate=1) as book:
            hasty = book.with_options(queue_timeout=0.5)
            await hasty.groups.list()
            with pytest.raises(RateLimited, match="queue_timeout") as caught:
                await hasty.groups.list()
            assert (caught.value.sent, caught.value.retry_after) == ("no", pytest.approx(1.0))
            assert caught.value.operation == "listAddressBooks"
            assert len(transport.sent) == 1
            began = anyio.current_time()
            await book.groups.list()
            assert anyio.current_time() - began == pytest.approx(1.0), "the turn was given back"

    virtually(main)


def test_waiting_for_a_turn_is_not_the_calls_time() -> None:
    assert seconds(40, timeout=1) == pytest.approx(3.0, abs=0.2)


def test_who_gives_up_waiting_gives_the_turn_back() -> None:
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
