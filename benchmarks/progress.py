"""The groups one after another, each in a process of its own, and a line that says how far it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.groups import group
from benchmarks.row import Result, Row

LONGEST = 600.0  # seconds for one group


def measured(console: Console, names: Sequence[str], *, quick: bool) -> list[Result]:
    """The results of these groups; a group that fails or hangs leaves its rows with the reason.

    Args:
        console: where the progress is shown.
        names: of the groups.
        quick: few rounds.
    """
    found: list[Result] = []
    total = sum(len(group(name).ROWS) for name in names)
    columns = (TextColumn("{task.fields[group]}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[step]}"), console=console, transient=True) as progress:
        task = progress.add_task("rows", total=total, group="", step="")
        for name in names:
            progress.update(task, group=name, step="")
            if not console.is_terminal:
                console.print(f"{name} …", highlight=False)
            for event in _events(name, quick=quick):
                if isinstance(event, Result):
                    found.append(event)
                    progress.advance(task)
                else:
                    progress.update(task, step=event)
    return found


def _events(name: str, *, quick: bool) -> Iterator[Result | str]:
    rows = {row.key: row for row in group(name).ROWS}
    command = [sys.executable, "-m", "benchmarks.measure", name, *(["--quick"] if quick else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            said = json.loads(line)
            if "step" in said:
                yield said["step"]
            else:
                yield _result(rows, said["result"])
        errors = process.stderr.read().strip()
    for row in rows.values():
        yield Result(row, reason=errors.splitlines()[-1] if errors else f"ended with {process.returncode}")


def _result(rows: dict[str, Row], said: dict[str, object]) -> Result:
    """The result; its row counts as done."""
    key = said.pop("row")["key"]  # type: ignore[index]
    return Result(rows.pop(key), **said)  # type: ignore[arg-type]
