"""The contract: what every vendor's book does, whoever the vendor is. Who adds a vendor runs it against it.

Subclass `Contract` in a test module and give it two fixtures; everything else is read off the vendor's profile, so that a
vendor is held to exactly what its profile claims. The tests run under asyncio and trio by anyio's pytest plugin; with
pytest-asyncio beside it, that one must be in its strict mode.

Example:
    ```python
    import pytest
    from crossbook import AddressBook
    from crossbook_testing import Sandbox
    from crossbook_testing.contract import Contract, MakeBook


    class TestFilemail(Contract):
        @pytest.fixture
        def make_book(self, crossbook_sandbox: Sandbox) -> MakeBook:
            return lambda **options: crossbook_sandbox.book("filemail", **options)

        @pytest.fixture
        def stored(self, crossbook_sandbox: Sandbox):
            return lambda: len(crossbook_sandbox.contacts("filemail"))
    ```
"""

from __future__ import annotations

from crossbook_testing.contract.capabilities import CapabilityTests
from crossbook_testing.contract.contacts import Contacts
from crossbook_testing.contract.fields import Fields
from crossbook_testing.contract.finding import Finding
from crossbook_testing.contract.fixtures import MakeBook, Stored
from crossbook_testing.contract.groups import Groups
from crossbook_testing.contract.lifetime import Lifetime
from crossbook_testing.contract.lists import Lists
from crossbook_testing.contract.pages import Pages
from crossbook_testing.contract.phones import Phones
from crossbook_testing.contract.profiles import ProfileTests
from crossbook_testing.contract.trouble import Trouble
from crossbook_testing.contract.updates import Updates

__all__ = ["Contract", "MakeBook", "Stored"]


class Contract(
    ProfileTests, Contacts, Fields, Finding, Groups, Lifetime, Lists, Pages, Phones, Trouble, Updates, CapabilityTests
):  # fmt: skip
    """Every test of the contract. Subclass it, and override `make_book` and `stored`.

    Fixtures to override:
        make_book: makes a book, not yet opened, on a fresh and empty account; it takes the book's options.
        stored: tells how many contacts the account holds now, asked of the server and not of crossbook.
    """
