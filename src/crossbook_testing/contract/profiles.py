"""The profile itself: a row for every operation, and each verb's rows fit together."""

from __future__ import annotations

import re

from crossbook import AddressBook
from crossbook.vendor import Retry, VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, MakeBook

CREATES = (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)
READS = ("contacts.list", "contacts.get", "contacts.find", "contacts.groups_of", "groups.list", "groups.get")
BAD_IDS = ("", ".", "..", "a/b", "a?b", "a#b", "a b", "a\n", "a%2fb", "\0")


class ProfileTests(Fixtures):
    """The profile itself: a row for every operation, and each verb's rows fit together."""

    def test_every_operation_of_the_wire_has_its_row(self, make_book: MakeBook, profile: VendorProfile) -> None:
        assert _methods(make_book()) == sorted(_snake(operation) for operation in profile.operations)

    def test_a_verb_names_the_operation_that_does_it(self, profile: VendorProfile) -> None:
        for name, verb in profile.capabilities.items():
            assert (verb.operation in profile.operations) == (verb.support != "unsupported"), name

    def test_what_is_composed_tells_its_price(self, profile: VendorProfile) -> None:
        assert all(verb.note for verb in profile.capabilities.values() if verb.support == "emulated")

    def test_creates_are_never_repeated_blindly_and_reads_may_be(self, profile: VendorProfile) -> None:
        for name in ("contacts.create", "groups.create"):
            if by := profile.capability(name).operation:
                assert profile.operations[by].retry in CREATES, name
        for name in READS:
            if by := profile.capability(name).operation:
                assert profile.operations[by].retry is Retry.SAFE, name

    def test_ids_that_would_reach_another_route_are_none(self, profile: VendorProfile) -> None:
        for pattern in (profile.contact_id, profile.group_id):
            assert not [id for id in BAD_IDS if pattern.fullmatch(id)]

    def test_what_is_found_by_can_be_read(self, profile: VendorProfile) -> None:
        assert all("r" in profile.contact_fields[name].access for name in profile.match_keys)

    def test_its_variables_bear_its_name(self, profile: VendorProfile) -> None:
        for parameter, variable in profile.environment.items():
            assert variable == f"CROSSBOOK_{profile.vendor.upper()}_{parameter.upper()}"


def _snake(operation: str) -> str:
    return re.sub("(?=[A-Z])", "_", operation).lower()


def _methods(book: AddressBook) -> list[str]:
    """The methods of a book's generated client, all tags together."""
    wire: object = getattr(book, "wire")  # noqa: B009 (every vendor has its own)
    return sorted(name for tag in vars(wire).values() for name in dir(tag) if not name.startswith("_"))
