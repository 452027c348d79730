"""Show each vendor's progress: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress


class Progress(Protocol):
    """The progress of the runs. `title` is the vendor's."""

    def begin(self, title: str, stage: str, total: int) -> None:
        """Start a stage of `total` steps."""
        ...

    def step(self, title: str) -> None:
        """Count one step."""
        ...

    def end(self, title: str, word: str) -> None:
        """End the vendor's run."""
        ...


class Bars:
    """Progress as a bar for each vendor."""

    def __init__(self, console: Console) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description:<10}"),
            TextColumn("{task.fields[stage]:<13}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, title: str, stage: str, total: int) -> None:
        if title not in self._tasks:
            self._tasks[title] = self._progress.add_task(title, stage=stage, total=total)
        else:
            self._progress.update(self._tasks[title], stage=stage, total=total, completed=0)

    def step(self, title: str) -> None:
        self._progress.advance(self._tasks[title])

    def end(self, title: str, word: str) -> None:
        if title in self._tasks:
            self._progress.update(self._tasks[title], stage=word)
            self._progress.stop_task(self._tasks[title])


class Lines:
    """Progress as lines for logs: at the end of a stage, and every few seconds."""

    every = 5.0  # seconds

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[str, tuple[str, int]] = {}
        self._steps: dict[str, int] = {}
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def begin(self, title: str, stage: str, total: int) -> None:
        self._stages[title] = stage, total
        self._steps[title] = 0
        self._said[title] = time.monotonic()

    def step(self, title: str) -> None:
        stage, total = self._stages[title]
        self._steps[title] += 1
        steps, now = self._steps[title], time.monotonic()
        if steps == total or now - self._said[title] >= self.every:
            self._said[title] = now
            self._console.print(f"{title:<10} {stage:<13} {steps:,} of {total:,}", highlight=False)

    def end(self, title: str, word: str) -> None:
        self._console.print(f"{title:<10} {word}")
