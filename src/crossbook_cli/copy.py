"""`crossbook copy`: people from one book into another."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

import crossbook
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
    duplicates,
    journal_key,
    names,
)  # fmt: skip
from crossbook_cli.report import Report
from crossbook_cli.signals import run


def copy(
    source: Annotated[str, typer.Argument(metavar="BOOK", help="Whose people.", autocompletion=names)],
    target: Annotated[str, typer.Argument(metavar="BOOK", help="Where they are written.", autocompletion=names)],
    group: Annotated[str | None, typer.Option(metavar="ID", help="Only the contacts of this group id.")] = None,
    groups: Annotated[
        Literal["by_name", "none"],
        typer.Option(help="Into the groups of the same names, made where they are missing; or into none."),
    ] = "by_name",
    into: Annotated[
        str | None, typer.Option(metavar="ID", help="The group of those who would be in none (Atom needs one).")
    ] = None,
    match: Match = None,
    on_duplicate: OnDuplicate = "skip",
    on_unsupported_field: OnUnsupportedField = "error",
    on_error: OnError = "collect",
    include_opted_out: IncludeOptedOut = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Without the fields that cost a call a contact (Atom).")
    ] = False,
    journal: Journal = None,
    uncertain: Uncertain = None,
    same_account: SameAccount = False,
    dry_run: DryRun = False,
    region: Region = None,
    json: Json = False,
) -> None:
    """Copies people from the first book into the second. Nothing is deleted there or here.

    Who is known to have opted out is skipped and counted; nobody is ever subscribed again. A field that the second
    vendor cannot hold fails its person, unless --on-loss drop.

    --json prints {"result": {"item_key", "status", "id", "error", …}} for each person, whose id in the first book is item_key,
    and {"summary": {"counts", …}} at the end.

    Example: crossbook copy serwersms vercom --match phone --journal copy.sqlite --dry-run
    """
    homeless = "--into ID names a group for those who would be in none."
    report = Report(f"{source} to {target}", json=json, journal=journal, homeless=homeless)
    on = duplicates(match, on_duplicate)

    async def work() -> None:
        async with (
            crossbook.open(source) as old,
            crossbook.open(target, default_group=into, default_region=region) as new,
        ):
            batch = crossbook.copy(
                old, new,
                group=group, groups=groups, match=match, on_duplicate=on, on_unsupported_field=on_unsupported_field,
                include_opted_out=include_opted_out, full=not quick,
                journal=journal, journal_key=journal_key(), same_account=same_account,
                uncertain=uncertain, dry_run=dry_run, on_error=on_error, progress=report.progress,
            )  # fmt: skip
            await report.watch(batch)

    try:
        run(work)
    except (Exception, KeyboardInterrupt) as error:
        report.end(error)
    else:
        report.end()
