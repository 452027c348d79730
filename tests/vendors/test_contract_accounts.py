"""Credentials as arguments and from environment variables; the name of an account."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from control import Server

import crossbook
from crossbook import AddressBook, InvalidInputError
from crossbook.registry import load_vendor
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import minimal_contact

pytestmark = pytest.mark.anyio

NEEDED = {
    "serwersms": ["CROSSBOOK_SERWERSMS_USERNAME", "CROSSBOOK_SERWERSMS_PASSWORD"],
    "atom": ["CROSSBOOK_ATOM_TOKEN", "CROSSBOOK_ATOM_BASE_URL"],
    "filemail": ["CROSSBOOK_FILEMAIL_USERNAME", "CROSSBOOK_FILEMAIL_PASSWORD"],
    "vercom": ["CROSSBOOK_VERCOM_AUTHORIZATION", "CROSSBOOK_VERCOM_APPLICATION_KEY"],
}


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that `crossbook-sandbox --env` prints, and remove all others."""
    for profile in (load_vendor(name).profile for name in NEEDED):
        for variable in profile.environment.values():
            monkeypatch.delenv(variable, raising=False)
    for variable, value in server.env.items():
        monkeypatch.setenv(variable, value)


async def works(book: AddressBook) -> None:
    async with book:
        group = (await book.groups.create("Friends")).id
        created = await book.contacts.create(minimal_contact(book.profile, 0, [group]))
        assert (await book.contacts.get(created.id)).id == created.id


async def test_from_env(vendor: str) -> None:
    book = load_vendor(vendor).from_env()
    assert type(book).__name__ == load_vendor(vendor).__name__
    await works(book)


async def test_open_by_name(vendor: str) -> None:
    book = crossbook.open(vendor, timeout=20)
    assert isinstance(book, load_vendor(vendor))
    await works(book)


async def test_options_override_environment(vendor: str, server: Server) -> None:
    for build in (load_vendor(vendor).from_env, lambda **options: crossbook.open(vendor, **options)):
        assert "https://other.example.com" in repr(build(base_url="https://other.example.com"))
        with pytest.raises(InvalidInputError, match="max_attempts"):
            build(max_attempts=0)


