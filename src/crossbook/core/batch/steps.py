"""What one item of a batch needs done, verb by verb: checked first, then one by one or many in one native call."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from attrs import define, frozen

from crossbook.core import checks
from crossbook.core.batch.results import Status
from crossbook.errors import CrossbookError, InvalidInput, NotFound
from crossbook.models import Contact, ExternalId

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741  (an item of the source)


@frozen
class Done:
    """A write that the vendor confirmed."""

    status: Status
    id: str | None = None
    contact: Contact | None = None


Outcome = Done | CrossbookError | None
"""None: the vendor's answer does not say what became of this one."""


@define
class Ready:
    """An item that was checked, and what is known of it so far."""

    value: Any
    key: str | None = None  # items with the same key are never under way together
    contact: Contact | None = None
    lost: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    bulk: Any = None  # items that differ here cannot go in one native call


class Step(ABC, Generic[I]):
    """One verb's way with items.

    Args:
        verb: our verb on the card, which says whether it goes in bulk.
        verbs: the vendor's.
    """

    status: Status

    def __init__(self, verb: str, verbs: Any) -> None:
        self.verb = verb
        self.verbs = verbs
        self.card = verbs.card
        self.bulk: int = self.card.verb(verb).bulk

    def fingerprint(self, item: I) -> str:
        return hashlib.blake2b(repr(_plain(item)).encode(), digest_size=12).hexdigest()

    @abstractmethod
    def ready(self, item: I) -> Ready:
        """The item checked; InvalidInput names what is wrong with it."""

    @abstractmethod
    async def one(self, ready: Ready, again: bool) -> Done:
        """Does it alone. `again`: an earlier attempt may have happened."""

    def would_be(self, update: Any) -> Status:
        """The status that a dry run foretells."""
        return "updated" if update is not None else self.status

    def calls(self, ready: Ready, update: Any) -> float:
        """Requests that this item's write costs."""
        verb = self.card.verb("contacts.update" if update is not None else self.verb)
        groups = len(ready.contact.groups or ()) if ready.contact else 0
        return float(verb.calls / verb.bulk + verb.calls_a_group * groups)

    async def change(self, updates: Sequence[tuple[str, Mapping[str, Any]]], readies: Sequence[Ready]) -> list[Outcome]:
        """Changes contacts that an upsert found."""
        if self.card.verb("contacts.update").bulk == 1 or any("groups" in changes for _, changes in updates):
            written = [await caught(self.verbs.update_contact(*update)) for update in updates]
        else:
            written = await self.verbs.update_contacts(updates)
        return [
            Done("updated", each, ready.contact) if isinstance(each, str) else each
            for ready, each in zip(readies, written, strict=True)
        ]

    @abstractmethod
    async def many(self, readies: Sequence[Ready]) -> Sequence[Outcome]:
        """Does them in one native call, an outcome each."""


class Create(Step[Contact]):
    status = "created"

    def __init__(self, verbs: Any, on_loss: checks.OnLoss, group: str | None) -> None:
        super().__init__("contacts.create", verbs)
        self._on_loss = on_loss
        self._group = group

    def ready(self, item: Contact) -> Ready:
        if not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput("every item of the source must be a Contact", field="source", vendor=self.card.vendor)
        prepared = checks.for_create(
            self.card, item, region=self.verbs.region, on_loss=self._on_loss, group=self._group
        )
        return Ready(prepared.contact, contact=prepared.contact, lost=prepared.lost, unverified=prepared.unverified)

    async def one(self, ready: Ready, again: bool) -> Done:
        return Done("created", await self.verbs.create_contact(ready.value), ready.contact)

    async def many(self, readies: Sequence[Ready]) -> Sequence[Outcome]:
        written = await self.verbs.create_contacts([ready.value for ready in readies])
        return [
            Done("created", each, ready.contact) if isinstance(each, str) else each
            for ready, each in zip(readies, written, strict=True)
        ]


