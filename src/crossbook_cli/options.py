"""Arguments and options that several commands share, and `run_with_book`."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Unpack, get_type_hints

import typer
from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

import crossbook
from crossbook._batch.lookups import Lookup
from crossbook._batch.operations import OnOptedOut
from crossbook._batch.resolver import OnUncertain
from crossbook._suggestions import did_you_mean
from crossbook._validation import FIELDS
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError
from crossbook.files import Format
from crossbook.files.cells import decode_field
from crossbook.registry import list_accounts, list_vendors
from crossbook.suppressions import SuppressionList
from crossbook_cli.errors import USAGE
from crossbook_cli.output import print_message, use_json
from crossbook_cli.signals import run

T = TypeVar("T")
_FIELD_NAMES = tuple(name for name in FIELDS if name not in ("opted_out", "archived"))


def complete_book(incomplete: str) -> list[str]:
    """Return the names of books that begin with `incomplete`, for shell completion."""
    return [name for name in (*list_vendors(), *list_accounts()) if name.startswith(incomplete.lower())]


def _complete_field(incomplete: str) -> list[str]:
    return [f"{name}=" for name in _FIELD_NAMES if name.startswith(incomplete)]


Book: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="BOOK", help="A vendor, or an account that the environment names.", autocompletion=complete_book
    ),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON; a list is one object per line.", callback=use_json)
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Id: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The contact's id.")]
Assignments: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="FIELD=VALUE",
        help=f"FIELD is one of {', '.join(_FIELD_NAMES)}, or fields.NAME for an extra field. The value of groups is "
        "ids, separated by commas.",
        autocompletion=_complete_field,
    ),
]
OnUnsupportedField: TypeAlias = Annotated[
    Literal["error", "drop"],
    typer.Option(
        "--on-loss",
        help="What to do with a field that the vendor does not support: refuse the contact, or drop the field and "
        "report it.",
    ),
]
Suppressions: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--suppressions",
        metavar="FILE",
        help="Honour the suppression list in FILE; see crossbook suppress. Its key is CROSSBOOK_SUPPRESSIONS_KEY.",
    ),
]
To: TypeAlias = Annotated[
    str, typer.Option("--to", metavar="BOOK", help="The book to write to.", autocompletion=complete_book)
]
FileFormat: TypeAlias = Annotated[
    Format | None,
    typer.Option("--format", help="The format; by default that of the file name. vcard is written as version 3.0."),
]


@dataclass(frozen=True, kw_only=True)
class BatchCommandOptions:
    """The options that `import` and `copy` share: how a batch of contacts is written, resumed and reported."""

    match: Annotated[
        Literal["auto", "none", "phone", "email", "external_id"],
        typer.Option(
            help="How contacts that exist already are found. auto takes the first field that the contact has and the "
            "vendor can search by; a stored contact with a different name or other field is another person. none looks "
            "up nothing: the same command again writes every contact again."
        ),
    ] = "auto"
    on_duplicate: Annotated[
        Literal["skip", "update", "error", "create"],
        typer.Option(help="What to do if --match finds the contact. update changes only the fields that differ."),
    ] = "skip"
    lookup: Annotated[
        Lookup,
        typer.Option(
            help="How --match finds contacts: each by a request of its own (SerwerSMS, Vercom), or in the list of all "
            "contacts, which is read once. auto takes the way that needs fewer requests."
        ),
    ] = "auto"
    other_writers: Annotated[
        bool,
        typer.Option(
            "--other-writers/--no-other-writers",
            help="Whether others may write to the account meanwhile. If so, a contact that is missing in the list is "
            "looked up by itself before it is created.",
        ),
    ] = True
    on_unsupported_field: OnUnsupportedField = "error"
    on_error: Annotated[
        Literal["collect", "stop"],
        typer.Option(help="After a failure: continue and report all failures at the end, or start no more contacts."),
    ] = "collect"
    max_wait: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="The longest wait that the vendor may ask for (Retry-After). After a longer one the command stops. "
            "By default it waits as long as the vendor asks.",
        ),
    ] = None
    on_opted_out: Annotated[
        OnOptedOut,
        typer.Option(
            help="What to do with a contact that opted out: look it up and skip it; unsubscribe it at the vendor, "
            "creating it if it is missing (Vercom, SerwerSMS); or count it as an error."
        ),
    ] = "skip"
    journal: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Record what was done in FILE, so that the same command resumes after a crash."
        ),
    ] = None
    uncertain: Annotated[
        OnUncertain | None,
        typer.Option(
            help="With --journal: what to do with a contact whose response an earlier run lost, and that --match "
            "cannot find: send it again and risk a duplicate, skip it, or count it as done."
        ),
    ] = None
    same_account: Annotated[
        bool,
        typer.Option(
            "--same-account", help="Confirm that the journal belongs to this account, if the journal cannot tell."
        ),
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate, look up and estimate; write nothing.")] = False
    region: Annotated[
        str | None,
        typer.Option(
            metavar="COUNTRY", help="The country of phones without a country code: PL, AU …; by default the vendor's."
        ),
    ] = None
    suppressions: Suppressions = None
    json: Json = False

    @property
    def skips_existing(self) -> bool:
        """Whether the same command again would not write the contacts that exist already."""
        return self.match != "none" and self.on_duplicate != "create"

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments for `create_many` and `copy`, with the journal's key from the environment.

        Say what --match none means.

        Raises:
            InvalidInputError: --on-duplicate update or error with --match none.
        """
        if self.match == "none":
            if self.on_duplicate in ("update", "error"):
                raise InvalidInputError(
                    f"--on-duplicate {self.on_duplicate} needs --match auto, or the field that identifies a contact",
                    field="match",
                )
            print_message(
                "--match none: contacts that exist already are not found. They are created again, and so is every "
                "contact if you repeat this command without its --journal. Who opted out there is not found either: "
                "such a contact gets a second entry, which may be subscribed."
            )
        others = ("region", "json", "suppressions")
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in others}
        return {
            **given,
            "match": None if self.match == "none" else self.match,
            "on_duplicate": self.on_duplicate if self.skips_existing else None,
            "journal_key": read_journal_key(),
        }


