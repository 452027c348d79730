"""`crossbook verify`: the spec's claims about a vendor's answers, held against a live account."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.prompt import Confirm
from rich.table import Table

from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError
from crossbook.registry import load_book_class
from crossbook.vendor import VendorProfile
from crossbook_cli.errors import SOME_FAILED, USAGE, Stopped
from crossbook_cli.options import Book, Json, ask
from crossbook_cli.output import say, target
from crossbook_verify import Leftover, Report, planned
from crossbook_verify import verify as verified
from crossbook_verify.claims import LEVELS
from crossbook_verify.cleanup import MOST
from crossbook_verify.probe import EMAIL, GROUP


def verify(
    book: Book,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="Where the report goes; - is standard output.")] = "-",
    write: Annotated[
        bool, typer.Option("--write", help="Also make, change and delete a made-up contact and group; asks first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Json = False,
) -> None:
    """FieldSupport what is known about a vendor's answers against your account.

    Much of it was never tried on a live one. This asks a bounded number of questions that only read, and reports each
    claim of the spec as confirmed, refuted or not seen, with every key and error code that the spec does not know. The
    report is Markdown, to be pasted into an issue: no phone, name, id or any other value of the account is in it.

    The exit code is 0 if nothing was refuted, and 1 if something was, if it ended early, or if something that was made
    could not be removed. It ends early, with a report, if the announced requests are used up.

    Examples:

    crossbook verify vercom

    crossbook verify serwersms --write --to report.md
    """
    profile: VendorProfile = load_book_class(book).profile
    most = planned(profile.vendor, write=write)
    with target(to, force=force, private=True) as file:
        how = f"and at most {MOST:,} more to clean up" if write else "which only read"
        say(f"Asking {profile.title}: at most {most} requests, {how}.")
        if write and not yes:
            _question(book, profile)
        with _bar(most) as step:

            async def work(opened: AddressBook) -> Report:
                return await verified(opened, write=write, progress=step, on_leftover=lambda left: _left(book, left))

            report = ask(book, work)
        file.write(msgspec.json.encode(report.as_json()).decode() + "\n" if json else str(report))
    _sum(report, to)
    if report.refuted or report.stopped or report.leftovers:
        raise Stopped(SOME_FAILED)


def _question(book: str, profile: VendorProfile) -> None:
    if not sys.stdin.isatty():
        raise InvalidInputError("--write asks before it writes, and nobody is there to answer: --yes", field="write")
    say(
        f"In the account of {book} this makes a contact ({EMAIL}), a twin of it, and a group or two ({GROUP!r}); "
        "changes them; and deletes them again. What an earlier run left under these names is deleted first."
    )
    # Not typer's question, which writes a blank into standard output.
    if not Confirm.ask("Write?", console=Console(stderr=True), default=False):
        say(f"Nothing was asked of {profile.title}.")
        raise Stopped(USAGE)


@contextmanager
def _bar(most: int) -> Generator[Callable[[int, int, str], None]]:
    columns = (TextColumn("verify"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    # Gone at the end, since what it counted is in the report; and never in standard output, which may be a pipe.
    console, hidden = Console(stderr=True), not sys.stderr.isatty()
    bars = Progress(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False, disable=hidden
    )
    with bars:
        task = bars.add_task("", total=most)

        def step(done: int, most: int, operation: str) -> None:
            bars.update(task, completed=done, total=most, description=operation)

        yield step


def _left(book: str, left: Leftover) -> None:
    if left.id:
        say(f"Left behind: the {left.kind} {left.id}. To remove it: crossbook {left.kind}s delete {book} {left.id}")
    else:
        say(f"Something may be left behind, whose id the vendor did not tell: {left.remedy}.")


def _sum(report: Report, to: str) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("", *LEVELS, "all"):
        table.add_column(title, justify="right" if title else "left")
    for verdict, style in (("refuted", "red"), ("confirmed", "green"), ("not seen", "")):
        found = [finding for finding in report.findings if finding.verdict == verdict]
        counts = [sum(finding.evidence == level for finding in found) for level in LEVELS]
        table.add_row(verdict, *map(str, counts), str(len(found)), style=style if found else "")
    console = Console(stderr=True)
    console.print(table)
    for finding in report.refuted:
        console.print(f"refuted: {finding.claim}", markup=False, highlight=False, soft_wrap=True)
    if report.stopped:
        say(f"It ended early: {report.stopped}.")
    if to != "-":
        say(f"The report is in {to}.")
