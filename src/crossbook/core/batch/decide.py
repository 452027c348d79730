"""Creates and upserts: what a look at the vendor says before a write, and after one whose answer was lost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

import anyio

from crossbook.core.batch.compare import differences, equal, merged, untold
from crossbook.core.batch.lookups import Lookups
from crossbook.core.batch.steps import Done, Outcome, Ready
from crossbook.core.batch.task import Task
from crossbook.core.journal import Journal
from crossbook.errors import Ambiguous, InvalidInput
from crossbook.models import Contact, read_from

OnDuplicate = Literal["skip", "update", "error"]


class Decider:
    """Looks contacts up by their match key.

    Args:
        verbs: the vendor's.
        lookups: how to ask; None if the batch has no match key.
        upsert: whether a contact that is there is changed instead.
        on_duplicate: what to do with a key that this batch had already (and, for creates, that the vendor has).
        match: the name of the key.
    """

    def __init__(
        self,
        verbs: Any,
        lookups: Lookups | None,
        journal: Journal,
        *,
        upsert: bool,
        on_duplicate: OnDuplicate | None,
        match: str | None,
    ) -> None:
        self._verbs = verbs
        self._card = verbs.card
        self.lookups = lookups
        self._journal = journal
        self._upsert = upsert
        self._on_duplicate = on_duplicate
        self._match = match

    def key(self, ready: Ready) -> str | None:
        """The item's key as a hash: what is written down of it holds no personal data."""
        if self.lookups is None or ready.contact is None:
            return None
        key = self.lookups.key(ready.contact)
        if key is None:
            if self._upsert or self._on_duplicate:
                raise InvalidInput(
                    f"it has no {self._match} to be matched by", field=self._match, vendor=self._card.vendor
                )
            return None
        return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()

    async def before(self, task: Task) -> Outcome:
        """An outcome that needs no write, or None: then `task.update` says what to change, or it is to be created."""
        contact, key = task.ready.contact, task.ready.key
        if self.lookups is None or contact is None or key is None:
            return None
        first = await self._journal.key_index(key) if self._on_duplicate else None
        if first is not None and first < task.index and self._on_duplicate != "update":
            return self._duplicate(f"input {first} has the same {self._match}")
        found = await self.lookups.find(contact)
        task.seen = tuple(match.id for match in found)
        task.update = None
        if not found or not (self._upsert or self._on_duplicate):
            return None
        if len(found) > 1:
            return Ambiguous(
                f"{len(found)} contacts have this {self._match}: {', '.join(task.seen[:10])}",
                candidates=task.seen, vendor=self._card.vendor, field=self._match, sent="yes",
            )  # fmt: skip
        if not self._upsert and self._on_duplicate != "update":
            return self._duplicate(f"the vendor has a contact with this {self._match}", found[0].id)
        stored = await self._told(contact, found[0])
        changes = differences(self._card, contact, stored, self._verbs.region)
        if not changes:
            return Done("unchanged", stored.id, contact)
        task.update = stored.id, changes
        return None

    async def after(self, task: Task) -> Outcome:
        """What became of a create whose answer was lost: Done if it happened, the task's None if it did not.

        A record is ours only if no other item owns it, if it was not there before, and if it says what ours says.
        Ambiguous if that cannot be told.
        """
        contact = task.ready.contact
        if self.lookups is None or contact is None or task.ready.key is None:
            return Ambiguous("there is no key to look it up by", vendor=self._card.vendor, sent="maybe")
        found = await self.lookups.find(contact, since=anyio.current_time())
        fresh = [match for match in found if match.id not in task.seen and await self._free(match.id, task.index)]
        ours = [match for match in fresh if equal(self._card, contact, match, self._verbs.region)]
        if len(ours) == 1:
            await self._join(contact, ours[0])
            return Done("created", ours[0].id, contact)
        if not fresh:
            return None
        return Ambiguous(
            f"{len(fresh)} new contacts have this {self._match}, and none is certainly this one",
            candidates=tuple(match.id for match in fresh), vendor=self._card.vendor, field=self._match, sent="maybe",
        )  # fmt: skip

    async def _free(self, id: str, index: int) -> bool:
        return await self._journal.owner(id) in (None, index)

    def _duplicate(self, why: str, id: str | None = None) -> Outcome:
        if self._on_duplicate == "skip":
            return Done("skipped", id)
        return InvalidInput(f"{why} (on_duplicate='error')", field=self._match, vendor=self._card.vendor)

    async def _told(self, ours: Contact, found: Contact) -> Contact:
        """The contact with the fields that the lookup's answer did not tell, where they are wanted and can be had."""
        missing = untold(ours, found)
        if missing - {"groups"} and self._card.verb("contacts.get").support == "native":
            found = merged(found, await self._verbs.get_contact(found.id))
        if "groups" in untold(ours, found) and self._card.verb("contacts.groups_of").support != "unsupported":
            groups = tuple(group.id for group in await self._verbs.groups_of(found.id))
            found = merged(found, read_from(Contact(groups=groups), None, frozenset({"groups"})))
        return found

    async def _join(self, ours: Contact, stored: Contact) -> None:
        """The groups that come a call after the contact (Filemail), where that call was not made."""
        groups: Sequence[str] = ours.groups or ()
        if not self._card.one_group and "groups" in stored.known:
            for group in groups:
                if group not in (stored.groups or ()):
                    await self._verbs.add_to_group(group, stored.id)
