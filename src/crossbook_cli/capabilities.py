"""`crossbook capabilities`: what each vendor can, as its profile says."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import crossbook
from crossbook.registry import list_vendors, load_book_class, load_vendor
from crossbook.vendor import Capability
from crossbook_cli.options import Json, names
from crossbook_cli.output import out, row

SIGNS = {"native": "●", "emulated": "◐", "unsupported": "–"}


def capabilities(
    book: Annotated[
        str | None,
        typer.Argument(metavar="[BOOK]", help="Only this one, with its notes.", autocompletion=names),
    ] = None,
    json: Json = False,
) -> None:
    """What each vendor can: ● its own call, ◐ composed from other calls, – not there.

    With a BOOK also what is worth knowing: prices of emulations, limits. Nothing is asked of the vendors, and no
    credentials are needed.
    """
    vendors = list_vendors() if book is None else [load_book_class(book).profile.vendor]
    grid = crossbook.capabilities()
    if json:
        for name, cells in grid.items():
            out({"verb": name, **{each: _record(cells[each]) for each in vendors}})
    elif book is not None:
        for name, cells in grid.items():
            verb = cells[vendors[0]]
            sys.stdout.write(f"{SIGNS[verb.support]} {name:<30} {verb.note}".rstrip() + "\n")
    else:
        _line("", [load_vendor(name).profile.title for name in vendors])
        for name, cells in grid.items():
            _line(name, [SIGNS[cells[each].support] for each in vendors])


def _line(name: str, cells: list[str]) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"{name:<30}" + "".join(f"{cell:<15}" for cell in cells).rstrip() + "\n")
    else:
        row([name, *cells])


def _record(verb: Capability) -> dict[str, object]:
    return {"support": verb.support, "note": verb.note, "bulk": verb.bulk_size}
