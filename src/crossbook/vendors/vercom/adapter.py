"""The adapter of Vercom: crossbook's methods as calls of Vercom's API, the only one with bulk requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from crossbook_wire.http import Request, Response, Send
from crossbook_wire.vercom import Api, models
from crossbook_wire.vercom.api import ContactsApi
from msgspec import UNSET

from crossbook import _phones
from crossbook.errors import AmbiguousMatchError, CrossbookError, InvalidResponseError, RejectedError
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
    parse_list,
    parse_object,
    parse_str,
)
from crossbook.vendors.vercom.multi_status import (
    ItemIdentity,
    MultiStatusResponse,
    WriteResponse,
    count_errors,
    make_error,
    read_errors,
    read_meta,
)
from crossbook.vendors.vercom.profile import FIELDS, PAGING, PROFILE

# Our field → the member of a request, and of a response. Requests have other members for groups and `created_at`.
_WRITTEN = {ours: theirs for theirs, ours in FIELDS.items() if ours not in ("groups", "created_at")}
_READ = {**_WRITTEN, "archived": "inArchive", "created_at": "createdAt"}
_CONTACT = frozenset(_READ) | {"id", "name"}
_CONTACT_OPTED_OUT = _CONTACT | {"opted_out"}
_GROUP = frozenset(("id", "name", "description", "external_id", "created_at"))

WriteOutcome = str | CrossbookError | None
ChangeOutcome = bool | CrossbookError | None
ReadBack = Callable[[], Awaitable[Collection[str]]]
"""Reads what a write changed, and returns the ids of the contacts or groups that are in the wanted state."""


class VercomAdapter(VendorAdapter):
    """Crossbook's methods at Vercom. Methods on one item raise errors; methods on many items return them as outcomes.

    An outcome is the id (or True), the vendor's error, or None if the response does not tell.

    A success (2xx) of this vendor can hide a refusal: it counts errors, or has no row for the written item. Then an
    idempotent write is read back: in the wanted state it is done, otherwise it is uncertain. A batch looks creates up.

    Args:
        api: the vendor's operations.
        send: sends a request of an operation, and returns its response with the HTTP status.
    """

    profile = PROFILE

    def __init__(self, api: Api, send: Send) -> None:
        self._api = api
        self._send = send

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

        read = self._contact if opted_out is None else partial(self._contact, opted_out=opted_out)
        return PAGING.over(page, size, read)

    async def get_contact(self, id: str) -> Contact:
        row = await self._find_row(id)
        if row is None:
            raise self.not_found("contact", "listContacts")
        return self._contact(row)

    async def _find_row(self, id: str, **filters: Any) -> models.Contact | None:
        """Return the row of the contact with this id that matches the filters, or None."""
        response = await self._api.contacts.list_contacts(id=int(id), limit=1, **filters)
        rows = [row for row in self._rows(response.data, models.Contact, "listContacts") if row is not None]
        for row in rows:
            if parse_str(row.id) == id:
                return row
        for row in rows:
            self.check_same_id(self.require_id(row.id, "listContacts", "data.id"), id, "listContacts", "data.id")
        return None

    async def search(self, key: str, value: str) -> Sequence[Contact]:
        # It is not documented whether the filter treats spellings of a number as equal: it gets each spelling.
        found: list[Contact] = []
        for spelling in list_spellings(key, value):
            query: dict[str, Any] = {key: spelling}
            found += await self.fetch_all(self.list_contacts(Query(**query), PAGING.max_size))
        return found

    async def create_contact(self, contact: Contact) -> str:
        new = _new_contact(contact)
        try:
            response, status = await self._create([new])
        except RejectedError as error:
            raise _unconfirmed(error) from None
        return self._written_id(response, "createContacts", new, external_id=new.externalId, status=status)

    async def create_contacts(self, contacts: Sequence[Contact]) -> Sequence[WriteOutcome]:
        new = [_new_contact(contact) for contact in contacts]
        items = [ItemIdentity.of(each.externalId, each.email, each.phoneNumber) for each in new]
        try:
            body, status = await self._create(new)
        except RejectedError as error:
            doubt = _unconfirmed(error)
            if doubt is error:
                raise
            # Not raised: the batch would send each half of the array again.
            return [doubt] * len(new)
        response = MultiStatusResponse(body, "createContacts", items, new)
        response.eliminate()
        outcomes = response.fill_in_order(
            [ids[0] if len(ids := response.ids(item)) == 1 else response.error(item) for item in items]
        )
        # After status 207 a batch never sends a create again. Otherwise None lets the batch look an item up and repeat.
        unmentioned = response.make_doubt() if status == 207 and None in outcomes else None
        return [unmentioned if outcome is None else outcome for outcome in outcomes]

    async def _create(self, new: list[models.NewContact]) -> tuple[models.WrittenContacts, int]:
        """Send an array of creates. Return the decoded response and its HTTP status, which the model lacks."""
        status = 0

        async def send(request: Request) -> Response:
            nonlocal status
            response = await self._send(request)
            status = response.status
            return response

        return await ContactsApi(send).create_contacts(new), status

    async def update_contact(self, id: str | ExternalId, changes: Mapping[str, Any]) -> str:
        fields = {name: value for name, value in changes.items() if name != "groups"}
        stored = "" if isinstance(id, ExternalId) else id
        if fields:
            update = _update(id, fields)
            named: dict[str, str] = {} if isinstance(id, ExternalId) else {"id": id}
            if isinstance(id, ExternalId) and "external_id" not in fields:
                named = {"external_id": id.value}
            ids = await self._confirm(
                self._api.contacts.update_contacts([update]), "updateContacts",
                partial(self._find_updated, id, fields), update, **named,
            )  # fmt: skip
            stored = _only(ids, "and all of them were changed")
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
        written, doubt = await self._send_all(self._api.contacts.update_contacts(body))
        response = MultiStatusResponse(written, "updateContacts", items, body)
        outcomes: list[WriteOutcome] = []
        for item, (id, changes) in zip(items, updates, strict=True):
            ids, error = response.ids(item), response.error(item)
            if response.hides_refusal and error is None:
                ids, error = list(await self._read_back(partial(self._find_updated, id, changes))), doubt
            outcomes.append(_ambiguous(ids, "and all of them were changed") if len(ids) > 1 else next(iter(ids), error))
        return outcomes

    async def delete_contact(self, id: str) -> None:
        await self._confirm(
            self._api.contacts.delete_contacts(_ids([id])), "deleteContacts", partial(self._find_deleted, id),
            id=id,
        )  # fmt: skip

    async def delete_contacts(self, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        return await self._confirm_all(
            self._api.contacts.delete_contacts(_ids(ids)), "deleteContacts", self._find_deleted, ids
        )

    async def groups_of(self, id: str) -> Sequence[Group]:
        response = await self._api.contacts.list_contact_groups(id)
        return [_group(row) for row in self._rows(response.data, models.Group, "listContactGroups") if row is not None]

    async def unsubscribe(self, id: str, channel: Any) -> None:
        await self._confirm(
            self._api.contacts.unsubscribe_contacts(channel, _ids([id])), "unsubscribeContacts",
            partial(self._find_with_consent, id, channel=channel, unsubscribed=True), id=id,
        )  # fmt: skip

    async def unsubscribe_contacts(self, ids: Sequence[str], channel: Any) -> Sequence[ChangeOutcome]:
        return await self._confirm_all(
            self._api.contacts.unsubscribe_contacts(channel, _ids(ids)), "unsubscribeContacts",
            partial(self._find_with_consent, channel=channel, unsubscribed=True), ids,
        )  # fmt: skip

    async def read_opt_outs(self, contact: Contact, channels: frozenset[str]) -> frozenset[str]:
        # Only filters show opt-outs.
        return frozenset({
            channel
            for channel in sorted(channels)
            if await self._find_row(contact.id, **{f"is_unsubscribe_{channel}": True}) is not None
        })  # fmt: skip

    async def resubscribe(self, id: str, channel: Any, *, shared_phone: bool) -> None:
        # Vercom stores opt-outs by contact, so it does not matter who else has the phone number.
        await self._confirm(
            self._api.contacts.resubscribe_contacts(channel, _ids([id])), "resubscribeContacts",
            partial(self._find_with_consent, id, channel=channel, unsubscribed=False), id=id,
        )  # fmt: skip

    async def resubscribe_contacts(
        self, ids: Sequence[str], channel: Any, *, shared_phone: bool
    ) -> Sequence[ChangeOutcome]:
        return await self._confirm_all(
            self._api.contacts.resubscribe_contacts(channel, _ids(ids)), "resubscribeContacts",
            partial(self._find_with_consent, channel=channel, unsubscribed=False), ids,
        )  # fmt: skip

    def list_groups(self, size: int) -> Fetch[Group]:
        async def page(offset: int, limit: int) -> Sequence[models.Group | None]:
            response = await self._api.groups.list_groups(offset=offset, limit=limit)
            return self._rows(response.data, models.Group, "listGroups")

        return PAGING.over(page, size, _group)

    async def create_group(self, name: str, description: str | None, external_id: str | None) -> str:
        # The vendor requires an external id. Without one from the caller, a random one is sent.
        new = models.NewGroup(name=name, externalId=external_id or uuid4().hex, description=description or UNSET)
        try:
            response = await self._api.groups.create_groups([new])
            return self._written_id(response, "createGroups", new, external_id=external_id)
        except (RejectedError, InvalidResponseError) as error:
            doubt = _unconfirmed(error)
        if external_id is None and isinstance(doubt, InvalidResponseError):
            # Only this call can have made a group with the random external id.
            found = await self._read_back(partial(self._find_groups, external_id=new.externalId))
            if len(found) == 1:
                return next(iter(found))
        raise doubt

    async def rename_group(self, id: str, name: str) -> None:
        update = models.GroupUpdate(id=int(id), name=name)
        await self._confirm(
            self._api.groups.update_groups([update]), "updateGroups",
            partial(self._find_groups, id=id, name=name), update, id=id,
        )  # fmt: skip

    async def delete_group(self, id: str, *, with_contacts: bool) -> None:
        deletion = self._api.groups.delete_groups(models.GroupIds(id=[int(id)]))
        await self._confirm(deletion, "deleteGroups", partial(self._find_deleted_group, id), id=id)

    async def delete_groups(self, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        deletion = self._api.groups.delete_groups(models.GroupIds(id=[int(id) for id in ids]))
        return await self._confirm_all(deletion, "deleteGroups", self._find_deleted_group, ids)

    async def add_to_group(self, group: str, id: str) -> None:
        await self._confirm(
            self._api.groups.add_group_contacts(int(group), _ids([id])), "addGroupContacts",
            partial(self._find_in_group, id, group=group, inside=True), id=id,
        )  # fmt: skip

    async def add_all_to_group(self, group: str, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        return await self._confirm_all(
            self._api.groups.add_group_contacts(int(group), _ids(ids)), "addGroupContacts",
            partial(self._find_in_group, group=group, inside=True), ids,
        )  # fmt: skip

    async def remove_from_group(self, group: str, id: str) -> None:
        await self._confirm(
            self._api.groups.remove_group_contacts(int(group), _ids([id])), "removeGroupContacts",
            partial(self._find_in_group, id, group=group, inside=False), id=id,
        )  # fmt: skip

    async def remove_all_from_group(self, group: str, ids: Sequence[str]) -> Sequence[ChangeOutcome]:
        return await self._confirm_all(
            self._api.groups.remove_group_contacts(int(group), _ids(ids)), "removeGroupContacts",
            partial(self._find_in_group, group=group, inside=False), ids,
        )  # fmt: skip

    async def _find_updated(self, id: str | ExternalId, changes: Mapping[str, Any]) -> Collection[str]:
        """Return the ids of the named contacts if all of them have the changed values, else nothing."""
        if isinstance(id, ExternalId):
            found = await self.search("external_id", changes.get("external_id") or id.value)
        else:
            found = [await self.get_contact(id)]
        return {each.id for each in found} if all(self._has_values(each, changes) for each in found) else ()

    def _has_values(self, contact: Contact, values: Mapping[str, Any]) -> bool:
        wanted = dict(values)
        fields: Mapping[str, Any] = wanted.pop("fields", None) or {}
        stored = contact.fields or {}
        if wanted.get("phone"):
            wanted["phone"] = _phones.normalize(wanted["phone"], self.region)
        return all(getattr(contact, name) == value for name, value in wanted.items()) and all(
            stored.get(name) == value for name, value in fields.items()
        )

    async def _find_deleted(self, id: str) -> Collection[str]:
        return (id,) if await self._find_row(id) is None else ()

    async def _find_deleted_group(self, id: str) -> Collection[str]:
        return () if await self._find_groups(id=id) else (id,)

    async def _find_with_consent(self, id: str, *, channel: str, unsubscribed: bool) -> Collection[str]:
        for each in sorted(PROFILE.channels) if channel == "all" else (channel,):
            if await self._find_row(id, **{f"is_unsubscribe_{each}": unsubscribed}) is None:
                return ()
        return (id,)

    async def _find_in_group(self, id: str, *, group: str, inside: bool) -> Collection[str]:
        return (id,) if (await self._find_row(id, group=int(group)) is not None) is inside else ()

    async def _find_groups(self, **values: str) -> Collection[str]:
        groups: list[Group] = await self.fetch_all(self.list_groups(PAGING.max_size))
        return {each.id for each in groups if all(getattr(each, name) == value for name, value in values.items())}

    def _rows(self, data: object, model: type[M], operation: str) -> list[M | None]:
        return self.require_rows(data, model, operation, "data")

    async def _confirm(
        self,
        call: Awaitable[WriteResponse],
        operation: str,
        read: ReadBack,
        sent: object = None,
        *,
        id: Scalar = None,
        external_id: Scalar = None,
    ) -> Collection[str]:
        """Send an idempotent write of one item, and return the ids in its rows, or those that a read back confirms.

        Raises:
            RejectedError, NotFoundError: the vendor refused the item.
            InvalidResponseError: the response hides a refusal and the item is not in the wanted state, or cannot be
                read; or a row is about another item.
        """
        doubt: CrossbookError
        try:
            response = await call
        except (RejectedError, InvalidResponseError) as error:
            doubt = _unconfirmed(error)
            if not (isinstance(doubt, InvalidResponseError) and _is_success(doubt)):
                raise
        else:
            self._check_response(response, operation, sent, id=id, external_id=external_id)
            ids = {stored for row in _written_rows(response) if (stored := parse_str(row.id) or parse_str(id))}
            if ids and not count_errors(response):
                return ids
            doubt = self._make_doubt(response, operation)
        if found := await self._read_back(read):
            return found
        raise doubt

    async def _confirm_all(
        self,
        call: Awaitable[WriteResponse],
        operation: str,
        read: Callable[[str], Awaitable[Collection[str]]],
        ids: Sequence[str],
    ) -> list[ChangeOutcome]:
        """Send an idempotent write of several ids. Return for each id: True if it is confirmed, its error or None.

        An id without a row or error in the response gets None, so that the batch sends it again in its own call.
        """
        items = [ItemIdentity(id=id) for id in ids]
        written, doubt = await self._send_all(call)
        response = MultiStatusResponse(written, operation, items)
        outcomes: list[ChangeOutcome] = []
        for id, item in zip(ids, items, strict=True):
            confirmed, error = bool(response.ids(item)), response.error(item)
            if response.hides_refusal and error is None:
                confirmed, error = bool(await self._read_back(partial(read, id))), doubt
            outcomes.append(confirmed or error)
        return outcomes

    async def _send_all(self, call: Awaitable[WriteResponse]) -> tuple[WriteResponse, CrossbookError | None]:
        """Send an idempotent write. A success without a readable body counts as a response that confirms nothing."""
        try:
            return await call, None
        except InvalidResponseError as error:
            if not _is_success(error):
                raise
            return models.WrittenContacts(), error

    async def _read_back(self, read: ReadBack) -> Collection[str]:
        """Return what `read` finds in the wanted state. If it cannot be read, the write stays unconfirmed."""
        try:
            return await read()
        except CrossbookError:
            return ()

    def _check_response(
        self,
        response: WriteResponse,
        operation: str,
        sent: object = None,
        *,
        id: Scalar = None,
        external_id: Scalar = None,
    ) -> None:
        """Raise the error that a 207 reports, or InvalidResponseError if a row is about an item not requested."""
        if isinstance(response.errors, list) and response.errors:
            raise make_error(read_errors(response)[0], operation, sent, read_meta(response))
        for row in _written_rows(response):
            self.check_same_id(row.id, id, operation, "data.id")
            self.check_same_id(row.externalId, external_id, operation, "data.externalId")

    def _written_id(
        self, response: WriteResponse, operation: str, sent: object, *, external_id: Scalar, status: int = 200
    ) -> str:
        """Return the id of the created contact or group from the response to a create of one item. Raise its error.

        The error has the id of the only row, if there is one: then the item exists, and a part of it was refused.
        """
        ids = {id for row in _written_rows(response) if (id := parse_str(row.id))}
        stored = next(iter(ids)) if len(ids) == 1 else None
        try:
            self._check_response(response, operation, sent, external_id=external_id)
        except RejectedError as error:
            error.id = stored
            raise
        counted = getattr(response.meta, "numberOfErrors", 0)  # almost always 0, then there is nothing to count
        if stored is None or (counted not in (0, None, UNSET) and count_errors(response)):
            doubt = self._make_doubt(response, operation, status)
            doubt.id = stored
            raise doubt
        return stored

    def _make_doubt(self, response: WriteResponse, operation: str, status: int = 200) -> InvalidResponseError:
        """Return the error of a write of one item whose response has no row, several rows, or counts errors."""
        counted = count_errors(response)
        error = self.missing_field(operation, "data.id")
        if len(rows := _written_rows(response)) > 1:
            error.message = f"the response has {len(rows)} rows for one item"
        if counted:
            error.message = f"the response counts {counted} errors and does not name them"
        error.status = status
        return error

    def _contact(self, row: models.Contact, opted_out: frozenset[Any] | None = None) -> Contact:
        # Half of a page's time is spent here. A row with the usual types needs no call for each of its fields.
        given: Any = row
        external_id, phone, email, company = given.externalId, given.phoneNumber, given.email, given.companyName
        first, last, archived = given.firstName, given.lastName, given.inArchive
        data = row.externalData
        known = _CONTACT if opted_out is None else _CONTACT_OPTED_OUT
        if not (
            type(external_id) is type(phone) is type(email) is type(company) is type(first) is type(last) is str
            and type(data) is dict and type(archived) is bool and given.createdAt is not UNSET
        ):  # fmt: skip
            known = known_fields(row, known, _READ)
            external_id, phone, email = parse_str(external_id), parse_str(phone), parse_str(email)
            company, first, last = parse_str(company), parse_str(first), parse_str(last)
            data, archived = parse_object(data), parse_bool(archived)
        return make_contact(
            row,
            known,
            row.id if type(row.id) is str else parse_str(row.id) or "",
            external_id or None,
            _phones.normalize(phone, self.region) if phone else None,
            email or None,
            first or None,
            last or None,
            f"{first} {last}" if first and last else first or last or None,
            company or None,
            data,
            None,
            opted_out,
            archived,
            parse_datetime(row.createdAt),
        )


def _written_rows(response: WriteResponse) -> list[models.WrittenContact | models.WrittenGroup]:
    return [row for row in parse_list(response.data) if isinstance(row, models.WrittenContact | models.WrittenGroup)]


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


def _is_success(error: CrossbookError) -> bool:
    """Return whether this error came with a status of success (2xx), so that the write may have happened."""
    return error.status is not None and error.status < 300


def _unconfirmed(error: RejectedError | InvalidResponseError) -> CrossbookError:
    """Return a refusal that came with a status of success as the error of a write that may have happened."""
    if isinstance(error, InvalidResponseError) or not _is_success(error) or error.status == 207:
        return error
    return InvalidResponseError(
        f"the response has a status of success and an error: {error.message}",
        vendor=PROFILE.vendor, operation=error.operation, status=error.status, code=error.code, field=error.field,
        request_id=error.request_id, sent="yes", attempts=error.attempts,
    )  # fmt: skip


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
