"""Creates and upserts: what a look at the vendor says before a write, and after one whose answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import anyio

from crossbook._batch.item import BatchItem, ItemOutcome, Uncertain
from crossbook._batch.matching import Lookups, differences, equal, merged, untold
from crossbook._batch.operations import Completed, PreparedItem
from crossbook.errors import AmbiguousMatchError, CrossbookError, InvalidInputError, NoResponseError
from crossbook.journal import Journal
from crossbook.models import Contact, attach_raw

OnDuplicate = Literal["skip", "update", "error"]
OnUncertain = Literal["retry", "skip", "done"]
TRIES = 5  # of a create that a lookup showed not to have happened


class Resolver:
    """Looks contacts up by their match key.

    Errors of the vendor become the item's; those of the journal are raised, and end the run.

    Args:
        verbs: the vendor's.
        lookups: how to ask; None if the batch has no match key.
        match: the name of the key.
        upsert: whether a contact that is there is changed instead.
        on_duplicate: what to do with a key that this batch had already (and, for creates, that the vendor has); None
            for creates only: nothing.
        settle_timeout: seconds after which a write without an answer has happened or never will.
        uncertain: what the caller decided about creates that an earlier run left open and no lookup settles; None
            reports them as uncertain.
        dry_run: what is decided is not done, so that the vendor will not know of it.
    """

    def __init__(
        self,
        adapter: Any,
        lookups: Lookups | None,
        journal: Journal,
        *,
        match: str | None,
        upsert: bool,
        on_duplicate: OnDuplicate | None,
        settle_timeout: float,
        uncertain: OnUncertain | None,
        dry_run: bool,
    ) -> None:
        self._adapter = adapter
        self._profile = adapter.profile
        self._lookups = lookups
        self._journal = journal
        self._match = match
        self._upsert = upsert
        self._on_duplicate = on_duplicate
        self._settle_timeout = settle_timeout
        self._uncertain: OnUncertain | None = uncertain
        self._dry_run = dry_run
        self._in_doubt: set[str] = set()  # keys of creates that could not be looked up: a list read before is too old

    @property
    def asks(self) -> bool:
        return self._lookups is not None

    @property
    def decides(self) -> bool:
        """Whether the caller decided about what no lookup settles."""
        return self._uncertain is not None

    def key(self, ready: PreparedItem) -> str | None:
        """The item's match key in its normal form: personal data, and written down as a hash only."""
        if self._lookups is None or ready.contact is None or ready.done is not None:
            return None
        key = self._lookups.key(ready.contact)
        if key is None and self._on_duplicate:
            why = self._lookups.explain_no_match_key(ready.contact)
            raise InvalidInputError(why, field=self._match, vendor=self._profile.vendor)
        return key

    async def before(self, task: BatchItem) -> ItemOutcome | None:
        """An outcome that needs no write, or None: then `task.update` says what to change, or it is to be created."""
        contact, key = task.ready.contact, task.ready.key
        if self._lookups is None or contact is None or key is None:
            return None
        first = await self._journal.find_key(key) if self._on_duplicate else None
        again = first is not None and first < task.index
        if again and self._on_duplicate != "update":
            return self._duplicate(f"input {first} has the same {self._match}")
        since = anyio.current_time() if key in self._in_doubt else float("-inf")
        try:
            found = await self._lookups.find(contact, since)
        except CrossbookError as error:
            return error
        task.seen = tuple(match.id for match in found)
        if not found:
            return Completed("updated") if again and self._dry_run else None
        return await self._chosen(task, contact, found)

    async def _chosen(self, task: BatchItem, contact: Contact, found: Sequence[Contact]) -> ItemOutcome | None:
        """What is done about contacts that have the key."""
        if not self._on_duplicate:
            return None
        if not self._upsert and self._on_duplicate != "update":
            only = found[0].id if len(found) == 1 else None
            return self._duplicate(f"the vendor has a contact with this {self._match}", only)
        if len(found) > 1:
            return self._several(f"{len(found)} contacts have this {self._match}", tuple(each.id for each in found))
        if await self._is_overtaken(task, found[0].id):
            return Completed("skipped", found[0].id)
        try:
            stored = await self._told(contact, found[0])
        except CrossbookError as error:
            return error
        changes = differences(self._profile, contact, stored, self._adapter.region)
        if not changes:
            return Completed("unchanged", stored.id, contact)
        task.update = stored.id, changes
        return None

    async def after(self, task: BatchItem) -> ItemOutcome | None:
        """What became of a create whose answer was lost; None if it did not happen and is to be done.

        A record is ours only if no other item owns it, if it was not there before, and if it says what ours says.
        """
        interrupted = "an earlier run sent it and ended before the answer"
        error = task.lost or NoResponseError(interrupted, vendor=self._profile.vendor, sent="maybe")
        contact = task.ready.contact
        if task.half is not None:
            return await self._joined(task, error)
        if self._lookups is None or contact is None or task.ready.key is None:
            return self._decided(task, Uncertain(error, final=True))
        settled = task.since + self._settle_timeout
        await anyio.sleep_until(settled)
        try:
            found = await self._lookups.find(contact, since=settled)
        except CrossbookError:
            self._in_doubt.add(task.ready.key)
            return Uncertain(error, final=False)
        fresh = [match for match in found if match.id not in task.seen and await self._free(match.id, task.index)]
        ours = [match for match in fresh if equal(self._profile, contact, match, self._adapter.region)]
        unclear = ours if task.unseen else fresh
        if len(ours) == 1:
            task.half = ours[0].id
            joined = await self._joined(task, error)
            # Without ids stored before the first attempt the contact may have been there all along.
            there = task.unseen and isinstance(joined, Completed)
            task.unseen = False
            return Completed("skipped", task.half, contact) if there else joined
        if unclear:
            ids = tuple(match.id for match in unclear)
            what = f"{len(ids)} {'equal' if task.unseen else 'new'} contacts have this {self._match}"
            # Whose they are may be known later: another input may turn out to own them, or somebody sets them right.
            unknown = Uncertain(self._several(f"{what}, and none is certainly this one", ids), final=False)
            settlement = self._decided(task, unknown)
            if settlement is unknown:
                return unknown
        elif task.tries >= TRIES:
            return error
        else:
            settlement = await self._chosen(task, contact, found) if found else None
        task.unseen, task.seen = False, tuple(match.id for match in found)
        return settlement

    def _decided(self, task: BatchItem, unknown: Uncertain) -> ItemOutcome | None:
        """Apply the caller's decision to what an earlier run left open; None sends the create again."""
        if task.lost is not None or self._uncertain is None or (self._uncertain == "retry" and task.refusal):
            return unknown
        task.retried = self._uncertain == "retry"
        return None if task.retried else Completed("skipped" if self._uncertain == "skip" else "done")

    async def _is_overtaken(self, task: BatchItem, id: str) -> bool:
        """Return whether an earlier run wrote this contact for a later input: that input has the last word."""
        if (await self._journal.find_last_written(task.ready.key or "") or 0) > task.index:
            return True
        # A run without a match key wrote no keys down.
        owner = await self._journal.find_owner(id)
        entry = await self._journal.find_entry(owner) if owner is not None and owner > task.index else None
        return entry is not None and entry.state == "done"

    async def _joined(self, task: BatchItem, lost: CrossbookError) -> ItemOutcome:
        """A contact that was made, put into those of its groups that come a call later (Filemail)."""
        id, contact = task.half or "", task.ready.contact
        if self._profile.capability("contacts.create").calls_per_group:
            try:
                for group in (contact.groups if contact else None) or ():
                    await self._adapter.add_to_group(group, id)
            except CrossbookError as error:
                error.id = id
                error.message = f"the contact was created, and not put into all its groups: {error.message}"
                return error
        return Completed("created", id, contact)

    async def _free(self, id: str, index: int) -> bool:
        return await self._journal.find_owner(id) in (None, index)

    def _duplicate(self, why: str, id: str | None = None) -> ItemOutcome:
        if self._on_duplicate == "skip":
            return Completed("skipped", id)
        return InvalidInputError(f"{why} (on_duplicate='error')", field=self._match, vendor=self._profile.vendor)

    def _several(self, what: str, ids: tuple[str, ...]) -> AmbiguousMatchError:
        return AmbiguousMatchError(
            f"{what}: {', '.join(ids[:10])}",
            candidates=ids, vendor=self._profile.vendor, field=self._match, sent="yes",
        )  # fmt: skip

    async def _told(self, ours: Contact, found: Contact) -> Contact:
        """The contact with the fields that the lookup's answer did not tell, where they are wanted and can be had."""
        missing = untold(ours, found)
        if missing - {"groups"} and self._profile.capability("contacts.get").support == "native":
            found = merged(found, await self._adapter.get_contact(found.id))
        if "groups" in untold(ours, found) and self._profile.capability("contacts.groups_of").support != "unsupported":
            groups = tuple(group.id for group in await self._adapter.groups_of(found.id))
            found = merged(found, attach_raw(Contact(groups=groups), None, frozenset({"groups"})))
        return found

    async def close(self) -> None:
        """Nobody asks any more."""
        if self._lookups is not None:
            await self._lookups.close()

    def note(self, contact: Contact, id: str) -> None:
        """A contact that was written: who has the same key later is compared with it."""
        if self._lookups is not None and self._on_duplicate:
            self._lookups.note(attach_raw(replace(contact, id=id), None, contact.known_fields | {"id"}))
