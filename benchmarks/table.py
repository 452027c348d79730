"""The table of results: each row's ratio, its bound, and the figures of the ratio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from rich import box
from rich.table import Table
from rich.text import Text

from benchmarks.row import Result

_STYLES = {"held": "green", "held?": "yellow", "missed": "bold red", "missed?": "yellow", "not run": "yellow"}


def table(results: Sequence[Result], *, quick: bool) -> Table:
    """Return the table of results; `?` marks a row whose bound is within the spread of its rounds."""
    title = "median of the rounds (min–max), the first side against the second" + (", QUICK" if quick else "")
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("row", "median", "min–max", "bound", "", "behind it"):
        made.add_column(name, justify="right" if name in ("median", "min–max", "bound") else "left")
    group = None
    for result in results:
        if group not in (None, result.row.group):
            made.add_section()
        group = result.row.group
        made.add_row(*_cells(result))
    return made


def _cells(result: Result) -> Iterator[Text | str]:
    row = result.row
    yield row.title.replace("`", "")
    if result.values:
        yield f"{number(result.median)} {row.unit}"
        yield f"{number(min(result.values))}–{number(max(result.values))}" if len(result.values) > 1 else ""
    else:
        yield from ("", "")
    yield f"{row.sign} {number(row.bound)}" if row.sign else ""
    yield Text(result.verdict, style=_STYLES.get(result.verdict, ""))
    yield behind(result)


def behind(result: Result) -> str:
    """Return the medians of the figures behind the ratio, and the row's note."""
    told = []
    for side, values in result.sides.items():
        name, unit = side.rsplit(", ", 1)
        told.append(f"{name} {number(median(values))} {unit}".strip())
    return "; ".join((*told, result.reason) if result.reason else told)


def number(value: float) -> str:
    """Return a number with three significant digits."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
