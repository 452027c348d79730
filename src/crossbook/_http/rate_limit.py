"""How fast an account may be asked where its limit is known."""

from __future__ import annotations

from collections import deque
from math import inf


class TokenBucket:
    """A token bucket: `per_second` turns on average, up to `burst` of them at once after a pause.

    In any window of w seconds it grants at most `per_second` * w + `burst` turns, however they are asked for. It does
    not count tokens, but keeps the moment from which the next turn may be had: unused, that falls behind by a burst.
    """

    __slots__ = ("_closed_until", "_interval", "_next", "_slack")

    def __init__(self, per_second: float, burst: float) -> None:
        self._next = self._closed_until = float("-inf")
        self.change(per_second, burst)

    def change(self, per_second: float, burst: float) -> None:
        """Another limit from now on: the next turn begins when it would have, those after it at the new pace."""
        self._interval = 1.0 / per_second
        self._slack = self._interval * (burst - 1.0)

    def begins(self, now: float, ahead: int = 0) -> float:
        """When the turn after `ahead` others begins: `now` if it can be taken."""
        opens = max(now, self._closed_until)
        return max(opens, max(self._next, opens - self._slack) + ahead * self._interval)

    def take(self, now: float) -> bool:
        """Takes the next turn, if it has begun."""
        if self._next > now or self._closed_until > now:
            return False
        self._next = max(self._next, now - self._slack) + self._interval
        return True

    def closed(self, now: float) -> float:
        """Return for how many seconds no turn is granted, since the vendor asked to wait."""
        return max(0.0, self._closed_until - now)

    def refused(self, now: float, until: float) -> None:
        """The vendor has no token left, so there is none here; and none is granted before `until`."""
        self._next = max(self._next, now + self._interval)
        self._closed_until = max(self._closed_until, until)


# The request rate of an account whose limit is unknown: learned from what the vendor accepts and refuses.

SLOWEST = 0.5  # requests a second
RECENT, STRAY = 200, 2  # of so many answers so many may be refused: 1 %
SPAN, ENOUGH, STALE = 1.0, 20, 10.0  # measured over a second, or over 20 answers if they took longer, up to 10 s
SECONDS = 3  # in which the most that was accepted counts as possible
FALL, STEEPNESS = 0.18, 4.0  # the rate falls by four times the refused share, by 18 % at most
DEDUCTION = 1.5  # and the limit is taken to be lower by so many times that share
BELOW = 0.4  # of the fall: the curve levels out so far below the limit
GROWTH = 0.0005  # of the limit, for each second cubed
PATIENCE = 50.0  # the curve is so much flatter after a `Retry-After` of a second or more
FIRST, START = 4.0, 2.0  # requests a second: where the search for an unknown limit begins; added for each answer
OVERSHOT = 0.7  # of the rate that the search had reached when the vendor refused: probably near the limit


