"""Run cases concurrently: each sandbox has one account for each vendor, so that cases do not share faults."""

from __future__ import annotations

import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from attrs import frozen

import crossbook_sandbox

from .account import Data, VendorAccount, open_account
from .cases import Case
from .checks import find_failures
from .stalls import detect_stalls
from .trial import attempt, run_without_fault

SANDBOXES = 3
MAX_VOID = 20  # trials of one case that may be repeated because the machine stalled


@frozen
class Result:
    """The failures of one case, its duration, and how many trials were repeated because the machine stalled."""

    case: Case
    broken: tuple[str, ...]
    seconds: float
    void: int


async def run(
    cases: Iterable[Case], *, seed: int, report: Callable[[Result], None] = lambda _: None, sandboxes: int = SANDBOXES
) -> list[Result]:
    """Run all cases and return their results.

    Args:
        cases: the cases.
        seed: the seed of the waits between attempts.
        report: called with each result.
        sandboxes: the number of sandboxes that work concurrently.
    """
    random.seed(seed)
    waiting: dict[str, deque[Case]] = defaultdict(deque)
    for case in cases:
        waiting[case.vendor].append(case)
    results: list[Result] = []

    def add(result: Result) -> None:
        results.append(result)
        report(result)

    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            accounts: list[VendorAccount] = []
            for number in range(sandboxes):
                db = Path(folder) / f"{number}.sqlite"
                running = stack.enter_context(crossbook_sandbox.running(db=db, rates={}, vercom_segment_wait=0))
                stalls = await stack.enter_async_context(detect_stalls(running.url))
                accounts += [
                    await stack.enter_async_context(open_account(running, db, vendor, stalls)) for vendor in waiting
                ]
            expected: dict[tuple[str, str], tuple[str, Data]] = {}
            async with anyio.create_task_group() as tasks:
                for account in accounts:
                    tasks.start_soon(_work, account, waiting[account.vendor], expected, add)
    return results


async def _work(
    account: VendorAccount,
    waiting: deque[Case],
    expected: dict[tuple[str, str], tuple[str, Data]],
    report: Callable[[Result], None],
) -> None:
    while waiting:
        case = waiting.popleft()
        name = case.vendor, case.operation
        if name not in expected:
            expected[name] = await run_without_fault(account, case.operation)
        began, broken, void = time.monotonic(), [], 0
        for lasting in (False, True):
            wrong, voided = await _repeat_if_stalled(account, case, expected[name], lasting=lasting)
            void += voided
            broken += [f"{'lasting' if lasting else 'once'}: {what}" for what in wrong]
        report(Result(case, tuple(broken), time.monotonic() - began, void))


async def _repeat_if_stalled(
    account: VendorAccount, case: Case, expected: tuple[str, Data], *, lasting: bool
) -> tuple[list[str], int]:
    """Return the failures, and the number of repeated trials."""
    void = 0
    while True:
        began = anyio.current_time()
        wrong = await _try(account, case, expected, lasting=lasting)
        if not wrong or not account.stalls.has_stalled_since(began) or void == MAX_VOID:
            return wrong, void
        void += 1


async def _try(account: VendorAccount, case: Case, expected: tuple[str, Data], *, lasting: bool) -> list[str]:
    try:
        return find_failures(await attempt(account, case, lasting=lasting), expected)
    except Exception as error:
        return [f"it raised {error!r}"]
