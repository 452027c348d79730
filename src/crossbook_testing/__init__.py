"""Test an application that uses crossbook, without a network or an account (extra `testing`).

pytest loads the fixtures `crossbook_sandbox`, `crossbook_book` and `crossbook_clock`. Without pytest, `Sandbox` is a
context manager. `crossbook_testing.contract` is the test suite that every vendor passes, also a vendor of your own.

Example:
    ```python
    import pytest
    from crossbook import AddressBook, Contact, NoResponseError
    from crossbook_testing import BookFactory, Sandbox


    async def sign_up(book: AddressBook, email: str) -> None:
        await book.contacts.create(Contact(email=email))


    @pytest.mark.anyio
    async def test_sign_up_not_retried(crossbook_sandbox: Sandbox, crossbook_book: BookFactory) -> None:
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
    from crossbook_testing.accounts import BookFactory, Switches, VendorName
    from crossbook_testing.calls import Call
    from crossbook_testing.clock import Clock
    from crossbook_testing.faults import FaultKind, FaultSettings, InjectedFault
    from crossbook_testing.sandbox import Sandbox, SandboxAccount
    from crossbook_testing.storage import SeededData

# Imported at first use, as in `crossbook`: a pytest run without the fixtures does not import a server.
_LAZY = {
    "BookFactory": "accounts",
    "Call": "calls",
    "Clock": "clock",
    "FaultKind": "faults",
    "FaultSettings": "faults",
    "InjectedFault": "faults",
    "Sandbox": "sandbox",
    "SandboxAccount": "sandbox",
    "SeededData": "storage",
    "Switches": "accounts",
    "VendorName": "accounts",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'crossbook_testing' has no attribute {name!r}")
    value = getattr(import_module(f"crossbook_testing.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "BookFactory",
    "Call",
    "Clock",
    "FaultKind",
    "FaultSettings",
    "InjectedFault",
    "Sandbox",
    "SandboxAccount",
    "SeededData",
    "Switches",
    "VendorName",
]
