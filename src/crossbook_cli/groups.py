"""`crossbook groups …`: the verbs of `book.groups`."""

from __future__ import annotations

from typing import Annotated

import typer

from crossbook.book import AddressBook
from crossbook_cli.options import Book, Json, ask
from crossbook_cli.output import done, facts, flush, out, record, row

groups = typer.Typer(help="List, make, rename and delete groups; put contacts in and out.", no_args_is_help=True)

GroupId = Annotated[str, typer.Argument(metavar="GROUP", help="The group's id, as `groups list` shows it.")]
ContactId = Annotated[str, typer.Argument(metavar="CONTACT", help="The contact's id.")]
Name = Annotated[str, typer.Argument(metavar="NAME")]


@groups.command("list")
def list_groups(book: Book, json: Json = False) -> None:
    """Lists the groups: id, name and, where the vendor tells it, how many contacts are in each."""

    async def work(opened: AddressBook) -> None:
        async for page in opened.groups.list().pages():
            for group in page.items:
                out(record(group)) if json else row([group.id, group.name, group.count])
            flush()

    ask(book, work)


@groups.command("get")
def get(book: Book, group: GroupId, json: Json = False) -> None:
    """Shows one group."""
    told = record(ask(book, lambda opened: opened.groups.get(group)))
    out(told) if json else facts(told.items())


@groups.command("create")
def create(
    book: Book,
    name: Name,
    description: Annotated[str | None, typer.Option(help="What it is for (Vercom).")] = None,
    external_id: Annotated[str | None, typer.Option(help="Your own key (Vercom).")] = None,
    json: Json = False,
) -> None:
    """Makes a group and prints its id."""
    made = ask(book, lambda opened: opened.groups.create(name, description=description, external_id=external_id))
    out({"id": made.id, "status": "created"}) if json else facts([("id", made.id), ("status", "created")])


@groups.command("rename")
def rename(book: Book, group: GroupId, name: Name, json: Json = False) -> None:
    """Gives a group another name."""
    ask(book, lambda opened: opened.groups.rename(group, name))
    done(group, "renamed", json=json)


@groups.command("delete")
def delete(
    book: Book,
    group: GroupId,
    with_contacts: Annotated[
        bool, typer.Option("--with-contacts", help="Delete its contacts too (SerwerSMS, Atom).")
    ] = False,
    json: Json = False,
) -> None:
    """Deletes a group. Its contacts stay, unless --with-contacts."""
    ask(book, lambda opened: opened.groups.delete(group, with_contacts=with_contacts))
    done(group, "deleted", json=json)


@groups.command("add")
def add(book: Book, group: GroupId, contact: ContactId, json: Json = False) -> None:
    """Puts a contact into a group; its other groups stay."""
    ask(book, lambda opened: opened.groups.add(group, contact))
    done(contact, "added", json=json)


@groups.command("remove")
def remove(book: Book, group: GroupId, contact: ContactId, json: Json = False) -> None:
    """Takes a contact out of a group; the contact itself stays."""
    ask(book, lambda opened: opened.groups.remove(group, contact))
    done(contact, "removed", json=json)