def read_journal_key() -> str | None:
    """Return the journal's key from the environment, or None."""
    return os.environ.get("CROSSBOOK_JOURNAL_KEY", "").strip() or None


def _exists(file: str) -> bool:
    return os.path.exists(file)


@asynccontextmanager
async def open_suppressions(
    file: str, *, region: str | None = "PL", create: bool = False
) -> AsyncGenerator[SuppressionList]:
    """Open a suppression list, with its key from the environment, and close it at the end.

    Raises:
        InvalidInputError: the file does not exist, unless `create` is true: a typing mistake would be an empty list.
    """
    if not create and not _exists(file):
        raise InvalidInputError(
            f"there is no suppression list {file}: make one with crossbook suppress add, import or collect",
            field="suppressions",
        )
    key = os.environ.get("CROSSBOOK_SUPPRESSIONS_KEY", "").strip() or None
    async with SuppressionList(file, key=key, region=region) as opened:
        yield opened


def with_batch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with all options of `BatchCommandOptions` instead of its last parameter, `options`."""
    *own, _ = inspect.signature(command, eval_str=True).parameters.values()
    hints = get_type_hints(BatchCommandOptions, include_extras=True)
    shared = [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name])
        for each in fields(BatchCommandOptions)
    ]

    @wraps(command)
    def run_command(**values: Any) -> None:
        options = BatchCommandOptions(**{each.name: values.pop(each.name) for each in shared})
        command(**values, options=options)

    run_command.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]  # typer reads both
    run_command.__annotations__ = {each.name: each.annotation for each in (*own, *shared)}
    return run_command


def confirm(question: str, *, yes: bool, note: str = "") -> None:
    """Ask the user a question in the terminal, and return if the answer is yes.

    Args:
        question: the question.
        yes: the value of --yes: do not ask.
        note: what to print before the question.

    Raises:
        InvalidInputError: there is no terminal to ask in.
        typer.Exit: the answer is not yes.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInputError("there is no terminal to ask for confirmation in: pass --yes to confirm", field="yes")
    if note:
        print_message(note)
    # Not `typer.confirm`, which writes a blank to standard output.
    if not Confirm.ask(escape(question), console=Console(stderr=True), default=False):
        print_message("Nothing was done.")
        raise typer.Exit(USAGE)


def run_with_book(
    name: str,
    work: Callable[[AddressBook], Awaitable[T]],
    suppressions_file: str | None = None,
    **options: Unpack[BookOptions],
) -> T:
    """Open the book, run the work with it, close it, and return the result of the work.

    Args:
        name: a vendor or a named account; see `crossbook.open`.
        work: an async function that gets the open book.
        suppressions_file: the file of the suppression list that the book honours.
        options: see `BookOptions`.

    Raises:
        CrossbookError: do not catch it; `errors` prints it and sets the exit code.
    """

    async def open_and_work() -> T:
        async with AsyncExitStack() as stack:
            if suppressions_file is not None:
                options["suppressions"] = await stack.enter_async_context(open_suppressions(suppressions_file))
            return await work(await stack.enter_async_context(crossbook.open(name, **options)))

    return run(open_and_work)


def parse_assignments(texts: list[str]) -> dict[str, Any]:
    """Parse FIELD=VALUE arguments; return the values by field, with None for an empty value.

    Raises:
        InvalidInputError: an argument without =, an unknown field, a field given twice, or an invalid time.
    """
    values: dict[str, Any] = {}
    extra: dict[str, str | None] = {}
    for text in texts:
        given, equals, value = text.partition("=")
        target, name = (extra, given[7:]) if given.startswith("fields.") else (values, given)
        if not equals or not name or (target is values and name not in _FIELD_NAMES):
            # The text itself is not shown: it may be a phone whose field was forgotten.
            close = did_you_mean(name, _FIELD_NAMES) if equals else ""
            raise InvalidInputError(
                f"write FIELD=VALUE, where FIELD is one of {', '.join(_FIELD_NAMES)}, or fields.NAME{close}",
                field="fields",
            )
        if name in target:
            raise InvalidInputError(f"{given} is given twice: give each field once", field=given)
        target[name] = value or None
    if values.get("groups"):
        values["groups"] = tuple(group.strip() for group in values["groups"].split(",") if group.strip())
    if values.get("created_at"):
        values["created_at"] = decode_field("created_at", values["created_at"])
    return values | ({"fields": extra} if extra else {})
