"""How a call is made: times, attempts, who watches. A book has one set; `with_options` gives a copy with another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypedDict

from msgspec import Struct

from crossbook.errors import InvalidInputError, Sent


class Attempt(Struct, frozen=True):
    """One request as an `on_attempt` hook sees it, after it ended.

    Attributes:
        vendor: who was asked.
        operation: for what: the operation's name in the wire reference.
        number: 1 for the first.
        seconds: how long it took.
        status: the HTTP status, if there was an answer.
        sent: whether it left.
        cause: why it failed, None if it did not.
        wait: seconds until it is tried again; None if it is not.
    """

    vendor: str
    operation: str
    number: int
    seconds: float
    status: int | None
    sent: Sent
    cause: str | None
    wait: float | None


class CallOptions(TypedDict, total=False):
    """What `with_options` and every book's constructor take.

    Attributes:
        timeout: seconds for a whole call; 60. It covers the wait for a permit of the rate limiter, a login, repeats and
            the waits between them. Each page of a list is a call. In a batch it covers neither the wait for a permit
            nor for a `Retry-After`: see `max_wait` there.
        connect_timeout: seconds for a connection; 5.
        read_timeout: seconds without a byte; 30.
        queue_timeout: seconds to wait for a permit of the rate limiter. With it `timeout` begins after that wait. None,
            the default: the wait is part of `timeout`.
        max_attempts: requests for one call at most, repeats included; 4. What may be repeated is the operation's affair.
        max_response_bytes: bytes of one answer at most, after inflating; the profile's default.
        on_attempt: called after each request with an `Attempt`.
    """

    timeout: float
    connect_timeout: float
    read_timeout: float
    queue_timeout: float | None
    max_attempts: int
    max_response_bytes: int
    on_attempt: Callable[[Attempt], None] | None


class Options(Struct, frozen=True):
    timeout: float = 60.0
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    queue_timeout: float | None = None
    max_wait: float | None = None  # None for a single call; a batch has one, infinite by default
    max_attempts: int = 4
    max_response_bytes: int | None = None
    on_attempt: Callable[[Attempt], None] | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "connect_timeout", "read_timeout"):
            _positive(name, getattr(self, name))
        if self.queue_timeout is not None:
            _positive("queue_timeout", self.queue_timeout)
        if self.max_wait not in (None, math.inf):
            _positive("max_wait", self.max_wait)
        _whole("max_attempts", self.max_attempts)
        if self.max_response_bytes is not None:
            _whole("max_response_bytes", self.max_response_bytes)
        if self.on_attempt is not None and not callable(self.on_attempt):  # pyright: ignore[reportUnnecessaryComparison]
            raise InvalidInputError("on_attempt must be callable", field="on_attempt")

    def __repr__(self) -> str:
        return f"Options({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """All but the hook, which may be a method of something that shows itself."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "on_attempt"]


def _positive(name: str, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 < value < math.inf):
        raise InvalidInputError(f"{name} must be a number, more than 0", field=name)


def _whole(name: str, value: Any) -> None:
    if not (type(value) is int and value > 0):
        raise InvalidInputError(f"{name} must be a whole number from 1", field=name)
