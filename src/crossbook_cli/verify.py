"""`crossbook verify`: check the claims of the spec about a vendor's responses against a live account."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

import crossbook_verify
from crossbook.book import AddressBook
from crossbook.registry import load_book_class
from crossbook.vendor import VendorProfile
from crossbook_cli.errors import SOME_FAILED
from crossbook_cli.options import Book, Json, Yes, confirm, run_with_book
from crossbook_cli.output import open_output, print_message
from crossbook_verify import Leftover, Report, Verdict, max_requests
from crossbook_verify.claims import LEVELS
from crossbook_verify.cleanup import CLEANUP_LIMIT
from crossbook_verify.sample import EMAIL, GROUP

_NOTE = (
    f"In the account of {{book}} this creates up to five equal contacts ({EMAIL}) and three groups ({GROUP!r}), "
    "changes them, and deletes them again. First it deletes what an earlier run left under these names."
)


def verify(
    book: Book,
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help="The file of the report; - is standard output.")
    ] = "-",
    write: Annotated[
        bool,
        typer.Option("--write", help="Also create, change and delete a test contact and group, after confirmation."),
    ] = False,
    yes: Yes = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Json = False,
) -> None:
    """Check what the spec says about a vendor's responses.

    Many claims were never checked on a live account, such as yours. The command sends a limited number of requests that
    only read. It reports each claim as confirmed, refuted or not seen, and every key and error code that the spec does
    not have. The report is Markdown for an issue. It contains no phone, name, id or other value of the account.

    The exit code is 0 if no claim was refuted. It is 1 if a claim was refuted, if the command ended early, or if a test
    contact or group could not be deleted. The command ends early, with a report, if the announced requests are used up.

    Examples:

    \b
    crossbook verify vercom
    crossbook verify serwersms --write --to report.md
    """
    profile: VendorProfile = load_book_class(book).profile
    limit = max_requests(profile.vendor, write=write)
    with open_output(to, force=force, private=True) as file:
        rest = f"and at most {CLEANUP_LIMIT:,} more to clean up" if write else "which only read"
        print_message(f"Verifying {profile.title}: at most {limit} requests, {rest}.")
        if write:
            confirm("Write?", yes=yes, note=_NOTE.format(book=book))
        with _progress_bar(limit) as update:

            async def work(opened: AddressBook) -> Report:
                return await crossbook_verify.verify(
                    opened, write=write, progress=update, on_leftover=lambda leftover: _print_leftover(book, leftover)
                )

            report = run_with_book(book, work)
        file.write(msgspec.json.encode(report.as_json()).decode() + "\n" if json else str(report))
    _print_summary(report, to)
    if report.refuted or report.stopped or report.leftovers:
        raise typer.Exit(SOME_FAILED)


@contextmanager
def _progress_bar(limit: int) -> Generator[Callable[[int, int, str], None]]:
    columns = (TextColumn("verify"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    # The bar is removed at the end, because the report has the counts. Standard output may be a pipe.
    console, hidden = Console(stderr=True), not sys.stderr.isatty()
    bars = Progress(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False, disable=hidden
    )
    with bars:
        task = bars.add_task("", total=limit)

        def update(done: int, limit: int, operation: str) -> None:
            bars.update(task, completed=done, total=limit, description=operation)

        yield update


def _print_leftover(book: str, leftover: Leftover) -> None:
    kind, id = leftover.kind, leftover.id
    if id:
        print_message(f"Not deleted: the {kind} {id}. To delete it: crossbook {kind}s delete {book} {id}")
    else:
        print_message(f"A test contact or group with an unknown id may still exist: {leftover.remedy}.")


def _print_summary(report: Report, to: str) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("", *LEVELS, "all"):
        table.add_column(title, justify="right" if title else "left")
    styles: dict[Verdict, str] = {"refuted": "red", "confirmed": "green", "not seen": ""}
    for verdict, style in styles.items():
        found = report.select_findings(verdict)
        counts = [sum(finding.evidence == level for finding in found) for level in LEVELS]
        table.add_row(verdict, *map(str, counts), str(len(found)), style=style if found else "")
    console = Console(stderr=True)
    console.print(table)
    for finding in report.refuted:
        console.print(f"refuted: {finding.claim}", markup=False, highlight=False, soft_wrap=True)
    if report.stopped:
        print_message(f"Ended early: {report.stopped}.")
    if to != "-":
        print_message(f"The report is in {to}.")
