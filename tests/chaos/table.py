"""What is seen of a run: a bar while it lasts, a table at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .cases import CALLS
from .faults import FAULTS
from .matrix import Result


@contextmanager
def bar(console: Console, total: int) -> Iterator[Callable[[Result], None]]:
    """A progress bar; what it gives is told each result."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("cases", total=total)

        def told(result: Result) -> None:
            progress.advance(task)
            for what in result.broken:
                progress.console.print(Text(f"{result.case}: {what}", style="red"))

        yield told


def table(results: Iterable[Result], seed: int) -> Table:
    """Fault × vendor: how many cases held, and the seconds of the longest."""
    results = list(results)
    made = Table(title=f"seed {seed}: cases that held / cases, and the longest in seconds", title_justify="left")
    made.add_column("fault", no_wrap=True)
    for vendor in (*CALLS, "all"):
        made.add_column(vendor, justify="right", no_wrap=True)
    for fault in FAULTS:
        of_fault = [result for result in results if result.case.fault is fault]
        if of_fault:
            made.add_row(fault.name, *_cells(of_fault))
    made.add_section()
    made.add_row("all", *_cells(results))
    return made


def _cells(results: list[Result]) -> Iterator[Text]:
    for vendor in CALLS:
        yield _cell([result for result in results if result.case.vendor == vendor])
    yield _cell(results)


def _cell(results: list[Result]) -> Text:
    if not results:
        return Text("–", style="dim")
    held = sum(not result.broken for result in results)
    worst = max(result.seconds for result in results)
    return Text(f"{held}/{len(results)}  {worst:.1f}", style="" if held == len(results) else "bold red")
