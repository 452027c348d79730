"""`crossbook journal …`: what a journal holds, and the end of a run's keys."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer
from attrs import asdict

from crossbook.journal import SqliteJournal
from crossbook_cli.options import Json
from crossbook_cli.output import out, row, say

journal = typer.Typer(help="List the runs of a journal; archive a finished run.", no_args_is_help=True)

File = Annotated[str, typer.Argument(metavar="FILE", help="The journal, as --journal named it.")]


@journal.command("show")
def show(file: File, json: Json = False) -> None:
    """Lists the runs: name, vendor, operation, state, and how many items have which status.

    The run of `import` and `copy` has the empty name.
    """
    for run in anyio.run(SqliteJournal(file).runs):
        counts = ", ".join(f"{count:,} {status}" for status, count in sorted(run.counts.items()))
        out(asdict(run)) if json else row([run.name or "-", run.vendor, run.operation, run.state, counts])


@journal.command("archive")
def archive(
    file: File,
    run: Annotated[str, typer.Option(metavar="NAME", help="The run, by its name; by default the empty name.")] = "",
    json: Json = False,
) -> None:
    """Deletes the key of a finished run, and all hashes that were made with it; outcomes stay.

    An archived run is not run again: the same command is refused, and writes nothing.
    """
    anyio.run(SqliteJournal(file).archive, run)
    out({"run": run, "state": "archived"}) if json else say(f"Archived: {file} holds outcomes only.")
