"""Verify the spec of Atom. A run that writes creates two equal contacts and two address books."""

from __future__ import annotations

from collections.abc import Iterator

from crossbook_wire.atom import Api, models

from crossbook.vendor import parse_object
from crossbook_verify.masking import mask_value
from crossbook_verify.probe import ProbeClaim, ProbeResponse, Probes, ProbeSession, write_check
from crossbook_verify.sample import COMPANY, FIRST, GROUP, LAST, UNKNOWN
from crossbook_verify.values import Json, as_number, as_text, list_objects

PHONE = "0491570006"  # Australia reserves it for fiction
_MAX_BOOKS = 3  # address books that are read to find one with contacts
_HIDDEN = frozenset(("company", "custom_1", "custom_2", "custom_3", "custom_4"))

CLAIMS = (
    ProbeClaim("getAddressBook.short", "the response has neither `company` nor `custom_1` … `custom_4`", "public"),
    ProbeClaim("getAddressBook.unknown", "an id that does not exist is `not_found`, with status 200"),
    ProbeClaim("getContact.same", "the response has the requested contact", "documented"),
    ProbeClaim("getContact.unknown", "an id that does not exist is `not_found`, with status 200"),
    ProbeClaim("getContact.bad", "an invalid id is `invalid_request`, with status 200"),
    write_check("createContact.stored", "the written values are read back"),
    write_check("createContact.phone", "a national phone is returned as it was sent"),
    write_check("createContact.listed", "the contact is in the address book of the request"),
    write_check("createContact.twin", "a second contact with the same phone is accepted"),
    write_check("createContact.bad", "a bad phone number is `invalid_request`, with status 200"),
    write_check("updateContact.clears", "an empty text clears a field"),
    write_check("updateContact.unsent", "a field that is absent keeps its value"),
    write_check("updateContact.moves", "`group_id` moves the contact out of its book into another"),
    write_check("updateAddressBook.renamed", "the new name is read back"),
    write_check("deleteAddressBook.contacts", "deleting a book with contacts deletes the contacts"),
    write_check("deleteContact.gone", "the contact is deleted, and later `not_found`"),
)


async def read(probe: ProbeSession, wire: Api) -> None:
    listed = await probe.call(wire.address_books.list_address_books())
    rows: list[Json] = []
    for book in (list_objects(listed.body, "result") or [])[:_MAX_BOOKS]:
        if (id := as_number(book.get("id"))) is not None and not rows:
            rows = _contacts(await probe.call(wire.address_books.get_address_book(models.AddressBookId(id=id)))) or []
    await probe.expect_error(
        "getAddressBook.unknown",
        wire.address_books.get_address_book(models.AddressBookId(id=UNKNOWN)),
        "not_found",
        200,
    )
    if rows:
        shown = _HIDDEN & rows[0].keys()
        probe.record("getAddressBook.short", not shown, f"it shows {', '.join(sorted(shown))}")
    if rows and (id := as_number(rows[0].get("id"))) is not None:
        got = _contact(await probe.call(wire.contacts.get_contact(models.ContactTextId(id=str(id)))))
        if got is not None:
            probe.record("getContact.same", as_number(got.get("id")) == id, "another id, or no id")
    await probe.expect_error(
        "getContact.unknown", wire.contacts.get_contact(models.ContactTextId(id=str(UNKNOWN))), "not_found", 200
    )
    await probe.expect_error(
        "getContact.bad", wire.contacts.get_contact(models.ContactTextId(id="none")), "invalid_request", 200
    )


async def write(probe: ProbeSession, wire: Api) -> None:
    first, second = await _create_book(probe, wire, GROUP), await _create_book(probe, wire, f"{GROUP} 2")
    if first is None or second is None:
        return
    contact = await _create_contact(probe, wire, first)
    if contact is None:
        return
    stored = await _read_contact(probe, wire, contact)
    if stored is not None:
        sent = {"first_name": FIRST, "last_name": LAST, "company": COMPANY, "custom_1": "Gold"}
        probe.check_fields("createContact.stored", stored, sent)
        probe.check_value("createContact.phone", stored.get("phone_number"), PHONE)
    probe.record("createContact.listed", await _is_in_book(probe, wire, first, contact), "not true")
    twin = await _create_contact(probe, wire, first)
    probe.record("createContact.twin", twin is not None and twin != contact, "not true")
    invalid = await probe.expect_error(
        "createContact.bad",
        wire.contacts.create_contact(models.NewContact(group_id=first, phone_number="12")),
        "invalid_request",
        200,
    )
    if invalid.ok:
        probe.track("contact", as_text(_result(invalid).get("id")), invalid)
    await _check_update(probe, wire, contact, first, second)
    await probe.call(wire.address_books.update_address_book(models.AddressBookChanges(id=first, name=f"{GROUP} 3")))
    named = await probe.call(wire.address_books.get_address_book(models.AddressBookId(id=first)))
    if named.ok:
        name = _result(named).get("name")
        probe.check_value("updateAddressBook.renamed", name, f"{GROUP} 3")
    await _check_deletion(probe, wire, contact, twin, second)


