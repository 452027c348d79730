"""Limit the requests of one account in one event loop: how many are in flight, and how fast they begin.

All books of the account share the limiter, since the vendor counts the requests of all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from math import inf

import anyio
from anyio.lowlevel import RunVar

from crossbook._http.rate_limit import AdaptiveRate, SharedBucket, TokenBucket
from crossbook._http.retry import RetryQuota
from crossbook.shared import SharedLimit
from crossbook.vendor import Rate

Limits = tuple[Rate | None, int]  # of a book: its known rate, and the number of its requests in flight
MAX_CLOSED = 256  # closed accounts whose limiters are kept for the next book
_LATENESS = 0.01  # seconds by which an event loop wakes a task late; a burst of this length keeps the rate reachable


class AcquireTimeoutError(Exception):
    """Raised when no permit can be given before the caller's timeout. `wait`: the estimated seconds until a permit."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"no permit for {wait:.3g} s")
        self.wait = wait


class _Waiter:
    __slots__ = ("deadline", "timeout", "woken")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.timeout: AcquireTimeoutError | None = None
        self.woken = anyio.Event()


class AccountLimiter:
    """A limiter that gives each request of one account a permit to be sent, first come, first served.

    A permit needs capacity (fewer than `concurrency` requests in flight) and the rate (a token of the bucket). The rate
    is the known limit of the account, or a lower one that is learned once the vendor throttles.

    Invariant: a permit is never handed over. The first waiter checks capacity and rate itself, and takes both at once,
    with no await in between or after. So a waiter that is cancelled holds nothing that could be lost, and a limit that
    changes meanwhile is seen.

    For each request: `acquire`, then `succeeded` or `throttled` if the vendor responded, and always `release`.
    """

    def __init__(self) -> None:
        self.quota = RetryQuota()
        self.names: dict[str, None] = {}  # under which the event loop knows the account, the newest last
        self._bucket: TokenBucket | SharedBucket = TokenBucket(inf, 1.0)
        self._shared: SharedLimit | None = None
        self._limited = False  # whether the bucket limits anything: reading the clock costs as much as all the rest
        self._adaptive = AdaptiveRate()
        self._rate = inf  # the lower of the known and the learned rate
        self._known_rate: Rate | None = None
        self._was_throttled = False  # from then on the bucket may be closed, even if no rate was learned
        self._limits: list[Limits] = []  # of each open book
        self._concurrency = 1
        self._in_flight = 0
        self._waiters: OrderedDict[_Waiter, None] = OrderedDict()

    async def acquire(self, timeout: float | None = None, *, priority: bool = False) -> None:
        """Wait for a permit to send one request. Call `release` when the request has ended.

        Args:
            timeout: the longest wait in seconds; None waits as long as it takes.
            priority: for a request that others wait for, a login: it comes first, and needs no free capacity.

        Raises:
            AcquireTimeoutError: as soon as it is certain that the wait would be longer.
        """
        if not self.acquire_nowait(priority=priority):
            await self._wait(inf if timeout is None else timeout, priority)

    def acquire_nowait(self, *, priority: bool = False) -> bool:
        """Take a permit without waiting, and return True. Return False if no permit is available now."""
        return (priority or not self._waiters) and self._try_acquire(priority)

    def release(self) -> None:
        """Give back the permit of a request that has ended, so that another request may be in flight."""
        self._in_flight -= 1
        if self._in_flight == self._concurrency - 1:
            self._wake_first()

    def _try_acquire(self, priority: bool) -> bool:
        if self._in_flight >= self._concurrency and not priority:
            return False
        if self._limited and not self._bucket.try_acquire(anyio.current_time()):
            return False
        self._in_flight += 1
        return True

    async def _wait(self, timeout: float, priority: bool) -> None:
        now = anyio.current_time()
        waiter = _Waiter(now + timeout)
        ready_at = self._bucket.ready_at(now, 0 if priority else len(self._waiters))
        if ready_at > waiter.deadline:
            raise AcquireTimeoutError(ready_at - now)
        self._waiters[waiter] = None
        if priority:
            self._waiters.move_to_end(waiter, last=False)
        try:
            while waiter.timeout is None:
                is_first = next(iter(self._waiters)) is waiter
                if is_first and self._try_acquire(priority):
                    return
                now = anyio.current_time()
                if is_first and now < waiter.deadline and await self._reserve(waiter.deadline):
                    continue
                ready_at = self._bucket.ready_at(now)
                if now >= waiter.deadline:
                    raise AcquireTimeoutError(ready_at - now)
                waits_for_rate = is_first and (priority or self._in_flight < self._concurrency)
                with anyio.move_on_at(min(ready_at, waiter.deadline) if waits_for_rate else waiter.deadline):
                    await waiter.woken.wait()
                if waiter.woken.is_set():
                    waiter.woken = anyio.Event()
            raise waiter.timeout
        finally:
            self._waiters.pop(waiter, None)
            self._wake_first()

    async def _reserve(self, deadline: float) -> bool:
        """Reserve the next permits of a shared limit, if there are none left. Return whether that was tried."""
        bucket = self._bucket
        if self._shared is None or isinstance(bucket, TokenBucket) or not bucket.needs_permits(anyio.current_time()):
            return False
        with anyio.move_on_at(deadline):
            permits = await self._shared.reserve(self._known_rate)
            bucket.fill(anyio.current_time(), permits)
        return True

    def _wake_first(self) -> None:
        if self._waiters:
            next(iter(self._waiters)).woken.set()

    def _fail_late_waiters(self, now: float) -> None:
        """Raise AcquireTimeoutError in the waiting tasks whose permit would now come after their deadline."""
        queued = 0
        for waiter in list(self._waiters):
            ready_at = self._bucket.ready_at(now, queued)
            if ready_at > waiter.deadline:
                del self._waiters[waiter]
                waiter.timeout = AcquireTimeoutError(ready_at - now)
                waiter.woken.set()
            else:
                queued += 1

    def share(self, limit: SharedLimit) -> None:
        """Keep the limit together with other processes from now on, instead of alone."""
        if self._shared is None:
            self._bucket = SharedBucket()
        self._shared, self._limited = limit, True

    async def give_back(self) -> None:
        """Return the unused permits of a shared limit."""
        if self._shared is not None and isinstance(self._bucket, SharedBucket) and (left := self._bucket.take_left()):
            await self._shared.give_back(left)

    @property
    def limits(self) -> Limits:
        """The known rate and the concurrency that apply: the strictest of all open books of the account."""
        return self._known_rate, self._concurrency

    def limits_of_others(self, own: Limits) -> Limits | None:
        """Return the strictest limits of the open books except one book with the limits `own`. None without others."""
        others = list(self._limits)
        others.remove(own)
        return _find_strictest(others) if others else None

    @property
    def in_use(self) -> bool:
        """Whether a book of this account is open."""
        return bool(self._limits)

    def add_book(self, rate: Rate | None, concurrency: int) -> None:
        """Apply the limits of a book that opens. The lowest limits of all open books of the account are used."""
        self._limits.append((rate, concurrency))
        self._apply_limits()

    def remove_book(self, rate: Rate | None, concurrency: int) -> None:
        """Drop the limits of a book that closes. The last open book's limits stay until another book opens."""
        self._limits.remove((rate, concurrency))
        if self._limits:
            self._apply_limits()

    def succeeded(self, now: float) -> float | None:
        """Record a response that did not refuse the request because of the rate. Its status does not matter.

        Returns:
            A limit that was learned, in requests a second, at the first such response after a fall; otherwise None.
        """
        if self._shared is not None:
            return None
        self._adaptive.succeeded(now)
        if self._adaptive.rate is None:
            return None
        self._update_rate()
        return self._adaptive.take_learned(now)

    def throttled(self, retry_after: float | None) -> None:
        """Record a response that refused the request because of the rate. Give no permit for `retry_after` seconds."""
        now = anyio.current_time()
        until = now + (retry_after or 0.0)
        if self._shared is not None:
            self._shared.throttled(retry_after)
            self._bucket.close(now, until)
            self._fail_late_waiters(now)
            return
        used_up = self._rate < inf and bool(self._waiters) and self._bucket.ready_at(now) > now
        self._adaptive.throttled(now, until, self._rate if used_up else 0.0)
        self._was_throttled = True
        self._update_rate()
        self._bucket.close(now, until)
        self._fail_late_waiters(now)

    def closed_for(self) -> float:
        """Return the seconds until the end of the wait that the vendor required (`Retry-After`), or 0.0."""
        return self._bucket.closed_for(anyio.current_time())

    def _apply_limits(self) -> None:
        self._known_rate, self._concurrency = _find_strictest(self._limits)
        self._update_rate()
        self._wake_first()

    def _update_rate(self) -> None:
        known, learned = self._known_rate, self._adaptive.rate or inf
        self._limited = known is not None or self._was_throttled or self._shared is not None
        burst = 1.0 + _LATENESS * learned if learned < inf else 1.0
        self._rate = learned
        if known is not None:
            # The vendor may have refused a burst: below the known rate, allow no burst.
            burst = known.burst if learned >= known.per_second else min(known.burst, burst)
            self._rate = min(known.per_second, learned)
        self._bucket.set_rate(self._rate, burst)


