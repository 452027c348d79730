"""In a sandbox no book reaches another server, whatever the environment says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

import crossbook
from crossbook import AddressBook, UsageError, Vercom
from crossbook.registry import load_vendor
from crossbook_testing import BookFactory, Sandbox

pytestmark = pytest.mark.anyio

REAL = {
    "CROSSBOOK_SERWERSMS_TOKEN": "real-token",
    "CROSSBOOK_SERWERSMS_BASE_URL": "https://real.example.com",
    "CROSSBOOK_ATOM_TOKEN": "real-token",
    "CROSSBOOK_ATOM_BASE_URL": "https://real.example.com",
    "CROSSBOOK_FILEMAIL_USERNAME": "real@example.com",
    "CROSSBOOK_FILEMAIL_PASSWORD": "real-password",
    "CROSSBOOK_VERCOM_AUTHORIZATION": "real-authorization",
    "CROSSBOOK_VERCOM_APPLICATION_KEY": "real-key",
    "CROSSBOOK_VERCOM_BRAND": "messageflow",
}


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's machine, with accounts; and a network of which nothing may be asked."""
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something looked for a host")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


async def test_from_env_reaches_sandbox(
    real: None, crossbook_sandbox: Sandbox, crossbook_book: BookFactory, vendor: str
) -> None:
    crossbook_sandbox.seed(vendor, contacts=3)
    for book in (crossbook_book(vendor), crossbook.open(vendor), load_vendor(vendor).from_env()):
        async with book:
            assert len([contact async for contact in book.contacts.list()]) == 3
            assert repr(book) == f"<{type(book).__name__} at {crossbook_sandbox.base_urls[vendor]}>"
    assert not set(REAL.values()) & {value for name, value in os.environ.items() if name.startswith("CROSSBOOK_")}


async def test_named_accounts_reach_sandbox(
    real: None, crossbook_book: BookFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSBOOK_EU_WEST_VENDOR", "filemail")
    monkeypatch.setenv("CROSSBOOK_EU_WEST_USERNAME", "real@example.com")
    monkeypatch.setenv("CROSSBOOK_EU_WEST_PASSWORD", "real-password")
    with Sandbox() as sandbox:
        sandbox.seed("filemail", contacts=2)
        async with crossbook.open("eu-west") as book:
            assert len([contact async for contact in book.contacts.list()]) == 2
    assert os.environ["CROSSBOOK_EU_WEST_PASSWORD"] == "real-password"


async def test_book_of_another_origin_is_refused(real: None, crossbook_sandbox: Sandbox) -> None:
    with pytest.raises(
        UsageError, match=r"can reach only the sandbox, and this book would reach https://api.emaillabs.io: make"
    ):
        Vercom(REAL["CROSSBOOK_VERCOM_AUTHORIZATION"], REAL["CROSSBOOK_VERCOM_APPLICATION_KEY"])
    with pytest.raises(UsageError, match=r"http://127\.0\.0\.1:9"):
        crossbook.open("vercom", base_url="http://127.0.0.1:9")
    with pytest.raises(UsageError, match=r"https://api\.redlink\.pl"):
        crossbook.open("vercom", base_url="https://api.redlink.pl", transport="httpx2")


@pytest.fixture
def made_before(real: None) -> AddressBook:
    return crossbook.open("vercom")


async def test_book_made_before_sandbox_is_refused(made_before: AddressBook, crossbook_sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match=r"would reach https://api.messageflow.com: make it in the test"):
        async with made_before:
            pass


async def test_environment_is_restored(real: None) -> None:
    before = dict(os.environ)
    with Sandbox():
        assert crossbook.open("atom")
    assert dict(os.environ) == before
    assert repr(crossbook.open("vercom")) == "<Vercom at https://api.messageflow.com>"
    with pytest.raises(ZeroDivisionError), Sandbox():
        _ = 1 / 0
    assert dict(os.environ) == before


@pytest.mark.parametrize("inside", [True, False], ids=["in process", "over a socket"])
async def test_nested_sandboxes(crossbook_sandbox: Sandbox, crossbook_book: BookFactory, inside: bool) -> None:
    outer = crossbook_book("vercom")
    with Sandbox(socket=not inside) as inner:
        inner.seed("vercom", contacts=1)
        async with crossbook.open("vercom") as book:
            assert len((await book.contacts.list()).items) == 1
    async with outer:  # it is of the sandbox that made it
        assert (await outer.contacts.list()).items == ()


CHILD = """
import asyncio, crossbook
async def main():
    async with crossbook.open("filemail") as book:
        await book.contacts.create(crossbook.Contact(name="Anna", email="anna@example.com"))
asyncio.run(main())
"""


def test_another_process_reaches_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    with Sandbox(socket=True) as sandbox:
        subprocess.run([sys.executable, "-c", CHILD], check=True, timeout=300)
        assert [contact.email for contact in sandbox.contacts("filemail")] == ["anna@example.com"]
        sandbox.assert_called("create", vendor="filemail", times=1)
