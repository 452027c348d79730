"""Process the items of a batch: decide what to write, record the intent, send the write, record the outcome."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Generic, TypeVar

import anyio
from attrs import define, field

from crossbook._batch.item import (
    BatchItem,
    ItemOutcome,
    NotSentAlone,
    Uncertain,
    allows_split,
    make_item_result,
    make_outcome_entry,
    proves_no_write,
    stays_open,
)
from crossbook._batch.operations import (
    BatchOperation,
    Completed,
    Create,
    ItemResponse,
    PreparedItem,
    has_separate_calls,
)
from crossbook._batch.reader import ItemReader
from crossbook._batch.resolver import Resolver
from crossbook._batch.results import Result
from crossbook.errors import CrossbookError, NoResponseError
from crossbook.journal import Journal
from crossbook.vendor import Capability, VendorProfile

I = TypeVar("I")  # noqa: E741  (an item of the source)
Report = Callable[[Result], None]
CallResponse = ItemResponse | NotSentAlone
_MAX_LOOKUPS = 5  # items that a worker takes if each needs a lookup: its lookups run one by one
POOL_SECONDS = 2.0  # for which an item waits at most until its array is full


@define(eq=False, repr=False)
class _SplitArray:
    """An array that the vendor refused as a whole, while its parts are sent again.

    Args:
        error: the refusal of the array.
        failed: its items that were refused alone. They are reported when the whole array is done.
    """

    error: CrossbookError
    failed: int = 0


@define(eq=False, repr=False)
class Sender:
    """The part of a batch that sends writes: it records the intents in the journal first, then calls the adapter.

    Args:
        operation: the adapter's method.
        resolver: handles creates whose response was lost; None for operations that create nothing.
        journal: stores intents.
        records: whether the journal gets intents and outcomes.
        may_fail_more: whether the batch continues after this number of failures that are not reported yet.
    """

    _operation: BatchOperation[Any]
    _resolver: Resolver | None
    _journal: Journal
    _records: bool
    _may_fail_more: Callable[[int], bool]
    _splits: list[_SplitArray] = field(init=False, factory=list["_SplitArray"])
    _separate_calls: int = field(init=False, default=0)
    _shared_calls: Counter[tuple[Any, int, int]] = field(init=False, factory=Counter[tuple[Any, int, int]])

    def split_into_calls(self, items: Sequence[BatchItem]) -> list[list[BatchItem]]:
        """Split the items of a round into lists, so that one call can write all items of a list."""
        alone: list[list[BatchItem]] = []
        together: dict[Any, list[BatchItem]] = {}
        for item in items:
            if self.get_call_size(item) == 1:
                alone.append([item])
            else:
                together.setdefault((self.get_kind(item), item.attempts > 0), []).append(item)
        arrays: list[list[BatchItem]] = []
        for alike in together.values():
            size = self.get_call_size(alike[0])
            arrays += [alike[start : start + size] for start in range(0, len(alike), size)]
        return [*alone, *arrays]

    def get_kind(self, item: BatchItem) -> Any:
        """Return what must be equal for two items to share a call."""
        if item.update is None:
            return "create", item.prepared.bulk_group
        return ("update", None) if item.update[1] else ("group", item.new_groups[0])

    def get_call_size(self, item: BatchItem) -> int:
        """Return how many items of this kind share a call."""
        if item.alone or item.prepared.alone or (item.update and has_separate_calls(self._profile, item.update[1])):
            return 1
        return self._get_bulk_size(self.get_kind(item)[0])

    def _get_bulk_size(self, kind: str) -> int:
        if kind == "create":
            return self._operation.bulk_size
        return self._profile.capability("contacts.update" if kind == "update" else "groups.add").bulk_size

    @property
    def _profile(self) -> VendorProfile:
        profile: VendorProfile = self._operation.profile
        return profile

    def estimate(self, item: BatchItem) -> None:
        """Add to the estimate the requests that the item's write needs."""
        if item.update is None:
            capability = self._profile.capability(self._operation.capability)
            groups = item.prepared.contact.groups if item.prepared.contact else None
            self._add_calls(self.get_kind(item), self.get_call_size(item), _count_calls(capability, groups))
            count = len(groups or ())
            self._separate_calls += capability.calls_per_group * count
            if item.prepared.opt_out:
                self._separate_calls += 1 if self._profile.opt_outs_by == "phone" else 1 + count
            return
        if item.update[1]:
            calls = _count_calls(self._profile.capability("contacts.update"), item.update[1].get("groups"))
            self._add_calls(self.get_kind(item), self.get_call_size(item), calls)
        for group in item.new_groups:
            # A contact whose fields were updated shares no call with contacts that are only added to the group.
            self._add_calls(("group", group, bool(item.update[1])), self._get_bulk_size("group"), 1)

    def _add_calls(self, kind: Any, size: int, calls: int) -> None:
        if size == 1:
            self._separate_calls += calls
        else:
            self._shared_calls[kind, size, calls] += 1

    @property
    def estimated_calls(self) -> int:
        """The number of requests that the items of `estimate` need, if arrays are full."""
        total = self._separate_calls
        for (_, size, calls), count in self._shared_calls.items():
            total += calls * math.ceil(count / size)
        return total

    async def send(self, call_items: Sequence[BatchItem]) -> list[ItemOutcome | None]:
        """Write the items in one call. Return the outcome of each, or None for an item that needs a new decision."""
        again = call_items[0].attempts > 0
        for item in call_items:
            item.intent_time = time.time()
            item.attempts += 1
            item.run_attempts += 1
        if self._records:
            await self._journal.record_intents([item.make_entry("intent") for item in call_items])
        responses = await self._call(call_items, again=again)
        outcomes = [self._read_response(item, response) for item, response in zip(call_items, responses, strict=True)]
        # What is known of items that are not done yet is stored at once, for a run that resumes after a kill.
        known = [item.make_entry("intent") for item in call_items if item.state == "created" or item.answered]
        if self._records and known:
            await self._journal.record_outcomes(known)
        return outcomes

    async def _call(
        self, call_items: Sequence[BatchItem], *, again: bool, split: _SplitArray | None = None
    ) -> Sequence[CallResponse]:
        """Return the response for each item. `split` is the refused array that these items are a part of.

        One invalid item makes the vendor refuse a whole array: it is bisected to find that item. In an array of many
        invalid items that takes two requests for each, so the search ends when the batch has failed too often.
        """
        if split is not None and not self._may_fail_more(sum(each.failed for each in self._splits)):
            return [NotSentAlone(split.error)] * len(call_items)
        operation, first = self._operation, call_items[0]
        try:
            if isinstance(operation, Create) and first.update is not None:
                updates = [item.update for item in call_items if item.update]
                prepared = [item.prepared for item in call_items]
                if not first.update[1]:
                    return await operation.add_to_group(first.new_groups[0], [id for id, _ in updates], prepared)
                return await operation.update(updates, prepared)
            if len(call_items) == 1:
                return [await operation.write_one(first.prepared, again=again)]
            return await operation.write_many([item.prepared for item in call_items], again=again)
        except CrossbookError as error:
            if len(call_items) == 1 or not allows_split(error):
                if split is not None and proves_no_write(error):
                    split.failed += len(call_items)
                return [error] * len(call_items)
            half, again = len(call_items) // 2, again or error.earlier == "maybe"
            whole = None if split is not None else _SplitArray(error)
            if whole is not None:
                self._splits.append(whole)
            try:
                parts = [
                    await self._call(part, again=again, split=split or whole)
                    for part in (call_items[:half], call_items[half:])
                ]
            finally:
                if whole is not None:
                    self._splits.remove(whole)
            return [*parts[0], *parts[1]]

    def _read_response(self, item: BatchItem, response: CallResponse) -> ItemOutcome | None:
        if isinstance(response, NotSentAlone):
            return response
        if isinstance(response, Completed) and self._is_opted_out_later(item, response):
            item.state, item.created_id = "created", response.id
            return None
        if isinstance(response, Completed) and item.update is not None and item.new_groups:
            if not item.update[1]:
                item.new_groups = item.new_groups[1:]
            item.update = response.id or item.update[0], {}
            if item.new_groups:
                item.alone, item.is_decided = False, True
                return None
        if self._resolver is not None and self._resolver.handle_missing_contact(item, response):
            return None
        if isinstance(response, Completed) or (response is not None and proves_no_write(response)):
            return response
        if self._resolver is not None and item.update is None:
            self._resolver.handle_lost_response(item, response)
            return None
        if response is None and not item.alone:
            item.alone = True  # a second write has the same effect, and a response about one item is clear
            return None
        lost = NoResponseError(
            "the response does not say whether this item was written", vendor=self._operation.profile.vendor,
            sent="maybe",
        )  # fmt: skip
        return Uncertain(response or lost, final=False)

    def _is_opted_out_later(self, item: BatchItem, response: Completed) -> bool:
        """Return whether a create succeeded, and the contact must be opted out and then added to its groups."""
        by_contact = self._profile.opt_outs_by == "contact"
        return bool(item.prepared.opt_out) and by_contact and item.update is None and response.status == "created"


