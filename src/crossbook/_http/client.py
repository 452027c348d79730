"""The only I/O policy: wait for a turn → authenticate → transport → judge → maybe again."""

from __future__ import annotations

from codecs import BOM_UTF8
from math import inf
from typing import TypeVar

import anyio
import msgspec
from crossbook_wire.http import Request, Response

from crossbook import _redaction
from crossbook._concurrency import LONG, count_in_chunks, decode_in_chunks
from crossbook._http import logs
from crossbook._http.error_mapping import MARKS, map_response_error, request_id
from crossbook._http.limiter import AcquireTimeout
from crossbook._http.logs import watcher
from crossbook._http.options import Attempt, Options
from crossbook._http.request import Attachment, TransportFailure, TransportResponse, outgoing
from crossbook._http.retry import BASE, may_repeat, wait_before
from crossbook._http.session import Session
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import (
    AuthError,
    CrossbookError,
    InvalidResponseError,
    RateLimitError,
    Sent,
    VendorUnavailableError,
)
from crossbook.vendor import Operation, Retry

T = TypeVar("T")
_OTHER = Operation(Retry.CREATE_NO_LOOKUP)
_OVERDUE = TransportFailure("lost", "maybe", "deadline")
_CLOSED = TransportFailure("connect", "no", "closed")
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class SuccessResponse(Response, frozen=True):
    """A response that success was said of; what it cannot be decoded into is ours to name."""

    vendor: str
    operation: str

    def decode(self, decoder: msgspec.json.Decoder[T]) -> T:
        try:
            return decoder.decode(self.content)
        except _UNDECODABLE as error:
            refusal = self._misshapen(error)
        raise refusal

    async def decode_async(self, decoder: msgspec.json.Decoder[T]) -> T:
        if len(self.content) <= LONG:
            return self.decode(decoder)
        try:
            return await decode_in_chunks(self.content, decoder)
        except _UNDECODABLE as error:
            refusal = self._misshapen(error)
        raise refusal

    def _misshapen(self, error: Exception) -> InvalidResponseError:
        # The path of msgspec's message (`$.data[3].id`) helps and shows no value.
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else type(error).__name__
        return InvalidResponseError(
            f"the answer has another shape than the spec says, at {where}",
            vendor=self.vendor, operation=self.operation, status=self.status, sent="yes",
        )  # fmt: skip


