"""Groups by their names: where people go who come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crossbook.book import AddressBook
from crossbook.models import Contact

NOT_MADE = "9" * 18  # stands for a group that a dry run would make; every vendor's pattern lets it through


class Placing:
    """Finds a book's groups by name, and makes those that are missing when somebody first needs them.

    Args:
        book: one that is open.
        dry_run: makes none; who would be in one is put into a group that does not exist.

    Attributes:
        made: the names of the groups that were made, or in a dry run would be.
    """

    def __init__(self, book: AddressBook, *, dry_run: bool = False) -> None:
        self._book = book
        self._dry_run = dry_run
        self._ids: dict[str, str] | None = None
        self.made: list[str] = []

    async def ids(self, names: Iterable[str]) -> tuple[str, ...]:
        """The ids of the groups with these names; of several with one name the first that is listed."""
        if self._ids is None:
            self._ids = {}
            async for group in self._book.groups.list():
                self._ids.setdefault(group.name, group.id)
        found: list[str] = []
        for name in names:
            if name not in self._ids:
                self._ids[name] = NOT_MADE if self._dry_run else (await self._book.groups.create(name)).id
                self.made.append(name)
            found.append(self._ids[name])
        return tuple(dict.fromkeys(found))


def fitted(book: AddressBook, contact: Contact) -> Contact:
    """The contact without the whole name beside its halves, where the vendor stores halves alone."""
    halves = book.card.names == "halves" and (contact.first_name or contact.last_name)
    return replace(contact, name=None) if halves and contact.name else contact
