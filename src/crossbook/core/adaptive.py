"""How fast an account may be asked where its limit is unknown: learned from what the vendor accepts and refuses."""

from __future__ import annotations

from collections import deque

FALL = 0.8  # after a refusal: this part of what was accepted
GROWTH = 0.05  # requests a second, for each second cubed
SLOWEST = 0.5  # requests a second
SPAN, ENOUGH, STALE = 1.0, 20, 10.0  # measured over a second, or over 20 answers if they took longer, up to 10 s
ALIKE = 0.2  # two measures this near say the same


class Adaptive:
    """A rate that falls when the vendor throttles and grows again along a cubic curve (AWS's adaptive mode).

    There is none (`rate` is None) until the vendor throttles for the first time. Then it is what the vendor accepted
    of late, less a fifth; it grows fast at first, slowly near what was accepted before, faster again beyond. Measured
    is what was accepted and not what was sent, so that many refusals at once say no more than one.

    Two things are not AWS's. Where too little was accepted to measure (in the first second, or after a pause), each
    accepted request adds 1/s, until the next refusal. And a limit that was measured twice alike is put to the test
    less often, and the longer the vendor makes us wait for that, the less: waiting is to cost a twentieth of the time.
    """

    __slots__ = ("_accepted", "_flat", "_patience", "_plateau", "_since", "_starting", "rate")

    def __init__(self) -> None:
        self.rate: float | None = None
        self._accepted: deque[float] = deque()  # when
        self._plateau = 0.0  # what was accepted before the last refusal
        self._flat = 0.0  # seconds until the curve is back there
        self._since = 0.0
        self._patience = 1.0  # stretches the curve
        self._starting = False

    def succeeded(self, now: float) -> None:
        """The vendor answered, and did not throttle."""
        accepted = self._accepted
        accepted.append(now)
        while accepted[0] < now - SPAN and len(accepted) > ENOUGH:
            accepted.popleft()
        if self.rate is None:
            return
        if self._starting:
            rate = self.rate + 1.0
        else:
            age = max(0.0, now - self._since) / self._patience - self._flat
            rate = self._plateau + GROWTH * age * age * age
        # Far beyond what anybody asks for it would be no limit any more when they do.
        self.rate = max(SLOWEST, min(rate, 2.0 * max(self._measured(now)[0], self._plateau)))

    def throttled(self, now: float, until: float) -> None:
        """The vendor refused a request that would have been one too many, and takes none before `until`."""
        measured, whole = self._measured(now)
        measured = max(SLOWEST, measured)
        alike = abs(measured - self._plateau) < ALIKE * self._plateau
        if now - self._since > SPAN:  # not one of the same volley
            self._patience = 2.0 + 6.0 * min(60.0, until - now) if alike and not self._starting else 1.0
        elif not alike:
            self._patience = 1.0
        rate = FALL * measured
        self.rate = max(SLOWEST, rate if self.rate is None else min(rate, self.rate))
        self._plateau = measured
        self._flat = (max(0.0, measured - self.rate) / GROWTH) ** (1 / 3)
        self._since = until
        self._starting = not whole

    def _measured(self, now: float) -> tuple[float, bool]:
        """Accepted requests a second, and whether they came over a whole second."""
        accepted = self._accepted
        while accepted and accepted[0] < now - STALE:
            accepted.popleft()
        if not accepted:
            return 0.0, False
        span = now - accepted[0]
        return len(accepted) / max(SPAN, span), span > 0.9 * SPAN
