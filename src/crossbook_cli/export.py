"""`crossbook export`: write the contacts of a book to a file."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Annotated

import anyio
import typer

from crossbook import files
from crossbook._batch.batch import Throughput
from crossbook._batch.progress_bar import ProgressBar
from crossbook._batch.results import Summary, pluralize
from crossbook.book import AddressBook
from crossbook.transfer import iter_all_contacts
from crossbook_cli.options import Book, FileFormat, Json, run_with_book
from crossbook_cli.output import open_output, print_json, print_message


def export(
    book: Book,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="The file to write; - is standard output.")],
    format: FileFormat = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Only contacts in the group with this id.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Omit groups, and fields that cost one request per contact (Atom).")
    ] = False,
    separator: Annotated[
        str | None,
        typer.Option(
            metavar="SIGN",
            help="The separator of CSV; by default a comma, or a tab for .tsv. Polish spreadsheets expect ;",
        ),
    ] = None,
    plain: Annotated[
        bool,
        typer.Option(
            "--plain", help="Write CSV without apostrophes, for other programs. Do not open it in a spreadsheet."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Json = False,
) -> None:
    """Write the contacts of a book to a file.

    The file is CSV, Excel (.xlsx), JSON lines or vCard. Each contact is written once, with the names of its groups. CSV
    is UTF-8 and safe to open in a spreadsheet: a cell that a spreadsheet would run as a formula, such as +48…, begins
    with an apostrophe. "crossbook import" removes the apostrophe and reads every value unchanged; --plain leaves it
    out. All cells of .xlsx are text. The UID of a vCard stays the same for the name of the book and the contact's id.
    The file appears when it is complete.

    Examples:

    \b
    crossbook export vercom --to people.csv
    crossbook export serwersms --to - --format jsonl | jq .phone
    """
    chosen = files.choose_format(to, format)
    column_separator = files.choose_separator(to, separator)

    async def write_contacts(opened: AddressBook) -> int:
        summary, pace = Summary(), Throughput()
        bar = ProgressBar(f"from {book}") if sys.stderr.isatty() and to != "-" else None
        try:
            with open_output(to, force=force, bom=chosen == "csv") as file, ExitStack() as closing:
                writer = files.make_writer(
                    file, opened.profile, chosen, separator=column_separator, account=book, plain=plain
                )
                closing.callback(writer.close)
                names: dict[str, str] = {}
                if not quick:
                    async for each in opened.groups.list():
                        names[each.id] = each.name
                async for contact in iter_all_contacts(opened, group=group, groups=not quick, full=not quick):
                    has_groups = "groups" in contact.known_fields and not quick
                    writer.write(contact, [names.get(id, id) for id in contact.groups or ()] if has_groups else None)
                    summary.counts["done"] = summary.counts.get("done", 0) + 1
                    if bar is not None:
                        bar(pace.measure(anyio.current_time(), summary, None))
        finally:
            if bar is not None:
                bar.close()
        hidden = [name for name, support in opened.profile.contact_fields.items() if "r" not in support.access]
        if hidden:
            print_message(
                f"{opened.profile.title} never shows {', '.join(hidden)}: the file does not have these fields."
            )
        return summary.total

    count = run_with_book(book, write_contacts)
    if json and to != "-":
        print_json({"file": to, "format": chosen, "contacts": count})
    else:
        print_message(f"Wrote {pluralize(count, 'contact')} to {'standard output' if to == '-' else to}.")
