"""`SuppressionList`: who opted out of which channel, by phone, e-mail address and external id, over all books."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack, get_args

from crossbook import _phones
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import InvalidInputError
from crossbook.models import Channel, Contact
from crossbook.suppressions.base import (
    CHANNELS,
    Action,
    EntryChannel,
    Kind,
    SuppressionEntry,
    SuppressionStatus,
    SuppressionStore,
)
from crossbook.suppressions.files import FileFormat, read_rows, write_entries
from crossbook.suppressions.keys import KeyMaker
from crossbook.suppressions.memory import MemorySuppressions
from crossbook.suppressions.sqlite import SqliteSuppressions

if TYPE_CHECKING:
    from crossbook._batch.assemble import BatchOptions
    from crossbook._batch.batch import Batch
    from crossbook.book import AddressBook

_KINDS: tuple[Kind, ...] = get_args(Kind)
_MIN_KEY_LENGTH = 16
_NOT_LISTED = SuppressionStatus()
_TICK = timedelta(microseconds=1)
_CHUNK = 1000
_OF_THE_LIST: Any = object()  # the region of the list


class SuppressionList:
    """A list of the people who opted out, which every book that is opened with it honours.

    A person has up to three keys: phone, e-mail address and external id. Each entry has one key, a channel, a time, a
    reason and a source. Entries are only added, never changed. For each key and channel the latest event decides. Of
    two events at the same time, the opt-out does. Only `remove`, with a reason, ends an opt-out.
    A tombstone (`add_tombstone`) is an entry of a person who was erased: no book creates a contact with its key.

    A list needs no opening. Close it with `async with` or `close` when no book uses it any more.

    Args:
        store: the path of an SQLite file, or a store: an object that implements `SuppressionStore`. By default the
            list is in memory.
        key: a secret of yours, at least 16 characters or bytes. The list then holds keyed hashes. Without it, phones,
            e-mail addresses and external ids are stored in clear, in a file that only its owner may read.
        region: the country ("PL") of phones without a country code, where no book decides.

    Raises (from each method):
        InvalidInputError: the file is not a suppression list, was made with another key, or may not be written.

    Example:
        ```python
        suppressions = crossbook.SuppressionList("suppressions.sqlite")
        await suppressions.add(phone="+48500600700", channel="sms", reason="STOP", source="webhook")
        print(await suppressions.check(Contact(phone="500 600 700")))
        ```
    """

    def __init__(
        self,
        store: str | os.PathLike[str] | SuppressionStore | None = None,
        *,
        key: str | bytes | None = None,
        region: str | None = "PL",
    ) -> None:
        if region is not None and not _phones.is_region(region):
            raise InvalidInputError(
                'region must be a country code of two capital letters, such as "PL"', field="region"
            )
        self._region = region
        self._keys = KeyMaker(_check_key(key))
        self._store = _make_store(store)
        self._is_open = False

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __reduce__(self) -> str:
        raise TypeError("a suppression list has an open file and cannot be pickled: make a list in each process")

    async def close(self) -> None:
        """Close the store. The next call opens it again."""
        self._is_open = False
        await self._store.close()

    async def _open(self) -> SuppressionStore:
        if not self._is_open:
            if await self._store.open(self._keys.tag) != self._keys.tag:
                raise InvalidInputError(
                    "the suppression list was made with another key: pass the same key=, or none if it had none",
                    field="key",
                )
            self._is_open = True
        return self._store

    @property
    def is_hashed(self) -> bool:
        """Whether the list holds keyed hashes instead of phones, e-mail addresses and external ids."""
        return self._keys.is_hashed

    @hide_internal_frames
    async def add(
        self,
        *,
        phone: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        channel: EntryChannel = "all",
        reason: str = "",
        source: str = "",
        time: datetime | None = None,
        region: str | None = _OF_THE_LIST,
        receipt: str | None = None,
    ) -> bool:
        """Add an opt-out: an entry for each given key, in one transaction. They are on disk when the call returns.

        Args:
            phone: a phone in any spelling, valid or not.
            email: an e-mail address; compared without regard to case.
            external_id: your own key of a person; compared unchanged.
            channel: "sms", "email", "push", or "all".
            reason: why, such as "STOP". It is stored in clear.
            source: from where, such as "webhook". It is stored in clear.
            time: when the person opted out, with a time zone. By default, and if it is in the future, the time of this
                call.
            region: the country of a phone without a country code; by default the list's.
            receipt: an id of the delivery that brought the event. The same id again changes nothing.

        Returns:
            Whether the entries were added: False if the list has this receipt already.

        Raises:
            InvalidInputError: no key is given, a phone has no digits, or an argument is invalid.

        Example:
            ```python
            await suppressions.add(email="anna@example.com", channel="email", reason="link in a newsletter")
            ```
        """
        values = {"phone": phone, "email": email, "external_id": external_id}
        return await self._record("opt_out", values, channel, reason, source, time, region, receipt)

    @hide_internal_frames
    async def add_tombstone(
        self,
        *,
        phone: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        reason: str = "erased",
        source: str = "",
        region: str | None = _OF_THE_LIST,
    ) -> int:
        """Block each given key of an erased person: no book creates a contact with it, whatever its `on_opted_out`.

        A tombstone is no opt-out: a stored contact of another person with the same phone stays subscribed. `remove`
        with the channel "all" ends the tombstones of its keys.

        Args:
            phone: as in `add`.
            email: as in `add`.
            external_id: as in `add`.
            reason: as in `add`.
            source: as in `add`.
            region: as in `add`.

        Returns:
            The number of new tombstones. A key that is blocked already gets no other.

        Raises:
            InvalidInputError: as in `add`.

        Example:
            ```python
            await suppressions.add_tombstone(email="erased@example.com")
            ```
        """
        values = {"phone": phone, "email": email, "external_id": external_id}
        made = self._make_entries("erase", values, "all", reason, source, None, region)
        store = await self._open()
        found = await store.find([key for entry in made for key in entry.lookup_keys])
        new = [
            await self._order_by_receipt(store, entry)
            for entry in made
            if _find_tombstone(found.get(entry.lookup_keys[0], ())) is None
        ]
        if new:
            await store.append(new)
        return len(new)

    @hide_internal_frames
    async def remove(
        self,
        *,
        phone: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        channel: EntryChannel = "all",
        reason: str,
        source: str = "",
        time: datetime | None = None,
        region: str | None = _OF_THE_LIST,
    ) -> None:
        """End the opt-outs of each given key up to now. Ask the person first. The earlier entries stay in the history.

        With the channel "all" it ends tombstones too, so that a contact with the key can be created again.

        A contact is listed as long as one of its keys is. So pass all keys of the person, or call
        `book.contacts.resubscribe`, which reads them.

        Args:
            phone: as in `add`.
            email: as in `add`.
            external_id: as in `add`.
            channel: as in `add`.
            source: as in `add`.
            region: as in `add`.
            reason: why the person gets messages again, such as "form of 2 May".
            time: when the person subscribed again, with a time zone. A later opt-out wins. By default the time of this
                call.

        Raises:
            InvalidInputError: the reason is empty, or as in `add`.

        Example:
            ```python
            await suppressions.remove(phone="+48500600700", channel="sms", reason="asked for messages by phone")
            ```
        """
        if not isinstance(reason, str) or not reason.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError("reason is empty: say why the person gets messages again", field="reason")
        values = {"phone": phone, "email": email, "external_id": external_id}
        await self._record("resubscribe", values, channel, reason, source, time, region, None)

    async def _record(
        self,
        action: Action,
        values: Mapping[str, str | None],
        channel: EntryChannel,
        reason: str,
        source: str,
        time: datetime | None,
        region: str | None,
        receipt: str | None,
    ) -> bool:
        made = self._make_entries(action, values, channel, reason, source, time, region)
        store = await self._open()
        if time is None:
            made = [await self._order_by_receipt(store, entry) for entry in made]
        return await store.append(made, receipt)

    async def _order_by_receipt(self, store: SuppressionStore, entry: SuppressionEntry) -> SuppressionEntry:
        """Return an entry without a stated time as the latest event of its key, although clocks may go back.

        An opt-out then is as late as the latest subscription, and wins. A subscription is later than each opt-out.
        """
        found = await store.find(entry.lookup_keys)
        others = [other for entries in found.values() for other in entries if other.action != entry.action]
        latest = max((other.time for other in others), default=entry.time)
        if entry.action == "resubscribe" and others:
            latest += _TICK
        return entry if latest <= entry.time else replace(entry, time=latest)

    def _make_entries(
        self,
        action: Action,
        values: Mapping[str, str | None],
        channel: EntryChannel,
        reason: str,
        source: str,
        time: datetime | None,
        region: str | None,
    ) -> list[SuppressionEntry]:
        now = datetime.now(UTC)
        if channel not in get_args(EntryChannel):
            raise InvalidInputError("channel must be one of sms, email, push, all", field="channel")
        for name, text in {**values, "reason": reason, "source": source}.items():
            if text is not None and not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidInputError(f"{name} must be text", field=name)
        given: dict[Kind, str] = {kind: value for kind in _KINDS if (value := values.get(kind)) is not None}
        if not given:
            raise InvalidInputError("pass at least one of phone, email and external_id", field="phone")
        happened = now if time is None else min(_to_utc(time), now)
        entries: list[SuppressionEntry] = []
        for kind, value in given.items():
            made = self._keys.make(kind, value, self._region if region is _OF_THE_LIST else region)
            if made is None:
                raise InvalidInputError(_explain_no_key(kind, value), field=kind)
            entries.append(
                SuppressionEntry(
                    kind=kind,
                    key=made[0],
                    raw=made[1],
                    channel=channel,
                    action=action,
                    time=happened,
                    received=now,
                    reason=reason,
                    source=source,
                )
            )
        return entries

    @hide_internal_frames
    async def check(self, contact: Contact, *, region: str | None = _OF_THE_LIST) -> SuppressionStatus:
        """Return the channels that a contact opted out of: since when, why, and from where.

        A contact is listed if one of its keys is: its phone, e-mail address or external id.

        Args:
            contact: the contact.
            region: the country of a phone without a country code; by default the list's.

        Returns:
            A `SuppressionStatus`, which is true if the contact opted out of a channel.

        Example:
            ```python
            if status := await suppressions.check(contact):
                print(status)
            ```
        """
        (status,) = await self.check_many([contact], region=region)
        return status

    async def check_many(
        self, contacts: Sequence[Contact], *, region: str | None = _OF_THE_LIST
    ) -> list[SuppressionStatus]:
        """Check many contacts with one query, as `check` does, and return the status of each, in their order.

        Example:
            ```python
            listed = [status for status in await suppressions.check_many([contact]) if status]
            ```
        """
        region = self._region if region is _OF_THE_LIST else region
        keys = [self.make_lookup_keys(contact, region) for contact in contacts]
        store = self._store if self._is_open else await self._open()
        found = await store.find([key for each in keys for key in each])
        if not found:
            return [_NOT_LISTED] * len(keys)
        return [_decide_contact(each, found) for each in keys]

    def make_lookup_keys(self, contact: Contact, region: str | None) -> list[str]:
        """Return the texts by which a store finds the entries of a contact."""
        keys: list[str] = []
        for kind in _KINDS:
            value = getattr(contact, kind)
            if value:
                keys += self._keys.make_lookup_keys(kind, str(value), region)
        return keys

    async def history(self, contact: Contact, *, region: str | None = _OF_THE_LIST) -> list[SuppressionEntry]:
        """Return all entries of a contact's keys, in the order of their time.

        Args:
            contact: as in `check`.
            region: as in `check`.

        Example:
            ```python
            for entry in await suppressions.history(contact):
                print(entry.time, entry.action, entry.channel, entry.reason)
            ```
        """
        keys = self.make_lookup_keys(contact, self._region if region is _OF_THE_LIST else region)
        found = await (await self._open()).find(keys)
        return sorted(_unite(keys, found), key=lambda entry: (entry.time, entry.action == "opt_out"))

    @hide_internal_frames
    def collect(self, book: AddressBook, **options: Unpack[BatchOptions]) -> Batch[Contact]:
        """Take over the opt-outs that the vendor of an open book knows: its opted-out contacts (Vercom, SerwerSMS).

        Of SerwerSMS these are the phone numbers of its blacklist, too. The vendors state no time, so that the time of
        receipt counts. An opt-out that the list has already is not added again.

        Args:
            book: an open book.
            options: see `BatchOptions`: `journal`, `dry_run` and others.

        Returns:
            A `Batch`; its results are `done`, or `unchanged` if the list had the opt-out.

        Raises:
            UnsupportedError: the vendor stores no opt-outs (Atom, Filemail).

        Example:
            ```python
            print(await suppressions.collect(book).run())
            ```
        """
        from crossbook.suppressions.transfer import collect

        return collect(self, book, options)

    @hide_internal_frames
    def push(self, book: AddressBook, **options: Unpack[BatchOptions]) -> Batch[Contact]:
        """Opt out at the vendor of an open book whom the list has and the vendor does not (Vercom, SerwerSMS).

        The book's contacts are read and checked. SerwerSMS also gets the phone numbers of the list that no contact has,
        unless the list holds hashes. Other entries without a contact cannot be pushed: their results are `skipped`, and
        `dropped_fields` has `opted_out`. No contact is subscribed again.

        Args:
            book: an open book.
            options: as in `collect`.

        Returns:
            A `Batch`; its results are `done`, `skipped`, `failed` or `uncertain`.

        Raises:
            UnsupportedError: the vendor stores no opt-outs (Atom, Filemail).

        Example:
            ```python
            print(await suppressions.push(book, dry_run=True).run())
            ```
        """
        from crossbook.suppressions.transfer import push

        return push(self, book, options)

    async def iter_listed(self) -> AsyncIterator[tuple[SuppressionEntry, frozenset[Channel]]]:
        """Yield each key of the list that opted out of a channel, once: its first entry, and the channels."""
        store = await self._open()
        async for entry in store.entries():
            key = entry.lookup_keys[0]
            found = (await store.find([key])).get(key, ())
            own = [each for each in found if each.key == entry.key]
            if own and own[0] == entry and (channels := _decide(found)):
                yield entry, frozenset(channels)

    async def entries(self) -> AsyncIterator[SuppressionEntry]:
        """Yield all entries of the list in the order in which they were added.

        Example:
            ```python
            count = len([entry async for entry in suppressions.entries()])
            ```
        """
        store = await self._open()
        async for entry in store.entries():
            yield entry

    @hide_internal_frames
    async def export_file(self, path: str | os.PathLike[str], format: FileFormat | None = None) -> int:
        """Write all entries to a CSV or JSON lines file, which only its owner may read. Return how many.

        Args:
            path: the file. An existing file is replaced.
            format: "csv" or "jsonl"; by default the format of the file name's suffix.

        Raises:
            InvalidInputError: the format is unknown.
            OSError: the file cannot be written.

        Example:
            ```python
            await suppressions.export_file("suppressions.csv")
            ```
        """
        return await write_entries(path, format, self.entries(), self._keys.tag if self.is_hashed else None)

    @hide_internal_frames
    async def import_file(
        self,
        path: str | os.PathLike[str],
        format: FileFormat | None = None,
        *,
        channel: EntryChannel = "all",
        reason: str = "",
        source: str = "",
        region: str | None = _OF_THE_LIST,
    ) -> int:
        """Add the entries of a CSV or JSON lines file. Every row is checked before the first is added.

        A row has at least one of `phone`, `email` and `external_id`. It may have `channel`, `action`, `time`, `reason`
        and `source`. A row that subscribes a person again needs a `time` and a `reason`. An entry that the list has
        already is not added again.

        Args:
            path: the file.
            format: "csv" or "jsonl"; by default the format of the file name's suffix.
            channel: that of rows that state none.
            reason: that of rows that state none.
            source: that of rows that state none.
            region: the country of phones without a country code; by default the list's.

        Returns:
            The number of entries that were added.

        Raises:
            InvalidInputError: a row is invalid; the message has its line.
            OSError: the file cannot be read.

        Example:
            ```python
            await suppressions.export_file("suppressions.csv")
            assert await suppressions.import_file("suppressions.csv", source="old tool") == 0
            ```
        """
        defaults = {"channel": channel, "reason": reason, "source": source}

        def read() -> Iterable[tuple[list[SuppressionEntry], bool]]:
            for line, row in read_rows(path, format):
                try:
                    yield self._read_row({**defaults, **row}, region)
                except InvalidInputError as error:
                    error.message = f"line {line}: {error.message}"
                    raise

        for _ in read():
            pass
        added, chunk = 0, list[tuple[SuppressionEntry, bool]]()
        for entries, has_time in read():
            chunk += [(entry, has_time) for entry in entries]
            if len(chunk) >= _CHUNK:
                added += await self._append_new(chunk)
                chunk = []
        return added + await self._append_new(chunk)

    def _read_row(self, row: Mapping[str, str], region: str | None) -> tuple[list[SuppressionEntry], bool]:
        action: Any = row.get("action") or "opt_out"
        if action not in get_args(Action):
            raise InvalidInputError("action must be opt_out, resubscribe or erase", field="action")
        if action == "erase" and row["channel"] != "all":
            raise InvalidInputError("a row that erases a person is for the channel all", field="channel")
        if action == "resubscribe" and not (row.get("time") and row.get("reason")):
            raise InvalidInputError("a row that subscribes a person again needs a time and a reason", field="time")
        time = _parse_time(row["time"]) if row.get("time") else None
        channel: Any = row["channel"]
        if row.get("hash"):
            return [self._read_hashed(row, action, channel, time)], time is not None
        values: dict[str, str | None] = {kind: row.get(kind) or None for kind in _KINDS}
        made = self._make_entries(action, values, channel, row["reason"], row["source"], time, region)
        if row.get("raw"):  # of an exported list
            made = [replace(entry, raw=row["raw"]) if entry.kind == "phone" else entry for entry in made]
        return made, time is not None

    def _read_hashed(
        self, row: Mapping[str, str], action: Action, channel: Any, time: datetime | None
    ) -> SuppressionEntry:
        if row.get("list") != self._keys.tag:
            raise InvalidInputError(
                "this row is a hash under another key: import it into a list with the same key=", field="key"
            )
        if row.get("kind") not in _KINDS or channel not in get_args(EntryChannel):
            raise InvalidInputError("kind or channel of a hashed row is unknown: export the list again", field="kind")
        kind: Any = row["kind"]
        now = datetime.now(UTC)
        return SuppressionEntry(
            kind=kind, key=row["hash"], raw=row.get("raw") or None, channel=channel, action=action,
            time=min(time or now, now), received=now, reason=row["reason"], source=row["source"],
        )  # fmt: skip

    async def _append_new(self, entries: Sequence[tuple[SuppressionEntry, bool]]) -> int:
        """Append the entries that the list does not have. `True`: the entry's source states its time."""
        store = await self._open()
        found = await store.find({f"{entry.kind}:{entry.key}" for entry, _ in entries})
        known: set[tuple[str, str, str, str, datetime | None]] = {
            (each.kind, each.key, each.channel, each.action, each.time) for row in found.values() for each in row
        }
        new: list[SuppressionEntry] = []
        for entry, has_time in entries:
            identity = entry.kind, entry.key, entry.channel, entry.action, entry.time if has_time else None
            if identity in known:
                continue
            known.add(identity)
            channels = CHANNELS if entry.channel == "all" else {entry.channel}
            others = found.get(f"{entry.kind}:{entry.key}", ())
            is_blocked = entry.action == "erase" and _find_tombstone(others) is not None
            is_opted_out = entry.action != "erase" and channels <= _decide(others).keys()
            if not has_time and (is_blocked or is_opted_out):
                continue
            new.append(entry if has_time else await self._order_by_receipt(store, entry))
        if new:
            await store.append(new)
        return len(new)

    def keep_valid_keys(self, contact: Contact, region: str | None) -> dict[str, str | None]:
        """Return the phone, e-mail and external id of a contact without those that `add` would refuse."""
        return {
            kind: value
            for kind in _KINDS
            if (value := getattr(contact, kind)) and self._keys.make(kind, value, region) is not None
        }

    async def record_opt_outs(
        self, contacts: Sequence[tuple[Contact, Iterable[str]]], *, reason: str, source: str, region: str | None
    ) -> int:
        """Add opt-outs of contacts for all their keys, where the list does not have them yet. Return how many entries.

        Args:
            contacts: pairs of a contact and the channels that it opted out of.
            reason: as in `add`.
            source: as in `add`.
            region: as in `add`.
        """
        entries: list[tuple[SuppressionEntry, bool]] = []
        for contact, channels in contacts:
            values = self.keep_valid_keys(contact, region)
            chosen = set(channels)
            names: list[Any] = ["all"] if chosen >= CHANNELS or "all" in chosen else sorted(chosen)
            for name in names if values else ():
                made = self._make_entries("opt_out", values, name, reason, source, None, region)
                entries += [(entry, False) for entry in made]
        return await self._append_new(entries)


