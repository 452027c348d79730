"""`RawResponse`: what a method returns, with the status, headers and request id of the vendor's response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, Generic, Literal, ParamSpec, TypeVar

import msgspec
from crossbook_wire.http import Redacted, Request, encode, query_string

from crossbook import _redaction
from crossbook._http.client import Call, Client
from crossbook._http.observation import CallObserver, SeveralObservers, in_context
from crossbook._http.options import Attempt
from crossbook._http.request import TransportResponse, is_path
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import InvalidInputError, UsageError
from crossbook.vendor import Operation, Retry

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
RetryName = Literal["safe", "idempotent", "create"]
_RETRIES = {"safe": Retry.SAFE, "idempotent": Retry.IDEMPOTENT, "create": Retry.CREATE_NO_LOOKUP}
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_OPERATION = "request"  # the name of a request of `book.request` in logs, errors and spans


class RawResponse(Redacted, Generic[T], frozen=True):
    """The vendor's response to a method, with the method's result. Its repr shows no header and no part of the body.

    If the method sent several requests, the attributes are those of the last one. Credentials of the account are masked
    in headers and body, if the vendor quotes them, and cookies are left out.

    Attributes:
        operation: the operation's name in the wire reference; "request" for a response to `book.request`.
        status: the HTTP status.
        headers: the headers; their names are in lower case.
        content: the body, decompressed.
        request_id: the id that the vendor's support needs; None if the vendor sends none. It is `***` if it looks like
            personal data.
        attempts: the number of requests that this call sent, retries included.
        responses: the responses of all requests of the method, the last one included, in order.

    Example:
        ```python
        raw = await book.contacts.with_raw_response.get(created.id)
        print(raw.status, raw.request_id, raw.parse().id)
        ```
    """

    operation: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    request_id: str | None
    attempts: int
    _result: T
    responses: tuple[RawResponse[Any], ...] = ()

    shown_fields: ClassVar[tuple[str, ...]] = ("operation", "status", "request_id", "attempts")

    def parse(self) -> T:
        """Return the result of the method. For `book.request` this is the body as JSON values, None if it is empty."""
        return self._result

    @staticmethod
    @hide_internal_frames
    async def of(awaitable: Awaitable[R]) -> RawResponse[R]:
        """Await a call of crossbook, such as a call of `book.wire`, and return its response with its result.

        Args:
            awaitable: the call, which has not begun: a coroutine of a book, or a list.

        Raises:
            CrossbookError: as the call itself. The error has the status, request id and attempts.
            UsageError: the call sent no request.

        Example:
            ```python
            raw = await RawResponse.of(book.wire.groups.list_groups())
            ```
        """
        recorder, outer = _Recorder(), in_context.get()
        token = in_context.set(recorder if outer is None else SeveralObservers((outer, recorder)))
        try:
            result = await awaitable
        finally:
            in_context.reset(token)
        if not recorder.responses:
            raise UsageError("the call sent no request, so there is no response")
        responses = tuple(recorder.responses)
        return msgspec.structs.replace(responses[-1], _result=result, responses=responses)


class _Recorder(CallObserver):
    """An observer that keeps the successful responses of all calls but logins, whose body is a credential."""

    def __init__(self) -> None:
        self.responses: list[RawResponse[Any]] = []

    def attempt_ended(self, call: Call, attempt: Attempt) -> None:
        outcome = call.outcome
        if isinstance(outcome, TransportResponse) and call.error is None and not call.operation.priority:
            secrets = call.credentials.secrets
            self.responses.append(
                RawResponse(
                    operation=call.request.operation,
                    status=outcome.status,
                    headers=_redaction.mask_headers(outcome.headers, secrets),
                    content=_redaction.mask_secrets(outcome.content, secrets),
                    request_id=call.find_request_id(),
                    attempts=call.attempts,
                    _result=None,
                )
            )


def to_raw(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    """Return the method with a `RawResponse` as its result."""

    @wraps(method)
    @hide_internal_frames
    async def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        return await RawResponse.of(method(*args, **kwargs))

    return call


async def send_request(
    client: Client, method: str, path: str, params: Mapping[str, Any] | None, json: Any, retry: RetryName
) -> RawResponse[Any]:
    """Check the arguments of `book.request`, send the request, and return its response with the body as JSON values."""
    if method.upper() not in _METHODS:
        raise InvalidInputError(f"method must be one of {', '.join(_METHODS)}", field="method")
    if not is_path(path):
        raise InvalidInputError(
            "invalid path: begin with a slash, leave out base_url and query (pass params=), and percent-encode each "
            "part with urllib.parse.quote(part, safe='')",
            field="path",
        )
    if retry not in _RETRIES:
        raise InvalidInputError(f"retry must be one of {', '.join(_RETRIES)}", field="retry")
    try:
        body = b"" if json is None else encode(json)
    except (TypeError, ValueError):
        raise InvalidInputError("json has a value that JSON cannot express", field="json") from None
    query = query_string({name: value for name, value in (params or {}).items() if value is not None})
    content_type = None if json is None else "application/json"
    request = Request(_OPERATION, method.upper(), path, query, body, content_type)
    raw = await RawResponse.of(client.send(request, Operation(_RETRIES[retry], allows_empty=True)))
    return msgspec.structs.replace(raw, _result=msgspec.json.decode(raw.content) if raw.content.strip() else None)
