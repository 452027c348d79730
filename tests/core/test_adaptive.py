"""A limit that nobody told us is found, used and followed when it falls. In virtual time, over the real retry loop."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from math import ceil
from typing import Protocol

import anyio
import pytest
from crossbook_wire.http import Request
from fakes import reply
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from virtual import virtually

from crossbook import CrossbookError
from crossbook.core.account import Account
from crossbook.core.adaptive import FALL, SLOWEST, Adaptive
from crossbook.core.auth import headers
from crossbook.core.card import Rate
from crossbook.core.connection import Connection
from crossbook.core.exchange import Outgoing, Reply
from crossbook.core.frame import Base
from crossbook.core.options import Options
from crossbook.core.wire import Wire
from crossbook.vendors.vercom.card import CARD

OK = reply({"meta": {}, "data": []})
CALL = Request("listGroups", "GET", "/v2.1/group")
CALLERS = 50


def seeds(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Under hypothesis trio's scheduling and the jitter of retries are the same each time, too."""
    chosen = settings(max_examples=count, phases=[Phase.generate])
    return lambda test: chosen(given(seed=st.integers(0, 10**6))(test))


class Limit(Protocol):
    """How a vendor counts. `wait` says in how many seconds it would accept the request, 0 if it does."""

    rate: float

    def wait(self, now: float) -> float: ...


class Tokens:
    """A token bucket with a small burst."""

    def __init__(self, rate: float, burst: float = 5) -> None:
        self.rate, self._burst, self._tokens, self._then = rate, burst, burst, 0.0

    def wait(self, now: float) -> float:
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self.rate)
        self._then = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return 0


class Windows:
    """So many in each second of the vendor's clock."""

    def __init__(self, rate: float) -> None:
        self.rate, self._window, self._count = rate, -1, 0

    def wait(self, now: float) -> float:
        if int(now) != self._window:
            self._window, self._count = int(now), 0
        if self._count >= self.rate:
            return self._window + 1 - now
        self._count += 1
        return 0


class Vendor:
    """A transport: answers take 20–200 ms, and what is one too many is refused, with or without `Retry-After`."""

    name = "vendor"

    def __init__(self, limit: Limit, seed: int, tells: bool) -> None:
        self.limit = limit
        self.accepted = self.refused = 0
        self._dice, self._tells = random.Random(seed), tells

    async def send(self, call: Outgoing) -> Reply:
        seconds = self._dice.uniform(0.02, 0.2)
        await anyio.sleep(seconds / 2)
        wait = self.limit.wait(anyio.current_time())
        self.accepted, self.refused = self.accepted + (not wait), self.refused + bool(wait)
        await anyio.sleep(seconds / 2)
        if not wait:
            return OK
        return reply(b"{}", 429, **({"retry_after": str(ceil(wait))} if self._tells else {}))

    async def aclose(self) -> None:
        pass


class Storm:
    """Fifty callers who ask again and again, and what came of it."""

    def __init__(
        self, limit: Limit, seed: int, *, tells: bool, changes: list[tuple[float, float]], rate: Rate | None = None
    ) -> None:
        self.vendor = Vendor(limit, seed, tells)
        self.failed, self.slowest, self.served = 0, 0.0, [0] * CALLERS
        self.accepted: list[int] = []  # at the end of each part
        self._changes, self._rate = changes, rate
        virtually(self._run)
        allowed = sum(seconds * rate for seconds, rate in changes)
        self.goodput = self.vendor.accepted / allowed
        self.refused = self.vendor.refused / (self.vendor.accepted + self.vendor.refused)

    async def _run(self) -> None:
        base = Base.parse("https://vendor.example.com", allow_http=False)
        connection = Connection(CARD, base, headers({"Authorization": "fake"}), self.vendor, self._rate, 64)
        await connection.open()
        wire = Wire(connection, Options())
        async with anyio.create_task_group() as tasks:
            for number in range(CALLERS):
                tasks.start_soon(self._call, wire, number)
            for seconds, rate in self._changes:
                self.vendor.limit.rate = rate
                await anyio.sleep(seconds)
                self.accepted.append(self.vendor.accepted)
            tasks.cancel_scope.cancel()
        await connection.close()

    async def _call(self, wire: Wire, number: int) -> None:
        while True:
            began = anyio.current_time()
            try:
                await wire.send(CALL)
                self.served[number] += 1
            except CrossbookError:
                self.failed += 1
            self.slowest = max(self.slowest, anyio.current_time() - began)

    def check(self, goodput: float = 0.85) -> None:
        assert self.refused <= 0.15
        assert self.goodput >= goodput
        assert self.failed <= 1, "who meets four refusals in a row"
        # Fifty in turn at 8/s is six seconds; nobody is left behind.
        assert self.slowest <= 30
        assert min(self.served) >= 0.6 * max(self.served)


LIMITS = pytest.mark.parametrize("limit", [Tokens, Windows])


@LIMITS
@seeds(3)
def test_a_hidden_limit_is_found_and_followed_when_it_falls(limit: Callable[[float], Limit], seed: int) -> None:
    Storm(limit(20), seed, tells=False, changes=[(30, 20), (30, 8)]).check()


@LIMITS
@seeds(2)
def test_also_where_each_refusal_costs_everybody_a_second(limit: Callable[[float], Limit], seed: int) -> None:
    """`Retry-After` in whole seconds: a limit that was found is tried less often; that takes some minutes to show."""
    Storm(limit(20), seed, tells=True, changes=[(150, 20), (150, 8)]).check()