def _decide_contact(keys: Sequence[str], found: Mapping[str, Sequence[SuppressionEntry]]) -> SuppressionStatus:
    """Return the status of a contact with these lookup keys. It is listed if one of its keys is."""
    if not any(key in found for key in keys):
        return _NOT_LISTED
    decided: dict[Channel, SuppressionEntry] = {}
    erased: SuppressionEntry | None = None
    for kind in _KINDS:
        entries = _unite([key for key in keys if key.startswith(f"{kind}:")], found)
        erased = erased or _find_tombstone(entries)
        for channel, entry in _decide(entries).items():
            if channel not in decided or entry.time < decided[channel].time:
                decided[channel] = entry
    if not decided and erased is None:
        return _NOT_LISTED
    return SuppressionStatus(channels=frozenset(decided), entries=decided, erased=erased)


def _unite(keys: Iterable[str], found: Mapping[str, Sequence[SuppressionEntry]]) -> list[SuppressionEntry]:
    """Return the entries of several lookup keys, each once: an entry is found by its key and by its raw digits."""
    united: list[SuppressionEntry] = []
    for key in keys:
        united += [entry for entry in found.get(key, ()) if entry not in united]
    return united


def _find_tombstone(entries: Sequence[SuppressionEntry]) -> SuppressionEntry | None:
    """Return the first tombstone of one key that no removal for all channels has ended, or None."""
    ended = [entry.time for entry in entries if entry.action == "resubscribe" and entry.channel == "all"]
    since = max(ended) if ended else None
    standing = [entry for entry in entries if entry.action == "erase" and (since is None or entry.time >= since)]
    return min(standing, key=lambda entry: entry.time, default=None)


