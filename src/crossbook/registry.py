"""The books by name: `crossbook.open("vercom")`, and the grid of what each vendor can."""

from __future__ import annotations

import os
import re
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

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
def open(name: str, **options: Unpack[BookOptions]) -> AddressBook:
    """Makes a book by name, its credentials from the environment (see each vendor's `from_env`).

    A further account of a vendor has a name of its own, `eu` for instance: CROSSBOOK_EU_VENDOR says whose it is
    (`vercom`), and its other variables are the vendor's with this name: CROSSBOOK_EU_AUTHORIZATION … Its name is what
    a journal knows the account by, unless it has a user name or CROSSBOOK_EU_ACCOUNT says another.

    Args:
        name: "serwersms", "atom", "filemail" or "vercom", or a named account (small letters, digits and dashes; a dash
            is an underscore in its variables).
        options: see `BookOptions`.

    Raises:
        InvalidInputError: no such book, or a variable that is missing.

    Example:
        ```python
        async with crossbook.open("vercom") as book:
            print(await book.groups.list())
        ```
    """
    kind = load_book_class(name)
    if "account" in options:
        variable = environment_variable(name, "account")
        raise InvalidInputError(f"a book of the environment is named there: set {variable}", field="account")
    made: AddressBook = kind.from_env(None if name == kind.profile.vendor else name, **options)
    return made


def load_book_class(name: str) -> Any:
    """The class of the vendor of a book: by the vendor's own name, or by that of a named account."""
    if is_one_of(name, VENDORS) or is_one_of(name, load_entry_points()):
        return load_vendor(name)
    named = isinstance(name, str) and _NAME.fullmatch(name)  # pyright: ignore[reportUnnecessaryIsInstance]
    variable = environment_variable(name, "vendor") if named else ""
    vendors = ", ".join(list_vendors())
    if not os.environ.get(variable):
        hint = f", or set {variable} to the vendor of an account of that name" if named else ""
        raise InvalidInputError(f"there is no vendor {str(name)[:40]!r}: take one of {vendors}{hint}", field="name")
    if os.environ[variable] not in list_vendors():
        raise InvalidInputError(f"{variable} is one of {vendors}", field=variable)
    return load_vendor(os.environ[variable])


def list_accounts() -> list[str]:
    """The accounts that the environment names beside the vendors' own, in alphabetical order."""
    found = (_ACCOUNT.fullmatch(variable) for variable in os.environ)
    return sorted(each[1].lower().replace("_", "-") for each in found if each and each[1].lower() not in VENDORS)


def load_vendor(name: str) -> Any:
    """The class of a vendor, imported only now."""
    if not is_one_of(name, VENDORS):
        # Looked for only now: it takes longer than all else here.
        others = load_entry_points()
        if not is_one_of(name, others):
            raise InvalidInputError(
                f"there is no vendor {str(name)[:40]!r}: take one of {', '.join(list_vendors())}", field="name"
            )
        return others[name].load()
    return getattr(import_module(f"crossbook.vendors.{name}"), VENDORS[name])


def load_entry_points() -> dict[str, EntryPoint]:
    """The vendors that other packages bring, by name: entry points of the group `crossbook.vendors`.

    One of the four cannot be replaced so.
    """
    return {point.name: point for point in entry_points(group="crossbook.vendors") if point.name not in VENDORS}


def list_vendors() -> list[str]:
    """All vendors by name: the four, and those that other packages bring."""
    return [*VENDORS, *load_entry_points()]


def capabilities() -> dict[str, dict[str, Capability]]:
    """What each vendor can: verb → vendor → `native`, `emulated` or `unsupported`, with a note.

    Example:
        ```python
        grid = crossbook.capabilities()
        assert grid["contacts.unsubscribe"]["atom"].support == "unsupported"
        ```
    """
    profiles = {name: load_vendor(name).profile for name in list_vendors()}
    adapter = list(dict.fromkeys(verb for profile in profiles.values() for verb in profile.capabilities))
    return {verb: {name: profile.capability(verb) for name, profile in profiles.items()} for verb in adapter}
