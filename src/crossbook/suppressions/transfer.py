"""Take over the opt-outs that a vendor knows into a suppression list (`collect`), and write them there (`push`).

Both are batches, with a journal, a dry run and results.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from crossbook._batch.assemble import BatchOptions, build_batch
from crossbook._batch.batch import Batch
from crossbook._batch.operations import BatchOperation, Completed, PreparedItem, opt_out
from crossbook.book import AddressBook
from crossbook.errors import InvalidInputError, UnsupportedError
from crossbook.models import Channel, Contact
from crossbook.suppressions.base import SuppressionEntry
from crossbook.transfer import iter_all_contacts

if TYPE_CHECKING:
    from crossbook.suppressions.suppression_list import SuppressionList

_CHUNK = 500  # contacts that are checked or recorded at once


class _Collect(BatchOperation[Contact]):
    """The batch operation `collect`: records opted-out contacts of the vendor, many in one transaction."""

    status = "done"

    def __init__(self, adapter: Any, suppressions: SuppressionList) -> None:
        super().__init__("contacts.list", adapter)
        self.bulk_size = _CHUNK
        self._list = suppressions

    def prepare(self, item: Contact) -> PreparedItem:
        return PreparedItem(item, id=item.id or None, contact=item)

    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        (response,) = await self.write_many([item], again=again)
        assert isinstance(response, Completed)
        return response

    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        contacts: list[Contact] = [item.value for item in items]
        found = await self._list.check_many(contacts, region=self.adapter.region)
        new = [
            not set(contact.opted_out or ()) <= status.channels
            for contact, status in zip(contacts, found, strict=True)
        ]  # fmt: skip
        await self._list.record_opt_outs(
            [(contact, contact.opted_out or ()) for contact, is_new in zip(contacts, new, strict=True) if is_new],
            reason="opted out at the vendor", source=self.profile.vendor, region=self.adapter.region,
        )  # fmt: skip
        return [
            Completed("done" if is_new else "unchanged", item.id, item.contact)
            for item, is_new in zip(items, new, strict=True)
        ]


class _Push(BatchOperation[Contact]):
    """The batch operation `push`: opts contacts out at the vendor, or phone numbers where it stores these."""

    status = "done"

    def __init__(self, adapter: Any) -> None:
        super().__init__("contacts.unsubscribe", adapter)
        if getattr(adapter, "unsubscribe_contacts", None) is None:
            self.bulk_size = 1

    def prepare(self, item: Contact) -> PreparedItem:
        channels = self.profile.channels & (item.opted_out or frozenset())
        can_reach = bool(item.id) or (self.profile.opt_outs_by == "phone" and item.phone is not None)
        outcome = None if channels and can_reach else Completed("skipped", contact=item)
        return PreparedItem(
            (item, channels),
            id=item.id or None,
            contact=item,
            outcome=outcome,
            dropped_fields=() if outcome is None else ("opted_out",),
            bulk_group=_get_shared_channel(channels, self.profile.channels),
            alone=_get_shared_channel(channels, self.profile.channels) is None,
        )

    async def write_one(self, item: PreparedItem, *, again: bool) -> Completed:
        contact, channels = item.value
        if contact.id:
            await opt_out(self.adapter, contact.id, channels)
        else:
            await self.adapter.unsubscribe_phone(contact.phone)
        return Completed("done", item.id, contact)

    async def _call_bulk(self, items: Sequence[PreparedItem]) -> Sequence[Any]:
        ids = [item.value[0].id for item in items]
        return await self.adapter.unsubscribe_contacts(ids, channel=items[0].bulk_group)  # type: ignore[no-any-return]


def _get_shared_channel(channels: frozenset[str], known: frozenset[str]) -> str | None:
    """Return the channel of one call that opts contacts out of all these channels, or None if that takes several."""
    if channels == known:
        return "all"
    return next(iter(channels)) if len(channels) == 1 else None


def collect(suppressions: SuppressionList, book: AddressBook, options: BatchOptions) -> Batch[Contact]:
    """Return the batch of `SuppressionList.collect`."""
    context = _make_context(book, options)
    operation = _Collect(context.adapter, suppressions)
    return build_batch(context, operation, _list_opted_out(book), options, operation="suppressions.collect")


def push(suppressions: SuppressionList, book: AddressBook, options: BatchOptions) -> Batch[Contact]:
    """Return the batch of `SuppressionList.push`."""
    context = _make_context(book, options)
    source = _list_missing(suppressions, book)
    return build_batch(context, _Push(context.adapter), source, options, operation="suppressions.push")


def _make_context(book: AddressBook, options: BatchOptions) -> Any:
    if not isinstance(book, AddressBook):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError("book must be an open book, such as crossbook.open(name)", field="book")
    if not book.profile.channels:
        raise UnsupportedError(
            f"{book.profile.title} stores no opt-outs: only the suppression list can hold them",
            vendor=book.profile.vendor, field="book",
        )  # fmt: skip
    return book._batch_context(options.get("max_wait"))  # pyright: ignore[reportPrivateUsage]


async def _list_opted_out(book: AddressBook) -> AsyncIterator[Contact]:
    """Yield the contacts that opted out of a channel, once for each channel, and the vendor's opted-out phones."""
    channels: list[Any] = sorted(book.profile.channels)
    for channel in channels:
        opted_out = frozenset[Channel]((channel,))
        if book.profile.opt_outs_by == "phone":
            adapter: Any = book._adapter  # pyright: ignore[reportPrivateUsage]
            fetch, position = adapter.list_opted_out_phones(book.profile.contact_paging.max_size), None
            while True:
                phones, position = await fetch(position)
                for phone in filter(None, phones):
                    yield Contact(phone=phone, opted_out=opted_out)
                if position is None:
                    break
        async for contact in book.contacts.list(opted_out=channel, unique=True):
            yield _keep_address(contact, opted_out)


