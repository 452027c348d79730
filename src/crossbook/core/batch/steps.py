"""What one item of a batch needs done: checked first, then alone or with many in one native call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from attrs import define

from crossbook.core import checks
from crossbook.core.batch.results import Status
from crossbook.errors import CrossbookError, InvalidInput, NotFound
from crossbook.models import Contact

I = TypeVar("I")  # noqa: E741  (an item of the source)


@define
class Done:
    """It is certain what became of it, and it is no error."""

    status: Status
    id: str | None = None
    contact: Contact | None = None


Outcome = Done | CrossbookError | None
"""None: the vendor's answer does not say what became of this one."""


@define
class Ready:
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
    done: Done | None = None
    bulk: Any = None
    alone: bool = False


class Step(ABC, Generic[I]):
    """One verb's way with items.

    Args:
        verb: our verb on the card, which says whether it goes in bulk.
        verbs: the vendor's.
    """

    status: Status
    creates = False  # twice is one too many
    overwrites = False  # of two items with one key the later has the last word

    def __init__(self, verb: str, verbs: Any) -> None:
        self.verb = verb
        self.verbs = verbs
        self.card = verbs.card
        self.bulk: int = self.card.verb(verb).bulk

    @abstractmethod
    def ready(self, item: I) -> Ready:
        """The item checked; InvalidInput names what is wrong with it."""

    def lost(self, item: I) -> tuple[str, ...]:
        """Of an item that was refused: the fields that the vendor cannot hold."""
        return ()

    @abstractmethod
    async def one(self, ready: Ready, again: bool) -> Done:
        """Does it alone. `again`: an earlier attempt may have happened."""

    @abstractmethod
    async def many(self, readies: Sequence[Ready], again: bool) -> Sequence[Outcome]:
        """Does them in one native call, an outcome each."""


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
        return Ready(id, id=id, key=id)

    async def one(self, ready: Ready, again: bool) -> Done:
        try:
            await self._one(ready.value)
        except CrossbookError as error:
            if not self._gone(error, again):
                raise
        return Done(self.status, ready.value)

    async def many(self, readies: Sequence[Ready], again: bool) -> Sequence[Outcome]:
        outcomes = await self._many([ready.value for ready in readies])
        return [
            Done(self.status, ready.value) if each is True or self._gone(each, again) else each
            for ready, each in zip(readies, outcomes, strict=True)
        ]

    def _gone(self, error: object, again: bool) -> bool:
        """Whether it is deleted by an earlier attempt whose answer was lost."""
        return self.status == "deleted" and isinstance(error, NotFound) and (again or error.earlier == "maybe")


class Membership(Step[tuple[str, str]]):
    """Verbs on a group and a contact: groups.add, groups.remove."""

    status = "done"

    def __init__(self, verb: str, verbs: Any, one: Callable[[str, str], Any], many: Callable[..., Any]) -> None:
        super().__init__(verb, verbs)
        self._one = one
        self._many = many

    def ready(self, item: tuple[str, str]) -> Ready:
        group, id = pair(self.card, item, "(group, id)")
        group, id = checks.check_id(self.card, "group", group), checks.check_id(self.card, "id", id)
        return Ready((group, id), id=id, key=id, bulk=group)

    async def one(self, ready: Ready, again: bool) -> Done:
        await self._one(*ready.value)
        return Done("done", ready.value[1])

    async def many(self, readies: Sequence[Ready], again: bool) -> Sequence[Outcome]:
        outcomes = await self._many(readies[0].bulk, [ready.value[1] for ready in readies])
        return [
            Done("done", ready.value[1]) if each is True else each
            for ready, each in zip(readies, outcomes, strict=True)
        ]


def pair(card: Any, item: Any, form: str) -> tuple[Any, Any]:
    if not isinstance(item, tuple) or len(item) != 2:  # pyright: ignore[reportUnknownArgumentType]
        raise InvalidInput(f"every item of the source must be a tuple {form}", field="source", vendor=card.vendor)
    return item  # pyright: ignore[reportUnknownVariableType]
