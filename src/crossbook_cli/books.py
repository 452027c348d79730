"""`crossbook books`: list the books (vendor accounts) that the environment defines, and check that vendors respond."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer

import crossbook
from crossbook.book import BookHealth, check_health
from crossbook.errors import AuthError, CrossbookError, InvalidInputError
from crossbook.registry import list_accounts, list_vendors, load_book_class
from crossbook_cli.errors import AUTH, UNAVAILABLE, USAGE, error_to_dict, name_options
from crossbook_cli.options import Json
from crossbook_cli.output import print_json, print_message, print_row
from crossbook_cli.signals import run


def books(
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Seconds that each vendor has to respond.")
    ] = 5.0,
    json: Json = False,
) -> None:
    """List the books, and check that their vendors respond.

    The check reads one group, or one contact if the vendor has no groups. It costs nothing, and shows whether the
    vendor accepts the credentials. A book without credentials is listed with the first variable that is missing.

    The exit code is 0 if all configured books respond, 3 if credentials are rejected, 4 if a vendor does not respond,
    2 if no book is configured.
    """
    names = [*list_vendors(), *list_accounts()]
    found: dict[str, BookHealth | InvalidInputError] = {}

    async def check(name: str) -> None:
        try:
            book = crossbook.open(name)
        except InvalidInputError as error:
            found[name] = error
            return
        async with book:
            found[name] = await check_health(book, timeout)

    async def check_all() -> None:
        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(check, name)

    run(check_all)
    for name in names:
        _print_book(name, found[name], json=json)
    configured = [each for each in found.values() if isinstance(each, BookHealth)]
    if not configured:
        print_message(
            "No book is configured: set the variables of a vendor, or make a profile with crossbook profile set. "
            "To try without an account: crossbook sandbox --env"
        )
        raise typer.Exit(USAGE)
    errors = [each.error for each in configured if each.error is not None]
    if errors:
        raise typer.Exit(AUTH if any(isinstance(error, AuthError) for error in errors) else UNAVAILABLE)


def _print_book(name: str, found: BookHealth | InvalidInputError, *, json: bool) -> None:
    health = found if isinstance(found, BookHealth) else None
    seconds = None if health is None else health.seconds
    error: CrossbookError | None = found.error if isinstance(found, BookHealth) else found
    try:
        vendor: str | None = load_book_class(name).profile.vendor
    except InvalidInputError:
        vendor = None
    if json:
        print_json(
            {
                "book": name,
                "vendor": vendor,
                "configured": health is not None,
                "healthy": error is None,
                "seconds": seconds,
                "error": None if error is None else error_to_dict(error),
            }
        )
        return
    state = "not configured" if health is None else "healthy" if error is None else "unhealthy"
    print_row([name, vendor, state, name_options(error.message) if error else f"{seconds:.2f} s"])
