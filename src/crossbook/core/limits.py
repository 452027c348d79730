"""How fast an account may be asked: a turn is granted before anything else of a request happens."""

from __future__ import annotations

from typing import Protocol

from crossbook.core.card import Rate


class Limiter(Protocol):
    def reserve(self, now: float) -> float:
        """Takes the next turn, and answers how many seconds from now it begins."""
        ...

    def give_back(self) -> None:
        """The turn was not used: the caller was cancelled while it waited."""
        ...


class Bucket:
    """A token bucket: `per_second` on average, up to `burst` at once. Turns are handed out in the order of asking."""

    def __init__(self, rate: Rate) -> None:
        self._interval = 1.0 / rate.per_second
        self._tolerance = self._interval * (rate.burst - 1)
        self._next = float("-inf")  # when the next turn would come if there were no burst

    def reserve(self, now: float) -> float:
        begins = max(self._next, now)
        self._next = begins + self._interval
        return max(0.0, begins - self._tolerance - now)

    def give_back(self) -> None:
        self._next -= self._interval


class Unlimited:
    """Where no limit is known."""

    def reserve(self, now: float) -> float:
        return 0.0

    def give_back(self) -> None:
        pass


def limiter_for(rate: Rate | None) -> Limiter:
    return Bucket(rate) if rate else Unlimited()
