"""`crossbook import`: a file of people into a book."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

import anyio.lowlevel
import typer

from crossbook import files
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError
from crossbook.models import Contact
from crossbook.transfer import GroupResolver, fitted
from crossbook_cli.options import (
    DryRun,
    FileFormat,
    IncludeOptedOut,
    Journal,
    Json,
    Match,
    OnDuplicate,
    OnError,
    OnUnsupportedField,
    Region,
    SameAccount,
    To,
    Uncertain,
    ask,
    duplicates,
    journal_key,
)  # fmt: skip
from crossbook_cli.output import cell, flush, out, say
from crossbook_cli.report import BadRow, Report


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON lines or vCard; - is standard input.")],
    to: To,
    format: FileFormat = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=FIELD",
            help='Which column is which field, where the guess is wrong: "Handy=phone", "NIP=fields.tax_id"; "Notes=" '
            "is not read. May be given several times.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Put everybody into this group, and not into those that the file names."),
    ] = None,
    match: Match = None,
    on_duplicate: OnDuplicate = "skip",
    on_unsupported_field: OnUnsupportedField = "error",
    on_error: OnError = "collect",
    include_opted_out: IncludeOptedOut = False,
    journal: Journal = None,
    uncertain: Uncertain = None,
    same_account: SameAccount = False,
    dry_run: DryRun = False,
    region: Region = None,
    encoding: Annotated[str | None, typer.Option(help="Where it is guessed wrong: utf-8, cp1250, iso8859-2 …")] = None,
    separator: Annotated[str | None, typer.Option(help="Between the cells of CSV, where it is guessed wrong.")] = None,
    json: Json = False,
) -> None:
    """Writes the people of a file into a book.

    What the columns mean is guessed from their titles and shown first: try it with --dry-run, and correct it with
    --map. A title that may belong to a person is shown as "column 3", since a file without titles has a person in its
    first row. The exports of Google Contacts and Outlook are read as they are. Groups that a file names are made if
    they are missing. A bad row is reported with its line and stops nothing, unless --on-error stop.

    With --journal a run that was interrupted resumes with the same command. With --match nobody is written twice: who
    was in flight is looked up. Without it such a person is uncertain, until the same command is given --match, or
    --uncertain. The exit code is 1 if somebody could not be written, or is uncertain.

    --json prints a line {"form", "columns"}, then {"result": {"line", "status", "id", "error", …}} for each row, a bad
    one with the status unread, and {"summary": {"counts", …}} at the end.

    Examples:

    crossbook import people.csv --to vercom --match email --dry-run

    crossbook import contacts.csv --to serwersms --map "Handy=phone" --group Fair --journal fair.sqlite
    """
    corrections = _corrections(map or [])
    on = duplicates(match, on_duplicate)
    with files.read(file, format, corrections=corrections, encoding=encoding, separator=separator) as people:
        _show(people, json=json)
        homeless = "--group NAME puts everybody into one group."
        report = Report(f"to {to}", json=json, expected=people.expected, journal=journal, homeless=homeless)

        async def work(book: AddressBook) -> None:
            placing = GroupResolver(book, dry_run=dry_run)
            batch = book.contacts.create_many(
                _contacts(
                    people, book, placing, group, report,
                    stop=on_error == "stop", include_opted_out=include_opted_out,
                ),
                match=match, on_duplicate=on, on_unsupported_field=on_unsupported_field, include_opted_out=include_opted_out,
                journal=journal, journal_key=journal_key(), same_account=same_account,
                uncertain=uncertain, dry_run=dry_run, on_error=on_error, progress=report.progress,
            )  # fmt: skip
            try:
                await report.watch(batch)
            finally:
                if placing.made and not json:
                    say(f"{'Would make' if dry_run else 'Made'} groups: {cell(placing.made)}.")

        try:
            ask(to, work, default_region=region)
        except (Exception, KeyboardInterrupt) as error:
            report.end(error)
        else:
            report.end()


async def _contacts(
    people: files.Reader, book: AddressBook, placing: GroupResolver, group: str | None, report: Report,
    *, stop: bool, include_opted_out: bool,
) -> AsyncIterator[Contact]:  # fmt: skip
    """The contacts of the rows that can be read, their groups by id."""
    everybody = None if group is None else await placing.ids((group,))
    index = 0
    for row in people:
        if row.contact is None:
            report.bad_row(row.line, row.error or InvalidInputError("it cannot be read"))
            if stop:
                raise BadRow(f"line {row.line} cannot be read (--on-error stop)")
            await anyio.lowlevel.checkpoint()
            continue
        groups = everybody
        if groups is None and row.groups and (include_opted_out or not row.contact.opted_out):
            groups = await placing.ids(row.groups)
        report.lines[index] = row.line
        index += 1
        yield fitted(book, replace(row.contact, groups=groups))


def _corrections(texts: list[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in texts]
    if any(not equals for _, equals, _ in pairs):
        raise InvalidInputError('--map takes COLUMN=FIELD, for instance "Handy=phone"', field="map")
    return {column: target for column, _, target in pairs}


def _show(people: files.Reader, *, json: bool) -> None:
    if json:
        out({"form": people.description, "columns": {column.title: column.target for column in people.columns}})
        flush()
        return
    read = [f"{column.title} → {column.target}" for column in people.columns if column.target is not None]
    left = [column.title for column in people.columns if column.target is None]
    say(cell(f"{people.description}. Columns: {'; '.join(read)}."))
    if left:
        say(cell(f"Not read: {', '.join(left)}."))
