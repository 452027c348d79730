"""`book.contacts`: our verbs for contacts, the same for every vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Unpack

from crossbook.batches import ContactBatches
from crossbook.core import checks, cursor, fitting
from crossbook.core.batch.lookups import match_key, why_unmatched
from crossbook.core.chunks import map_in_chunks
from crossbook.core.connection import Connection
from crossbook.core.frames import public, public_sync
from crossbook.core.pager import Pager
from crossbook.errors import Ambiguous, InvalidInput, NotFound, Unsupported
from crossbook.models import Channel, Contact, ContactChanges, ExternalId, Group, Outcome
from crossbook.narrowing import narrowed
from crossbook.vendors.base import Query, Verbs

if TYPE_CHECKING:
    from crossbook.many import Workshop


class Contacts(ContactBatches):
    """The contacts of one account. Get it as `book.contacts`; what a vendor cannot is `Unsupported` before any I/O."""

    room = "contacts"

    def __init__(
        self, verbs: Verbs, connection: Connection, default_group: str | None, shop: Callable[[float | None], Workshop]
    ) -> None:
        self._verbs = verbs
        self._card = verbs.card
        self._connection = connection
        self._default_group = default_group
        self._make_shop = shop

    def _ask(self, verb: str) -> None:
        if self._card.verb(verb).support == "unsupported":
            raise self._verbs.unsupported(verb)
        if self._connection.group is None:  # which event loop this is, the request asks
            self._connection.check()

    def _shop(self, verb: str, max_wait: float | None) -> Workshop:
        self._ask(verb)
        self._connection.check()
        return self._make_shop(max_wait)

    @public_sync
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
        window: int = 1,
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
            Unsupported: the vendor has no such filter or order, or its pages cannot be had side by side.
            InvalidInput: a cursor of another list, a page size or a window out of range.

        Example:
            ```python
            async for contact in book.contacts.list(group=friends.id):
                print(contact.id)
            ```
        """
        self._ask("contacts.list")
        self._connection.check()
        card = self._card
        query = narrowed(
            card,
            Query(
                group=group, search=search, phone=phone, email=email, external_id=external_id, archived=archived,
                opted_out=opted_out, sort=sort, descending=descending, full=full,
            ),
            self._verbs.region,
        )  # fmt: skip
        size = checks.page_size_of(card.contact_paging, page_size)
        checks.check_window(card, window)
        bound = cursor.filter_hash(card.vendor, "contacts", query)
        position = cursor.read(after, bound) if after is not None else None
        return Pager(
            lambda: self._verbs.list_contacts(query, size), self._connection.start, bound, position,
            unique=unique, window=window, vendor=card.vendor, operation="contacts.list",
        )  # fmt: skip

    @public
    async def get(self, id: str) -> Contact:
        """Reads one contact.

        Args:
            id: the vendor's id, as text.

        Returns:
            The contact; its `known` says which fields the vendor's answer told.

        Raises:
            NotFound: there is none with this id.
            InvalidInput: no id of this vendor.

        Example:
            ```python
            contact = await book.contacts.get(created.id)
            ```
        """
        self._ask("contacts.get")
        return await self._verbs.get_contact(checks.check_id(self._card, "id", id))

    @public
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
            Ambiguous: several match; `error.candidates` are their ids.
            Unsupported: the vendor cannot be asked by this key.
            InvalidInput: not exactly one key, or a phone that is no number of the account's region.

        Example:
            ```python
            anna = await book.contacts.find(phone="+48 500 600 700")
            ```
        """
        self._ask("contacts.find")
        keys = {"phone": phone, "email": email, "external_id": external_id}
        given = {name: value for name, value in keys.items() if value is not None}
        if len(given) != 1:
            raise InvalidInput("give exactly one of phone, email and external_id", vendor=self._card.vendor)
        ((name, value),) = given.items()
        if name not in self._card.match_keys:
            raise Unsupported(f"{self._card.title} cannot be asked by {name}", field=name, vendor=self._card.vendor)
        return await self._found(name, checks.clean(self._card, name, value))

    async def _found(self, name: str, value: str) -> Contact | None:
        wanted = match_key(name, value, self._verbs.region)
        if wanted is None:
            why = why_unmatched(name, value, self._verbs.region)
            raise InvalidInput(why, field=name, vendor=self._card.vendor)
        asked = value.strip() if name == "email" else wanted
        found = await self._verbs.candidates(name, asked)
        keys = await map_in_chunks(found, lambda contact: match_key(name, getattr(contact, name), self._verbs.region))
        matches = {contact.id: contact for contact, key in zip(found, keys, strict=True) if key == wanted}
        if len(matches) > 1:
            raise Ambiguous(
                f"{len(matches)} contacts have this {name}: {', '.join(list(matches)[:10])}",
                candidates=tuple(matches), vendor=self._card.vendor, operation="contacts.find", field=name, sent="yes",
            )  # fmt: skip
        return next(iter(matches.values()), None)

    @public
    async def create(self, contact: Contact, *, on_loss: fitting.OnLoss = "error") -> Outcome:
        """Stores a new contact.

        Args:
            contact: what to store; its `id` is ignored.
            on_loss: what to do with a field that the vendor cannot hold: `error` refuses the contact before any I/O,
                `drop` leaves the field out and names it in the outcome. Groups of a contact that was read from another
                vendor's book are such a field.

        Returns:
            An `Outcome`: `.id`, `.contact`, `.lost_fields`, `.unverified_fields`.

        Raises:
            InvalidInput: a field that the vendor cannot hold, that is too long, or that it needs.
            Rejected: the vendor refused it; `error.field` says which field, where the vendor does.
            LostError: no answer came; it may have happened. Look before repeating it.

        Example:
            ```python
            created = await book.contacts.create(Contact(phone="+48500600700", first_name="Anna"))
            ```
        """
        self._ask("contacts.create")
        prepared = fitting.for_create(
            self._card, contact, region=self._verbs.region, on_loss=on_loss, group=self._default_group
        )
        id = await self._verbs.create_contact(prepared.contact)
        return written("created", id, prepared.contact, prepared.lost, prepared.unverified)

    @public
    async def update(self, id: str | ExternalId, **changes: Unpack[ContactChanges]) -> Outcome:
        """Changes what is named, and only that; None clears a field.

        Args:
            id: the contact, by the vendor's id or, where the vendor can (Vercom), by `ExternalId("…")`.
            changes: fields by name. `fields={"name": value}` changes those of its names that are given. `groups=[…]`
                replaces the groups (Atom: moves the contact); except on Atom and SerwerSMS it costs a call a group.

        Returns:
            An `Outcome`: `.id`, `.contact` with the changes alone, `.unverified_fields`.

        Raises:
            NotFound: there is no such contact.
            Ambiguous: several bear this external id: all of them were changed, or, where only groups were, none.
            InvalidInput, Rejected: as `create`.

        Example:
            ```python
            await book.contacts.update(created.id, company="ABC", last_name=None)
            ```
        """
        self._ask("contacts.update")
        checks.check_contact(self._card, id)
        prepared = fitting.for_update(self._card, changes, region=self._verbs.region)
        stored = await self._verbs.update_contact(id, prepared)
        return written("updated", stored, Contact(**prepared), (), fitting.unverified(self._card, prepared))

    @public
    async def delete(self, id: str) -> None:
        """Deletes one contact.

        Args:
            id: the vendor's id, as text.

        Raises:
            NotFound: there is none with this id.
            InvalidInput: no id of this vendor.

        Example:
            ```python
            await book.contacts.delete(created.id)
            ```
        """
        self._ask("contacts.delete")
        id = checks.check_id(self._card, "id", id)
        try:
            await self._verbs.delete_contact(id)
        except NotFound as error:
            # Gone by an attempt of this very call whose answer was lost.
            if error.earlier != "maybe":
                raise

    @public
    async def groups_of(self, id: str) -> tuple[Group, ...]:
        """The groups that a contact is in.

        Vercom answers the same for a contact in no group and for one that does not exist: empty (inferred).

        Args:
            id: the contact, by the vendor's id.

        Returns:
            The groups, each with what the answer tells of it: id and name at least.

        Raises:
            NotFound: there is no such contact (but for Vercom).
            InvalidInput: no id of this vendor.

        Example:
            ```python
            names = [group.name for group in await book.contacts.groups_of(created.id)]
            ```
        """
        self._ask("contacts.groups_of")
        return tuple(await self._verbs.groups_of(checks.check_id(self._card, "id", id)))

    @public
    async def unsubscribe(self, id: str, channel: Literal["sms", "email", "push", "all"]) -> None:
        """Opts a contact out of one channel, or of all (Vercom, documented; the names of the channels are inferred).

        Args:
            id: the contact, by the vendor's id.
            channel: "sms", "email", "push", or "all" for the three.

        Raises:
            NotFound: there is no such contact.
            Unsupported: the vendor keeps no subscriptions.
            InvalidInput: no id of this vendor, or no channel.

        Example:
            ```python
            await book.contacts.unsubscribe(created.id, channel="sms")
            ```
        """
        self._ask("contacts.unsubscribe")
        await self._verbs.unsubscribe(checks.check_id(self._card, "id", id), checks.check_channel(self._card, channel))

    @public
    async def resubscribe(self, id: str, channel: Literal["sms", "email", "push", "all"]) -> None:
        """Opts a contact in again (Vercom). Nothing else in crossbook ever does: ask the person first.

        Args:
            id: the contact, by the vendor's id.
            channel: as in `unsubscribe`.

        Raises:
            NotFound, Unsupported, InvalidInput: as `unsubscribe`.

        Example:
            ```python
            await book.contacts.resubscribe(created.id, channel="sms")
            ```
        """
        self._ask("contacts.resubscribe")
        await self._verbs.resubscribe(checks.check_id(self._card, "id", id), checks.check_channel(self._card, channel))


def written(
    status: Literal["created", "updated"], id: str, contact: Contact, lost: tuple[str, ...], unverified: tuple[str, ...]
) -> Outcome:
    return Outcome(
        id=id, status=status, contact=replace(contact, id=id), lost_fields=lost, unverified_fields=unverified
    )