class Client:
    """Sends a generated client's requests over one connection with one set of options."""

    def __init__(self, session: Session, options: Options) -> None:
        self._session = session
        self._options = options
        self._cap = options.max_response_bytes or session.profile.max_response_bytes
        # What a batch waits for one permit or one Retry-After, and by which option; None for a single call.
        self._patience: tuple[float, str] | None = None
        if options.max_wait is not None:
            self._patience = min((options.max_wait, "max_wait"), (options.queue_timeout or inf, "queue_timeout"))
        self.requests = 0

    def __repr__(self) -> str:
        return f"<Wire to {self._session.profile.vendor}>"

    @hide_internal_frames
    async def send(self, request: Request) -> Response:
        session, options = self._session, self._options
        session.check_open()
        limiter = session.limiter
        operation = session.profile.operations.get(request.operation, _OTHER)
        number, free, renewed, deadline = 0, 0, False, None
        earlier: Sent = "no"
        error: CrossbookError | None = None
        watching = watcher.get()
        while True:
            if watching is not None:
                watching.asked(request)
            if not limiter.acquire_nowait(ahead=operation.priority):
                deadline = await self._turn(request, operation, deadline, error)
            try:
                began = anyio.current_time()
                if deadline is None:
                    deadline = began + options.timeout
                number += 1
                self.requests += 1
                attachment, left = (
                    session.auth.credentials_for(request.operation, deadline - began),
                    deadline - began,
                )
                if not isinstance(attachment, Attachment):
                    attachment = await attachment
                    left = deadline - anyio.current_time()
                call = outgoing(request, session.base, attachment, options, left, self._cap)
                outcome: TransportResponse | TransportFailure = _OVERDUE
                with anyio.move_on_at(deadline):
                    outcome = await session.transport.send(call)
            except CrossbookError as unmade:  # the login's
                unmade.earlier = earlier
                raise
            finally:
                limiter.release()
            if isinstance(outcome, TransportResponse) and outcome.content.startswith(BOM_UTF8):
                outcome = TransportResponse(outcome.status, outcome.headers, outcome.content[len(BOM_UTF8) :])
            marks = None
            if isinstance(outcome, TransportResponse) and len(outcome.content) > LONG:
                marks = await count_in_chunks(outcome.content, MARKS)
            error = map_response_error(session.profile, operation, outcome, request, attachment.secrets, marks)
            if watching is not None:
                watching.answered(request, outcome, error)
            if isinstance(error, RateLimitError):
                limiter.throttled(error.retry_after)
            elif isinstance(outcome, TransportResponse):
                limiter.succeeded(anyio.current_time())
            if error is None and isinstance(outcome, TransportResponse):
                limiter.quota.succeeded(repeated=number > 1)
                if options.on_attempt is not None or logs.wanted():
                    self._told(request, number, began, outcome, None, None, attachment.secrets)
                content = session.profile.empty_list if outcome.status == 404 else outcome.content
                if outcome.status == 207:  # a success in part: what it says of the other part is shown
                    content = _redaction.without_secrets(content, attachment.secrets)
                return SuccessResponse(
                    outcome.status, outcome.headers, content, session.profile.vendor, request.operation
                )  # fmt: skip
            assert error is not None
            error.operation, error.attempts, error.earlier = request.operation, number, earlier
            if error.sent == "maybe" or (error.sent == "yes" and not error.writes_nothing):
                earlier = "maybe"
            if isinstance(error, AuthError) and not renewed:
                try:
                    renewed = await session.auth.renew(attachment, error, deadline - anyio.current_time())
                except CrossbookError as unmade:
                    unmade.earlier = earlier
                    self._told(request, number, began, outcome, error, None)
                    raise
                if renewed:
                    self._told(request, number, began, outcome, error, 0.0)
                    free += 1  # the new try costs no attempt
                    continue
            # A batch waits for what the vendor asks for beside the call's time.
            beside = self._patience if error.retry_after is not None and not _working(error) else None
            left = deadline - anyio.current_time() if beside is None else beside[0]
            wait = self._wait(operation, error, number - free, left)
            free += _working(error)
            self._told(request, number, began, outcome, error, wait)
            if wait is None:
                raise error
            with session.cancel_on_close() as scope:
                await anyio.sleep(wait)
            if scope.cancelled_caught:
                raise error
            if beside is not None:
                deadline += wait

    async def _turn(
        self, request: Request, operation: Operation, deadline: float | None, before: CrossbookError | None
    ) -> float | None:
        """Wait for a permit of the account; return the call's deadline, None if it begins with the request.

        The wait is part of the call's `timeout`, unless it has a bound of its own. That is `queue_timeout` for the
        first permit of a call, and the patience of a batch for each. A batch gets back the time that it waited.

        Raises:
            CrossbookError: no permit comes in time, or before the book closes. The attempt `before` says what became of
                the call, if there was one.
        """
        session, options = self._session, self._options
        began, bound = anyio.current_time(), self._patience
        if bound is None and deadline is None and options.queue_timeout is not None:
            bound = options.queue_timeout, "queue_timeout"
        if bound is None and deadline is None:
            deadline = began + options.timeout
        longest, option = bound or ((deadline or 0.0) - began, "timeout")
        try:
            with session.cancel_on_close():
                await session.limiter.acquire(longest, ahead=operation.priority)
                return deadline if bound is None or deadline is None else deadline + anyio.current_time() - began
        except AcquireTimeout as late:
            within = f"{max(0.0, longest):.3g} s ({option})"
            reason = (
                f"no permit from the rate limiter within {within}; nothing was sent: "
                f"send fewer requests at once, or raise {option}"
            )
            if session.limiter.closed() > max(0.0, began + longest - anyio.current_time()):
                reason = (
                    f"the vendor asked to wait, for longer than {within}; nothing was sent: "
                    "call again after the time that it asked for (retry_after)"
                )
            raise before or RateLimitError(
                reason,
                vendor=session.profile.vendor, operation=request.operation, retry_after=max(0.0, late.wait),
            ) from None  # fmt: skip
        error = before or map_response_error(session.profile, operation, _CLOSED)
        assert error is not None
        error.operation = request.operation
        raise error

    def _wait(self, operation: Operation, error: CrossbookError, number: int, left: float) -> float | None:
        """Seconds until the next attempt; None if there is none."""
        working = _working(error)
        if not may_repeat(operation.retry, error) or (number >= self._options.max_attempts and not working):
            return None
        if self._session.task_group is None:  # closed meanwhile
            return None
        asked = max(error.retry_after or 0.0, BASE) if working else error.retry_after
        wait = wait_before(1 if working else number, asked)
        # A batch obeys a vendor that throttles: the limiter slows all of it down, so no quota need end its repeats.
        free = working or (self._patience is not None and isinstance(error, RateLimitError))
        if wait >= left or not (free or self._session.limiter.quota.take()):
            return None
        return wait

    def _told(
        self, request: Request, number: int, began: float, outcome: TransportResponse | TransportFailure,
        error: CrossbookError | None, wait: float | None, secrets: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        hook = self._options.on_attempt
        if hook is None and not logs.wanted():
            return
        profile, seconds = self._session.profile, anyio.current_time() - began
        cause = None if error is None else error.cause or type(error).__name__
        sent = error.sent if error else "yes"
        attempt = Attempt(profile.vendor, request.operation, number, seconds, outcome.status, sent, cause, wait)
        if logs.wanted():
            id = error.request_id if error else None
            if error is None and isinstance(outcome, TransportResponse):
                id = request_id(profile, outcome, request, secrets)
            logs.attempted(attempt, request, id)
        if hook is not None:
            hook(attempt)


def _working(error: CrossbookError) -> bool:
    """Whether the vendor asks for patience only: asking it again costs no attempt."""
    return isinstance(error, VendorUnavailableError) and error.status == 202
