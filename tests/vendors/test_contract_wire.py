"""`book.wire`: every operation of every vendor, raw and typed, through the same door as ours."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from control import Server
from people import whole

from crossbook import AddressBook
from crossbook.core.card import Card

pytestmark = pytest.mark.anyio

Calls = dict[str, Callable[[Any, Any, str, str], Awaitable[Any]]]

# By operationId, with the wire, its models, a contact's id and a group's.
CALLS: dict[str, Calls] = {
    "serwersms": {
        "listContacts": lambda wire, m, c, g: wire.contacts.list_contacts(m.ContactQuery(limit=5)),
        "getContact": lambda wire, m, c, g: wire.contacts.get_contact(m.ContactId(id=int(c))),
        "createContact": lambda wire, m, c, g: wire.contacts.create_contact(m.NewContact(phone="+48500600701")),
        "updateContact": lambda wire, m, c, g: wire.contacts.update_contact(
            m.ContactEdit(id=int(c), group_id=int(g), phone="+48500600702")
        ),
        "deleteContact": lambda wire, m, c, g: wire.contacts.delete_contact(m.ContactId(id=int(c))),
        "importContacts": lambda wire, m, c, g: wire.contacts.import_contacts(
            m.ContactImport(group_name="New", contact=[m.ImportedContact(phone="+48500600703")])
        ),
        "listGroups": lambda wire, m, c, g: wire.groups.list_groups(m.GroupQuery()),
        "getGroup": lambda wire, m, c, g: wire.groups.get_group(m.GroupId(id=int(g))),
        "createGroup": lambda wire, m, c, g: wire.groups.create_group(m.NewGroup(name="New")),
        "updateGroup": lambda wire, m, c, g: wire.groups.update_group(m.GroupEdit(id=int(g), name="Other")),
        "deleteGroup": lambda wire, m, c, g: wire.groups.delete_group(m.GroupDeletion(id=int(g))),
        "checkGroups": lambda wire, m, c, g: wire.groups.check_groups(m.PhoneQuery(phone="+48500600700")),
    },
    "atom": {
        "createContact": lambda wire, m, c, g: wire.contacts.create_contact(
            m.NewContact(group_id=int(g), phone_number="0491570006")
        ),
        "getContact": lambda wire, m, c, g: wire.contacts.get_contact(m.ContactTextId(id=c)),
        "updateContact": lambda wire, m, c, g: wire.contacts.update_contact(m.ContactChanges(id=int(c), company="X")),
        "deleteContact": lambda wire, m, c, g: wire.contacts.delete_contact(m.ContactId(id=int(c))),
        "listAddressBooks": lambda wire, m, c, g: wire.address_books.list_address_books(),
        "getAddressBook": lambda wire, m, c, g: wire.address_books.get_address_book(m.AddressBookId(id=int(g))),
        "createAddressBook": lambda wire, m, c, g: wire.address_books.create_address_book(m.NewAddressBook(name="New")),
        "updateAddressBook": lambda wire, m, c, g: wire.address_books.update_address_book(
            m.AddressBookChanges(id=int(g), name="Other")
        ),
        "deleteAddressBook": lambda wire, m, c, g: wire.address_books.delete_address_book(m.AddressBookId(id=int(g))),
    },
    "filemail": {
        "login": lambda wire, m, c, g: wire.authentication.login(source="Web"),
        "logout": lambda wire, m, c, g: wire.authentication.logout(),
        "listContacts": lambda wire, m, c, g: wire.contacts.list_contacts(),
        "createContact": lambda wire, m, c, g: wire.contacts.create_contact(name="Anna", email="anna@example.com"),
        "updateContact": lambda wire, m, c, g: wire.contacts.update_contact(contactid=c, name="Other"),
        "deleteContact": lambda wire, m, c, g: wire.contacts.delete_contact(contactid=c),
        "listGroups": lambda wire, m, c, g: wire.groups.list_groups(),
        "createGroup": lambda wire, m, c, g: wire.groups.create_group(name="New"),
        "updateGroup": lambda wire, m, c, g: wire.groups.update_group(contactgroupid=g, name="Other"),
        "deleteGroup": lambda wire, m, c, g: wire.groups.delete_group(contactgroupid=g),
        "addToGroup": lambda wire, m, c, g: wire.groups.add_to_group(contactgroupid=g, contactid=c),
        "removeFromGroup": lambda wire, m, c, g: wire.groups.remove_from_group(contactgroupid=g, contactid=c),
    },
    "vercom": {
        "listContacts": lambda wire, m, c, g: wire.contacts.list_contacts(limit=5, in_archive=False),
        "createContacts": lambda wire, m, c, g: wire.contacts.create_contacts([m.NewContact(email="a@example.com")]),
        "updateContacts": lambda wire, m, c, g: wire.contacts.update_contacts(
            [m.ContactUpdateById(id=c, data=m.ContactChanges(companyName="X"))]
        ),
        "deleteContacts": lambda wire, m, c, g: wire.contacts.delete_contacts(m.ContactIds(id=[int(c)])),
        "unsubscribeContacts": lambda wire, m, c, g: wire.contacts.unsubscribe_contacts("all", m.ContactIds([int(c)])),
        "resubscribeContacts": lambda wire, m, c, g: wire.contacts.resubscribe_contacts("all", m.ContactIds([int(c)])),
        "listContactGroups": lambda wire, m, c, g: wire.contacts.list_contact_groups(c),
        "addContactGroups": lambda wire, m, c, g: wire.contacts.add_contact_groups(int(c), m.GroupIds([int(g)])),
        "removeContactGroups": lambda wire, m, c, g: wire.contacts.remove_contact_groups(int(c), m.GroupIds([int(g)])),
        "listFields": lambda wire, m, c, g: wire.contacts.list_fields(),
        "listSegments": lambda wire, m, c, g: wire.segments.list_segments(),
        "getSegment": lambda wire, m, c, g: a_segment(wire),
        "listGroups": lambda wire, m, c, g: wire.groups.list_groups(order_by="id", order_direction="ASC"),
        "createGroups": lambda wire, m, c, g: wire.groups.create_groups([m.NewGroup(name="New", externalId="new")]),
        "updateGroups": lambda wire, m, c, g: wire.groups.update_groups([m.GroupUpdate(id=int(g), name="Other")]),
        "deleteGroups": lambda wire, m, c, g: wire.groups.delete_groups(m.GroupIds([int(g)])),
        "listGroupContacts": lambda wire, m, c, g: wire.groups.list_group_contacts(int(g)),
        "addGroupContacts": lambda wire, m, c, g: wire.groups.add_group_contacts(int(g), m.ContactIds([int(c)])),
        "removeGroupContacts": lambda wire, m, c, g: wire.groups.remove_group_contacts(int(g), m.ContactIds([int(c)])),
    },
}  # fmt: skip


async def a_segment(wire: Any) -> Any:
    listed = await wire.segments.list_segments()
    return await wire.segments.get_segment(str(listed.data[0].id))


async def test_every_operation_answers_with_its_model(book: Any, card: Card, server: Server, group: str) -> None:
    models = importlib.import_module(f"crossbook_wire.{card.vendor}.models")
    for operation, call in CALLS[card.vendor].items():
        other = (await book.groups.create("For this")).id
        contact = (await book.contacts.create(whole(card, 0, [group]))).id
        before = server.requests(card.vendor)
        answer = await call(book.wire, models, contact, other)
        assert type(answer).__module__ == models.__name__, operation
        assert (server.requests(card.vendor) - before)[operation] >= 1


def test_no_operation_is_left_out(vendor: str, card: Card) -> None:
    api = importlib.import_module(f"crossbook_wire.{vendor}").Api(None)
    methods = [name for tag in vars(api).values() for name in dir(tag) if not name.startswith("_")]
    assert sorted(methods) == sorted(re.sub("(?=[A-Z])", "_", operation).lower() for operation in card.operations)
    assert set(CALLS[vendor]) == set(card.operations)


async def test_with_options_reaches_the_wire_too(book: AddressBook, card: Card) -> None:
    seen: list[str] = []
    copy: Any = book.with_options(on_attempt=lambda attempt: seen.append(attempt.operation))
    models = importlib.import_module(f"crossbook_wire.{card.vendor}.models")
    name = next(operation for operation in CALLS[card.vendor] if operation in ("listGroups", "listAddressBooks"))
    await CALLS[card.vendor][name](copy.wire, models, "1", "1")
    assert seen[-1] == name
