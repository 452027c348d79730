"""Look contacts up by their match key: each by a filter of the vendor, or all of them in a list that is read once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any, Literal

import anyio
import anyio.lowlevel
from attrs import define, field, frozen

from crossbook._batch.contact_index import ContactIndex
from crossbook._batch.matching import AUTO, is_snapshot, list_named_keys, list_unhashed_keys
from crossbook._concurrency import await_result, is_finished
from crossbook._pagination.strategies import Fetch, FetchByOffset, FetchByPageNumber
from crossbook._validation import explain_no_match_key
from crossbook.errors import CrossbookError, NotFoundError
from crossbook.models import Contact
from crossbook.vendor import Query, Rate, VendorProfile, list_spellings

Lookup = Literal["auto", "each", "list"]
_PAGE_SIZE = 1000
_FEW = 10  # requests: a list of at least two pages, and the probe of its length, would save little
_UNKNOWN_RATE = 10.0  # requests per second, if the vendor publishes no limit: that of the only vendor that does
_LOOKUP_SECONDS = 0.1  # assumed, for the round trip of a lookup
_PAGE_SECONDS = 0.2  # assumed, for the round trip of a page with 1,000 contacts
_MAX_SLOWER = 2.0  # times: a list that takes longer than that is not worth the requests that it saves
_FEW_SECONDS = 5.0  # for which a list is always worth the requests that it saves
_MANY = 1000  # pages: so long a list is rare, and a vendor may refuse such an offset
_MAX_OPT_OUT_PAGES = 4  # of each channel, of which the last may be empty
_NEVER = float("-inf")


@frozen
class Found:
    """The stored contacts that have an item's match key.

    Attributes:
        contacts: the contacts.
        is_certain: whether no contact can be missing. A list by pages skips contacts if others write while it is read.
    """

    contacts: Sequence[Contact]
    is_certain: bool


@define(eq=False, repr=False, kw_only=True)
class Lookups:
    """The lookups of contacts by match key: by a filter or search for each item, or in the list of all contacts.

    The list is read once a run, shared by all workers (single flight), kept in a `ContactIndex`, and updated by what
    the run writes. A vendor without a filter has no other way; there the list is read again to find out what became of
    a create that was sent after it.

    With lookup="auto" the way with fewer requests is taken, since that is what vendors meter. Looking up each item
    costs a request for each spelling of its key. The list costs its pages, and a lookup of each item that is missing in
    it: half of the items, until single lookups show how many. But single lookups run at the same time, and pages one
    after another. So the list is not read if, at the vendor's rate, it takes more than five seconds and more than twice
    as long.

    The size of the account is known from the vendor's page count, or from one request for the row after the pages that
    the list may have. If the list has more pages, each item is looked up, and the batch asks again when it knows of
    twice as many items.

    Args:
        adapter: the vendor's adapter.
        match: the name of the match key, or "auto": the first of the vendor's match keys that a contact has.
        start_task: starts a background task of the book and returns its future.
        lookup: the caller's choice.
        other_writers: whether others may write to the account during the run. If not, no contact is missing in a list.
        saves_lookups: whether an item that is found needs no further lookup. Otherwise "auto" never reads the list.
        count_items: returns how many items of the run are known so far.
        rate: the known rate limit of the account.
        workers: how many lookups run at the same time.
    """

    adapter: Any
    match: str
    start_task: Callable[[Callable[[], Awaitable[Any]]], anyio.Future[Any]]
    lookup: Lookup
    other_writers: bool
    saves_lookups: bool
    count_items: Callable[[], int]
    rate: Rate | None
    workers: int
    _index: ContactIndex | None = field(init=False, default=None)
    _list_began: float = field(init=False, default=_NEVER)
    _list_is_whole: bool = field(init=False, default=False)  # it came in one response
    _min_pages: float = field(init=False, default=0)  # the list is known to have more pages than this
    _looked_up: int = field(init=False, default=0)  # items, by a filter
    _missing: int = field(init=False, default=0)  # of these, the items that no stored contact has the key of
    _reading: anyio.Future[None] | None = field(init=False, default=None)
    _reading_members: dict[str, anyio.Future[None]] = field(init=False, factory=dict[str, anyio.Future[None]])
    _scopes: list[anyio.CancelScope] = field(init=False, factory=list[anyio.CancelScope])
    _written_meanwhile: list[tuple[Contact, Sequence[str]]] = field(
        init=False, factory=list[tuple[Contact, Sequence[str]]]
    )  # by this run, while a list was read, with the groups to which the contact was added
    _opted_out: set[tuple[str, str]] | None = field(init=False, default=None)
    """The match keys of the contacts that opted out when the run first asked, from a few pages for each channel."""
    _lists_all_opted_out: bool = field(init=False, default=False)  # whether those pages were all
    _opted_out_meanwhile: set[tuple[str, str]] = field(init=False, factory=set[tuple[str, str]])  # by this run
    _reading_opted_out: anyio.Lock = field(init=False, factory=anyio.Lock)

    @property
    def is_auto(self) -> bool:
        return self.match == AUTO

    @property
    def _profile(self) -> VendorProfile:
        profile: VendorProfile = self.adapter.profile
        return profile

    def list_unhashed_keys(self, contact: Contact) -> list[str]:
        return list_unhashed_keys(self._profile, self.match, contact, self.adapter.region)

    def has_further_keys(self, contact: Contact) -> bool:
        return len(self._list_keys(contact)) > 1

    def get_key_name(self, contact: Contact) -> str | None:
        """Return the name of the contact's first match key, or None if it has none."""
        return next((name for name, _ in self._list_keys(contact)), None)

    def _list_keys(self, contact: Contact) -> list[tuple[str, str]]:
        return list_named_keys(self._profile, self.match, contact, self.adapter.region)

    def explain_no_match_key(self, contact: Contact) -> str:
        value = getattr(contact, self.match)
        if value is None:
            return f"the contact has no {self.match}, by which match= finds contacts"
        return explain_no_match_key(self.match, value, self.adapter.region)

    async def find(self, contact: Contact, since: float = _NEVER, *, fresh: bool = False) -> Found:
        """Return every stored contact with this contact's match key.

        Args:
            contact: an item's contact.
            since: a list that was read before this time is not enough.
            fresh: ask the vendor itself, if it has a filter.
        """
        keys = self._list_keys(contact)
        return await self._find_by_key(contact, *keys[0], since, fresh) if keys else Found((), is_certain=True)

    async def find_by_further_keys(self, contact: Contact) -> Sequence[Contact]:
        """Return every stored contact with one of this contact's match keys but the first (only if match="auto").

        The vendor itself is asked, if it has a filter.
        """
        found: dict[str, Contact] = {}
        for name, key in self._list_keys(contact)[1:]:
            matches = (await self._find_by_key(contact, name, key, _NEVER, fresh=True)).contacts
            found |= {match.id: match for match in matches}
        return list(found.values())

    async def may_have_opted_out(self, contact: Contact) -> bool:
        """Return False if no stored contact with one of this contact's match keys opted out, and True if one may have.

        This costs a few requests for each channel and run, and no request for a contact, unless more contacts opted out
        than these pages hold.
        """
        async with self._reading_opted_out:
            if self._opted_out is None:
                await self._read_opted_out()
        opted_out = self._opted_out or set()
        return not self._lists_all_opted_out or any(
            key in opted_out or key in self._opted_out_meanwhile for key in self._list_keys(contact)
        )

    async def _read_opted_out(self) -> None:
        profile, keys = self.adapter.profile, set[tuple[str, str]]()
        is_complete = profile.filters.get("opted_out") == "native"
        for channel in sorted(profile.channels) if is_complete else ():
            fetch = self.adapter.list_contacts(Query(opted_out=channel), profile.contact_paging.max_size)
            position: Any = None
            for _ in range(_MAX_OPT_OUT_PAGES):
                rows, position = await fetch(position)
                keys.update(key for row in rows if row is not None for key in self._list_keys(row))
                if position is None:
                    break
            is_complete = is_complete and position is None
        self._opted_out, self._lists_all_opted_out = keys, is_complete

    def remember_opted_out(self, contact: Contact) -> None:
        """Remember the match keys of a contact that this run opts out."""
        self._opted_out_meanwhile.update(self._list_keys(contact))

    async def _find_by_key(self, contact: Contact, name: str, key: str, since: float, fresh: bool) -> Found:
        value = key if name == "phone" else getattr(contact, name)
        if is_snapshot(self._profile, name):
            return Found((await self._get_list(since)).find(name, key), is_certain=True)
        if not fresh and since == _NEVER and await self._uses_list(name, value):
            assert self._index is not None
            return Found(self._index.find(name, key), is_certain=self._list_is_whole or not self.other_writers)
        found = await self.adapter.search(name, value)
        matches = {match.id: match for match in found if (name, key) in self._list_keys(match)}
        self._looked_up += 1
        self._missing += not matches
        return Found(list(matches.values()), is_certain=True)

    async def _get_list(self, since: float) -> ContactIndex:
        while self._index is None or self._list_began < since:
            await self._read()
        return self._index

    async def _uses_list(self, name: str, value: str) -> bool:
        """Return whether this lookup is made in the list. Read the list if that is cheaper for all items."""
        if self._index is not None:
            return True
        if self.lookup == "list":
            await self._get_list(_NEVER)
            return True
        if self.lookup == "each" or not self.saves_lookups or self._min_pages == float("inf"):
            return False
        if self._reading is None or is_finished(self._reading):
            requests = self.count_items() * len(list_spellings(name, value))
            max_pages = self._count_affordable_pages(requests)
            if requests < _FEW or max_pages <= self._min_pages:
                return False
            await self._read(max_pages)
        else:
            await await_result(self._reading)
        return self._index is not None

    def _count_affordable_pages(self, requests: int) -> int:
        """Return the largest number of pages with which the list is better than this many requests of lookups."""
        again = (self._missing + 1) / (self._looked_up + 2) if self.other_writers else 0.0
        rate = self.rate.per_second if self.rate else _UNKNOWN_RATE
        page, lookup = max(1 / rate, _PAGE_SECONDS), max(1 / rate, _LOOKUP_SECONDS / self.workers)
        fewer = requests * (1 - again)
        as_fast = max(requests * (_MAX_SLOWER - again) * lookup, _FEW_SECONDS) / page
        return int(min(fewer, as_fast))

    async def _read(self, max_pages: int | None = None) -> None:
        """Read the list once for all who wait for it."""
        if self._reading is None or is_finished(self._reading):
            self._reading = self._start(partial(self._read_list, max_pages))
        await await_result(self._reading)

    def _start(self, work: Callable[[], Awaitable[None]]) -> anyio.Future[None]:
        """Start reading in a task of its own, since a worker that waits for it may be cancelled."""
        scope = anyio.CancelScope()
        self._scopes.append(scope)

        async def run() -> None:
            with scope:
                await work()

        return self.start_task(run)

    async def _read_list(self, max_pages: int | None) -> None:
        """Read the list into an index, or give up if it is longer than `max_pages`."""
        began, index = anyio.current_time(), ContactIndex(self._list_keys)
        self._written_meanwhile = []
        try:
            pages = await self._read_pages(index, max_pages)
        except CrossbookError:
            if max_pages is None:
                index.close()
                raise
            self._min_pages = float("inf")  # the list cannot be read: each item is looked up
            pages = None
        if pages is None:
            index.close()
            return
        for written in self._written_meanwhile:
            index.put(*written)
        if self._index is not None:
            self._index.close()
        self._index, self._list_began, self._list_is_whole = index, began, pages == 1
        self._reading_members.clear()

    async def _read_pages(self, index: ContactIndex, max_pages: int | None) -> int | None:
        """Read all pages of the list, and return their number. Return None if there are more than `max_pages`."""
        fetch: Fetch[Contact] = self.adapter.list_contacts(Query(), self._page_size)
        position, pages, is_measured = None, 0, max_pages is None
        while True:
            rows, position = await fetch(position)
            pages += 1
            await self._store(index, rows)
            if position is None:
                return pages
            if max_pages is not None and not self._is_short(fetch, pages, max_pages):
                return None
            is_last = pages == 1 and len(rows) < self._page_size  # unless the vendor caps pages
            if not is_measured and max_pages is not None and pages * 10 >= max_pages and not is_last:
                is_measured = True
                if await self._has_row_after(max_pages, fetch, position, pages):
                    self._min_pages = 2 * max_pages
                    return None

    @property
    def _page_size(self) -> int:
        return min(self._profile.contact_paging.max_size, _PAGE_SIZE)

    async def _has_row_after(self, max_pages: int, fetch: Fetch[Contact], position: Any, pages: int) -> bool:
        """Return whether the list is known to have a row after `max_pages` pages like the first `pages`.

        This costs one request, if the vendor pages by offset.
        """
        if not isinstance(fetch, FetchByOffset) or max_pages > _MANY or max_pages <= pages:
            return False
        rows, _ = await self.adapter.list_contacts(Query(), 1)(fetch.offset(position) * max_pages // pages)
        return bool(rows)

    def _is_short(self, fetch: Fetch[Contact], pages: int, max_pages: int) -> bool:
        """Return whether the list may still end within `max_pages`. Otherwise note how many pages it has at least."""
        count = fetch.page_count if isinstance(fetch, FetchByPageNumber) else None
        if count is None:
            count = pages + 1
            # The vendor may cap its pages below the requested size, so that there are more.
            max_pages *= 2
        if count <= max_pages:
            return True
        self._min_pages = count if isinstance(fetch, FetchByPageNumber) and fetch.page_count else 2 * max_pages
        return False

    async def _store(self, index: ContactIndex, rows: Sequence[Contact | None]) -> None:
        for start in range(0, len(rows), _PAGE_SIZE):
            index.add(row for row in rows[start : start + _PAGE_SIZE] if row is not None)
            await anyio.lowlevel.checkpoint()

    @property
    def reads_members(self) -> bool:
        """Whether contacts are found in a list that lacks their groups."""
        return self._index is not None

    async def find_absent_groups(self, groups: Collection[str], id: str) -> list[str]:
        """Return those of the groups that do not contain the contact. The members of each group are read once."""
        assert self._index is not None
        for group in groups:
            reading = self._reading_members.get(group)
            if reading is None or (is_finished(reading) and reading.exception is not None):
                reading = self._reading_members[group] = self._start(partial(self._read_members, group))
            await await_result(reading)
        return [group for group in groups if not self._index.is_member(group, id)]

    async def _read_members(self, group: str) -> None:
        index = self._index
        assert index is not None
        fetch: Fetch[Contact] = self.adapter.list_contacts(Query(group=group), self._page_size)
        position = None
        while True:
            try:
                rows, position = await fetch(position)
            except NotFoundError:
                return  # there is no such group: adding the contact reports that
            index.add_members(group, (row.id for row in rows if row is not None))
            if position is None:
                return

    def remember(self, contact: Contact, groups: Sequence[str]) -> None:
        """Note what this run wrote, for the list that was or is being read. `groups`: the contact was added to them."""
        if self._reading is not None and not is_finished(self._reading):
            self._written_meanwhile.append((contact, groups))
        if self._index is not None:
            self._index.put(contact, groups)

    def forget(self, id: str) -> None:
        """Remove a contact from the list, because the vendor no longer has it."""
        if self._index is not None:
            self._index.forget(id)

    async def close(self) -> None:
        """Cancel what is still being read, and delete the list."""
        for scope in self._scopes:
            scope.cancel()
        for reading in (self._reading, *self._reading_members.values()):
            if reading is not None:
                await reading.wait()
        if self._index is not None:
            self._index.close()
