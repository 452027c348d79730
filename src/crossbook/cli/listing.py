"""`crossbook contacts list`: contacts as they come, page by page."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from crossbook.book import AddressBook
from crossbook.cli.asking import ask
from crossbook.cli.showing import flush, out, record, row
from crossbook.cli.words import Book, Json

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
