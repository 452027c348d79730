"""One item of a batch on its way."""

from __future__ import annotations

from typing import Any, Literal

import anyio
from attrs import define

from crossbook.core.batch.steps import Ready
from crossbook.core.journal import Entry
from crossbook.errors import CrossbookError


@define(eq=False)
class Task:
    """An item, what was decided about it, and how far its write came.

    Attributes:
        line: its key, as long as it stands in line with others of the same key.
        turn: when it is this one's turn in it; None if it is already.
        refusal: why it cannot be written at all.
        at: when its write was last begun, by the wall clock.
        seen: ids that the vendor had for its key before the first attempt.
        unseen: an earlier run without a match key sent it, and stored no such ids.
        attempts: writes begun, in earlier runs too; `tries` in this one.
        update: for an upsert that found its contact: the id, and what to change.
        unsure: a write was begun, and what became of it is to be found out before anything else.
        since: when that write can at the latest have left (`anyio.current_time()`).
        lost: the error that it ended in, if it was in this run.
        retried: the caller had it sent again (`uncertain="retry"`), though an earlier attempt may have happened.
        half: the id of a contact that was made, and is perhaps not in its groups.
        alone: not to be sent together with others, whose common answer did not tell.
    """

    index: int
    ref: str | None
    ready: Ready
    fingerprint: str = ""
    line: str | None = None
    turn: anyio.Event | None = None
    refusal: CrossbookError | None = None
    at: float = 0.0
    seen: tuple[str, ...] = ()
    unseen: bool = False
    attempts: int = 0
    tries: int = 0
    update: tuple[str, dict[str, Any]] | None = None
    unsure: bool = False
    since: float = 0.0
    lost: CrossbookError | None = None
    retried: bool = False
    half: str | None = None
    alone: bool = False

    @property
    def id(self) -> str | None:
        """The contact that it is about, as far as is known."""
        return self.update[0] if self.update else self.half or self.ready.id

    def entry(self, state: Literal["intent", "done"]) -> Entry:
        """The task as the journal keeps it: without a key as long as nobody knows what was there before."""
        key = None if self.unseen else self.ready.key
        return Entry(
            self.index, self.ref, self.fingerprint, key, state, self.at, self.seen, self.attempts, None, self.id
        )
