"""The adapter of Atom: crossbook's methods as calls of Atom's API. Its address books are crossbook's groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossbook_wire.atom import Api, models
from msgspec import UNSET

from crossbook import _phones
from crossbook.errors import InvalidInputError, NotFoundError
from crossbook.models import Contact, ExternalId, Group, attach_raw
from crossbook.vendor import (
    Fetch,
    Query,
    Scalar,
    VendorAdapter,
    encode_phone,
    join_name,
    known_fields,
    map_rows,
    parse_model,
    parse_rows,
    parse_str,
)
from crossbook.vendors.atom.profile import CUSTOM_FIELDS, GROUP_PAGING, PAGING, PROFILE

# Our field → the member of a response: of a row in an address book, and of a single contact.
_LISTED = {"phone": "phone_number", "first_name": "first_name", "last_name": "last_name"}
_DETAIL = {**_LISTED, "company": "company"}
_GROUP = frozenset(("id", "name"))
_RESULTS = (models.IdResult, models.AddressBook, models.RenamedAddressBook)


class AtomAdapter(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        async def groups() -> Sequence[str]:
            return [query.group] if query.group else [group.id for group in await self._groups()]

        async def contacts(group: str) -> Sequence[Contact | None]:
            listed = await self._contacts(group, missing_group_is_empty=query.group is None)
            if not query.full:
                return listed
            return [contact and await self._fetch_detail(contact, group) for contact in listed]

        return PAGING.over(groups, contacts, size)

    async def get_contact(self, id: str) -> Contact:
        return self._contact(await self._row(id))

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
        response = await self._api.contacts.create_contact(new)
        return self.require_id(_result_id(response.result), "createContact", "result.id")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        assert isinstance(id, str)
        fields = self.encode_cleared({_DETAIL[name]: value for name, value in changes.items() if name in _DETAIL})
        fields |= self.encode_cleared(changes.get("fields", {}))
        if "phone_number" in fields:
            fields["phone_number"] = encode_phone(PROFILE, fields["phone_number"], self.region)
        group = int(changes["groups"][0]) if "groups" in changes else UNSET
        response = await self._api.contacts.update_contact(models.ContactChanges(id=int(id), group_id=group, **fields))
        self.check_same_id(_result_id(response.result), id, "updateContact", "result.id")
        return id

    async def delete_contact(self, id: str) -> None:
        response = await self._api.contacts.delete_contact(models.ContactId(id=int(id)))
        self.check_same_id(_result_id(response.result), id, "deleteContact", "result.id")

    async def groups_of(self, id: str) -> Sequence[Group]:
        for group in await self._groups():
            if any(contact is not None and contact.id == id for contact in await self._contacts(group.id)):
                return (group,)
        raise self.not_found("contact", "getAddressBook")

    def list_groups(self, size: int) -> Fetch[Group]:
        return GROUP_PAGING.over(self._groups, size)

    async def get_group(self, id: str) -> Group:
        found = await self._address_book(id)
        contacts = parse_rows(found.contacts, models.ListedContact)
        count = None if contacts is None else len(contacts)
        group = Group(id=parse_str(found.id) or id, name=parse_str(found.name) or "", count=count)
        return attach_raw(group, found, _GROUP if count is None else _GROUP | {"count"})

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        response = await self._api.address_books.create_address_book(models.NewAddressBook(name=name))
        return self.require_id(_result_id(response.result), "createAddressBook", "result.id")

    async def rename_group(self, id: str, name: str) -> None:
        response = await self._api.address_books.update_address_book(models.AddressBookChanges(id=int(id), name=name))
        self.check_same_id(_result_id(response.result), id, "updateAddressBook", "result.id")

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        if not with_contacts and await self._contacts(id):
            raise InvalidInputError(
                "this group is not empty, and each contact needs a group: move its contacts to another group first, or "
                "pass with_contacts=True to delete them",
                field="with_contacts", vendor=PROFILE.vendor, operation="groups.delete",
            )  # fmt: skip
        response = await self._api.address_books.delete_address_book(models.AddressBookId(id=int(id)))
        self.check_same_id(_result_id(response.result), id, "deleteAddressBook", "result.id")

    async def _groups(self) -> list[Group]:
        response = await self._api.address_books.list_address_books()
        rows = self.require_rows(response.result, models.AddressBook, "listAddressBooks", "result")
        return [
            attach_raw(Group(id=parse_str(row.id) or "", name=parse_str(row.name) or ""), row, _GROUP)
            for row in rows
            if row is not None
        ]

    async def _address_book(self, id: str) -> models.AddressBookDetail:
        response = await self._api.address_books.get_address_book(models.AddressBookId(id=int(id)))
        book = parse_model(response.result, models.AddressBookDetail)
        if book is None:
            raise self.missing_field("getAddressBook", "result")
        self.check_same_id(book.id, id, "getAddressBook", "result.id")
        return book

    async def _contacts(self, group: str, *, missing_group_is_empty: bool = True) -> list[Contact | None]:
        try:
            book = await self._address_book(group)
        except NotFoundError:
            if missing_group_is_empty:  # the group was deleted after it was listed
                return []
            raise
        rows = self.require_rows(book.contacts, models.ListedContact, "getAddressBook", "result.contacts")
        return await map_rows(rows, lambda row: self._listed_contact(row, group))

    async def _row(self, id: str) -> models.Contact:
        response = await self._api.contacts.get_contact(models.ContactTextId(id=id))
        result = parse_model(response.result, models.ContactResult)
        row = None if result is None else parse_model(result.contact, models.Contact)
        if row is None:
            raise self.missing_field("getContact", "result.contact")
        self.check_same_id(row.id, id, "getContact", "result.contact.id")
        return row

    async def _fetch_detail(self, contact: Contact, group: str) -> Contact | None:
        try:
            return self._contact(await self._row(contact.id), group)
        except NotFoundError:
            return None  # the contact was deleted after it was listed

    def _listed_contact(self, row: models.ListedContact, group: str) -> Contact:
        fields = frozenset(_LISTED) | {"id", "name", "groups"}
        return attach_raw(Contact(**self._common(row), groups=(group,)), row, known_fields(row, fields, _LISTED))

    def _contact(self, row: models.Contact, group: str | None = None) -> Contact:
        fields = frozenset(_DETAIL) | {"id", "name", "fields"} | ({"groups"} if group else set[str]())
        custom = {name: value for name in CUSTOM_FIELDS if (value := parse_str(getattr(row, name))) is not None}
        groups = (group,) if group else None
        contact = Contact(**self._common(row), company=parse_str(row.company), fields=custom, groups=groups)
        return attach_raw(contact, row, known_fields(row, fields, _DETAIL))

    def _common(self, row: models.ListedContact | models.Contact) -> dict[str, Any]:
        phone, first, last = parse_str(row.phone_number), parse_str(row.first_name), parse_str(row.last_name)
        return {
            "id": parse_str(row.id) or "",
            "phone": _phones.normalize(phone, self.region) if phone else None,
            "first_name": first,
            "last_name": last,
            "name": join_name(first, last),
        }


def _result_id(result: object) -> Scalar:
    return result.id if isinstance(result, _RESULTS) else None
