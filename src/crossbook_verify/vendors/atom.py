"""What `crossbook verify` asks Atom: reading, and in writing one contact, a twin of it and two address books."""

from __future__ import annotations

from collections.abc import Iterator

from crossbook_wire.atom import Api, models

from crossbook.vendor import parse_object
from crossbook_verify.probe import (
    COMPANY,
    FIRST,
    GROUP,
    LAST,
    UNKNOWN,
    Json,
    Look,
    Probes,
    Row,
    Seen,
    came,
    number,
    objects,
    text,
    trial,
)  # fmt: skip

PHONE = "0491570006"  # of the numbers that Australia keeps for fiction
_BOOKS = 3  # that are looked into for one that is not empty
_HIDDEN = frozenset(("company", "custom_1", "custom_2", "custom_3", "custom_4"))

ROWS = (
    Row("getAddressBook.short", "`getAddressBook` shows neither `company` nor `custom_1` … `custom_4`", "public"),
    Row("getAddressBook.unknown", "`getAddressBook`: an id that does not exist is `not_found`, with status 200"),
    Row("getContact.same", "`getContact` gives the contact that was asked for", "documented"),
    Row("getContact.unknown", "`getContact`: an id that does not exist is `not_found`, with status 200"),
    Row("getContact.bad", "`getContact`: an id that is none is `invalid_request`, with status 200"),
    trial("createContact.stored", "`createContact`: what was written is read back"),
    trial("createContact.phone", "`createContact`: a national phone comes back as it was sent"),
    trial("createContact.listed", "`createContact`: the contact is in the address book that was named"),
    trial("createContact.twin", "`createContact`: a second contact with the same phone is accepted"),
    trial("createContact.bad", "`createContact`: a bad phone number is `invalid_request`, with status 200"),
    trial("updateContact.clears", "`updateContact`: an empty text clears a field"),
    trial("updateContact.unsent", "`updateContact`: a field that is not sent keeps its value"),
    trial("updateContact.moves", "`updateContact`: `group_id` moves the contact out of its book into another"),
    trial("updateAddressBook.renamed", "`updateAddressBook`: the new name is read back"),
    trial("deleteAddressBook.contacts", "`deleteAddressBook`: a book need not be empty, and its contacts go with it"),
    trial("deleteContact.gone", "`deleteContact`: the contact is gone, and `not_found` from then on"),
)


async def read(look: Look, wire: Api) -> None:
    listed = await look.ask(wire.address_books.list_address_books())
    rows: list[Json] = []
    for book in (objects(listed.body, "result") or [])[:_BOOKS]:
        if (id := number(book.get("id"))) is not None and not rows:
            rows = _contacts(await look.ask(wire.address_books.get_address_book(models.AddressBookId(id=id)))) or []
    stranger = await look.ask(wire.address_books.get_address_book(models.AddressBookId(id=UNKNOWN)))
    look.refused("getAddressBook.unknown", stranger, "not_found", 200)
    if rows:
        shown = _HIDDEN & rows[0].keys()
        look.row("getAddressBook.short", not shown, f"it shows {', '.join(sorted(shown))}")
    if rows and (id := number(rows[0].get("id"))) is not None:
        got = _contact(await look.ask(wire.contacts.get_contact(models.ContactTextId(id=str(id)))))
        if got is not None:
            look.row("getContact.same", number(got.get("id")) == id, "another id, or none")
    stranger = await look.ask(wire.contacts.get_contact(models.ContactTextId(id=str(UNKNOWN))))
    look.refused("getContact.unknown", stranger, "not_found", 200)
    bad = await look.ask(wire.contacts.get_contact(models.ContactTextId(id="none")))
    look.refused("getContact.bad", bad, "invalid_request", 200)


