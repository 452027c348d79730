"""`crossbook contacts …`: the verbs of `book.contacts`, one contact at a time."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from crossbook.book import AddressBook
from crossbook.contacts import AnyChannel
from crossbook.errors import InvalidInputError
from crossbook.models import Contact, ExternalId, WriteResult
from crossbook_cli.errors import NOT_FOUND, Stopped
from crossbook_cli.options import Assignments, Book, Id, Json, OnUnsupportedField, ask, assigned
from crossbook_cli.output import done, facts, flush, out, record, row, say

# `crossbook contacts list`: contacts as they come, page by page.

_COLUMNS = ("id", "phone", "email", "name", "company")


def list_contacts(
    book: Book,
    group: Annotated[str | None, typer.Option(help="Only the contacts of this group id.")] = None,
    search: Annotated[str | None, typer.Option(help="Only where the vendor finds this text (SerwerSMS).")] = None,
    phone: Annotated[str | None, typer.Option(help="Only this phone, as the vendor compares (Vercom).")] = None,
    email: Annotated[str | None, typer.Option(help="Only this address (Filemail, Vercom).")] = None,
    external_id: Annotated[str | None, typer.Option(help="Only this external id (Vercom).")] = None,
    archived: Annotated[
        bool | None, typer.Option("--archived/--not-archived", help="Only archived ones, or the others (Vercom).")
    ] = None,
    opted_out: Annotated[
        Literal["sms", "email", "push"] | None, typer.Option(help="Only who opted out of this channel (Vercom).")
    ] = None,
    sort: Annotated[str | None, typer.Option(help="The vendor's name of a column (SerwerSMS).")] = None,
    descending: Annotated[bool, typer.Option("--descending", help="With --sort: the other way round.")] = False,
    unique: Annotated[bool, typer.Option("--unique", help="Each contact once (SerwerSMS: once a group).")] = False,
    full: Annotated[bool, typer.Option("--full", help="Every field, at a call a contact (Atom).")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    page_size: Annotated[int | None, typer.Option(min=1, help="Contacts a request.")] = None,
    after: Annotated[str | None, typer.Option(help="Go on from the cursor that an error named.")] = None,
    json: Json = False,
) -> None:
    """Lists contacts: all, or those that every given filter lets through.

    In a pipe the columns are separated by tabs: id, phone, e-mail, name, company. --json tells every field that the
    vendor's list tells. What a vendor cannot filter by is said before anything is asked.
    """

    async def work(opened: AddressBook) -> None:
        pager = opened.contacts.list(
            group=group, search=search, phone=phone, email=email, external_id=external_id, archived=archived,
            opted_out=opted_out, sort=sort, descending=descending, page_size=page_size, after=after, unique=unique,
            full=full,
        )  # fmt: skip
        left = limit
        async for page in pager.pages():
            for contact in page.items[:left]:
                out(record(contact)) if json else row([getattr(contact, name) for name in _COLUMNS])
            flush()
            left = None if left is None else left - len(page.items)
            if left is not None and left <= 0:
                return

    ask(book, work)


contacts = typer.Typer(help="List, read, find, create, change and delete contacts.", no_args_is_help=True)
contacts.command("list")(list_contacts)
Channel: TypeAlias = Annotated[AnyChannel, typer.Argument(metavar="CHANNEL", help="sms, email, push or all.")]


@contacts.command("get")
def get(book: Book, id: Id, json: Json = False) -> None:
    """Shows one contact, by the vendor's id."""
    _show(ask(book, lambda opened: opened.contacts.get(id)), json=json)


@contacts.command("find")
def find(
    book: Book,
    phone: Annotated[str | None, typer.Option(help="In any spelling: compared in normal form.")] = None,
    email: Annotated[str | None, typer.Option(help="Compared without regard to case.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Your own key (Vercom).")] = None,
    json: Json = False,
) -> None:
    """Shows the one contact with this phone, e-mail address or external id; give exactly one of them.

    The exit code is 5 if there is none, and 6 if there are several; their ids are named then.
    """
    found = ask(book, lambda opened: opened.contacts.find(phone=phone, email=email, external_id=external_id))
    if found is None:
        say("There is no such contact.")
        raise Stopped(NOT_FOUND)
    _show(found, json=json)


@contacts.command("create")
def create(
    book: Book, fields: Assignments, on_unsupported_field: OnUnsupportedField = "error", json: Json = False
) -> None:
    """Stores a new contact and prints its id.

    Example: crossbook contacts create vercom phone=+48500600700 first_name=Anna groups=3380,3381 fields.city=Łódź
    """
    values = {name: value for name, value in assigned(fields).items() if value is not None}
    _written(
        ask(book, lambda opened: opened.contacts.create(Contact(**values), on_unsupported_field=on_unsupported_field)),
        json=json,
    )


@contacts.command("update")
def update(
    book: Book,
    id: Id,
    fields: Assignments,
    external: Annotated[
        bool, typer.Option("--external", help="ID is your own key, the contact's external id (Vercom).")
    ] = False,
    json: Json = False,
) -> None:
    """Changes what is named, and only that; nothing behind the = empties a field.

    Example: crossbook contacts update vercom 123 company=ABC last_name=
    """
    values = assigned(fields)
    if "id" in values:
        raise InvalidInputError("an id is the vendor's to give, and cannot be changed", field="id")
    _written(ask(book, lambda opened: opened.contacts.update(ExternalId(id) if external else id, **values)), json=json)


@contacts.command("delete")
def delete(book: Book, id: Id, json: Json = False) -> None:
    """Deletes one contact, by the vendor's id."""
    ask(book, lambda opened: opened.contacts.delete(id))
    done(id, "deleted", json=json)


@contacts.command("unsubscribe")
def unsubscribe(book: Book, id: Id, channel: Channel, json: Json = False) -> None:
    """Opts a contact out of a channel, or of all (Vercom).

    Example: crossbook contacts unsubscribe vercom 123 sms
    """
    ask(book, lambda opened: opened.contacts.unsubscribe(id, channel))
    done(id, "unsubscribed", json=json)


@contacts.command("resubscribe")
def resubscribe(book: Book, id: Id, channel: Channel, json: Json = False) -> None:
    """Opts a contact in again (Vercom). Nothing else ever does: ask the person first."""
    ask(book, lambda opened: opened.contacts.resubscribe(id, channel))
    done(id, "resubscribed", json=json)


def _show(contact: Contact, *, json: bool) -> None:
    told = record(contact)
    if json:
        out(told)
    else:
        facts(told.items())


def _written(outcome: WriteResult, *, json: bool) -> None:
    lost, unverified = outcome.dropped_fields, outcome.write_only_fields
    if json:
        out({"id": outcome.id, "status": outcome.status, "dropped_fields": lost, "write_only_fields": unverified})
        return
    facts([("id", outcome.id), ("status", outcome.status)])
    if lost:
        say(f"The vendor cannot hold, and did not get: {', '.join(lost)}.")
    if unverified:
        say(f"Written, and never shown by the vendor: {', '.join(unverified)}.")
