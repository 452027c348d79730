"""The options of calls, such as time-outs. A book has one set; `with_options` copies the book with another set."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypedDict

from msgspec import UNSET, Struct, UnsetType

from crossbook.errors import InvalidInputError, Sent


class Attempt(Struct, frozen=True):
    """One attempt of a call, that is, one finished request. The `on_attempt` hook is called with it.

    Attributes:
        vendor: the vendor's name.
        operation: the operation's name in the wire reference.
        number: 1 for the first attempt of a call.
        seconds: the duration of the request.
        status: the HTTP status; None without a response.
        sent: whether the request left: `no`, `maybe` or `yes`.
        cause: the reason of a failure; None for a success.
        wait: seconds until the next attempt; None if there is no further attempt.
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
    """The options that `with_options` and the constructor of every book take.

    Attributes:
        timeout: seconds for a whole call; default 60, and 90 for SerwerSMS's calls for groups. It covers the wait for a
            permit of the rate limiter, a login, all attempts and the waits between them. Each page of a list is a call.
            In a batch it covers neither the wait for a permit nor for a `Retry-After`: see `max_wait` there.
        connect_timeout: seconds to open a connection; default 5.
        read_timeout: seconds without a byte; default 30, and 60 for SerwerSMS's calls for groups.
        queue_timeout: seconds to wait for a permit of the rate limiter; `timeout` begins after that wait. By default
            None: the wait is part of `timeout`.
        max_attempts: the largest number of requests for one call, retries included; default 4. The kind of operation
            decides whether it may be retried.
        max_response_bytes: the largest size of a response in bytes, after decompression; by default the profile's.
        on_attempt: a function that is called with an `Attempt` after each request.
    """

    timeout: float
    connect_timeout: float
    read_timeout: float
    queue_timeout: float | None
    max_attempts: int
    max_response_bytes: int
    on_attempt: Callable[[Attempt], None] | None


class Options(Struct, frozen=True):
    timeout: float | UnsetType = UNSET  # the operation's
    connect_timeout: float = 5.0
    read_timeout: float | UnsetType = UNSET  # the operation's
    queue_timeout: float | None = None
    max_wait: float | None = None  # None for a single call; a batch has one, infinite by default
    max_attempts: int = 4
    max_response_bytes: int | None = None
    on_attempt: Callable[[Attempt], None] | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "connect_timeout", "read_timeout"):
            if getattr(self, name) is not UNSET:
                _check_seconds(name, getattr(self, name))
        if self.queue_timeout is not None:
            _check_seconds("queue_timeout", self.queue_timeout)
        if self.max_wait not in (None, math.inf):
            _check_seconds("max_wait", self.max_wait)
        _check_count("max_attempts", self.max_attempts)
        if self.max_response_bytes is not None:
            _check_count("max_response_bytes", self.max_response_bytes)
        if self.on_attempt is not None and not callable(self.on_attempt):  # pyright: ignore[reportUnnecessaryComparison]
            raise InvalidInputError("on_attempt must be callable", field="on_attempt")

    def __repr__(self) -> str:
        return f"Options({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return all options except `on_attempt`, since the repr of that function may show personal data."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "on_attempt"]


def _check_seconds(name: str, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 < value < math.inf):
        raise InvalidInputError(f"{name} must be a number of seconds, more than 0", field=name)


def _check_count(name: str, value: Any) -> None:
    if not (type(value) is int and value > 0):
        raise InvalidInputError(f"{name} must be a whole number, at least 1", field=name)
