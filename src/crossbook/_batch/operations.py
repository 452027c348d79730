"""Define the operations of batches: how each checks an item, and writes it alone or with others in one bulk call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Generic, Literal, TypeVar, get_args

import anyio
from attrs import define

from crossbook import _validation
from crossbook._batch.results import Status
from crossbook.errors import (
    AuthError,
    CrossbookError,
    InvalidInputError,
    NotFoundError,
    RateLimitError,
    UnsupportedError,
)
from crossbook.models import Contact, ExternalId, attach_raw

I = TypeVar("I")  # noqa: E741  (an item of the source)
OnOptedOut = Literal["skip", "unsubscribe", "error"]
Changes = tuple[str | ExternalId, Mapping[str, Any]]


@define
class Completed:
    """A certain outcome of an item that is not an error: created, updated, deleted, skipped …"""

    status: Status
    id: str | None = None
    contact: Contact | None = None


ItemResponse = Completed | CrossbookError | None
"""What a response says about one item. None: the response says nothing about the item."""


@define
class PreparedItem:
    """A checked item: it is ready to be written, or has an outcome that the check already determined.

    Attributes:
        value: the arguments of the adapter's method.
        id: the id of the contact, if it is known before the write.
        key: items with the same key are never in flight together. No personal data: an id or a hash.
        other_keys: hashes of the contact's further match keys, if the batch has match="auto". They are only locked.
        unhashed_keys: the personal data from which `key` and `other_keys` are hashed.
        contact: the contact as it is written.
        dropped_fields, write_only_fields: as in `Result`.
        outcome: an outcome that is known without a request: an error of the check, or a skipped item.
        bulk_group: only items with an equal value may share a native call.
        alone: whether the item cannot share a native call at all.
        unmatched: whether the batch has match="auto", and the contact has none of the vendor's match keys.
        opted_out: the channels that the contact opted out of, according to the source.
        opt_out: the channels that the batch opts the contact out of, at the vendor. If it is empty and `opted_out` is
            not, the contact is only looked up, and skipped.
        person: the contact as the source has it, if a suppression list is asked for it.
    """

    value: Any
    id: str | None = None
    key: str | None = None
    other_keys: Sequence[str] = ()
    unhashed_keys: Sequence[str] = ()
    contact: Contact | None = None
    dropped_fields: tuple[str, ...] = ()
    write_only_fields: tuple[str, ...] = ()
    outcome: Completed | CrossbookError | None = None
    bulk_group: Any = None
    alone: bool = False
    unmatched: bool = False
    opted_out: frozenset[str] = frozenset()
    opt_out: frozenset[str] = frozenset()
    person: Contact | None = None

    def list_keys(self) -> tuple[str, ...]:
        """Return all keys: no other item with one of them may be in flight."""
        return () if self.key is None else (self.key, *self.other_keys)


class BatchOperation(ABC, Generic[I]):
    """An operation of a batch, such as `contacts.create`: checks each item and calls the adapter's method for it.

    Args:
        capability: the capability's name in the profile, which has the size of a native bulk call.
        adapter: the vendor's adapter.

    Attributes:
        check_consent: asks the book's suppression list about the items of a chunk, before they are decided; None
            without a list. It gets the items, and whether nothing may be written.
    """

    status: Status
    check_consent: Callable[..., Awaitable[None]] | None = None
    creates = False  # a repeated write could make a second contact
    overwrites = False  # of two items with one key, the later item must be written last

    def __init__(self, capability: str, adapter: Any) -> None:
        self.capability = capability
        self.adapter = adapter
        self.profile = adapter.profile
        self.bulk_size: int = self.profile.capability(capability).bulk_size

    @abstractmethod
    def prepare(self, item: I) -> PreparedItem:
        """Check the item and return it in prepared form. Raise InvalidInputError if the vendor cannot take it."""

    def find_unsupported_fields(self, item: I) -> tuple[str, ...]:
        """Return the names of the item's fields that the vendor cannot store."""
        return ()

    @abstractmethod
    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        """Write one item and return its outcome. `again`: an earlier attempt may have succeeded."""

    async def write_many(self, items: Sequence[PreparedItem], *, again: bool) -> list[ItemResponse]:
        """Write several items in one bulk call of the vendor, and return what the response says about each item."""
        responses = await self._call_bulk(items)
        return [
            self._read_response(item, response, again=again)
            for item, response in zip(items, responses, strict=True)
        ]  # fmt: skip

    @abstractmethod
    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        """Send one bulk call. Return per item an id, True or an error, or None if the response does not mention it."""

    def _read_response(self, item: PreparedItem, response: Any, *, again: bool) -> ItemResponse:
        if response is True:
            return Completed(self.status, item.id)
        return Completed(self.status, response, item.contact) if isinstance(response, str) else response


