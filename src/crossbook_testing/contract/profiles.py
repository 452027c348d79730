"""Contract tests of a vendor's profile: an entry for each operation, and capabilities that match the operations."""

from __future__ import annotations

import re

from crossbook import AddressBook
from crossbook.vendor import Retry, VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, MakeBook

CREATES = (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)
READS = ("contacts.list", "contacts.get", "contacts.find", "contacts.groups_of", "groups.list", "groups.get")
BAD_IDS = ("", ".", "..", "a/b", "a?b", "a#b", "a b", "a\n", "a%2fb", "\0")


class ProfileTests(Fixtures):
    def test_profile_has_every_operation(self, make_book: MakeBook, profile: VendorProfile) -> None:
        assert _methods(make_book()) == sorted(_snake(operation) for operation in profile.operations)

    def test_capability_names_operation(self, profile: VendorProfile) -> None:
        for name, verb in profile.capabilities.items():
            assert (verb.operation in profile.operations) == (verb.support != "unsupported"), name

    def test_emulated_capability_has_note(self, profile: VendorProfile) -> None:
        assert all(verb.note for verb in profile.capabilities.values() if verb.support == "emulated")

    def test_retry_class_of_creates_and_reads(self, profile: VendorProfile) -> None:
        for name in ("contacts.create", "groups.create"):
            if by := profile.capability(name).operation:
                assert profile.operations[by].retry in CREATES, name
        for name in READS:
            if by := profile.capability(name).operation:
                assert profile.operations[by].retry is Retry.SAFE, name

    def test_id_patterns_refuse_unsafe_ids(self, profile: VendorProfile) -> None:
        for pattern in (profile.contact_id, profile.group_id):
            assert not [id for id in BAD_IDS if pattern.fullmatch(id)]

    def test_match_keys_are_readable(self, profile: VendorProfile) -> None:
        assert all("r" in profile.contact_fields[name].access for name in profile.match_keys)

    def test_environment_variables_have_vendor_name(self, profile: VendorProfile) -> None:
        for parameter, variable in profile.environment.items():
            assert variable == f"CROSSBOOK_{profile.vendor.upper()}_{parameter.upper()}"


def _snake(operation: str) -> str:
    return re.sub("(?=[A-Z])", "_", operation).lower()


def _methods(book: AddressBook) -> list[str]:
    """Return the methods of a book's generated client, of all tags."""
    wire: object = getattr(book, "wire")  # noqa: B009 (every vendor has its own)
    return sorted(name for tag in vars(wire).values() for name in dir(tag) if not name.startswith("_"))