def _keep_address(contact: Contact, opted_out: frozenset[Channel]) -> Contact:
    return Contact(
        id=contact.id, phone=contact.phone, email=contact.email, external_id=contact.external_id, opted_out=opted_out
    )


async def _list_missing(suppressions: SuppressionList, book: AddressBook) -> AsyncIterator[Contact]:
    """Yield the contacts of the book that the list has, and that did not opt out there; then the rest of the list.

    The keys of listed contacts are kept in a temporary SQLite database, so that the rest is known.
    """
    region = book._adapter.region  # pyright: ignore[reportPrivateUsage]
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("create table seen (key text primary key) without rowid")
        chunk: list[Contact] = []
        async for contact in iter_all_contacts(book, group=None, groups=False, full=False):
            chunk.append(contact)
            if len(chunk) == _CHUNK:
                for missing in await _find_missing(suppressions, chunk, region, book.profile.channels, db):
                    yield missing
                chunk = []
        for missing in await _find_missing(suppressions, chunk, region, book.profile.channels, db):
            yield missing
        async for entry, channels in suppressions.iter_listed():
            if not any(db.execute("select 1 from seen where key = ?", (key,)).fetchone() for key in entry.lookup_keys):
                yield _make_unreached(entry, channels, is_hashed=suppressions.is_hashed)


async def _find_missing(
    suppressions: SuppressionList, contacts: Sequence[Contact], region: str | None, known: frozenset[str], db: Any
) -> list[Contact]:
    found = await suppressions.check_many(contacts, region=region)
    missing: list[Contact] = []
    for contact, status in zip(contacts, found, strict=True):
        if not status:
            continue
        keys = suppressions.make_lookup_keys(contact, region)
        db.executemany("insert or ignore into seen values (?)", ((key,) for key in keys))
        channels = status.channels - (contact.opted_out or frozenset())
        if channels & known:
            missing.append(_keep_address(contact, channels))
    return missing


def _make_unreached(entry: SuppressionEntry, channels: frozenset[Channel], *, is_hashed: bool) -> Contact:
    if is_hashed:
        return Contact(opted_out=channels)
    key: dict[str, Any] = {entry.kind: f"+{entry.key}" if entry.kind == "phone" else entry.key}
    return Contact(opted_out=channels, **key)
