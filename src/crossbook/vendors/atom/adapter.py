"""Our verbs in Atom's words. Its address books are our groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossbook_wire.atom import Api, models
from msgspec import UNSET

from crossbook import _phones
from crossbook._pagination.strategies import Fetch
from crossbook._validation import encode_phone
from crossbook.errors import InvalidInputError, NotFoundError
from crossbook.models import Contact, ExternalId, Group, attach_raw
from crossbook.vendor import Query, VendorAdapter
from crossbook.vendors.atom.profile import GROUP_PAGING, PAGING, PROFILE
from crossbook.vendors.decoding import known_fields, map_rows, parse_rows, parse_str

_LISTED = {"phone": "phone_number", "first_name": "first_name", "last_name": "last_name"}
_DETAIL = {**_LISTED, "company": "company"}
_CUSTOM = ("custom_1", "custom_2", "custom_3", "custom_4")
_GROUP = frozenset(("id", "name"))


class AtomAdapter(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        async def groups() -> Sequence[str]:
            return [query.group] if query.group else [group.id for group in await self._groups()]

        async def contacts(group: str) -> Sequence[Contact | None]:
            listed = await self._contacts(group, gone_is_empty=query.group is None)
            if not query.full:
                return listed
            return [contact and await self._detailed(contact, group) for contact in listed]

        return PAGING.over(groups, contacts, size)

    async def get_contact(self, id: str) -> Contact:
        answer = await self._api.contacts.get_contact(models.ContactTextId(id=id))
        found = answer.result.contact if isinstance(answer.result, models.ContactResult) else None
        if not isinstance(found, models.Contact):
            raise self.missing_field("getContact", "the contact")
        return self._contact(found)

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        return await self.fetch_all(self.list_contacts(Query(), PAGING.max_size))

    async def create_contact(self, contact: Contact) -> str:
        (group,) = contact.groups or ("",)
        fields = {name: getattr(contact, name) for name in ("first_name", "last_name", "company")}
        new = models.NewContact(
            group_id=int(group),
            phone_number=encode_phone(PROFILE, contact.phone or "", self.region),
            **{name: value for name, value in (fields | dict(contact.fields or {})).items() if value is not None},
        )
        return self._id(await self._api.contacts.create_contact(new), "createContact")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        assert isinstance(id, str)
        fields = self.encode_cleared({_DETAIL[name]: value for name, value in changes.items() if name in _DETAIL})
        fields |= self.encode_cleared(changes.get("fields", {}))
        if "phone_number" in fields:
            fields["phone_number"] = encode_phone(PROFILE, fields["phone_number"], self.region)
        group = int(changes["groups"][0]) if "groups" in changes else UNSET
        await self._api.contacts.update_contact(models.ContactChanges(id=int(id), group_id=group, **fields))
        return id

    async def delete_contact(self, id: str) -> None:
        await self._api.contacts.delete_contact(models.ContactId(id=int(id)))

    async def groups_of(self, id: str) -> Sequence[Group]:
        for group in await self._groups():
            if any(contact is not None and contact.id == id for contact in await self._contacts(group.id)):
                return (group,)
        raise self.not_found("contact", "getAddressBook")

    def list_groups(self, size: int) -> Fetch[Group]:
        return GROUP_PAGING.over(self._groups, size)

    async def get_group(self, id: str) -> Group:
        found = await self._address_book(id)
        count = parse_rows(found.contacts, models.ListedContact)
        group = Group(
            id=parse_str(found.id) or id, name=parse_str(found.name) or "", count=None if count is None else len(count)
        )
        return attach_raw(group, found, _GROUP | {"count"} if count is not None else _GROUP)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        answer = await self._api.address_books.create_address_book(models.NewAddressBook(name=name))
        id = parse_str(answer.result.id) if isinstance(answer.result, models.AddressBook) else None
        if id is None:
            raise self.missing_field("createAddressBook", "the new id")
        return id

    async def rename_group(self, id: str, name: str) -> None:
        await self._api.address_books.update_address_book(models.AddressBookChanges(id=int(id), name=name))

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        if not with_contacts and await self._contacts(id):
            raise InvalidInputError(
                "this group is not empty, and its contacts cannot be without one: pass with_contacts=True to delete "
                "them too, or move them first",
                field="with_contacts", vendor=PROFILE.vendor, operation="groups.delete",
            )  # fmt: skip
        await self._api.address_books.delete_address_book(models.AddressBookId(id=int(id)))

    async def _groups(self) -> list[Group]:
        answer = await self._api.address_books.list_address_books()
        found = parse_rows(answer.result, models.AddressBook)
        if found is None:
            raise self.missing_field("listAddressBooks", "result")
        return [
            attach_raw(Group(id=parse_str(row.id) or "", name=parse_str(row.name) or ""), row, _GROUP)
            for row in found
            if row is not None
        ]

    async def _address_book(self, id: str) -> models.AddressBookDetail:
        answer = await self._api.address_books.get_address_book(models.AddressBookId(id=int(id)))
        if not isinstance(answer.result, models.AddressBookDetail):
            raise self.missing_field("getAddressBook", "result")
        return answer.result

    async def _contacts(self, group: str, *, gone_is_empty: bool = True) -> list[Contact | None]:
        try:
            found = parse_rows((await self._address_book(group)).contacts, models.ListedContact)
        except NotFoundError:
            # Deleted since the groups were listed.
            if gone_is_empty:
                return []
            raise
        if found is None:
            raise self.missing_field("getAddressBook", "contacts")
        return await map_rows(found, lambda row: self._listed(row, group))

    async def _detailed(self, contact: Contact, group: str) -> Contact | None:
        try:
            answer = await self._api.contacts.get_contact(models.ContactTextId(id=contact.id))
        except NotFoundError:
            return None  # deleted since it was listed
        found = answer.result.contact if isinstance(answer.result, models.ContactResult) else None
        if not isinstance(found, models.Contact):
            raise self.missing_field("getContact", "the contact")
        return self._contact(found, group)

    def _id(self, answer: models.IdAnswer, operation: str) -> str:
        id = parse_str(answer.result.id) if isinstance(answer.result, models.IdResult) else None
        if id is None:
            raise self.missing_field(operation, "the new id")
        return id

    def _listed(self, row: models.ListedContact, group: str) -> Contact:
        fields = frozenset(_LISTED) | {"id", "name", "groups"}
        return attach_raw(Contact(**self._common(row), groups=(group,)), row, known_fields(row, fields, _LISTED))

    def _contact(self, row: models.Contact, group: str | None = None) -> Contact:
        fields = frozenset(_DETAIL) | {"id", "name", "fields"} | ({"groups"} if group else set[str]())
        custom = {name: value for name in _CUSTOM if (value := parse_str(getattr(row, name))) is not None}
        return attach_raw(
            Contact(
                **self._common(row), company=parse_str(row.company), fields=custom, groups=(group,) if group else None
            ),
            row,
            known_fields(row, fields, _DETAIL),
        )

    def _common(self, row: models.ListedContact | models.Contact) -> dict[str, Any]:
        phone, first, last = parse_str(row.phone_number), parse_str(row.first_name), parse_str(row.last_name)
        return {
            "id": parse_str(row.id) or "",
            "phone": _phones.normalize(phone, self.region) if phone else None,
            "first_name": first,
            "last_name": last,
            "name": " ".join(half for half in (first, last) if half) or None,
        }
