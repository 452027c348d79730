"""How fast an account may be asked where its limit is known."""

from __future__ import annotations


class Bucket:
    """A token bucket: `per_second` turns on average, up to `burst` of them at once after a pause.

    In any window of w seconds it grants at most `per_second` * w + `burst` turns, however they are asked for. It keeps
    one moment instead of a count: when it will be full again. Each turn taken moves that by the time of one token.
    """

    __slots__ = ("_closed_until", "_full_at", "_interval", "_slack")

    def __init__(self, per_second: float, burst: float) -> None:
        self._full_at = self._closed_until = float("-inf")
        self.change(per_second, burst)

    def change(self, per_second: float, burst: float) -> None:
        """Another limit from now on. What was taken stays taken."""
        self._interval = 1.0 / per_second
        self._slack = self._interval * (burst - 1.0)

    def begins(self, now: float, ahead: int = 0) -> float:
        """When the turn after `ahead` others begins: `now` if it can be taken."""
        opens = max(now, self._closed_until)
        return max(opens, max(self._full_at, opens) + ahead * self._interval - self._slack)

    def take(self, now: float) -> None:
        """Takes the turn that has begun."""
        self._full_at = max(self._full_at, now) + self._interval

    def refused(self, now: float, until: float) -> None:
        """The vendor has no token left, so there is none here; and none is granted before `until`."""
        self._full_at = max(self._full_at, now + self._interval + self._slack)
        self._closed_until = max(self._closed_until, until)
