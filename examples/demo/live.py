"""The demo against real accounts: which there are, and a question before anything is written."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from crossbook import InvalidInputError

from .vendor import VENDORS, Account

WORKERS = 4  # what these vendors allow is not known, but for Atom


def accounts(console: Console, journals: Path) -> list[Account]:
    """The accounts whose environment variables are set; says which are, and what the others lack."""
    journals.mkdir(parents=True, exist_ok=True)
    found: list[Account] = []
    for vendor in VENDORS:
        try:
            account = Account(vendor, workers=WORKERS, journals=journals)
        except InvalidInputError as error:
            console.print(f"{vendor:<10} left out: {error.message}", markup=False, highlight=False)
        else:
            console.print(f"{vendor:<10} {account.book!r}", markup=False, highlight=False)
            found.append(account)
    return found


def agreed(console: Console, question: str) -> bool:
    """Asks on the terminal; without one nobody can agree."""
    if not sys.stdin.isatty():
        console.print("This asks a question first, and there is no terminal to ask on.")
        return False
    console.print(f"{question}\nType yes: ", end="", markup=False, highlight=False)
    return sys.stdin.readline().strip() == "yes"
