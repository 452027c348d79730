"""`book.wire`: every operation of every vendor, typed, by the same client as our methods."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from control import Server

from crossbook import AddressBook
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact

pytestmark = pytest.mark.anyio

Calls = dict[str, Callable[[Any, Any, str, str], Awaitable[Any]]]

# By operationId: a call with the wire `w`, its models `m`, a contact's id `c` and a group's id `g`.
CALLS: dict[str, Calls] = {
    "serwersms": {
        "listContacts": lambda w, m, c, g: w.contacts.list_contacts(m.ContactQuery(limit=5)),
        "getContact": lambda w, m, c, g: w.contacts.get_contact(m.ContactId(id=int(c))),
        "createContact": lambda w, m, c, g: w.contacts.create_contact(m.NewContact(phone="+48500600701")),
        "updateContact": lambda w, m, c, g: w.contacts.update_contact(
            m.ContactEdit(id=int(c), group_id=int(g), phone="+48500600702")
        ),
        "deleteContact": lambda w, m, c, g: w.contacts.delete_contact(m.ContactDeletion(id=int(c))),
        "importContacts": lambda w, m, c, g: w.contacts.import_contacts(
            m.ContactImport(group_name="New", contact=[m.ImportedContact(phone="+48500600703")])
        ),
        "listGroups": lambda w, m, c, g: w.groups.list_groups(m.GroupQuery()),
        "getGroup": lambda w, m, c, g: w.groups.get_group(m.GroupId(id=int(g))),
        "createGroup": lambda w, m, c, g: w.groups.create_group(m.NewGroup(name="New")),
        "updateGroup": lambda w, m, c, g: w.groups.update_group(m.GroupEdit(id=int(g), name="Other")),
        "deleteGroup": lambda w, m, c, g: w.groups.delete_group(m.GroupDeletion(id=int(g))),
        "checkGroups": lambda w, m, c, g: w.groups.check_groups(m.PhoneQuery(phone="+48500600700")),
        "listBlacklist": lambda w, m, c, g: w.blacklist.list_blacklist(m.BlacklistQuery(limit=5)),
        "addToBlacklist": lambda w, m, c, g: w.blacklist.add_to_blacklist(m.PhoneQuery(phone="+48500600700")),
        "checkBlacklist": lambda w, m, c, g: w.blacklist.check_blacklist(m.PhoneQuery(phone="+48500600700")),
        "deleteFromBlacklist": lambda w, m, c, g: w.blacklist.delete_from_blacklist(m.PhoneQuery(phone="+48500600700")),
    },
    "atom": {
        "createContact": lambda w, m, c, g: w.contacts.create_contact(
            m.NewContact(group_id=int(g), phone_number="0491570006")
        ),
        "getContact": lambda w, m, c, g: w.contacts.get_contact(m.ContactTextId(id=c)),
        "updateContact": lambda w, m, c, g: w.contacts.update_contact(m.ContactChanges(id=int(c), company="X")),
        "deleteContact": lambda w, m, c, g: w.contacts.delete_contact(m.ContactId(id=int(c))),
        "listAddressBooks": lambda w, m, c, g: w.address_books.list_address_books(),
        "getAddressBook": lambda w, m, c, g: w.address_books.get_address_book(m.AddressBookId(id=int(g))),
        "createAddressBook": lambda w, m, c, g: w.address_books.create_address_book(m.NewAddressBook(name="New")),
        "updateAddressBook": lambda w, m, c, g: w.address_books.update_address_book(
            m.AddressBookChanges(id=int(g), name="Other")
        ),
        "deleteAddressBook": lambda w, m, c, g: w.address_books.delete_address_book(m.AddressBookId(id=int(g))),
    },
    "filemail": {
        "login": lambda w, m, c, g: w.authentication.login(source="Web"),
        "logout": lambda w, m, c, g: w.authentication.logout(),
        "listContacts": lambda w, m, c, g: w.contacts.list_contacts(),
        "createContact": lambda w, m, c, g: w.contacts.create_contact(name="Anna", email="anna@example.com"),
        "updateContact": lambda w, m, c, g: w.contacts.update_contact(contactid=c, name="Other"),
        "deleteContact": lambda w, m, c, g: w.contacts.delete_contact(contactid=c),
        "listGroups": lambda w, m, c, g: w.groups.list_groups(),
        "createGroup": lambda w, m, c, g: w.groups.create_group(name="New"),
        "updateGroup": lambda w, m, c, g: w.groups.update_group(contactgroupid=g, name="Other"),
        "deleteGroup": lambda w, m, c, g: w.groups.delete_group(contactgroupid=g),
        "addToGroup": lambda w, m, c, g: w.groups.add_to_group(contactgroupid=g, contactid=c),
        "removeFromGroup": lambda w, m, c, g: w.groups.remove_from_group(contactgroupid=g, contactid=c),
    },
    "vercom": {
        "listContacts": lambda w, m, c, g: w.contacts.list_contacts(limit=5, in_archive=False),
        "createContacts": lambda w, m, c, g: w.contacts.create_contacts([m.NewContact(email="a@example.com")]),
        "updateContacts": lambda w, m, c, g: w.contacts.update_contacts(
            [m.ContactUpdateById(id=c, data=m.ContactChanges(companyName="X"))]
        ),
        "deleteContacts": lambda w, m, c, g: w.contacts.delete_contacts(m.ContactIds(id=[int(c)])),
        "unsubscribeContacts": lambda w, m, c, g: w.contacts.unsubscribe_contacts("all", m.ContactIds(id=[int(c)])),
        "resubscribeContacts": lambda w, m, c, g: w.contacts.resubscribe_contacts("all", m.ContactIds(id=[int(c)])),
        "listContactGroups": lambda w, m, c, g: w.contacts.list_contact_groups(c),
        "addContactGroups": lambda w, m, c, g: w.contacts.add_contact_groups(int(c), m.GroupIds(id=[int(g)])),
        "removeContactGroups": lambda w, m, c, g: w.contacts.remove_contact_groups(int(c), m.GroupIds(id=[int(g)])),
        "listFields": lambda w, m, c, g: w.contacts.list_fields(),
        "listSegments": lambda w, m, c, g: w.segments.list_segments(),
        "getSegment": lambda w, m, c, g: a_segment(w),
        "listGroups": lambda w, m, c, g: w.groups.list_groups(order_by="id", order_direction="ASC"),
        "createGroups": lambda w, m, c, g: w.groups.create_groups([m.NewGroup(name="New", externalId="new")]),
        "updateGroups": lambda w, m, c, g: w.groups.update_groups([m.GroupUpdate(id=int(g), name="Other")]),
        "deleteGroups": lambda w, m, c, g: w.groups.delete_groups(m.GroupIds(id=[int(g)])),
        "listGroupContacts": lambda w, m, c, g: w.groups.list_group_contacts(int(g)),
        "addGroupContacts": lambda w, m, c, g: w.groups.add_group_contacts(int(g), m.ContactIds(id=[int(c)])),
        "removeGroupContacts": lambda w, m, c, g: w.groups.remove_group_contacts(int(g), m.ContactIds(id=[int(c)])),
    },
}  # fmt: skip


async def a_segment(wire: Any) -> Any:
    listed = await wire.segments.list_segments()
    return await wire.segments.get_segment(str(listed.data[0].id))


async def test_every_wire_operation_returns_its_model(
    book: Any, profile: VendorProfile, server: Server, group: str
) -> None:
    models = importlib.import_module(f"crossbook_wire.{profile.vendor}.models")
    for operation, call in CALLS[profile.vendor].items():
        other = (await book.groups.create("For this")).id
        contact = (await book.contacts.create(full_contact(profile, 0, [group]))).id
        before = server.requests(profile.vendor)
        response = await call(book.wire, models, contact, other)
        assert type(response).__module__ == models.__name__, operation
        assert (server.requests(profile.vendor) - before)[operation] >= 1


def test_wire_test_covers_every_operation(vendor: str, profile: VendorProfile) -> None:
    api = importlib.import_module(f"crossbook_wire.{vendor}").Api(None)
    methods = [name for tag in vars(api).values() for name in dir(tag) if not name.startswith("_")]
    assert sorted(methods) == sorted(re.sub("(?=[A-Z])", "_", operation).lower() for operation in profile.operations)
    assert set(CALLS[vendor]) == set(profile.operations)


async def test_with_options_applies_to_wire(book: AddressBook, profile: VendorProfile) -> None:
    operations: list[str] = []
    copy: Any = book.with_options(on_attempt=lambda attempt: operations.append(attempt.operation))
    models = importlib.import_module(f"crossbook_wire.{profile.vendor}.models")
    name = next(operation for operation in CALLS[profile.vendor] if operation in ("listGroups", "listAddressBooks"))
    await CALLS[profile.vendor][name](copy.wire, models, "1", "1")
    assert operations[-1] == name
