"""`crossbook contacts …`: list, read, find, create, change and delete contacts, one at a time."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from crossbook.book import AddressBook
from crossbook.contacts import AnyChannel
from crossbook.errors import InvalidInputError
from crossbook.models import Contact, ExternalId, WriteResult
from crossbook.vendor import MatchKey
from crossbook_cli.errors import NOT_FOUND
from crossbook_cli.options import (
    Assignments,
    Book,
    Id,
    Json,
    OnUnsupportedField,
    Suppressions,
    Yes,
    confirm,
    parse_assignments,
    run_with_book,
)
from crossbook_cli.output import (
    format_cell,
    print_count,
    print_fields,
    print_item,
    print_json,
    print_message,
    print_pages,
    print_status,
)

_COLUMNS = ("id", "phone", "email", "name", "company")


def list_contacts(
    book: Book,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Contacts of the group with this id.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Contacts with this text in any field (SerwerSMS).")
    ] = None,
    phone: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Contacts with exactly this phone (Vercom).")
    ] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Contacts with this address (Filemail, Vercom).")
    ] = None,
    external_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Contacts with this external id (Vercom).")
    ] = None,
    archived: Annotated[
        bool | None, typer.Option("--archived/--not-archived", help="Archived contacts, or others (Vercom).")
    ] = None,
    opted_out: Annotated[
        Literal["sms", "email", "push"] | None,
        typer.Option(help="Contacts that opted out of this channel (SerwerSMS, Vercom)."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The vendor's name of a column to sort by (SerwerSMS).")
    ] = None,
    descending: Annotated[bool, typer.Option("--descending", help="Sort in descending order.")] = False,
    unique: Annotated[bool, typer.Option("--unique", help="Omit contacts that repeat per group (SerwerSMS).")] = False,
    full: Annotated[bool, typer.Option("--full", help="All fields, with one request per contact (Atom).")] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="NUMBER", help="The largest number of contacts.")] = None,
    page_size: Annotated[int | None, typer.Option(min=1, metavar="NUMBER", help="Contacts per request.")] = None,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Resume from the cursor that an error named.")
    ] = None,
    json: Json = False,
) -> None:
    """List all contacts, or those that match every given filter.

    In a pipe the columns are separated by tabs: id, phone, e-mail, name, company. --json prints every field that the
    vendor's list has. A filter that the vendor does not support is refused before any request.
    """

    async def print_contacts(opened: AddressBook) -> None:
        pager = opened.contacts.list(
            group=group, search=search, phone=phone, email=email, external_id=external_id, archived=archived,
            opted_out=opted_out, sort=sort, descending=descending, limit=limit, page_size=page_size, after=after,
            unique=unique, full=full,
        )  # fmt: skip
        await print_pages(pager, _COLUMNS, json=json)

    run_with_book(book, print_contacts)


contacts = typer.Typer(help="List, read, find, create, change and delete contacts.", no_args_is_help=True)
contacts.command("list")(list_contacts)
Channel: TypeAlias = Annotated[AnyChannel, typer.Argument(metavar="CHANNEL", help="sms, email, push or all.")]


@contacts.command("count")
def count(
    book: Book,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Contacts of the group with this id.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Contacts with this text in any field (SerwerSMS).")
    ] = None,
    archived: Annotated[
        bool | None, typer.Option("--archived/--not-archived", help="Archived contacts, or others (Vercom).")
    ] = None,
    opted_out: Annotated[
        Literal["sms", "email", "push"] | None,
        typer.Option(help="Contacts that opted out of this channel (SerwerSMS, Vercom)."),
    ] = None,
    json: Json = False,
) -> None:
    """Count the contacts: all, or those of a filter.

    No vendor returns this number, so the list is read. A contact in several groups counts once.
    """
    found = run_with_book(
        book,
        lambda opened: opened.contacts.count(group=group, search=search, archived=archived, opted_out=opted_out),
    )
    print_count(found, json=json)


@contacts.command("get")
def get(book: Book, id: Id, json: Json = False) -> None:
    """Show one contact, by the vendor's id."""
    print_item(run_with_book(book, lambda opened: opened.contacts.get(id)), json=json)


@contacts.command("find")
def find(
    book: Book,
    phone: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="In any spelling; phones are compared in normal form.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="In any case; addresses are compared without case.")
    ] = None,
    external_id: Annotated[str | None, typer.Option(metavar="ID", help="Your own id of the contact (Vercom).")] = None,
    json: Json = False,
) -> None:
    """Show the contact with this phone, e-mail or external id.

    Give exactly one of them. The exit code is 5 if no contact matches. It is 6 if several contacts match; the error
    lists their ids.
    """
    found = run_with_book(book, lambda opened: opened.contacts.find(phone=phone, email=email, external_id=external_id))
    if found is None:
        print_message("No contact matches.")
        raise typer.Exit(NOT_FOUND)
    print_item(found, json=json)


