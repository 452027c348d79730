"""One account at one vendor in one running event loop: how fast it may be asked is one thing for all its books."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from math import inf

import anyio
from anyio.lowlevel import RunVar

from crossbook._http.rate_limit import AdaptiveRate, TokenBucket
from crossbook._http.retry import Quota
from crossbook.vendor import Rate

# Where requests wait: for a place among those in flight, and for a turn. First come, first served.


class AcquireTimeout(Exception):
    """No turn comes in time; `wait` is how many seconds it would take, as far as can be told."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"no turn for {wait:.3g} s")
        self.wait = wait


class _Waiter:
    __slots__ = ("late", "latest", "woken")

    def __init__(self, latest: float) -> None:
        self.latest = latest
        self.late: AcquireTimeout | None = None
        self.woken = anyio.Event()


class Limiter:
    """At most `places` requests in flight, as fast as the bucket deals out turns.

    Nobody is ever handed anything: the first in the line looks whether there is a place and a turn, and takes both at
    once, with no await after it. So who is cancelled while waiting holds nothing that could be lost, and a limit that
    changes meanwhile is seen.
    """

    def __init__(self, clock: Callable[[], float] = anyio.current_time) -> None:
        self._clock = clock
        self._bucket = TokenBucket(inf, 1.0)
        self._limited = False  # whether the bucket has anything to say: looking at the clock costs as much as the rest
        self._places = 1
        self._in_flight = 0
        self._waiters: OrderedDict[_Waiter, None] = OrderedDict()

    async def acquire(self, longest: float | None = None, *, ahead: bool = False) -> None:
        """Waits for a place and a turn; `release` gives the place back.

        Args:
            longest: seconds to wait at most; None waits as long as it takes.
            ahead: for what the others wait for, a login: it takes the next turn, and a place beyond the last.

        Raises:
            Late: as soon as it is clear that it would take longer.
        """
        if not self.acquire_nowait(ahead=ahead):
            await self._wait(inf if longest is None else longest, ahead)

    def acquire_nowait(self, *, ahead: bool = False) -> bool:
        """The same for who need not wait; False if one has to."""
        return (ahead or not self._waiters) and self._take(ahead)

    def release(self) -> None:
        """The request ended, however it did."""
        self._in_flight -= 1
        if self._in_flight == self._places - 1:
            self._wake_first()

    def _take(self, ahead: bool) -> bool:
        if self._in_flight >= self._places and not ahead:
            return False
        if self._limited and not self._bucket.take(self._clock()):
            return False
        self._in_flight += 1
        return True

    async def _wait(self, longest: float, ahead: bool) -> None:
        now = self._clock()
        waiter = _Waiter(now + longest)
        begins = self._bucket.begins(now, 0 if ahead else len(self._waiters))
        if begins > waiter.latest:
            raise AcquireTimeout(begins - now)
        self._waiters[waiter] = None
        if ahead:
            self._waiters.move_to_end(waiter, last=False)
        try:
            while waiter.late is None:
                first = next(iter(self._waiters)) is waiter
                if first and self._take(ahead):
                    return
                now = self._clock()
                begins = self._bucket.begins(now)
                if now >= waiter.latest:
                    raise AcquireTimeout(begins - now)
                for_turn = first and (ahead or self._in_flight < self._places)
                with anyio.CancelScope(deadline=min(begins, waiter.latest) if for_turn else waiter.latest):
                    await waiter.woken.wait()
                if waiter.woken.is_set():
                    waiter.woken = anyio.Event()
            raise waiter.late
        finally:
            self._waiters.pop(waiter, None)
            self._wake_first()

    def _wake_first(self) -> None:
        if self._waiters:
            next(iter(self._waiters)).woken.set()

    def _dismiss_late(self, now: float) -> None:
        """Turns come later than was said: tells those for whom that is too late."""
        before = 0
        for waiter in list(self._waiters):
            begins = self._bucket.begins(now, before)
            if begins > waiter.latest:
                del self._waiters[waiter]
                waiter.late = AcquireTimeout(begins - now)
                waiter.woken.set()
            else:
                before += 1


REMEMBERED = 256  # closed accounts whose limits are kept for the next book
_LATENESS = 0.01  # seconds: how late an event loop wakes us; without a burst of as much a rate would not be reached


