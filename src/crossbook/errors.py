"""The errors of crossbook: one base class, and one class for each kind of failure.

A class says how its errors are treated: who acts, whether the call is sent again, the HTTP status and the exit code.
An error is picklable, equals its copy from a pickle, and holds no secret and no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

Sent = Literal["no", "maybe", "yes"]
Action = Literal["fix_input", "fix_setup", "wait", "look_up"]
Retryable = Literal["any", "unless_create", "never"]
_UNITS = ((365.25 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"))


class CrossbookError(Exception):
    """The base class of all errors that crossbook raises.

    Attributes:
        title: a short description of the class.
        action: what helps: `fix_input`, `fix_setup` (the service or its credentials), `wait`, or `look_up` (find out
            whether the write happened).
        retry: calls that crossbook sends again after this error: `any`, `unless_create`, or `never`.
        writes_nothing: True if this error proves that the vendor wrote nothing.
        http_status: the status that `crossbook.fastapi` returns. 4xx: the caller's request fails again. 502: the vendor
            failed. 503: nothing was processed, and the caller may repeat the request. 504: the write may have happened.
        exit_code: the exit code of the command line.
        message: what happened, in one sentence, with personal data masked.
        vendor: the vendor's name.
        operation: the spec's operationId, or the name of our method.
        status: the HTTP status of the response, if there was one.
        code: the vendor's own error code, as text.
        field: the refused field, by our name if it has one.
        request_id: the id that the vendor's support needs.
        retry_after: seconds to wait before the next request.
        sent: `no`: the request never left. `maybe`: it left, and no response arrived. `yes`: the vendor responded.
        earlier: `maybe` if an attempt before the last one may have succeeded.
        cause: the class name of the underlying library's error.
        id: the contact or group that was already written when a later step failed.
        cursor: where a list resumes: `contacts.list(..., after=error.cursor)`.
        attempts: the number of requests that this call sent.

    Example:
        ```python
        try:
            await book.contacts.create(Contact(phone="+48500600701"))
        except crossbook.CrossbookError as error:
            if error.sent != "no":
                ...  # the write may have happened: look the contact up before repeating it
        ```
    """

    title: ClassVar[str] = "Internal error"
    action: ClassVar[Action] = "fix_setup"
    retry: ClassVar[Retryable] = "never"
    writes_nothing: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 74

    def __init__(
        self,
        message: str = "",
        *,
        vendor: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        code: str | None = None,
        field: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        sent: Sent = "no",
        earlier: Sent = "no",
        cause: str | None = None,
        id: str | None = None,
        cursor: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.vendor = vendor
        self.operation = operation
        self.status = status
        self.code = code
        self.field = field
        self.request_id = request_id
        self.retry_after = retry_after
        self.sent: Sent = sent
        self.earlier: Sent = earlier
        self.cause = cause
        self.id = id
        self.cursor = cursor
        self.attempts = attempts

    def _state(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __str__(self) -> str:
        where = ".".join(part for part in (self.vendor, self.operation) if part)
        facts = [
            f"{name} {value}"
            for name, value in (
                ("status", self.status),
                ("code", self.code),
                ("field", self.field),
                ("id", "***" if "@" in (self.id or "") else self.id),  # perhaps an e-mail address
                ("cause", self.cause),
                ("request id", self.request_id),
                ("retry after", format_duration(self.retry_after) if self.retry_after is not None else None),
                ("sent", self.sent if self.sent == "maybe" else None),
                ("attempts", self.attempts if self.attempts > 1 else None),
            )
            if value is not None
        ]
        said = f"{where}: {self.message}" if where else self.message
        return f"{said} ({', '.join(facts)})" if facts else said

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CrossbookError) and type(self) is type(other) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash((type(self), self.message))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._state())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        """Return the pydantic schema of an error, so that a response model may contain it. Only pydantic calls this."""
        from pydantic_core import core_schema

        text, sent = core_schema.str_schema(), core_schema.literal_schema(["no", "maybe", "yes"])
        kinds: dict[str, Any] = {"kind": text, "message": text, "sent": sent, "earlier": sent}
        kinds |= {"attempts": core_schema.int_schema(), "status": core_schema.nullable_schema(core_schema.int_schema())}
        kinds["retry_after"] = core_schema.nullable_schema(core_schema.float_schema())
        for name in ("vendor", "operation", "code", "field", "request_id", "cause", "id", "cursor"):
            kinds[name] = core_schema.nullable_schema(text)
        members = {name: core_schema.typed_dict_field(kind) for name, kind in kinds.items()}
        members["candidates"] = core_schema.typed_dict_field(
            core_schema.tuple_schema([text], variadic_item_index=0), required=False
        )
        record = core_schema.typed_dict_schema(members, ref="crossbook.CrossbookError:1", cls_name="CrossbookError")
        read = core_schema.no_info_after_validator_function(from_record, record)
        return core_schema.json_or_python_schema(
            json_schema=read,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), read]),
            serialization=core_schema.plain_serializer_function_ser_schema(to_record, return_schema=record),
        )


def format_duration(seconds: float) -> str:
    """Return a duration as text, such as "2.5 hours", in the largest unit in which the number is at least 2."""
    for unit, name in _UNITS:
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:g} s"


def _rebuild(kind: type[CrossbookError], state: dict[str, Any]) -> CrossbookError:
    error = kind.__new__(kind)
    error.args = (state["message"],)
    error.__dict__.update(state)
    return error


def to_record(error: CrossbookError) -> dict[str, Any]:
    """Return a dict of JSON values in which a journal stores the error. `from_record` restores the error."""
    return {"kind": type(error).__name__, **error._state()}  # pyright: ignore[reportPrivateUsage]


def from_record(record: dict[str, Any]) -> CrossbookError:
    """Restore an error from the dict that `to_record` made of it."""
    state = dict(record)
    kind = globals().get(str(state.pop("kind", "")))
    if not (isinstance(kind, type) and issubclass(kind, CrossbookError)):
        kind = CrossbookError
    if "candidates" in state:
        state["candidates"] = tuple(state["candidates"])
    return _rebuild(kind, state)


class UsageError(CrossbookError, RuntimeError):
    """A book, batch or journal was used in a wrong state: not open, closed, or open in another event loop."""

    title = "This service is misconfigured"
    exit_code = 70
    writes_nothing = True


class InvalidInputError(CrossbookError, ValueError):
    """The input is invalid, so no request was sent. `field` names the input, and the message says how to fix it."""

    title = "The request is invalid"
    action = "fix_input"
    http_status = 422
    exit_code = 2
    writes_nothing = True


class UnsupportedError(CrossbookError):
    """The vendor does not support the operation, so no request was sent. See `crossbook.capabilities()`."""

    title = "The vendor does not support this operation"
    action = "fix_input"
    http_status = 422
    exit_code = 2
    writes_nothing = True


class AmbiguousMatchError(CrossbookError):
    """Several contacts match, but the operation takes only one. `candidates` are the ids of these contacts."""

    title = "Several contacts match"
    action = "fix_input"
    http_status = 409
    exit_code = 6
    writes_nothing = True

    def __init__(self, message: str = "", *, candidates: Sequence[str] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.candidates: tuple[str, ...] = tuple(candidates)


class AuthError(CrossbookError):
    """The vendor does not accept the credentials, or the account lacks the permission."""

    title = "The vendor rejected the credentials of this service"
    http_status = 502  # not 401: the vendor refuses this service, not the caller of this service
    exit_code = 3
    writes_nothing = True


class NotFoundError(CrossbookError):
    """The contact or group does not exist at the vendor."""

    title = "The contact or group does not exist"
    action = "fix_input"
    http_status = 404
    exit_code = 5
    writes_nothing = True


class RateLimitError(CrossbookError):
    """Too many requests: the vendor or crossbook's own rate limiter refused this one. The vendor processed nothing.

    `retry_after` is the number of seconds to wait, if it is known.
    """

    title = "The vendor's rate limit is exceeded"
    action = "wait"
    retry = "any"
    http_status = 503
    exit_code = 4
    writes_nothing = True


class RejectedError(CrossbookError):
    """The vendor refused the data. `field` names the refused field, if the vendor reports it."""

    title = "The vendor rejected the data"
    action = "fix_input"
    http_status = 422
    exit_code = 6
    writes_nothing = True


class VendorUnavailableError(CrossbookError):
    """The vendor reports that it cannot process requests now (a 5xx, or its own code for that)."""

    title = "The vendor is unavailable"
    action = "wait"
    retry = "unless_create"
    http_status = 502
    exit_code = 4


class ConnectError(CrossbookError):
    """No connection to the vendor could be opened, so the request was not sent."""

    title = "The vendor cannot be reached"
    action = "wait"
    retry = "any"
    http_status = 503
    exit_code = 4


class NoResponseError(CrossbookError):
    """The request was sent, but no complete response arrived. The vendor may have processed the request."""

    title = "The vendor's response was lost"
    action = "look_up"
    retry = "unless_create"
    http_status = 504
    exit_code = 7


class InvalidResponseError(CrossbookError):
    """A response arrived that does not match the spec: not JSON, cut off, another shape or id, or a redirect."""

    title = "The vendor's response is invalid"
    action = "look_up"
    retry: ClassVar[Retryable] = "unless_create"
    http_status = 502
    exit_code = 4


class ResponseTooLargeError(InvalidResponseError):
    """The response is larger than `max_response_bytes`, or has too many values."""

    title = "The vendor's response is too large"
    retry = "never"


class JournalMismatchError(CrossbookError):
    """The journal belongs to another vendor, operation, match key, source or account, or is archived.

    Nothing was written. Another journal file or run name would write the same data again.
    """

    title = "The journal belongs to another run"
    http_status = 409
    exit_code = 2


class JournalBusyError(CrossbookError):
    """The journal is open in another process, or in another batch of this process. Nothing was sent."""

    title = "The journal is in use"
    http_status = 409
    exit_code = 2


__all__ = [
    "AmbiguousMatchError",
    "AuthError",
    "ConnectError",
    "CrossbookError",
    "InvalidInputError",
    "InvalidResponseError",
    "JournalBusyError",
    "JournalMismatchError",
    "NoResponseError",
    "NotFoundError",
    "RateLimitError",
    "RejectedError",
    "ResponseTooLargeError",
    "Sent",
    "UnsupportedError",
    "UsageError",
    "VendorUnavailableError",
]  # fmt: skip
