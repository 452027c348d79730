"""One item of a batch on its way."""

from __future__ import annotations

from typing import Any

from attrs import define

from crossbook.core.batch.steps import Ready
from crossbook.core.journal import Entry


@define
class Task:
    index: int
    ref: str | None
    fingerprint: str
    ready: Ready
    open: bool = False  # an earlier run began its write and did not learn what became of it
    at: float = 0.0  # when its write was begun, by the wall clock
    seen: tuple[str, ...] = ()  # ids that the vendor had for its key before
    attempts: int = 0
    update: tuple[str, dict[str, Any]] | None = None  # an upsert that found its contact: what to change

    def entry(self, state: Any, **facts: Any) -> Entry:
        """The task as the journal keeps it."""
        return Entry(
            index=self.index,
            ref=self.ref,
            fingerprint=self.fingerprint,
            key=self.ready.key,
            state=state,
            at=self.at,
            seen=self.seen,
            attempts=self.attempts,
            **facts,
        )