class AdaptiveRate:
    """A request rate that falls when the vendor throttles and recovers along a cubic curve.

    The algorithm is CUBIC (RFC 9438), applied to a request rate as botocore's adaptive retry mode does. `rate` is None,
    which is no limit, until it falls for the first time. The invariant: `_limit` is the best estimate of what the
    vendor can take, `rate` is at most what the curve from the last fall to `_limit` and beyond allows, and only
    refusals that cannot be strays lower either of them.

    What differs from botocore:

    - A stray refusal does not lower the rate. The rate falls if more than 1 % of the last 200 answers, or two answers
      within a second, are refused.
    - The fall is proportional to the refused share, as in DCTCP (RFC 8257), not a constant 30 %: a real limit costs
      18 %, 0.2 % of refusals cost next to nothing. Up to 1 % the limit stays where it was, so that repeated falls
      within one recovery do not add up.
    - Where the sender did not use up the rate, what was accepted says what we asked for and not what the vendor can
      take. The rate then grows with each accepted request, as in TCP's slow start, until the vendor refuses again.
    - After a `Retry-After` the last part of the curve is flatter, since each further attempt costs a closed second.
    """

    __slots__ = (
        "_accepted", "_answers", "_asked", "_count", "_fell", "_flat", "_growth", "_limit", "_over", "_previous",
        "_refused", "_searching", "_second", "_seconds", "_since", "rate",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rate: float | None = None
        self._answers = 0
        self._accepted: deque[float] = deque()  # when
        self._refused: deque[tuple[float, int]] = deque()  # when, and after how many answers
        self._seconds: deque[tuple[float, int]] = deque(maxlen=SECONDS)  # begin, and how many were accepted
        self._second, self._count = -inf, 0
        self._limit = 0.0
        self._growth = 0.0
        self._flat = 0.0  # seconds until the curve is level
        self._since = self._previous = -inf  # the curve begins; the one before it began
        self._fell = self._over = -inf  # the last fall, and until when further refusals belong to it
        self._asked = 0.0  # the rate that the sender used up before the last fall; 0 if it did not
        self._searching = False

    def succeeded(self, now: float) -> None:
        """Record an answer that was not a refusal."""
        self._answers += 1
        if now - self._second >= SPAN:
            self._seconds.append((self._second, self._count))
            self._second, self._count = now, 0
        self._count += 1
        accepted = self._accepted
        accepted.append(now)
        while accepted[0] < now - SPAN and len(accepted) > ENOUGH:
            accepted.popleft()
        if self.rate is None:
            return
        if self._searching:
            self.rate += START
            return
        age = max(0.0, now - self._since) - self._flat
        rate = self._limit + self._growth * age * age * age
        measured, _ = self._measured(now)
        # Far beyond what callers ask for it would be no limit any more when they do.
        self.rate = max(SLOWEST, min(rate, 2.0 * max(measured, self._limit)))
        # The limit was none, or has risen, if callers use a rate well beyond it.
        self._searching = min(rate, measured) > (1.0 + FALL) * self._limit

    def throttled(self, now: float, until: float, pace: float = 0.0) -> None:
        """Record a refusal of a vendor that takes no request before `until`.

        Args:
            pace: requests a second, if callers used up all of them and waited for more; otherwise 0.
        """
        self._answers += 1
        refused = self._refused
        before = refused[-1][0] if refused else -inf
        refused.append((now, self._answers))
        while refused[0][1] <= self._answers - RECENT:
            refused.popleft()
        crowd = len(refused) > STRAY
        if crowd or now - before <= SPAN:
            self._fall(now, until, pace, crowd)
        elif self.rate is not None and not self._searching and self.rate > self._limit:
            # The rate stays, and so does the curve: it is level from here on.
            self._limit, self._flat, self._since = self.rate, 0.0, until

    def _fall(self, now: float, until: float, pace: float, crowd: bool) -> None:
        measured, since = self._measured(now)
        accepted = self._accepted
        unanswered = False
        if now > self._over:
            unanswered = self.rate is not None and (not accepted or accepted[-1] <= self._fell)
            self._asked = pace * OVERSHOT if self._searching and pace == self.rate else pace
            self._searching = self.rate is None or not pace or unanswered
            self._fell, self._previous = now, self._since
        asked = self._asked
        if crowd:
            lost = sum(moment > max(since, self._previous) for moment, _ in self._refused)
            share = lost / max(ENOUGH, lost + len(accepted))
        else:
            share = len(self._refused) / RECENT
            asked = asked if self._searching else max(asked, self._limit)
        self._searching = self._searching or share > 0.5  # more refused than accepted: that is no measure of a limit
        most = max(count for began, count in [*self._seconds, (now, 0)] if began >= now - SECONDS - SPAN)
        possible = max(asked, most) * (1.0 - min(1.0, DEDUCTION * share) if crowd else 1.0)
        limit = max(SLOWEST, measured, possible)
        fall = min(FALL, STEEPNESS * share)
        rate = limit * (1.0 - fall)
        if self._searching and not unanswered:  # a vendor that refuses everything is asked as rarely as can be
            rate = max(rate, FIRST)
        self.rate = max(SLOWEST, rate if self.rate is None else min(rate, self.rate))
        self._limit = limit * (1.0 - BELOW * fall) if crowd else limit
        self._growth = GROWTH * limit / (1.0 + PATIENCE * min(1.0, until - now) if crowd else 1.0)
        self._flat = (max(0.0, self._limit - self.rate) / self._growth) ** (1 / 3)
        self._since = until
        self._over = max(self._fell + SPAN, until)

    def _measured(self, now: float) -> tuple[float, float]:
        """Return the accepted requests a second, and since when they are counted."""
        accepted = self._accepted
        while accepted and accepted[0] < now - STALE:
            accepted.popleft()
        if not accepted:
            return 0.0, now - STALE
        return len(accepted) / max(SPAN, now - accepted[0]), accepted[0]