def test_missing_variable_named_in_error(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSBOOK_SERWERSMS_TOKEN")
    for variable in NEEDED[vendor]:
        with pytest.MonkeyPatch.context() as patch:
            for nothing in (None, ""):
                patch.delenv(variable) if nothing is None else patch.setenv(variable, nothing)
                with pytest.raises(InvalidInputError, match=variable) as caught:
                    load_vendor(vendor).from_env()
                assert caught.value.field == variable
                with pytest.raises(InvalidInputError, match=variable):
                    crossbook.open(vendor)


def test_environment_variables_documented(vendor: str, profile: VendorProfile) -> None:
    assert set(NEEDED[vendor]) <= set(profile.environment.values())
    for variable in profile.environment.values():
        assert variable in (load_vendor(vendor).__doc__ or "")


def test_open_unknown_vendor_lists_vendors() -> None:
    with pytest.raises(InvalidInputError, match="serwersms, atom, filemail, vercom"):
        crossbook.open("twilio")


@pytest.mark.parametrize("vendor", ["serwersms"], indirect=True)
async def test_serwersms_token_or_password(make_book: Callable[..., AddressBook], server: Server) -> None:
    await works(make_book())
    await works(make_book(username=None, password=None, token=server.token))
    wrong: list[dict[str, Any]] = [
        {"token": server.token}, {"password": None}, {"username": ""}, {"username": None, "password": None},
    ]  # fmt: skip
    for arguments in wrong:
        with pytest.raises(InvalidInputError, match="username and password, or token"):
            make_book(**arguments)


@pytest.mark.parametrize("vendor", ["serwersms"], indirect=True)
async def test_token_variable_overrides_password(vendor: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_SERWERSMS_PASSWORD", "wrong")
    await works(crossbook.open("serwersms"))
    monkeypatch.delenv("CROSSBOOK_SERWERSMS_TOKEN")
    with pytest.raises(crossbook.AuthError):
        await works(crossbook.open("serwersms"))


def test_brand_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSBOOK_VERCOM_BASE_URL")
    for brand, host in (("messageflow", "api.messageflow.com"), ("redlink", "api.redlink.pl")):
        monkeypatch.setenv("CROSSBOOK_VERCOM_BRAND", brand)
        assert host in repr(crossbook.Vercom.from_env())
        assert "api.emaillabs.io" in repr(crossbook.Vercom.from_env(brand="emaillabs"))
    monkeypatch.delenv("CROSSBOOK_VERCOM_BRAND")
    assert "api.emaillabs.io" in repr(crossbook.Vercom.from_env())
    monkeypatch.setenv("CROSSBOOK_VERCOM_BRAND", "nokia")
    with pytest.raises(InvalidInputError, match="redlink"):
        crossbook.Vercom.from_env()


def test_credentials_checked_and_never_shown(vendor: str, make_book: Callable[..., AddressBook]) -> None:
    named = {"serwersms": "token", "atom": "token", "filemail": "username", "vercom": "application_key"}[vendor]
    extra = {"username": None, "password": None} if vendor == "serwersms" else {}
    for wrong in ("", "  ", "sec\nret", "sec\x00ret", "sekręt"):
        with pytest.raises(InvalidInputError) as caught:
            make_book(**{named: wrong, **extra})
        assert caught.value.field == named
        assert "ret" not in str(caught.value)
    make_book(**{named: "trailing-newline\n", **extra})


async def test_account_name_precedence(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is: `account=`, its variable, the user name, the name in `from_env("eu")`."""

    def identity(book: AddressBook) -> str | None:
        found = book._session.identity  # pyright: ignore[reportPrivateUsage]
        return None if found is None else found.reveal()

    kind, variable = load_vendor(vendor), f"CROSSBOOK_{vendor.upper()}_ACCOUNT"
    assert identity(kind.from_env()) == identity(crossbook.open(vendor)) == "sandbox"
    monkeypatch.setenv(variable, " ours ")
    assert identity(kind.from_env()) == "ours"
    monkeypatch.delenv(variable)
    monkeypatch.delenv("CROSSBOOK_SERWERSMS_TOKEN")
    user = {"serwersms": "sandbox", "filemail": "sandbox@example.com"}.get(vendor)
    assert identity(kind.from_env()) == user
    for name in kind.profile.environment:
        monkeypatch.setenv(f"CROSSBOOK_EU_{name.upper()}", os.environ.get(kind.profile.environment[name], ""))
    monkeypatch.setenv("CROSSBOOK_EU_VENDOR", vendor)
    for book in (kind.from_env("eu"), kind.from_env(account="eu"), crossbook.open("eu")):
        assert identity(book) == (user or "eu")
    if vendor == "serwersms":
        monkeypatch.setenv("CROSSBOOK_EU_TOKEN", "token")
        assert identity(crossbook.open("eu")) == "eu"
    monkeypatch.setenv("CROSSBOOK_EU_ACCOUNT", "theirs")
    assert identity(crossbook.open("eu")) == "theirs"
    for wrong in ("", 5):
        with pytest.raises(InvalidInputError, match="name of an account"):
            kind.from_env(wrong)
    for half in ("\ud800", "ours \udcff"):
        with pytest.raises(InvalidInputError, match="account contains half of a surrogate pair") as caught:
            kind.from_env(half)
        assert caught.value.field == "account"
        monkeypatch.setenv("CROSSBOOK_EU_ACCOUNT", half.replace("\ud800", "\udc80"))  # bytes that are not UTF-8
        with pytest.raises(InvalidInputError, match="account contains half of a surrogate pair"):
            crossbook.open("eu")
    with pytest.raises(InvalidInputError, match=f"set the environment variable {variable}") as caught:
        crossbook.open(vendor, account="ours")
    assert caught.value.field == "account"
