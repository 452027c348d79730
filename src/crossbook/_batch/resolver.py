"""Decide about creates and upserts: what to write, and what became of a create whose response was lost.

What happens after a create whose response was lost is decided here. Two parts are elsewhere: `proves_no_write` in
`item.py` decides which responses count as lost, and `assemble.py` sets the default of `settle_timeout`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Literal

import anyio
from attrs import define, field

from crossbook._batch.item import BatchItem, ItemOutcome, Uncertain, is_answer, proves_no_write
from crossbook._batch.lookups import Found, Lookups
from crossbook._batch.matching import (
    contradicts,
    find_differences,
    find_missing_fields,
    is_equal,
    merge_contacts,
)
from crossbook._batch.operations import Completed, Create, PreparedItem, opt_out
from crossbook.errors import (
    AmbiguousMatchError,
    CrossbookError,
    InvalidInputError,
    InvalidResponseError,
    NoResponseError,
    NotFoundError,
    RejectedError,
    from_record,
)
from crossbook.journal import Journal, JournalEntry
from crossbook.models import Contact, attach_raw
from crossbook.vendor import VendorProfile

OnDuplicate = Literal["skip", "update", "error"]
OnUncertain = Literal["retry", "skip", "done"]
_AGAIN = "run the same journal again"
_ALL_FIELDS = frozenset(each.name for each in fields(Contact))
_MAX_CREATES = 5  # creates of one item in one run, if a lookup after each of them finds no contact


@define(eq=False, repr=False, kw_only=True)
class Resolver:
    """The part of a batch that looks contacts up by match key, and decides what a create or upsert has to write.

    An error of the vendor becomes the item's outcome. An error of the journal is raised, and ends the run.

    Args:
        adapter: the vendor's adapter.
        operation: checks the contacts, and knows what to do with opt-outs.
        lookups: finds contacts; None if the batch has no match key.
        journal: the run's journal, which knows the keys and ids of the other items.
        match: the name of the match key, or "auto": the first of the vendor's match keys that an item has. A stored
            contact is then the item's contact only if no field contradicts it.
        upsert: whether to change an existing contact.
        on_duplicate: what to do with a key that this batch had before (for creates: that the vendor has, too).
            None, for creates only: create the contact.
        settle_timeout: seconds after which the vendor has processed a request without a response, or never will.
        uncertain: the caller's decision about creates of an earlier run that no lookup settles. None: they stay
            uncertain.
        dry_run: whether nothing is written, so that the vendor does not get the contacts of earlier items.
    """

    adapter: Any
    operation: Create
    lookups: Lookups | None
    journal: Journal
    match: str | None
    upsert: bool
    on_duplicate: OnDuplicate | None
    settle_timeout: float
    uncertain: OnUncertain | None
    dry_run: bool
    _failed_lookups: set[str] = field(init=False, factory=set[str])
    _opted_out_keys: set[str] = field(init=False, factory=set[str])  # of inputs that opted out and are skipped
    """Keys of unresolved creates whose lookup failed: a list that was read before is too old for them."""
    _planned: dict[str, list[Contact]] = field(init=False, factory=dict[str, list[Contact]])
    """With match="auto", the contacts that a dry run would create, by each of their keys."""

    @property
    def _profile(self) -> VendorProfile:
        profile: VendorProfile = self.adapter.profile
        return profile

    @property
    def has_lookups(self) -> bool:
        return self.lookups is not None

    @property
    def is_auto(self) -> bool:
        return self.lookups is not None and self.lookups.is_auto

    def list_unhashed_keys(self, prepared: PreparedItem) -> Sequence[str]:
        """Return the item's normalized match keys. They are personal data: only their hashes may be stored."""
        if self.lookups is None or prepared.contact is None or prepared.outcome is not None:
            return ()
        keys = self.lookups.list_unhashed_keys(prepared.contact)
        prepared.unmatched = not keys and self.is_auto
        is_skipped = prepared.opted_out and not prepared.opt_out
        if not keys and self.on_duplicate and not self.is_auto and not is_skipped:
            why = self.lookups.explain_no_match_key(prepared.contact)
            raise InvalidInputError(why, field=self.match, vendor=self._profile.vendor)
        return keys

    def remember_opted_out_input(self, prepared: PreparedItem) -> None:
        """Remember the keys of an input that opted out and is skipped: another input with a key is not created."""
        if prepared.key is not None and prepared.opted_out and not prepared.opt_out:
            self._opted_out_keys.update((prepared.key, *prepared.other_keys))

    def list_refused_keys(self, contact: Any) -> Sequence[str]:
        """Return the normalized match keys of a contact that `on_opted_out="error"` refused before its other checks."""
        values = [getattr(contact, name, None) for name in self._profile.match_keys]
        if self.lookups is None or not all(value is None or isinstance(value, str) for value in values):
            return ()
        return self.lookups.list_unhashed_keys(contact)

    def remember_opted_out_keys(self, keys: Iterable[str]) -> None:
        """Remember hashed keys of an input that opted out and is not written."""
        self._opted_out_keys.update(keys)

    def can_settle(self, item: BatchItem) -> bool:
        """Return whether this run can find out what became of an item that an earlier run reported as uncertain."""
        return self.uncertain is not None or item.prepared.key is not None

    @property
    def settles_uncertain(self) -> bool:
        return self.lookups is not None or self.uncertain is not None

    def restore(self, item: BatchItem, entry: JournalEntry, opened: float) -> None:
        """Restore the item's state from the journal entry of an earlier run that sent its create.

        Args:
            item: the item of this run.
            entry: its intent, with at least one attempt.
            opened: when this run opened the journal; the earlier run had ended by then.
        """
        item.existing_ids = None if entry.key is None else entry.existing_ids
        item.sent_by_time = opened
        error = None if entry.error is None else from_record(entry.error)
        if error is not None and is_answer(error):
            error.message = error.message.partition(f"; {_AGAIN}")[0]
            item.answered = error
        if entry.id is None:
            item.state = "unresolved"
        elif entry.id not in entry.existing_ids:  # otherwise the intent was an update of an existing contact
            item.state, item.created_id = "created", entry.id

    def handle_lost_response(self, item: BatchItem, response: CrossbookError | None) -> None:
        """Set the state of a sent create whose response was lost, or (`response` is None) did not mention the item.

        An error with an id means that the contact exists and a later call failed, which adds it to its groups.
        """
        item.sent_by_time = anyio.current_time()
        item.lost_response = response or NoResponseError(
            "the response does not say whether this item was written", vendor=self._profile.vendor, sent="maybe"
        )
        item.answered = response if response is not None and is_answer(response) else None
        item.created_id = response.id if response else None
        item.alone = response is None or isinstance(response, InvalidResponseError)  # a response about one is clear
        item.state = "unresolved" if item.created_id is None else "created"

    async def decide(self, item: BatchItem) -> ItemOutcome | None:
        """Return the item's outcome if it is known without a write, or None if the item must be written.

        If `item.update` is set, change that contact; otherwise create the contact.
        """
        if item.is_decided:
            item.is_decided = False
            return None
        if item.state == "ready":
            outcome = await self._decide_before_write(item)
            return self._make_uncertain(outcome) if item.attempts and isinstance(outcome, CrossbookError) else outcome
        outcome = await self._resolve_lost_create(item)
        if outcome is None:
            item.state = "ready"
            if self.operation.find_listed is not None and item.prepared.outcome is not None:
                return item.prepared.outcome  # listed as opted out since the create was sent
            if item.prepared.opted_out and not item.prepared.opt_out:
                return Completed("skipped")
        return outcome

    async def _decide_before_write(self, item: BatchItem) -> ItemOutcome | None:
        contact, key, prepared = item.prepared.contact, item.prepared.key, item.prepared
        is_skipped = prepared.opted_out and not prepared.opt_out
        if self.lookups is None or contact is None or key is None:
            return Completed("skipped") if is_skipped else None
        first = await self.journal.find_key(key) if self.on_duplicate and not self.is_auto else None
        is_repeated = first is not None and first < item.index
        if is_repeated and self.on_duplicate != "update" and not prepared.opted_out:
            return self._make_duplicate_outcome(contact, f"input {first} has the same {self.match}")
        since = anyio.current_time() if key in self._failed_lookups else float("-inf")
        try:
            # A list is too old to decide about consent.
            found = await self.lookups.find(contact, since, fresh=bool(prepared.opted_out))
            if first is not None and first != item.index and not (found.contacts or self.dry_run):
                found = await self._find_written(first, contact) or found
            if self.operation.find_listed is not None:
                await self._apply_listed(prepared, contact, found.contacts)
                if prepared.outcome is not None:
                    return prepared.outcome
                is_skipped = bool(prepared.opted_out and not prepared.opt_out)
            if is_skipped:
                return await self._skip_opted_out(item, contact, found.contacts)
        except CrossbookError as error:
            return error
        item.existing_ids = tuple(match.id for match in found.contacts)
        is_unsubscribed = False
        if prepared.opt_out:
            try:
                is_unsubscribed = await self._unsubscribe_existing(item, contact, found.contacts)
            except CrossbookError as error:
                error.message = f"the contact could not be opted out: {error.message}"
                return error if proves_no_write(error) else Uncertain(error, final=False)
        outcome = await self._decide_to_write(item, contact, key, found, is_repeated=is_repeated)
        if is_unsubscribed and isinstance(outcome, Completed) and outcome.status in ("skipped", "unchanged"):
            return Completed("updated", outcome.id, contact)
        if is_unsubscribed and isinstance(outcome, CrossbookError):
            outcome.message = f"the contact was opted out, and then: {outcome.message}"
        if not is_unsubscribed and (outcome is not None or item.update is not None):
            # Opted out before: this run did not do it.
            prepared.write_only_fields = tuple(name for name in prepared.write_only_fields if name != "opted_out")
        return outcome

    async def _find_written(self, index: int, contact: Contact) -> Found | None:
        """Return the contact that another input with the same match key wrote, read by its id. None if it is gone.

        A filter may miss it: some vendors may compare the case of an e-mail address, or show a new contact late.
        """
        assert self.lookups is not None
        entry = await self.journal.find_entry(index)
        if entry is None or not entry.id:
            return None
        try:
            written = await self.adapter.get_contact(entry.id)
        except NotFoundError:
            return None
        has_key = self.lookups.list_unhashed_keys(written) == self.lookups.list_unhashed_keys(contact)
        return Found([written], is_certain=True) if has_key else None

    async def _decide_to_write(
        self, item: BatchItem, contact: Contact, key: str, found: Found, *, is_repeated: bool
    ) -> ItemOutcome | None:
        assert self.lookups is not None
        if is_repeated and self.on_duplicate != "update":
            return self._make_duplicate_outcome(contact, f"an earlier input has the same {self.match}")
        if not found.contacts and is_repeated and self.dry_run:
            item.update = "", dict.fromkeys(contact.known_fields - {"groups"})  # of the contact of that input
            return None
        planned = self._planned.get(key, ())
        outcome = await self._decide_for_existing(item, contact, [*found.contacts, *planned])
        creates = outcome is None and item.update is None
        if not found.is_certain and (creates or isinstance(outcome, (AmbiguousMatchError, NotFoundError))):
            # The list may lack a contact, or have one that the vendor no longer has: ask the vendor itself.
            try:
                found = await self.lookups.find(contact, fresh=True)
            except CrossbookError as error:
                return error
            item.existing_ids = tuple(match.id for match in found.contacts)
            outcome = await self._decide_for_existing(item, contact, [*found.contacts, *planned])
        item.is_listed = not found.is_certain
        if outcome is None and item.update is None:
            if not self._opted_out_keys.isdisjoint((key, *item.prepared.other_keys)):
                if self.operation.on_opted_out == "error":
                    why = "another input of this person opted out (on_opted_out='error')"
                    return InvalidInputError(why, field="opted_out", vendor=self._profile.vendor)
                item.prepared.dropped_fields = (*item.prepared.dropped_fields, "opted_out")
                item.existing_ids = None
                return Completed("skipped")
            outcome = await self._apply_stored_opt_outs(item, contact, found.contacts)
        if self.dry_run and self.is_auto and outcome is None and item.update is None:
            created = attach_raw(contact, None, _ALL_FIELDS)
            for each in (key, *item.prepared.other_keys):
                self._planned.setdefault(each, []).append(created)
        return outcome

    async def _apply_listed(self, prepared: PreparedItem, contact: Contact, found: Sequence[Contact]) -> None:
        """Handle an item whose stored contact the suppression list knows by a key that the item does not have."""
        assert self.operation.find_listed is not None
        own = [match for match in found if not (self.is_auto and contradicts(contact, match, self.adapter.region))]
        channels = frozenset[str]().union(*await self.operation.find_listed(own))
        if channels - prepared.opted_out:
            self.operation.apply_opt_out(prepared, channels)

    async def _skip_opted_out(self, item: BatchItem, contact: Contact, found: Sequence[Contact]) -> Completed:
        """Skip an input that opted out. The outcome has the id of a contact with its address that did not."""
        assert self.lookups is not None
        item.existing_ids = None  # no key in the journal: a later input with the key is not a duplicate of this one
        known = self._profile.channels
        wanted = item.prepared.opted_out & (known or item.prepared.opted_out)
        for match in (*found, *await self.lookups.find_by_further_keys(contact)):
            if wanted - await self.adapter.read_opt_outs(match, wanted):
                return Completed("skipped", match.id)
        return Completed("skipped")

    async def _unsubscribe_existing(self, item: BatchItem, contact: Contact, found: Sequence[Contact]) -> bool:
        """Opt out every stored contact with an address of this input. Return whether one was not opted out before.

        Names are not compared: the address is what gets the messages.
        """
        assert self.lookups is not None
        matches = {match.id: match for match in (*found, *await self.lookups.find_by_further_keys(contact))}
        is_recorded = False
        self.lookups.remember_opted_out(contact)
        for id, match in matches.items():
            self.lookups.remember_opted_out(match)
            missing = item.prepared.opt_out - await self.adapter.read_opt_outs(match, item.prepared.opt_out)
            if missing and not self.dry_run:
                if not is_recorded:
                    item.intent_time = time.time()
                    await self.journal.record_intents([item.make_entry("intent")])
                await opt_out(self.adapter, id, missing)
            is_recorded = is_recorded or bool(missing)
        return is_recorded

    async def _apply_stored_opt_outs(
        self, item: BatchItem, contact: Contact, found: Sequence[Contact]
    ) -> ItemOutcome | None:
        """Decide about a create next to stored contacts with the same address, if one of them opted out.

        With match="auto" that is a contact with any of the input's match keys, else those in `found`. The vendor would
        send to the new contact. If the vendor stores opt-outs by phone number, it does not.
        """
        if item.prepared.opt_out or self._profile.opt_outs_by == "phone" or not self._profile.channels:
            return None
        if self.lookups is None or not (found or self.lookups.has_further_keys(contact)):
            return None
        channels: frozenset[str] = frozenset()
        try:
            if not await self.lookups.may_have_opted_out(contact):
                return None
            matches = {match.id: match for match in (*found, *await self.lookups.find_by_further_keys(contact))}
            matches.pop(item.created_id or "", None)
            for match in matches.values():
                channels |= await self.adapter.read_opt_outs(match, self._profile.channels)
        except CrossbookError as error:
            return error
        if not channels:
            return None
        if self.operation.on_opted_out == "unsubscribe":
            self.operation.set_opt_out(item.prepared, channels)
            self.lookups.remember_opted_out(contact)
            return None
        if self.operation.on_opted_out == "skip":
            item.prepared.dropped_fields = (*item.prepared.dropped_fields, "opted_out")
            item.existing_ids = None
            return Completed("skipped")
        key = self._get_key_name(contact)
        why = f"a contact with this {key} opted out of {', '.join(sorted(channels))} (on_opted_out='error')"
        return InvalidInputError(why, field=key, vendor=self._profile.vendor)

    async def _restore_opt_out(self, item: BatchItem, id: str) -> ItemOutcome | None:
        """Find out again whether a contact, which an earlier run created, shares its address with one that opted out.

        Return an outcome only if that is impossible; the next run tries again.
        """
        contact = item.prepared.contact
        if contact is None or self.lookups is None or item.prepared.opt_out:
            return None
        try:
            found = [match for match in (await self.lookups.find(contact, fresh=True)).contacts if match.id != id]
        except CrossbookError as error:
            return Uncertain(error, final=False)
        outcome = await self._apply_stored_opt_outs(item, contact, found)
        return Uncertain(outcome, final=False) if isinstance(outcome, CrossbookError) else None

    async def _decide_for_existing(
        self, item: BatchItem, contact: Contact, found: Sequence[Contact]
    ) -> ItemOutcome | None:
        """Decide what to do with an item, given the stored contacts that have its match key."""
        item.update, item.new_groups = None, ()
        if self.is_auto:
            found = [match for match in found if not contradicts(contact, match, self.adapter.region)]
        if not self.on_duplicate or not found:
            return None
        if not self.upsert and self.on_duplicate != "update":
            id = (found[0].id or None) if len(found) == 1 else None
            why = f"the vendor has a contact with this {self._get_key_name(contact)}"
            return self._make_duplicate_outcome(contact, why, id)
        if len(found) > 1:
            what = f"{len(found)} contacts have this {self._get_key_name(contact)}"
            return self._make_ambiguous_error(contact, what, found)
        if await self._is_overtaken(item, found[0].id):
            return Completed("skipped", found[0].id)
        try:
            stored = await self._read_missing_fields(contact, found[0])
        except CrossbookError as error:
            return error
        changes = find_differences(self._profile, contact, stored, self.adapter.region)
        if not changes:
            return Completed("unchanged", stored.id, contact)
        if "groups" in changes and self._adds_groups:
            del changes["groups"]
            item.new_groups = tuple(group for group in contact.groups or () if group not in (stored.groups or ()))
        item.update = stored.id, changes
        return None

    @property
    def _adds_groups(self) -> bool:
        """Whether the vendor has a call that adds a contact to a group. Otherwise an update replaces its groups."""
        return self._profile.capability("groups.add").support == "native" and not self._profile.single_group

    def handle_missing_contact(self, item: BatchItem, response: object) -> bool:
        """Return whether an update failed because the contact, found in a list, no longer exists: decide again."""
        is_missing = isinstance(response, NotFoundError) and response.field != "groups"
        if not (is_missing and item.is_listed and item.update and item.update[1] and self.lookups):
            return False
        self.lookups.forget(item.update[0])
        item.update, item.new_groups, item.is_listed = None, (), False
        return True

    async def _resolve_lost_create(self, item: BatchItem) -> ItemOutcome | None:
        """Return what became of a create with a lost response, or None if it wrote nothing and may be sent again.

        Invariant: a create is sent again only after a lookup that began `settle_timeout` seconds after it left, and
        that found no contact which could be its own. A found contact is its own only if all of this holds:

        - no other item of the run owns the contact;
        - the contact did not exist before the first attempt (`existing_ids`);
        - its fields equal the item's fields.

        If the vendor answered the create without saying what became of it, and no such contact is found, the vendor
        has refused it. It is then `failed`, and never sent again.

        A single new contact with other fields may still be its own, since a vendor may change values, or a stranger's:
        then the item is uncertain. If `existing_ids` is unknown, an equal contact may have existed before: the item is
        then `skipped` instead of `created`, and contacts with other fields are not its own.
        """
        error = item.lost_response or item.answered or NoResponseError(
            "an earlier run sent this create and ended before it recorded a response",
            vendor=self._profile.vendor, sent="maybe",
        )  # fmt: skip
        if item.created_id is not None:
            return await self._complete_create(item, item.created_id)
        contact, key = item.prepared.contact, item.prepared.key
        if self.lookups is None or contact is None or key is None:
            return self._apply_decision(item, Uncertain(error, final=True))
        settled = item.sent_by_time + self.settle_timeout
        await anyio.sleep_until(settled)
        try:
            found = (await self.lookups.find(contact, settled, fresh=True)).contacts
        except CrossbookError:
            self._failed_lookups.add(key)
            return Uncertain(error, final=False)
        existing, is_unknown = item.existing_ids or (), item.existing_ids is None
        new = [match for match in found if match.id not in existing and await self._is_unowned(match.id, item.index)]
        own = [match for match in new if is_equal(self._profile, contact, match, self.adapter.region)]
        if len(own) == 1:
            item.state, item.created_id = "created", own[0].id
            item.existing_ids = existing
            added = await self._complete_create(item, own[0].id)
            return Completed("skipped", own[0].id, contact) if is_unknown and isinstance(added, Completed) else added
        candidates = own if is_unknown else new
        outcome: ItemOutcome | None = None
        if candidates:
            kind = "equal" if is_unknown else "new"
            what = (
                f"{len(candidates)} {kind} contacts have this {self._get_key_name(contact)}, and it is not certain "
                "which of them this create made, if any"
            )
            # Not final: a later run may know more, if another item owns a candidate or a person corrected the contacts.
            uncertain = Uncertain(self._make_ambiguous_error(contact, what, candidates), final=False)
            outcome = self._apply_decision(item, uncertain)
            if outcome is uncertain:
                return uncertain
        elif item.run_attempts >= _MAX_CREATES:
            return error
        elif found:
            outcome = await self._decide_for_existing(item, contact, found)
        if outcome is None and item.update is None:
            outcome = await self._apply_stored_opt_outs(item, contact, found)
            if isinstance(outcome, CrossbookError):
                return Uncertain(error, final=False)
        if item.answered and outcome is None and item.update is None and not item.sent_by_decision:
            return self._make_refusal(item.answered)
        item.existing_ids = tuple(match.id for match in found)
        return outcome

    def _make_refusal(self, answer: CrossbookError) -> RejectedError:
        """Return the error of a create that the vendor answered, and of which it has no contact."""
        return RejectedError(
            f"the vendor has no contact of this create, so it refused the item: {answer.message}",
            vendor=self._profile.vendor, operation=answer.operation, status=answer.status, code=answer.code,
            field=answer.field, request_id=answer.request_id, sent="yes",
        )  # fmt: skip

    def _get_key_name(self, contact: Contact) -> str | None:
        return None if self.lookups is None else self.lookups.get_key_name(contact)

    def _make_uncertain(self, error: CrossbookError) -> Uncertain:
        """Return the outcome of an item whose update may have happened, and whose next lookup failed."""
        what = "the response does not say whether this contact was updated, and it cannot be looked up"
        lost = NoResponseError(f"{what}: {error.message}", vendor=self._profile.vendor, sent="maybe")
        return Uncertain(lost, final=False)

    def _apply_decision(self, item: BatchItem, outcome: Uncertain) -> ItemOutcome | None:
        """Return the outcome that `uncertain=` gives to a create of an earlier run, or None to send it again."""
        is_refused = isinstance(item.prepared.outcome, CrossbookError)
        if item.lost_response is not None or self.uncertain is None or (self.uncertain == "retry" and is_refused):
            return outcome
        item.sent_by_decision = self.uncertain == "retry"
        return None if item.sent_by_decision else Completed("skipped" if self.uncertain == "skip" else "done")

    async def _is_overtaken(self, item: BatchItem, id: str) -> bool:
        """Return whether an earlier run already wrote a later input to this contact. The later values must stay."""
        # With match="auto" the later input with the key may be another person.
        if not self.is_auto and (await self.journal.find_last_written(item.prepared.key or "") or 0) > item.index:
            return True
        # A run without a match key recorded no keys.
        owner = await self.journal.find_owner(id)
        entry = await self.journal.find_entry(owner) if owner is not None and owner > item.index else None
        return entry is not None and entry.state == "done"

    async def _complete_create(self, item: BatchItem, id: str) -> ItemOutcome:
        """Opt a created contact out, and add it to its groups, if the vendor needs calls for that.

        Return the create's outcome. The order keeps the contact out of messages to the groups before its opt-out.
        """
        contact = item.prepared.contact
        if item.prepared.opted_out and not item.prepared.opt_out:
            return Completed("skipped", id)  # listed as opted out since the create was sent: add it to no group
        if item.run_attempts == 0 and self.operation.on_opted_out == "unsubscribe":
            outcome = await self._restore_opt_out(item, id)
            if outcome is not None:
                return outcome
        channels = item.prepared.opt_out if self._profile.opt_outs_by == "contact" else None
        what = "is not opted out, and in no group yet"
        try:
            if channels:
                if self.lookups is not None and contact is not None:
                    self.lookups.remember_opted_out(contact)  # a resumed item comes here first
                await opt_out(self.adapter, id, channels)
            what = "is not in all its groups"
            if channels or self._profile.capability("contacts.create").calls_per_group:
                for group in (contact.groups if contact else None) or ():
                    await self.adapter.add_to_group(group, id)
        except CrossbookError as error:
            error.id = id
            error.message = f"the contact was created, but {what}: {error.message}"
            return error
        return Completed("created", id, contact)

    async def _is_unowned(self, id: str, index: int) -> bool:
        return await self.journal.find_owner(id) in (None, index)

    def _make_duplicate_outcome(self, contact: Contact, why: str, id: str | None = None) -> ItemOutcome:
        if self.on_duplicate == "skip":
            return Completed("skipped", id)
        field, vendor = self._get_key_name(contact), self._profile.vendor
        return InvalidInputError(f"{why} (on_duplicate='error')", field=field, vendor=vendor)

    def _make_ambiguous_error(self, contact: Contact, what: str, found: Sequence[Contact]) -> AmbiguousMatchError:
        ids = tuple(contact.id for contact in found)
        return AmbiguousMatchError(
            f"{what}: {', '.join(ids[:10])}{', …' if len(ids) > 10 else ''}",
            candidates=ids, vendor=self._profile.vendor, field=self._get_key_name(contact), sent="yes",
        )  # fmt: skip

    async def _read_missing_fields(self, ours: Contact, found: Contact) -> Contact:
        """Return the found contact, after reading the fields of `ours` that the lookup did not return."""
        missing = find_missing_fields(ours, found)
        if missing - {"groups"} and self._profile.capability("contacts.get").support == "native":
            found = merge_contacts(found, await self.adapter.get_contact(found.id))
        has_groups = self._profile.capability("contacts.groups_of").support != "unsupported"
        if has_groups and "groups" in find_missing_fields(ours, found):
            groups = await self._read_groups(ours, found.id)
            found = merge_contacts(found, attach_raw(Contact(groups=groups), None, frozenset({"groups"})))
        return found

    async def _read_groups(self, ours: Contact, id: str) -> tuple[str, ...]:
        """Return the groups of a stored contact. Some may be missing if none of them matters for the update."""
        if self.lookups is not None and self.lookups.reads_members and ours.groups:
            absent = await self.lookups.find_absent_groups(ours.groups, id)
            if not absent or self._adds_groups:
                return tuple(group for group in ours.groups if group not in absent)
        return tuple(group.id for group in await self.adapter.groups_of(id))

    def remember_written(self, item: BatchItem, contact: Contact, id: str, *, has_groups: bool) -> None:
        """Remember a contact that this run wrote, so that lookups of later items with the same match key find it.

        `has_groups`: the contact is in all its groups.
        """
        if self.lookups is None or not self.on_duplicate:
            return
        known = contact.known_fields | {"id"}
        if not has_groups or (item.update is not None and not self._profile.single_group):
            known -= {"groups"}  # an update has added these groups to others
        values: dict[str, Any] = {name: getattr(contact, name) for name in known}
        values["id"] = id
        groups = contact.groups or () if has_groups else ()
        self.lookups.remember(attach_raw(Contact(**values), None, known), groups)

    async def close(self) -> None:
        if self.lookups is not None:
            await self.lookups.close()


def describe_remedy(*, creates: bool, kept: bool, matched: bool) -> str:
    """Return the advice in an uncertain item's error message: how the caller resolves the item.

    Args:
        creates: whether a repeated write could make a second contact.
        kept: whether a journal outlives the run.
        matched: whether the batch has a match key.
    """
    if not creates:
        again = _AGAIN if kept else "repeat it"
        return f"{again}: this write is safe to repeat"
    if not kept:
        return "look the contact up, and repeat it only if it is missing; with journal= a later run can do that"
    look = "to look the contact up again" if matched else "with match= to look the contact up"
    return f"{_AGAIN} {look}, or decide with uncertain='retry', 'skip' or 'done'"