class IdOperation(BatchOperation[str]):
    """A batch operation whose items are ids: delete, unsubscribe or resubscribe contacts, or delete groups.

    If the capability is to be read back (`Capability.read_back`), the response to a bulk call says too little: it is
    unknown what the vendor does with one wrong id among others, or with more ids than it takes. The rules of a run:

    - After the first call of a size, and after any call that failed, each id is read back. Other calls of that size
      wait for the first.
    - An id that is gone is `deleted`. An id that is still there, or that cannot be read, is deleted in a call of its
      own.
    - If not all ids of a call are gone, all further ids of the run are deleted in calls of their own.

    Args:
        capability, adapter: as in `BatchOperation`.
        status: the status of an item that was written.
        one: writes one id.
        many: writes several ids in one call.
        read: reads the record of an id, and raises NotFoundError if it is gone.
        kind: "id" for ids of contacts, "group" for ids of groups.
    """

    def __init__(
        self,
        capability: str,
        adapter: Any,
        status: Status,
        one: Callable[[str], Any],
        many: Callable[[list[str]], Any],
        *,
        read: Callable[[str], Any],
        kind: Literal["id", "group"] = "id",
    ) -> None:
        super().__init__(capability, adapter)
        self.status = status
        self.call = one
        self._many = many
        self._read = read
        self._kind: Literal["id", "group"] = kind
        self._read_back = self.profile.capability(capability).read_back
        self._verified_size = 0  # the largest number of ids of a call that deleted all of them
        self._verifying = anyio.Lock()

    def replace_call(self, one: Callable[[str], Any]) -> None:
        """Write each id by this call, alone."""
        self.call, self.bulk_size = one, 1

    def prepare(self, item: str) -> PreparedItem:
        id = _validation.check_id(self.profile, self._kind, item)
        return PreparedItem(id, id=id, key=id)

    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        try:
            await self.call(item.value)
        except CrossbookError as error:
            if not self._is_deleted(error, again=again):
                raise
        return Completed(self.status, item.id)

    async def write_many(self, items: Sequence[PreparedItem], *, again: bool) -> list[ItemResponse]:
        if not self._read_back:
            return await super().write_many(items, again=again)
        async with self._verifying if len(items) > self._verified_size else nullcontext():
            if self.bulk_size > 1:
                return await self._write_and_read_back(items, again=again)
        return [await self._write_alone(item, again=again) for item in items]

    async def _write_and_read_back(self, items: Sequence[PreparedItem], *, again: bool) -> list[ItemResponse]:
        error: CrossbookError | None = None
        responses: list[ItemResponse] = []
        try:
            responses = await super().write_many(items, again=again)
        except CrossbookError as raised:
            if raised.sent == "no" or isinstance(raised, (AuthError, RateLimitError)):
                raise  # the vendor did not process the call
            error = raised
        succeeded = error is None and _are_completed(responses)
        if succeeded and len(items) <= self._verified_size:
            return responses
        responses = await self._find_deleted(items, error)
        if not _are_completed(responses):
            self.bulk_size = 1
        elif succeeded:
            self._verified_size = len(items)
        return responses

    async def _find_deleted(self, items: Sequence[PreparedItem], error: CrossbookError | None) -> list[ItemResponse]:
        """Read the items of a bulk call back. Return `deleted` for each that is gone, and None for the others.

        If an item cannot be read, the rest gets the error of the bulk call if that call may have written, else None.
        """
        responses: list[ItemResponse] = []
        for item in items:
            try:
                await self._read(item.value)
                responses.append(None)
            except NotFoundError:
                responses.append(Completed(self.status, item.id))
            except CrossbookError:
                unread = None if error is None or error.writes_nothing else error
                return responses + [unread] * (len(items) - len(responses))
        return responses

    async def _write_alone(self, item: PreparedItem, *, again: bool) -> ItemResponse:
        try:
            return await self.write_one(item, again=again)
        except CrossbookError as error:
            return error

    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        return await self._many([item.value for item in items])  # type: ignore[no-any-return]

    def _read_response(self, item: PreparedItem, response: Any, *, again: bool) -> ItemResponse:
        return super()._read_response(
            item, response is True or self._is_deleted(response, again=again) or response, again=again
        )

    def _is_deleted(self, response: object, *, again: bool) -> bool:
        """Return whether a "not found" error means that an earlier delete, whose response was lost, succeeded."""
        return (
            self.status == "deleted"
            and isinstance(response, NotFoundError)
            and (again or response.earlier == "maybe")
        )  # fmt: skip


