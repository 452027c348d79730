"""Limit a request rate: `TokenBucket` (GCRA) keeps a known rate, `AdaptiveRate` (CUBIC) learns an unknown one.

`SharedBucket` takes the place of both where several processes share one limit.
"""

from __future__ import annotations

from collections import deque
from math import inf

from crossbook.shared import Permits

_KEPT = 0.04  # seconds
SLOWEST = 0.5  # requests a second
RECENT, STRAY = 200, 2  # up to 2 refusals among the last 200 responses are strays: 1 %
SPAN, ENOUGH, STALE = 1.0, 20, 10.0  # a rate is measured over a second, or over 20 responses, up to 10 s
SECONDS = 3  # the most that was accepted in one of the last 3 seconds counts as possible
FALL, STEEPNESS = 0.18, 4.0  # the rate falls by four times the refused share, by 18 % at most
DEDUCTION = 1.5  # the limit is taken to be lower by this multiple of the refused share
BELOW = 0.4  # the curve levels out below the limit, by this part of the fall
GROWTH = 0.0005  # of the limit, for each second cubed
PATIENCE = 50.0  # divides the growth after a `Retry-After` of a second or more
FIRST, START = 4.0, 2.0  # requests a second: where the search for an unknown limit begins; added for each response
OVERSHOT = 0.7  # of the rate that the search had reached when the vendor refused: probably near the limit


class TokenBucket:
    """A token bucket: it grants `per_second` permits on average, and up to `burst` at once after a pause.

    In any window of w seconds it grants at most `per_second` * w + `burst` permits.

    The algorithm is GCRA (ITU-T I.371, the generic cell rate algorithm). It counts no tokens, but keeps the time at
    which the next permit is due (`_next`). An unused bucket lets that time fall behind by a burst (`_slack`).
    """

    __slots__ = ("_closed_until", "_interval", "_next", "_slack")

    def __init__(self, per_second: float, burst: float) -> None:
        self._next = self._closed_until = -inf
        self.set_rate(per_second, burst)

    def set_rate(self, per_second: float, burst: float) -> None:
        """Change the rate. The next permit keeps its due time; only the permits after it come at the new rate."""
        self._interval = 1.0 / per_second
        self._slack = self._interval * (burst - 1.0)

    def ready_at(self, now: float, queued: int = 0) -> float:
        """Return the time at which a caller behind `queued` waiting callers gets a permit; `now` if that is at once."""
        opens = max(now, self._closed_until)
        return max(opens, max(self._next, opens - self._slack) + queued * self._interval)

    def try_acquire(self, now: float) -> bool:
        """Take the next permit if it is due at `now`. Return whether it was taken."""
        if self._next > now or self._closed_until > now:
            return False
        self._next = max(self._next, now - self._slack) + self._interval
        return True

    def closed_for(self, now: float) -> float:
        """Return the seconds from `now` during which no permit is granted, because `close` was called; else 0.0."""
        return max(0.0, self._closed_until - now)

    def close(self, now: float, until: float) -> None:
        """Grant no permit before the time `until`, because the vendor refused a request. Drop an unused burst."""
        self._next = max(self._next, now + self._interval)
        self._closed_until = max(self._closed_until, until)


