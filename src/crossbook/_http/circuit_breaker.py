"""Pause the requests of a batch while the vendor is unavailable, and decide when waiting makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import anyio

from crossbook.errors import CrossbookError, RateLimitError, format_duration, from_record, to_record

MAX_FAILURES = 6  # calls in a row; the pauses between them are 1, 2, 4, 8 and 16 seconds
_SHORT = 1.0  # seconds; a shorter wait is not reported


class CircuitBreaker:
    """A switch that all calls of one batch pass: the pattern "circuit breaker" of Nygard's book "Release It!".

    Closed, every call passes. Open, no call begins before `_until`. Then the breaker is half-open: one call passes to
    test the vendor, and the others wait for its outcome. A success closes the breaker.

    A call counts once, however many items it writes. A failed call opens the breaker at once if the vendor asks for a
    wait (`Retry-After`), otherwise with the second failure in a row. `generation` counts the openings. A call that
    began before the last opening belongs to an earlier generation: it neither counts nor closes the breaker.

    The breaker gives up, for good, if the vendor asks for more than `max_wait` seconds, or after `MAX_FAILURES`
    failures in a row. Each later call then fails without a request.

    Args:
        max_wait: the longest wait in seconds that the batch accepts.
        option: the name of the option that sets `max_wait`.
    """

    def __init__(self, max_wait: float, option: str) -> None:
        self.on_wait: Callable[[], None] | None = None  # called when a wait of at least a second begins
        self.on_give_up: Callable[[CrossbookError, str], None] | None = None  # called with the error and the reason
        self._max_wait = max_wait
        self._option = option
        self.is_closed = True
        self.generation = 0
        self._error: CrossbookError | None = None  # with which the breaker gave up
        self._last_error: CrossbookError | None = None
        self._failures = 0  # in a row
        self._testing = False  # half-open, and the test is in flight
        self._until = -inf
        self._reported_until = -inf
        self._changed = anyio.Event()

    @property
    def waiting(self) -> float:
        """The seconds until the end of the last reported wait, or 0."""
        return max(0.0, self._reported_until - anyio.current_time())

    async def wait(self) -> int:
        """Wait until a call may begin. Return the generation, to pass with the outcome of the call.

        Raises:
            CrossbookError: the breaker gave up; nothing was sent.
        """
        while True:
            if self._error is not None:
                raise self._make_unsent_error(self._error)
            now = anyio.current_time()
            if self.is_closed:
                return self.generation
            if now >= self._until and not self._testing:
                self._testing = True
                return self.generation
            changed = self._changed
            with anyio.move_on_at(inf if now >= self._until else self._until):
                await changed.wait()

    def record_success(self, generation: int) -> None:
        """Record that a call succeeded, or that the vendor refused only the data of this call."""
        if generation == self.generation and self._failures and self._error is None:
            self._failures, self.is_closed, self._testing = 0, True, False
            self._wake_all()

    def record_error(self, generation: int, error: CrossbookError, *, closed_for: float) -> None:
        """Record the error of a call, after the call's own retries.

        Args:
            generation: the value that `wait` returned to the call.
            error: the error.
            closed_for: the seconds for which the vendor has closed the account's rate limiter.
        """
        is_own_limit = isinstance(error, RateLimitError) and error.status is None and not closed_for
        if error.action == "wait" and not is_own_limit:
            self._record_failure(error, is_current=generation == self.generation)
        elif error.action == "fix_input" and error.status is not None:
            self.record_success(generation)
        else:
            self.abandon(generation)  # the error says nothing about the vendor

    def abandon(self, generation: int) -> None:
        """Record that a call ended without an outcome: another call may test the vendor."""
        if generation == self.generation and self._testing:
            self._testing = False
            self._wake_all()

    def end_waits(self) -> None:
        """Let the calls that wait for the vendor fail now, because the batch begins nothing more."""
        if not self.is_closed and self._error is None:
            self._error = self._last_error
            self._wake_all()

    def report_wait(self, until: float) -> None:
        """Report that the batch waits for the vendor until this moment."""
        if until > self._reported_until + _SHORT and until > anyio.current_time() + _SHORT:
            self._reported_until = until
            if self.on_wait is not None:
                self.on_wait()

    def _record_failure(self, error: CrossbookError, *, is_current: bool) -> None:
        asked, now, self._last_error = error.retry_after or 0.0, anyio.current_time(), error
        self._failures += is_current
        if self._error is not None:
            return
        if asked > self._max_wait:
            asks = f"the vendor asks for a wait of {format_duration(asked)}"
            self._give_up(error, f"{asks}, longer than the limit of {format_duration(self._max_wait)} ({self._option})")
        elif self._failures >= MAX_FAILURES:
            self._give_up(
                error, f"{self._failures} requests in a row failed: {error.title[0].lower()}{error.title[1:]}"
            )
        elif asked or (is_current and self._failures > 1):
            pause = 2.0 ** (self._failures - 2) if is_current and self._failures > 1 else 0.0
            self._until = max(self._until, now + max(asked, pause))
            if is_current or self.is_closed:
                self.is_closed, self._testing = False, False
                self.generation += 1
            self.report_wait(self._until)
        self._wake_all()

    def _give_up(self, error: CrossbookError, why: str) -> None:
        self._error, self.is_closed = error, False
        if self.on_give_up is not None:
            self.on_give_up(error, why)

    def _wake_all(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def _make_unsent_error(self, error: CrossbookError) -> CrossbookError:
        facts = {"sent": "no", "earlier": "no", "attempts": 0, "id": None, "request_id": None}
        message = f"nothing was sent, since the batch stopped after this error: {error.message}"
        return from_record({**to_record(error), **facts, "message": message})
