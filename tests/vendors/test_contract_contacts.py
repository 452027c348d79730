"""Create, read and delete a contact; the fields that each kind of response has."""

from __future__ import annotations

import importlib
from dataclasses import fields as fields_of

import pytest

from crossbook import AddressBook, Contact
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact, minimal_contact, writable

pytestmark = pytest.mark.anyio

HALVES = {"first_name", "last_name", "name"}
STORED = {"id", "phone", "email", "company", "fields"} | HALVES
# The known fields of a contact, by vendor and by the method that returned it.
KNOWN_FIELDS: dict[str, dict[str, set[str]]] = {
    "serwersms": {"get": STORED | {"opted_out"}, "list": STORED | {"opted_out"}},
    "atom": {
        "get": STORED - {"email"},
        "list": {"id", "phone", "groups"} | HALVES,
        "full": (STORED - {"email"}) | {"groups"},
    },
    "filemail": {method: {"id", "email", "name", "groups"} for method in ("get", "list")},
    "vercom": {method: STORED | {"external_id", "archived", "created_at"} for method in ("get", "list")},
}


async def read(book: AddressBook, method: str, id: str) -> Contact:
    if method == "get":
        return await book.contacts.get(id)
    (found,) = [contact async for contact in book.contacts.list(full=method == "full") if contact.id == id]
    return found


async def test_created_contact_read_back(book: AddressBook, profile: VendorProfile, group: str) -> None:
    contact = full_contact(profile, groups=[group])
    created = await book.contacts.create(contact)
    assert type(created.id) is str
    assert created.status == "created"
    models = importlib.import_module(f"crossbook_wire.{profile.vendor}.models")
    for method, known in KNOWN_FIELDS[profile.vendor].items():
        found = await read(book, method, created.id)
        assert (found.id, found.known_fields) == (created.id, known), method
        assert type(found.raw).__module__ == models.__name__
        for name in (*writable(profile), "fields"):
            if name in known:
                assert getattr(found, name) == getattr(contact, name), (method, name)
        assert found.name == "Łucja Żółw-Example 0", "stored, or derived from the halves"
        unknown = {field.name for field in fields_of(found)} - known - {"groups"}
        assert {name for name in unknown if getattr(found, name) is not None} == set(), method


async def test_unset_fields_read_as_empty(book: AddressBook, profile: VendorProfile, group: str) -> None:
    created = await book.contacts.create(minimal_contact(profile, groups=[group]))
    for method, known in KNOWN_FIELDS[profile.vendor].items():
        found = await read(book, method, created.id)
        given = set(minimal_contact(profile).known_fields) | {
            "id",
            "name",
            "groups",
            "fields",
            "opted_out",
            "archived",
            "created_at",
        }
        assert found.known_fields == known
        assert {name for name in known - given if getattr(found, name) is not None} == set()
        assert not found.fields
        assert not found.opted_out
