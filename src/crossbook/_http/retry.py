"""Whether a failed request is made again, and when: by its retry class and by whether it left."""

from __future__ import annotations

from collections.abc import Callable
from random import random

from crossbook.errors import CrossbookError, InvalidResponseError, NoResponseError
from crossbook.vendor import Retry

BASE = 0.5  # seconds; doubled each time
LONGEST = 8.0


def may_repeat(retry: Retry, error: CrossbookError) -> bool:
    """Return whether the operation may be sent again: by its retry class, the error, and whether the request left.

    A create is sent again only if it never left, or was refused before it was processed.
    """
    if error.retry == "any" or (error.sent == "no" and isinstance(error, NoResponseError)):
        return True
    if error.retry == "never" or retry in (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP):
        return False
    # A 2xx response was cut off or damaged on its way. Any other invalid response would come again.
    return not isinstance(error, InvalidResponseError) or error.status in range(200, 300)


def wait_before(number: int, asked: float | None, dice: Callable[[], float] = random) -> float:
    """Seconds before attempt `number` + 1: full jitter, and never less than the vendor asked for."""
    drawn = dice() * min(LONGEST, BASE * 2.0 ** (number - 1))
    return drawn if asked is None else asked + drawn * 0.1


class Quota:
    """Keeps a dead vendor from being hammered: repeats are paid from a purse that successes fill again."""

    capacity = 500
    price = 5
    refund = 1

    def __init__(self) -> None:
        self._left = self.capacity

    def take(self) -> bool:
        if self._left < self.price:
            return False
        self._left -= self.price
        return True

    def succeeded(self, *, repeated: bool) -> None:
        if self._left < self.capacity:
            self._left = min(self.capacity, self._left + (self.price if repeated else self.refund))
