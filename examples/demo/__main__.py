"""`python -m examples.demo`: the command line of the demo."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console

import crossbook_sandbox
from crossbook import Contact, CrossbookError

from . import live
from .clean import clean
from .people import read_people
from .progress import Bars, Lines
from .table import show
from .vendor import GROUP, VENDORS, Account, Report

# Atom's own limit is 10 requests a second; 1,000 people would take minutes.
RATES = {"atom": 200.0}
WORKERS = 16
DATABASE = Path(".demo", "sandbox.sqlite")


def main() -> int:
    """Run the demo and return 0 if no field was lost and no contact failed."""
    options = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 80)
    run = _live if options.live else _sandbox
    try:
        return run(console, read_people(options.people), cleaning=options.clean)
    except (CrossbookError, OSError, RuntimeError) as error:
        console.print(f"The demo ended: {error}", style="red", markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. The written contacts stay; the next run resumes.")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m examples.demo", description="1,000 people into four address books.")
    parser.add_argument("--people", type=_count, metavar="N", help="use only the first N people")
    parser.add_argument("--live", action="store_true", help="use the real accounts of the environment; asks first")
    parser.add_argument("--clean", action="store_true", help="delete the contacts of the demo instead of writing")
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a whole number, at least 1")
    return int(text)


def _sandbox(console: Console, people: Sequence[Contact], *, cleaning: bool) -> int:
    DATABASE.parent.mkdir(exist_ok=True)
    with crossbook_sandbox.running(db=DATABASE, rates=RATES) as sandbox:
        # The sandbox's variables replace those of real accounts, so that the demo cannot reach them.
        os.environ.update(sandbox.env)
        console.print(f"Sandbox: the four vendors at {sandbox.url}, their data in {DATABASE}", highlight=False)
        accounts = [
            Account(vendor, workers=WORKERS, journals=DATABASE.parent, other_writers=False, rate=RATES.get(vendor))
            for vendor in VENDORS
        ]
        if cleaning:
            return anyio.run(_clean, console, accounts, people)
        note = "Atom's limit of 10 requests a second is raised to 200 for this, on both sides."
        return anyio.run(_fill, console, accounts, people, note)


def _live(console: Console, people: Sequence[Contact], *, cleaning: bool) -> int:
    accounts = live.accounts(console, DATABASE.parent / "live")
    titles = ", ".join(account.title for account in accounts)
    if not accounts:
        console.print("No account is set: set the variables of an account, for instance CROSSBOOK_ATOM_TOKEN.")
        return 1
    what = f'from the group "{GROUP}" of {titles}' if cleaning else f'into a group "{GROUP}" of {titles}'
    verb = "Delete the demo's contacts" if cleaning else f"Write {len(people):,} made-up people"
    if not live.agreed(console, f"{verb} {what}?"):
        console.print("No contact was written.")
        return 1
    if cleaning:
        return anyio.run(_clean, console, accounts, people)
    status = anyio.run(_fill, console, accounts, people, "Each vendor was asked at its own rate.")
    console.print("\nTo delete these contacts: python -m examples.demo --live --clean", highlight=False)
    return status


async def _fill(console: Console, accounts: Sequence[Account], people: Sequence[Contact], note: str) -> int:
    with (Bars if console.is_terminal else Lines)(console) as progress:
        reports = await _each([partial(account.fill, people, progress) for account in accounts])
    show(console, reports, note)
    return int(any(report.lost or report.failure for report in reports))


async def _clean(console: Console, accounts: Sequence[Account], people: Sequence[Contact]) -> int:
    failed = False
    for account in accounts:
        try:
            said = await clean(account, people)
        except CrossbookError as error:
            said, failed = f"{type(error).__name__}: {error}", True
        console.print(f"{account.title:<10} {said}", markup=False, highlight=False)
    return int(failed)


async def _each(runs: Sequence[Callable[[], Coroutine[Any, Any, Report]]]) -> list[Report]:
    """Run all vendors at once and return the reports in the order of the runs."""
    reports: list[Report | None] = [None] * len(runs)

    async def one(place: int) -> None:
        reports[place] = await runs[place]()

    async with anyio.create_task_group() as tasks:
        for place in range(len(runs)):
            tasks.start_soon(one, place)
    return [report for report in reports if report is not None]


if __name__ == "__main__":
    sys.exit(main())