def _are_completed(responses: Sequence[ItemResponse]) -> bool:
    return all(isinstance(response, Completed) for response in responses)


class Membership(BatchOperation[tuple[str, str]]):
    """A batch operation whose items are pairs of a group id and a contact id: `groups.add` or `groups.remove`."""

    status = "done"

    def __init__(self, capability: str, adapter: Any, one: Callable[[str, str], Any], many: Callable[..., Any]) -> None:
        super().__init__(capability, adapter)
        self._one = one
        self._many = many

    def prepare(self, item: tuple[str, str]) -> PreparedItem:
        group, id = _check_pair(self.profile, item, "(group, id)")
        group, id = _validation.check_id(self.profile, "group", group), _validation.check_id(self.profile, "id", id)
        return PreparedItem((group, id), id=id, key=id, bulk_group=group)

    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        await self._one(*item.value)
        return Completed("done", item.id)

    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        return await self._many(items[0].bulk_group, [item.id for item in items])  # type: ignore[no-any-return]


class Create(BatchOperation[Contact]):
    """The batch operation `contacts.create`, with the update that an upsert sends when the contact exists.

    Args:
        adapter: the vendor's adapter.
        on_unsupported_field: as in `create_many`.
        group: the group of a contact that names no group, if the vendor requires one.
        on_opted_out: what to do with a contact that opted out.
        is_listed: whether the book has a suppression list, which can hold opt-outs that the vendor cannot.

    Attributes:
        find_listed: returns for each contact the channels that the list has; None without a list.
    """

    status = "created"
    creates = True

    def __init__(
        self,
        adapter: Any,
        on_unsupported_field: _validation.OnUnsupportedField,
        group: str | None,
        *,
        on_opted_out: OnOptedOut,
        is_listed: bool = False,
    ) -> None:
        super().__init__("contacts.create", adapter)
        self.find_listed: Callable[[Sequence[Contact]], Awaitable[Sequence[frozenset[str]]]] | None = None
        _validation.check_on_unsupported_field(self.profile, on_unsupported_field)
        if on_opted_out not in get_args(OnOptedOut):
            raise InvalidInputError(
                "on_opted_out must be one of 'skip', 'unsubscribe', 'error'", field="on_opted_out",
                vendor=self.profile.vendor,
            )  # fmt: skip
        is_unsupported = self.profile.capability("contacts.unsubscribe").support == "unsupported"
        if on_opted_out == "unsubscribe" and is_unsupported and not is_listed:
            raise UnsupportedError(
                f"{self.profile.title} has no opt-outs, so that a contact cannot be opted out there: pass "
                "on_opted_out='skip' to leave these contacts out",
                vendor=self.profile.vendor, field="on_opted_out",
            )  # fmt: skip
        self._on_unsupported_field: _validation.OnUnsupportedField = on_unsupported_field
        self._group = group
        self.on_opted_out: OnOptedOut = on_opted_out

    def prepare(self, item: Contact) -> PreparedItem:
        if not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(
                "every item of the source must be a Contact", field="source", vendor=self.profile.vendor
            )
        if item.opted_out:
            found = self._prepare_opted_out(item, item.opted_out)
            found.person = item
            return found
        prepared = self._prepare_contact(item, self._on_unsupported_field)
        return PreparedItem(
            prepared.contact,
            contact=prepared.contact,
            dropped_fields=prepared.dropped_fields,
            write_only_fields=prepared.write_only_fields,
            person=item,
        )

    def apply_opt_out(self, item: PreparedItem, channels: frozenset[str]) -> None:
        """Handle a checked item whose contact opted out of these channels, according to the suppression list.

        It becomes what `prepare` makes of an input that opted out: written as opted out, looked up and skipped, or
        refused.
        """
        if self.on_opted_out == "error":
            item.outcome = self._refuse_opted_out(channels)
            return
        was_opted_out, item.opted_out = bool(item.opted_out), item.opted_out | channels
        opt_out = self.profile.channels & item.opted_out if self.on_opted_out == "unsubscribe" else frozenset[str]()
        contact = item.contact
        if opt_out and contact is not None and not (self.profile.opt_outs_by == "phone" and contact.phone is None):
            if item.opt_out:
                item.opt_out |= opt_out
            elif not was_opted_out:
                self.set_opt_out(item, opt_out)
        elif "opted_out" not in item.dropped_fields:
            item.dropped_fields = (*item.dropped_fields, "opted_out")

    def _refuse_opted_out(self, channels: frozenset[Any]) -> InvalidInputError:
        return InvalidInputError(
            f"the contact opted out of {', '.join(sorted(channels))} (on_opted_out='error')",
            field="opted_out", vendor=self.profile.vendor,
        )  # fmt: skip

    def _prepare_opted_out(self, item: Contact, opted_out: frozenset[Any]) -> PreparedItem:
        """Prepare a contact that opted out: to be written as opted out, or to be looked up and skipped.

        Raises:
            InvalidInputError: `on_opted_out="error"`, or the vendor cannot take the contact that is to be written.
        """
        if self.on_opted_out == "error":
            raise self._refuse_opted_out(opted_out)
        kept = item.known_fields - {"id", "opted_out"}
        bare = attach_raw(Contact(**{name: getattr(item, name) for name in kept}), item.raw, kept)
        opt_out: frozenset[str] = frozenset()
        if self.on_opted_out == "unsubscribe":
            opt_out = self.profile.channels.intersection(opted_out)
        if not opt_out or (self.profile.opt_outs_by == "phone" and bare.phone is None):
            return self._prepare_skipped(bare, opted_out)
        prepared = self._prepare_contact(bare, self._on_unsupported_field)
        found = PreparedItem(
            prepared.contact,
            contact=prepared.contact,
            dropped_fields=prepared.dropped_fields,
            write_only_fields=prepared.write_only_fields,
            opted_out=opted_out,
        )
        self.set_opt_out(found, opt_out)
        return found

    def _prepare_skipped(self, item: Contact, opted_out: frozenset[Any]) -> PreparedItem:
        dropped = ("opted_out",)
        try:
            contact = self._prepare_contact(item, "drop").contact
        except InvalidInputError:  # it cannot be looked up either
            return PreparedItem(item, contact=item, dropped_fields=dropped, outcome=Completed("skipped"))
        return PreparedItem(item, contact=contact, dropped_fields=dropped, opted_out=opted_out)

    def set_opt_out(self, item: PreparedItem, channels: frozenset[str]) -> None:
        """Let the item be created as opted out of these channels.

        If opt-outs belong to contacts, the contact must get no message before it is opted out. So it is created in no
        group, then opted out, and then added to its groups (`Resolver`).
        """
        item.opt_out = channels
        item.write_only_fields = (*item.write_only_fields, "opted_out")
        if self.profile.opt_outs_by == "contact" and item.contact is not None and not self.profile.single_group:
            item.value = replace(item.contact, groups=None)

    def find_unsupported_fields(self, item: Contact) -> tuple[str, ...]:
        if self._on_unsupported_field == "drop" or not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            return ()
        try:
            return self._prepare_contact(item, "drop").dropped_fields
        except Exception:  # `prepare` has reported what is wrong with the item
            return ()

    def _prepare_contact(
        self, item: Contact, on_unsupported_field: _validation.OnUnsupportedField
    ) -> _validation.Prepared:
        return _validation.prepare_contact(
            self.profile, item, region=self.adapter.region, on_unsupported_field=on_unsupported_field, group=self._group
        )

    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        if item.opt_out and self.profile.opt_outs_by == "phone":
            await self._opt_phone_out(item)
        return Completed("created", await self.adapter.create_contact(item.value), item.contact)

    async def _opt_phone_out(self, item: PreparedItem) -> None:
        """Opt the phone number out before the contact exists. A repetition has the same effect."""
        try:
            await self.adapter.unsubscribe_phone(item.value.phone)
        except CrossbookError as error:
            error.sent = error.earlier = "no"  # the create did not leave
            error.message = f"the phone number could not be opted out, so the contact was not created: {error.message}"
            raise

    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        return await self.adapter.create_contacts([item.value for item in items])  # type: ignore[no-any-return]

    async def update(
        self, updates: Sequence[tuple[str, Mapping[str, Any]]], items: Sequence[PreparedItem]
    ) -> list[ItemResponse]:
        """Update existing contacts that an upsert found: a single contact by itself, several in one bulk call."""
        if len(updates) == 1:
            responses = [await self.adapter.update_contact(*updates[0])]
        else:
            responses = await self.adapter.update_contacts(updates)
        return [
            Completed("updated", response, item.contact) if isinstance(response, str) else response
            for item, response in zip(items, responses, strict=True)
        ]

    async def add_to_group(self, group: str, ids: Sequence[str], items: Sequence[PreparedItem]) -> list[ItemResponse]:
        """Add existing contacts to a group, after the update of their fields."""
        if len(ids) == 1:
            await self.adapter.add_to_group(group, ids[0])
            responses: Sequence[Any] = [True]
        else:
            responses = await self.adapter.add_all_to_group(group, ids)
        return [
            Completed("updated", id, item.contact) if response is True else response
            for id, item, response in zip(ids, items, responses, strict=True)
        ]


