"""How writes leave: an intent in the journal, then the call, alone or with others in a native one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import anyio

from crossbook.core.batch.outcomes import Settlement, Unknown, refused, refused_whole
from crossbook.core.batch.steps import Done, Outcome, Step
from crossbook.core.batch.task import Task
from crossbook.core.batch.writes import Create, bulky
from crossbook.core.journal import Journal, NoJournal
from crossbook.errors import CrossbookError, LostError


class Dispatch:
    """Writes what is decided, and says of each task what came of it.

    Args:
        step: the verb.
        journal: where intents are written before anything leaves.
        together: how many go in one native call.
    """

    def __init__(self, step: Step[Any], journal: Journal, together: int) -> None:
        self._step = step
        self._journal = journal
        self._remembers = type(journal) is not NoJournal
        self._together = together

    def groups(self, tasks: Sequence[Task]) -> list[list[Task]]:
        """What goes in one native call together."""
        if self._step.bulk == 1:
            return [[task] for task in tasks]
        alone: list[list[Task]] = []
        alike: dict[Any, list[Task]] = {}
        for task in tasks:
            if task.alone or self._is_bulky(task):
                alone.append([task])
            else:
                alike.setdefault((task.update is None, task.attempts > 0, task.ready.bulk), []).append(task)
        return [*alone, *alike.values()]

    def _is_bulky(self, task: Task) -> bool:
        return task.ready.alone or (task.update is not None and bulky(self._step.card, task.update[1]))

    def calls(self, task: Task) -> float:
        """Requests that the write of this one costs; a part of one, where it shares a native call."""
        card = self._step.card
        verb = card.verb(self._step.verb if task.update is None else "contacts.update")
        groups = len(task.ready.contact.groups or ()) if task.ready.contact else 0
        return float(verb.calls / (1 if self._is_bulky(task) else self._together) + verb.calls_a_group * groups)

    async def write(self, group: Sequence[Task]) -> list[Settlement | None]:
        """What the write of each came to; None if more is to be done about it."""
        again = group[0].attempts > 0
        for task in group:
            task.at = time.time()
            task.attempts += 1
            task.tries += 1
        if self._remembers:
            await self._journal.intend([task.entry("intent") for task in group])
        outcomes = await self._call(group, again)
        settlements = [self._settlement(task, outcome) for task, outcome in zip(group, outcomes, strict=True)]
        if self._remembers and any(settlement is None for settlement in settlements):
            made = [task.entry("intent") for task in group if task.half is not None]
            if made:
                await self._journal.settle(made)
        return settlements

    async def _call(self, group: Sequence[Task], again: bool) -> Sequence[Outcome]:
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

    def _creates(self, task: Task) -> bool:
        return self._step.creates and task.update is None

    def _settlement(self, task: Task, outcome: Outcome) -> Settlement | None:
        if isinstance(outcome, Done) or (outcome is not None and refused(outcome)):
            return outcome
        if self._creates(task):
            task.unsure, task.since, task.lost = True, anyio.current_time(), outcome
            task.half, task.alone = outcome.id if outcome else None, outcome is None
            return None
        if outcome is None and not task.alone:
            task.alone = True  # twice is as good as once, and the answer to one alone is plain
            return None
        lost = LostError("the answer does not say what became of it", vendor=self._step.card.vendor, sent="maybe")
        return Unknown(outcome or lost, final=False)