def _decide(entries: Sequence[SuppressionEntry]) -> dict[Channel, SuppressionEntry]:
    """Return for each channel that one key opted out of the first opt-out since the latest subscription.

    At an equal time the opt-out wins: a subscription ends only what happened before it.
    """
    decided: dict[Channel, SuppressionEntry] = {}
    for channel in CHANNELS if entries else ():
        events = [entry for entry in entries if entry.channel in (channel, "all")]
        subscribed = [entry.time for entry in events if entry.action == "resubscribe"]
        since = max(subscribed) if subscribed else None
        opt_outs = [entry for entry in events if entry.action == "opt_out" and (since is None or entry.time >= since)]
        if opt_outs:
            decided[channel] = min(opt_outs, key=lambda entry: entry.time)
    return decided


def _make_store(given: str | os.PathLike[str] | SuppressionStore | None) -> SuppressionStore:
    if given is None:
        return MemorySuppressions()
    if isinstance(given, (str, os.PathLike)):
        return SqliteSuppressions(given)
    if not isinstance(given, SuppressionStore):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError("store must be a path, or an object that implements SuppressionStore", field="store")
    return given


def _check_key(given: str | bytes | None) -> bytes | None:
    if given is None:
        return None
    if not isinstance(given, (str, bytes)) or len(given) < _MIN_KEY_LENGTH:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(
            f"key must be text or bytes, at least {_MIN_KEY_LENGTH} characters or bytes long", field="key"
        )
    return given.encode(errors="surrogatepass") if isinstance(given, str) else given


def _to_utc(time: datetime) -> datetime:
    if not isinstance(time, datetime) or time.utcoffset() is None:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError("time must be a datetime with tzinfo", field="time")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise InvalidInputError("time must be between the years 1 and 9999 in UTC", field="time") from None


def _parse_time(text: str) -> datetime:
    try:
        return _to_utc(datetime.fromisoformat(text))
    except ValueError:
        raise InvalidInputError(
            "time is not an ISO 8601 time, such as 2026-05-02T10:00:00+02:00", field="time"
        ) from None


def _explain_no_key(kind: str, value: str) -> str:
    if kind != "phone":
        return f"{kind} is empty"
    return _phones.LOST_DIGITS if _phones.has_lost_digits(value) else "phone has no digits: write +<country><number>"
