"""How fast a batch goes, for its progress; and how long one would take, for a dry run."""

from __future__ import annotations

import math
from collections import deque

import anyio

from crossbook.core.batch.results import Progress, Summary
from crossbook.core.card import Rate

_SECONDS = 5.0
_GUESS = 0.1  # seconds a request takes, where nothing was asked


class Pace:
    """Results a second over the last seconds, sampled: many results cost no more than a few."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def after(self, summary: Summary, total: int | None) -> Progress:
        now, done = anyio.current_time(), summary.total
        if not self._samples or now - self._samples[-1][0] >= 0.1:
            self._samples.append((now, done))
            while now - self._samples[0][0] > _SECONDS:
                self._samples.popleft()
        since, before = self._samples[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        return Progress(
            done=done,
            failed=summary.counts.get("failed", 0),
            uncertain=summary.counts.get("uncertain", 0),
            rate=rate,
            total=total,
            seconds_left=(total - done) / rate if total is not None and rate > 0 else None,
        )


def foretell(summary: Summary, writes: float, rate: Rate | None, workers: int) -> None:
    """What a run would cost, from what the dry run did: its lookups come again, and then `writes` requests."""
    asked = summary.requests
    summary.requests += math.ceil(writes)
    pace = summary.seconds / asked if asked else _GUESS / workers
    # No faster than the vendor allows, where that is known.
    summary.seconds = summary.requests * (1 / rate.per_second if rate else pace)
