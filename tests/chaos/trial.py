"""One case: the fault strikes once, and in a second trial it stays; then everything that is promised is checked."""

from __future__ import annotations

import importlib
import re
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import anyio
import msgspec
from attrs import define, field, frozen

from crossbook import AddressBook, Attempt, CrossbookError, RateLimitError

from .cases import CALLS, Case
from .lane import Data, Lane
from .trouble import KINDS, way_to


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
    over: bool = False
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
    async with way_to(lane.base_url, fault.kind, case.transport) as way:

        def watch(attempt: Attempt) -> None:
            if attempt.operation == case.operation and not trial.over:
                trial.seen.append(Seen(attempt))
                if not lasting:
                    way.mend()

        options = {"timeout": trial.timeout, "max_attempts": trial.attempts, **fault.options}
        trial.timeout = options["timeout"]
        async with lane.book(on_attempt=watch, allow_http=True, **options, **way.options) as book:
            await _use(book, fault.used)
            trial.before, earlier = lane.data(), await lane.counts(case.operation)
            if fault.kind not in KINDS:
                trial.asked = fault.armed(case.vendor)
                await lane.arm(fault.kind, case.operation, None if lasting else 1, trial.asked)
            began = anyio.current_time()
            try:
                trial.answer = await _call(book, case.operation, there.contact, there.group)
            except CrossbookError as error:
                trial.error = error
            trial.seconds, trial.over = anyio.current_time() - began, True
            arrived = 0 if fault.kind in KINDS else len(trial.seen)
            counted = await lane.settled(case.operation, earlier["requests"] + arrived)
            trial.requests, trial.done = (counted[name] - earlier[name] for name in ("requests", "done"))
            trial.after = lane.data()
            way.mend()
            await lane.calm()
            trial.works_on = await _works_on(book, fault.waits or 0)
    return trial


async def _use(book: AddressBook, times: int) -> None:
    """So many calls at once."""
    book = book.with_options(on_attempt=None)

    async def look() -> None:
        await book.groups.list()

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(look)


async def _works_on(book: AddressBook, waits: float) -> bool:
    """Whether it serves the next caller as usual: at once, or not before the vendor wants to hear of us again."""
    book = book.with_options(timeout=5, read_timeout=5, connect_timeout=5, queue_timeout=5, on_attempt=None)
    try:
        await book.groups.list()
    except RateLimitError as error:
        return waits > 5 and error.sent == "no" and waits - 5 < (error.retry_after or 0) <= waits
    return waits <= 5


async def _call(book: Any, operation: str, contact: str, group: str) -> str:
    """The answer as text, without what is different each time."""
    models = importlib.import_module(f"crossbook_wire.{book.profile.vendor}.models")
    answer = await CALLS[book.profile.vendor][operation](book.wire, models, contact, group)
    return re.sub(r"[0-9a-f]{6,}|[0-9]+", "#", msgspec.json.encode(answer).decode())


def earliest(asked: Any, ended: float) -> float:
    """When the vendor may be asked again, whichever way it said so."""
    if isinstance(asked, str):
        return parsedate_to_datetime(asked).timestamp()
    return ended + (asked or 0)
