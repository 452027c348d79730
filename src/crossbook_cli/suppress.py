"""`crossbook suppress …`: the list of people who opted out, over all books."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import anyio
import typer

from crossbook.book import AddressBook
from crossbook.contacts import AnyChannel
from crossbook.errors import InvalidInputError
from crossbook.models import Contact
from crossbook.suppressions import SuppressionEntry
from crossbook_cli.batch_output import BatchOutput
from crossbook_cli.options import Book, Json, open_suppressions, read_journal_key, run_with_book
from crossbook_cli.output import print_json, print_message, print_row

suppress = typer.Typer(help="Keep the list of people who opted out, over all books.", no_args_is_help=True)

ListFile: TypeAlias = Annotated[str, typer.Argument(metavar="LIST", help="The file of the suppression list (SQLite).")]
Phone: TypeAlias = Annotated[str | None, typer.Option(metavar="NUMBER", help="A phone in any spelling.")]
Email: TypeAlias = Annotated[str | None, typer.Option(metavar="ADDRESS", help="An e-mail address.")]
ExternalKey: TypeAlias = Annotated[
    str | None, typer.Option("--external-id", metavar="ID", help="Your own id of the person.")
]
Channel: TypeAlias = Annotated[AnyChannel, typer.Option("--channel", help="The channel of the messages.")]
Time: TypeAlias = Annotated[
    str | None,
    typer.Option("--time", metavar="TIME", help="When it happened, such as 2026-05-02T10:00:00+02:00; by default now."),
]
Region: TypeAlias = Annotated[
    str, typer.Option(metavar="COUNTRY", help="The country of phones without a country code: PL, AU …")
]
Source: TypeAlias = Annotated[str, typer.Option(metavar="TEXT", help="From where, such as a form or a vendor.")]
ListFormat: TypeAlias = Annotated[
    Literal["csv", "jsonl"] | None, typer.Option("--format", help="The format; by default that of the file name.")
]
Journal: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE", help="Record what was done in FILE, so that the same command resumes.")
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Read and count; write nothing.")]


@suppress.command("add")
def add(
    list: ListFile,
    phone: Phone = None,
    email: Email = None,
    external_id: ExternalKey = None,
    channel: Channel = "all",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, such as STOP.")] = "",
    source: Source = "command line",
    time: Time = None,
    region: Region = "PL",
    json: Json = False,
) -> None:
    """Add an opt-out of a person.

    The file is created if it does not exist.

    With CROSSBOOK_SUPPRESSIONS_KEY in the environment, the list holds keyed hashes instead of phones and addresses.

    Example: crossbook suppress add stop.sqlite --phone +48500600700 --channel sms --reason STOP
    """

    async def work() -> None:
        async with open_suppressions(list, region=region, create=True) as opened:
            await opened.add(
                phone=phone, email=email, external_id=external_id, channel=channel, reason=reason, source=source,
                time=_parse_time(time),
            )  # fmt: skip

    anyio.run(work)
    print_json({"status": "added"}) if json else print_message("Added.")


@suppress.command("remove")
def remove(
    list: ListFile,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the person gets messages again.")],
    phone: Phone = None,
    email: Email = None,
    external_id: ExternalKey = None,
    channel: Channel = "all",
    source: Source = "command line",
    time: Time = None,
    region: Region = "PL",
    json: Json = False,
) -> None:
    """End the opt-outs of a person. Ask the person first.

    The history stays, and a later opt-out wins. Pass all keys of the person: a contact is listed as long as one of
    its keys is.

    Example: crossbook suppress remove stop.sqlite --phone +48500600700 --reason "asked by phone"
    """

    async def work() -> None:
        async with open_suppressions(list, region=region) as opened:
            await opened.remove(
                phone=phone, email=email, external_id=external_id, channel=channel, reason=reason, source=source,
                time=_parse_time(time),
            )  # fmt: skip

    anyio.run(work)
    print_json({"status": "removed"}) if json else print_message("Removed.")


@suppress.command("check")
def check(
    list: ListFile,
    phone: Phone = None,
    email: Email = None,
    external_id: ExternalKey = None,
    region: Region = "PL",
    history: Annotated[bool, typer.Option("--history", help="Print all entries of the person.")] = False,
    json: Json = False,
) -> None:
    """Show the channels that a person opted out of.

    The columns are channel, action, time, reason and source. The exit code is 0 also if the person is not listed;
    then nothing is printed to standard output.

    Example: crossbook suppress check stop.sqlite --phone 500600700
    """
    person = Contact(phone=phone, email=email, external_id=external_id)
    if not (phone or email or external_id):
        raise InvalidInputError("pass at least one of --phone, --email and --external-id", field="phone")

    async def work() -> tuple[Any, Any]:
        async with open_suppressions(list, region=region) as opened:
            return await opened.check(person), await opened.history(person)

    status, entries = anyio.run(work)
    rows: Any = status.entries.items()
    if history:
        rows = [(entry.channel, entry) for entry in entries]
    for channel, entry in sorted(rows, key=lambda row: row[1].time):
        record = _describe(channel, entry)
        print_json(record) if json else print_row([value for name, value in record.items() if name != "kind"])
    if not status:
        print_message("Not listed.")


@suppress.command("import")
def import_list(
    list: ListFile,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON lines.")],
    format: ListFormat = None,
    channel: Channel = "all",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="The reason of rows without one.")] = "",
    source: Source = "file",
    region: Region = "PL",
    json: Json = False,
) -> None:
    """Add the opt-outs of a file to a list.

    Every row is checked before the first is added. A row has phone, email or external_id, and may have channel,
    action, time, reason and source. An entry that the list
    has already is not added again.

    Example: crossbook suppress import stop.sqlite unsubscribed.csv --channel email
    """

    async def work() -> int:
        async with open_suppressions(list, region=region, create=True) as opened:
            return await opened.import_file(file, format, channel=channel, reason=reason, source=source)

    added = anyio.run(work)
    print_json({"added": added}) if json else print_message(f"Added: {_count_entries(added)}.")


@suppress.command("export")
def export_list(
    list: ListFile,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="The file to write; an existing one is replaced.")],
    format: ListFormat = None,
    json: Json = False,
) -> None:
    """Write all entries of a list to a file.

    It is CSV or JSON lines, and only you may read it.

    Example: crossbook suppress export stop.sqlite --to stop.csv
    """

    async def work() -> int:
        async with open_suppressions(list) as opened:
            return await opened.export_file(to, format)

    count = anyio.run(work)
    print_json({"exported": count}) if json else print_message(f"Wrote {_count_entries(count)}.")


@suppress.command("collect")
def collect(list: ListFile, book: Book, journal: Journal = None, dry_run: DryRun = False, json: Json = False) -> None:
    """Take over the opt-outs that a vendor knows.

    SerwerSMS and Vercom have opt-outs.

    Example: crossbook suppress collect stop.sqlite vercom
    """
    _transfer(list, book, "collect", journal, dry_run=dry_run, json=json)


@suppress.command("push")
def push(list: ListFile, book: Book, journal: Journal = None, dry_run: DryRun = False, json: Json = False) -> None:
    """Opt out at a vendor whom the list has.

    SerwerSMS and Vercom have opt-outs. An entry of which the book has no contact is reported as skipped. SerwerSMS
    gets its phone, unless the list holds
    hashes.

    Example: crossbook suppress push stop.sqlite vercom --dry-run
    """
    _transfer(list, book, "push", journal, dry_run=dry_run, json=json)


def _transfer(
    file: str, book: str, method: Literal["collect", "push"], journal: str | None, *, dry_run: bool, json: bool
) -> None:
    async def work(opened: AddressBook) -> None:
        async with open_suppressions(file, create=method == "collect" and not dry_run) as suppressions:
            start = suppressions.collect if method == "collect" else suppressions.push
            await output.run(
                start(
                    opened,
                    journal=journal,
                    journal_key=read_journal_key(),
                    dry_run=dry_run,
                    progress=output.update_progress,
                )
            )

    with BatchOutput(f"{method} {book}", json=json, skips_existing=True, journal=journal) as output:
        run_with_book(book, work)


def _count_entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _parse_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError("write --time such as 2026-05-02T10:00:00+02:00", field="time") from None


def _describe(channel: str, entry: SuppressionEntry) -> dict[str, str]:
    return {
        "channel": channel, "action": entry.action, "time": entry.time.isoformat(), "kind": entry.kind,
        "reason": entry.reason, "source": entry.source,
    }  # fmt: skip
