"""Translate crossbook's methods into calls of Letterbox's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from crossbook import Contact, ExternalId
from crossbook.vendor import (
    Fetch,
    Query,
    VendorAdapter,
    attach_raw,
    join_name,
    known_fields,
    list_spellings,
    map_rows,
    parse_model,
    parse_str,
)
from examples.letterbox.profile import PAGING, PROFILE
from examples.letterbox.wire.letterbox import Api, models

# Our fields and the names of the generated models, which are those of the spec where Python can use them.
_NAMES = {
    "email": "address",
    "first_name": "first_name",
    "last_name": "last_name",
    "phone": "phone",
    "company": "from_",
    "fields": "class_",
}
_CONTACT = frozenset(_NAMES) | {"id", "name"}


class LetterboxAdapter(VendorAdapter):
    """One method for each operation that the profile supports."""

    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        """Return the function that fetches one page."""

        async def page(offset: int, limit: int) -> Sequence[Contact | None]:
            response = await self._api.addressees.list_addressees(
                id=query.email or UNSET, phone=query.phone or UNSET, page_offset=offset, page_limit=limit
            )
            rows = self.require_rows(response.items, models.Addressee, "listAddressees", "@items")
            return await map_rows(rows, _contact)

        return PAGING.over(page, size)

    async def get_contact(self, id: str) -> Contact:
        """Return one contact."""
        addressee = self._addressee(await self._api.addressees.get_addressee(id), "getAddressee")
        self.check_same_id(addressee.address, id, "getAddressee", "addressee.@id")
        return _contact(addressee)

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        """Search for each spelling, since it is not documented how the vendor compares values."""
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            query = Query(email=spelling) if key == "email" else Query(phone=spelling)
            found += await self.fetch_all(self.list_contacts(query, PAGING.max_size))
        return list({contact.id: contact for contact in found}.values())

    async def create_contact(self, contact: Contact) -> str:
        """Create a contact and return its id."""
        new = models.NewAddressee(
            address=contact.email or "",
            first_name=contact.first_name or UNSET,
            last_name=contact.last_name or UNSET,
            phone=contact.phone or UNSET,
            from_=contact.company or UNSET,
            class_=(contact.fields or {}).get("class") or UNSET,
        )
        addressee = self._addressee(await self._api.addressees.create_addressee(new), "createAddressee")
        return self.require_id(addressee.address, "createAddressee", "addressee.@id")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        """Change the given fields, and return the id: the e-mail address, also if that changed."""
        assert isinstance(id, str)
        changed = {**changes, "fields": changes.get("fields", {}).get("class", UNSET)}
        wire = {_NAMES[name]: value for name, value in self.encode_cleared(changed).items()}
        await self._api.addressees.update_addressee(id, models.AddresseeChanges(**wire), prefer="return=minimal")
        return str(changes.get("email", id))

    async def delete_contact(self, id: str) -> None:
        """Delete a contact."""
        await self._api.addressees.delete_addressee(id)

    def _addressee(self, response: models.OneAddressee, operation: str) -> models.Addressee:
        addressee = parse_model(response.addressee, models.Addressee)
        if addressee is None:
            raise self.missing_field(operation, "addressee")
        return addressee


def _contact(row: models.Addressee) -> Contact:
    first, last, postage = parse_str(row.first_name), parse_str(row.last_name), parse_str(row.class_)
    contact = Contact(
        id=parse_str(row.address) or "",
        email=parse_str(row.address),
        first_name=first,
        last_name=last,
        name=join_name(first, last),
        phone=parse_str(row.phone),
        company=parse_str(row.from_),
        fields={"class": postage} if postage else {},
    )
    return attach_raw(contact, row, known_fields(row, _CONTACT, _NAMES))