class AccountLimiter(Limiter):
    """A line whose pace is the known rate, and a learned one below it once the vendor throttled.

    Wants, around each request: `acquire`, then `succeeded` or `throttled` if the vendor answered, and `release`.
    """

    def __init__(self, clock: Callable[[], float] = anyio.current_time) -> None:
        super().__init__(clock)
        self.quota = Quota()
        self._adaptive = AdaptiveRate()
        self._known: Rate | None = None
        self._refused = False  # from the first refusal on the bucket may be closed, also where no rate was learned
        self._rate = inf  # the lower of the known and the learned one
        self._terms: list[tuple[Rate | None, int]] = []  # of each open book
        self.names: list[str] = []  # under which the event loop knows it

    @property
    def in_use(self) -> bool:
        """Whether a book is open."""
        return bool(self._terms)

    def join(self, rate: Rate | None, concurrency: int) -> None:
        """A book opens. The strictest of all that are open holds: a limit is a fact of the account, not of a book."""
        self._terms.append((rate, concurrency))
        self._agree()

    def leave(self, rate: Rate | None, concurrency: int) -> None:
        """A book closes. The last one's terms hold until another opens."""
        self._terms.remove((rate, concurrency))
        if self._terms:
            self._agree()

    def succeeded(self, now: float) -> None:
        """The vendor answered, whatever it said, and did not throttle."""
        self._adaptive.succeeded(now)
        if self._adaptive.rate is not None:
            self._pace()

    def throttled(self, retry_after: float | None) -> None:
        """The vendor throttled: the rate may fall, and no turn comes within the `retry_after` seconds it asks for."""
        now = self._clock()
        until = now + (retry_after or 0.0)
        used_up = self._rate < inf and bool(self._waiters) and self._bucket.begins(now) > now
        self._adaptive.throttled(now, until, self._rate if used_up else 0.0)
        self._refused = True
        self._pace()
        self._bucket.refused(now, until)
        self._dismiss_late(now)

    def closed(self) -> float:
        """Return for how many seconds the vendor asked to wait, 0 if it takes requests."""
        return self._bucket.closed(self._clock())

    def _agree(self) -> None:
        rates = [rate for rate, _ in self._terms if rate is not None]
        self._known = Rate(min(r.per_second for r in rates), min(r.burst for r in rates)) if rates else None
        self._places = min(places for _, places in self._terms)
        self._pace()
        self._wake_first()

    def _pace(self) -> None:
        known, learned = self._known, self._adaptive.rate or inf
        self._limited = known is not None or self._refused
        burst = 1.0 + _LATENESS * learned if learned < inf else 1.0
        self._rate = learned
        if known is not None:
            # What the vendor refused was perhaps a burst: below the known rate there is none.
            burst = known.burst if learned >= known.per_second else min(known.burst, burst)
            self._rate = min(known.per_second, learned)
        self._bucket.change(self._rate, burst)


_ACCOUNTS: RunVar[dict[str, AccountLimiter]] = RunVar("crossbook_accounts")


@contextmanager
def account_limiter(names: Sequence[str], rate: Rate | None, concurrency: int) -> Generator[AccountLimiter]:
    """The account that these credentials are, in this event loop, while a book is open.

    It is remembered when its last book closes, so that a book opened again finds the limit where it was: a wait that
    the vendor asked for, above all. Of many that are closed the oldest are forgotten; all go with their event loop.

    Args:
        names: what the account is known by, the surest first: any that is known already finds it (see
            `Connection.names`).
        rate: the limit that this book knows of; None if it is unknown.
        concurrency: requests in flight at most.
    """
    accounts = _ACCOUNTS.get(None)
    if accounts is None:
        _ACCOUNTS.set(accounts := {})
    account = next((accounts[name] for name in names if name in accounts), None) or AccountLimiter()
    add_names(account, names)
    account.join(rate, concurrency)
    try:
        yield account
    finally:
        account.leave(rate, concurrency)
        if not account.in_use:
            add_names(account, account.names)  # now the one closed last
            closed = dict.fromkeys(other for other in accounts.values() if not other.in_use)
            for other in list(closed)[:-REMEMBERED]:
                _forget(accounts, other, other.names)


def add_names(account: AccountLimiter, names: Sequence[str]) -> None:
    """Know the account by these names too. Of many that renewed credentials gave it, the oldest are forgotten."""
    accounts = _ACCOUNTS.get()
    for name in list(names):
        if accounts.setdefault(name, account) is account:
            accounts[name] = accounts.pop(name)
            account.names = [other for other in account.names if other != name] + [name]
    _forget(accounts, account, account.names[:-REMEMBERED])


def _forget(accounts: dict[str, AccountLimiter], account: AccountLimiter, names: Sequence[str]) -> None:
    account.names = [name for name in account.names if name not in names]
    for name in names:
        del accounts[name]