class Update(Step[tuple[str | ExternalId, Mapping[str, Any]]]):
    status = "updated"

    def __init__(self, verbs: Any) -> None:
        super().__init__("contacts.update", verbs)

    def ready(self, item: tuple[str | ExternalId, Mapping[str, Any]]) -> Ready:
        id, changes = _pair(self.card, item, "(id, changes)")
        checks.check_contact(self.card, id)
        prepared = checks.for_update(self.card, changes, region=self.verbs.region)
        key = id.value if isinstance(id, ExternalId) else id
        # A change of groups is no part of a native call.
        return Ready(
            (id, prepared),
            key=key,
            contact=Contact(**prepared),
            unverified=checks.unverified(self.card, prepared),
            bulk="groups" in prepared and not self.card.one_group,
        )

    async def one(self, ready: Ready, again: bool) -> Done:
        return Done("updated", await self.verbs.update_contact(*ready.value), ready.contact)

    async def many(self, readies: Sequence[Ready]) -> Sequence[Outcome]:
        if readies[0].bulk:
            return [await caught(self.one(ready, False)) for ready in readies]
        written = await self.verbs.update_contacts([ready.value for ready in readies])
        return [
            Done("updated", each, ready.contact) if isinstance(each, str) else each
            for ready, each in zip(readies, written, strict=True)
        ]


class ById(Step[str]):
    """Verbs on a contact's id alone: delete, unsubscribe, resubscribe."""

    def __init__(
        self, verb: str, verbs: Any, status: Status, one: Callable[[str], Any], many: Callable[[list[str]], Any]
    ) -> None:
        super().__init__(verb, verbs)
        self.status = status
        self._one = one
        self._many = many

    def ready(self, item: str) -> Ready:
        id = checks.check_id(self.card, "id", item)
        return Ready(id, key=id)

    async def one(self, ready: Ready, again: bool) -> Done:
        try:
            await self._one(ready.value)
        except NotFound as error:
            # Gone, and perhaps by an attempt of ours whose answer was lost.
            if self.status != "deleted" or not (again or error.earlier == "maybe"):
                raise
        return Done(self.status, ready.value)

    async def many(self, readies: Sequence[Ready]) -> Sequence[Outcome]:
        outcomes = await self._many([ready.value for ready in readies])
        return [
            Done(self.status, ready.value) if each is True else each
            for ready, each in zip(readies, outcomes, strict=True)
        ]


class Membership(Step[tuple[str, str]]):
    """Verbs on a group and a contact: groups.add, groups.remove."""

    status = "done"

    def __init__(self, verb: str, verbs: Any, one: Callable[[str, str], Any], many: Callable[..., Any]) -> None:
        super().__init__(verb, verbs)
        self._one = one
        self._many = many

    def ready(self, item: tuple[str, str]) -> Ready:
        group, id = _pair(self.card, item, "(group, id)")
        pair = checks.check_id(self.card, "group", group), checks.check_id(self.card, "id", id)
        return Ready(pair, key=pair[1], bulk=pair[0])

    async def one(self, ready: Ready, again: bool) -> Done:
        await self._one(*ready.value)
        return Done("done", ready.value[1])

    async def many(self, readies: Sequence[Ready]) -> Sequence[Outcome]:
        outcomes = await self._many(readies[0].bulk, [ready.value[1] for ready in readies])
        return [
            Done("done", ready.value[1]) if each is True else each
            for ready, each in zip(readies, outcomes, strict=True)
        ]


async def caught(work: Awaitable[T]) -> T | CrossbookError:
    try:
        return await work
    except CrossbookError as error:
        return error


def _pair(card: Any, item: Any, form: str) -> tuple[Any, Any]:
    if not isinstance(item, tuple) or len(item) != 2:  # pyright: ignore[reportUnknownArgumentType]
        raise InvalidInput(f"every item of the source must be a tuple {form}", field="source", vendor=card.vendor)
    return item  # pyright: ignore[reportUnknownVariableType]


def _plain(item: Any) -> Any:
    """What an item is, in a form that is the same in another process."""
    if isinstance(item, Contact):
        names = sorted(item.known)
        return [(name, _plain(getattr(item, name))) for name in names]
    if isinstance(item, Mapping):
        return sorted((str(name), _plain(value)) for name, value in item.items())  # pyright: ignore
    if isinstance(item, (list, tuple)):
        return [_plain(value) for value in item]  # pyright: ignore
    return sorted(map(str, item)) if isinstance(item, (set, frozenset)) else repr(item)  # pyright: ignore
