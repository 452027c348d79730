"""Honour a suppression list in the writes of a book that was opened with one, alone and in batches.

`Consent` is the only code that asks the list. Single calls and batches use it at these places:

- creates, upserts, copies, imports: before an item is decided (`check_creates`), and for the stored contact that an
  upsert would change (`Resolver`);
- updates that change a phone or an e-mail (`check_updates`), and `groups.add` (`check_members`);
- `unsubscribe` and `resubscribe`: the list is written first.

What is done with a listed contact is decided by `on_opted_out`, as with an input that opted out itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from crossbook._batch.operations import Completed, Create, IdOperation, OnOptedOut, PreparedItem, opt_out
from crossbook._validation import check_text
from crossbook.errors import (
    AmbiguousMatchError,
    CrossbookError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
)
from crossbook.models import Channel, Contact, ExternalId

if TYPE_CHECKING:
    from crossbook.suppressions import SuppressionEntry, SuppressionList, SuppressionStatus

_CHANNELS: frozenset[str] = frozenset(get_args(Channel))
_NO_CHANNELS: frozenset[str] = frozenset()


class Consent:
    """Asks and writes a suppression list for one book.

    Args:
        suppressions: the list.
        adapter: the vendor's adapter.
        on_opted_out: what is done with a listed contact; as in `create_many`.
    """

    def __init__(self, suppressions: SuppressionList, adapter: Any, on_opted_out: OnOptedOut = "error") -> None:
        if on_opted_out not in get_args(OnOptedOut):
            raise InvalidInputError(
                "on_opted_out must be one of 'skip', 'unsubscribe', 'error'", field="on_opted_out",
                vendor=adapter.profile.vendor,
            )  # fmt: skip
        self._list = suppressions
        self._adapter = adapter
        self._profile = adapter.profile
        self._on_opted_out = on_opted_out

    async def find_listed(self, contacts: Sequence[Contact]) -> list[frozenset[str]]:
        """Return for each contact the channels that it opted out of, according to the list."""
        return [frozenset(status.channels) for status in await self._check_many(contacts)]

    async def _check_many(self, contacts: Sequence[Contact]) -> list[SuppressionStatus]:
        return await self._list.check_many(contacts, region=self._adapter.region)

    # The steps of a batch: each takes the checked items of a chunk, before the first of them is decided.

    async def check_creates(self, operation: Create, items: Sequence[PreparedItem], *, dry_run: bool) -> None:
        """Let listed contacts be handled like inputs that opted out. Record inputs that opted out in the list.

        An input is recorded only with on_opted_out="unsubscribe", since "skip" leaves it as it is.
        """
        people = [(item, item.person) for item in items if item.person is not None and item.outcome is None]
        if self._on_opted_out == "unsubscribe" and not dry_run:
            await self._record([(person, item.opted_out) for item, person in people if item.opted_out], "in a file")
        found = await self._check_many([person for _, person in people])
        for (item, _), status in zip(people, found, strict=True):
            if status.erased is not None:
                self._block(item, status.erased)
            elif status.channels:
                operation.apply_opt_out(item, frozenset(status.channels))

    async def check_create(self, contact: Contact) -> frozenset[str]:
        """Return the channels that a contact which is to be created opted out of, according to the list.

        Raises:
            InvalidInputError: the contact has a key that a tombstone blocks.
        """
        (status,) = await self._check_many([contact])
        if status.erased is not None:
            raise self._make_blocked_error(status.erased)
        return frozenset(status.channels)

    async def check_updates(self, items: Sequence[PreparedItem], *, dry_run: bool) -> None:
        """Handle updates whose new phone or e-mail is listed, or whose contact is."""
        for item in items:
            if item.outcome is None:
                await self._check(item, partial(self.check_update, *item.value, dry_run=dry_run))

    async def check_members(self, items: Sequence[PreparedItem], *, dry_run: bool) -> None:
        """Handle contacts that are listed and would be added to a group."""
        for item in items:
            if item.outcome is None and item.id is not None:
                await self._check(item, partial(self.check_member, item.id, dry_run=dry_run))

    async def _check(self, item: PreparedItem, check: Callable[[], Any]) -> None:
        try:
            channels = await check()
        except CrossbookError as error:
            item.outcome = error
            return
        if channels and self._on_opted_out == "unsubscribe":
            item.write_only_fields = (*item.write_only_fields, "opted_out")
        elif channels:
            item.outcome = Completed("skipped", item.id)
            item.dropped_fields = (*item.dropped_fields, "opted_out")

    # One contact.

    async def check_update(
        self, id: str | ExternalId, changes: Mapping[str, Any], *, dry_run: bool = False
    ) -> frozenset[str]:
        """Check an update that changes a phone or an e-mail. Return the channels for which its new address is listed.

        If the contact itself is listed, the opt-out follows it to the new address, which costs one entry in the list.

        Raises:
            InvalidInputError: the new address is listed, and on_opted_out is "error".
        """
        moved = {name: changes[name] for name in ("phone", "email") if changes.get(name)}
        if not moved:
            return _NO_CHANNELS
        stored = await self._read(id)
        new = Contact(**moved)
        *before, after = await self.find_listed([*stored, new])
        await self.check_create(new)
        known = frozenset[str]().union(*before)
        if known - after and not dry_run:
            await self._record([(new, known)], "the new address of a contact that opted out")
        found = after - known
        if found and self._on_opted_out == "unsubscribe":
            self._require_held(found)
            if not dry_run:
                if self._profile.opt_outs_by == "phone" and "phone" in moved:
                    await self._adapter.unsubscribe_phone(moved["phone"])
                else:
                    for contact in stored:
                        await opt_out(self._adapter, contact.id, found & self._profile.channels)
        elif found and self._on_opted_out == "error":
            raise self._make_error(found, next(iter(moved)))
        return found

    async def check_member(self, id: str, *, dry_run: bool = False) -> frozenset[str]:
        """Check a contact that is to be added to a group. Return the channels that it opted out of.

        Raises:
            InvalidInputError: the contact is listed, and on_opted_out is "error".
        """
        (found,) = await self.find_listed([await self._adapter.get_contact(id)])
        if found and self._on_opted_out == "unsubscribe":
            self._require_held(found)
            if not dry_run:
                await opt_out(self._adapter, id, found & self._profile.channels)
        elif found and self._on_opted_out == "error":
            raise self._make_error(found, "id")
        return found

    def is_held(self, channel: str) -> bool:
        """Return whether the vendor can store an opt-out of this channel, at least for one of its channels."""
        return bool(self._profile.channels) and channel in (*self._profile.channels, "all")

    def check_channel(self, channel: str) -> str:
        """Return the channel, if the list can hold an opt-out of it."""
        if not isinstance(channel, str) or channel not in _CHANNELS | {"all"}:  # pyright: ignore[reportUnnecessaryIsInstance]
            names = ", ".join(sorted(_CHANNELS))
            raise InvalidInputError(
                f"channel must be one of {names}, all", field="channel", vendor=self._profile.vendor
            )
        return channel

    async def record(self, id: str, channel: str) -> None:
        """Record in the list that a stored contact opted out of a channel."""
        contact = await self._adapter.get_contact(id)
        await self._record([(contact, _CHANNELS if channel == "all" else {channel})], "unsubscribe")

    async def resubscribe(
        self, id: str, channel: str, reason: str | None, call: Callable[[], Any] | None, *, dry_run: bool = False
    ) -> None:
        """End the opt-out of a stored contact: in the list first, then at the vendor by `call`.

        If the vendor refuses because others have the phone, the contact is listed as opted out again.

        Raises:
            InvalidInputError: the contact is listed, and there is no reason.
        """
        contact = await self._adapter.get_contact(id)
        (listed,) = await self.find_listed([contact])
        wanted = _CHANNELS if channel == "all" else {channel}
        if reason is None and listed & wanted:
            raise InvalidInputError(
                "the suppression list has an opt-out of this contact: pass reason=, why the person gets messages again",
                field="reason", vendor=self._profile.vendor,
            )  # fmt: skip
        if dry_run:
            return
        if reason is not None:
            values: Any = self._list.keep_valid_keys(contact, self._adapter.region)
            channel_of_list: Any = channel
            if values:
                await self._list.remove(
                    **values, channel=channel_of_list, reason=check_text(self._profile, "reason", reason),
                    source=self._profile.vendor, region=self._adapter.region,
                )  # fmt: skip
        if call is not None:
            try:
                await call()
            except (AmbiguousMatchError, NotFoundError):
                await self._record([(contact, listed & wanted)], "the vendor refused to subscribe the contact again")
                raise

    async def _read(self, id: str | ExternalId) -> Sequence[Contact]:
        if isinstance(id, ExternalId):
            return [*await self._adapter.search("external_id", id.value)]
        return [await self._adapter.get_contact(id)]

    async def _record(self, contacts: Sequence[tuple[Contact, Any]], reason: str) -> None:
        if contacts:
            await self._list.record_opt_outs(
                contacts, reason=reason, source=self._profile.vendor, region=self._adapter.region
            )

    def _block(self, item: PreparedItem, tombstone: SuppressionEntry) -> None:
        if self._on_opted_out == "error":
            item.outcome = self._make_blocked_error(tombstone)
        else:
            item.outcome = Completed("skipped", item.id)
            item.dropped_fields = (*item.dropped_fields, "erased")

    def _make_blocked_error(self, tombstone: SuppressionEntry) -> InvalidInputError:
        return InvalidInputError(
            f"this {tombstone.kind} belongs to a person who was erased, according to the suppression list; to allow it "
            "again, call its remove() with a reason",
            field=tombstone.kind, vendor=self._profile.vendor,
        )  # fmt: skip

    def _require_held(self, channels: frozenset[str]) -> None:
        if not channels & self._profile.channels:
            raise UnsupportedError(
                f"{self._profile.title} cannot opt a contact out of {', '.join(sorted(channels))}: pass "
                "on_opted_out='skip' or 'error'",
                vendor=self._profile.vendor, field="on_opted_out",
            )  # fmt: skip

    def _make_error(self, channels: frozenset[str], field: str) -> InvalidInputError:
        return InvalidInputError(
            f"the contact opted out of {', '.join(sorted(channels))}, according to the suppression list "
            "(on_opted_out='error')",
            field=field, vendor=self._profile.vendor,
        )  # fmt: skip


def listen(operation: IdOperation, suppressions: SuppressionList, method: str, channel: str, reason: str | None) -> str:
    """Let a batch of `unsubscribe` or `resubscribe` write the suppression list before the vendor is called.

    Where the vendor cannot hold an opt-out of the channel, only the list is written.

    Args:
        operation: the batch's operation.
        suppressions: the book's list.
        method: "unsubscribe" or "resubscribe".
        channel: the channel.
        reason: as in `resubscribe`.

    Returns:
        The suffix of the operation's name in a journal.
    """
    consent = Consent(suppressions, operation.adapter)
    consent.check_channel(channel)
    is_held = consent.is_held(channel)
    if method == "resubscribe":
        operation.replace_call(partial(_resubscribe, consent, operation.call if is_held else None, channel, reason))
    elif not is_held:
        operation.replace_call(_succeed)

    async def check_consent(items: Sequence[PreparedItem], *, dry_run: bool) -> None:
        for item in items:
            if not is_held:
                item.dropped_fields = ("opted_out",)
            try:
                if method == "unsubscribe" and not dry_run:
                    await consent.record(item.value, channel)
                elif method == "resubscribe" and dry_run:
                    await consent.resubscribe(item.value, channel, reason, None, dry_run=True)
            except CrossbookError as error:
                item.outcome = error

    operation.check_consent = check_consent
    return f".{channel}" if is_held else f".{channel}.listed"


async def _resubscribe(
    consent: Consent, call: Callable[[str], Any] | None, channel: str, reason: str | None, id: str
) -> None:
    await consent.resubscribe(id, channel, reason, None if call is None else partial(call, id))


async def _succeed(id: str) -> None:
    pass
