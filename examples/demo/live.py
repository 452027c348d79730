"""The demo with real accounts: list them, and ask before writing."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from crossbook import InvalidInputError

from .vendor import VENDORS, Account

WORKERS = 4  # the rate limits are unknown, except Atom's


def accounts(console: Console, journals: Path) -> list[Account]:
    """Return the accounts whose environment variables are set, and print which variables the other accounts lack."""
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
    """Ask on the terminal and return whether the answer is yes. Without a terminal, return False."""
    if not sys.stdin.isatty():
        console.print("The demo asks before it writes, and there is no terminal: run it in a terminal.")
        return False
    console.print(f"{question}\nType yes: ", end="", markup=False, highlight=False)
    return sys.stdin.readline().strip() == "yes"
