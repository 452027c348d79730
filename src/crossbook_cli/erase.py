"""`crossbook erase` and `crossbook person`: erase one person from books, journals and jobs, or export the person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Annotated, Any, TypeAlias

import msgspec
import typer

import crossbook
from crossbook.erasure import ErasedPlace
from crossbook.errors import InvalidInputError
from crossbook_cli.errors import SOME_FAILED
from crossbook_cli.options import Json, Yes, complete_book, confirm, open_suppressions, read_journal_key
from crossbook_cli.output import open_output, print_json, print_message, print_row
from crossbook_cli.signals import run

Books: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="BOOK…", help="The books to search: all that may have the person.", autocompletion=complete_book
    ),
]
Phone: TypeAlias = Annotated[str | None, typer.Option(metavar="NUMBER", help="The person's phone.")]
Email: TypeAlias = Annotated[str | None, typer.Option(metavar="ADDRESS", help="The person's e-mail address.")]
ExternalKey: TypeAlias = Annotated[
    str | None, typer.Option("--external-id", metavar="ID", help="Your own id of the person.")
]
Ids: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="BOOK:ID", help="If several contacts match: the ids of the person's. Repeatable."),
]
Journals: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--journal", metavar="FILE", help="A journal that may have the person. Repeatable."),
]
Jobs: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FOLDER", help="The folder of the jobs of crossbook.fastapi.")
]
ListFile: TypeAlias = Annotated[
    str | None, typer.Option("--suppressions", metavar="FILE", help="The suppression list; see crossbook suppress.")
]


def erase(
    books: Books,
    phone: Phone = None,
    email: Email = None,
    external_id: ExternalKey = None,
    id: Ids = None,
    journal: Journals = None,
    jobs: Jobs = None,
    suppressions: ListFile = None,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason in the suppression list.")
    ] = "erasure request",
    report: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the report to FILE, which also lets the same command resume."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Search only; write nothing.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Erase one person from books, journals and jobs.

    Pass all keys of the person. Contacts with all of them are deleted, and looked up until they are gone. If it is
    unclear which contacts are the person's, nothing is written (exit code 6); --id names them. With --suppressions the
    keys are blocked, so that no import with this list creates the person again. The columns are kind, name, found,
    done, remaining and what could not be searched. The exit code is 1 if something remains or could not be searched.
    After a crash, repeat the command. The command asks first, unless you pass --yes.

    Example: crossbook erase vercom filemail --phone +48500600700 --email anna@example.com --suppressions stop.sqlite
    """
    if not dry_run:
        confirm(f"Erase this person from {', '.join(books)}? Deleted contacts cannot be restored.", yes=yes)

    async def work(named: dict[str, crossbook.AddressBook], given: dict[str, Any]) -> crossbook.ErasureReport:
        return await crossbook.erase(named, **given, reason=reason, report=report, dry_run=dry_run)

    made = _run(books, (phone, email, external_id), id, journal, jobs, suppressions, work, create=not dry_run)
    if json:
        print_json(msgspec.json.decode(made.to_json()))
    else:
        for place in made.places:
            print_row([place.kind, place.name, place.found, place.done, " ".join(place.remaining), _describe(place)])
    if dry_run:
        print_message("Dry run: nothing was written.")
    elif made.is_complete:
        print_message("Complete: nothing of the person was found any more.")
    else:
        print_message("Not complete: something remains, or a place could not be searched.")
        raise typer.Exit(SOME_FAILED)


def person(
    books: Books,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="The file to write (JSON); - is standard output.")],
    phone: Phone = None,
    email: Email = None,
    external_id: ExternalKey = None,
    id: Ids = None,
    journal: Journals = None,
    jobs: Jobs = None,
    suppressions: ListFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write all that the books have of a person to a file.

    The file is JSON, with what journals, jobs and the suppression list have too. Only you may read the file. Which
    contacts are the person's is decided as by "crossbook erase".

    Example: crossbook person vercom filemail --email anna@example.com --to anna.json
    """

    async def work(named: dict[str, crossbook.AddressBook], given: dict[str, Any]) -> dict[str, Any]:
        return await crossbook.export_person(named, **given)

    found = _run(books, (phone, email, external_id), id, journal, jobs, suppressions, work, create=False)
    with open_output(to, force=force, private=True) as file:
        file.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")


def _run(
    books: list[str],
    keys: tuple[str | None, str | None, str | None],
    ids: list[str] | None,
    journals: list[str] | None,
    jobs: str | None,
    suppressions: str | None,
    work: Callable[[dict[str, crossbook.AddressBook], dict[str, Any]], Awaitable[Any]],
    *,
    create: bool,
) -> Any:
    """Open the books and the list, and return the result of the work, which gets them and the further arguments."""
    given: dict[str, Any] = dict(zip(("phone", "email", "external_id"), keys, strict=True))
    if not any(keys):
        raise InvalidInputError("pass at least one of --phone, --email and --external-id", field="phone")
    chosen: dict[str, list[str]] = {}
    for text in ids or ():
        book, colon, one = text.partition(":")
        if not colon or book not in books:
            raise InvalidInputError("write --id BOOK:ID, with one of the books", field="id")
        chosen.setdefault(book, []).append(one)

    async def open_and_work() -> Any:
        async with AsyncExitStack() as stack:
            opened = None
            if suppressions is not None:
                opened = await stack.enter_async_context(open_suppressions(suppressions, create=create))
            named = {name: await stack.enter_async_context(crossbook.open(name)) for name in dict.fromkeys(books)}
            more = {"ids": chosen, "journals": journals or (), "journal_key": read_journal_key(), "jobs": jobs}
            return await work(named, {**given, **more, "suppressions": opened})

    return run(open_and_work)


def _describe(place: ErasedPlace) -> str:
    return "; ".join(dict.fromkeys(place.not_searched.values()))
