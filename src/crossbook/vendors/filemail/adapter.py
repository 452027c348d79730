"""Our verbs in Filemail's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossbook_wire.filemail import Api, models
from msgspec import UNSET

from crossbook._concurrency import map_in_chunks
from crossbook._pagination.strategies import Fetch
from crossbook.errors import CrossbookError
from crossbook.models import Contact, ExternalId, Group, attach_raw
from crossbook.vendor import Query, VendorAdapter
from crossbook.vendors.decoding import known_fields, map_rows, parse_rows, parse_str
from crossbook.vendors.filemail.profile import PAGING, PROFILE

_READ = {"email": "email", "name": "name", "groups": "groups"}
_CONTACT = frozenset(_READ) | {"id"}
_GROUP = frozenset(("id", "name"))
# What `update` may name, ours → theirs; the vendor calls the phone `mobile`.
_WRITTEN = {"email": "email", "name": "name", "phone": "mobile"}


class FilemailAdapter(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        def is_wanted(row: models.Contact) -> bool:
            return (query.group is None or query.group in (_groups(row) or ())) and (
                query.email is None or _has_email(row, query.email)
            )

        return PAGING.over(lambda: self._rows(is_wanted), size, _contact)

    async def get_contact(self, id: str) -> Contact:
        return _contact(await self._row(id))

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        wanted = await self._rows(lambda row: not value or _has_email(row, value))
        return await map_in_chunks(wanted, _contact)

    async def create_contact(self, contact: Contact) -> str:
        answer = await self._api.contacts.create_contact(
            name=contact.name or "", email=contact.email or "", mobile=contact.phone or UNSET
        )
        created = answer.contact
        id = parse_str(created.contactid) if isinstance(created, models.AddedContact) else None
        if id is None:
            raise self.missing_field("createContact", "the new contact's id")
        try:
            for group in contact.groups or ():
                await self._api.groups.add_to_group(contactgroupid=group, contactid=id)
        except CrossbookError as error:
            # The contact is there: who repeats the create would make a second one.
            error.id = id
            error.message = f"the contact was created, and not put into all its groups: {error.message}"
            raise
        return id

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        assert isinstance(id, str)
        fields = self.encode_cleared({_WRITTEN[name]: value for name, value in changes.items() if name != "groups"})
        if fields:
            await self._api.contacts.update_contact(contactid=id, **fields)
        if "groups" in changes:
            await self.set_groups(id, changes["groups"])
        return id

    async def delete_contact(self, id: str) -> None:
        await self._api.contacts.delete_contact(contactid=id)

    async def groups_of(self, id: str) -> Sequence[Group]:
        listed = parse_rows((await self._row(id)).groups, models.ContactGroup) or ()
        return [
            attach_raw(Group(id=parse_str(row.contactgroupid) or "", name=parse_str(row.name) or ""), row, _GROUP)
            for row in listed
            if row is not None
        ]

    def list_groups(self, size: int) -> Fetch[Group]:
        async def whole() -> Sequence[Group | None]:
            answer = await self._api.groups.list_groups()
            found = parse_rows(answer.groups if answer.groups is not UNSET else answer.Groups, models.Group)
            if found is None:
                raise self.missing_field("listGroups", "groups")
            return await map_rows(found, _group)

        return PAGING.over(whole, size)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        answer = await self._api.groups.create_group(name=name)
        found = parse_rows(answer.Groups if answer.Groups is not UNSET else answer.groups, models.Group) or ()
        made = [row for row in found if row is not None and parse_str(row.contactgroupid)]
        # An array although one was added: should it hold all groups, ours is the last of that name.
        named = [row for row in made if parse_str(row.contactgroupname) == name] or made
        if not named:
            raise self.missing_field("createGroup", "the new group's id")
        return parse_str(named[-1].contactgroupid) or ""

    async def rename_group(self, id: str, name: str) -> None:
        await self._api.groups.update_group(contactgroupid=id, name=name)

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        await self._api.groups.delete_group(contactgroupid=id)

    async def add_to_group(self, group: str, id: str) -> None:
        await self._api.groups.add_to_group(contactgroupid=group, contactid=id)

    async def remove_from_group(self, group: str, id: str) -> None:
        await self._api.groups.remove_from_group(contactgroupid=group, contactid=id)

    async def _rows(self, is_wanted: Callable[[models.Contact], bool]) -> list[models.Contact]:
        answer = await self._api.contacts.list_contacts()
        found = parse_rows(answer.contacts if answer.contacts is not UNSET else answer.Contacts, models.Contact)
        if found is None:
            raise self.missing_field("listContacts", "contacts")
        kept = await map_in_chunks(found, lambda row: row if row is not None and is_wanted(row) else None)
        return [row for row in kept if row is not None]

    async def _row(self, id: str) -> models.Contact:
        for row in await self._rows(lambda row: parse_str(row.contactid) == id):
            return row
        raise self.not_found("contact", "listContacts")


def _has_email(row: models.Contact, email: str) -> bool:
    return (parse_str(row.email) or "").strip().casefold() == email.strip().casefold()


def _groups(row: models.Contact) -> tuple[str, ...] | None:
    groups = parse_rows(row.groups, models.ContactGroup)
    return None if groups is None else tuple(parse_str(group.contactgroupid) or "" for group in groups if group)


def _contact(row: models.Contact) -> Contact:
    return attach_raw(
        Contact(
            id=parse_str(row.contactid) or "",
            email=parse_str(row.email),
            name=parse_str(row.name),
            groups=_groups(row),
        ),
        row,
        known_fields(row, _CONTACT, _READ),
    )


def _group(row: models.Group) -> Group:
    return attach_raw(
        Group(id=parse_str(row.contactgroupid) or "", name=parse_str(row.contactgroupname) or ""), row, _GROUP
    )
