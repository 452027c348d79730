"""How a call is made: times, attempts, who watches. A book has one set; `with_options` gives a copy with another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypedDict

from attrs import Attribute, field, frozen

from crossbook.errors import InvalidInput, Sent


@frozen
class Attempt:
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
        timeout: seconds for a whole call, repeats and waits between them included; 60. It begins with the first turn
            that the rate limiter grants.
        connect_timeout: seconds for a connection; 5.
        read_timeout: seconds without a byte; 30.
        queue_timeout: seconds to wait for the rate limiter's turn; None, the default, waits as long as it takes.
        attempts: requests for one call at most, repeats included; 4. What may be repeated is the operation's affair.
        max_body: bytes of one answer at most, after inflating; the card's default.
        on_attempt: called after each request with an `Attempt`.
    """

    timeout: float
    connect_timeout: float
    read_timeout: float
    queue_timeout: float | None
    attempts: int
    max_body: int
    on_attempt: Callable[[Attempt], None] | None


def _positive(_instance: object, attribute: Attribute[Any], value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 < value < math.inf) and not (value is None and attribute.default is None):
        raise InvalidInput(f"{attribute.name} must be a number, more than 0", field=attribute.name)


def _whole(_instance: object, attribute: Attribute[Any], value: Any) -> None:
    if not (type(value) is int and value > 0) and not (value is None and attribute.default is None):
        raise InvalidInput(f"{attribute.name} must be a whole number from 1", field=attribute.name)


def _hook(_instance: object, attribute: Attribute[Any], value: Any) -> None:
    if value is not None and not callable(value):
        raise InvalidInput(f"{attribute.name} must be callable", field=attribute.name)


@frozen
class Options:
    timeout: float = field(default=60.0, validator=_positive)
    connect_timeout: float = field(default=5.0, validator=_positive)
    read_timeout: float = field(default=30.0, validator=_positive)
    queue_timeout: float | None = field(default=None, validator=_positive)
    attempts: int = field(default=4, validator=_whole)
    max_body: int | None = field(default=None, validator=_whole)
    on_attempt: Callable[[Attempt], None] | None = field(default=None, repr=False, validator=_hook)
