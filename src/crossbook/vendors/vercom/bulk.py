"""Vercom's native bulk: arrays in one call, the answer mapped back to each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossbook_wire.vercom import models

from crossbook.errors import Ambiguous, CrossbookError
from crossbook.models import Contact, ExternalId
from crossbook.vendors.vercom.answers import Answered, Names
from crossbook.vendors.vercom.verbs import VercomVerbs, changes_of, new_contact

Written = str | CrossbookError | None
Did = bool | CrossbookError | None


class VercomBulk(VercomVerbs):
    """The verbs for many at once. An item is answered with its id (or True), with what the vendor said against it, or
    with None where the answer does not tell."""

    async def create_contacts(self, contacts: Sequence[Contact]) -> Sequence[Written]:
        news = [new_contact(contact) for contact in contacts]
        names = [Names.of(new.externalId, new.email, new.phoneNumber) for new in news]
        answered = Answered(await self._api.contacts.create_contacts(news), "createContacts", names, news)
        outcomes: list[Written] = [
            ids[0] if len(ids := answered.ids(item)) == 1 else answered.refusal(item) for item in names
        ]
        return answered.in_order(outcomes)

    async def update_contacts(self, updates: Sequence[tuple[str | ExternalId, Mapping[str, Any]]]) -> Sequence[Written]:
        body: list[models.ContactUpdateById | models.ContactUpdateByExternalId] = [
            models.ContactUpdateByExternalId(externalId=id.value, data=changes_of(changes))
            if isinstance(id, ExternalId)
            else models.ContactUpdateById(id=id, data=changes_of(changes))
            for id, changes in updates
        ]
        names = [Names.of(id.value) if isinstance(id, ExternalId) else Names(id=id) for id, _ in updates]
        answered = Answered(await self._api.contacts.update_contacts(body), "updateContacts", names, body)
        return [self._updated(answered, item) for item in names]

    def _updated(self, answered: Answered, item: Names) -> Written:
        ids = answered.ids(item)
        if len(ids) > 1:
            try:
                return self._only(ids, "and all of them were changed")
            except Ambiguous as error:
                return error
        return ids[0] if ids else answered.refusal(item) or (item.id if answered.silent else None)

    async def delete_contacts(self, ids: Sequence[str]) -> Sequence[Did]:
        return _each(await self._api.contacts.delete_contacts(_body(ids)), "deleteContacts", ids)

    async def unsubscribe_contacts(self, ids: Sequence[str], channel: Any) -> Sequence[Did]:
        answer = await self._api.contacts.unsubscribe_contacts(channel, _body(ids))
        return _each(answer, "unsubscribeContacts", ids)

    async def resubscribe_contacts(self, ids: Sequence[str], channel: Any) -> Sequence[Did]:
        answer = await self._api.contacts.resubscribe_contacts(channel, _body(ids))
        return _each(answer, "resubscribeContacts", ids)

    async def add_all_to_group(self, group: str, ids: Sequence[str]) -> Sequence[Did]:
        return _each(await self._api.groups.add_group_contacts(int(group), _body(ids)), "addGroupContacts", ids)

    async def remove_all_from_group(self, group: str, ids: Sequence[str]) -> Sequence[Did]:
        return _each(await self._api.groups.remove_group_contacts(int(group), _body(ids)), "removeGroupContacts", ids)


def _body(ids: Sequence[str]) -> models.ContactIds:
    return models.ContactIds(id=[int(id) for id in ids])


def _each(answer: models.WrittenContacts | models.WrittenGroups, operation: str, ids: Sequence[str]) -> list[Did]:
    """For calls on ids: done, if the answer names it or has nothing to say at all; refused, if an error names it."""
    names = [Names(id=id) for id in ids]
    answered = Answered(answer, operation, names)
    return [bool(answered.ids(item)) or answered.refusal(item) or answered.silent or None for item in names]