@LIMITS
@seeds(3)
def test_and_while_it_is_being_found(limit: Callable[[float], Limit], seed: int) -> None:
    Storm(limit(20), seed, tells=True, changes=[(30, 20), (30, 8)]).check(goodput=0.75)


@LIMITS
@seeds(2)
def test_a_limit_that_rises_is_found_too(limit: Callable[[float], Limit], seed: int) -> None:
    storm = Storm(limit(8), seed, tells=False, changes=[(60, 8), (30, 20), (30, 20)])
    storm.check(goodput=0.75)
    _, middle, end = storm.accepted
    assert end - middle >= 0.85 * 30 * 20, "half a minute later"


@pytest.mark.parametrize("tells", [False, True])
@seeds(2)
def test_a_known_limit_is_followed_below_too(tells: bool, seed: int) -> None:
    """The vendor takes bursts of 5 and not of 10; or others ask with the same account, and 6/s are left."""
    known = Rate(10, 10)
    Storm(Tokens(10, burst=5), seed, tells=tells, changes=[(60, 10)], rate=known).check(goodput=0.9)
    Storm(Tokens(6, burst=5), seed, tells=tells, changes=[(120, 6)], rate=known).check()


@given(answers=st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 30)), max_size=80))
def test_whatever_comes_the_rate_is_sane(answers: list[tuple[bool, float, float]]) -> None:
    adaptive, now = Adaptive(), 0.0
    for accepted, later, wait in answers:
        now += later
        before = adaptive.rate
        if accepted:
            adaptive.succeeded(now)
            assert (adaptive.rate is None) == (before is None)
        else:
            adaptive.throttled(now, now + wait)
            assert adaptive.rate is not None
            assert before is None or adaptive.rate <= before
        assert adaptive.rate is None or SLOWEST <= adaptive.rate <= 4 * len(answers)


def steadily(adaptive: Adaptive, rate: float, began: float, seconds: float) -> float:
    for number in range(int(seconds * rate)):
        adaptive.succeeded(began + number / rate)
    return began + seconds


def test_there_is_none_until_the_vendor_throttles() -> None:
    adaptive = Adaptive()
    now = steadily(adaptive, 20, 0, 5)
    assert adaptive.rate is None
    adaptive.throttled(now, now)
    assert adaptive.rate == pytest.approx(FALL * 20, rel=0.06)


def test_many_refusals_at_once_say_no_more_than_one() -> None:
    adaptive = Adaptive()
    now = steadily(adaptive, 20, 0, 5)
    for _ in range(100):
        adaptive.throttled(now, now)
    assert adaptive.rate == pytest.approx(FALL * 20, rel=0.06)


def test_it_grows_fast_then_slowly_then_fast_again() -> None:
    adaptive = Adaptive()
    now = steadily(adaptive, 20, 0, 5)
    adaptive.throttled(now, now)
    rates: list[float] = []
    for _ in range(10):
        now = steadily(adaptive, 20, now, 1)
        rates.append(adaptive.rate or 0)
    steps = [after - before for before, after in pairwise(rates)]
    assert rates == sorted(rates)
    assert 0 < steps.index(min(steps)) < len(steps) - 1
    assert rates[steps.index(min(steps))] == pytest.approx(20, rel=0.06), "slowest near what was accepted before"


def test_it_does_not_grow_while_the_vendor_is_closed() -> None:
    adaptive = Adaptive()
    now = steadily(adaptive, 20, 0, 5)
    adaptive.throttled(now, now + 5)
    fallen = adaptive.rate
    adaptive.succeeded(now + 5)
    assert adaptive.rate == pytest.approx(fallen)


def test_where_too_little_is_known_it_starts_from_what_is_accepted() -> None:
    adaptive = Adaptive()
    adaptive.throttled(0, 0)
    assert adaptive.rate == SLOWEST
    for number in range(1, 6):
        adaptive.succeeded(number / 10)
    assert adaptive.rate == pytest.approx(SLOWEST + 5)


def test_only_a_limit_that_was_measured_twice_alike_is_tried_less_often() -> None:
    def seconds_until_tried(limit: float) -> int:
        """From 20/s, and refused, to this, and refused again: how long until it is asked for so many once more."""
        adaptive = Adaptive()
        now = steadily(adaptive, 20, 0, 5) + 10
        adaptive.throttled(now - 10, now)
        now = steadily(adaptive, limit, now, 15) + 10
        adaptive.throttled(now - 10, now)
        for second in range(1000):
            if (adaptive.rate or 0) >= limit:
                return second
            now = steadily(adaptive, limit, now, 1)
        return 1000

    assert seconds_until_tried(10) <= 10
    assert 120 <= seconds_until_tried(20) < 1000


def test_what_nobody_asks_for_is_not_learned() -> None:
    """An hour at 1/s must not allow a thousand at once after it."""
    adaptive = Adaptive()
    now = steadily(adaptive, 20, 0, 5)
    adaptive.throttled(now, now)
    steadily(adaptive, 1, now, 3600)
    assert adaptive.rate == pytest.approx(2 * 20, rel=0.06)


def test_a_refusal_with_nothing_known_does_not_stop_the_account() -> None:
    async def main() -> float:
        account, began = Account(), anyio.current_time()
        account.join(None, 64)
        account.throttled(None)
        for _ in range(20):
            await account.acquire(None)
            account.succeeded(anyio.current_time())
            account.release()
        return anyio.current_time() - began

    assert virtually(main) <= 10
