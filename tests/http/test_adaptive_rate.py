"""An unknown limit is found, used and followed when it falls: over the real retry loop, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from math import ceil, inf
from typing import Protocol

import anyio
import pytest
from crossbook_wire.http import Request
from fakes import reply
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from virtual import virtually

from crossbook import CrossbookError
from crossbook._http.auth import header_auth
from crossbook._http.client import Client
from crossbook._http.limiter import AccountLimiter
from crossbook._http.options import Options
from crossbook._http.rate_limit import FALL, FIRST, OVERSHOT, SLOWEST, START, AdaptiveRate
from crossbook._http.request import BaseUrl, PreparedRequest, TransportResponse
from crossbook._http.session import Session
from crossbook.vendor import Rate
from crossbook.vendors.vercom.profile import PROFILE

OK = reply({"meta": {}, "data": []})
CALL = Request("listGroups", "GET", "/v2.1/group")
CALLERS = 50


def seeds(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """hypothesis makes trio's scheduling and the jitter of retries the same each time."""
    chosen = settings(max_examples=count, phases=[Phase.generate])
    return lambda test: chosen(given(seed=st.integers(0, 10**6))(test))


class Limit(Protocol):
    """A vendor's limit. `wait` returns the seconds until it would accept the request, or 0 if it accepts it."""

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
    """A number of requests in each second of the vendor's clock."""

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
    """A transport that responds in 20–200 ms and refuses requests beyond the limit, with `Retry-After` or not."""

    name = "vendor"

    def __init__(self, limit: Limit, seed: int, tells: bool) -> None:
        self.limit = limit
        self.accepted = self.refused = 0
        self._dice, self._tells = random.Random(seed), tells

    async def send(self, call: PreparedRequest) -> TransportResponse:
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
    """Fifty callers that send requests in a loop, and the outcome."""

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
        base = BaseUrl.parse("https://vendor.example.com", allow_http=False)
        connection = Session(PROFILE, base, header_auth({"Authorization": "fake"}), self.vendor, self._rate, 64)
        await connection.open()
        wire = Client(connection, Options())
        async with anyio.create_task_group() as tasks:
            for number in range(CALLERS):
                tasks.start_soon(self._call, wire, number)
            for seconds, rate in self._changes:
                self.vendor.limit.rate = rate
                await anyio.sleep(seconds)
                self.accepted.append(self.vendor.accepted)
            tasks.cancel_scope.cancel()
        await connection.close()

    async def _call(self, wire: Client, number: int) -> None:
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
        assert self.failed <= 1, "a call that meets four refusals in a row fails"
        # Fifty calls at 8/s take six seconds: no call waits much longer.
        assert self.slowest <= 30
        assert min(self.served) >= 0.6 * max(self.served)


LIMITS = pytest.mark.parametrize("limit", [Tokens, Windows])


@LIMITS
@seeds(3)
def test_rate_follows_a_limit_that_falls(limit: Callable[[float], Limit], seed: int) -> None:
    Storm(limit(20), seed, tells=False, changes=[(30, 20), (30, 8)]).check()


@LIMITS
@seeds(2)
def test_rate_follows_a_limit_with_retry_after(limit: Callable[[float], Limit], seed: int) -> None:
    """With `Retry-After` in whole seconds, a known limit is approached more slowly."""
    Storm(limit(20), seed, tells=True, changes=[(150, 20), (150, 8)]).check()


@LIMITS
@seeds(3)
def test_rate_follows_a_limit_during_the_search(limit: Callable[[float], Limit], seed: int) -> None:
    Storm(limit(20), seed, tells=True, changes=[(30, 20), (30, 8)]).check(goodput=0.75)


@LIMITS
@seeds(2)
def test_rate_follows_a_limit_that_rises(limit: Callable[[float], Limit], seed: int) -> None:
    storm = Storm(limit(8), seed, tells=False, changes=[(60, 8), (30, 20), (30, 20)])
    storm.check(goodput=0.75)
    _, middle, end = storm.accepted
    assert end - middle >= 0.85 * 30 * 20, "half a minute later"


@pytest.mark.parametrize("tells", [False, True])
@seeds(2)
def test_rate_follows_a_limit_below_the_known_rate(tells: bool, seed: int) -> None:
    """The vendor takes bursts of 5 and not of 10, or other programs use the same account and leave 6/s."""
    known = Rate(10, 10)
    Storm(Tokens(10, burst=5), seed, tells=tells, changes=[(60, 10)], rate=known).check(goodput=0.9)
    Storm(Tokens(6, burst=5), seed, tells=tells, changes=[(120, 6)], rate=known).check()


