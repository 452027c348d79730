"""The only I/O policy: wait for a turn → authenticate → transport → judge → maybe again."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TypeVar

import anyio
import msgspec
from crossbook_wire.http import Request, Response

from crossbook.core import echo, frame, log
from crossbook.core.card import Operation, Retry
from crossbook.core.chunks import LONG, count_in_chunks, decode_in_chunks
from crossbook.core.connection import Connection
from crossbook.core.exchange import Failure, Reply
from crossbook.core.frames import public
from crossbook.core.judge import MARKS, judge, request_id
from crossbook.core.line import Late
from crossbook.core.options import Attempt, Options
from crossbook.core.retry import BASE, may_repeat, wait_before
from crossbook.core.watch import watcher
from crossbook.errors import AuthError, BadResponse, CrossbookError, RateLimited, Sent, VendorDown

T = TypeVar("T")
_OTHER = Operation(Retry.CREATE_NO_LOOKUP)
_OVERDUE = Failure("lost", "maybe", "deadline")
_CLOSED = Failure("connect", "no", "closed")
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Answer(Response, frozen=True):
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

    def _misshapen(self, error: Exception) -> BadResponse:
        # The path of msgspec's message (`$.data[3].id`) helps and shows no value.
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else type(error).__name__
        return BadResponse(
            f"the answer has another shape than the spec says, at {where}",
            vendor=self.vendor, operation=self.operation, status=self.status, sent="yes",
        )  # fmt: skip


class Wire:
    """Sends a generated client's requests over one connection with one set of options."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection = connection
        self._options = options
        self._cap = options.max_body or connection.card.max_body
        self.requests = 0

    def __repr__(self) -> str:
        return f"<Wire to {self._connection.card.vendor}>"

    @public
    async def send(self, request: Request) -> Response:
        connection, options = self._connection, self._options
        connection.check()
        account = connection.account
        operation = connection.card.operations.get(request.operation, _OTHER)
        number, free, renewed, deadline = 0, 0, False, None
        earlier: Sent = "no"
        error: CrossbookError | None = None
        watching = watcher.get()
        while True:
            if watching is not None:
                watching.asked(request)
            if not account.acquire_nowait(ahead=operation.ahead):
                await self._turn(request, operation, deadline, error)
            try:
                began = connection.now()
                if deadline is None:
                    deadline = began + options.timeout
                number += 1
                self.requests += 1
                attachment, left = connection.auth.attachment(request.operation, deadline - began), deadline - began
                if not isinstance(attachment, frame.Attachment):
                    attachment = await attachment
                    left = deadline - connection.now()
                call = frame.outgoing(request, connection.base, attachment, options, left, self._cap)
                outcome: Reply | Failure = _OVERDUE
                with connection.until(deadline):
                    outcome = await connection.transport.send(call)
            except CrossbookError as unmade:  # the login's
                unmade.earlier = earlier
                raise
            finally:
                account.release()
            if isinstance(outcome, Reply) and outcome.content.startswith(BOM_UTF8):
                outcome = Reply(outcome.status, outcome.headers, outcome.content[len(BOM_UTF8) :])
            marks = None
            if isinstance(outcome, Reply) and len(outcome.content) > LONG:
                marks = await count_in_chunks(outcome.content, MARKS)
            error = judge(connection.card, operation, outcome, request, attachment.secrets, marks)
            if watching is not None:
                watching.answered(request, outcome, error)
            if isinstance(error, RateLimited):
                account.throttled(error.retry_after)
            elif isinstance(outcome, Reply):
                account.succeeded(connection.now())
            if error is None and isinstance(outcome, Reply):
                account.quota.succeeded(repeated=number > 1)
                if options.on_attempt is not None or log.wanted():
                    self._told(request, number, began, outcome, None, None, attachment.secrets)
                content = connection.card.empty_list if outcome.status == 404 else outcome.content
                if outcome.status == 207:  # a success in part: what it says of the other part is shown
                    content = echo.without_secrets(content, attachment.secrets)
                return Answer(
                    outcome.status, outcome.headers, content, connection.card.vendor, request.operation
                )  # fmt: skip
            assert error is not None
            error.operation, error.attempts, error.earlier = request.operation, number, earlier
            if error.sent == "maybe" or isinstance(error, (VendorDown, BadResponse)):
                earlier = "maybe"
            if isinstance(error, AuthError) and not renewed:
                try:
                    renewed = await connection.auth.renew(attachment, error, deadline - connection.now())
                except CrossbookError as unmade:
                    unmade.earlier = earlier
                    self._told(request, number, began, outcome, error, None)
                    raise
                if renewed:
                    self._told(request, number, began, outcome, error, 0.0)
                    free += 1  # the new try costs no attempt
                    continue
            wait = self._wait(operation, error, number - free, deadline - connection.now())
            free += _working(error)
            self._told(request, number, began, outcome, error, wait)
            if wait is None:
                raise error
            with connection.waiting() as scope:
                await anyio.sleep(wait)
            if scope.cancelled_caught:
                raise error

    async def _turn(
        self, request: Request, operation: Operation, deadline: float | None, before: CrossbookError | None
    ) -> None:
        """Waits for the account. The first turn has its own time-out, since the call's time begins with it.

        Where there is none in time, or before the book closes, the attempt `before` says what became of the call.
        """
        connection = self._connection
        longest = self._options.queue_timeout if deadline is None else deadline - connection.now()
        try:
            with connection.waiting():
                await connection.account.acquire(longest, ahead=operation.ahead)
                return
        except Late as late:
            raise before or RateLimited(
                f"our own limiter has no turn within {longest or 0:.3g} s (queue_timeout)",
                vendor=connection.card.vendor, operation=request.operation, retry_after=late.wait,
            ) from None  # fmt: skip
        error = before or judge(connection.card, operation, _CLOSED)
        assert error is not None
        error.operation = request.operation
        raise error

    def _wait(self, operation: Operation, error: CrossbookError, number: int, left: float) -> float | None:
        """Seconds until the next attempt; None if there is none."""
        working = _working(error)
        if not may_repeat(operation.retry, error) or (number >= self._options.attempts and not working):
            return None
        if self._connection.group is None:  # closed meanwhile
            return None
        asked = max(error.retry_after or 0.0, BASE) if working else error.retry_after
        wait = wait_before(1 if working else number, asked)
        if wait >= left or not (working or self._connection.account.quota.take()):
            return None
        return wait

    def _told(
        self, request: Request, number: int, began: float, outcome: Reply | Failure,
        error: CrossbookError | None, wait: float | None, secrets: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        hook = self._options.on_attempt
        if hook is None and not log.wanted():
            return
        card, seconds = self._connection.card, self._connection.now() - began
        cause = None if error is None else error.cause or type(error).__name__
        sent = error.sent if error else "yes"
        attempt = Attempt(card.vendor, request.operation, number, seconds, outcome.status, sent, cause, wait)
        if log.wanted():
            id = error.request_id if error else None
            if error is None and isinstance(outcome, Reply):
                id = request_id(card, outcome, request, secrets)
            log.attempted(attempt, request, id)
        if hook is not None:
            hook(attempt)


def _working(error: CrossbookError) -> bool:
    """Whether the vendor asks for patience only: asking it again costs no attempt."""
    return isinstance(error, VendorDown) and error.status == 202
