"""`crossbook copy`: copy contacts from one book (vendor account) to another."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

import crossbook
from crossbook_cli.batch_output import BatchOutput
from crossbook_cli.options import (
    DryRun,
    IncludeOptedOut,
    Journal,
    Json,
    Match,
    OnDuplicate,
    OnError,
    OnUnsupportedField,
    Region,
    SameAccount,
    Uncertain,
    complete_book,
    read_journal_key,
    resolve_on_duplicate,
)  # fmt: skip
from crossbook_cli.signals import run


def copy(
    source: Annotated[str, typer.Argument(metavar="BOOK", help="The book to copy from.", autocompletion=complete_book)],
    target: Annotated[str, typer.Argument(metavar="BOOK", help="The book to copy to.", autocompletion=complete_book)],
    group: Annotated[str | None, typer.Option(metavar="ID", help="Only contacts in the group with this id.")] = None,
    groups: Annotated[
        Literal["by_name", "none"],
        typer.Option(help="Add the contacts to the groups of the same names, creating missing groups; or to no group."),
    ] = "by_name",
    into: Annotated[
        str | None, typer.Option(metavar="ID", help="The group of contacts that would be in no group (Atom needs one).")
    ] = None,
    match: Match = None,
    on_duplicate: OnDuplicate = "skip",
    on_unsupported_field: OnUnsupportedField = "error",
    on_error: OnError = "collect",
    include_opted_out: IncludeOptedOut = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Omit the fields that cost one request per contact (Atom).")
    ] = False,
    journal: Journal = None,
    uncertain: Uncertain = None,
    same_account: SameAccount = False,
    dry_run: DryRun = False,
    region: Region = None,
    json: Json = False,
) -> None:
    """Copy contacts from the first book to the second. Nothing is deleted.

    Contacts that opted out are skipped and counted; no contact is ever subscribed again. A contact with a field that
    the second vendor does not support fails, unless --on-loss drop is given.

    --json prints {"result": {"item_key", "status", "id", "error", …}} for each contact, where item_key is its id in the
    first book, and {"summary": {"counts", …}} at the end.

    Example: crossbook copy serwersms vercom --match phone --journal copy.sqlite --dry-run
    """
    with BatchOutput(
        f"{source} to {target}",
        json=json,
        journal=journal,
        groups_hint="--into ID names a group for contacts that would be in no group.",
    ) as output:
        on_duplicate_of_batch = resolve_on_duplicate(match, on_duplicate)

        async def work() -> None:
            async with (
                crossbook.open(source) as old,
                crossbook.open(target, default_group=into, default_region=region) as new,
            ):
                batch = crossbook.copy(
                    old, new,
                    group=group, groups=groups, match=match, on_duplicate=on_duplicate_of_batch,
                    on_unsupported_field=on_unsupported_field, include_opted_out=include_opted_out, full=not quick,
                    journal=journal, journal_key=read_journal_key(), same_account=same_account,
                    uncertain=uncertain, dry_run=dry_run, on_error=on_error, progress=output.update_progress,
                )  # fmt: skip
                await output.run(batch)

        run(work)
