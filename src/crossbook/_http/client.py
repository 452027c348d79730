"""Send one request: acquire a permit, authenticate, send, map the response to an error or a success, retry."""

from __future__ import annotations

import logging
from codecs import BOM_UTF8
from math import inf
from typing import TypeVar

import anyio
import msgspec
from crossbook_wire.http import Request, Response

from crossbook import _redaction
from crossbook._concurrency import LONG, count_in_chunks, decode_in_chunks
from crossbook._http import logs, observation
from crossbook._http.circuit_breaker import CircuitBreaker
from crossbook._http.error_mapping import MARKS, find_request_id, map_response_error
from crossbook._http.limiter import AcquireTimeoutError
from crossbook._http.observation import BatchObserver, CallObserver
from crossbook._http.options import Attempt, Options
from crossbook._http.request import Credentials, TransportFailure, TransportResponse, choose_seconds, prepare_request
from crossbook._http.retry import BASE_DELAY, is_still_processing, retry_delay
from crossbook._http.session import Session
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import AuthError, CrossbookError, InvalidResponseError, RateLimitError, Sent
from crossbook.vendor import Operation, Retry, VendorProfile

T = TypeVar("T")
_UNKNOWN_OPERATION = Operation(Retry.CREATE_NO_LOOKUP)
_CLOSED = TransportFailure("connect", "no", "closed")
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class SuccessResponse(Response, frozen=True):
    """A successful response. `decode` returns its body as a model, or raises `InvalidResponseError`."""

    vendor: str
    operation: str

    def decode(self, decoder: msgspec.json.Decoder[T]) -> T:
        try:
            return decoder.decode(self.content)
        except _UNDECODABLE as error:
            mismatch = self._mismatch(error)
        raise mismatch

    async def decode_async(self, decoder: msgspec.json.Decoder[T]) -> T:
        if len(self.content) <= LONG:
            return self.decode(decoder)
        try:
            return await decode_in_chunks(self.content, decoder)
        except _UNDECODABLE as error:
            mismatch = self._mismatch(error)
        raise mismatch

    def _mismatch(self, error: Exception) -> InvalidResponseError:
        # The path in msgspec's message (`$.data[3].id`) helps and shows no value.
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else type(error).__name__
        return InvalidResponseError(
            f"response does not match the spec at {where}" if self.content.strip() else "the response is empty",
            vendor=self.vendor, operation=self.operation, status=self.status, sent="yes",
        )  # fmt: skip


class Call:
    """The state of one call of `Client.send`: its request, deadline, attempts and last outcome."""

    __slots__ = (
        "attempts", "began", "credentials", "deadline", "earlier", "ended", "error", "observer", "operation", "outcome",
        "renewed", "request", "session", "uncounted",
    )  # fmt: skip

    began: float  # the last attempt
    ended: float  # the last attempt
    credentials: Credentials  # of the last attempt

    def __init__(self, session: Session, request: Request, operation: Operation) -> None:
        self.session = session
        self.request = request
        self.operation = operation
        self.observer: CallObserver | None = None
        self.attempts = 0
        self.uncounted = 0  # attempts that do not count against `max_attempts`
        self.deadline = inf  # unless known, the deadline is set when the first attempt begins
        self.earlier: Sent = "no"  # "maybe" if an attempt before the last one may have succeeded
        self.outcome: TransportResponse | TransportFailure | None = None  # of the last attempt
        self.error: CrossbookError | None = None  # of the last attempt
        self.renewed = False  # whether the credentials were renewed

    @property
    def profile(self) -> VendorProfile:
        return self.session.profile

    def find_request_id(self) -> str | None:
        """Return the vendor's id of the last attempt, masked if it may be personal data, or None without one."""
        if self.error is not None:
            return self.error.request_id
        if not isinstance(self.outcome, TransportResponse):
            return None
        return find_request_id(self.profile, self.outcome, self.request, self.credentials.secrets)


