"""The rate limit of a sandbox vendor: a token bucket, which allows bursts."""

from __future__ import annotations


class TokenBucket:
    """A rate limit that refills at a steady rate and allows bursts.

    Args:
        rate: Tokens added each second.
        burst: The most tokens that the bucket holds, at least one.

    Example:
        `wait = TokenBucket(10, 20).take(time.monotonic())`
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = max(1.0, burst)
        self._tokens = self.burst
        self._last: float | None = None

    def take(self, now: float) -> float:
        """Take a token and return 0; if the bucket has none, return the seconds until its next token.

        Args:
            now: The time in seconds, from a monotonic clock.
        """
        if self._last is not None:
            self._tokens = min(self.burst, self._tokens + (now - self._last) * self.rate)
        self._last = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return 0
