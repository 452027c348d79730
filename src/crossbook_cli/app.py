"""Assemble the command `crossbook`: its subcommands, its help text and --version."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

import crossbook
from crossbook_cli.books import books
from crossbook_cli.capabilities import capabilities
from crossbook_cli.config import ENV_FILE_VARIABLE, PROFILE_VARIABLE, use_environment
from crossbook_cli.contacts import contacts
from crossbook_cli.copy import copy
from crossbook_cli.erase import erase, person
from crossbook_cli.errors import EXIT_CODES, CommandGroup, name_profile
from crossbook_cli.export import export
from crossbook_cli.fleet import fleet
from crossbook_cli.groups import groups
from crossbook_cli.import_ import import_file
from crossbook_cli.journal import journal
from crossbook_cli.profile import complete_profile, profile
from crossbook_cli.sandbox import sandbox
from crossbook_cli.suppress import suppress
from crossbook_cli.verify import verify

_HELP = f"""
One address book over SerwerSMS, Atom Telecom, Filemail and Vercom.

A BOOK is a vendor (serwersms, atom, filemail, vercom) or an account of a vendor that the environment names: eu if
CROSSBOOK_EU_VENDOR is vercom. Credentials come only from the environment. "crossbook books" lists the books and the
variables that are missing.

Results go to standard output, messages and progress to standard error. --json prints JSON; a list is one object per
line.

Exit codes: {EXIT_CODES}
"""

_ANYWHERE = ("--profile", "--env-file")  # options that can come before or after the command


class _RootGroup(CommandGroup):
    """The command itself, with options for the environment that can be given anywhere in the command line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _move_to_front(args))


def _move_to_front(arguments: list[str]) -> list[str]:
    """Move --profile and --env-file with their values before the command. Stop at `--`."""
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            return [*front, *rest, argument, *remaining]
        if argument in _ANYWHERE:
            front += [argument, *islice(remaining, 1)]
        elif argument.startswith(tuple(f"{option}=" for option in _ANYWHERE)):
            front.append(argument)
        else:
            rest.append(argument)
    return [*front, *rest]


app = typer.Typer(
    name="crossbook",
    cls=_RootGroup,
    help=_HELP,
    no_args_is_help=True,
    # The tables of rich cut words at 80 columns, and leave 18 columns for the text of an option.
    rich_markup_mode=None,
    # A traceback with locals would show phones and credentials.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"crossbook {crossbook.__version__}")
        raise typer.Exit


@app.callback()
def _add_options(
    ctx: typer.Context,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Use the accounts of this profile and no others (or {PROFILE_VARIABLE}); also after the command.",
            autocompletion=complete_profile,
        ),
    ] = None,
    env_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=f"Read variables from FILE, such as .env, unless the environment has them (or {ENV_FILE_VARIABLE}).",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001  (its callback prints it)
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Use the profile and the file of variables that the options name, until the command ends."""
    if ctx.invoked_subcommand != "profile":  # these commands must work with a profile that does not exist yet
        name_profile(ctx.with_resource(use_environment(profile, env_file)))


app.command()(books)
app.command()(capabilities)
app.add_typer(contacts, name="contacts")
app.add_typer(groups, name="groups")
app.command("import")(import_file)
app.command()(export)
app.command()(copy)
app.add_typer(journal, name="journal")
app.add_typer(profile, name="profile")
app.add_typer(suppress, name="suppress")
app.command()(erase)
app.command()(person)
app.add_typer(fleet, name="fleet")
app.command()(verify)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})(
    sandbox
)
