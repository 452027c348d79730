"""From items to results: decided, written, and looked up again where nobody knows whether it was.

The order is what keeps a batch from doubling: intent → call → outcome, and no create is repeated before a lookup.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import anyio

from crossbook._batch.intake import ItemReader
from crossbook._batch.item import (
    BatchItem,
    ItemOutcome,
    Uncertain,
    open_still,
    recorded,
    refused,
    refused_whole,
    result_of,
)
from crossbook._batch.operations import BatchOperation, CallOutcome, Completed, Create, bulky
from crossbook._batch.resolver import Resolver
from crossbook._batch.results import Result
from crossbook.errors import CrossbookError, NoResponseError
from crossbook.journal import Journal

# How writes leave: an intent in the journal, then the call, alone or with others in a native one.


class Sender:
    """Writes what is decided, and says of each task what came of it.

    Args:
        step: the verb.
        journal: where intents are written before anything leaves.
        together: how many go in one native call.
    """

    def __init__(self, step: BatchOperation[Any], journal: Journal, together: int, *, remembers: bool) -> None:
        self._step = step
        self._journal = journal
        self._remembers = remembers
        self._together = together

    def groups(self, tasks: Sequence[BatchItem]) -> list[list[BatchItem]]:
        """What goes in one native call together."""
        if self._step.bulk == 1:
            return [[task] for task in tasks]
        alone: list[list[BatchItem]] = []
        alike: dict[Any, list[BatchItem]] = {}
        for task in tasks:
            if task.alone or self._is_bulky(task):
                alone.append([task])
            else:
                alike.setdefault((task.update is None, task.attempts > 0, task.ready.bulk), []).append(task)
        return [*alone, *alike.values()]

    def _is_bulky(self, task: BatchItem) -> bool:
        return task.ready.alone or (task.update is not None and bulky(self._step.profile, task.update[1]))

    def calls(self, task: BatchItem) -> float:
        """Requests that the write of this one costs; a part of one, where it shares a native call."""
        profile = self._step.profile
        verb = profile.capability(self._step.verb if task.update is None else "contacts.update")
        groups = len(task.ready.contact.groups or ()) if task.ready.contact else 0
        return float(verb.calls / (1 if self._is_bulky(task) else self._together) + verb.calls_per_group * groups)

    async def write(self, group: Sequence[BatchItem]) -> list[ItemOutcome | None]:
        """What the write of each came to; None if more is to be done about it."""
        again = group[0].attempts > 0
        for task in group:
            task.at = time.time()
            task.attempts += 1
            task.tries += 1
        if self._remembers:
            await self._journal.record_intents([task.entry("intent") for task in group])
        outcomes = await self._call(group, again)
        settlements = [self._settlement(task, outcome) for task, outcome in zip(group, outcomes, strict=True)]
        if self._remembers and any(settlement is None for settlement in settlements):
            made = [task.entry("intent") for task in group if task.half is not None]
            if made:
                await self._journal.record_outcomes(made)
        return settlements

    async def _call(self, group: Sequence[BatchItem], again: bool) -> Sequence[CallOutcome]:
        step, first = self._step, group[0]
        try:
            if isinstance(step, Create) and first.update is not None:
                updates = [task.update for task in group if task.update]
                return await step.change(updates, [task.ready for task in group])
            if len(group) == 1:
                return [await step.one(first.ready, again)]
            return await step.many([task.ready for task in group], again)
        except CrossbookError as error:
            if len(group) == 1 or not refused_whole(error):
                return [error] * len(group)
            # The vendor refused the whole for the sake of a part, and wrote nothing: the halves are safe to send.
            half, again = len(group) // 2, again or error.earlier == "maybe"
            return [*await self._call(group[:half], again), *await self._call(group[half:], again)]

    def _creates(self, task: BatchItem) -> bool:
        return self._step.creates and task.update is None

    def _settlement(self, task: BatchItem, outcome: CallOutcome) -> ItemOutcome | None:
        if isinstance(outcome, Completed) or (outcome is not None and refused(outcome)):
            return outcome
        if self._creates(task):
            task.unsure, task.since, task.lost = True, anyio.current_time(), outcome
            task.half, task.alone = outcome.id if outcome else None, outcome is None
            return None
        if outcome is None and not task.alone:
            task.alone = True  # twice is as good as once, and the answer to one alone is plain
            return None
        lost = NoResponseError(
            "the answer does not say what became of it", vendor=self._step.profile.vendor, sent="maybe"
        )
        return Uncertain(outcome or lost, final=False)


# Items with the same key go one after another, in the order of the source.


class KeyedLock:
    """A line a key. Whoever joins an empty line may go at once; the others wait for the event that they are given."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[anyio.Event]] = {}

    def join(self, key: str) -> anyio.Event | None:
        """None: it is your turn. Else it is when the event is set."""
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = deque()
            return None
        turn = anyio.Event()
        line.append(turn)
        return turn

    def leave(self, key: str, turn: anyio.Event | None) -> None:
        """Lets the next go; who leaves before it was its turn is just taken out of the line."""
        line = self._lines[key]
        if turn is not None and not turn.is_set():
            line.remove(turn)
        elif line:
            line.popleft().set()
        else:
            del self._lines[key]


