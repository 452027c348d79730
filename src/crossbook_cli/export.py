"""`crossbook export`: a book's people into a file."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crossbook import files
from crossbook._batch.batch import Throughput
from crossbook._batch.progress_bar import Bar
from crossbook._batch.results import Summary, counted
from crossbook.book import AddressBook
from crossbook.transfer import whole
from crossbook_cli.options import Book, FileFormat, Json, ask
from crossbook_cli.output import out, say, target


def export(
    book: Book,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="Where to write; - is standard output.")],
    format: FileFormat = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Only the contacts of this group id.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Without fields that cost a call a contact (Atom), and without groups.")
    ] = False,
    separator: Annotated[
        str | None,
        typer.Option(help="Between the cells of CSV: ; for a Polish spreadsheet. By default a comma, in .tsv a tab."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Writes a book's people into a file: CSV, JSON lines or vCard.

    Everybody once, with the names of the groups. The CSV is UTF-8 and safe to open in a spreadsheet: a cell that would
    be a formula, as +48… would, has an apostrophe before it; `crossbook import` takes it away again, and reads all of
    it unchanged. The file appears when it is complete.

    Examples:

    crossbook export vercom --to people.csv

    crossbook export serwersms --to - --format jsonl | jq .phone
    """
    kind = files.choose_format(to, format)
    between = files.choose_separator(to, separator)

    async def work(opened: AddressBook) -> int:
        summary, pace = Summary(), Throughput()
        bar = Bar(f"from {book}") if sys.stderr.isatty() and to != "-" else None
        try:
            with target(to, force=force, bom=kind == "csv") as file:
                writer = files.write(file, opened.profile, kind, separator=between)
                names: dict[str, str] = {}
                if not quick:
                    async for each in opened.groups.list():
                        names[each.id] = each.name
                async for contact in whole(opened, group=group, groups=not quick, full=not quick):
                    told = "groups" in contact.known_fields and not quick
                    writer.write(contact, [names.get(id, id) for id in contact.groups or ()] if told else None)
                    summary.counts["done"] = summary.counts.get("done", 0) + 1
                    if bar is not None:
                        bar(pace.after(summary, None))
        finally:
            if bar is not None:
                bar.close()
        hidden = [name for name, support in opened.profile.contact_fields.items() if "r" not in support.access]
        if hidden:
            say(f"{opened.profile.title} never shows {', '.join(hidden)}: the file is without.")
        return summary.total

    count = ask(book, work)
    if json and to != "-":
        out({"file": to, "format": kind, "contacts": count})
    else:
        say(f"Wrote {counted(count, 'contact')} to {'standard output' if to == '-' else to}.")
