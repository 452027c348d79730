"""What every test of the contract has: a book on an empty account, and what it asked the vendor for."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, NoReturn, Protocol

import pytest

from crossbook import AddressBook, Attempt, Contact
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import whole
from crossbook_testing.contract.spoiling import Spoiling


class MakeBook(Protocol):
    """Makes a book, not yet opened, with these options."""

    def __call__(self, **options: Any) -> AddressBook: ...


Make = MakeBook
Stored = Callable[[], int]
Requests = Counter[str]


def claims(profile: VendorProfile, *adapter: str) -> bool:
    """Whether the profile says that the vendor can do all of these."""
    return all(profile.capability(verb).support != "unsupported" for verb in adapter)


def needs(profile: VendorProfile, *adapter: str) -> None:
    """Skips the test where the profile does not claim these."""
    for verb in adapter:
        if not claims(profile, verb):
            pytest.skip(f"{profile.title} has no {verb}")


def _yours(fixture: str, what: str) -> NoReturn:
    pytest.fail(f"define the fixture {fixture} in your test class: it {what}. See docs/add-a-vendor.md", pytrace=False)


@pytest.mark.anyio
class Fixtures:
    """The fixtures; two of them are the vendor's own."""

    @pytest.fixture
    def make_book(self) -> MakeBook:
        """Yours: makes a book on a fresh and empty account."""
        _yours("make_book", "returns what makes a book, with options, on an empty account")

    @pytest.fixture
    def stored(self) -> Stored:
        """Yours: how many contacts the account holds, as the server knows it."""
        _yours("stored", "returns what tells how many contacts the server holds")

    @pytest.fixture
    def requests(self) -> Requests:
        """How often each operation of the vendor was asked for since the test began."""
        return Counter()

    @pytest.fixture
    def make(self, make_book: MakeBook, requests: Requests) -> Make:
        """Makes a book whose requests are counted."""

        def watch(attempt: Attempt) -> None:
            requests[attempt.operation] += 1

        return lambda **options: make_book(**{"on_attempt": watch, **options})

    @pytest.fixture
    async def book(self, make: Make) -> AsyncIterator[AddressBook]:
        """A book that is open."""
        async with make() as book:
            yield book

    @pytest.fixture
    def profile(self, make_book: MakeBook) -> VendorProfile:
        """What the vendor claims."""
        return make_book().profile

    @pytest.fixture
    async def group(self, book: AddressBook) -> str:
        """The id of a group; empty where the vendor has none."""
        return (await book.groups.create("Friends")).id if claims(book.profile, "groups.create") else ""

    @pytest.fixture
    async def someone(self, book: AddressBook, profile: VendorProfile, group: str) -> str:
        """The id of a contact, in that group."""
        return (await book.contacts.create(whole(profile, 9, [group]))).id

    @pytest.fixture
    def spoil(self, book: AddressBook) -> Spoiling:
        """What a request comes to instead of the vendor's answer."""
        return Spoiling.of(book)

    @pytest.fixture
    def stranger(self, profile: VendorProfile) -> Contact:
        """Somebody who is not in the account."""
        return whole(profile, 8)
