"""From an item to its result: checked, decided, written, and looked up again where nobody knows whether it was.

The order is what keeps a batch from doubling: intent → call → outcome, and no create is repeated before a lookup.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import anyio

from crossbook.core.batch.decide import Decider
from crossbook.core.batch.outcomes import (
    Settlement,
    Unknown,
    known,
    recorded,
    refused_whole,
    replayed,
    result_of,
    transient,
)
from crossbook.core.batch.results import Result
from crossbook.core.batch.steps import Done, Outcome, Ready, Step
from crossbook.core.batch.task import Task
from crossbook.core.journal import Heading, Journal
from crossbook.errors import CrossbookError, JournalMismatch, LostError

I = TypeVar("I")  # noqa: E741  (an item of the source)
Settled = Callable[[Result], None]
ATTEMPTS = 3  # of a create that a lookup showed not to have happened


class Writer(Generic[I]):
    """Works chunks of items off for one batch.

    Args:
        step: the verb.
        decider: how creates look before and after; None for verbs that are as good twice as once.
        journal: intents and outcomes; `kept` if it outlives this run, so that items are compared with it.
        heading, run: what the journal is opened for.
        ref: the caller's own key of an item.
        settle: seconds after which a write without an answer has happened or never will.
        dry_run: decides, and writes nothing.
    """

    def __init__(
        self,
        step: Step[I],
        decider: Decider | None,
        journal: Journal,
        *,
        heading: Heading,
        run: str,
        ref: Callable[[I], Any] | None,
        settle: float,
        dry_run: bool,
        kept: bool,
    ) -> None:
        self._step = step
        self._decider = decider
        self._journal = journal
        self._heading = heading
        self._run = run
        self._ref = ref
        self._settle = settle
        self._dry_run = dry_run
        self._kept = kept
        self.in_flight: dict[int, Task] = {}
        self.would_write = 0.0  # a dry run's calls
        self._busy: dict[str, anyio.Event] = {}
        self._count = 0
        self._unsettled = 0
        self._finished = False

    @property
    def chunk(self) -> int:
        """Items that one worker takes at once: as many as a native call takes, fewer where each is looked up first."""
        bulk: int = self._step.bulk
        return min(bulk, 25) if self._decider and self._decider.lookups else bulk

    async def open(self) -> tuple[str, int] | None:
        """Opens the journal; answers where the source may begin."""
        self._finished = await self._journal.open(self._heading, self._run)
        first = await self._journal.first_open()
        before = [mark for mark in await self._journal.bookmarks() if mark[1] <= first]
        return before[-1] if before and not self._finished else None

    async def close(self, *, exhausted: bool) -> None:
        if exhausted and not (self.in_flight or self._unsettled or self._finished or self._dry_run):
            await self._journal.finish(self._count)
        await self._journal.close()

    async def process(self, chunk: Sequence[tuple[int, I]], settled: Settled) -> None:
        """Works a chunk off: every item of it gets its result."""
        tasks = [task for index, item in chunk if (task := await self._task(index, item, settled)) is not None]
        later: list[Task] = []
        now: list[Task] = []
        for task in tasks:
            (now if self._claim(task) else later).append(task)
        await self._hold(now, settled)
        for task in later:
            # The same key is under way elsewhere, or was in this chunk: one after another.
            while not self._claim(task):
                await self._busy[task.ready.key or ""].wait()
            await self._hold([task], settled)

    async def _task(self, index: int, item: I, settled: Settled) -> Task | None:
        self._count = max(self._count, index + 1)
        task = Task(index, None if self._ref is None else str(self._ref(item)), "", Ready(item))
        self.in_flight[index] = task
        if self._kept:
            task.fingerprint = self._step.fingerprint(item)
            entry = await self._journal.entry(index)
            if entry is not None:
                if entry.fingerprint != task.fingerprint:
                    raise JournalMismatch(f"the journal is of another source: its input {index} is a different one")
                if entry.state == "done":
                    del self.in_flight[index]
                    settled(replayed(entry))
                    return None
                task.open, task.at, task.seen, task.attempts = True, entry.at, entry.seen, entry.attempts
        try:
            task.ready = self._step.ready(item)
            if self._decider is not None:
                task.ready.key = self._decider.key(task.ready)
        except CrossbookError as error:
            await self._end(task, error, settled)
            return None
        return task

    def _claim(self, task: Task) -> bool:
        key = task.ready.key
        if key in self._busy:
            return False
        if key is not None:
            self._busy[key] = anyio.Event()
        return True

    async def _hold(self, tasks: Sequence[Task], settled: Settled) -> None:
        """Works off what holds its keys, and lets go of them, whatever happens."""
        try:
            left = list(tasks)
            while left:
                left = await self._round(left, settled)
        finally:
            for task in tasks:
                if task.ready.key is not None:
                    self._busy.pop(task.ready.key).set()

    async def _round(self, tasks: Sequence[Task], settled: Settled) -> list[Task]:
        """Decides and writes; answers what is to be done again."""
        todo: list[Task] = []
        again: list[Task] = []
        for task in tasks:
            outcome = await self._decided(task)
            if outcome is None:
                todo.append(task)
            else:
                await self._end(task, outcome, settled)
        for group in self._groups(todo):
            for task, written in zip(group, await self._write(group), strict=True):
                if written is None or not known(written):
                    settlement = await self._recovered(task, written)
                else:
                    settlement = written
                if settlement is None:
                    again.append(task)
                else:
                    await self._end(task, settlement, settled)
        return again

    async def _decided(self, task: Task) -> Settlement | None:
        """What needs no write; None for what does."""
        try:
            if task.open:
                task.open = False
                outcome = await self._recovered(task, None) if self._decider else None
                if outcome is not None:
                    return outcome
            before = await self._decider.before(task) if self._decider else None
        except CrossbookError as error:
            return error
        if before is None and self._dry_run:
            self.would_write += self._step.calls(task.ready, task.update)
            return Done(self._step.would_be(task.update), contact=task.ready.contact)
        return before

    async def _recovered(self, task: Task, lost: Outcome) -> Settlement | None:
        """What became of a write without an answer; None if it is to be done (again)."""
        error = lost if isinstance(lost, CrossbookError) else None
        if error is None:
            error = LostError("nobody knows whether it was written", vendor=self._heading.vendor, sent="maybe")
        if self._decider is None or self._decider.lookups is None or task.ready.key is None or task.update is not None:
            return error if error.id else Unknown(error)
        await anyio.sleep(max(0.0, task.at + self._settle - time.time()))
        try:
            found = await self._decider.after(task)
        except CrossbookError:
            return Unknown(error)
        if found is None and task.attempts >= ATTEMPTS:
            return error
        return found if found is None or isinstance(found, Done) else Unknown(found)

    def _groups(self, tasks: Sequence[Task]) -> Iterator[list[Task]]:
        """What goes in one native call together."""
        if self._step.bulk == 1:
            yield from ([task] for task in tasks)
            return
        alike: dict[Any, list[Task]] = {}
        for task in tasks:
            alike.setdefault((task.update is not None, task.ready.bulk), []).append(task)
        yield from alike.values()

    async def _write(self, group: Sequence[Task]) -> Sequence[Outcome]:
        """Intent, then the call."""
        for task in group:
            task.at = time.time()
            task.attempts += 1
        await self._journal.intend([task.entry("intent") for task in group])
        return await self._call(group)

    async def _call(self, group: Sequence[Task]) -> Sequence[Outcome]:
        readies = [task.ready for task in group]
        try:
            if group[0].update is not None:
                return await self._step.change([task.update for task in group if task.update], readies)
            if self._step.bulk == 1 or len(group) == 1:
                return [await self._step.one(readies[0], group[0].attempts > 1)]
            return await self._step.many(readies)
        except CrossbookError as error:
            if len(group) == 1 or not refused_whole(error):
                return [error] * len(group)
            # The vendor refused the whole for the sake of a part, and wrote nothing: the halves are safe to send.
            half = len(group) // 2
            return [*await self._call(group[:half]), *await self._call(group[half:])]

    async def _end(self, task: Task, outcome: Settlement, settled: Settled) -> None:
        result = result_of(task, outcome)
        if transient(outcome):
            self._unsettled += 1
        elif not self._dry_run:
            await self._journal.settle([recorded(task, result)])
        if self._decider and self._decider.lookups and result.id and result.contact and not self._dry_run:
            self._decider.lookups.note(replace(result.contact, id=result.id))
        del self.in_flight[task.index]
        settled(result)
