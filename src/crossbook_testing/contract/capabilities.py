"""Contract tests: every verb works, or raises `UnsupportedError` before any request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crossbook import AddressBook, ExternalId, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, assert_no_requests, has_capability
from crossbook_testing.contract.people import field_values, full_contact, minimal_contact, some_change

Call = Callable[[AddressBook, str, str], Awaitable[Any]]


def _key(profile: VendorProfile) -> dict[str, Any]:
    name = next(iter(profile.match_keys))
    return {name: field_values(profile)[name]}


# Each call gets a contact's id, and the id of a group that the contact is not in.
CALLS: dict[str, Call] = {
    "contacts.list": lambda book, contact, group: listed(book),
    "contacts.get": lambda book, contact, group: book.contacts.get(contact),
    "contacts.find": lambda book, contact, group: book.contacts.find(**_key(book.profile)),
    "contacts.create": lambda book, contact, group: book.contacts.create(minimal_contact(book.profile, 1, [group])),
    "contacts.update": lambda book, contact, group: book.contacts.update(contact, **some_change(book.profile)),
    "contacts.update:external_id": lambda book, contact, group: book.contacts.update(ExternalId("crm-0"), company="O"),
    "contacts.delete": lambda book, contact, group: book.contacts.delete(contact),
    "contacts.groups_of": lambda book, contact, group: book.contacts.groups_of(contact),
    "contacts.unsubscribe": lambda book, contact, group: book.contacts.unsubscribe(contact, "sms"),
    "contacts.resubscribe": lambda book, contact, group: book.contacts.resubscribe(contact, "sms"),
    "groups.list": lambda book, contact, group: groups(book),
    "groups.get": lambda book, contact, group: book.groups.get(group),
    "groups.create": lambda book, contact, group: book.groups.create("New"),
    "groups.create:description": lambda book, contact, group: book.groups.create("New", description="Neighbours"),
    "groups.create:external_id": lambda book, contact, group: book.groups.create("New", external_id="crm-group"),
    "groups.rename": lambda book, contact, group: book.groups.rename(group, "Renamed"),
    "groups.delete": lambda book, contact, group: book.groups.delete(group),
    "groups.delete:with_contacts": lambda book, contact, group: book.groups.delete(group, with_contacts=True),
    "groups.add": lambda book, contact, group: book.groups.add(group, contact),
    "groups.remove": lambda book, contact, group: book.groups.remove(group, contact),
}


async def listed(book: AddressBook) -> Any:
    return await book.contacts.list()


async def groups(book: AddressBook) -> Any:
    return await book.groups.list()


class CapabilityTests(Fixtures):
    @pytest.mark.parametrize("verb", CALLS)
    async def test_verb_works_or_is_unsupported(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, verb: str
    ) -> None:
        created = await book.contacts.create(full_contact(profile, groups=[group]))
        other = (await book.groups.create("Others")).id if has_capability(profile, "groups.create") else "1"
        if profile.capability(verb).support == "unsupported":
            with assert_no_requests(requests), pytest.raises(UnsupportedError) as caught:
                await CALLS[verb](book, created.id, other)
            assert (caught.value.vendor, caught.value.sent) == (profile.vendor, "no")
            operation, _, argument = verb.partition(":")
            assert caught.value.operation == operation
            if argument and profile.capability(operation).support != "unsupported":
                assert caught.value.field, "the error names the argument"
        else:
            before = Counter(requests)
            # A contact can be removed only from its own group.
            await CALLS[verb](book, created.id, group if verb == "groups.remove" else other)
            assert (requests - before)[profile.capability(verb).operation] >= 1, "the profile names this operation"

    async def test_unsupported_verb_names_alternative(self, book: AddressBook, profile: VendorProfile) -> None:
        for verb, row in profile.capabilities.items():
            if row.support == "unsupported":
                with pytest.raises(UnsupportedError) as caught:
                    await CALLS[verb](book, "1", "1")
                assert row.note in str(caught.value)

    def test_capabilities_are_known_verbs(self, profile: VendorProfile) -> None:
        assert set(profile.capabilities) <= set(CALLS)
