"""`crossbook journal …`: list the runs of a journal, and archive a finished run."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer
from attrs import asdict

from crossbook.journal import SqliteJournal
from crossbook_cli.options import Json
from crossbook_cli.output import print_json, print_message, print_row

journal = typer.Typer(help="List the runs of a journal; archive a finished run.", no_args_is_help=True)

File = Annotated[str, typer.Argument(metavar="FILE", help="The file of --journal.")]


@journal.command("show")
def show(file: File, json: Json = False) -> None:
    """List the runs of a journal: name, vendor, operation, state, and the number of items by status.

    The run of `import` and `copy` has the empty name, which is shown as -.
    """
    for run in anyio.run(SqliteJournal(file).runs):
        counts = ", ".join(f"{count:,} {status}" for status, count in sorted(run.counts.items()))
        print_json(asdict(run)) if json else print_row([run.name or "-", run.vendor, run.operation, run.state, counts])


@journal.command("archive")
def archive(
    file: File,
    run: Annotated[str, typer.Option(metavar="NAME", help="The name of the run; by default the empty name.")] = "",
    json: Json = False,
) -> None:
    """Archive a finished run: delete its key and the hashes made with this key; keep the outcomes.

    An archived run cannot be run again: the same command is refused and writes nothing.
    """
    anyio.run(SqliteJournal(file).archive, run)
    if json:
        print_json({"run": run, "state": "archived"})
    else:
        print_message(f"Archived: {file} holds outcomes only.")
