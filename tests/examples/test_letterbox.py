"""A vendor with e-mail addresses as ids, responses without a body, header parameters and names such as `class`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import generate
import httpx
import pytest
import rules

from crossbook import Contact, RejectedError, _transports
from crossbook_testing.server_thread import ServerThread
from examples.letterbox import Letterbox
from examples.letterbox.server import KEY, Account
from examples.letterbox.test_contract import TestLetterbox, url
from examples.letterbox.wire.letterbox import models

__all__ = ["TestLetterbox", "url"]

HOME = Path(__file__).resolve().parents[2] / "examples" / "letterbox"
ANNA = Contact(email="anna@example.com", first_name="Anna", company="ABC", fields={"class": "priority"})


def test_client_matches_spec() -> None:
    built = generate.build_one(HOME / "letterbox.yaml")
    assert built == {name: (HOME / "wire" / name).read_text(encoding="utf-8") for name in built}


def test_spec_has_no_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules.main([str(HOME / "letterbox.yaml")]) == 0, capsys.readouterr().out


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def server(account: Account) -> Iterator[str]:
    with closing(ServerThread(account.app())) as server:
        yield server.url


@pytest.mark.anyio
@pytest.mark.parametrize("transport", [*_transports.NAMES, "user client"])
async def test_single_calls_on_every_transport(
    transport: str, account: Account, server: str, anyio_backend_name: str
) -> None:
    if transport == "aiohttp" and anyio_backend_name == "trio":
        pytest.skip("aiohttp needs asyncio")
    async with httpx.AsyncClient() as client:
        options: Any = {"http_client": client} if transport == "user client" else {"transport": transport}
        async with Letterbox(KEY, base_url=server, **options) as book:
            created = await book.contacts.create(ANNA)
            changed = await book.contacts.update(created.id, email="anna+new@example.com", first_name=None)
            found = await book.contacts.get(changed.id)
            assert (found.id, found.first_name, found.company) == ("anna+new@example.com", None, "ABC")
            assert found.fields == {"class": "priority"}
            assert repr(found.raw) == "<Addressee address, first_name, last_name, phone, from_, class_>"
            await book.contacts.delete(changed.id)
            whole = await book.wire.addressees.list_addressees(page_limit=1)
            assert whole.items == []
    assert set(account.paths) == {
        b"/addressees", b"/addressees/anna%40example.com", b"/addressees/anna%2Bnew%40example.com"
    }  # fmt: skip


@pytest.mark.anyio
async def test_response_is_a_model_or_none(account: Account, server: str) -> None:
    async with Letterbox(KEY, base_url=server) as book:
        await book.contacts.create(ANNA)
        call = book.wire.addressees.update_addressee
        changes = models.AddresseeChanges(from_="DEF")
        assert await call("anna@example.com", changes, prefer="return=minimal") is None
        whole = await call("anna@example.com", changes)
        assert whole is not None
        assert isinstance(whole.addressee, models.Addressee)
        assert whole.addressee.from_ == "DEF"


@pytest.mark.anyio
async def test_bulk_calls(account: Account, server: str, tmp_path: Path) -> None:
    people = [Contact(email=f"anna.{number}@example.com", first_name="Anna") for number in range(7)]
    async with Letterbox(KEY, base_url=server, account="tests") as book:
        for run in range(2):
            created = await book.contacts.create_many(people, match="email", journal=tmp_path / "import.sqlite").run()
            assert (created.counts, created.replayed) == ({"created": 7}, 7 * run)
            assert len(account.addressees) == 7
        refused = await book.contacts.create_many([*people[:1], ANNA]).run()
        assert refused.counts == {"failed": 1, "created": 1}
        assert [result.error and result.error.field for result in refused.failures] == ["email"]
        changes = [Contact(email="Anna.0@Example.com", last_name="Nowak")]
        upserted = await book.contacts.upsert_many(changes, match="email").run()
        assert (upserted.counts, len(account.addressees)) == ({"updated": 1}, 8)
        ids = [contact.id async for contact in book.contacts.list()]
        updated = await book.contacts.update_many((id, {"company": "DEF"}) for id in ids).run()
        assert updated.counts == {"updated": 8}
        assert {row["from"] for row in account.addressees.values()} == {"DEF"}
        deleted = await book.contacts.delete_many(book.contacts.list()).run()
        assert deleted.counts == {"deleted": 8}
    assert account.addressees == {}


@pytest.mark.anyio
async def test_addresses_are_masked(server: str, caplog: pytest.LogCaptureFixture) -> None:
    """An e-mail address in a path is personal data, unlike other ids."""
    caplog.set_level(logging.DEBUG)
    async with Letterbox(KEY, base_url=server) as book:
        created = await book.contacts.create(ANNA)
        found = await book.contacts.get(created.id)
        with pytest.raises(RejectedError) as caught:
            await book.contacts.create(ANNA)
        async with book.contacts.update_many([(created.id, {"company": "DEF"})]) as batch:
            (result,) = [result async for result in batch]
        await book.contacts.delete("anna@example.com")
    assert (caught.value.code, caught.value.field, caught.value.status) == ("in-use", "email", 409)
    assert "deleteAddressee attempt 1: 204" in caplog.text
    assert "a***@e***" in caplog.text
    for text in (caplog.text, str(caught.value), repr(created), repr(found), repr(result)):
        assert "anna@" not in text
        assert "anna%40" not in text