@given(
    answers=st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 30), st.sampled_from([0, 1])), max_size=80)
)
def test_rate_stays_within_bounds_for_any_responses(answers: list[tuple[bool, float, float, int]]) -> None:
    adaptive, now = AdaptiveRate(), 0.0
    for accepted, later, wait, limited in answers:
        now += later
        before = adaptive.rate
        if accepted:
            adaptive.succeeded(now)
            assert (adaptive.rate is None) == (before is None)
        else:
            adaptive.throttled(now, now + wait, limited * (before or 0))
            assert before is None or (adaptive.rate or inf) <= before
        assert adaptive.rate is None or SLOWEST <= adaptive.rate <= 4 + 4 * len(answers)


def steadily(adaptive: AdaptiveRate, rate: float, began: float, seconds: float) -> float:
    for number in range(round(seconds * rate)):
        adaptive.succeeded(began + number / rate)
    return began + seconds


def refused(adaptive: AdaptiveRate, now: float, *, times: int = 3, wait: float = 0, limited: bool = False) -> float:
    """Return when the vendor is open again."""
    pace = (adaptive.rate or 0) if limited else 0
    for _ in range(times):
        adaptive.throttled(now, now + wait, pace)
    return now + wait


def found(rate: float, wait: float = 0) -> tuple[AdaptiveRate, float]:
    """A limit that was measured while callers wanted more: 3 of 23 requests were refused."""
    adaptive = AdaptiveRate()
    now = steadily(adaptive, rate, refused(adaptive, steadily(adaptive, rate, 0, 5)), 5)
    adaptive.rate = rate
    return adaptive, refused(adaptive, now, times=max(3, round(rate / 10)), wait=wait, limited=True)


def rates(adaptive: AdaptiveRate, now: float, rate: float, seconds: int) -> list[float]:
    """The rate after each second with this number of accepted requests."""
    after: list[float] = []
    for _ in range(seconds):
        now = steadily(adaptive, rate, now, 1)
        after.append(adaptive.rate or 0)
    return after


def test_stray_refusals_lower_nothing() -> None:
    adaptive, now = AdaptiveRate(), 0.0
    for _ in range(20):
        now = refused(adaptive, steadily(adaptive, 100, now, 1.01), times=1, wait=7)
    assert adaptive.rate is None


@pytest.mark.parametrize(("later", "falls"), [(1.0, True), (1.01, False)])
def test_two_refusals_within_a_second_lower_the_rate(later: float, falls: bool) -> None:
    adaptive = AdaptiveRate()
    now = steadily(adaptive, 100, 0, 5)
    adaptive.throttled(now, now)
    adaptive.throttled(now + later, now + later)
    assert (adaptive.rate is not None) is falls


@pytest.mark.parametrize(("accepted", "falls"), [(197, True), (198, False)])
def test_three_refusals_in_200_answers_lower_the_rate(accepted: int, falls: bool) -> None:
    adaptive = AdaptiveRate()
    for after in (100, accepted - 100, 0):
        adaptive.throttled(now := 1000.0 - after, now)
        steadily(adaptive, 50, now + 0.1, after / 50)
    assert (adaptive.rate is not None) is falls


def test_pair_costs_little_where_many_are_accepted() -> None:
    adaptive = AdaptiveRate()
    now = refused(adaptive, steadily(adaptive, 100, 0, 5), times=2)
    assert adaptive.rate == pytest.approx((1 - 4 * 0.01) * 100, rel=0.02)
    adaptive.succeeded(now + 0.1)
    assert adaptive.rate == pytest.approx(96 + START, rel=0.02), "the limit is unknown: the search continues"


@pytest.mark.parametrize("times", [3, 100])
def test_many_refusals_at_once_count_like_few(times: int) -> None:
    adaptive = AdaptiveRate()
    refused(adaptive, steadily(adaptive, 20, 0, 5), times=times)
    assert adaptive.rate == pytest.approx((1 - FALL) * 20, rel=0.1)


def test_limit_falls_by_what_is_refused() -> None:
    """Callers wanted 20/s, and the vendor takes 8/s from now on."""
    adaptive, now = found(20)
    now = steadily(adaptive, 20, now, 5)
    adaptive.rate = 20
    for number in range(60):
        adaptive.throttled(now, now, 20) if number % 5 > 1 else adaptive.succeeded(now)
        now += 0.05
    assert adaptive.rate == pytest.approx((1 - FALL) * 8, rel=0.1)


def test_rate_grows_fast_then_slowly_then_fast_again() -> None:
    adaptive, now = found(20)
    fallen = adaptive.rate or 0
    after = rates(adaptive, now, 20, 16)
    steps = [later - before for before, later in pairwise([fallen, *after])]
    flat = steps.index(min(steps))
    assert after == sorted(after)
    assert 0 < flat < len(steps) - 1
    assert after[flat] == pytest.approx(20, rel=0.1), "slowest near what was accepted before"


