"""Contract tests of fields that a vendor cannot hold: crossbook refuses them, or drops and lists them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from crossbook import AddressBook, Contact, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, assert_invalid, assert_no_requests, skip_unless
from crossbook_testing.contract.people import (
    CREATED,
    argument,
    field_values,
    full_contact,
    make_contact,
    minimal_contact,
    unique_fields,
)

EVERYTHING: dict[str, Any] = {
    "external_id": "crm-1", "phone": "+48500600700", "email": "anna@example.com", "first_name": "Anna",
    "last_name": "Nowak", "company": "ABC", "opted_out": frozenset({"sms"}), "archived": True, "created_at": CREATED,
}  # fmt: skip


def unsupported_values(profile: VendorProfile) -> dict[str, Any]:
    """Return a value for each field that the vendor cannot write. A vendor of full names can write both halves."""
    halves = ("first_name", "last_name") if profile.name_format == "full" else ()
    writable = [name for name, support in profile.contact_fields.items() if "w" in support.access]
    return {name: value for name, value in EVERYTHING.items() if name not in writable and name not in halves}


def make_text(profile: VendorProfile, name: str, length: int) -> str:
    """Return a value of this length for a field."""
    if name == "phone":
        return "+48" + "1" * (length - 3)
    # A unique value may be the contact's id, and ids in paths are ASCII.
    letter = "z" if name in unique_fields(profile) else "ż"
    if name != "email":
        return letter * length
    local = letter * min(64, length - 12)  # the longest that RFC 5321 allows
    return f"{local}@{'z' * (length - len(local) - 12)}example.com"


def writes(book: AddressBook, contact_id: str, group: str, **values: Any) -> tuple[Awaitable[Any], Awaitable[Any]]:
    """Return two calls that write these values: to a new contact in the group, and to the contact with this id."""
    created = book.contacts.create(make_contact(book.profile, group, **values))
    return created, book.contacts.update(contact_id, **values)


class FieldTests(Fixtures):
    async def test_unsupported_field_is_refused_by_name(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, contact_id: str
    ) -> None:
        skip_unless(profile, "contacts.update")
        with assert_no_requests(requests):
            for name, value in unsupported_values(profile).items():
                for call in writes(book, contact_id, group, **argument(name, value)):
                    error = await assert_invalid(call, name, match=name)
                    assert (error.vendor, error.sent) == (profile.vendor, "no")
            if profile.extra_fields is not None:
                for call in writes(book, contact_id, group, fields={"shoe size": "40"}):
                    await assert_invalid(call, "fields.shoe size", match="shoe size")

    async def test_unsupported_field_is_dropped_and_listed(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        unsupported = unsupported_values(profile)
        extra = {} if profile.extra_fields is None else {"shoe size": "40"}
        kept = full_contact(profile, groups=[group])
        extended = make_contact(profile, group, **unsupported, fields={**(kept.fields or {}), **extra})
        created = await book.contacts.create(extended, on_unsupported_field="drop")
        assert set(created.dropped_fields) == set(unsupported) | {f"fields.{name}" for name in extra}
        assert all(getattr(created.contact, name) is None for name in unsupported)
        assert dict(created.contact.fields or {}) == dict(kept.fields or {})
        found = await book.contacts.get(created.id)
        assert all(
            getattr(found, name) == value for name, value in field_values(profile).items() if name in found.known_fields
        )

    async def test_empty_unsupported_field_is_accepted(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        empty: dict[str, Any] = {name: False if name == "archived" else () for name in ("archived", "opted_out")}
        fields = {} if profile.extra_fields is None else {"fields": {"shoe size": ""}}
        nothing = {**dict.fromkeys(unsupported_values(profile)), **empty, **fields}
        created = await book.contacts.create(make_contact(profile, group, **nothing))
        assert created.dropped_fields == ()

    async def test_on_unsupported_field_is_checked(self, book: AddressBook, profile: VendorProfile) -> None:
        with pytest.raises(InvalidInputError, match="on_unsupported_field"):
            await book.contacts.create(minimal_contact(profile), **argument("on_unsupported_field", "ignore"))

    async def test_text_length_limit(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        skip_unless(profile, "contacts.update")
        bounds = {name: support.max_length for name, support in profile.contact_fields.items() if support.max_length}
        longest = {name: make_text(profile, name, length) for name, length in bounds.items()}
        further = {
            name: make_text(profile, name, length) for name, length in (profile.extra_fields or {}).items() if length
        }
        contact = make_contact(profile, group, **longest, fields=further or None)
        created = await book.contacts.create(contact)
        found = await book.contacts.get(created.id)
        assert {name: getattr(found, name) for name in longest} == longest
        assert {name: (found.fields or {})[name] for name in further} == further
        with assert_no_requests(requests):
            for name, length in bounds.items():
                too_long = make_text(profile, name, length + 1)
                for call in writes(book, created.id, group, **argument(name, too_long)):
                    assert too_long not in str(await assert_invalid(call, name, match=name))
            for name, text in further.items():
                call = book.contacts.update(created.id, fields={name: text + "x"})
                await assert_invalid(call, f"fields.{name}", match=name)

    async def test_missing_required_field_is_named(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        needed = [name for name, support in profile.contact_fields.items() if support.required]
        with assert_no_requests(requests):
            for name in needed:
                await assert_invalid(
                    book.contacts.create(make_contact(profile, group, **argument(name, None))), name, match=name
                )
            if profile.requires_any_of:
                with pytest.raises(InvalidInputError, match=" or ".join(profile.requires_any_of)):
                    await book.contacts.create(Contact(first_name="Anna"))

    async def test_wrong_type_is_refused(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        with assert_no_requests(requests):
            for name in field_values(profile):
                for wrong in (17, ["a"], "half of a \ud83d character", "a\0b"):
                    await assert_invalid(
                        book.contacts.create(make_contact(profile, group, **argument(name, wrong))), name
                    )