class SharedBucket:
    """The permits that this process reserved of a limit that several processes share: one lot after the other.

    Each permit of a lot has its own due time, so all processes together keep the rate. A permit that is not used within
    `_KEPT` seconds of its due time is dropped: otherwise each process could save a lot and use it in a burst.
    """

    __slots__ = ("_closed_until", "_interval", "_left", "_next", "_not_before")

    def __init__(self) -> None:
        self._left = 0
        self._interval = 0.0
        self._next = self._closed_until = self._not_before = -inf

    def fill(self, now: float, permits: Permits) -> None:
        """Take a lot that was just reserved. A lot without permits says when to reserve again."""
        self._left, self._interval = permits.count, permits.interval
        self._next = now + permits.ready_in
        self._not_before = self._next if not permits.count else -inf
        self._closed_until = max(self._closed_until, now + permits.closed_for)

    def needs_permits(self, now: float) -> bool:
        """Return whether a lot must be reserved before anybody gets a permit."""
        self._drop_unused(now)
        return not self._left and now >= max(self._not_before, self._closed_until)

    def take_left(self) -> int:
        """Take all permits that are left, and return their number."""
        left, self._left = self._left, 0
        return left

    def ready_at(self, now: float, queued: int = 0) -> float:
        """Return the time at which a caller gets a permit, as far as it is known: lots to come are not counted."""
        opens = max(now, self._closed_until, self._not_before)
        return max(opens, self._next + min(queued, self._left - 1) * self._interval) if self._left else opens

    def try_acquire(self, now: float) -> bool:
        """Take the next permit if it is due at `now`. Return whether it was taken."""
        self._drop_unused(now)
        if not self._left or self._next > now or self._closed_until > now:
            return False
        self._left -= 1
        self._next += self._interval
        return True

    def _drop_unused(self, now: float) -> None:
        late = now - self._next - max(_KEPT, self._interval)
        if self._left and late > 0:
            dropped = min(self._left, int(late / self._interval) + 1)
            self._left -= dropped
            self._next += dropped * self._interval

    def set_rate(self, per_second: float, burst: float) -> None:
        """Do nothing: the shared limit has the rate."""

    def closed_for(self, now: float) -> float:
        """Return the seconds from `now` during which no permit is granted, because `close` was called; else 0.0."""
        return max(0.0, self._closed_until - now)

    def close(self, now: float, until: float) -> None:
        """Grant no permit before the time `until`, because the vendor refused a request. Drop the lot."""
        self._left = 0
        self._closed_until = max(self._closed_until, until)


