"""The board: the running imports of this process and the last finished ones."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Annotated, Literal

import anyio
from fastapi import Depends
from fastapi.requests import HTTPConnection

from crossbook import Progress, Summary

KEPT = 8
PAUSE = 0.2  # seconds between two updates of a board that changes all the time


@dataclass(kw_only=True)
class Import:
    """One import and its progress.

    Args:
        id: counts the imports of this process.
        book, into: where it writes.
        total: how many people there are.
        state: `running`, `done`, or `stopped`: by the one who asked for it, or by what went wrong.
        counts: results by status.
        problems: what went wrong first, in words.
    """

    id: int
    book: str
    into: str
    total: int
    state: Literal["running", "done", "stopped"] = "running"
    done: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[str] = field(default_factory=list[str])

    def progress(self, progress: Progress) -> None:
        """Store the progress of a batch (its `progress=` callback)."""
        self.done, self.rate, self.seconds_left = progress.done, progress.rate, progress.seconds_left
        self.counts = {"failed": progress.failed, "uncertain": progress.uncertain}

    def end(self, summary: Summary) -> None:
        """Mark the import as finished or stopped."""
        self.counts = {str(status): number for status, number in summary.counts.items()}
        whole = summary.stop_error is None and summary.total == self.total and not self.counts.get("cancelled")
        self.state = "done" if whole else "stopped"
        self.done, self.seconds_left = summary.total, None
        self.problems = [
            f"#{result.index + 1}: {result.error.message}" for result in summary.failures[:5] if result.error
        ]


class Board:
    """All imports of the process."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._last: deque[Import] = deque(maxlen=KEPT)
        self._running: list[Import] = []

    def new(self, book: str, into: str, total: int) -> Import:
        return Import(id=next(self._ids), book=book, into=into, total=total)

    def begin(self, entry: Import) -> None:
        self._running.append(entry)

    def end(self, entry: Import, summary: Summary) -> None:
        entry.end(summary)
        self._running.remove(entry)
        self._last.appendleft(entry)

    def imports(self) -> list[Import]:
        """Return all imports, the running ones first."""
        return [*self._running, *self._last]

    async def live(self) -> AsyncIterator[list[Import]]:
        """Yield all imports after each change."""
        shown: object = None
        while True:
            now = repr(self.imports())
            if now != shown:
                shown = now
                yield self.imports()
            await anyio.sleep(PAUSE)


async def board(connection: HTTPConnection) -> Board:
    found: Board = connection.app.state.board
    return found


TheBoard = Annotated[Board, Depends(board)]
