"""The one place from which calls are observed: logs, spans, metrics, hooks, raw responses and `crossbook verify`.

`Client.send` reports each step of a call to one `CallObserver`. If nothing observes the call, there is no observer, and
the search for it is all that observation costs. An observer never changes what a call does, except that an error that
`request_began` raises ends the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, Protocol

from crossbook._http.options import Attempt

if TYPE_CHECKING:
    from crossbook._batch.results import Summary
    from crossbook._http.client import Call


class CallObserver:
    """The base class of observers of calls. Each method does nothing here. The methods are called in the call's task.

    The order is: for each attempt `permit_waited` (if there was a wait), `request_began`, perhaps `rate_learned`, and
    `attempt_ended`; then `call_ended`. An attempt that is cancelled, or whose login fails, does not end.
    """

    def permit_waited(self, call: Call, seconds: float) -> None:
        """Observe that the call waited for a permit of the rate limiter. It may have got none."""

    def request_began(self, call: Call) -> None:
        """Observe that a request is about to be sent. An error raised here ends the call: the request is not sent."""

    def rate_learned(self, call: Call, per_second: float) -> None:
        """Observe that the rate limiter has learned a limit in requests a second from the vendor's refusals."""

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        """Observe a finished request: `call.outcome` is what the transport returned, `call.error` its error or None."""

    def call_ended(self, call: Call, error: BaseException | None) -> None:
        """Observe the end of the call: its error, which may be a cancellation, or None after a success."""


class BatchObserver(Protocol):
    """An observer of one batch and of the calls of the batch."""

    def begin_call(self, call: Call) -> CallObserver:
        """Return the observer of a call that this batch makes."""
        ...

    def add_result(self, status: str) -> None:
        """Observe the result of one input. Replayed results, and those of a dry run, are not reported."""
        ...

    def journal_stored(self, entry: Literal["intent", "outcome"], seconds: float) -> None:
        """Observe how long the journal took to store entries."""
        ...

    def end(self, summary: Summary, error: BaseException | None) -> None:
        """Observe the end of the batch, and the error that ended or stopped it, or None."""
        ...


class Telemetry(Protocol):
    """The source of observers that see every call and batch of the process. `crossbook.otel` installs one."""

    def begin_call(self, call: Call) -> CallObserver:
        """Return the observer of a call that begins, outside of a batch."""
        ...

    def begin_batch(self, vendor: str, operation: str) -> BatchObserver:
        """Return the observer of a batch that begins. `operation` is the method, such as `contacts.create_many`."""
        ...


telemetry: Telemetry | None = None

# The observer of all calls in this task and in the tasks that it starts, so that a login is seen too, which runs in a
# task of the book.
in_context: ContextVar[CallObserver | None] = ContextVar("crossbook.observer", default=None)


class HookObserver(CallObserver):
    """An observer that calls the hook `on_attempt`."""

    def __init__(self, hook: Callable[[Attempt], None]) -> None:
        self._hook = hook

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        self._hook(attempt)


class SeveralObservers(CallObserver):
    """Several observers as one. The end of a call is reported to all of them, in reverse order."""

    def __init__(self, observers: Sequence[CallObserver]) -> None:
        self._observers = observers

    def permit_waited(self, call: Call, seconds: float) -> None:
        for observer in self._observers:
            observer.permit_waited(call, seconds)

    def request_began(self, call: Call) -> None:
        for observer in self._observers:
            observer.request_began(call)

    def rate_learned(self, call: Call, per_second: float) -> None:
        for observer in self._observers:
            observer.rate_learned(call, per_second)

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        for observer in self._observers:
            observer.attempt_ended(call, attempt)

    def call_ended(self, call: Call, error: BaseException | None) -> None:
        for observer in reversed(self._observers):
            observer.call_ended(call, error)
