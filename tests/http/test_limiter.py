"""The limiter of an account: who gets a permit, who waits, and that a cancelled waiter takes nothing."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import ExitStack

import anyio
import anyio.lowlevel
import pytest
from fakes import FakeTransport, book_over, reply
from virtual import virtually

from crossbook import AddressBook
from crossbook._http import limiter
from crossbook._http.limiter import AccountLimiter, AcquireTimeoutError, account_limiter, add_names
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.vendor import Rate

NAMES = ("identity", "credentials")


def account_with(places: int, rate: Rate | None = None) -> AccountLimiter:
    account = AccountLimiter()
    account.add_book(rate, places)
    return account


async def free(account: AccountLimiter) -> int:
    """Return how much capacity is free."""
    taken = 0
    try:
        while True:
            await account.acquire(0)
            taken += 1
    except AcquireTimeoutError:
        return taken
    finally:
        for _ in range(taken):
            account.release()


async def listed(book: AddressBook) -> None:
    await book.groups.list()


async def let_tasks_run() -> None:
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


@pytest.mark.anyio
async def test_concurrency_is_bounded_and_first_come_first_served() -> None:
    account, order, most = account_with(3), list[int](), 0

    async def ask(number: int) -> None:
        nonlocal most
        await account.acquire(None)
        order.append(number)
        most = max(most, 3 - await free(account))
        await let_tasks_run()
        account.release()

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(ask, number)
            await anyio.lowlevel.checkpoint()
    assert order == list(range(30))
    assert most == 3
    assert await free(account) == 3


@pytest.mark.anyio
@pytest.mark.parametrize("released", range(8))
@pytest.mark.parametrize("cancelled", range(8))
async def test_cancelled_waiter_loses_no_capacity(released: int, cancelled: int) -> None:
    """The first waiter is cancelled before, when and after its capacity becomes free."""
    account, got = account_with(1), list[str]()

    async def ask(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            await account.acquire(None)
            got.append(name)
            account.release()

    async def after(steps: int, act: anyio.CancelScope | None) -> None:
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        if act is None:
            account.release()
        else:
            act.cancel()

    await account.acquire(None)
    async with anyio.create_task_group() as tasks:
        unlucky = anyio.CancelScope()
        for name in ("first", "second", "third"):
            tasks.start_soon(ask, name, unlucky if name == "first" else anyio.CancelScope())
            await anyio.lowlevel.checkpoint()
        tasks.start_soon(after, released, None)
        tasks.start_soon(after, cancelled, unlucky)
    assert got[-2:] == ["second", "third"]
    assert await free(account) == 1


def test_waiter_cancelled_by_asyncio_loses_no_capacity() -> None:
    async def main() -> None:
        account = account_with(2)
        for _ in range(2):
            await account.acquire(None)
        tasks = [asyncio.create_task(account.acquire(None)) for _ in range(6)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        account.release()
        tasks[2].cancel()
        account.release()
        done = await asyncio.gather(*tasks[:5], return_exceptions=True) if tasks[4].cancel() else []
        assert [type(outcome).__name__ for outcome in done] == [
            "CancelledError", "NoneType", "CancelledError", "NoneType", "CancelledError",
        ]  # fmt: skip
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await account.acquire(None)
        account.release()
        account.release()
        await tasks[5]
        account.release()
        assert await free(account) == 2

    asyncio.run(main())


def test_learned_rate_allows_for_late_wakes() -> None:
    """The permits of the last 10 ms may be taken at once."""

    async def main() -> None:
        limiter = account_with(10)
        for _ in range(1000):
            await anyio.sleep(1 / 200)
            limiter.succeeded(anyio.current_time())
        limiter.throttled(None)
        limiter.throttled(None)
        await anyio.sleep(10)
        assert [limiter.acquire_nowait() for _ in range(3)] == [True, True, False]

    virtually(main)


@pytest.mark.anyio
async def test_acquire_without_limit_reads_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anyio, "current_time", lambda: pytest.fail("read the clock"))
    account = AccountLimiter()
    account.add_book(None, 1)
    for _ in range(3):
        await account.acquire(None)
        account.release()


def test_acquire_times_out_as_soon_as_it_is_certain() -> None:
    async def main() -> None:
        account, began = account_with(100, Rate(1, 1)), anyio.current_time()
        failed: dict[str, tuple[float, float]] = {}

        async def ask(name: str, longest: float | None) -> None:
            try:
                await account.acquire(longest)
            except AcquireTimeoutError as late:
                failed[name] = (anyio.current_time() - began, late.wait)

        async with anyio.create_task_group() as tasks:
            for name, longest in (("now", 0), ("in 1 s", None), ("in 2 s", 9), ("in 3 s", 2.9), ("3 s", 3.1)):
                tasks.start_soon(ask, name, longest)
                await anyio.lowlevel.checkpoint()
            assert failed == {"in 3 s": (0.0, pytest.approx(3.0))}, "known at once from the waiters before it"
            await anyio.sleep(0.5)
            account.throttled(retry_after=4)
            await let_tasks_run()
            assert failed.keys() == {"in 3 s", "3 s"}, "a Retry-After is known at once"
            assert failed["3 s"] == (0.5, pytest.approx(4 + 1 + 1))  # behind two more, at one a second
        assert anyio.current_time() - began == pytest.approx(0.5 + 4 + 1)

    virtually(main)


def test_wait_for_capacity_times_out() -> None:
    async def main() -> None:
        account = account_with(1)
        await account.acquire(None)
        with pytest.raises(AcquireTimeoutError):
            await account.acquire(0)
        began = anyio.current_time()
        with pytest.raises(AcquireTimeoutError):
            await account.acquire(5)
        assert anyio.current_time() - began == 5
        account.release()
        assert await free(account) == 1

    virtually(main)


def test_timed_out_waiter_lets_others_move_up() -> None:
    """Two waiters would be late once the vendor closes for 3 s. They fail, and the next caller is the first."""

    async def main() -> None:
        account, turns = account_with(9, Rate(1, 1)), list[float]()

        async def ask(longest: float) -> None:
            try:
                await account.acquire(longest)
                turns.append(anyio.current_time())
            except AcquireTimeoutError:
                pass

        await account.acquire(None)
        async with anyio.create_task_group() as tasks:
            for longest in (1.5, 2.5):
                tasks.start_soon(ask, longest)
            await let_tasks_run()
            account.throttled(3.0)
            await ask(4.0)
        assert turns == [pytest.approx(3.0)]

    virtually(main)


def test_retry_after_holds_for_all_callers() -> None:
    async def main() -> None:
        account, turns = account_with(50, Rate(10, 10)), list[float]()

        async def ask() -> None:
            await account.acquire(None)
            turns.append(anyio.current_time())
            account.release()

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask)
            await anyio.sleep(0.35)
            before = len(turns)
            for seconds in (3, 7, 1, None):
                account.throttled(seconds)
        assert before == 13
        assert min(turns[before:]) >= 0.35 + 7

    virtually(main)


def test_login_skips_the_queue() -> None:
    """Calls that wait for the login use all capacity, and more calls wait for capacity."""

    async def answer(call: PreparedRequest) -> TransportResponse:
        return reply({"responsestatus": "OK", "contacts": [], "groups": []})

    async def main() -> None:
        transport = FakeTransport(answer)
        async with book_over("filemail", transport, concurrency=2, rate=10) as book:
            with anyio.fail_after(5):
                async with anyio.create_task_group() as tasks:
                    for _ in range(8):
                        tasks.start_soon(listed, book)
        assert len(transport.logged_in) == 1
        assert len(transport.sent) == 8

    virtually(main)


def test_priority_takes_next_permit_without_capacity() -> None:
    async def main() -> None:
        account, order = account_with(1, Rate(1, 1)), list[tuple[str, float]]()

        async def ask(name: str, priority: bool) -> None:
            await account.acquire(None, priority=priority)
            order.append((name, anyio.current_time()))

        await account.acquire(None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "other", False)
            await anyio.lowlevel.checkpoint()
            tasks.start_soon(ask, "login", True)
            await anyio.sleep(5)
            assert order == [("login", pytest.approx(1.0))]
            account.release()
            await let_tasks_run()
            assert len(order) == 1, "the login counts as in flight"
            account.release()
        assert order[1] == ("other", pytest.approx(5.0))

    virtually(main)


@pytest.mark.anyio
async def test_any_name_finds_the_account() -> None:
    with ExitStack() as stack:
        one = stack.enter_context(account_limiter(["credentials"], None, 5))
        other = stack.enter_context(account_limiter(["others"], None, 5))
        assert other is not one
        for names in (("identity", "credentials"), ("identity", "renewed"), ("renewed",), ("identity", "others")):
            assert stack.enter_context(account_limiter(names, None, 5)) is one
        assert stack.enter_context(account_limiter(["others"], None, 5)) is other, "a known name keeps its account"
        add_names(one, ["again"])
        assert stack.enter_context(account_limiter(["again"], None, 5)) is one


@pytest.mark.anyio
async def test_names_of_one_account_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "MAX_CLOSED", 10)
    with account_limiter(["identity", "0"], None, 5) as account:
        for number in range(1, 30):
            add_names(account, ["identity", str(number)])
        assert list(account.names) == [*(str(number) for number in range(21, 29)), "identity", "29"]
        with account_limiter(["5"], None, 5) as other:
            assert other is not account


def test_strictest_limit_of_open_books_holds() -> None:
    async def seconds(account: AccountLimiter, turns: int) -> float:
        began = anyio.current_time()
        for _ in range(turns):
            await account.acquire(None)
            account.release()
        return anyio.current_time() - began

    async def main() -> None:
        with account_limiter(NAMES, Rate(10, 1), 8) as account:
            assert await seconds(account, 101) == pytest.approx(10)
            with account_limiter(NAMES, Rate(2, 5), 3), account_limiter(NAMES, None, 9):
                await anyio.sleep(1)
                assert await seconds(account, 21) == pytest.approx(10), "the lowest rate and the smallest burst hold"
            await anyio.sleep(1)
            assert await seconds(account, 101) == pytest.approx(10), "only while those books are open"

    virtually(main)


def test_concurrency_follows_the_open_books() -> None:
    async def main() -> None:
        with account_limiter(NAMES, None, 8) as account:
            with account_limiter(NAMES, None, 3):
                assert await free(account) == 3
            assert await free(account) == 8

    virtually(main)


def test_reopened_book_finds_its_limit() -> None:
    async def main() -> None:
        with account_limiter(NAMES, None, 8) as account:
            account.throttled(30)
        began = anyio.current_time()
        with account_limiter(NAMES, None, 8) as again:
            await again.acquire(None)
        assert anyio.current_time() - began == pytest.approx(30)

    virtually(main)


@pytest.mark.anyio
async def test_oldest_closed_accounts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "MAX_CLOSED", 10)
    seen: list[weakref.ref[AccountLimiter]] = []
    with account_limiter(NAMES, None, 1) as kept:
        for number in range(30):
            with account_limiter([str(number), f"-{number}"], None, 1) as account:
                seen.append(weakref.ref(account))
        del account
        gc.collect()
        assert [number for number, account in enumerate(seen) if account()] == list(range(20, 30))
        with account_limiter(NAMES, None, 1) as again:
            assert again is kept, "not while a book is open"
    with account_limiter(NAMES, None, 1) as again:
        assert again is kept, "not at once when it closes, although it was opened first"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_limiter_ends_with_its_event_loop(backend: str) -> None:
    async def main() -> weakref.ref[AccountLimiter]:
        with account_limiter(NAMES, None, 1) as account, anyio.move_on_after(0.01):
            await account.acquire(None)
            await account.acquire(None)
        account.release()
        return weakref.ref(account)

    first, second = (anyio.run(main, backend=backend) for _ in range(2))
    gc.collect()
    assert first() is None
    assert second() is None


def test_books_of_one_account_share_a_limit() -> None:
    async def main() -> float:
        done = reply({"status": "success", "result": []})
        async with book_over("atom", FakeTransport(done)) as one, book_over("atom", FakeTransport(done)) as other:
            began = anyio.current_time()
            async with anyio.create_task_group() as tasks:
                for _ in range(55):
                    tasks.start_soon(listed, one)
                    tasks.start_soon(listed, other)
            return anyio.current_time() - began

    assert virtually(main) == pytest.approx(10.0, abs=0.2)