class AdaptiveRate:
    """A request rate that falls when the vendor refuses requests, and recovers along a cubic curve.

    The algorithm is CUBIC (RFC 9438), applied to a request rate as botocore's adaptive retry mode does. `rate` is None,
    which is no limit, until it falls for the first time.

    Invariant: `_limit` is the best estimate of what the vendor accepts. `rate` is at most what the curve from the last
    fall to `_limit` and beyond allows. Only refusals that cannot be strays lower either of them.

    Differences from botocore:

    - A stray refusal does not lower the rate. The rate falls if more than 1 % of the last 200 responses are refusals,
      or two within a second.
    - The fall is proportional to the refused share, as in DCTCP (RFC 8257), not a constant 30 %. A real limit costs
      18 %; 0.2 % of refusals cost next to nothing. Up to 1 % the limit stays, so that repeated falls within one
      recovery do not add up.
    - If callers do not use up the rate, the accepted requests measure the demand and not the limit. The rate then grows
      with each accepted request, as in TCP's slow start, until the vendor refuses again.
    - After a `Retry-After` the last part of the curve is flatter, since each further attempt costs a closed second.
    """

    __slots__ = (
        "_accepted", "_curve_start", "_fall_end", "_fall_time", "_growth", "_is_news", "_level_after", "_limit",
        "_previous_start", "_refused", "_responses", "_searching", "_second_count", "_second_start", "_seconds",
        "_used_rate", "rate",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rate: float | None = None
        self._responses = 0
        self._accepted: deque[float] = deque()  # times
        self._refused: deque[tuple[float, int]] = deque()  # time, and number of responses until then
        self._seconds: deque[tuple[float, int]] = deque(maxlen=SECONDS)  # start, and number of accepted requests
        self._second_start, self._second_count = -inf, 0
        self._limit = 0.0
        self._growth = 0.0
        self._level_after = 0.0  # seconds until the curve is level
        self._curve_start = self._previous_start = -inf  # of the curve, and of the curve before it
        self._fall_time = self._fall_end = -inf  # further refusals until the end belong to the same fall
        self._used_rate = 0.0  # the rate that callers used up before the last fall; 0 if they did not
        self._is_news = False  # whether `take_learned` has not returned the rate since the last fall
        self._searching = False  # whether the limit is unknown, and the rate grows with each response

    def succeeded(self, now: float) -> None:
        """Record a response of the vendor that did not refuse the request because of the rate."""
        self._responses += 1
        if now - self._second_start >= SPAN:
            self._seconds.append((self._second_start, self._second_count))
            self._second_start, self._second_count = now, 0
        self._second_count += 1
        accepted = self._accepted
        accepted.append(now)
        while accepted[0] < now - SPAN and len(accepted) > ENOUGH:
            accepted.popleft()
        if self.rate is None:
            return
        if self._searching:
            self.rate += START
            return
        age = max(0.0, now - self._curve_start) - self._level_after
        rate = self._limit + self._growth * age * age * age
        measured, _ = self._measured(now)
        # Far beyond the demand the rate would be no limit any more when the demand rises.
        self.rate = max(SLOWEST, min(rate, 2.0 * max(measured, self._limit)))
        # The limit was wrong, or has risen, if callers use a rate well beyond it.
        self._searching = min(rate, measured) > (1.0 + FALL) * self._limit

    def take_learned(self, now: float) -> float | None:
        """Return the rate once for each fall, when no more refusals belong to the fall. Otherwise return None."""
        if not (self._is_news and now > self._fall_end):
            return None
        self._is_news = False
        return self.rate

    def throttled(self, now: float, until: float, used_rate: float = 0.0) -> None:
        """Record that the vendor refused a request because of the rate, and takes no request before `until`.

        Args:
            used_rate: the rate in requests a second, if callers used it up and wait for more; otherwise 0.
        """
        self._responses += 1
        refused = self._refused
        before = refused[-1][0] if refused else -inf
        refused.append((now, self._responses))
        while refused[0][1] <= self._responses - RECENT:
            refused.popleft()
        frequent = len(refused) > STRAY
        if frequent or now - before <= SPAN:
            self._fall(now, until, used_rate, frequent)
        elif self.rate is not None and not self._searching and self.rate > self._limit:
            # A stray. The rate stays, and the curve is level from here on.
            self._limit, self._level_after, self._curve_start = self.rate, 0.0, until

    def _fall(self, now: float, until: float, used_rate: float, frequent: bool) -> None:
        """Lower the rate, and let it recover along a new curve that begins at the time `until`.

        Args:
            frequent: whether more than 1 % of the recent responses are refusals. Otherwise two refusals came together.
        """
        measured, since = self._measured(now)
        accepted = self._accepted
        silent = False  # whether nothing was accepted since the last fall
        if now > self._fall_end:  # a new fall, and not a further refusal of the last one
            silent = self.rate is not None and (not accepted or accepted[-1] <= self._fall_time)
            self._used_rate = used_rate * OVERSHOT if self._searching and used_rate == self.rate else used_rate
            self._searching = self.rate is None or not used_rate or silent
            self._fall_time, self._previous_start = now, self._curve_start
            self._is_news = True
        # The share of refusals says how far to fall.
        used = self._used_rate
        if frequent:
            refused = sum(moment > max(since, self._previous_start) for moment, _ in self._refused)
            share = refused / max(ENOUGH, refused + len(accepted))
        else:
            share = len(self._refused) / RECENT
            used = used if self._searching else max(used, self._limit)
        self._searching = self._searching or share > 0.5  # if more is refused than accepted, nothing measures the limit
        # The new limit: the best of what was accepted, and of what was used, less the refused share.
        peak = max(count for began, count in [*self._seconds, (now, 0)] if began >= now - SECONDS - SPAN)
        possible = max(used, peak) * (1.0 - min(1.0, DEDUCTION * share) if frequent else 1.0)
        limit = max(SLOWEST, measured, possible)
        fall = min(FALL, STEEPNESS * share)
        rate = limit * (1.0 - fall)
        if self._searching and not silent:  # a vendor that refuses everything gets as few requests as possible
            rate = max(rate, FIRST)
        self.rate = max(SLOWEST, rate if self.rate is None else min(rate, self.rate))
        # The new curve.
        self._limit = limit * (1.0 - BELOW * fall) if frequent else limit
        self._growth = GROWTH * limit / (1.0 + PATIENCE * min(1.0, until - now) if frequent else 1.0)
        self._level_after = (max(0.0, self._limit - self.rate) / self._growth) ** (1 / 3)
        self._curve_start = until
        self._fall_end = max(self._fall_time + SPAN, until)

    def _measured(self, now: float) -> tuple[float, float]:
        """Return the recent rate of accepted requests, and the time at which counting them began."""
        accepted = self._accepted
        while accepted and accepted[0] < now - STALE:
            accepted.popleft()
        if not accepted:
            return 0.0, now - STALE
        return len(accepted) / max(SPAN, now - accepted[0]), accepted[0]
