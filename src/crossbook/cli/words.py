"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from crossbook.cli.showing import use_json
from crossbook.registry import VENDORS, accounts


def names(incomplete: str) -> list[str]:
    """Book names, for the shell's completion."""
    return [name for name in (*VENDORS, *accounts()) if name.startswith(incomplete.lower())]


Book: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="BOOK", help="A vendor, or an account that the environment names.", autocompletion=names),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON for machines; a list is one object a line.", callback=use_json)
]
Id: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The contact's id.")]
OnLoss: TypeAlias = Annotated[
    Literal["error", "drop"],
    typer.Option(help="A field that the vendor cannot hold: refuse the contact, or leave the field out and say so."),
]
