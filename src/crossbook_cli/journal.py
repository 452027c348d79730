"""`crossbook journal …`: list the runs of a journal, and archive a finished run."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer
from attrs import asdict

from crossbook.journal import SqliteJournal
from crossbook_cli.options import Json, Yes, confirm
from crossbook_cli.output import format_cell, print_json, print_message, print_row

journal = typer.Typer(help="List the runs of a journal; archive a finished run.", no_args_is_help=True)

File = Annotated[str, typer.Argument(metavar="FILE", help="The file of --journal.")]


@journal.command("show")
def show(file: File, json: Json = False) -> None:
    """List the runs of a journal.

    The columns are name, vendor, operation, state, and the number of items by status. The run of import and copy has
    the empty name, which is shown as -.
    """
    for run in anyio.run(SqliteJournal(file).runs):
        counts = ", ".join(f"{count:,} {status}" for status, count in sorted(run.counts.items()))
        print_json(asdict(run)) if json else print_row([run.name or "-", run.vendor, run.operation, run.state, counts])


@journal.command("archive")
def archive(
    file: File,
    run: Annotated[str, typer.Option(metavar="NAME", help="The name of the run; by default the empty name.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Archive a finished run: keep its outcomes only.

    Its key is deleted, and so are the hashes made with this key. An archived run cannot be run again: the same command
    is refused and writes nothing. The command asks first, unless you pass --yes.
    """
    confirm(f"Archive the run {format_cell(run) or '-'} of {file}? It cannot be run again then.", yes=yes)
    anyio.run(SqliteJournal(file).archive, run)
    if json:
        print_json({"run": run, "state": "archived"})
    else:
        print_message(f"Archived: {file} holds outcomes only.")
