"""The verbs for many of `book.contacts` and `book.groups`: `create_many`, `upsert_many`, `add_many` …

The engine behind them is imported when a book makes its first batch: who has none does not pay for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Unpack

from crossbook.core import checks, fitting
from crossbook.core.frames import public_sync
from crossbook.errors import InvalidInput
from crossbook.models import Contact, ExternalId

if TYPE_CHECKING:
    from crossbook.core.batch.decide import OnDuplicate
    from crossbook.core.batch.engine import Batch
    from crossbook.core.batch.results import Status
    from crossbook.core.card import MatchKey
    from crossbook.core.pager import Pager
    from crossbook.many import BatchOptions, Items, Workshop

AnyChannel = Literal["sms", "email", "push", "all"]


class ContactBatches:
    """What `book.contacts` can do with many. Each answers a `Batch`: enter it for results, or await `.summary()`."""

    _shop: Callable[[str, float | None], Workshop]
    _default_group: str | None

    @public_sync
    def create_many(
        self,
        contacts: Items[Contact],
        *,
        match: MatchKey | None = None,
        on_duplicate: OnDuplicate | None = None,
        on_loss: fitting.OnLoss = "error",
        include_opted_out: bool = False,
        **options: Unpack[BatchOptions],
    ) -> Batch[Contact]:
        """Stores a stream of contacts of any length; every input gets exactly one result.

        Args:
            contacts: an iterable, an async iterable or a list of another book; pulled only as fast as it is worked off.
            match: the key by which a create whose answer was lost is looked up; without it such a create is `uncertain`
                until the same journal is given a `match`, or a decision (`uncertain=`).
                It costs a lookup before each create (Vercom, SerwerSMS), or one reading of the list (Atom, Filemail).
            on_duplicate: with `match`: what to do with a key that the batch or the vendor had already: "skip" it,
                "update" the contact that is there, or "error". None, the default, creates it all the same.
            on_loss: "error" fails a contact with a field that the vendor cannot hold, "drop" leaves it out. Groups
                of a contact that comes from another vendor's list are such a field: their ids mean nothing here.
            include_opted_out: takes contacts too that are known to have opted out of a channel. They are `skipped` by
                default, since no vendor takes that mark along: in their new place they would be written to.
            options: see `BatchOptions`.

        Returns:
            A `Batch`: enter it for one `Result` an input, or await `.summary()`.

        Raises:
            InvalidInput, Unsupported: an option that cannot be, before any I/O.
            JournalMismatch, JournalBusy: the journal is of another batch, or in use (on entering).

        Example:
            ```python
            async with book.contacts.create_many(people, journal="import.sqlite", match="phone") as run:
                async for result in run:
                    print(result.index, result.status, result.id)
            ```
        """
        from crossbook.core.batch.writes import Create
        from crossbook.many import batch

        shop = self._shop("contacts.create", options.get("max_wait"))
        if on_duplicate is not None and match is None:
            raise InvalidInput("on_duplicate needs match: the key by which two are the same", field="match")
        step = Create(shop.verbs, on_loss, self._default_group, include_opted_out=include_opted_out)
        return batch(
            shop, step, contacts, options, operation="contacts.create_many", match=match, on_duplicate=on_duplicate
        )

    @public_sync
    def upsert_many(
        self,
        contacts: Items[Contact],
        *,
        match: MatchKey,
        on_duplicate: OnDuplicate = "update",
        on_loss: fitting.OnLoss = "error",
        include_opted_out: bool = False,
        **options: Unpack[BatchOptions],
    ) -> Batch[Contact]:
        """Creates the contacts that are not there, and changes those that are where they differ.

        A contact is found by `match`; what an input leaves out stays as it is stored, and so do groups that it does
        not name. A match key is no identity: several contacts with one key are an `Ambiguous` failure.

        Args:
            contacts: as in `create_many`.
            match: "phone", "email" or "external_id", as the vendor can be asked.
            on_duplicate: what to do with a key that this batch had before: "update" (default), "skip" or "error".
            on_loss: as in `create_many`.
            include_opted_out: as in `create_many`.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `created`, `updated`, `unchanged`, `skipped`, `failed` or `uncertain`.

        Raises:
            InvalidInput, Unsupported, JournalMismatch, JournalBusy: as in `create_many`.

        Example:
            ```python
            print(await book.contacts.upsert_many(people, match="phone").summary())
            ```
        """
        from crossbook.core.batch.writes import Create
        from crossbook.many import batch

        shop = self._shop("contacts.create", options.get("max_wait"))
        step = Create(shop.verbs, on_loss, self._default_group, include_opted_out=include_opted_out)
        return batch(
            shop, step, contacts, options,
            operation="contacts.upsert_many", match=match, upsert=True, on_duplicate=on_duplicate,
        )  # fmt: skip

    @public_sync
    def update_many(
        self, changes: Items[tuple[str | ExternalId, Mapping[str, Any]]], **options: Unpack[BatchOptions]
    ) -> Batch[tuple[str | ExternalId, Mapping[str, Any]]]:
        """Changes many contacts.

        Args:
            changes: items `(id, {"company": "ABC", "last_name": None})`, id and fields as `update` takes them.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `updated` or `failed`, and `uncertain` where nobody can tell.

        Raises:
            InvalidInput: an option that cannot be, before any I/O.
            JournalMismatch, JournalBusy: as in `create_many`.

        Example:
            ```python
            await book.contacts.update_many([(created.id, {"company": "ABC"})]).summary()
            ```
        """
        from crossbook.core.batch.writes import Update
        from crossbook.many import batch

        shop = self._shop("contacts.update", options.get("max_wait"))
        return batch(shop, Update(shop.verbs), changes, options, operation="contacts.update_many")

    @public_sync
    def delete_many(self, ids: Items[str] | Pager[Contact], **options: Unpack[BatchOptions]) -> Batch[str]:
        """Deletes many contacts, by id, or all of a list: its ids are read to the end before the first is deleted.

        That holds for the list itself: a generator of yours over a list that shrinks meanwhile skips some.

        Args:
            ids: the vendor's ids, or a list of contacts of this book.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `deleted` or `failed`, and `uncertain` where nobody can tell.

        Raises:
            InvalidInput, JournalMismatch, JournalBusy: as in `update_many`.

        Example:
            ```python
            await book.contacts.delete_many(book.contacts.list(group=friends.id)).summary()
            ```
        """
        return self._by_id("contacts.delete", "deleted", ids, options, "delete_contact", "delete_contacts")

    @public_sync
    def unsubscribe_many(
        self, ids: Items[str] | Pager[Contact], channel: AnyChannel, **options: Unpack[BatchOptions]
    ) -> Batch[str]:
        """Opts many contacts out of a channel, or of all (Vercom).

        Args:
            ids: as in `delete_many`.
            channel: "sms", "email", "push", or "all" for the three.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `done` or `failed`, and `uncertain` where nobody can tell.

        Raises:
            Unsupported: the vendor keeps no subscriptions.
            InvalidInput, JournalMismatch, JournalBusy: as in `update_many`; `channel` is none.

        Example:
            ```python
            await book.contacts.unsubscribe_many([created.id], "sms").summary()
            ```
        """
        return self._by_id(
            "contacts.unsubscribe", "done", ids, options, "unsubscribe", "unsubscribe_contacts", channel=channel
        )

    @public_sync
    def resubscribe_many(
        self, ids: Items[str] | Pager[Contact], channel: AnyChannel, **options: Unpack[BatchOptions]
    ) -> Batch[str]:
        """Opts many contacts in again (Vercom): ask the people first.

        Args:
            ids: as in `delete_many`.
            channel: as in `unsubscribe_many`.
            options: see `BatchOptions`.

        Returns:
            As `unsubscribe_many`.

        Raises:
            Unsupported, InvalidInput, JournalMismatch, JournalBusy: as in `unsubscribe_many`.

        Example:
            ```python
            await book.contacts.resubscribe_many([created.id], "sms").summary()
            ```
        """
        return self._by_id(
            "contacts.resubscribe", "done", ids, options, "resubscribe", "resubscribe_contacts", channel=channel
        )

    def _by_id(
        self,
        verb: str,
        status: Status,
        ids: Items[str] | Pager[Contact],
        options: BatchOptions,
        one: str,
        many: str,
        **fixed: str,
    ) -> Batch[str]:
        from crossbook.core.batch.steps import ById
        from crossbook.many import batch

        shop = self._shop(verb, options.get("max_wait"))
        if "channel" in fixed:
            checks.check_channel(shop.verbs.card, fixed["channel"])
        step = ById(
            verb, shop.verbs, status, partial(getattr(shop.verbs, one), **fixed), _many(shop.verbs, many, fixed)
        )
        return batch(shop, step, ids, options, operation=".".join((f"{verb}_many", *fixed.values())))


class GroupBatches:
    """What `book.groups` can do with many."""

    _shop: Callable[[str, float | None], Workshop]

    @public_sync
    def add_many(self, pairs: Items[tuple[str, str]], **options: Unpack[BatchOptions]) -> Batch[tuple[str, str]]:
        """Puts many contacts into groups.

        Args:
            pairs: items `(group, contact)`, both by the vendor's ids.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `done` or `failed`, and `uncertain` where nobody can tell.

        Raises:
            Unsupported: Atom, as in `groups.add`.
            InvalidInput, JournalMismatch, JournalBusy: as in `contacts.update_many`.

        Example:
            ```python
            await book.groups.add_many([(friends.id, created.id)]).summary()
            ```
        """
        return self._members("groups.add", pairs, options, "add_to_group", "add_all_to_group")

    @public_sync
    def remove_many(self, pairs: Items[tuple[str, str]], **options: Unpack[BatchOptions]) -> Batch[tuple[str, str]]:
        """Takes many contacts out of groups.

        Read a list to its end first, as below: the list of a group that shrinks while it is read skips some.

        Args:
            pairs: as in `add_many`.
            options: see `BatchOptions`.

        Returns:
            As `add_many`.

        Raises:
            Unsupported, InvalidInput, JournalMismatch, JournalBusy: as in `add_many`.

        Example:
            ```python
            gone = [(friends.id, contact.id) async for contact in book.contacts.list(group=friends.id)]
            await book.groups.remove_many(gone).summary()
            ```
        """
        return self._members("groups.remove", pairs, options, "remove_from_group", "remove_all_from_group")

    def _members(
        self, verb: str, pairs: Items[tuple[str, str]], options: BatchOptions, one: str, many: str
    ) -> Batch[tuple[str, str]]:
        from crossbook.core.batch.steps import Membership
        from crossbook.many import batch

        shop = self._shop(verb, options.get("max_wait"))
        step = Membership(verb, shop.verbs, getattr(shop.verbs, one), _many(shop.verbs, many, {}))
        return batch(shop, step, pairs, options, operation=f"{verb}_many")


def _many(verbs: Any, name: str, fixed: Mapping[str, str]) -> Callable[..., Any]:
    """The vendor's verb for many, which those have whose card says so."""
    return partial(getattr(verbs, name, None) or getattr(verbs, "unsupported"), **fixed)  # noqa: B009
