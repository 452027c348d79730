"""Run the groups one after another, each in a separate process, and show the progress in a line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from threading import Timer

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.groups import group
from benchmarks.row import Result, Row

GROUP_TIMEOUT = 900.0  # seconds for one group


def measured(console: Console, names: Sequence[str], *, quick: bool) -> list[Result]:
    """Run these groups and return their results. If a group fails or hangs, its rows have the reason.

    Ctrl-C gives what was measured until then.

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
        with suppress(KeyboardInterrupt):
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
    # Errors go to a file: a pipe that is not read would fill and block the process.
    with (
        TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        watch = Timer(GROUP_TIMEOUT, process.kill)
        watch.start()
        try:
            for line in process.stdout:
                said = json.loads(line)
                if "step" in said:
                    yield said["step"]
                else:
                    yield _result(rows, said["result"])
        finally:
            late = not watch.is_alive()
            watch.cancel()
            process.kill()
        errors.seek(0)
        lines = errors.read().strip().splitlines()
    reason = (
        f"took longer than {GROUP_TIMEOUT:.0f} s"
        if late
        else lines[-1]
        if lines
        else f"ended with {process.returncode}"
    )
    for row in rows.values():
        yield Result(row, reason=reason)


def _result(rows: dict[str, Row], said: dict[str, object]) -> Result:
    """Return the result of one output line, and remove its row from the open rows."""
    key = said.pop("row")["key"]  # type: ignore[index]
    return Result(rows.pop(key), **said)  # type: ignore[arg-type]
