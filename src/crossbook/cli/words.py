"""Arguments and options that several commands share."""

from __future__ import annotations

import os
from typing import Annotated, Literal, TypeAlias, cast

import typer

from crossbook.cli.showing import use_json
from crossbook.core.batch.decide import OnDuplicate as Duplicate
from crossbook.core.batch.decide import OnUncertain
from crossbook.core.card import MatchKey
from crossbook.errors import InvalidInput
from crossbook.files import Format
from crossbook.registry import accounts, known


def names(incomplete: str) -> list[str]:
    """Book names, for the shell's completion."""
    return [name for name in (*known(), *accounts()) if name.startswith(incomplete.lower())]


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
To: TypeAlias = Annotated[
    str, typer.Option("--to", metavar="BOOK", help="The book to write into.", autocompletion=names)
]
FileFormat: TypeAlias = Annotated[
    Format | None,
    typer.Option("--format", help="By default as the file's name ends; vcard is version 3.0 when written."),
]
Match: TypeAlias = Annotated[
    MatchKey | None,
    typer.Option(help="The key by which two are the same: what the vendor can be asked by. Costs a lookup each."),
]
OnDuplicate: TypeAlias = Annotated[
    Literal["skip", "update", "error", "create"],
    typer.Option(help="With --match, what to do with somebody who is there already: update changes what differs."),
]
IncludeOptedOut: TypeAlias = Annotated[
    bool,
    typer.Option("--include-opted-out", help="Take those too who opted out. Their new place will not know it."),
]
Journal: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Writes down what was done, so that the same command goes on after a crash."),
]
Uncertain: TypeAlias = Annotated[
    OnUncertain | None,
    typer.Option(
        help="With --journal, for a person whom an earlier run sent without an answer, and whom --match cannot settle: "
        "send again, at the risk of a double; skip; or take for written."
    ),
]
SameAccount: TypeAlias = Annotated[
    bool,
    typer.Option("--same-account", help="The journal is of this account, though nothing in it shows that."),
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Checks, looks up and foretells; writes nothing.")]
OnError: TypeAlias = Annotated[
    Literal["collect", "stop"], typer.Option(help="After one that failed: go on and tell at the end, or begin no more.")
]
Region: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="COUNTRY", help="Where phones without a country code are: PL, AU …; the vendor's by default."),
]


def journal_key() -> str | None:
    """The key of journals, which comes from the environment, as all secrets do."""
    return os.environ.get("CROSSBOOK_JOURNAL_KEY", "").strip() or None


def duplicates(match: str | None, wanted: str) -> Duplicate | None:
    """What a batch is told to do with those who are there: nothing without a key, or where they are to be doubled.

    Raises:
        InvalidInput: a wish without --match.
    """
    if match is None and wanted in ("update", "error"):
        raise InvalidInput(f"--on-duplicate {wanted} needs --match: the key by which two are the same", field="match")
    return None if match is None or wanted == "create" else cast("Duplicate", wanted)