async def write(look: Look, wire: Api) -> None:
    first, second = await _book(look, wire, GROUP), await _book(look, wire, f"{GROUP} 2")
    if first is None or second is None:
        return
    contact = await _new(look, wire, first)
    if contact is None:
        return
    stored = await _stored(look, wire, contact)
    if stored is not None:
        sent = {"first_name": FIRST, "last_name": LAST, "company": COMPANY, "custom_1": "Gold"}
        wrong = [name for name, value in sent.items() if stored.get(name) != value]
        look.row("createContact.stored", not wrong, f"not so: {', '.join(wrong)}")
        look.row("createContact.phone", stored.get("phone_number") == PHONE, came(stored.get("phone_number")))
    look.row("createContact.listed", await _holds(look, wire, first, contact), "it is not")
    twin = await _new(look, wire, first)
    look.row("createContact.twin", twin is not None and twin != contact, "it is not")
    bad = await look.ask(wire.contacts.create_contact(models.NewContact(group_id=first, phone_number="12")))
    look.refused("createContact.bad", bad, "invalid_request", 200)
    if bad.ok:
        look.made("contact", text(_result(bad).get("id")), bad)
    await _updated(look, wire, contact, first, second)
    await look.ask(wire.address_books.update_address_book(models.AddressBookChanges(id=first, name=f"{GROUP} 3")))
    named = await look.ask(wire.address_books.get_address_book(models.AddressBookId(id=first)))
    if named.ok:
        name = _result(named).get("name")
        look.row("updateAddressBook.renamed", name == f"{GROUP} 3", came(name))
    await _deleted(look, wire, contact, twin, second)


async def _updated(look: Look, wire: Api, contact: int, first: int, second: int) -> None:
    await look.ask(wire.contacts.update_contact(models.ContactChanges(id=contact, company="", group_id=second)))
    stored = await _stored(look, wire, contact)
    if stored is not None:
        look.row("updateContact.clears", not stored.get("company"), came(stored.get("company")))
        look.row("updateContact.unsent", stored.get("custom_1") == "Gold", came(stored.get("custom_1")))
    before, after = await _holds(look, wire, first, contact), await _holds(look, wire, second, contact)
    if before is not None and after is not None:
        where = ", ".join(name for name, there in {"the old book": before, "the new book": after}.items() if there)
        look.row("updateContact.moves", after and not before, f"it is in {where or 'neither'}")


async def _deleted(look: Look, wire: Api, contact: int, twin: int | None, book: int) -> None:
    removed = await look.ask(wire.address_books.delete_address_book(models.AddressBookId(id=book)))
    if removed.answered and not removed.ok:
        look.row("deleteAddressBook.contacts", False, removed.said)
    elif removed.ok:
        look.gone(str(book))
        gone = await look.ask(wire.contacts.get_contact(models.ContactTextId(id=str(contact))))
        look.refused("deleteAddressBook.contacts", gone, "not_found")
        if gone.error is not None and gone.error.code == "not_found":
            look.gone(str(contact))
    if twin is not None and (await look.ask(wire.contacts.delete_contact(models.ContactId(id=twin)))).ok:
        look.gone(str(twin))
        gone = await look.ask(wire.contacts.get_contact(models.ContactTextId(id=str(twin))))
        look.refused("deleteContact.gone", gone, "not_found", 200)


async def _book(look: Look, wire: Api, name: str) -> int | None:
    seen = await look.ask(wire.address_books.create_address_book(models.NewAddressBook(name=name)))
    return number(look.made("group", text(_result(seen).get("id")), seen))


async def _new(look: Look, wire: Api, book: int) -> int | None:
    new = models.NewContact(
        group_id=book, phone_number=PHONE, first_name=FIRST, last_name=LAST, company=COMPANY, custom_1="Gold"
    )
    seen = await look.ask(wire.contacts.create_contact(new))
    return number(look.made("contact", text(_result(seen).get("id")), seen))


async def _stored(look: Look, wire: Api, contact: int) -> Json | None:
    return _contact(await look.ask(wire.contacts.get_contact(models.ContactTextId(id=str(contact)))))


async def _holds(look: Look, wire: Api, book: int, contact: int) -> bool | None:
    rows = _contacts(await look.ask(wire.address_books.get_address_book(models.AddressBookId(id=book))))
    return None if rows is None else any(number(row.get("id")) == contact for row in rows)


def said(body: Json) -> Iterator[tuple[object, object]]:
    if "code" in (error := parse_object(body.get("error"))):
        yield error["code"], None


def _result(seen: Seen) -> Json:
    return parse_object(seen.body.get("result"))


def _contact(seen: Seen) -> Json | None:
    return parse_object(_result(seen).get("contact")) or None if seen.ok else None


def _contacts(seen: Seen) -> list[Json] | None:
    return objects(seen.body, "result", "contacts") if seen.ok else None


PROBES = Probes(rows=ROWS, reads=5 + _BOOKS, writes=20, read=read, write=write, said=said)
