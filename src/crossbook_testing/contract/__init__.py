"""The contract: the tests that every vendor's book must pass. To add a vendor, run the contract against its book.

Subclass `Contract` in a test module and define two fixtures. The tests read everything else from the vendor's profile,
so that they check exactly what the profile claims. They run under asyncio and trio by anyio's pytest plugin.
pytest-asyncio, if installed, must be in strict mode.

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
from crossbook_testing.contract.contacts import ContactTests
from crossbook_testing.contract.errors import ErrorTests
from crossbook_testing.contract.fields import FieldTests
from crossbook_testing.contract.find import FindTests
from crossbook_testing.contract.fixtures import MakeBook, Stored
from crossbook_testing.contract.groups import GroupTests
from crossbook_testing.contract.lifetime import LifetimeTests
from crossbook_testing.contract.lists import ListTests
from crossbook_testing.contract.opt_outs import OptOutTests
from crossbook_testing.contract.pages import PageTests
from crossbook_testing.contract.phones import PhoneTests
from crossbook_testing.contract.profiles import ProfileTests
from crossbook_testing.contract.updates import UpdateTests
from crossbook_testing.contract.upserts import UpsertTests

__all__ = ["Contract", "MakeBook", "Stored"]


class Contract(
    ProfileTests, ContactTests, FieldTests, FindTests, GroupTests, LifetimeTests, ListTests, PageTests, PhoneTests,
    ErrorTests, UpdateTests, UpsertTests, OptOutTests, CapabilityTests,
):  # fmt: skip
    """All tests of the contract. Subclass it and override two fixtures.

    Fixtures to override:
        make_book: returns a function that makes a book, not yet opened, on a new and empty account. The function takes
            the book's options.
        stored: returns a function that returns the number of contacts in the account. The function asks the server,
            not crossbook.
    """
