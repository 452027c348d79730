"""A token bucket: so many requests a second on average, with bursts."""

from __future__ import annotations


class TokenBucket:
    """Counts what may still be taken.

    Args:
        rate: Tokens that come back each second.
        burst: How many can wait in the bucket, at least one.

    Example:
        `wait = TokenBucket(10, 20).take(time.monotonic())`
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = max(1.0, burst)
        self._tokens = self.burst
        self._then: float | None = None

    def take(self, now: float) -> float:
        """Take a token and return 0, or return the seconds until there is one.

        Args:
            now: The time in seconds, from any clock that does not go back.
        """
        if self._then is not None:
            self._tokens = min(self.burst, self._tokens + (now - self._then) * self.rate)
        self._then = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return 0
