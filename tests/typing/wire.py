"""What a type checker infers for the vendors' own APIs: the spec's types. Never run: mypy and pyright read it."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, assert_type

from crossbook_wire.atom import models as atom_models
from crossbook_wire.filemail import models as filemail_models
from crossbook_wire.serwersms import models as serwersms_models
from crossbook_wire.vercom import models as vercom_models
from msgspec import UnsetType

from crossbook import AddressBook, Atom, Contact, Filemail, Group, Pager, SerwerSMS, Vercom


async def lists(serwersms: SerwerSMS, atom: Atom, filemail: Filemail, vercom: Vercom) -> None:
    for row in (await serwersms.wire.contacts.list_contacts(serwersms_models.ContactQuery())).items:
        _ = (row.id + 1, row.phone.removeprefix("+"), (row.email or "").lower())
    for listed in (await atom.wire.address_books.get_address_book(atom_models.AddressBookId(id=1))).result.contacts:
        _ = (listed.id + 1, listed.phone_number.removeprefix("+"))
    for contact in (await filemail.wire.contacts.list_contacts()).contacts:
        _ = (contact.contactid.upper(), contact.email.lower())
    for person in (await vercom.wire.contacts.list_contacts(limit=100)).data:
        _ = (person.id.upper(), (person.phoneNumber or "").removeprefix("+"), person.externalData.get("size"))


async def types(serwersms: SerwerSMS, vercom: Vercom) -> None:
    listed = await serwersms.wire.contacts.list_contacts(serwersms_models.ContactQuery())
    assert_type(listed.items, list[serwersms_models.ContactRow])
    assert_type(listed.items[0].group_id, int | None)
    assert_type(listed.items[0].blacklist, bool)
    assert_type(listed.paging, serwersms_models.Paging | UnsetType)
    page = await vercom.wire.contacts.list_contacts()
    assert_type(page.data, list[vercom_models.Contact])
    assert_type(page.data[0].createdAt, str | int)
    assert_type(page.data[0].externalData, dict[str, Any])
    assert_type(page.meta.status, int)
    assert_type(filemail_models.Contact(email="anna@example.com").email, str)

    listed.items[0].phone + 1  # type: ignore[operator]
    listed.items[0].email.lower()  # type: ignore[union-attr]
    listed.items[0].telephone  # type: ignore[attr-defined]  # noqa: B018
    listed.paging.count  # type: ignore[union-attr]  # noqa: B018
    for _ in page.meta:  # type: ignore[attr-defined]
        pass
    for _ in page.errors:  # type: ignore[union-attr]
        pass
    vercom_models.Contact(phone="+48500600700")  # type: ignore[call-arg]


async def raw(serwersms: SerwerSMS, atom: Atom, filemail: Filemail, vercom: Vercom, book: AddressBook) -> None:
    async for contact in vercom.contacts.list():
        assert_type(contact, Contact[vercom_models.Contact])
        assert_type(contact.raw, vercom_models.Contact)
        assert_type(contact.raw.inArchive, bool)
        contact.raw.archived  # type: ignore[attr-defined]  # noqa: B018
    assert_type(vercom.groups.list(), Pager[Group[vercom_models.Group]])
    assert_type((await vercom.groups.get("1")).raw.description, str | None)
    assert_type((await filemail.contacts.get("1")).raw, filemail_models.Contact)
    assert_type((await filemail.groups.list()).items[0].raw.contactgroupname, str)
    assert_type(await vercom.contacts.find(phone="1"), Contact[vercom_models.Contact] | None)

    # Two calls of these vendors return contacts, with different fields.
    found = await serwersms.contacts.get("1")
    assert_type(found.raw.blacklist, bool)
    if isinstance(found.raw, serwersms_models.ContactRow):
        assert_type(found.raw.group_name, str | None)
    found.raw.group_name  # type: ignore[union-attr]  # noqa: B018
    listed = (await atom.contacts.list()).items[0].raw
    assert_type(listed.phone_number, str)
    assert_type(listed, atom_models.ListedContact | atom_models.Contact)

    # Without a parameter `raw` may be anything: of a book that is chosen at run time, and of one's own contact.
    assert_type(await book.contacts.get("1"), Contact)
    assert_type((await book.contacts.get("1")).raw, Any)
    own: Contact = await vercom.contacts.get("1")
    assert_type(await names([own, Contact(phone="+48500600700")]), list[str])
    await vercom.contacts.create(own)
    assert_type(Contact(name="Anna"), Contact)
    wrong: Contact[vercom_models.Contact] = await filemail.contacts.get("1")  # type: ignore[assignment]
    wrong.raw = own.raw  # type: ignore[misc]


async def names(contacts: list[Contact]) -> list[str]:
    return [contact.name or "" for contact in contacts]
