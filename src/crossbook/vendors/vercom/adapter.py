"""The adapter of Vercom: crossbook's methods as calls of Vercom's API, the only one with bulk requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from crossbook_wire.vercom import Api, models
from msgspec import UNSET, to_builtins

from crossbook import _phones
from crossbook.errors import AmbiguousMatchError, CrossbookError
from crossbook.models import Contact, ExternalId, Group, attach_raw, make_contact
from crossbook.vendor import (
    Fetch,
    M,
    Query,
    Scalar,
    VendorAdapter,
    known_fields,
    list_spellings,
    parse_bool,
    parse_datetime,
    parse_rows,
    parse_str,
)
from crossbook.vendors.vercom.multi_status import ItemIdentity, MultiStatusResponse, WriteResponse, make_error
from crossbook.vendors.vercom.profile import FIELDS, PAGING, PROFILE

# Our field → the member of a request, and of a response. Requests have other members for groups and `created_at`.
_WRITTEN = {ours: theirs for theirs, ours in FIELDS.items() if ours not in ("groups", "created_at")}
_READ = {**_WRITTEN, "archived": "inArchive", "created_at": "createdAt"}
_CONTACT = frozenset(_READ) | {"id", "name"}
_CONTACT_OPTED_OUT = _CONTACT | {"opted_out"}
_GROUP = frozenset(("id", "name", "description", "external_id", "created_at"))

WriteOutcome = str | CrossbookError | None
ChangeOutcome = bool | CrossbookError | None


class VercomAdapter(VendorAdapter):
    """Crossbook's methods at Vercom. Methods on one item raise errors; methods on many items return them as outcomes.

    An outcome is the id (or True), the vendor's error, or None if the response does not tell.
    """

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
        opted_out: frozenset[Any] | None = frozenset((query.opted_out,)) if query.opted_out else None
        if query.opted_out:
            filters[f"is_unsubscribe_{query.opted_out}"] = True

        async def page(offset: int, limit: int) -> Sequence[models.Contact | None]:
            response = await self._api.contacts.list_contacts(offset=offset, limit=limit, **filters)
            return self._rows(response.data, models.Contact, "listContacts")

        return PAGING.over(page, size, partial(self._contact, opted_out=opted_out))

    async def get_contact(self, id: str) -> Contact:
        response = await self._api.contacts.list_contacts(id=int(id), limit=1)
        rows = [row for row in self._rows(response.data, models.Contact, "listContacts") if row is not None]
        for row in rows:
            if parse_str(row.id) == id:
                return self._contact(row)
        for row in rows:
            self.check_same_id(self.require_id(row.id, "listContacts", "data.id"), id, "listContacts", "data.id")
        raise self.not_found("contact", "listContacts")

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        # It is not documented whether the filter treats spellings of a number as equal: it gets each spelling.
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            query: dict[str, Any] = {key: spelling}
            found += await self.fetch_all(self.list_contacts(Query(**query), PAGING.max_size))
        return found

    async def create_contact(self, contact: Contact) -> str:
        new = _new_contact(contact)
        response = await self._api.contacts.create_contacts([new])
        return self._written_id(response, "createContacts", new, external_id=new.externalId)

    async def create_contacts(self, contacts: Sequence[Contact]) -> Sequence[WriteOutcome]:
        new = [_new_contact(contact) for contact in contacts]
        items = [ItemIdentity.of(each.externalId, each.email, each.phoneNumber) for each in new]
        response = MultiStatusResponse(await self._api.contacts.create_contacts(new), "createContacts", items, new)
        return response.fill_in_order(
            [ids[0] if len(ids := response.ids(item)) == 1 else response.error(item) for item in items]
        )

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        fields = {name: value for name, value in changes.items() if name != "groups"}
        stored = "" if isinstance(id, ExternalId) else id
        if fields:
            update = _update(id, fields)
            response = await self._api.contacts.update_contacts([update])
            named = {"external_id": id.value} if isinstance(id, ExternalId) else {"id": id}
            stored = self._written_id(response, "updateContacts", update, **named)
            rows = parse_rows(response.data, models.WrittenContact) or ()
            _only({parse_str(row.id) or "" for row in rows if row is not None}, "and all of them were changed")
        elif isinstance(id, ExternalId):
            matches = {match.id for match in await self.search("external_id", id.value)}
            if not matches:
                raise self.not_found("contact", "listContacts")
            stored = _only(matches, "and none was changed")
        if "groups" in changes:
            await self.set_groups(stored, changes["groups"])
        return stored

    async def update_contacts(
        self, updates: Sequence[tuple[str | ExternalId, Mapping[str, Any]]]
    ) -> Sequence[WriteOutcome]:
        body = [_update(id, changes) for id, changes in updates]
        items = [ItemIdentity.of(id.value) if isinstance(id, ExternalId) else ItemIdentity(id=id) for id, _ in updates]
        response = MultiStatusResponse(await self._api.contacts.update_contacts(body), "updateContacts", items, body)
        return [self._update_outcome(response, item) for item in items]

    def _update_outcome(self, response: MultiStatusResponse, item: ItemIdentity) -> WriteOutcome:
        ids = response.ids(item)
        if len(ids) > 1:
            return _ambiguous(ids, "and all of them were changed")
        return ids[0] if ids else response.error(item) or (item.id if response.is_empty else None)

    async def delete_contact(self, id: str) -> None:
        self._check_response(await self._api.contacts.delete_contacts(_ids([id])), "deleteContacts", id=id)

    async def delete_contacts(self, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        return _outcomes(await self._api.contacts.delete_contacts(_ids(ids)), "deleteContacts", ids)

    async def groups_of(self, id: str) -> Sequence[Group]:
        response = await self._api.contacts.list_contact_groups(id)
        return [_group(row) for row in self._rows(response.data, models.Group, "listContactGroups") if row is not None]

    async def unsubscribe(self, id: str, channel: Any) -> None:
        response = await self._api.contacts.unsubscribe_contacts(channel, _ids([id]))
        self._check_response(response, "unsubscribeContacts", id=id)

    async def unsubscribe_contacts(self, ids: Sequence[str], channel: Any) -> Sequence[ChangeOutcome]:
        response = await self._api.contacts.unsubscribe_contacts(channel, _ids(ids))
        return _outcomes(response, "unsubscribeContacts", ids)

    async def resubscribe(self, id: str, channel: Any, *, shared_phone: bool) -> None:
        # Vercom stores opt-outs by contact, so it does not matter who else has the phone number.
        response = await self._api.contacts.resubscribe_contacts(channel, _ids([id]))
        self._check_response(response, "resubscribeContacts", id=id)

    async def resubscribe_contacts(
        self, ids: Sequence[str], channel: Any, *, shared_phone: bool
    ) -> Sequence[ChangeOutcome]:
        response = await self._api.contacts.resubscribe_contacts(channel, _ids(ids))
        return _outcomes(response, "resubscribeContacts", ids)

    def list_groups(self, size: int) -> Fetch[Group]:
        async def page(offset: int, limit: int) -> Sequence[models.Group | None]:
            response = await self._api.groups.list_groups(offset=offset, limit=limit)
            return self._rows(response.data, models.Group, "listGroups")

        return PAGING.over(page, size, _group)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        # The vendor requires an external id. Without one from the caller, a random one is sent.
        new = models.NewGroup(name=name, externalId=external_id or uuid4().hex, description=description or UNSET)
        response = await self._api.groups.create_groups([new])
        return self._written_id(response, "createGroups", new, external_id=external_id)

    async def rename_group(self, id: str, name: str) -> None:
        update = models.GroupUpdate(id=int(id), name=name)
        self._check_response(await self._api.groups.update_groups([update]), "updateGroups", update, id=id)

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        response = await self._api.groups.delete_groups(models.GroupIds(id=[int(id)]))
        self._check_response(response, "deleteGroups", id=id)

    async def add_to_group(self, group: str, id: str) -> None:
        response = await self._api.groups.add_group_contacts(int(group), _ids([id]))
        self._check_response(response, "addGroupContacts", id=id)

    async def add_all_to_group(self, group: str, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        return _outcomes(await self._api.groups.add_group_contacts(int(group), _ids(ids)), "addGroupContacts", ids)

    async def remove_from_group(self, group: str, id: str) -> None:
        response = await self._api.groups.remove_group_contacts(int(group), _ids([id]))
        self._check_response(response, "removeGroupContacts", id=id)

    async def remove_all_from_group(self, group: str, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        response = await self._api.groups.remove_group_contacts(int(group), _ids(ids))
        return _outcomes(response, "removeGroupContacts", ids)

    def _rows(self, data: object, model: type[M], operation: str) -> list[M | None]:
        return self.require_rows(data, model, operation, "data")

    def _check_response(
        self,
        response: WriteResponse,
        operation: str,
        sent: object = None,
        *,
        id: Scalar = None,
        external_id: Scalar = None,
    ) -> None:
        """Raise the error that a response reports, or InvalidResponseError if a row is about an item not requested."""
        if isinstance(response.errors, list) and response.errors:
            meta = to_builtins(response.meta) if isinstance(response.meta, models.Meta) else None
            raise make_error(to_builtins(response.errors[0]), operation, sent, meta)
        for row in _written_rows(response):
            self.check_same_id(row.id, id, operation, "data.id")
            self.check_same_id(row.externalId, external_id, operation, "data.externalId")

    def _written_id(
        self, response: WriteResponse, operation: str, sent: object, *, id: Scalar = None, external_id: Scalar = None
    ) -> str:
        """Return the id of the written contact or group from the response to a write of one item. Raise its error."""
        self._check_response(response, operation, sent, id=id, external_id=external_id)
        for row in _written_rows(response):
            if stored := parse_str(row.id):
                return stored
        raise self.missing_field(operation, "data.id")

    def _contact(self, row: models.Contact, opted_out: frozenset[Any] | None = None) -> Contact:
        # Half of a page's time is spent here, so the usual type of each field is tested in place, without a call.
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


def _written_rows(response: WriteResponse) -> list[models.WrittenContact | models.WrittenGroup]:
    rows = response.data if isinstance(response.data, list) else ()
    return [row for row in rows if isinstance(row, models.WrittenContact | models.WrittenGroup)]


def _new_contact(contact: Contact) -> models.NewContact:
    return models.NewContact(
        **{theirs: value for ours, theirs in _WRITTEN.items() if (value := getattr(contact, ours)) is not None},
        createdAt=_encode_datetime(contact.created_at) if contact.created_at else UNSET,
        addToGroup=[int(group) for group in contact.groups] if contact.groups else UNSET,
    )


def _update(
    id: str | ExternalId, changes: Mapping[str, Any]
) -> models.ContactUpdateById | models.ContactUpdateByExternalId:
    data = models.ContactChanges(**{_WRITTEN[name]: value for name, value in changes.items()})
    if isinstance(id, ExternalId):
        return models.ContactUpdateByExternalId(externalId=id.value, data=data)
    return models.ContactUpdateById(id=id, data=data)


def _ids(ids: Sequence[str]) -> models.ContactIds:
    return models.ContactIds(id=[int(id) for id in ids])


def _outcomes(response: WriteResponse, operation: str, ids: Sequence[str]) -> list[ChangeOutcome]:
    """Return for each id: True if a row or an empty response confirms the change, else the id's error, else None."""
    items = [ItemIdentity(id=id) for id in ids]
    answered = MultiStatusResponse(response, operation, items)
    return [bool(answered.ids(item)) or answered.error(item) or answered.is_empty or None for item in items]


def _only(ids: Collection[str], consequence: str) -> str:
    """Return the only one of the ids that match. Raise AmbiguousMatchError if there are several."""
    if len(ids) > 1:
        raise _ambiguous(ids, consequence)
    return next(iter(ids))


def _ambiguous(ids: Collection[str], consequence: str) -> AmbiguousMatchError:
    return AmbiguousMatchError(
        f"{len(ids)} contacts have this external id, {consequence}: pass one of their Vercom ids (error.candidates)",
        candidates=sorted(ids), vendor=PROFILE.vendor, operation="contacts.update", sent="yes",
    )  # fmt: skip


def _group(row: models.Group) -> Group:
    group = Group(
        id=parse_str(row.id) or "",
        name=parse_str(row.name) or "",
        description=parse_str(row.description),
        external_id=parse_str(row.externalId),
        created_at=parse_datetime(row.createdAt),
    )
    return attach_raw(group, row, _GROUP)


def _encode_datetime(value: datetime) -> str:
    """Return a time as text in the vendor's format, in UTC. The vendor documents no time zone."""
    # Not `strftime`, which writes the year 5 as "5".
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
