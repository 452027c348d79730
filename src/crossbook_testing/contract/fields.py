"""What a vendor cannot hold never leaves, and is never lost silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest

from crossbook import AddressBook, Contact, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, needs
from crossbook_testing.contract.people import CREATED, least, only, person, values, whole

EVERYTHING: dict[str, Any] = {
    "external_id": "crm-1", "phone": "+48500600700", "email": "anna@example.com", "first_name": "Anna",
    "last_name": "Nowak", "company": "ABC", "opted_out": frozenset({"sms"}), "archived": True, "created_at": CREATED,
}  # fmt: skip


def not_held(profile: VendorProfile) -> dict[str, Any]:
    """Values for what the vendor cannot write. Halves of a name are not lost where the whole of it is stored."""
    halves = ("first_name", "last_name") if profile.name_format == "full" else ()
    writable = [name for name, support in profile.contact_fields.items() if "w" in support.access]
    return {name: value for name, value in EVERYTHING.items() if name not in writable and name not in halves}


def of_length(name: str, length: int) -> str:
    if name == "phone":
        return "+48" + "1" * (length - 3)
    return "ż" * (length - 12) + "@example.com" if name == "email" else "ż" * length


class Fields(Fixtures):
    """What a vendor cannot hold never leaves, and is never lost silently."""

    async def test_a_field_that_cannot_be_held_is_refused_by_name(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, someone: str
    ) -> None:
        needs(profile, "contacts.update")
        before = Counter(requests)
        for name, value in not_held(profile).items():
            with pytest.raises(InvalidInputError, match=name) as caught:
                await book.contacts.create(person(profile, group, **only(name, value)))
            assert (caught.value.field, caught.value.vendor, caught.value.sent) == (name, profile.vendor, "no")
            with pytest.raises(InvalidInputError, match=name):
                await book.contacts.update(someone, **only(name, value))
        if profile.extra_fields is not None:
            calls: list[Awaitable[Any]] = [
                book.contacts.create(person(profile, group, fields={"shoe size": "40"})),
                book.contacts.update(someone, fields={"shoe size": "40"}),
            ]
            for call in calls:
                with pytest.raises(InvalidInputError, match="shoe size") as caught:
                    await call
                assert caught.value.field == "fields.shoe size"
        assert requests == before

    async def test_or_it_is_dropped_and_listed(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        lost = not_held(profile)
        extra = {} if profile.extra_fields is None else {"shoe size": "40"}
        kept = whole(profile, groups=[group])
        stuffed = person(profile, group, **lost, fields={**(kept.fields or {}), **extra})
        created = await book.contacts.create(stuffed, on_unsupported_field="drop")
        assert set(created.dropped_fields) == set(lost) | {f"fields.{name}" for name in extra}
        assert all(getattr(created.contact, name) is None for name in lost)
        assert dict(created.contact.fields or {}) == dict(kept.fields or {})
        found = await book.contacts.get(created.id)
        assert all(
            getattr(found, name) == value for name, value in values(profile).items() if name in found.known_fields
        )

    async def test_nothing_is_lost_where_nothing_was_given(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        empty: dict[str, Any] = {name: False if name == "archived" else () for name in ("archived", "opted_out")}
        fields = {} if profile.extra_fields is None else {"fields": {"shoe size": ""}}
        nothing = {**dict.fromkeys(not_held(profile)), **empty, **fields}
        created = await book.contacts.create(person(profile, group, **nothing))
        assert created.dropped_fields == ()

    async def test_on_loss_is_one_of_two_words(self, book: AddressBook, profile: VendorProfile) -> None:
        with pytest.raises(InvalidInputError, match="on_unsupported_field"):
            await book.contacts.create(least(profile), on_unsupported_field="ignore")  # type: ignore[arg-type]

    async def test_texts_as_long_as_they_may_be_and_no_longer(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        needs(profile, "contacts.update")
        bounds = {name: support.max_length for name, support in profile.contact_fields.items() if support.max_length}
        longest = {name: of_length(name, length) for name, length in bounds.items()}
        further = {name: of_length(name, length) for name, length in (profile.extra_fields or {}).items() if length}
        contact = person(profile, group, **longest, fields=further or None)
        created = await book.contacts.create(contact)
        found = await book.contacts.get(created.id)
        assert {name: getattr(found, name) for name in longest} == longest
        assert {name: (found.fields or {})[name] for name in further} == further
        before = Counter(requests)
        for name, length in bounds.items():
            too_long = of_length(name, length + 1)
            calls: list[Awaitable[Any]] = [
                book.contacts.create(person(profile, group, **only(name, too_long))),
                book.contacts.update(created.id, **only(name, too_long)),
            ]
            for call in calls:
                with pytest.raises(InvalidInputError, match=name) as caught:
                    await call
                assert caught.value.field == name
                assert too_long not in str(caught.value)
        for name, text in further.items():
            with pytest.raises(InvalidInputError, match=name) as caught:
                await book.contacts.update(created.id, fields={name: text + "x"})
            assert caught.value.field == f"fields.{name}"
        assert requests == before

    async def test_what_is_needed_is_named(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        before = Counter(requests)
        needed = [name for name, support in profile.contact_fields.items() if support.required]
        for name in needed:
            with pytest.raises(InvalidInputError, match=name) as caught:
                await book.contacts.create(person(profile, group, **only(name, None)))
            assert caught.value.field == name
        if profile.requires_any_of:
            with pytest.raises(InvalidInputError, match=" or ".join(profile.requires_any_of)):
                await book.contacts.create(Contact(first_name="Anna"))
        assert requests == before

    async def test_what_is_needed_cannot_be_emptied(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, someone: str
    ) -> None:
        needs(profile, "contacts.update")
        before = Counter(requests)
        needed = [(name,) for name, support in profile.contact_fields.items() if support.required]
        for names in (*needed, *filter(None, (profile.requires_any_of,))):
            changes: dict[str, Any] = dict.fromkeys(names)
            with pytest.raises(InvalidInputError, match=" or ".join(names)):
                await book.contacts.update(someone, **changes)
        assert requests == before

    async def test_a_value_of_the_wrong_kind_is_refused(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        before = Counter(requests)
        for name in values(profile):
            for wrong in (17, ["a"], "half of a \ud83d character", "a\0b"):
                with pytest.raises(InvalidInputError) as caught:
                    await book.contacts.create(person(profile, group, **only(name, wrong)))
                assert caught.value.field == name
        assert requests == before
