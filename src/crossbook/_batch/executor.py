"""Process the items of a batch: decide what to write, record the intent, send the write, record the outcome."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import anyio
from attrs import define, field

from crossbook._batch.item import (
    BatchItem,
    ItemOutcome,
    Uncertain,
    allows_split,
    make_item_result,
    make_outcome_entry,
    proves_no_write,
    stays_open,
)
from crossbook._batch.operations import BatchOperation, Completed, Create, ItemResponse, has_separate_calls
from crossbook._batch.reader import ItemReader
from crossbook._batch.resolver import Resolver
from crossbook._batch.results import Result
from crossbook.errors import CrossbookError, NoResponseError
from crossbook.journal import Journal

I = TypeVar("I")  # noqa: E741  (an item of the source)
Report = Callable[[Result], None]
_MAX_LOOKUPS = 5  # items of a native call that need a lookup each: lookups run one by one, and the call waits for all


@define(eq=False, repr=False)
class Sender:
    """The part of a batch that sends writes: it records the intents in the journal first, then calls the adapter.

    Args:
        operation: the adapter's method.
        resolver: handles creates whose response was lost; None for operations that create nothing.
        journal: stores intents.
        chunk_size: the number of items in a native call.
        records: whether the journal gets intents and outcomes.
    """

    _operation: BatchOperation[Any]
    _resolver: Resolver | None
    _journal: Journal
    _chunk_size: int
    _records: bool

    def split_into_calls(self, items: Sequence[BatchItem]) -> list[list[BatchItem]]:
        """Split the items of a round into lists, so that one call can write all items of a list."""
        if self._operation.bulk_size == 1:
            return [[item] for item in items]
        alone: list[list[BatchItem]] = []
        together: dict[Any, list[BatchItem]] = {}
        for item in items:
            if item.alone or self._is_alone(item):
                alone.append([item])
            else:
                kind = (item.update is None, item.attempts > 0, item.prepared.bulk_group)
                together.setdefault(kind, []).append(item)
        return [*alone, *together.values()]

    def _is_alone(self, item: BatchItem) -> bool:
        if item.update is not None and has_separate_calls(self._operation.profile, item.update[1]):
            return True
        return item.prepared.alone

    def estimate_requests(self, item: BatchItem) -> float:
        """Return how many requests the item's write needs. An item that shares a bulk call counts as a fraction."""
        name = self._operation.capability if item.update is None else "contacts.update"
        capability = self._operation.profile.capability(name)
        groups = len(item.prepared.contact.groups or ()) if item.prepared.contact else 0
        shared = 1 if self._is_alone(item) else self._chunk_size
        calls = capability.calls / shared + capability.calls_per_group * groups
        if item.prepared.opt_out and item.update is None:
            calls += 1 if self._operation.profile.opt_outs_by == "phone" else 1 + groups
        return float(calls)

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

    async def _call(self, call_items: Sequence[BatchItem], *, again: bool) -> Sequence[ItemResponse]:
        operation, first = self._operation, call_items[0]
        try:
            if isinstance(operation, Create) and first.update is not None:
                updates = [item.update for item in call_items if item.update]
                return await operation.update(updates, [item.prepared for item in call_items])
            if len(call_items) == 1:
                return [await operation.write_one(first.prepared, again=again)]
            return await operation.write_many([item.prepared for item in call_items], again=again)
        except CrossbookError as error:
            if len(call_items) == 1 or not allows_split(error):
                return [error] * len(call_items)
            # One invalid item makes the vendor refuse the whole call: bisect to find it.
            half, again = len(call_items) // 2, again or error.earlier == "maybe"
            return [
                *await self._call(call_items[:half], again=again),
                *await self._call(call_items[half:], again=again),
            ]

    def _read_response(self, item: BatchItem, response: ItemResponse) -> ItemOutcome | None:
        if isinstance(response, Completed) and self._is_opted_out_later(item, response):
            item.state, item.created_id = "created", response.id
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
        by_contact = self._operation.profile.opt_outs_by == "contact"
        return bool(item.prepared.opt_out) and by_contact and item.update is None and response.status == "created"


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
    """

    operation: BatchOperation[I]
    resolver: Resolver | None
    journal: Journal
    reader: ItemReader[I]
    remedy: str
    dry_run: bool
    records: bool
    chunk_size: int = field(init=False)
    in_flight: dict[int, BatchItem] = field(init=False, factory=dict[int, BatchItem])
    estimated_writes: float = field(init=False, default=0.0)  # requests that a dry run did not send
    _open_items: int = field(init=False, default=0)  # that the next run of the journal tries again
    _keys: KeyedLock = field(init=False, factory=KeyedLock)
    _sender: Sender = field(init=False)

    def __attrs_post_init__(self) -> None:
        size = self.operation.bulk_size
        has_lookups = self.resolver is not None and self.resolver.has_lookups
        self.chunk_size = min(size, _MAX_LOOKUPS) if has_lookups else size
        self._sender = Sender(self.operation, self.resolver, self.journal, self.chunk_size, self.records)

    async def process(self, chunk: Sequence[tuple[int, I]], report: Report) -> None:
        """Process a chunk of items, and call `report` with the result of each item."""
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
        try:
            await self._process_items(ready, report)
            for item in waiting:
                for _, turn in item.turns:
                    if turn is not None:
                        await turn.wait()
                await self._process_items([item], report)
        finally:
            for item in items:
                self._release_key(item)

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
        for item in items:
            replayed = await self.reader.load(item) if self.reader.kept else None
            if replayed is None:
                todo.append(item)
            else:
                self._finish(item, replayed, report)
        while todo:
            todo = await self._run_round(todo, report)

    async def _run_round(self, items: Sequence[BatchItem], report: Report) -> list[BatchItem]:
        """Decide about each item, send those that need a write, and return the items that need another round."""
        decided = [(item, await self._decide(item)) for item in items]
        next_round: list[BatchItem] = []
        for call_items in self._sender.split_into_calls(await self._finish_decided(decided, report)):
            sent = zip(call_items, await self._sender.send(call_items), strict=True)
            next_round += await self._finish_decided(sent, report)
        return next_round

    async def _decide(self, item: BatchItem) -> ItemOutcome | None:
        """Return the item's outcome if it is known without a write, or None if the item must be written."""
        outcome: ItemOutcome | None = item.prepared.outcome
        if item.state == "unresolved" and isinstance(outcome, CrossbookError):
            outcome = None  # the refusal says nothing about the earlier write: look that up first
        if outcome is None and self.resolver is not None:
            outcome = await self.resolver.decide(item)
        if outcome is None and self.dry_run:
            self.estimated_writes += self._sender.estimate_requests(item)
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
            if self.resolver and result.id and result.contact and not self.dry_run:
                self.resolver.remember_written(result.contact, result.id)
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