@pytest.mark.parametrize(("wait", "seconds"), [(0, 2), (0.5, 6), (1, 10), (10, 10)])
def test_nine_tenths_are_back_within_15_seconds(wait: float, seconds: int) -> None:
    """After a `Retry-After` it takes longer, since each attempt at the limit costs a closed second."""
    for limit in (2, 20, 500):
        adaptive, now = found(limit, wait)
        after = rates(adaptive, now, limit, 15)
        assert next(second for second, rate in enumerate(after, 1) if rate >= 0.9 * limit) == pytest.approx(
            seconds, abs=2
        )


def test_refusals_within_one_recovery_do_not_add_up() -> None:
    adaptive, now = found(200)
    fallen = adaptive.rate or 0
    for _ in range(40):
        now = steadily(adaptive, fallen, now, 5)
        now = refused(adaptive, now, times=2, limited=True)
    assert adaptive.rate is not None
    assert adaptive.rate >= 0.9 * fallen


def test_wrong_limit_is_passed_fast() -> None:
    """The vendor takes more than before: beyond a fifth more, the rate grows with each response."""
    adaptive, now = found(20)
    seconds = 0
    while (adaptive.rate or 0) < 100:
        now = steadily(adaptive, adaptive.rate or 0, now, 1)
        seconds += 1
    assert seconds <= 20


def test_stray_refusal_beyond_the_limit_holds_the_rate_there() -> None:
    adaptive, now = found(20)
    now = steadily(adaptive, 20, now, 15)
    held = adaptive.rate or 0
    assert held > 20
    adaptive.throttled(now, now, held)
    assert adaptive.rate == held
    assert rates(adaptive, now, held, 2)[-1] == pytest.approx(held, rel=0.01)


def test_stray_refusal_within_a_recovery_does_not_end_it() -> None:
    adaptive, now = found(20)
    undisturbed, _ = found(20)
    for each in (adaptive, undisturbed):
        steadily(each, 100, now, 2.1)
    assert (adaptive.rate or 0) < 20
    adaptive.throttled(now + 2.1, now + 2.1, adaptive.rate or 0)
    for each in (adaptive, undisturbed):
        steadily(each, 20, now + 2.1, 5)
    assert adaptive.rate == undisturbed.rate


def searching() -> tuple[AdaptiveRate, float]:
    """Return a limit that is searched for after two refusals and ten successes, and the time 1.5 seconds later."""
    adaptive = AdaptiveRate()
    now = refused(adaptive, 10, times=2)
    for _ in range(10):
        now += 0.02
        adaptive.succeeded(now)
    return adaptive, now + 1.5


def test_refused_search_aims_below_its_rate() -> None:
    """Shortly after the start few requests were accepted of many: the limit is between the two."""
    adaptive, now = searching()
    reached = adaptive.rate or 0
    adaptive.throttled(now, now, reached)
    assert (adaptive.rate or 0) == pytest.approx(OVERSHOT * reached, rel=0.3)
    assert (adaptive.rate or 0) < OVERSHOT * reached


def test_refused_known_rate_counts_as_used() -> None:
    """The known rate is the rate that was used; the search did not go beyond it."""
    adaptive, now = searching()
    adaptive.throttled(now, now, 15.0)
    assert (adaptive.rate or 0) == pytest.approx(15 * (1 - 1.5 / 20) * (1 - 4 / 20), rel=0.1)


def test_first_fall_begins_a_search_also_at_a_known_rate() -> None:
    adaptive = AdaptiveRate()
    now = steadily(adaptive, 10, 0, 5)
    for _ in range(3):
        adaptive.throttled(now, now, 10.0)
    fallen = adaptive.rate or 0
    adaptive.succeeded(now + 0.1)
    assert adaptive.rate == fallen + START


@pytest.mark.parametrize("case", ["nothing accepted since", "less asked for than allowed"])
def test_search_begins_again_where_refusals_measure_nothing(case: str) -> None:
    adaptive, now = found(20)
    if case == "nothing accepted since":
        now = refused(adaptive, now + 1.5, limited=True)
    else:
        now = refused(adaptive, steadily(adaptive, 20, now, 5))
    fallen = adaptive.rate or 0
    adaptive.succeeded(now + 0.1)
    assert adaptive.rate == fallen + START


def test_limit_is_lowered_from_the_rate_that_was_used_up() -> None:
    """It holds although few requests were accepted lately, since callers waited for a `Retry-After`."""
    adaptive, now = found(20)
    adaptive.succeeded(now + 5)
    before = adaptive.rate or 0
    refused(adaptive, now + 5, limited=True)
    share = 3 / (3 + 21)
    assert adaptive.rate == pytest.approx(before * (1 - 1.5 * share) * (1 - FALL), rel=0.02)


def test_pair_in_a_search_forgets_an_old_limit() -> None:
    adaptive, now = found(200)
    now = steadily(adaptive, 10, now, 30)
    refused(adaptive, now, times=2)
    assert adaptive.rate == pytest.approx(10 * (1 - 4 * 0.01), rel=0.1)


