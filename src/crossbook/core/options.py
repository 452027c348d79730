"""How a call is made: times, attempts, who watches. A book has one set; `with_options` gives a copy with another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypedDict

from attrs import field, frozen, validators

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


def _positive(_instance: object, attribute: object, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value < math.inf):
        name = getattr(attribute, "name", "")
        raise InvalidInput(f"{name} must be a number, more than 0", field=name)


@frozen
class Options:
    timeout: float = field(default=60.0, validator=_positive)
    connect_timeout: float = field(default=5.0, validator=_positive)
    read_timeout: float = field(default=30.0, validator=_positive)
    queue_timeout: float | None = field(default=None, validator=_positive)
    attempts: int = field(default=4, validator=_positive)
    max_body: int | None = field(default=None, validator=_positive)
    on_attempt: Callable[[Attempt], None] | None = field(
        default=None, repr=False, validator=validators.optional(validators.is_callable())
    )
