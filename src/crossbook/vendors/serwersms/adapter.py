"""The adapter of SerwerSMS: crossbook's methods as calls of SerwerSMS's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import anyio
from crossbook_wire.serwersms import Api, models
from msgspec import UNSET

from crossbook import _phones
from crossbook.errors import AmbiguousMatchError, CrossbookError, NotFoundError, RejectedError
from crossbook.models import Contact, ExternalId, Group, attach_raw
from crossbook.vendor import (
    Fetch,
    Query,
    VendorAdapter,
    join_name,
    known_fields,
    list_spellings,
    map_rows,
    parse_bool,
    parse_int,
    parse_str,
)
from crossbook.vendors.serwersms.profile import EXTRA_FIELDS, PAGING, PROFILE, TEXT_FIELDS

# Our field → the member of a response.
_READ = {**{name: name for name in TEXT_FIELDS}, "opted_out": "blacklist"}
# Without "groups": a row names only one of the contact's groups.
_CONTACT = frozenset(_READ) | {"id", "name", "fields"}
_GROUP = frozenset(("id", "name", "count"))


class SerwerSMSAdapter(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api
        self._existing_groups: set[str] = set()  # in a batch: those that were read
        self._reading_group = anyio.Lock()

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        group: Any = UNSET if query.group is None else "none" if query.group == "none" else int(query.group)

        async def page(number: int, limit: int) -> tuple[Sequence[Contact | None], int | None]:
            response = await self._api.contacts.list_contacts(
                models.ContactQuery(
                    search=query.search or UNSET,
                    group_id=group,
                    sort=query.sort or UNSET,  # type: ignore[arg-type]
                    order="desc" if query.descending else UNSET,
                    page=number,
                    limit=limit,
                )
            )
            rows = self.require_rows(response.items, models.ContactRow, "listContacts", "items")
            contacts = await map_rows(rows, lambda row: self._contact(row, parse_str(row.group_id)))
            return contacts, _page_count(response.paging)

        fetch = PAGING.over(page, size, ident=lambda contact: f"{contact.id}/{contact.groups}")
        return fetch if query.opted_out is None else self._only_opted_out(fetch)

    def _only_opted_out(self, fetch: Fetch[Contact]) -> Fetch[Contact]:
        """Return a `Fetch` of the same pages that leaves out all contacts whose number is not on the blacklist."""

        async def page(position: Any) -> tuple[Sequence[Contact | None], Any]:
            rows, after = await fetch(position)
            if any(row is not None and row.opted_out is None for row in rows):
                raise self.missing_field("listContacts", "items.blacklist")  # else the list would look complete
            return [row for row in rows if row is not None and row.opted_out], after

        return page

    async def get_contact(self, id: str) -> Contact:
        return self._contact(await self._row(id))

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        # What the vendor's search compares is not documented: it gets each spelling, and the caller compares the keys.
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            found += await self.fetch_all(self.list_contacts(Query(search=spelling), PAGING.max_size))
        return found

    async def create_contact(self, contact: Contact) -> str:
        await self._require_groups(contact.groups or (), "createContact")
        new = models.NewContact(
            group_id=_encode_group_ids(contact.groups) if contact.groups else UNSET,
            **{name: value for name in TEXT_FIELDS if (value := getattr(contact, name)) is not None},
            **{name: value for name, value in (contact.fields or {}).items() if value is not None},
        )
        return self.require_id((await self._api.contacts.create_contact(new)).id, "createContact", "id")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        # The vendor replaces the whole contact, so its stored fields and groups are read first and sent again.
        assert isinstance(id, str)
        stored = await self._row(id)
        groups = changes.get("groups")
        if groups is None:
            groups = [group.id for group in await self._groups_by_phone(id, parse_str(stored.phone))]
        else:
            await self._require_groups(groups, "updateContact")
        await self._replace(stored, changes, groups)
        return id

    async def _replace(self, stored: models.Contact, changes: Mapping[str, Any], groups: Sequence[str]) -> None:
        moved = await self._blacklist_new_phone(stored, changes.get("phone"))
        values = {name: parse_str(getattr(stored, name)) for name in (*TEXT_FIELDS, *EXTRA_FIELDS)}
        values |= {name: value for name, value in changes.items() if name in TEXT_FIELDS}
        values |= changes.get("fields", {})
        id = self.require_id(stored.id, "getContact", "id")
        try:
            response = await self._api.contacts.update_contact(
                models.ContactEdit(id=int(id), group_id=_encode_group_ids(groups), **self.encode_cleared(values))
            )
            self.check_same_id(response.id, id, "updateContact", "id")
        except CrossbookError as error:
            if moved:
                error.message = f"the new phone of this opted-out contact was blacklisted, and then: {error.message}"
            raise

    async def delete_contact(self, id: str) -> None:
        await self._api.contacts.delete_contact(models.ContactDeletion(id=int(id)))

    async def delete_contacts(self, ids: Sequence[str]) -> Sequence[bool | None]:
        response = await self._api.contacts.delete_contact(models.ContactDeletion(id=[int(id) for id in ids]))
        return [parse_bool(response.success) or None] * len(ids)

    async def unsubscribe(self, id: str, channel: str) -> None:
        await self._set_blacklisted(await self._phone(id), listed=True)

    async def unsubscribe_phone(self, phone: str) -> None:
        await self._set_blacklisted(phone, listed=True)

    def list_opted_out_phones(self, size: int) -> Fetch[str]:
        async def page(number: int, limit: int) -> tuple[Sequence[str | None], int | None]:
            response = await self._api.blacklist.list_blacklist(models.BlacklistQuery(page=number, limit=limit))
            rows = self.require_rows(response.items, models.BlacklistRow, "listBlacklist", "items")
            return [None if row is None else parse_str(row.phone) for row in rows], _page_count(response.paging)

        return PAGING.over(page, size, ident=str)

    async def read_opt_outs(self, contact: Contact, channels: frozenset[str]) -> frozenset[str]:
        if "opted_out" in contact.known_fields or contact.phone is None:
            return await super().read_opt_outs(contact, channels)
        return channels if await self._is_blacklisted(contact.phone) else frozenset()

    async def resubscribe(self, id: str, channel: str, *, shared_phone: bool) -> None:
        phone = await self._phone(id)
        if not shared_phone:
            number = _phones.normalize(phone, self.region)
            others = {found.id for found in await self.search("phone", number) if found.phone == number} - {id}
            if others:
                raise AmbiguousMatchError(
                    "the blacklist holds phone numbers, and other contacts have the same number: "
                    f"{', '.join(sorted(others)[:10])}. Ask these people too, then pass shared_phone=True",
                    candidates=sorted(others), vendor=PROFILE.vendor, operation="contacts.resubscribe", field="phone",
                    sent="yes",
                )  # fmt: skip
        await self._set_blacklisted(phone, listed=False)

    async def _blacklist_new_phone(self, stored: models.Contact, new: str | None) -> bool:
        """Blacklist a contact's new phone before the contact is edited, if its stored phone is on the blacklist.

        If the edit fails, the new phone stays on the blacklist, which is the safe state. Return whether it was added.
        Another spelling of the stored number is added too: how the blacklist compares spellings is unknown.
        """
        old = parse_str(stored.phone)
        if new is None or new == old:
            return False
        opted_out = parse_bool(stored.blacklist)
        if opted_out is None:
            if old is None:
                raise self.missing_field("getContact", "blacklist")
            opted_out = await self._is_blacklisted(old)
        if opted_out:
            await self._set_blacklisted(new, listed=True)
        return opted_out

    async def _set_blacklisted(self, phone: str, *, listed: bool) -> None:
        """Add a phone number to the blacklist, or delete it from there.

        Whether the vendor refuses to add a number twice, or to delete a number that is not listed, is not documented.
        So a refusal is a success if the blacklist is as wanted. The same is true of a lost or unclear response.
        """
        blacklist, query = self._api.blacklist, models.PhoneQuery(phone=phone)
        try:
            await (blacklist.add_to_blacklist(query) if listed else blacklist.delete_from_blacklist(query))
        except CrossbookError as error:
            is_refusal = isinstance(error, (RejectedError, NotFoundError))
            if error.sent == "no" or (error.writes_nothing and not is_refusal):
                raise
            try:
                done = await self._is_blacklisted(phone) is listed
            except CrossbookError:
                done = False
            if not done:
                raise

    async def _is_blacklisted(self, phone: str) -> bool:
        response = await self._api.blacklist.check_blacklist(models.PhoneQuery(phone=phone))
        exists = parse_bool(response.exists)
        if exists is None:
            raise self.missing_field("checkBlacklist", "exists")
        return exists

    async def groups_of(self, id: str) -> Sequence[Group]:
        return await self._groups_by_phone(id, parse_str((await self._row(id)).phone))

    def list_groups(self, size: int) -> Fetch[Group]:
        async def page(number: int, limit: int) -> tuple[Sequence[Group | None], int | None]:
            response = await self._api.groups.list_groups(models.GroupQuery(page=number, limit=limit))
            rows = self.require_rows(response.items, models.GroupRow, "listGroups", "items")
            return await map_rows(rows, _group), _page_count(response.paging)

        return PAGING.over(page, size, ident=lambda group: group.id)

    async def get_group(self, id: str) -> Group:
        row = await self._api.groups.get_group(models.GroupId(id=int(id)))
        self.check_same_id(self.require_id(row.id, "getGroup", "id"), id, "getGroup", "id")
        return _group(row)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        response = await self._api.groups.create_group(models.NewGroup(name=name))
        return self.require_id(response.id, "createGroup", "id")

    async def rename_group(self, id: str, name: str) -> None:
        response = await self._api.groups.update_group(models.GroupEdit(id=int(id), name=name))
        self.check_same_id(response.id, id, "updateGroup", "id")

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        # False is never sent: PHP reads the text "false" as true.
        deletion = models.GroupDeletion(id=int(id), delete_contacts=True if with_contacts else UNSET)
        await self._api.groups.delete_group(deletion)

    async def delete_groups(self, ids: Sequence[str]) -> Sequence[bool | None]:
        response = await self._api.groups.delete_group(models.GroupDeletion(id=[int(id) for id in ids]))
        return [parse_bool(response.success) or None] * len(ids)

    async def add_to_group(self, group: str, id: str) -> None:
        stored, current = await self._read_groups(id)
        if group not in current:
            await self._require_groups([group], "updateContact")
            await self._replace(stored, {}, [*current, group])

    async def remove_from_group(self, group: str, id: str) -> None:
        stored, current = await self._read_groups(id)
        if group in current:
            await self._replace(stored, {}, [each for each in current if each != group])

    async def _read_groups(self, id: str) -> tuple[models.Contact, list[str]]:
        stored = await self._row(id)
        return stored, [group.id for group in await self._groups_by_phone(id, parse_str(stored.phone))]

    async def _require_groups(self, groups: Sequence[str], operation: str) -> None:
        """Raise NotFoundError if a group does not exist: the vendor may drop an unknown id without an error.

        A batch reads each group once, not before every write.
        """
        for group in groups:
            if group in self._existing_groups:
                continue
            async with self._reading_group if self.in_batch else nullcontext():
                if group not in self._existing_groups:
                    await self._require_group(group, operation)

    async def _require_group(self, group: str, operation: str) -> None:
        try:
            await self.get_group(group)
        except CrossbookError as error:
            error.sent = error.earlier = "no"  # the write did not leave
            if isinstance(error, NotFoundError):
                error.message = f"group {group} does not exist, so nothing was written: create it, or leave it out"
                error.operation, error.field = operation, "groups"
            raise
        if self.in_batch:
            self._existing_groups.add(group)

    async def _row(self, id: str) -> models.Contact:
        row = await self._api.contacts.get_contact(models.ContactId(id=int(id)))
        self.check_same_id(self.require_id(row.id, "getContact", "id"), id, "getContact", "id")
        return row

    async def _phone(self, id: str) -> str:
        return self._require_phone(parse_str((await self._row(id)).phone))

    def _require_phone(self, phone: str | None) -> str:
        if phone is None:
            raise self.missing_field("getContact", "phone")
        return phone

    async def _groups_by_phone(self, id: str, phone: str | None) -> list[Group]:
        phone = self._require_phone(phone)
        response = await self._api.groups.check_groups(models.PhoneQuery(phone=phone))
        rows = self.require_rows(response.items, models.Membership, "checkGroups", "items")
        return [
            attach_raw(Group(id=group, name=parse_str(row.group_name) or ""), row, frozenset(("id", "name")))
            for row in rows
            if row is not None and parse_str(row.id) == id and (group := parse_str(row.group_id)) is not None
        ]

    def _contact(self, row: models.Contact | models.ContactRow, group: str | None = None) -> Contact:
        phone, first, last = parse_str(row.phone), parse_str(row.first_name), parse_str(row.last_name)
        blocked = parse_bool(row.blacklist)
        contact = Contact(
            id=parse_str(row.id) or "",
            phone=_phones.normalize(phone, self.region) if phone else None,
            email=parse_str(row.email),
            first_name=first,
            last_name=last,
            name=join_name(first, last),
            company=parse_str(row.company),
            fields={name: value for name in EXTRA_FIELDS if (value := parse_str(getattr(row, name))) is not None},
            groups=(group,) if group and group != "0" else None,
            opted_out=None if blocked is None else frozenset(("sms",)) if blocked else frozenset(),
        )
        return attach_raw(contact, row, known_fields(row, _CONTACT, _READ))


def _group(row: models.Group | models.GroupRow) -> Group:
    group = Group(id=parse_str(row.id) or "", name=parse_str(row.name) or "", count=parse_int(row.count))
    return attach_raw(group, row, _GROUP)


def _encode_group_ids(groups: Sequence[str]) -> int | list[int] | Literal["none"]:
    ids = [int(group) for group in groups]
    return "none" if not ids else ids[0] if len(ids) == 1 else ids


def _page_count(paging: object) -> int | None:
    return parse_int(paging.count) if isinstance(paging, models.Paging) else None
