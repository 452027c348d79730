"""Our verbs in Vercom's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from crossbook_wire.vercom import Api, models
from msgspec import UNSET, to_builtins

from crossbook import _phones
from crossbook._pagination.strategies import Fetch
from crossbook.errors import AmbiguousMatchError, CrossbookError
from crossbook.models import Contact, ExternalId, Group, attach_raw, make_contact
from crossbook.vendor import Query, VendorAdapter
from crossbook.vendors.decoding import (
    M,
    known_fields,
    list_spellings,
    parse_bool,
    parse_datetime,
    parse_rows,
    parse_str,
)
from crossbook.vendors.vercom.batch_response import MultiStatusResponse, Names, refusal
from crossbook.vendors.vercom.profile import PAGING, PROFILE

# Ours → theirs: what is read, and of it what is written.
_READ = {
    "external_id": "externalId", "phone": "phoneNumber", "email": "email", "first_name": "firstName",
    "last_name": "lastName", "company": "companyName", "fields": "externalData", "archived": "inArchive",
    "created_at": "createdAt",
}  # fmt: skip
_WRITTEN = {ours: theirs for ours, theirs in _READ.items() if ours not in ("archived", "created_at")}
_CONTACT = frozenset(_READ) | {"id", "name"}
_CONTACT_OPTED_OUT = _CONTACT | {"opted_out"}
_GROUP = frozenset(("id", "name", "description", "external_id", "created_at"))


class VercomAdapter(VendorAdapter):
    profile = PROFILE

    def __init__(self, api: Api) -> None:
        self._api = api

    def list_contacts(self, query: Query, size: int) -> Fetch[Contact]:
        filters: dict[str, Any] = {
            "group": int(query.group) if query.group else UNSET,
            "phone_number": query.phone or UNSET,
            "email": query.email or UNSET,
            "external_id": query.external_id or UNSET,
            "in_archive": UNSET if query.archived is None else query.archived,
        }
        off: frozenset[Any] | None = frozenset((query.opted_out,)) if query.opted_out else None
        if query.opted_out:
            filters[f"is_unsubscribe_{query.opted_out}"] = True

        async def page(offset: int, limit: int) -> Sequence[models.Contact | None]:
            answer = await self._api.contacts.list_contacts(offset=offset, limit=limit, **filters)
            return self._rows(answer.data, models.Contact, "listContacts")

        return PAGING.over(page, size, partial(self._contact, opted_out=off))

    async def get_contact(self, id: str) -> Contact:
        answer = await self._api.contacts.list_contacts(id=int(id), limit=1)
        for row in self._rows(answer.data, models.Contact, "listContacts"):
            if row is not None and parse_str(row.id) == id:
                return self._contact(row)
        raise self.not_found("contact", "listContacts")

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        # Whether the vendor takes spellings of a number as equal is not documented: asked for each.
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            query: dict[str, Any] = {key: spelling}
            found += await self.fetch_all(self.list_contacts(Query(**query), PAGING.max_size))
        return found

    async def create_contact(self, contact: Contact) -> str:
        new = new_contact(contact)
        return self._touched(await self._api.contacts.create_contacts([new]), "createContacts", new)

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        fields = {name: value for name, value in changes.items() if name != "groups"}
        stored = "" if isinstance(id, ExternalId) else id
        if fields:
            data = changes_of(fields)
            update = (
                models.ContactUpdateByExternalId(externalId=id.value, data=data)
                if isinstance(id, ExternalId)
                else models.ContactUpdateById(id=id, data=data)
            )
            answer = await self._api.contacts.update_contacts([update])
            stored = self._touched(answer, "updateContacts", update)
            touched = {
                parse_str(row.id) or ""
                for row in parse_rows(answer.data, models.WrittenContact) or ()
                if row is not None
            }
            self._only(touched, "and all of them were changed")
        elif isinstance(id, ExternalId):
            matches = {match.id for match in await self.search("external_id", id.value)}
            if not matches:
                raise self.not_found("contact", "listContacts")
            stored = self._only(matches, "and none was changed")
        if "groups" in changes:
            await self.set_groups(stored, changes["groups"])
        return stored

    async def delete_contact(self, id: str) -> None:
        self._done(await self._api.contacts.delete_contacts(models.ContactIds(id=[int(id)])), "deleteContacts")

    async def groups_of(self, id: str) -> Sequence[Group]:
        answer = await self._api.contacts.list_contact_groups(id)
        return [_group(row) for row in self._rows(answer.data, models.Group, "listContactGroups") if row is not None]

    async def unsubscribe(self, id: str, channel: Any) -> None:
        body = models.ContactIds(id=[int(id)])
        self._done(await self._api.contacts.unsubscribe_contacts(channel, body), "unsubscribeContacts")

    async def resubscribe(self, id: str, channel: Any) -> None:
        body = models.ContactIds(id=[int(id)])
        self._done(await self._api.contacts.resubscribe_contacts(channel, body), "resubscribeContacts")

    def list_groups(self, size: int) -> Fetch[Group]:
        async def page(offset: int, limit: int) -> Sequence[models.Group | None]:
            answer = await self._api.groups.list_groups(offset=offset, limit=limit)
            return self._rows(answer.data, models.Group, "listGroups")

        return PAGING.over(page, size, _group)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        # The vendor demands an external id; who names none gets a random one.
        new = models.NewGroup(name=name, externalId=external_id or uuid4().hex, description=description or UNSET)
        return self._touched(await self._api.groups.create_groups([new]), "createGroups", new)

    async def rename_group(self, id: str, name: str) -> None:
        update = models.GroupUpdate(id=int(id), name=name)
        self._done(await self._api.groups.update_groups([update]), "updateGroups", update)

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        self._done(await self._api.groups.delete_groups(models.GroupIds(id=[int(id)])), "deleteGroups")

    async def add_to_group(self, group: str, id: str) -> None:
        body = models.ContactIds(id=[int(id)])
        self._done(await self._api.groups.add_group_contacts(int(group), body), "addGroupContacts")

    async def remove_from_group(self, group: str, id: str) -> None:
        body = models.ContactIds(id=[int(id)])
        self._done(await self._api.groups.remove_group_contacts(int(group), body), "removeGroupContacts")

    def _rows(self, data: object, kind: type[M], operation: str) -> list[M | None]:
        found = parse_rows(data, kind)
        if found is None:
            raise self.missing_field(operation, "data")
        return found

    def _done(self, answer: models.WrittenContacts | models.WrittenGroups, operation: str, sent: object = None) -> None:
        """Nothing of the one item that was `sent` was refused."""
        if isinstance(answer.errors, list) and answer.errors:
            meta = to_builtins(answer.meta) if isinstance(answer.meta, models.Meta) else None
            raise refusal(to_builtins(answer.errors[0]), operation, sent, meta)

    def _touched(self, answer: models.WrittenContacts | models.WrittenGroups, operation: str, sent: object) -> str:
        """The id of the one item that was written."""
        self._done(answer, operation, sent)
        kinds = (models.WrittenContact, models.WrittenGroup)
        for row in answer.data if isinstance(answer.data, list) else ():
            if isinstance(row, kinds) and (id := parse_str(row.id)):
                return id
        raise self.missing_field(operation, "the id of what was written")

    def _only(self, ids: Collection[str], what: str) -> str:
        if len(ids) > 1:
            raise AmbiguousMatchError(
                f"{len(ids)} contacts bear this external id, {what}",
                candidates=sorted(ids),
                vendor=PROFILE.vendor,
                operation="contacts.update",
                sent="yes",
            )
        return next(iter(ids))

    def _contact(self, row: models.Contact, opted_out: frozenset[Any] | None = None) -> Contact:
        # Written out, with the usual case of each field in place: a page spends half of its time here.
        external_id, phone, email, company = row.externalId, row.phoneNumber, row.email, row.companyName
        first, last, data = row.firstName, row.lastName, row.externalData
        archived, created = row.inArchive, row.createdAt
        known = _CONTACT if opted_out is None else _CONTACT_OPTED_OUT
        if (
            external_id is UNSET or phone is UNSET or email is UNSET or company is UNSET or first is UNSET
            or last is UNSET or data is UNSET or archived is UNSET or created is UNSET
        ):  # fmt: skip
            known = known_fields(row, known, _READ)
        first = first if type(first) is str and first else parse_str(first)
        last = last if type(last) is str and last else parse_str(last)
        phone = phone if type(phone) is str and phone else parse_str(phone)
        return make_contact(
            row,
            known,
            parse_str(row.id) or "",
            external_id if type(external_id) is str and external_id else parse_str(external_id),
            _phones.normalize(phone, self.region) if phone else None,
            email if type(email) is str and email else parse_str(email),
            first,
            last,
            f"{first} {last}" if first and last else first or last,
            company if type(company) is str and company else parse_str(company),
            data if isinstance(data, dict) else {},
            None,
            opted_out,
            archived if type(archived) is bool else parse_bool(archived),
            parse_datetime(created),
        )


def new_contact(contact: Contact) -> models.NewContact:
    return models.NewContact(
        **{theirs: value for ours, theirs in _WRITTEN.items() if (value := getattr(contact, ours)) is not None},
        createdAt=_date(contact.created_at) if contact.created_at else UNSET,
        addToGroup=[int(group) for group in contact.groups] if contact.groups else UNSET,
    )


def changes_of(fields: Mapping[str, Any]) -> models.ContactChanges:
    return models.ContactChanges(**{_WRITTEN[ours]: value for ours, value in fields.items()})


def _group(row: models.Group) -> Group:
    return attach_raw(
        Group(
            id=parse_str(row.id) or "",
            name=parse_str(row.name) or "",
            description=parse_str(row.description),
            external_id=parse_str(row.externalId),
            created_at=parse_datetime(row.createdAt),
        ),
        row,
        _GROUP,
    )


def _date(value: datetime) -> str:
    """As the vendor takes dates; which zone it means is not documented, UTC is what we read them in."""
    # `strftime` writes the year 5 as "5".
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")


# Vercom's native bulk: arrays in one call, the answer mapped back to each item.


Written = str | CrossbookError | None
Did = bool | CrossbookError | None


class VercomBulk(VercomAdapter):
    """The verbs for many at once. An item is answered with its id (or True), with what the vendor said against it, or
    with None where the answer does not tell."""

    async def create_contacts(self, contacts: Sequence[Contact]) -> Sequence[Written]:
        news = [new_contact(contact) for contact in contacts]
        names = [Names.of(new.externalId, new.email, new.phoneNumber) for new in news]
        answered = MultiStatusResponse(await self._api.contacts.create_contacts(news), "createContacts", names, news)
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
        answered = MultiStatusResponse(await self._api.contacts.update_contacts(body), "updateContacts", names, body)
        return [self._updated(answered, item) for item in names]

    def _updated(self, answered: MultiStatusResponse, item: Names) -> Written:
        ids = answered.ids(item)
        if len(ids) > 1:
            try:
                return self._only(ids, "and all of them were changed")
            except AmbiguousMatchError as error:
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
    answered = MultiStatusResponse(answer, operation, names)
    return [bool(answered.ids(item)) or answered.refusal(item) or answered.silent or None for item in names]
