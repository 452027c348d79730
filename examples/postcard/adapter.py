"""Translate crossbook's methods into calls of Postcard's API."""

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
    known_fields,
    list_spellings,
    map_rows,
    parse_model,
    parse_str,
)
from examples.postcard.profile import PAGING, PROFILE
from examples.postcard.wire.postcard import Api, models

_READ = {"email": "email", "name": "name", "company": "company"}
_CONTACT = frozenset(_READ) | {"id"}


class PostcardAdapter(VendorAdapter):
    """One method for each operation that the profile supports."""

    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        """Return the function that fetches one page."""

        async def page(offset: int, limit: int) -> Sequence[Contact | None]:
            response = await self._api.people.list_people(offset=offset, limit=limit, email=query.email or UNSET)
            return await map_rows(self.require_rows(response.people, models.Person, "listPeople", "people"), _contact)

        return PAGING.over(page, size)

    async def get_contact(self, id: str) -> Contact:
        """Return one contact."""
        person = self._person(await self._api.people.get_person(id), "getPerson")
        self.check_same_id(person.id, id, "getPerson", "person.id")
        return _contact(person)

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        """Search for each spelling, since it is not documented how the vendor compares addresses."""
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            found += await self.fetch_all(self.list_contacts(Query(email=spelling), PAGING.max_size))
        return found

    async def create_contact(self, contact: Contact) -> str:
        """Create a contact and return its id."""
        new = models.NewPerson(email=contact.email or "", name=contact.name or "", company=contact.company or UNSET)
        return self._id(await self._api.people.create_person(new), "createPerson")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        """Change the given fields; null clears a field."""
        assert isinstance(id, str)
        response = await self._api.people.update_person(id, models.PersonChanges(**self.encode_cleared(changes)))
        self.check_same_id(self._id(response, "updatePerson"), id, "updatePerson", "person.id")
        return id

    async def delete_contact(self, id: str) -> None:
        """Delete a contact."""
        await self._api.people.delete_person(id)

    def _person(self, response: models.PersonAnswer, operation: str) -> models.Person:
        person = parse_model(response.person, models.Person)
        if person is None:
            raise self.missing_field(operation, "person")
        return person

    def _id(self, response: models.PersonAnswer, operation: str) -> str:
        return self.require_id(self._person(response, operation).id, operation, "person.id")


def _contact(row: models.Person) -> Contact:
    contact = Contact(
        id=parse_str(row.id) or "",
        email=parse_str(row.email),
        name=parse_str(row.name),
        company=parse_str(row.company),
    )
    return attach_raw(contact, row, known_fields(row, _CONTACT, _READ))
