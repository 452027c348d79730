"""How fast an account may be asked where its limit is known."""

from __future__ import annotations


class Bucket:
    """A token bucket: `per_second` turns on average, up to `burst` of them at once after a pause.

    In any window of w seconds it grants at most `per_second` * w + `burst` turns, however they are asked for. It does
    not count tokens, but keeps the moment from which the next turn may be had: unused, that falls behind by a burst.
    """

    __slots__ = ("_closed_until", "_interval", "_next", "_slack")

    def __init__(self, per_second: float, burst: float) -> None:
        self._next = self._closed_until = float("-inf")
        self.change(per_second, burst)

    def change(self, per_second: float, burst: float) -> None:
        """Another limit from now on: the next turn begins when it would have, those after it at the new pace."""
        self._interval = 1.0 / per_second
        self._slack = self._interval * (burst - 1.0)

    def begins(self, now: float, ahead: int = 0) -> float:
        """When the turn after `ahead` others begins: `now` if it can be taken."""
        opens = max(now, self._closed_until)
        return max(opens, max(self._next, opens - self._slack) + ahead * self._interval)

    def take(self, now: float) -> bool:
        """Takes the next turn, if it has begun."""
        if self._next > now or self._closed_until > now:
            return False
        self._next = max(self._next, now - self._slack) + self._interval
        return True

    def closed(self, now: float) -> float:
        """Return for how many seconds no turn is granted, since the vendor asked to wait."""
        return max(0.0, self._closed_until - now)

    def refused(self, now: float, until: float) -> None:
        """The vendor has no token left, so there is none here; and none is granted before `until`."""
        self._next = max(self._next, now + self._interval)
        self._closed_until = max(self._closed_until, until)
