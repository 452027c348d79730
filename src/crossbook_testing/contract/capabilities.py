"""Every verb, for every vendor: it works, or it says before any request that it is not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crossbook import AddressBook, ExternalId, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, claims
from crossbook_testing.contract.people import least, values, whole

Call = Callable[[AddressBook, str, str], Awaitable[Any]]


def change(profile: VendorProfile) -> dict[str, Any]:
    return {"company": "Other"} if "company" in profile.contact_fields else {"name": "Other"}


def key(profile: VendorProfile) -> dict[str, Any]:
    name = next(iter(profile.match_keys))
    return {name: values(profile)[name]}


# With a contact's id and the id of a group that is not that contact's.
CALLS: dict[str, Call] = {
    "contacts.list": lambda book, contact, group: listed(book),
    "contacts.get": lambda book, contact, group: book.contacts.get(contact),
    "contacts.find": lambda book, contact, group: book.contacts.find(**key(book.profile)),
    "contacts.create": lambda book, contact, group: book.contacts.create(least(book.profile, 1, [group])),
    "contacts.update": lambda book, contact, group: book.contacts.update(contact, **change(book.profile)),
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
    """Every verb, for every vendor: it works, or it says before any request that it is not there."""

    @pytest.mark.parametrize("verb", CALLS)
    async def test_it_works_or_is_unsupported_before_any_request(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, verb: str
    ) -> None:
        created = await book.contacts.create(whole(profile, groups=[group]))
        other = (await book.groups.create("Others")).id if claims(profile, "groups.create") else "1"
        before = Counter(requests)
        if profile.capability(verb).support == "unsupported":
            with pytest.raises(UnsupportedError) as caught:
                await CALLS[verb](book, created.id, other)
            assert (caught.value.vendor, caught.value.sent) == (profile.vendor, "no")
            operation, _, argument = verb.partition(":")
            assert caught.value.operation == operation
            if argument and profile.capability(operation).support != "unsupported":
                assert caught.value.field, "an argument that the vendor does not know is named"
            assert requests == before
        else:
            # Out of a group one is taken that one is in.
            await CALLS[verb](book, created.id, group if verb == "groups.remove" else other)
            assert (requests - before)[profile.capability(verb).operation] >= 1, (
                "the card says that this operation does it"
            )

    async def test_unsupported_says_what_to_do_instead(self, book: AddressBook, profile: VendorProfile) -> None:
        for verb, row in profile.capabilities.items():
            if row.support == "unsupported":
                with pytest.raises(UnsupportedError) as caught:
                    await CALLS[verb](book, "1", "1")
                assert row.note in str(caught.value)

    def test_no_verb_is_of_ones_own_making(self, profile: VendorProfile) -> None:
        assert set(profile.capabilities) <= set(CALLS)
