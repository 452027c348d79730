"""Find vendors by name: `crossbook.open("vercom")`, and the table of what each vendor supports."""

from __future__ import annotations

import os
import re
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from crossbook._suggestions import did_you_mean
from crossbook._tracebacks import hide_internal_frames
from crossbook._validation import is_one_of
from crossbook.book import AddressBook, BookOptions
from crossbook.errors import InvalidInputError
from crossbook.vendor import Capability, environment_variable

if TYPE_CHECKING:
    from crossbook.vendors.atom import Atom
    from crossbook.vendors.filemail import Filemail
    from crossbook.vendors.serwersms import SerwerSMS
    from crossbook.vendors.vercom import Vercom

VENDORS = {"serwersms": "SerwerSMS", "atom": "Atom", "filemail": "Filemail", "vercom": "Vercom"}
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ACCOUNT = re.compile(r"CROSSBOOK_([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)_VENDOR")


@overload
def open(name: Literal["serwersms"], **options: Unpack[BookOptions]) -> SerwerSMS: ...
@overload
def open(name: Literal["atom"], **options: Unpack[BookOptions]) -> Atom: ...
@overload
def open(name: Literal["filemail"], **options: Unpack[BookOptions]) -> Filemail: ...
@overload
def open(name: Literal["vercom"], **options: Unpack[BookOptions]) -> Vercom: ...
@overload
def open(name: str, **options: Unpack[BookOptions]) -> AddressBook: ...
@hide_internal_frames
def open(name: str, **options: Unpack[BookOptions]) -> AddressBook:
    """Make a book of the named vendor or account, with its credentials from environment variables.

    A further account of a vendor has its own name, for example `eu`. CROSSBOOK_EU_VENDOR names the vendor (`vercom`),
    and the other variables have this name instead of the vendor's: CROSSBOOK_EU_AUTHORIZATION and so on. A journal
    knows the account by its user name or CROSSBOOK_EU_ACCOUNT; without either, by this name.

    Args:
        name: "serwersms", "atom", "filemail" or "vercom", or a named account (small letters, digits and dashes; a dash
            is an underscore in its variables).
        options: see `BookOptions`.

    Raises:
        InvalidInputError: the name is unknown, or a variable is missing.

    Example:
        ```python
        async with crossbook.open("vercom") as book:
            print(await book.groups.list())
        ```
    """
    kind = load_book_class(name)
    if "account" in options:
        variable = environment_variable(name, "account")
        raise InvalidInputError(
            f"account cannot be passed to open(): set the environment variable {variable}", field="account"
        )
    book: AddressBook = kind.from_env(None if name == kind.profile.vendor else name, **options)
    return book


def load_book_class(name: str) -> Any:
    """Return the book class for a name: a vendor's name, or the name of an account in the environment."""
    if is_one_of(name, VENDORS) or is_one_of(name, find_entry_points()):
        return load_vendor(name)
    is_valid = is_account_name(name)
    variable = environment_variable(name, "vendor") if is_valid else ""
    if not os.environ.get(variable):
        hint = f", or set {variable} to the vendor of an account with that name" if is_valid else ""
        raise _unknown_vendor(name, hint)
    if os.environ[variable] not in list_vendors():
        close = did_you_mean(os.environ[variable], list_vendors())
        raise InvalidInputError(f"{variable} must be one of {', '.join(list_vendors())}{close}", field=variable)
    return load_vendor(os.environ[variable])


def is_account_name(name: object) -> bool:
    """Return whether an account can have this name: small letters, digits and dashes."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def load_vendor(name: str) -> Any:
    """Import the book class of the vendor with this name, and return it."""
    if is_one_of(name, VENDORS):
        return getattr(import_module(f"crossbook.vendors.{name}"), VENDORS[name])
    others = find_entry_points()  # slow, so only for other names
    if not is_one_of(name, others):
        raise _unknown_vendor(name)
    return others[name].load()


def _unknown_vendor(name: object, hint: str = "") -> InvalidInputError:
    vendors = list_vendors()
    close = did_you_mean(name, [*vendors, *list_accounts()])
    return InvalidInputError(
        f"there is no vendor {str(name)[:40]!r}{close}: use one of {', '.join(vendors)}{hint}", field="name"
    )


def list_accounts() -> list[str]:
    """Return the names of the accounts that environment variables (CROSSBOOK_<NAME>_VENDOR) define, sorted."""
    found = (_ACCOUNT.fullmatch(variable) for variable in os.environ)
    return sorted(each[1].lower().replace("_", "-") for each in found if each and each[1].lower() not in VENDORS)


def find_entry_points() -> dict[str, EntryPoint]:
    """Return the vendors that other installed packages add: name → entry point of the group `crossbook.vendors`.

    They cannot replace one of the four.
    """
    return {point.name: point for point in entry_points(group="crossbook.vendors") if point.name not in VENDORS}


def list_vendors() -> list[str]:
    """Return the names of all vendors: crossbook's four, and those that other installed packages add."""
    return [*VENDORS, *find_entry_points()]


def capabilities() -> dict[str, dict[str, Capability]]:
    """Return what each vendor supports: method → vendor → `native`, `emulated` or `unsupported`, with a note.

    Example:
        ```python
        grid = crossbook.capabilities()
        assert grid["contacts.unsubscribe"]["atom"].support == "unsupported"
        ```
    """
    profiles = {name: load_vendor(name).profile for name in list_vendors()}
    methods = dict.fromkeys(method for profile in profiles.values() for method in profile.capabilities)
    return {method: {name: profile.capability(method) for name, profile in profiles.items()} for method in methods}
