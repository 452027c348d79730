"""What one item of a batch needs done: checked first, then alone or with many in one native call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from attrs import define

from crossbook import _validation
from crossbook._batch.results import Status
from crossbook.errors import CrossbookError, InvalidInputError, NotFoundError
from crossbook.models import Contact, ExternalId, attach_raw

I = TypeVar("I")  # noqa: E741  (an item of the source)


@define
class Completed:
    """It is certain what became of it, and it is no error."""

    status: Status
    id: str | None = None
    contact: Contact | None = None


CallOutcome = Completed | CrossbookError | None
"""None: the vendor's answer does not say what became of this one."""


@define
class PreparedItem:
    """An item that was checked.

    Attributes:
        value: what the verb takes.
        id: the contact that it is about, where that is known beforehand.
        key: items with the same key are never under way together; no personal data.
        private_key: what the key is made of, as a hash, where it is personal data.
        contact: what is written.
        lost, unverified: as in `Result`.
        done: what becomes of it without any call.
        bulk: items that differ here cannot go in one native call.
        alone: it cannot go in a native call with others at all.
    """

    value: Any
    id: str | None = None
    key: str | None = None
    private_key: str | None = None
    contact: Contact | None = None
    lost: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    done: Completed | None = None
    bulk: Any = None
    alone: bool = False


class BatchOperation(ABC, Generic[I]):
    """One verb's way with items.

    Args:
        verb: our verb on the profile, which says whether it goes in bulk.
        verbs: the vendor's.
    """

    status: Status
    creates = False  # twice is one too many
    overwrites = False  # of two items with one key the later has the last word

    def __init__(self, verb: str, adapter: Any) -> None:
        self.verb = verb
        self.adapter = adapter
        self.profile = adapter.profile
        self.bulk: int = self.profile.capability(verb).bulk_size

    @abstractmethod
    def ready(self, item: I) -> PreparedItem:
        """The item checked; InvalidInputError names what is wrong with it."""

    def lost(self, item: I) -> tuple[str, ...]:
        """Of an item that was refused: the fields that the vendor cannot hold."""
        return ()

    @abstractmethod
    async def one(self, ready: PreparedItem, again: bool) -> Completed:
        """Does it alone. `again`: an earlier attempt may have happened."""

    @abstractmethod
    async def many(self, readies: Sequence[PreparedItem], again: bool) -> Sequence[CallOutcome]:
        """Does them in one native call, an outcome each."""


class ById(BatchOperation[str]):
    """Verbs on a contact's id alone: delete, unsubscribe, resubscribe."""

    def __init__(
        self, verb: str, adapter: Any, status: Status, one: Callable[[str], Any], many: Callable[[list[str]], Any]
    ) -> None:
        super().__init__(verb, adapter)
        self.status = status
        self._one = one
        self._many = many

    def ready(self, item: str) -> PreparedItem:
        id = _validation.check_id(self.profile, "id", item)
        return PreparedItem(id, id=id, key=id)

    async def one(self, ready: PreparedItem, again: bool) -> Completed:
        try:
            await self._one(ready.value)
        except CrossbookError as error:
            if not self._gone(error, again):
                raise
        return Completed(self.status, ready.value)

    async def many(self, readies: Sequence[PreparedItem], again: bool) -> Sequence[CallOutcome]:
        outcomes = await self._many([ready.value for ready in readies])
        return [
            Completed(self.status, ready.value) if each is True or self._gone(each, again) else each
            for ready, each in zip(readies, outcomes, strict=True)
        ]

    def _gone(self, error: object, again: bool) -> bool:
        """Whether it is deleted by an earlier attempt whose answer was lost."""
        return self.status == "deleted" and isinstance(error, NotFoundError) and (again or error.earlier == "maybe")


class Membership(BatchOperation[tuple[str, str]]):
    """Verbs on a group and a contact: groups.add, groups.remove."""

    status = "done"

    def __init__(self, verb: str, adapter: Any, one: Callable[[str, str], Any], many: Callable[..., Any]) -> None:
        super().__init__(verb, adapter)
        self._one = one
        self._many = many

    def ready(self, item: tuple[str, str]) -> PreparedItem:
        group, id = pair(self.profile, item, "(group, id)")
        group, id = _validation.check_id(self.profile, "group", group), _validation.check_id(self.profile, "id", id)
        return PreparedItem((group, id), id=id, key=id, bulk=group)

    async def one(self, ready: PreparedItem, again: bool) -> Completed:
        await self._one(*ready.value)
        return Completed("done", ready.value[1])

    async def many(self, readies: Sequence[PreparedItem], again: bool) -> Sequence[CallOutcome]:
        outcomes = await self._many(readies[0].bulk, [ready.value[1] for ready in readies])
        return [
            Completed("done", ready.value[1]) if each is True else each
            for ready, each in zip(readies, outcomes, strict=True)
        ]


def pair(profile: Any, item: Any, form: str) -> tuple[Any, Any]:
    if not isinstance(item, tuple) or len(item) != 2:  # pyright: ignore[reportUnknownArgumentType]
        raise InvalidInputError(
            f"every item of the source must be a tuple {form}", field="source", vendor=profile.vendor
        )
    return item  # pyright: ignore[reportUnknownVariableType]


