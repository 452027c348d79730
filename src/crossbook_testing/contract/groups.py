"""Contract tests of groups: their members, and the contacts of a deleted group."""

from __future__ import annotations

import pytest

from crossbook import AddressBook, InvalidInputError, NotFoundError, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, assert_invalid, assert_no_requests, skip_unless
from crossbook_testing.contract.people import full_contact


class GroupTests(Fixtures):
    async def test_group_create_get_rename_delete(self, book: AddressBook, profile: VendorProfile) -> None:
        skip_unless(profile, "groups.create", "groups.delete", "groups.get", "groups.list", "groups.rename")
        before = {group.id async for group in book.groups.list()}
        made = await book.groups.create("Przyjaciele & Żółwie")
        assert made.name == "Przyjaciele & Żółwie"
        found = await book.groups.get(made.id)
        assert (found.id, found.name) == (made.id, made.name)
        assert {"id", "name"} <= found.known_fields
        await book.groups.rename(made.id, "Friends")
        assert (await book.groups.get(made.id)).name == "Friends"
        assert {group.id: group.name async for group in book.groups.list() if group.id not in before} == {
            made.id: "Friends"
        }
        await book.groups.delete(made.id)
        assert {group.id async for group in book.groups.list()} == before

    async def test_missing_group_raises_not_found(self, book: AddressBook, profile: VendorProfile) -> None:
        skip_unless(profile, "groups.create", "groups.delete", "groups.get", "groups.rename")
        gone = await book.groups.create("Gone")
        await book.groups.delete(gone.id)
        for call in (book.groups.get(gone.id), book.groups.rename(gone.id, "x"), book.groups.delete(gone.id)):
            with pytest.raises(NotFoundError) as caught:
                await call
            assert caught.value.sent == "yes"

    async def test_create_adds_contact_to_groups(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.groups_of", "groups.create")
        groups = [group] if profile.single_group else [group, (await book.groups.create("Others")).id]
        created = await book.contacts.create(full_contact(profile, 0, groups))
        named = {each.id: each.name for each in await book.contacts.groups_of(created.id)}
        assert named == dict(zip(groups, ("Friends", "Others"), strict=False))
        for each in groups:
            assert [contact.id async for contact in book.contacts.list(group=each)] == [created.id]

    async def test_single_group_is_required(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, contact_id: str
    ) -> None:
        skip_unless(profile, "contacts.update", "groups.create")
        if not profile.single_group:
            pytest.skip(f"a contact of {profile.title} may be in any number of groups")
        other = (await book.groups.create("Others")).id
        with assert_no_requests(requests):
            for groups in ([], [group, other]):
                call = book.contacts.create(full_contact(profile, 0, groups))
                await assert_invalid(call, "groups", match="exactly one group")
            with pytest.raises(InvalidInputError, match="exactly one group"):
                await book.contacts.update(contact_id, groups=[group, other])

    async def test_contact_without_group(self, book: AddressBook, profile: VendorProfile) -> None:
        skip_unless(profile, "contacts.groups_of")
        if profile.single_group:
            pytest.skip(f"a contact of {profile.title} is in one group")
        created = await book.contacts.create(full_contact(profile))
        assert await book.contacts.groups_of(created.id) == ()

    async def test_update_sets_groups(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        """An update with `groups` replaces all groups that the contact is in."""
        skip_unless(profile, "contacts.groups_of", "contacts.update", "groups.create")
        others = [(await book.groups.create(name)).id for name in ("B", "C")]
        contact = full_contact(profile, 0, [group])
        created = await book.contacts.create(contact)
        for wanted in [others[:1]] if profile.single_group else [others, [group, others[1]], [group], []]:
            await book.contacts.update(created.id, groups=wanted)
            assert {each.id for each in await book.contacts.groups_of(created.id)} == set(wanted)
        found = await book.contacts.get(created.id)
        assert (found.name, found.email, found.company) == (
            contact.name or f"{contact.first_name} {contact.last_name}",
            contact.email,
            contact.company,
        )

    async def test_add_and_remove_keep_other_groups(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        skip_unless(profile, "contacts.groups_of", "groups.add", "groups.create", "groups.remove")
        others = [(await book.groups.create(name)).id for name in ("B", "C")]
        created = await book.contacts.create(full_contact(profile, 0, [group]))

        async def groups() -> list[str]:
            return sorted(each.id for each in await book.contacts.groups_of(created.id))

        for other in (*others, others[0]):
            await book.groups.add(other, created.id)
        assert await groups() == sorted([group, *others])
        await book.groups.remove(others[0], created.id)
        assert await groups() == sorted([group, others[1]])
        await book.groups.remove(group, created.id)
        assert await groups() == [others[1]]
        found = await book.contacts.get(created.id)
        assert all(
            getattr(found, name) == getattr(full_contact(profile), name)
            for name in ("email", "company")
            if name in found.known_fields
        )

    async def test_delete_group_keeps_contacts(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.groups_of", "groups.delete")
        created = await book.contacts.create(full_contact(profile, 0, [group]))
        if profile.single_group:
            await assert_invalid(book.groups.delete(group), "with_contacts", match="with_contacts=True")
            assert [each.id for each in await book.contacts.groups_of(created.id)] == [group]
        else:
            await book.groups.delete(group)
            assert await book.contacts.groups_of(created.id) == ()
        assert (await book.contacts.get(created.id)).id == created.id

    async def test_delete_group_with_contacts(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        skip_unless(profile, "groups.create", "groups.delete")
        inside = await book.contacts.create(full_contact(profile, 0, [group]))
        outside = await book.contacts.create(full_contact(profile, 1, [(await book.groups.create("Others")).id]))
        if profile.capability("groups.delete:with_contacts").support == "unsupported":
            with assert_no_requests(requests), pytest.raises(UnsupportedError):
                await book.groups.delete(group, with_contacts=True)
        else:
            await book.groups.delete(group, with_contacts=True)
            with pytest.raises(NotFoundError):
                await book.contacts.get(inside.id)
        assert (await book.contacts.get(outside.id)).id == outside.id

    async def test_group_name_length(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        skip_unless(profile, "groups.create", "groups.get", "groups.rename")
        limit = profile.group_name_max_length
        with assert_no_requests(requests):
            for name in ["", " \t", *(["x" * (limit + 1)] if limit else [])]:
                for call in (book.groups.create(name), book.groups.rename(group, name)):
                    await assert_invalid(call, "name")
        if limit:
            longest = "ż" * limit
            assert (await book.groups.get((await book.groups.create(longest)).id)).name == longest
