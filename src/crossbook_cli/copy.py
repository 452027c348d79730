"""`crossbook copy`: copy contacts from one book (vendor account) to another."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Annotated, Literal

import typer

import crossbook
from crossbook.book import BookOptions
from crossbook_cli.batch_output import BatchOutput
from crossbook_cli.options import BatchCommandOptions, complete_book, open_suppressions, with_batch_options
from crossbook_cli.signals import run


@with_batch_options
def copy(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The book to copy from.", autocompletion=complete_book)
    ],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The book to copy to.", autocompletion=complete_book)],
    group: Annotated[str | None, typer.Option(metavar="ID", help="Only contacts in the group with this id.")] = None,
    groups: Annotated[
        Literal["by_name", "none"],
        typer.Option(help="Add the contacts to the groups of the same names, creating missing groups; or to no group."),
    ] = "by_name",
    into: Annotated[
        str | None, typer.Option(metavar="ID", help="The group of contacts that would be in no group (Atom needs one).")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Omit the fields that cost one request per contact (Atom).")
    ] = False,
    *,
    options: BatchCommandOptions,
) -> None:
    """Copy contacts from one book to another. Nothing is deleted.

    A contact that exists already in the target is skipped; see --match and --on-duplicate. Contacts that opted out are
    skipped and counted, or opted out in the target too (--on-opted-out); no contact is subscribed again. With a field
    that the target does not support a contact fails, unless --on-loss drop is given.

    --json prints {"result": {"item_key", "status", "id", "error", …}} for each contact, where item_key is its id in the
    source, and {"summary": {"counts", …}} at the end.

    Example: crossbook copy serwersms vercom --journal copy.sqlite --dry-run
    """
    with BatchOutput(
        f"{source} to {target}",
        json=options.json,
        skips_existing=options.skips_existing,
        journal=options.journal,
        groups_hint="--into ID names a group for contacts that would be in no group.",
    ) as output:
        arguments = options.arguments()

        async def work() -> None:
            async with AsyncExitStack() as stack:
                more: BookOptions = {"default_group": into, "default_region": options.region}
                if options.suppressions is not None:
                    more["suppressions"] = await stack.enter_async_context(open_suppressions(options.suppressions))
                old = await stack.enter_async_context(crossbook.open(source))
                new = await stack.enter_async_context(crossbook.open(target, **more))
                batch = crossbook.copy(
                    old, new, group=group, groups=groups, full=not quick, progress=output.update_progress, **arguments
                )
                await output.run(batch)

        run(work)
