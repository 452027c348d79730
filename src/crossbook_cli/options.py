"""Arguments and options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Unpack, cast

import typer

import crossbook
from crossbook._batch.resolver import OnDuplicate as Duplicate
from crossbook._batch.resolver import OnUncertain
from crossbook._validation import FIELDS
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError
from crossbook.files import Format
from crossbook.registry import list_accounts, list_vendors
from crossbook.vendor import MatchKey
from crossbook_cli.output import use_json
from crossbook_cli.signals import run as run_in_loop


def names(incomplete: str) -> list[str]:
    """Book names, for the shell's completion."""
    return [name for name in (*list_vendors(), *list_accounts()) if name.startswith(incomplete.lower())]


Book: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="BOOK", help="A vendor, or an account that the environment names.", autocompletion=names),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON for machines; a list is one object a line.", callback=use_json)
]
Id: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The contact's id.")]
OnUnsupportedField: TypeAlias = Annotated[
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
        InvalidInputError: a wish without --match.
    """
    if match is None and wanted in ("update", "error"):
        raise InvalidInputError(
            f"--on-duplicate {wanted} needs --match: the key by which two are the same", field="match"
        )
    return None if match is None or wanted == "create" else cast("Duplicate", wanted)


# A book opened by name for the length of a command.

T = TypeVar("T")


def ask(name: str, work: Callable[[AddressBook], Awaitable[T]], **options: Unpack[BookOptions]) -> T:
    """Opens the book, does the work with it, and closes it.

    Args:
        name: a vendor or a named account, see `crossbook.open`.
        work: what to do; its answer comes back.
        options: see `BookOptions`.

    Raises:
        CrossbookError: let it pass: `failing` makes a message and an exit code of it.
    """

    async def run() -> T:
        async with crossbook.open(name, **options) as book:
            return await work(book)

    return run_in_loop(run)


# FIELD=VALUE on the command line.

_NAMES = tuple(name for name in FIELDS if name not in ("opted_out", "archived"))


def _complete(incomplete: str) -> list[str]:
    return [f"{name}=" for name in _NAMES if name.startswith(incomplete)]


Assignments: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="FIELD=VALUE...",
        help=f"One of {', '.join(_NAMES)}, or fields.NAME for a further field. groups takes ids, separated by commas.",
        autocompletion=_complete,
    ),
]


def assigned(texts: list[str]) -> dict[str, Any]:
    """The values by field; None for those that are to be emptied.

    Raises:
        InvalidInputError: no =, a field that a contact does not have, a field twice, a moment that is none.
    """
    values: dict[str, Any] = {}
    further: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        into, name = (further, name[7:]) if name.startswith("fields.") else (values, name)
        if not equals or not name or (into is values and name not in _NAMES):
            fields = ", ".join(_NAMES)
            # Not the text itself: it may be a phone whose name was forgotten.
            raise InvalidInputError(
                f"write FIELD=VALUE, where FIELD is one of {fields}, or fields.NAME", field="fields"
            )
        if name in into:
            raise InvalidInputError(f"{name} is given twice", field=name)
        into[name] = value or None
    if values.get("groups"):
        values["groups"] = tuple(group.strip() for group in values["groups"].split(",") if group.strip())
    if values.get("created_at"):
        values["created_at"] = _moment(values["created_at"])
    return values | ({"fields": further} if further else {})


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901  (refused just below)
    if moment.tzinfo is None:
        raise InvalidInputError("created_at is written like 2024-02-29T12:30:00Z, with a time zone", field="created_at")
    return moment
