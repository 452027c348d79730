"""Compute the wait before a retry, and limit the retries of an account. `Retry.allows` decides whether to retry."""

from __future__ import annotations

from collections.abc import Callable
from random import random

from crossbook.errors import CrossbookError, VendorUnavailableError

BASE_DELAY = 0.5  # seconds; doubled for each attempt
MAX_DELAY = 8.0


def is_still_processing(error: CrossbookError) -> bool:
    """Return whether the error means "accepted, not finished" (202). Polling then does not count as an attempt."""
    return isinstance(error, VendorUnavailableError) and error.status == 202


def retry_delay(attempt: int, retry_after: float | None, draw: Callable[[], float] = random) -> float:
    """Return the seconds to wait after this attempt: exponential backoff with full jitter, as AWS describes it.

    A `Retry-After` of the vendor is never undercut; the jitter is added to it.
    """
    jitter = draw() * min(MAX_DELAY, BASE_DELAY * 2.0 ** (attempt - 1))
    return jitter if retry_after is None else retry_after + jitter * 0.1


class RetryQuota:
    """A limit on the retries of one account, so that they do not flood a vendor that is down.

    The algorithm is the retry quota of the AWS SDKs (botocore's "standard" mode). The account has 500 tokens, and a
    retry takes 5. A retry that succeeds gives its 5 tokens back; any other success gives 1.
    """

    capacity = 500
    retry_cost = 5
    refund = 1

    def __init__(self) -> None:
        self._tokens = self.capacity

    def acquire(self) -> bool:
        """Take the tokens that one retry costs. Return False, and take none, if too few are left."""
        if self._tokens < self.retry_cost:
            return False
        self._tokens -= self.retry_cost
        return True

    def succeeded(self, *, retried: bool) -> None:
        """Return tokens to the quota after a successful request: more if the request was `retried`."""
        if self._tokens < self.capacity:
            self._tokens = min(self.capacity, self._tokens + (self.retry_cost if retried else self.refund))