I = TypeVar("I")  # noqa: E741  (an item of the source)
Settled = Callable[[Result], None]
ASKED = 5  # items of a native call, where each is looked up before: one after another, and the first ones wait for all


class Executor(Generic[I]):
    """Works chunks of items off for one batch.

    Args:
        step: the verb.
        decider: how creates look before and after; None for verbs that are as good twice as once.
        journal: intents and outcomes.
        intake: what makes tasks of items.
        remedy: how the caller resolves an uncertain item.
        dry_run: decides, and writes nothing.
    """

    def __init__(
        self, step: BatchOperation[I], decider: Resolver | None, journal: Journal, intake: ItemReader[I], *,
        remedy: str, dry_run: bool, remembers: bool,
    ) -> None:  # fmt: skip
        self._asks = decider is not None and decider.asks
        self._remembers = remembers
        self.chunk: int = min(step.bulk, ASKED) if self._asks else step.bulk
        self._step = step
        self._decider = decider
        self._journal = journal
        self._intake = intake
        self._remedy = remedy
        self._dry_run = dry_run
        self._dispatch = Sender(step, journal, self.chunk, remembers=remembers)
        self._turns = KeyedLock()
        self.in_flight: dict[int, BatchItem] = {}
        self._left_open = 0
        self.would_write = 0.0  # a dry run's calls

    async def process(self, chunk: Sequence[tuple[int, I]], settled: Settled) -> None:
        """Works a chunk off: every item of it gets its result."""
        # Not a single await before all are in line: whoever comes first in the source is first of its key.
        tasks = [self._intake.task(index, item) for index, item in chunk]
        behind: list[BatchItem] = []
        for task in tasks:
            self.in_flight[task.index] = task
            if task.ready.key is not None:
                task.line = task.ready.key
                task.turn = self._turns.join(task.line)
                if task.turn is not None:
                    behind.append(task)
        try:
            await self._through([task for task in tasks if task.turn is None] if behind else tasks, settled)
            for task in behind:
                if task.turn is not None:
                    await task.turn.wait()
                await self._through([task], settled)
        finally:
            for task in tasks:
                if task.line is not None:
                    self._leave(task)

    def cancelled(self, chunk: Sequence[tuple[int, I]] = ()) -> list[Result]:
        """The results of what was in flight when the workers were stopped, and of what was not even begun."""
        self._left_open += len(chunk)
        tasks = [*self.in_flight.values(), *(self._intake.task(index, item) for index, item in chunk)]
        return [
            Result(index=task.index, item_key=task.item_key, status="cancelled", attempts=task.attempts)
            for task in tasks
        ]

    async def close(self, count: int, *, exhausted: bool) -> None:
        if self._decider is not None:
            await self._decider.close()
        complete = exhausted and not (self.in_flight or self._left_open or self._dry_run)
        await self._intake.close(count, complete=complete)

    async def _through(self, tasks: list[BatchItem], settled: Settled) -> None:
        todo = [task for task in tasks if not self._intake.kept or not await self._earlier(task, settled)]
        while todo:
            todo = await self._round(todo, settled)

    async def _earlier(self, task: BatchItem, settled: Settled) -> bool:
        """Whether an earlier run of the journal came to a result, which is handed over."""
        result = await self._intake.earlier(task)
        if result is not None:
            self._hand_over(task, result, settled)
        return result is not None

    async def _round(self, tasks: Sequence[BatchItem], settled: Settled) -> list[BatchItem]:
        """Decides and writes; answers what is to be done again."""
        decided: list[tuple[BatchItem, ItemOutcome | None]] = []
        for task in tasks:
            # What may have happened already is settled first: a refusal now says nothing of it.
            refusal = None if task.unsure and task.half is None else task.refusal
            settlement: ItemOutcome | None = refusal or task.ready.done
            if settlement is None and (self._asks or task.unsure or self._dry_run):
                settlement = await self._decided(task)
            decided.append((task, settlement))
        again: list[BatchItem] = []
        for group in self._dispatch.groups(await self._without_ended(decided, settled)):
            written = zip(group, await self._dispatch.write(group), strict=True)
            again += await self._without_ended(written, settled)
        return again

    async def _without_ended(
        self, came: Iterable[tuple[BatchItem, ItemOutcome | None]], settled: Settled
    ) -> list[BatchItem]:
        """Ends those that came to something; answers the others."""
        ended: list[tuple[BatchItem, ItemOutcome]] = []
        others: list[BatchItem] = []
        for task, settlement in came:
            if settlement is None:
                others.append(task)
            else:
                ended.append((task, settlement))
        if ended:
            await self._end(ended, settled)
        return others

    async def _decided(self, task: BatchItem) -> ItemOutcome | None:
        """What needs no write; None for what does."""
        settlement: ItemOutcome | None = None
        if self._decider is not None:
            settlement = await (self._decider.after(task) if task.unsure else self._decider.before(task))
        if settlement is None and self._dry_run:
            self.would_write += self._dispatch.calls(task)
            return Completed(self._step.status if task.update is None else "updated", contact=task.ready.contact)
        return settlement

    async def _end(self, settlements: Sequence[tuple[BatchItem, ItemOutcome]], settled: Settled) -> None:
        """Writes outcomes down and hands the results over."""
        verb, remedy = self._step.verb, self._remedy
        ended = [(task, settlement, result_of(task, settlement, verb, remedy)) for task, settlement in settlements]
        creates = self._step.creates
        found = [recorded(*each, creates=creates) for each in ended] if self._remembers else []
        entries = [entry for entry in found if entry is not None]
        if entries:
            try:
                await self._journal.record_outcomes(entries)
            except anyio.get_cancelled_exc_class():
                with anyio.CancelScope(shield=True):
                    await self._journal.record_outcomes(entries)
                raise
        for task, settlement, result in ended:
            self._left_open += open_still(settlement)
            if self._decider and self._asks and result.id and result.contact and not self._dry_run:
                self._decider.note(result.contact, result.id)
            self._hand_over(task, result, settled)

    def _hand_over(self, task: BatchItem, result: Result, settled: Settled) -> None:
        if task.line is not None:
            self._leave(task)
        del self.in_flight[task.index]
        settled(result)

    def _leave(self, task: BatchItem) -> None:
        assert task.line is not None
        self._turns.leave(task.line, task.turn)
        task.line = None
