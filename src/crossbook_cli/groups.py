"""`crossbook groups …`: list, create, rename and delete groups, and change their contacts."""

from __future__ import annotations

from typing import Annotated

import typer

from crossbook_cli.options import Book, Json, Suppressions, Yes, confirm, run_with_book
from crossbook_cli.output import format_cell, print_count, print_fields, print_item, print_pages, print_status

groups = typer.Typer(help="List, create, change and delete groups.", no_args_is_help=True)

GroupId = Annotated[str, typer.Argument(metavar="GROUP", help='The group\'s id, as "crossbook groups list" shows it.')]
ContactId = Annotated[str, typer.Argument(metavar="CONTACT", help="The contact's id.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The group's name.")]


@groups.command("list")
def list_groups(
    book: Book,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="The largest number of groups.")] = None,
    json: Json = False,
) -> None:
    """List the groups: id, name and number of contacts.

    The number is empty if the vendor does not report it.
    """
    columns = ("id", "name", "count")
    run_with_book(book, lambda opened: print_pages(opened.groups.list(limit=limit), columns, json=json))


@groups.command("count")
def count(book: Book, json: Json = False) -> None:
    """Print the number of groups."""
    print_count(run_with_book(book, lambda opened: opened.groups.count()), json=json)


@groups.command("get")
def get(book: Book, group: GroupId, json: Json = False) -> None:
    """Show one group, by the vendor's id."""
    print_item(run_with_book(book, lambda opened: opened.groups.get(group)), json=json)


@groups.command("create")
def create(
    book: Book,
    name: Name,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="The purpose of the group (Vercom).")] = None,
    external_id: Annotated[str | None, typer.Option(metavar="ID", help="Your own id of the group (Vercom).")] = None,
    json: Json = False,
) -> None:
    """Create a group and print its id."""
    group = run_with_book(
        book, lambda opened: opened.groups.create(name, description=description, external_id=external_id)
    )
    print_fields([("id", group.id), ("status", "created")], json=json)


@groups.command("rename")
def rename(book: Book, group: GroupId, name: Name, json: Json = False) -> None:
    """Give a group a new name."""
    run_with_book(book, lambda opened: opened.groups.rename(group, name))
    print_status(group, "renamed", json=json)


@groups.command("delete")
def delete(
    book: Book,
    group: GroupId,
    with_contacts: Annotated[
        bool, typer.Option("--with-contacts", help="Delete its contacts too (SerwerSMS, Atom).")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete a group. Its contacts stay.

    With --with-contacts its contacts are deleted too. The command asks first, unless you pass --yes.
    """
    what = (
        f"the group {format_cell(group)} and all its contacts" if with_contacts else f"the group {format_cell(group)}"
    )
    confirm(f"Delete {what} at {book}? This cannot be undone.", yes=yes)
    run_with_book(book, lambda opened: opened.groups.delete(group, with_contacts=with_contacts))
    print_status(group, "deleted", json=json)


@groups.command("add")
def add(book: Book, group: GroupId, contact: ContactId, suppressions: Suppressions = None, json: Json = False) -> None:
    """Add a contact to a group; the contact stays in its other groups."""
    run_with_book(book, lambda opened: opened.groups.add(group, contact), suppressions)
    print_status(contact, "added", json=json)


@groups.command("remove")
def remove(book: Book, group: GroupId, contact: ContactId, json: Json = False) -> None:
    """Remove a contact from a group; the contact itself stays."""
    run_with_book(book, lambda opened: opened.groups.remove(group, contact))
    print_status(contact, "removed", json=json)