class Update(BatchOperation[Changes]):
    """The batch operation `contacts.update`: each item is a contact id and the changes of that contact."""

    status = "updated"
    overwrites = True

    def __init__(self, adapter: Any) -> None:
        super().__init__("contacts.update", adapter)

    def prepare(self, item: Changes) -> PreparedItem:
        id, changes = _check_pair(self.profile, item, "(id, changes)")
        if not isinstance(changes, Mapping):
            raise InvalidInputError("changes must be a mapping of fields", field="source", vendor=self.profile.vendor)
        _validation.check_contact_id(self.profile, id)
        prepared = _validation.prepare_changes(self.profile, changes, region=self.adapter.region)  # pyright: ignore[reportUnknownArgumentType]
        is_external = isinstance(id, ExternalId)
        return PreparedItem(
            (id, prepared),
            id=None if is_external else id,
            key=None if is_external else id,
            unhashed_keys=(id.value,) if is_external else (),
            contact=Contact(**prepared),
            write_only_fields=_validation.list_write_only(self.profile, prepared),
            alone=has_separate_calls(self.profile, prepared),
        )

    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        return Completed("updated", await self.adapter.update_contact(*item.value), item.contact)

    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        return await self.adapter.update_contacts([item.value for item in items])  # type: ignore[no-any-return]


async def opt_out(adapter: Any, id: str, channels: frozenset[str]) -> None:
    """Opt a stored contact out of these channels of the vendor, by as few calls as possible."""
    for channel in ("all",) if channels == adapter.profile.channels else sorted(channels):
        await adapter.unsubscribe(id, channel)


def has_separate_calls(profile: Any, changes: Mapping[str, Any]) -> bool:
    """Return whether the changes cannot share a bulk call: they contain groups, which need calls of their own."""
    return "groups" in changes and not profile.single_group


def _check_pair(profile: Any, item: Any, form: str) -> tuple[Any, Any]:
    if not isinstance(item, tuple) or len(item) != 2:  # pyright: ignore[reportUnknownArgumentType]
        raise InvalidInputError(
            f"every item of the source must be a tuple {form}", field="source", vendor=profile.vendor
        )
    return item  # pyright: ignore[reportUnknownVariableType]
