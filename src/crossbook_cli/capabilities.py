"""`crossbook capabilities`: list what each vendor supports, from its profile."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import crossbook
from crossbook.registry import list_vendors, load_book_class, load_vendor
from crossbook.vendor import Capability
from crossbook_cli.options import Json, complete_book
from crossbook_cli.output import print_json, print_row

_SIGNS = {"native": "●", "emulated": "◐", "unsupported": "–"}


def capabilities(
    book: Annotated[
        str | None,
        typer.Argument(metavar="BOOK", help="Only this book, with notes.", autocompletion=complete_book),
    ] = None,
    json: Json = False,
) -> None:
    """List what each vendor supports.

    ● means natively, ◐ emulated with other requests, – not at all.

    With a BOOK, notes name the cost of each emulation and the limits. The command sends no requests and needs no
    credentials.
    """
    vendors = list_vendors() if book is None else [load_book_class(book).profile.vendor]
    grid = crossbook.capabilities()
    if json:
        for name, cells in grid.items():
            print_json({"verb": name, **{each: _to_dict(cells[each]) for each in vendors}})
    elif book is not None:
        for name, cells in grid.items():
            capability = cells[vendors[0]]
            sys.stdout.write(f"{_SIGNS[capability.support]} {name:<30} {capability.note}".rstrip() + "\n")
    else:
        _print_line("", [load_vendor(name).profile.title for name in vendors])
        for name, cells in grid.items():
            _print_line(name, [_SIGNS[cells[each].support] for each in vendors])


def _print_line(name: str, cells: list[str]) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"{name:<30}" + "".join(f"{cell:<15}" for cell in cells).rstrip() + "\n")
    else:
        print_row([name, *cells])


def _to_dict(capability: Capability) -> dict[str, object]:
    return {"support": capability.support, "note": capability.note, "bulk": capability.bulk_size}
