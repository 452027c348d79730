"""`crossbook books`: what the environment has credentials for, and whether it answers."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer

import crossbook
from crossbook.book import BookHealth, check_health
from crossbook.errors import AuthError, CrossbookError, InvalidInputError
from crossbook.registry import list_accounts, list_vendors, load_book_class
from crossbook_cli.errors import AUTH, UNAVAILABLE, Stopped, record
from crossbook_cli.options import Json
from crossbook_cli.output import out, row, say
from crossbook_cli.signals import run


def books(
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that a vendor has to answer.")] = 5.0,
    json: Json = False,
) -> None:
    """Which books the environment has credentials for, and whether their vendors answer.

    Each vendor is asked for one group, or one contact where it has no groups: a read that costs nothing and shows
    whether the credentials are accepted. Books without credentials are listed with the first variable that is missing.

    The exit code is 0 if all that are configured answer, 3 if credentials are refused, 4 if a vendor does not answer, 2
    if nothing is configured.
    """
    found: dict[str, BookHealth | InvalidInputError] = {}

    async def look(name: str) -> None:
        try:
            book = crossbook.open(name)
        except InvalidInputError as error:
            found[name] = error
            return
        async with book:
            found[name] = await check_health(book, timeout)

    async def look_all() -> None:
        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(look, name)

    names = [*list_vendors(), *list_accounts()]
    run(look_all)
    for name in names:
        _show(name, found[name], json=json)
    health = [each for each in found.values() if isinstance(each, BookHealth)]
    if not health:
        say("No book is configured: set a vendor's variables. To try without an account: crossbook sandbox --env")
        raise Stopped(2)
    wrong = [each.error for each in health if each.error is not None]
    if wrong:
        raise Stopped(AUTH if any(isinstance(error, AuthError) for error in wrong) else UNAVAILABLE)


def _show(name: str, found: BookHealth | InvalidInputError, *, json: bool) -> None:
    error: CrossbookError | None = found if isinstance(found, InvalidInputError) else found.error
    configured = isinstance(found, BookHealth)
    seconds = found.seconds if isinstance(found, BookHealth) else None
    if json:
        out(
            {
                "book": name,
                "vendor": _vendor(name),
                "configured": configured,
                "answers": configured and error is None,
                "seconds": seconds,
                "error": None if error is None else record(error),
            }
        )
        return
    state = "not configured" if not configured else "answers" if error is None else "does not answer"
    row([name, _vendor(name) or "", state, error.message if error else f"{seconds:.2f} s"])


def _vendor(name: str) -> str | None:
    try:
        vendor: str = load_book_class(name).profile.vendor
    except InvalidInputError:
        return None
    return vendor
