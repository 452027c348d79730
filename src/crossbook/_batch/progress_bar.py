"""A batch's progress as a bar in the terminal (extra `cli`)."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from crossbook._batch.results import Progress


class Bar:
    """Draws itself when it is first told of progress, until it is closed, as the batch does at its end.

    Args:
        title: what is going on.
        expected: about how many there will be, where the batch does not know it.
    """

    def __init__(self, title: str, expected: int | None = None) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}{task.fields[of]}  {task.fields[rate]:,.0f}/s"),
            TextColumn("[red]{task.fields[failed]}"),
            TimeRemainingColumn(),
            # Results are on standard output, which may be a pipe: nothing of ours is drawn into it.
            console=Console(stderr=True),
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._title = title
        self._expected = expected
        self._task: TaskID | None = None

    def __call__(self, progress: Progress) -> None:
        failed = f"{progress.failed:,} failed " * bool(progress.failed)
        uncertain = f"{progress.uncertain:,} uncertain" * bool(progress.uncertain)
        total = progress.total if progress.total is not None else self._expected
        fields: dict[str, Any] = {
            "of": f" of {total:,}" if total is not None else "",
            "rate": progress.rate,
            "failed": failed + uncertain,
        }
        if self._task is None:
            self._bars.start()
            self._task = self._bars.add_task(self._title, total=total, **fields)
        self._bars.update(self._task, completed=progress.done, **fields)

    def say(self, text: str) -> None:
        """Prints a message above the bar."""
        self._bars.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Draws the last state and leaves it standing."""
        self._bars.stop()
