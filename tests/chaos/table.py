"""Show a run: a progress bar, and a table at its end."""

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
def show_progress(console: Console, total: int) -> Iterator[Callable[[Result], None]]:
    """Show a progress bar; yield the callable that gets each result."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("cases", total=total)

        def report(result: Result) -> None:
            progress.advance(task)
            for what in result.broken:
                progress.console.print(Text(f"{result.case}: {what}", style="red"))

        yield report


def make_table(results: Iterable[Result], seed: int) -> Table:
    """Return a table of faults × vendors: the cases that passed, and the seconds of the longest."""
    results = list(results)
    table = Table(title=f"seed {seed}: cases passed / cases, and the longest in seconds", title_justify="left")
    table.add_column("fault", no_wrap=True)
    for vendor in (*CALLS, "all"):
        table.add_column(vendor, justify="right", no_wrap=True)
    for fault in FAULTS:
        of_fault = [result for result in results if result.case.fault is fault]
        if of_fault:
            table.add_row(fault.name, *_make_cells(of_fault))
    table.add_section()
    table.add_row("all", *_make_cells(results))
    return table


def _make_cells(results: list[Result]) -> Iterator[Text]:
    for vendor in CALLS:
        yield _make_cell([result for result in results if result.case.vendor == vendor])
    yield _make_cell(results)


def _make_cell(results: list[Result]) -> Text:
    if not results:
        return Text("–", style="dim")
    passed = sum(not result.broken for result in results)
    worst = max(result.seconds for result in results)
    return Text(f"{passed}/{len(results)}  {worst:.1f}", style="" if passed == len(results) else "bold red")