@contacts.command("create")
def create(
    book: Book,
    fields: Assignments,
    on_unsupported_field: OnUnsupportedField = "error",
    suppressions: Suppressions = None,
    json: Json = False,
) -> None:
    """Create a contact and print its id.

    Examples:

    \b
    crossbook contacts create vercom phone=+48500600700 first_name=Anna
    crossbook contacts create vercom phone=500600701 groups=3380,3381
    """
    values = {name: value for name, value in parse_assignments(fields).items() if value is not None}
    _print_write(
        run_with_book(
            book,
            lambda opened: opened.contacts.create(Contact(**values), on_unsupported_field=on_unsupported_field),
            suppressions,
        ),
        json=json,
    )


@contacts.command("upsert")
def upsert(
    book: Book,
    fields: Assignments,
    match: Annotated[
        MatchKey, typer.Option(help="The field by which the contact is found, if the vendor can search by it.")
    ],
    on_unsupported_field: OnUnsupportedField = "error",
    suppressions: Suppressions = None,
    json: Json = False,
) -> None:
    """Create a contact, or update the one with the same key.

    Fields that are not given stay. The exit code is 6 if several contacts match; the error lists their ids.

    Examples:

    \b
    crossbook contacts upsert vercom phone=500600700 company=ABC --match phone
    """
    values = {name: value for name, value in parse_assignments(fields).items() if value is not None}
    _print_write(
        run_with_book(
            book,
            lambda opened: opened.contacts.upsert(
                Contact(**values), match=match, on_unsupported_field=on_unsupported_field
            ),
            suppressions,
        ),
        json=json,
    )


@contacts.command("update")
def update(
    book: Book,
    id: Id,
    fields: Assignments,
    external: Annotated[
        bool, typer.Option("--external", help="ID is your own id of the contact, its external id (Vercom).")
    ] = False,
    suppressions: Suppressions = None,
    json: Json = False,
) -> None:
    """Change the given fields of a contact; other fields stay.

    An empty value clears a field.

    Example: crossbook contacts update vercom 123 company=ABC last_name=
    """
    values = parse_assignments(fields)
    if "id" in values:
        raise InvalidInputError("the id of a contact cannot be changed: the vendor assigns it", field="id")
    contact = ExternalId(id) if external else id
    _print_write(run_with_book(book, lambda opened: opened.contacts.update(contact, **values), suppressions), json=json)


@contacts.command("delete")
def delete(book: Book, id: Id, yes: Yes = False, json: Json = False) -> None:
    """Delete one contact, by the vendor's id.

    The command asks first, unless you pass --yes.
    """
    confirm(f"Delete the contact {format_cell(id)} at {book}? This cannot be undone.", yes=yes)
    run_with_book(book, lambda opened: opened.contacts.delete(id))
    print_status(id, "deleted", json=json)


@contacts.command("unsubscribe")
def unsubscribe(book: Book, id: Id, channel: Channel, suppressions: Suppressions = None, json: Json = False) -> None:
    """Opt a contact out of one channel, or of all channels.

    SerwerSMS and Vercom have opt-outs. SerwerSMS stores the phone number, so other contacts with the number are opted
    out too. With --suppressions the opt-out is recorded in the list first, for any vendor and channel. Where the vendor
    cannot hold it, only the list does.

    Example: crossbook contacts unsubscribe vercom 123 sms
    """
    result = run_with_book(book, lambda opened: opened.contacts.unsubscribe(id, channel), suppressions)
    print_status(id, "listed" if result.dropped_fields else "unsubscribed", json=json)
    if result.dropped_fields:
        print_message("Only the suppression list holds this opt-out: the vendor cannot.")


@contacts.command("resubscribe")
def resubscribe(
    book: Book,
    id: Id,
    channel: Channel,
    shared_phone: Annotated[
        bool,
        typer.Option("--shared-phone", help="Also opt in the other contacts with the phone number (SerwerSMS)."),
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Why the person gets messages again. The suppression list needs it."),
    ] = None,
    suppressions: Suppressions = None,
    json: Json = False,
) -> None:
    """Opt a contact in again. Ask the person first.

    Messages reach the contact on this channel again (SerwerSMS, Vercom). Only this command ends an opt-out: import,
    copy and contacts update keep it.

    SerwerSMS stores opt-outs by phone number. If other contacts have the number, the command fails with exit code 6,
    unless you pass --shared-phone. Ask them too.

    Example: crossbook contacts resubscribe vercom 123 sms
    """
    run_with_book(
        book,
        lambda opened: opened.contacts.resubscribe(id, channel, shared_phone=shared_phone, reason=reason),
        suppressions,
    )
    print_status(id, "resubscribed", json=json)


def _print_write(result: WriteResult, *, json: bool) -> None:
    dropped, write_only = result.dropped_fields, result.write_only_fields
    if json:
        print_json(
            {"id": result.id, "status": result.status, "dropped_fields": dropped, "write_only_fields": write_only}
        )
        return
    print_fields([("id", result.id), ("status", result.status)], json=False)
    if dropped:
        print_message(f"Dropped, because the vendor does not support them: {', '.join(dropped)}.")
    if write_only:
        print_message(f"Written, but the vendor never shows them: {', '.join(write_only)}.")
