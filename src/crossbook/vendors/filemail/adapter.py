"""The adapter of Filemail: crossbook's methods as calls of Filemail's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossbook_wire.filemail import Api, models
from msgspec import UNSET

from crossbook._concurrency import map_in_chunks
from crossbook.errors import CrossbookError
from crossbook.models import Contact, ExternalId, Group, attach_raw
from crossbook.vendor import Fetch, Query, VendorAdapter, known_fields, map_rows, parse_model, parse_rows, parse_str
from crossbook.vendors.filemail.profile import PAGING, PROFILE

# Our field → the member of a response, and of a request.
_READ = {"email": "email", "name": "name", "groups": "groups"}
_WRITTEN = {"email": "email", "name": "name", "phone": "mobile"}
_CONTACT = frozenset(_READ) | {"id"}
_GROUP = frozenset(("id", "name"))


class FilemailAdapter(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        def matches(row: models.Contact) -> bool:
            return (query.group is None or query.group in (_group_ids(row) or ())) and (
                query.email is None or _has_email(row, query.email)
            )

        return PAGING.over(lambda: self._fetch_rows(matches), size, _contact)

    async def get_contact(self, id: str) -> Contact:
        return _contact(await self._row(id))

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        rows = await self._fetch_rows(lambda row: not value or _has_email(row, value))
        return await map_in_chunks(rows, _contact)

    async def create_contact(self, contact: Contact) -> str:
        response = await self._api.contacts.create_contact(
            name=contact.name or "", email=contact.email or "", mobile=contact.phone or UNSET
        )
        created = parse_model(response.contact, models.AddedContact)
        id = self.require_id(None if created is None else created.contactid, "createContact", "contact.contactid")
        try:
            for group in contact.groups or ():
                await self.add_to_group(group, id)
        except CrossbookError as error:
            # Without the id a caller would repeat the create and make a second contact.
            error.id = id
            error.message = f"the contact was created, but is not in all its groups: {error.message}"
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
        rows = parse_rows((await self._row(id)).groups, models.ContactGroup) or ()
        return [_group(row, row.name) for row in rows if row is not None]

    def list_groups(self, size: int) -> Fetch[Group]:
        async def fetch_all() -> Sequence[Group | None]:
            response = await self._api.groups.list_groups()
            rows = self.require_rows(response.groups, models.Group, "listGroups", "groups")
            return await map_rows(rows, lambda row: _group(row, row.contactgroupname))

        return PAGING.over(fetch_all, size)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        response = await self._api.groups.create_group(name=name)
        rows = [row for row in parse_rows(response.Groups, models.Group) or () if row and parse_str(row.contactgroupid)]
        # The response is an array. If it holds all groups, the new one is the last with this name.
        named = [row for row in rows if parse_str(row.contactgroupname) == name] or rows
        if not named:
            raise self.missing_field("createGroup", "contactgroupid")
        return parse_str(named[-1].contactgroupid) or ""

    async def rename_group(self, id: str, name: str) -> None:
        await self._api.groups.update_group(contactgroupid=id, name=name)

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        await self._api.groups.delete_group(contactgroupid=id)

    async def add_to_group(self, group: str, id: str) -> None:
        await self._api.groups.add_to_group(contactgroupid=group, contactid=id)

    async def remove_from_group(self, group: str, id: str) -> None:
        await self._api.groups.remove_from_group(contactgroupid=group, contactid=id)

    async def _fetch_rows(self, matches: Callable[[models.Contact], bool]) -> list[models.Contact]:
        response = await self._api.contacts.list_contacts()
        rows = self.require_rows(response.contacts, models.Contact, "listContacts", "contacts")
        kept = await map_in_chunks(rows, lambda row: row if row is not None and matches(row) else None)
        return [row for row in kept if row is not None]

    async def _row(self, id: str) -> models.Contact:
        for row in await self._fetch_rows(lambda row: parse_str(row.contactid) == id):
            return row
        raise self.not_found("contact", "listContacts")


def _has_email(row: models.Contact, email: str) -> bool:
    return (parse_str(row.email) or "").strip().casefold() == email.strip().casefold()


def _group_ids(row: models.Contact) -> tuple[str, ...] | None:
    groups = parse_rows(row.groups, models.ContactGroup)
    return None if groups is None else tuple(parse_str(group.contactgroupid) or "" for group in groups if group)


def _contact(row: models.Contact) -> Contact:
    contact = Contact(
        id=parse_str(row.contactid) or "", email=parse_str(row.email), name=parse_str(row.name), groups=_group_ids(row)
    )
    return attach_raw(contact, row, known_fields(row, _CONTACT, _READ))


def _group(row: models.Group | models.ContactGroup, name: Any) -> Group:
    return attach_raw(Group(id=parse_str(row.contactgroupid) or "", name=parse_str(name) or ""), row, _GROUP)
