"""Draw the progress of a batch as a bar in the terminal (extra `cli`)."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from crossbook._batch.results import Progress


class CountdownColumn(ProgressColumn):
    """A column that counts down the seconds of a wait for the vendor. It is empty without a wait."""

    def render(self, task: Task) -> Text:
        left = task.fields["until"] - time.monotonic()
        return Text(f"waits {left:,.0f} s for the vendor" if left > 0 else "", style="yellow")


class ProgressBar:
    """A progress bar to pass as `progress=` to a batch. It appears with the first result or wait; the batch
    closes it.

    Args:
        title: the text in front of the bar.
        expected: an estimate of the number of inputs, if the batch does not know it.
    """

    def __init__(self, title: str, expected: int | None = None) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}{task.fields[of]}  {task.fields[rate]:,.0f}/s"),
            TextColumn("[red]{task.fields[failed]}"),
            TimeRemainingColumn(),
            CountdownColumn(),
            # Standard output has the results and may be a pipe: the bar goes to standard error.
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
            "until": time.monotonic() + progress.waiting,
        }
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task(self._title, total=total, **fields)
        self._progress.update(self._task, completed=progress.done, **fields)

    def print(self, text: str) -> None:
        """Print a message above the progress bar."""
        self._progress.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Draw the last state of the progress bar, and stop drawing."""
        self._progress.stop()
