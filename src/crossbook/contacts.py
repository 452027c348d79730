"""`book.contacts`: the methods for contacts, which are the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, Literal, Unpack

from crossbook import _validation
from crossbook._concurrency import map_in_chunks
from crossbook._http.session import Session
from crossbook._pagination.pager import Pager, count_items
from crossbook._resource_base import Resource, batch_method
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import AmbiguousMatchError, InvalidInputError, UnsupportedError
from crossbook.models import Channel, Contact, ContactChanges, ContactFields, ExternalId, Group, RawT, WriteResult
from crossbook.vendor import Query, VendorAdapter

if TYPE_CHECKING:
    from crossbook._batch.assemble import BatchContext, BatchOptions, Items
    from crossbook._batch.batch import Batch
    from crossbook._batch.consent import Consent
    from crossbook._batch.operations import OnOptedOut
    from crossbook._batch.resolver import OnDuplicate
    from crossbook._batch.results import Status
    from crossbook.suppressions import SuppressionList
    from crossbook.vendor import Match, MatchKey

AnyChannel = Literal["sms", "email", "push", "all"]


class Contacts(Resource, Generic[RawT]):
    """The methods for the contacts of one account, as `book.contacts`.

    A method that the vendor does not support raises `UnsupportedError` before any request.
    """

    resource = "contacts"

    def __init__(
        self,
        adapter: VendorAdapter,
        session: Session,
        make_batch_context: Callable[[float | None], BatchContext],
        default_group: str | None,
        suppressions: SuppressionList | None = None,
    ) -> None:
        super().__init__(adapter, session, make_batch_context, suppressions)
        self._default_group = default_group

    @cached_property
    def with_raw_response(self) -> ContactsWithRawResponse[RawT]:
        """The same methods, except for batches. Each returns a `RawResponse`, whose `parse()` returns the result.

        Example:
            ```python
            raw = await book.contacts.with_raw_response.get(created.id)
            print(raw.status, raw.headers["content-type"], raw.request_id, raw.attempts, raw.parse().id)
            ```
        """
        return ContactsWithRawResponse(self)

    @hide_internal_frames
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
        limit: int | None = None,
        page_size: int | None = None,
        after: str | None = None,
        unique: bool = False,
        full: bool = False,
        prefetch: int = 1,
    ) -> Pager[Contact[RawT]]:
        """List all contacts, or the contacts that match every given filter.

        Args:
            group: only the contacts of this group id; "none" for contacts in no group (SerwerSMS).
            search: only contacts in which the vendor finds this text (SerwerSMS).
            phone: only contacts with this phone number, as the vendor compares.
            email: only contacts with this e-mail address, as the vendor compares.
            external_id: only contacts with this key of yours, as the vendor compares.
            archived: only archived contacts, or only the others (Vercom).
            opted_out: only contacts that opted out of this channel (Vercom, SerwerSMS). SerwerSMS has no such filter,
                so the whole list is read there.
            sort: the vendor's own name of a column (SerwerSMS).
            descending: whether `sort` is in descending order.
            limit: the largest number of contacts in total; by default all. The cursor of the last page is then None.
            page_size: contacts in a page, not in total; the default depends on the vendor.
            after: the cursor of a page: the list starts after that page.
            unique: skips contacts that were listed before (SerwerSMS lists a contact once for each of its groups). This
                keeps all ids in memory.
            full: fetches the details of each contact, one call each, if the list has fewer fields (Atom).
            prefetch: the number of pages that are requested ahead. More than 1 makes a long list as many times faster
                (Vercom, whose pages start at any offset). It costs up to as many requests at the end of the list, and
                as many pages in memory.

        Returns:
            A `Pager`: `async for` yields contacts, `await` returns one `Page`, `.pages()` yields every page.

        Raises:
            UnsupportedError: the vendor has no such filter or order, or cannot prefetch several pages.
            InvalidInputError: the cursor is of another list, or a limit, page size or `prefetch` is out of range.

        Example:
            ```python
            async for contact in book.contacts.list(group=friends.id):
                print(contact.id)
            ```
        """
        self._require("contacts.list")
        profile = self._profile
        query = _validation.validate_query(
            profile,
            Query(
                group=group, search=search, phone=phone, email=email, external_id=external_id, archived=archived,
                opted_out=opted_out, sort=sort, descending=descending, full=full,
            ),
            self._adapter.region,
        )  # fmt: skip
        size = _validation.check_page_size(profile.contact_paging, page_size)
        _validation.check_prefetch(profile, prefetch)
        return self._list(
            lambda size: self._adapter.list_contacts(query, size), size, after, query,
            limit=limit, unique=unique, prefetch=prefetch,
        )  # fmt: skip

    @hide_internal_frames
    async def count(
        self,
        *,
        group: str | None = None,
        search: str | None = None,
        phone: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        archived: bool | None = None,
        opted_out: Channel | None = None,
    ) -> int:
        """Count all contacts, or the contacts that match every given filter.

        No vendor returns this number, so the list is read, in pages as large as the vendor allows. A contact counts
        once, also where the vendor lists it once for each of its groups (SerwerSMS), for which all ids are kept in
        memory. `Group.count` is the vendor's own count of a group, if it has one.

        Args:
            group: as in `list`, and so the other filters.

        Raises:
            UnsupportedError, InvalidInputError: as in `list`.

        Example:
            ```python
            print(await book.contacts.count(group=friends.id))
            ```
        """
        contacts = self.list(
            group=group, search=search, phone=phone, email=email, external_id=external_id, archived=archived,
            opted_out=opted_out, page_size=self._profile.contact_paging.max_size, unique=True,
        )  # fmt: skip
        return await count_items(contacts)

    @hide_internal_frames
    async def get(self, id: str) -> Contact[RawT]:
        """Return the contact with this id.

        Args:
            id: the vendor's id, as text.

        Returns:
            The contact; its `known_fields` are the fields that the vendor's response has.

        Raises:
            NotFoundError: the contact does not exist.
            InvalidInputError: the id is not one of this vendor.

        Example:
            ```python
            contact = await book.contacts.get(created.id)
            ```
        """
        self._require("contacts.get")
        return await self._adapter.get_contact(_validation.check_id(self._profile, "id", id))

    @hide_internal_frames
    async def find(
        self, *, phone: str | None = None, email: str | None = None, external_id: str | None = None
    ) -> Contact[RawT] | None:
        """Return the contact with this phone, e-mail address or external id, or None. Give exactly one of the three.

        Args:
            phone: a phone number in any spelling; compared in normal form.
            email: an e-mail address; compared without regard to case.
            external_id: your own key (Vercom); compared unchanged.

        Returns:
            The contact, or None.

        Raises:
            AmbiguousMatchError: several contacts match; `error.candidates` are their ids.
            UnsupportedError: the vendor cannot search by this key.
            InvalidInputError: not exactly one key, or the phone is not a number of the account's region.

        Example:
            ```python
            anna = await book.contacts.find(phone="+48 500 600 700")
            ```
        """
        self._require("contacts.find")
        keys = {"phone": phone, "email": email, "external_id": external_id}
        given = {name: value for name, value in keys.items() if value is not None}
        if len(given) != 1:
            raise InvalidInputError("pass exactly one of phone, email and external_id", vendor=self._profile.vendor)
        ((name, value),) = given.items()
        if name not in self._profile.match_keys:
            raise UnsupportedError(
                f"{self._profile.title} cannot find contacts by {name}: pass {' or '.join(self._profile.match_keys)}",
                field=name,
                vendor=self._profile.vendor,
            )
        return await self._find(name, _validation.check_text(self._profile, name, value))

    async def _find(self, name: str, value: str) -> Contact[RawT] | None:
        matches = await self._find_all(name, value)
        if len(matches) > 1:
            raise AmbiguousMatchError(
                f"{len(matches)} contacts have this {name}: {', '.join(list(matches)[:10])}",
                candidates=tuple(matches),
                vendor=self._profile.vendor,
                operation="contacts.find",
                field=name,
                sent="yes",
            )
        return next(iter(matches.values()), None)

    async def _find_all(self, name: str, value: str) -> dict[str, Contact[RawT]]:
        """Return all contacts with this value of a match key that the vendor supports, by id."""
        region = self._adapter.region
        key = _validation.match_key(name, value, region)
        if key is None:
            why = _validation.explain_no_match_key(name, value, region)
            raise InvalidInputError(why, field=name, vendor=self._profile.vendor)
        found = await self._adapter.search(name, value.strip() if name == "email" else key)
        keys = await map_in_chunks(found, lambda contact: _validation.match_key(name, getattr(contact, name), region))
        return {contact.id: contact for contact, other in zip(found, keys, strict=True) if other == key}

    @hide_internal_frames
    async def create(
        self,
        contact: Contact | None = None,
        *,
        on_unsupported_field: _validation.OnUnsupportedField = "error",
        on_opted_out: Literal["error", "unsubscribe"] = "error",
        **values: Unpack[ContactFields],
    ) -> WriteResult:
        """Create a contact, of a `Contact` or of its fields.

        Args:
            contact: the contact; its `id` is ignored.
            values: the fields of the contact, instead of `contact`.
            on_unsupported_field: "error" refuses a contact with a field that the vendor cannot store, before any
                request; "drop" leaves the field out and lists it in the result. The groups of a contact that was read
                from another vendor are such a field.
            on_opted_out: what to do with a contact that the book's suppression list has. "error" refuses it;
                "unsubscribe" creates it opted out (Vercom, SerwerSMS).

        Returns:
            A `WriteResult`: `.id`, `.contact`, `.dropped_fields`, `.write_only_fields`.

        Raises:
            InvalidInputError: a field is unsupported, too long, or missing although the vendor requires it; or the
                suppression list has the contact.
            RejectedError: the vendor refused the contact; `error.field` is the field, if the vendor names it.
            NoResponseError: no response came, and the contact may exist. Look for it before a repeat.

        Example:
            ```python
            created = await book.contacts.create(Contact(phone="+48500600700", first_name="Anna"))
            created = await book.contacts.create(phone="+48500600701", first_name="Jan")
            ```
        """
        self._require("contacts.create")
        if values or contact is None:
            contact = _validation.make_contact(self._profile, contact, values)
        prepared = _validation.prepare_contact(
            self._profile,
            contact,
            region=self._adapter.region,
            on_unsupported_field=on_unsupported_field,
            group=self._default_group,
        )
        if self._suppressions is not None:
            listed = await self._make_consent(self._suppressions, on_opted_out).check_create(contact)
            if listed:
                return await self._create_opted_out(contact, listed, on_unsupported_field, on_opted_out)
        id = await self._adapter.create_contact(prepared.contact)
        return WriteResult(
            id=id,
            status="created",
            contact=replace(prepared.contact, id=id),
            dropped_fields=prepared.dropped_fields,
            write_only_fields=prepared.write_only_fields,
        )

    async def _create_opted_out(
        self,
        contact: Contact,
        listed: frozenset[Any],
        on_unsupported_field: _validation.OnUnsupportedField,
        on_opted_out: Literal["error", "unsubscribe"],
    ) -> WriteResult:
        """Create a listed contact in a batch, which knows how a contact is created opted out, or raise its error."""
        # Not marked as opted out: a mark would be recorded in the list for all keys of the contact.
        batch = self.create_many([contact], on_unsupported_field=on_unsupported_field, on_opted_out=on_opted_out)
        async with batch as run:
            results = [result async for result in run]
        (result,) = results
        if result.error is not None:
            raise result.error
        if result.id is None or result.contact is None or result.status != "created":
            raise UnsupportedError(
                f"{self._profile.title} cannot opt a contact out of {', '.join(sorted(listed))}, so the contact was "
                "not created",
                vendor=self._profile.vendor, field="on_opted_out",
            )  # fmt: skip
        return WriteResult(
            id=result.id,
            status="created",
            contact=replace(result.contact, id=result.id),
            dropped_fields=result.dropped_fields,
            write_only_fields=result.write_only_fields,
        )

    @hide_internal_frames
    async def upsert(
        self,
        contact: Contact | None = None,
        *,
        match: MatchKey,
        on_unsupported_field: _validation.OnUnsupportedField = "error",
        on_opted_out: Literal["error", "unsubscribe"] = "error",
        **values: Unpack[ContactFields],
    ) -> WriteResult:
        """Create a contact, or update the contact with the same match key if it differs.

        This is `upsert_many` for one contact. Fields and groups that are not given stay as they are stored. A create
        whose response was lost is looked up, so that a second contact is not made. A call that fails for another
        reason is sent up to 8 times. Each wait for a permit or for `Retry-After` is at most the `timeout` of a call.

        Args:
            contact: the contact; its `id` is ignored.
            match: "phone", "email" or "external_id", if the vendor can search by it.
            on_unsupported_field: as in `create`.
            on_opted_out: what to do with a contact that opted out of a channel, or whose address did in another
                contact: "error" raises InvalidInputError. "unsubscribe" opts the stored contacts out too, and creates
                a missing contact as opted out (Vercom, SerwerSMS).
            values: the fields of the contact, instead of `contact`.

        Returns:
            A `WriteResult`: `.status` is `created`, `updated` or `unchanged`.

        Raises:
            AmbiguousMatchError: several contacts have this key; `error.candidates` are their ids.
            UnsupportedError: the vendor cannot search by this key.
            InvalidInputError, RejectedError: as in `create`, or the contact has no such key.
            NoResponseError: a response was lost, and a lookup could not tell whether the contact was written.

        Example:
            ```python
            stored = await book.contacts.upsert(phone="+48500600700", company="ABC", match="phone")
            print(stored.id, stored.status)
            ```
        """
        self._require("contacts.create")
        _validation.check_on_opted_out(self._profile, on_opted_out)
        if values or contact is None:
            contact = _validation.make_contact(self._profile, contact, values)
        batch = self._create_many(
            [contact], on_unsupported_field, on_opted_out, {"max_wait": self._max_wait()},
            operation="contacts.upsert", match=match, upsert=True, on_duplicate="update",
        )  # fmt: skip
        async with batch as run:
            results = [result async for result in run]
        result = results[0] if results else None
        if result is None or result.contact is None or result.status not in ("created", "updated", "unchanged"):
            raise (result and result.error) or batch.summary.stop_error or UnsupportedError(
                f"the contact opted out, and {self._profile.title} cannot opt it out, so it was not written",
                vendor=self._profile.vendor, field="on_opted_out",
            )  # fmt: skip
        return WriteResult(
            id=result.id or "",
            status=result.status,
            contact=replace(result.contact, id=result.id or ""),
            dropped_fields=result.dropped_fields,
            write_only_fields=result.write_only_fields,
        )

    def _max_wait(self) -> float:
        """Return the longest wait of a call that is sent as a batch of one."""
        from crossbook._http.request import choose_seconds

        assert self._make_batch_context is not None
        created = self._profile.operations[self._profile.capability("contacts.create").operation]
        return choose_seconds(self._make_batch_context(None).options.timeout, created.timeout)

    @hide_internal_frames
    async def update(
        self,
        id: str | ExternalId,
        *,
        on_opted_out: Literal["error", "unsubscribe"] = "error",
        **changes: Unpack[ContactChanges],
    ) -> WriteResult:
        """Change the given fields of a contact. None clears a field; fields that are not given stay.

        Args:
            id: the vendor's id, or `ExternalId("…")` if the vendor supports that (Vercom).
            on_opted_out: what to do if the book's suppression list has the new phone or e-mail. "error" refuses the
                update, "unsubscribe" opts the contact out first (Vercom, SerwerSMS). If the contact itself is listed,
                its new phone and e-mail are listed too.
            changes: fields by name. `fields={"name": value}` changes only the given names. `groups=[…]` replaces the
                groups (Atom: moves the contact); except on Atom and SerwerSMS this costs one call for each group.

        Returns:
            A `WriteResult`: `.id`, `.contact` with the changed fields only, `.write_only_fields`.

        Raises:
            NotFoundError: the contact does not exist.
            AmbiguousMatchError: several contacts have this external id. All were changed; or none, if only groups
                change.
            InvalidInputError, RejectedError: as in `create`.

        Example:
            ```python
            await book.contacts.update(created.id, company="ABC", last_name=None)
            ```
        """
        self._require("contacts.update")
        _validation.check_contact_id(self._profile, id)
        prepared = _validation.prepare_changes(self._profile, changes, region=self._adapter.region)
        written: tuple[str, ...] = ()
        if self._suppressions is not None:
            consent = self._make_consent(self._suppressions, on_opted_out)
            written = ("opted_out",) if await consent.check_update(id, prepared) else ()
        stored = await self._adapter.update_contact(id, prepared)
        return WriteResult(
            id=stored,
            status="updated",
            contact=Contact(id=stored, **prepared),
            write_only_fields=(*_validation.list_write_only(self._profile, prepared), *written),
        )

    @hide_internal_frames
    async def delete(self, id: str) -> None:
        """Delete a contact.

        Args:
            id: the vendor's id, as text.

        Raises:
            NotFoundError: the contact does not exist.
            InvalidInputError: the id is not one of this vendor.

        Example:
            ```python
            await book.contacts.delete(created.id)
            ```
        """
        self._require("contacts.delete")
        await self._delete(self._adapter.delete_contact(_validation.check_id(self._profile, "id", id)))

    @hide_internal_frames
    async def groups_of(self, id: str) -> tuple[Group, ...]:
        """Return the groups of a contact.

        Vercom returns no groups both for a contact in no group and for a contact that does not exist (inferred).

        Args:
            id: the contact's id at the vendor.

        Returns:
            The groups, at least with id and name.

        Raises:
            NotFoundError: the contact does not exist (not raised for Vercom).
            InvalidInputError: the id is not one of this vendor.

        Example:
            ```python
            names = [group.name for group in await book.contacts.groups_of(created.id)]
            ```
        """
        self._require("contacts.groups_of")
        return tuple(await self._adapter.groups_of(_validation.check_id(self._profile, "id", id)))

    @hide_internal_frames
    async def unsubscribe(self, id: str, channel: AnyChannel) -> WriteResult:
        """Opt a contact out of messages on one channel, or on all channels (Vercom: the contact; SerwerSMS: its phone).

        SerwerSMS stores the phone number on its blacklist. So this opts out every contact with the number, also
        contacts that are created later.

        A book with a suppression list reads the contact, and writes the list first. It takes any channel, also at a
        vendor without opt-outs (Atom, Filemail): then only the list holds the opt-out, and the vendor does not.

        Args:
            id: the contact's id at the vendor.
            channel: "sms", "email", "push", or "all" for all channels of the vendor (SerwerSMS: sms only).

        Returns:
            A `WriteResult`. If only the suppression list holds the opt-out, `.status` is `unchanged`, and
            `.dropped_fields` has `opted_out`.

        Raises:
            NotFoundError: the contact does not exist.
            UnsupportedError: the vendor has no subscriptions.
            InvalidInputError: the id or the channel is not one of this vendor.

        Source: Vercom's is documented, and the names of its channels are inferred; SerwerSMS's blacklist is public.

        Example:
            ```python
            await book.contacts.unsubscribe(created.id, channel="sms")
            ```
        """
        contact = Contact(id=id)
        if self._suppressions is not None:
            self._session.check_open()
            consent = self._make_consent(self._suppressions)
            await consent.record(_validation.check_id(self._profile, "id", id), consent.check_channel(channel))
            if not consent.is_held(channel):
                return WriteResult(id=id, status="unchanged", contact=contact, dropped_fields=("opted_out",))
        self._require("contacts.unsubscribe")
        await self._adapter.unsubscribe(
            _validation.check_id(self._profile, "id", id), _validation.check_channel(self._profile, channel)
        )
        return WriteResult(id=id, status="updated", contact=contact)

    @hide_internal_frames
    async def resubscribe(
        self, id: str, channel: AnyChannel, *, shared_phone: bool = False, reason: str | None = None
    ) -> WriteResult:
        """Opt a contact in again to messages on one channel, or on all channels. Ask the person first.

        Only `resubscribe` and `resubscribe_many` end an opt-out. All other methods keep it.

        Args:
            id: the contact's id at the vendor.
            channel: as in `unsubscribe`.
            shared_phone: also opts in the other contacts with the same phone number, at a vendor that stores opt-outs
                by phone number (SerwerSMS). Ask them too. By default the call is refused if there are others.
            reason: why the person gets messages again. It is required if the book's suppression list has the contact,
                and written there, before the vendor is called.

        Returns:
            As `unsubscribe`.

        Raises:
            AmbiguousMatchError: other contacts have the phone number; `error.candidates` are their ids.
            NotFoundError, UnsupportedError, InvalidInputError: as in `unsubscribe`.

        Example:
            ```python
            await book.contacts.resubscribe(created.id, channel="sms")
            ```
        """
        _validation.check_flag(self._profile, "shared_phone", shared_phone)
        contact = Contact(id=id)
        if self._suppressions is None:
            self._require("contacts.resubscribe")
            await self._adapter.resubscribe(
                _validation.check_id(self._profile, "id", id),
                _validation.check_channel(self._profile, channel),
                shared_phone=shared_phone,
            )
            return WriteResult(id=id, status="updated", contact=contact)
        self._session.check_open()
        consent = self._make_consent(self._suppressions)
        id, channel_name = _validation.check_id(self._profile, "id", id), consent.check_channel(channel)
        is_held = consent.is_held(channel)
        call = partial(self._adapter.resubscribe, id, channel_name, shared_phone=shared_phone) if is_held else None
        await consent.resubscribe(id, channel_name, reason, call)
        dropped = () if is_held else ("opted_out",)
        return WriteResult(id=id, status="updated" if is_held else "unchanged", contact=contact, dropped_fields=dropped)

    def _make_consent(self, suppressions: SuppressionList, on_opted_out: OnOptedOut = "error") -> Consent:
        from crossbook._batch.consent import Consent

        return Consent(suppressions, self._adapter, on_opted_out)

    @hide_internal_frames
    @batch_method
    def create_many(
        self,
        contacts: Items[Contact],
        *,
        match: Match | None = None,
        on_duplicate: OnDuplicate | None = None,
        on_unsupported_field: _validation.OnUnsupportedField = "error",
        on_opted_out: OnOptedOut = "skip",
        **options: Unpack[BatchOptions],
    ) -> Batch[Contact]:
        """Create many contacts from an iterable of any length. Each input that was read gets exactly one result.

        Args:
            contacts: an iterable, an async iterable, or a list of another book. It is read only as fast as contacts are
                processed.
            match: "phone", "email" or "external_id": the key by which a contact is looked up after a lost response.
                Without it such a create is `uncertain`, until a run with the same journal gets `match` or `uncertain=`.
                It costs a lookup before each create (Vercom, SerwerSMS), or one pass over the list (Atom, Filemail).
                "auto" takes the first of the vendor's match keys that a contact has. A stored contact with that key is
                the same person only if no field that both have differs, and a contact without a key is created.
            on_duplicate: requires `match`. What to do with a key that the batch or the vendor has already: "skip" the
                input, "update" the stored contact, or "error". By default (None) the contact is created nevertheless.
            on_unsupported_field: "error" fails a contact with a field that the vendor cannot store, "drop" leaves the
                field out. The groups of a contact from another vendor's list are such a field.
            on_opted_out: what to do with an input that opted out of a channel (`opted_out`). "skip" does not write it.
                With `match`, it is looked up: `result.still_subscribed` says that the vendor has a contact with its
                phone, e-mail or external id that did not opt out. "unsubscribe" opts those contacts out of the
                same channels, and creates a missing contact as opted out (Vercom, SerwerSMS). "error" fails the input.
                The same is done with an input whose address opted out at the vendor, in another contact, and with an
                input that the book's suppression list has. "skip" leaves an input out, too, whose channels the vendor
                does not have. "unsubscribe" also records inputs that opted out in the suppression list. With a journal
                it needs `match` at Vercom, to opt out after a kill the contact whose create was in flight.
            options: see `BatchOptions`.

        Returns:
            A `Batch`: enter it for one `Result` for each input that it reads, or await `.run()`.

        Raises:
            InvalidInputError, UnsupportedError: an option is invalid; before any request.
            JournalMismatchError, JournalBusyError: the journal is of another batch, or in use (on entering).

        Example:
            ```python
            async with book.contacts.create_many(people, journal="import.sqlite", match="phone") as run:
                async for result in run:
                    print(result.index, result.status, result.id)
            ```
        """
        if on_duplicate is not None and match is None:
            self._require("contacts.create")
            raise InvalidInputError("on_duplicate needs match=: the key by which contacts are compared", field="match")
        return self._create_many(
            contacts, on_unsupported_field, on_opted_out, options,
            operation="contacts.create_many", match=match, on_duplicate=on_duplicate,
        )  # fmt: skip

    @hide_internal_frames
    @batch_method
    def upsert_many(
        self,
        contacts: Items[Contact],
        *,
        match: MatchKey,
        on_duplicate: OnDuplicate = "update",
        on_unsupported_field: _validation.OnUnsupportedField = "error",
        on_opted_out: OnOptedOut = "skip",
        **options: Unpack[BatchOptions],
    ) -> Batch[Contact]:
        """Create the contacts that do not exist yet, and update the existing contacts that differ.

        A contact is found by `match`. Fields and groups that an input does not name stay as they are stored.
        A match key need not be unique: if several contacts have it, the input fails with `AmbiguousMatchError`.

        Args:
            contacts: as in `create_many`.
            match: "phone", "email" or "external_id", if the vendor can search by it.
            on_duplicate: what to do with a key that an earlier input of this batch had: "update" (default), "skip" or
                "error".
            on_unsupported_field: as in `create_many`.
            on_opted_out: as in `create_many`.
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
        return self._create_many(
            contacts, on_unsupported_field, on_opted_out, options,
            operation="contacts.upsert_many", match=match, upsert=True, on_duplicate=on_duplicate,
        )  # fmt: skip

    def _create_many(
        self,
        contacts: Items[Contact],
        on_unsupported_field: _validation.OnUnsupportedField,
        on_opted_out: OnOptedOut,
        options: BatchOptions,
        *,
        operation: str,
        **settings: Any,
    ) -> Batch[Contact]:
        from crossbook._batch.assemble import build_batch
        from crossbook._batch.operations import Create

        context = self._batch_context("contacts.create", options.get("max_wait"))
        create = Create(
            context.adapter, on_unsupported_field, self._default_group,
            on_opted_out=on_opted_out, is_listed=context.suppressions is not None,
        )  # fmt: skip
        if context.suppressions is not None:
            from crossbook._batch.consent import Consent

            consent = Consent(context.suppressions, context.adapter, on_opted_out)
            create.check_consent, create.find_listed = partial(consent.check_creates, create), consent.find_listed
        if on_opted_out == "unsubscribe":
            by_contact = self._profile.opt_outs_by == "contact"
            if by_contact and settings.get("match") is None and options.get("journal") is not None:
                raise InvalidInputError(
                    "on_opted_out='unsubscribe' with a journal needs match=, such as match='auto': a run that resumes "
                    "after a kill finds by it the contact that it must still opt out",
                    field="match", vendor=self._profile.vendor,
                )  # fmt: skip
            operation += ".unsubscribe"  # a journal of a run that skipped these inputs must not answer for this run
        return build_batch(context, create, contacts, options, operation=operation, **settings)

    @hide_internal_frames
    @batch_method
    def update_many(
        self,
        changes: Items[tuple[str | ExternalId, Mapping[str, Any]]],
        *,
        on_opted_out: OnOptedOut = "skip",
        **options: Unpack[BatchOptions],
    ) -> Batch[tuple[str | ExternalId, Mapping[str, Any]]]:
        """Update many contacts, each by its id and its changes.

        Args:
            changes: items `(id, {"company": "ABC", "last_name": None})`, with id and fields as in `update`.
            on_opted_out: as in `update`. "skip" (default) leaves the update out (`skipped`).
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `updated`, `failed`, or `uncertain` if the outcome is unknown.

        Raises:
            InvalidInputError: an option is invalid; before any request.
            JournalMismatchError, JournalBusyError: as in `create_many`.

        Example:
            ```python
            await book.contacts.update_many([(created.id, {"company": "ABC"})]).run()
            ```
        """
        from crossbook._batch.assemble import build_batch
        from crossbook._batch.operations import Update

        context = self._batch_context("contacts.update", options.get("max_wait"))
        update = Update(context.adapter)
        if context.suppressions is not None:
            from crossbook._batch.consent import Consent

            update.check_consent = Consent(context.suppressions, context.adapter, on_opted_out).check_updates
        return build_batch(context, update, changes, options, operation="contacts.update_many")

    @hide_internal_frames
    @batch_method
    def delete_many(self, ids: Items[str] | Pager[Contact], **options: Unpack[BatchOptions]) -> Batch[str]:
        """Delete many contacts by their ids, or every contact of a list.

        The ids of a list are read to the end before the first contact is deleted. Your own generator over a list does
        not do this, and a list that shrinks while it is read skips contacts.

        Args:
            ids: the vendor's ids, or a list of contacts of this book.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `deleted`, `failed`, or `uncertain` if the outcome is unknown. Where one call
            deletes many contacts (SerwerSMS, Vercom), an id that did not exist before may be `deleted` too.

        Raises:
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `update_many`.

        Example:
            ```python
            await book.contacts.delete_many(book.contacts.list(group=friends.id)).run()
            ```
        """
        return self._change_by_id("contacts.delete", "deleted", ids, options, "delete_contact", "delete_contacts")

    @hide_internal_frames
    @batch_method
    def unsubscribe_many(
        self, ids: Items[str] | Pager[Contact], channel: AnyChannel, **options: Unpack[BatchOptions]
    ) -> Batch[str]:
        """Opt many contacts out of messages on one channel, or on all channels, as `unsubscribe` does.

        Args:
            ids: as in `delete_many`.
            channel: as in `unsubscribe`.
            options: see `BatchOptions`.

        Returns:
            A `Batch`; its results are `done`, `failed`, or `uncertain` if the outcome is unknown.

        Raises:
            UnsupportedError: the vendor has no subscriptions.
            InvalidInputError, JournalMismatchError, JournalBusyError: as in `update_many`, or the channel is invalid.

        Example:
            ```python
            await book.contacts.unsubscribe_many([created.id], "sms").run()
            ```
        """
        return self._change_by_id(
            "contacts.unsubscribe", "done", ids, options, "unsubscribe", "unsubscribe_contacts", channel=channel
        )

    @hide_internal_frames
    @batch_method
    def resubscribe_many(
        self,
        ids: Items[str] | Pager[Contact],
        channel: AnyChannel,
        *,
        shared_phone: bool = False,
        reason: str | None = None,
        **options: Unpack[BatchOptions],
    ) -> Batch[str]:
        """Opt many contacts in again to messages on one channel, or on all channels. Ask the people first.

        Only `resubscribe` and `resubscribe_many` end an opt-out. All other methods keep it.

        Args:
            ids: as in `delete_many`.
            channel: as in `unsubscribe_many`.
            shared_phone: as in `resubscribe`. A run of a journal with another value is another run.
            reason: as in `resubscribe`.
            options: see `BatchOptions`.

        Returns:
            As `unsubscribe_many`. An input whose phone number other contacts have is `failed` with
            `AmbiguousMatchError`, unless `shared_phone` is true.

        Raises:
            UnsupportedError, InvalidInputError, JournalMismatchError, JournalBusyError: as in `unsubscribe_many`.

        Example:
            ```python
            await book.contacts.resubscribe_many([created.id], "sms").run()
            ```
        """
        return self._change_by_id(
            "contacts.resubscribe", "done", ids, options, "resubscribe", "resubscribe_contacts",
            channel=channel, shared_phone=shared_phone, reason=reason,
        )  # fmt: skip

    def _change_by_id(
        self,
        operation: str,
        status: Status,
        ids: Items[str] | Pager[Contact],
        options: BatchOptions,
        one: str,
        many: str,
        reason: str | None = None,
        **fixed: Any,
    ) -> Batch[str]:
        """Return a batch over contact ids, which calls the adapter's method `one`, or its bulk method `many`.

        Both methods get the `fixed` arguments. The journal's name of the operation contains them. If the book has a
        suppression list, and the arguments have a channel, the list is written before the vendor is called.
        """
        from crossbook._batch.assemble import build_batch, get_bulk_method
        from crossbook._batch.operations import IdOperation

        is_listed = "channel" in fixed and self._suppressions is not None
        context = self._batch_context("contacts.get" if is_listed else operation, options.get("max_wait"))
        name, channel = f"{operation}_many", fixed.get("channel")
        if channel is not None and not is_listed:
            name += f".{_validation.check_channel(self._profile, channel)}"
        if "shared_phone" in fixed:
            _validation.check_flag(self._profile, "shared_phone", fixed["shared_phone"])
            name += ".shared_phone" if fixed["shared_phone"] else ""
        adapter = context.adapter
        call = partial(getattr(adapter, one), **fixed)
        calls = call, get_bulk_method(adapter, many, fixed)
        change = IdOperation(operation, adapter, status, *calls, read=adapter.get_contact)
        if channel is not None and context.suppressions is not None:
            from crossbook._batch.consent import listen

            name += listen(change, context.suppressions, one, channel, reason)
        return build_batch(context, change, ids, options, operation=name)


class ContactsWithRawResponse(Generic[RawT]):
    """The methods of `book.contacts`, each with a `RawResponse` as its result."""

    def __init__(self, contacts: Contacts[RawT]) -> None:
        from crossbook._http.raw_response import to_raw

        self.list = to_raw(contacts.list)
        self.get = to_raw(contacts.get)
        self.find = to_raw(contacts.find)
        self.count = to_raw(contacts.count)
        self.create = to_raw(contacts.create)
        self.upsert = to_raw(contacts.upsert)
        self.update = to_raw(contacts.update)
        self.delete = to_raw(contacts.delete)
        self.groups_of = to_raw(contacts.groups_of)
        self.unsubscribe = to_raw(contacts.unsubscribe)
        self.resubscribe = to_raw(contacts.resubscribe)
