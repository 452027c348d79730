"""One account at one vendor in one running event loop: how fast it may be asked is one thing for all its books."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from math import inf

import anyio
from anyio.lowlevel import RunVar

from crossbook.core.adaptive import Adaptive
from crossbook.core.card import Rate
from crossbook.core.clock import of_this_loop
from crossbook.core.line import Line
from crossbook.core.retry import Quota

REMEMBERED = 256  # closed accounts whose limits are kept for the next book
_LATENESS = 0.01  # seconds: how late an event loop wakes us; without a burst of as much a rate would not be reached


class Account(Line):
    """A line whose pace is the known rate, and a learned one below it once the vendor throttled.

    Wants, around each request: `acquire`, then `succeeded` or `throttled` if the vendor answered, and `release`.
    """

    def __init__(self, clock: Callable[[], float] = anyio.current_time) -> None:
        super().__init__(clock)
        self.quota = Quota()
        self._adaptive = Adaptive()
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


_ACCOUNTS: RunVar[dict[str, Account]] = RunVar("crossbook_accounts")


@contextmanager
def account_for(names: Sequence[str], rate: Rate | None, concurrency: int) -> Generator[Account]:
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
    account = next((accounts[name] for name in names if name in accounts), None) or Account(of_this_loop())
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


def add_names(account: Account, names: Sequence[str]) -> None:
    """Know the account by these names too. Of many that renewed credentials gave it, the oldest are forgotten."""
    accounts = _ACCOUNTS.get()
    for name in list(names):
        if accounts.setdefault(name, account) is account:
            accounts[name] = accounts.pop(name)
            account.names = [other for other in account.names if other != name] + [name]
    _forget(accounts, account, account.names[:-REMEMBERED])


def _forget(accounts: dict[str, Account], account: Account, names: Sequence[str]) -> None:
    account.names = [name for name in account.names if name not in names]
    for name in names:
        del accounts[name]
