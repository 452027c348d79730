"""The vendors by name: `crossbook.open("vercom")`, and the grid of what each can."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from crossbook.book import AddressBook, BookOptions
from crossbook.core.card import Verb
from crossbook.errors import InvalidInput

if TYPE_CHECKING:
    from crossbook.vendors.atom import Atom
    from crossbook.vendors.filemail import Filemail
    from crossbook.vendors.serwersms import SerwerSMS
    from crossbook.vendors.vercom import Vercom

VENDORS = {"serwersms": "SerwerSMS", "atom": "Atom", "filemail": "Filemail", "vercom": "Vercom"}


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
    """Makes a book by the vendor's name, its credentials from the environment (see each vendor's `from_env`).

    Args:
        name: "serwersms", "atom", "filemail" or "vercom".
        options: see `BookOptions`.

    Raises:
        InvalidInput: no such vendor, or a variable that is missing.

    Example:
        ```python
        async with crossbook.open("vercom") as book:
            print(await book.groups.list())
        ```
    """
    made: AddressBook = vendor(name).from_env(**options)
    return made


def vendor(name: str) -> Any:
    """The class of a vendor, imported only now."""
    if name not in VENDORS:
        raise InvalidInput(f"there is no vendor {name[:40]!r}: take one of {', '.join(VENDORS)}", field="name")
    return getattr(import_module(f"crossbook.vendors.{name}"), VENDORS[name])


def capabilities() -> dict[str, dict[str, Verb]]:
    """What each vendor can: verb → vendor → `native`, `emulated` or `unsupported`, with a note.

    Example:
        ```python
        grid = crossbook.capabilities()
        assert grid["contacts.unsubscribe"]["atom"].support == "unsupported"
        ```
    """
    cards = {name: vendor(name).card for name in VENDORS}
    verbs = list(dict.fromkeys(verb for card in cards.values() for verb in card.verbs))
    return {verb: {name: card.verb(verb) for name, card in cards.items()} for verb in verbs}
