"""Our verbs in Postcard's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from crossbook._pagination.strategies import Fetch
from crossbook.models import Contact, ExternalId, attach_raw
from crossbook.vendor import Query, VendorAdapter
from crossbook.vendors.decoding import known_fields, list_spellings, map_rows, parse_rows, parse_str
from examples.postcard.profile import PAGING, PROFILE
from examples.postcard.wire.postcard import Api, models

_READ = {"email": "email", "name": "name", "company": "company"}
_CONTACT = frozenset(_READ) | {"id"}


class PostcardAdapter(VendorAdapter):
    """Each verb is a call; what the profile calls unsupported never comes here."""

    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        """Page by page, as the profile's paging asks for them."""

        async def page(offset: int, limit: int) -> Sequence[Contact | None]:
            answer = await self._api.people.list_people(offset=offset, limit=limit, email=query.email or UNSET)
            found = parse_rows(answer.people, models.Person)
            if found is None:
                raise self.missing_field("listPeople", "people")
            return await map_rows(found, _contact)

        return PAGING.over(page, size)

    async def get_contact(self, id: str) -> Contact:
        """One call."""
        return _contact(self._person(await self._api.people.get_person(id), "getPerson"))

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        """Whether the vendor compares addresses as we do is not documented: asked for each spelling."""
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            found += await self.fetch_all(self.list_contacts(Query(email=spelling), PAGING.max_size))
        return found

    async def create_contact(self, contact: Contact) -> str:
        """One call; the answer is the whole person."""
        new = models.NewPerson(email=contact.email or "", name=contact.name or "", company=contact.company or UNSET)
        return self._id(await self._api.people.create_person(new), "createPerson")

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        """One call; null empties."""
        assert isinstance(id, str)
        answer = await self._api.people.update_person(id, models.PersonChanges(**self.encode_cleared(changes)))
        return self._id(answer, "updatePerson")

    async def delete_contact(self, id: str) -> None:
        """One call."""
        await self._api.people.delete_person(id)

    def _person(self, answer: models.PersonAnswer, operation: str) -> models.Person:
        if not isinstance(answer.person, models.Person):
            raise self.missing_field(operation, "the person")
        return answer.person

    def _id(self, answer: models.PersonAnswer, operation: str) -> str:
        id = parse_str(self._person(answer, operation).id)
        if id is None:
            raise self.missing_field(operation, "the person's id")
        return id


def _contact(row: models.Person) -> Contact:
    contact = Contact(
        id=parse_str(row.id) or "", email=parse_str(row.email), name=parse_str(row.name), company=parse_str(row.company)
    )
    return attach_raw(contact, row, known_fields(row, _CONTACT, _READ))
