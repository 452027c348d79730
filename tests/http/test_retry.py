"""Whether and when a request is retried."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import errors
from crossbook._http.retry import MAX_DELAY, RetryQuota, retry_delay
from crossbook.vendor import Retry

CREATES = (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)
OTHERS = (Retry.SAFE, Retry.IDEMPOTENT)
ALWAYS: list[errors.CrossbookError] = [
    errors.RateLimitError("429", status=429, sent="yes"),
    errors.ConnectError("refused", sent="no"),
    errors.NoResponseError("never left", sent="no"),
]
UNLESS_IT_CREATES: list[errors.CrossbookError] = [
    errors.NoResponseError("reset", sent="maybe"),
    errors.VendorUnavailableError("503", status=503, sent="yes"),
    errors.InvalidResponseError("cut", status=200, sent="yes"),
    errors.InvalidResponseError("no JSON", status=207, sent="yes"),
]
NEVER: list[errors.CrossbookError] = [
    errors.AuthError("401", status=401, sent="yes"),
    errors.NotFoundError("404", status=404, sent="yes"),
    errors.RejectedError("422", status=422, sent="yes"),
    errors.InvalidResponseError("a redirect", status=302, sent="yes"),
    errors.InvalidResponseError("a wrong base URL", status=404, sent="yes"),
    errors.ResponseTooLargeError("a bomb", status=200, sent="yes"),
    errors.UnsupportedError("not supported"),
]


@pytest.mark.parametrize(
    ("error", "retry", "expected"),
    [
        *((error, retry, True) for error, retry in product(ALWAYS, Retry)),
        *((error, retry, True) for error, retry in product(UNLESS_IT_CREATES, OTHERS)),
        *((error, retry, False) for error, retry in product(UNLESS_IT_CREATES, CREATES)),
        *((error, retry, False) for error, retry in product(NEVER, Retry)),
    ],
    ids=lambda value: value.name if isinstance(value, Retry) else str(value),
)
def test_retry_allowed_by_class_error_and_sent(error: errors.CrossbookError, retry: Retry, expected: bool) -> None:
    assert retry.allows(error) is expected


@given(number=st.integers(1, 50), asked=st.none() | st.floats(0, 1e6), dice=st.floats(0, 1))
def test_retry_delay_never_undercuts_retry_after(number: int, asked: float | None, dice: float) -> None:
    wait = retry_delay(number, asked, lambda: dice)
    most = min(MAX_DELAY, 0.5 * 2 ** (number - 1))
    if asked is None:
        assert wait == pytest.approx(dice * most)
    else:
        assert asked <= wait <= asked + most


def test_retry_delay_doubles_up_to_a_maximum() -> None:
    assert [retry_delay(number, None, lambda: 1.0) for number in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert len({retry_delay(1, None) for _ in range(20)}) > 1, "it is random"


def test_quota_empties_on_retries_and_refills() -> None:
    quota = RetryQuota()
    assert sum(quota.acquire() for _ in range(1000)) == 100
    for _ in range(4):
        quota.succeeded(retried=False)
    assert not quota.acquire()
    quota.succeeded(retried=False)
    assert quota.acquire()
    quota.succeeded(retried=True)
    assert quota.acquire()
    for _ in range(10_000):
        quota.succeeded(retried=True)
    assert sum(quota.acquire() for _ in range(1000)) == 100, "it never exceeds its capacity"
