"""`book.contacts`: our verbs for contacts, the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Unpack

from crossbook import _validation
from crossbook._concurrency import map_in_chunks
from crossbook._http.session import Session
from crossbook._pagination import cursor
from crossbook._pagination.pager import Pager
from crossbook._tracebacks import hide_internal_frames, hide_internal_frames_sync
from crossbook._validation import match_key, validate_query, why_unmatched
from crossbook.errors import AmbiguousMatchError, InvalidInputError, NotFoundError, UnsupportedError
from crossbook.models import Channel, Contact, ContactChanges, ExternalId, Group, WriteResult
from crossbook.vendor import Query, VendorAdapter

if TYPE_CHECKING:
    from crossbook._batch.batch import Batch
    from crossbook._batch.builder import BatchContext, BatchOptions, Items
    from crossbook._batch.resolver import OnDuplicate
    from crossbook._batch.results import Status
    from crossbook.vendor import MatchKey


class Contacts:
    """The contacts of one account. Get it as `book.contacts`; what a vendor cannot is `UnsupportedError` before any I/O."""

    resource = "contacts"

    def __init__(
        self,
        adapter: VendorAdapter,
        session: Session,
        default_group: str | None,
        context: Callable[[float | None], BatchContext],
    ) -> None:
        self._adapter = adapter
        self._profile = adapter.profile
        self._session = session
        self._default_group = default_group
        self._make_shop = context

    def _ask(self, verb: str) -> None:
        if self._profile.capability(verb).support == "unsupported":
            raise self._adapter.unsupported(verb)
        if self._session.task_group is None:  # which event loop this is, the request asks
            self._session.check_open()

    def _batch_context(self, verb: str, max_wait: float | None) -> BatchContext:
        self._ask(verb)
        self._session.check_open()
        return self._make_shop(max_wait)

    @hide_internal_frames_sync
    def list(
        self,
        *,
        group: str | None = None,
        search: str | None = None,
        phone: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        archived: bool | None = None,
        opted_out: Channel | None = None,
        sort: str | None = None,
        descending: bool = False,
        page_size: int | None = None,
        after: str | None = None,
        unique: bool = False,
        full: bool = False,
        prefetch: int = 1,
    ) -> Pager[Contact]:
        """Lists contacts: all of them, or those that every given filter lets through.

        Args:
            group: only the contacts of this group id; "none" for those in no group (SerwerSMS).
            search: only those in which the vendor finds this text (SerwerSMS).
            phone: only those with this phone number, as the vendor compares.
            email: only those with this e-mail address, likewise.
            external_id: only the one with this key of yours, likewise.
            archived: only archived ones, or only the others (Vercom).
            opted_out: only those who opted out of this channel (Vercom).
            sort: the vendor's own name of a column (SerwerSMS); `descending` turns it round.
            page_size: contacts a page, not in total; by default what suits the vendor.
            after: a cursor: begins where that page ended.
            unique: drops a contact that was listed already (SerwerSMS lists one once a group); keeps ids in memory.
            full: fetches each contact's detail, one call each, where the list tells less (Atom).
            window: pages on their way at once (Vercom, whose pages begin at any offset): a long list comes so many
                times faster, for up to as many requests more at its end, and as many pages in memory. By default it
                is the next page only, while one is read.

        Returns:
            A `Pager`: `async for` gives contacts, `await` one `Page`, `.pages()` every page.

        Raises:
            UnsupportedError: the vendor has no such filter or order, or its pages cannot be had side by side.
            InvalidInputError: a cursor of another list, a page size or a window out of range.

        Example:
            ```python
            async for contact in book.contacts.list(group=friends.id):
                print(contact.id)
            ```
        """
        self._ask("contacts.list")
        self._session.check_open()
        profile = self._profile
        query = validate_query(
            profile,
            Query(
                group=group, search=search, phone=phone, email=email, external_id=external_id, archived=archived,
                opted_out=opted_out, sort=sort, descending=descending, full=full,
            ),
            self._adapter.region,
        )  # fmt: skip
        size = _validation.check_page_size(profile.contact_paging, page_size)
        _validation.check_prefetch(profile, prefetch)
        bound = cursor.hash_filters(profile.vendor, "contacts", query)
        position = cursor.decode(after, bound) if after is not None else None
        return Pager(
            lambda: self._adapter.list_contacts(query, size), self._session.start_task, bound, position,
            unique=unique, prefetch=prefetch, vendor=profile.vendor, operation="contacts.list",
        )  # fmt: skip

    @hide_internal_frames
    async def get(self, id: str) -> Contact:
        """Reads one contact.

        Args:
            id: the vendor's id, as text.

        Returns:
            The contact; its `known` says which fields the vendor's answer told.

        Raises:
            NotFoundError: there is none with this id.
            InvalidInputError: no id of this vendor.

        Example:
            ```python
            contact = await book.contacts.get(created.id)
            ```
        """
        self._ask("contacts.get")
        return await self._adapter.get_contact(_validation.check_id(self._profile, "id", id))

    @hide_internal_frames
    async def find(
        self, *, phone: str | None = None, email: str | None = None, external_id: str | None = None
    ) -> Contact | None:
        """Finds the one contact with this phone, e-mail address or external id; give exactly one of them.

        Args:
            phone: compared in normal form, whatever the spelling.
            email: compared without regard to case.
            external_id: your own key (Vercom), compared as it is.

        Returns:
            The contact, or None.

        Raises:
            AmbiguousMatchError: several match; `error.candidates` are their ids.
            UnsupportedError: the vendor cannot be asked by this key.
            InvalidInputError: not exactly one key, or a phone that is no number of the account's region.

        Example:
            ```python
            anna = await book.contacts.find(phone="+48 500 600 700")
            ```
        """
        self._ask("contacts.find")
        keys = {"phone": phone, "email": email, "external_id": external_id}
        given = {name: value for name, value in keys.items() if value is not None}
        if len(given) != 1:
            raise InvalidInputError("give exactly one of phone, email and external_id", vendor=self._profile.vendor)
        ((name, value),) = given.items()
        if name not in self._profile.match_keys:
            raise UnsupportedError(
                f"{self._profile.title} cannot be asked by {name}", field=name, vendor=self._profile.vendor
            )
        return await self._found(name, _validation.check_text(self._profile, name, value))

    async def _found(self, name: str, value: str) -> Contact | None:
        wanted = match_key(name, value, self._adapter.region)
        if wanted is None:
            why = why_unmatched(name, value, self._adapter.region)
            raise InvalidInputError(why, field=name, vendor=self._profile.vendor)
        asked = value.strip() if name == "email" else wanted
        found = await self._adapter.search(name, asked)
        keys = await map_in_chunks(found, lambda contact: match_key(name, getattr(contact, name), self._adapter.region))
        matches = {contact.id: contact for contact, key in zip(found, keys, strict=True) if key == wanted}
        if len(matches) > 1:
            raise AmbiguousMatchError(
                f"{len(matches)} contacts have this {name}: {', '.join(list(matches)[:10])}",
                candidates=tuple(matches), vendor=self._profile.vendor, operation="contacts.find", field=name, sent="yes",
            )  # fmt: skip
        return next(iter(matches.values()), None)

    @hide_internal_frames
    async def create(
        self, contact: Contact, *, on_unsupported_field: _validation.OnUnsupportedField = "error"
    ) -> WriteResult:
        """Stores a new contact.

        Args:
            contact: what to store; its `id` is ignored.
            on_unsupported_field: what to do with a field that the vendor cannot hold: `error` refuses the contact before any I/O,
                `drop` leaves the field out and names it in the outcome. Groups of a contact that was read from another
                vendor's book are such a field.

        Returns:
            An `Outcome`: `.id`, `.contact`, `.dropped_fields`, `.write_only_fields`.

        Raises:
            InvalidInputError: a field that the vendor cannot hold, that is too long, or that it needs.
            RejectedError: the vendor refused it; `error.field` says which field, where the vendor does.
            NoResponseError: no answer came; it may have happened. Look before repeating it.

        Example:
            ```python
            created = await book.contacts.create(Contact(phone="+48500600700", first_name="Anna"))
            ```
        """
        self._ask("contacts.create")
        prepared = _validation.prepare_contact(
            self._profile,
            contact,
            region=self._adapter.region,
            on_unsupported_field=on_unsupported_field,
            group=self._default_group,
        )
        id = await self._adapter.create_contact(prepared.contact)
        return written("created", id, prepared.contact, prepared.dropped_fields, prepared.write_only_fields)

    @hide_internal_frames
    async def update(self, id: str | ExternalId, **changes: Unpack[ContactChanges]) -> WriteResult:
        """Changes what is named, and only that; None clears a field.

        Args:
            id: the contact, by the vendor's id or, where the vendor can (Vercom), by `ExternalId("…")`.
            changes: fields by name. `fields={"name": value}` changes those of its names that are given. `groups=[…]`
                replaces the groups (Atom: moves the contact); except on Atom and SerwerSMS it costs a call a group.

        Returns:
            An `Outcome`: `.id`, `.contact` with the changes alone, `.write_only_fields`.

        Raises:
            NotFoundError: there is no such contact.
            AmbiguousMatchError: several bear this external id: all of them were changed, or, where only groups were, none.
            InvalidInputError, RejectedError: as `create`.

        Example:
            ```python
            await book.contacts.update(created.id, company="ABC", last_name=None)
            ```
        """
        self._ask("contacts.update")
        _validation.check_contact(self._profile, id)
        prepared = _validation.prepare_changes(self._profile, changes, region=self._adapter.region)
        stored = await self._adapter.update_contact(id, prepared)
        return written("updated", stored, Contact(**prepared), (), _validation.list_write_only(self._profile, prepared))

    @hide_internal_frames
    async def delete(self, id: str) -> None:
        """Deletes one contact.

        Args:
            id: the vendor's id, as text.

        Raises:
            NotFoundError: there is none with this id.
            InvalidInputError: no id of this vendor.

        Example:
            ```python
            await book.contacts.delete(created.id)
            ```
        """
        self._ask("contacts.delete")
        id = _validation.check_id(self._profile, "id", id)
        try:
            await self._adapter.delete_contact(id)
        except NotFoundError as error:
            # Gone by an attempt of this very call whose answer was lost.
            if error.earlier != "maybe":
                raise

    @hide_internal_frames
    async def groups_of(self, id: str) -> tuple[Group, ...]:
        """The groups that a contact is in.

        Vercom answers the same for a contact in no group and for one that does not exist: empty (inferred).

        Args:
            id: the contact, by the vendor's id.

        Returns:
            The groups, each with what the answer tells of it: id and name at least.

        Raises:
            NotFoundError: there is no such contact (but for Vercom).
            InvalidInputError: no id of this vendor.

        Example:
            ```python
            names = [group.name for group in await book.contacts.groups_of(created.id)]
            ```
        """
        self._ask("contacts.groups_of")
        return tuple(await self._adapter.groups_of(_validation.check_id(self._profile, "id", id)))

    @hide_internal_frames
    async def unsubscribe(self, id: str, channel: Literal["sms", "email", "push", "all"]) -> None:
        """Opts a contact out of one channel, or of all (Vercom, documented; the names of the channels are inferred).

        Args:
            id: the contact, by the vendor's id.
            channel: "sms", "email", "push", or "all" for the three.

        Raises:
            NotFoundError: there is no such contact.
            UnsupportedError: the vendor keeps no subscriptions.
            InvalidInputError: no id of this vendor, or no channel.

        Example:
            ```python
            await book.contacts.unsubscribe(created.id, channel="sms")
            ```
        """
        self._ask("contacts.unsubscribe")
        await self._adapter.unsubscribe(
            _validation.check_id(self._profile, "id", id), _validation.check_channel(self._profile, channel)
        )

    @hide_internal_frames
    async def resubscribe(self, id: str, channel: Literal["sms", "email", "push", "all"]) -> None:
        """Opts a contact in again (Vercom). Nothing else in crossbook ever does: ask the person first.

        Args:
            id: the contact, by the vendor's id.
            channel: as in `unsubscribe`.

        Raises:
            NotFoundError, UnsupportedError, InvalidInputError: as `unsubscribe`.

        Example:
            ```python
            await book.contacts.resubscribe(created.id, channel="sms")
            ```
        """
        self._ask("contacts.resubscribe")
        await self._adapter.resubscribe(
            _validation.check_id(self._profile, "id", id), _validation.check_channel(self._profile, channel)
        )

    @hide_internal_frames_sync
    def create_many(
        self,
        contacts: Items[Contact],
        *,
        match: MatchKey | None = None,
        on_duplicate: OnDuplicate | None = None,
        on_unsupported_field: _validation.OnUnsupportedField = "error",
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
            on_unsupported_field: "error" fails a contact with a field that the vendor cannot hold, "drop" leaves it out. Groups
                of a contact that comes from another vendor's list are such a field: their ids mean nothing here.
            include_opted_out: takes contacts too that are known to have opted out of a channel. They are `skipped` by
                default, since no vendor takes that mark along: in their new place they would be written to.
            options: see `BatchOptions`.

        Returns:
            A `Batch`: enter it for one `Result` an input, or await `.run()`.

        Raises:
            InvalidInputError, UnsupportedError: an option that cannot be, before any I/O.
            JournalMismatchError, JournalBusyError: the journal is of another batch, or in use (on entering).

        Example:
            ```python
            async with book.contacts.create_many(people, journal="import.sqlite", match="phone") as run:
                async for result in run:
                    print(result.index, result.status, result.id)
            ```
        """
        from crossbook._batch.builder import batch
        from crossbook._batch.operations import Create

        context = self._batch_context("contacts.create", options.get("max_wait"))
        if on_duplicate is not None and match is None:
            raise InvalidInputError("on_duplicate needs match: the key by which two are the same", field="match")
        step = Create(context.adapter, on_unsupported_field, self._default_group, include_opted_out=include_opted_out)
        return batch(
            context, step, contacts, options, operation="contacts.create_many", match=match, on_duplicate=on_duplicate
        )

    @hide_internal_frames_sync
    def upsert_many(
        self,
        contacts: Items[Contact],
        *,
        match: MatchKey,
        on_duplicate: OnDuplicate = "update",
        on_unsupported_field: _validation.OnUnsupportedField = "error",
        include_opted_out: bool = False,
        **options: Unpack[BatchOptions],
    ) -> Batch[Contact]:
        """Creates the contacts that are not there, and changes those that are where they differ.

        A contact is found by `match`; what an input leaves out stays as it is stored, and so do groups that it does
        not name. A match key is no identity: several contacts with one key are an `AmbiguousMatchError` failure.

        Args:
            contacts: as in `create_many`.
            match: "phone", "email" or "external_id", as the vendor can be asked.
            on_duplicate: what to do with a key that this batch had before: "update" (default), "skip" or "error".
            on_unsupported_field: as in `create_many`.
            include_opted_out: as in `create_many`.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `created`, `updated`, `unchanged`, `skipped`, `failed` or `uncertain`.

        Raises:
            InvalidInputError, UnsupportedError, JournalMismatchError, JournalBusyError: as in `create_many`.

        Example:
            ```python
            print(await book.contacts.upsert_many(people, match="phone").run())
            ```
        """
        from crossbook._batch.builder import batch
        from crossbook._batch.operations import Create

        context = self._batch_context("contacts.create", options.get("max_wait"))
        step = Create(context.adapter, on_unsupported_field, self._default_group, include_opted_out=include_opted_out)
        return batch(
            context, step, contacts, options,
            operation="contacts.upsert_many", match=match, upsert=True, on_duplicate=on_duplicate,
        )  # fmt: skip

    @hide_internal_frames_sync
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
            InvalidInputError: an option that cannot be, before any I/O.
            JournalMismatchError, JournalBusyError: as in `create_many`.

        Example:
            ```python
            await book.contacts.update_many([(created.id, {"company": "ABC"})]).run()
            ```
        """
        from crossbook._batch.builder import batch
        from crossbook._batch.operations import Update

        context = self._batch_context("contacts.update", options.get("max_wait"))
        return batch(context, Update(context.adapter), changes, options, operation="contacts.update_many")

    @hide_internal_frames_sync
    def delete_many(self, ids: Items[str] | Pager[Contact], **options: Unpack[BatchOptions]) -> Batch[str]:
        """Deletes many contacts, by id, or all of a list: its ids are read to the end before the first is deleted.

        That holds for the list itself: a generator of yours over a list that shrinks meanwhile skips some.

        Args:
            ids: the vendor's ids, or a list of contacts of this book.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `deleted` or `failed`, and `uncertain` where nobody can tell.

        Raises:
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `update_many`.

        Example:
            ```python
            await book.contacts.delete_many(book.contacts.list(group=friends.id)).run()
            ```
        """
        return self._by_id("contacts.delete", "deleted", ids, options, "delete_contact", "delete_contacts")

    @hide_internal_frames_sync
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
            UnsupportedError: the vendor keeps no subscriptions.
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `update_many`; `channel` is none.

        Example:
            ```python
            await book.contacts.unsubscribe_many([created.id], "sms").run()
            ```
        """
        return self._by_id(
            "contacts.unsubscribe", "done", ids, options, "unsubscribe", "unsubscribe_contacts", channel=channel
        )

    @hide_internal_frames_sync
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
            UnsupportedError, InvalidInputError, JournalMismatchError, JournalBusyError: as in `unsubscribe_many`.

        Example:
            ```python
            await book.contacts.resubscribe_many([created.id], "sms").run()
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
        from crossbook._batch.builder import batch, bulk_method
        from crossbook._batch.operations import ById

        context = self._batch_context(verb, options.get("max_wait"))
        if "channel" in fixed:
            _validation.check_channel(context.adapter.profile, fixed["channel"])
        step = ById(
            verb,
            context.adapter,
            status,
            partial(getattr(context.adapter, one), **fixed),
            bulk_method(context.adapter, many, fixed),
        )
        return batch(context, step, ids, options, operation=".".join((f"{verb}_many", *fixed.values())))


def written(
    status: Literal["created", "updated"], id: str, contact: Contact, lost: tuple[str, ...], unverified: tuple[str, ...]
) -> WriteResult:
    return WriteResult(
        id=id, status=status, contact=replace(contact, id=id), dropped_fields=lost, write_only_fields=unverified
    )


AnyChannel = Literal["sms", "email", "push", "all"]