def _count_calls(capability: Capability, groups: object) -> int:
    """Return the number of requests of a write. `groups`: those that the caller names, or None."""
    return capability.calls if groups is None else capability.calls_with_groups or capability.calls


@define(eq=False, repr=False)
class Pool:
    """Items that wait for others of their kind, so that one call writes many of them.

    Lookups find one item after the other, and the vendor takes hundreds in a call. A kind leaves the pool when its
    array is full, or when another item waits for the key of one of its items. Everything leaves it when lookups pause.
    """

    _sender: Sender
    _kinds: dict[Any, list[BatchItem]] = field(init=False, factory=dict[Any, list[BatchItem]])
    _oldest: float = field(init=False, default=0.0)  # when the pool was last empty

    def add(self, items: Sequence[BatchItem], is_wanted: Callable[[BatchItem], bool]) -> list[list[BatchItem]]:
        """Add items that are to be written, and return the calls that are due."""
        due: list[list[BatchItem]] = []
        if not self._kinds:
            self._oldest = anyio.current_time()
        for item in items:
            size = self._sender.get_call_size(item)
            if size == 1:
                due.append([item])
                continue
            kind = self._sender.get_kind(item), item.attempts > 0
            waiting = self._kinds.setdefault(kind, [])
            waiting.append(item)
            item.is_pooled = True
            if len(waiting) >= size or is_wanted(item):
                due.append(self._kinds.pop(kind))
        return due

    def take_holder(self, key: str) -> list[list[BatchItem]]:
        """Return the array with the item that holds this key, if it is here."""
        for kind, items in self._kinds.items():
            if any(key == held for item in items for held, _ in item.turns):
                return [self._kinds.pop(kind)]
        return []

    def take_all(self) -> list[list[BatchItem]]:
        due, self._kinds = list(self._kinds.values()), {}
        return due

    def is_older_than(self, seconds: float) -> bool:
        return bool(self._kinds) and anyio.current_time() - self._oldest >= seconds