@pytest.mark.parametrize(("refusals", "measured"), [(20, True), (21, False)])
def test_limit_is_measured_unless_most_is_refused(refusals: int, measured: bool) -> None:
    """Twenty requests were accepted. Without a measured limit the rate grows as in a search."""
    adaptive, now = found(20)
    now = refused(adaptive, steadily(adaptive, 10, now, 5), times=refusals, limited=True)
    fallen = adaptive.rate or 0
    adaptive.succeeded(now + 0.1)
    assert (adaptive.rate != fallen + START) is measured


@pytest.mark.parametrize(("pause", "rate"), [(1.5, 100), (3.5, 100 / 4.5)])
def test_best_recent_second_counts_as_possible(pause: float, rate: float) -> None:
    """The vendor accepts 100/s, then gets no request. After a longer pause only the measured rate counts."""
    adaptive = AdaptiveRate()
    refused(adaptive, steadily(adaptive, 100, 0, 3) + pause)
    assert adaptive.rate == pytest.approx(rate * (1 - 4 * 3 / 103), rel=0.06)


def test_rate_does_not_grow_while_the_vendor_is_closed() -> None:
    adaptive, now = found(20, wait=5)
    fallen = adaptive.rate
    adaptive.succeeded(now - 1)
    assert adaptive.rate == pytest.approx(fallen)


def test_search_starts_low_without_measurements() -> None:
    adaptive = AdaptiveRate()
    refused(adaptive, 0, times=2)
    assert adaptive.rate == FIRST
    for number in range(1, 6):
        adaptive.succeeded(number / 10)
    assert adaptive.rate == pytest.approx(FIRST + 5 * START)


def test_search_continues_while_nothing_is_accepted() -> None:
    """A vendor that refuses everything for a while reveals nothing about its limit."""
    adaptive, now = found(20)
    for _ in range(10):
        now = refused(adaptive, now + 2, limited=True)
    assert adaptive.rate is not None
    adaptive.succeeded(now + 0.1)
    adaptive.succeeded(now + 0.2)
    assert adaptive.rate >= 2 * START


def test_rate_falls_to_slowest_if_all_is_refused() -> None:
    adaptive, now = found(20)
    for _ in range(10):
        now = refused(adaptive, now + 2, limited=True)
    assert adaptive.rate == SLOWEST


def test_rate_beyond_the_demand_is_not_learned() -> None:
    """After an hour at 1/s a thousand requests at once are not allowed."""
    adaptive, now = found(20)
    steadily(adaptive, 1, now, 3600)
    assert adaptive.rate == pytest.approx(2 * 20, rel=0.1)


def test_refusal_without_known_rate_does_not_block() -> None:
    async def main() -> float:
        account, began = AccountLimiter(), anyio.current_time()
        account.add_book(None, 64)
        account.throttled(None)
        for _ in range(20):
            await account.acquire(None)
            account.succeeded(anyio.current_time())
            account.release()
        return anyio.current_time() - began

    assert virtually(main) <= 10


@pytest.mark.parametrize("waiting", ["no caller", "for a permit", "for capacity"])
def test_rate_is_used_up_only_if_callers_wait(waiting: str) -> None:
    """Right after a request there is no permit for the next one, but perhaps no caller wants one."""

    async def main() -> float:
        account = AccountLimiter()
        account.add_book(None, 1 if waiting == "for capacity" else 64)
        for _ in range(2):
            account.throttled(None)
        await anyio.sleep(2)
        await account.acquire()
        account.succeeded(anyio.current_time())
        async with anyio.create_task_group() as tasks:
            if waiting != "no caller":
                tasks.start_soon(account.acquire)
                await anyio.wait_all_tasks_blocked()
            if waiting == "for capacity":
                await anyio.sleep(1)
            account.throttled(None)
            tasks.cancel_scope.cancel()
        account.release()
        for _ in range(10):
            account.succeeded(anyio.current_time())
        began = anyio.current_time()
        for _ in range(20):
            await account.acquire()
            account.release()
        return anyio.current_time() - began

    assert (virtually(main) > 2) is (waiting == "for a permit"), (
        "a limit was met only then; otherwise the search continues"
    )


def test_closed_account_does_not_measure_the_rate() -> None:
    """Callers wait for the end of a `Retry-After`, and not for a rate."""

    async def main() -> float:
        account = AccountLimiter()
        account.add_book(None, 64)
        account.throttled(1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(account.acquire)
            await anyio.wait_all_tasks_blocked()
            account.throttled(1)
            tasks.cancel_scope.cancel()
        for _ in range(9):
            await account.acquire()
        return anyio.current_time()

    assert virtually(main) == pytest.approx(1 + 8 / FIRST, abs=0.05)
