"""`crossbook profile …`: list, show, set and remove profiles, which keep the credentials of accounts."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

import typer

from crossbook.errors import InvalidInputError
from crossbook_cli import config
from crossbook_cli.config import Account, Setting
from crossbook_cli.options import Json
from crossbook_cli.output import print_json, print_message, print_row

profile = typer.Typer(help="Keep the credentials of accounts in profiles.", no_args_is_help=True)


def complete_profile(incomplete: str) -> list[str]:
    """Return the names of profiles that begin with `incomplete`, for shell completion."""
    try:
        return [name for name in config.load_profiles() if name.startswith(incomplete)]
    except (InvalidInputError, OSError):
        return []


Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the profile.", autocompletion=complete_profile)]
BookName = Annotated[
    str, typer.Argument(metavar="BOOK", help="A vendor, or a name of yours for an account: give its vendor=NAME too.")
]


@profile.command("list")
def list_profiles(json: Json = False) -> None:
    """List the profiles and their books. The profile of CROSSBOOK_PROFILE is marked."""
    profiles = config.load_profiles()
    chosen = os.environ.get(config.PROFILE_VARIABLE)
    for name, books in profiles.items():
        if json:
            print_json({"profile": name, "books": list(books), "active": name == chosen})
        else:
            print_row([name, ", ".join(books), "active" if name == chosen else ""])
    if not json:
        path = config.find_path()
        print_message(
            f"From {path}."
            if profiles
            else f"There are no profiles in {path}: crossbook profile set NAME BOOK makes one."
        )


@profile.command("show")
def show(name: Name, json: Json = False) -> None:
    """Show what a profile holds, without its secrets."""
    for book, account in config.get_profile(config.load_profiles(), name).items():
        shown = {parameter: _describe(parameter, setting) for parameter, setting in account.items()}
        if json:
            print_json({"book": book, "parameters": shown})
            continue
        for parameter, text in shown.items():
            print_row([book, parameter, text])


@profile.command("set")
def set_account(
    name: Name,
    book: BookName,
    parameters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PARAMETER=VALUE]...",
            help="The parameters that are no secret: username, brand, base_url, account, vendor. An empty value "
            "deletes one.",
        ),
    ] = None,
    keyring: Annotated[
        bool | None,
        typer.Option(
            "--keyring/--no-keyring",
            help="Where to store the secrets: in the keyring of the system (extra keyring), or in the file, which only "
            "you can read. By default in the keyring if there is one.",
        ),
    ] = None,
) -> None:
    """Store an account in a profile, and ask for its secrets.

    Secrets are never arguments, which other users of the machine can see. The command asks for each without showing it;
    Enter keeps a stored secret. If standard input is no terminal, each secret is a line of it.

    Examples:

    crossbook profile set work vercom brand=redlink

    crossbook profile set work serwersms username=anna < password.txt

    crossbook profile set work eu vendor=vercom
    """
    stored = config.load_profiles().get(_check_name(name), {}).get(book, {})
    values = _parse_assignments(parameters or [])
    account: Account = {key: setting for key, setting in stored.items() if values.get(key, True)}
    account |= {key: Setting(text=text) for key, text in values.items() if text}
    vendor, allowed = config.list_parameters(book, {key: setting.text for key, setting in account.items()})
    for parameter in values:
        if parameter not in allowed:
            raise InvalidInputError(
                f"the book {book} has no parameter {parameter}: use {', '.join(allowed)}", field=parameter
            )
    # SerwerSMS takes a token, or username and password: a username chooses.
    choices = vendor.credentials
    chosen = next((each for each in choices if "username" in each and "username" in account), choices[0])
    needed = (*chosen, *(() if vendor.base_urls else ("base_url",)))
    for parameter in needed:
        if not config.is_secret(parameter) and parameter not in account:
            raise InvalidInputError(f"the book {book} needs its {parameter}: add {parameter}=VALUE", field=parameter)
    account = {key: setting for key, setting in account.items() if key in needed or key not in sum(choices, ())}
    secrets = {
        parameter: _ask(book, parameter, optional=parameter not in chosen, is_stored=parameter in account)
        for parameter in (*chosen, *vendor.optional_credentials)
        if config.is_secret(parameter)
    }
    use_keyring = config.has_keyring() if keyring is None else keyring
    for parameter, secret in secrets.items():
        if not secret and keyring is not None and parameter in account:
            secret = account[parameter].read()  # kept, and moved to where the option says
        if secret:
            account[parameter] = _store(f"{name}/{book}/{parameter}", secret, use_keyring=use_keyring)
    stored_in_file = any(account[parameter].text for parameter in secrets if parameter in account)
    path = config.save_account(name, book, account)
    _delete_secrets(stored, kept=account)
    where = (
        f"its secrets are in {path}, which only you can read" if stored_in_file else "its secrets are in the keyring"
    )
    print_message(f"Stored {book} in the profile {name}; {where}. Try it: crossbook --profile {name} books")


@profile.command("remove")
def remove(
    name: Name,
    book: Annotated[str | None, typer.Argument(metavar="[BOOK]", help="Only this book; by default all.")] = None,
) -> None:
    """Remove a profile, or one book of it, with its secrets."""
    books = config.get_profile(config.load_profiles(), name)
    if book is not None and book not in books:
        raise InvalidInputError(f"the profile {name} has no book {book[:40]!r}: its books are {', '.join(books)}")
    for each in [book] if book is not None else list(books):
        _delete_secrets(books[each], kept={})
        config.save_account(name, each, {})
    print_message(f"Removed {f'{book} from ' if book else ''}the profile {name}.")


def _check_name(name: str) -> str:
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise InvalidInputError("a profile's name has letters, digits, - and _ only: choose another name", field="name")
    return name


def _describe(parameter: str, setting: Setting) -> str:
    if setting.reference is not None:
        return "in the keyring"
    return "in the file, not shown" if config.is_secret(parameter) else str(setting.text)


def _parse_assignments(texts: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        parameter, equals, value = text.partition("=")
        # The text itself is never shown: it may be a secret.
        if not equals or not parameter.isidentifier():
            raise InvalidInputError("write PARAMETER=VALUE, such as brand=redlink", field="parameters")
        if config.is_secret(parameter):
            raise InvalidInputError(
                "a secret must not be an argument, which other users of the machine can see: only username, brand, "
                "base_url, account and vendor can be. Leave it out: the command asks for it. If you have typed it, "
                "delete it from the history of your shell",
                field="parameters",
            )
        values[parameter] = value
    return values


def _ask(book: str, parameter: str, *, optional: bool, is_stored: bool) -> str:
    """Return the secret that the user enters, or "" to keep what is stored, or to leave an optional secret out.

    Raises:
        InvalidInputError: no secret was entered.
    """
    hint = " (Enter keeps it)" if is_stored else " (Enter leaves it out)" if optional else ""
    secret = ""
    with suppress(EOFError):  # Ctrl-D
        secret = getpass.getpass(f"{book} {parameter}{hint}: ") if sys.stdin.isatty() else sys.stdin.readline()
    secret = secret.strip("\r\n")
    if not secret and not (optional or is_stored):
        raise InvalidInputError(
            f"the book {book} needs its {parameter}: enter it when asked, or as a line of standard input"
        )
    return secret


def _store(reference: str, secret: str, *, use_keyring: bool) -> Setting:
    if not use_keyring:
        return Setting(text=secret)
    config.store_secret(reference, secret)
    return Setting(reference=reference)


def _delete_secrets(account: Mapping[str, Setting], *, kept: Mapping[str, Setting]) -> None:
    """Delete the secrets of an account from the keyring, except those that `kept` refers to."""
    used = {setting.reference for setting in kept.values()}
    for setting in account.values():
        if setting.reference is not None and setting.reference not in used:
            config.delete_secret(setting.reference)