def _find_strictest(limits: Sequence[Limits]) -> Limits:
    rates = [rate for rate, _ in limits if rate is not None]
    rate = Rate(min(r.per_second for r in rates), min(r.burst for r in rates)) if rates else None
    return rate, min(concurrency for _, concurrency in limits)


_ACCOUNTS: RunVar[dict[str, AccountLimiter]] = RunVar("crossbook_accounts")


@contextmanager
def account_limiter(names: Sequence[str], rate: Rate | None, concurrency: int) -> Generator[AccountLimiter]:
    """Provide, while a book is open, the limiter of the account with these names. All books of the account share it.

    The event loop keeps the limiters of the last `MAX_CLOSED` accounts that were closed. A book that is opened again
    finds its limit unchanged, and above all a wait that the vendor required.

    Args:
        names: the names of the account, the surest first (see `Session.names`). The first known name finds it.
        rate: the limit that the book knows; None if it is unknown.
        concurrency: the largest number of requests in flight.
    """
    accounts = _ACCOUNTS.get(None)
    if accounts is None:
        _ACCOUNTS.set(accounts := {})
    account = next((accounts[name] for name in names if name in accounts), None) or AccountLimiter()
    add_names(account, names)
    account.add_book(rate, concurrency)
    try:
        yield account
    finally:
        account.remove_book(rate, concurrency)
        if not account.in_use:
            add_names(account, account.names)  # moves it to the end: it was closed last
            closed = dict.fromkeys(other for other in accounts.values() if not other.in_use)
            for other in list(closed)[:-MAX_CLOSED]:
                _forget(accounts, other, other.names)


def add_names(account: AccountLimiter, names: Iterable[str]) -> None:
    """Let further books find the account's limiter by these names too. Keep at most `MAX_CLOSED` names, the newest."""
    accounts = _ACCOUNTS.get()
    for name in list(names):
        if accounts.setdefault(name, account) is account:
            accounts[name] = accounts.pop(name)
            account.names.pop(name, None)
            account.names[name] = None
    _forget(accounts, account, list(account.names)[:-MAX_CLOSED])


def _forget(accounts: dict[str, AccountLimiter], account: AccountLimiter, names: Iterable[str]) -> None:
    for name in list(names):
        del account.names[name]
        del accounts[name]
