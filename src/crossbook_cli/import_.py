"""`crossbook import`: write the contacts of a file to a book."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio.lowlevel
import msgspec
import typer
from anyio import to_thread
from attrs import define, field

from crossbook import __version__, files
from crossbook._batch.source import DigestedSource
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError, from_record, to_record
from crossbook.models import Contact
from crossbook.registry import load_book_class
from crossbook.transfer import GroupResolver, drop_derived_name
from crossbook_cli.batch_output import BatchOutput, InvalidRowError, StoredLines
from crossbook_cli.fleet import open_fleet, run_in_fleet
from crossbook_cli.options import BatchCommandOptions, FileFormat, To, run_with_book, with_batch_options
from crossbook_cli.output import flush, format_cell, print_json, print_message
from crossbook_cli.preview import preview, print_preview

_MAX_NOTES = 10_000  # gaps, invalid and unread lines of a file up to which a finished import is recognized
_EXAMPLE_LENGTH = 200  # characters of a line that is shown because its encoding is a guess


@with_batch_options
def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, .xlsx, JSON lines or vCard; - is standard input.")],
    to: To,
    format: FileFormat = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=FIELD",
            help='The field of a column that is detected wrongly: "Handy=phone", "NIP=fields.tax_id". A column of yes '
            'and no: "Stop=opted_out", "Ads=opted_in.sms". "Notes=" is not read. Can be given several times.',
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Add all contacts to this group only, and ignore the groups in the file."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The encoding, if it is detected wrongly: utf-8, cp1250, iso8859-2 …"),
    ] = None,
    separator: Annotated[
        str | None, typer.Option(metavar="SIGN", help="The separator of a CSV file, if it is detected wrongly.")
    ] = None,
    names: Annotated[
        Literal["keep", "split"],
        typer.Option(
            help="split makes first and last name of a whole name: the last word is the last name; with a comma, what "
            "is before it. For vendors that store the two."
        ),
    ] = "keep",
    fleet: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Share the import with other machines, by the Postgres database of a fleet: run the same command on "
            "each. PGPASSWORD or ~/.pgpass has the password. See crossbook fleet.",
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --fleet: the name under which all machines know the import."),
    ] = None,
    *,
    options: BatchCommandOptions,
) -> None:
    """Write the contacts of a file to a book.

    The meaning of the columns is detected from their titles and shown first: try it with --dry-run, and correct it with
    --map. A title that may be a person's data is shown as "column 3", because the first row of a file without titles is
    a person. Exports of Google Contacts and Outlook can be read directly. Missing groups are created. An invalid row is
    reported with its line, and the import continues, unless --on-error stop is given.

    A contact that exists already is skipped, so that importing the same file twice duplicates no contact. It is found
    by the first field that the contact has and the vendor can search by. If another field that both have differs, it is
    another person: two people with one phone stay two. A row without such a field is created and counted. See --match
    and --on-duplicate.

    A column that says who opted out or who consents, such as "unsubscribed" or "Zgoda SMS", is read. If one of its
    cells is unclear, nothing is written, and the command says how to name the column with --map. See --on-opted-out.

    The command waits as long as the vendor asks, up to --max-wait. With --journal, the same command resumes a run that
    was interrupted, and looks up the contacts that were in flight. With --match none such a contact is uncertain until
    the same command gets --match or --uncertain. The exit code is 1 if a contact was not written, or is uncertain.
    When all is done, the same command prints the results of the journal at once, if file and options are unchanged.

    Rows of the file that share a phone, an e-mail or an external id are reported by their lines before anything is
    written. Of several phones in one cell the first mobile number is written, and the rows are reported.

    --json prints a line {"form", "columns"}, with "leftovers" if more is not read. If there are any, it prints
    {"duplicates": [{"field", "lines"}]}, and {"further_phones": [LINE, …], "further_emails": [LINE, …]}. Then it prints
    {"result": {"line", "status", "id", "error", …}} for each row, where an invalid row has the status unread, and
    {"summary": {"counts", …}}.

    Examples:

    \b
    crossbook import people.csv --to vercom --dry-run
    crossbook import people.csv --to atom --map "Handy=phone" --group Fair
    crossbook import people.xlsx --to serwersms --journal people.sqlite
    """
    digest = None
    if options.journal is not None and not options.dry_run:
        digest = _make_digest(file, options, to, format, map, group, encoding, separator, names)
    corrections = _parse_corrections(map or [])
    _check_fleet(fleet, run, options)
    opened = None if fleet is None else open_fleet(fleet)
    book_options: BookOptions = {"default_region": options.region, "shared": opened}
    arguments = options.arguments()
    profile = load_book_class(to).profile
    region = options.region or profile.default_region
    with (
        files.read(
            file, format, corrections=corrections, encoding=encoding, separator=separator, names=names, region=region
        ) as people,
        BatchOutput(
            f"to {to}",
            json=options.json,
            expected=people.expected,
            skips_existing=options.skips_existing,
            journal=options.journal,
            groups_hint="--group NAME adds all contacts to one group.",
        ) as output,
    ):
        _print_columns(people, json=options.json)

        def report_preview() -> None:
            print_preview(
                preview(people, profile, region),
                json=options.json,
                consequence=_explain_duplicates(options),
                unsubscribes=options.on_opted_out == "unsubscribe",
            )

        async def work(book: AddressBook) -> None:
            resolver = GroupResolver(book, dry_run=options.dry_run)
            contacts = ImportSource(
                people=people, book=book, resolver=resolver, group=group, output=output, options=options, digest=digest,
                report_preview=report_preview,
            )  # fmt: skip
            try:
                if opened is not None:
                    batch = book.contacts.create_many(contacts, **arguments)
                    await run_in_fleet(opened, to, run or "", batch, output, options.region)
                else:
                    await output.run(book.contacts.create_many(contacts, progress=output.update_progress, **arguments))
            finally:
                output.has_created_groups = bool(resolver.created) and not options.dry_run
                if resolver.created and not options.json:
                    print_message(
                        f"{'Would create' if options.dry_run else 'Created'} groups: {format_cell(resolver.created)}."
                    )
                if contacts.unread:
                    print_message(_describe_unread(contacts.unread))

        run_with_book(to, work, options.suppressions, **book_options)


def _check_fleet(fleet: str | None, run: str | None, options: BatchCommandOptions) -> None:
    if fleet is None and run is not None:
        raise InvalidInputError("--run needs --fleet: the database that the machines share", field="run")
    if fleet is None:
        return
    if not (run or "").strip():
        raise InvalidInputError("--fleet needs --run: a name for the import, the same on each machine", field="run")
    for name in ("journal", "uncertain", "dry_run", "suppressions"):
        if getattr(options, name):
            option = name.replace("_", "-")
            raise InvalidInputError(f"--{option} does not work with --fleet: leave it out", field=name)


def _make_digest(file: str, options: BatchCommandOptions, *others: object) -> str | None:
    """Return a digest of the file and of all options that may decide about its contacts.

    It is None for a pipe, which can be read only once.
    """
    path = Path(file)
    if not path.is_file():
        return None
    decisive = {name: value for name, value in asdict(options).items() if name not in ("journal", "json")}
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
    digest.update(repr((__version__, decisive, others)).encode())
    return digest.hexdigest()


@define(eq=False, kw_only=True)
class ImportSource(DigestedSource[Contact]):
    """The contacts of the valid rows of a file, with the ids of their groups.

    The invalid rows are reported to `output`.

    Args:
        people: the rows.
        book: the book to write to.
        resolver: returns the ids of groups.
        group: the name of the group of all contacts; None: a row has its own groups.
        output: gets the invalid rows, and the line of each contact.
        options: of the command.
        digest: of file and options, by which a finished import is recognized; None if there is no journal.
        report_preview: reads the file and reports what is wrong with it, before its first contact is written.

    Attributes:
        unread: the lines of valid rows of which a part cannot be read.
    """

    people: files.Reader
    book: AddressBook
    resolver: GroupResolver
    group: str | None
    output: BatchOutput
    options: BatchCommandOptions
    digest: str | None
    report_preview: Callable[[], None]
    unread: list[int] = field(init=False, factory=list[int])
    _invalid: list[tuple[int, dict[str, Any]]] = field(init=False, factory=list[tuple[int, dict[str, Any]]])
    _lines: StoredLines = field(init=False, factory=StoredLines)

    async def __aiter__(self) -> AsyncIterator[Contact]:
        # In a thread, because a large file takes a while, and a signal ends the command meanwhile.
        await to_thread.run_sync(self.report_preview, abandon_on_cancel=True)
        common = None if self.group is None else await self.resolver.resolve((self.group,))
        index = 0
        for row in self.people:
            if row.contact is None:
                assert row.error is not None  # a row has a contact or an error
                self.output.add_invalid_row(row.line, row.error)
                if self.options.on_error == "stop":
                    raise InvalidRowError(f"line {row.line} is invalid (--on-error stop): {row.error.message}")
                if self.digest is not None and len(self._invalid) <= _MAX_NOTES:
                    self._invalid.append((row.line, to_record(row.error)))
                await anyio.lowlevel.checkpoint()
                continue
            groups = common
            unsubscribes = self.options.on_opted_out == "unsubscribe"
            if groups is None and row.groups and (unsubscribes or not row.contact.opted_out):
                groups = await self.resolver.resolve(row.groups)
            self.unread += row.unread
            self.output.lines[index] = row.line
            if self._lines.size <= _MAX_NOTES:
                self._lines[index] = row.line
            index += 1
            yield drop_derived_name(self.book, replace(row.contact, groups=groups))

    def dump_notes(self) -> str | None:
        if max(self._lines.size, len(self._invalid), len(self.unread)) > _MAX_NOTES:
            return None
        return msgspec.json.encode((self._lines.jumps, self._invalid, self.unread)).decode()

    def begin_replay(self, notes: str) -> None:
        jumps, invalid, self.unread = msgspec.json.decode(notes)
        self.output.lines = StoredLines(jumps)
        print_message(f"This file was imported before, with these options. Its results are in {self.options.journal}.")
        for line, record in invalid:
            error: Any = from_record(record)
            self.output.add_invalid_row(line, error)


def _explain_duplicates(options: BatchCommandOptions) -> str:
    """Return what becomes of rows that have the same match key."""
    if not options.skips_existing:
        return "Each of these rows is a contact: --match auto finds the contact of an earlier row."
    done = {"skip": "skipped", "update": "an update", "error": "refused"}[options.on_duplicate]
    return f"A later row is {done}, unless a different name or other field makes it another person."


def _parse_corrections(texts: list[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in texts]
    if any(not equals for _, equals, _ in pairs):
        raise InvalidInputError('write --map COLUMN=FIELD, such as --map "Handy=phone"', field="map")
    return {column: target for column, _, target in pairs}


def _describe_unread(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:20])) + (f" and {len(lines) - 20:,} more" if len(lines) > 20 else "")
    return f"Left out of their contacts, because they cannot be read: line{'' if len(lines) == 1 else 's'} {shown}."


def _print_columns(people: files.Reader, *, json: bool) -> None:
    if json:
        columns = {column.title: column.target for column in people.columns}
        more: dict[str, object] = {"leftovers": people.leftovers} if people.leftovers else {}
        if people.example is not None:
            more["encoding_guess"] = dict(zip(("line", "text"), people.example, strict=True))
        print_json({"form": people.description, "columns": columns} | more)
        flush()
        return
    read = [f"{column.title} → {column.target}" for column in people.columns if column.target is not None]
    ignored = ", ".join(column.title for column in people.columns if column.target is None)
    ignored = "; ".join(filter(None, (ignored, ", ".join(people.leftovers))))
    print_message(format_cell(f"{people.description}. Columns: {'; '.join(read)}."))
    if ignored:
        print_message(format_cell(f"Not read: {ignored}."))
    if people.example is not None:
        line, text = people.example
        print_message(
            f"The encoding is a guess. Line {line} is read as: {format_cell(text[:_EXAMPLE_LENGTH])}\n"
            "If letters are wrong, stop and pass --encoding: cp1250, cp1252, iso8859-2 …"
        )