async def _check_update(probe: ProbeSession, wire: Api, contact: int, first: int, second: int) -> None:
    await probe.call(wire.contacts.update_contact(models.ContactChanges(id=contact, company="", group_id=second)))
    stored = await _read_contact(probe, wire, contact)
    if stored is not None:
        probe.record("updateContact.clears", not stored.get("company"), mask_value(stored.get("company")))
        probe.check_value("updateContact.unsent", stored.get("custom_1"), "Gold")
    before, after = await _is_in_book(probe, wire, first, contact), await _is_in_book(probe, wire, second, contact)
    if before is not None and after is not None:
        where = ", ".join(name for name, there in {"the old book": before, "the new book": after}.items() if there)
        probe.record("updateContact.moves", after and not before, f"it is in {where or 'neither'}")


async def _check_deletion(probe: ProbeSession, wire: Api, contact: int, twin: int | None, book: int) -> None:
    removed = await probe.call(wire.address_books.delete_address_book(models.AddressBookId(id=book)))
    if removed.responded and not removed.ok:
        probe.record("deleteAddressBook.contacts", False, removed.summary)
    elif removed.ok:
        probe.untrack(str(book))
        gone = await probe.expect_error(
            "deleteAddressBook.contacts", wire.contacts.get_contact(models.ContactTextId(id=str(contact))), "not_found"
        )
        if gone.error is not None and gone.error.code == "not_found":
            probe.untrack(str(contact))
    if twin is not None and (await probe.call(wire.contacts.delete_contact(models.ContactId(id=twin)))).ok:
        probe.untrack(str(twin))
        await probe.expect_error(
            "deleteContact.gone", wire.contacts.get_contact(models.ContactTextId(id=str(twin))), "not_found", 200
        )


async def _create_book(probe: ProbeSession, wire: Api, name: str) -> int | None:
    response = await probe.call(wire.address_books.create_address_book(models.NewAddressBook(name=name)))
    return as_number(probe.track("group", as_text(_result(response).get("id")), response))


async def _create_contact(probe: ProbeSession, wire: Api, book: int) -> int | None:
    new = models.NewContact(
        group_id=book, phone_number=PHONE, first_name=FIRST, last_name=LAST, company=COMPANY, custom_1="Gold"
    )
    response = await probe.call(wire.contacts.create_contact(new))
    return as_number(probe.track("contact", as_text(_result(response).get("id")), response))


async def _read_contact(probe: ProbeSession, wire: Api, contact: int) -> Json | None:
    return _contact(await probe.call(wire.contacts.get_contact(models.ContactTextId(id=str(contact)))))


async def _is_in_book(probe: ProbeSession, wire: Api, book: int, contact: int) -> bool | None:
    rows = _contacts(await probe.call(wire.address_books.get_address_book(models.AddressBookId(id=book))))
    return None if rows is None else any(as_number(row.get("id")) == contact for row in rows)


def find_codes(body: Json) -> Iterator[tuple[object, object]]:
    if "code" in (error := parse_object(body.get("error"))):
        yield error["code"], None


def _result(response: ProbeResponse) -> Json:
    return parse_object(response.body.get("result"))


def _contact(response: ProbeResponse) -> Json | None:
    return parse_object(_result(response).get("contact")) or None if response.ok else None


def _contacts(response: ProbeResponse) -> list[Json] | None:
    return list_objects(response.body, "result", "contacts") if response.ok else None


PROBES = Probes(claims=CLAIMS, read_limit=5 + _MAX_BOOKS, write_limit=20, read=read, write=write, find_codes=find_codes)
