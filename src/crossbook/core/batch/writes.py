"""Steps that write a contact's fields: create, and the update that an upsert or `update_many` makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossbook.core import checks, fitting
from crossbook.core.batch.steps import Done, Outcome, Ready, Step, pair
from crossbook.errors import InvalidInput
from crossbook.models import Contact, ExternalId, read_from

Changes = tuple[str | ExternalId, Mapping[str, Any]]


class Create(Step[Contact]):
    """contacts.create.

    Args:
        on_loss: as in `create_many`.
        group: the group of a contact that names none, where it must be in one.
        include_opted_out: whether a contact is taken that is known to have opted out somewhere.
    """

    status = "created"
    creates = True

    def __init__(self, verbs: Any, on_loss: fitting.OnLoss, group: str | None, *, include_opted_out: bool) -> None:
        super().__init__("contacts.create", verbs)
        fitting.check_on_loss(self.card, on_loss)
        checks.check_flag(self.card, "include_opted_out", include_opted_out)
        self._on_loss: fitting.OnLoss = on_loss
        self._group = group
        self._include_opted_out = include_opted_out

    def ready(self, item: Contact) -> Ready:
        if not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput("every item of the source must be a Contact", field="source", vendor=self.card.vendor)
        consent: tuple[str, ...] = ()
        if item.opted_out:
            # No vendor takes it on a create: whoever wrote the contact all the same would write to the person.
            consent = ("opted_out",)
            if not self._include_opted_out:
                return Ready(item, contact=item, lost=consent, done=Done("skipped"))
            kept = item.known - {"id", "opted_out"}
            item = read_from(Contact(**{name: getattr(item, name) for name in kept}), item.raw, kept)
        prepared = fitting.for_create(
            self.card, item, region=self.verbs.region, on_loss=self._on_loss, group=self._group
        )
        return Ready(
            prepared.contact,
            contact=prepared.contact,
            lost=consent + prepared.lost,
            unverified=prepared.unverified,
        )

    async def one(self, ready: Ready, again: bool) -> Done:
        return Done("created", await self.verbs.create_contact(ready.value), ready.contact)

    async def many(self, readies: Sequence[Ready], again: bool) -> Sequence[Outcome]:
        written = await self.verbs.create_contacts([ready.value for ready in readies])
        return _outcomes("created", written, readies)

    async def change(self, updates: Sequence[tuple[str, Mapping[str, Any]]], readies: Sequence[Ready]) -> list[Outcome]:
        """Changes contacts that an upsert found; several only where the vendor takes them in one native call."""
        if len(updates) == 1:
            return [Done("updated", await self.verbs.update_contact(*updates[0]), readies[0].contact)]
        return _outcomes("updated", await self.verbs.update_contacts(updates), readies)

    def lost(self, item: Contact) -> tuple[str, ...]:
        if self._on_loss == "drop" or not isinstance(item, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
            return ()
        try:
            return fitting.for_create(self.card, item, region=self.verbs.region, on_loss="drop", group=self._group).lost
        except Exception:  # `ready` has said what is wrong with it
            return ()


class Update(Step[Changes]):
    """contacts.update."""

    status = "updated"
    overwrites = True

    def __init__(self, verbs: Any) -> None:
        super().__init__("contacts.update", verbs)

    def ready(self, item: Changes) -> Ready:
        id, changes = pair(self.card, item, "(id, changes)")
        if not isinstance(changes, Mapping):
            raise InvalidInput("changes must be a mapping of fields", field="source", vendor=self.card.vendor)
        checks.check_contact(self.card, id)
        prepared = fitting.for_update(self.card, changes, region=self.verbs.region)  # pyright: ignore[reportUnknownArgumentType]
        return Ready(
            (id, prepared),
            id=None if isinstance(id, ExternalId) else id,
            key=None if isinstance(id, ExternalId) else id,
            private_key=id.value if isinstance(id, ExternalId) else None,
            contact=Contact(**prepared),
            unverified=fitting.unverified(self.card, prepared),
            alone=bulky(self.card, prepared),
        )

    async def one(self, ready: Ready, again: bool) -> Done:
        return Done("updated", await self.verbs.update_contact(*ready.value), ready.contact)

    async def many(self, readies: Sequence[Ready], again: bool) -> Sequence[Outcome]:
        return _outcomes("updated", await self.verbs.update_contacts([ready.value for ready in readies]), readies)


def _outcomes(status: Any, written: Sequence[Any], readies: Sequence[Ready]) -> list[Outcome]:
    return [
        Done(status, each, ready.contact) if isinstance(each, str) else each
        for ready, each in zip(readies, written, strict=True)
    ]


def bulky(card: Any, changes: Mapping[str, Any]) -> bool:
    """Whether these changes are no part of a native call for many: groups, where they cost calls of their own."""
    return "groups" in changes and not card.one_group
