"""`crossbook contacts …`: the verbs of `book.contacts`, one contact at a time."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from crossbook.batches import AnyChannel
from crossbook.cli.asking import ask
from crossbook.cli.assigned import Assignments, assigned
from crossbook.cli.failing import NOT_FOUND, Stopped
from crossbook.cli.listing import list_contacts
from crossbook.cli.showing import done, facts, out, record, say
from crossbook.cli.words import Book, Id, Json, OnLoss
from crossbook.errors import InvalidInput
from crossbook.models import Contact, ExternalId, Outcome

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
def create(book: Book, fields: Assignments, on_loss: OnLoss = "error", json: Json = False) -> None:
    """Stores a new contact and prints its id.

    Example: crossbook contacts create vercom phone=+48500600700 first_name=Anna groups=3380,3381 fields.city=Łódź
    """
    values = {name: value for name, value in assigned(fields).items() if value is not None}
    _written(ask(book, lambda opened: opened.contacts.create(Contact(**values), on_loss=on_loss)), json=json)


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
        raise InvalidInput("an id is the vendor's to give, and cannot be changed", field="id")
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


def _written(outcome: Outcome, *, json: bool) -> None:
    lost, unverified = outcome.lost_fields, outcome.unverified_fields
    if json:
        out({"id": outcome.id, "status": outcome.status, "lost_fields": lost, "unverified_fields": unverified})
        return
    facts([("id", outcome.id), ("status", outcome.status)])
    if lost:
        say(f"The vendor cannot hold, and did not get: {', '.join(lost)}.")
    if unverified:
        say(f"Written, and never shown by the vendor: {', '.join(unverified)}.")
