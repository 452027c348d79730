"""Our verbs in SerwerSMS's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossbook_wire.serwersms import Api, models
from msgspec import UNSET

from crossbook import _phones
from crossbook._pagination.strategies import Fetch
from crossbook.models import Contact, ExternalId, Group, read_from
from crossbook.vendor import Query, VendorAdapter
from crossbook.vendors.decoding import each, number, rows, spellings, text, told, truth
from crossbook.vendors.serwersms.profile import PAGING, PROFILE

_TEXTS = ("phone", "email", "first_name", "last_name", "company")
_FIELDS = ("tax_id", "address", "city", "description")
_READ = {**{name: name for name in _TEXTS}, "opted_out": "blacklist"}
# The groups of a row are not all of the contact's, so no answer tells them.
_CONTACT = frozenset(_READ) | {"id", "name", "fields"}
_GROUP = frozenset(("id", "name", "count"))


class SerwerSMSVerbs(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        group: Any = UNSET if query.group is None else "none" if query.group == "none" else int(query.group)

        async def page(number_: int, limit: int) -> tuple[Sequence[Contact | None], int | None]:
            answer = await self._api.contacts.list_contacts(
                models.ContactQuery(
                    search=query.search or UNSET,
                    group_id=group,
                    sort=query.sort or UNSET,  # type: ignore[arg-type]
                    order="desc" if query.descending else UNSET,
                    page=number_,
                    limit=limit,
                )
            )
            found = rows(answer.items, models.ContactRow)
            if found is None:
                raise self.lacking("listContacts", "items")
            return await each(found, lambda row: self._contact(row, text(row.group_id))), _pages(answer.paging)

        return PAGING.over(page, size, ident=lambda contact: f"{contact.id}/{contact.groups}")

    async def get_contact(self, id: str) -> Contact:
        row = await self._api.contacts.get_contact(models.ContactId(id=int(id)))
        if text(row.id) is None:
            raise self.lacking("getContact", "id")
        return self._contact(row)

    async def candidates(self, key: str, value: str) -> Sequence[Contact]:
        # What the vendor's search finds is not documented: asked for each spelling, and compared by the caller.
        found: list[Contact] = []
        for spelling in spellings(key, value):
            found += await self.collect(self.list_contacts(Query(search=spelling), PAGING.longest))
        return found

    async def create_contact(self, contact: Contact) -> str:
        new = models.NewContact(
            group_id=_group_ids(contact.groups) if contact.groups else UNSET,
            **{name: value for name in _TEXTS if (value := getattr(contact, name)) is not None},
            **{name: value for name, value in (contact.fields or {}).items() if value is not None},
        )
        answer = await self._api.contacts.create_contact(new)
        id = text(answer.id)
        if id is None:
            raise self.lacking("createContact", "id")
        return id

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        """The vendor's edit writes a contact whole, so it is read first, with its groups."""
        assert isinstance(id, str)
        stored = await self._api.contacts.get_contact(models.ContactId(id=int(id)))
        groups = changes.get("groups")
        if groups is None:
            groups = [group.id for group in await self._groups_by_phone(id, text(stored.phone))]
        values = {name: text(getattr(stored, name)) for name in _TEXTS + _FIELDS}
        values |= {name: value for name, value in changes.items() if name in _TEXTS}
        values |= changes.get("fields", {})
        await self._api.contacts.update_contact(
            models.ContactEdit(id=int(id), group_id=_group_ids(groups), **self.cleared(values))
        )
        return id

    async def delete_contact(self, id: str) -> None:
        await self._api.contacts.delete_contact(models.ContactId(id=int(id)))

    async def groups_of(self, id: str) -> Sequence[Group]:
        row = await self._api.contacts.get_contact(models.ContactId(id=int(id)))
        return await self._groups_by_phone(id, text(row.phone))

    async def _groups_by_phone(self, id: str, phone: str | None) -> list[Group]:
        if phone is None:
            raise self.lacking("getContact", "phone")
        answer = await self._api.groups.check_groups(models.PhoneQuery(phone=phone))
        found = rows(answer.items, models.Membership)
        if found is None:
            raise self.lacking("checkGroups", "items")
        return [
            read_from(Group(id=group, name=text(row.group_name) or ""), row, frozenset(("id", "name")))
            for row in found
            if row is not None and text(row.id) == id and (group := text(row.group_id)) is not None
        ]

    def list_groups(self, size: int) -> Fetch[Group]:
        async def page(number_: int, limit: int) -> tuple[Sequence[Group | None], int | None]:
            answer = await self._api.groups.list_groups(models.GroupQuery(page=number_, limit=limit))
            found = rows(answer.items, models.GroupRow)
            if found is None:
                raise self.lacking("listGroups", "items")
            return await each(found, _group), _pages(answer.paging)

        return PAGING.over(page, size, ident=lambda group: group.id)

    async def get_group(self, id: str) -> Group:
        row = await self._api.groups.get_group(models.GroupId(id=int(id)))
        if text(row.id) is None:
            raise self.lacking("getGroup", "id")
        return _group(row)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        id = text((await self._api.groups.create_group(models.NewGroup(name=name))).id)
        if id is None:
            raise self.lacking("createGroup", "id")
        return id

    async def rename_group(self, id: str, name: str) -> None:
        await self._api.groups.update_group(models.GroupEdit(id=int(id), name=name))

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        # Never `false`: in PHP the text "false" is true.
        deletion = models.GroupDeletion(id=int(id), delete_contacts=True if with_contacts else UNSET)
        await self._api.groups.delete_group(deletion)

    async def add_to_group(self, group: str, id: str) -> None:
        current = [listed.id for listed in await self.groups_of(id)]
        if group not in current:
            await self.update_contact(id, {"groups": [*current, group]})

    async def remove_from_group(self, group: str, id: str) -> None:
        current = [listed.id for listed in await self.groups_of(id)]
        if group in current:
            await self.update_contact(id, {"groups": [listed for listed in current if listed != group]})

    def _contact(self, row: models.Contact | models.ContactRow, group: str | None = None) -> Contact:
        phone, first, last = text(row.phone), text(row.first_name), text(row.last_name)
        off = truth(row.blacklist)
        return read_from(
            Contact(
                id=text(row.id) or "",
                phone=_phones.normal(phone, self.region) if phone else None,
                email=text(row.email),
                first_name=first,
                last_name=last,
                name=" ".join(half for half in (first, last) if half) or None,
                company=text(row.company),
                fields={name: value for name in _FIELDS if (value := text(getattr(row, name))) is not None},
                groups=(group,) if group and group != "0" else None,
                opted_out=None if off is None else frozenset(("sms",)) if off else frozenset(),
            ),
            row,
            told(row, _CONTACT, _READ),
        )


def _group(row: models.Group | models.GroupRow) -> Group:
    return read_from(Group(id=text(row.id) or "", name=text(row.name) or "", count=number(row.count)), row, _GROUP)


def _group_ids(groups: Sequence[str]) -> int | list[int]:
    ids = [int(group) for group in groups]
    return ids[0] if len(ids) == 1 else ids


def _pages(paging: object) -> int | None:
    """The number of pages, where the answer tells it."""
    return number(paging.count) if isinstance(paging, models.Paging) else None