class KeyedLock:
    """A lock that lets only one item with the same key be in flight. Other items with the key wait, in source order."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[anyio.Event]] = {}

    def enqueue(self, key: str) -> anyio.Event | None:
        """Request a key. Return None if the caller holds it now, else an event that is set when the caller holds it."""
        queue = self._queues.get(key)
        if queue is None:
            self._queues[key] = deque()
            return None
        turn = anyio.Event()
        queue.append(turn)
        return turn

    def is_wanted(self, key: str) -> bool:
        """Return whether an item waits for this key, which another item holds."""
        return bool(self._queues.get(key))

    def release(self, key: str, turn: anyio.Event | None) -> None:
        """Pass the key to the next waiting item. A caller that does not hold the key yet only leaves the queue."""
        queue = self._queues[key]
        if turn is not None and not turn.is_set():
            queue.remove(turn)
        elif queue:
            queue.popleft().set()
        else:
            del self._queues[key]


@define(eq=False, repr=False, kw_only=True)
class Executor(Generic[I]):
    """The part of a batch that processes its items in chunks: it decides about each item, sends and records it.

    The states of an item (`BatchItem.state`) and their transitions; those from `unresolved` are in `Resolver`:

        ready ──────▶ done        known without a write: refused, duplicate, unchanged, dry run
        ready ──────▶ done        intent recorded, request sent, and the response reports the outcome
        ready ──────▶ ready       a native call of updates or deletes does not report this item: it is sent alone
        ready ──────▶ done        an update or a delete got no response: `uncertain`
        ready ──────▶ done        an update got no clear response, and the next lookup failed: `uncertain`
        ready ──────▶ created     the contact was created, but a call for its groups failed
        ready ──────▶ created     the contact was created, and is now opted out and then added to its groups
        ready ──────▶ unresolved  the response of a create was lost
        unresolved ─▶ created     a lookup, `settle_timeout` seconds later, found the contact
        unresolved ─▶ ready       the lookup found no contact of this create: it may be sent again
        unresolved ─▶ done        the lookup failed or cannot tell, or there is no match key: `uncertain`
        unresolved ─▶ done        no contact, but the vendor has answered the create, with a refusal: `failed`
        unresolved ─▶ done        no contact after 5 creates: `failed`
        unresolved ─▶ done        another contact has the key: `skipped`, `unchanged` or `failed`
        created ────▶ done        the contact was opted out and its groups were added, or that failed again

    If the batch is left, items in any other state than `done` are `cancelled`; the journal keeps their intents.

    Invariants:
        - With a journal, an intent is on disk before its request leaves, and an outcome before its result is reported.
        - A create is sent again only if the earlier request never left, was refused, or a lookup found no contact of
          it; or if the caller passed `uncertain="retry"`. Other writes have the same effect twice as once.
        - A bulk create that the vendor answered with a partial success (207) is never sent again, whole or split.
        - Two items with the same key are never in flight together; the first item of the source goes first.
        - With a journal, a kill leaves each item in one of three states: no entry (never sent), an intent (perhaps
          sent: the next run looks it up or sends it again), or an outcome (the next run replays it).

    Args:
        operation: the adapter's method.
        resolver: decides about creates; None for operations that have the same effect twice as once.
        journal: stores intents and outcomes.
        reader: makes items of the source's values.
        remedy: how the caller resolves an uncertain item, for its error message.
        dry_run: decide, and write nothing.
        records: whether the journal gets intents and outcomes. It does if the run has a journal of the caller
            (`ItemReader.kept`), and in memory also for the lookups of a match key.
        may_fail_more: as in `Sender`.
    """

    operation: BatchOperation[I]
    resolver: Resolver | None
    journal: Journal
    reader: ItemReader[I]
    remedy: str
    dry_run: bool
    records: bool
    may_fail_more: Callable[[int], bool]
    chunk_size: int = field(init=False)
    """The number of items that a worker takes at once."""
    pools: bool = field(init=False)
    """Whether items of several chunks are collected until an array is full."""
    slots: AbstractAsyncContextManager[object] = field(init=False, factory=nullcontext)
    """Capacity for as many senders as the batch has workers. The task that empties the pool, if there is one, takes one
    too.
    """
    active: int = field(init=False, default=0)  # workers that process a chunk
    in_flight: dict[int, BatchItem] = field(init=False, factory=dict[int, BatchItem])
    _open_items: int = field(init=False, default=0)  # that the next run of the journal tries again
    _keys: KeyedLock = field(init=False, factory=KeyedLock)
    _sender: Sender = field(init=False)
    _pool: Pool = field(init=False)

    def __attrs_post_init__(self) -> None:
        size = self.operation.bulk_size
        self.pools = self.resolver is not None and self.resolver.has_lookups and size > 1
        self.chunk_size = min(size, _MAX_LOOKUPS) if self.pools else size
        self._sender = Sender(self.operation, self.resolver, self.journal, self.records, self.may_fail_more)
        self._pool = Pool(self._sender)

    @property
    def estimated_writes(self) -> int:
        """The number of requests that a dry run did not send."""
        return self._sender.estimated_calls

    async def process(self, chunk: Sequence[tuple[int, I]], report: Report) -> None:
        """Process a chunk of items, and call `report` with the result of each item, now or when its array is full."""
        # No await before all items are in the queues of their keys: this keeps the order of the source.
        items = [self.reader.make_item(index, value) for index, value in chunk]
        # All keys of an item are queued at once, so that no two items can each wait for a key of the other.
        ready: list[BatchItem] = []
        waiting: list[BatchItem] = []
        for item in items:
            self.in_flight[item.index] = item
            if item.prepared.key is not None:
                item.turns = [(key, self._keys.enqueue(key)) for key in (item.prepared.key, *item.prepared.other_keys)]
            (ready if all(turn is None for _, turn in item.turns) else waiting).append(item)
        self.active += 1
        try:
            async with self.slots:
                await self._process_items(ready, report)
                for item in waiting:
                    for key, turn in item.turns:
                        if turn is not None and not turn.is_set():
                            await self._write(self._pool.take_holder(key), report)
                            await turn.wait()
                    await self._process_items([item], report)
        finally:
            self.active -= 1
            for item in items:
                if not item.is_pooled:
                    self._release_key(item)

    async def flush(self, report: Report) -> None:
        """Write all items that wait for others of their kind."""
        async with self.slots:
            await self._write(self._pool.take_all(), report)

    async def flush_old(self, report: Report) -> None:
        """Write the items that wait for others of their kind, if some have waited for long."""
        if self._pool.is_older_than(POOL_SECONDS):
            await self.flush(report)

    def cancel_items(self, chunk: Sequence[tuple[int, I]]) -> list[Result]:
        """Return a `cancelled` result for each item of a chunk that never began."""
        self._open_items += len(chunk)
        return [_make_cancelled_result(self.reader.make_item(index, value)) for index, value in chunk]

    def cancel_in_flight(self) -> list[Result]:
        """Return a `cancelled` result for each item that is still in flight after all workers have ended."""
        return [_make_cancelled_result(item) for item in self.in_flight.values()]

    async def close(self, count: int, *, exhausted: bool) -> None:
        if self.resolver is not None:
            await self.resolver.close()
        complete = exhausted and not (self.in_flight or self._open_items or self.dry_run)
        await self.reader.close(count, complete=complete)

    async def _process_items(self, items: Sequence[BatchItem], report: Report) -> None:
        todo: list[BatchItem] = []
        entries = await self.reader.find_entries(items)
        for item in items:
            replayed = await self.reader.load(item, entries.get(item.index)) if self.reader.kept else None
            if replayed is None:
                todo.append(item)
            else:
                self._finish(item, replayed, report)
        if self.operation.check_consent is not None and todo:
            await self._check_consent([item.prepared for item in todo])
        todo = await self._decide_all(todo, report)
        calls = self._pool.add(todo, self._is_wanted) if self.pools else self._sender.split_into_calls(todo)
        await self._write(calls, report)

    async def _check_consent(self, items: Sequence[PreparedItem]) -> None:
        """Ask the suppression list about items, at most once for each. It may give them an outcome."""
        assert self.operation.check_consent is not None
        await self.operation.check_consent(items, dry_run=self.dry_run)
        if self.resolver is not None:
            for item in items:
                self.resolver.remember_opted_out_input(item)

    def _is_wanted(self, item: BatchItem) -> bool:
        return any(self._keys.is_wanted(key) for key, _ in item.turns)

    async def _decide_all(self, items: Sequence[BatchItem], report: Report) -> list[BatchItem]:
        """Decide about each item, finish those that have an outcome, and return those that must be written."""
        decided = [(item, await self._decide(item)) for item in items]
        if all(outcome is None for _, outcome in decided):
            return [item for item, _ in decided]
        return await self._finish_decided(decided, report)

    async def _write(self, calls: Sequence[Sequence[BatchItem]], report: Report) -> None:
        """Send the calls, and further calls for the items that need another one."""
        items = [item for call_items in calls for item in call_items]
        try:
            while calls:
                todo: list[BatchItem] = []
                for call_items in calls:
                    sent = zip(call_items, await self._sender.send(call_items), strict=True)
                    todo += await self._finish_decided(sent, report)
                calls = self._sender.split_into_calls(await self._decide_all(todo, report)) if todo else []
        finally:
            for item in items:
                self._release_key(item)

    async def _decide(self, item: BatchItem) -> ItemOutcome | None:
        """Return the item's outcome if it is known without a write, or None if the item must be written."""
        outcome: ItemOutcome | None = item.prepared.outcome
        if item.state == "unresolved" and isinstance(outcome, CrossbookError):
            outcome = None  # the refusal says nothing about the earlier write: look that up first
        if outcome is None and self.resolver is not None:
            outcome = await self.resolver.decide(item)
        if outcome is None and self.dry_run:
            self._sender.estimate(item)
            return Completed(self.operation.status if item.update is None else "updated", contact=item.prepared.contact)
        return outcome

    async def _finish_decided(
        self, outcomes: Iterable[tuple[BatchItem, ItemOutcome | None]], report: Report
    ) -> list[BatchItem]:
        """Record and report the items that have an outcome; return the items without an outcome."""
        ended: list[tuple[BatchItem, ItemOutcome, Result]] = []
        others: list[BatchItem] = []
        for item, outcome in outcomes:
            if outcome is None:
                others.append(item)
            else:
                result = make_item_result(item, outcome, self.operation.capability, self.remedy)
                ended.append((item, outcome, result))
        if self.records:
            await self._record_outcomes(ended)
        for item, outcome, result in ended:
            self._open_items += stays_open(outcome)
            if isinstance(outcome, CrossbookError) and not item.attempts:
                self.reader.retries_refused |= item.prepared.outcome is None
            if self.resolver and result.id and result.contact and not self.dry_run:
                if isinstance(outcome, Completed) and outcome.status in ("created", "updated"):
                    self.resolver.remember_written(item, result.contact, result.id, has_groups=True)
                elif item.created_id is not None:
                    self.resolver.remember_written(item, result.contact, result.id, has_groups=False)
            self._finish(item, result, report)
        return others

    async def _record_outcomes(self, ended: Sequence[tuple[BatchItem, ItemOutcome, Result]]) -> None:
        entries = [
            entry
            for item, outcome, result in ended
            if (entry := make_outcome_entry(item, outcome, result, creates=self.operation.creates)) is not None
        ]
        if not entries:
            return
        try:
            await self.journal.record_outcomes(entries)
        except anyio.get_cancelled_exc_class():
            # The vendor has responded: a cancellation must not lose the outcome.
            with anyio.CancelScope(shield=True):
                await self.journal.record_outcomes(entries)
            raise

    def _finish(self, item: BatchItem, result: Result, report: Report) -> None:
        self._release_key(item)
        item.state = "done"
        del self.in_flight[item.index]
        report(result)

    def _release_key(self, item: BatchItem) -> None:
        turns, item.turns = item.turns, ()
        for key, turn in turns:
            self._keys.release(key, turn)


def _make_cancelled_result(item: BatchItem) -> Result:
    return Result(index=item.index, item_key=item.item_key, status="cancelled", attempts=item.attempts)