# Steps that write a contact's fields: create, and the update that an upsert or `update_many` makes.

Changes = tuple[str | ExternalId, Mapping[str, Any]]


class Create(BatchOperation[Contact]):
    """contacts.create.

    Args:
        on_unsupported_field: as in `create_many`.
        group: the group of a contact that names none, where it must be in one.
        include_opted_out: whether a contact is taken that is known to have opted out somewhere.
    """

    status = "created"
    creates = True

    def __init__(
        self,
        adapter: Any,
        on_unsupported_field: _validation.OnUnsupportedField,
        group: str | None,
        *,
        include_opted_out: bool,
    ) -> None:
        super().__init__("contacts.create", adapter)
        _validation.check_on_unsupported_field(self.profile, on_unsupported_field)
        _validation.check_flag(self.profile, "include_opted_out", include_opted_out)
        self._on_loss: _validation.OnUnsupportedField = on_unsupported_field
        self._group = group
        self._include_opted_out = include_opted_out

    def ready(self, item: Contact) -> PreparedItem:
        if not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(
                "every item of the source must be a Contact", field="source", vendor=self.profile.vendor
            )
        consent: tuple[str, ...] = ()
        if item.opted_out:
            # No vendor takes it on a create: whoever wrote the contact all the same would write to the person.
            consent = ("opted_out",)
            if not self._include_opted_out:
                return PreparedItem(item, contact=item, lost=consent, done=Completed("skipped"))
            kept = item.known_fields - {"id", "opted_out"}
            item = attach_raw(Contact(**{name: getattr(item, name) for name in kept}), item.raw, kept)
        prepared = _validation.prepare_contact(
            self.profile, item, region=self.adapter.region, on_unsupported_field=self._on_loss, group=self._group
        )
        return PreparedItem(
            prepared.contact,
            contact=prepared.contact,
            lost=consent + prepared.dropped_fields,
            unverified=prepared.write_only_fields,
        )

    async def one(self, ready: PreparedItem, again: bool) -> Completed:
        return Completed("created", await self.adapter.create_contact(ready.value), ready.contact)

    async def many(self, readies: Sequence[PreparedItem], again: bool) -> Sequence[CallOutcome]:
        written = await self.adapter.create_contacts([ready.value for ready in readies])
        return _outcomes("created", written, readies)

    async def change(
        self, updates: Sequence[tuple[str, Mapping[str, Any]]], readies: Sequence[PreparedItem]
    ) -> list[CallOutcome]:
        """Changes contacts that an upsert found; several only where the vendor takes them in one native call."""
        if len(updates) == 1:
            return [Completed("updated", await self.adapter.update_contact(*updates[0]), readies[0].contact)]
        return _outcomes("updated", await self.adapter.update_contacts(updates), readies)

    def lost(self, item: Contact) -> tuple[str, ...]:
        if self._on_loss == "drop" or not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            return ()
        try:
            return _validation.prepare_contact(
                self.profile, item, region=self.adapter.region, on_unsupported_field="drop", group=self._group
            ).dropped_fields
        except Exception:  # `ready` has said what is wrong with it
            return ()


class Update(BatchOperation[Changes]):
    """contacts.update."""

    status = "updated"
    overwrites = True

    def __init__(self, adapter: Any) -> None:
        super().__init__("contacts.update", adapter)

    def ready(self, item: Changes) -> PreparedItem:
        id, changes = pair(self.profile, item, "(id, changes)")
        if not isinstance(changes, Mapping):
            raise InvalidInputError("changes must be a mapping of fields", field="source", vendor=self.profile.vendor)
        _validation.check_contact_id(self.profile, id)
        prepared = _validation.prepare_changes(self.profile, changes, region=self.adapter.region)  # pyright: ignore[reportUnknownArgumentType]
        return PreparedItem(
            (id, prepared),
            id=None if isinstance(id, ExternalId) else id,
            key=None if isinstance(id, ExternalId) else id,
            private_key=id.value if isinstance(id, ExternalId) else None,
            contact=Contact(**prepared),
            unverified=_validation.list_write_only(self.profile, prepared),
            alone=bulky(self.profile, prepared),
        )

    async def one(self, ready: PreparedItem, again: bool) -> Completed:
        return Completed("updated", await self.adapter.update_contact(*ready.value), ready.contact)

    async def many(self, readies: Sequence[PreparedItem], again: bool) -> Sequence[CallOutcome]:
        return _outcomes("updated", await self.adapter.update_contacts([ready.value for ready in readies]), readies)


def _outcomes(status: Any, written: Sequence[Any], readies: Sequence[PreparedItem]) -> list[CallOutcome]:
    return [
        Completed(status, each, ready.contact) if isinstance(each, str) else each
        for ready, each in zip(readies, written, strict=True)
    ]


def bulky(profile: Any, changes: Mapping[str, Any]) -> bool:
    """Whether these changes are no part of a native call for many: groups, where they cost calls of their own."""
    return "groups" in changes and not profile.single_group
