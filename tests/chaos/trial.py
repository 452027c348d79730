"""One case: the fault strikes once, and in a second trial it stays; then everything that is promised is checked."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import anyio
import msgspec
from attrs import define, field, frozen

from crossbook import Attempt, CrossbookError
from crossbook.core.card import Retry

from .cases import CALLS, Case
from .lane import Data, Lane
from .trouble import KINDS, way_to

SLACK = 1.0  # seconds that a busy machine may need beside a call's time


@frozen
class Seen:
    """An attempt as the hook was told of it, and when."""

    attempt: Attempt
    ended: float = field(factory=time)

    @property
    def began(self) -> float:
        return self.ended - self.attempt.seconds


@define
class Trial:
    """What came of one call, and what the server says of it."""

    case: Case
    lasting: bool
    timeout: float = 5.0
    answer: str | None = None
    error: CrossbookError | None = None
    seconds: float = 0.0
    seen: list[Seen] = field(factory=list[Seen])
    asked: dict[str, Any] = field(factory=dict[str, Any])
    requests: int = 0
    done: int = 0
    before: Data = ()
    after: Data = ()
    works_on: bool = False

    @property
    def attempts(self) -> int:
        return 2 if self.lasting else 3


async def clean(lane: Lane, operation: str) -> tuple[str, Data]:
    """What the operation answers when nothing is wrong, and what the account holds then."""
    there = await lane.fresh(operation)
    async with lane.book(base_url=lane.base_url) as book:
        answer = await _call(book, operation, there.contact, there.group)
    return answer, lane.data()


async def attempt(lane: Lane, case: Case, *, lasting: bool) -> Trial:
    """One call under the fault."""
    fault, trial = case.fault, Trial(case, lasting)
    there = await lane.fresh(case.operation)
    trial.before = lane.data()
    async with way_to(lane.base_url, fault.kind, case.transport) as way:

        def watch(attempt: Attempt) -> None:
            if attempt.operation == case.operation:
                trial.seen.append(Seen(attempt))
                if not lasting:
                    way.mend()

        options = {"timeout": trial.timeout, "attempts": trial.attempts, **fault.options}
        trial.timeout = options["timeout"]
        async with lane.book(on_attempt=watch, **options, **way.options) as book:
            if fault.kind not in KINDS:
                trial.asked = fault.armed(case.vendor)
                await lane.arm(fault.kind, case.operation, None if lasting else 1, trial.asked)
            began = anyio.current_time()
            try:
                trial.answer = await _call(book, case.operation, there.contact, there.group)
            except CrossbookError as error:
                trial.error = error
            trial.seconds = anyio.current_time() - began
            counted = await lane.settled(case.operation, 0 if fault.kind in KINDS and lasting else len(trial.seen))
            trial.requests, trial.done = counted["requests"], counted["done"]
            trial.after = lane.data()
            way.mend()
            await lane.calm()
            await book.with_options(timeout=5, read_timeout=5).groups.list()
            trial.works_on = True
    return trial


async def _call(book: Any, operation: str, contact: str, group: str) -> str:
    """The answer as text, without what is different each time."""
    models = importlib.import_module(f"crossbook_wire.{book.card.vendor}.models")
    answer = await CALLS[book.card.vendor][operation](book.wire, models, contact, group)
    return re.sub(r"[0-9a-f]{6,}|[0-9]+", "#", msgspec.json.encode(answer).decode())


def earliest(asked: Any, ended: float) -> float:
    """When the vendor may be asked again, whichever way it said so."""
    if isinstance(asked, str):
        return parsedate_to_datetime(asked).timestamp()
    return ended + (asked or 0)


def creates(case: Case) -> bool:
    return case.retry in (Retry.CREATE_WITH_LOOKUP, Retry.CREATE_NO_LOOKUP)


def gaps(trial: Trial) -> Iterator[tuple[Seen, Seen]]:
    yield from zip(trial.seen, trial.seen[1:], strict=False)
