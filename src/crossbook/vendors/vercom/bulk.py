"""Vercom's native bulk: arrays in one call, the answer mapped back to each item."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from crossbook_wire.vercom import models
from msgspec import to_builtins

from crossbook.core import redact
from crossbook.core.card import as_object
from crossbook.errors import CrossbookError, Rejected
from crossbook.models import Contact, ExternalId
from crossbook.vendors.base import text
from crossbook.vendors.vercom.card import CARD, complaint
from crossbook.vendors.vercom.verbs import VercomVerbs, changes_of, new_contact

Written = str | CrossbookError | None
Answer = models.WrittenContacts | models.WrittenGroups


class VercomBulk(VercomVerbs):
    """The verbs for many at once. An item is answered with its id, with what the vendor said against it, or with None
    where the answer does not tell."""

    async def create_contacts(self, contacts: Sequence[Contact]) -> Sequence[Written]:
        news = [new_contact(contact) for contact in contacts]
        answer = await self._api.contacts.create_contacts(news)
        names = [
            {name for name in (new.externalId, new.email, new.phoneNumber) if isinstance(name, str)} for new in news
        ]
        return _mapped(answer, "createContacts", names, by_id=False)

    async def update_contacts(self, updates: Sequence[tuple[str | ExternalId, Mapping[str, Any]]]) -> Sequence[Written]:
        body: list[models.ContactUpdateById | models.ContactUpdateByExternalId] = [
            models.ContactUpdateByExternalId(externalId=id.value, data=changes_of(changes))
            if isinstance(id, ExternalId)
            else models.ContactUpdateById(id=id, data=changes_of(changes))
            for id, changes in updates
        ]
        answer = await self._api.contacts.update_contacts(body)
        names = [{id.value if isinstance(id, ExternalId) else id} for id, _ in updates]
        return _mapped(answer, "updateContacts", names, by_id=True)

    async def delete_contacts(self, ids: Sequence[str]) -> Sequence[bool | CrossbookError]:
        return _each(await self._api.contacts.delete_contacts(_ids(ids)), "deleteContacts", ids)

    async def unsubscribe_contacts(self, ids: Sequence[str], channel: Any) -> Sequence[bool | CrossbookError]:
        answer = await self._api.contacts.unsubscribe_contacts(channel, _ids(ids))
        return _each(answer, "unsubscribeContacts", ids)

    async def resubscribe_contacts(self, ids: Sequence[str], channel: Any) -> Sequence[bool | CrossbookError]:
        answer = await self._api.contacts.resubscribe_contacts(channel, _ids(ids))
        return _each(answer, "resubscribeContacts", ids)

    async def add_all_to_group(self, group: str, ids: Sequence[str]) -> Sequence[bool | CrossbookError]:
        return _each(await self._api.groups.add_group_contacts(int(group), _ids(ids)), "addGroupContacts", ids)

    async def remove_all_from_group(self, group: str, ids: Sequence[str]) -> Sequence[bool | CrossbookError]:
        return _each(await self._api.groups.remove_group_contacts(int(group), _ids(ids)), "removeGroupContacts", ids)


def _ids(ids: Sequence[str]) -> models.ContactIds:
    return models.ContactIds(id=[int(id) for id in ids])


def _mapped(answer: Answer, operation: str, names: Sequence[Collection[object]], *, by_id: bool) -> list[Written]:
    """The answer's ids and errors, each to the item that bears its name (external id, id, e-mail or phone).

    Items without a name in the answer are told by their order (inferred), but only where that leaves no doubt.
    """
    outcomes: list[Written] = [None] * len(names)
    items: dict[object, list[int]] = {}
    for index, known in enumerate(names):
        for name in known:
            items.setdefault(name, []).append(index)
    nameless = False
    for problem in answer.errors if isinstance(answer.errors, list) else ():
        said = to_builtins(problem)
        item = _free(items, outcomes, _source(said))
        nameless |= item is None
        if item is not None:
            outcomes[item] = _refusal(said, operation)
    left: list[str] = []
    for row in answer.data if isinstance(answer.data, list) else ():
        if not isinstance(row, (models.WrittenContact, models.WrittenGroup)) or (id := text(row.id)) is None:
            nameless = True
            continue
        item = _free(items, outcomes, text(row.externalId))
        if item is None and by_id:
            item = _free(items, outcomes, id)
        if item is None:
            left.append(id)
        else:
            outcomes[item] = id
    open_items = [index for index, outcome in enumerate(outcomes) if outcome is None]
    if not nameless and len(left) == len(open_items):
        for index, id in zip(open_items, left, strict=True):
            outcomes[index] = id
    return outcomes


def _each(answer: Answer, operation: str, ids: Sequence[str]) -> list[bool | CrossbookError]:
    """For calls on ids: done, but for those that an error names."""
    refused: dict[str, CrossbookError] = {}
    for problem in answer.errors if isinstance(answer.errors, list) else ():
        said = to_builtins(problem)
        refused[_source(said) or ""] = _refusal(said, operation)
    return [refused.get(id, True) for id in ids]


def _free(items: Mapping[object, Sequence[int]], outcomes: Sequence[Written], name: str | None) -> int | None:
    return next((index for index in items.get(name or "", ()) if outcomes[index] is None), None)


def _source(problem: Any) -> str | None:
    source = as_object(as_object(problem).get("meta")).get("source")
    return None if source is None else str(source)


def _refusal(problem: Any, operation: str) -> Rejected:
    said = complaint(problem)
    return Rejected(
        redact.text(said.message),
        vendor=CARD.vendor, operation=operation, status=207, code=said.code, field=said.field, sent="yes",
    )  # fmt: skip
