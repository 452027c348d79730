"""Try one case with a fault that occurs once, and with one that stays, and collect what there is to check."""

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

from .account import Data, VendorAccount
from .cases import CALLS, Case
from .network import KINDS, open_route


@frozen
class SeenAttempt:
    """An attempt that `on_attempt` reported, and when."""

    attempt: Attempt
    ended: float = field(factory=time)

    @property
    def began(self) -> float:
        return self.ended - self.attempt.seconds


@define
class Trial:
    """What one call returned, and what the server counted."""

    case: Case
    lasting: bool
    timeout: float = 5.0
    answer: str | None = None
    error: CrossbookError | None = None
    seconds: float = 0.0
    seen: list[SeenAttempt] = field(factory=list[SeenAttempt])
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


async def run_without_fault(account: VendorAccount, operation: str) -> tuple[str, Data]:
    """Return the response of the operation without a fault, and the data of the account then."""
    there = await account.prepare(operation)
    async with account.book(base_url=account.base_url) as book:
        answer = await _call(book, operation, there.contact, there.group)
    return answer, account.read_data()


async def attempt(account: VendorAccount, case: Case, *, lasting: bool) -> Trial:
    """Make one call under the fault."""
    fault, trial = case.fault, Trial(case, lasting)
    there = await account.prepare(case.operation)
    async with open_route(account.base_url, fault.kind, case.transport) as route:

        def watch(attempt: Attempt) -> None:
            if attempt.operation == case.operation and not trial.over:
                trial.seen.append(SeenAttempt(attempt))
                if not lasting:
                    route.repair()

        options = {"timeout": trial.timeout, "max_attempts": trial.attempts, **fault.options}
        trial.timeout = options["timeout"]
        async with account.book(on_attempt=watch, allow_http=True, **options, **route.options) as book:
            await _use(book, fault.used)
            trial.before, earlier = account.read_data(), await account.counts(case.operation)
            if fault.kind not in KINDS:
                trial.asked = fault.make_settings(case.vendor)
                await account.arm(fault.kind, case.operation, None if lasting else 1, trial.asked)
            began = anyio.current_time()
            try:
                trial.answer = await _call(book, case.operation, there.contact, there.group)
            except CrossbookError as error:
                trial.error = error
            trial.seconds, trial.over = anyio.current_time() - began, True
            arrived = 0 if fault.kind in KINDS else len(trial.seen)
            counted = await account.wait_for_counts(case.operation, earlier["requests"] + arrived)
            trial.requests, trial.done = (counted[name] - earlier[name] for name in ("requests", "done"))
            trial.after = account.read_data()
            route.repair()
            await account.reset()
            trial.works_on = await _check_book_works(book, fault.waits or 0)
    return trial


async def _use(book: AddressBook, times: int) -> None:
    """Make this many calls at once."""
    book = book.with_options(on_attempt=None)

    async def look() -> None:
        await book.groups.list()

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(look)


async def _check_book_works(book: AddressBook, waits: float) -> bool:
    """Return whether the book serves the next call: at once, or refused until the vendor's `Retry-After` is over."""
    book = book.with_options(timeout=5, read_timeout=5, connect_timeout=5, queue_timeout=5, on_attempt=None)
    try:
        await book.groups.list()
    except RateLimitError as error:
        return waits > 5 and error.sent == "no" and waits - 5 < (error.retry_after or 0) <= waits
    return waits <= 5


async def _call(book: Any, operation: str, contact: str, group: str) -> str:
    """Return the response as text, without values that differ each time."""
    models = importlib.import_module(f"crossbook_wire.{book.profile.vendor}.models")
    answer = await CALLS[book.profile.vendor][operation](book.wire, models, contact, group)
    return re.sub(r"[0-9a-f]{6,}|[0-9]+", "#", msgspec.json.encode(answer).decode())


def get_earliest_retry(asked: Any, ended: float) -> float:
    """Return when the vendor allows the next request, from a `Retry-After` of either form."""
    if isinstance(asked, str):
        return parsedate_to_datetime(asked).timestamp()
    return ended + (asked or 0)
