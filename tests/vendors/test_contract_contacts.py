"""What goes in comes out: creating, reading and deleting one contact, and what each answer can tell."""

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
# What an answer can tell, by the vendor and by where it is from.
TOLD: dict[str, dict[str, set[str]]] = {
    "serwersms": {"get": STORED | {"opted_out"}, "list": STORED | {"opted_out"}},
    "atom": {
        "get": STORED - {"email"},
        "list": {"id", "phone", "groups"} | HALVES,
        "full": (STORED - {"email"}) | {"groups"},
    },
    "filemail": {way: {"id", "email", "name", "groups"} for way in ("get", "list")},
    "vercom": {way: STORED | {"external_id", "archived", "created_at"} for way in ("get", "list")},
}


async def read(book: AddressBook, way: str, id: str) -> Contact:
    if way == "get":
        return await book.contacts.get(id)
    (found,) = [contact async for contact in book.contacts.list(full=way == "full") if contact.id == id]
    return found


async def test_what_was_written_is_read_back(book: AddressBook, profile: VendorProfile, group: str) -> None:
    contact = full_contact(profile, groups=[group])
    created = await book.contacts.create(contact)
    assert type(created.id) is str
    assert created.status == "created"
    models = importlib.import_module(f"crossbook_wire.{profile.vendor}.models")
    for way, told in TOLD[profile.vendor].items():
        found = await read(book, way, created.id)
        assert (found.id, found.known_fields) == (created.id, told), way
        assert type(found.raw).__module__ == models.__name__
        for name in (*writable(profile), "fields"):
            if name in told:
                assert getattr(found, name) == getattr(contact, name), (way, name)
        assert found.name == "Łucja Żółw-Example 0", "stored, or derived from the halves"
        unknown = {field.name for field in fields_of(found)} - told - {"groups"}
        assert {name for name in unknown if getattr(found, name) is not None} == set(), way


async def test_what_was_left_out_is_known_to_be_empty(book: AddressBook, profile: VendorProfile, group: str) -> None:
    created = await book.contacts.create(minimal_contact(profile, groups=[group]))
    for way, told in TOLD[profile.vendor].items():
        found = await read(book, way, created.id)
        given = set(minimal_contact(profile).known_fields) | {
            "id",
            "name",
            "groups",
            "fields",
            "opted_out",
            "archived",
            "created_at",
        }
        assert found.known_fields == told
        assert {name for name in told - given if getattr(found, name) is not None} == set()
        assert not found.fields
        assert not found.opted_out
