"""For the tests of an application that uses crossbook (extra `testing`): four vendors without a network or an account.

pytest finds the fixtures by itself: `crossbook_sandbox`, `crossbook_book` and `crossbook_clock`. Elsewhere `Sandbox` is
a context manager. `crossbook_testing.contract` is the suite that every vendor passes, also one of your own.

Example:
    ```python
    import pytest
    from crossbook import AddressBook, Contact, NoResponseError
    from crossbook_testing import Books, Sandbox


    async def sign_up(book: AddressBook, email: str) -> None:
        await book.contacts.create(Contact(email=email))


    @pytest.mark.anyio
    async def test_signing_up_is_not_repeated_blindly(crossbook_sandbox: Sandbox, crossbook_book: Books) -> None:
        crossbook_sandbox.inject_fault("create", kind="reset", when="after")
        async with crossbook_book("vercom") as book:
            with pytest.raises(NoResponseError):
                await sign_up(book, "anna@example.com")
        crossbook_sandbox.assert_called("create", times=1)
        assert [contact.email for contact in crossbook_sandbox.contacts("vercom")] == ["anna@example.com"]
    ```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossbook_testing.accounts import Books, Switches, VendorName
    from crossbook_testing.calls import Call
    from crossbook_testing.clock import Clock
    from crossbook_testing.faults import Armed, FaultKind, FaultSettings
    from crossbook_testing.sandbox import Sandbox
    from crossbook_testing.storage import Seeded

# Imported when first asked for, as in `crossbook`: pytest alone must not pay for a server.
_LATER = {
    "Armed": "faults",
    "Books": "accounts",
    "Call": "calls",
    "Clock": "clock",
    "FaultKind": "faults",
    "FaultSettings": "faults",
    "Sandbox": "sandbox",
    "Seeded": "storage",
    "Switches": "accounts",
    "VendorName": "accounts",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'crossbook_testing' has no attribute {name!r}")
    value = getattr(import_module(f"crossbook_testing.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Armed",
    "Books",
    "Call",
    "Clock",
    "FaultKind",
    "FaultSettings",
    "Sandbox",
    "Seeded",
    "Switches",
    "VendorName",
]
