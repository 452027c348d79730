"""Runs cases: several sandboxes, in each a lane a vendor, so that no case meets another's faults."""

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

from .cases import Case
from .lane import Data, Lane, lane
from .pulse import pulse
from .trial import attempt, clean
from .verdict import judged

SANDBOXES = 3
VOID = 20  # trials of one fault that may be none


@frozen
class Result:
    """One case: what does not hold, how long it took, and how many trials were void, since the machine stood still."""

    case: Case
    broken: tuple[str, ...]
    seconds: float
    void: int


async def run(
    cases: Iterable[Case], *, seed: int, told: Callable[[Result], None] = lambda _: None, sandboxes: int = SANDBOXES
) -> list[Result]:
    """Runs them all.

    Args:
        seed: what the waits between attempts are drawn from.
        told: called with each result.
        sandboxes: how many work side by side.
    """
    random.seed(seed)
    waiting: dict[str, deque[Case]] = defaultdict(deque)
    for case in cases:
        waiting[case.vendor].append(case)
    results: list[Result] = []

    def heard(result: Result) -> None:
        results.append(result)
        told(result)

    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            lanes: list[Lane] = []
            for number in range(sandboxes):
                db = Path(folder) / f"{number}.sqlite"
                running = stack.enter_context(crossbook_sandbox.running(db=db, rates={}, vercom_segment_wait=0))
                felt = await stack.enter_async_context(pulse(running.url))
                lanes += [await stack.enter_async_context(lane(running, db, vendor, felt)) for vendor in waiting]
            usual: dict[tuple[str, str], tuple[str, Data]] = {}
            async with anyio.create_task_group() as tasks:
                for each in lanes:
                    tasks.start_soon(_work, each, waiting[each.vendor], usual, heard)
    return results


async def _work(
    lane: Lane, waiting: deque[Case], usual: dict[tuple[str, str], tuple[str, Data]], heard: Callable[[Result], None]
) -> None:
    while waiting:
        case = waiting.popleft()
        name = case.vendor, case.operation
        if name not in usual:
            usual[name] = await clean(lane, case.operation)
        began, broken, void = time.monotonic(), [], 0
        for lasting in (False, True):
            wrong, voided = await _trials(lane, case, usual[name], lasting=lasting)
            void += voided
            broken += [f"{'lasting' if lasting else 'once'}: {what}" for what in wrong]
        heard(Result(case, tuple(broken), time.monotonic() - began, void))


async def _trials(lane: Lane, case: Case, usual: tuple[str, Data], *, lasting: bool) -> tuple[list[str], int]:
    """What was wrong, and how many trials were void."""
    void = 0
    while True:
        began = anyio.current_time()
        wrong = await _wrong(lane, case, usual, lasting=lasting)
        if not wrong or not lane.felt.late_since(began) or void == VOID:
            return wrong, void
        void += 1


async def _wrong(lane: Lane, case: Case, usual: tuple[str, Data], *, lasting: bool) -> list[str]:
    try:
        return judged(await attempt(lane, case, lasting=lasting), usual)
    except Exception as error:
        return [f"it raised {error!r}"]