class Client:
    """The sender of a generated client's requests, through one session and with one set of options.

    `send` is the only place that waits for a permit, authenticates, sends, maps errors and retries.
    """

    def __init__(self, session: Session, options: Options) -> None:
        self._session = session
        self._options = options
        self._max_response_bytes = options.max_response_bytes or session.profile.max_response_bytes
        # How long a batch waits for a permit or a Retry-After, and the option that says so; None for a single call.
        self._batch_wait: tuple[float, str] | None = None
        self.breaker: CircuitBreaker | None = None  # of a batch
        if options.max_wait is not None:
            self._batch_wait = min((options.max_wait, "max_wait"), (options.queue_timeout or inf, "queue_timeout"))
            self.breaker = CircuitBreaker(*self._batch_wait)
        self.batch: BatchObserver | None = None
        self.requests = 0

    def __repr__(self) -> str:
        return f"<Client of {self._session.profile.vendor}>"

    @hide_internal_frames
    async def send(self, request: Request, operation: Operation | None = None) -> Response:
        """Send the request, retry it where that is safe, and return the successful response. Raise the last error.

        Args:
            request: the request.
            operation: the rules for it; by default those of the profile for its operation.
        """
        session = self._session
        session.check_open()
        limiter = session.limiter
        if operation is None:
            operation = session.profile.operations.get(request.operation, _UNKNOWN_OPERATION)
        call = Call(session, request, operation)
        self._observe(call)
        try:
            while True:
                if not limiter.acquire_nowait(priority=operation.priority):
                    await self._wait_for_permit(call)
                try:
                    outcome = await self._attempt(call)
                finally:
                    limiter.release()
                marks = None
                if isinstance(outcome, TransportResponse) and len(outcome.content) > LONG:
                    marks = await count_in_chunks(outcome.content, MARKS)
                call.error = self._map_outcome(call, outcome, marks)
                if call.error is None and isinstance(outcome, TransportResponse):
                    return self._success(call, outcome)
                assert call.error is not None
                if not await self._prepare_retry(call, call.error):
                    raise call.error
        except BaseException as error:
            if call.observer is not None:
                call.observer.call_ended(call, error)
            raise

    def _observe(self, call: Call) -> None:
        """Find what observes the call. If nothing does, these four tests are all that it costs."""
        source, context = self.batch or observation.telemetry, observation.in_context.get()
        hook, logged = self._options.on_attempt, logs.logger.isEnabledFor(logging.INFO)
        if source is None and context is None and hook is None and not logged:
            return
        observers: list[CallObserver] = []
        if source is not None:
            observers.append(source.begin_call(call))
        if context is not None:
            observers.append(context)
        if logged:
            observers.append(logs.CALL_LOG)
        if hook is not None:
            observers.append(observation.HookObserver(hook))
        call.observer = observers[0] if len(observers) == 1 else observation.SeveralObservers(observers)

    async def send_in_batch(self, request: Request) -> Response:
        """Send the request as `send` does, through the circuit breaker of the batch."""
        breaker = self.breaker
        assert breaker is not None
        generation = breaker.generation if breaker.is_closed else await breaker.wait()
        try:
            response = await self.send(request)
        except CrossbookError as error:
            breaker.record_error(generation, error, closed_for=self._session.limiter.closed_for())
            raise
        except BaseException:
            breaker.abandon(generation)
            raise
        breaker.record_success(generation)
        return response

    async def _wait_for_permit(self, call: Call) -> None:
        """Wait until the account's rate limiter permits another request.

        The wait is part of the call's `timeout`, unless it has a limit of its own. That is `queue_timeout` for the
        first permit of a call, and the `max_wait` of a batch for each permit. The deadline of a batch's call is moved
        by the time that it waited.

        Raises:
            CrossbookError: no permit comes in time, or before the book closes. After a failed attempt this is the error
                of that attempt.
        """
        session, began, known = self._session, self._session.now(), call.deadline < inf
        limit = self._batch_wait
        if limit is None and not known and self._options.queue_timeout is not None:
            limit = self._options.queue_timeout, "queue_timeout"
        if limit is None and not known:
            call.deadline = began + choose_seconds(self._options.timeout, call.operation.timeout)
        seconds, option = limit or (call.deadline - began, "timeout")
        closed_for = session.limiter.closed_for()
        if self.breaker is not None and closed_for <= seconds:
            self.breaker.report_wait(began + closed_for)
        try:
            with session.cancel_on_close():
                await session.limiter.acquire(seconds, priority=call.operation.priority)
                if limit is not None:
                    call.deadline += self._session.now() - began
                return
        except AcquireTimeoutError as late:
            within = f"{max(0.0, seconds):.3g} s ({option})"
            reason = (
                f"no permit from the rate limiter within {within}; nothing was sent: "
                f"send fewer requests at once, or raise {option}"
            )
            if session.limiter.closed_for() > max(0.0, began + seconds - self._session.now()):
                reason = (
                    f"the vendor requires a wait of more than {within}; nothing was sent: "
                    "call again after that wait (retry_after)"
                )
            raise call.error or RateLimitError(
                reason,
                vendor=session.profile.vendor, operation=call.request.operation, retry_after=max(0.0, late.wait),
            ) from None  # fmt: skip
        finally:
            if call.observer is not None:
                call.observer.permit_waited(call, session.now() - began)
        error = call.error or map_response_error(session.profile, call.operation, _CLOSED)
        assert error is not None
        error.operation = call.request.operation
        raise error

    async def _attempt(self, call: Call) -> TransportResponse | TransportFailure:
        """Authenticate the request and send it once, within the deadline of the call."""
        session, operation = self._session, call.request.operation
        call.began = now = self._session.now()
        if call.deadline == inf:
            call.deadline = now + choose_seconds(self._options.timeout, call.operation.timeout)
        call.attempts += 1
        self.requests += 1
        if call.observer is not None:
            call.observer.request_began(call)
        try:
            credentials = session.auth.credentials_for(operation, call.deadline - now)
            if not isinstance(credentials, Credentials):
                credentials = await credentials
                call.began = now = self._session.now()
            call.credentials = credentials
            read_timeout = choose_seconds(self._options.read_timeout, call.operation.read_timeout)
            prepared = prepare_request(
                call.request, session.base, credentials, self._options.connect_timeout, read_timeout,
                call.deadline - now, self._max_response_bytes, call.deadline,
            )  # fmt: skip
            if session.shared is not None:
                session.shared.check_may_send()
            outcome = await session.transport.send(prepared)
        except CrossbookError as error:  # the login's, for instance
            error.earlier = call.earlier
            raise
        if isinstance(outcome, TransportResponse) and outcome.content.startswith(BOM_UTF8):
            return TransportResponse(outcome.status, outcome.headers, outcome.content[len(BOM_UTF8) :])
        return outcome

    def _map_outcome(
        self, call: Call, outcome: TransportResponse | TransportFailure, marks: list[int] | None
    ) -> CrossbookError | None:
        """Return the error that the outcome of an attempt means, or None. Report the outcome to the rate limiter."""
        limiter, call.outcome, call.ended = self._session.limiter, outcome, self._session.now()
        error = map_response_error(
            self._session.profile, call.operation, outcome, call.request, call.credentials.secrets, marks
        )
        if isinstance(error, RateLimitError):
            limiter.throttled(error.retry_after)
        elif isinstance(outcome, TransportResponse):
            learned = limiter.succeeded(call.ended)
            if learned is not None and call.observer is not None:
                call.observer.rate_learned(call, learned)
        if error is not None:
            error.operation, error.attempts, error.earlier = call.request.operation, call.attempts, call.earlier
            if error.sent == "maybe" or (error.sent == "yes" and not error.writes_nothing):
                call.earlier = "maybe"
        return error

    def _success(self, call: Call, response: TransportResponse) -> SuccessResponse:
        profile = self._session.profile
        self._session.limiter.quota.succeeded(retried=call.attempts > 1)
        if call.observer is not None:
            self._report_attempt(call, call.observer, None)
            call.observer.call_ended(call, None)
        content = profile.empty_list if response.status == 404 else response.content
        if call.operation.returns_nothing and content.strip() == b"null":
            content = b"{}"
        if response.status == 207:  # the errors of the failed items are shown, and may quote a secret
            content = _redaction.mask_secrets(content, call.credentials.secrets)
        return SuccessResponse(response.status, response.headers, content, profile.vendor, call.request.operation)

    async def _prepare_retry(self, call: Call, error: CrossbookError) -> bool:
        """Decide whether the failed request is sent again. If so, wait for the delay and return True."""
        if isinstance(error, AuthError) and not call.renewed and await self._renew_credentials(call, error):
            return True
        processing = is_still_processing(error)
        # A batch waits for a Retry-After in addition to the call's time.
        batch_wait = self._batch_wait if error.retry_after is not None and not processing else None
        left = call.deadline - self._session.now() if batch_wait is None else batch_wait[0]
        delay = self._delay(call, error, left)
        if call.observer is not None:
            self._report_attempt(call, call.observer, delay)
        if delay is None:
            return False
        call.uncounted += processing
        if batch_wait is not None and self.breaker is not None:
            self.breaker.report_wait(self._session.now() + delay)
        with self._session.cancel_on_close() as scope:
            await anyio.sleep(delay)
        if batch_wait is not None:
            call.deadline += delay
        return not scope.cancelled_caught

    async def _renew_credentials(self, call: Call, error: AuthError) -> bool:
        """Renew rejected credentials if possible. Return whether they changed; the retry is then not counted."""
        try:
            call.renewed = await self._session.auth.renew(call.credentials, error, call.deadline - self._session.now())
        except CrossbookError as login_error:
            login_error.earlier = call.earlier
            if call.observer is not None:
                self._report_attempt(call, call.observer, None)
            raise
        if call.renewed:
            if call.observer is not None:
                self._report_attempt(call, call.observer, 0.0)
            call.uncounted += 1
        return call.renewed

    def _delay(self, call: Call, error: CrossbookError, left: float) -> float | None:
        """Return the seconds to wait before the next attempt, or None if there is no retry."""
        attempt, processing = call.attempts - call.uncounted, is_still_processing(error)
        if not call.operation.retry.allows(error) or (attempt >= self._options.max_attempts and not processing):
            return None
        if self._session.task_group is None:  # the book was closed meanwhile
            return None
        if processing:
            delay = retry_delay(1, max(error.retry_after or 0.0, BASE_DELAY))
        else:
            delay = retry_delay(attempt, error.retry_after)
        # The limiter slows a throttled batch down, so no quota has to end its retries.
        free = processing or (self._batch_wait is not None and isinstance(error, RateLimitError))
        if delay >= left or not (free or self._session.limiter.quota.acquire()):
            return None
        return delay

    def _report_attempt(self, call: Call, observer: CallObserver, wait: float | None) -> None:
        """Report the last attempt to the observer of the call. `wait`: seconds until a retry; None without a retry."""
        assert call.outcome is not None
        observer.attempt_ended(
            call,
            Attempt(
                vendor=call.profile.vendor,
                operation=call.request.operation,
                number=call.attempts,
                seconds=call.ended - call.began,
                status=call.outcome.status,
                sent=call.error.sent if call.error else "yes",
                cause=None if call.error is None else call.error.cause or type(call.error).__name__,
                wait=wait,
            ),
        )
