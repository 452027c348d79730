"""What can go wrong: one root, what happened, and whether the request left.

Every error is picklable, holds no secret and no personal data, and comes back equal from a pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Sent = Literal["no", "maybe", "yes"]
_UNITS = ((365.25 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"))


class CrossbookError(Exception):
    """Whatever crossbook raises.

    Attributes:
        message: what happened, in one sentence, personal data masked.
        vendor: who was asked.
        operation: for what: the operationId of the spec, or our verb.
        status: the HTTP status, if there was an answer.
        code: the vendor's own error code, as text.
        field: the field that was refused, in our words where it has one.
        request_id: what the vendor's support asks for.
        retry_after: seconds that the vendor wants us to wait.
        sent: `no` – it never left, `maybe` – it left and nothing came back, `yes` – the vendor answered.
        earlier: `maybe` if an attempt before the last one may have been done: it left, and no answer came that says.
        cause: the name of the library's own error below it.
        id: the contact or group that was already written when a later step failed.
        cursor: where a list can go on: `contacts.list(..., after=error.cursor)`.
        attempts: how many requests were made for this call.

    Example:
        ```python
        try:
            await book.contacts.create(Contact(phone="+48500600701"))
        except crossbook.CrossbookError as error:
            if error.sent != "no":
                ...  # it may have happened: look before repeating
        ```
    """

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
                ("id", self.id),
                ("cause", self.cause),
                ("request id", self.request_id),
                ("retry after", _duration(self.retry_after) if self.retry_after is not None else None),
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
        """How a service's schema describes an error in a result: called by pydantic, if there is one."""
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


def _duration(seconds: float) -> str:
    """Return the seconds as text, in a larger unit from two of that on."""
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
    """The error as plain data, for a journal."""
    return {"kind": type(error).__name__, **error._state()}  # pyright: ignore[reportPrivateUsage]


def from_record(record: dict[str, Any]) -> CrossbookError:
    """The error that `to_record` wrote down."""
    state = dict(record)
    kind = globals().get(str(state.pop("kind", "")))
    if not (isinstance(kind, type) and issubclass(kind, CrossbookError)):
        kind = CrossbookError
    if "candidates" in state:
        state["candidates"] = tuple(state["candidates"])
    return _rebuild(kind, state)


class UsageError(CrossbookError, RuntimeError):
    """The book is not open here: not entered, already closed, or opened in another event loop."""


class InvalidInputError(CrossbookError, ValueError):
    """Our own refusal, before any I/O: `field` names what, the message says how to mend it."""


class UnsupportedError(CrossbookError):
    """This vendor has no such thing; said before any I/O. `crossbook.capabilities()` shows who has what."""


class AmbiguousMatchError(CrossbookError):
    """Several contacts match where one was asked for; `candidates` are their ids."""

    def __init__(self, message: str = "", *, candidates: Sequence[str] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.candidates: tuple[str, ...] = tuple(candidates)


class AuthError(CrossbookError):
    """The vendor does not accept the credentials, or they may not do this."""


class NotFoundError(CrossbookError):
    """There is no such contact or group."""


class RateLimitError(CrossbookError):
    """Too many requests; `retry_after` says for how long, where the vendor does. Nothing was processed."""


class RejectedError(CrossbookError):
    """The vendor refused the data; `field` names it where the vendor does."""


class VendorUnavailableError(CrossbookError):
    """The vendor answered that it cannot answer (5xx, or its own code for that)."""


class ConnectError(CrossbookError):
    """No connection came about: the request never left."""


class NoResponseError(CrossbookError):
    """The request left and no whole answer came back: it may have happened."""


class InvalidResponseError(CrossbookError):
    """An answer came that cannot be understood: not JSON, cut off, of another shape, a redirect."""


class ResponseTooLargeError(InvalidResponseError):
    """The answer is larger than the book allows (`max_response_bytes`), or holds too many objects."""


class JournalMismatchError(CrossbookError):
    """The journal was made for another vendor, operation, match key or source, or may be of another account, or is
    archived; nothing was written. Under another file or run name the same data would be written again."""


class JournalBusyError(CrossbookError):
    """The journal is open in another process, or in another batch of this one; nothing was sent."""


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
