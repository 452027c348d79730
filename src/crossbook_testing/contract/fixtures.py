"""The fixtures of every test of the contract, and the check of what a vendor can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

import pytest

from crossbook import AddressBook, Attempt, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact
from crossbook_testing.contract.response_replacer import ResponseReplacer


class MakeBook(Protocol):
    """A function that makes a book with these options. The book is not opened."""

    def __call__(self, **options: Any) -> AddressBook: ...


Make = MakeBook
Stored = Callable[[], int]
Requests = Counter[str]


def has_capability(profile: VendorProfile, *verbs: str) -> bool:
    """Return whether the profile claims that the vendor supports all of these verbs."""
    return all(profile.capability(verb).support != "unsupported" for verb in verbs)


def skip_unless(profile: VendorProfile, *verbs: str) -> None:
    """Skip the test if the vendor does not support all of these verbs."""
    for verb in verbs:
        if not has_capability(profile, verb):
            pytest.skip(f"{profile.title} has no {verb}")


async def assert_invalid(call: Awaitable[object], field: str, match: str | None = None) -> InvalidInputError:
    """Await a call, check that it raises `InvalidInputError` for this field, and return the error.

    Args:
        call: the call.
        field: the field that the error names.
        match: a pattern that the text of the error must match; None for any text.
    """
    with pytest.raises(InvalidInputError, match=match) as caught:
        await call
    assert caught.value.field == field
    return caught.value


@contextmanager
def assert_no_requests(requests: Requests) -> Generator[None]:
    """Check that the block sends no request."""
    before = Counter(requests)
    yield
    assert requests == before


def _fail_undefined(fixture: str, result: str) -> NoReturn:
    pytest.fail(
        f"define the fixture {fixture} in your test class: it returns {result}. See docs/add-a-vendor.md", pytrace=False
    )


@pytest.mark.anyio
class Fixtures:
    """The fixtures of the contract. A vendor's test class defines two of them: `make_book` and `stored`."""

    @pytest.fixture
    def make_book(self) -> MakeBook:
        """Override this fixture: return a function that makes a book on a new and empty account."""
        _fail_undefined("make_book", "a function that makes a book, with options, on an empty account")

    @pytest.fixture
    def stored(self) -> Stored:
        """Override this fixture: return a function that counts the contacts on the server."""
        _fail_undefined("stored", "a function that returns the number of contacts on the server")

    @pytest.fixture
    def requests(self) -> Requests:
        """Return the number of requests of each operation in this test."""
        return Counter()

    @pytest.fixture
    def make(self, make_book: MakeBook, requests: Requests) -> Make:
        """Return a function that makes books whose requests the fixture `requests` counts."""

        def count(attempt: Attempt) -> None:
            requests[attempt.operation] += 1

        return lambda **options: make_book(**{"on_attempt": count, **options})

    @pytest.fixture
    async def book(self, make: Make) -> AsyncIterator[AddressBook]:
        """Return an open book on a new, empty account."""
        async with make() as book:
            yield book

    @pytest.fixture
    def profile(self, make_book: MakeBook) -> VendorProfile:
        """Return the vendor's profile."""
        return make_book().profile

    @pytest.fixture
    async def group(self, book: AddressBook) -> str:
        """Return the id of a new group, or "" if the vendor has no groups."""
        return (await book.groups.create("Friends")).id if has_capability(book.profile, "groups.create") else ""

    @pytest.fixture
    async def contact_id(self, book: AddressBook, profile: VendorProfile, group: str) -> str:
        """Return the id of a new contact in the group of the fixture `group`."""
        return (await book.contacts.create(full_contact(profile, 9, [group]))).id

    @pytest.fixture
    def replacer(self, book: AddressBook) -> ResponseReplacer:
        """Return the object that replaces responses to the book."""
        return ResponseReplacer.install(book)
